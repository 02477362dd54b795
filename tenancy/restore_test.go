package tenancy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// Everything is stored as it was, and again without doing anything.
func TestRestore(t *testing.T) {
	s, ctx := newTenancy(t, nil), t.Context()
	then := time.Date(2020, 2, 3, 4, 5, 6, 7891, time.FixedZone("", 3600))
	user, organization, membership := wispwright.NewID(), wispwright.NewID(), wispwright.NewID()
	for round, want := range []string{"add", "", "change"} {
		restored := func(action string, err error) {
			t.Helper()
			require.NoError(t, err)
			require.Equal(t, want, action, "round %d", round)
		}
		changed := want == "change"
		word := map[bool]string{false: "as it was", true: "changed"}[changed]
		restored(s.Organizations.Restore(ctx, &tenancy.Organization{ID: organization, Name: word, Slug: "kept", Created: then, Modified: then}))
		g := &tenancy.Group{ID: 40, Name: "readers", Permissions: []wispwright.Permission{"openwisp_users.view_user"}}
		if changed {
			g.ID, g.Permissions = 41, nil
		}
		restored(s.Groups.Restore(ctx, g))
		require.EqualValues(t, 40, g.ID, "a group is known by its name")
		restored(s.Users.Restore(ctx, &tenancy.User{ID: user, Username: "anna", Password: "!hash", Notes: word, DateJoined: then, PasswordUpdated: then, LastLogin: then}))
		restored(s.Memberships.Restore(ctx, &tenancy.Membership{ID: membership, UserID: user, OrganizationID: organization, IsAdmin: !changed, Created: then}))
		restored(s.Emails.Restore(ctx, &tenancy.Email{UserID: user, Address: "Anna@example.org", IsVerified: changed, IsPrimary: true}))
		restored(s.Tokens.Restore(ctx, &tenancy.Token{UserID: user, Key: wispwright.Secret("key " + word), Created: then}))
	}
	u, err := s.Users.Get(ctx, wispwright.ScopeAll(), user)
	require.NoError(t, err)
	require.Equal(t, time.Date(2020, 2, 3, 3, 5, 6, 7000, time.UTC), u.DateJoined)
	require.Equal(t, time.Date(2020, 2, 3, 0, 0, 0, 0, time.UTC), u.PasswordUpdated)
	owner, err := s.Memberships.OwnerOf(ctx, organization)
	require.NoError(t, err)
	require.Nil(t, owner, "managers do not become owners")
	o := &tenancy.Owner{ID: wispwright.NewID(), OrganizationID: organization, MembershipID: membership, Created: then, Modified: then}
	for _, want := range []string{"add", ""} {
		action, err := s.Memberships.RestoreOwner(ctx, o)
		require.NoError(t, err)
		require.Equal(t, want, action)
	}
	// another group has the number
	taken := &tenancy.Group{ID: 40, Name: "others"}
	action, err := s.Groups.Restore(ctx, taken)
	require.NoError(t, err)
	require.Equal(t, "add", action)
	require.NotEqualValues(t, 40, taken.ID)
}

func TestRestoreRefusesWhatOthersHave(t *testing.T) {
	s, ctx := newTenancy(t, nil), t.Context()
	anna := &tenancy.User{Username: "anna", Email: "anna@example.org", IsActive: true}
	require.NoError(t, s.Users.Create(ctx, anna, ""))
	_, err := s.Tokens.Set(ctx, anna.ID, "annas")
	require.NoError(t, err)
	ben := wispwright.NewID()
	for _, u := range []tenancy.User{{ID: ben, Username: "anna"}, {ID: ben, Username: "ben", Email: "ANNA@example.org"}, {ID: ben, Username: "b e n"}} {
		_, err := s.Users.Restore(ctx, &u)
		var invalid *wispwright.ValidationError
		require.ErrorAs(t, err, &invalid, u.Username)
	}
	_, err = s.Users.Restore(ctx, &tenancy.User{ID: ben, Username: "ben"})
	require.NoError(t, err)
	_, err = s.Tokens.Restore(ctx, &tenancy.Token{UserID: ben, Key: "annas"})
	require.ErrorContains(t, err, "already exists")
	require.NotContains(t, err.Error(), "annas")
	_, err = s.Tokens.Restore(ctx, &tenancy.Token{UserID: ben})
	require.ErrorContains(t, err, "between 1 and 40")
	_, err = s.Emails.Restore(ctx, &tenancy.Email{UserID: ben, Address: "anna@example.org", IsVerified: true})
	require.ErrorContains(t, err, "already exists")
	_, err = s.Memberships.Restore(ctx, &tenancy.Membership{ID: wispwright.NewID(), UserID: ben, OrganizationID: wispwright.NewID()})
	require.ErrorContains(t, err, "organization")
}
