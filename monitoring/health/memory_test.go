package health_test

import (
	"context"
	"testing"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/monitoring/health/healthtest"
)

func memory(change func(*health.Stores)) healthtest.Harness {
	return func(*testing.T) healthtest.Storage {
		m := memstore.New()
		metrics := monitoring.NewMemory(m).Metrics
		s := health.NewMemory(m, metrics)
		if change != nil {
			change(&s)
		}
		return healthtest.Storage{Tx: m, Metrics: metrics, Stores: s}
	}
}

func TestMemory(t *testing.T) { healthtest.Run(t, memory(nil)) }

// stores that break a promise each
type (
	chatty  struct{ health.AlertStore }  // stores more than the streak
	blind   struct{ health.StatusStore } // overwrites the row that there is
	lasting struct{ health.CaseStore }   // ends nothing
)

func (s chatty) SaveStreaks(ctx context.Context, list []*health.AlertSettings) error {
	for _, a := range list {
		if _, err := s.Update(ctx, wispwright.ScopeAll(), a.MetricID, func(have *health.AlertSettings) error { *have = *a; return nil }); err != nil {
			return err
		}
	}
	return nil
}

func (s blind) Hold(ctx context.Context, fresh []*health.DeviceStatus) ([]*health.DeviceStatus, error) {
	held, err := s.StatusStore.Hold(ctx, fresh)
	if err != nil {
		return nil, err
	}
	for _, h := range held {
		for _, f := range fresh {
			if f.DeviceID == h.DeviceID {
				h.Status = f.Status
			}
		}
	}
	return held, nil
}

func (lasting) End(context.Context, time.Time, ...wispwright.ID) error { return nil }

func TestBrokenStoresFail(t *testing.T) {
	broken := map[string]func(*testing.T){}
	for name, change := range map[string]func(*health.Stores){
		"streaks change settings":   func(s *health.Stores) { s.Alerts = chatty{s.Alerts} },
		"held rows are overwritten": func(s *health.Stores) { s.Statuses = blind{s.Statuses} },
		"cases never end":           func(s *health.Stores) { s.Cases = lasting{s.Cases} },
	} {
		broken[name] = func(t *testing.T) { healthtest.Run(t, memory(change)) }
	}
	storetest.MustFail(t, broken)
}
