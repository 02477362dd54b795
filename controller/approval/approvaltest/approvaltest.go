// Package approvaltest checks that a storage keeps what package approval relies on.
// Any implementation must pass Run.
package approvaltest

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/approval"
	"github.com/wispwright/wispwright/kit/storetest"
)

// Storage is what a harness makes: empty stores and their transactor.
type Storage struct {
	// Tx is the transactor.
	Tx wispwright.Transactor
	// Stores are the room's.
	Stores approval.Stores
}

func id(n int) wispwright.ID {
	return wispwright.ID{0: 0xaa, 6: 0x40, 14: byte(n >> 8), 15: byte(n)}
}

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(n) * time.Minute)
}

func registration(n, organization int) *approval.Registration {
	return &approval.Registration{ID: id(n), OrganizationID: id(9000 + organization), MACAddress: fmt.Sprintf("02:00:00:00:00:%02X", n), Name: fmt.Sprintf("ap%02d", n), HardwareID: fmt.Sprint(n),
		Backend: "netjsonconfig.OpenWrt", Model: "model", OS: "os", System: "system", Tags: "a b", Address: netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}), State: approval.States()[n%3],
		Actor: "ann", ActorID: id(8000), Created: at(n), Heard: at(n + 1)}
}

// Run runs the suite. h is called once for every part.
func Run(t *testing.T, h func(t *testing.T) Storage) {
	t.Run("registrations", func(t *testing.T) {
		s := h(t)
		type filter = storetest.Filter[approval.Registration, approval.Filter]
		storetest.RunRepo(t, s.Stores.Registrations, storetest.Sample[wispwright.ID, approval.Registration, approval.Filter]{
			Tx: s.Tx, New: registration, Key: func(r *approval.Registration) wispwright.ID { return r.ID },
			Mutate: func(r *approval.Registration) { r.Name += "+" }, Missing: id(7777), Organizations: []wispwright.ID{id(9000), id(9001)},
			Filters: map[string]filter{
				"some":    {Filter: approval.Filter{IDs: wispwright.Only(id(1), id(2))}, Selects: func(r *approval.Registration) bool { return r.ID == id(1) || r.ID == id(2) }},
				"tenant":  {Filter: approval.Filter{OrganizationID: id(9001)}, Selects: func(r *approval.Registration) bool { return r.OrganizationID == id(9001) }},
				"address": {Filter: approval.Filter{MACAddress: "02:00:00:00:00:02"}, Selects: func(r *approval.Registration) bool { return r.MACAddress == "02:00:00:00:00:02" }},
				"state":   {Filter: approval.Filter{State: approval.Waiting}, Selects: func(r *approval.Registration) bool { return r.State == approval.Waiting }},
				"heard":   {Filter: approval.Filter{HeardBefore: at(3)}, Selects: func(r *approval.Registration) bool { return r.Heard.Before(at(3)) }},
				"search":  {Filter: approval.Filter{Search: "AP02"}, Selects: func(r *approval.Registration) bool { return r.Name == "ap02" }},
			},
		})
	})
	t.Run("one of each address", func(t *testing.T) {
		ctx, s := context.Background(), h(t)
		require.NoError(t, s.Stores.Registrations.Insert(ctx, registration(1, 0)))
		again := registration(1, 0)
		again.ID = id(2)
		var conflict *wispwright.ConflictError
		require.ErrorAs(t, s.Stores.Registrations.Insert(ctx, again), &conflict)
		require.Equal(t, approval.UniqueAddress, conflict.Unique)
		again.OrganizationID = id(9001)
		require.NoError(t, s.Stores.Registrations.Insert(ctx, again))
	})
	t.Run("pruned", func(t *testing.T) {
		ctx, s := context.Background(), h(t)
		for n := range 5 {
			require.NoError(t, s.Stores.Registrations.Insert(ctx, registration(n, n%2)))
		}
		n, err := s.Stores.Registrations.Prune(ctx, at(3))
		require.NoError(t, err)
		require.Equal(t, 2, n)
		found, err := s.Stores.Registrations.List(ctx, wispwright.ScopeAll(), approval.Filter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 3, found.Total)
	})
	t.Run("choices", func(t *testing.T) {
		ctx, s := context.Background(), h(t)
		require.NoError(t, s.Stores.Choices.Insert(ctx, &approval.Choice{OrganizationID: id(1), Required: true}))
		var conflict *wispwright.ConflictError
		require.ErrorAs(t, s.Stores.Choices.Insert(ctx, &approval.Choice{OrganizationID: id(1)}), &conflict)
		_, err := s.Stores.Choices.Get(ctx, wispwright.ScopeOf(id(2)), id(1))
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		got, err := s.Stores.Choices.Get(ctx, wispwright.ScopeOf(id(1)), id(1))
		require.NoError(t, err)
		require.True(t, got.Required)
	})
}
