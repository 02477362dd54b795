package bulk

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory.
func NewMemory(m *memstore.Store) Stores {
	return Stores{
		Tasks: memstore.NewRepo[wispwright.ID, Task, TaskFilter](m, memstore.Spec[Task]{Shape: Task{}.Shape()}),
		Items: &memoryItems{memstore.NewRepo[wispwright.ID, Item, ItemFilter](m, memstore.Spec[Item]{Shape: Item{}.Shape()}), m},
	}
}

type memoryItems struct {
	*memstore.Repo[wispwright.ID, Item, ItemFilter]
	store *memstore.Store
}

func (s *memoryItems) Counts(ctx context.Context, tasks ...wispwright.ID) (map[wispwright.ID]map[State]int, error) {
	items, err := s.List(ctx, wispwright.ScopeAll(), ItemFilter{}, wispwright.Page{NoTotal: true})
	out := map[wispwright.ID]map[State]int{}
	for _, i := range items.Rows {
		if slices.Contains(tasks, i.TaskID) {
			if out[i.TaskID] == nil {
				out[i.TaskID] = map[State]int{}
			}
			out[i.TaskID][i.State]++
		}
	}
	return out, err
}

func (s *memoryItems) Outcomes(ctx context.Context, items []*Item) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		for _, item := range items {
			if _, err := s.Update(ctx, wispwright.ScopeAll(), item.ID, func(i *Item) error { *i = *item; return nil }); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *memoryItems) Again(ctx context.Context, task wispwright.ID, from State) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		items, err := s.List(ctx, wispwright.ScopeAll(), ItemFilter{TaskID: task, State: from}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, i := range items.Rows {
			if _, err := s.Update(ctx, wispwright.ScopeAll(), i.ID, func(i *Item) error { i.State, i.Message = Waiting, ""; return nil }); err != nil {
				return err
			}
		}
		return nil
	})
}
