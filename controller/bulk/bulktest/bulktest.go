// Package bulktest checks that a storage keeps what package bulk relies on.
package bulktest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/bulk"
	"github.com/wispwright/wispwright/kit/storetest"
)

// Storage is what a harness makes: empty stores and their transactor.
type Storage struct {
	// Tx is the transactor.
	Tx wispwright.Transactor
	// Stores are the room's.
	Stores bulk.Stores
}

func id(n int) wispwright.ID {
	return wispwright.ID{0: 0xbb, 6: 0x40, 14: byte(n >> 8), 15: byte(n)}
}

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(n) * time.Minute)
}

func task(n, organization int) *bulk.Task {
	return &bulk.Task{ID: id(n), OrganizationID: id(9000 + organization), Action: bulk.SetVariables, Phase: bulk.Applying, Actor: "ann", ActorID: id(8000 + n%2), Created: at(n),
		Params: bulk.Params{Variables: map[string]any{"a": "b"}, Templates: []wispwright.ID{id(7)}, Organizations: []wispwright.ID{id(8)}}}
}

func item(n, task int) *bulk.Item {
	return &bulk.Item{ID: id(1000 + n), TaskID: id(task), Position: int64(n + 1), DeviceID: id(2000 + n), Name: fmt.Sprintf("ap%d", n), State: bulk.Waiting, Row: "{}", Before: "secret"}
}

// Run runs the suite. h is called once for every part.
func Run(t *testing.T, h func(t *testing.T) Storage) {
	t.Run("tasks", func(t *testing.T) {
		s := h(t)
		storetest.RunRepo(t, s.Stores.Tasks, storetest.Sample[wispwright.ID, bulk.Task, bulk.TaskFilter]{
			Tx: s.Tx, New: task, Key: func(t *bulk.Task) wispwright.ID { return t.ID },
			Mutate:  func(t *bulk.Task) { now := at(99); t.Phase, t.Finished = bulk.Done, &now; t.Actor += "+" },
			Missing: id(9999), Organizations: []wispwright.ID{id(9000), id(9001)},
			Filters: map[string]storetest.Filter[bulk.Task, bulk.TaskFilter]{
				"actor":  {Filter: bulk.TaskFilter{ActorID: id(8001)}, Selects: func(t *bulk.Task) bool { return t.ActorID == id(8001) }},
				"action": {Filter: bulk.TaskFilter{Action: bulk.Import}, Selects: func(*bulk.Task) bool { return false }},
				"before": {Filter: bulk.TaskFilter{CreatedBefore: at(2)}, Selects: func(t *bulk.Task) bool { return t.Created.Before(at(2)) }},
			},
		})
	})
	t.Run("items", func(t *testing.T) {
		s := h(t)
		ctx := context.Background()
		for n := range 2 {
			require.NoError(t, s.Stores.Tasks.Insert(ctx, task(n, 0)))
		}
		storetest.RunRepo(t, s.Stores.Items, storetest.Sample[wispwright.ID, bulk.Item, bulk.ItemFilter]{
			Tx: s.Tx, New: func(n, _ int) *bulk.Item { return item(n, 0) }, Key: func(i *bulk.Item) wispwright.ID { return i.ID },
			Mutate: func(i *bulk.Item) { i.State = bulk.Failed; i.Message += "+" }, Missing: id(9999),
			Filters: map[string]storetest.Filter[bulk.Item, bulk.ItemFilter]{
				"task":    {Filter: bulk.ItemFilter{TaskID: id(0)}, Selects: func(*bulk.Item) bool { return true }},
				"another": {Filter: bulk.ItemFilter{TaskID: id(1)}, Selects: func(*bulk.Item) bool { return false }},
				"state":   {Filter: bulk.ItemFilter{State: bulk.Waiting}, Selects: func(i *bulk.Item) bool { return i.State == bulk.Waiting }},
			},
		})
	})
	t.Run("counts", func(t *testing.T) {
		s := h(t)
		ctx := context.Background()
		for n := range 2 {
			require.NoError(t, s.Stores.Tasks.Insert(ctx, task(n, 0)))
		}
		var many []*bulk.Item
		for n := range 6 {
			i := item(n, n%2)
			if n < 3 {
				i.State, i.Message = bulk.Changed, "x"
			}
			many = append(many, i)
		}
		require.NoError(t, s.Stores.Items.InsertMany(ctx, many))
		counts, err := s.Stores.Items.Counts(ctx, id(0), id(1), id(77))
		require.NoError(t, err)
		require.Equal(t, map[wispwright.ID]map[bulk.State]int{id(0): {bulk.Changed: 2, bulk.Waiting: 1}, id(1): {bulk.Changed: 1, bulk.Waiting: 2}}, counts)
		told := *many[0]
		told.State, told.Message, told.DeviceID, told.Name, told.Before, told.After = bulk.Failed, "too wide", id(2500), "other", "was", "is"
		require.NoError(t, s.Stores.Items.Outcomes(ctx, []*bulk.Item{&told}))
		kept, err := s.Stores.Items.Get(ctx, wispwright.ScopeAll(), told.ID)
		require.NoError(t, err)
		require.Equal(t, &told, kept)
		require.NoError(t, s.Stores.Items.Outcomes(ctx, []*bulk.Item{many[0]}))
		require.NoError(t, s.Stores.Items.Outcomes(ctx, nil))
		require.NoError(t, s.Stores.Items.Again(ctx, id(0), bulk.Changed))
		counts, err = s.Stores.Items.Counts(ctx, id(0), id(1))
		require.NoError(t, err)
		require.Equal(t, map[wispwright.ID]map[bulk.State]int{id(0): {bulk.Waiting: 3}, id(1): {bulk.Changed: 1, bulk.Waiting: 2}}, counts)
		again, err := s.Stores.Items.Get(ctx, wispwright.ScopeAll(), many[0].ID)
		require.NoError(t, err)
		require.Empty(t, again.Message)
		require.NoError(t, s.Stores.Tasks.Delete(ctx, wispwright.ScopeAll(), id(1)))
	})
}
