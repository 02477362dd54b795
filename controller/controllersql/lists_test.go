package controllersql_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// TestSoakListSpeed measures what pages of the list of devices cost with every
// filter; run it with WISPWRIGHT_SOAK=1 for the figures of a fleet.
func TestSoakListSpeed(t *testing.T) {
	devices, times := 300, 2
	if os.Getenv("WISPWRIGHT_SOAK") != "" {
		devices, times = 100_000, 10
	}
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		if db.Dialect() != sqlstore.Postgres && t.Name() != "TestSoakListSpeed/sqlite" {
			t.Skip("measured once")
		}
		s := storageOn(t, db)
		ctx, org := t.Context(), wispwright.NewID()
		now := time.Now().UTC().Truncate(time.Second)
		template, group := wispwright.NewID(), wispwright.NewID()
		require.NoError(t, s.Stores.Templates.Insert(ctx, &controller.Template{ID: template, OrganizationID: org, Name: "base", Backend: openWrt, Config: "{}", DefaultValues: "{}", Tags: []string{"mesh"}, RevisionID: wispwright.NewID(), Created: now, Modified: now}))
		require.NoError(t, s.Stores.Groups.Insert(ctx, &controller.Group{ID: group, OrganizationID: org, Name: "roofs", MetaData: "{}", Context: "{}", Created: now, Modified: now}))
		states := []controller.Status{controller.StatusApplied, controller.StatusApplied, controller.StatusApplied, controller.StatusModified, controller.StatusError}
		begun := time.Now()
		for n := 0; n < devices; {
			require.NoError(t, s.Tx.InTx(ctx, func(ctx context.Context) error {
				for range 2_000 {
					if n++; n > devices {
						break
					}
					d, c, v := fleetDevice(n, org, group, template, states[n%len(states)], now)
					if err := s.Stores.Devices.Enroll(ctx, d, c, v); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		t.Logf("%d devices stored in %v", devices, time.Since(begun))
		if db.Dialect() == sqlstore.Postgres {
			_, err := db.SQL().ExecContext(ctx, "ANALYZE")
			require.NoError(t, err)
		}
		yes := true
		for _, row := range []struct {
			name   string
			filter controller.DeviceFilter
		}{
			{"none", controller.DeviceFilter{}},
			{"status", controller.DeviceFilter{Status: controller.StatusError}},
			{"group", controller.DeviceFilter{GroupID: group}},
			{"template", controller.DeviceFilter{TemplateID: template}},
			{"tag", controller.DeviceFilter{Tag: "mesh"}},
			{"model", controller.DeviceFilter{ModelContains: "archer"}},
			{"models", controller.DeviceFilter{Models: wispwright.Only("TP-Link Archer C7 v5")}},
			{"system", controller.DeviceFilter{OSContains: "24.10"}},
			{"silent", controller.DeviceFilter{LastSeenBefore: now.Add(-time.Hour)}},
			{"deactivated", controller.DeviceFilter{IsDeactivated: &yes}},
			{"network", controller.DeviceFilter{ManagementIPWithin: netip.MustParsePrefix("10.0.7.0/24")}},
			{"name", controller.DeviceFilter{NameContains: "ap-000777"}},
			{"search of one", controller.DeviceFilter{Search: "ap-000777"}},
			{"search of a thousand", controller.DeviceFilter{Search: "cellar 7"}},
			{"search of a MAC", controller.DeviceFilter{Search: "02:00:00:00:03:09"}},
			{"search of nothing", controller.DeviceFilter{Search: "lighthouse"}},
			{"search of two letters", controller.DeviceFilter{Search: "ap"}},
		} {
			for _, scope := range []wispwright.Scope{wispwright.ScopeAll(), wispwright.ScopeOf(org)} {
				var took []time.Duration
				var found int
				for range times {
					begun := time.Now()
					items, err := s.Stores.Devices.Details(ctx, scope, row.filter, wispwright.Page{Limit: 25})
					require.NoError(t, err)
					took, found = append(took, time.Since(begun)), items.Total
				}
				slices.Sort(took)
				t.Logf("%-24s all %-5v %7d found, p50 %7.1f ms, slowest %7.1f ms", row.name, scope.All(), found, took[len(took)/2].Seconds()*1e3, took[len(took)-1].Seconds()*1e3)
			}
		}
	})
}

// fleetDevice is one of many devices that differ as those of a network do.
func fleetDevice(n int, org, group, template wispwright.ID, status controller.Status, now time.Time) (*controller.Device, *controller.Config, *controller.Version) {
	models := []string{"TP-Link Archer C7 v5", "Ubiquiti UniFi 6 Lite", "GL.iNet GL-MT300N-V2", "Linksys WRT3200ACM"}
	name := fmt.Sprintf("ap-%06d", n)
	seen := now.Add(-time.Duration(n%200) * time.Minute)
	key := controller.RandomKey()
	d := &controller.Device{
		ID: wispwright.NewID(), OrganizationID: org, Name: name, NameKey: name, MACAddress: fmt.Sprintf("02:00:%02X:%02X:%02X:%02X", n>>24, n>>16&255, n>>8&255, n&255),
		Key: key, KeyDigest: fmt.Sprintf("%064d", n), KeyHint: "", Model: models[n%len(models)], OS: "OpenWrt 24.10." + fmt.Sprint(n%3), System: "ath79/generic",
		Notes: fmt.Sprintf("cellar %d", n%100), ManagementIP: netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), LastSeen: &seen,
		IsDeactivated: n%50 == 0, Created: now.Add(time.Duration(n) * time.Second), Modified: now,
	}
	if n%10 == 0 {
		d.GroupID = group
	}
	v := &controller.Version{ID: wispwright.NewID(), DeviceID: d.ID, OrganizationID: org, Backend: openWrt, Config: "{}", Own: "{}", Context: "{}", Checksum: fmt.Sprintf("%032x", n), Created: now}
	c := &controller.Config{
		ID: wispwright.NewID(), DeviceID: d.ID, OrganizationID: org, Backend: openWrt, Config: "{}", Context: "{}", Status: status, Desired: v.Checksum, VersionID: v.ID,
		Created: now, Modified: now,
	}
	if n%5 < 2 {
		c.Templates = []wispwright.ID{template}
	}
	return d, c, v
}
