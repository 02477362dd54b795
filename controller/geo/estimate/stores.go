package estimate

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
)

// Choice is whether the devices of an organization are placed.
type Choice struct {
	// OrganizationID is the organization.
	OrganizationID wispwright.ID
	// Enabled is what it chose; nil for what is the case everywhere.
	Enabled *bool
}

// Shape is how storages keep choices.
func (Choice) Shape() store.Shape {
	return store.Shape{Table: "geo_estimate_choice", Key: "OrganizationID", Org: "OrganizationID"}
}

// ChoiceFilter selects choices; zero fields select all.
type ChoiceFilter struct {
	// Enabled limits to one choice.
	Enabled *bool
}

// ChoiceStore keeps what organizations chose.
type ChoiceStore = wispwright.Repo[Choice, ChoiceFilter]

// Note is that people were told of the place of a device.
type Note struct {
	// Name is the device, the provider and the area.
	Name string
	// At is when they were told.
	At time.Time
}

// Shape is how storages keep notes.
func (Note) Shape() store.Shape { return store.Shape{Table: "geo_estimate_note", Key: "Name"} }

// NoteFilter selects notes; zero fields select all.
type NoteFilter struct {
	// AtBefore limits to notes made before a moment.
	AtBefore time.Time
}

// NoteStore keeps notes.
type NoteStore = wispwright.KeyedRepo[string, Note, NoteFilter]

// Stores are what the service keeps.
type Stores struct {
	// Choices keeps what organizations chose.
	Choices ChoiceStore
	// Notes keeps what people were told of.
	Notes NoteStore
}

// NewMemory returns stores that keep everything in memory, in a store that other
// concerns share.
func NewMemory(m *memstore.Store) Stores {
	return Stores{
		Choices: memstore.NewRepo[wispwright.ID, Choice, ChoiceFilter](m, memstore.Spec[Choice]{Shape: Choice{}.Shape()}),
		Notes:   memstore.NewRepo[string, Note, NoteFilter](m, memstore.Spec[Note]{Shape: Note{}.Shape()}),
	}
}
