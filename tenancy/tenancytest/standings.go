package tenancytest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// runStandings holds a storage's own way to read standings against what the
// other stores say. A storage without one is held against the rules alone.
func runStandings(t *testing.T, h Harness) {
	_, s := h(t)
	ctx := context.Background()
	own, slow := s.Standings, tenancy.ComposeStandings(s)
	if own == nil {
		own = slow
	}
	active := func(n int) *tenancy.Organization {
		o := organization(n)
		o.IsActive = n != 3
		return o
	}
	insert(t, s.Organizations.Insert, active(1), active(2), active(3))
	boss, off, keyless := user(4), user(5), user(6)
	boss.IsSuperuser, boss.IsStaff, boss.PasswordUpdated = true, true, at(0)
	off.IsActive = false
	keyless.Password = "!unusable"
	insert(t, s.Users.Insert, user(1), user(2), user(3), boss, off, keyless)
	insert(t, s.Memberships.Insert, membership(2, 1, 2), membership(1, 1, 1), membership(4, 1, 3), membership(6, 2, 1), membership(8, 4, 2))
	insert(t, s.Owners.Insert, &tenancy.Owner{ID: id(3001), OrganizationID: id(2), MembershipID: id(2002), Created: at(1), Modified: at(1)})
	insert(t, s.Groups.Insert, &tenancy.Group{ID: 1, Name: "one", Permissions: []wispwright.Permission{"b.add_b", "c.view_c"}},
		&tenancy.Group{ID: 2, Name: "two", Permissions: []wispwright.Permission{"a.view_a", "b.add_b"}}, &tenancy.Group{ID: 3, Name: "none"})
	require.NoError(t, s.Grants.SetGroups(ctx, id(1001), []int64{1, 2, 3}))
	require.NoError(t, s.Grants.SetPermissions(ctx, id(1001), []wispwright.Permission{"z.view_z", "a.view_a"}))
	insert(t, s.SecondFactors.Insert, &tenancy.SecondFactor{UserID: id(1001), Secret: "x", Created: at(1), Confirmed: at(2)},
		&tenancy.SecondFactor{UserID: id(1002), Secret: "x", Created: at(1)})
	insert(t, s.Passkeys.Insert, passkey(1, 3), passkey(2, 3))
	insert(t, s.Tokens.Insert, &tenancy.Token{UserID: id(1001), Digest: "digest", Key: "key", Created: at(1)})
	for n := 1; n <= 6; n++ {
		want, err := slow.ByUser(ctx, id(1000+n))
		require.NoError(t, err)
		got, err := own.ByUser(ctx, id(1000+n))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	got, err := own.ByToken(ctx, "digest")
	require.NoError(t, err)
	require.Equal(t, &tenancy.Standing{
		UserID: id(1001), Username: "user1", IsActive: true, HasPassword: true, HasSecondFactor: true,
		Member: []wispwright.ID{id(1), id(2)}, Managed: []wispwright.ID{id(2)}, Owned: []wispwright.ID{id(2)},
		Permissions: []wispwright.Permission{"a.view_a", "b.add_b", "c.view_c", "z.view_z"},
	}, got, "the third organization is switched off")
	for _, none := range []string{"", "another"} {
		_, err = own.ByToken(ctx, none)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	}
	_, err = own.ByUser(ctx, id(9999))
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}
