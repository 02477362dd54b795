package simulate

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHistogramAgreesWithSorting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var h Histogram
	var all []time.Duration
	for range 20_000 {
		d := time.Duration(r.ExpFloat64() * float64(20*time.Millisecond))
		all = append(all, d)
		h.Add(d)
	}
	slices.Sort(all)
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 0.999} {
		want := all[int(q*float64(len(all)-1))]
		require.InEpsilon(t, float64(want), float64(h.Quantile(q)), 0.05, "quantile %v", q)
	}
	require.Equal(t, all[len(all)-1].Truncate(time.Microsecond), h.Max())
	require.EqualValues(t, len(all), h.Count())
}

func TestHistogramBuckets(t *testing.T) {
	last := -1
	for us := uint64(0); us < 1<<20; us += 1 + us/100 {
		b := bucketOf(us)
		require.GreaterOrEqual(t, b, last)
		last = b
		require.LessOrEqual(t, lowest(b), us)
		require.Greater(t, lowest(b+1), us)
	}
	var h Histogram
	require.Zero(t, h.Quantile(0.5))
	require.Zero(t, h.Mean())
	h.Add(-time.Second)
	h.Add(240 * time.Hour) // beyond the last bucket: counted, not lost
	require.EqualValues(t, 2, h.Count())
	require.Equal(t, 240*time.Hour, h.Max())
}

func BenchmarkHistogramAdd(b *testing.B) {
	var h Histogram
	b.ReportAllocs()
	for i := range b.N {
		h.Add(time.Duration(i%100_000) * time.Microsecond)
	}
}
