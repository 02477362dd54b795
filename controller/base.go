package controller

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/entity"
)

// base is what every room of the concern stands on. The rooms lie on each
// other: tenants on base, configs on tenants, fleet on configs, agents on
// fleet, and each knows only those below it.
type base struct {
	Options
	kit    *entity.Base
	tx     wispwright.Transactor
	stores Stores
	jobs   Jobs
	// extensions are set while the program is put together
	extensions *extensions
}

func newBase(tx wispwright.Transactor, stores Stores, o Options) *base {
	return &base{Options: o, tx: tx, stores: stores, extensions: &extensions{}, kit: &entity.Base{
		Tx: tx, Recorder: o.Recorder, Clock: o.Clock, Tenants: holder{stores.Settings},
	}}
}

func (c *base) now() time.Time { return c.kit.Now() }

// holder keeps an organization by its settings, which everything that is made
// of them holds too. What belongs to a deleted organization is removed in
// order: devices before the templates they use.
type holder struct{ settings SettingsStore }

// Hold implements entity.Tenants.
func (h holder) Hold(ctx context.Context, organization wispwright.ID) error {
	_, err := h.settings.Hold(ctx, organization, false)
	return err
}

// OnDelete implements entity.Tenants.
func (holder) OnDelete(string, func(context.Context, wispwright.ID) error) {}

// faulty carries the cause of a validation error for errors.As, without repeating it
// in the message.
type faulty struct {
	error
	cause error
}

func (f *faulty) Unwrap() []error { return []error{f.error, f.cause} }

func isNotFound(err error) bool { return errors.Is(err, wispwright.ErrNotFound) }

// actor returns the context's caller, for versions and jobs.
func actor(ctx context.Context) (wispwright.ID, string) {
	if c := wispwright.CallerFrom(ctx); c != nil {
		return c.ID, c.Name
	}
	return wispwright.ID{}, "system"
}

// asDevice makes the device the caller, unless somebody else already is.
func asDevice(ctx context.Context, name, address string) context.Context {
	if wispwright.CallerFrom(ctx) != nil {
		return ctx
	}
	return wispwright.WithCaller(ctx, &wispwright.Caller{Name: name, Method: "device", Address: address})
}

// cached are the options of a cache of some size.
func (c *base) cached(size int) cache.Options {
	return cache.Options{Bus: c.Bus, TTL: c.CacheFor, Size: size, Clock: c.Clock}
}
