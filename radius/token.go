package radius

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/emptied"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
)

// Token is a password of a user for RADIUS alone, good in one organization (spec:
// radius §1.10). Each user has one at most.
type Token struct {
	// ID identifies it.
	ID wispwright.ID
	// UserID is whose it is.
	UserID wispwright.ID
	// OrganizationID is where it is good.
	OrganizationID wispwright.ID
	// Key is 40 letters and digits.
	Key wispwright.Secret
	// CanAuth is false when it was used, or was not yet released.
	CanAuth bool
	// PasswordBased is false for a token that was not got by a password; nil: by one
	// (additions: R-8).
	PasswordBased *bool
	// Created is when it was issued.
	Created time.Time
}

// TokenFilter selects tokens; the zero value all.
type TokenFilter struct {
	// UserID and OrganizationID are whose and where.
	UserID, OrganizationID wispwright.ID
}

// uniqueToken is the rule that a user has one token.
const uniqueToken = "radiustoken_user"

// Shape is how storages keep tokens.
func (Token) Shape() store.Shape {
	return store.Shape{
		Table: "radiustoken", Org: "OrganizationID", Order: store.Newest("Created"),
		Unique: []store.Unique{{Name: uniqueToken, Fields: []string{"UserID"}}},
	}
}

// Tokens issues tokens and takes them back.
type Tokens struct {
	base       *entity.Base
	stores     Stores
	accounts   Accounts
	accounting *Accounting
	lasting    bool // good more than once
}

func newTokens(b *entity.Base, stores Stores, accounts Accounts, o *Options) *Tokens {
	t := &Tokens{base: b, stores: stores, accounts: accounts, lasting: o.LastingTokens}
	if b.Tenants != nil {
		count, some := emptied.Rows[wispwright.ID, Token, TokenFilter](stores.Tokens, func(organization wispwright.ID) TokenFilter { return TokenFilter{OrganizationID: organization} }, func(k *Token) wispwright.ID { return k.ID })
		emptied.Subscribe(b.Tx, b.Tenants, "radius.Tokens", count, some)
	}
	return t
}

// Of returns the token of a user, or wispwright.ErrNotFound.
func (t *Tokens) Of(ctx context.Context, user wispwright.ID) (*Token, error) {
	found, err := t.stores.Tokens.List(ctx, wispwright.ScopeAll(), TokenFilter{UserID: user}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(found.Rows) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return found.Rows[0], nil
}

// Has reports whether a user has a token of an organization.
func (t *Tokens) Has(ctx context.Context, user, organization wispwright.ID) (bool, error) {
	k, err := t.Of(ctx, user)
	if errors.Is(err, wispwright.ErrNotFound) {
		return false, nil
	}
	return err == nil && k.OrganizationID == organization, err
}

// Home returns the organization of the token of whomever an identifier means, or
// wispwright.ErrNotFound (spec: radius §2).
func (t *Tokens) Home(ctx context.Context, identifier string) (wispwright.ID, error) {
	found, err := t.accounts.Find(ctx, identifier)
	if err != nil {
		return wispwright.ID{}, err
	}
	if len(found) == 0 {
		return wispwright.ID{}, wispwright.ErrNotFound
	}
	k, err := t.Of(ctx, found[0].ID)
	if err != nil {
		return wispwright.ID{}, err
	}
	return k.OrganizationID, nil
}

// Issue gives a user a token of an organization. Where tokens are good once, or the
// user comes from another organization, it is a new one, and the open session at the
// former organization ends (spec: radius §5.3, §8.2). passwordBased says whether the
// user gave a password.
func (t *Tokens) Issue(ctx context.Context, user *Account, organization wispwright.ID, canAuth, passwordBased bool) (issued *Token, err error) {
	err = t.base.Do(ctx, "radius.Tokens.Issue", func(ctx context.Context) error {
		before, err := t.Of(ctx, user.ID)
		if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return err
		}
		if before != nil {
			if before.OrganizationID != organization {
				if err := t.accounting.Moved(ctx, user.Username, before.OrganizationID); err != nil {
					return err
				}
			} else if t.lasting {
				issued, err = t.stores.Tokens.Update(ctx, wispwright.ScopeAll(), before.ID, func(k *Token) error {
					k.CanAuth, k.PasswordBased = canAuth, basedOn(passwordBased)
					return nil
				})
				return err
			}
			if err := t.stores.Tokens.Delete(ctx, wispwright.ScopeAll(), before.ID); err != nil {
				return raced(err)
			}
		}
		if t.base.Tenants != nil {
			if err := t.base.Tenants.Hold(ctx, organization); err != nil {
				return err
			}
		}
		issued = &Token{ID: wispwright.NewID(), UserID: user.ID, OrganizationID: organization, Key: wispwright.Secret(randomText(40)),
			CanAuth: canAuth, PasswordBased: basedOn(passwordBased), Created: t.base.Now()}
		return t.stores.Tokens.Insert(ctx, issued)
	})
	return issued, err
}

func basedOn(password bool) *bool {
	if password {
		return nil
	}
	return &password
}

// spend reports whether a text is the user's token of an organization and may be
// used, and uses it.
func (t *Tokens) spend(ctx context.Context, user, organization wispwright.ID, key string) (bool, error) {
	k, err := t.Of(ctx, user)
	if errors.Is(err, wispwright.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if k.OrganizationID != organization || !k.CanAuth || !k.Key.Equal(key) {
		return false, nil
	}
	if t.lasting {
		return true, nil
	}
	// two at once: one of them gets in
	won := false
	_, err = t.stores.Tokens.Update(ctx, wispwright.ScopeAll(), k.ID, func(now *Token) error {
		won = now.CanAuth && now.Key.Equal(key)
		now.CanAuth = false
		return nil
	})
	if errors.Is(err, wispwright.ErrNotFound) && !wispwright.Pending(ctx) {
		return false, nil
	}
	return won, raced(err)
}

// used takes back the token of a user whose session ended.
func (t *Tokens) used(ctx context.Context, username string) error {
	if t.lasting || username == "" {
		return nil
	}
	a, err := t.accounts.Named(ctx, username)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	k, err := t.Of(ctx, a.ID)
	if err != nil || !k.CanAuth {
		if errors.Is(err, wispwright.ErrNotFound) {
			return nil
		}
		return err
	}
	_, err = t.stores.Tokens.Update(ctx, wispwright.ScopeAll(), k.ID, func(k *Token) error { k.CanAuth = false; return nil })
	return raced(err)
}
