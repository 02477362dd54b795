package plan

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory, in a store that
// other concerns share.
func NewMemory(m *memstore.Store) Stores {
	groups := &memoryGroups{memstore.NewRepo[wispwright.ID, Group, GroupFilter](m, memstore.Spec[Group]{Shape: Group{}.Shape()})}
	devices := &memoryDevices{Repo: memstore.NewRepo[wispwright.ID, Device, DeviceFilter](m, memstore.Spec[Device]{Shape: Device{}.Shape()}), store: m}
	comments := memstore.NewRepo[wispwright.ID, Comment, CommentFilter](m, memstore.Spec[Comment]{Shape: Comment{}.Shape()})
	return Stores{
		Plans:  &memoryPlans{Repo: memstore.NewRepo[wispwright.ID, Plan, PlanFilter](m, memstore.Spec[Plan]{Shape: Plan{}.Shape()}), store: m, groups: groups, devices: devices, comments: comments},
		Groups: groups, Devices: devices, Comments: comments,
	}
}

type memoryPlans struct {
	*memstore.Repo[wispwright.ID, Plan, PlanFilter]
	store    *memstore.Store
	groups   *memoryGroups
	devices  *memoryDevices
	comments *memstore.Repo[wispwright.ID, Comment, CommentFilter]
}

// Delete also removes what belongs to the plan.
func (s *memoryPlans) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		if err := s.groups.Clear(ctx, id); err != nil {
			return err
		}
		if _, err := s.comments.DeleteWhere(ctx, func(c *Comment) bool { return c.PlanID == id }); err != nil {
			return err
		}
		return s.devices.Clear(ctx, id)
	})
}

type memoryGroups struct {
	*memstore.Repo[wispwright.ID, Group, GroupFilter]
}

// Clear implements GroupStore.
func (s *memoryGroups) Clear(ctx context.Context, plan wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(g *Group) bool { return g.PlanID == plan })
	return err
}

type memoryDevices struct {
	*memstore.Repo[wispwright.ID, Device, DeviceFilter]
	store *memstore.Store
}

// Clear implements DeviceStore.
func (s *memoryDevices) Clear(ctx context.Context, plan wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(d *Device) bool { return d.PlanID == plan })
	return err
}

// Forget implements DeviceStore.
func (s *memoryDevices) Forget(ctx context.Context, devices ...wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(d *Device) bool { return slices.Contains(devices, d.DeviceID) })
	return err
}

// Release implements DeviceStore.
func (s *memoryDevices) Release(ctx context.Context, plan wispwright.ID, released bool, devices ...wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		list, err := s.List(ctx, wispwright.ScopeAll(), DeviceFilter{PlanID: plan}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, d := range list.Rows {
			if len(devices) > 0 && !slices.Contains(devices, d.DeviceID) {
				continue
			}
			if _, err := s.Update(ctx, wispwright.ScopeAll(), d.ID, func(d *Device) error { d.Released = released; return nil }); err != nil {
				return err
			}
		}
		return nil
	})
}

// Released implements DeviceStore.
func (s *memoryDevices) Released(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID][]wispwright.ID, error) {
	list, err := s.List(ctx, wispwright.ScopeAll(), DeviceFilter{DeviceIDs: wispwright.Only(devices...)}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "PlanID"}}})
	out := map[wispwright.ID][]wispwright.ID{}
	for _, d := range list.Rows {
		if d.Released {
			out[d.DeviceID] = append(out[d.DeviceID], d.PlanID)
		}
	}
	return out, err
}
