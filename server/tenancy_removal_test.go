package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
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

// While an organization goes nothing is dumped, and nothing loaded that names it: half of
// it would come back, or go with it. Why it does not go on is said in words, without what
// a database says.
func TestNothingIsDumpedOrLoadedOfAnOrganizationThatGoes(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c := newVPNClient(t, db, nil)
		var before strings.Builder
		require.NoError(t, c.DumpData(t.Context(), &before))
		alpha := c.vars["org_alpha"]
		organization, err := wispwright.ParseID(alpha)
		require.NoError(t, err)
		for n := range 250 {
			d := &controller.Detail{Device: &controller.Device{OrganizationID: organization, Name: fmt.Sprint("big", n), MACAddress: fmt.Sprintf("02:00:00:01:%02X:%02X", n>>8, n&255)}}
			require.NoError(t, c.Controller().Devices.Create(t.Context(), d))
		}
		fault := fmt.Errorf("dial tcp 192.0.2.1:5432: %w", errors.New("SQLSTATE 53300"))
		c.Controller().Devices.Deleting.Subscribe("test", func(context.Context, ...*controller.Device) error { return fault })
		at := "users/organization/" + alpha + "/"
		c.ask("admin", "DELETE", at, nil, 204)

		require.ErrorContains(t, c.DumpData(t.Context(), io.Discard), "the organization alpha is being deleted, 0 of ")
		refused := "the organization alpha is being deleted"
		require.ErrorContains(t, c.LoadData(t.Context(), strings.NewReader(before.String())), refused)
		require.ErrorContains(t, c.LoadData(t.Context(), strings.NewReader(`{"subnets":[{"organization":"alpha","subnet":"10.77.0.0/16","name":"n"}]}`)), "subnets: "+refused)
		require.ErrorContains(t, c.LoadData(t.Context(), strings.NewReader(`{"users":[{"username":"new","email":"n@example.org","organizations":[{"slug":"alpha"}]}]}`)), "users: "+refused)
		require.NoError(t, c.LoadData(t.Context(), strings.NewReader(`{"subnets":[{"organization":"beta","subnet":"10.77.0.0/16","name":"alpha"}]}`)), "of others")

		require.NoError(t, c.Start(t.Context()))
		testkit.Eventually(t, "what went wrong is said", func(context.Context) bool {
			said := c.ask("admin", "GET", at+"deletion/", nil, 200)["problem"]
			require.Contains(t, []any{"", "The server could not do it; its log tells why. It is tried again, and goes on where it was."}, said)
			return said != ""
		})
		require.ErrorContains(t, c.DumpData(t.Context(), io.Discard), "its log tells why")
	})
}
