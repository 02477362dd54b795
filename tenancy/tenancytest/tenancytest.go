// Package tenancytest checks that a storage keeps everything the concern
// tenancy relies on. Any implementation of its stores must pass Run.
package tenancytest

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

// Harness makes empty stores and the transactor they belong to. It is called
// once for every part of the suite. Stores it leaves out are not tested.
type Harness func(t *testing.T) (wispwright.Transactor, tenancy.Stores)

// Run runs the whole suite. A part whose stores the Harness leaves out is skipped
// with a line in the log.
func Run(t *testing.T, h Harness) {
	t.Run("organizations", func(t *testing.T) { RunOrganizations(t, h) })
	t.Run("users", func(t *testing.T) { RunUsers(t, h) })
	t.Run("memberships", func(t *testing.T) { RunMemberships(t, h) })
	t.Run("owners", func(t *testing.T) { RunOwners(t, h) })
	t.Run("groups", func(t *testing.T) { RunGroups(t, h) })
	t.Run("emails", func(t *testing.T) { RunEmails(t, h) })
	t.Run("grants", func(t *testing.T) { RunGrants(t, h) })
	t.Run("tokens", func(t *testing.T) { RunTokens(t, h) })
	t.Run("named tokens", func(t *testing.T) { RunAPITokens(t, h) })
	t.Run("second factors", func(t *testing.T) { RunSecondFactors(t, h) })
	t.Run("passkeys", func(t *testing.T) { RunPasskeys(t, h) })
	t.Run("events", func(t *testing.T) { RunEvents(t, h) })
	t.Run("rules", func(t *testing.T) { RunRules(t, h) })
}

// RunOrganizations is the part of Run about organizations: what is stored, scopes, and that one that is held stays.
func RunOrganizations(t *testing.T, h Harness) { runOrganizations(t, needs(h, "Organizations")) }

// RunUsers is the part of Run about accounts.
func RunUsers(t *testing.T, h Harness) {
	runUsers(t, needs(h, "Users", "Organizations", "Memberships"))
}

// RunMemberships is the part of Run about memberships.
func RunMemberships(t *testing.T, h Harness) {
	runMemberships(t, needs(h, "Memberships", "Users", "Organizations"))
}

// RunOwners is the part of Run about owners.
func RunOwners(t *testing.T, h Harness) {
	runOwners(t, needs(h, "Owners", "Memberships", "Users", "Organizations"))
}

// RunGroups is the part of Run about groups and the accounts in them.
func RunGroups(t *testing.T, h Harness) { runGroups(t, needs(h, "Groups", "Grants", "Users")) }

// RunEmails is the part of Run about addresses.
func RunEmails(t *testing.T, h Harness) { runEmails(t, needs(h, "Emails", "Users")) }

// RunGrants is the part of Run about what accounts are granted.
func RunGrants(t *testing.T, h Harness) {
	runGrants(t, needs(h, "Grants", "Users", "Organizations", "Memberships", "Groups"))
}

// RunTokens is the part of Run about bearer tokens.
func RunTokens(t *testing.T, h Harness) { runTokens(t, needs(h, "Tokens", "Users")) }

// RunAPITokens is the part of Run about named tokens.
func RunAPITokens(t *testing.T, h Harness) { runAPITokens(t, needs(h, "APITokens", "Users")) }

// RunSecondFactors is the part of Run about second factors.
func RunSecondFactors(t *testing.T, h Harness) {
	runSecondFactors(t, needs(h, "SecondFactors", "Users"))
}

// RunPasskeys is the part of Run about passkeys.
func RunPasskeys(t *testing.T, h Harness) { runPasskeys(t, needs(h, "Passkeys", "Users")) }

// RunEvents is the part of Run about the audit trail.
func RunEvents(t *testing.T, h Harness) { runEvents(t, needs(h, "Events")) }

// RunRules runs the concern over the storage: what goes with what, the services
// and their rules. It needs every store but Standings.
func RunRules(t *testing.T, h Harness) {
	h = needs(h, "Organizations", "Users", "Emails", "Grants", "Memberships", "Owners", "Groups", "Tokens", "APITokens", "SecondFactors", "Passkeys", "Events")
	t.Run("references", func(t *testing.T) { runReferences(t, h) })
	t.Run("services", func(t *testing.T) { runServices(t, h) })
	t.Run("standings", func(t *testing.T) { runStandings(t, h) })
	t.Run("proofs", func(t *testing.T) { runProofs(t, h) })
	t.Run("addresses", func(t *testing.T) { runAddresses(t, h) })
}

// needs skips a part that needs a store which the harness leaves out.
func needs(h Harness, stores ...string) Harness {
	return func(t *testing.T) (wispwright.Transactor, tenancy.Stores) {
		tx, s := h(t)
		for _, name := range stores {
			if reflect.ValueOf(s).FieldByName(name).IsNil() {
				t.Skipf("the storage has no %s", name)
			}
		}
		return tx, s
	}
}

// at is a moment with more digits than are stored.
func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xab, 0x40, byte(n>>8), byte(n)
	return out
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

func yes() *bool { v := true; return &v }

func organization(n int) *tenancy.Organization {
	return &tenancy.Organization{
		ID: id(n), Name: fmt.Sprintf("Organization %d", n), Slug: fmt.Sprintf("org-%d", n), IsActive: n%3 != 0,
		Description: "50%_off", Email: "info@example.org", URL: "https://example.org/", Created: at(n), Modified: at(n),
	}
}

func user(n int) *tenancy.User {
	return &tenancy.User{
		ID: id(1000 + n), Username: fmt.Sprintf("user%d", n), Password: "pbkdf2_sha256$1$salt$hash", Email: fmt.Sprintf("User%d@example.org", n),
		FirstName: "Zoë", LastName: "O'Neil", IsActive: true, IsStaff: n%2 == 0, PhoneNumber: fmt.Sprintf("+39366000%04d", n),
		BirthDate: time.Date(1990, 1, 2, 0, 0, 0, 0, time.UTC), LastLogin: at(n), DateJoined: at(n),
	}
}

func membership(n, user, organization int) *tenancy.Membership {
	return &tenancy.Membership{ID: id(2000 + n), UserID: id(1000 + user), OrganizationID: id(organization), IsAdmin: n%2 == 0, Created: at(n), Modified: at(n)}
}

func insert[T any](t *testing.T, add func(context.Context, *T) error, objects ...*T) {
	t.Helper()
	for _, o := range objects {
		require.NoError(t, add(context.Background(), o))
	}
}

func runOrganizations(t *testing.T, h Harness) {
	tx, s := h(t)
	storetest.RunRepo(t, s.Organizations, storetest.Sample[wispwright.ID, tenancy.Organization, tenancy.OrganizationFilter]{
		Tx:     tx,
		New:    func(n, _ int) *tenancy.Organization { return organization(n + 1) },
		Key:    func(o *tenancy.Organization) wispwright.ID { return o.ID },
		Mutate: func(o *tenancy.Organization) { o.Description += "+" },
		Orders: []string{"Name", "Slug", "IsActive", "Created"},
		Search: &storetest.Search[tenancy.Organization, tenancy.OrganizationFilter]{
			Put:    func(o *tenancy.Organization, text string) { o.Name = text },
			Filter: func(text string) tenancy.OrganizationFilter { return tenancy.OrganizationFilter{Search: text} },
		},
		Missing: id(999),
		Uniques: map[string]func(*tenancy.Organization) *tenancy.Organization{
			"organization_slug": func(first *tenancy.Organization) *tenancy.Organization {
				o := organization(500)
				o.Slug = first.Slug
				return o
			},
			wispwright.UniqueKey: func(first *tenancy.Organization) *tenancy.Organization {
				o := organization(501)
				o.ID = first.ID
				return o
			},
		},
		Filters: map[string]storetest.Filter[tenancy.Organization, tenancy.OrganizationFilter]{
			"slug":   {Filter: tenancy.OrganizationFilter{Slug: "org-2"}, Selects: func(o *tenancy.Organization) bool { return o.Slug == "org-2" }},
			"ids":    {Filter: tenancy.OrganizationFilter{IDs: wispwright.Only(id(1), id(4))}, Selects: func(o *tenancy.Organization) bool { return o.ID == id(1) || o.ID == id(4) }},
			"no ids": {Filter: tenancy.OrganizationFilter{IDs: wispwright.Only[wispwright.ID]()}, Selects: func(*tenancy.Organization) bool { return false }},
			"active": {Filter: tenancy.OrganizationFilter{IsActive: yes()}, Selects: func(o *tenancy.Organization) bool { return o.IsActive }},
			"search": {Filter: tenancy.OrganizationFilter{Search: "TION 3"}, Selects: func(o *tenancy.Organization) bool { return o.Name == "Organization 3" }},
			"search takes signs as they are": {Filter: tenancy.OrganizationFilter{Search: "50__off"},
				Selects: func(*tenancy.Organization) bool { return false }},
		},
	})
	t.Run("one that is held is not deleted", func(t *testing.T) { runHold(t, tx, s) })
	t.Run("the scope is the organization itself", func(t *testing.T) {
		insert(t, s.Organizations.Insert, organization(1), organization(2))
		items, err := s.Organizations.List(context.Background(), wispwright.ScopeOf(id(2)), tenancy.OrganizationFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, items.Rows, 1)
		_, err = s.Organizations.Get(context.Background(), wispwright.ScopeOf(id(2)), id(1))
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	})
}

// runHold: a transaction that holds an organization keeps it, however many do,
// while it can be changed.
func runHold(t *testing.T, tx wispwright.Transactor, s tenancy.Stores) {
	ctx := context.Background()
	require.ErrorIs(t, tx.InTx(ctx, func(ctx context.Context) error { return s.Organizations.Hold(ctx, id(999)) }), wispwright.ErrNotFound)
	insert(t, s.Organizations.Insert, organization(700))
	deleted := make(chan error, 1)
	err := tx.InTx(ctx, func(inside context.Context) error {
		if err := s.Organizations.Hold(inside, id(700)); err != nil {
			return err
		}
		go func() { deleted <- s.Organizations.Delete(ctx, all(), id(700)) }()
		select {
		case err := <-deleted:
			return fmt.Errorf("deleted while it was held: %w", err)
		case <-time.After(50 * time.Millisecond): // one that does not wait is seen most of the time
		}
		_, err := s.Organizations.Get(inside, all(), id(700))
		return err
	})
	require.NoError(t, err)
	require.NoError(t, <-deleted)
	require.ErrorIs(t, tx.InTx(ctx, func(ctx context.Context) error { return s.Organizations.Hold(ctx, id(700)) }), wispwright.ErrNotFound)
}

func runUsers(t *testing.T, h Harness) {
	tx, s := h(t)
	other := func(change func(*tenancy.User)) func(*tenancy.User) *tenancy.User {
		return func(*tenancy.User) *tenancy.User {
			u := user(500)
			change(u)
			return u
		}
	}
	storetest.RunRepo(t, s.Users, storetest.Sample[wispwright.ID, tenancy.User, tenancy.UserFilter]{
		Tx:     tx,
		New:    func(n, _ int) *tenancy.User { return user(n) },
		Key:    func(u *tenancy.User) wispwright.ID { return u.ID },
		Mutate: func(u *tenancy.User) { u.Notes += "+"; u.BirthDate = time.Time{} },
		Orders: []string{"Username", "Email", "PhoneNumber", "IsStaff", "LastLogin", "DateJoined"},
		Search: &storetest.Search[tenancy.User, tenancy.UserFilter]{
			Put:    func(u *tenancy.User, text string) { u.FirstName = text },
			Filter: func(text string) tenancy.UserFilter { return tenancy.UserFilter{Search: text} },
		},
		Missing: id(9999),
		Uniques: map[string]func(*tenancy.User) *tenancy.User{
			"user_username":     other(func(u *tenancy.User) { u.Username = "user0" }),
			"user_email":        other(func(u *tenancy.User) { u.Email = "uSER0@example.org" }),
			"user_phone_number": other(func(u *tenancy.User) { u.PhoneNumber = "+393660000000" }),
		},
		Filters: map[string]storetest.Filter[tenancy.User, tenancy.UserFilter]{
			"names":    {Filter: tenancy.UserFilter{NamedAmong: wispwright.Only("USER2", "user3", "nobody")}, Selects: func(u *tenancy.User) bool { return u.Username == "user2" || u.Username == "user3" }},
			"named":    {Filter: tenancy.UserFilter{Named: "USER2"}, Selects: func(u *tenancy.User) bool { return u.Username == "user2" }},
			"email":    {Filter: tenancy.UserFilter{Email: "USER3@EXAMPLE.ORG"}, Selects: func(u *tenancy.User) bool { return u.Username == "user3" }},
			"username": {Filter: tenancy.UserFilter{Username: "user2"}, Selects: func(u *tenancy.User) bool { return u.Username == "user2" }},
			"staff":    {Filter: tenancy.UserFilter{IsStaff: yes()}, Selects: func(u *tenancy.User) bool { return u.IsStaff }},
			"search":   {Filter: tenancy.UserFilter{Search: "o'n"}, Selects: func(*tenancy.User) bool { return true }},
		},
	})
	ctx := context.Background()
	insert(t, s.Organizations.Insert, organization(1), organization(2))
	boss := user(4)
	boss.IsSuperuser = true
	insert(t, s.Users.Insert, user(1), user(2), user(3), boss)
	insert(t, s.Memberships.Insert, membership(1, 1, 1), membership(2, 2, 2), membership(3, 4, 1))
	t.Run("a user's tenants are its memberships", func(t *testing.T) {
		scope := wispwright.ScopeOf(id(1)).WithShared()
		for _, c := range []struct {
			filter tenancy.UserFilter
			want   []string
		}{
			{tenancy.UserFilter{OrganizationID: id(1)}, []string{"user4", "user1"}},
			{tenancy.UserFilter{OrganizationID: id(9)}, nil},
			{tenancy.UserFilter{Search: "3660000002"}, []string{"user2"}},
		} {
			items, err := s.Users.List(ctx, all(), c.filter, wispwright.Page{})
			require.NoError(t, err)
			require.Equal(t, c.want, usernames(items.Rows))
		}
		items, err := s.Users.List(ctx, scope, tenancy.UserFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, []string{"user1"}, usernames(items.Rows), "neither other tenants nor superusers")
		_, err = s.Users.Get(ctx, scope, user(1).ID)
		require.NoError(t, err)
		for _, hidden := range []int{2, 3, 4} {
			_, err = s.Users.Get(ctx, scope, user(hidden).ID)
			require.ErrorIs(t, err, wispwright.ErrNotFound)
			require.ErrorIs(t, s.Users.Delete(ctx, scope, user(hidden).ID), wispwright.ErrNotFound)
		}
	})
	t.Run("identifiers are compared exactly", func(t *testing.T) {
		insert(t, s.Users.Insert, &tenancy.User{ID: id(1100), Username: "nobody", DateJoined: at(1)}, &tenancy.User{ID: id(1101), Username: "nobody2", DateJoined: at(1)})
		found, err := s.Users.ByIdentifier(ctx, "user1", "User2@example.org", "+393660000003", "")
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"user1", "user2", "user3"}, usernames(found))
		for _, none := range []string{"USER1", "user2@example.org", "393660000003", ""} {
			found, err = s.Users.ByIdentifier(ctx, none)
			require.NoError(t, err)
			require.Empty(t, found, none)
		}
	})
}

func usernames(users []*tenancy.User) []string {
	var out []string
	for _, u := range users {
		out = append(out, u.Username)
	}
	return out
}

func runMemberships(t *testing.T, h Harness) {
	tx, s := h(t)
	insert(t, s.Organizations.Insert, organization(1), organization(2))
	for n := range 6 {
		insert(t, s.Users.Insert, user(n))
	}
	insert(t, s.Users.Insert, user(100), user(101), user(102), user(500))
	storetest.RunRepo(t, s.Memberships, storetest.Sample[wispwright.ID, tenancy.Membership, tenancy.MembershipFilter]{
		Tx:            tx,
		New:           func(n, o int) *tenancy.Membership { return membership(n, n, o+1) },
		Key:           func(m *tenancy.Membership) wispwright.ID { return m.ID },
		Mutate:        func(m *tenancy.Membership) { m.IsAdmin = !m.IsAdmin; m.Modified = m.Modified.Add(time.Second) },
		Orders:        []string{"UserID", "OrganizationID", "IsAdmin", "Created"},
		Orphan:        func(n int) *tenancy.Membership { return membership(n, 9000, 1) },
		Missing:       id(9999),
		Organizations: []wispwright.ID{id(1), id(2)},
		Uniques: map[string]func(*tenancy.Membership) *tenancy.Membership{
			"membership_user_organization": func(first *tenancy.Membership) *tenancy.Membership {
				m := membership(500, 500, 1)
				m.UserID = first.UserID
				return m
			},
		},
		Filters: map[string]storetest.Filter[tenancy.Membership, tenancy.MembershipFilter]{
			"user":         {Filter: tenancy.MembershipFilter{UserID: id(1002)}, Selects: func(m *tenancy.Membership) bool { return m.UserID == id(1002) }},
			"users":        {Filter: tenancy.MembershipFilter{UserIDs: wispwright.Only(id(1000), id(1001))}, Selects: func(m *tenancy.Membership) bool { return m.UserID == id(1000) || m.UserID == id(1001) }},
			"organization": {Filter: tenancy.MembershipFilter{OrganizationID: id(2)}, Selects: func(m *tenancy.Membership) bool { return m.OrganizationID == id(2) }},
			"admins":       {Filter: tenancy.MembershipFilter{IsAdmin: yes()}, Selects: func(m *tenancy.Membership) bool { return m.IsAdmin }},
		},
	})
}

func runOwners(t *testing.T, h Harness) {
	tx, s := h(t)
	// the suite puts several owners into each of two organizations in turn,
	// which the unique rule forbids: every owner has its own here
	for n := range 6 {
		insert(t, s.Organizations.Insert, organization(n+1))
		insert(t, s.Users.Insert, user(n+1))
		insert(t, s.Memberships.Insert, membership(n+1, n+1, n+1))
	}
	for _, n := range []int{101, 102, 103} {
		insert(t, s.Organizations.Insert, organization(n))
		insert(t, s.Users.Insert, user(n))
		insert(t, s.Memberships.Insert, membership(n, n, n))
	}
	owner := func(n, membership, organization int) *tenancy.Owner {
		return &tenancy.Owner{ID: id(3000 + n), OrganizationID: id(organization), MembershipID: id(2000 + membership), Created: at(n), Modified: at(n)}
	}
	storetest.RunRepo(t, s.Owners, storetest.Sample[wispwright.ID, tenancy.Owner, tenancy.OwnerFilter]{
		Tx:      tx,
		New:     func(n, _ int) *tenancy.Owner { return owner(n, n+1, n+1) },
		Key:     func(o *tenancy.Owner) wispwright.ID { return o.ID },
		Mutate:  func(o *tenancy.Owner) { o.Modified = o.Modified.Add(time.Second) },
		Orders:  []string{"OrganizationID", "MembershipID", "Created"},
		Orphan:  func(n int) *tenancy.Owner { return owner(n, 9000, 103) },
		Missing: id(9999),
		Uniques: map[string]func(*tenancy.Owner) *tenancy.Owner{
			"owner_organization": func(*tenancy.Owner) *tenancy.Owner { return owner(500, 101, 1) },
			"owner_membership":   func(*tenancy.Owner) *tenancy.Owner { return owner(501, 1, 101) },
		},
		Filters: map[string]storetest.Filter[tenancy.Owner, tenancy.OwnerFilter]{
			"organizations": {Filter: tenancy.OwnerFilter{OrganizationIDs: wispwright.Only(id(1), id(2))}, Selects: func(o *tenancy.Owner) bool { return o.OrganizationID == id(1) || o.OrganizationID == id(2) }},
			"membership":    {Filter: tenancy.OwnerFilter{MembershipID: id(2003)}, Selects: func(o *tenancy.Owner) bool { return o.MembershipID == id(2003) }},
			"memberships":   {Filter: tenancy.OwnerFilter{MembershipIDs: wispwright.Only(id(2003))}, Selects: func(o *tenancy.Owner) bool { return o.MembershipID == id(2003) }},
		},
	})
}

func runGroups(t *testing.T, h Harness) {
	tx, s := h(t)
	ctx := context.Background()
	storetest.RunRepo(t, s.Groups, storetest.Sample[int64, tenancy.Group, tenancy.GroupFilter]{
		Tx: tx,
		New: func(n, _ int) *tenancy.Group {
			return &tenancy.Group{Name: fmt.Sprintf("group %d", n), Permissions: []wispwright.Permission{"config.add_device", "config.view_device"}}
		},
		Key:     func(g *tenancy.Group) int64 { return g.ID },
		Mutate:  func(g *tenancy.Group) { g.Permissions = append(g.Permissions, "x.view_y") },
		Orders:  []string{"ID", "Name"},
		Missing: 9999,
		Uniques: map[string]func(*tenancy.Group) *tenancy.Group{
			"group_name": func(first *tenancy.Group) *tenancy.Group { return &tenancy.Group{Name: first.Name} },
		},
		Filters: map[string]storetest.Filter[tenancy.Group, tenancy.GroupFilter]{
			"name": {Filter: tenancy.GroupFilter{Name: "group 2"}, Selects: func(g *tenancy.Group) bool { return g.Name == "group 2" }},
			"ids":  {Filter: tenancy.GroupFilter{IDs: wispwright.Only[int64](9999)}, Selects: func(g *tenancy.Group) bool { return g.ID == 9999 }},
		},
	})
	t.Run("a number that was brought along is not given again", func(t *testing.T) {
		insert(t, s.Groups.Insert, &tenancy.Group{ID: 5000, Name: "imported"})
		next := &tenancy.Group{Name: "next"}
		require.NoError(t, s.Groups.Insert(ctx, next))
		require.Greater(t, next.ID, int64(5000))
	})
	t.Run("groups of a user", func(t *testing.T) {
		insert(t, s.Users.Insert, user(1), user(2))
		a, b := &tenancy.Group{Name: "a"}, &tenancy.Group{Name: "b"}
		insert(t, s.Groups.Insert, a, b)
		require.NoError(t, s.Grants.SetGroups(ctx, id(1001), []int64{b.ID, a.ID, b.ID}))
		require.NoError(t, s.Grants.SetGroups(ctx, id(1002), []int64{a.ID}))
		groups := func(user int) []int64 {
			grants, err := s.Grants.Of(ctx, id(user))
			require.NoError(t, err)
			return grants[id(user)].Groups
		}
		require.Equal(t, []int64{a.ID, b.ID}, groups(1001))
		require.NoError(t, s.Groups.Delete(ctx, all(), a.ID))
		require.Equal(t, []int64{b.ID}, groups(1001))
		require.NoError(t, s.Grants.SetGroups(ctx, id(1001), nil))
		for _, u := range []int{1001, 1002} {
			require.Empty(t, groups(u))
		}
	})
}

func runTokens(t *testing.T, h Harness) {
	tx, s := h(t)
	for n := range 6 {
		insert(t, s.Users.Insert, user(n))
	}
	insert(t, s.Users.Insert, user(100), user(101), user(102), user(500))
	token := func(n int) *tenancy.Token {
		key := fmt.Sprintf("%040d", n)
		return &tenancy.Token{UserID: id(1000 + n), Digest: tenancy.Digest(key), Key: wispwright.Secret(key), Created: at(n)}
	}
	storetest.RunRepo(t, s.Tokens, storetest.Sample[wispwright.ID, tenancy.Token, tenancy.TokenFilter]{
		Tx:      tx,
		New:     func(n, _ int) *tenancy.Token { return token(n) },
		Key:     func(o *tenancy.Token) wispwright.ID { return o.UserID },
		Mutate:  func(o *tenancy.Token) { o.Created = o.Created.Add(time.Second) },
		Orders:  []string{"Digest", "Created"},
		Orphan:  token,
		Missing: id(9999),
		Uniques: map[string]func(*tenancy.Token) *tenancy.Token{
			"token_digest": func(first *tenancy.Token) *tenancy.Token {
				o := token(500)
				o.Digest = first.Digest
				return o
			},
		},
		Filters: map[string]storetest.Filter[tenancy.Token, tenancy.TokenFilter]{
			"digest": {Filter: tenancy.TokenFilter{Digest: token(2).Digest}, Selects: func(o *tenancy.Token) bool { return o.UserID == id(1002) }},
		},
	})
}

func runEvents(t *testing.T, h Harness) {
	_, s := h(t)
	ctx := context.Background()
	var entries []*tenancy.Event
	for n := range 4 {
		e := &tenancy.Event{ID: id(4000 + n), Created: at(n), ActorID: id(1000), Actor: "admin", Method: "token", Address: "192.0.2.1",
			Kind: "config.device", ObjectID: "x", Label: "router", Action: "change", Cause: "because",
			Fields: []wispwright.FieldChange{{Field: "Name", Old: "a", New: "b"}, {Field: "Notes", New: "c"}}}
		if n > 0 {
			e.OrganizationID = id(n)
		}
		entries = append(entries, e)
	}
	require.NoError(t, s.Events.Append(ctx, entries[0]))
	require.NoError(t, s.Events.Append(ctx, entries[1:]...))
	require.NoError(t, s.Events.Append(ctx))

	got, err := s.Events.Get(ctx, all(), id(4001))
	require.NoError(t, err)
	require.Equal(t, entries[1], got)
	list := func(scope wispwright.Scope, f tenancy.EventFilter) (ids []wispwright.ID) {
		items, err := s.Events.List(ctx, scope, f, wispwright.Page{})
		require.NoError(t, err)
		for _, e := range items.Rows {
			ids = append(ids, e.ID)
		}
		return ids
	}
	require.Equal(t, []wispwright.ID{id(4003), id(4002), id(4001), id(4000)}, list(all(), tenancy.EventFilter{}), "newest first")
	require.Equal(t, []wispwright.ID{id(4002)}, list(wispwright.ScopeOf(id(2)), tenancy.EventFilter{}))
	require.Equal(t, []wispwright.ID{id(4002), id(4000)}, list(wispwright.ScopeOf(id(2)).WithShared(), tenancy.EventFilter{}))
	require.Equal(t, []wispwright.ID{id(4002), id(4001)}, list(all(), tenancy.EventFilter{CreatedFrom: entries[1].Created, CreatedBefore: entries[3].Created}))
	require.Empty(t, list(all(), tenancy.EventFilter{Kind: "config.template"}))
	_, err = s.Events.Get(ctx, wispwright.ScopeOf(id(2)), id(4001))
	require.ErrorIs(t, err, wispwright.ErrNotFound)

	n, err := s.Events.Prune(ctx, entries[2].Created)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Equal(t, []wispwright.ID{id(4003), id(4002)}, list(all(), tenancy.EventFilter{}))
	amended(t, s)
}

// runReferences checks what goes with what.
func runReferences(t *testing.T, h Harness) {
	ctx := context.Background()
	fill := func(t *testing.T) tenancy.Stores {
		_, s := h(t)
		insert(t, s.Organizations.Insert, organization(1), organization(2))
		insert(t, s.Users.Insert, user(1), user(2))
		insert(t, s.Memberships.Insert, membership(1, 1, 1), membership(2, 1, 2), membership(3, 2, 1))
		insert(t, s.Owners.Insert, &tenancy.Owner{ID: id(3001), OrganizationID: id(1), MembershipID: id(2001), Created: at(1), Modified: at(1)},
			&tenancy.Owner{ID: id(3002), OrganizationID: id(2), MembershipID: id(2002), Created: at(1), Modified: at(1)})
		insert(t, s.Tokens.Insert, &tenancy.Token{UserID: id(1001), Digest: "d", Key: "k", Created: at(1)})
		insert(t, s.Groups.Insert, &tenancy.Group{ID: 1, Name: "g"})
		require.NoError(t, s.Grants.SetGroups(ctx, id(1001), []int64{1}))
		require.NoError(t, s.Grants.SetPermissions(ctx, id(1001), []wispwright.Permission{"a.view_b"}))
		insert(t, s.Emails.Insert, &tenancy.Email{UserID: id(1001), Address: "a@example.org"})
		return s
	}
	left := func(t *testing.T, s tenancy.Stores, memberships, owners int) {
		m, err := s.Memberships.List(ctx, all(), tenancy.MembershipFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, memberships, m.Total)
		o, err := s.Owners.List(ctx, all(), tenancy.OwnerFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, owners, o.Total)
	}
	t.Run("an organization takes memberships and owner along", func(t *testing.T) {
		s := fill(t)
		require.NoError(t, s.Organizations.Delete(ctx, all(), id(1)))
		left(t, s, 1, 1)
		_, err := s.Users.Get(ctx, all(), id(1001))
		require.NoError(t, err)
	})
	t.Run("a user takes memberships, ownership, token and groups along", func(t *testing.T) {
		s := fill(t)
		require.NoError(t, s.Users.Delete(ctx, all(), id(1001)))
		left(t, s, 1, 0)
		_, err := s.Tokens.Get(ctx, all(), id(1001))
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		grants, err := s.Grants.Of(ctx, id(1001), id(1002))
		require.NoError(t, err)
		require.Equal(t, map[wispwright.ID]tenancy.Grants{id(1002): {Organizations: []tenancy.Role{{OrganizationID: id(1)}}}}, grants)
		emails, err := s.Emails.List(ctx, all(), tenancy.EmailFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Zero(t, emails.Total)
	})
	t.Run("a membership takes the ownership along", func(t *testing.T) {
		s := fill(t)
		require.NoError(t, s.Memberships.Delete(ctx, all(), id(2001)))
		left(t, s, 2, 1)
	})
}

// runServices runs the rules of the concern over the storage.
func runServices(t *testing.T, h Harness) {
	tx, s := h(t)
	ctx := context.Background()
	c, err := tenancy.New(tx, s, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
	require.NoError(t, err)
	require.NoError(t, c.Groups.EnsureDefaults(ctx))
	require.NoError(t, c.Groups.EnsureDefaults(ctx), "a second time changes nothing")
	administrator, err := c.Groups.ByName(ctx, tenancy.AdministratorGroup)
	require.NoError(t, err)

	org := &tenancy.Organization{Name: "Ninux Roma", IsActive: true}
	again := &tenancy.Organization{Name: "Ninux Roma", IsActive: true}
	insert(t, c.Organizations.Create, org, again)
	require.Equal(t, []string{"ninux-roma", "ninux-roma-2"}, []string{org.Slug, again.Slug})

	u := &tenancy.User{Username: "alice", Email: "alice@example.org", IsActive: true, IsStaff: true}
	require.NoError(t, c.Users.Create(ctx, u, "secret"))
	require.NoError(t, c.Users.SetGroups(ctx, all(), u.ID, []int64{administrator.ID}))
	m := &tenancy.Membership{UserID: u.ID, OrganizationID: org.ID, IsAdmin: true}
	require.NoError(t, c.Memberships.Create(ctx, m))
	owner, err := c.Memberships.OwnerOf(ctx, org.ID)
	require.NoError(t, err)
	require.Equal(t, m.ID, owner.MembershipID, "the first manager owns")
	require.ErrorContains(t, c.Memberships.Delete(ctx, all(), m.ID), "alice is the owner of the organization: Ninux Roma, and cannot be removed")

	found, err := c.Login.Authenticate(ctx, "alice@example.org", "secret")
	require.NoError(t, err)
	require.Equal(t, u.ID, found.ID)
	found, err = c.Login.Authenticate(ctx, "alice", "wrong")
	require.NoError(t, err)
	require.Nil(t, found)

	token, err := c.Tokens.For(ctx, u.ID)
	require.NoError(t, err)
	same, err := c.Tokens.For(ctx, u.ID)
	require.NoError(t, err)
	require.Equal(t, token, same)
	caller, err := c.Callers.ByToken(ctx, token.Key.Reveal())
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{org.ID}, caller.Managed)
	require.True(t, caller.Can("openwisp_users.add_user"))
	require.False(t, caller.Can("openwisp_users.add_organization"))

	_, err = c.Organizations.Update(ctx, all(), org.ID, func(o *tenancy.Organization) error { o.IsActive = false; return nil })
	require.NoError(t, err)
	caller, err = c.Callers.ByToken(ctx, token.Key.Reveal())
	require.NoError(t, err)
	require.Empty(t, caller.Managed, "rights end with the organization at once")

	_, err = c.Tokens.Set(ctx, u.ID, "known")
	require.NoError(t, err)
	_, err = c.Callers.ByToken(ctx, token.Key.Reveal())
	require.ErrorIs(t, err, wispwright.ErrUnauthenticated, "a replaced token is worth nothing")

	require.NoError(t, c.Organizations.Delete(ctx, all(), org.ID))
	trail, err := c.Trail.List(ctx, all(), tenancy.EventFilter{ObjectID: org.ID.String()}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, trail.Rows, 3, "added, changed, deleted")
	users, err := c.Trail.List(ctx, all(), tenancy.EventFilter{ObjectID: u.ID.String()}, wispwright.Page{})
	require.NoError(t, err)
	for _, e := range users.Rows {
		for _, f := range e.Fields {
			if f.Field == "Password" {
				require.Equal(t, "***", f.New)
			}
		}
	}
}

// amended holds that entries of a kind are changed, however many, and others are not.
func amended(t *testing.T, s tenancy.Stores) {
	t.Helper()
	ctx := context.Background()
	const secret = "s_cret"
	var list []*tenancy.Event
	for n := range 450 {
		e := &tenancy.Event{ID: wispwright.NewID(), Created: time.Now().UTC().Truncate(time.Microsecond), Kind: "amended.kind", ObjectID: fmt.Sprint(n), Action: "change",
			Fields: wispwright.FieldChanges{{Field: "Config", Old: wispwright.JSON(`{"key":"` + secret + `"}`), New: "b"}}}
		switch {
		case n == 0:
			e.Kind = "amended.other"
		case n%3 == 0:
			e.Fields[0].Old = wispwright.JSON(`{"key":"sacret"}`)
		}
		list = append(list, e)
	}
	require.NoError(t, s.Events.Append(ctx, list...))
	seen := 0
	change := func(e *tenancy.Event) bool {
		seen++
		if e.ObjectID == "1" {
			return false
		}
		e.Fields[0].Old = wispwright.JSON(`{}`)
		return true
	}
	n, err := s.Events.Amend(ctx, "amended.kind", secret, change)
	require.NoError(t, err)
	require.Equal(t, []int{300, 299}, []int{seen, n}, "those that hold the text, once each")
	for _, i := range []int{0, 1, 2, 3} {
		got, err := s.Events.Get(ctx, wispwright.ScopeAll(), list[i].ID)
		require.NoError(t, err)
		want := list[i].Fields[0].Old
		if i == 2 {
			want = wispwright.JSON(`{}`)
		}
		require.Equal(t, want, got.Fields[0].Old, i)
		require.Equal(t, "b", got.Fields[0].New)
	}
	seen = 0
	n, err = s.Events.Amend(ctx, "amended.kind", secret, change)
	require.NoError(t, err)
	require.Equal(t, []int{1, 0}, []int{seen, n}, "again: what is left")
	_, err = s.Events.Prune(ctx, time.Now().Add(time.Hour))
	require.NoError(t, err)
}
