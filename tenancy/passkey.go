package tenancy

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
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

// Shape is how storages keep passkeys.
func (Passkey) Shape() store.Shape {
	return store.Shape{
		Table: "tenancy_passkey", Order: store.Newest("Created"),
		Unique: []store.Unique{
			{Name: "passkey_credential", Fields: []string{"CredentialID"}},
		},
		Parents: []store.Parent{{Field: "UserID", Table: "tenancy_user"}},
	}
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
	keys    *entity.Service[wispwright.ID, Passkey, PasskeyFilter]
	store   PasskeyStore
	factors *SecondFactors
	base
}

func newPasskeys(b base, store PasskeyStore, factors *SecondFactors) *Passkeys {
	s := &Passkeys{store: store, factors: factors, base: b}
	s.keys = entity.New(b.entity, store, entity.Kind[wispwright.ID, Passkey]{
		Name: "tenancy.Passkeys", Model: "account.passkey", Hidden: []string{"CredentialID", "PublicKey", "Flags", "SignCount", "Transports"},
		Validate: func(_ context.Context, c entity.Change[Passkey]) error {
			var v wispwright.ValidationError
			valid.Text(&v, "name", c.After.Name, valid.Required, valid.Max(100))
			return v.Err()
		},
		Check: s.check, Stored: s.stored,
		Unique: map[string]error{"passkey_credential": wispwright.Invalid("", "This passkey is known already.")},
	})
	return s
}

// check limits the number of a user's passkeys.
func (s *Passkeys) check(ctx context.Context, c entity.Change[Passkey]) error {
	if c.After == nil {
		return nil
	}
	have, err := s.Of(ctx, c.After.UserID)
	if err != nil {
		return err
	}
	if len(have) >= maxPasskeys {
		return wispwright.Invalid("", "There are too many passkeys; remove some first.")
	}
	// asked first, because a failed insert would end the transaction
	_, err = s.keys.First(ctx, wispwright.ScopeAll(), PasskeyFilter{CredentialID: c.After.CredentialID})
	if err == nil {
		return s.keys.Kind().Explain(&wispwright.ConflictError{Unique: "passkey_credential"})
	}
	if isNotFound(err) {
		return nil
	}
	return err
}

func (s *Passkeys) stored(ctx context.Context, changes ...entity.Change[Passkey]) error {
	for _, c := range changes {
		user := c.Object().UserID
		if c.After == nil {
			if err := s.factors.tidy(ctx, user); err != nil {
				return err
			}
		}
		if err := s.factors.changed(ctx, user); err != nil {
			return err
		}
	}
	return nil
}

// Of returns the passkeys of a user, the newest first.
func (s *Passkeys) Of(ctx context.Context, user wispwright.ID) ([]*Passkey, error) {
	items, err := s.keys.List(ctx, wispwright.ScopeAll(), PasskeyFilter{UserID: user}, wispwright.Page{NoTotal: true})
	return items.Rows, err
}

// Add stores a passkey of p's user, whose registration was checked. It sets ID
// and Created. Faults of the name are those of the field "name".
func (s *Passkeys) Add(ctx context.Context, p *Passkey) error {
	p.ID, p.LastUsed = wispwright.NewID(), time.Time{}
	return s.keys.Create(ctx, p)
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

// Clear removes all passkeys of a user who lost them; it is ErrNotFound
// when there are none.
func (s *Passkeys) Clear(ctx context.Context, user wispwright.ID) error {
	n, err := s.keys.DeleteAll(ctx, wispwright.ScopeAll(), PasskeyFilter{UserID: user})
	if err == nil && n == 0 {
		return wispwright.ErrNotFound
	}
	return err
}

// Delete removes a passkey of a user.
func (s *Passkeys) Delete(ctx context.Context, user, id wispwright.ID) error {
	return s.within(ctx, func(ctx context.Context) error {
		p, err := s.keys.Get(ctx, wispwright.ScopeAll(), id)
		if err == nil && p.UserID != user {
			err = wispwright.ErrNotFound
		}
		if err != nil {
			return err
		}
		return s.keys.Delete(ctx, wispwright.ScopeAll(), id)
	})
}
