// Package checktest checks that types of checks, and the storages of checks, keep what the runner relies
// on. Any type and any storage must pass.
package checktest

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/check"
)

// soon is how long a check may go on after its context has ended.
const soon = 10 * time.Second

// Targets are devices in every state: known, unknown, critical, without address, without configuration.
func Targets(typeID string, params wispwright.JSON) []check.Target {
	var out []check.Target
	for i, status := range []string{"ok", "unknown", "problem", "critical", "ok"} {
		d := &check.Device{Device: monitoring.Device{ID: wispwright.ID{byte(i + 1), 6: 0x40}, OrganizationID: wispwright.ID{9}, Name: fmt.Sprintf("device %d", i)}, Status: status, Modified: time.Now()}
		if i < 4 {
			d.ManagementIP, d.Config = netip.MustParseAddr("127.0.0.1"), "applied"
		}
		out = append(out, check.Target{Check: &check.Check{ID: wispwright.ID{byte(i + 101)}, DeviceID: d.ID, OrganizationID: d.OrganizationID, Name: "check", Type: typeID, Params: params, IsActive: true}, Device: d})
	}
	return out
}

// RunType checks a type. It must be able to run in the test; what it finds is not looked at.
func RunType(t *testing.T, typ check.Type) {
	t.Helper()
	ctx := context.Background()
	registry, err := check.NewRegistry(typ)
	require.NoError(t, err)
	typ = *registry.Type(typ.ID)
	require.NoError(t, typ.Check("{}"), "a check without parameters is one")
	for _, params := range []wispwright.JSON{`[]`, `"x"`, `1`} {
		require.Error(t, typ.Check(params), "parameters that are no object: %s", params)
	}
	kinds := monitoring.NewRegistry()
	for _, kind := range typ.Kinds {
		require.NotNil(t, kinds.Metric(kind), "the kind of metric %s", kind)
	}
	for _, p := range typ.Params {
		require.NotEmpty(t, p.Name)
	}
	all := Targets(typ.ID, "{}")
	for n := range len(all) + 1 {
		results := run(ctx, t, &typ, all[:n], typ.Timeout)
		require.Len(t, results, n, "a result for each")
		for i, r := range results {
			checkResult(t, &typ, kinds, i, r)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for i, r := range run(ended, t, &typ, all, soon) {
		for _, v := range r.Values {
			for _, f := range v.Fields {
				require.False(t, f.Name == "reachable" && f.Value.Int() == 0 && all[i].Device.ManagementIP.IsValid(), "a check that was ended says that the device is out of reach")
			}
		}
	}
}

func checkResult(t *testing.T, typ *check.Type, kinds *monitoring.Registry, i int, r check.Result) {
	t.Helper()
	require.False(t, r.Err != nil && len(r.Values) > 0, "device %d: a fault of the check is no value", i)
	require.GreaterOrEqual(t, r.Again, time.Duration(0))
	for _, v := range r.Values {
		require.True(t, slices.Contains(typ.Kinds, v.Kind), "device %d: it writes the kind %s, which it does not name", i, v.Kind)
		c := kinds.Metric(v.Kind)
		require.NotEmpty(t, v.Fields)
		for _, f := range v.Fields {
			require.True(t, c.Has(f.Name), "device %d: %s has no field %s", i, v.Kind, f.Name)
			require.False(t, f.Value.IsNull(), "device %d: %s is empty", i, f.Name)
		}
	}
}

// run runs checks and fails when they do not end.
func run(ctx context.Context, t *testing.T, typ *check.Type, list []check.Target, within time.Duration) []check.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	type outcome struct {
		results []check.Result
		panic   any
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			o.panic = recover()
			done <- o
		}()
		o.results = typ.Run(ctx, list)
	}()
	select {
	case o := <-done:
		require.Nil(t, o.panic, "it panicked")
		return o.results
	case <-time.After(within + soon):
		require.Fail(t, "it does not end")
		return nil
	}
}

// RunDue checks that a storage makes checks of all devices due.
func RunDue(t *testing.T, s check.Store) {
	t.Helper()
	ctx, now := context.Background(), time.Now().UTC().Truncate(time.Microsecond)
	var list []*check.Check
	for i := range 6 {
		c := &check.Check{ID: wispwright.ID{byte(i + 1), 6: 0x40}, OrganizationID: wispwright.ID{9}, DeviceID: wispwright.ID{byte(i + 51)}, Name: "c", Type: []string{"a", "b", "c"}[i%3], IsActive: i < 4, Params: "{}",
			NextAt: now.Add(time.Hour), Created: now, Modified: now}
		if i == 1 {
			c.NextAt = now.Add(-time.Hour)
		}
		list = append(list, c)
	}
	require.NoError(t, s.InsertMany(ctx, list))
	n, err := s.Due(ctx, now, []string{"a", "b"})
	require.NoError(t, err)
	require.Equal(t, 2, n, "the active ones of these types that were due later")
	taken, err := s.Take(ctx, now, now.Add(time.Minute), 10)
	require.NoError(t, err)
	require.Len(t, taken, 3)
	for _, c := range taken {
		require.True(t, c.IsActive)
		require.NotEqual(t, "c", c.Type)
	}
}

// RunLocks checks the locks of a storage.
func RunLocks(t *testing.T, s check.Store) {
	t.Helper()
	ctx, now := context.Background(), time.Now().Truncate(time.Microsecond)
	take := func(name string, at, until time.Time) bool {
		ok, err := s.Lock(ctx, name, at, until)
		require.NoError(t, err)
		return ok
	}
	require.True(t, take("a", now, now.Add(time.Minute)))
	require.False(t, take("a", now, now.Add(time.Minute)), "somebody has it")
	require.True(t, take("b", now, now.Add(time.Minute)), "another name")
	require.False(t, take("a", now.Add(59*time.Second), now.Add(time.Hour)))
	require.True(t, take("a", now.Add(time.Minute), now.Add(2*time.Minute)), "it is over")
	require.False(t, take("a", now.Add(time.Minute), now.Add(2*time.Minute)), "and taken anew")
	require.NoError(t, s.Unlock(ctx, "a"))
	require.NoError(t, s.Unlock(ctx, "a"), "twice")
	require.True(t, take("a", now, now.Add(time.Minute)))
}
