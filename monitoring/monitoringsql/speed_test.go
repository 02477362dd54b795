package monitoringsql_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/monitoringsql"
	"github.com/wispwright/wispwright/monitoring/oui"
	"github.com/wispwright/wispwright/monitoring/timeseries/sqlts"
)

// TestSpeedOfDocuments measures what a document of an access point with 40 clients costs;
// run it with WISPWRIGHT_SOAK.
func TestSpeedOfDocuments(t *testing.T) {
	if os.Getenv("WISPWRIGHT_SOAK") == "" {
		t.Skip("measures")
	}
	var f struct {
		Steps []struct{ Document json.RawMessage }
	}
	testkit.ReadVectors(t, &f, "monitoring", "01-ap-three-radios-40-clients.json")
	var compact bytes.Buffer
	require.NoError(t, json.Compact(&compact, f.Steps[0].Document))
	// each device has clients of its own, one of which is another each time
	document := func(device, n int) []byte {
		mac := fmt.Sprintf("02:%02x:%02x:00", byte(device>>8), byte(device))
		b := bytes.ReplaceAll(compact.Bytes(), []byte("3c:22:fb:75"), []byte(mac))
		return bytes.Replace(b, []byte(`{"mac":"`), fmt.Appendf(nil, `{"mac":"02:57:%02x:%02x:00:%02x","aid":1,"assoc":true,"auth":true,"authorized":true,"ht":true,"vht":true,"wmm":true,"mfp":false},{"mac":"`, byte(device>>8), byte(device), byte(n)), 1)
	}
	body := document(1, 1)
	ctx := context.Background()
	dir := t.TempDir()
	rows := testkit.Open(t, filepath.Join(dir, "main.db"))
	points := testkit.Open(t, filepath.Join(dir, "timeseries.db"))
	require.NoError(t, rows.Migrate(ctx, monitoringsql.Migrations()))
	require.NoError(t, points.Migrate(ctx, sqlts.Migrations()))
	stores, err := monitoringsql.New(rows)
	require.NoError(t, err)
	series, err := sqlts.New(points, nil)
	require.NoError(t, err)
	m, err := monitoring.New(rows, stores, series, &monitoring.Options{Vendors: oui.New()})
	require.NoError(t, err)
	devices := make([]*monitoring.Device, 200)
	for i := range devices {
		devices[i] = &monitoring.Device{ID: wispwright.NewID(), OrganizationID: wispwright.ID{0: 1, 15: byte(i%10 + 1)}}
	}
	start := time.Now().Add(-time.Hour)
	round := func(n int) {
		var wg sync.WaitGroup
		for worker := range 32 {
			wg.Go(func() {
				for i := worker; i < len(devices); i += 32 {
					if err := m.Collector.Collect(ctx, monitoring.Sample{Device: devices[i], Body: document(i, n), Time: start.Add(time.Duration(n) * time.Minute)}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	round(0) // makes metrics, charts and sessions
	var before, after syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &before))
	begin := time.Now()
	const rounds = 20
	for n := range rounds {
		round(n + 1)
	}
	took := time.Since(begin)
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &after))
	count := rounds * len(devices)
	used := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	t.Logf("%d documents of %d bytes: %.0f/s, %d µs of CPU each", count, len(body), float64(count)/took.Seconds(), used/int64(count)/1000)
}
