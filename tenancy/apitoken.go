package tenancy

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
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

// Shape is how storages keep named tokens.
func (APIToken) Shape() store.Shape {
	return store.Shape{
		Table: "tenancy_api_token", Order: store.Newest("Created"),
		Unique: []store.Unique{
			{Name: "api_token_digest", Fields: []string{"Digest"}},
			{Name: "api_token_name", Fields: []string{"UserID", "Name"}},
		},
		Parents: []store.Parent{{Field: "UserID", Table: "tenancy_user"}},
	}
}

// APITokenPrefix begins every named token, so that one found in a file is
// known for what it is.
const APITokenPrefix = "wwt_"

// APITokenMethod is the Caller.Method of callers that come with a named token.
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

// APITokens is the service of named tokens, newest first. A deleted one is
// unknown from then on.
type APITokens struct {
	*entity.Service[wispwright.ID, APIToken, APITokenFilter]
	store     APITokenStore
	catalogue *Catalogue
	base
}

func newAPITokens(b base, store APITokenStore, catalogue *Catalogue) *APITokens {
	s := &APITokens{store: store, catalogue: catalogue, base: b}
	s.Service = entity.New(b.entity, store, entity.Kind[wispwright.ID, APIToken]{
		Name: "tenancy.APITokens", Model: "authtoken.apitoken", Hidden: []string{"Digest"},
		Validate: s.validate, Check: s.check, Stored: forgetting[APIToken](b),
		Unique: map[string]error{"api_token_name": wispwright.Invalid("name", "There is a token with this name already.")},
	})
	return s
}

// Create makes a token of t's user, name, scopes and expiry, and returns its
// text, which is shown this once.
func (s *APITokens) Create(ctx context.Context, t *APIToken) (wispwright.Secret, error) {
	text := APITokenPrefix + rand.Text() + rand.Text()[:6]
	t.ID, t.Digest, t.LastUsed = wispwright.NewID(), Digest(text), time.Time{}
	if err := s.Service.Create(ctx, t); err != nil {
		return "", err
	}
	return wispwright.Secret(text), nil
}

func (s *APITokens) validate(_ context.Context, c entity.Change[APIToken]) error {
	var v wispwright.ValidationError
	t := c.After
	valid.Text(&v, "name", t.Name, valid.Required, valid.Max(100))
	t.Scopes = s.catalogue.check(&v, "scopes", t.Scopes)
	if !t.Expires.IsZero() && !t.Expires.After(s.now()) {
		v.Add("expires", "Enter a time in the future.")
	}
	return v.Err()
}

func (s *APITokens) check(ctx context.Context, c entity.Change[APIToken]) error {
	if c.Before != nil {
		return nil
	}
	have, err := s.store.List(ctx, wispwright.ScopeAll(), APITokenFilter{UserID: c.After.UserID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	if len(have.Rows) >= maxAPITokens {
		return wispwright.Invalid("", "There are too many tokens; remove some first.")
	}
	// asked first, because a failed insert would end the transaction
	if slices.ContainsFunc(have.Rows, func(o *APIToken) bool { return o.Name == c.After.Name }) {
		return s.Kind().Explain(&wispwright.ConflictError{Unique: "api_token_name"})
	}
	return nil
}

// find returns a token that has not ended, or ErrNotFound.
func (s *APITokens) find(ctx context.Context, digest string) (*APIToken, error) {
	t, err := s.First(ctx, wispwright.ScopeAll(), APITokenFilter{Digest: digest})
	if err == nil && !t.Expires.IsZero() && !s.now().Before(t.Expires) {
		return nil, wispwright.ErrNotFound
	}
	return t, err
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
		c.Permissions = slices.DeleteFunc(slices.Clone(scopes), func(p wispwright.Permission) bool { return !c.Can(p) && !impliedView(c, p) })
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

// impliedView reports whether a permission to view comes with one to change,
// which callers have instead (spec: tenancy §3): without it nobody who may only
// change could make a token that may only read.
func impliedView(c *wispwright.Caller, p wispwright.Permission) bool {
	app, action, _ := strings.Cut(string(p), ".")
	model, view := strings.CutPrefix(action, "view_")
	return view && c.Can(wispwright.Permission(app+".change_"+model))
}

func isAPIToken(key string) bool { return strings.HasPrefix(key, APITokenPrefix) }
