package tenancy

import (
	"context"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
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

// Shape is how storages keep addresses.
func (Email) Shape() store.Shape {
	return store.Shape{
		Table: "tenancy_email", Serial: true,
		Unique: []store.Unique{
			{Name: "email_user_address", Fields: []string{"UserID", "Address"}},
			{Name: "email_primary", Fields: []string{"UserID"}, When: "IsPrimary"},
			{Name: "email_verified", Fields: []string{"Address"}, When: "IsVerified"},
		},
		Parents: []store.Parent{{Field: "UserID", Table: "tenancy_user"}},
	}
}

// EmailFilter selects addresses; zero fields select all.
type EmailFilter struct {
	// UserID limits to those of one user.
	UserID wispwright.ID
	// UserIDs limits to those of several users.
	UserIDs wispwright.Among[wispwright.ID]
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
// tenant of their own: callers that may see the user may see them, which services check.
type EmailStore interface {
	wispwright.KeyedRepo[int64, Email, EmailFilter]
}

// Emails is the service of the addresses of accounts, in the order in which
// they were made. A primary address takes the place of the one there is and
// becomes the address of the account; one that becomes another address is no
// longer verified. The account of a deleted address keeps its User.Email.
type Emails struct {
	*entity.Service[int64, Email, EmailFilter]
	store EmailStore
	users *Users
	base
}

func newEmails(b base, store EmailStore, users *Users) *Emails {
	s := &Emails{store: store, users: users, base: b}
	s.Service = entity.New(b.entity, store, entity.Kind[int64, Email]{
		Name: "tenancy.Emails", Model: "account.emailaddress", Label: func(e *Email) string { return e.Address },
		Validate: validEmail, Check: s.check,
		Unique: map[string]error{
			"email_user_address": wispwright.Invalid("", valid.Taken("Email address", "User", "Email address")),
			"email_primary":      wispwright.Invalid("", "Constraint “unique_primary_email” is violated."),
			"email_verified":     wispwright.Invalid("email", valid.Taken("user", "email address")),
		},
	})
	return s
}

// Create stores a further address of a user.
func (s *Emails) Create(ctx context.Context, e *Email) error {
	return s.within(ctx, func(ctx context.Context) error {
		if _, err := s.users.Get(ctx, wispwright.ScopeAll(), e.UserID); err != nil {
			return err
		}
		return s.Service.Create(ctx, e)
	})
}

func validEmail(_ context.Context, c entity.Change[Email]) error {
	e := c.After
	e.Address = strings.ToLower(e.Address)
	if c.Before != nil {
		e.UserID = c.Before.UserID
		e.IsVerified = e.IsVerified && e.Address == c.Before.Address
	}
	var v wispwright.ValidationError
	valid.Text(&v, "email", e.Address, valid.Required, valid.Max(254), valid.Email)
	return v.Err()
}

func (s *Emails) check(ctx context.Context, c entity.Change[Email]) error {
	if c.After == nil {
		return nil
	}
	if err := s.unique(ctx, c.After); err != nil || c.Before != nil && c.Before.IsPrimary {
		return err
	}
	return s.promote(ctx, c.After)
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
		if err := s.Note(ctx, entity.Change[Email]{Before: other, After: after}); err != nil {
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
// the transaction of the caller.
func (s *Emails) unique(ctx context.Context, e *Email) error {
	items, err := s.store.List(ctx, wispwright.ScopeAll(), EmailFilter{Address: e.Address}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, other := range items.Rows {
		switch {
		case other.ID == e.ID:
		case other.UserID == e.UserID:
			return s.Kind().Explain(&wispwright.ConflictError{Unique: "email_user_address"})
		case other.IsVerified && e.IsVerified:
			return s.Kind().Explain(&wispwright.ConflictError{Unique: "email_verified"})
		}
	}
	return nil
}
