package tenancy

import (
	"context"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy/sesame"
)

// MagicLinks log people in by a link, without a password (spec: tenancy §4.4).
// They exist only with Options.SecretKey.
type MagicLinks struct {
	signer *sesame.Signer
	users  *Users
	base
}

// ErrNoLinks says that no secret key was given, so that there are no links.
var ErrNoLinks = errors.New("links for log-in need a secret key")

func newMagicLinks(o *Options, users *Users, b base) (*MagicLinks, error) {
	m := &MagicLinks{users: users, base: b}
	if o.SecretKey == "" {
		return m, nil
	}
	settings := o.Sesame
	settings.Clock = o.Clock
	var err error
	m.signer, err = sesame.New(o.SecretKey, &settings)
	return m, err
}

// Make returns the token of a link that logs an active user in. The trail
// remembers who made it.
func (s *MagicLinks) Make(ctx context.Context, user wispwright.ID) (string, error) {
	if s.signer == nil {
		return "", ErrNoLinks
	}
	var token string
	err := s.do(ctx, "tenancy.MagicLinks.Make", func(ctx context.Context) error {
		u, err := s.users.store.Get(ctx, wispwright.ScopeAll(), user)
		if err != nil {
			return err
		}
		if !u.IsActive {
			return wispwright.Invalid("", "The user is inactive.")
		}
		if token, err = s.signer.Make(subject(u), ""); err != nil {
			return err
		}
		return s.record(ctx, "make a log-in link", "openwisp_users.user", u.ID.String(), u.Username, wispwright.ID{}, nil)
	})
	return token, err
}

func subject(u *User) sesame.Subject {
	return sesame.Subject{ID: u.ID, Password: u.Password, Email: u.Email, LastLogin: u.LastLogin}
}

// Authenticate returns the active user a token stands for, or
// wispwright.ErrUnauthenticated.
func (s *MagicLinks) Authenticate(ctx context.Context, token string) (*User, error) {
	if s.signer == nil {
		return nil, wispwright.ErrUnauthenticated
	}
	id, err := s.signer.Claims(token)
	if err != nil {
		return nil, wispwright.ErrUnauthenticated
	}
	u, err := s.users.store.Get(ctx, wispwright.ScopeAll(), id)
	if isNotFound(err) || err == nil && !s.opens(token, u) {
		return nil, wispwright.ErrUnauthenticated
	}
	if err != nil {
		return nil, fmt.Errorf("authenticate by link: %w", err)
	}
	return u, nil
}

func (s *MagicLinks) opens(token string, u *User) bool {
	return u.IsActive && s.signer.Check(token, subject(u), "") == nil
}

// LogIn is Authenticate that also notes the time of the log-in, which ends a
// link that works once: of two uses at the same time one fails.
func (s *MagicLinks) LogIn(ctx context.Context, token string) (*User, error) {
	u, err := s.Authenticate(ctx, token)
	if err != nil {
		return nil, err
	}
	u, err = s.users.store.Update(ctx, wispwright.ScopeAll(), u.ID, func(u *User) error {
		if !s.opens(token, u) {
			return wispwright.ErrUnauthenticated
		}
		u.LastLogin = s.now()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("log in by link: %w", err)
	}
	return u, nil
}
