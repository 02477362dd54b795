package tenancy

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
)

// Passkey is a key of a user's browser, telephone or security token (WebAuthn),
// which counts as a second factor. Package passkey makes and checks them.
type Passkey struct {
	// ID identifies the passkey.
	ID wispwright.ID
	// UserID is whose it is.
	UserID wispwright.ID
	// Name is what the user calls it, at most 100 characters.
	Name string
	// CredentialID is the authenticator's name of it, in base64url; unique.
	CredentialID string
	// PublicKey is its COSE key, in base64url.
	PublicKey string
	// Flags are the authenticator's flags when it was used last.
	Flags int64
	// SignCount is how often the authenticator says it was used; 0 for those
	// that do not count.
	SignCount int64
	// Transports are the ways to the authenticator, such as "usb".
	Transports []string
	// LastUsed is when it was used for a log-in; zero for never.
	LastUsed time.Time
	// Created is when it was added.
	Created time.Time
}

// PasskeyFilter selects passkeys; zero fields select all.
type PasskeyFilter struct {
	// UserID limits to those of one user.
	UserID wispwright.ID
	// CredentialID limits to the one of this name.
	CredentialID string
}

// PasskeyStore keeps passkeys. Its unique rule is "passkey_credential".
type PasskeyStore interface {
	wispwright.Repo[Passkey, PasskeyFilter]
}

// maxPasskeys bounds how many a user may have.
const maxPasskeys = 20

// Passkeys is the service of passkeys. SecondFactors.Changed is published when
// one is added or removed.
type Passkeys struct {
	store   PasskeyStore
	factors *SecondFactors
	base
}

// Of returns the passkeys of a user, the newest first.
func (s *Passkeys) Of(ctx context.Context, user wispwright.ID) ([]*Passkey, error) {
	items, err := s.store.List(ctx, wispwright.ScopeAll(), PasskeyFilter{UserID: user}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	return items.Rows, nil
}

// Add stores a passkey of p's user, whose registration was checked. It sets ID
// and Created. Faults of the name are those of the field "name".
func (s *Passkeys) Add(ctx context.Context, p *Passkey) error {
	return s.do(ctx, "tenancy.Passkeys.Add", func(ctx context.Context) error {
		var v wispwright.ValidationError
		checkText(&v, "name", &p.Name, 100, true)
		if err := v.Err(); err != nil {
			return err
		}
		have, err := s.Of(ctx, p.UserID)
		if err != nil {
			return err
		}
		if len(have) >= maxPasskeys {
			return wispwright.Invalid("", "There are too many passkeys; remove some first.")
		}
		// asked first, because a failed insert would end the transaction
		same, err := s.store.List(ctx, wispwright.ScopeAll(), PasskeyFilter{CredentialID: p.CredentialID}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return err
		}
		known := map[string]fieldMessage{"passkey_credential": {"", "This passkey is known already."}}
		if len(same.Rows) > 0 {
			return conflictAs(&wispwright.ConflictError{Unique: "passkey_credential"}, known)
		}
		p.ID, p.Created, p.LastUsed = wispwright.NewID(), s.now(), time.Time{}
		if err := s.store.Insert(ctx, p); err != nil {
			return conflictAs(err, known)
		}
		s.factors.Changed.Publish(ctx, p.UserID)
		return s.record(ctx, "add", "account.passkey", p.ID.String(), p.Name, wispwright.ID{}, nil)
	})
}

// Used notes a use whose signature was right: used is the passkey with the
// count and the flags the authenticator sent. It reports false, and notes
// nothing, for a count that did not grow: then there is a copy of the passkey
// (WebAuthn §6.1.1).
func (s *Passkeys) Used(ctx context.Context, used *Passkey) (bool, error) {
	good := false
	err := s.do(ctx, "tenancy.Passkeys.Used", func(ctx context.Context) error {
		_, err := s.store.Update(ctx, wispwright.ScopeAll(), used.ID, func(p *Passkey) error {
			good = used.SignCount > p.SignCount || used.SignCount == 0 && p.SignCount == 0
			if good {
				p.SignCount, p.Flags, p.LastUsed = used.SignCount, used.Flags, s.now()
			}
			return nil
		})
		return err
	})
	return good && err == nil, err
}

// Clear removes all passkeys of a user, for who lost them; it is ErrNotFound
// when there are none.
func (s *Passkeys) Clear(ctx context.Context, user wispwright.ID) error {
	return s.do(ctx, "tenancy.Passkeys.Clear", func(ctx context.Context) error {
		have, err := s.Of(ctx, user)
		if err != nil {
			return err
		}
		if len(have) == 0 {
			return wispwright.ErrNotFound
		}
		for _, p := range have {
			if err := s.remove(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// Delete removes a passkey of a user.
func (s *Passkeys) Delete(ctx context.Context, user, id wispwright.ID) error {
	return s.do(ctx, "tenancy.Passkeys.Delete", func(ctx context.Context) error {
		p, err := s.store.Get(ctx, wispwright.ScopeAll(), id)
		if err != nil {
			return err
		}
		if p.UserID != user {
			return wispwright.ErrNotFound
		}
		return s.remove(ctx, p)
	})
}

func (s *Passkeys) remove(ctx context.Context, p *Passkey) error {
	if err := s.store.Delete(ctx, wispwright.ScopeAll(), p.ID); err != nil {
		return err
	}
	if err := s.factors.tidy(ctx, p.UserID); err != nil {
		return err
	}
	s.factors.Changed.Publish(ctx, p.UserID)
	return s.record(ctx, "delete", "account.passkey", p.ID.String(), p.Name, wispwright.ID{}, nil)
}
