package sqlts_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/sqlts"
)

// TestWriterThatIsKilled is the process that TestKilledWriter kills: it tells of each
// document that was acknowledged.
func TestWriterThatIsKilled(t *testing.T) {
	name := os.Getenv("KILLED_WRITER")
	if name == "" {
		t.Skip("run by TestKilledWriter")
	}
	ctx := context.Background()
	db := testkit.Open(t, name)
	require.NoError(t, db.Migrate(ctx, sqlts.Migrations()))
	s, err := sqlts.New(db, nil)
	require.NoError(t, err)
	go func() {
		for {
			if err := s.Maintain(ctx, time.Now()); err != nil {
				fmt.Println("failed", err)
			}
		}
	}()
	start, err := time.Parse(time.RFC3339Nano, os.Getenv("KILLED_START"))
	require.NoError(t, err)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			f := &fleet{r: rand.New(rand.NewPCG(1, uint64(worker))), body: []byte(strings.Repeat("x", 500))}
			for n := 0; ; n++ {
				if err := s.Write(ctx, f.document(worker, start.Add(time.Duration(n)*time.Millisecond))); err != nil {
					fmt.Println("failed", err)
					return
				}
				mu.Lock()
				fmt.Printf("stored %d %d\n", worker, n)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestKilledWriter(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "timeseries.db")
	start := time.Now().Add(-26 * time.Hour).UTC() // a day that is sealed meanwhile
	run := exec.Command(self, "-test.run", "^TestWriterThatIsKilled$")
	run.Env = append(os.Environ(), "KILLED_WRITER="+name, "KILLED_START="+start.Format(time.RFC3339Nano))
	out, err := run.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, run.Start())
	stored := map[int]int{}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); {
		var worker, number int
		if _, err := fmt.Sscanf(lines.Text(), "stored %d %d", &worker, &number); err != nil {
			require.NotContains(t, lines.Text(), "failed")
			continue
		}
		stored[worker] = number + 1
		if n++; n == 400 {
			require.NoError(t, run.Process.Kill())
		}
	}
	_ = run.Wait() // it was killed

	ctx := context.Background()
	db := testkit.Open(t, name)
	require.NoError(t, db.Migrate(ctx, sqlts.Migrations()))
	s, err := sqlts.New(db, nil)
	require.NoError(t, err)
	total := timeseries.Query{Measurement: "traffic", Range: timeseries.Range{Start: start.Truncate(24 * time.Hour), End: time.Now().Add(time.Hour).Truncate(5 * time.Minute).Add(-time.Microsecond)},
		Traces: []timeseries.Trace{{Name: "rx", Field: "rx_bytes", Func: timeseries.Sum}}}
	check := func() {
		var sum int64
		for worker, n := range stored {
			o := &timeseries.Object{Type: "config.device", ID: fmt.Sprintf("%08d-0000-4000-8000-000000000000", worker)}
			rows, err := s.Read(ctx, timeseries.Rows{Measurement: "cpu", Filter: timeseries.Filter{Object: o}})
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(rows), n, "device "+strconv.Itoa(worker))
			q := total
			q.Filter.Object = o
			got, err := s.Charts(ctx, []timeseries.Query{q})
			require.NoError(t, err)
			sum += got[0].Series[0].Summary.Int()
			_, err = s.Document(ctx, *o)
			require.NoError(t, err)
		}
		got, err := s.Charts(ctx, []timeseries.Query{total})
		require.NoError(t, err)
		require.Equal(t, sum, got[0].Series[0].Summary.Int(), "sums of all are those of the devices")
	}
	check()
	require.NoError(t, s.Maintain(ctx, time.Now()))
	check()
}
