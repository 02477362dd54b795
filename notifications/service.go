package notifications

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
)

// Stores are where the concern keeps its rows.
type Stores struct {
	Notifications Store
	Choices       ChoiceStore
	Silences      SilenceStore
	MailStates    MailStateStore
	Outbox        OutboxStore
}

// Options change what New makes.
type Options struct {
	// Types are the kinds of notifications. Default: DefaultTypes.
	Types *Types
	// Site is the installation that texts and links speak of.
	Site Site
	// Objects describe what notifications speak of. Default: none; objects are
	// then called by the names that events give.
	Objects Objects
	// People are the accounts. Required.
	People People
	// Defaults are what counts for organizations that chose nothing (settings
	// WEB_ENABLED, EMAIL_ENABLED). Default: both off, as the zero value says;
	// servers set both.
	Defaults Effective
	// Deliver orders the delivery of events outside the web: it inserts a job in
	// the context's transaction that calls Service.Deliver. Default: nothing is
	// delivered.
	Deliver func(ctx context.Context, events ...wispwright.ID) error
	// Mail orders e-mails in the context's transaction: what it is given is
	// sent once that is committed. Default: none are sent.
	Mail func(ctx context.Context, mails ...Mail) error
	// Posted is called after the commit of events that were posted: Drain should
	// be called soon. It must return at once. Default: nothing.
	Posted func()
	// Channels are further ways to bring what happens to somebody. Default: none.
	Channels []Channel
	// BatchInterval is how long after an e-mail further ones are collected into
	// one (setting EMAIL_BATCH_INTERVAL). Default: 0, each is sent at once.
	BatchInterval time.Duration
	// BatchDisplay is how many notifications a collecting e-mail shows (setting
	// EMAIL_BATCH_DISPLAY_LIMIT). Default: 15.
	BatchDisplay int
	// Key signs the links to unsubscribe; at least 32 bytes. Default: such links
	// are not offered.
	Key wispwright.Secret
	// PlainMail leaves out the HTML part of e-mails.
	PlainMail bool
	// Storm says when pages stay quiet. Default: DefaultStormLimits.
	Storm *StormLimits
	// Log hears of notifications that cannot be worded. Default: slog.Default.
	Log *slog.Logger
}

// Service is the concern.
type Service struct {
	// Created tells of what was stored for recipients; Changed, of the users whose
	// notifications were read or deleted, so that open pages count anew.
	Created event.Topic[*Notification]
	Changed event.Topic[Change]

	base     *entity.Base
	stores   Stores
	types    *Types
	renderer *Renderer
	options  Options
	storm    StormLimits
	watch    *Watch
}

// New makes the service over stores of the base's transactor.
func New(base *entity.Base, stores Stores, o Options) (*Service, error) {
	switch {
	case base == nil || base.Tx == nil:
		return nil, errors.New("notifications: a transactor is required")
	case stores.Notifications == nil || stores.Choices == nil || stores.Silences == nil || stores.MailStates == nil || stores.Outbox == nil:
		return nil, errors.New("notifications: all stores are required")
	case o.People == nil:
		return nil, errors.New("notifications: People are required")
	}
	if o.Types == nil {
		var err error
		if o.Types, err = NewTypes(DefaultTypes()...); err != nil {
			return nil, err
		}
	}
	if o.Deliver == nil {
		o.Deliver = func(context.Context, ...wispwright.ID) error { return nil }
	}
	if o.Mail == nil {
		o.Mail = func(context.Context, ...Mail) error { return nil }
	}
	if o.Posted == nil {
		o.Posted = func() {}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.BatchDisplay <= 0 {
		o.BatchDisplay = 15
	}
	s := &Service{base: base, stores: stores, types: o.Types, renderer: NewRenderer(o.Types, o.Site), options: o, storm: DefaultStormLimits()}
	if o.Storm != nil {
		s.storm = *o.Storm
	}
	s.watch = s.storm.NewWatch()
	return s, nil
}

// StormLimits say when pages stay quiet.
func (s *Service) StormLimits() StormLimits { return s.storm }

// Types are the kinds of notifications.
func (s *Service) Types() *Types { return s.types }

// Change says that notifications of a user were read or deleted.
type Change struct {
	UserID wispwright.ID
	// Reload says that more than one was, or that they are gone: a list that is
	// shown has to be read anew.
	Reload bool
}

// Shown is a notification with its words.
type Shown struct {
	*Notification
	*Rendered
}

// List returns a user's notifications, newest first. One that cannot be worded
// is left out, although the total counts it.
func (s *Service) List(ctx context.Context, f Filter, page wispwright.Page) (wispwright.Items[Shown], error) {
	found, err := s.stores.Notifications.List(ctx, wispwright.ScopeAll(), f, page)
	if err != nil {
		return wispwright.Items[Shown]{}, fmt.Errorf("notifications.List: %w", err)
	}
	shown, err := s.word(ctx, found.Rows)
	if err != nil {
		return wispwright.Items[Shown]{}, fmt.Errorf("notifications.List: %w", err)
	}
	return wispwright.Items[Shown]{Rows: shown, Total: found.Total}, nil
}

// word finds the words of notifications, with one query for each kind of
// object.
func (s *Service) word(ctx context.Context, rows []*Notification) ([]*Shown, error) {
	var refs []Ref
	for _, n := range rows {
		refs = append(refs, n.refs()...)
	}
	objects, err := s.options.Objects.Describe(ctx, unique(refs)...)
	if err != nil {
		return nil, err
	}
	out := make([]*Shown, 0, len(rows))
	visible := s.visibility()
	for _, n := range rows {
		present, err := visible.of(ctx, n, objects)
		if err != nil {
			return nil, err
		}
		r, err := s.renderer.Render(n, present)
		if err != nil {
			s.options.Log.WarnContext(ctx, "a notification cannot be worded", "notification", n.ID, "type", n.Type, "error", err)
			continue
		}
		out = append(out, &Shown{n, r})
	}
	return out, nil
}

// Get returns one of a user's notifications. Errors: ErrNotFound, also for one
// that cannot be worded.
func (s *Service) Get(ctx context.Context, user, id wispwright.ID) (*Shown, error) {
	found, err := s.List(ctx, Filter{IDs: wispwright.Only(id), RecipientID: user}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(found.Rows) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return found.Rows[0], nil
}

// MarkRead marks some of a user's notifications, or all of them, as read.
func (s *Service) MarkRead(ctx context.Context, user wispwright.ID, only wispwright.Among[wispwright.ID]) (n int, err error) {
	err = s.base.Do(ctx, "notifications.MarkRead", func(ctx context.Context) error {
		if n, err = s.stores.Notifications.MarkRead(ctx, user, only); err != nil || n == 0 {
			return err
		}
		_, some := only.Keys()
		s.Changed.Publish(ctx, Change{UserID: user, Reload: !some})
		return nil
	})
	return n, err
}

// Delete removes one of a user's notifications. Errors: ErrNotFound.
func (s *Service) Delete(ctx context.Context, user, id wispwright.ID) error {
	return s.base.Do(ctx, "notifications.Delete", func(ctx context.Context) error {
		n, err := s.stores.Notifications.Get(ctx, wispwright.ScopeAll(), id)
		if err == nil && n.RecipientID != user {
			err = wispwright.ErrNotFound
		}
		if err == nil {
			err = s.stores.Notifications.Delete(ctx, wispwright.ScopeAll(), id)
		}
		if err == nil {
			s.Changed.Publish(ctx, Change{UserID: user, Reload: true})
		}
		return err
	})
}

// MostUnread bounds the count of unread notifications: pages show "99+".
const MostUnread = 100

// Unread counts a user's unread notifications, up to MostUnread, and tells
// whether so much came lately that pages stay quiet.
func (s *Service) Unread(ctx context.Context, user wispwright.ID) (n int, storm bool, err error) {
	now := s.base.Now()
	most := max(MostUnread, s.storm.ShortCount+1, s.storm.LongCount+1)
	n, newer, err := s.stores.Notifications.Counts(ctx, user, most, now.Add(-s.storm.ShortTime), now.Add(-s.storm.LongTime))
	if err != nil {
		return 0, false, fmt.Errorf("notifications.Unread: %w", err)
	}
	return min(n, MostUnread), s.watch.Raging(user, now, newer[0], newer[1]), nil
}
