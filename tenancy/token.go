package tenancy

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
)

// Token is a user's bearer token: one per user, the same at every request for
// it, valid until it is deleted (spec: tenancy §1.9).
type Token struct {
	// UserID is the user it stands for, and its key.
	UserID wispwright.ID
	// Digest is the SHA-256 of the token, by which it is found.
	Digest string
	// Key is the token: 40 hexadecimal digits, sealed at rest.
	Key wispwright.Secret
	// Created is when it was asked for first.
	Created time.Time
}

// Shape is how storages keep tokens.
func (Token) Shape() store.Shape {
	return store.Shape{
		Table: "tenancy_token", Key: "UserID",
		Unique: []store.Unique{
			{Name: "token_digest", Fields: []string{"Digest"}},
		},
		Parents: []store.Parent{{Field: "UserID", Table: "tenancy_user"}},
	}
}

// TokenFilter selects tokens; zero fields select all.
type TokenFilter struct {
	// Digest limits to the one with this digest.
	Digest string
}

// TokenStore keeps tokens by user. Its unique rule is "token_digest".
type TokenStore interface {
	wispwright.Repo[Token, TokenFilter]
}

// Tokens is the service of bearer tokens.
type Tokens struct {
	// Changed is published with the users whose token was made or removed.
	Changed event.Topic[wispwright.ID]

	store TokenStore
	base
}

// For returns the user's token and makes one at the first request. Two first
// requests at once get the same one.
func (s *Tokens) For(ctx context.Context, user wispwright.ID) (*Token, error) {
	t, err := s.store.Get(ctx, wispwright.ScopeAll(), user)
	if !isNotFound(err) {
		return t, err
	}
	var key [20]byte
	_, _ = rand.Read(key[:]) // never fails: crypto/rand aborts the program instead
	t, err = s.put(ctx, "tenancy.Tokens.For", user, hex.EncodeToString(key[:]), false)
	var conflict *wispwright.ConflictError
	if errors.As(err, &conflict) {
		return s.store.Get(ctx, wispwright.ScopeAll(), user)
	}
	return t, err
}

// Get returns the user's token, or ErrNotFound when none was made.
func (s *Tokens) Get(ctx context.Context, user wispwright.ID) (*Token, error) {
	return s.store.Get(ctx, wispwright.ScopeAll(), user)
}

// ByKey returns the token with a key, whether or not its user is active, or
// ErrNotFound.
func (s *Tokens) ByKey(ctx context.Context, key string) (*Token, error) {
	if key == "" {
		return nil, wispwright.ErrNotFound
	}
	return s.byDigest(ctx, Digest(key))
}

// Set gives a user a known token, as imports and fixtures need it. It replaces
// the one there is.
func (s *Tokens) Set(ctx context.Context, user wispwright.ID, key string) (*Token, error) {
	return s.put(ctx, "tenancy.Tokens.Set", user, key, true)
}

func (s *Tokens) put(ctx context.Context, operation string, user wispwright.ID, key string, replace bool) (*Token, error) {
	t := &Token{UserID: user, Digest: Digest(key), Key: wispwright.Secret(key), Created: s.now()}
	err := s.do(ctx, operation, func(ctx context.Context) error {
		if replace {
			// asked first, because a failed delete would fail the transaction
			_, err := s.store.Get(ctx, wispwright.ScopeAll(), user)
			if err == nil {
				err = s.store.Delete(ctx, wispwright.ScopeAll(), user)
			}
			if err != nil && !isNotFound(err) {
				return err
			}
		}
		if err := s.store.Insert(ctx, t); err != nil {
			return err
		}
		return s.noted(ctx, "add", user)
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Delete takes a user's token away.
func (s *Tokens) Delete(ctx context.Context, user wispwright.ID) error {
	return s.do(ctx, "tenancy.Tokens.Delete", func(ctx context.Context) error {
		if err := s.store.Delete(ctx, wispwright.ScopeAll(), user); err != nil {
			return err
		}
		return s.noted(ctx, "delete", user)
	})
}

func (s *Tokens) noted(ctx context.Context, action string, user wispwright.ID) error {
	if err := s.forget(ctx); err != nil {
		return err
	}
	s.Changed.Publish(ctx, user)
	return s.record(ctx, action, "authtoken.token", user.String(), "", wispwright.ID{}, nil)
}

// byDigest finds the token; comparing digests leaks nothing about tokens.
func (s *Tokens) byDigest(ctx context.Context, digest string) (*Token, error) {
	items, err := s.store.List(ctx, wispwright.ScopeAll(), TokenFilter{Digest: digest}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(items.Rows) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return items.Rows[0], nil
}

// Digest is the form by which a token is looked up: the hexadecimal SHA-256.
func Digest(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}
