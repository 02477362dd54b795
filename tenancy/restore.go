package tenancy

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Objects of another installation are stored as they were there: with their
// ids, dates, hashes and tokens (spec: tenancy §12). Every Restore makes the
// stored object equal to the given one and returns what that took, in the words
// of the trail: "add", "change", or "" where nothing differs. Dates of storing
// alone are no difference.

// Those of organizations and memberships are their entity.Service's. Restoring
// a membership makes nobody an owner: RestoreOwner names the one who is.

// Restore stores an account as it was, with the hash in u.Password. It makes no
// address, no group and no membership, and sends no letter.
func (s *Users) Restore(ctx context.Context, u *User) (action string, err error) {
	u.LastLogin, u.BirthDate, u.PasswordUpdated = instant(u.LastLogin), dayOrNone(u.BirthDate), dayOrNone(u.PasswordUpdated)
	return s.Service.Restore(context.WithValue(ctx, restoring{}, true), u)
}

type restoring struct{}

// e164 matches a complete telephone number.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// keptPhone reports whether a number that nobody may choose is kept: one that the
// account had before, or has in the installation that it comes from. Plans of numbers
// change.
func keptPhone(ctx context.Context, c entity.Change[User]) bool {
	if c.Before != nil && c.Before.PhoneNumber == c.After.PhoneNumber {
		return true
	}
	return ctx.Value(restoring{}) != nil && e164.MatchString(c.After.PhoneNumber)
}

// RestoreOwner stores who owns an organization as it was, in place of the user who
// owns it.
func (s *Memberships) RestoreOwner(ctx context.Context, o *Owner) (action string, err error) {
	o.Created, o.Modified = instant(o.Created), instant(o.Modified)
	err = s.do(ctx, "tenancy.Memberships.RestoreOwner", func(ctx context.Context) error {
		m, err := s.store.Get(ctx, wispwright.ScopeAll(), o.MembershipID)
		if err != nil {
			return valid.Reference(err, "organization_user", o.MembershipID)
		}
		if m.OrganizationID != o.OrganizationID {
			return wispwright.Invalid("organization_user", "The selected user is not member of this organization.")
		}
		current, err := s.OwnerOf(ctx, o.OrganizationID)
		if err != nil {
			return err
		}
		if current != nil && current.ID != o.ID {
			if err := s.owners.Delete(ctx, wispwright.ScopeAll(), current.ID); err != nil {
				return err
			}
		}
		before, done, err := restore(ctx, s.owners, o.ID, o)
		if action = done; err != nil || action == "" {
			return err
		}
		if current != nil && current.MembershipID != o.MembershipID {
			if err := s.publishOwner(ctx, current.MembershipID); err != nil {
				return err
			}
		}
		if err := s.publishOwner(ctx, m.ID); err != nil {
			return err
		}
		return s.record(ctx, action, "openwisp_users.organizationowner", o.ID.String(), "", o.OrganizationID, wispwright.Compare(before, o))
	})
	return action, err
}

// Restore stores a group as it was. A group of its name is that group, whatever
// its number; where another group has the number, it gets a new one, which g.ID
// tells afterwards.
func (s *Groups) Restore(ctx context.Context, g *Group) (action string, err error) {
	err = s.do(ctx, "tenancy.Groups.Restore", func(ctx context.Context) error {
		same, err := s.ByName(ctx, g.Name)
		if err == nil {
			g.ID = same.ID
		} else if isNotFound(err) {
			if _, err = s.Get(ctx, wispwright.ScopeAll(), g.ID); err == nil {
				g.ID = 0
			}
		}
		if err != nil && !isNotFound(err) {
			return err
		}
		action, err = s.Service.Restore(ctx, g)
		return err
	})
	return action, err
}

// Restore stores an address of a user as it was, under a number of its own.
// Unlike Create it leaves User.Email as it is.
func (s *Emails) Restore(ctx context.Context, e *Email) (action string, err error) {
	err = s.do(ctx, "tenancy.Emails.Restore", func(ctx context.Context) error {
		action = ""
		if err := validEmail(ctx, entity.Change[Email]{After: e}); err != nil {
			return err
		}
		own, err := s.store.List(ctx, wispwright.ScopeAll(), EmailFilter{UserID: e.UserID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		var before *Email
		for _, other := range own.Rows {
			switch {
			case other.Address == e.Address:
				before, e.ID = other, other.ID
			case other.IsPrimary && e.IsPrimary:
				if _, err := s.store.Update(ctx, wispwright.ScopeAll(), other.ID, func(o *Email) error {
					o.IsPrimary = false
					return nil
				}); err != nil {
					return err
				}
			}
		}
		if before != nil && *before == *e {
			return nil
		}
		if err := s.unique(ctx, e); err != nil {
			return err
		}
		if before == nil {
			action = "add"
			err = s.store.Insert(ctx, e)
		} else {
			action = "change"
			_, err = s.store.Update(ctx, wispwright.ScopeAll(), e.ID, func(o *Email) error {
				*o = *e
				return nil
			})
		}
		if err != nil {
			return s.Kind().Explain(err)
		}
		return s.Note(ctx, entity.Change[Email]{Before: before, After: e})
	})
	return action, err
}

// Restore gives a user the token it had, in place of the one it has.
func (s *Tokens) Restore(ctx context.Context, t *Token) (action string, err error) {
	key := strings.TrimSpace(t.Key.Reveal())
	t.Key, t.Digest, t.Created = wispwright.Secret(key), Digest(key), instant(t.Created)
	err = s.do(ctx, "tenancy.Tokens.Restore", func(ctx context.Context) error {
		action = ""
		if key == "" || len(key) > 40 {
			return wispwright.Invalid("key", "must have between 1 and 40 characters.")
		}
		other, err := s.byDigest(ctx, t.Digest)
		switch {
		case err == nil && other.UserID != t.UserID:
			return wispwright.Invalid("key", valid.Taken("token", "key"))
		case err == nil && other.Created.Equal(t.Created):
			return nil
		case err != nil && !isNotFound(err):
			return err
		}
		action = "add"
		if _, err := s.store.Get(ctx, wispwright.ScopeAll(), t.UserID); err == nil {
			action = "change"
			err = s.store.Delete(ctx, wispwright.ScopeAll(), t.UserID)
			if err != nil {
				return err
			}
		} else if !isNotFound(err) {
			return err
		}
		if err := s.store.Insert(ctx, t); err != nil {
			return err
		}
		return s.noted(ctx, "add", t.UserID)
	})
	return action, err
}

// restore inserts an object, or makes the stored one equal to it, and returns
// what was stored before.
func restore[T, F any](ctx context.Context, store wispwright.Repo[T, F], id wispwright.ID, object *T) (before *T, action string, err error) {
	before, err = store.Get(ctx, wispwright.ScopeAll(), id)
	switch {
	case isNotFound(err):
		return nil, "add", store.Insert(ctx, object)
	case err != nil:
		return nil, "", err
	case len(wispwright.Compare(before, object)) == 0:
		return before, "", nil
	}
	_, err = store.Update(ctx, wispwright.ScopeAll(), id, func(stored *T) error {
		*stored = *object
		return nil
	})
	return before, "change", err
}

// instant is a time as stores return it, so that equal ones compare equal.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

func dayOrNone(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return day(t)
}
