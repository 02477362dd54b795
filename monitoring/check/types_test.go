package check_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/check"
	"github.com/wispwright/wispwright/monitoring/check/checksql"
	"github.com/wispwright/wispwright/monitoring/check/checktest"
	"github.com/wispwright/wispwright/monitoring/check/ping"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// own are all types of the product, with made up answers.
func own() check.Settings {
	return check.Settings{
		Pinger: func(ctx context.Context, list []netip.Addr, _ ping.Options) ([]ping.Result, error) {
			return make([]ping.Result, len(list)), ctx.Err()
		},
		LastDocument: func(context.Context, wispwright.ID) (time.Time, error) { return time.Now(), nil },
		Clients:      func(context.Context, wispwright.ID, time.Time) (int, error) { return 3, nil },
		ReadSNMP: func(_ context.Context, device wispwright.ID) (wispwright.JSON, error) {
			if device[0] == 1 {
				return `{"type":"DeviceMonitoring"}`, nil
			}
			return "", errors.New("no connection over SNMP")
		},
	}
}

func TestTypesConform(t *testing.T) {
	types := check.Types(own())
	require.Len(t, types, 8)
	for _, typ := range types {
		t.Run(typ.Label, func(t *testing.T) { checktest.RunType(t, typ) })
	}
}

func TestBrokenTypesFail(t *testing.T) {
	whole := func(run func(context.Context, []check.Target) []check.Result) check.Type {
		return check.Type{ID: "x", Label: "X", Kinds: []string{"ping"}, Timeout: 100 * time.Millisecond, Run: run}
	}
	one := func(r check.Result) check.Type {
		return whole(check.Each(func(context.Context, check.Target) check.Result { return r }))
	}
	lost := []monitoring.Measured{{Kind: "ping", Fields: []timeseries.Field{{Name: "reachable", Value: timeseries.Int(0)}}}}
	lax, unknown := one(check.Result{}), one(check.Result{})
	lax.Check = func(wispwright.JSON) error { return nil }
	unknown.Kinds = []string{"no such kind"}
	broken := map[string]func(*testing.T){}
	for name, typ := range map[string]check.Type{
		"too few results": whole(func(context.Context, []check.Target) []check.Result { return nil }),
		"panics without an address": whole(check.Each(func(_ context.Context, c check.Target) check.Result {
			_ = c.Device.ManagementIP.AsSlice()[0]
			return check.Result{}
		})),
		"values and a fault":      one(check.Result{Values: lost, Err: errors.New("x")}),
		"another kind":            one(check.Result{Values: []monitoring.Measured{{Kind: "disk", Fields: []timeseries.Field{{Name: "used_disk", Value: timeseries.Float(1)}}}}}),
		"a field that is not":     one(check.Result{Values: []monitoring.Measured{{Kind: "ping", Fields: []timeseries.Field{{Name: "x", Value: timeseries.Int(1)}}}}}),
		"an end is no answer":     one(check.Result{Values: lost}),
		"anything is a parameter": lax,
		"a kind nobody knows":     unknown,
	} {
		broken[name] = func(t *testing.T) { checktest.RunType(t, typ) }
	}
	storetest.MustFail(t, broken)
}

func TestLocks(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		checktest.RunLocks(t, check.NewMemory(memstore.New()))
		checktest.RunDue(t, check.NewMemory(memstore.New()))
	})
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), checksql.Migrations()))
		s, err := checksql.New(db)
		require.NoError(t, err)
		checktest.RunLocks(t, s)
		checktest.RunDue(t, s)
	})
}
