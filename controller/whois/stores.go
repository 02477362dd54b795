package whois

import (
	"context"
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
)

// RecordStore keeps records.
type RecordStore interface {
	wispwright.KeyedRepo[netip.Addr, Record, RecordFilter]
	// Mark says since when addresses have no device, nil for those that have one
	// again. Addresses that are marked already keep their time.
	Mark(ctx context.Context, since *time.Time, addresses ...netip.Addr) error
}

// ChoiceStore keeps what organizations chose.
type ChoiceStore = wispwright.Repo[Choice, ChoiceFilter]

// NoteStore keeps the few things that all nodes must know once.
type NoteStore = wispwright.KeyedRepo[string, Note, NoteFilter]

// Stores are what the service keeps.
type Stores struct {
	Records RecordStore
	Choices ChoiceStore
	Notes   NoteStore
}

// Choice is whether the devices of an organization are looked up.
type Choice struct {
	// OrganizationID is the organization.
	OrganizationID wispwright.ID
	// Enabled is what it chose; nil for what is the case everywhere.
	Enabled *bool
}

// Shape is how storages keep choices.
func (Choice) Shape() store.Shape {
	return store.Shape{Table: "whois_choice", Key: "OrganizationID", Org: "OrganizationID"}
}

// ChoiceFilter selects choices; zero fields select all.
type ChoiceFilter struct {
	// Enabled limits to one choice.
	Enabled *bool
}

// Note is a fact by its name.
type Note struct {
	// Name says what it is about.
	Name string
	// Text is the fact.
	Text string
	// At is since when it is so.
	At time.Time
}

// Shape is how storages keep notes.
func (Note) Shape() store.Shape { return store.Shape{Table: "whois_note", Key: "Name"} }

// NoteFilter selects notes: all of them.
type NoteFilter struct{}

// NewMemory returns stores that keep everything in memory, in a store that other
// concerns share.
func NewMemory(m *memstore.Store) Stores {
	return Stores{
		Records: &memoryRecords{memstore.NewRepo[netip.Addr, Record, RecordFilter](m, memstore.Spec[Record]{Shape: Record{}.Shape(),
			Match: map[string]func(context.Context, *Record, any) bool{
				"UnreferencedBefore": func(_ context.Context, r *Record, v any) bool {
					return r.UnreferencedSince != nil && r.UnreferencedSince.Before(v.(time.Time))
				},
			}})},
		Choices: memstore.NewRepo[wispwright.ID, Choice, ChoiceFilter](m, memstore.Spec[Choice]{Shape: Choice{}.Shape()}),
		Notes:   memstore.NewRepo[string, Note, NoteFilter](m, memstore.Spec[Note]{Shape: Note{}.Shape()}),
	}
}

type memoryRecords struct {
	*memstore.Repo[netip.Addr, Record, RecordFilter]
}

// Mark implements RecordStore.
func (s *memoryRecords) Mark(ctx context.Context, since *time.Time, addresses ...netip.Addr) error {
	found, err := s.List(ctx, wispwright.ScopeAll(), RecordFilter{Addresses: wispwright.Only(addresses...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, r := range found.Rows {
		if (since == nil) == (r.UnreferencedSince == nil) {
			continue
		}
		if _, err := s.Update(ctx, wispwright.ScopeAll(), r.Address, func(r *Record) error {
			r.UnreferencedSince = since
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}
