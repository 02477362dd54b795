package tenancy

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
)

// APIToken is a named token of a user for one program: it may be limited to
// some permissions and to a time, and it is taken away without touching others.
// Beside it the user's one Token stays what it is.
type APIToken struct {
	// ID identifies the token.
	ID wispwright.ID
	// UserID is in whose name it acts.
	UserID wispwright.ID
	// Name says what it is for; unique for a user, at most 100 characters.
	Name string
	// Digest is the SHA-256 of the token, which itself is not kept.
	Digest string
	// Scopes are the permissions it is limited to; none means all the user has.
	Scopes []wispwright.Permission
	// Expires is when it ends; zero for never.
	Expires time.Time
	// LastUsed is when it was used, to within a minute; zero for never.
	LastUsed time.Time
	// Created is when it was made.
	Created time.Time
}

// APITokenPrefix begins every named token, so that one found in a file is
// known for what it is.
const APITokenPrefix = "wwt_"

// APITokenMethod is the Caller.Method of who comes with a named token.
const APITokenMethod = "api token"

// maxAPITokens bounds how many a user may have.
const maxAPITokens = 100

// lastUsedStep is how exactly the last use is kept.
const lastUsedStep = time.Minute

// APITokenFilter selects named tokens; zero fields select all.
type APITokenFilter struct {
	// UserID limits to those of one user.
	UserID wispwright.ID
	// Digest limits to the one with this digest.
	Digest string
}

// APITokenStore keeps named tokens. Its unique rules are "api_token_digest" and
// "api_token_name" (of one user).
type APITokenStore interface {
	wispwright.Repo[APIToken, APITokenFilter]
}

// APITokens is the service of named tokens.
type APITokens struct {
	// Changed is published with the users whose tokens were made or removed.
	Changed event.Topic[wispwright.ID]

	store     APITokenStore
	catalogue *Catalogue
	base
}

// Create makes a token of t's user, name, scopes and expiry, and returns its
// text, which is shown this once.
func (s *APITokens) Create(ctx context.Context, t *APIToken) (wispwright.Secret, error) {
	text := APITokenPrefix + rand.Text() + rand.Text()[:6]
	err := s.do(ctx, "tenancy.APITokens.Create", func(ctx context.Context) error {
		t.ID, t.Digest, t.Created, t.LastUsed = wispwright.NewID(), Digest(text), s.now(), time.Time{}
		if err := s.validate(t); err != nil {
			return err
		}
		have, err := s.store.List(ctx, wispwright.ScopeAll(), APITokenFilter{UserID: t.UserID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		if len(have.Rows) >= maxAPITokens {
			return wispwright.Invalid("", "There are too many tokens; remove some first.")
		}
		// asked first, because a failed insert would end the transaction
		if slices.ContainsFunc(have.Rows, func(o *APIToken) bool { return o.Name == t.Name }) {
			return s.explain(&wispwright.ConflictError{Unique: "api_token_name"})
		}
		if err := s.store.Insert(ctx, t); err != nil {
			return s.explain(err)
		}
		s.Changed.Publish(ctx, t.UserID)
		return s.recordToken(ctx, "add", nil, t)
	})
	if err != nil {
		return "", err
	}
	return wispwright.Secret(text), nil
}

// recordToken leaves the digest out of the trail.
func (s *APITokens) recordToken(ctx context.Context, action string, before, after *APIToken) error {
	t := after
	if t == nil {
		t = before
	}
	fields := slices.DeleteFunc(wispwright.Compare(before, after), func(f wispwright.FieldChange) bool { return f.Field == "Digest" })
	return s.record(ctx, action, "authtoken.apitoken", t.ID.String(), t.Name, wispwright.ID{}, fields)
}

func (s *APITokens) validate(t *APIToken) error {
	var v wispwright.ValidationError
	checkText(&v, "name", &t.Name, 100, true)
	slices.Sort(t.Scopes)
	t.Scopes = slices.Compact(t.Scopes)
	for _, p := range t.Scopes {
		if !s.catalogue.Known(p) {
			v.Add("scopes", unknownPK(p))
		}
	}
	if !t.Expires.IsZero() && !t.Expires.After(s.now()) {
		v.Add("expires", "Enter a time in the future.")
	}
	return v.Err()
}

func (s *APITokens) explain(err error) error {
	return conflictAs(err, map[string]fieldMessage{"api_token_name": {"name", "There is a token with this name already."}})
}

// Get returns a token.
func (s *APITokens) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*APIToken, error) {
	return s.store.Get(ctx, scope, id)
}

// List returns a page of tokens, newest first.
func (s *APITokens) List(ctx context.Context, scope wispwright.Scope, f APITokenFilter, p wispwright.Page) (wispwright.Items[APIToken], error) {
	return s.store.List(ctx, scope, f, p)
}

// Delete takes a token away; from then on it is unknown.
func (s *APITokens) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.do(ctx, "tenancy.APITokens.Delete", func(ctx context.Context) error {
		before, err := s.store.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		if err := s.store.Delete(ctx, scope, id); err != nil {
			return err
		}
		s.Changed.Publish(ctx, before.UserID)
		return s.recordToken(ctx, "delete", before, nil)
	})
}

// find returns a token that has not ended, or ErrNotFound.
func (s *APITokens) find(ctx context.Context, digest string) (*APIToken, error) {
	items, err := s.store.List(ctx, wispwright.ScopeAll(), APITokenFilter{Digest: digest}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(items.Rows) == 0 || !items.Rows[0].Expires.IsZero() && !s.now().Before(items.Rows[0].Expires) {
		return nil, wispwright.ErrNotFound
	}
	return items.Rows[0], nil
}

// used notes the use of a token, seldom enough to be no burden. One that was
// taken away in the meantime is no error.
func (s *APITokens) used(ctx context.Context, t *APIToken) error {
	now := s.now()
	if now.Sub(t.LastUsed) < lastUsedStep {
		return nil
	}
	_, err := s.store.Update(ctx, wispwright.ScopeAll(), t.ID, func(t *APIToken) error {
		t.LastUsed = now
		return nil
	})
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	return err
}

// limit narrows a caller to a token's scopes. A superuser who comes with a
// limited token is a manager of every organization and no more: who may do
// everything could otherwise give itself what the token lacks.
func (s *Callers) limit(ctx context.Context, c *wispwright.Caller, scopes []wispwright.Permission) error {
	if len(scopes) == 0 {
		return nil
	}
	if !c.Superuser {
		c.Permissions = slices.DeleteFunc(slices.Clone(scopes), func(p wispwright.Permission) bool { return !c.Can(p) })
		return nil
	}
	c.Superuser, c.Permissions = false, slices.Clone(scopes)
	yes := true
	orgs, err := s.organizations.List(ctx, wispwright.ScopeAll(), OrganizationFilter{IsActive: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	c.Managed = nil
	for _, o := range orgs.Rows {
		c.Managed = append(c.Managed, o.ID)
	}
	c.Member = slices.Clone(c.Managed)
	return nil
}

func isAPIToken(key string) bool { return strings.HasPrefix(key, APITokenPrefix) }
