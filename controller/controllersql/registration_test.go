package controllersql_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

// node is one of several processes on a database.
type node struct {
	*controller.Controller
	org wispwright.ID
}

// nodes returns two that never hear of each other and believe for an hour what
// they know, an organization, and its default template.
func nodes(t *testing.T, db *sqlstore.DB) (one, two node, base *controller.Template) {
	t.Helper()
	ctx := t.Context()
	s := storageOn(t, db)
	ten, err := tenancy.New(s.Tx, s.Tenancy, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
	require.NoError(t, err)
	org := &tenancy.Organization{Name: "acme", IsActive: true}
	start := func() node {
		c, err := controller.New(s.Tx, s.Stores, render.New(nil), ten.Organizations, &controller.Options{CacheFor: time.Hour, Recorder: ten.Trail})
		require.NoError(t, err)
		return node{Controller: c}
	}
	one, two = start(), start()
	one.Attach(ten.Organizations)
	require.NoError(t, ten.Organizations.Create(ctx, org))
	one.org, two.org = org.ID, org.ID
	_, err = one.Settings.Update(ctx, wispwright.ScopeAll(), org.ID, func(o *controller.Settings) error { o.SharedSecret = secret; return nil })
	require.NoError(t, err)
	base = &controller.Template{OrganizationID: org.ID, Name: "base", Backend: openWrt, Default: true, Config: `{"general":{"description":"{{ text }}"}}`}
	require.NoError(t, one.Templates.Create(ctx, base))
	return one, two, base
}

func registration(number int, shared wispwright.Secret) protocol.Registration {
	return protocol.Registration{
		Secret: shared.Reveal(), Name: mac(number), MACAddress: mac(number), Backend: openWrt,
		Key: protocol.ConsistentKey(mac(number), shared).Reveal(), Peer: netip.MustParseAddr("127.0.0.1"),
	}
}

func (n node) register(t *testing.T, number int, shared wispwright.Secret) (*controller.Detail, error) {
	t.Helper()
	r, err := n.Agents.Register(t.Context(), registration(number, shared))
	if err != nil {
		return nil, err
	}
	return n.Devices.Get(t.Context(), wispwright.ScopeAll(), r.Device.ID)
}

// What a node remembers of an organization and its templates is never what a
// device comes to run when it is old.
func TestRegistrationOnANodeThatKnowsOldThings(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		one, two, base := nodes(t, db)
		ctx, all := t.Context(), wispwright.ScopeAll()
		current := func(number int) *controller.Version {
			d, err := two.register(t, number, secret)
			require.NoError(t, err)
			v, err := two.Versions.Get(ctx, all, d.Device.ID, d.Config.VersionID)
			require.NoError(t, err)
			require.Equal(t, d.Config.Desired, v.Checksum)
			return v
		}
		require.Equal(t, []wispwright.ID{base.RevisionID}, current(1).Revisions)
		changed, err := one.Templates.Update(ctx, all, base.ID, func(o *controller.Template) error {
			o.Config = `{"general":{"description":"b {{ text }}"}}`
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, []wispwright.ID{changed.RevisionID}, current(2).Revisions)
		_, err = one.Settings.Update(ctx, all, one.org, func(o *controller.Settings) error { o.Context = `{"text":"new"}`; return nil })
		require.NoError(t, err)
		require.Contains(t, string(current(3).Context), `"text":"new"`)
		require.NoError(t, one.Templates.Delete(ctx, all, base.ID))
		require.Empty(t, current(4).Revisions)
		var limit int64 = 4
		_, err = one.Settings.Update(ctx, all, one.org, func(o *controller.Settings) error { o.DeviceLimit = &limit; return nil })
		require.NoError(t, err)
		_, err = two.register(t, 5, secret)
		require.ErrorContains(t, err, "maximum amount of allowed devices")
		_, err = one.Settings.Update(ctx, all, one.org, func(o *controller.Settings) error { o.SharedSecret = "changed"; return nil })
		require.NoError(t, err)
		_, err = two.register(t, 6, secret)
		require.ErrorIs(t, err, protocol.ErrUnrecognizedSecret)
	})
}

// What was prepared of devices and changed before they are stored is made again, in the
// transaction that stores them.
func TestDevicesPreparedBeforeSomethingChanged(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		one, two, base := nodes(t, db)
		ctx, all := t.Context(), wispwright.ScopeAll()
		chosen := &controller.Template{OrganizationID: one.org, Name: "chosen", Backend: openWrt, Config: `{"general":{"chosen":"{{ text }}"}}`, DefaultValues: `{"text":"a"}`}
		require.NoError(t, one.Templates.Create(ctx, chosen))
		group := &controller.Group{OrganizationID: one.org, Name: "roofs", Context: `{"text":"of the group"}`}
		require.NoError(t, one.Groups.Create(ctx, group))
		number := 100
		store := func(change func()) []*controller.Version {
			devices := make([]*controller.Detail, 3)
			for i := range devices {
				number++
				devices[i] = &controller.Detail{
					Device: &controller.Device{OrganizationID: one.org, GroupID: group.ID, Name: fmt.Sprint("ap", number), MACAddress: fmt.Sprintf("02:00:00:00:07:%02X", number)},
					Config: &controller.Config{Backend: openWrt, Config: "{}", Context: "{}", Templates: []wispwright.ID{chosen.ID}},
				}
			}
			ready := two.Devices.Prepare(ctx, devices...)
			change()
			require.NoError(t, db.InTx(ctx, func(ctx context.Context) error {
				for _, store := range ready {
					if err := store(ctx); err != nil {
						return err
					}
				}
				return nil
			}))
			out := make([]*controller.Version, len(devices))
			for i, d := range devices {
				now, err := one.Devices.Get(ctx, all, d.Device.ID)
				require.NoError(t, err)
				out[i], err = one.Versions.Get(ctx, all, d.Device.ID, now.Config.VersionID)
				require.NoError(t, err)
				require.Equal(t, now.Config.Desired, out[i].Checksum)
			}
			return out
		}
		for _, v := range store(func() {}) {
			require.Equal(t, []wispwright.ID{base.RevisionID, chosen.RevisionID}, v.Revisions)
			require.Contains(t, string(v.Context), `"text":"of the group"`)
		}
		var changed *controller.Template
		for _, v := range store(func() {
			var err error
			changed, err = one.Templates.Update(ctx, all, chosen.ID, func(o *controller.Template) error { o.Config = `{"general":{"other":"{{ text }}"}}`; return nil })
			require.NoError(t, err)
		}) {
			require.Equal(t, []wispwright.ID{base.RevisionID, changed.RevisionID}, v.Revisions)
		}
		for _, v := range store(func() {
			_, err := one.Groups.Update(ctx, all, group.ID, func(o *controller.Group) error { o.Context = `{"text":"new"}`; return nil })
			require.NoError(t, err)
		}) {
			require.Contains(t, string(v.Context), `"text":"new"`)
		}
		gone := two.Devices.Prepare(ctx, &controller.Detail{
			Device: &controller.Device{OrganizationID: one.org, Name: "late", MACAddress: "02:00:00:00:08:01"},
			Config: &controller.Config{Backend: openWrt, Config: "{}", Context: "{}", Templates: []wispwright.ID{chosen.ID}},
		})
		require.NoError(t, one.Templates.Delete(ctx, all, chosen.ID))
		var invalid *wispwright.ValidationError
		require.ErrorAs(t, db.InTx(ctx, gone[0]), &invalid)
		require.ErrorContains(t, invalid, chosen.ID.String())
	})
}

// A registration's time is made of its round trips.
func TestStatementsOfARegistration(t *testing.T) {
	for name, tt := range map[string]struct {
		open func(testing.TB) (*sqlstore.DB, *atomic.Int64)
		want int64
	}{
		"sqlite":     {testkit.CountedSQLite, 7},   // known?, unchanged?, device, configuration, its template, version, history
		"postgresql": {testkit.CountedPostgres, 3}, // known?, all that depends on what did not change, history
	} {
		t.Run(name, func(t *testing.T) {
			db, count := tt.open(t)
			_, two, _ := nodes(t, db)
			for number := range 3 {
				before := count.Load()
				_, err := two.Agents.Register(t.Context(), registration(number, secret))
				require.NoError(t, err)
				if number > 0 { // what the first read is remembered
					require.Equal(t, tt.want, count.Load()-before)
				}
			}
		})
	}
}

// PostgreSQL keeps plans it made for an empty table; none of them may look
// through every device of an organization.
func TestAKnownDeviceIsFoundByItsOwnIndexes(t *testing.T) {
	testkit.Postgres(t) // or the test is skipped
	db, err := sqlstore.Open(t.Context(), testkit.PostgresURL(t), &sqlstore.Options{Conns: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	one, _, _ := nodes(t, db)
	for number := range 10 { // more than the plans that are made for single values
		_, err := one.Agents.Register(t.Context(), registration(number, secret))
		require.NoError(t, err)
	}
	_, err = db.SQL().Exec("SELECT pg_stat_force_next_flush()")
	require.NoError(t, err)
	scans := func(index string) int {
		n, err := sqlstore.Get[int](t.Context(), db, "SELECT idx_scan FROM pg_stat_user_indexes WHERE schemaname = current_schema() AND indexrelname = ?", index)
		require.NoError(t, err)
		return n
	}
	require.Zero(t, scans("controller_device_organization"))
	require.GreaterOrEqual(t, scans("device_mac_address_organization"), 10)
}
