package tenancy

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
)

// callerTTL bounds how long a cached caller is used when no notification of a
// change arrived: the net below the cache's invalidation across nodes.
const callerTTL = 10 * time.Second

// maxCachedCallers bounds the cache; it is emptied when it is full.
const maxCachedCallers = 50_000

// Callers turns proofs of identity into callers with their rights. Results are
// kept in memory and dropped when anything they depend on changes.
type Callers struct {
	standings     StandingStore
	organizations OrganizationStore
	apiTokens     *APITokens
	factors       *SecondFactors
	rules         PasswordRules
	clock         func() time.Time

	mu       sync.RWMutex
	epoch    uint64
	byDigest map[string]cachedCaller
	byUser   map[wispwright.ID]cachedCaller
}

type cachedCaller struct {
	caller *wispwright.Caller
	until  time.Time
}

// ErrInactive is returned for a user that is switched off or gone.
var ErrInactive = fmt.Errorf("user inactive or deleted: %w", wispwright.ErrUnauthenticated)

// ByToken returns the caller a bearer token stands for, a user's one token or a
// named one. An unknown token is
// ErrUnauthenticated, an inactive user ErrInactive.
func (s *Callers) ByToken(ctx context.Context, key string) (*wispwright.Caller, error) {
	digest := Digest(key)
	s.mu.RLock()
	c, ok := s.byDigest[digest]
	epoch := s.epoch
	s.mu.RUnlock()
	if ok && s.clock().Before(c.until) {
		return c.caller, nil
	}
	if isAPIToken(key) {
		return s.byAPIToken(ctx, digest, epoch)
	}
	standing, err := s.standings.ByToken(ctx, digest)
	if isNotFound(err) {
		return nil, wispwright.ErrUnauthenticated
	}
	caller, err := s.caller(standing, err)
	if err != nil {
		return nil, err
	}
	caller.Method = "token"
	keep(s, s.byDigest, digest, caller, s.clock().Add(callerTTL), epoch)
	return caller, nil
}

// byAPIToken is ByToken for named tokens, within their scopes and time.
func (s *Callers) byAPIToken(ctx context.Context, digest string, epoch uint64) (*wispwright.Caller, error) {
	t, err := s.apiTokens.find(ctx, digest)
	if isNotFound(err) {
		return nil, wispwright.ErrUnauthenticated
	}
	if err != nil {
		return nil, err
	}
	caller, err := s.caller(s.standings.ByUser(ctx, t.UserID))
	if err != nil {
		return nil, err
	}
	caller.Method = APITokenMethod
	if err := s.limit(ctx, caller, t.Scopes); err != nil {
		return nil, fmt.Errorf("load caller %s: %w", t.UserID, err)
	}
	if err := s.apiTokens.used(ctx, t); err != nil {
		return nil, fmt.Errorf("note the use of a token: %w", err)
	}
	until := s.clock().Add(callerTTL)
	if !t.Expires.IsZero() && t.Expires.Before(until) {
		until = t.Expires
	}
	keep(s, s.byDigest, digest, caller, until, epoch)
	return caller, nil
}

// ByUser returns the caller for a user whose session was recognised.
func (s *Callers) ByUser(ctx context.Context, user wispwright.ID) (*wispwright.Caller, error) {
	s.mu.RLock()
	c, ok := s.byUser[user]
	epoch := s.epoch
	s.mu.RUnlock()
	if ok && s.clock().Before(c.until) {
		return c.caller, nil
	}
	standing, err := s.standings.ByUser(ctx, user)
	caller, err := s.caller(standing, err)
	if err != nil {
		return nil, err
	}
	caller.Method = "session"
	if caller.Restricted == "" && s.factors.requiredOf(standing.IsStaff, standing.IsSuperuser) && !standing.HasSecondFactor {
		caller.Restricted = factorMessage
	}
	keep(s, s.byUser, user, caller, s.clock().Add(callerTTL), epoch)
	return caller, nil
}

// keep caches a caller unless something changed while it was being loaded.
func keep[K comparable](s *Callers, cache map[K]cachedCaller, key K, caller *wispwright.Caller, until time.Time, epoch uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.epoch != epoch {
		return
	}
	if len(cache) >= maxCachedCallers {
		clear(cache)
	}
	cache[key] = cachedCaller{caller, until}
}

// Forget empties the cache. It is subscribed to every change of users, groups,
// memberships, organizations and tokens, on this node and on others.
func (s *Callers) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
	clear(s.byDigest)
	clear(s.byUser)
}

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
