package simulate

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Histogram counts durations in buckets whose width is about 3 % of their
// value, from one microsecond to about an hour. Adding is one atomic step, so
// that measuring thousands of requests a second costs nothing worth measuring.
// Its zero value is ready to use.
type Histogram struct {
	buckets [32 * subBuckets]atomic.Uint64
	count   atomic.Uint64
	sum     atomic.Int64
	max     atomic.Int64
}

// subBuckets is how many buckets a power of two is divided into.
const (
	subBits    = 5
	subBuckets = 1 << subBits
)

// Add counts one duration.
func (h *Histogram) Add(d time.Duration) {
	us := max(d.Microseconds(), 0)
	h.buckets[min(bucketOf(uint64(us)), len(h.buckets)-1)].Add(1)
	h.count.Add(1)
	h.sum.Add(us)
	for {
		old := h.max.Load()
		if us <= old || h.max.CompareAndSwap(old, us) {
			return
		}
	}
}

// bucketOf returns the bucket of a number of microseconds: exact below 32,
// then 32 buckets for each power of two.
func bucketOf(us uint64) int {
	if us < subBuckets {
		return int(us)
	}
	shift := bits.Len64(us) - 1 - subBits
	return (shift+1)*subBuckets + int(us>>shift) - subBuckets
}

// lowest returns the smallest number of microseconds of a bucket.
func lowest(bucket int) uint64 {
	if bucket < subBuckets {
		return uint64(bucket)
	}
	shift := bucket/subBuckets - 1
	return uint64(subBuckets+bucket%subBuckets) << shift
}

// Count returns how many durations were added.
func (h *Histogram) Count() uint64 { return h.count.Load() }

// Max returns the longest duration.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max.Load()) * time.Microsecond }

// Mean returns the average, 0 when nothing was added.
func (h *Histogram) Mean() time.Duration {
	n := h.count.Load()
	if n == 0 {
		return 0
	}
	return time.Duration(h.sum.Load()/int64(n)) * time.Microsecond
}

// Quantile returns the duration below which the given part (0 to 1) of all
// durations lies, exact to about 3 %; 0 when nothing was added.
func (h *Histogram) Quantile(part float64) time.Duration {
	n := h.count.Load()
	if n == 0 {
		return 0
	}
	want := max(uint64(part*float64(n)+0.5), 1)
	var seen uint64
	for i := range h.buckets {
		if seen += h.buckets[i].Load(); seen >= want {
			// the middle of the bucket, but never more than was seen
			middle := (lowest(i) + lowest(i+1)) / 2
			return min(time.Duration(middle)*time.Microsecond, h.Max())
		}
	}
	return h.Max()
}
