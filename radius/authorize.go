package radius

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/radius/counters"
)

// Decision is the answer to somebody who wants to come in.
type Decision int

// The decisions.
const (
	// Unknown: there is nobody of that name and password who may come in here.
	Unknown Decision = iota
	// Accept lets somebody in.
	Accept
	// Exhausted: a limit is used up.
	Exhausted
	// Busy: there are as many sessions as the group allows.
	Busy
)

// Reply is one attribute of an answer.
type Reply struct {
	// Name is the attribute's.
	Name string
	// Op and Value are what the group says.
	Op, Value string
	// Number is what a counter says instead, if Counted.
	Number  int64
	Counted bool
}

// Answer is a decision with its attributes.
type Answer struct {
	// Decision is what was decided.
	Decision Decision
	// Account is who it is, if that was found out.
	Account *Account
	// Group is the group that counts, if there is one.
	Group *Group
	// Replies are the attributes of the answer, in order.
	Replies []Reply
}

// Asking is somebody who wants to come in.
type Asking struct {
	// OrganizationID is whose network it is.
	OrganizationID wispwright.ID
	// Identifier is a username, an e-mail address or a telephone number.
	Identifier string
	// Password is the user's, or the key of the user's token.
	Password string
	// Roamed: an open session was found for the device, which is as good as a
	// password.
	Roamed bool
	// CalledStationID and CallingStationID are access point and device, if known.
	CalledStationID, CallingStationID string
}

// Authorizer decides who may come in.
type Authorizer struct {
	base     *entity.Base
	stores   Stores
	accounts Accounts
	members  *Memberships
	standing *standing
	settings *SettingsService
	tokens   *Tokens
	people   *Registrations
	counters []counters.Counter
	simple   bool // no limit of sessions at a time
	giga     bool
	zone     *time.Location
	methods  []string
	visitors Visitors
	log      *slog.Logger
}

// simultaneousUse is the check that limits sessions at a time (additions: R-1).
const simultaneousUse = "Simultaneous-Use"

// busyMessage is what somebody is told who has too many sessions.
const busyMessage = "You are already logged in - access denied"

// Authorize decides (spec: radius §3). The error is one of the storage, never the
// user's.
func (z *Authorizer) Authorize(ctx context.Context, q Asking) (*Answer, error) {
	q, err := z.known(ctx, q)
	if err != nil {
		return nil, err
	}
	account, err := z.find(ctx, q)
	if err != nil || account == nil {
		return &Answer{}, err
	}
	g, err := z.group(ctx, account, q.OrganizationID)
	if err != nil {
		return nil, err
	}
	live, since, err := z.live(ctx, q, account, g, true)
	if err != nil {
		return nil, err
	}
	if !q.Roamed {
		ok, err := z.proves(ctx, q, account, live.Token)
		if err != nil || !ok {
			return &Answer{}, err
		}
	}
	return z.limits(ctx, q, account, g, live, since)
}

// find returns the first of those the identifier may mean that may come in at all.
func (z *Authorizer) find(ctx context.Context, q Asking) (*Account, error) {
	candidates, err := z.accounts.Find(ctx, q.Identifier)
	if err != nil {
		return nil, err
	}
	in, err := z.settings.Effective(ctx, q.OrganizationID)
	if err != nil {
		return nil, err
	}
	for _, a := range candidates {
		if !a.IsActive {
			continue
		}
		if in.NeedsVerification {
			counts, err := z.standing.counts(ctx, z.people, z.methods, a.ID, q.OrganizationID)
			if err != nil {
				return nil, err
			}
			if !counts {
				may, err := z.unverified(ctx, a, q)
				if err != nil {
					return nil, err
				}
				if !may {
					continue
				}
			}
		}
		member, err := z.accounts.IsMember(ctx, a.ID, q.OrganizationID)
		if err == nil && !member {
			member, err = z.tokens.Has(ctx, a.ID, q.OrganizationID)
		}
		if err != nil {
			return nil, err
		}
		if !member {
			return nil, nil
		}
		return a, nil
	}
	return nil, nil
}

// proves reports whether the password is the user's, or a token that was not used, if
// there is one.
func (z *Authorizer) proves(ctx context.Context, q Asking, a *Account, token bool) (bool, error) {
	if a.PasswordExpired {
		return false, nil
	}
	if token { // it costs less to look at than a password
		ok, err := z.tokens.spend(ctx, a.ID, q.OrganizationID, q.Password)
		if err != nil || ok {
			return ok, err
		}
	}
	return z.accounts.Verify(ctx, a.ID, q.Password)
}

// Limits answers somebody who proved to be a user: the group's replies and what is
// left of its limits.
func (z *Authorizer) Limits(ctx context.Context, q Asking, a *Account) (*Answer, error) {
	return z.limited(ctx, q, a, true)
}

// Now is what a user who is in already may have now: Limits without that of sessions
// at a time.
func (z *Authorizer) Now(ctx context.Context, a *Account, organization wispwright.ID) (*Answer, error) {
	return z.limited(ctx, Asking{OrganizationID: organization}, a, false)
}

func (z *Authorizer) limited(ctx context.Context, q Asking, a *Account, counted bool) (*Answer, error) {
	g, err := z.group(ctx, a, q.OrganizationID)
	if err != nil {
		return nil, err
	}
	if g == nil {
		return z.depart(ctx, &Answer{Decision: Accept, Account: a}, q.OrganizationID)
	}
	live, since, err := z.live(ctx, q, a, g, counted)
	if err != nil {
		return nil, err
	}
	return z.limits(ctx, q, a, g, live, since)
}

// ReplyNames are the attributes that a group may put into an answer: its replies, and
// what counters say of its limits.
func (z *Authorizer) ReplyNames(ctx context.Context, group wispwright.ID) (names []string, err error) {
	replies, err := z.stores.GroupReplies.List(ctx, wispwright.ScopeAll(), GroupAttributeFilter{GroupID: group}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, r := range replies.Rows {
		names = append(names, r.Attribute)
	}
	checks, err := z.stores.GroupChecks.List(ctx, wispwright.ScopeAll(), GroupAttributeFilter{GroupID: group}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, c := range z.counters {
		if slices.ContainsFunc(checks.Rows, func(k *GroupAttribute) bool { return k.Attribute == c.CheckName() }) {
			names = append(names, c.ReplyNames()...)
		}
	}
	return names, nil
}

// limits is Limits with what was read before: since are the windows of live.Used.
func (z *Authorizer) limits(ctx context.Context, q Asking, a *Account, g *grouped, live *Live, since []int64) (*Answer, error) {
	out, err := z.ofGroup(ctx, a, g, live, since)
	if err != nil {
		return nil, err
	}
	return z.depart(ctx, out, q.OrganizationID)
}

// ofGroup is what the user's group and its counters say.
func (z *Authorizer) ofGroup(ctx context.Context, a *Account, g *grouped, live *Live, since []int64) (*Answer, error) {
	out := &Answer{Decision: Accept, Account: a}
	if g == nil {
		return out, nil
	}
	out.Group = &g.group
	for _, r := range g.replies {
		out.Replies = append(out.Replies, Reply{Name: r.Attribute, Op: r.Op, Value: r.Value})
	}
	if limit, ok := limitOf(g.checks); ok && !z.simple && live.Open >= limit {
		out.refuse(Busy, busyMessage)
		return out, nil
	}
	used := func(ctx context.Context, from int64) (counters.Use, error) {
		if i := slices.Index(since, from); i >= 0 && i < len(live.Used) {
			return live.Used[i], nil
		}
		return z.stores.Sessions.Use(ctx, g.group.OrganizationID, a.Username, from)
	}
	for _, c := range z.counters {
		left, err := c.Left(ctx, z.question(a, g, c, used))
		var quota *counters.QuotaError
		switch {
		case errors.As(err, &quota):
			out.refuse(Exhausted, quota.Message)
			return out, nil
		case errors.Is(err, counters.ErrNoLimit):
			continue
		case err != nil:
			if ctx.Err() != nil || errors.Is(err, wispwright.ErrUnavailable) {
				return nil, err
			}
			z.log.ErrorContext(ctx, "a counter failed and was skipped", "check", c.CheckName(), "error", err)
			continue
		}
		for i, name := range c.ReplyNames() {
			if i < len(left) {
				z.lower(ctx, out, name, left[i])
			}
		}
	}
	return out, nil
}

// question is what a counter is asked; used sums sessions, nil where nothing is summed.
func (z *Authorizer) question(a *Account, g *grouped, c counters.Counter, used func(context.Context, int64) (counters.Use, error)) counters.Question {
	q := counters.Question{Username: a.Username, Joined: a.Joined, Organization: g.group.OrganizationID, Group: g.group.Name, Now: z.base.Now().In(z.zone), Used: used}
	if i := slices.IndexFunc(g.checks, func(k *GroupAttribute) bool { return k.Attribute == c.CheckName() }); i >= 0 {
		q.Limit, q.Limited = g.checks[i].Value, true
	}
	return q
}

// grouped is a group with what it says.
type grouped struct {
	group Group
	rules
}

// group returns the group that counts for a user; nil where there is none.
func (z *Authorizer) group(ctx context.Context, a *Account, organization wispwright.ID) (*grouped, error) {
	m, err := z.standing.of(ctx, z.members, a.ID, organization)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r, err := z.standing.saying(ctx, m.GroupID)
	if err != nil {
		return nil, err
	}
	return &grouped{Group{ID: m.GroupID, OrganizationID: m.OrganizationID, Name: m.GroupName}, r}, nil
}

// limitOf is how many sessions a group allows at a time; one that is no number, as
// counters do with it, is none.
func limitOf(checks []*GroupAttribute) (int64, bool) {
	i := slices.IndexFunc(checks, func(k *GroupAttribute) bool { return k.Attribute == simultaneousUse })
	if i < 0 {
		return 0, false
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(checks[i].Value), 10, 64)
	return limit, err == nil && limit > 0
}

// refuse turns an answer into a refusal that keeps the group's replies (additions:
//
func (a *Answer) refuse(d Decision, message string) {
	a.Decision = d
	kept := a.Replies[:0]
	told := false
	for _, r := range a.Replies {
		if !r.Counted {
			kept = append(kept, r)
			told = told || r.Name == "Reply-Message"
		}
	}
	a.Replies = kept
	if !told {
		a.Replies = append(a.Replies, Reply{Name: "Reply-Message", Value: message})
	}
}

// lower puts what a counter says into the answer, unless something lower is there
// (spec: radius §3).
func (z *Authorizer) lower(ctx context.Context, a *Answer, name string, left int64) {
	counted := Reply{Name: name, Number: left, Counted: true}
	i := slices.IndexFunc(a.Replies, func(r Reply) bool { return r.Name == name })
	if i < 0 {
		a.Replies = append(a.Replies, counted)
	} else {
		have := a.Replies[i].Number
		if !a.Replies[i].Counted {
			n, err := strconv.ParseInt(strings.TrimSpace(a.Replies[i].Value), 10, 64)
			if err != nil {
				z.log.WarnContext(ctx, name+" value (\""+a.Replies[i].Value+"\") cannot be converted to integer.")
				n = left + 1
			}
			have = n
		}
		if left >= have {
			return
		}
		a.Replies[i] = counted
	}
	z.gigawords(a, name, left)
}

// gigawords tells of limits beyond 32 bits: FreeRADIUS cuts an integer to its lower
// 32 bits, the upper ones go into an attribute of their own (spec: radius §4).
func (z *Authorizer) gigawords(a *Answer, name string, left int64) {
	base, ok := strings.CutSuffix(name, "-Max-Total-Octets")
	if !ok || !z.giga {
		return
	}
	sibling := base + "-Max-Total-Gigawords"
	a.Replies = slices.DeleteFunc(a.Replies, func(r Reply) bool { return r.Name == sibling })
	if left > 1<<32-1 {
		a.Replies = append(a.Replies, Reply{Name: sibling, Number: left >> 32, Counted: true})
	}
}

// Usage is one limit of a user's group and what was used of it.
type Usage struct {
	// Check is the limit.
	Check *GroupAttribute
	// Used is what was used, at most the limit; nil where the limit is no number.
	Used *int64
	// Unit is "bytes", "seconds" or "".
	Unit string
}

// Usage returns the limits of a user in an organization, or wispwright.ErrNotFound
// for somebody without a group there (spec: radius §8.5).
func (z *Authorizer) Usage(ctx context.Context, a *Account, organization wispwright.ID) ([]Usage, error) {
	g, err := z.group(ctx, a, organization)
	if err != nil {
		return nil, err
	}
	if g == nil {
		return nil, wispwright.ErrNotFound
	}
	used := func(ctx context.Context, since int64) (counters.Use, error) {
		return z.stores.Sessions.Use(ctx, g.group.OrganizationID, a.Username, since)
	}
	var out []Usage
	for _, check := range g.checks {
		i := slices.IndexFunc(z.counters, func(c counters.Counter) bool { return c.CheckName() == check.Attribute })
		if i < 0 {
			continue
		}
		u := Usage{Check: check, Unit: counters.UnitOf(check.Attribute)}
		left, err := z.counters[i].Left(ctx, z.question(a, g, z.counters[i], used))
		limit, numeric := strconv.ParseInt(strings.TrimSpace(check.Value), 10, 64)
		var quota *counters.QuotaError
		switch {
		case errors.As(err, &quota):
			if numeric == nil {
				u.Used = &limit
			}
		case errors.Is(err, counters.ErrNoLimit):
		case err != nil:
			return nil, err
		case len(left) > 0 && numeric == nil:
			used := limit - left[0]
			u.Used = &used
		}
		out = append(out, u)
	}
	return out, nil
}
