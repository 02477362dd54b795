package notifications

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
)

// MailState is where a user stands with collected e-mails (spec: additions
// O-3).
type MailState struct {
	UserID wispwright.ID
	// Sent is when the last e-mail went out; zero for none so far.
	Sent time.Time
	// FlushAt is when what was collected since goes out; nil when nothing is.
	FlushAt *time.Time
}

// MailStateStore keeps them; they go with their user.
type MailStateStore interface {
	// Of returns the states of users, held until the transaction ends. That of a
	// user without one is held too, and has no Sent.
	Of(ctx context.Context, users ...wispwright.ID) (map[wispwright.ID]MailState, error)
	// Put stores states in place of older ones.
	Put(ctx context.Context, states ...MailState) error
	// Due returns users whose collection goes out before a time, oldest first.
	Due(ctx context.Context, before time.Time, limit int) ([]wispwright.ID, error)
	// ForgetUser deletes that of a user.
	ForgetUser(ctx context.Context, user wispwright.ID) error
}

// Deliver hands over the e-mails that are due for an event. It is repeatable:
// each is ordered once, in the transaction that says so. A recipient that has
// lost the right to know, or the account, gets nothing.
func (s *Service) Deliver(ctx context.Context, event wispwright.ID) error {
	return s.base.Do(ctx, "notifications.Deliver", func(ctx context.Context) error {
		due := true
		ofEvent := Filter{EventID: event, EmailDue: &due}
		found, err := s.stores.Notifications.List(ctx, wispwright.ScopeAll(), ofEvent, wispwright.Page{NoTotal: true})
		if err != nil || len(found.Rows) == 0 {
			return err
		}
		users := make([]wispwright.ID, 0, len(found.Rows))
		for _, n := range found.Rows {
			users = append(users, n.RecipientID)
		}
		states, err := s.stores.MailStates.Of(ctx, users...)
		if err != nil {
			return err
		}
		// a Flush may have taken some along before the states were held
		if found, err = s.stores.Notifications.List(ctx, wispwright.ScopeAll(), ofEvent, wispwright.Page{NoTotal: true}); err != nil {
			return err
		}
		people, err := s.entitled(ctx, found.Rows)
		if err != nil {
			return err
		}
		var now []*Notification
		var dropped []wispwright.ID
		var put []MailState
		for _, n := range found.Rows {
			if _, may := people[recipient{n.RecipientID, n.OrganizationID, n.Addressed}]; !may {
				dropped = append(dropped, n.ID)
				continue
			}
			next, send := s.pace(states[n.RecipientID], n.RecipientID)
			if send { // the others wait, with their e-mail due
				now = append(now, n)
			}
			put = append(put, next)
		}
		sent, err := s.mail(ctx, now, people)
		if err != nil {
			return err
		}
		for _, n := range now {
			if !slices.Contains(sent, n.ID) {
				dropped = append(dropped, n.ID) // it cannot be worded
			}
		}
		if err := s.stores.MailStates.Put(ctx, put...); err != nil {
			return err
		}
		return s.stores.Notifications.MarkEmailed(ctx, sent, dropped)
	})
}

// pace decides whether an e-mail goes out at once, and where the user stands
// then. The first one goes out; those within the interval after it are
// collected. A collection that should have gone out long ago does not hold up
// what comes now.
func (s *Service) pace(state MailState, user wispwright.ID) (next MailState, send bool) {
	now, interval := s.base.Now(), s.options.BatchInterval
	state.UserID = user
	if state.Sent.After(now) { // the clock was set back since
		state.Sent = now
	}
	if latest := now.Add(interval); state.FlushAt != nil && state.FlushAt.After(latest) {
		state.FlushAt = &latest
	}
	overdue := state.FlushAt != nil && now.Sub(*state.FlushAt) > interval/4
	switch {
	case interval <= 0, state.FlushAt == nil && now.Sub(state.Sent) >= interval, overdue:
		state.Sent = now
		return state, true
	case state.FlushAt == nil:
		at := state.Sent.Add(interval)
		state.FlushAt = &at
	}
	return state, false
}

// recipient is somebody with the reason to be told.
type recipient struct {
	user, organization wispwright.ID
	addressed          bool
}

// entitled finds which recipients may still be told, with their addresses.
func (s *Service) entitled(ctx context.Context, rows []*Notification) (map[recipient]Person, error) {
	var organizations, addressed []wispwright.ID
	for _, n := range rows {
		if n.Addressed {
			addressed = append(addressed, n.RecipientID)
		} else if !n.OrganizationID.IsZero() {
			organizations = append(organizations, n.OrganizationID)
		}
	}
	audience, err := s.options.People.Audience(ctx, unique(organizations)...)
	if err != nil {
		return nil, err
	}
	var named []Person
	if len(addressed) > 0 {
		if named, err = s.options.People.Persons(ctx, unique(addressed)...); err != nil {
			return nil, err
		}
	}
	by := map[wispwright.ID]Person{}
	for _, p := range named {
		by[p.ID] = p
	}
	out := map[recipient]Person{}
	add := func(people []Person, organization wispwright.ID, addressed bool) {
		for _, p := range people {
			if p.Active && p.Email != "" {
				out[recipient{p.ID, organization, addressed}] = p
			}
		}
	}
	for _, organization := range unique(append(organizations, wispwright.ID{})) {
		add(audience[wispwright.ID{}], organization, false)
		add(audience[organization], organization, false)
	}
	for _, n := range rows {
		if p, ok := by[n.RecipientID]; ok && n.Addressed {
			add([]Person{p}, n.OrganizationID, true)
		}
	}
	return out, s.wanting(ctx, rows, out)
}

// wanting removes those that have turned e-mails of this kind off meanwhile:
// what is collected may wait for hours.
func (s *Service) wanting(ctx context.Context, rows []*Notification, out map[recipient]Person) error {
	if len(rows) == 0 {
		return nil
	}
	users, organizations := []wispwright.ID{{}}, []wispwright.ID{{}}
	for _, n := range rows {
		users, organizations = append(users, n.RecipientID), append(organizations, n.OrganizationID)
	}
	wants, err := s.resolver(ctx, unique(users), unique(organizations))
	if err != nil {
		return err
	}
	for _, n := range rows {
		if typ := s.types.by[n.Type]; typ != nil && !wants.effective(n.RecipientID, n.OrganizationID, typ).Email {
			delete(out, recipient{n.RecipientID, n.OrganizationID, n.Addressed})
		}
	}
	return nil
}

// mail orders an e-mail for each notification and returns those it could word.
func (s *Service) mail(ctx context.Context, rows []*Notification, people map[recipient]Person) (sent []wispwright.ID, err error) {
	shown, err := s.word(ctx, rows)
	if err != nil {
		return nil, err
	}
	mails := make([]Mail, 0, len(shown))
	for _, n := range shown {
		p := people[recipient{n.RecipientID, n.OrganizationID, n.Addressed}]
		m, err := s.composeOne(ctx, p, n)
		if err != nil {
			return nil, err
		}
		mails, sent = append(mails, m), append(sent, n.ID)
	}
	if len(mails) == 0 {
		return nil, nil
	}
	return sent, s.options.Mail(ctx, mails...)
}

// Flush sends what was collected for users whose time has come, up to limit of
// them, and returns how many there were.
func (s *Service) Flush(ctx context.Context, limit int) (int, error) {
	users, err := s.stores.MailStates.Due(ctx, s.base.Now(), limit)
	if err != nil {
		return 0, fmt.Errorf("notifications.Flush: %w", err)
	}
	done := 0
	var failed []error // one user's must not keep those of others
	for _, user := range users {
		if err := s.base.Do(ctx, "notifications.Flush", func(ctx context.Context) error { return s.flush(ctx, user) }); err != nil {
			failed = append(failed, err)
			continue
		}
		done++
	}
	return done, errors.Join(failed...)
}

func (s *Service) flush(ctx context.Context, user wispwright.ID) error {
	states, err := s.stores.MailStates.Of(ctx, user)
	state := states[user]
	if err != nil || state.FlushAt == nil || state.FlushAt.After(s.base.Now()) {
		return err // another node was first
	}
	c, err := s.collect(ctx, user)
	if err != nil {
		return err
	}
	var sent []wispwright.ID
	state.FlushAt = nil
	switch len(c.rows) {
	case 0:
	case 1:
		if sent, err = s.mail(ctx, c.rows, c.people); err != nil {
			return err
		}
		state.Sent = s.base.Now()
	default:
		if sent, err = s.mailCollection(ctx, c); err != nil {
			return err
		}
		state.Sent = s.base.Now()
	}
	for _, n := range c.rows {
		if !slices.Contains(sent, n.ID) {
			c.dropped = append(c.dropped, n.ID)
		}
	}
	if err := s.stores.MailStates.Put(ctx, state); err != nil {
		return err
	}
	return s.stores.Notifications.MarkEmailed(ctx, append(sent, c.further...), c.dropped)
}

// collection is what was collected for a user.
type collection struct {
	to     Person
	people map[recipient]Person
	// rows are the newest, which can be worded; further are others, which are
	// counted only; since is when the oldest of all happened
	rows    []*Notification
	further []wispwright.ID
	since   time.Time
	// dropped are read by now, or the user may not be told any more
	dropped []wispwright.ID
}

// collect reads everything of which an e-mail to a user is due, a part at a
// time: what is left over would not be thought of again.
func (s *Service) collect(ctx context.Context, user wispwright.ID) (*collection, error) {
	c, due := &collection{people: map[recipient]Person{}}, true
	for offset := 0; ; offset += mostCollected {
		found, err := s.stores.Notifications.List(ctx, wispwright.ScopeAll(), Filter{RecipientID: user, EmailDue: &due}, wispwright.Page{NoTotal: true, Limit: mostCollected, Offset: offset})
		if err != nil {
			return nil, err
		}
		people, err := s.entitled(ctx, found.Rows)
		if err != nil {
			return nil, err
		}
		for _, n := range found.Rows {
			key := recipient{n.RecipientID, n.OrganizationID, n.Addressed}
			p, may := people[key]
			switch {
			case !may || !n.Unread:
				c.dropped = append(c.dropped, n.ID)
				continue
			case len(c.rows) < mostCollected:
				c.rows = append(c.rows, n)
			default:
				c.further = append(c.further, n.ID)
			}
			c.people[key], c.to, c.since = p, p, n.Timestamp
		}
		if len(found.Rows) < mostCollected {
			return c, nil
		}
	}
}

// mostCollected bounds what is worded for one collecting e-mail, and what is
// read at a time.
const mostCollected = 1000

// mailCollection orders one e-mail for many notifications, and returns those
// of its rows that it speaks of.
func (s *Service) mailCollection(ctx context.Context, c *collection) ([]wispwright.ID, error) {
	shown, err := s.word(ctx, c.rows)
	if err != nil || len(shown) == 0 {
		return nil, err
	}
	m, err := s.composeMany(ctx, c, shown)
	if err != nil {
		return nil, err
	}
	sent := make([]wispwright.ID, 0, len(shown))
	for _, n := range shown {
		sent = append(sent, n.ID)
	}
	return sent, s.options.Mail(ctx, m)
}
