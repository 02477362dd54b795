// Package whoistest checks that a storage keeps everything package whois relies on.
// Any implementation must pass Run.
package whoistest

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/whois"
	"github.com/wispwright/wispwright/kit/storetest"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores whois.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("records", func(t *testing.T) { RunRecords(t, h) })
	t.Run("marks", func(t *testing.T) { RunMarks(t, h) })
	t.Run("choices", func(t *testing.T) { RunChoices(t, h) })
	t.Run("notes", func(t *testing.T) { RunNotes(t, h) })
}

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456000, time.UTC).Add(time.Duration(n) * time.Minute)
}

// address is the n-th one: of both families, in the order of their values.
func address(n int) netip.Addr {
	if n%2 == 0 {
		return netip.AddrFrom4([4]byte{9, 0, byte(n >> 8), byte(n)})
	}
	return netip.AddrFrom16([16]byte{0x2a, 0, 14: byte(n >> 8), 15: byte(n)})
}

func record(n int) *whois.Record {
	latitude, longitude := 45.5+float64(n), -120.25
	r := &whois.Record{Address: address(n), ISP: fmt.Sprintf("Provider %02d", n), ASN: fmt.Sprint(64000 + n), Timezone: "Europe/Rome",
		Place: whois.Place{City: "Roma", Country: "Italy", Continent: "Europe", Postal: fmt.Sprint(n)}, CIDR: "9.0.0.0/24", Latitude: &latitude, Longitude: &longitude,
		Created: at(n), Modified: at(n)}
	if n%3 == 0 {
		since := at(n)
		r.UnreferencedSince, r.Latitude, r.Longitude = &since, nil, nil
	}
	return r
}

// RunRecords checks the store of records.
func RunRecords(t *testing.T, h Harness) {
	s := h(t)
	type filter = storetest.Filter[whois.Record, whois.RecordFilter]
	storetest.RunRepo[netip.Addr, whois.Record, whois.RecordFilter](t, s.Stores.Records, storetest.Sample[netip.Addr, whois.Record, whois.RecordFilter]{
		Tx: s.Tx, New: func(n, _ int) *whois.Record { return record(n) }, Key: func(r *whois.Record) netip.Addr { return r.Address },
		Mutate: func(r *whois.Record) { r.ISP += "!" }, Missing: netip.MustParseAddr("8.8.8.8"), Orders: []string{"Address", "ISP"},
		Filters: map[string]filter{
			"addresses": {Filter: whois.RecordFilter{Addresses: wispwright.Only(address(1), address(2))}, Selects: func(r *whois.Record) bool { return r.Address == address(1) || r.Address == address(2) }},
			"left":      {Filter: whois.RecordFilter{UnreferencedBefore: at(2)}, Selects: func(r *whois.Record) bool { return r.UnreferencedSince != nil && r.UnreferencedSince.Before(at(2)) }},
		},
	})
}

// RunMarks checks that marks begin once and end.
func RunMarks(t *testing.T, h Harness) {
	ctx, s := context.Background(), h(t)
	for n := range 6 {
		r := record(n)
		r.UnreferencedSince = nil
		require.NoError(t, s.Stores.Records.Insert(ctx, r))
	}
	since := func(n int) *time.Time {
		r, err := s.Stores.Records.Get(ctx, wispwright.ScopeAll(), address(n))
		require.NoError(t, err)
		return r.UnreferencedSince
	}
	first, second := at(100), at(200)
	require.NoError(t, s.Stores.Records.Mark(ctx, &first, address(1), address(2), netip.MustParseAddr("8.8.8.8")))
	require.NoError(t, s.Stores.Records.Mark(ctx, &second, address(2), address(3)))
	require.Nil(t, since(0))
	for n, want := range map[int]time.Time{1: first, 2: first, 3: second} {
		require.NotNil(t, since(n), n)
		require.True(t, want.Equal(*since(n)), n)
	}
	require.NoError(t, s.Stores.Records.Mark(ctx, nil, address(1), address(5)))
	require.Nil(t, since(1))
	require.Nil(t, since(5))
	require.NotNil(t, since(2))
	require.NoError(t, s.Stores.Records.Mark(ctx, nil))
}

// RunChoices checks the store of choices, of which an organization has one.
func RunChoices(t *testing.T, h Harness) {
	ctx, s := context.Background(), h(t)
	one, two := wispwright.NewID(), wispwright.NewID()
	yes := true
	require.NoError(t, s.Stores.Choices.Insert(ctx, &whois.Choice{OrganizationID: one, Enabled: &yes}))
	require.NoError(t, s.Stores.Choices.Insert(ctx, &whois.Choice{OrganizationID: two}))
	var conflict *wispwright.ConflictError
	require.ErrorAs(t, s.Stores.Choices.Insert(ctx, &whois.Choice{OrganizationID: one}), &conflict)
	_, err := s.Stores.Choices.Get(ctx, wispwright.ScopeOf(two), one)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	got, err := s.Stores.Choices.Update(ctx, wispwright.ScopeOf(one), one, func(c *whois.Choice) error {
		no := false
		c.Enabled = &no
		return nil
	})
	require.NoError(t, err)
	require.False(t, *got.Enabled)
	got, err = s.Stores.Choices.Get(ctx, wispwright.ScopeAll(), two)
	require.NoError(t, err)
	require.Nil(t, got.Enabled)
	found, err := s.Stores.Choices.List(ctx, wispwright.ScopeAll(), whois.ChoiceFilter{Enabled: &yes}, wispwright.Page{})
	require.NoError(t, err)
	require.Empty(t, found.Rows)
}

// RunNotes checks the store of notes.
func RunNotes(t *testing.T, h Harness) {
	s := h(t)
	storetest.RunRepo[string, whois.Note, whois.NoteFilter](t, s.Stores.Notes, storetest.Sample[string, whois.Note, whois.NoteFilter]{
		Tx: s.Tx, New: func(n, _ int) *whois.Note {
			return &whois.Note{Name: fmt.Sprintf("note %02d", n), Text: "x", At: at(n)}
		}, Key: func(n *whois.Note) string { return n.Name },
		Mutate: func(n *whois.Note) { n.Text += "!" }, Missing: "none", Orders: []string{"Name"},
	})
}
