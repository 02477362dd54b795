package radius

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/radius/counters"
)

// standing is what hardly ever changes of those who come in: their groups, what the
// groups say, that they may come in at all. It is remembered, so that of a decision
// only what changes with every session is read, in one question to the storage (Live).
// Only what lets somebody in is remembered, never that something is missing: anybody who
// has just been let in somewhere else comes in here at once.
type standing struct {
	stores  Stores
	members *cache.Cache[string, Membership] // by user and organization, and by name and organization
	rules   *cache.Cache[wispwright.ID, rules]
	proven  *cache.Cache[string, struct{}] // users whose registration counts
}

// rules are what a group says, oldest first.
type rules struct{ checks, replies []*GroupAttribute }

const (
	// standingFor is how long something is believed that was changed behind the
	// services, such as by FreeRADIUS's own tools.
	standingFor = 30 * time.Second
	// standings bounds the memory: users of a busy hour.
	standings = 50_000
)

func newStanding(b *entity.Base, stores Stores, o *Options) *standing {
	options := cache.Options{Bus: o.Bus, Clock: b.Clock, TTL: standingFor, Size: standings}
	return &standing{stores: stores,
		members: cache.New[string, Membership]("radius.members", options), rules: cache.New[wispwright.ID, rules]("radius.rules", options),
		proven: cache.New[string, struct{}]("radius.registrations", options),
	}
}

// watch forgets what changes, inside the transaction that changes it.
func (x *standing) watch(r *Radius) {
	const name = "radius: what is remembered of it"
	r.Memberships.Changed.Within(name, func(ctx context.Context, changes ...entity.Change[Membership]) error {
		var keys []string
		for _, c := range changes {
			for _, m := range []*Membership{c.Before, c.After} {
				if m != nil {
					keys = append(keys, byID(m.UserID, m.OrganizationID), byName(m.Username, m.OrganizationID))
				}
			}
		}
		return x.members.Drop(ctx, keys...)
	})
	r.Groups.Changed.Within(name, func(ctx context.Context, changes ...entity.Change[Group]) error {
		if !slices.ContainsFunc(changes, func(c entity.Change[Group]) bool { return c.Before != nil }) {
			return nil // nobody knows a new one
		}
		return errors.Join(x.members.Purge(ctx), x.rules.Purge(ctx))
	})
	for _, s := range []*GroupAttributes{r.GroupChecks, r.GroupReplies} {
		s.Changed.Within(name, func(ctx context.Context, changes ...entity.Change[GroupAttribute]) error {
			var keys []wispwright.ID
			for _, c := range changes {
				for _, a := range []*GroupAttribute{c.Before, c.After} {
					if a != nil {
						keys = append(keys, a.GroupID)
					}
				}
			}
			return x.rules.Drop(ctx, keys...)
		})
	}
	r.Registrations.Changed.Within(name, func(ctx context.Context, changes ...entity.Change[Registration]) error {
		var keys []string
		for _, c := range changes {
			if c.Before != nil {
				keys = append(keys, byID(c.Before.UserID, c.Before.OrganizationID))
			}
		}
		return x.proven.Drop(ctx, keys...)
	})
}

// renamed forgets after a statement that changed names in many rows.
func (x *standing) renamed(ctx context.Context) error { return x.members.Purge(ctx) }

func (x *standing) listen(ctx context.Context) error {
	return errors.Join(x.members.Listen(ctx), x.rules.Listen(ctx), x.proven.Listen(ctx))
}

func byID(user, organization wispwright.ID) string { return user.Hex() + organization.Hex() }

func byName(username string, organization wispwright.ID) string {
	return organization.Hex() + " " + username
}

// of is Memberships.Of, remembered.
func (x *standing) of(ctx context.Context, s *Memberships, user, organization wispwright.ID) (Membership, error) {
	return x.members.Load(ctx, byID(user, organization), func(ctx context.Context) (Membership, error) {
		return value(s.Of(ctx, user, organization))
	})
}

// named is Memberships.Named, remembered.
func (x *standing) named(ctx context.Context, s *Memberships, username string, organization wispwright.ID) (Membership, error) {
	key := byName(username, organization)
	if m, ok := x.members.Get(key); ok { // also in the transaction of a report
		return m, nil
	}
	return x.members.Load(ctx, key, func(ctx context.Context) (Membership, error) {
		return value(s.Named(ctx, username, organization))
	})
}

func value(m *Membership, err error) (Membership, error) {
	if err != nil {
		return Membership{}, err
	}
	return *m, nil
}

// saying is what a group says.
func (x *standing) saying(ctx context.Context, group wispwright.ID) (rules, error) {
	return x.rules.Load(ctx, group, func(ctx context.Context) (rules, error) {
		c, err := x.stores.GroupChecks.List(ctx, wispwright.ScopeAll(), GroupAttributeFilter{GroupID: group}, wispwright.Page{NoTotal: true})
		if err != nil {
			return rules{}, err
		}
		r, err := x.stores.GroupReplies.List(ctx, wispwright.ScopeAll(), GroupAttributeFilter{GroupID: group}, wispwright.Page{NoTotal: true})
		return rules{c.Rows, r.Rows}, err
	})
}

// errUnproven: it is not remembered that a registration does not count yet.
var errUnproven = errors.New("the registration does not count")

// counts reports whether a user's registration lets the user in where identities are
// verified; methods need no verification.
func (x *standing) counts(ctx context.Context, s *Registrations, methods []string, user, organization wispwright.ID) (bool, error) {
	_, err := x.proven.Load(ctx, byID(user, organization), func(ctx context.Context) (none struct{}, err error) {
		r, err := s.Of(ctx, user, organization)
		if err == nil && !r.Counts() && !slices.Contains(methods, r.Method) {
			err = errUnproven
		}
		return none, err
	})
	if errors.Is(err, errUnproven) || errors.Is(err, wispwright.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// LiveQuery is about a user in an organization.
type LiveQuery struct {
	// OrganizationID, UserID and Username say who and where.
	OrganizationID, UserID wispwright.ID
	Username               string
	// CalledStationID and CallingStationID are access point and device, if known: a
	// session of both is about to end and does not count as open.
	CalledStationID, CallingStationID string
	// Open asks for the number of open sessions.
	Open bool
	// Since are beginnings of windows, in seconds since 1970.
	Since []int64
}

// Live is what changes with every session and every token.
type Live struct {
	// Token: the user has a token of the organization that may be used.
	Token bool
	// Open is how many sessions are open.
	Open int64
	// Used is what was used in each window.
	Used []counters.Use
}

// live asks for what a decision needs and cannot be remembered.
func (z *Authorizer) live(ctx context.Context, q Asking, a *Account, g *grouped, counted bool) (*Live, []int64, error) {
	query := LiveQuery{OrganizationID: q.OrganizationID, UserID: a.ID, Username: a.Username, CalledStationID: q.CalledStationID, CallingStationID: q.CallingStationID}
	if g != nil {
		_, limited := limitOf(g.checks)
		query.Open = counted && !z.simple && limited
		for _, c := range z.counters {
			w, ok := c.(counters.Windowed)
			if !ok || !slices.ContainsFunc(g.checks, func(k *GroupAttribute) bool { return k.Attribute == c.CheckName() }) {
				continue
			}
			if since := w.Since(z.question(a, g, c, nil)); !slices.Contains(query.Since, since) {
				query.Since = append(query.Since, since)
			}
		}
	}
	found, err := z.stores.Sessions.Live(ctx, query)
	return &found, query.Since, err
}
