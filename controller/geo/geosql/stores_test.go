package geosql_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/controller/geo/geosql"
	"github.com/wispwright/wispwright/controller/geo/geotest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

// storageOn migrates a database and returns stores whose devices are real rows.
func storageOn(t testing.TB, db *sqlstore.DB) (geotest.Storage, controller.Stores) {
	t.Helper()
	ctx := context.Background()
	for _, m := range []sqlstore.Migrations{tenancysql.Migrations(), controllersql.Migrations(), geosql.Migrations()} {
		require.NoError(t, db.Migrate(ctx, m))
	}
	stores, err := geosql.New(db)
	require.NoError(t, err)
	tenants, err := tenancysql.New(db)
	require.NoError(t, err)
	devices, err := controllersql.New(db, geosql.Related(db.Dialect()))
	require.NoError(t, err)
	known, now := map[wispwright.ID]bool{}, time.Now()
	return geotest.Storage{Tx: db, Stores: stores, AddDevice: func(t testing.TB, d *geo.Device) {
		if !known[d.OrganizationID] {
			known[d.OrganizationID] = true
			_, err := tenants.Organizations.Get(ctx, wispwright.ScopeAll(), d.OrganizationID)
			if err != nil {
				require.NoError(t, tenants.Organizations.Insert(ctx, &tenancy.Organization{ID: d.OrganizationID, Name: d.OrganizationID.String(), Slug: d.OrganizationID.String(), IsActive: true, Created: now, Modified: now}))
			}
		}
		require.NoError(t, devices.Devices.Insert(ctx, &controller.Device{ID: d.ID, OrganizationID: d.OrganizationID, Name: d.Name, MACAddress: d.MACAddress, Key: d.Key, KeyDigest: d.Key.Reveal(), Created: now, Modified: now}))
	}}, devices
}

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s, _ := storageOn(t, db)
		geotest.Run(t, func(t *testing.T) geotest.Storage {
			for _, table := range []string{"geo_devicelocation", "geo_floorplan", "geo_location", "controller_device"} {
				_, err := sqlstore.Exec(context.Background(), db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return s
		})
	})
}

// Devices are found by where they are.
func TestDevicesByPlace(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		s, stores := storageOn(t, db)
		w := geotest.New(t, s, nil)
		building, plan := w.Building(t, 0)
		_, err := w.Locations.Update(ctx, wispwright.ScopeAll(), building.ID, func(l *geo.Location) error { l.Name = "Tower 100%_"; return nil })
		require.NoError(t, err)
		mast := geotest.Place("mast", geo.Outdoor, 0)
		require.NoError(t, w.Locations.Create(ctx, mast))
		inside, outside, nowhere := w.Device(t, 1, 0), w.Device(t, 2, 0), w.Device(t, 3, 0)
		spot := "-1,1"
		_, _, err = w.DeviceLocations.Place(ctx, wispwright.ScopeAll(), inside.ID, geo.Placement{LocationID: &building.ID, FloorPlanID: &plan.ID, Indoor: &spot})
		require.NoError(t, err)
		_, _, err = w.DeviceLocations.Place(ctx, wispwright.ScopeAll(), outside.ID, geo.Placement{LocationID: &mast.ID})
		require.NoError(t, err)
		for name, c := range map[string]struct {
			related map[string]any
			want    []wispwright.ID
		}{
			"placed":          {map[string]any{geosql.Placed: true}, []wispwright.ID{inside.ID, outside.ID}},
			"not placed":      {map[string]any{geosql.Placed: false}, []wispwright.ID{nowhere.ID}},
			"location":        {map[string]any{geosql.AtLocation: mast.ID}, []wispwright.ID{outside.ID}},
			"plan":            {map[string]any{geosql.OnFloorPlan: plan.ID}, []wispwright.ID{inside.ID}},
			"name":            {map[string]any{geosql.AtLocationNamed: "TOWER"}, []wispwright.ID{inside.ID}},
			"signs":           {map[string]any{geosql.AtLocationNamed: "0%_"}, []wispwright.ID{inside.ID}},
			"no pattern":      {map[string]any{geosql.AtLocationNamed: "T%r"}, nil},
			"both":            {map[string]any{geosql.AtLocationNamed: "tower", geosql.AtLocation: mast.ID}, nil},
			"nobody knows it": {map[string]any{"nothing": true}, nil},
			"all":             {nil, []wispwright.ID{inside.ID, outside.ID, nowhere.ID}},
		} {
			found, err := stores.Devices.List(ctx, wispwright.ScopeAll(), controller.DeviceFilter{Related: c.related}, wispwright.Page{})
			require.NoError(t, err, name)
			var ids []wispwright.ID
			for _, d := range found.Rows {
				ids = append(ids, d.ID)
			}
			require.ElementsMatch(t, c.want, ids, name)
		}
	})
}
