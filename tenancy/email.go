package tenancy

import (
	"context"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
)

// Email is one of the addresses of an account (spec: tenancy §1.8). The
// account's own User.Email is kept beside it: log-in compares that one.
type Email struct {
	// ID is a small integer on the wire.
	ID int64
	// UserID is whose address it is.
	UserID wispwright.ID
	// Address is in lower case, at most 254 characters.
	Address string
	// IsVerified says that the user has shown to receive mail there. An address
	// is verified for one user only.
	IsVerified bool
	// IsPrimary is true for at most one address of a user.
	IsPrimary bool
}

// EmailFilter selects addresses; zero fields select all.
type EmailFilter struct {
	// UserID limits to those of one user.
	UserID wispwright.ID
	// Address limits to exactly this one, in lower case.
	Address string
	// IsVerified limits to verified addresses or others.
	IsVerified *bool
	// IsPrimary limits to primary addresses or others.
	IsPrimary *bool
}

// EmailStore keeps addresses. Insert numbers one whose ID is 0. Its unique
// rules are "email_user_address", "email_primary" (one primary address of a
// user) and "email_verified" (one user of a verified address). Addresses have no
// tenant of their own: who may see the user may see them, which services check.
type EmailStore interface {
	wispwright.KeyedRepo[int64, Email, EmailFilter]
}

// Emails is the service of the addresses of accounts.
type Emails struct {
	store EmailStore
	users *Users
	base
}

// Create stores a further address of a user. A primary one takes the place of
// the one there is and becomes the address of the account.
func (s *Emails) Create(ctx context.Context, e *Email) error {
	return s.do(ctx, "tenancy.Emails.Create", func(ctx context.Context) error {
		if _, err := s.users.store.Get(ctx, wispwright.ScopeAll(), e.UserID); err != nil {
			return err
		}
		return s.add(ctx, e)
	})
}

// add stores an address of a user who exists.
func (s *Emails) add(ctx context.Context, e *Email) error {
	if err := e.validate(); err != nil {
		return err
	}
	if err := s.unique(ctx, e); err != nil {
		return err
	}
	if err := s.promote(ctx, e); err != nil {
		return err
	}
	if err := s.store.Insert(ctx, e); err != nil {
		return s.explain(err)
	}
	return s.saved(ctx, nil, e)
}

// Get returns an address.
func (s *Emails) Get(ctx context.Context, scope wispwright.Scope, id int64) (*Email, error) {
	return s.store.Get(ctx, scope, id)
}

// List returns a page of addresses in the order in which they were made.
func (s *Emails) List(ctx context.Context, scope wispwright.Scope, f EmailFilter, p wispwright.Page) (wispwright.Items[Email], error) {
	return s.store.List(ctx, scope, f, p)
}

// Update changes an address. One that becomes another address is no longer
// verified; one that becomes primary takes the place of the one there is.
func (s *Emails) Update(ctx context.Context, scope wispwright.Scope, id int64, change func(*Email) error) (*Email, error) {
	var after *Email
	err := s.do(ctx, "tenancy.Emails.Update", func(ctx context.Context) error {
		before, err := s.store.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		wanted := *before
		if err := change(&wanted); err != nil {
			return err
		}
		wanted.ID, wanted.UserID = before.ID, before.UserID
		if err := wanted.validate(); err != nil {
			return err
		}
		if wanted.Address != before.Address {
			wanted.IsVerified = false
		}
		if err := s.unique(ctx, &wanted); err != nil {
			return err
		}
		if !before.IsPrimary {
			if err := s.promote(ctx, &wanted); err != nil {
				return err
			}
		}
		after, err = s.store.Update(ctx, scope, id, func(e *Email) error {
			*e = wanted
			return nil
		})
		if err != nil {
			return s.explain(err)
		}
		return s.saved(ctx, before, after)
	})
	return after, err
}

// MakePrimary makes a verified address the primary one and the address of the
// account, as its user wishes.
func (s *Emails) MakePrimary(ctx context.Context, id int64) (*Email, error) {
	var after *Email
	err := s.do(ctx, "tenancy.Emails.MakePrimary", func(ctx context.Context) error {
		var err error
		after, err = s.Update(ctx, wispwright.ScopeAll(), id, func(e *Email) error {
			if !e.IsVerified {
				return wispwright.Invalid("", "Confirm the address first.")
			}
			e.IsPrimary = true
			return nil
		})
		if err != nil {
			return err
		}
		_, err = s.users.Update(ctx, wispwright.ScopeAll(), after.UserID, func(u *User) error {
			if !strings.EqualFold(u.Email, after.Address) {
				u.Email = after.Address
			}
			return nil
		})
		return err
	})
	return after, err
}

// Delete removes an address; the account keeps its own User.Email.
func (s *Emails) Delete(ctx context.Context, scope wispwright.Scope, id int64) error {
	return s.do(ctx, "tenancy.Emails.Delete", func(ctx context.Context) error {
		before, err := s.store.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		if err := s.store.Delete(ctx, scope, id); err != nil {
			return err
		}
		return s.record(ctx, "delete", "account.emailaddress", strconv.FormatInt(id, 10), before.Address, wispwright.ID{}, wispwright.Compare(before, nil))
	})
}

// promote makes room for a primary address: the one there is steps back, and
// the account takes the new one as its own (spec: tenancy §5.7).
func (s *Emails) promote(ctx context.Context, e *Email) error {
	if !e.IsPrimary {
		return nil
	}
	yes := true
	items, err := s.store.List(ctx, wispwright.ScopeAll(), EmailFilter{UserID: e.UserID, IsPrimary: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, other := range items.Rows {
		if other.ID == e.ID {
			continue
		}
		after, err := s.store.Update(ctx, wispwright.ScopeAll(), other.ID, func(o *Email) error {
			o.IsPrimary = false
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.saved(ctx, other, after); err != nil {
			return err
		}
		_, err = s.users.Update(ctx, wispwright.ScopeAll(), e.UserID, func(u *User) error {
			if !strings.EqualFold(u.Email, e.Address) {
				u.Email = e.Address
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// unique asks before the database does, because a failed statement would end
// the transaction of whoever called.
func (s *Emails) unique(ctx context.Context, e *Email) error {
	items, err := s.store.List(ctx, wispwright.ScopeAll(), EmailFilter{Address: e.Address}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, other := range items.Rows {
		switch {
		case other.ID == e.ID:
		case other.UserID == e.UserID:
			return s.explain(&wispwright.ConflictError{Unique: "email_user_address"})
		case other.IsVerified && e.IsVerified:
			return s.explain(&wispwright.ConflictError{Unique: "email_verified"})
		}
	}
	return nil
}

func (s *Emails) saved(ctx context.Context, before, after *Email) error {
	return s.record(ctx, action(before == nil), "account.emailaddress", strconv.FormatInt(after.ID, 10), after.Address, wispwright.ID{}, wispwright.Compare(before, after))
}

func (s *Emails) explain(err error) error {
	return conflictAs(err, map[string]fieldMessage{
		"email_user_address": {"", "Email address with this User and Email address already exists."},
		"email_primary":      {"", "Constraint “unique_primary_email” is violated."},
		"email_verified":     {"email", "user with this email address already exists."},
	})
}

func (e *Email) validate() error {
	e.Address = strings.ToLower(e.Address)
	var v wispwright.ValidationError
	checkText(&v, "email", &e.Address, 254, true)
	if e.Address != "" && !validEmail(e.Address) {
		v.Add("email", "Enter a valid email address.")
	}
	return v.Err()
}
