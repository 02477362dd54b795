// Package radiustest checks that a storage keeps everything the concern radius
// relies on, and that a Counter limits what it says. Any implementation of either
// must pass.
package radiustest

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/counters"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores radius.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("groups", func(t *testing.T) { RunGroups(t, h) })
	t.Run("attributes", func(t *testing.T) { RunAttributes(t, h) })
	t.Run("access", func(t *testing.T) { RunAccess(t, h) })
	t.Run("sessions", func(t *testing.T) { RunSessions(t, h) })
	t.Run("use", func(t *testing.T) { RunUse(t, h) })
	t.Run("names", func(t *testing.T) { RunNames(t, h) })
	t.Run("rules", func(t *testing.T) { RunRules(t, h) })
}

// at is a moment with more digits than are stored.
func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

// stored is what is kept of at.
func stored(n int) time.Time { return at(n).Truncate(time.Microsecond) }

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xac, 0x40, byte(n>>8), byte(n)
	return out
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

func ptr[T any](v T) *T { return &v }

// sample fills in what the samples of all entities have in common.
func sample[T, F any](s Storage, make func(n, organization int) *T, key func(*T) wispwright.ID, mutate func(*T)) storetest.Sample[wispwright.ID, T, F] {
	return storetest.Sample[wispwright.ID, T, F]{Tx: s.Tx, New: make, Key: key, Mutate: mutate, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}}
}

func group(n, organization int) *radius.Group {
	return &radius.Group{ID: id(1000 + n), OrganizationID: id(1 + organization), Name: fmt.Sprintf("org-group %d", n), Description: fmt.Sprint(n), IsDefault: n == 3, Created: at(n), Modified: at(n + 1)}
}

// withGroup stores the group that what belongs to groups refers to.
func withGroup(t *testing.T, s Storage) {
	require.NoError(t, s.Stores.Groups.Insert(context.Background(), group(900, 0)))
}

// RunGroups checks the stores of groups, their attributes and their members.
func RunGroups(t *testing.T, h Harness) {
	t.Run("groups", func(t *testing.T) {
		s := h(t)
		yes := true
		type filter = radius.GroupFilter
		a := sample[radius.Group, filter](s, group, func(g *radius.Group) wispwright.ID { return g.ID }, func(g *radius.Group) { g.Description += "!" })
		a.Orders = []string{"Name", "Created", "Modified"}
		a.Search = &storetest.Search[radius.Group, filter]{Put: func(g *radius.Group, text string) { g.Name = text }, Filter: func(text string) filter { return filter{Search: text} }}
		a.Uniques = map[string]func(*radius.Group) *radius.Group{"radius_group_name": func(first *radius.Group) *radius.Group { second := *first; second.ID = id(3999); return &second }}
		a.Filters = map[string]storetest.Filter[radius.Group, filter]{
			"organization": {Filter: filter{OrganizationID: id(2)}, Selects: func(g *radius.Group) bool { return g.OrganizationID == id(2) }},
			"name":         {Filter: filter{Name: "org-group 2"}, Selects: func(g *radius.Group) bool { return g.Name == "org-group 2" }},
			"default":      {Filter: filter{IsDefault: &yes}, Selects: func(g *radius.Group) bool { return g.IsDefault }},
			"some":         {Filter: filter{IDs: wispwright.Only(id(1001), id(1004))}, Selects: func(g *radius.Group) bool { return g.ID == id(1001) || g.ID == id(1004) }},
		}
		storetest.RunRepo(t, s.Stores.Groups, a)
	})
	attribute := func(n, organization int) *radius.GroupAttribute {
		return &radius.GroupAttribute{ID: id(2000 + n), OrganizationID: id(1 + organization), GroupID: id(1900), GroupName: "org-group 900", Attribute: fmt.Sprintf("Max-%d", n), Op: ":=",
			Value: fmt.Sprint(n), Created: at(n), Modified: at(n + 1)}
	}
	for name, pick := range map[string]func(Storage) (wispwright.Repo[radius.GroupAttribute, radius.GroupAttributeFilter], string){
		"checks": func(s Storage) (wispwright.Repo[radius.GroupAttribute, radius.GroupAttributeFilter], string) {
			return s.Stores.GroupChecks, "radgroupcheck_group_attribute"
		},
		"replies": func(s Storage) (wispwright.Repo[radius.GroupAttribute, radius.GroupAttributeFilter], string) {
			return s.Stores.GroupReplies, "radgroupreply_group_attribute"
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := h(t)
			withGroup(t, s)
			repo, unique := pick(s)
			type object = radius.GroupAttribute
			a := sample[object, radius.GroupAttributeFilter](s, attribute, func(g *object) wispwright.ID { return g.ID }, func(g *object) { g.Value += "!" })
			a.Orders = []string{"Created", "Attribute", "Value"}
			a.Orphan = func(n int) *object { o := attribute(n, 0); o.GroupID = id(9998); return o }
			a.Uniques = map[string]func(*object) *object{unique: func(first *object) *object { second := *first; second.ID = id(3999); return &second }}
			a.Filters = map[string]storetest.Filter[object, radius.GroupAttributeFilter]{
				"group":     {Filter: radius.GroupAttributeFilter{GroupID: id(1900)}, Selects: func(*object) bool { return true }},
				"groups":    {Filter: radius.GroupAttributeFilter{GroupIDs: wispwright.Only(id(5))}, Selects: func(*object) bool { return false }},
				"attribute": {Filter: radius.GroupAttributeFilter{Attribute: "Max-2"}, Selects: func(o *object) bool { return o.Attribute == "Max-2" }},
			}
			storetest.RunRepo(t, repo, a)
		})
	}
	t.Run("memberships", func(t *testing.T) {
		s := h(t)
		withGroup(t, s)
		type object = radius.Membership
		type filter = radius.MembershipFilter
		member := func(n, organization int) *object {
			return &object{ID: id(2000 + n), OrganizationID: id(1 + organization), GroupID: id(1900), GroupName: "org-group 900", UserID: id(100 + n), Username: fmt.Sprintf("user %d", n),
				Priority: int64(9 - n%9), Created: at(n), Modified: at(n + 1)}
		}
		a := sample[object, filter](s, member, func(m *object) wispwright.ID { return m.ID }, func(m *object) { m.Priority += 100 })
		a.Orders = []string{"Priority", "Created", "Username"}
		a.Orphan = func(n int) *object { o := member(n, 0); o.GroupID = id(9998); return o }
		a.Uniques = map[string]func(*object) *object{"radusergroup_user_group": func(first *object) *object { second := *first; second.ID = id(3999); return &second }}
		a.Filters = map[string]storetest.Filter[object, filter]{
			"user":  {Filter: filter{UserID: id(102)}, Selects: func(o *object) bool { return o.UserID == id(102) }},
			"name":  {Filter: filter{Username: "user 3", OrganizationID: id(2)}, Selects: func(o *object) bool { return o.Username == "user 3" && o.OrganizationID == id(2) }},
			"group": {Filter: filter{GroupID: id(1900)}, Selects: func(*object) bool { return true }},
		}
		storetest.RunRepo(t, s.Stores.Memberships, a)
	})
}

// RunAttributes checks the stores of attributes of users.
func RunAttributes(t *testing.T, h Harness) {
	type object = radius.Attribute
	type filter = radius.AttributeFilter
	attribute := func(n, organization int) *object {
		return &object{ID: id(2000 + n), OrganizationID: id(1 + organization), UserID: id(100 + n), Username: fmt.Sprintf("user %d", n), Attribute: "Cleartext-Password", Op: ":=",
			Value: fmt.Sprintf("value %d", n), Created: at(n), Modified: at(n + 1)}
	}
	for name, pick := range map[string]func(Storage) (wispwright.Repo[object, filter], string){
		"checks": func(s Storage) (wispwright.Repo[object, filter], string) {
			return s.Stores.Checks, "radcheck_user_attribute"
		},
		"replies": func(s Storage) (wispwright.Repo[object, filter], string) {
			return s.Stores.Replies, "radreply_user_attribute"
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := h(t)
			repo, unique := pick(s)
			a := sample[object, filter](s, attribute, func(o *object) wispwright.ID { return o.ID }, func(o *object) { o.Value += "!" })
			a.Orders = []string{"Created", "Username", "Value"}
			a.Search = &storetest.Search[object, filter]{Put: func(o *object, text string) { o.Username = text }, Filter: func(text string) filter { return filter{Search: text} }}
			a.Uniques = map[string]func(*object) *object{unique: func(first *object) *object { second := *first; second.ID = id(3999); return &second }}
			a.Filters = map[string]storetest.Filter[object, filter]{
				"user":     {Filter: filter{UserID: id(101)}, Selects: func(o *object) bool { return o.UserID == id(101) }},
				"username": {Filter: filter{Username: "user 4"}, Selects: func(o *object) bool { return o.Username == "user 4" }},
			}
			storetest.RunRepo(t, repo, a)
			twin := *attribute(1, 0)
			for i := range 2 { // rows of FreeRADIUS alone have no account, and may be there twice
				twin.ID, twin.UserID = id(4000+i), wispwright.ID{}
				require.NoError(t, repo.Insert(context.Background(), &twin))
			}
		})
	}
}

// RunAccess checks the stores of access servers, answers, tokens, registrations and
// settings.
func RunAccess(t *testing.T, h Harness) {
	ctx := context.Background()
	t.Run("access servers", func(t *testing.T) {
		s := h(t)
		type object = radius.NAS
		make := func(n, organization int) *object {
			return &object{ID: id(2000 + n), OrganizationID: id(1 + organization), Name: fmt.Sprintf("10.0.0.%d", n), ShortName: fmt.Sprintf("nas %d", n), Type: "Other", Ports: ptr(int64(n)),
				Secret: wispwright.Secret(fmt.Sprint("secret ", n)), PlainSecret: "plain", Server: "s", Community: "c", Description: "d", Created: at(n), Modified: at(n + 1)}
		}
		a := sample[object, radius.NASFilter](s, make, func(o *object) wispwright.ID { return o.ID }, func(o *object) { o.Description += "!" })
		a.Orders = []string{"Created", "ShortName"}
		a.Search = &storetest.Search[object, radius.NASFilter]{Put: func(o *object, text string) { o.ShortName = text }, Filter: func(text string) radius.NASFilter { return radius.NASFilter{Search: text} }}
		storetest.RunRepo(t, s.Stores.NASes, a)
	})
	t.Run("answers", func(t *testing.T) {
		s := h(t)
		type object = radius.PostAuth
		type filter = radius.PostAuthFilter
		make := func(n, organization int) *object {
			return &object{ID: id(2000 + n), OrganizationID: id(1 + organization), Username: fmt.Sprintf("user %d", n), Reply: []string{"Access-Accept", "Access-Reject"}[n%2],
				Password: "p", CalledStationID: ptr("x"), Date: at(n)}
		}
		a := sample[object, filter](s, make, func(o *object) wispwright.ID { return o.ID }, func(o *object) { o.Password += "!" })
		a.Orders = []string{"Date", "Username"}
		a.Search = &storetest.Search[object, filter]{Put: func(o *object, text string) { o.Username = text }, Filter: func(text string) filter { return filter{Search: text} }}
		a.Filters = map[string]storetest.Filter[object, filter]{
			"reply": {Filter: filter{Reply: "Access-Reject"}, Selects: func(o *object) bool { return o.Reply == "Access-Reject" }},
			"from":  {Filter: filter{DateFrom: at(2), DateBefore: at(4)}, Selects: func(o *object) bool { return !o.Date.Before(stored(2)) && o.Date.Before(stored(4)) }},
		}
		storetest.RunRepo[wispwright.ID, object, filter](t, s.Stores.PostAuths, a)
		for n := range 4 {
			require.NoError(t, s.Stores.PostAuths.Insert(ctx, make(n, n/3)))
		}
		gone, err := s.Stores.PostAuths.DeleteBefore(ctx, at(1))
		require.NoError(t, err)
		require.Equal(t, 1, gone)
		for _, want := range []int{1, 1, 0} {
			gone, err = s.Stores.PostAuths.DeleteOf(ctx, id(1), 1)
			require.NoError(t, err)
			require.Equal(t, want, gone, "no more than so many")
		}
		left, err := s.Stores.PostAuths.List(ctx, all(), filter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 1, left.Total)
	})
	t.Run("tokens", func(t *testing.T) {
		s := h(t)
		type object = radius.Token
		make := func(n, organization int) *object {
			return &object{ID: id(2000 + n), OrganizationID: id(1 + organization), UserID: id(100 + n), Key: wispwright.Secret(fmt.Sprint("key", n)), CanAuth: n%2 == 0, PasswordBased: ptr(false), Created: at(n)}
		}
		a := sample[object, radius.TokenFilter](s, make, func(o *object) wispwright.ID { return o.ID }, func(o *object) { o.Key += "!" })
		a.Orders = []string{"Created"}
		a.Uniques = map[string]func(*object) *object{"radiustoken_user": func(first *object) *object { second := *first; second.ID = id(3999); return &second }}
		a.Filters = map[string]storetest.Filter[object, radius.TokenFilter]{
			"user": {Filter: radius.TokenFilter{UserID: id(103)}, Selects: func(o *object) bool { return o.UserID == id(103) }},
		}
		storetest.RunRepo(t, s.Stores.Tokens, a)
	})
	t.Run("registrations", func(t *testing.T) {
		s := h(t)
		type object = radius.Registration
		type filter = radius.RegistrationFilter
		yes := true
		make := func(n, organization int) *object {
			return &object{ID: id(2000 + n), OrganizationID: id(1 + organization), UserID: id(100 + n), Method: "email", IsVerified: n%2 == 0, Created: at(n), Modified: at(n + 1)}
		}
		a := sample[object, filter](s, make, func(o *object) wispwright.ID { return o.ID }, func(o *object) { o.Method += "!" })
		a.Orders = []string{"Created", "Modified"}
		a.Uniques = map[string]func(*object) *object{"radius_registration_user_organization": func(first *object) *object { second := *first; second.ID = id(3999); return &second }}
		a.Filters = map[string]storetest.Filter[object, filter]{
			"verified": {Filter: filter{IsVerified: &yes}, Selects: func(o *object) bool { return o.IsVerified }},
			"user":     {Filter: filter{UserID: id(102), OrganizationID: id(1)}, Selects: func(o *object) bool { return o.UserID == id(102) }},
			"users":    {Filter: filter{UserIDs: wispwright.Only(id(102), id(103))}, Selects: func(o *object) bool { return o.UserID == id(102) || o.UserID == id(103) }},
		}
		storetest.RunRepo(t, s.Stores.Registrations, a)
	})
	t.Run("settings", func(t *testing.T) {
		s := h(t)
		for n := range 2 {
			require.NoError(t, s.Stores.Settings.Insert(ctx, &radius.Settings{ID: id(n + 10), OrganizationID: id(n + 1), Token: "t", AllowedHosts: ptr("127.0.0.1"), CoAEnabled: ptr(false), NeedsVerification: ptr(true),
				LoginURL: "https://example.com", FirstName: ptr("allowed"), Created: at(1), Modified: at(2)}))
		}
		require.ErrorContains(t, s.Stores.Settings.Insert(ctx, &radius.Settings{ID: id(77), OrganizationID: id(1), Token: "t", Created: at(1), Modified: at(2)}), "radius_settings_organization")
		found, err := s.Stores.Settings.List(ctx, wispwright.ScopeOf(id(2)), radius.SettingsFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, found.Rows, 1)
		require.Equal(t, []any{false, true, "allowed"}, []any{*found.Rows[0].CoAEnabled, *found.Rows[0].NeedsVerification, *found.Rows[0].FirstName})
		require.Nil(t, found.Rows[0].MACRoaming, "nothing set is not the same as no")
	})
}

func session(n, organization int) *radius.Session {
	s := &radius.Session{
		UniqueID: fmt.Sprintf("unique-%03d", n), SessionID: fmt.Sprint("s", n), OrganizationID: id(1 + organization), Username: ptr(fmt.Sprintf("user %d", n%3)),
		NASAddress: netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), StartTime: at(n), SessionTime: ptr(int64(n)), InputOctets: ptr(int64(n) << 33), Realm: ptr(""),
		CalledStationID: ptr("00-11-22-33-44-55:net"), CallingStationID: ptr(fmt.Sprintf("AA-BB-CC-DD-EE-%02X", n%4)), FramedIPv6Address: netip.MustParseAddr("2001:db8::1"), FramedIPAddress: netip.AddrFrom4([4]byte{192, 0, 2, byte(n % 3)}),
	}
	if n%2 == 1 {
		s.StopTime, s.UpdateTime = at(n+5), at(n+5)
	}
	s.Count()
	return s
}

// RunSessions checks the store of sessions.
func RunSessions(t *testing.T, h Harness) {
	ctx := context.Background()
	s := h(t)
	yes := true
	type filter = radius.SessionFilter
	none := func(*radius.Session) bool { return false }
	storetest.RunRepo[string, radius.Session, filter](t, s.Stores.Sessions, storetest.Sample[string, radius.Session, filter]{
		Tx: s.Tx, New: session, Key: func(s *radius.Session) string { return s.UniqueID }, Mutate: func(s *radius.Session) { s.SessionID += "!" }, Missing: "none",
		Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"StartTime", "UniqueID", "SessionTime"},
		Search: &storetest.Search[radius.Session, filter]{Put: func(s *radius.Session, text string) { s.Username = &text }, Filter: func(text string) filter { return filter{Search: text} }},
		Filters: map[string]storetest.Filter[radius.Session, filter]{
			"open":       {Filter: filter{IsOpen: &yes}, Selects: func(s *radius.Session) bool { return s.IsOpen() }},
			"ended":      {Filter: filter{IsOpen: ptr(false)}, Selects: func(s *radius.Session) bool { return !s.IsOpen() }},
			"user":       {Filter: filter{Username: "user 1"}, Selects: func(s *radius.Session) bool { return *s.Username == "user 1" }},
			"calling":    {Filter: filter{Calling: "aa:bb:cc:dd:ee:02"}, Selects: func(s *radius.Session) bool { return *s.CallingStationID == "AA-BB-CC-DD-EE-02" }},
			"exactly":    {Filter: filter{CallingStationID: "aa-bb-cc-dd-ee-02"}, Selects: none},
			"one of":     {Filter: filter{CalledStationIDs: wispwright.Only("00-11-22-33-44-55:net", "x")}, Selects: func(*radius.Session) bool { return true }},
			"called":     {Filter: filter{Called: "00:11:22:33:44:55"}, Selects: none},
			"client":     {Filter: filter{FramedIPAddress: netip.MustParseAddr("192.0.2.2")}, Selects: func(s *radius.Session) bool { return s.FramedIPAddress == netip.MustParseAddr("192.0.2.2") }},
			"server":     {Filter: filter{NASAddress: netip.MustParseAddr("10.0.0.3")}, Selects: func(s *radius.Session) bool { return s.UniqueID == "unique-003" }},
			"since":      {Filter: filter{StartTimeFrom: at(2)}, Selects: func(s *radius.Session) bool { return !s.StartTime.Before(stored(2)) }},
			"until":      {Filter: filter{StoppedUntil: at(8)}, Selects: func(s *radius.Session) bool { return !s.IsOpen() && !s.StopTime.After(stored(8)) }},
			"silent":     {Filter: filter{UpdateTimeBefore: at(8)}, Selects: func(s *radius.Session) bool { return !s.UpdateTime.IsZero() && s.UpdateTime.Before(stored(8)) }},
			"never told": {Filter: filter{NeverUpdated: &yes, StartTimeBefore: at(4)}, Selects: func(s *radius.Session) bool { return s.UpdateTime.IsZero() && s.StartTime.Before(stored(4)) }},
		},
	})
	for n := range 6 {
		require.NoError(t, s.Stores.Sessions.Insert(ctx, session(n, n/5)))
	}
	gone, err := s.Stores.Sessions.DeleteBefore(ctx, at(8))
	require.NoError(t, err)
	require.Equal(t, 1, gone, "open ones stay")
	for _, want := range []int{3, 1, 0} {
		gone, err = s.Stores.Sessions.DeleteOf(ctx, id(1), 3)
		require.NoError(t, err)
		require.Equal(t, want, gone, "no more than so many")
	}
	left, err := s.Stores.Sessions.List(ctx, all(), filter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 1, left.Total)
}

// RunUse checks the sums that counters go by (spec: radius §4).
func RunUse(t *testing.T, h Harness) {
	ctx := context.Background()
	s := h(t)
	midnight := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	n := 0
	add := func(user string, organization int, start time.Duration, seconds *int64, octets int64) {
		n++
		o := session(n, organization)
		o.Username, o.StartTime, o.SessionTime, o.InputOctets, o.OutputOctets = &user, midnight.Add(start), seconds, &octets, nil
		o.Count()
		require.NoError(t, s.Stores.Sessions.Insert(ctx, o))
	}
	use := func(user string, organization int, since time.Time) counters.Use {
		u, err := s.Stores.Sessions.Use(ctx, id(1+organization), user, since.Unix())
		require.NoError(t, err)
		return u
	}
	require.Equal(t, counters.Use{}, use("ann", 0, midnight), "nothing yet")
	add("ann", 0, time.Hour, ptr(int64(261)), 5_000_000_000)
	require.Equal(t, counters.Use{Seconds: 261, Octets: 5_000_000_000}, use("ann", 0, midnight))
	add("ann", 0, -1000*time.Second, ptr(int64(1500)), 7)
	require.Equal(t, counters.Use{Seconds: 761, Octets: 5_000_000_007}, use("ann", 0, midnight), "begun before midnight")
	add("ann", 0, -2000*time.Second, ptr(int64(1500)), 11)
	add("ann", 0, -2000*time.Second, ptr(int64(2000)), 12)
	add("ann", 0, 10*time.Second, nil, 13)
	add("ann", 1, time.Hour, ptr(int64(9)), 14)
	add("bob", 0, time.Hour, ptr(int64(8)), 15)
	require.Equal(t, counters.Use{Seconds: 761, Octets: 5_000_000_007}, use("ann", 0, midnight), "ended before, untold, elsewhere, another's")
	require.Equal(t, counters.Use{Seconds: 9, Octets: 14}, use("ann", 1, midnight))
	require.Equal(t, counters.Use{Seconds: 261 + 1500 + 1500 + 2000, Octets: 5_000_000_030}, use("ann", 0, midnight.AddDate(0, 0, -9)))

	// all of it at once
	windows := []int64{midnight.Unix(), midnight.AddDate(0, 0, -9).Unix(), 0, midnight.Add(time.Hour).Unix()}
	for n := range len(windows) + 1 {
		live, err := s.Stores.Sessions.Live(ctx, radius.LiveQuery{OrganizationID: id(1), UserID: id(50), Username: "ann", Since: windows[:n]})
		require.NoError(t, err)
		require.Len(t, live.Used, n)
		require.Equal(t, []any{false, int64(0)}, []any{live.Token, live.Open}, "nobody asked for open ones")
		for i, since := range windows[:n] {
			require.Equal(t, use("ann", 0, time.Unix(since, 0)), live.Used[i], "window %d of %d", i, n)
		}
	}
	open := func(called, calling string) int64 {
		live, err := s.Stores.Sessions.Live(ctx, radius.LiveQuery{OrganizationID: id(1), UserID: id(50), Username: "ann", Open: true, CalledStationID: called, CallingStationID: calling, Since: windows[:2]})
		require.NoError(t, err)
		require.Equal(t, use("ann", 0, midnight), live.Used[0])
		return live.Open
	}
	all := open("", "")
	require.Positive(t, all)
	one, err := s.Stores.Sessions.Get(ctx, wispwright.ScopeAll(), "unique-002")
	require.NoError(t, err)
	require.True(t, one.IsOpen())
	require.Less(t, open(*one.CalledStationID, *one.CallingStationID), all, "that of the same access point and device is about to end")
	require.Equal(t, all, open(*one.CalledStationID, ""), "a device that nobody names is another")
	token := &radius.Token{ID: id(70), OrganizationID: id(1), UserID: id(50), Key: "k", CanAuth: true, Created: at(1)}
	require.NoError(t, s.Stores.Tokens.Insert(ctx, token))
	for organization, want := range []bool{true, false} {
		live, err := s.Stores.Sessions.Live(ctx, radius.LiveQuery{OrganizationID: id(1 + organization), UserID: id(50), Username: "ann"})
		require.NoError(t, err)
		require.Equal(t, want, live.Token, "a token is good in its organization")
	}
	_, err = s.Stores.Tokens.Update(ctx, wispwright.ScopeAll(), token.ID, func(k *radius.Token) error { k.CanAuth = false; return nil })
	require.NoError(t, err)
	live, err := s.Stores.Sessions.Live(ctx, radius.LiveQuery{OrganizationID: id(1), UserID: id(50), Username: "ann"})
	require.NoError(t, err)
	require.False(t, live.Token, "it was used")

	beside, err := s.Stores.Sessions.Beside(ctx, one.UniqueID, "", "")
	require.NoError(t, err)
	require.Len(t, beside, 1)
	require.Equal(t, one, beside[0])
	beside, err = s.Stores.Sessions.Beside(ctx, "none", "ann", *one.CallingStationID)
	require.NoError(t, err)
	require.NotEmpty(t, beside)
	for _, o := range beside {
		require.Equal(t, []any{true, "ann", *one.CallingStationID}, []any{o.IsOpen(), *o.Username, *o.CallingStationID})
	}
	again, err := s.Stores.Sessions.Beside(ctx, one.UniqueID, "ann", *one.CallingStationID)
	require.NoError(t, err)
	require.Len(t, again, len(beside), "it is one of them, and there once")
}

// RunNames checks that names change in all rows that have them.
func RunNames(t *testing.T, h Harness) {
	ctx := context.Background()
	s := h(t)
	withGroup(t, s)
	other := group(901, 0)
	require.NoError(t, s.Stores.Groups.Insert(ctx, other))
	check := &radius.GroupAttribute{ID: id(1), OrganizationID: id(1), GroupID: id(1900), GroupName: "a", Attribute: "X", Op: ":=", Value: "1", Created: at(1), Modified: at(1)}
	reply, foreign := *check, *check
	reply.ID, foreign.ID, foreign.GroupID = id(2), id(3), other.ID
	require.NoError(t, s.Stores.GroupChecks.Insert(ctx, check))
	require.NoError(t, s.Stores.GroupReplies.Insert(ctx, &reply))
	require.NoError(t, s.Stores.GroupChecks.Insert(ctx, &foreign))
	member := &radius.Membership{ID: id(4), OrganizationID: id(1), GroupID: id(1900), GroupName: "a", UserID: id(50), Username: "ann", Created: at(1), Modified: at(1)}
	require.NoError(t, s.Stores.Memberships.Insert(ctx, member))
	mine := &radius.Attribute{ID: id(5), OrganizationID: id(1), UserID: id(50), Username: "ann", Attribute: "X", Op: ":=", Value: "1", Created: at(1), Modified: at(1)}
	theirs := *mine
	theirs.ID, theirs.UserID, theirs.Username = id(6), id(51), "bob"
	require.NoError(t, s.Stores.Checks.Insert(ctx, mine))
	require.NoError(t, s.Stores.Replies.Insert(ctx, mine))
	require.NoError(t, s.Stores.Checks.Insert(ctx, &theirs))
	require.NoError(t, s.Stores.Tokens.Insert(ctx, &radius.Token{ID: id(7), OrganizationID: id(1), UserID: id(50), Key: "k", Created: at(1)}))
	require.NoError(t, s.Stores.Registrations.Insert(ctx, &radius.Registration{ID: id(8), OrganizationID: id(1), UserID: id(50), Created: at(1), Modified: at(1)}))

	require.NoError(t, s.Stores.Names.RenameGroup(ctx, id(1900), id(2), "b"))
	c, err := s.Stores.GroupChecks.Get(ctx, wispwright.ScopeOf(id(2)), check.ID)
	require.NoError(t, err)
	r, err := s.Stores.GroupReplies.Get(ctx, all(), reply.ID)
	require.NoError(t, err)
	m, err := s.Stores.Memberships.Get(ctx, wispwright.ScopeOf(id(2)), member.ID)
	require.NoError(t, err)
	f, err := s.Stores.GroupChecks.Get(ctx, all(), foreign.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"b", "b", "b", "a"}, []string{c.GroupName, r.GroupName, m.GroupName, f.GroupName})

	require.NoError(t, s.Stores.Names.RenameUser(ctx, id(50), "eve"))
	m, err = s.Stores.Memberships.Get(ctx, all(), member.ID)
	require.NoError(t, err)
	a, err := s.Stores.Checks.Get(ctx, all(), mine.ID)
	require.NoError(t, err)
	b, err := s.Stores.Replies.Get(ctx, all(), mine.ID)
	require.NoError(t, err)
	o, err := s.Stores.Checks.Get(ctx, all(), theirs.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"eve", "eve", "eve", "bob"}, []string{m.Username, a.Username, b.Username, o.Username})

	require.NoError(t, s.Stores.Names.ForgetUser(ctx, id(50)))
	_, err = s.Stores.Checks.Get(ctx, all(), theirs.ID)
	require.NoError(t, err, "another's stays")
	for _, err := range []error{
		second(s.Stores.Memberships.Get(ctx, all(), member.ID)), second(s.Stores.Checks.Get(ctx, all(), mine.ID)), second(s.Stores.Replies.Get(ctx, all(), mine.ID)),
		second(s.Stores.Tokens.Get(ctx, all(), id(7))), second(s.Stores.Registrations.Get(ctx, all(), id(8))),
	} {
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	}
}

func second[T any](_ T, err error) error { return err }
