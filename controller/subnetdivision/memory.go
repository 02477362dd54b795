package subnetdivision

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory, in a store that other
// concerns share.
func NewMemory(m *memstore.Store) Stores {
	return Stores{
		Rules: &memoryRules{memstore.NewRepo[wispwright.ID, Rule, RuleFilter](m, memstore.Spec[Rule]{Shape: Rule{}.Shape()})},
		Entries: &memoryEntries{memstore.NewRepo[wispwright.ID, Entry, EntryFilter](m, memstore.Spec[Entry]{Shape: Entry{}.Shape(),
			Match: map[string]func(context.Context, *Entry, any) bool{
				"Networks": func(_ context.Context, e *Entry, v any) bool { return (e.Ordinal == 0) == v.(bool) },
				"Direct":   func(_ context.Context, e *Entry, v any) bool { return (e.Number == 0) == v.(bool) },
			}})},
	}
}

type memoryRules struct {
	*memstore.Repo[wispwright.ID, Rule, RuleFilter]
}

// Hold implements RuleStore: transactions here are one after the other.
func (s *memoryRules) Hold(ctx context.Context, master wispwright.ID) ([]*Rule, error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), RuleFilter{MasterSubnetID: master}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "ID"}}})
	return found.Rows, err
}

type memoryEntries struct {
	*memstore.Repo[wispwright.ID, Entry, EntryFilter]
}

// DeleteMany implements EntryStore.
func (s *memoryEntries) DeleteMany(ctx context.Context, ids ...wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(e *Entry) bool { return slices.Contains(ids, e.ID) })
	return err
}
