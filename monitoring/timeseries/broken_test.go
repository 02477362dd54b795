package timeseries_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/timeseriestest"
)

// broken is a store with a fault.
type broken struct {
	*timeseries.Memory
	fault string
}

func (b broken) Write(ctx context.Context, batch timeseries.Batch) error {
	switch b.fault {
	case "loses the last point":
		batch.Points = batch.Points[:max(len(batch.Points)-1, 0)]
	case "milliseconds":
		batch.Points = slices.Clone(batch.Points)
		for i := range batch.Points {
			batch.Points[i].Time = batch.Points[i].Time.Truncate(time.Millisecond)
		}
	case "an old document wins":
		for i := range batch.Documents {
			batch.Documents[i].Time = time.Now()
		}
	case "one class":
		batch.Points = slices.Clone(batch.Points)
		for i := range batch.Points {
			batch.Points[i].Class = timeseries.Default
		}
	}
	return b.Memory.Write(ctx, batch)
}

func (b broken) Charts(ctx context.Context, queries []timeseries.Query) ([]timeseries.Result, error) {
	queries = slices.Clone(queries)
	for i := range queries {
		switch b.fault {
		case "only UTC":
			queries[i].Range.Zone = time.UTC
		case "ignores the object":
			queries[i].Filter.Object = nil
		case "the end does not count":
			queries[i].Range.End = queries[i].Range.End.Add(-time.Second)
		case "no groups":
			queries[i].GroupBy = nil
		}
	}
	return b.Memory.Charts(ctx, queries)
}

func (b broken) Read(ctx context.Context, r timeseries.Rows) ([]timeseries.Row, error) {
	if b.fault == "always oldest first" {
		r.NewestFirst = false
	}
	return b.Memory.Read(ctx, r)
}

func (b broken) Delete(ctx context.Context, measurement string, f timeseries.Filter) error {
	switch b.fault {
	case "deletes too much":
		f.Tags = nil
	case "deletes nothing":
		return nil
	}
	return b.Memory.Delete(ctx, measurement, f)
}

func (b broken) Maintain(ctx context.Context, now time.Time) error {
	if b.fault == "keeps everything" {
		return nil
	}
	return b.Memory.Maintain(ctx, now)
}

func (b broken) Latest(ctx context.Context, since time.Time, do func(timeseries.LatestPoint) error) error {
	if b.fault == "tells old values" {
		since = time.Time{}
	}
	return b.Memory.Latest(ctx, since, func(p timeseries.LatestPoint) error {
		if b.fault == "counts no texts" {
			p.Count = min(p.Count, 1)
		}
		return do(p)
	})
}

func faults() []string {
	return []string{"loses the last point", "milliseconds", "an old document wins", "one class", "only UTC", "ignores the object",
		"the end does not count", "no groups", "always oldest first", "deletes too much", "deletes nothing", "keeps everything", "tells old values", "counts no texts"}
}

// TestBrokenStore runs in a process of its own for each fault.
func TestBrokenStore(t *testing.T) {
	fault := os.Getenv("BROKEN_STORE")
	if fault == "" {
		t.Skip("run by TestTheSuiteFindsFaults")
	}
	timeseriestest.Run(t, func(*testing.T) timeseries.Store {
		return broken{timeseries.NewMemory(26280*time.Hour, 24*time.Hour), fault}
	})
}

func TestTheSuiteFindsFaults(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for _, fault := range faults() {
		t.Run(fault, func(t *testing.T) {
			run := exec.Command(self, "-test.run", "^TestBrokenStore$")
			run.Env = append(os.Environ(), "BROKEN_STORE="+fault)
			out, err := run.CombinedOutput()
			require.Error(t, err, "the suite passed a store that %s", fault)
			require.Contains(t, string(out), "--- FAIL: TestBrokenStore", string(out))
		})
	}
}
