package tenancy

import (
	"context"
	"fmt"
	"slices"
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
	users         UserStore
	grants        GrantStore
	memberships   MembershipStore
	owners        OwnerStore
	organizations OrganizationStore
	groups        GroupStore
	tokens        *Tokens
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
	t, err := s.tokens.byDigest(ctx, digest)
	if isNotFound(err) {
		return nil, wispwright.ErrUnauthenticated
	}
	if err != nil {
		return nil, err
	}
	caller, _, err := s.load(ctx, t.UserID)
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
	caller, _, err := s.load(ctx, t.UserID)
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
	caller, u, err := s.load(ctx, user)
	if err != nil {
		return nil, err
	}
	caller.Method = "session"
	if caller.Restricted == "" {
		if caller.Restricted, err = s.factors.restrict(ctx, u); err != nil {
			return nil, err
		}
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

func (s *Callers) load(ctx context.Context, user wispwright.ID) (*wispwright.Caller, *User, error) {
	all := wispwright.ScopeAll()
	u, err := s.users.Get(ctx, all, user)
	if isNotFound(err) || err == nil && !u.IsActive {
		return nil, nil, ErrInactive
	}
	if err != nil {
		return nil, nil, fmt.Errorf("load caller: %w", err)
	}
	c := &wispwright.Caller{ID: u.ID, Name: u.Username, Superuser: u.IsSuperuser, Staff: u.IsStaff}
	if s.rules.expired(u, s.clock()) {
		c.Restricted = expiredMessage
	}
	if err := s.loadRoles(ctx, c); err != nil {
		return nil, nil, fmt.Errorf("load caller %s: %w", u.ID, err)
	}
	if err := s.loadPermissions(ctx, c); err != nil {
		return nil, nil, fmt.Errorf("load caller %s: %w", u.ID, err)
	}
	return c, u, nil
}

// loadRoles fills in the active organizations of the user by role (spec:
// tenancy §2).
func (s *Callers) loadRoles(ctx context.Context, c *wispwright.Caller) error {
	all := wispwright.ScopeAll()
	memberships, err := s.memberships.List(ctx, all, MembershipFilter{UserID: c.ID}, wispwright.Page{NoTotal: true})
	if err != nil || len(memberships.Rows) == 0 {
		return err
	}
	var orgs, ids []wispwright.ID
	for _, m := range memberships.Rows {
		orgs, ids = append(orgs, m.OrganizationID), append(ids, m.ID)
	}
	yes := true
	active, err := s.organizations.List(ctx, all, OrganizationFilter{IDs: orgs, IsActive: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	owners, err := s.owners.List(ctx, all, OwnerFilter{MembershipIDs: ids}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, m := range memberships.Rows {
		if !slices.ContainsFunc(active.Rows, func(o *Organization) bool { return o.ID == m.OrganizationID }) {
			continue
		}
		c.Member = append(c.Member, m.OrganizationID)
		if m.IsAdmin {
			c.Managed = append(c.Managed, m.OrganizationID)
		}
		if slices.ContainsFunc(owners.Rows, func(o *Owner) bool { return o.MembershipID == m.ID }) {
			c.Owned = append(c.Owned, m.OrganizationID)
		}
	}
	return nil
}

func (s *Callers) loadPermissions(ctx context.Context, c *wispwright.Caller) error {
	grants, err := s.grants.Of(ctx, c.ID)
	if err != nil {
		return err
	}
	c.Permissions = slices.Clone(grants[c.ID].Permissions)
	if ids := grants[c.ID].Groups; len(ids) > 0 {
		groups, err := s.groups.List(ctx, wispwright.ScopeAll(), GroupFilter{IDs: ids}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, g := range groups.Rows {
			c.Permissions = append(c.Permissions, g.Permissions...)
		}
	}
	slices.Sort(c.Permissions)
	c.Permissions = slices.Compact(c.Permissions)
	return nil
}
