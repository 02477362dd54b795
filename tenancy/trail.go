package tenancy

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Event is one entry of the audit trail: which user changed what, when, from where
// and why, with the values before and after. It is never changed (but see Trail.Amend).
type Event struct {
	// ID identifies the entry.
	ID wispwright.ID
	// Created is when it happened.
	Created time.Time
	// ActorID is the user who did it; zero for the system and devices.
	ActorID wispwright.ID
	// Actor is the actor's name at that time.
	Actor string
	// Method says how the actor was recognised ("token", "session", "system").
	Method string
	// Address is the actor's network address.
	Address string
	// Kind of the object, as "<app label>.<model>".
	Kind string
	// ObjectID is the object's identifier in text form.
	ObjectID string
	// Label is the object's name at that time.
	Label string
	// OrganizationID is the object's organization; zero for shared objects.
	OrganizationID wispwright.ID
	// Action is "add", "change" or "delete", or a verb of the concern.
	Action string
	// Cause says why, when it was not the actor's own wish.
	Cause string
	// Fields are the values that differ; secrets appear without their values.
	Fields wispwright.FieldChanges
}

// Shape is how storages keep entries of the trail. They outlive what they tell of and
// have no parents.
func (Event) Shape() store.Shape {
	return store.Shape{
		Table: "tenancy_event", Org: "OrganizationID", Order: store.Newest("Created"),
	}
}

// EventFilter selects entries; zero fields select all.
type EventFilter struct {
	// ActorID limits to what one user did.
	ActorID wispwright.ID
	// OrganizationID limits to one organization's objects.
	OrganizationID wispwright.ID
	// Kind limits to one kind of object.
	Kind string
	// ObjectID limits to one object.
	ObjectID string
	// Action limits to one action.
	Action string
	// CreatedFrom limits to entries at or after a time.
	CreatedFrom time.Time
	// CreatedBefore limits to entries before a time.
	CreatedBefore time.Time
}

// EventStore keeps the trail.
type EventStore interface {
	// Append stores entries.
	Append(ctx context.Context, events ...*Event) error
	// List returns a page of entries, newest first.
	List(ctx context.Context, scope wispwright.Scope, f EventFilter, p wispwright.Page) (wispwright.Items[Event], error)
	// Get returns one entry.
	Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Event, error)
	// Amend goes through the entries of a kind whose fields hold a text, some in each
	// transaction, and stores those that change reports to have changed. It returns their
	// number.
	Amend(ctx context.Context, kind, holding string, change func(*Event) bool) (int, error)
	// Prune removes entries older than a time and returns their number.
	Prune(ctx context.Context, before time.Time) (int, error)
}

// Trail is the service of the audit trail. It implements wispwright.Recorder.
type Trail struct {
	store EventStore
	clock func() time.Time
}

// NewTrail returns a trail over a store. clock nil means the system's.
func NewTrail(store EventStore, clock func() time.Time) *Trail {
	if clock == nil {
		clock = time.Now
	}
	return &Trail{store: store, clock: clock}
}

// Record stores changes in the name of the context's caller. A change without
// any differing field is left out.
func (t *Trail) Record(ctx context.Context, changes ...wispwright.Change) error {
	caller := wispwright.CallerFrom(ctx)
	if caller == nil {
		caller = wispwright.System("system")
	}
	now := t.clock().UTC().Truncate(time.Microsecond)
	events := make([]*Event, 0, len(changes))
	for _, c := range changes {
		if c.Action == "change" && len(c.Fields) == 0 {
			continue
		}
		events = append(events, &Event{
			ID: wispwright.NewID(), Created: now, ActorID: caller.ID, Actor: caller.Name, Method: caller.Method, Address: caller.Address,
			Kind: c.Kind, ObjectID: c.ObjectID, Label: c.Label, OrganizationID: c.OrganizationID, Action: c.Action, Cause: c.Cause, Fields: c.Fields,
		})
	}
	if len(events) == 0 {
		return nil
	}
	if err := t.store.Append(ctx, events...); err != nil {
		return fmt.Errorf("record %d changes: %w", len(events), err)
	}
	return nil
}

// List returns a page of entries, newest first.
func (t *Trail) List(ctx context.Context, scope wispwright.Scope, f EventFilter, p wispwright.Page) (wispwright.Items[Event], error) {
	return t.store.List(ctx, scope, f, p)
}

// Get returns one entry.
func (t *Trail) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Event, error) {
	return t.store.Get(ctx, scope, id)
}

// Amend takes out of entries of a kind what they should never have held, such as a secret
// that was not known to be one: change does so to those whose fields hold a text, and
// reports whether it did. Some go in each transaction; called again it finds what is
// left. It returns how many were changed.
func (t *Trail) Amend(ctx context.Context, kind, holding string, change func(*Event) bool) (int, error) {
	n, err := t.store.Amend(ctx, kind, holding, change)
	if err != nil {
		return n, fmt.Errorf("amend the trail: %w", err)
	}
	return n, nil
}

// Prune removes entries older than the given age and returns their number.
func (t *Trail) Prune(ctx context.Context, age time.Duration) (int, error) {
	n, err := t.store.Prune(ctx, t.clock().Add(-age))
	if err != nil {
		return 0, fmt.Errorf("prune the trail: %w", err)
	}
	return n, nil
}
