package radius_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/radiustest"
)

func TestNewWantsEverything(t *testing.T) {
	s := memory(t)
	base := &entity.Base{Tx: s.Tx, Tenants: entity.NoTenants{}}
	people := &radiustest.People{}
	_, err := radius.New(nil, s.Stores, people, people.Organizations(), nil)
	require.ErrorContains(t, err, "transactor")
	_, err = radius.New(base, s.Stores, nil, people.Organizations(), nil)
	require.ErrorContains(t, err, "accounts")
	s.Stores.Sessions = nil
	_, err = radius.New(base, s.Stores, people, people.Organizations(), nil)
	require.ErrorContains(t, err, "Sessions")
}

func TestGroups(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	for name, tt := range map[string]struct {
		group radius.Group
		fault string
	}{
		"no name":         {radius.Group{OrganizationID: w.Alpha}, "name: This field cannot be blank."},
		"no organization": {radius.Group{Name: "x"}, "organization: This field cannot be blank."},
		"too long":        {radius.Group{OrganizationID: w.Alpha, Name: strings.Repeat("x", 59)}, "name: Ensure this value has at most 64 characters (it has 65)."},
		"long words":      {radius.Group{OrganizationID: w.Alpha, Name: "x", Description: strings.Repeat("x", 65)}, "description: Ensure"},
		"taken":           {radius.Group{OrganizationID: w.Alpha, Name: "users"}, "name: Group with this group name already exists."},
		"unknown":         {radius.Group{OrganizationID: wispwright.NewID(), Name: "x"}, "organization: Invalid pk"},
	} {
		require.ErrorContains(t, w.Groups.Create(ctx, &tt.group), tt.fault, name)
	}
	users, err := w.Groups.Default(ctx, w.Alpha)
	require.NoError(t, err)
	_, err = w.Groups.Update(ctx, everywhere(), users.ID, func(g *radius.Group) error { g.IsDefault = false; return nil })
	require.ErrorContains(t, err, "There must be at least one default group")
	require.ErrorContains(t, w.Groups.Delete(ctx, everywhere(), users.ID), "The default group cannot be deleted")
	renamed, err := w.Groups.Update(ctx, everywhere(), users.ID, func(g *radius.Group) error { g.Name = "people"; return nil })
	require.NoError(t, err)
	require.Equal(t, "alpha-people", renamed.Name)
	w.Tenants[0].Slug = "omega"
	require.NoError(t, w.Groups.Renamed(ctx, w.Alpha, "alpha", "omega"))
	checks, err := w.GroupChecks.List(ctx, everywhere(), radius.GroupAttributeFilter{GroupID: users.ID}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, checks.Rows, 2)
	m, err := w.Memberships.Of(ctx, w.Accounts[0].ID, w.Alpha)
	require.NoError(t, err)
	require.Equal(t, []string{"omega-people", "omega-people"}, []string{checks.Rows[0].GroupName, m.GroupName}, "what FreeRADIUS reads follows")
	require.NoError(t, w.Groups.DeleteDefault(ctx, wispwright.ScopeOf(w.Alpha), users.ID))
	require.ErrorIs(t, w.Groups.DeleteDefault(ctx, wispwright.ScopeOf(w.Alpha), users.ID), wispwright.ErrNotFound)
}

func TestGroupAttributesAndMembers(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	users, err := w.Groups.Default(ctx, w.Alpha)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		attribute radius.GroupAttribute
		fault     string
	}{
		"no group":      {radius.GroupAttribute{Attribute: "X", Value: "1"}, "groupname: This field cannot be blank.; group: This field cannot be blank."},
		"unknown group": {radius.GroupAttribute{GroupID: wispwright.NewID(), Attribute: "X", Value: "1"}, "group: Invalid pk"},
		"operator":      {radius.GroupAttribute{GroupID: users.ID, Attribute: "X", Op: "<>", Value: "1"}, `op: "<>" is not a valid choice.`},
		"no value":      {radius.GroupAttribute{GroupID: users.ID, Attribute: "X"}, "value: This field cannot be blank."},
		"twice":         {radius.GroupAttribute{GroupID: users.ID, Attribute: "Max-Daily-Session", Value: "1"}, "Another group check for the same group and with the same attribute already exists."},
	} {
		require.ErrorContains(t, w.GroupChecks.Create(ctx, &tt.attribute), tt.fault, name)
	}
	require.ErrorContains(t, w.GroupReplies.Create(ctx, &radius.GroupAttribute{GroupID: users.ID, Attribute: "X", Op: "==", Value: "1"}), `"==" is not a valid choice.`)
	reply := &radius.GroupAttribute{GroupID: users.ID, Attribute: "X", Value: "1"}
	require.NoError(t, w.GroupReplies.Create(ctx, reply))
	require.Equal(t, []any{"=", "alpha-users", w.Alpha}, []any{reply.Op, reply.GroupName, reply.OrganizationID})

	ann, eve := w.Accounts[0].ID, w.Accounts[2].ID
	require.ErrorContains(t, w.Memberships.Create(ctx, &radius.Membership{UserID: ann, GroupID: users.ID}), "already exists")
	require.ErrorContains(t, w.Memberships.Create(ctx, &radius.Membership{UserID: eve, GroupID: users.ID}), "group: Invalid pk")
	require.ErrorContains(t, w.Memberships.Create(ctx, &radius.Membership{UserID: ann}), "group: This field cannot be blank.")
	require.ErrorContains(t, w.Memberships.Create(ctx, &radius.Membership{UserID: ann, GroupID: users.ID, Priority: -1}), "priority")
	require.NoError(t, w.Memberships.Joined(ctx, w.Alpha, ann), "nothing to do")
}

func TestAttributes(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	ann := w.Accounts[0]
	made := &radius.Attribute{OrganizationID: w.Alpha, Username: "ann", Attribute: "NT-Password", Value: "8846F7EAEE8FB117AD06BDD830B7586C"}
	require.NoError(t, w.Checks.Create(ctx, made))
	require.Equal(t, []any{ann.ID, ":="}, []any{made.UserID, made.Op}, "the account of the name")
	byUser := &radius.Attribute{OrganizationID: w.Alpha, UserID: ann.ID, Attribute: "X", Value: "1"}
	require.NoError(t, w.Replies.Create(ctx, byUser))
	require.Equal(t, []string{"ann", "="}, []string{byUser.Username, byUser.Op})
	require.NoError(t, w.Checks.Create(ctx, &radius.Attribute{OrganizationID: w.Alpha, Username: "printer", Attribute: "X", Value: "1"}), "FreeRADIUS knows names without account")
	for name, tt := range map[string]struct {
		attribute radius.Attribute
		fault     string
	}{
		"nobody":               {radius.Attribute{OrganizationID: w.Alpha, Attribute: "X", Value: "1"}, "username: This field cannot be blank.; user: This field cannot be blank."},
		"no organization":      {radius.Attribute{Username: "printer", Attribute: "X", Value: "1"}, "organization: This field cannot be blank."},
		"another organization": {radius.Attribute{OrganizationID: w.Alpha, Username: "eve", Attribute: "X", Value: "1"}, "organization: The user is not a member of this organization"},
		"unknown user":         {radius.Attribute{OrganizationID: w.Alpha, UserID: wispwright.NewID(), Attribute: "X", Value: "1"}, "user: Invalid pk"},
		"twice":                {*made, "Another check for the same user and with the same attribute already exists."},
		"operator":             {radius.Attribute{OrganizationID: w.Alpha, Username: "printer", Attribute: "Y", Op: "~", Value: "1"}, "op:"},
		"long":                 {radius.Attribute{OrganizationID: w.Alpha, Username: "printer", Attribute: "Y", Value: strings.Repeat("x", 254)}, "value: Ensure"},
	} {
		tt.attribute.ID = wispwright.ID{}
		require.ErrorContains(t, w.Checks.Create(ctx, &tt.attribute), tt.fault, name)
	}
	moved, err := w.Checks.Update(ctx, everywhere(), made.ID, func(a *radius.Attribute) error { a.Username = "bob"; return nil })
	require.NoError(t, err)
	require.Equal(t, w.Accounts[1].ID, moved.UserID)
	require.NoError(t, w.Radius.Renamed(ctx, ann.ID, "anna"))
	reply, err := w.Replies.Get(ctx, everywhere(), byUser.ID)
	require.NoError(t, err)
	require.Equal(t, "anna", reply.Username)
	require.NoError(t, w.ForgetUser(ctx, ann.ID))
	_, err = w.Replies.Get(ctx, everywhere(), byUser.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}

func TestAccessServers(t *testing.T) {
	w := radiustest.New(t, memory(t), &radius.Options{NASTypes: []string{"Toaster"}})
	make := func(name string) *radius.NAS {
		return &radius.NAS{OrganizationID: w.Alpha, Name: name, ShortName: "x", Secret: "testing123"}
	}
	wide, narrow, host, six := make("10.0.0.0/8"), make("10.1.0.0/16"), make("nas.example.org"), make("2001:db8::/32")
	for _, n := range []*radius.NAS{wide, narrow, host, six} {
		require.NoError(t, w.NASes.Create(ctx, n))
		require.Empty(t, n.PlainSecret)
	}
	for address, want := range map[string]*radius.NAS{"10.9.0.1": wide, "10.1.2.3": narrow, "2001:db8::9": six, "::ffff:10.1.2.3": narrow} {
		n, err := w.NASes.At(ctx, w.Alpha, netip.MustParseAddr(address))
		require.NoError(t, err)
		require.Equal(t, want.Name, n.Name, address)
	}
	_, err := w.NASes.At(ctx, w.Beta, netip.MustParseAddr("10.1.2.3"))
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	for fault, change := range map[string]func(*radius.NAS){
		"name: Enter an IP address, a network or a host name.": func(n *radius.NAS) { n.Name = "10.0.0.0/99; x" },
		`type: "Kettle" is not a valid choice.`:                func(n *radius.NAS) { n.Type = "Kettle" },
		"secret: This field cannot be blank.":                  func(n *radius.NAS) { n.Secret = "" },
		"short_name: This field cannot be blank.":              func(n *radius.NAS) { n.ShortName = "" },
		"ports: Ensure": func(n *radius.NAS) { n.Ports = ptr(int64(-1)) },
		"organization: This field cannot be blank.": func(n *radius.NAS) { n.OrganizationID = wispwright.ID{} },
	} {
		n := make("10.0.0.1")
		change(n)
		require.ErrorContains(t, w.NASes.Create(ctx, n), fault)
	}
	toaster := make("10.0.0.1")
	toaster.Type = "Toaster"
	require.NoError(t, w.NASes.Create(ctx, toaster))
	require.Equal(t, "Toaster", w.NASes.Types()[0])

	open := radiustest.New(t, memory(t), &radius.Options{PlainSecrets: true})
	n := make("10.0.0.1")
	require.NoError(t, open.NASes.Create(ctx, n))
	require.Equal(t, "testing123", n.PlainSecret)
}

func TestGate(t *testing.T) {
	w := radiustest.New(t, memory(t), &radius.Options{Defaults: radius.Defaults{AllowedHosts: []string{"192.0.2.1", "broken"}}})
	set, err := w.Settings.Of(ctx, everywhere(), w.Alpha)
	require.NoError(t, err)
	require.Len(t, set.Token.Reveal(), 32)
	in, err := w.Settings.ByToken(ctx, w.Alpha, set.Token.Reveal())
	require.NoError(t, err)
	require.NoError(t, in.Admit("192.0.2.1"))
	require.EqualError(t, in.Admit("192.0.2.2"), "Request rejected: (broken) in organization settings or settings.py is not a valid IP address. Please contact administrator.")
	for name, try := range map[string]func() (radius.InForce, error){
		"wrong":   func() (radius.InForce, error) { return w.Settings.ByToken(ctx, w.Alpha, "wrong") },
		"empty":   func() (radius.InForce, error) { return w.Settings.ByToken(ctx, w.Alpha, "") },
		"another": func() (radius.InForce, error) { return w.Settings.ByToken(ctx, w.Beta, set.Token.Reveal()) },
		"none":    func() (radius.InForce, error) { return w.Settings.ByToken(ctx, wispwright.ID{}, set.Token.Reveal()) },
		"unknown": func() (radius.InForce, error) { return w.Settings.ByToken(ctx, wispwright.NewID(), set.Token.Reveal()) },
	} {
		_, err := try()
		require.ErrorIs(t, err, wispwright.ErrForbidden, name)
		require.EqualError(t, err, "Token authentication failed", name)
	}
	_, err = w.Settings.Update(ctx, everywhere(), set.ID, func(s *radius.Settings) error {
		s.AllowedHosts = ptr("10.0.0.0/8,2001:db8::1")
		s.Token = "renewed"
		return nil
	})
	require.NoError(t, err)
	in, err = w.Settings.ByToken(ctx, w.Alpha, "renewed")
	require.NoError(t, err, "what was remembered is forgotten")
	for address, ok := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "2001:db8::1": true, "192.0.2.1": false, "2001:db8::2": false, "": false, "nonsense": false} {
		require.Equal(t, ok, in.Admit(address) == nil, address)
	}
	require.EqualError(t, in.Admit("192.0.2.1"), "Request rejected: Client IP address (192.0.2.1) is not in the list of IP addresses allowed to consume the freeradius API.")
	w.Tenants[0].IsActive = false
	require.NoError(t, w.Settings.Forget(ctx, w.Alpha))
	_, err = w.Settings.ByToken(ctx, w.Alpha, "renewed")
	require.EqualError(t, err, "Token authentication failed", "switched off")
	_, err = w.Settings.Active(ctx, w.Alpha)
	require.ErrorIs(t, err, wispwright.ErrForbidden)
}

func TestSettings(t *testing.T) {
	w := radiustest.New(t, memory(t), &radius.Options{Defaults: radius.Defaults{RegistrationEnabled: true, PasswordResetURL: "https://{site}/{uid}/{token}"}})
	set, err := w.Settings.Of(ctx, everywhere(), w.Alpha)
	require.NoError(t, err)
	after, err := w.Settings.Update(ctx, everywhere(), set.ID, func(s *radius.Settings) error {
		s.RegistrationEnabled, s.MACRoaming, s.FirstName, s.PasswordResetURL = ptr(true), ptr(true), ptr("disabled"), ptr("https://{site}/x/{uid}/{token}")
		return nil
	})
	require.NoError(t, err)
	require.Nil(t, after.RegistrationEnabled, "as everywhere")
	require.Nil(t, after.FirstName)
	in, err := w.Settings.Effective(ctx, w.Alpha)
	require.NoError(t, err)
	require.Equal(t, []any{true, true, false, "disabled", "https://{site}/x/{uid}/{token}", "alpha"},
		[]any{in.RegistrationEnabled, in.MACRoaming, in.CoAEnabled, in.FirstName, in.PasswordResetURL, in.Organization.Slug})
	general, err := w.Settings.Effective(ctx, wispwright.ID{})
	require.NoError(t, err)
	require.False(t, general.MACRoaming)
	for fault, change := range map[string]func(*radius.Settings){
		"token: This value must not contain spaces, dots or slashes.": func(s *radius.Settings) { s.Token = "a.b" },
		"token: Ensure this value":                                    func(s *radius.Settings) { s.Token = wispwright.Secret(strings.Repeat("x", 33)) },
		"freeradius_allowed_hosts: Invalid input.":                    func(s *radius.Settings) { s.AllowedHosts = ptr("127.0.0.1, 10.0.0.1") },
		"freeradius_allowed_hosts: Cannot be empty":                   func(s *radius.Settings) { s.AllowedHosts = ptr("") },
		"login_url: Enter a valid URL.":                               func(s *radius.Settings) { s.LoginURL = "here" },
		"password_reset_url: The URL must contain":                    func(s *radius.Settings) { s.PasswordResetURL = ptr("https://example.com/{uid}") },
		`location: "perhaps" is not a valid choice.`:                  func(s *radius.Settings) { s.Location = ptr("perhaps") },
	} {
		_, err := w.Settings.Update(ctx, everywhere(), set.ID, func(s *radius.Settings) error { change(s); return nil })
		require.ErrorContains(t, err, fault)
	}
	require.ErrorContains(t, w.Settings.Create(ctx, &radius.Settings{OrganizationID: w.Alpha}), "already exists")
}

func TestAnswersAreKept(t *testing.T) {
	w := radiustest.New(t, memory(t), nil)
	long := strings.Repeat("ü", 128)
	for reply, want := range map[string]string{"Access-Accept": "", "Access-Reject": strings.Repeat("ü", 63) + "…"} {
		p := &radius.PostAuth{OrganizationID: w.Alpha, Username: "ann", Password: long, Reply: reply}
		require.NoError(t, w.PostAuths.Record(ctx, p))
		stored, err := w.PostAuths.Get(ctx, wispwright.ScopeOf(w.Alpha), p.ID)
		require.NoError(t, err)
		require.Equal(t, []any{want, w.Now}, []any{stored.Password, stored.Date})
	}
	n, err := w.PostAuths.Prune(ctx, -time.Second)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	private := radiustest.New(t, memory(t), &radius.Options{NoRejectedPasswords: true})
	p := &radius.PostAuth{OrganizationID: private.Alpha, Username: "ann", Password: "secret", Reply: "Access-Reject"}
	require.NoError(t, private.PostAuths.Record(ctx, p))
	require.Empty(t, p.Password)
}
