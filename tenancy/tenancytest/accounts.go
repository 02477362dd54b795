package tenancytest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

func runEmails(t *testing.T, h Harness) {
	tx, s := h(t)
	for n := range 6 {
		insert(t, s.Users.Insert, user(n))
	}
	insert(t, s.Users.Insert, user(100), user(101), user(102), user(500))
	storetest.RunRepo(t, s.Emails, storetest.Sample[int64, tenancy.Email, tenancy.EmailFilter]{
		Tx: tx,
		New: func(n, _ int) *tenancy.Email {
			return &tenancy.Email{UserID: id(1000 + n), Address: fmt.Sprintf("mail%d@example.org", n), IsVerified: true, IsPrimary: n%2 == 0}
		},
		Key:    func(e *tenancy.Email) int64 { return e.ID },
		Mutate: func(e *tenancy.Email) { e.Address = "x" + e.Address },
		Orders: []string{"ID", "Address", "IsPrimary"},
		Orphan: func(n int) *tenancy.Email {
			return &tenancy.Email{UserID: id(9000), Address: fmt.Sprintf("orphan%d@example.org", n)}
		},
		Missing: 99999,
		Uniques: map[string]func(*tenancy.Email) *tenancy.Email{
			"email_user_address": func(first *tenancy.Email) *tenancy.Email {
				return &tenancy.Email{UserID: first.UserID, Address: first.Address}
			},
			"email_primary": func(first *tenancy.Email) *tenancy.Email {
				return &tenancy.Email{UserID: first.UserID, Address: "second@example.org", IsPrimary: true}
			},
			"email_verified": func(first *tenancy.Email) *tenancy.Email {
				return &tenancy.Email{UserID: id(1500), Address: first.Address, IsVerified: true}
			},
		},
		Filters: map[string]storetest.Filter[tenancy.Email, tenancy.EmailFilter]{
			"user":    {Filter: tenancy.EmailFilter{UserID: id(1002)}, Selects: func(e *tenancy.Email) bool { return e.UserID == id(1002) }},
			"address": {Filter: tenancy.EmailFilter{Address: "mail3@example.org"}, Selects: func(e *tenancy.Email) bool { return e.Address == "mail3@example.org" }},
			"primary": {Filter: tenancy.EmailFilter{IsPrimary: yes()}, Selects: func(e *tenancy.Email) bool { return e.IsPrimary }},
		},
	})
	t.Run("flags that are off conflict with nothing", func(t *testing.T) {
		insert(t, s.Emails.Insert, &tenancy.Email{UserID: id(1100), Address: "same@example.org"}, &tenancy.Email{UserID: id(1101), Address: "same@example.org"},
			&tenancy.Email{UserID: id(1100), Address: "other@example.org"}, &tenancy.Email{UserID: id(1101), Address: "other@example.org", IsVerified: true})
	})
}

func runGrants(t *testing.T, h Harness) {
	_, s := h(t)
	ctx := context.Background()
	insert(t, s.Organizations.Insert, organization(1), organization(2))
	insert(t, s.Users.Insert, user(1), user(2), user(3))
	insert(t, s.Memberships.Insert, membership(2, 1, 2), membership(1, 1, 1), membership(3, 2, 1))
	for n := range 11 {
		insert(t, s.Groups.Insert, &tenancy.Group{ID: int64(n + 1), Name: fmt.Sprint("g", n)})
	}
	require.NoError(t, s.Grants.SetGroups(ctx, id(1001), []int64{11, 2, 11}))
	require.NoError(t, s.Grants.SetPermissions(ctx, id(1001), []wispwright.Permission{"b.view_b", "a.view_a", "b.view_b"}))
	got, err := s.Grants.Of(ctx, id(1001), id(1002), id(1003))
	require.NoError(t, err)
	require.Equal(t, map[wispwright.ID]tenancy.Grants{
		id(1001): {Groups: []int64{2, 11}, Permissions: []wispwright.Permission{"a.view_a", "b.view_b"},
			Organizations: []tenancy.Role{{OrganizationID: id(1)}, {OrganizationID: id(2), IsAdmin: true}}},
		id(1002): {Organizations: []tenancy.Role{{OrganizationID: id(1)}}},
	}, got, "numbers in order of number, memberships in order of time")
	members, err := s.Users.List(ctx, all(), tenancy.UserFilter{GroupID: 11}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, []string{"user1"}, usernames(members.Rows))
	var missing *wispwright.MissingError
	require.ErrorAs(t, s.Grants.SetGroups(ctx, id(9000), []int64{2}), &missing, "of no account")
	require.ErrorAs(t, s.Grants.SetGroups(ctx, id(1003), []int64{99}), &missing, "of no group")
	require.ErrorAs(t, s.Grants.SetPermissions(ctx, id(9000), []wispwright.Permission{"a.view_a"}), &missing)
	require.NoError(t, s.Grants.SetPermissions(ctx, id(1001), nil))
	got, err = s.Grants.Of(ctx, id(1001))
	require.NoError(t, err)
	require.Empty(t, got[id(1001)].Permissions)
	got, err = s.Grants.Of(ctx)
	require.NoError(t, err)
	require.Empty(t, got)
}

// runAddresses runs the rules of addresses over the storage.
func runAddresses(t *testing.T, h Harness) {
	tx, s := h(t)
	ctx := context.Background()
	c, err := tenancy.New(tx, s, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
	require.NoError(t, err)
	alice, bob := &tenancy.User{Username: "alice", Email: "Alice@example.org", IsActive: true}, &tenancy.User{Username: "bob", Email: "bob@example.org", IsActive: true}
	require.NoError(t, c.Users.Create(ctx, alice, "x"))
	require.NoError(t, c.Users.CreateUnverified(ctx, bob, "x"))
	of := func(u *tenancy.User) (out []tenancy.Email) {
		items, err := c.Emails.List(ctx, all(), tenancy.EmailFilter{UserID: u.ID}, wispwright.Page{})
		require.NoError(t, err)
		for _, e := range items.Rows {
			out = append(out, tenancy.Email{Address: e.Address, IsVerified: e.IsVerified, IsPrimary: e.IsPrimary})
		}
		return out
	}
	require.Equal(t, []tenancy.Email{{Address: "alice@example.org", IsVerified: true, IsPrimary: true}}, of(alice))
	require.Equal(t, []tenancy.Email{{Address: "bob@example.org"}}, of(bob))

	second := &tenancy.Email{UserID: alice.ID, Address: "Second@Example.org"}
	require.NoError(t, c.Emails.Create(ctx, second))
	require.ErrorContains(t, c.Emails.Create(ctx, &tenancy.Email{UserID: alice.ID, Address: "second@example.org"}), "Email address with this User and Email address already exists.")
	require.ErrorContains(t, c.Emails.Create(ctx, &tenancy.Email{UserID: bob.ID, Address: "alice@example.org", IsVerified: true}), "already exists")
	require.ErrorIs(t, c.Emails.Create(ctx, &tenancy.Email{UserID: id(9999), Address: "x@example.org"}), wispwright.ErrNotFound)
	for _, bad := range []string{"", "x", "a@b@c.org", "a@example.org\nBcc: x@example.org", "A <a@example.org>"} {
		var v *wispwright.ValidationError
		require.ErrorAs(t, c.Emails.Create(ctx, &tenancy.Email{UserID: alice.ID, Address: bad}), &v, bad)
	}

	_, err = c.Emails.Update(ctx, all(), second.ID, func(e *tenancy.Email) error { e.IsPrimary = true; return nil })
	require.NoError(t, err)
	require.Equal(t, []tenancy.Email{{Address: "alice@example.org", IsVerified: true}, {Address: "second@example.org", IsPrimary: true}}, of(alice), "the old primary address steps back")
	u, err := c.Users.Get(ctx, all(), alice.ID)
	require.NoError(t, err)
	require.Equal(t, "second@example.org", u.Email, "the account follows")

	first, err := c.Emails.List(ctx, all(), tenancy.EmailFilter{Address: "alice@example.org"}, wispwright.Page{})
	require.NoError(t, err)
	changed, err := c.Emails.Update(ctx, all(), first.Rows[0].ID, func(e *tenancy.Email) error { e.Address, e.UserID = "new@example.org", bob.ID; return nil })
	require.NoError(t, err)
	require.False(t, changed.IsVerified, "another address is not verified")
	require.Equal(t, alice.ID, changed.UserID)

	require.NoError(t, c.Users.SetPermissions(ctx, all(), bob.ID, []wispwright.Permission{"openwisp_users.view_user"}))
	require.ErrorContains(t, c.Users.SetPermissions(ctx, all(), bob.ID, []wispwright.Permission{"x.view_y"}), "does not exist")
	caller, err := c.Callers.ByUser(ctx, bob.ID)
	require.NoError(t, err)
	require.True(t, caller.Can("openwisp_users.view_user"), "a permission of one's own counts")

	third := &tenancy.Email{UserID: bob.ID, Address: "third@example.org", IsVerified: true}
	require.NoError(t, c.Emails.Create(ctx, third))
	_, err = c.Emails.MakePrimary(ctx, third.ID)
	require.NoError(t, err)
	u, err = c.Users.Get(ctx, all(), bob.ID)
	require.NoError(t, err)
	require.Equal(t, "third@example.org", u.Email, "also when there was no primary address")
	_, err = c.Emails.MakePrimary(ctx, second.ID)
	require.ErrorContains(t, err, "Confirm the address first.")
	require.NoError(t, c.Emails.Delete(ctx, all(), second.ID))
	require.ErrorIs(t, c.Emails.Delete(ctx, all(), second.ID), wispwright.ErrNotFound)
}
