package server_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// A large organization is answered 204 at once and goes in the background; how far it is
// can be read meanwhile, and nobody switches it on again.
func TestALargeOrganizationGoesInTheBackground(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c := newVPNClient(t, db, nil)
		alpha := c.vars["org_alpha"]
		organization, err := wispwright.ParseID(alpha)
		require.NoError(t, err)
		for n := range 450 {
			d := &controller.Detail{Device: &controller.Device{OrganizationID: organization, Name: fmt.Sprint("big", n), MACAddress: fmt.Sprintf("02:00:00:01:%02X:%02X", n>>8, n&255)}}
			require.NoError(t, c.Controller().Devices.Create(t.Context(), d))
		}
		at := "users/organization/" + alpha + "/"
		c.ask("admin", "GET", at+"deletion/", nil, 404)
		c.ask("manager", "DELETE", at, nil, 403)
		batches := 0
		c.Controller().Devices.Deleting.Subscribe("test", func(_ context.Context, list ...*controller.Device) error {
			batches++
			if len(list) > 200 {
				return fmt.Errorf("%d devices in one transaction", len(list))
			}
			return nil
		})
		c.ask("admin", "DELETE", at, nil, 204)
		require.Zero(t, batches, "nothing goes in the request")
		c.ask("admin", "DELETE", at, nil, 204)
		require.Equal(t, false, c.ask("admin", "GET", at, nil, 200)["is_active"])
		require.Contains(t, fmt.Sprint(c.ask("admin", "PATCH", at, object{"is_active": true}, 400)), "is being deleted")
		going := c.ask("admin", "GET", at+"deletion/", nil, 200)
		require.Equal(t, []any{"", "admin", 0.0}, []any{going["problem"], going["actor"], going["done"]})
		require.GreaterOrEqual(t, going["total"], 450.0)
		c.ask("manager", "GET", at+"deletion/", nil, 404)
		require.NoError(t, c.Start(t.Context()))
		idle(t, c.Server)
		c.ask("admin", "GET", at, nil, 404)
		c.ask("admin", "GET", at+"deletion/", nil, 404)
		require.Equal(t, 3, batches)
	})
}
