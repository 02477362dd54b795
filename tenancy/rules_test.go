package tenancy_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

func newTenancy(t *testing.T, o *tenancy.Options) *tenancy.Tenancy {
	t.Helper()
	m, stores := tenancy.NewMemory()
	if o == nil {
		o = &tenancy.Options{}
	}
	o.Hasher = password.Hasher{Iterations: 1}
	c, err := tenancy.New(m, stores, o)
	require.NoError(t, err)
	return c
}

func TestLogInByPhoneNumber(t *testing.T) {
	for _, c := range []struct {
		identifier string
		prefixes   []string
		found      bool
	}{
		{"+393665243702", nil, true},
		{"+39 366.52 43-702", nil, true},
		{"3665243702", nil, false},
		{"3665243702", []string{"+39"}, true},
		{"03665243702", []string{"+39"}, true},
		{"3665243702", []string{"+1", "+39"}, true},
		{"3665243702", []string{"+44"}, false},
	} {
		s := newTenancy(t, &tenancy.Options{PhonePrefixes: c.prefixes})
		ctx := context.Background()
		u := &tenancy.User{Username: "u", Email: "u@example.org", PhoneNumber: "+39 366 5243702", IsActive: true}
		require.NoError(t, s.Users.Create(ctx, u, "secret"))
		require.Equal(t, "+393665243702", u.PhoneNumber)
		got, err := s.Login.Authenticate(ctx, c.identifier, "secret")
		require.NoError(t, err)
		require.Equal(t, c.found, got != nil, c)
	}
}

func TestWhoSharesAnIdentifier(t *testing.T) {
	s, ctx := newTenancy(t, nil), context.Background()
	byName := &tenancy.User{Username: "+393665243702", Email: "one@example.org", IsActive: true}
	byPhone := &tenancy.User{Username: "two", Email: "two@example.org", PhoneNumber: "+393665243702", IsActive: true}
	off := &tenancy.User{Username: "three@example.org", Email: "x@example.org"}
	byMail := &tenancy.User{Username: "four", Email: "three@example.org", IsActive: true}
	for _, u := range []*tenancy.User{byName, byPhone, off, byMail} {
		require.NoError(t, s.Users.Create(ctx, u, "secret"))
	}
	got, err := s.Login.Authenticate(ctx, "+393665243702", "secret")
	require.NoError(t, err)
	require.Equal(t, byPhone.ID, got.ID, "the number goes before the name")
	got, err = s.Login.Authenticate(ctx, "three@example.org", "secret")
	require.NoError(t, err)
	require.Equal(t, byMail.ID, got.ID)
	got, err = s.Login.Authenticate(ctx, "+39 366 5243702", "secret")
	require.NoError(t, err)
	require.Equal(t, byPhone.ID, got.ID)
	require.NoError(t, s.Users.Delete(ctx, wispwright.ScopeAll(), byPhone.ID))
	got, err = s.Login.Authenticate(ctx, "+39 366 5243702", "secret")
	require.NoError(t, err)
	require.Nil(t, got, "a name is compared exactly, also when it is a number")
}

func TestFirstTokenRequestsAtOnceGetTheSame(t *testing.T) {
	s, ctx := newTenancy(t, nil), context.Background()
	u := &tenancy.User{Username: "u", Email: "u@example.org", IsActive: true}
	require.NoError(t, s.Users.Create(ctx, u, "secret"))
	var wg sync.WaitGroup
	keys := make([]string, 8)
	for i := range keys {
		wg.Go(func() {
			token, err := s.Tokens.For(ctx, u.ID)
			require.NoError(t, err)
			keys[i] = token.Key.Reveal()
		})
	}
	wg.Wait()
	require.Len(t, slices.Compact(keys), 1)
	require.Len(t, keys[0], 40)
}

func TestUserFaults(t *testing.T) {
	s, ctx := newTenancy(t, nil), context.Background()
	require.NoError(t, s.Users.Create(ctx, &tenancy.User{Username: "taken", Email: "taken@example.org", PhoneNumber: "+393665243702"}, "x"))
	for _, c := range []struct {
		user tenancy.User
		path string
		want string
	}{
		{tenancy.User{Username: "taken", Email: "a@example.org"}, "username", "A user with that username already exists."},
		{tenancy.User{Username: "a", Email: "Taken@example.org"}, "email", "User with this Email address already exists."},
		{tenancy.User{Username: "a", PhoneNumber: "+39 366 5243702"}, "phone_number", "user with this phone number already exists."},
		{tenancy.User{Username: "a", PhoneNumber: "+39 1"}, "phone_number", "The phone number entered is not valid."},
		{tenancy.User{Username: "a", PhoneNumber: "3665243702"}, "phone_number", "The phone number entered is not valid."},
		{tenancy.User{Username: "a b"}, "username", "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."},
		{tenancy.User{Username: strings.Repeat("a", 151)}, "username", "Ensure this value has at most 150 characters (it has 151)."},
		{tenancy.User{Username: "a", Email: "no address"}, "email", "Enter a valid email address."},
		{tenancy.User{Username: "a", URL: "javascript:alert(1)"}, "url", "Enter a valid URL."},
	} {
		err := s.Users.Create(ctx, &c.user, "x")
		var v *wispwright.ValidationError
		require.ErrorAs(t, err, &v, c.want)
		require.Equal(t, []wispwright.FieldError{{Path: c.path, Messages: []string{c.want}}}, v.Fields)
	}
	users, err := s.Users.List(ctx, wispwright.ScopeAll(), tenancy.UserFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 1, users.Total, "nothing was stored")
}

// TestDefaultGroups checks the table of spec: tenancy §3 for the models of
// this package, and that other concerns add theirs.
func TestDefaultGroups(t *testing.T) {
	s, ctx := newTenancy(t, &tenancy.Options{Models: []wispwright.Model{
		{App: "config", Name: "device", Label: "Device", Operator: "ACD", Administrator: "ACD"},
		{App: "config", Name: "vpn", Label: "VPN server", Operator: "V", Administrator: "ACD"},
	}}), context.Background()
	require.NoError(t, s.Groups.EnsureDefaults(ctx))
	for name, want := range map[string][]wispwright.Permission{
		tenancy.OperatorGroup: {"config.add_device", "config.change_device", "config.delete_device", "config.view_vpn", "openwisp_users.view_organization"},
		tenancy.AdministratorGroup: {
			"account.change_emailaddress", "account.delete_emailaddress", "account.view_emailaddress",
			"config.add_device", "config.add_vpn", "config.change_device", "config.change_vpn", "config.delete_device", "config.delete_vpn",
			"openwisp_users.add_apikey", "openwisp_users.add_organizationuser", "openwisp_users.add_user", "openwisp_users.change_apikey", "openwisp_users.change_organization",
			"openwisp_users.change_organizationowner", "openwisp_users.change_organizationuser", "openwisp_users.change_user",
			"openwisp_users.delete_apikey", "openwisp_users.delete_organizationuser", "openwisp_users.delete_user", "openwisp_users.view_apikey", "openwisp_users.view_group",
			"openwisp_users.view_organizationuser", "openwisp_users.view_user",
		},
	} {
		g, err := s.Groups.ByName(ctx, name)
		require.NoError(t, err)
		require.Equal(t, want, g.Permissions)
	}
	_, err := s.Groups.Update(ctx, wispwright.ScopeAll(), 1, func(g *tenancy.Group) error { g.Permissions = nil; return nil })
	require.NoError(t, err)
	require.NoError(t, s.Groups.EnsureDefaults(ctx))
	g, err := s.Groups.ByName(ctx, tenancy.OperatorGroup)
	require.NoError(t, err)
	require.Empty(t, g.Permissions, "what people changed is never reset")
}
