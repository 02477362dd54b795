package notifications

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
)

// Notification is what one recipient is told of one event (spec:
// notifications §1.1).
type Notification struct {
	ID wispwright.ID
	// EventID is the same for the notifications of one event.
	EventID wispwright.ID
	// Type is the name of a Type; empty for what an older installation sent
	// without one.
	Type  string
	Level Level
	// RecipientID is the user that is told; the row goes with the user.
	RecipientID wispwright.ID
	Unread      bool
	// Actor caused it, Target is what it happened to, Action is a third object
	// involved. Kind and id are empty where there is none.
	ActorKind, ActorID   string
	TargetKind, TargetID string
	ActionKind, ActionID string
	// OrganizationID is that of the target when it happened; zero for none.
	OrganizationID wispwright.ID
	// Addressed says that the event named its recipients; others are told
	// because they manage the target's organization, for as long as they do.
	Addressed bool
	Verb      string
	// Description is a template of a longer text, or empty.
	Description string
	// Timestamp is when it happened.
	Timestamp time.Time
	// Emailed is set once an e-mail of it was handed over.
	Emailed bool
	// EmailDue says that an e-mail of it is wanted and not yet handed over.
	EmailDue bool
	// Data are the further arguments as a JSON object; empty for none.
	Data wispwright.JSON
	// Names are the labels and attributes of the objects when it happened, for
	// when they are gone: a JSON object of Ref to Object.
	Names wispwright.JSON
}

// Actor is what caused it.
func (n *Notification) Actor() Ref { return Ref{n.ActorKind, n.ActorID} }

// Target is what it happened to.
func (n *Notification) Target() Ref { return Ref{n.TargetKind, n.TargetID} }

// Action is the third object involved.
func (n *Notification) Action() Ref { return Ref{n.ActionKind, n.ActionID} }

// refs are the objects that the notification names.
func (n *Notification) refs() (refs []Ref) {
	for _, r := range []Ref{n.Actor(), n.Target(), n.Action()} {
		if !r.IsZero() {
			refs = append(refs, r)
		}
	}
	return refs
}

// Filter selects notifications; zero fields select all.
type Filter struct {
	// IDs limits to these notifications.
	IDs wispwright.Among[wispwright.ID]
	// RecipientID limits to one user's.
	RecipientID wispwright.ID
	// EventID limits to one event's.
	EventID wispwright.ID
	// Unread limits to those that are, or are not.
	Unread *bool
	// EmailDue limits to those of which an e-mail is due, or is not.
	EmailDue *bool
	// Type, Level and OrganizationID limit to one each.
	Type           string
	Level          Level
	OrganizationID wispwright.ID
	// TimestampFrom and TimestampBefore limit the time.
	TimestampFrom, TimestampBefore time.Time
}

// Store keeps notifications.
type Store interface {
	wispwright.Repo[Notification, Filter]
	// InsertAll stores many in a constant number of statements.
	InsertAll(ctx context.Context, all []*Notification) error
	// Counts returns how many of a user's are unread, and how many there are with a
	// timestamp from each of the times on; at most most of each.
	Counts(ctx context.Context, user wispwright.ID, most int, since ...time.Time) (unread int, newer []int, err error)
	// MarkRead marks a user's notifications as read, all of them or those given,
	// and returns the number of those that were unread.
	MarkRead(ctx context.Context, user wispwright.ID, only wispwright.Among[wispwright.ID]) (int, error)
	// MarkEmailed clears EmailDue; those in sent are marked as Emailed too.
	MarkEmailed(ctx context.Context, sent, dropped []wispwright.ID) error
	// Forget deletes up to limit notifications from before a time, and returns
	// how many there were.
	Forget(ctx context.Context, before time.Time, limit int) (int, error)
	// ForgetUser deletes those of a user.
	ForgetUser(ctx context.Context, user wispwright.ID) error
	// ForgetObjects deletes those of the named types, all types when empty, that
	// have one of the objects as actor, target or action. It returns the users
	// they were addressed to.
	ForgetObjects(ctx context.Context, types []string, refs ...Ref) ([]wispwright.ID, error)
}
