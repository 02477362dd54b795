package controllersql_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// The index of texts follows every change of what is searched, and finds what
// comparing everything would find.
func TestTheIndexOfSearchesFollowsChanges(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := storageOn(t, db)
		ctx, all := t.Context(), wispwright.ScopeAll()
		org, now := wispwright.NewID(), time.Now().UTC().Truncate(time.Second)
		one, config, version := fleetDevice(1, org, wispwright.ID{}, wispwright.NewID(), controller.StatusApplied, now)
		config.Templates = nil
		one.Name, one.Notes, one.LastIP = `Büro "Straße" 100%_\`, "upstairs", netip.MustParseAddr("2001:db8::7")
		require.NoError(t, s.Stores.Devices.Enroll(ctx, one, config, version))
		other, others, v := fleetDevice(0x0aff, org, wispwright.ID{}, wispwright.NewID(), controller.StatusApplied, now)
		others.Templates = nil
		require.NoError(t, s.Stores.Devices.Enroll(ctx, other, others, v))
		found := func(text string) (names []string) {
			items, err := s.Stores.Devices.Details(ctx, all, controller.DeviceFilter{Search: text}, wispwright.Page{Limit: 10})
			require.NoError(t, err, text)
			for _, d := range items.Rows {
				names = append(names, d.Device.Notes)
			}
			require.Equal(t, len(names), items.Total, text)
			return names
		}
		for _, text := range []string{
			"upstairs", "UPSTAIRS", "stair", "büro", "BÜRO", "straße", `"stra`, `100%`, `%_\`, "2001:db8::7", "db8::7", "10.0.0.1", one.ID.String(), one.ID.String()[3:20],
			"02:00:00:00:00:01", "0200.0000.0001", "02-00-00-00-00-01", "tp-link", "Linksys"[:3] + "nothing",
		} {
			want := []string{"upstairs"}
			if strings.HasSuffix(text, "nothing") || text == "tp-link" {
				want = nil
			}
			require.Equal(t, want, found(text), text)
		}
		for _, text := range []string{"upstairs\nttp", "100_", "stra_e", "body : x", "* OR mac", strings.Repeat("x", 5_000)} {
			require.Empty(t, found(text), text)
		}
		require.Equal(t, []string{other.Notes}, found("00:00:0a:f"), "a part of a MAC address")
		if db.Dialect() != sqlstore.Postgres { // numbers of rows may change
			_, err := db.SQL().ExecContext(ctx, "VACUUM")
			require.NoError(t, err)
			require.Equal(t, []string{"upstairs"}, found("upstairs"))
		}

		_, err := s.Stores.Devices.Update(ctx, all, one.ID, func(d *controller.Device) error { d.Notes, d.LastIP = "cellar", netip.Addr{}; return nil })
		require.NoError(t, err)
		require.Empty(t, found("upstairs"))
		require.Empty(t, found("2001:db8::7"))
		require.Contains(t, found("cellar"), "cellar")
		_, err = s.Stores.Configs.Update(ctx, all, one.ID, func(c *controller.Config) error {
			c.Status, c.ErrorReason = controller.StatusError, "uci: Parse error in wireless"
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, []string{"cellar"}, found("parse error"))
		_, err = s.Stores.Configs.Update(ctx, all, one.ID, func(c *controller.Config) error {
			c.Status, c.ErrorReason, c.NotRenewed, c.NotRenewedReason = controller.StatusApplied, "", &now, "The variable vlan is missing."
			return nil
		})
		require.NoError(t, err)
		require.Empty(t, found("parse error"))
		require.Equal(t, []string{"cellar"}, found("variable vlan"))
		require.NoError(t, s.Stores.Devices.Delete(ctx, all, one.ID))
		require.Empty(t, found("variable vlan"))
		require.Empty(t, found("büro"))
	})
}

// A search asks the index and nothing that grows with the fleet.
func TestSearchesUseTheIndex(t *testing.T) {
	db, plan := testkit.ExplainedSQLite(t)
	s := storageOn(t, db)
	for _, text := range []string{"roof", "02:00:00:aa", strings.Repeat("k", 40)} {
		_, err := s.Stores.Devices.Details(t.Context(), wispwright.ScopeAll(), controller.DeviceFilter{Search: text}, wispwright.Page{Limit: 10})
		require.NoError(t, err)
		for _, step := range plan() {
			if strings.HasPrefix(step, "SCAN controller_device") || strings.HasPrefix(step, "SCAN controller_config") {
				require.Contains(t, step, "controller_device_created", "only the order of the list is looked through: %s", step)
			}
		}
	}
}

// PostgreSQL keeps an index of trigrams where it may.
func TestPostgresHasTheIndexOfSearches(t *testing.T) {
	testkit.Postgres(t) // or the test is skipped
	db, err := sqlstore.Open(t.Context(), testkit.PostgresURL(t), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	storageOn(t, db)
	n, err := sqlstore.Get[int](t.Context(), db, "SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema() AND indexdef LIKE '%gin_trgm_ops%'")
	require.NoError(t, err)
	require.Equal(t, 3, n)
}
