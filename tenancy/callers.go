package tenancy

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
)

const (
	// callerTTL bounds how long a caller is remembered when no notification of a
	// change arrived.
	callerTTL = 10 * time.Second
	// rememberedCallers bounds how many are remembered.
	rememberedCallers = 50_000
)

// proof is the key under which a caller is remembered: the digest of a token, or the user
// of a session.
type proof struct {
	digest string
	user   wispwright.ID
}

// known is a caller that is remembered.
type known struct {
	caller *wispwright.Caller
	// until is when its token ends; zero for never
	until time.Time
}

// Callers turns proofs of identity into callers with their rights. Results are
// kept in memory and dropped when anything they depend on changes.
type Callers struct {
	standings     StandingStore
	organizations OrganizationStore
	apiTokens     *APITokens
	factors       *SecondFactors
	rules         PasswordRules
	clock         func() time.Time
	base
}

// ErrInactive is returned for a user that is switched off or gone.
var ErrInactive = fmt.Errorf("user inactive or deleted: %w", wispwright.ErrUnauthenticated)

// ByToken returns the caller a bearer token stands for, a user's one token or a
// named one. An unknown token is ErrUnauthenticated, an inactive user
// ErrInactive.
func (s *Callers) ByToken(ctx context.Context, key string) (*wispwright.Caller, error) {
	digest := Digest(key)
	k, err := s.known.Load(ctx, proof{digest: digest}, func(ctx context.Context) (known, error) {
		if isAPIToken(key) {
			return s.byAPIToken(ctx, digest)
		}
		standing, err := s.standings.ByToken(ctx, digest)
		if isNotFound(err) {
			return known{}, wispwright.ErrUnauthenticated
		}
		caller, err := s.caller(standing, err)
		if err != nil {
			return known{}, err
		}
		caller.Method = "token"
		caller.Restricted = "" // what was made with a password that was good is good (additions: U-4)
		return known{caller: caller}, nil
	})
	if err == nil && !k.until.IsZero() && !s.clock().Before(k.until) {
		return nil, wispwright.ErrUnauthenticated
	}
	return k.caller, err
}

// byAPIToken is ByToken for named tokens, within their scopes and time.
func (s *Callers) byAPIToken(ctx context.Context, digest string) (known, error) {
	t, err := s.apiTokens.find(ctx, digest)
	if isNotFound(err) {
		return known{}, wispwright.ErrUnauthenticated
	}
	if err != nil {
		return known{}, err
	}
	caller, err := s.caller(s.standings.ByUser(ctx, t.UserID))
	if err != nil {
		return known{}, err
	}
	caller.Method, caller.Restricted = APITokenMethod, ""
	if err := s.limit(ctx, caller, t.Scopes); err != nil {
		return known{}, fmt.Errorf("load caller %s: %w", t.UserID, err)
	}
	if err := s.apiTokens.used(ctx, t); err != nil {
		return known{}, fmt.Errorf("note the use of a token: %w", err)
	}
	return known{caller, t.Expires}, nil
}

// ByUser returns the caller for a user whose session was recognised.
func (s *Callers) ByUser(ctx context.Context, user wispwright.ID) (*wispwright.Caller, error) {
	k, err := s.known.Load(ctx, proof{user: user}, func(ctx context.Context) (known, error) {
		standing, err := s.standings.ByUser(ctx, user)
		caller, err := s.caller(standing, err)
		if err != nil {
			return known{}, err
		}
		caller.Method = "session"
		if caller.Restricted == "" && s.factors.requiredOf(standing.IsStaff, standing.IsSuperuser) && !standing.HasSecondFactor {
			caller.Restricted = factorMessage
		}
		return known{caller: caller}, nil
	})
	return k.caller, err
}

// PasswordExpired reports whether a caller is restricted because their password
// has expired (spec: tenancy §8.2).
func (s *Callers) PasswordExpired(c *wispwright.Caller) bool { return c.Restricted == expiredMessage }

// Forget drops every caller that is remembered, after the commit of the
// context's transaction, here and on other nodes. The services do so at every
// change; it is for changes made by other means.
func (s *Callers) Forget(ctx context.Context) error { return s.forget(ctx) }

// caller makes a caller of a standing that was read.
func (s *Callers) caller(from *Standing, err error) (*wispwright.Caller, error) {
	if isNotFound(err) || err == nil && !from.IsActive {
		return nil, ErrInactive
	}
	if err != nil {
		return nil, fmt.Errorf("load caller: %w", err)
	}
	c := &wispwright.Caller{ID: from.UserID, Name: from.Username, Superuser: from.IsSuperuser, Staff: from.IsStaff,
		Permissions: from.Permissions, Managed: from.Managed, Member: from.Member, Owned: from.Owned}
	if s.rules.expired(from.IsStaff, from.HasPassword, from.PasswordUpdated, s.clock()) {
		c.Restricted = expiredMessage
	}
	return c, nil
}
