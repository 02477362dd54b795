package controller

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

type memoryGroups struct {
	*memstore.Repo[wispwright.ID, Group, GroupFilter]
	devices *memoryDevices
}

var _ GroupStore = (*memoryGroups)(nil)

func newMemoryGroups(m *memstore.Store, devices *memoryDevices) *memoryGroups {
	s := &memoryGroups{devices: devices}
	s.Repo = memstore.NewRepo[wispwright.ID, Group, GroupFilter](m, memstore.Spec[Group]{Shape: Group{}.Shape(),
		Match: map[string]func(context.Context, *Group, any) bool{
			"TemplateID": func(_ context.Context, g *Group, v any) bool { return slices.Contains(g.Templates, v.(wispwright.ID)) },
			"HasDevices": func(ctx context.Context, g *Group, v any) bool {
				found, err := s.CountDevices(ctx, wispwright.ScopeAll(), []wispwright.ID{g.ID})
				return err == nil && (found[g.ID] > 0) == v.(bool)
			},
		},
	})
	return s
}

// Hold has nothing to lock: one transaction runs at a time.
func (s *memoryGroups) Hold(ctx context.Context, ids []wispwright.ID) ([]*Group, error) {
	items, err := s.List(ctx, wispwright.ScopeAll(), GroupFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	return items.Rows, err
}

func (s *memoryGroups) CountDevices(ctx context.Context, scope wispwright.Scope, groups []wispwright.ID) (map[wispwright.ID]int, error) {
	out := map[wispwright.ID]int{}
	items, err := s.devices.List(ctx, scope, DeviceFilter{}, wispwright.Page{NoTotal: true})
	for _, d := range items.Rows {
		if slices.Contains(groups, d.GroupID) {
			out[d.GroupID]++
		}
	}
	return out, err
}
