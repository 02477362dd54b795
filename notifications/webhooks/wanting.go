package webhooks

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wispwright/wispwright"
)

// wanting are the webhooks that are told of events, by organization, as they
// were lately. Every event of an installation is held against them, in the
// transactions of devices too, so that they are in memory and read anew when
// somebody changes one.
type wanting struct {
	now  atomic.Pointer[map[wispwright.ID][]*Webhook]
	wake chan struct{}
	// reading lets one read after the other: what was read earlier never takes
	// the place of what was read later
	reading sync.Mutex
}

const (
	// channel is where nodes tell each other that webhooks were changed.
	channel = "wispwright_webhooks"
	// readAnew is the net below a notification that was lost.
	readAnew = time.Minute
	// readTime bounds reading after a change.
	readTime = 10 * time.Second
)

// Start reads which webhooks there are, and does so anew when they change on
// some node, until the context ends.
func (s *Service) Start(ctx context.Context) error {
	s.wanting.wake = make(chan struct{}, 1)
	if s.options.Bus != nil {
		if err := s.options.Bus.Listen(ctx, channel, func(string) {
			select {
			case s.wanting.wake <- struct{}{}:
			default: // it will be read anyway
			}
		}); err != nil {
			return fmt.Errorf("webhooks.Start: %w", err)
		}
	}
	if err := s.read(ctx); err != nil {
		return fmt.Errorf("webhooks.Start: %w", err)
	}
	go func() {
		timer := time.NewTicker(readAnew)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			case <-s.wanting.wake:
			}
			if err := s.read(ctx); err != nil && ctx.Err() == nil {
				s.options.Log.WarnContext(ctx, "webhooks could not be read anew", "error", err)
			}
		}
	}()
	return nil
}

// changed makes all nodes read anew after the commit, this one before the
// caller goes on.
func (s *Service) changed(ctx context.Context) error {
	wispwright.AfterCommit(ctx, func() {
		// the person who asked may have gone; it is committed all the same
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTime)
		defer cancel()
		if err := s.read(ctx); err != nil {
			s.options.Log.WarnContext(ctx, "webhooks could not be read anew", "error", err)
		}
	})
	if s.options.Bus == nil {
		return nil
	}
	return s.options.Bus.Notify(ctx, channel, "changed")
}

// read reads the webhooks that are told of events.
func (s *Service) read(ctx context.Context) error {
	s.wanting.reading.Lock()
	defer s.wanting.reading.Unlock()
	yes := true
	found, err := s.stores.Webhooks.List(ctx, wispwright.ScopeAll(), Filter{Enabled: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	by := map[wispwright.ID][]*Webhook{}
	for _, w := range found.Rows {
		if w.Paused == nil {
			by[w.OrganizationID] = append(by[w.OrganizationID], w)
		}
	}
	s.wanting.now.Store(&by)
	return nil
}

// Wanted reports whether some webhook wants an event of an organization.
func (s *Service) Wanted(ctx context.Context, name string, organization wispwright.ID) (bool, error) {
	hooks, err := s.wants(ctx, name, organization)
	return len(hooks) > 0, err
}

// wants are the webhooks that want an event: those of its organization, and
// those of the installation.
func (s *Service) wants(ctx context.Context, name string, organization wispwright.ID) (wanting []*Webhook, err error) {
	by := s.wanting.now.Load()
	if by == nil { // without Start
		if err := s.read(ctx); err != nil {
			return nil, err
		}
		by = s.wanting.now.Load()
	}
	hooks := (*by)[wispwright.ID{}]
	if !organization.IsZero() {
		hooks = slices.Concat(hooks, (*by)[organization])
	}
	for _, w := range hooks {
		if slices.Contains(w.Events, name) || slices.Contains(w.Events, Everything) {
			wanting = append(wanting, w)
		}
	}
	return wanting, nil
}
