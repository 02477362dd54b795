package monitoring_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/monitoringtest"
)

// brokenMetrics, brokenClients and brokenSessions are stores with a fault.
type (
	brokenMetrics struct {
		monitoring.MetricStore
		fault string
	}
	brokenClients struct {
		monitoring.ClientStore
		fault string
	}
	brokenSessions struct {
		monitoring.SessionStore
		fault string
	}
)

func (b brokenMetrics) InsertMany(ctx context.Context, list []*monitoring.Metric) error {
	if b.fault == "loses the last metric" && len(list) > 0 {
		list = list[:len(list)-1]
	}
	return b.MetricStore.InsertMany(ctx, list)
}

func (b brokenMetrics) List(ctx context.Context, scope wispwright.Scope, f monitoring.MetricFilter, p wispwright.Page) (wispwright.Items[monitoring.Metric], error) {
	switch b.fault {
	case "metrics of every object":
		f.ObjectID = ""
	case "metrics of every organization":
		scope = wispwright.ScopeAll()
	}
	return b.MetricStore.List(ctx, scope, f, p)
}

func (b brokenMetrics) DeleteOf(ctx context.Context, contentType string, objects ...string) error {
	if b.fault == "deletes the metrics of the first object only" {
		objects = objects[1:]
	}
	return b.MetricStore.DeleteOf(ctx, contentType, objects...)
}

func (b brokenMetrics) Move(ctx context.Context, contentType, object string, organization wispwright.ID) error {
	if b.fault == "moves no metric" {
		return nil
	}
	return b.MetricStore.Move(ctx, contentType, object, organization)
}

func (b brokenClients) Put(ctx context.Context, list []*monitoring.WifiClient) error {
	if b.fault == "forgets when a client came" {
		for _, c := range list {
			if have, err := b.Get(ctx, wispwright.ScopeAll(), c.MACAddress); err == nil {
				_, err = b.Update(ctx, wispwright.ScopeAll(), have.MACAddress, func(o *monitoring.WifiClient) error { *o = *c; return nil })
				if err != nil {
					return err
				}
				continue
			}
			if err := b.Insert(ctx, c); err != nil {
				return err
			}
		}
		return nil
	}
	return b.ClientStore.Put(ctx, list)
}

func (b brokenClients) DeleteIdle(ctx context.Context, limit int) (int, error) {
	switch b.fault {
	case "keeps idle clients":
		return 0, nil
	case "deletes without limit":
		limit = 1000
	}
	return b.ClientStore.DeleteIdle(ctx, limit)
}

func (b brokenSessions) InsertMany(ctx context.Context, list []*monitoring.WifiSession) error {
	if b.fault == "loses the last session" && len(list) > 0 {
		list = list[:len(list)-1]
	}
	return b.SessionStore.InsertMany(ctx, list)
}

func (b brokenSessions) Stop(ctx context.Context, at time.Time, ids ...wispwright.ID) error {
	switch b.fault {
	case "stops nothing":
		return nil
	case "stops what has ended":
		for _, id := range ids {
			_, _ = b.Update(ctx, wispwright.ScopeAll(), id, func(s *monitoring.WifiSession) error { s.StopTime = &at; return nil })
		}
		return nil
	}
	return b.SessionStore.Stop(ctx, at, ids...)
}

func (b brokenSessions) List(ctx context.Context, scope wispwright.Scope, f monitoring.WifiSessionFilter, p wispwright.Page) (wispwright.Items[monitoring.WifiSession], error) {
	switch b.fault {
	case "sessions that ended are open":
		f.Open = nil
	case "sessions of every device":
		f.DeviceID = wispwright.ID{}
	case "from is after":
		f.StartTimeAfter, f.StartTimeFrom = f.StartTimeFrom, time.Time{}
	}
	return b.SessionStore.List(ctx, scope, f, p)
}

func (b brokenSessions) DeleteOf(ctx context.Context, devices ...wispwright.ID) error {
	if b.fault == "keeps the sessions of devices" {
		return nil
	}
	return b.SessionStore.DeleteOf(ctx, devices...)
}

func (b brokenSessions) DeleteBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	if b.fault == "keeps old sessions" {
		return 0, nil
	}
	return b.SessionStore.DeleteBefore(ctx, before, limit)
}

func (b brokenSessions) Move(ctx context.Context, device, organization wispwright.ID) error {
	if b.fault == "moves no session" {
		return nil
	}
	return b.SessionStore.Move(ctx, device, organization)
}

func storeFaults() []string {
	return []string{"loses the last metric", "metrics of every object", "metrics of every organization", "deletes the metrics of the first object only", "moves no metric",
		"forgets when a client came", "keeps idle clients", "deletes without limit", "loses the last session", "stops nothing", "stops what has ended", "sessions that ended are open",
		"sessions of every device", "from is after", "keeps the sessions of devices", "keeps old sessions", "moves no session"}
}

// TestBrokenStores runs in a process of its own for each fault.
func TestBrokenStores(t *testing.T) {
	fault := os.Getenv("BROKEN_MONITORING")
	if fault == "" {
		t.Skip("run by TestTheSuiteFindsFaults")
	}
	monitoringtest.Run(t, func(*testing.T) monitoringtest.Storage {
		m := memstore.New()
		s := monitoring.NewMemory(m)
		s.Metrics, s.Clients, s.Sessions = brokenMetrics{s.Metrics, fault}, brokenClients{s.Clients, fault}, brokenSessions{s.Sessions, fault}
		return monitoringtest.Storage{Tx: m, Stores: s}
	})
}

func TestTheSuiteFindsFaults(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for _, fault := range storeFaults() {
		t.Run(fault, func(t *testing.T) {
			run := exec.Command(self, "-test.run", "^TestBrokenStores$")
			run.Env = append(os.Environ(), "BROKEN_MONITORING="+fault)
			out, err := run.CombinedOutput()
			require.Error(t, err, "the suite passed stores where: %s", fault)
			require.Contains(t, string(out), "--- FAIL: TestBrokenStores", string(out))
		})
	}
}
