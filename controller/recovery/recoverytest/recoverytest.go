// Package recoverytest checks that a storage keeps what package recovery relies on.
// Any implementation must pass Run.
package recoverytest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/recovery"
	"github.com/wispwright/wispwright/kit/storetest"
)

// Storage is what a harness makes: an empty store and its transactor.
type Storage struct {
	// Tx is the transactor.
	Tx wispwright.Transactor
	// Store is the room's.
	Store recovery.Store
}

func id(n int) wispwright.ID {
	return wispwright.ID{0: 0xde, 6: 0x40, 14: byte(n >> 8), 15: byte(n)}
}

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(n) * time.Minute)
}

// Sample is the n-th deleted object, of one of some organizations.
func Sample(n, organization int) *recovery.Deleted {
	d := &recovery.Deleted{ID: id(n), Kind: recovery.Device, ObjectID: id(1000 + n), OrganizationID: id(9000 + organization), Name: fmt.Sprintf("ap%02d", n), Detail: fmt.Sprintf("02:00:00:00:00:%02X", n),
		Content: wispwright.Secret(fmt.Sprintf(`{"n":%d}`, n)), ActorID: id(8000), Actor: "ann", Created: at(n)}
	if n%3 == 0 {
		d.Kind, d.Detail = recovery.Template, "netjsonconfig.OpenWrt"
	}
	return d
}

// Run runs the suite. h is called once for every part.
func Run(t *testing.T, h func(t *testing.T) Storage) {
	t.Run("objects", func(t *testing.T) {
		s := h(t)
		type filter = storetest.Filter[recovery.Deleted, recovery.Filter]
		storetest.RunRepo(t, s.Store, storetest.Sample[wispwright.ID, recovery.Deleted, recovery.Filter]{
			Tx: s.Tx, New: Sample, Key: func(d *recovery.Deleted) wispwright.ID { return d.ID },
			Mutate: func(d *recovery.Deleted) { d.Name += "+" }, Missing: id(7777), Organizations: []wispwright.ID{id(9000), id(9001)},
			Filters: map[string]filter{
				"kind":         {Filter: recovery.Filter{Kind: recovery.Template}, Selects: func(d *recovery.Deleted) bool { return d.Kind == recovery.Template }},
				"object":       {Filter: recovery.Filter{ObjectID: id(1002)}, Selects: func(d *recovery.Deleted) bool { return d.ObjectID == id(1002) }},
				"organization": {Filter: recovery.Filter{OrganizationID: id(9001)}, Selects: func(d *recovery.Deleted) bool { return d.OrganizationID == id(9001) }},
				"before":       {Filter: recovery.Filter{CreatedBefore: at(2)}, Selects: func(d *recovery.Deleted) bool { return d.Created.Before(at(2)) }},
				"name":         {Filter: recovery.Filter{Search: "AP02"}, Selects: func(d *recovery.Deleted) bool { return d.Name == "ap02" }},
				"address":      {Filter: recovery.Filter{Search: "00:00:01"}, Selects: func(d *recovery.Deleted) bool { return d.Detail == "02:00:00:00:00:01" }},
			},
		})
	})
	t.Run("pruned", func(t *testing.T) {
		ctx, s := context.Background(), h(t)
		fill(t, s)
		n, err := s.Store.Prune(ctx, at(3))
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.Equal(t, []string{"ap05", "ap04", "ap03"}, names(t, s))
	})
	t.Run("forgotten", func(t *testing.T) {
		ctx, s := context.Background(), h(t)
		fill(t, s)
		shared := Sample(9, 0)
		shared.OrganizationID = wispwright.ID{}
		require.NoError(t, s.Store.Insert(ctx, shared))
		require.NoError(t, s.Store.Forget(ctx, id(9001)))
		require.Equal(t, []string{"ap09", "ap04", "ap02", "ap00"}, names(t, s))
	})
}

func fill(t *testing.T, s Storage) {
	t.Helper()
	for n := range 6 {
		require.NoError(t, s.Store.Insert(context.Background(), Sample(n, n%2)))
	}
}

func names(t *testing.T, s Storage) (out []string) {
	t.Helper()
	found, err := s.Store.List(context.Background(), wispwright.ScopeAll(), recovery.Filter{}, wispwright.Page{NoTotal: true})
	require.NoError(t, err)
	for _, d := range found.Rows {
		out = append(out, d.Name)
	}
	return out
}
