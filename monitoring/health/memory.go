package health

import (
	"context"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/monitoring"
)

// NewMemory returns stores that keep everything in memory, over metrics that are kept
// there too: for tests and small programs.
func NewMemory(m *memstore.Store, metrics wispwright.Repo[monitoring.Metric, monitoring.MetricFilter]) Stores {
	all := wispwright.ScopeAll()
	cases := memstore.NewRepo[wispwright.ID, Case, CaseFilter](m, memstore.Spec[Case]{Shape: CaseShape(), Match: map[string]func(context.Context, *Case, any) bool{
		"Open": func(_ context.Context, c *Case, v any) bool { return (c.Ended == nil) == v.(bool) },
	}})
	incidents := memstore.NewRepo[wispwright.ID, Incident, IncidentFilter](m, memstore.Spec[Incident]{Shape: IncidentShape(), Match: map[string]func(context.Context, *Incident, any) bool{
		"Acknowledged": func(_ context.Context, i *Incident, v any) bool { return (i.AcknowledgedAt != nil) == v.(bool) },
		"Escalated":    func(_ context.Context, i *Incident, v any) bool { return (i.EscalatedAt != nil) == v.(bool) },
		"DeviceID": func(ctx context.Context, i *Incident, v any) bool {
			found, err := cases.List(ctx, all, CaseFilter{IncidentID: i.ID, DeviceID: v.(wispwright.ID)}, wispwright.Page{Limit: 1})
			return err == nil && found.Total > 0
		},
	}})
	entries := memstore.NewRepo[wispwright.ID, Entry, EntryFilter](m, memstore.Spec[Entry]{Shape: EntryShape()})
	return Stores{
		Metrics:   &memoryMetrics{metrics},
		Alerts:    &memoryAlerts{memstore.NewRepo[wispwright.ID, AlertSettings, AlertFilter](m, memstore.Spec[AlertSettings]{Shape: AlertShape()})},
		Defaults:  memstore.NewRepo[wispwright.ID, AlertDefault, DefaultFilter](m, memstore.Spec[AlertDefault]{Shape: DefaultShape()}),
		Statuses:  &memoryStatuses{memstore.NewRepo[wispwright.ID, DeviceStatus, StatusFilter](m, memstore.Spec[DeviceStatus]{Shape: StatusShape()})},
		Incidents: &memoryIncidents{incidents, m, cases, entries},
		Cases:     &memoryCases{cases},
		Entries:   entries,
		Windows:   memstore.NewRepo[wispwright.ID, Maintenance, MaintenanceFilter](m, memstore.Spec[Maintenance]{Shape: MaintenanceShape()}),
		Pages:     memstore.NewRepo[wispwright.ID, Page, PageFilter](m, memstore.Spec[Page]{Shape: PageShape()}),
	}
}

type memoryMetrics struct {
	wispwright.Repo[monitoring.Metric, monitoring.MetricFilter]
}

// SaveHealth implements MetricStore.
func (s *memoryMetrics) SaveHealth(ctx context.Context, metrics []*monitoring.Metric) error {
	for _, m := range metrics {
		_, err := s.Update(ctx, wispwright.ScopeAll(), m.ID, func(have *monitoring.Metric) error {
			have.IsHealthy, have.IsHealthyTolerant = m.IsHealthy, m.IsHealthyTolerant
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

type memoryAlerts struct {
	*memstore.Repo[wispwright.ID, AlertSettings, AlertFilter]
}

// SaveStreaks implements AlertStore.
func (s *memoryAlerts) SaveStreaks(ctx context.Context, list []*AlertSettings) error {
	for _, a := range list {
		_, err := s.Update(ctx, wispwright.ScopeAll(), a.MetricID, func(have *AlertSettings) error {
			have.Crossed, have.Since, have.Value, have.Flaps, have.FlapsSince = a.Crossed, a.Since, a.Value, a.Flaps, a.FlapsSince
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Move implements AlertStore.
func (s *memoryAlerts) Move(ctx context.Context, device, organization wispwright.ID) error {
	found, err := s.List(ctx, wispwright.ScopeAll(), AlertFilter{DeviceIDs: wispwright.Only(device)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, a := range found.Rows {
		if _, err := s.Update(ctx, wispwright.ScopeAll(), a.MetricID, func(a *AlertSettings) error { a.OrganizationID = organization; return nil }); err != nil {
			return err
		}
	}
	return nil
}

type memoryStatuses struct {
	*memstore.Repo[wispwright.ID, DeviceStatus, StatusFilter]
}

// Hold implements StatusStore.
func (s *memoryStatuses) Hold(ctx context.Context, fresh []*DeviceStatus) ([]*DeviceStatus, error) {
	ids := make([]wispwright.ID, len(fresh))
	for i, f := range fresh {
		ids[i] = f.DeviceID
	}
	have, err := s.List(ctx, wispwright.ScopeAll(), StatusFilter{DeviceIDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	out := have.Rows
	for _, f := range fresh {
		if !slices.ContainsFunc(out, func(h *DeviceStatus) bool { return h.DeviceID == f.DeviceID }) {
			if err := s.Insert(ctx, f); err != nil {
				return nil, err
			}
			copied := *f
			out = append(out, &copied)
		}
	}
	slices.SortFunc(out, func(a, b *DeviceStatus) int { return compareIDs(a.DeviceID, b.DeviceID) })
	return out, nil
}

// Save implements StatusStore.
func (s *memoryStatuses) Save(ctx context.Context, list []*DeviceStatus) error {
	for _, one := range list {
		_, err := s.Update(ctx, wispwright.ScopeAll(), one.DeviceID, func(have *DeviceStatus) error {
			have.Status, have.Since, have.ReachedAt, have.Modified = one.Status, one.Since, one.ReachedAt, one.Modified
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Counts implements StatusStore.
func (s *memoryStatuses) Counts(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (map[Status]int, error) {
	found, err := s.List(ctx, scope, StatusFilter{OrganizationID: organization}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	out := map[Status]int{}
	for _, one := range found.Rows {
		out[one.Status]++
	}
	return out, nil
}

// DeleteOf implements StatusStore.
func (s *memoryStatuses) DeleteOf(ctx context.Context, devices ...wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(one *DeviceStatus) bool { return slices.Contains(devices, one.DeviceID) })
	return err
}

// Move implements StatusStore.
func (s *memoryStatuses) Move(ctx context.Context, device, organization wispwright.ID) error {
	found, err := s.List(ctx, wispwright.ScopeAll(), StatusFilter{DeviceIDs: wispwright.Only(device)}, wispwright.Page{NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return err
	}
	_, err = s.Update(ctx, wispwright.ScopeAll(), device, func(one *DeviceStatus) error { one.OrganizationID = organization; return nil })
	return err
}

type memoryIncidents struct {
	*memstore.Repo[wispwright.ID, Incident, IncidentFilter]
	store   *memstore.Store
	cases   *memstore.Repo[wispwright.ID, Case, CaseFilter]
	entries *memstore.Repo[wispwright.ID, Entry, EntryFilter]
}

// Delete also removes cases and timeline.
func (s *memoryIncidents) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		if _, err := s.cases.DeleteWhere(ctx, func(c *Case) bool { return c.IncidentID == id }); err != nil {
			return err
		}
		_, err := s.entries.DeleteWhere(ctx, func(e *Entry) bool { return e.IncidentID == id })
		return err
	})
}

type memoryCases struct {
	*memstore.Repo[wispwright.ID, Case, CaseFilter]
}

// End implements CaseStore.
func (s *memoryCases) End(ctx context.Context, at time.Time, ids ...wispwright.ID) error {
	for _, id := range ids {
		_, err := s.Update(ctx, wispwright.ScopeAll(), id, func(c *Case) error {
			c.Ended, c.HoldUntil, c.Modified = &at, nil, at
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
