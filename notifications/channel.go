package notifications

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
)

// Channel brings what happens to people, or to programs, by other ways than the
// web and e-mail: webhooks, SMS, push.
type Channel interface {
	// Name is the channel's in logs: "webhook".
	Name() string
	// Tell is called inside the transaction that stores notifications of events.
	// It orders what is to be sent, by rows and jobs of that transaction, and
	// sends nothing itself: so nothing is lost, nothing is told that was undone,
	// and nobody waits for a slow service. An error undoes everything.
	Tell(ctx context.Context, told ...Told) error
}

// Told is an event with those who are told of it in the web.
type Told struct {
	// ID is the event's, Notification.EventID.
	ID wispwright.ID
	// Type, Level, Verb and Timestamp are those of its notifications.
	Type, Verb string
	Level      Level
	Timestamp  time.Time
	// OrganizationID is that of the target; zero for none.
	OrganizationID wispwright.ID
	// Actor, Target and Action are the objects.
	Actor, Target, Action Ref
	// Objects describes those of them that exist.
	Objects map[Ref]Object
	// Addressed says that the event named its recipients.
	Addressed bool
	// Recipients are those that are told in the web, after their preferences and
	// silences. There may be none.
	Recipients []Person

	words func() (*Rendered, error)
}

// Words is the event in words, safe HTML. Errors: ErrRender.
func (t *Told) Words() (*Rendered, error) { return t.words() }

// PlainText is HTML of a Rendered without markup.
func PlainText(html string) string { return plainText(html) }

// tellChannels hands events to the channels.
func (s *Service) tellChannels(ctx context.Context, drafts []*draft, rows []*Notification) error {
	if len(s.options.Channels) == 0 {
		return nil
	}
	recipients := map[wispwright.ID]map[wispwright.ID]bool{}
	for _, n := range rows {
		if recipients[n.EventID] == nil {
			recipients[n.EventID] = map[wispwright.ID]bool{}
		}
		recipients[n.EventID][n.RecipientID] = true
	}
	told := make([]Told, 0, len(drafts))
	for _, d := range drafts {
		row := d.row
		t := Told{ID: row.EventID, Type: row.Type, Level: row.Level, Verb: row.Verb, Timestamp: row.Timestamp, OrganizationID: row.OrganizationID,
			Actor: row.Actor(), Target: row.Target(), Action: row.Action(), Objects: d.objects, Addressed: row.Addressed,
			words: sync.OnceValues(func() (*Rendered, error) { return s.renderer.Render(&row, d.objects) })}
		for _, p := range d.people {
			if recipients[row.EventID][p.ID] {
				t.Recipients = append(t.Recipients, p)
			}
		}
		told = append(told, t)
	}
	for _, c := range s.options.Channels {
		if err := c.Tell(ctx, told...); err != nil {
			return err
		}
	}
	return nil
}

// ForRecipient returns what a recipient is told of an event, for channels that
// bring it to people one by one, when it is about to be sent. Errors:
// ErrNotFound for somebody that may not, or does not want to, be told any more,
// and for what is gone or cannot be worded.
func (s *Service) ForRecipient(ctx context.Context, event, user wispwright.ID) (*Shown, error) {
	found, err := s.List(ctx, Filter{EventID: event, RecipientID: user}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(found.Rows) == 0 {
		return nil, wispwright.ErrNotFound
	}
	n := found.Rows[0]
	people, err := s.options.People.Persons(ctx, user)
	if err != nil {
		return nil, err
	}
	if !n.Addressed {
		audience, err := s.options.People.Audience(ctx, unique([]wispwright.ID{n.OrganizationID})...)
		if err != nil {
			return nil, err
		}
		managers := audience[n.OrganizationID]
		people = append(audience[wispwright.ID{}], managers...)
	}
	if !slices.ContainsFunc(people, func(p Person) bool { return p.ID == user && p.Active }) {
		return nil, wispwright.ErrNotFound
	}
	wants, err := s.resolver(ctx, []wispwright.ID{{}, user}, unique([]wispwright.ID{{}, n.OrganizationID}))
	if err != nil {
		return nil, err
	}
	if typ := s.types.by[n.Type]; typ != nil && !wants.effective(user, n.OrganizationID, typ).Web {
		return nil, wispwright.ErrNotFound
	}
	return n, nil
}
