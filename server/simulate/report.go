package simulate

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"
)

// Kind is a kind of request.
type Kind int

// The kinds of requests a device makes.
const (
	Register Kind = iota // the registration
	Checksum             // the question whether something changed
	Download             // the download of an archive
	Applied              // the report that it was applied
	Document             // a document of what was measured
	kinds
)

// String names the kind as the protocol's path does.
func (k Kind) String() string {
	return [...]string{"register", "checksum", "download-config", "report-status", "monitoring"}[k]
}

// Report is what a run measured.
type Report struct {
	// Devices is the size of the fleet.
	Devices int
	// Started is when the run began, Ended when it was over.
	Started, Ended time.Time
	// Latency are the durations of the successful requests by kind.
	Latency [kinds]Histogram

	applied atomic.Int64
	failed  [kinds]atomic.Uint64
	mu      sync.Mutex
	reasons map[string]int
}

// maxReasons bounds how many different errors are remembered.
const maxReasons = 20

func newReport(devices int) *Report {
	return &Report{Devices: devices, Started: time.Now(), reasons: map[string]int{}}
}

// Applied returns how many devices applied a configuration at least once.
func (r *Report) Applied() int { return int(r.applied.Load()) }

// Failed returns how many requests of a kind failed.
func (r *Report) Failed(k Kind) uint64 { return r.failed[k].Load() }

// Failures returns how many requests failed.
func (r *Report) Failures() (n uint64) {
	for k := range kinds {
		n += r.failed[k].Load()
	}
	return n
}

// time measures one request. One that was cut off by the end of the run
// counts neither as done nor as failed.
func (r *Report) time(ctx context.Context, k Kind, request func() error) error {
	begun := time.Now()
	err := request()
	took := time.Since(begun)
	switch {
	case err == nil:
		r.Latency[k].Add(took)
	case ctx.Err() == nil:
		r.failed[k].Add(1)
		r.mu.Lock()
		if _, known := r.reasons[err.Error()]; known || len(r.reasons) < maxReasons {
			r.reasons[err.Error()]++
		}
		r.mu.Unlock()
	}
	return err
}

func (r *Report) finish() { r.Ended = time.Now() }

// print keeps one progress line up to date until the context ends.
func (r *Report) print(ctx context.Context, o Options) {
	if o.Progress == nil {
		return
	}
	tick := time.NewTicker(o.Every)
	defer tick.Stop()
	var before [kinds]uint64
	last := r.Started
	line := func(now time.Time) {
		var b strings.Builder
		fmt.Fprintf(&b, "\r%6.0fs  applied %d/%d", now.Sub(r.Started).Seconds(), r.Applied(), r.Devices)
		for k := range kinds {
			n := r.Latency[k].Count()
			rate := float64(n-before[k]) / now.Sub(last).Seconds()
			before[k] = n
			fmt.Fprintf(&b, "  %s %.0f/s", k, rate)
		}
		fmt.Fprintf(&b, "  checksum p50 %s p99 %s  errors %d ",
			short(r.Latency[Checksum].Quantile(0.5)), short(r.Latency[Checksum].Quantile(0.99)), r.Failures())
		last = now
		fmt.Fprint(o.Progress, b.String())
	}
	for {
		select {
		case <-ctx.Done():
			line(time.Now()) // the last word, however short the run
			fmt.Fprintln(o.Progress)
			return
		case now := <-tick.C:
			line(now)
		}
	}
}

// short writes a duration with three digits.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// WriteTo writes the final table.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	seconds := r.Ended.Sub(r.Started).Seconds()
	fmt.Fprintf(&b, "%d devices, %d applied, %.1f s\n", r.Devices, r.Applied(), seconds)
	t := tabwriter.NewWriter(&b, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "request\tdone\tper second\tmean\tp50\tp99\tmax\terrors\t")
	for k := range kinds {
		h := &r.Latency[k]
		fmt.Fprintf(t, "%s\t%d\t%.1f\t%s\t%s\t%s\t%s\t%d\t\n", k, h.Count(), float64(h.Count())/max(seconds, 0.001),
			short(h.Mean()), short(h.Quantile(0.5)), short(h.Quantile(0.99)), short(h.Max()), r.Failed(k))
	}
	if err := t.Flush(); err != nil {
		return 0, fmt.Errorf("write report: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, reason := range slices.Sorted(maps.Keys(r.reasons)) {
		fmt.Fprintf(&b, "%6d × %s\n", r.reasons[reason], reason)
	}
	n, err := io.WriteString(w, b.String())
	if err != nil {
		return int64(n), fmt.Errorf("write report: %w", err)
	}
	return int64(n), nil
}
