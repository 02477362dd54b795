package monitoring

import (
	"context"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory. They look through all
// they have for most questions: they are for tests and small programs.
func NewMemory(m *memstore.Store) Stores {
	general := func(contentType string, value any) bool { return (contentType == "") == value.(bool) }
	charts := memstore.NewRepo[wispwright.ID, Chart, ChartFilter](m, memstore.Spec[Chart]{Shape: ChartShape(),
		Match: map[string]func(context.Context, *Chart, any) bool{
			"General": func(_ context.Context, c *Chart, v any) bool { return general(c.ContentType, v) },
		}})
	metrics := memstore.NewRepo[wispwright.ID, Metric, MetricFilter](m, memstore.Spec[Metric]{Shape: MetricShape(),
		Match: map[string]func(context.Context, *Metric, any) bool{
			"General": func(_ context.Context, c *Metric, v any) bool { return general(c.ContentType, v) },
		}})
	clients := memstore.NewRepo[string, WifiClient, WifiClientFilter](m, memstore.Spec[WifiClient]{Shape: WifiClientShape()})
	at := func(get func(*WifiSession) *time.Time, holds func(have, want time.Time) bool) func(context.Context, *WifiSession, any) bool {
		return func(_ context.Context, s *WifiSession, v any) bool {
			have := get(s)
			return have != nil && holds(*have, v.(time.Time))
		}
	}
	start := func(s *WifiSession) *time.Time { return &s.StartTime }
	stop := func(s *WifiSession) *time.Time { return s.StopTime }
	until := func(have, want time.Time) bool { return !have.After(want) }
	sessions := memstore.NewRepo[wispwright.ID, WifiSession, WifiSessionFilter](m, memstore.Spec[WifiSession]{Shape: WifiSessionShape(),
		Match: map[string]func(context.Context, *WifiSession, any) bool{
			"Open":           func(_ context.Context, s *WifiSession, v any) bool { return (s.StopTime == nil) == v.(bool) },
			"StartTimeAfter": at(start, time.Time.After), "StopTimeAfter": at(stop, time.Time.After),
			"StartTimeUntil": at(start, until), "StopTimeUntil": at(stop, until),
		}})
	return Stores{&memoryMetrics{metrics, m, charts}, charts, &memoryClients{clients, sessions}, &memorySessions{sessions, m}}
}

type memoryMetrics struct {
	*memstore.Repo[wispwright.ID, Metric, MetricFilter]
	store  *memstore.Store
	charts *memstore.Repo[wispwright.ID, Chart, ChartFilter]
}

// Delete also removes the metric's charts.
func (s *memoryMetrics) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		_, err := s.charts.DeleteWhere(ctx, func(c *Chart) bool { return c.MetricID == id })
		return err
	})
}

// DeleteOf implements MetricStore.
func (s *memoryMetrics) DeleteOf(ctx context.Context, contentType string, objects ...string) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.charts.DeleteWhere(ctx, func(c *Chart) bool { return c.ContentType == contentType && slices.Contains(objects, c.ObjectID) }); err != nil {
			return err
		}
		_, err := s.DeleteWhere(ctx, func(m *Metric) bool { return m.ContentType == contentType && slices.Contains(objects, m.ObjectID) })
		return err
	})
}

// Move implements MetricStore.
func (s *memoryMetrics) Move(ctx context.Context, contentType, object string, organization wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		metrics, err := s.List(ctx, wispwright.ScopeAll(), MetricFilter{ContentType: contentType, ObjectID: object}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, m := range metrics.Rows {
			if _, err := s.Update(ctx, wispwright.ScopeAll(), m.ID, func(m *Metric) error { m.OrganizationID = organization; return nil }); err != nil {
				return err
			}
		}
		charts, err := s.charts.List(ctx, wispwright.ScopeAll(), ChartFilter{ContentType: contentType, ObjectID: object}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, c := range charts.Rows {
			if _, err := s.charts.Update(ctx, wispwright.ScopeAll(), c.ID, func(c *Chart) error { c.OrganizationID = organization; return nil }); err != nil {
				return err
			}
		}
		return nil
	})
}

type memoryClients struct {
	*memstore.Repo[string, WifiClient, WifiClientFilter]
	sessions *memstore.Repo[wispwright.ID, WifiSession, WifiSessionFilter]
}

// Put implements ClientStore.
func (s *memoryClients) Put(ctx context.Context, clients []*WifiClient) error {
	for _, c := range clients {
		have, err := s.List(ctx, wispwright.ScopeAll(), WifiClientFilter{MACAddresses: wispwright.Only(c.MACAddress)}, wispwright.Page{NoTotal: true})
		if err == nil && len(have.Rows) == 0 {
			err = s.Insert(ctx, c)
		} else if err == nil {
			_, err = s.Update(ctx, wispwright.ScopeAll(), c.MACAddress, func(have *WifiClient) error {
				created := have.Created
				*have = *c
				have.Created = created
				return nil
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteIdle implements ClientStore.
func (s *memoryClients) DeleteIdle(ctx context.Context, limit int) (int, error) {
	all, err := s.sessions.List(ctx, wispwright.ScopeAll(), WifiSessionFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return 0, err
	}
	busy := map[string]bool{}
	for _, session := range all.Rows {
		busy[session.MACAddress] = true
	}
	n := 0
	return s.DeleteWhere(ctx, func(c *WifiClient) bool {
		if busy[c.MACAddress] || n >= limit {
			return false
		}
		n++
		return true
	})
}

type memorySessions struct {
	*memstore.Repo[wispwright.ID, WifiSession, WifiSessionFilter]
	store *memstore.Store
}

// Stop implements SessionStore.
func (s *memorySessions) Stop(ctx context.Context, at time.Time, ids ...wispwright.ID) error {
	return s.each(ctx, WifiSessionFilter{}, func(session *WifiSession) bool {
		if session.StopTime != nil || !slices.Contains(ids, session.ID) {
			return false
		}
		session.StopTime, session.Modified = &at, at
		return true
	})
}

// each changes the selected sessions for which change returns true.
func (s *memorySessions) each(ctx context.Context, f WifiSessionFilter, change func(*WifiSession) bool) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		all, err := s.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, row := range all.Rows {
			if !change(row) {
				continue
			}
			if _, err := s.Update(ctx, wispwright.ScopeAll(), row.ID, func(have *WifiSession) error { *have = *row; return nil }); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteOf implements SessionStore.
func (s *memorySessions) DeleteOf(ctx context.Context, devices ...wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(session *WifiSession) bool { return slices.Contains(devices, session.DeviceID) })
	return err
}

// DeleteBefore implements SessionStore.
func (s *memorySessions) DeleteBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	n := 0
	return s.DeleteWhere(ctx, func(session *WifiSession) bool {
		if !session.StartTime.Before(before) || n >= limit {
			return false
		}
		n++
		return true
	})
}

// Move implements SessionStore.
func (s *memorySessions) Move(ctx context.Context, device, organization wispwright.ID) error {
	return s.each(ctx, WifiSessionFilter{DeviceID: device}, func(session *WifiSession) bool {
		session.OrganizationID = organization
		return true
	})
}
