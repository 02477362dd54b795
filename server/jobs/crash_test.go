package jobs_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
)

// crashDSN names the database in the process that is to be killed.
const crashDSN = "WISPWRIGHT_TEST_CRASH_DSN"

// TestMain is also the program that TestKilledWorkers kills.
func TestMain(m *testing.M) {
	if dsn := os.Getenv(crashDSN); dsn != "" {
		if err := workUntilKilled(dsn); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// effect is what the jobs do; before and within are called around the effect,
// within in its transaction.
func effect(db *sqlstore.DB, before, within func()) jobs.Handler {
	return jobs.Kind[device]{Name: "test.crash", Timeout: time.Minute}.Handle(func(ctx context.Context, d device) error {
		before()
		return jobs.Complete(ctx, func(ctx context.Context) error {
			_, err := sqlstore.Exec(ctx, db, "INSERT INTO effect (device) VALUES (?)", d.Device)
			within()
			return err
		})
	})
}

// workUntilKilled does a hundred jobs. Then it says so and stands still, one
// job in its transaction and others before theirs, until it is killed.
func workUntilKilled(dsn string) error {
	db, err := sqlstore.Open(context.Background(), dsn, nil)
	if err != nil {
		return err
	}
	ctx := context.Background()
	q, err := jobs.New(ctx, db, &jobs.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	var begun, stored atomic.Int32
	halt := make(chan bool)
	q.Add(effect(db, func() {
		if begun.Add(1) > 110 {
			<-halt
		}
	}, func() {
		if stored.Add(1) > 100 {
			fmt.Println("kill me")
			<-halt
		}
	}))
	if err := q.Start(ctx); err != nil {
		return err
	}
	<-halt
	return nil
}

// A process is killed twice in the middle of its jobs: every effect is there
// exactly once in the end.
func TestKilledWorkers(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the rescue of dead jobs")
	}
	t.Run("sqlite", func(t *testing.T) { killedWorkers(t, filepath.Join(t.TempDir(), "crash.db")) })
	t.Run("postgresql", func(t *testing.T) { killedWorkers(t, testkit.PostgresURL(t)) })
}

func killedWorkers(t *testing.T, dsn string) {
	t.Parallel()
	const all = 600
	db, err := sqlstore.Open(t.Context(), dsn, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	run(t, db, "CREATE TABLE effect (device TEXT NOT NULL)")
	q := newQueue(t, db, &jobs.Options{RescueAfter: time.Hour})
	kind := jobs.Kind[device]{Name: "test.crash"}
	var list []device
	for i := range all {
		list = append(list, device{fmt.Sprint(i)})
	}
	require.NoError(t, kind.Insert(t.Context(), q, list...))
	for range 2 {
		kill(t, dsn)
	}
	before := count(t, db, "SELECT count(*) FROM effect")
	require.Less(t, before, all, "killed too late to prove anything")
	running := count(t, db, "SELECT count(*) FROM river_job WHERE "+db.Dialect().Text("state")+" = 'running'")
	require.Positive(t, running, "nor did it end by itself")
	t.Logf("%d of %d jobs done after two kills, %d still marked as running", before, all, running)
	q.Add(effect(db, func() {}, func() {}))
	start(t, q)
	deadline, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		counts, err := q.Counts(t.Context())
		require.NoError(t, err)
		if counts["completed"] == all {
			break
		}
		select {
		case <-deadline.Done():
			t.Fatalf("not all jobs were taken over: %v", counts)
		case <-tick.C:
		}
	}
	require.Equal(t, all, count(t, db, "SELECT count(*) FROM effect"))
	require.Equal(t, all, count(t, db, "SELECT count(DISTINCT device) FROM effect"))
}

// kill starts the worker process and kills it in the middle of its work.
func kill(t *testing.T, dsn string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=NONE")
	cmd.Env = append(os.Environ(), crashDSN+"="+dsn)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // ended already, unless the test failed
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, "the worker works")
	require.Equal(t, "kill me\n", line)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
}
