package controllersql_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// stepsBefore are the migrations before one.
func stepsBefore(t *testing.T, version string) sqlstore.Migrations {
	t.Helper()
	all := controllersql.Migrations()
	names, err := fs.Glob(all.FS, "migrations/*.sql")
	require.NoError(t, err)
	some := fstest.MapFS{}
	for _, name := range names {
		if strings.TrimPrefix(name, "migrations/") < version {
			text, err := fs.ReadFile(all.FS, name)
			require.NoError(t, err)
			some[name] = &fstest.MapFile{Data: text}
		}
	}
	return sqlstore.Migrations{Concern: all.Concern, FS: some}
}

// Addresses that were kept as texts are the same ones as values.
func TestMigrationOfAddresses(t *testing.T) {
	texts := []string{"10.0.0.10", "10.0.0.9", "255.0.3.255", "::", "::1", "fe80::", "fe80::1", "2001:db8::1:0:0:1", "1:2:3:4:5:6:7:8", "2001:db8:0:1::abcd", "1::8", "0:2:3:4:5:6:7:8", "::ffff:10.1.2.3"}
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, stepsBefore(t, "00011")))
		ids := map[wispwright.ID]netip.Addr{}
		for n, text := range append(texts, "") {
			id, of := wispwright.NewID(), any(nil)
			if text != "" {
				of, ids[id] = text, netip.MustParseAddr(text)
			}
			name := fmt.Sprint("d", n)
			_, err := sqlstore.Exec(ctx, db, `INSERT INTO controller_device (id, organization_id, name, name_key, mac_address, key, key_digest, model, os, system, notes,
				last_ip, management_ip, hardware_id, is_deactivated, created, modified) VALUES (?, ?, ?, ?, ?, '', ?, '', '', '', '', ?, ?, '', ?, ?, ?)`,
				id, wispwright.NewID(), name, name, name, name, of, of, false, "2026-01-01 00:00:00", "2026-01-01 00:00:00")
			require.NoError(t, err)
		}
		require.NoError(t, db.Migrate(ctx, controllersql.Migrations()))
		stores, err := controllersql.New(db)
		require.NoError(t, err)
		all, err := stores.Devices.List(ctx, wispwright.ScopeAll(), controller.DeviceFilter{}, wispwright.Page{Order: []wispwright.Order{{Field: "ManagementIP"}}})
		require.NoError(t, err)
		require.Len(t, all.Rows, len(texts)+1)
		for _, d := range all.Rows {
			require.Equal(t, ids[d.ID], d.LastIP)
			require.Equal(t, ids[d.ID], d.ManagementIP)
			if !d.LastIP.IsValid() {
				continue
			}
			within, err := stores.Devices.List(ctx, wispwright.ScopeAll(), controller.DeviceFilter{LastIPs: wispwright.Only(d.LastIP), ManagementIPWithin: netip.PrefixFrom(d.ManagementIP, d.ManagementIP.BitLen())}, wispwright.Page{})
			require.NoError(t, err)
			require.Len(t, within.Rows, 1, "%s is kept as every other address is", d.LastIP)
		}
		require.True(t, slices.IsSortedFunc(all.Rows, func(a, b *controller.Device) int { return a.ManagementIP.Compare(b.ManagementIP) }), "in the order of addresses")
	})
}
