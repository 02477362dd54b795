package controllersql_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

// What devices say is counted by exactly that text, the most frequent first, and
// selects as many devices.
func TestWhatDevicesSay(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := t.Context()
		require.NoError(t, db.Migrate(ctx, tenancysql.Migrations()))
		require.NoError(t, db.Migrate(ctx, controllersql.Migrations()))
		stores, err := controllersql.New(db, controllersql.Said(db.Dialect()))
		require.NoError(t, err)
		alpha, beta, now := wispwright.NewID(), wispwright.NewID(), time.Now()
		for i, said := range []string{"Box", "Box", "box", "Box plus", "", "", ""} {
			organization := alpha
			if i == 0 {
				organization = beta
			}
			name := fmt.Sprintf("d%d", i)
			require.NoError(t, stores.Devices.Insert(ctx, &controller.Device{ID: wispwright.NewID(), OrganizationID: organization, Name: name, MACAddress: fmt.Sprintf("02:00:00:00:00:%02x", i),
				Key: wispwright.Secret(name), KeyDigest: name, Model: said, OS: "one", Created: now, Modified: now}))
		}
		all := wispwright.ScopeAll()
		got, err := controllersql.CountSaid(ctx, db, all, controllersql.SaidModel, 2)
		require.NoError(t, err)
		require.Equal(t, []controllersql.SaidBy{{"", 3}, {"Box", 2}}, got)
		got, err = controllersql.CountSaid(ctx, db, wispwright.ScopeOf(alpha), controllersql.SaidModel, 9)
		require.NoError(t, err)
		require.ElementsMatch(t, []controllersql.SaidBy{{"", 3}, {"Box", 1}, {"Box plus", 1}, {"box", 1}}, got)
		for _, one := range got {
			found, err := stores.Devices.List(ctx, wispwright.ScopeOf(alpha), controller.DeviceFilter{Related: map[string]any{controllersql.SaidModel: one.Text}}, wispwright.Page{Limit: 1})
			require.NoError(t, err)
			require.Equal(t, one.Devices, found.Total, one.Text)
		}
		got, err = controllersql.CountSaid(ctx, db, all, controllersql.SaidOS, 9)
		require.NoError(t, err)
		require.Equal(t, []controllersql.SaidBy{{"one", 7}}, got)
		got, err = controllersql.CountSaid(ctx, db, wispwright.Scope{}, controllersql.SaidSystem, 9)
		require.NoError(t, err)
		require.Empty(t, got)
		_, err = controllersql.CountSaid(ctx, db, all, "key", 9)
		require.ErrorContains(t, err, `devices do not say "key"`)
	})
}
