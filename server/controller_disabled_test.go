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
		at := func(d object) string { return "controller/device/" + d["id"].(string) + "/" }
		c.ask("admin", "PATCH", "users/organization/"+alpha+"/", object{"is_active": false}, 200)
		idle(t, c.Server)
		for _, d := range []object{one, two} {
			require.Equal(t, true, c.ask("admin", "GET", at(d), nil, 200)["is_deactivated"])
		}
		c.ask("admin", "PATCH", "users/organization/"+alpha+"/", object{"is_active": true}, 200)
		idle(t, c.Server)
		require.Equal(t, true, c.ask("admin", "GET", at(one), nil, 200)["is_deactivated"], "it does not come back by itself")
		c.ask("manager", "POST", at(one)+"activate/", nil, 200)
		c.ask("manager", "PATCH", at(one), object{"notes": "x"}, 200)
	})
}
