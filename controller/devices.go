package controller

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
)

// Devices is the service of devices with their configurations.
type Devices struct {
	// Saved is fired inside the transaction that creates or changes a device.
	Saved event.Hook[entity.Change[Device]]
	// Configured is fired inside the transaction that gives devices their first
	// configuration.
	Configured event.Hook[*Detail]
	// Deleting is fired inside the transaction before devices are removed.
	Deleting event.Hook[*Device]
	// Modifying is fired inside the transaction that changes the bytes devices
	// are to run, in batches: insert push jobs here.
	Modifying event.Hook[ConfigsModified]
	// Changed is published after a device was created, changed or deleted.
	Changed event.Topic[entity.Change[Device]]
	// Modified is published after the bytes devices are to run changed.
	Modified event.Topic[ConfigsModified]
	// Renewal is published after a configuration could not be renewed, or could
	// be again.
	Renewal event.Topic[Renewal]
	// BackendChanged is published after a configuration got another backend.
	BackendChanged event.Topic[entity.Change[Config]]
	// StatusChanged is published after a status was set.
	StatusChanged event.Topic[StatusChange]

	fleet *fleet
}

// Create validates and stores a device, and its configuration when d.Config is
// not nil: the caller sets Backend, Config, Context and Templates there. The
// templates become the default ones of the organization followed by the given
// ones. d holds the outcome.
func (s *Devices) Create(ctx context.Context, d *Detail) error {
	return s.fleet.kit.Do(ctx, "controller.Devices.Create", s.Prepare(ctx, d)[0])
}

// Prepare begins to create many devices: it completes and renders them outside the
// transaction that is to store them, so that others need not wait for it. Each of the
// functions stores one of them, in their order, as Create would; they are called in
// one transaction, which may be run again.
func (s *Devices) Prepare(ctx context.Context, devices ...*Detail) []func(context.Context) error {
	var given []wispwright.ID
	for _, d := range devices {
		if d.Config != nil {
			given = append(given, d.Config.Templates...)
		}
	}
	known, err := s.fleet.templatesByID(ctx, given)
	store := make([]func(context.Context) error, len(devices))
	var group sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	if wispwright.Pending(ctx) { // a transaction does one thing at a time
		slots = make(chan struct{}, 1)
	}
	for i, d := range devices {
		n := &enrolment{fleet: s.fleet, detail: d, cause: "created", check: true, known: known}
		if d.Config != nil {
			n.given = slices.Clone(d.Config.Templates)
		}
		if err != nil {
			store[i] = func(context.Context) error { return err }
			continue
		}
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			store[i] = n.store
			if err := n.prepare(ctx); err != nil {
				store[i] = func(context.Context) error { return fmt.Errorf("controller.Devices.Create: %w", err) }
			}
		})
	}
	group.Wait()
	return store
}

// Get returns a device with its configuration.
func (s *Devices) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Detail, error) {
	return s.fleet.stores.Devices.Detail(ctx, scope, id)
}

// List returns a page of devices, newest first, without NameKey, KeyDigest and
// KeyHint.
// Of their configurations it holds what lists show: DeviceID, Backend, Status,
// ErrorReason, NotRenewed and NotRenewedReason; Get returns everything.
func (s *Devices) List(ctx context.Context, scope wispwright.Scope, f DeviceFilter, p wispwright.Page) (wispwright.Items[Detail], error) {
	return s.fleet.stores.Devices.Details(ctx, scope, f, p)
}

// Counts are the figures of the dashboard.
type Counts struct {
	// Devices is how many devices there are.
	Devices int
	// Statuses is how many configurations have each status.
	Statuses map[Status]int
	// Unknown is how many devices have no configuration.
	Unknown int
	// NotRenewed is how many configurations could not be renewed.
	NotRenewed int
	// Silent is how many active devices were not heard of for SilentFor.
	Silent int
	// SilentFor is Options.SilentAfter.
	SilentFor time.Duration
}

// Counts counts the devices of a scope.
func (s *Devices) Counts(ctx context.Context, scope wispwright.Scope) (*Counts, error) {
	out, err := s.fleet.stores.Configs.Count(ctx, scope, s.fleet.Clock().Add(-s.fleet.SilentAfter))
	if err != nil {
		return nil, err
	}
	out.Unknown, out.SilentFor = out.Devices, s.fleet.SilentAfter
	for _, n := range out.Statuses {
		out.Unknown -= n
	}
	return out, nil
}
