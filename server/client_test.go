package server_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/client"
	"github.com/wispwright/wispwright/client/api"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// clientOf is a client of a server that listens, as somebody of the recorded
// data.
func clientOf(t *testing.T, s *server.Server, who string) *client.Client {
	t.Helper()
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	c, err := client.New(listening.URL, client.Options{Token: wispwright.Secret(strings.Repeat(who, 40))})
	require.NoError(t, err)
	return c
}

// managed are the operations that every kind has that somebody manages.
type managed[Item, Detail, In, Change any] struct {
	t     *testing.T
	list  client.Lister[Item]
	get   client.Getter[Detail]
	make  client.Creator[In, Item]
	alter client.Changer[Change, Detail]
	del   client.Deleter
}

// through makes, finds, reads, changes and deletes an object; same tells
// whether one that was read has the name.
func (m managed[Item, Detail, In, Change]) through(in In, change Change, id func(*Item) string, changed func(*Detail) bool) string {
	m.t.Helper()
	ctx := m.t.Context()
	made, err := m.make.Create(ctx, in)
	require.NoError(m.t, err)
	key := id(made)
	require.NotEmpty(m.t, key)
	found := 0
	for o, err := range m.list.Each(ctx, url.Values{"page_size": {"1"}}) {
		require.NoError(m.t, err)
		if id(o) == key {
			found++
		}
	}
	require.Equal(m.t, 1, found, "among pages of one")
	read, tag, err := m.get.GetTagged(ctx, key)
	require.NoError(m.t, err)
	require.False(m.t, changed(read))
	after, err := m.alter.Change(ctx, key, change)
	require.NoError(m.t, err)
	require.True(m.t, changed(after))
	if tag != "" {
		_, err = m.alter.ChangeTagged(ctx, key, tag, change)
		var e *client.Error
		require.ErrorAs(m.t, err, &e)
		require.Equal(m.t, 412, e.Status)
	}
	return key
}

func (m managed[Item, Detail, In, Change]) gone(key string) {
	m.t.Helper()
	require.NoError(m.t, m.del.Delete(m.t.Context(), key))
	_, err := m.get.Get(m.t.Context(), key)
	require.ErrorIs(m.t, err, wispwright.ErrNotFound)
	require.ErrorIs(m.t, m.del.Delete(m.t.Context(), key), wispwright.ErrNotFound)
}

// TestClientManages: the typed client makes, finds, reads, changes and deletes
// what the command line and other programs manage.
func TestClientManages(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := newServer(t, db, nil)
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
		c := clientOf(t, s, "a")
		id := func(v wispwright.ID) string { return v.String() }

		o := api.UsersOrganizations(c)
		organizations := managed[api.TenancyOrganization, api.TenancyOrganizationDetail, api.TenancyOrganizationIn, api.TenancyOrganizationDetailIn]{t, o.Lister, o.Getter, o.Creator, o.Changer, o.Deleter}
		org := organizations.through(api.TenancyOrganizationIn{Name: client.Set("Gamma"), Slug: client.Set("gamma")}, api.TenancyOrganizationDetailIn{Description: client.Set("third")},
			func(o *api.TenancyOrganization) string { return id(o.ID) }, func(o *api.TenancyOrganizationDetail) bool { return o.Description == "third" })
		orgID, err := wispwright.ParseID(org)
		require.NoError(t, err)

		tp := api.ControllerTemplates(c)
		templates := managed[api.ControllerTemplate, api.ControllerTemplate, api.ControllerTemplateIn, api.ControllerTemplateIn]{t, tp.Lister, tp.Getter, tp.Creator, tp.Changer, tp.Deleter}
		template := templates.through(api.ControllerTemplateIn{Name: client.Set("wifi"), Organization: client.Set(orgID), Backend: client.Set("netjsonconfig.OpenWrt"), Config: client.Set(wispwright.JSON(`{"general":{"timezone":"UTC"}}`))},
			api.ControllerTemplateIn{Config: client.Set(wispwright.JSON(`{"general":{"timezone":"Europe/Rome"}}`))},
			func(o *api.ControllerTemplate) string { return id(o.ID) }, func(o *api.ControllerTemplate) bool { return strings.Contains(string(o.Config), "Rome") })
		templateID, err := wispwright.ParseID(template)
		require.NoError(t, err)

		g := api.ControllerGroups(c)
		groups := managed[api.ControllerGroup, api.ControllerGroup, api.ControllerGroupIn, api.ControllerGroupIn]{t, g.Lister, g.Getter, g.Creator, g.Changer, g.Deleter}
		group := groups.through(api.ControllerGroupIn{Name: client.Set("roofs"), Organization: client.Set(orgID), Templates: client.Set([]wispwright.ID{templateID})},
			api.ControllerGroupIn{MetaData: client.Set(wispwright.JSON(`{"floor":9}`))},
			func(o *api.ControllerGroup) string { return id(o.ID) }, func(o *api.ControllerGroup) bool { return strings.Contains(string(o.MetaData), "9") })
		groupID, err := wispwright.ParseID(group)
		require.NoError(t, err)

		d := api.ControllerDevices(c)
		devices := managed[api.ControllerDevice, api.ControllerDeviceDetail, api.ControllerDeviceIn, api.ControllerDeviceDetailIn]{t, d.Lister, d.Getter, d.Creator, d.Changer, d.Deleter}
		device := devices.through(api.ControllerDeviceIn{Name: client.Set("roof-1"), Organization: client.Set(orgID), MACAddress: client.Set("02:00:00:00:cc:01"), Group: client.Set(groupID)},
			api.ControllerDeviceDetailIn{Notes: client.Set("on the roof"), Config: client.Set(api.ControllerConfigIn{
				Backend: client.Set("netjsonconfig.OpenWrt"), Templates: client.Set([]wispwright.ID{templateID}), Context: client.Set(wispwright.JSON(`{}`)), Config: client.Set(wispwright.JSON(`{"general":{"hostname":"roof"}}`))})},
			func(o *api.ControllerDevice) string { return id(o.ID) },
			func(o *api.ControllerDeviceDetail) bool {
				return o.Config != nil && strings.Contains(string(o.Config.Config), "roof") && len(o.Config.Templates) == 1
			})
		moved, err := d.Change(t.Context(), device, api.ControllerDeviceDetailIn{Group: client.Null[wispwright.ID]()})
		require.NoError(t, err)
		require.True(t, moved.Group.IsZero(), "null is sent, absent is not")
		require.Equal(t, "on the roof", moved.Notes)

		u := api.UsersUsers(c)
		users := managed[api.TenancyUser, api.TenancyUserDetail, api.TenancyUserIn, api.TenancyUserDetailIn]{t, u.Lister, u.Getter, u.Creator, u.Changer, u.Deleter}
		user := users.through(api.TenancyUserIn{Username: client.Set("gina"), Email: client.Set("gina@example.org"), Password: client.Set("gina-Passw0rd"),
			OrganizationUsers: client.Set(api.TenancyMembershipIn{Organization: client.Set(orgID), IsAdmin: client.Set(true)})},
			api.TenancyUserDetailIn{BirthDate: client.Set("1990-02-03")},
			func(o *api.TenancyUser) string { return id(o.ID) }, func(o *api.TenancyUserDetail) bool { return o.BirthDate != nil && *o.BirthDate == "1990-02-03" })

		subnet, err := api.IpamSubnets(c).Create(t.Context(), api.IpamSubnetIn{Name: client.Set("tunnels"), Subnet: client.Set("10.77.0.0/24"), Organization: client.Set(orgID)})
		require.NoError(t, err)
		v := api.ControllerVPNs(c)
		vpns := managed[api.VpnServer, api.VpnServer, api.VpnServerIn, api.VpnServerIn]{t, v.Lister, v.Getter, v.Creator, v.Changer, v.Deleter}
		vpn := vpns.through(api.VpnServerIn{Name: client.Set("hub"), Host: client.Set("hub.example.org"), Organization: client.Set(orgID), Backend: client.Set("openwisp_controller.vpn_backends.Wireguard"),
			Subnet: client.Set(subnet.ID), Config: client.Set(wispwright.JSON(`{"wireguard":[{"name":"wg0","port":51820}]}`))},
			api.VpnServerIn{Notes: client.Set("in the cellar")},
			func(o *api.VpnServer) string { return id(o.ID) }, func(o *api.VpnServer) bool { return o.Notes == "in the cellar" })

		vpns.gone(vpn)
		users.gone(user)
		require.NoError(t, c.Do(t.Context(), "POST", "/api/v1/controller/device/"+device+"/deactivate/", nil, nil))
		var waits *client.Error // for the agent, which is to take its configuration away
		require.ErrorAs(t, d.Delete(t.Context(), device), &waits)
		require.Equal(t, 403, waits.Status)
		require.NoError(t, c.Do(t.Context(), "DELETE", "/api/v1/controller/device/"+device+"/?force=true", nil, nil))
		_, err = devices.get.Get(t.Context(), device)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		groups.gone(group)
		templates.gone(template)
		require.NoError(t, api.IpamSubnets(c).Delete(t.Context(), subnet.ID.String()))
		organizations.gone(org)
	})
}

// TestClientErrors: what the server refuses comes as values.
func TestClientErrors(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	ids := identifiers(t, s)
	root, manager, nobody := clientOf(t, s, "a"), clientOf(t, s, "b"), clientOf(t, s, "z")
	_, err := api.UsersOrganizations(nobody).Page(t.Context(), nil)
	require.ErrorIs(t, err, wispwright.ErrUnauthenticated)
	_, err = api.UsersOrganizations(manager).Get(t.Context(), ids["org_beta"])
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	_, err = api.ControllerTemplates(root).Create(t.Context(), api.ControllerTemplateIn{Name: client.Set(strings.Repeat("x", 65)), Backend: client.Set("netjsonconfig.OpenWrt")})
	var e *client.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 400, e.Status)
	require.NotEmpty(t, e.Fields["name"])
	require.NotEmpty(t, e.Fields["organization"])
	_, err = api.ControllerDevices(root).Create(t.Context(), api.ControllerDeviceIn{Name: client.Set("d"), MACAddress: client.Set("02:00:00:00:cc:02"), Organization: client.Set(wispwright.ID{1}),
		Config: client.Set(api.ControllerConfigIn{Backend: client.Set("nothing")})})
	require.ErrorAs(t, err, &e)
	require.Contains(t, e.Error(), "config.")
}

// same fails unless what was read of a list and written again says what the
// server said.
func same[T any](t *testing.T, l client.Lister[T]) {
	t.Helper()
	query := url.Values{"page_size": {"100"}}
	raw, err := client.Lister[wispwright.JSON](l).Page(t.Context(), query)
	require.NoError(t, err, l.Path)
	require.NotEmpty(t, raw.Results, "%s: nothing was compared", l.Path)
	read, err := l.Page(t.Context(), query)
	require.NoError(t, err, l.Path)
	require.Len(t, read.Results, len(raw.Results))
	for i := range read.Results {
		again, err := json.Marshal(read.Results[i])
		require.NoError(t, err)
		var want, have any
		require.NoError(t, raw.Results[i].Decode(&want))
		require.NoError(t, json.Unmarshal(again, &have))
		require.Equal(t, spelledOnce(want), spelledOnce(have), l.Path)
	}
}

// spelledOnce takes away what has several spellings: null for what is not there, and
// times.
func spelledOnce(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			if inner = spelledOnce(inner); inner == nil {
				delete(v, k)
			} else {
				v[k] = inner
			}
		}
	case []any:
		for i := range v {
			v[i] = spelledOnce(v[i])
		}
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return at.UTC().String()
		}
	}
	return v
}

// TestClientKnowsEveryField: the types lose nothing of what the server says.
func TestClientKnowsEveryField(t *testing.T) {
	v := newVictim(t)
	c := clientOf(t, v.s, "a")
	same(t, api.AuditEvents(c).Lister)
	same(t, api.ControllerBatchCommands(c).Lister)
	same(t, api.ControllerBatchCommandCommands(c, v.ids["batch"]).Lister)
	same(t, api.ControllerCAs(c).Lister)
	same(t, api.ControllerCerts(c).Lister)
	same(t, api.ControllerCredentials(c).Lister)
	same(t, api.ControllerDevices(c).Lister)
	same(t, api.ControllerDeviceTasks(c).Lister)
	same(t, api.ControllerDeviceCommands(c, v.ids["device"]).Lister)
	same(t, api.ControllerDeviceConnections(c, v.ids["device"]).Lister)
	same(t, api.ControllerDeviceVersions(c, v.ids["device"]).Lister)
	same(t, api.ControllerFloorplans(c).Lister)
	same(t, api.ControllerGroups(c).Lister)
	same(t, api.ControllerLocations(c).Lister)
	same(t, api.ControllerSubnetDivisionRules(c).Lister)
	same(t, api.ControllerTemplates(c).Lister)
	same(t, api.ControllerVPNs(c).Lister)
	same(t, api.ControllerVPNClients(c, v.ids["vpn"]).Lister)
	same(t, api.FirmwareUpgraderBatchUpgradeOperations(c).Lister)
	same(t, api.FirmwareUpgraderBuilds(c).Lister)
	same(t, api.FirmwareUpgraderCategories(c).Lister)
	same(t, api.FirmwareUpgraderImages(c, v.ids["build"]).Lister)
	same(t, api.FirmwareUpgraderUpgradeOperations(c).Lister)
	same(t, api.IpamSubnets(c).Lister)
	same(t, api.MonitoringCustomMetrics(c).Lister)
	same(t, api.NetworkTopologyLinks(c).Lister)
	same(t, api.NetworkTopologyNodes(c).Lister)
	same(t, api.NotificationsWebhooks(c).Lister)
	same(t, api.RadiusAccountings(c).Lister)
	same(t, api.RadiusBatches(c).Lister)
	same(t, api.RadiusChecks(c).Lister)
	same(t, api.RadiusGroups(c).Lister)
	same(t, api.RadiusGroupChecks(c, v.ids["radius_group"]).Lister)
	same(t, api.RadiusGroupReplies(c, v.ids["radius_group"]).Lister)
	same(t, api.RadiusGuests(c).Lister)
	same(t, api.RadiusLoginPageFiles(c).Lister)
	same(t, api.RadiusLoginPages(c).Lister)
	same(t, api.RadiusNASes(c).Lister)
	same(t, api.RadiusReplies(c).Lister)
	same(t, api.RadiusRememberedDevices(c).Lister)
	same(t, api.UserRadiusGroups(c, v.ids["user_betamanager"]).Lister)
	same(t, api.UsersGroups(c).Lister)
	same(t, api.UsersOrganizations(c).Lister)
	same(t, api.UsersUsers(c).Lister)
	same(t, api.UsersUserEmails(c, v.ids["user_betamanager"]).Lister)
}
