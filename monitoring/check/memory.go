package check

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns a store in memory: for tests and small programs.
func NewMemory(m *memstore.Store) Store {
	return &memory{Repo: memstore.NewRepo[wispwright.ID, Check, Filter](m, memstore.Spec[Check]{Shape: Shape()}), store: m, locks: map[string]time.Time{}}
}

type memory struct {
	*memstore.Repo[wispwright.ID, Check, Filter]
	store *memstore.Store
	mu    sync.Mutex
	locks map[string]time.Time
}

// Lock implements Store.
func (s *memory) Lock(_ context.Context, name string, now, until time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locks[name].After(now) {
		return false, nil
	}
	s.locks[name] = until
	return true, nil
}

// Unlock implements Store.
func (s *memory) Unlock(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.locks, name)
	return nil
}

// Take implements Store.
func (s *memory) Take(ctx context.Context, now, until time.Time, limit int) (out []*Check, err error) {
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		out = nil
		all, err := s.List(ctx, wispwright.ScopeAll(), Filter{}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		slices.SortFunc(all.Rows, func(a, b *Check) int { return a.NextAt.Compare(b.NextAt) })
		busy := map[wispwright.ID]bool{}
		for _, c := range all.Rows {
			if c.LeaseUntil != nil && c.LeaseUntil.After(now) {
				busy[c.DeviceID] = true
			}
		}
		for _, c := range all.Rows {
			if len(out) == limit || !c.IsActive || c.NextAt.After(now) || busy[c.DeviceID] {
				continue
			}
			busy[c.DeviceID] = true
			taken, err := s.Update(ctx, wispwright.ScopeAll(), c.ID, func(c *Check) error { c.LeaseUntil = &until; return nil })
			if err != nil {
				return err
			}
			out = append(out, taken)
		}
		return nil
	})
	return out, err
}

// Done implements Store.
func (s *memory) Done(ctx context.Context, list []*Check) error {
	for _, c := range list {
		found, err := s.List(ctx, wispwright.ScopeAll(), Filter{DeviceID: c.DeviceID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(found.Rows, func(o *Check) bool { return o.ID == c.ID }) {
			continue // deleted meanwhile
		}
		if _, err := s.Update(ctx, wispwright.ScopeAll(), c.ID, func(have *Check) error {
			have.NextAt, have.LastRun, have.LastError, have.LeaseUntil = c.NextAt, c.LastRun, c.LastError, nil
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// Hasten implements Store.
func (s *memory) Hasten(ctx context.Context, at, since time.Time, types []string, devices ...wispwright.ID) error {
	found, err := s.List(ctx, wispwright.ScopeAll(), Filter{DeviceIDs: wispwright.Only(devices...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, c := range found.Rows {
		if !c.IsActive || !slices.Contains(types, c.Type) || !c.NextAt.After(at) || c.LastRun != nil && c.LastRun.After(since) {
			continue
		}
		if _, err := s.Update(ctx, wispwright.ScopeAll(), c.ID, func(have *Check) error { have.NextAt = at; return nil }); err != nil {
			return err
		}
	}
	return nil
}

// DeleteOf implements Store.
func (s *memory) DeleteOf(ctx context.Context, devices ...wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(c *Check) bool { return slices.Contains(devices, c.DeviceID) })
	return err
}

// Move implements Store.
func (s *memory) Move(ctx context.Context, device, organization wispwright.ID) error {
	found, err := s.List(ctx, wispwright.ScopeAll(), Filter{DeviceID: device}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, c := range found.Rows {
		if _, err := s.Update(ctx, wispwright.ScopeAll(), c.ID, func(c *Check) error { c.OrganizationID = organization; return nil }); err != nil {
			return err
		}
	}
	return nil
}

// Due implements Store.
func (s *memory) Due(ctx context.Context, at time.Time, types []string) (n int, err error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), Filter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return 0, err
	}
	for _, c := range found.Rows {
		if !c.IsActive || !slices.Contains(types, c.Type) || !c.NextAt.After(at) {
			continue
		}
		if _, err := s.Update(ctx, wispwright.ScopeAll(), c.ID, func(have *Check) error { have.NextAt = at; return nil }); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
