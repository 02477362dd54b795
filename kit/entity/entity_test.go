package entity_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
)

// boat is an entity with all that a Kind can have.
type boat struct {
	ID             wispwright.ID
	OrganizationID wispwright.ID
	Name           string
	Digest         string
	Key            wispwright.Secret
	Tags           []string
	Created        time.Time
	Modified       time.Time
}

type boatFilter struct{ OrganizationID wispwright.ID }

// harbour is a concern of one entity.
type harbour struct {
	*entity.Service[wispwright.ID, boat, boatFilter]
	base      *entity.Base
	store     wispwright.Repo[boat, boatFilter]
	mu        sync.Mutex
	validated []bool // whether inside a transaction
	check     func(context.Context, entity.Change[boat]) error
	validate  func(context.Context)
	stored    [][]entity.Change[boat]
	trail     []wispwright.Change
}

// Record keeps the history of the test.
func (h *harbour) Record(_ context.Context, changes ...wispwright.Change) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trail = append(h.trail, changes...)
	return nil
}

// islands are the organizations of the test.
type islands struct {
	gone map[wispwright.ID]bool
	held []wispwright.ID
	fns  []func(context.Context, wispwright.ID) error
}

func (i *islands) Hold(ctx context.Context, id wispwright.ID) error {
	if !wispwright.Pending(ctx) {
		return errors.New("held outside a transaction")
	}
	if i.gone[id] {
		return wispwright.ErrNotFound
	}
	i.held = append(i.held, id)
	return nil
}

func (i *islands) OnDelete(_ string, fn func(context.Context, wispwright.ID) error) {
	i.fns = append(i.fns, fn)
}

var _ rest.Service[wispwright.ID, boat, boatFilter] = (*entity.Service[wispwright.ID, boat, boatFilter])(nil)

func (boat) Shape() store.Shape {
	return store.Shape{Table: "boat", Org: "OrganizationID", Unique: []store.Unique{{Name: "boat_name", Fields: []string{"OrganizationID", "Name"}}}}
}

const boats = `CREATE TABLE boat (id %[1]s PRIMARY KEY, organization_id %[1]s, name TEXT NOT NULL, digest TEXT NOT NULL, key TEXT NOT NULL,
	tags %[2]s, created %[3]s NOT NULL, modified %[3]s NOT NULL);
	CREATE UNIQUE INDEX boat_name ON boat (organization_id, name);`

// eachStore runs a test in memory and on every database.
func eachStore(t *testing.T, test func(t *testing.T, h *harbour, tenants *islands)) {
	t.Run("memory", func(t *testing.T) {
		s := memstore.New()
		h, tenants := newHarbour(s, memstore.NewRepo[wispwright.ID, boat, boatFilter](s, memstore.Spec[boat]{Shape: boat{}.Shape()}))
		test(t, h, tenants)
	})
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		text := fmt.Sprintf(boats, "TEXT", "TEXT", "TIMESTAMP")
		if db.Dialect() == sqlstore.Postgres {
			text = fmt.Sprintf(boats, "UUID", "JSON", "TIMESTAMPTZ")
		}
		file := &fstest.MapFile{Data: []byte("-- +goose Up\n" + text)}
		require.NoError(t, db.Migrate(t.Context(), sqlstore.Migrations{Concern: "boat", FS: fstest.MapFS{"pg/00001_x.sql": file, "sqlite/00001_x.sql": file}}))
		repo, err := sqlstore.NewRepo[wispwright.ID, boat, boatFilter](db, sqlstore.Spec{Shape: boat{}.Shape()})
		require.NoError(t, err)
		h, tenants := newHarbour(db, repo)
		test(t, h, tenants)
	})
}

func newHarbour(tx wispwright.Transactor, store wispwright.Repo[boat, boatFilter]) (*harbour, *islands) {
	tenants := &islands{gone: map[wispwright.ID]bool{}}
	h := &harbour{store: store}
	h.base = &entity.Base{Tx: tx, Recorder: h, Tenants: tenants}
	h.Service = entity.New(h.base, store, entity.Kind[wispwright.ID, boat]{
		Name: "harbour.Boats", Model: "harbour.boat", Hidden: []string{"Digest"},
		Validate: func(ctx context.Context, c entity.Change[boat]) error {
			h.mu.Lock()
			h.validated = append(h.validated, wispwright.Pending(ctx))
			h.mu.Unlock()
			if h.validate != nil {
				h.validate(ctx)
			}
			c.After.Name = strings.TrimSpace(c.After.Name)
			var v wispwright.ValidationError
			valid.Text(&v, "name", c.After.Name, valid.Required, valid.Max(20))
			return v.Err()
		},
		Check: func(ctx context.Context, c entity.Change[boat]) error {
			if h.check == nil {
				return nil
			}
			return h.check(ctx, c)
		},
		Stored: func(_ context.Context, changes ...entity.Change[boat]) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.stored = append(h.stored, changes)
			return nil
		},
		Unique: map[string]error{"boat_name": wispwright.Invalid("name", valid.Taken("boat", "name"))},
	})
	return h, tenants
}

var ctx = context.Background()

func TestLifeOfAnObject(t *testing.T) {
	eachStore(t, func(t *testing.T, h *harbour, tenants *islands) {
		var told []string
		h.Saved.Subscribe("note", func(ctx context.Context, all ...entity.Change[boat]) error {
			told = append(told, "saved "+all[0].Action())
			return nil
		})
		h.Deleting.Subscribe("note", func(context.Context, ...*boat) error { told = append(told, "deleting"); return nil })
		h.Changed.Subscribe("note", func(_ context.Context, all ...entity.Change[boat]) { told = append(told, "changed "+all[0].Action()) })
		acme := wispwright.NewID()
		b := &boat{OrganizationID: acme, Name: " Ann ", Digest: "d", Key: "secret", Created: time.Unix(0, 0)}
		require.NoError(t, h.Create(ctx, b))
		require.Equal(t, "Ann", b.Name)
		require.WithinDuration(t, time.Now(), b.Created, time.Minute)
		require.Equal(t, b.Created, b.Modified)
		require.Equal(t, []wispwright.ID{acme}, tenants.held)
		stored, err := h.Get(ctx, wispwright.ScopeOf(acme), b.ID)
		require.NoError(t, err)
		require.Equal(t, b, stored)

		after, err := h.Update(ctx, wispwright.ScopeOf(acme), b.ID, func(b *boat) error {
			b.ID, b.Created, b.Name, b.Tags = wispwright.NewID(), time.Time{}, "Bea ", []string{"red"}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, "Bea", after.Name)
		require.Equal(t, []any{b.ID, b.Created}, []any{after.ID, after.Created})
		require.Len(t, tenants.held, 1, "the organization is the same")
		_, err = h.Update(ctx, wispwright.ScopeOf(wispwright.NewID()), b.ID, func(*boat) error { return nil })
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		require.ErrorIs(t, h.Delete(ctx, wispwright.ScopeOf(wispwright.NewID()), b.ID), wispwright.ErrNotFound)
		require.NoError(t, h.Delete(ctx, wispwright.ScopeOf(acme), b.ID))
		_, err = h.First(ctx, wispwright.ScopeAll(), boatFilter{})
		require.ErrorIs(t, err, wispwright.ErrNotFound)

		require.Equal(t, []string{"saved add", "changed add", "saved change", "changed change", "deleting", "changed delete"}, told)
		require.Len(t, h.stored, 3)
		require.Len(t, h.trail, 3)
		require.Equal(t, wispwright.Change{
			Kind: "harbour.boat", ObjectID: b.ID.String(), Label: "Bea", OrganizationID: acme, Action: "change",
			Fields: []wispwright.FieldChange{{Field: "Name", Old: "Ann", New: "Bea"}, {Field: "Tags", New: []string{"red"}}},
		}, h.trail[1])
		for _, f := range h.trail[0].Fields {
			require.NotEqual(t, "Digest", f.Field)
			require.NotEqual(t, "secret", f.New)
		}
	})
}

func TestRefusals(t *testing.T) {
	eachStore(t, func(t *testing.T, h *harbour, tenants *islands) {
		acme, gone := wispwright.NewID(), wispwright.NewID()
		tenants.gone[gone] = true
		require.NoError(t, h.Create(ctx, &boat{OrganizationID: acme, Name: "Ann"}))
		h.trail, h.stored = nil, nil
		h.Changed.Subscribe("never", func(context.Context, ...entity.Change[boat]) { t.Error("told of what was undone") })

		err := h.Create(ctx, &boat{OrganizationID: acme, Name: "Ann"})
		require.EqualError(t, err, "harbour.Boats.Create: invalid: name: boat with this name already exists.")
		var conflict *wispwright.ConflictError
		require.ErrorAs(t, err, &conflict)
		require.EqualError(t, h.Create(ctx, &boat{OrganizationID: acme}), "harbour.Boats.Create: invalid: name: This field cannot be blank.")
		require.EqualError(t, h.Create(ctx, &boat{OrganizationID: gone, Name: "Bea"}),
			"harbour.Boats.Create: invalid: organization: "+valid.UnknownPK(gone))
		first, err := h.First(ctx, wispwright.ScopeAll(), boatFilter{})
		require.NoError(t, err)
		_, err = h.Update(ctx, wispwright.ScopeAll(), first.ID, func(b *boat) error { b.OrganizationID = gone; return nil })
		require.ErrorContains(t, err, "object does not exist")
		_, err = h.Update(ctx, wispwright.ScopeAll(), first.ID, func(b *boat) error { return wispwright.ErrForbidden })
		require.ErrorIs(t, err, wispwright.ErrForbidden)
		h.check = func(_ context.Context, c entity.Change[boat]) error { return wispwright.Invalid("", "no "+c.Action()) }
		require.ErrorContains(t, h.Create(ctx, &boat{OrganizationID: acme, Name: "Bea"}), "no add")
		_, err = h.Update(ctx, wispwright.ScopeAll(), first.ID, func(b *boat) error { b.Name = "Bea"; return nil })
		require.ErrorContains(t, err, "no change")
		require.ErrorContains(t, h.Delete(ctx, wispwright.ScopeAll(), first.ID), "no delete")

		items, err := h.List(ctx, wispwright.ScopeAll(), boatFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, []*boat{first}, items.Rows)
		require.Empty(t, h.stored)
	})
}

// TestValidatedBeforeTheRowIsLocked: what takes long keeps nobody waiting.
func TestValidatedBeforeTheRowIsLocked(t *testing.T) {
	eachStore(t, func(t *testing.T, h *harbour, _ *islands) {
		b := &boat{Name: "Ann", Tags: []string{"old"}}
		require.NoError(t, h.Create(ctx, b))
		_, err := h.Update(ctx, wispwright.ScopeAll(), b.ID, func(b *boat) error { b.Tags = nil; return nil })
		require.NoError(t, err)
		require.Equal(t, []bool{false, false}, h.validated)

		// somebody else is faster, each time
		h.validated = nil
		n := 0
		h.validate = func(ctx context.Context) {
			if wispwright.Pending(ctx) {
				return
			}
			n++
			_, err := h.store.Update(ctx, wispwright.ScopeAll(), b.ID, func(b *boat) error { b.Digest = fmt.Sprint(n); return nil })
			require.NoError(t, err)
		}
		after, err := h.Update(ctx, wispwright.ScopeAll(), b.ID, func(b *boat) error { b.Name = "Bea"; return nil })
		require.NoError(t, err)
		require.Equal(t, []string{"Bea", "3"}, []string{after.Name, after.Digest}, "nothing of theirs is lost")
		require.Equal(t, []bool{false, false, false, true}, h.validated)

		// a caller's transaction is joined
		h.validated, h.validate = nil, nil
		require.NoError(t, h.base.Tx.InTx(ctx, func(ctx context.Context) error {
			_, err := h.Update(ctx, wispwright.ScopeAll(), b.ID, func(b *boat) error { b.Name = "Cea"; return nil })
			return err
		}))
		require.Equal(t, []bool{true}, h.validated)
	})
}

// TestNoUpdateIsLost counts with many writers at once.
func TestNoUpdateIsLost(t *testing.T) {
	eachStore(t, func(t *testing.T, h *harbour, _ *islands) {
		b := &boat{Name: "Ann"}
		require.NoError(t, h.Create(ctx, b))
		const writers = 8
		errs := make(chan error, writers)
		for i := range writers {
			go func() {
				_, err := h.Update(ctx, wispwright.ScopeAll(), b.ID, func(b *boat) error { b.Tags = append(b.Tags, fmt.Sprint(i)); return nil })
				errs <- err
			}()
		}
		for range writers {
			require.NoError(t, <-errs)
		}
		after, err := h.Get(ctx, wispwright.ScopeAll(), b.ID)
		require.NoError(t, err)
		require.Len(t, after.Tags, writers)
	})
}

func TestDeletedWithTheirOrganization(t *testing.T) {
	eachStore(t, func(t *testing.T, h *harbour, tenants *islands) {
		acme, other := wispwright.NewID(), wispwright.NewID()
		for i := range 201 {
			require.NoError(t, h.Create(ctx, &boat{OrganizationID: acme, Name: fmt.Sprint(i)}))
		}
		require.NoError(t, h.Create(ctx, &boat{OrganizationID: other, Name: "stays"}))
		require.NoError(t, h.Create(ctx, &boat{Name: "shared"}))
		h.trail, h.stored = nil, nil
		var deleting, changed []int
		h.Deleting.Subscribe("count", func(_ context.Context, all ...*boat) error { deleting = append(deleting, len(all)); return nil })
		h.Changed.Subscribe("count", func(_ context.Context, all ...entity.Change[boat]) { changed = append(changed, len(all)) })
		h.check = func(context.Context, entity.Change[boat]) error { return errors.New("never") }
		require.NoError(t, h.base.Do(entity.WithCause(ctx, "acme deleted"), "delete acme", func(ctx context.Context) error {
			for _, fn := range tenants.fns {
				if err := fn(ctx, acme); err != nil {
					return err
				}
			}
			return nil
		}))
		items, err := h.List(ctx, wispwright.ScopeAll(), boatFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, 2, items.Total)
		require.Equal(t, []int{200, 1}, deleting)
		require.Equal(t, []int{200, 1}, changed)
		require.Len(t, h.stored, 2)
		require.Len(t, h.trail, 201)
		require.Equal(t, []string{"acme deleted", "delete"}, []string{h.trail[200].Cause, h.trail[200].Action})
	})
}

func TestRestored(t *testing.T) {
	eachStore(t, func(t *testing.T, h *harbour, _ *islands) {
		then := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
		b := boat{ID: wispwright.NewID(), Name: "Ann", Created: then, Modified: then}
		for i, want := range []string{"add", "", "change", ""} {
			if i == 2 {
				b.Name = "Bea"
			}
			given := b
			action, err := h.Restore(ctx, &given)
			require.NoError(t, err)
			require.Equal(t, want, action)
		}
		stored, err := h.Get(ctx, wispwright.ScopeAll(), b.ID)
		require.NoError(t, err)
		require.Equal(t, &b, stored)
		require.Len(t, h.trail, 2)
		_, err = h.Restore(ctx, &boat{ID: b.ID})
		require.ErrorContains(t, err, "cannot be blank")
	})
}

func TestListed(t *testing.T) {
	h, _ := newHarbour(memstore.New(), nil)
	require.Equal(t, []event.Listed{
		{Name: "harbour.Boats.Saved", Kind: "hook", Signal: "post_save(Boat)"},
		{Name: "harbour.Boats.Deleting", Kind: "hook", Signal: "pre_delete(Boat)"},
		{Name: "harbour.Boats.Changed", Kind: "topic"},
	}, h.Listed("Boat"))
}

func TestMistakesOfTheProgram(t *testing.T) {
	type odd struct{ ID int }
	type kind = entity.Kind[wispwright.ID, boat]
	b := &entity.Base{Tenants: entity.NoTenants{}}
	for want, kind := range map[string]kind{
		"has no field Nmae":                              {Hidden: []string{"Nmae"}},
		"has no field Number":                            {Key: "Number"},
		"field Name is a string, not a wispwright.ID":    {Org: "Name"},
		"field Name is a string, not a time.Time":        {Created: "Name"},
		"field Created is a time.Time, not a wispwright": {Key: "Created"},
	} {
		require.Contains(t, recovered(func() { entity.New[wispwright.ID, boat, boatFilter](b, nil, kind) }), want)
	}
	require.Panics(t, func() { entity.New[wispwright.ID, odd, boatFilter](b, nil, entity.Kind[wispwright.ID, odd]{}) })
	require.Panics(t, func() { entity.New[wispwright.ID, boat, boatFilter](&entity.Base{}, nil, kind{}) })
}

func recovered(fn func()) (message string) {
	defer func() { message = fmt.Sprint(recover()) }()
	fn()
	return ""
}

// Whoever deletes what they have read does not delete what others saved since.
func TestWhatIsExpectedOfADeletedObject(t *testing.T) {
	eachStore(t, func(t *testing.T, h *harbour, _ *islands) {
		b := &boat{Name: "Ann"}
		require.NoError(t, h.Create(ctx, b))
		changed := errors.New("changed")
		asRead := entity.WithExpectation(ctx, b.ID, func(_ context.Context, now *boat) error {
			if now.Name != "Ann" {
				return changed
			}
			return nil
		})
		_, err := h.Update(ctx, wispwright.ScopeAll(), b.ID, func(b *boat) error { b.Name = "Bea"; return nil })
		require.NoError(t, err)
		other := &boat{Name: "Cat"}
		require.NoError(t, h.Create(ctx, other))
		require.NoError(t, h.Delete(asRead, wispwright.ScopeAll(), other.ID), "it is of another object")
		require.ErrorIs(t, h.Delete(asRead, wispwright.ScopeAll(), b.ID), changed)
		_, err = h.Get(ctx, wispwright.ScopeAll(), b.ID)
		require.NoError(t, err)
		require.NoError(t, h.Delete(entity.WithExpectation[boat](asRead, b.ID, nil), wispwright.ScopeAll(), b.ID))
	})
}

// An organization's objects go although somebody deletes one of them at the
// same time.
func TestDeletedByTwo(t *testing.T) {
	db := testkit.Postgres(t)
	file := &fstest.MapFile{Data: []byte("-- +goose Up\n" + fmt.Sprintf(boats, "UUID", "JSON", "TIMESTAMPTZ"))}
	require.NoError(t, db.Migrate(t.Context(), sqlstore.Migrations{Concern: "boat", FS: fstest.MapFS{"pg/00001_x.sql": file, "sqlite/00001_x.sql": file}}))
	repo, err := sqlstore.NewRepo[wispwright.ID, boat, boatFilter](db, sqlstore.Spec{Shape: boat{}.Shape()})
	require.NoError(t, err)
	h, _ := newHarbour(db, repo)
	acme := wispwright.NewID()
	for _, name := range []string{"Ann", "Bea", "Cat"} {
		require.NoError(t, h.Create(ctx, &boat{Name: name, OrganizationID: acme}))
	}
	var once sync.Once
	h.Deleting.Subscribe("another", func(_ context.Context, all ...*boat) (err error) {
		once.Do(func() { err = repo.Delete(ctx, wispwright.ScopeAll(), all[1].ID) }) // in a transaction of its own
		return err
	})
	n, err := h.DeleteAll(ctx, wispwright.ScopeOf(acme), boatFilter{})
	require.NoError(t, err)
	require.Equal(t, 2, n)
}

// Several objects are created together: all or none, with one event.
func TestCreateMany(t *testing.T) {
	eachStore(t, func(t *testing.T, h *harbour, tenants *islands) {
		var told []int
		h.Changed.Subscribe("note", func(_ context.Context, all ...entity.Change[boat]) { told = append(told, len(all)) })
		acme, other := wispwright.NewID(), wispwright.NewID()
		require.NoError(t, h.CreateMany(ctx, nil))
		list := []*boat{{OrganizationID: acme, Name: " Ann "}, {OrganizationID: acme, Name: "Bea"}, {OrganizationID: other, Name: "Ann"}}
		require.NoError(t, h.CreateMany(ctx, list))
		require.Equal(t, []any{"Ann", false}, []any{list[0].Name, list[0].ID.IsZero()})
		require.Equal(t, []int{3}, told)
		require.Len(t, h.trail, 3)
		require.Equal(t, []wispwright.ID{acme, other}, tenants.held, "each organization once")
		count := func() int {
			all, err := h.List(ctx, wispwright.ScopeAll(), boatFilter{}, wispwright.Page{})
			require.NoError(t, err)
			return all.Total
		}
		require.Equal(t, 3, count())

		for says, bad := range map[string]*boat{"name: boat": {OrganizationID: acme, Name: "Bea"}, "name: This": {OrganizationID: acme}} {
			err := h.CreateMany(ctx, []*boat{{OrganizationID: acme, Name: "Cid"}, bad})
			require.ErrorContains(t, err, says)
			require.Equal(t, 3, count(), "none of them")
		}
		tenants.gone[other] = true
		require.ErrorContains(t, h.CreateMany(ctx, []*boat{{OrganizationID: acme, Name: "Cid"}, {OrganizationID: other, Name: "Cid"}}), "organization: ")
		h.check = func(context.Context, entity.Change[boat]) error { return wispwright.ErrLimit }
		require.ErrorIs(t, h.CreateMany(ctx, []*boat{{OrganizationID: acme, Name: "Cid"}}), wispwright.ErrLimit)
		require.Equal(t, 3, count())
		require.Equal(t, []int{3}, told)
	})
}

// What is taken over is stored as it was, times included, without anything that
// follows from it; once more it differs in nothing.
func TestAdopt(t *testing.T) {
	eachStore(t, func(t *testing.T, h *harbour, tenants *islands) {
		acme := wispwright.NewID()
		long := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
		b := &boat{ID: wispwright.NewID(), OrganizationID: acme, Name: strings.Repeat("longer than valid ", 3), Key: "k", Created: long, Modified: long}
		adopt := func(change func(*boat), keep func(before, after *boat)) string {
			t.Helper()
			again := *b
			change(&again)
			_, action, err := h.Adopt(ctx, &again, keep)
			require.NoError(t, err)
			return action
		}
		require.Equal(t, "add", adopt(func(*boat) {}, nil))
		stored, err := h.Get(ctx, wispwright.ScopeAll(), b.ID)
		require.NoError(t, err)
		require.Equal(t, b, stored)
		require.Empty(t, adopt(func(b *boat) { b.Modified = time.Now() }, nil), "times alone are no difference")
		require.Equal(t, "change", adopt(func(b *boat) { b.Name = "Bea" }, nil))
		require.Empty(t, adopt(func(b *boat) { b.Name = "Cid" }, func(before, after *boat) { after.Name = before.Name }), "what is known here only")
		require.Equal(t, []string{"add", "change"}, []string{h.trail[0].Action, h.trail[1].Action})
		require.Empty(t, h.validated)
		require.Empty(t, h.stored)

		tenants.gone[acme] = true
		_, _, err = h.Adopt(ctx, b, nil)
		require.ErrorContains(t, err, "organization: ")
		taken := &boat{ID: wispwright.NewID(), OrganizationID: wispwright.NewID(), Name: "Bea", Created: long, Modified: long}
		_, _, err = h.Adopt(ctx, taken, nil)
		require.NoError(t, err, "the name is another organization's")
		again := *taken
		again.ID = wispwright.NewID()
		_, _, err = h.Adopt(ctx, &again, nil)
		require.ErrorContains(t, err, "name: ", "what the storage refuses is refused in the same words")
		require.Equal(t, "harbour.boat", h.Kind().Model)
	})
}

func TestProgramsWithoutOrganizations(t *testing.T) {
	require.NoError(t, entity.NoTenants{}.Hold(ctx, wispwright.NewID()))
	entity.NoTenants{}.OnDelete("nothing", nil)
	s := memstore.New()
	require.Panics(t, func() {
		entity.New(&entity.Base{Tx: s}, memstore.NewRepo[wispwright.ID, boat, boatFilter](s, memstore.Spec[boat]{Shape: boat{}.Shape()}), entity.Kind[wispwright.ID, boat]{Name: "harbour.Boats", Model: "harbour.boat"})
	}, "objects of organizations, which nobody keeps")
}
