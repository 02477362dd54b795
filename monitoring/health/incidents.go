package health

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
)

// Kinds of notices.
const (
	// NoticeProblem and NoticeRecovery are of one device.
	NoticeProblem  = "problem"
	NoticeRecovery = "recovery"
	// NoticeGrown: an incident has so many devices that people are told of the number alone.
	NoticeGrown = "grown"
	// NoticeResolved: all devices of such an incident are well again.
	NoticeResolved = "resolved"
	// NoticeEscalated: nobody has acknowledged an incident.
	NoticeEscalated = "escalated"
	// NoticeFlapping: a metric comes and goes; people are not told of it for a while.
	NoticeFlapping = "flapping"
)

// Notice is what people are to be told.
type Notice struct {
	// Kind is what.
	Kind string
	// Incident is where it belongs.
	Incident *Incident
	// Case is the device; nil for what is of the whole incident.
	Case *Case
}

// Incidents groups what went wrong, and decides what people are told of (decision 0062).
type Incidents struct{ h *Health }

// publish tells of incidents that were opened or changed.
func (s *Incidents) publish(ctx context.Context, fresh map[wispwright.ID]bool, list ...*Incident) {
	changes := make([]entity.Change[Incident], len(list))
	for n, i := range list {
		copied := *i
		changes[n].After = &copied
		if !fresh[i.ID] {
			changes[n].Before = &copied
		}
	}
	s.h.incidentChanged.Publish(ctx, changes...)
}

// Changed is published when an incident was opened, changed or resolved; Before is not nil for
// one that was there.
func (s *Incidents) Changed() *event.Topic[entity.Change[Incident]] { return &s.h.incidentChanged }

// turns are transactors in which transactions can wait for each other by name.
type turns interface {
	Turn(ctx context.Context, name string) error
}

// take opens, widens and ends incidents.
func (s *Incidents) take(ctx context.Context, list []alarm) error {
	if len(list) == 0 {
		return nil
	}
	organizations := map[wispwright.ID]bool{}
	for i := range list {
		organizations[list[i].device.OrganizationID] = true
	}
	for _, id := range slices.SortedFunc(maps.Keys(organizations), compareIDs) {
		if err := s.await(ctx, id); err != nil {
			return err
		}
	}
	b := &batch{h: s.h, now: s.h.base.Now(), incidents: map[wispwright.ID]*Incident{}}
	if err := b.load(ctx, list); err != nil {
		return err
	}
	for i := range list {
		a := &list[i]
		if !a.watched.threshold.IsActive && a.problem {
			continue
		}
		var err error
		if a.problem {
			err = b.problem(ctx, a)
		} else {
			err = b.recovery(ctx, a)
		}
		if err != nil {
			return err
		}
	}
	return b.store(ctx)
}

// await waits for other transactions that change incidents of an organization.
func (s *Incidents) await(ctx context.Context, organization wispwright.ID) error {
	if t, ok := s.h.base.Tx.(turns); ok {
		if err := t.Turn(ctx, "monitoring incidents "+organization.String()); err != nil {
			return fmt.Errorf("wait for incidents: %w", err)
		}
	}
	return nil
}

// end ends what is open of devices without telling anybody.
func (s *Incidents) end(ctx context.Context, at time.Time, devices ...wispwright.ID) error {
	yes := true
	b := &batch{h: s.h, now: at, incidents: map[wispwright.ID]*Incident{}}
	for _, d := range devices {
		open, err := s.h.stores.Cases.List(ctx, wispwright.ScopeAll(), CaseFilter{DeviceID: d, Open: &yes}, wispwright.Page{NoTotal: true})
		if err != nil {
			return fmt.Errorf("read open cases: %w", err)
		}
		for _, c := range open.Rows {
			if err := b.close(ctx, c); err != nil {
				return err
			}
		}
	}
	return b.store(ctx)
}

// endOf ends what is open of metrics.
func (s *Incidents) endOf(ctx context.Context, at time.Time, metrics ...wispwright.ID) error {
	yes := true
	b := &batch{h: s.h, now: at, incidents: map[wispwright.ID]*Incident{}}
	open, err := s.h.stores.Cases.List(ctx, wispwright.ScopeAll(), CaseFilter{MetricIDs: wispwright.Only(metrics...), Open: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return fmt.Errorf("read open cases: %w", err)
	}
	for _, c := range open.Rows {
		if err := b.close(ctx, c); err != nil {
			return err
		}
	}
	return b.store(ctx)
}

// Get returns an incident.
func (s *Incidents) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Incident, error) {
	return s.h.stores.Incidents.Get(ctx, scope, id)
}

// List returns a page of incidents, the latest first.
func (s *Incidents) List(ctx context.Context, scope wispwright.Scope, f IncidentFilter, p wispwright.Page) (wispwright.Items[Incident], error) {
	return s.h.stores.Incidents.List(ctx, scope, f, p)
}

// Cases returns a page of the devices of incidents.
func (s *Incidents) Cases(ctx context.Context, scope wispwright.Scope, f CaseFilter, p wispwright.Page) (wispwright.Items[Case], error) {
	return s.h.stores.Cases.List(ctx, scope, f, p)
}

// Timeline returns a page of what happened in incidents, the first first.
func (s *Incidents) Timeline(ctx context.Context, scope wispwright.Scope, f EntryFilter, p wispwright.Page) (wispwright.Items[Entry], error) {
	return s.h.stores.Entries.List(ctx, scope, f, p)
}

// mostText is how long a comment may be.
const mostText = 2000

// Acknowledge notes that somebody takes an incident upon them, with a comment that may be
// empty. Doing so again is a comment.
func (s *Incidents) Acknowledge(ctx context.Context, scope wispwright.Scope, id wispwright.ID, author, text string) (*Incident, error) {
	return s.say(ctx, scope, id, author, text, true)
}

// Comment adds what somebody says to the timeline.
func (s *Incidents) Comment(ctx context.Context, scope wispwright.Scope, id wispwright.ID, author, text string) (*Incident, error) {
	if strings.TrimSpace(text) == "" {
		return nil, wispwright.Invalid("comment", "This field may not be blank.")
	}
	return s.say(ctx, scope, id, author, text, false)
}

func (s *Incidents) say(ctx context.Context, scope wispwright.Scope, id wispwright.ID, author, text string, acknowledge bool) (out *Incident, err error) {
	if text = strings.TrimSpace(text); len([]rune(text)) > mostText {
		return nil, wispwright.Invalid("comment", fmt.Sprintf("Ensure this field has no more than %d characters.", mostText))
	}
	err = s.h.base.Do(ctx, "health.Incidents.Acknowledge", func(ctx context.Context) error {
		now, kind := s.h.base.Now(), "comment"
		out, err = s.h.stores.Incidents.Update(ctx, scope, id, func(i *Incident) error {
			kind = "comment"
			if acknowledge && i.AcknowledgedAt == nil {
				kind = "acknowledged"
				i.AcknowledgedAt, i.AcknowledgedBy = &now, author
			}
			i.Modified = now
			return nil
		})
		if err != nil {
			return err
		}
		if kind == "comment" && text == "" {
			return nil
		}
		s.publish(ctx, nil, out)
		return s.h.stores.Entries.Insert(ctx, &Entry{ID: wispwright.NewID(), IncidentID: out.ID, OrganizationID: out.OrganizationID, At: now, Kind: kind, Author: author, Text: text})
	})
	return out, err
}

// reviewedAtOnce is how many cases one transaction of Review looks at.
const reviewedAtOnce = 200

// Review looks again at what was held back, and tells again of what nobody has acknowledged.
// Several nodes may do so at once.
func (s *Incidents) Review(ctx context.Context) error {
	for {
		n, err := s.review(ctx)
		if err != nil {
			return err
		}
		if n < reviewedAtOnce {
			return s.escalate(ctx)
		}
	}
}

func (s *Incidents) review(ctx context.Context) (n int, err error) {
	yes := true
	now := s.h.base.Now()
	filter := CaseFilter{Open: &yes, HoldUntilBefore: now}
	page := wispwright.Page{Limit: reviewedAtOnce, NoTotal: true}
	some, err := s.h.stores.Cases.List(ctx, wispwright.ScopeAll(), filter, page)
	if err != nil || len(some.Rows) == 0 {
		return 0, err
	}
	err = s.h.base.Do(ctx, "health.Incidents.Review", func(ctx context.Context) error {
		organizations := map[wispwright.ID]bool{}
		for _, c := range some.Rows {
			organizations[c.OrganizationID] = true
		}
		for _, id := range slices.SortedFunc(maps.Keys(organizations), compareIDs) {
			if err := s.await(ctx, id); err != nil {
				return err
			}
		}
		due, err := s.h.stores.Cases.List(ctx, wispwright.ScopeAll(), filter, page) // as they are now
		if err != nil {
			return err
		}
		b := &batch{h: s.h, now: now, incidents: map[wispwright.ID]*Incident{}}
		if err := b.again(ctx, due.Rows); err != nil {
			return err
		}
		return b.store(ctx)
	})
	return len(some.Rows), err
}

// escalate tells again of incidents that nobody has acknowledged.
func (s *Incidents) escalate(ctx context.Context) error {
	if s.h.options.EscalateAfter <= 0 {
		return nil
	}
	yes, no := true, false
	now := s.h.base.Now()
	old, err := s.h.stores.Incidents.List(ctx, wispwright.ScopeAll(), IncidentFilter{Open: &yes, Acknowledged: &no, Escalated: &no, StartedBefore: now.Add(-s.h.options.EscalateAfter)},
		wispwright.Page{Limit: 100, NoTotal: true})
	if err != nil {
		return fmt.Errorf("look for incidents nobody has acknowledged: %w", err)
	}
	for _, i := range old.Rows {
		if i.Told+i.Grown == 0 { // of which nobody was told
			continue
		}
		err := s.h.base.Do(ctx, "health.Incidents.Escalate", func(ctx context.Context) error {
			mine := false
			out, err := s.h.stores.Incidents.Update(ctx, wispwright.ScopeAll(), i.ID, func(i *Incident) error {
				if mine = i.Open && i.EscalatedAt == nil && i.AcknowledgedAt == nil; mine {
					i.EscalatedAt, i.Modified = &now, now
				}
				return nil
			})
			if err != nil || !mine {
				return err
			}
			s.publish(ctx, nil, out)
			s.h.Notices.Publish(ctx, Notice{Kind: NoticeEscalated, Incident: out})
			return s.h.stores.Entries.Insert(ctx, &Entry{ID: wispwright.NewID(), IncidentID: out.ID, OrganizationID: out.OrganizationID, At: now, Kind: "escalated", Devices: out.Ill})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// beyond is the number of devices of which people are told next as a number.
func beyond(i *Incident, most int) int {
	return cmp.Or(i.Grown*10, most+1)
}
