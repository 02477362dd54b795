package loginpages

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory.
func NewMemory(m *memstore.Store) Stores {
	return Stores{
		Pages:    memstore.NewRepo[wispwright.ID, Page, PageFilter](m, memstore.Spec[Page]{Shape: Page{}.Shape()}),
		Assets:   memstore.NewRepo[wispwright.ID, Asset, AssetFilter](m, memstore.Spec[Asset]{Shape: Asset{}.Shape()}),
		Policies: memstore.NewRepo[wispwright.ID, Policy, PolicyFilter](m, memstore.Spec[Policy]{Shape: Policy{}.Shape()}),
		Signups:  memstore.NewRepo[wispwright.ID, Signup, SignupFilter](m, memstore.Spec[Signup]{Shape: Signup{}.Shape()}),
		Days:     &memoryDays{memstore.NewRepo[wispwright.ID, Day, DayFilter](m, memstore.Spec[Day]{Shape: Day{}.Shape()}), m},
		Arrivals: &memoryArrivals{memstore.NewRepo[wispwright.ID, Arrival, ArrivalFilter](m, memstore.Spec[Arrival]{Shape: Arrival{}.Shape()}), m},
	}
}

type memoryDays struct {
	*memstore.Repo[wispwright.ID, Day, DayFilter]
	store *memstore.Store
}

// Add implements DayStore.
func (s *memoryDays) Add(ctx context.Context, d Day) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		found, err := s.List(ctx, wispwright.ScopeAll(), DayFilter{OrganizationID: d.OrganizationID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, row := range found.Rows {
			if row.Day != d.Day {
				continue
			}
			_, err := s.Update(ctx, wispwright.ScopeAll(), row.ID, func(x *Day) error {
				x.Seen, x.Tried, x.Online = x.Seen+d.Seen, x.Tried+d.Tried, x.Online+d.Online
				return nil
			})
			return err
		}
		d.ID = wispwright.NewID()
		return s.Insert(ctx, &d)
	})
}

type memoryArrivals struct {
	*memstore.Repo[wispwright.ID, Arrival, ArrivalFilter]
	store *memstore.Store
}

// Expect implements ArrivalStore.
func (s *memoryArrivals) Expect(ctx context.Context, a Arrival) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		found, err := s.List(ctx, wispwright.ScopeAll(), ArrivalFilter{OrganizationID: a.OrganizationID, Username: a.Username}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, row := range found.Rows {
			if row.Day == a.Day {
				return nil
			}
		}
		a.ID = wispwright.NewID()
		return s.Insert(ctx, &a)
	})
}

// Arrive implements ArrivalStore.
func (s *memoryArrivals) Arrive(ctx context.Context, organization wispwright.ID, from string, usernames ...string) (n int, err error) {
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		found, err := s.List(ctx, wispwright.ScopeAll(), ArrivalFilter{OrganizationID: organization}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, row := range found.Rows {
			if row.Day < from || row.Online || !slices.Contains(usernames, row.Username) {
				continue
			}
			if _, err := s.Update(ctx, wispwright.ScopeAll(), row.ID, func(a *Arrival) error { a.Online = true; return nil }); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// Forget implements ArrivalStore.
func (s *memoryArrivals) Forget(ctx context.Context, before string) error {
	_, err := s.DeleteWhere(ctx, func(a *Arrival) bool { return a.Day < before })
	return err
}
