package removal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/tenancy"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// Queue asks for Work, in the transaction of the context. Default: none, Delete
	// returns when everything is gone.
	Queue func(ctx context.Context, organization wispwright.ID) error
	// AtOnce is the largest number of objects of an organization that is deleted before
	// Delete returns. Default: 200; -1 for none.
	AtOnce int
	// Turn is how long Work works at most before it says that there is more.
	// Default: 20 seconds.
	Turn time.Duration
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
	// Log receives what cannot be stored. Default: slog's own.
	Log *slog.Logger
}

// Removals deletes organizations. Make it with New.
type Removals struct {
	tx            wispwright.Transactor
	store         Store
	organizations *tenancy.Organizations
	options       Options
}

// New returns the service over its store, which belongs to tx as the organizations do.
// An organization that is being deleted cannot be switched on again.
func New(tx wispwright.Transactor, s Store, organizations *tenancy.Organizations, o *Options) (*Removals, error) {
	if tx == nil || s == nil || organizations == nil {
		return nil, errors.New("removal: transactor, store and organizations are required")
	}
	r := &Removals{tx: tx, store: s, organizations: organizations}
	if o != nil {
		r.options = *o
	}
	if r.options.AtOnce == 0 {
		r.options.AtOnce = 200
	}
	if r.options.Turn <= 0 {
		r.options.Turn = 20 * time.Second
	}
	if r.options.Clock == nil {
		r.options.Clock = time.Now
	}
	if r.options.Log == nil {
		r.options.Log = slog.Default()
	}
	organizations.Saved.Subscribe("removal: organizations that are being deleted stay off", r.guard)
	organizations.OnDelete("removal: the removal of a deleted organization", r.forget)
	return r, nil
}

// guard refuses to switch an organization on that is being deleted.
func (r *Removals) guard(ctx context.Context, changes ...entity.Change[tenancy.Organization]) error {
	for _, c := range changes {
		if c.Before == nil || c.After == nil || !c.After.IsActive {
			continue
		}
		going, err := r.Going(ctx, c.After.ID)
		if err != nil {
			return err
		}
		if going {
			return wispwright.Invalid("is_active", "The organization "+c.After.Name+" is being deleted.")
		}
	}
	return nil
}

func (r *Removals) forget(ctx context.Context, organization wispwright.ID) error {
	going, err := r.Going(ctx, organization)
	if err != nil || !going { // a deletion that finds nothing would undo the transaction
		return err
	}
	return r.store.Delete(ctx, wispwright.ScopeAll(), organization)
}

// Get returns the removal of an organization, or wispwright.ErrNotFound.
func (r *Removals) Get(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (*Removal, error) {
	return r.store.Get(ctx, scope, organization)
}

// List returns a page of removals.
func (r *Removals) List(ctx context.Context, scope wispwright.Scope, f Filter, p wispwright.Page) (wispwright.Items[Removal], error) {
	return r.store.List(ctx, scope, f, p)
}

// Going reports whether an organization is being deleted.
func (r *Removals) Going(ctx context.Context, organization wispwright.ID) (bool, error) {
	_, err := r.store.Get(ctx, wispwright.ScopeAll(), organization)
	if errors.Is(err, wispwright.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Delete removes an organization with everything it owns. One that has more than
// Options.AtOnce objects is switched off, and goes in the background. An Expectation of
// the context is held against the organization. Asking again changes nothing.
func (r *Removals) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	if going, err := r.Going(ctx, id); err != nil || going {
		if err == nil {
			_, err = r.organizations.Get(ctx, scope, id)
		}
		return err
	}
	total, err := r.organizations.Left(ctx, id)
	if err != nil {
		return err
	}
	if r.options.Queue == nil || total <= r.options.AtOnce {
		return r.organizations.Delete(ctx, scope, id)
	}
	return r.tx.InTx(ctx, func(ctx context.Context) error {
		o, err := r.organizations.Update(ctx, scope, id, func(o *tenancy.Organization) error {
			if err := entity.Expected(ctx, id, o); err != nil {
				return err
			}
			o.IsActive = false
			return nil
		})
		if err != nil {
			return err
		}
		now := r.options.Clock().UTC()
		m := &Removal{OrganizationID: id, Name: o.Name, Total: total, Created: now, Modified: now}
		if c := wispwright.CallerFrom(ctx); c != nil {
			m.ActorID, m.Actor = c.ID, c.Name
		}
		if err := r.store.Insert(ctx, m); err != nil {
			return err
		}
		return r.options.Queue(ctx, id)
	})
}

// Work removes batches of an organization that is being deleted, each in a transaction
// that also counts it, for Options.Turn at most; more reports whether anything is left.
// It may be called again after any failure: what is gone is gone.
func (r *Removals) Work(ctx context.Context, organization wispwright.ID) (more bool, err error) {
	m, err := r.store.Get(ctx, wispwright.ScopeAll(), organization)
	if errors.Is(err, wispwright.ErrNotFound) {
		return false, nil
	}
	if err == nil {
		ctx = wispwright.WithCaller(ctx, &wispwright.Caller{ID: m.ActorID, Name: m.Actor, Superuser: true, Method: "system"})
		more, err = r.turn(ctx, organization)
	}
	if err != nil {
		r.complain(ctx, organization, err)
		return false, fmt.Errorf("delete organization %s: %w", organization, err)
	}
	return more, nil
}

// turn works for a while.
func (r *Removals) turn(ctx context.Context, organization wispwright.ID) (more bool, err error) {
	o, err := r.organizations.Get(ctx, wispwright.ScopeAll(), organization)
	if err != nil {
		return false, err
	}
	for begun := r.options.Clock(); ; {
		n := 0
		err := r.tx.InTx(ctx, func(ctx context.Context) (err error) {
			if n, err = r.organizations.EmptySome(ctx, o); err != nil || n == 0 {
				return err
			}
			_, err = r.store.Update(ctx, wispwright.ScopeAll(), organization, func(m *Removal) error {
				m.Done, m.Problem, m.Modified = min(m.Done+n, m.Total), "", r.options.Clock().UTC()
				return nil
			})
			return err
		})
		if err != nil {
			return false, err
		}
		if n == 0 {
			return false, r.organizations.Delete(ctx, wispwright.ScopeAll(), organization)
		}
		if r.options.Clock().Sub(begun) >= r.options.Turn {
			return true, nil
		}
	}
}

// words say to people why an attempt failed: what refused it, in its own words. Faults of
// the server are for its log, which may tell of more than the organization.
func words(cause error) string {
	var invalid *wispwright.ValidationError
	var forbidden *wispwright.ForbiddenError
	switch {
	case errors.As(cause, &invalid) && len(invalid.Fields) > 0:
		var said []string
		for _, f := range invalid.Fields {
			said = append(said, f.Messages...)
		}
		return strings.Join(said, " ")
	case errors.As(cause, &forbidden):
		return forbidden.Message
	case errors.Is(cause, context.DeadlineExceeded):
		return "It took too long. It is tried again, and goes on where it was."
	}
	return "The server could not do it; its log tells why. It is tried again, and goes on where it was."
}

// complain keeps why an attempt failed.
func (r *Removals) complain(ctx context.Context, organization wispwright.ID, cause error) {
	if ctx.Err() != nil { // the node stops: no fault of the organization's
		return
	}
	r.options.Log.ErrorContext(ctx, "an organization could not be deleted", "organization", organization, "error", cause)
	_, err := r.store.Update(ctx, wispwright.ScopeAll(), organization, func(m *Removal) error { m.Problem = words(cause); return nil })
	if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		r.options.Log.ErrorContext(ctx, "why an organization was not deleted could not be kept", "organization", organization, "error", err)
	}
}
