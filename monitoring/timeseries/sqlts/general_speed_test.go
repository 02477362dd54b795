package sqlts

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// TestSpeedOfGeneralCharts measures charts of a fleet of 10,000 devices over 30 days from sums and
// sets as its folds would have left them: 100,000 clients at once, 400,000 in all. Run it with
// WISPWRIGHT_SOAK.
func TestSpeedOfGeneralCharts(t *testing.T) {
	if os.Getenv("WISPWRIGHT_SOAK") == "" {
		t.Skip("measures")
	}
	for name, db := range map[string]*sqlstore.DB{
		"sqlite": testkit.Open(t, filepath.Join(t.TempDir(), "timeseries.db")), "postgresql": testkit.Postgres(t),
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			require.NoError(t, db.Migrate(ctx, Migrations()))
			now := time.Now().UTC().Truncate(24 * time.Hour).Add(12 * time.Hour)
			s, err := New(db, &Options{Now: func() time.Time { return now }})
			require.NoError(t, err)
			r := rand.New(rand.NewPCG(1, 2))
			set := func(n int) []byte {
				m := roaring.New()
				for range n {
					m.Add(r.Uint32N(400_000))
				}
				b, err := m.ToBytes()
				require.NoError(t, err)
				return b
			}
			sets := map[int64][]byte{}
			for i, n := range []int{100_000, 105_000, 115_000, 150_000, 230_000} {
				sets[grains[i]] = set(n)
			}
			require.NoError(t, db.InTx(ctx, func(ctx context.Context) error {
				names := s.naming(ctx)
				wan, err := names.symbol("wan")
				if err != nil {
					return err
				}
				for _, field := range []string{"rx_bytes", "tx_bytes"} {
					if _, err := names.field("traffic", field, timeseries.IntKind); err != nil {
						return err
					}
				}
				if _, err := names.field("wifi_clients", "clients", timeseries.TextKind); err != nil {
					return err
				}
				names.remember()
				today := day(now.UnixMicro())
				for d := today - 31; d <= today; d++ {
					sums := sumDay{}
					for slotOf := range int64(slotsADay) {
						for group := range int64(5) {
							sums[sumKey{0, d*slotsADay + slotOf, wan + group}] = []int64{r.Int64N(1e12), r.Int64N(1e11)}
						}
					}
					if _, err := sqlstore.Exec(ctx, db, "INSERT INTO ts_sum (scope, rule, day, p) VALUES (0, 0, ?, ?)", d, s.encodeSums(d, sums)); err != nil {
						return err
					}
					for _, grain := range grains {
						if grain <= 3*slot && d < today-7 {
							continue // not read by charts of 30 days
						}
						for at := d * slotsADay * slot; at < (d+1)*slotsADay*slot; at += grain {
							if _, err := sqlstore.Exec(ctx, db, "INSERT INTO ts_set (scope, rule, grain, t, p) VALUES (0, 1, ?, ?, ?)", grain, at, sets[grain]); err != nil {
								return err
							}
						}
					}
				}
				return nil
			}))
			rome, err := time.LoadLocation("Europe/Rome")
			require.NoError(t, err)
			for _, c := range []struct {
				what   string
				zone   *time.Location
				days   int
				bucket time.Duration
			}{{"30 days, UTC", time.UTC, 30, 24 * time.Hour}, {"30 days, Rome", rome, 30, 24 * time.Hour}, {"7 days, Rome", rome, 7, time.Hour}, {"1 day, Rome", rome, 1, 10 * time.Minute}} {
				start := time.Date(now.Year(), now.Month(), now.Day()-c.days+1, 0, 0, 0, 0, c.zone)
				if c.days == 1 {
					start = now.Add(-24 * time.Hour)
				}
				span := timeseries.Range{Start: start, End: now.Add(-time.Microsecond), Zone: c.zone, Bucket: c.bucket}
				traffic := timeseries.Query{Measurement: "traffic", Range: span, Filter: timeseries.Filter{Tags: map[string][]string{"ifname": {"wan"}}},
					Traces: []timeseries.Trace{{Name: "d", Field: "rx_bytes", Func: timeseries.Sum}, {Name: "u", Field: "tx_bytes", Func: timeseries.Sum}}}
				clients := timeseries.Query{Measurement: "wifi_clients", Range: span, Traces: []timeseries.Trace{{Name: "c", Field: "clients", Func: timeseries.Distinct}}}
				measure := func(what string, list ...timeseries.Query) {
					best := time.Hour
					for range 5 {
						begin := time.Now()
						got, err := s.Charts(ctx, list)
						require.NoError(t, err)
						best = min(best, time.Since(begin))
						require.False(t, got[0].Empty())
					}
					t.Logf("%s, %s: %s", c.what, what, best.Round(100*time.Microsecond))
				}
				measure("traffic", traffic)
				measure("clients", clients)
			}
		})
	}
}
