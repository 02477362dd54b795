// Package removal deletes large organizations in the background, a batch at a time, and
// tells how far that is. Small ones are gone at once.
//
//	r, err := removal.New(db, store, t.Organizations, &removal.Options{Queue: queue})
//	err = r.Delete(ctx, scope, id) // returns soon
//	more, err := r.Work(ctx, id)   // what the queue calls, while more
package removal

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
)

// Removal is an organization that is being deleted. It ends with the organization.
type Removal struct {
	// OrganizationID identifies the organization, and the removal.
	OrganizationID wispwright.ID
	// Name is that of the organization.
	Name string
	// Total is how many objects the organization had when this began; Done is how many
	// of them are gone. What belongs to an object goes with it and is not counted.
	Total, Done int
	// Problem is why the last attempt failed, in words for people; empty when it did not.
	// It is tried again.
	Problem string
	// ActorID is the user who asked for it, zero for the system; Actor the user's name.
	ActorID wispwright.ID
	Actor   string
	// Created is when it was asked for.
	Created time.Time
	// Modified is when the last batch went.
	Modified time.Time
}

// Shape is how storages keep removals.
func (Removal) Shape() store.Shape {
	return store.Shape{Table: "tenancy_removal", Key: "OrganizationID", Org: "OrganizationID", Order: store.Newest("Created")}
}

// Filter selects removals; zero fields select all.
type Filter struct {
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
}

// Store keeps removals, those asked for last first.
type Store interface {
	wispwright.Repo[Removal, Filter]
}

// NewMemory returns a store that keeps everything in memory, in a store that other
// concerns share.
func NewMemory(m *memstore.Store) Store {
	return memstore.NewRepo[wispwright.ID, Removal, Filter](m, memstore.Spec[Removal]{Shape: Removal{}.Shape()})
}
