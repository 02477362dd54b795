package radiustest

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/counters"
)

// People are accounts for tests: each password is the username. They are the
// Organizations too.
type People struct {
	// Accounts are those there are.
	Accounts []*radius.Account
	// Member are the organizations of users.
	Member map[wispwright.ID][]wispwright.ID
	// Tenants are the organizations there are.
	Tenants []*radius.Organization
}

var (
	_ radius.Accounts      = (*People)(nil)
	_ radius.Organizations = organizations{}
)

// Find implements radius.Accounts.
func (p *People) Find(_ context.Context, identifier string) (found []*radius.Account, _ error) {
	for _, a := range p.Accounts {
		if a.Username == identifier || a.Phone == identifier && a.Phone != "" || strings.EqualFold(a.Email, identifier) && a.Email != "" {
			one := *a
			found = append(found, &one)
		}
	}
	return found, nil
}

func (p *People) one(which func(*radius.Account) bool) (*radius.Account, error) {
	if i := slices.IndexFunc(p.Accounts, which); i >= 0 {
		one := *p.Accounts[i]
		return &one, nil
	}
	return nil, wispwright.ErrNotFound
}

// Get implements radius.Accounts.
func (p *People) Get(_ context.Context, id wispwright.ID) (*radius.Account, error) {
	return p.one(func(a *radius.Account) bool { return a.ID == id })
}

// Named implements radius.Accounts.
func (p *People) Named(_ context.Context, username string) (*radius.Account, error) {
	return p.one(func(a *radius.Account) bool { return a.Username == username })
}

// Verify implements radius.Accounts.
func (p *People) Verify(ctx context.Context, user wispwright.ID, password string) (bool, error) {
	a, err := p.Get(ctx, user)
	return err == nil && a.Username == password, err
}

// Usernames implements radius.Accounts.
func (p *People) Usernames(ctx context.Context, users ...wispwright.ID) (map[wispwright.ID]string, error) {
	out := map[wispwright.ID]string{}
	for _, id := range users {
		if a, err := p.Get(ctx, id); err == nil {
			out[id] = a.Username
		}
	}
	return out, nil
}

// IsMember implements radius.Accounts.
func (p *People) IsMember(_ context.Context, user, organization wispwright.ID) (bool, error) {
	return slices.Contains(p.Member[user], organization), nil
}

type organizations struct{ p *People }

// Organizations are the tenants as the concern asks for them.
func (p *People) Organizations() radius.Organizations { return organizations{p} }

// Get implements radius.Organizations.
func (o organizations) Get(_ context.Context, id wispwright.ID) (radius.Organization, error) {
	for _, t := range o.p.Tenants {
		if t.ID == id {
			return *t, nil
		}
	}
	return radius.Organization{}, wispwright.ErrNotFound
}

// BySlug implements radius.Organizations.
func (o organizations) BySlug(_ context.Context, slug string) (radius.Organization, error) {
	for _, t := range o.p.Tenants {
		if t.Slug == slug {
			return *t, nil
		}
	}
	return radius.Organization{}, wispwright.ErrNotFound
}

// World is a concern with two organizations, alpha and beta, and users: ann and bob
// of alpha, eve of beta.
type World struct {
	*radius.Radius
	*People
	// Alpha and Beta are the organizations.
	Alpha, Beta wispwright.ID
	// Now is the time.
	Now time.Time
	mu  sync.Mutex
}

// After moves the time.
func (w *World) After(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Now = w.Now.Add(d)
}

// Midnight is when the day begins on which a World begins, at half past ten.
func Midnight() time.Time { return time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC) }

// New makes a World over a storage. o nil means the defaults.
func New(t testing.TB, s Storage, o *radius.Options) *World {
	t.Helper()
	w := &World{Alpha: id(501), Beta: id(502), Now: Midnight().Add(10*time.Hour + 30*time.Minute)}
	ann := &radius.Account{ID: id(601), Username: "ann", Email: "Ann@example.org", Phone: "+393661236789", IsActive: true, Joined: Midnight().AddDate(0, -2, 0)}
	bob := &radius.Account{ID: id(602), Username: "bob", IsActive: true}
	eve := &radius.Account{ID: id(603), Username: "eve", IsActive: true}
	w.People = &People{
		Accounts: []*radius.Account{ann, bob, eve}, Member: map[wispwright.ID][]wispwright.ID{ann.ID: {w.Alpha}, bob.ID: {w.Alpha}, eve.ID: {w.Beta}},
		Tenants: []*radius.Organization{{ID: w.Alpha, Name: "Alpha", Slug: "alpha", IsActive: true}, {ID: w.Beta, Name: "Beta", Slug: "beta", IsActive: true}},
	}
	if o == nil {
		o = &radius.Options{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	base := &entity.Base{Tx: s.Tx, Tenants: entity.NoTenants{}, Clock: func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.Now
	}}
	var err error
	w.Radius, err = radius.New(base, s.Stores, w.People, w.People.Organizations(), o)
	require.NoError(t, err)
	ctx := context.Background()
	require.NoError(t, w.Prepare(ctx, w.Alpha))
	require.NoError(t, w.Prepare(ctx, w.Beta))
	for user, in := range w.Member {
		require.NoError(t, w.Memberships.Joined(ctx, in[0], user))
	}
	return w
}

// Report records an accounting packet of alpha and returns its outcome; numbers are
// seconds, octets received and octets sent.
func (w *World) Report(t testing.TB, status radius.Status, unique, user, device string, numbers ...int64) radius.Outcome {
	t.Helper()
	outcome, err := w.Accounting.Record(context.Background(), radius.Report{OrganizationID: w.Alpha, Status: status, UniqueID: unique, Set: func(s *radius.Session) {
		s.SessionID, s.Username, s.CallingStationID, s.CalledStationID = unique, ptr(user), ptr(device), ptr("00-11-22-33-44-55:net")
		s.NASAddress = session(1, 0).NASAddress
		for i, into := range []**int64{&s.SessionTime, &s.InputOctets, &s.OutputOctets} {
			if i < len(numbers) {
				*into = ptr(numbers[i])
			}
		}
	}})
	require.NoError(t, err)
	return outcome
}

// Session returns one.
func (w *World) Session(t testing.TB, unique string) *radius.Session {
	t.Helper()
	s, err := w.Accounting.Get(context.Background(), all(), unique)
	require.NoError(t, err)
	return s
}

// RunRules checks the rules that only hold when a storage keeps its promises.
func RunRules(t *testing.T, h Harness) {
	ctx := context.Background()
	t.Run("an organization begins with two groups and one default", func(t *testing.T) {
		w := New(t, h(t), nil)
		require.NoError(t, w.Prepare(ctx, w.Alpha), "once more")
		found, err := w.Groups.List(ctx, wispwright.ScopeOf(w.Alpha), radius.GroupFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 2, found.Total)
		power, users := found.Rows[0], found.Rows[1]
		require.Equal(t, []any{"alpha-power-users", false, "alpha-users", true}, []any{power.Name, power.IsDefault, users.Name, users.IsDefault})
		_, err = w.Groups.Update(ctx, all(), power.ID, func(g *radius.Group) error { g.IsDefault = true; return nil })
		require.NoError(t, err)
		now, err := w.Groups.Default(ctx, w.Alpha)
		require.NoError(t, err)
		require.Equal(t, power.ID, now.ID)
		theirs, err := w.Groups.Default(ctx, w.Beta)
		require.NoError(t, err)
		require.Equal(t, "beta-users", theirs.Name, "another organization keeps its own")
		require.NoError(t, w.Groups.Delete(ctx, all(), users.ID))
		gone, err := w.GroupChecks.List(ctx, all(), radius.GroupAttributeFilter{GroupID: users.ID}, wispwright.Page{})
		require.NoError(t, err)
		require.Zero(t, gone.Total, "checks go with their group")
	})
	t.Run("what is reported twice counts once", func(t *testing.T) {
		w := New(t, h(t), nil)
		require.Equal(t, radius.Created, w.Report(t, radius.Start, "one", "ann", "d"))
		require.Equal(t, radius.Updated, w.Report(t, radius.Start, "one", "ann", "d"))
		w.After(time.Minute)
		for range 3 {
			require.Equal(t, radius.Updated, w.Report(t, radius.Interim, "one", "ann", "d", 60, 1000, 5_000_000_000))
		}
		use, err := w.Use(w.Alpha, "ann")
		require.NoError(t, err)
		require.Equal(t, counters.Use{Seconds: 60, Octets: 5_000_001_000}, use)
		outcome, err := w.Accounting.Record(ctx, radius.Report{OrganizationID: w.Beta, Status: radius.Stop, UniqueID: "one", Set: func(*radius.Session) {}})
		require.NoError(t, err)
		require.Equal(t, radius.Ignored, outcome, "a session of another organization")
		require.True(t, w.Session(t, "one").IsOpen())
	})
	t.Run("many packets of one session at once", func(t *testing.T) {
		w := New(t, h(t), nil)
		var created, updated int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for n := range 20 {
			wg.Go(func() {
				outcome := w.Report(t, radius.Interim, "one", "ann", "d", int64(n))
				mu.Lock()
				defer mu.Unlock()
				switch outcome {
				case radius.Created:
					created++
				case radius.Updated:
					updated++
				}
			})
		}
		wg.Wait()
		require.Equal(t, []int{1, 19}, []int{created, updated})
	})
	t.Run("a token is good once, whoever comes at once", func(t *testing.T) {
		w := New(t, h(t), nil)
		k, err := w.Tokens.Issue(ctx, w.Accounts[0], w.Alpha, true, true)
		require.NoError(t, err)
		let, wg := make(chan bool, 20), sync.WaitGroup{}
		for range 20 {
			wg.Go(func() {
				answer, err := w.Authorizer.Authorize(ctx, radius.Asking{OrganizationID: w.Alpha, Identifier: "ann", Password: k.Key.Reveal()})
				let <- err == nil && answer.Decision == radius.Accept
			})
		}
		wg.Wait()
		close(let)
		n := 0
		for ok := range let {
			if ok {
				n++
			}
		}
		require.Equal(t, 1, n)
	})
	t.Run("limits follow sessions", func(t *testing.T) {
		w := New(t, h(t), nil)
		ask := func() (radius.Decision, map[string]int64) {
			answer, err := w.Authorizer.Authorize(ctx, radius.Asking{OrganizationID: w.Alpha, Identifier: "ann@example.org", Password: "ann"})
			require.NoError(t, err)
			out := map[string]int64{}
			for _, r := range answer.Replies {
				out[r.Name] = r.Number
			}
			return answer.Decision, out
		}
		d, left := ask()
		require.Equal(t, radius.Accept, d)
		require.Equal(t, map[string]int64{"Session-Timeout": 10800, counters.TrafficReply: 3_000_000_000}, left)
		w.Report(t, radius.Start, "one", "ann", "d")
		w.After(261 * time.Second)
		w.Report(t, radius.Interim, "one", "ann", "d", 261, 1, 999_999_999)
		d, left = ask()
		require.Equal(t, radius.Accept, d)
		require.Equal(t, map[string]int64{"Session-Timeout": 10539, counters.TrafficReply: 2_000_000_000}, left)
		w.Report(t, radius.Stop, "one", "ann", "d", 10800)
		d, _ = ask()
		require.Equal(t, radius.Exhausted, d)
		w.After(24 * time.Hour)
		d, left = ask()
		require.Equal(t, radius.Accept, d, "the next day")
		require.Equal(t, int64(10800), left["Session-Timeout"])
	})
}

// Use sums what a user used since Midnight.
func (w *World) Use(organization wispwright.ID, user string) (counters.Use, error) {
	found, err := w.Accounting.List(context.Background(), wispwright.ScopeOf(organization), radius.SessionFilter{Username: user}, wispwright.Page{})
	if err != nil {
		return counters.Use{}, err
	}
	var use counters.Use
	for _, s := range found.Rows {
		for _, n := range []*int64{s.InputOctets, s.OutputOctets} {
			if n != nil {
				use.Octets += *n
			}
		}
		if s.SessionTime != nil {
			use.Seconds += *s.SessionTime
		}
	}
	return use, nil
}

// RunCounter checks a Counter that counts seconds or octets (what sets one of a
// session to so many) against a limit: that it says what is left exactly, to the
// last one, and that it does not apply without a limit that is a number.
func RunCounter(t *testing.T, h Harness, c counters.Counter, set func(s *radius.Session, used int64)) {
	ctx := context.Background()
	ask := func(t *testing.T, limit string, limited bool, used ...int64) ([]int64, error) {
		s := h(t)
		w := New(t, s, nil)
		for n, amount := range used {
			o := session(n, 0)
			o.OrganizationID, o.Username, o.StartTime, o.SessionTime, o.InputOctets = w.Alpha, ptr("ann"), w.Now.Add(-time.Hour), ptr(int64(1)), nil
			set(o, amount)
			o.Count()
			require.NoError(t, s.Stores.Sessions.Insert(ctx, o))
		}
		g, err := w.Groups.Default(ctx, w.Alpha)
		require.NoError(t, err)
		return c.Left(ctx, counters.Question{Username: "ann", Joined: w.Accounts[0].Joined, Organization: w.Alpha, Group: g.Name, Limit: limit, Limited: limited, Now: w.Now,
			Used: func(ctx context.Context, since int64) (counters.Use, error) {
				return s.Stores.Sessions.Use(ctx, w.Alpha, "ann", since)
			}})
	}
	require.NotEmpty(t, c.CheckName())
	each := func(n int64) []int64 {
		out := []int64{}
		for range c.ReplyNames() {
			out = append(out, n)
		}
		return out
	}
	for name, tt := range map[string]struct {
		limit string
		used  []int64
		left  []int64
		over  bool
	}{
		"nothing used":   {"100", nil, each(100), false},
		"some used":      {"100", []int64{30}, each(70), false},
		"several":        {"100", []int64{30, 40}, each(30), false},
		"one left":       {"100", []int64{60, 39}, each(1), false},
		"all used":       {"100", []int64{100}, nil, true},
		"more than that": {"100", []int64{500}, nil, true},
		"a limit of 0":   {"0", nil, nil, true},
		"spaces around":  {" 100 ", []int64{1}, each(99), false},
	} {
		t.Run(name, func(t *testing.T) {
			left, err := ask(t, tt.limit, true, tt.used...)
			if tt.over {
				var quota *counters.QuotaError
				require.ErrorAs(t, err, &quota)
				require.NotEmpty(t, quota.Message)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.left, left)
		})
	}
	for _, limit := range []string{"broken", "", "1.5", "99999999999999999999"} {
		_, err := ask(t, limit, true)
		require.ErrorIs(t, err, counters.ErrNoLimit, limit)
	}
	_, err := ask(t, "100", false)
	require.ErrorIs(t, err, counters.ErrNoLimit, "the group has no such check")
}
