// Package event connects concerns: a Hook runs inside the transaction that
// causes it and may refuse it, a Topic tells what was committed and cannot.
//
// Both carry batches, so that a change of thousands of objects is one event.
// Zero values are ready to use. Subscribe while the program is put together,
// before anything is fired; there are no global events.
package event

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"

	"github.com/wispwright/wispwright"
)

// Listed is one event of a concern, as a printed list of all events has it.
type Listed struct {
	// Name is the concern's, the service's and the field's: "controller.Devices.Saved".
	Name string
	// Kind is "hook" or "topic".
	Kind string
	// Signal is OpenWISP's of the same meaning, if there is one.
	Signal string
	// Subscribers are the names in the order of subscription.
	Subscribers []string
}

// Hook is called inside the transaction, in order of subscription. A
// subscriber may change the draft, write further rows through the context, or
// return an error, which undoes everything.
type Hook[E any] struct {
	names []string
	funcs []func(context.Context, ...E) error
}

// Subscribe adds a function under a name for the printed list of the wiring.
func (h *Hook[E]) Subscribe(name string, fn func(ctx context.Context, events ...E) error) {
	h.names, h.funcs = append(h.names, name), append(h.funcs, fn)
}

// Subscribers returns the names in the order of subscription.
func (h *Hook[E]) Subscribers() []string { return h.names }

// Listed describes the hook for the printed list of events.
func (h *Hook[E]) Listed(name, signal string) Listed { return Listed{name, "hook", signal, h.names} }

// Fire calls every subscriber and stops at the first error. Nothing happens
// for an empty batch.
func (h *Hook[E]) Fire(ctx context.Context, events ...E) error {
	if len(events) == 0 {
		return nil
	}
	for i, fn := range h.funcs {
		if err := fn(ctx, events...); err != nil {
			return fmt.Errorf("%s: %w", h.names[i], err)
		}
	}
	return nil
}

// Topic is told to its subscribers once the transaction is committed, in the
// goroutine that committed it. It cannot fail the write: a subscriber that
// panics is logged.
//
// Within is for those that must not miss anything, a process that is killed
// included: what they store is stored with what it follows from.
type Topic[E any] struct {
	names  []string
	funcs  []func(context.Context, ...E)
	within []func(context.Context, ...E) error
	inside []string
}

// place is where a function of a topic waits for the end of a transaction.
type place struct {
	topic any
	n     int
}

// Within subscribes a function that is called inside the transaction, just
// before its commit, once with everything that was published in it. An error
// undoes the transaction, so it should do little that can fail: store what is
// to be done, or insert a job.
func (t *Topic[E]) Within(name string, fn func(ctx context.Context, events ...E) error) {
	t.inside, t.within = append(t.inside, name+" (within)"), append(t.within, fn)
}

// Subscribe adds a function under a name for the printed list of the wiring.
// It must return quickly; what takes long belongs into a job.
func (t *Topic[E]) Subscribe(name string, fn func(ctx context.Context, events ...E)) {
	t.names, t.funcs = append(t.names, name), append(t.funcs, fn)
}

// Subscribers returns the names in the order of subscription.
func (t *Topic[E]) Subscribers() []string { return slices.Concat(t.inside, t.names) }

// Listed describes the topic for the printed list of events.
func (t *Topic[E]) Listed(name, signal string) Listed {
	return Listed{name, "topic", signal, t.Subscribers()}
}

// Publish tells the subscribers after the commit of the context's
// transaction, or at once outside of one.
func (t *Topic[E]) Publish(ctx context.Context, events ...E) {
	if len(events) == 0 {
		return
	}
	for i := range t.within {
		if err := t.inTransaction(ctx, i, events); err != nil { // there is none that could be undone
			slog.ErrorContext(ctx, "event subscriber failed", "subscriber", t.inside[i], "error", err)
		}
	}
	if len(t.funcs) == 0 {
		return
	}
	wispwright.AfterCommit(ctx, func() {
		for i, fn := range t.funcs {
			t.call(ctx, i, fn, events)
		}
	})
}

func (t *Topic[E]) inTransaction(ctx context.Context, i int, events []E) error {
	return wispwright.BeforeCommit(ctx, place{t, i}, events, func(ctx context.Context, args []any) error {
		var all []E
		for _, a := range args {
			all = append(all, a.([]E)...)
		}
		if err := t.within[i](ctx, all...); err != nil {
			return fmt.Errorf("%s: %w", t.inside[i], err)
		}
		return nil
	})
}

func (t *Topic[E]) call(ctx context.Context, i int, fn func(context.Context, ...E), events []E) {
	defer func() {
		if v := recover(); v != nil {
			slog.ErrorContext(ctx, "event subscriber panicked", "subscriber", t.names[i], "panic", v, "stack", string(debug.Stack()))
		}
	}()
	fn(ctx, events...)
}
