package check_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/check"
	"github.com/wispwright/wispwright/monitoring/check/checksql"
	"github.com/wispwright/wispwright/monitoring/check/ping"
)

func id(n int) wispwright.ID {
	return wispwright.ID{0: 0xde, 6: 0x40, 8: 0x80, 14: byte(n >> 8), 15: byte(n)}
}

// bench is a fleet that is checked.
type bench struct {
	mu      sync.Mutex
	now     time.Time
	devices map[wispwright.ID]*check.Device
	values  map[string]float64 // by device and field
	fail    error
	base    *entity.Base
	store   check.Store
}

func (b *bench) Some(_ context.Context, ids ...wispwright.ID) (map[wispwright.ID]*check.Device, error) {
	out := map[wispwright.ID]*check.Device{}
	for _, one := range ids {
		if d := b.devices[one]; d != nil {
			out[one] = d
		}
	}
	return out, nil
}

func (b *bench) RecordAll(_ context.Context, _ time.Time, all ...monitoring.Measurement) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	for _, m := range all {
		for _, v := range m.Values {
			for _, f := range v.Fields {
				b.values[fmt.Sprintf("%d %s", m.Device.ID[15], f.Name)] = f.Value.Float()
			}
		}
	}
	return nil
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func newBench(tx wispwright.Transactor, store check.Store) *bench {
	b := &bench{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), devices: map[wispwright.ID]*check.Device{}, values: map[string]float64{}, store: store}
	b.base = &entity.Base{Tx: tx, Tenants: entity.NoTenants{}, Clock: b.clock}
	return b
}

// node makes one that takes part in the checks.
func (b *bench) node(t *testing.T, types ...check.Type) *check.Checks {
	t.Helper()
	r, err := check.NewRegistry(types...)
	require.NoError(t, err)
	c, err := check.New(b.base, b.store, r, b, b, &check.Options{AtOnce: 50, Pools: 2, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return c
}

func (b *bench) adopt(t *testing.T, c *check.Checks, n int) {
	t.Helper()
	for i := range n {
		b.devices[id(i)] = &check.Device{Device: monitoring.Device{ID: id(i), OrganizationID: id(999)}, ManagementIP: netip.AddrFrom4([4]byte{127, 0, 0, byte(i + 1)}), Status: "ok"}
		require.NoError(t, c.Adopt(t.Context(), &b.devices[id(i)].Device))
	}
}

func (b *bench) due(t *testing.T, s check.Store) int {
	t.Helper()
	found, err := s.List(t.Context(), wispwright.ScopeAll(), check.Filter{}, wispwright.Page{})
	require.NoError(t, err)
	n := 0
	for _, c := range found.Rows {
		if !c.NextAt.After(b.clock()) {
			n++
		}
	}
	return n
}

func (b *bench) advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

// counted is a type that notes what runs, for each device.
func counted(seen map[wispwright.ID]int, mu *sync.Mutex, wait <-chan struct{}) check.Type {
	return check.Type{ID: "test", Label: "Test", Auto: true, Kinds: []string{"ping"}, Run: func(_ context.Context, list []check.Target) []check.Result {
		if wait != nil {
			<-wait
		}
		mu.Lock()
		defer mu.Unlock()
		for _, t := range list {
			seen[t.Device.ID]++
		}
		return make([]check.Result, len(list))
	}}
}

func stores(t *testing.T, fn func(t *testing.T, b *bench)) {
	t.Run("memory", func(t *testing.T) {
		m := memstore.New()
		fn(t, newBench(m, check.NewMemory(m)))
	})
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), checksql.Migrations()))
		s, err := checksql.New(db)
		require.NoError(t, err)
		fn(t, newBench(db, s))
	})
}

// TestSharedByNodes: each check runs once in an interval, whichever node does it, and a dead node's
// are taken over.
func TestSharedByNodes(t *testing.T) {
	stores(t, func(t *testing.T, b *bench) {
		var mu sync.Mutex
		seen := map[wispwright.ID]int{}
		one, two := b.node(t, counted(seen, &mu, nil)), b.node(t, counted(seen, &mu, nil))
		b.adopt(t, one, 120)
		require.Less(t, b.due(t, b.store), 60, "they are spread over the interval")
		b.advance(5 * time.Minute)
		for _, c := range []*check.Checks{one, two} {
			_, err := c.Run(t.Context())
			require.NoError(t, err)
		}
		testkit.Eventually(t, "all ran", func(context.Context) bool {
			_, err := two.Run(t.Context())
			require.NoError(t, err)
			mu.Lock()
			defer mu.Unlock()
			return len(seen) == 120 && b.due(t, b.store) == 0
		})
		for device, n := range seen {
			require.Equal(t, 1, n, device)
		}
		// a node takes some and dies
		b.advance(6 * time.Minute)
		taken, err := b.store.Take(t.Context(), b.clock(), b.clock().Add(2*time.Minute), 40)
		require.NoError(t, err)
		require.Len(t, taken, 40)
		testkit.Eventually(t, "the others ran", func(context.Context) bool {
			_, err := one.Run(t.Context())
			require.NoError(t, err)
			return b.due(t, b.store) == 40
		})
		b.advance(3 * time.Minute)
		testkit.Eventually(t, "they were taken over", func(context.Context) bool {
			_, err := one.Run(t.Context())
			require.NoError(t, err)
			return b.due(t, b.store) == 0
		})
		mu.Lock()
		defer mu.Unlock()
		for _, one := range taken {
			require.GreaterOrEqual(t, seen[one.DeviceID], 2, "it ran elsewhere")
		}
	})
}

// TestNeverTwoOfADevice: and what is hastened runs soon, but not again and again.
func TestNeverTwoOfADevice(t *testing.T) {
	stores(t, func(t *testing.T, b *bench) {
		none := func(id string) check.Type {
			return check.Type{ID: id, Label: id, Auto: true, Kinds: []string{id}, Run: func(_ context.Context, l []check.Target) []check.Result { return make([]check.Result, len(l)) }}
		}
		c := b.node(t, none("ping"), none("other"))
		b.adopt(t, c, 1)
		b.advance(10 * time.Minute)
		first, err := b.store.Take(t.Context(), b.clock(), b.clock().Add(time.Minute), 10)
		require.NoError(t, err)
		require.Len(t, first, 1)
		more, err := b.store.Take(t.Context(), b.clock(), b.clock().Add(time.Minute), 10)
		require.NoError(t, err)
		require.Empty(t, more)
		now := b.clock()
		first[0].LastRun, first[0].NextAt = &now, now.Add(time.Hour)
		require.NoError(t, b.store.Done(t.Context(), first))
		more, err = b.store.Take(t.Context(), b.clock(), b.clock().Add(time.Minute), 10)
		require.NoError(t, err)
		require.Len(t, more, 1)
		require.NotEqual(t, first[0].ID, more[0].ID)
		more[0].LastRun, more[0].NextAt = &now, now.Add(time.Hour)
		require.NoError(t, b.store.Done(t.Context(), more))
		require.NoError(t, c.Hasten(t.Context(), []string{"ping"}, id(0)))
		require.Equal(t, 0, b.due(t, b.store), "it ran just now")
		b.advance(time.Minute)
		require.NoError(t, c.Hasten(t.Context(), []string{"ping"}, id(0)))
		require.Equal(t, 1, b.due(t, b.store), "the critical one alone")
		require.NoError(t, c.MoveDevice(t.Context(), id(0), id(998)))
		found, err := c.List(t.Context(), wispwright.ScopeOf(id(998)), check.Filter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 2, found.Total)
		require.NoError(t, c.Forget(t.Context(), id(0)))
		require.Equal(t, 0, b.due(t, b.store))
	})
}

// TestFaults: a check that never returns, one that panics, one that cannot be done, and a store
// that is away say nothing of devices.
func TestFaults(t *testing.T) {
	m := memstore.New()
	b := newBench(m, check.NewMemory(m))
	never := check.Type{ID: "never", Label: "Never", Auto: true, Timeout: 10 * time.Millisecond, Run: func(ctx context.Context, _ []check.Target) []check.Result { select {} }}
	panics := check.Type{ID: "panics", Label: "Panics", Run: func(context.Context, []check.Target) []check.Result { panic("oh") }}
	denied := check.Types(check.Settings{Ping: true, Pinger: func(context.Context, []netip.Addr, ping.Options) ([]ping.Result, error) {
		return nil, ping.ErrNotPermitted
	}})
	c := b.node(t, append(denied, never, panics)...)
	b.adopt(t, c, 1)
	require.NoError(t, c.Create(t.Context(), &check.Check{DeviceID: id(0), OrganizationID: id(999), Type: "panics", IsActive: true}))
	faults := func() map[string]string {
		found, err := c.List(t.Context(), wispwright.ScopeAll(), check.Filter{}, wispwright.Page{})
		require.NoError(t, err)
		out := map[string]string{}
		for _, o := range found.Rows {
			if o.LastRun != nil {
				out[o.Name] = o.LastError
			}
		}
		return out
	}
	b.advance(10 * time.Minute)
	testkit.Eventually(t, "all ended", func(context.Context) bool {
		_, err := c.Run(t.Context())
		require.NoError(t, err)
		return len(faults()) == 3
	})
	require.Equal(t, map[string]string{"Never": "the check did not end in time", "Panics": "the check did not end in time", "Ping": ping.ErrNotPermitted.Error()}, faults())
	require.Empty(t, b.values, "nothing is said of the device")
}

func TestTypes(t *testing.T) {
	m := memstore.New()
	b := newBench(m, check.NewMemory(m))
	answers := ping.Result{Sent: 5, Received: 4, Min: time.Millisecond, Avg: 2 * time.Millisecond, Max: 3 * time.Millisecond}
	last := b.now
	types := check.Types(check.Settings{Ping: true, ConfigApplied: true, DataCollected: true, ConfigInterval: 5 * time.Minute, DataInterval: time.Hour, Every: time.Minute, Clock: b.clock,
		LastDocument: func(context.Context, wispwright.ID) (time.Time, error) { return last, nil },
		Pinger: func(_ context.Context, list []netip.Addr, _ ping.Options) ([]ping.Result, error) {
			out := make([]ping.Result, len(list))
			for i := range out {
				out[i] = answers
			}
			return out, nil
		}})
	c := b.node(t, types...)
	b.adopt(t, c, 1)
	d := b.devices[id(0)]
	d.Config, d.Modified = "modified", b.now
	round := func() map[string]float64 {
		t.Helper()
		b.advance(2 * time.Minute)
		b.mu.Lock()
		b.values = map[string]float64{}
		b.mu.Unlock()
		testkit.Eventually(t, "all ran", func(context.Context) bool {
			_, err := c.Run(t.Context())
			require.NoError(t, err)
			return b.due(t, b.store) == 0
		})
		return b.values
	}
	got := round()
	require.Equal(t, map[string]float64{"0 reachable": 1, "0 loss": 20, "0 rtt_min": 1, "0 rtt_avg": 2, "0 rtt_max": 3, "0 config_applied": 1, "0 data_collected": 1, "0 age": got["0 age"]}, got)
	b.advance(10 * time.Minute)
	answers.Received = 0
	last = time.Time{}
	require.Equal(t, map[string]float64{"0 reachable": 0, "0 loss": 100, "0 config_applied": 0, "0 data_collected": 0}, round())
	d.Status = "critical"
	require.NotContains(t, round(), "0 config_applied")
	d.ManagementIP = netip.Addr{}
	require.NotContains(t, round(), "0 reachable", "it never had an address")
	d.Pinged = true
	require.Equal(t, 0.0, round()["0 reachable"])
	d.Status = "unknown"
	require.NotContains(t, round(), "0 reachable")
	d.Off = true
	require.Empty(t, round())
	for params, want := range map[wispwright.JSON]string{
		`{"count":1}`: "count", `{"interval":9}`: "interval", `{"bytes":0}`: "bytes", `{"timeout":2}`: "timeout", `{"count":"ciao"}`: "count", `{"x":1}`: "x", `[]`: "object",
	} {
		err := c.Create(t.Context(), &check.Check{DeviceID: id(0), OrganizationID: id(999), Name: "p", Type: check.PingType, Params: params})
		var invalid *wispwright.ValidationError
		require.True(t, errors.As(err, &invalid), params)
		require.ErrorContains(t, err, want)
	}
}
