// Package subnetdivisiontest checks that a storage keeps everything the concern
// subnetdivision relies on. Any implementation must pass Run.
package subnetdivisiontest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/subnetdivision"
	"github.com/wispwright/wispwright/kit/storetest"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores subnetdivision.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("rules", func(t *testing.T) { RunRules(t, h) })
	t.Run("entries", func(t *testing.T) { RunEntries(t, h) })
}

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xab, 0x40, byte(n>>8), byte(n)
	return out
}

func rule(n, organization int) *subnetdivision.Rule {
	return &subnetdivision.Rule{ID: id(1000 + n), OrganizationID: id(organization), Type: fmt.Sprintf("type.%d", n%2), MasterSubnetID: id(2000 + n%3), Label: fmt.Sprintf("OW%d", n),
		NumberOfSubnets: 2, Size: 28, NumberOfIPs: int64(n), Created: at(n), Modified: at(n)}
}

// RunRules checks the store of rules.
func RunRules(t *testing.T, h Harness) {
	s := h(t)
	type filter = storetest.Filter[subnetdivision.Rule, subnetdivision.RuleFilter]
	storetest.RunRepo[wispwright.ID, subnetdivision.Rule, subnetdivision.RuleFilter](t, s.Stores.Rules, storetest.Sample[wispwright.ID, subnetdivision.Rule, subnetdivision.RuleFilter]{
		Tx: s.Tx, New: func(n, o int) *subnetdivision.Rule { return rule(n, 1+o) }, Key: func(r *subnetdivision.Rule) wispwright.ID { return r.ID },
		Mutate: func(r *subnetdivision.Rule) { r.NumberOfIPs++ }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Label", "Created"},
		Uniques: map[string]func(*subnetdivision.Rule) *subnetdivision.Rule{subnetdivision.UniqueRule: func(first *subnetdivision.Rule) *subnetdivision.Rule {
			r := *first
			r.ID = id(1900)
			return &r
		}},
		Filters: map[string]filter{
			"ids":          {Filter: subnetdivision.RuleFilter{IDs: wispwright.Only(id(1001))}, Selects: func(r *subnetdivision.Rule) bool { return r.ID == id(1001) }},
			"organization": {Filter: subnetdivision.RuleFilter{OrganizationID: id(2)}, Selects: func(r *subnetdivision.Rule) bool { return r.OrganizationID == id(2) }},
			"master":       {Filter: subnetdivision.RuleFilter{MasterSubnetID: id(2001)}, Selects: func(r *subnetdivision.Rule) bool { return r.MasterSubnetID == id(2001) }},
			"masters":      {Filter: subnetdivision.RuleFilter{MasterSubnetIDs: wispwright.Only(id(2001), id(2002))}, Selects: func(r *subnetdivision.Rule) bool { return r.MasterSubnetID != id(2000) }},
			"type":         {Filter: subnetdivision.RuleFilter{Type: "type.1"}, Selects: func(r *subnetdivision.Rule) bool { return r.Type == "type.1" }},
		},
		Search: &storetest.Search[subnetdivision.Rule, subnetdivision.RuleFilter]{
			Put: func(r *subnetdivision.Rule, text string) { r.Label = text }, Filter: func(text string) subnetdivision.RuleFilter { return subnetdivision.RuleFilter{Search: text} },
		},
	})
	t.Run("held", func(t *testing.T) {
		s, ctx := h(t), context.Background()
		for n := range 5 {
			require.NoError(t, s.Stores.Rules.Insert(ctx, rule(n, 1)))
		}
		require.NoError(t, s.Tx.InTx(ctx, func(ctx context.Context) error {
			held, err := s.Stores.Rules.Hold(ctx, id(2000))
			require.NoError(t, err)
			require.Len(t, held, 2)
			require.Equal(t, []wispwright.ID{id(1000), id(1003)}, []wispwright.ID{held[0].ID, held[1].ID})
			return nil
		}))
	})
}

func entry(n int) *subnetdivision.Entry {
	e := &subnetdivision.Entry{ID: id(3000 + n), RuleID: id(1000 + n%2), DeviceID: id(4000 + n/4), SubnetID: id(5000 + n/2), Number: int64(n%4/2 + 1), Ordinal: int64(n % 2),
		Keyword: fmt.Sprintf("OW_%d", n), Value: "10.0.0.0/28", Created: at(n)}
	if e.Ordinal > 0 {
		e.AddressID, e.Value = id(6000+n), "10.0.0.1"
	}
	return e
}

// RunEntries checks the store of entries.
func RunEntries(t *testing.T, h Harness) {
	ctx, s := context.Background(), h(t)
	var list []*subnetdivision.Entry
	for n := range 12 {
		list = append(list, entry(n))
	}
	entries := s.Stores.Entries
	direct := entry(13) // an address of the divided subnet itself
	direct.DeviceID, direct.Number, direct.Ordinal = id(4002), 0, 1
	list = append(list, direct)
	require.NoError(t, entries.InsertMany(ctx, nil))
	require.NoError(t, entries.InsertMany(ctx, list))
	yes, no := true, false
	for name, c := range map[string]struct {
		filter  subnetdivision.EntryFilter
		selects func(e *subnetdivision.Entry) bool
	}{
		"all":       {subnetdivision.EntryFilter{}, func(*subnetdivision.Entry) bool { return true }},
		"rule":      {subnetdivision.EntryFilter{RuleID: id(1001)}, func(e *subnetdivision.Entry) bool { return e.RuleID == id(1001) }},
		"rules":     {subnetdivision.EntryFilter{RuleIDs: wispwright.Only(id(1001))}, func(e *subnetdivision.Entry) bool { return e.RuleID == id(1001) }},
		"device":    {subnetdivision.EntryFilter{DeviceID: id(4001)}, func(e *subnetdivision.Entry) bool { return e.DeviceID == id(4001) }},
		"devices":   {subnetdivision.EntryFilter{DeviceIDs: wispwright.Only(id(4001), id(4002))}, func(e *subnetdivision.Entry) bool { return e.DeviceID != id(4000) }},
		"subnets":   {subnetdivision.EntryFilter{SubnetIDs: wispwright.Only(id(5002))}, func(e *subnetdivision.Entry) bool { return e.SubnetID == id(5002) }},
		"addressed": {subnetdivision.EntryFilter{AddressIDs: wispwright.Only(id(6001), id(6003))}, func(e *subnetdivision.Entry) bool { return e.AddressID == id(6001) || e.AddressID == id(6003) }},
		"direct":    {subnetdivision.EntryFilter{Direct: &yes}, func(e *subnetdivision.Entry) bool { return e.Number == 0 }},
		"nested":    {subnetdivision.EntryFilter{Direct: &no}, func(e *subnetdivision.Entry) bool { return e.Number > 0 }},
		"networks":  {subnetdivision.EntryFilter{Networks: &yes}, func(e *subnetdivision.Entry) bool { return e.Ordinal == 0 }},
		"addresses": {subnetdivision.EntryFilter{Networks: &no}, func(e *subnetdivision.Entry) bool { return e.Ordinal > 0 }},
	} {
		found, err := entries.List(ctx, wispwright.ScopeAll(), c.filter, wispwright.Page{})
		require.NoError(t, err)
		n := 0
		for _, e := range list {
			if c.selects(e) {
				n++
			}
		}
		require.Len(t, found.Rows, n, name)
		for _, e := range found.Rows {
			require.True(t, c.selects(e), name)
		}
	}
	again := entry(20)
	again.DeviceID, again.Keyword = list[0].DeviceID, list[0].Keyword
	var conflict *wispwright.ConflictError
	require.ErrorAs(t, entries.Insert(ctx, again), &conflict)
	require.Equal(t, subnetdivision.UniqueEntry, conflict.Unique)
	_, err := entries.Update(ctx, wispwright.ScopeAll(), list[1].ID, func(e *subnetdivision.Entry) error { e.Keyword = "other"; return nil })
	require.NoError(t, err)
	got, err := entries.Get(ctx, wispwright.ScopeAll(), list[1].ID)
	require.NoError(t, err)
	require.Equal(t, "other", got.Keyword)
	require.Equal(t, list[1].AddressID, got.AddressID)
	require.NoError(t, entries.DeleteMany(ctx))
	require.NoError(t, entries.DeleteMany(ctx, list[0].ID, id(9999)))
	found, err := entries.List(ctx, wispwright.ScopeAll(), subnetdivision.EntryFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 12, found.Total)
}
