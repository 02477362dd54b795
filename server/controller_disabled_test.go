package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// An organization that is switched off takes its devices out of service, and does not
// bring them back (additions: C-12).
func TestADisabledOrganizationDeactivatesItsDevices(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c := newVPNClient(t, db, nil)
		require.NoError(t, c.Start(t.Context()))
		alpha := c.vars["org_alpha"]
		one, two := c.device(1), c.device(2)
		template := c.ask("manager", "POST", "controller/template/", object{"name": "base", "organization": alpha, "backend": "netjsonconfig.OpenWrt", "config": object{"general": object{"timezone": "UTC"}}}, 201)["id"].(string)
		group := c.ask("manager", "POST", "controller/group/", object{"name": "halls", "organization": alpha, "templates": []string{}}, 201)["id"].(string)
		at := func(d object) string { return "controller/device/" + d["id"].(string) + "/" }
		c.ask("admin", "PATCH", "users/organization/"+alpha+"/", object{"is_active": false}, 200)
		idle(t, c.Server)
		for _, d := range []object{one, two} {
			require.Equal(t, true, c.ask("admin", "GET", at(d), nil, 200)["is_deactivated"])
		}
		readOnly(t, c, alpha, one["id"].(string), template, group)
		c.ask("admin", "PATCH", "users/organization/"+alpha+"/", object{"is_active": true}, 200)
		c.ask("manager", "PATCH", "controller/template/"+template+"/", object{"notes": "x"}, 200)
		idle(t, c.Server)
		require.Equal(t, true, c.ask("admin", "GET", at(one), nil, 200)["is_deactivated"], "it does not come back by itself")
		c.ask("manager", "POST", at(one)+"activate/", nil, 200)
		c.ask("manager", "PATCH", at(one), object{"notes": "x"}, 200)
	})
}

// readOnly holds that objects of an organization that is switched off are read and
// deleted, and nothing else.
func readOnly(t *testing.T, c *vpnClient, organization, device, template, group string) {
	t.Helper()
	const refused = "is currently disabled: only read operations are allowed."
	device, template, group = "controller/device/"+device+"/", "controller/template/"+template+"/", "controller/group/"+group+"/"
	settings := "controller/organization/" + organization + "/settings/"
	for _, path := range []string{device, template, group, settings} {
		c.ask("admin", "GET", path, nil, 200)
	}
	for _, path := range []string{template, group, settings} {
		require.Contains(t, c.ask("admin", "PATCH", path, object{"name": "other", "notes": "other"}, 403)["detail"], refused, path)
	}
	c.ask("admin", "PATCH", device, object{"notes": "other"}, 403)
	require.Contains(t, c.ask("admin", "POST", device+"activate/", nil, 403)["detail"], refused)
	for path, body := range map[string]object{
		"controller/device/":   {"name": "new", "mac_address": "02:00:00:00:77:01"},
		"controller/template/": {"name": "new", "backend": "netjsonconfig.OpenWrt", "config": object{"general": object{"timezone": "UTC"}}},
		"controller/group/":    {"name": "new", "templates": []string{}},
	} {
		body["organization"] = organization
		require.Contains(t, c.ask("admin", "POST", path, body, 400), "organization", path)
	}
	require.NotEqual(t, "other", c.ask("admin", "GET", group, nil, 200)["name"])
	c.ask("admin", "DELETE", group, nil, 204)
}
