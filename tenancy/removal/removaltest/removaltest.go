// Package removaltest checks that a storage keeps what package removal relies on. Any
// implementation must pass Run.
package removaltest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
	"github.com/wispwright/wispwright/tenancy/removal"
)

// Storage is what a harness makes: empty stores and their transactor.
type Storage struct {
	// Tx is the transactor.
	Tx wispwright.Transactor
	// Store is the room's.
	Store removal.Store
	// Tenancy are the stores of the organizations.
	Tenancy tenancy.Stores
}

func id(n int) wispwright.ID { return wispwright.ID{0: 0xde, 6: 0x40, 14: byte(n >> 8), 15: byte(n)} }

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(n) * time.Minute)
}

// sample is the n-th removal.
func sample(n, _ int) *removal.Removal {
	return &removal.Removal{OrganizationID: id(n), Name: fmt.Sprint("org", n), Total: 100 + n, Done: n, Problem: "p", ActorID: id(8000), Actor: "ann", Created: at(n), Modified: at(n + 1)}
}

// Run runs the suite. h is called once for every part.
func Run(t *testing.T, h func(t *testing.T) Storage) {
	t.Run("store", func(t *testing.T) {
		s := h(t)
		all := wispwright.ScopeAll()
		require.NoError(t, s.Store.Insert(t.Context(), sample(1, 0)))
		require.NoError(t, s.Store.Insert(t.Context(), sample(2, 0)))
		got, err := s.Store.Get(t.Context(), all, id(1))
		require.NoError(t, err)
		require.Equal(t, sample(1, 0), got)
		_, err = s.Store.Get(t.Context(), wispwright.ScopeOf(id(2)), id(1))
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		items, err := s.Store.List(t.Context(), all, removal.Filter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, []*removal.Removal{sample(2, 0), sample(1, 0)}, items.Rows)
		items, err = s.Store.List(t.Context(), all, removal.Filter{OrganizationID: id(1)}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, []*removal.Removal{sample(1, 0)}, items.Rows)
		var conflict *wispwright.ConflictError
		require.ErrorAs(t, s.Store.Insert(t.Context(), sample(1, 0)), &conflict)
	})
	t.Run("batches", func(t *testing.T) { batches(t, h(t)) })
	t.Run("small", func(t *testing.T) { small(t, h(t)) })
	t.Run("resumed", func(t *testing.T) { resumed(t, h(t)) })
}

// world is a service over organizations that have things.
type world struct {
	Storage
	ten     *tenancy.Tenancy
	org     *tenancy.Organization
	things  int // left
	steps   []int
	asked   []wispwright.ID
	refused error
	clock   time.Time
	// inOne is what the transaction has removed, and most what any did
	inOne, most int
}

// counting is a transactor that knows how much was removed in one transaction.
type counting struct {
	wispwright.Transactor
	w *world
}

func (c counting) InTx(ctx context.Context, fn func(context.Context) error) error {
	if wispwright.Pending(ctx) {
		return c.Transactor.InTx(ctx, fn)
	}
	c.w.inOne = 0
	err := c.Transactor.InTx(ctx, fn)
	c.w.most = max(c.w.most, c.w.inOne)
	return err
}

func newWorld(t *testing.T, s Storage, things int) (*world, *removal.Removals) {
	w := &world{Storage: s, things: things, clock: at(0)}
	w.Tx = counting{s.Tx, w}
	var err error
	w.ten, err = tenancy.New(s.Tx, s.Tenancy, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
	require.NoError(t, err)
	w.org = &tenancy.Organization{Name: "acme", Slug: "acme", IsActive: true}
	require.NoError(t, w.ten.Organizations.Create(t.Context(), w.org))
	w.ten.Organizations.OnEmptying("things", func(_ context.Context, organization wispwright.ID) (int, error) {
		require.Equal(t, w.org.ID, organization)
		return w.things, nil
	}, func(ctx context.Context, _ wispwright.ID) (int, error) {
		if w.refused != nil {
			return 0, w.refused
		}
		n := min(w.things, 200)
		return n, w.Tx.InTx(ctx, func(context.Context) error {
			w.things -= n
			if n > 0 {
				w.steps = append(w.steps, n)
			}
			w.inOne += n
			return nil
		})
	})
	return w, w.service(t)
}

// service is one of a program that begins.
func (w *world) service(t *testing.T) *removal.Removals {
	r, err := removal.New(w.Tx, w.Store, w.ten.Organizations, &removal.Options{
		Clock: func() time.Time { w.clock = w.clock.Add(5 * time.Second); return w.clock },
		Queue: func(ctx context.Context, organization wispwright.ID) error {
			if !wispwright.Pending(ctx) {
				return errors.New("asked for outside the transaction")
			}
			w.asked = append(w.asked, organization)
			return nil
		},
	})
	require.NoError(t, err)
	return r
}

// No transaction takes more than a batch, the organization is off meanwhile and stays so,
// and how far it is can be read at any time.
func batches(t *testing.T, s Storage) {
	all := wispwright.ScopeAll()
	w, r := newWorld(t, s, 950)
	ctx := wispwright.WithCaller(t.Context(), &wispwright.Caller{ID: id(8000), Name: "ann", Superuser: true})
	stale := entity.WithExpectation(ctx, w.org.ID, func(context.Context, *tenancy.Organization) error { return errors.New("changed since") })
	require.ErrorContains(t, r.Delete(stale, all, w.org.ID), "changed since")
	require.ErrorIs(t, r.Delete(ctx, wispwright.ScopeOf(id(1)), w.org.ID), wispwright.ErrNotFound)
	require.Empty(t, w.asked)
	require.NoError(t, r.Delete(ctx, all, w.org.ID))
	require.NoError(t, r.Delete(ctx, all, w.org.ID), "again")
	require.Equal(t, []wispwright.ID{w.org.ID}, w.asked)
	require.Empty(t, w.steps, "nothing happens in the request")
	o, err := w.ten.Organizations.Get(ctx, all, w.org.ID)
	require.NoError(t, err)
	require.False(t, o.IsActive)
	_, err = w.ten.Organizations.Update(ctx, all, o.ID, func(o *tenancy.Organization) error { o.IsActive = true; return nil })
	require.ErrorContains(t, err, "is being deleted")
	_, err = w.ten.Organizations.Update(ctx, all, o.ID, func(o *tenancy.Organization) error { o.Description = "x"; return nil })
	require.NoError(t, err, "the rest of it may change")
	var done []int
	for more := true; more; {
		more, err = r.Work(t.Context(), o.ID)
		require.NoError(t, err)
		if m, err := r.Get(ctx, all, o.ID); more {
			require.NoError(t, err)
			require.Equal(t, []any{950, "acme", "ann", id(8000), ""}, []any{m.Total, m.Name, m.Actor, m.ActorID, m.Problem})
			done = append(done, m.Done)
		} else {
			require.ErrorIs(t, err, wispwright.ErrNotFound)
		}
	}
	require.Equal(t, []int{400, 800}, done, "turns of two batches")
	require.Equal(t, []int{200, 200, 200, 200, 150}, w.steps)
	require.Equal(t, 200, w.most, "no transaction holds more than a batch")
	_, err = w.ten.Organizations.Get(ctx, all, o.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	events, err := w.ten.Trail.List(ctx, all, tenancy.EventFilter{Kind: "openwisp_users.organization", Action: "delete"}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, events.Rows, 1)
	require.Equal(t, id(8000), events.Rows[0].ActorID)
	more, err := r.Work(t.Context(), o.ID)
	require.NoError(t, err, "a job that comes too late")
	require.False(t, more)
}

// What is small is gone at once.
func small(t *testing.T, s Storage) {
	w, r := newWorld(t, s, 200)
	require.NoError(t, r.Delete(t.Context(), wispwright.ScopeAll(), w.org.ID))
	require.Empty(t, w.asked)
	require.Equal(t, []int{200}, w.steps)
	_, err := w.ten.Organizations.Get(t.Context(), wispwright.ScopeAll(), w.org.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}

// What failed is told, and goes on where it was, in another program too.
func resumed(t *testing.T, s Storage) {
	all := wispwright.ScopeAll()
	w, r := newWorld(t, s, 450)
	require.NoError(t, r.Delete(t.Context(), all, w.org.ID))
	more, err := r.Work(t.Context(), w.org.ID)
	require.NoError(t, err)
	require.True(t, more)
	w.refused = wispwright.Invalid("plan", "A plan is changing this.")
	_, err = r.Work(t.Context(), w.org.ID)
	require.ErrorContains(t, err, "A plan is changing this")
	m, err := r.Get(t.Context(), all, w.org.ID)
	require.NoError(t, err)
	require.Equal(t, "A plan is changing this.", m.Problem, "in its own words")
	require.Equal(t, 400, m.Done)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	_, err = r.Work(stopped, w.org.ID)
	require.Error(t, err)
	w.refused = nil
	more, err = w.service(t).Work(t.Context(), w.org.ID)
	require.NoError(t, err)
	require.False(t, more)
	require.Equal(t, []int{200, 200, 50}, w.steps, "each once")
	items, err := r.List(t.Context(), all, removal.Filter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Empty(t, items.Rows)
}
