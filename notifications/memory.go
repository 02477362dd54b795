package notifications

import (
	"context"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory.
func NewMemory(m *memstore.Store) Stores {
	return Stores{
		Notifications: &memory{memstore.NewRepo[wispwright.ID, Notification, Filter](m, memstore.Spec[Notification]{Shape: Shape()}), m},
		Choices:       &memoryChoices{memstore.NewRepo[wispwright.ID, Choice, ChoiceFilter](m, memstore.Spec[Choice]{Shape: ChoiceShape()}), m},
		Silences:      &memorySilences{memstore.NewRepo[wispwright.ID, Silence, SilenceFilter](m, memstore.Spec[Silence]{Shape: SilenceShape()})},
		MailStates:    &memoryMailStates{memstore.NewMap[wispwright.ID, MailState](m)},
		Outbox:        &memoryOutbox{memstore.NewRepo[wispwright.ID, Posted, struct{}](m, memstore.Spec[Posted]{Shape: OutboxShape()})},
	}
}

type memory struct {
	*memstore.Repo[wispwright.ID, Notification, Filter]
	store *memstore.Store
}

// InsertAll implements Store.
func (s *memory) InsertAll(ctx context.Context, all []*Notification) error {
	return s.InsertMany(ctx, all)
}

func (s *memory) pick(ctx context.Context, fn func(*Notification) bool) ([]*Notification, error) {
	all, err := s.List(ctx, wispwright.ScopeAll(), Filter{}, wispwright.Page{NoTotal: true})
	return slices.DeleteFunc(all.Rows, func(n *Notification) bool { return !fn(n) }), err
}

// Counts implements Store.
func (s *memory) Counts(ctx context.Context, user wispwright.ID, most int, since ...time.Time) (unread int, newer []int, err error) {
	newer = make([]int, len(since))
	_, err = s.pick(ctx, func(n *Notification) bool {
		if n.RecipientID != user {
			return false
		}
		if n.Unread && unread < most {
			unread++
		}
		for i, t := range since {
			if !n.Timestamp.Before(t) && newer[i] < most {
				newer[i]++
			}
		}
		return false
	})
	return unread, newer, err
}

// change changes those picked, in one transaction.
func (s *memory) change(ctx context.Context, pick func(*Notification) bool, change func(*Notification)) (n int, err error) {
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		rows, err := s.pick(ctx, pick)
		if n = len(rows); err != nil {
			return err
		}
		for _, row := range rows {
			if _, err := s.Update(ctx, wispwright.ScopeAll(), row.ID, func(o *Notification) error { change(o); return nil }); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// MarkRead implements Store.
func (s *memory) MarkRead(ctx context.Context, user wispwright.ID, only wispwright.Among[wispwright.ID]) (int, error) {
	return s.change(ctx, func(n *Notification) bool { return n.RecipientID == user && n.Unread && only.Has(n.ID) }, func(n *Notification) { n.Unread = false })
}

// MarkEmailed implements Store.
func (s *memory) MarkEmailed(ctx context.Context, sent, dropped []wispwright.ID) error {
	_, err := s.change(ctx, func(n *Notification) bool { return slices.Contains(sent, n.ID) || slices.Contains(dropped, n.ID) }, func(n *Notification) {
		n.EmailDue, n.Emailed = false, n.Emailed || slices.Contains(sent, n.ID)
	})
	return err
}

// Forget implements Store.
func (s *memory) Forget(ctx context.Context, before time.Time, limit int) (int, error) {
	n := 0
	return s.DeleteWhere(ctx, func(o *Notification) bool {
		if !o.Timestamp.Before(before) || n >= limit {
			return false
		}
		n++
		return true
	})
}

// ForgetUser implements Store.
func (s *memory) ForgetUser(ctx context.Context, user wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(n *Notification) bool { return n.RecipientID == user })
	return err
}

// ForgetObjects implements Store.
func (s *memory) ForgetObjects(ctx context.Context, types []string, refs ...Ref) ([]wispwright.ID, error) {
	var users []wispwright.ID
	_, err := s.DeleteWhere(ctx, func(n *Notification) bool {
		gone := (len(types) == 0 || slices.Contains(types, n.Type)) && slices.ContainsFunc(n.refs(), func(r Ref) bool { return slices.Contains(refs, r) })
		if gone {
			users = append(users, n.RecipientID)
		}
		return gone
	})
	return unique(users), err
}

type memoryChoices struct {
	*memstore.Repo[wispwright.ID, Choice, ChoiceFilter]
	store *memstore.Store
}

// Put implements ChoiceStore.
func (s *memoryChoices) Put(ctx context.Context, choices ...Choice) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		for _, c := range choices {
			if _, err := s.DeleteWhere(ctx, func(o *Choice) bool { return o.ID == c.ID }); err != nil {
				return err
			}
			if c.Web == nil && c.Email == nil {
				continue
			}
			if err := s.Insert(ctx, &c); err != nil {
				return err
			}
		}
		return nil
	})
}

// Hold implements ChoiceStore: there is one transaction at a time.
func (s *memoryChoices) Hold(context.Context, wispwright.ID) error { return nil }

// Reset implements ChoiceStore.
func (s *memoryChoices) Reset(ctx context.Context, user, organization wispwright.ID, web, email bool) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		all, err := s.List(ctx, wispwright.ScopeAll(), ChoiceFilter{UserIDs: wispwright.Only(user)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, c := range all.Rows {
			if c.OrganizationID.IsZero() || !organization.IsZero() && (c.OrganizationID != organization || c.Type == "") {
				continue
			}
			if web {
				c.Web = nil
			}
			if email {
				c.Email = nil
			}
			if err := s.Put(ctx, *c); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetUser implements ChoiceStore.
func (s *memoryChoices) ForgetUser(ctx context.Context, user wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(c *Choice) bool { return c.UserID == user })
	return err
}

// ForgetOrganization implements ChoiceStore.
func (s *memoryChoices) ForgetOrganization(ctx context.Context, organization wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(c *Choice) bool { return c.OrganizationID == organization })
	return err
}

type memorySilences struct {
	*memstore.Repo[wispwright.ID, Silence, SilenceFilter]
}

// Expire implements SilenceStore.
func (s *memorySilences) Expire(ctx context.Context, before time.Time, limit int) (int, error) {
	n := 0
	return s.DeleteWhere(ctx, func(o *Silence) bool {
		if o.Holds(before) || n >= limit {
			return false
		}
		n++
		return true
	})
}

// ForgetUser implements SilenceStore.
func (s *memorySilences) ForgetUser(ctx context.Context, user wispwright.ID) error {
	_, err := s.DeleteWhere(ctx, func(o *Silence) bool { return o.UserID == user })
	return err
}

// ForgetObjects implements SilenceStore.
func (s *memorySilences) ForgetObjects(ctx context.Context, refs ...Ref) error {
	_, err := s.DeleteWhere(ctx, func(o *Silence) bool { return slices.Contains(refs, Ref{o.ObjectKind, o.ObjectID}) })
	return err
}

type memoryMailStates struct {
	states *memstore.Map[wispwright.ID, MailState]
}

// Of implements MailStateStore.
func (s *memoryMailStates) Of(ctx context.Context, users ...wispwright.ID) (map[wispwright.ID]MailState, error) {
	out := map[wispwright.ID]MailState{}
	for _, u := range users {
		out[u] = MailState{UserID: u}
		if found := s.states.Get(ctx, u); len(found) > 0 {
			out[u] = found[0]
		}
	}
	return out, nil
}

// Put implements MailStateStore.
func (s *memoryMailStates) Put(ctx context.Context, states ...MailState) error {
	for _, state := range states {
		if err := s.states.Set(ctx, state.UserID, []MailState{state}); err != nil {
			return err
		}
	}
	return nil
}

// Due implements MailStateStore.
func (s *memoryMailStates) Due(ctx context.Context, before time.Time, limit int) ([]wispwright.ID, error) {
	var due []MailState
	for _, found := range s.states.All(ctx) {
		if at := found[0].FlushAt; at != nil && !at.After(before) {
			due = append(due, found[0])
		}
	}
	slices.SortFunc(due, func(a, b MailState) int { return a.FlushAt.Compare(*b.FlushAt) })
	var users []wispwright.ID
	for _, state := range due[:min(limit, len(due))] {
		users = append(users, state.UserID)
	}
	return users, nil
}

// ForgetUser implements MailStateStore.
func (s *memoryMailStates) ForgetUser(ctx context.Context, user wispwright.ID) error {
	return s.states.Set(ctx, user, nil)
}

type memoryOutbox struct {
	rows *memstore.Repo[wispwright.ID, Posted, struct{}]
}

// Add implements OutboxStore.
func (s *memoryOutbox) Add(ctx context.Context, events ...*Posted) error {
	return s.rows.InsertMany(ctx, events)
}

// Take implements OutboxStore. Transactions in memory come one after the other.
func (s *memoryOutbox) Take(ctx context.Context, now time.Time, limit int) ([]*Posted, error) {
	all, err := s.rows.List(ctx, wispwright.ScopeAll(), struct{}{}, wispwright.Page{NoTotal: true})
	due := slices.DeleteFunc(all.Rows, func(p *Posted) bool { return p.NotBefore.After(now) })
	return due[:min(limit, len(due))], err
}

// Defer implements OutboxStore.
func (s *memoryOutbox) Defer(ctx context.Context, e *Posted) error {
	_, err := s.rows.Update(ctx, wispwright.ScopeAll(), e.ID, func(p *Posted) error {
		p.Attempts, p.NotBefore = e.Attempts, e.NotBefore
		return nil
	})
	return err
}

// Remove implements OutboxStore.
func (s *memoryOutbox) Remove(ctx context.Context, ids ...wispwright.ID) error {
	_, err := s.rows.DeleteWhere(ctx, func(p *Posted) bool { return slices.Contains(ids, p.ID) })
	return err
}

// Waiting implements OutboxStore.
func (s *memoryOutbox) Waiting(ctx context.Context, now time.Time) (bool, error) {
	due, err := s.Take(ctx, now, 1)
	return len(due) > 0, err
}
