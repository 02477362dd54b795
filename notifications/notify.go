package notifications

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
)

// Person is somebody who may be told.
type Person struct {
	ID wispwright.ID
	// Email is the verified address that e-mails go to; empty for none.
	Email string
	// Active is false for an account that was turned off: it is told nothing.
	Active bool
	// Joined is when the account was made; recipients are told in this order.
	Joined time.Time
}

// People are the accounts of an installation.
type People interface {
	// Audience returns the active superusers and, for each of the organizations,
	// its active managers with staff status. The key is the organization; the
	// superusers are under the zero ID.
	Audience(ctx context.Context, organizations ...wispwright.ID) (map[wispwright.ID][]Person, error)
	// Persons returns the accounts with these ids, as far as they exist.
	Persons(ctx context.Context, ids ...wispwright.ID) ([]Person, error)
	// Members returns the accounts of a group.
	Members(ctx context.Context, group int64) ([]Person, error)
	// Proof returns a text that changes when the user's password or e-mail
	// address changes, for links that must end then. Errors: ErrNotFound.
	Proof(ctx context.Context, user wispwright.ID) (string, error)
	// Organizations returns what a user is told of: the active organizations
	// that the user manages, all of them for a superuser, by name.
	Organizations(ctx context.Context, user wispwright.ID) ([]Organization, error)
}

// Organization is what preferences show of one.
type Organization struct {
	ID         wispwright.ID
	Name, Slug string
}

// Event is what happened, to be told of.
type Event struct {
	// Type is the name of a registered type; required.
	Type string
	// Actor caused it, Target is what it happened to, Action is a third object.
	// Without a target only superusers are told.
	Actor, Target, Action Ref
	// Level overrides the type's.
	Level Level
	// Description is a longer text, a template.
	Description string
	// Timestamp is when it happened. Default: now.
	Timestamp time.Time
	// Data are further values for the templates; "message", "email_subject",
	// "url" and "target_url_suffix" have a meaning of their own.
	Data map[string]any
	// Recipients and Group address the event to these users instead of those
	// that manage the target. Preferences and silences hold for them too.
	Recipients []wispwright.ID
	Group      int64
}

// draft is an event with what is known of it.
type draft struct {
	Event
	typ          *Type
	organization wispwright.ID
	objects      map[Ref]Object // those it names, as far as they exist
	row          Notification   // what the rows of all recipients have in common
	people       []Person
}

// Notify stores what each recipient of the events is told, in the context's
// transaction or one of its own, and orders their e-mails in the same
// transaction. The number of statements does not depend on the number of
// recipients. Errors: ErrNotFound for an unknown type.
func (s *Service) Notify(ctx context.Context, events ...Event) error {
	return s.notify(ctx, false, events...)
}

// notify is Notify; of posted events those are left out whose target has been
// deleted meanwhile, if its deletion takes along what was said of it.
func (s *Service) notify(ctx context.Context, posted bool, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	return s.base.Do(ctx, "notifications.Notify", func(ctx context.Context) error {
		drafts, err := s.drafts(ctx, events)
		if err != nil {
			return err
		}
		if posted {
			drafts = slices.DeleteFunc(drafts, s.gone)
		}
		if err := s.addressees(ctx, drafts); err != nil {
			return err
		}
		rows, err := s.choose(ctx, drafts)
		if err != nil {
			return err
		}
		if err := s.tellChannels(ctx, drafts, rows); err != nil || len(rows) == 0 {
			return err
		}
		if err := s.stores.Notifications.InsertAll(ctx, rows); err != nil {
			return err
		}
		if slices.ContainsFunc(rows, func(n *Notification) bool { return n.EmailDue }) {
			if err := s.options.Deliver(ctx, eventIDs(rows)...); err != nil {
				return err
			}
		}
		s.Created.Publish(ctx, rows...)
		return nil
	})
}

// gone reports whether the target of an event was deleted, and with it what was
// said of it.
func (s *Service) gone(d *draft) bool {
	_, there := d.objects[d.Target]
	return !there && !d.Target.IsZero() && s.options.Objects[d.Target.Kind] != nil && slices.Contains(d.typ.Models, d.Target.Kind)
}

// drafts completes the events and finds whose the targets are.
func (s *Service) drafts(ctx context.Context, events []Event) ([]*draft, error) {
	var refs []Ref
	for _, e := range events {
		for _, r := range []Ref{e.Actor, e.Target, e.Action} {
			if !r.IsZero() {
				refs = append(refs, r)
			}
		}
	}
	objects, err := s.options.Objects.Describe(ctx, refs...)
	if err != nil {
		return nil, err
	}
	now := s.base.Now()
	drafts := make([]*draft, 0, len(events))
	for _, e := range events {
		d := &draft{Event: e}
		if d.typ, err = s.types.Get(e.Type); err != nil {
			return nil, err
		}
		d.organization = objects[e.Target].OrganizationID
		when := e.Timestamp
		if when.IsZero() {
			when = now
		}
		d.row = Notification{
			EventID: wispwright.NewID(), Type: e.Type, Level: cmp.Or(e.Level, d.typ.Level), Unread: true,
			ActorKind: e.Actor.Kind, ActorID: e.Actor.ID, TargetKind: e.Target.Kind, TargetID: e.Target.ID, ActionKind: e.Action.Kind, ActionID: e.Action.ID,
			OrganizationID: d.organization, Addressed: len(e.Recipients) > 0 || e.Group != 0, Verb: d.typ.Verb, Description: e.Description, Timestamp: when.UTC().Truncate(time.Microsecond),
		}
		if len(e.Data) > 0 {
			text, err := json.Marshal(e.Data)
			if err != nil {
				return nil, fmt.Errorf("data of %s: %w", e.Type, err)
			}
			d.row.Data = wispwright.JSON(text)
		}
		named := map[Ref]Object{}
		d.objects = map[Ref]Object{}
		for _, r := range d.row.refs() {
			named[r] = objects[r]
			if o, there := objects[r]; there {
				d.objects[r] = o
			}
		}
		if d.row.Names, err = names(named); err != nil {
			return nil, err
		}
		drafts = append(drafts, d)
	}
	return drafts, nil
}

// addressees finds who the events are for (spec: notifications §4).
func (s *Service) addressees(ctx context.Context, drafts []*draft) error {
	var organizations []wispwright.ID
	for _, d := range drafts {
		if !d.organization.IsZero() && !slices.Contains(organizations, d.organization) {
			organizations = append(organizations, d.organization)
		}
	}
	var audience map[wispwright.ID][]Person
	for _, d := range drafts {
		var err error
		switch {
		case len(d.Recipients) > 0:
			d.people, err = s.options.People.Persons(ctx, d.Recipients...)
		case d.Group != 0:
			d.people, err = s.options.People.Members(ctx, d.Group)
		default:
			if audience == nil {
				audience, err = s.options.People.Audience(ctx, organizations...)
			}
			d.people = slices.Concat(audience[wispwright.ID{}], audience[d.organization])
			if d.organization.IsZero() {
				d.people = audience[wispwright.ID{}]
			}
		}
		if err != nil {
			return err
		}
		d.people = distinct(d.people)
	}
	return nil
}

// distinct sorts people by the age of their accounts, each once, and leaves out
// accounts that are turned off.
func distinct(people []Person) []Person {
	seen := map[wispwright.ID]bool{}
	out := make([]Person, 0, len(people))
	for _, p := range people {
		if p.Active && !seen[p.ID] {
			seen[p.ID] = true
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b Person) int { return a.Joined.Compare(b.Joined) })
	return out
}

// choose makes the rows of those that want to be told.
func (s *Service) choose(ctx context.Context, drafts []*draft) ([]*Notification, error) {
	users := []wispwright.ID{{}} // the organizations' own choices are under the zero ID
	organizations, targets := []wispwright.ID{{}}, map[string][]string{}
	for _, d := range drafts {
		for _, p := range d.people {
			users = append(users, p.ID)
		}
		organizations = append(organizations, d.organization)
		if !d.Target.IsZero() {
			targets[d.Target.Kind] = append(targets[d.Target.Kind], d.Target.ID)
		}
	}
	users = unique(users)
	wants, err := s.resolver(ctx, users, unique(organizations))
	if err != nil {
		return nil, err
	}
	silent, err := s.silent(ctx, users, targets)
	if err != nil {
		return nil, err
	}
	var rows []*Notification
	for _, d := range drafts {
		ids := neighbours()
		for _, p := range d.people {
			e := wants.effective(p.ID, d.organization, d.typ)
			if !e.Web || silent[silenceKey{p.ID, d.Target}] {
				continue
			}
			row := d.row
			row.ID, row.RecipientID, row.EmailDue = ids(), p.ID, e.Email && p.Email != ""
			rows = append(rows, &row)
		}
	}
	return rows, nil
}

// neighbours makes the ids of one event's notifications: random together, one
// after the other among themselves, so that an index of ids takes a thousand
// of them in a few of its pages. They are no secret.
func neighbours() func() wispwright.ID {
	next := wispwright.NewID()
	clear(next[12:])
	return func() wispwright.ID {
		id := next
		binary.BigEndian.PutUint32(next[12:], binary.BigEndian.Uint32(next[12:])+1)
		return id
	}
}

type silenceKey struct {
	user   wispwright.ID
	object Ref
}

// silent finds which of the users do not want to hear of which targets.
func (s *Service) silent(ctx context.Context, users []wispwright.ID, targets map[string][]string) (map[silenceKey]bool, error) {
	out, now := map[silenceKey]bool{}, s.base.Now()
	for kind, ids := range targets {
		found, err := s.stores.Silences.List(ctx, wispwright.ScopeAll(), SilenceFilter{
			UserIDs: wispwright.Only(users...), ObjectKind: kind, ObjectIDs: wispwright.Only(unique(ids)...),
		}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		for _, silence := range found.Rows {
			if silence.Holds(now) {
				out[silenceKey{silence.UserID, Ref{silence.ObjectKind, silence.ObjectID}}] = true
			}
		}
	}
	return out, nil
}

// unique keeps the first of equal values.
func unique[T comparable](in []T) []T {
	seen := make(map[T]bool, len(in))
	out := make([]T, 0, len(in))
	for _, v := range in {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

func eventIDs(rows []*Notification) (ids []wispwright.ID) {
	for _, n := range rows {
		if n.EmailDue {
			ids = append(ids, n.EventID)
		}
	}
	return unique(ids)
}
