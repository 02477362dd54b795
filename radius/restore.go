package radius

import (
	"context"
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// What comes from an installation that is taken over is stored as it is there. Each
// Restore returns what it took: "add", "change" or "".

// Restore stores the settings of an organization; they take the place of those that
// every new organization has.
func (s *SettingsService) Restore(ctx context.Context, o *Settings) (action string, err error) {
	err = s.base.Do(ctx, "radius.Settings.Restore", func(ctx context.Context) error {
		o.Created, o.Modified = s.base.Now(), s.base.Now()
		own, err := s.Of(ctx, wispwright.ScopeAll(), o.OrganizationID)
		switch {
		case err == nil:
			o.ID, o.Created = own.ID, own.Created
		case !errors.Is(err, wispwright.ErrNotFound):
			return err
		}
		before, done, err := s.Adopt(ctx, o, nil)
		if action = done; err != nil || done == "" {
			return err
		}
		return s.forget(ctx, entity.Change[Settings]{Before: before, After: o})
	})
	return action, err
}

// Restore stores a group. Another one of its name, as every new organization has,
// makes room for it with its checks, replies and members.
func (s *Groups) Restore(ctx context.Context, g *Group) (action string, err error) {
	err = s.base.Do(ctx, "radius.Groups.Restore", func(ctx context.Context) error {
		same, err := s.List(ctx, wispwright.ScopeAll(), GroupFilter{Name: g.Name}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, other := range same.Rows {
			if other.ID == g.ID {
				continue
			}
			if _, err := s.DeleteAll(ctx, wispwright.ScopeAll(), GroupFilter{IDs: wispwright.Only(other.ID)}); err != nil {
				return err
			}
		}
		_, action, err = s.Adopt(ctx, g, nil)
		return err
	})
	return action, err
}

// Restore stores that a user is in a group, in the place of what a new member of an
// organization gets.
func (s *Memberships) Restore(ctx context.Context, m *Membership) (action string, err error) {
	err = s.base.Do(ctx, "radius.Memberships.Restore", func(ctx context.Context) error {
		same, err := s.List(ctx, wispwright.ScopeAll(), MembershipFilter{UserID: m.UserID, GroupID: m.GroupID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, other := range same.Rows {
			if other.ID != m.ID && !m.UserID.IsZero() && !m.GroupID.IsZero() {
				if err := s.Delete(ctx, wispwright.ScopeAll(), other.ID); err != nil {
					return err
				}
			}
		}
		_, action, err = s.Adopt(ctx, m, nil)
		return err
	})
	return action, err
}

// RestoreSession stores a session.
func (r *Radius) RestoreSession(ctx context.Context, o *Session) (action string, err error) {
	if o.UniqueID == "" {
		return "", wispwright.Invalid("unique_id", valid.Blank)
	}
	err = r.base.Do(ctx, "radius.RestoreSession", func(ctx context.Context) error {
		_, action, err = entity.Put(ctx, wispwright.KeyedRepo[string, Session, SessionFilter](r.stores.Sessions), o.UniqueID, o, func(_, after *Session) { after.Count() })
		return err
	})
	return action, err
}

// RestorePostAuth stores an answer that was given.
func (r *Radius) RestorePostAuth(ctx context.Context, o *PostAuth) (action string, err error) {
	err = r.base.Do(ctx, "radius.RestorePostAuth", func(ctx context.Context) error {
		_, action, err = entity.Put(ctx, wispwright.Repo[PostAuth, PostAuthFilter](r.stores.PostAuths), o.ID, o, nil)
		return err
	})
	return action, err
}

// RestoreToken stores a user's password for RADIUS alone.
func (r *Radius) RestoreToken(ctx context.Context, o *Token) (action string, err error) {
	err = r.base.Do(ctx, "radius.RestoreToken", func(ctx context.Context) error {
		_, action, err = entity.Put(ctx, r.stores.Tokens, o.ID, o, func(before, after *Token) {
			if before != nil {
				after.PasswordBased = before.PasswordBased
			}
		})
		return err
	})
	return action, err
}
