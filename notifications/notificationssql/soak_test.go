package notificationssql_test

import (
	"context"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications"
)

// TestSoakHundredThousandEvents posts so many within transactions that a
// hundred events share, as a fleet does that loses its uplink, tells two people
// of all of them, and asks for the number on their bells meanwhile (make soak).
func TestSoakHundredThousandEvents(t *testing.T) {
	if os.Getenv("WISPWRIGHT_SOAK") == "" {
		t.Skip("make soak runs it")
	}
	const events, together = 100_000, 100
	soak := func(t *testing.T, db *sqlstore.DB) {
		s := mounted(t, db, &crowd{n: 2})
		list := make([]notifications.Event, together)
		for i := range list {
			list[i] = notifications.Event{Type: "default", Target: notifications.Ref{Kind: "config.device", ID: "x"}}
		}
		begin := time.Now()
		posted := make(chan error, 1)
		go func() {
			for range events / together {
				if err := s.Post(context.Background(), list...); err != nil {
					posted <- err
					return
				}
			}
			posted <- nil
		}()
		var unread []time.Duration
		var most uint64
		for done := false; !done; {
			select {
			case err := <-posted:
				require.NoError(t, err)
				done = true
			default: // more comes
			}
			require.NoError(t, s.Drain(t.Context()))
			at := time.Now()
			_, _, err := s.Unread(t.Context(), member(0))
			require.NoError(t, err)
			unread = append(unread, time.Since(at))
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
		}
		took := time.Since(begin)
		for range 500 {
			at := time.Now()
			_, _, err := s.Unread(t.Context(), member(0))
			require.NoError(t, err)
			unread = append(unread, time.Since(at))
		}
		slices.Sort(unread)
		n, err := sqlstore.Get[int](t.Context(), db, "SELECT count(*) FROM notification")
		require.NoError(t, err)
		t.Logf("%d events to two people in %s; heap at most %d MiB; unread median %s, p99 %s", events, took.Round(time.Second), most>>20, unread[len(unread)/2], unread[len(unread)*99/100])
		require.Equal(t, 2*events, n)
		require.Less(t, took, time.Minute)
		require.Less(t, most, uint64(256<<20))
	}
	t.Run("sqlite", func(t *testing.T) { soak(t, testkit.SQLite(t)) })
	t.Run("postgresql", func(t *testing.T) { soak(t, testkit.Postgres(t)) })
}
