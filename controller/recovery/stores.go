package recovery

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
)

// Kind says what was deleted.
type Kind string

// The kinds of objects that can come back.
const (
	Device   Kind = "device"
	Template Kind = "template"
)

// Deleted is an object that was deleted.
type Deleted struct {
	// ID identifies the deletion: an object may be deleted more than once.
	ID wispwright.ID
	// Kind says what it was.
	Kind Kind
	// ObjectID is the id that it had, and gets again.
	ObjectID wispwright.ID
	// OrganizationID is the tenant; zero for a shared template.
	OrganizationID wispwright.ID
	// Name is what it was called.
	Name string
	// Detail tells it from others of the name: the MAC address of a device, the
	// backend of a template.
	Detail string
	// Content is the object, sealed at rest.
	Content wispwright.Secret
	// ActorID is the user who deleted it, zero for the system; Actor the user's name.
	ActorID wispwright.ID
	Actor   string
	// Created is when it was deleted.
	Created time.Time
}

// Shape is how storages keep deleted objects.
func (Deleted) Shape() store.Shape {
	return store.Shape{
		Table: "controller_deleted", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"ObjectID", "Name", "Detail", "Actor"},
	}
}

// Filter selects deleted objects; zero fields select all.
type Filter struct {
	// Kind limits to one kind.
	Kind Kind
	// ObjectID limits to the deletions of one object.
	ObjectID wispwright.ID
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// CreatedBefore limits to what was deleted before a moment.
	CreatedBefore time.Time
	// Search finds a text in the id, the name, the detail or the name of the user.
	Search string
}

// Store keeps deleted objects, those deleted last first.
type Store interface {
	wispwright.Repo[Deleted, Filter]
	// Prune removes what was deleted before a moment, and returns their number.
	Prune(ctx context.Context, before time.Time) (int, error)
	// Forget removes what an organization deleted.
	Forget(ctx context.Context, organization wispwright.ID) error
}

// NewMemory returns a store that keeps everything in memory, in a store that
// other concerns share.
func NewMemory(m *memstore.Store) Store {
	return &memory{memstore.NewRepo[wispwright.ID, Deleted, Filter](m, memstore.Spec[Deleted]{Shape: Deleted{}.Shape()})}
}

type memory struct {
	*memstore.Repo[wispwright.ID, Deleted, Filter]
}

// Prune implements Store.
func (s *memory) Prune(ctx context.Context, before time.Time) (int, error) {
	if before.IsZero() {
		return 0, nil
	}
	return s.remove(ctx, Filter{CreatedBefore: before})
}

// Forget implements Store.
func (s *memory) Forget(ctx context.Context, organization wispwright.ID) error {
	if organization.IsZero() {
		return nil
	}
	_, err := s.remove(ctx, Filter{OrganizationID: organization})
	return err
}

func (s *memory) remove(ctx context.Context, f Filter) (int, error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{NoTotal: true})
	if err != nil {
		return 0, err
	}
	for _, d := range found.Rows {
		if err := s.Delete(ctx, wispwright.ScopeAll(), d.ID); err != nil {
			return 0, err
		}
	}
	return len(found.Rows), nil
}
