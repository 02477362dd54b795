package controller

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
)

// base is what every room of the concern stands on. The rooms lie on each
// other: tenants on base, configs on tenants, fleet on configs, agents on
// fleet, and each knows only those below it.
type base struct {
	Options
	tx     wispwright.Transactor
	stores Stores
	jobs   Jobs
}

func (c *base) now() time.Time { return c.Clock().UTC().Truncate(time.Microsecond) }

// do runs a write in a transaction and says in its error what was being done.
func (c *base) do(ctx context.Context, operation string, fn func(context.Context) error) error {
	if err := c.tx.InTx(ctx, fn); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return nil
}

// faulty is a validation error with what caused it, which errors.As finds too
// but which is not worth printing again.
type faulty struct {
	error
	cause error
}

func (f *faulty) Unwrap() []error { return []error{f.error, f.cause} }

func isNotFound(err error) bool { return errors.Is(err, wispwright.ErrNotFound) }

func unknownPK(id wispwright.ID) string {
	return fmt.Sprintf("Invalid pk \"%s\" - object does not exist.", id)
}

// actor returns who the context's caller is, for versions and jobs.
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

type noBus struct{}

func (noBus) Notify(context.Context, string, string) error { return nil }

func (noBus) Listen(context.Context, string, func(payload string)) error { return nil }
