package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/server"
)

// flaky is a time-series store that is away at times.
type flaky struct {
	timeseries.Store
	away atomic.Bool
}

var errAway = errors.New("the store is away")

func (f *flaky) Write(ctx context.Context, b timeseries.Batch) error {
	if f.away.Load() {
		return errAway
	}
	return f.Store.Write(ctx, b)
}

func (f *flaky) Document(ctx context.Context, o timeseries.Object) (*timeseries.Document, error) {
	if f.away.Load() {
		return nil, errAway
	}
	return f.Store.Document(ctx, o)
}

// TestStoreAway: documents are accepted while the time-series store is away, also by the process
// after that one, counted in their order when it is back, and meanwhile nobody is said to be silent.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	db := testkit.SQLite(t)
	store := &flaky{Store: timeseries.NewMemory(0, 0)}
	data := t.TempDir()
	start := func(limit int64) (m *monitored, stop func()) {
		c, all := parts(t)
		c.Data, c.Monitoring.SpoolLimit = data, limit
		for _, one := range all {
			if m, ok := one.(*server.MonitoringConcern); ok {
				m.Series = store
			}
		}
		require.NoError(t, server.Migrate(t.Context(), db, all))
		s, err := server.New(t.Context(), db, &server.Options{Config: c.Config, Concerns: all, Log: slog.New(slog.DiscardHandler), Build: "test"})
		require.NoError(t, err)
		stop = sync.OnceFunc(func() { require.NoError(t, s.Stop(context.Background())) })
		t.Cleanup(stop)
		return &monitored{Server: s, key: strings.Repeat("k", 32)}, stop
	}
	m, stop := start(1 << 20)
	require.NoError(t, m.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, m.Start(t.Context()))
	m.organization = identifiers(t, m.Server)["org_alpha"]
	w := m.as("admin", http.MethodPost, "/api/v1/controller/device/", fmt.Sprintf(`{"name":"ap-1","organization":%q,"mac_address":"02:00:00:00:00:01","key":%q}`, m.organization, m.key))
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
	var made struct{ ID string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &made))
	m.device = made.ID
	id, err := wispwright.ParseID(m.device)
	require.NoError(t, err)

	now := time.Now().UTC().Truncate(time.Second)
	send := func(m *monitored, ago time.Duration, rx int64) int {
		return m.post(t, now.Add(-ago), traffic(rx, 1e9)).Code
	}
	require.Equal(t, 200, send(m, 20*time.Minute, 2e9))
	store.away.Store(true)
	require.Equal(t, 200, send(m, 15*time.Minute, 3e9))
	require.Equal(t, 200, send(m, 10*time.Minute, 5e9))
	require.Equal(t, 400, m.post(t, now, `{"type":"Other"}`).Code, "what is no document is not kept")
	require.Equal(t, 403, m.as("", http.MethodPost, "/api/v1/monitoring/device/"+m.device+"/?key=wrong", traffic(1, 1)).Code)
	concern, _ := server.Find[*server.MonitoringConcern](m.Concerns())
	last, err := concern.LastTold(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, now.Add(-10*time.Minute), last, "a check of whether devices send is told of what waits")

	stop() // and the store is away still
	next, stop := start(1 << 20)
	next.device, next.organization = m.device, m.organization
	require.NoError(t, next.Start(t.Context()))
	require.Equal(t, 200, send(next, 5*time.Minute, 6e9))
	store.away.Store(false)
	testkit.Eventually(t, "what waited is stored", func(ctx context.Context) bool {
		return next.charts(t)["Traffic: wan"]["download"] == 6
	})
	require.Equal(t, 200, send(next, 4*time.Minute, 7e9))
	testkit.Eventually(t, "the later one too", func(ctx context.Context) bool {
		return next.charts(t)["Traffic: wan"]["download"] == 7
	})
	stop()

	none, _ := start(0) // documents stay with their devices
	none.device, none.organization = m.device, m.organization
	require.NoError(t, none.Start(t.Context()))
	store.away.Store(true)
	require.Equal(t, 503, send(none, 3*time.Minute, 8e9))
	store.away.Store(false)
	require.Equal(t, 200, send(none, 3*time.Minute, 8e9))
	require.InDelta(t, 8, none.charts(t)["Traffic: wan"]["download"], 0)
}
