package entity

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
)

// Base is what the services of a concern share. It may be copied; Tx is
// required.
type Base struct {
	// Tx runs the transactions of every store that the services use.
	Tx wispwright.Transactor
	// Recorder keeps the history. Default: none is kept.
	Recorder wispwright.Recorder
	// Tenants hold the organizations that objects belong to. It is required when
	// a Kind has an organization; NoTenants says that organizations are not kept
	// here.
	Tenants Tenants
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// Now is the time in the exactness in which storages keep it.
func (b *Base) Now() time.Time {
	clock := b.Clock
	if clock == nil {
		clock = time.Now
	}
	return clock().UTC().Truncate(time.Microsecond)
}

// Do runs a write in a transaction and says in its error what was being done.
// fn may run more than once.
func (b *Base) Do(ctx context.Context, operation string, fn func(context.Context) error) error {
	if err := b.Tx.InTx(ctx, fn); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return nil
}

// Record adds to the history. A change without a cause gets that of the
// context.
func (b *Base) Record(ctx context.Context, changes ...wispwright.Change) error {
	if b.Recorder == nil || len(changes) == 0 {
		return nil
	}
	if cause, _ := ctx.Value(causeKey{}).(string); cause != "" {
		for i := range changes {
			if changes[i].Cause == "" {
				changes[i].Cause = cause
			}
		}
	}
	return b.Recorder.Record(ctx, changes...)
}

type causeKey struct{}

// WithCause returns a context whose changes have a cause in the history, such
// as "organization acme deleted", where they are not the caller's own wish.
func WithCause(ctx context.Context, cause string) context.Context {
	return context.WithValue(ctx, causeKey{}, cause)
}

// Tenants is what objects need of their organization. Package tenancy's
// Organizations are one.
type Tenants interface {
	// Hold keeps an organization from being deleted until the transaction of
	// the context ends. It returns wispwright.ErrNotFound when there is none.
	Hold(ctx context.Context, organization wispwright.ID) error
	// OnDelete calls fn inside the transaction that deletes an organization,
	// when nobody can add anything to it any more and before it is removed.
	OnDelete(name string, fn func(ctx context.Context, organization wispwright.ID) error)
}

// NoTenants are the Tenants of a program that keeps no organizations: every id
// is one, and none is ever deleted.
type NoTenants struct{}

// Hold accepts every organization.
func (NoTenants) Hold(context.Context, wispwright.ID) error { return nil }

// OnDelete ignores the function.
func (NoTenants) OnDelete(string, func(context.Context, wispwright.ID) error) {}

// Tenant is what concerns know of an organization beyond its id.
type Tenant struct {
	// ID identifies the organization.
	ID wispwright.ID
	// Name is shown to people.
	Name string
	// IsActive is false for an organization that was switched off.
	IsActive bool
}
