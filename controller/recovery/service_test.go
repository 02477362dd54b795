package recovery_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/recovery"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
)

// tenants are organizations that are all there, until one is deleted.
type tenants struct {
	onDelete map[string]func(context.Context, wispwright.ID) error
}

func (*tenants) Tenant(_ context.Context, id wispwright.ID) (*entity.Tenant, error) {
	return &entity.Tenant{ID: id, Name: "org", IsActive: true}, nil
}
func (*tenants) OnCreate(string, func(context.Context, wispwright.ID) error) {}
func (*tenants) OnChange(string, func(context.Context, wispwright.ID) error) {}
func (t *tenants) OnDelete(name string, fn func(context.Context, wispwright.ID) error) {
	t.onDelete[name] = fn
}

type history struct{ list []wispwright.Change }

func (h *history) Record(_ context.Context, changes ...wispwright.Change) error {
	h.list = append(h.list, changes...)
	return nil
}

type world struct {
	*recovery.Service
	t       *testing.T
	c       *controller.Controller
	tenants tenants
	history history
	org     wispwright.ID
	scope   wispwright.Scope
	ctx     context.Context
	now     time.Time
	told    []recovery.Recovered
}

const backend = "netjsonconfig.OpenWrt"

func newWorld(t *testing.T, age time.Duration) *world {
	t.Helper()
	w := &world{t: t, org: wispwright.NewID(), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), tenants: tenants{map[string]func(context.Context, wispwright.ID) error{}}}
	w.scope = wispwright.ScopeOf(w.org)
	w.ctx = wispwright.WithCaller(t.Context(), &wispwright.Caller{ID: wispwright.ID{7}, Name: "ann"})
	m := memstore.New()
	clock := func() time.Time { w.now = w.now.Add(time.Second); return w.now }
	var err error
	w.c, err = controller.New(m, controller.NewMemory(m), render.New(nil), &w.tenants, &controller.Options{Clock: clock})
	require.NoError(t, err)
	w.Service, err = recovery.New(&entity.Base{Tx: m, Tenants: entity.NoTenants{}, Clock: clock, Recorder: &w.history}, recovery.NewMemory(m), w.c, age)
	require.NoError(t, err)
	w.Attach(&w.tenants)
	w.Recovered.Subscribe("test", func(_ context.Context, list ...recovery.Recovered) { w.told = append(w.told, list...) })
	return w
}

func (w *world) template(name string, change ...func(*controller.Template)) *controller.Template {
	w.t.Helper()
	o := &controller.Template{OrganizationID: w.org, Name: name, Backend: backend, Config: `{"general":{"timezone":"UTC"}}`}
	for _, c := range change {
		c(o)
	}
	require.NoError(w.t, w.c.Templates.Create(w.ctx, o))
	return o
}

func (w *world) device(name, mac string, templates ...wispwright.ID) *controller.Detail {
	w.t.Helper()
	d := &controller.Detail{Device: &controller.Device{OrganizationID: w.org, Name: name, MACAddress: mac, HardwareID: "hw-" + name, Model: "m", Notes: "n"},
		Config: &controller.Config{Backend: backend, Config: `{"general":{"hostname":"x1"}}`, Context: `{"a":"b"}`, Templates: templates}}
	require.NoError(w.t, w.c.Devices.Create(w.ctx, d))
	return d
}

// deleted is what was deleted last.
func (w *world) deleted(kind recovery.Kind) *recovery.Deleted {
	w.t.Helper()
	found, err := w.List(w.t.Context(), w.scope, recovery.Filter{Kind: kind}, wispwright.Page{})
	require.NoError(w.t, err)
	require.NotEmpty(w.t, found.Rows)
	return found.Rows[0]
}

func (w *world) total() int {
	w.t.Helper()
	found, err := w.List(w.t.Context(), wispwright.ScopeAll(), recovery.Filter{}, wispwright.Page{})
	require.NoError(w.t, err)
	return found.Total
}

// A device comes back as it was in service, though it was emptied before it was
// deleted.
func TestDevicesComeBack(t *testing.T) {
	w := newWorld(t, time.Hour)
	a, b := w.template("a"), w.template("b")
	before := w.device("ap1", "02:00:00:00:00:01", b.ID, a.ID)
	id := before.Device.ID
	_, err := w.c.Devices.Deactivate(w.ctx, w.scope, id)
	require.NoError(t, err)
	require.NoError(t, w.c.Devices.Delete(w.ctx, w.scope, id, true))
	d := w.deleted(recovery.Device)
	require.Equal(t, []any{id, w.org, "ap1", "02:00:00:00:00:01", "ann", wispwright.ID{7}}, []any{d.ObjectID, d.OrganizationID, d.Name, d.Detail, d.Actor, d.ActorID})

	for _, c := range []struct {
		scope wispwright.Scope
		kind  recovery.Kind
	}{{wispwright.ScopeOf(wispwright.NewID()), recovery.Device}, {w.scope, recovery.Template}} {
		_, err := w.Recover(w.ctx, c.scope, c.kind, d.ID, "")
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		_, err = w.Get(w.ctx, c.scope, c.kind, d.ID)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		require.ErrorIs(t, w.Discard(w.ctx, c.scope, c.kind, d.ID), wispwright.ErrNotFound)
	}
	back, err := w.Recover(w.ctx, w.scope, recovery.Device, d.ID, "")
	require.NoError(t, err)
	require.Equal(t, []any{"ap1", 0}, []any{back.Name, len(back.LeftOut)})
	now, err := w.c.Devices.Get(w.ctx, w.scope, id)
	require.NoError(t, err)
	require.Equal(t, []any{before.Device.Key, "hw-ap1", "n", false}, []any{now.Device.Key, now.Device.HardwareID, now.Device.Notes, now.Device.IsDeactivated})
	require.Equal(t, []wispwright.ID{b.ID, a.ID}, now.Config.Templates, "in the order that they had")
	require.JSONEq(t, `{"general":{"hostname":"x1"}}`, string(now.Config.Config))
	require.JSONEq(t, `{"a":"b"}`, string(now.Config.Context))
	require.Zero(t, w.total(), "it can come back once")
	require.Len(t, w.told, 1)
}

// What is gone meanwhile is left out and told; what is taken is refused.
func TestWhatDoesNotComeBack(t *testing.T) {
	w := newWorld(t, time.Hour)
	gone, kept := w.template("gone"), w.template("kept")
	group := &controller.Group{OrganizationID: w.org, Name: "g"}
	w.device("first", "02:00:00:00:00:09")
	require.NoError(t, w.c.Groups.Create(w.ctx, group))
	before := w.device("ap1", "02:00:00:00:00:01", gone.ID, kept.ID)
	_, err := w.c.Devices.Update(w.ctx, w.scope, before.Device.ID, func(d *controller.Detail) error { d.Device.GroupID = group.ID; return nil })
	require.NoError(t, err)
	require.NoError(t, w.c.Devices.Delete(w.ctx, w.scope, before.Device.ID, true))
	require.NoError(t, w.c.Templates.Delete(w.ctx, w.scope, gone.ID))
	require.NoError(t, w.c.Groups.Delete(w.ctx, w.scope, group.ID))
	required := w.template("required", func(o *controller.Template) { o.Required, o.Default = true, true })
	usual := w.template("usual", func(o *controller.Template) { o.Default = true })
	d := w.deleted(recovery.Device)

	taken := w.device("AP1", "02:00:00:00:00:02")
	_, err = w.Recover(w.ctx, w.scope, recovery.Device, d.ID, "")
	require.ErrorContains(t, err, "Device with this Name and Organization already exists.")
	other := w.device("ap3", "02:00:00:00:00:01")
	_, err = w.Recover(w.ctx, w.scope, recovery.Device, d.ID, "ap2")
	require.ErrorContains(t, err, "address and Organization already exists.")
	require.NoError(t, w.c.Devices.Delete(w.ctx, w.scope, other.Device.ID, true))
	_, err = w.c.Devices.Get(w.ctx, w.scope, d.ObjectID)
	require.ErrorIs(t, err, wispwright.ErrNotFound, "what is refused changes nothing")

	back, err := w.Recover(w.ctx, w.scope, recovery.Device, d.ID, "ap2")
	require.NoError(t, err)
	require.Equal(t, "ap2", back.Name)
	require.ElementsMatch(t, []string{"its group, which is gone", "the template gone, which is gone"}, back.LeftOut)
	now, err := w.c.Devices.Get(w.ctx, w.scope, d.ObjectID)
	require.NoError(t, err)
	require.True(t, now.Device.GroupID.IsZero())
	require.Equal(t, []wispwright.ID{required.ID, kept.ID}, now.Config.Templates, "required ones come on top, default ones do not")
	require.NotContains(t, now.Config.Templates, usual.ID)
	require.NotEqual(t, taken.Device.ID, now.Device.ID)
}

// A device without configuration comes back without one, and what cannot be read is
// an error that leaves everything as it is.
func TestBareAndDamaged(t *testing.T) {
	w := newWorld(t, time.Hour)
	bare := &controller.Detail{Device: &controller.Device{OrganizationID: w.org, Name: "bare", MACAddress: "02:00:00:00:00:05"}}
	require.NoError(t, w.c.Devices.Create(w.ctx, bare))
	require.NoError(t, w.c.Devices.Delete(t.Context(), w.scope, bare.Device.ID, true))
	d := w.deleted(recovery.Device)
	require.Equal(t, "system", d.Actor, "without a caller")
	_, err := w.Recover(w.ctx, w.scope, recovery.Device, d.ID, "")
	require.NoError(t, err)
	now, err := w.c.Devices.Get(w.ctx, w.scope, bare.Device.ID)
	require.NoError(t, err)
	require.Nil(t, now.Config)

	m := memstore.New()
	store := recovery.NewMemory(m)
	damaged := &recovery.Deleted{ID: wispwright.NewID(), Kind: recovery.Device, OrganizationID: w.org, Content: "{"}
	require.NoError(t, store.Insert(t.Context(), damaged))
	s, err := recovery.New(&entity.Base{Tx: m}, store, w.c, time.Hour)
	require.NoError(t, err)
	_, err = s.Recover(w.ctx, w.scope, recovery.Device, damaged.ID, "")
	require.ErrorContains(t, err, "read deleted device")
	_, err = s.Get(w.ctx, w.scope, recovery.Device, damaged.ID)
	require.NoError(t, err)
}

func TestTemplatesComeBack(t *testing.T) {
	w := newWorld(t, time.Hour)
	o := w.template("t", func(o *controller.Template) { o.Tags = []string{"x"} })
	require.NoError(t, w.c.Templates.Delete(w.ctx, w.scope, o.ID))
	d := w.deleted(recovery.Template)
	require.Equal(t, backend, d.Detail)
	back, err := w.Recover(w.ctx, w.scope, recovery.Template, d.ID, "again")
	require.NoError(t, err)
	require.Equal(t, "again", back.Name)
	now, err := w.c.Templates.Get(w.ctx, w.scope, o.ID)
	require.NoError(t, err)
	require.Equal(t, []any{"again", o.Config, []string{"x"}}, []any{now.Name, now.Config, now.Tags})

	require.NoError(t, w.c.Templates.Delete(w.ctx, w.scope, o.ID))
	d = w.deleted(recovery.Template)
	w.template("again", func(other *controller.Template) { other.ID = o.ID }) // such as from a dump
	_, err = w.Recover(w.ctx, w.scope, recovery.Template, d.ID, "third")
	require.ErrorContains(t, err, "It is there already.")
	require.NoError(t, w.Discard(w.ctx, w.scope, recovery.Template, d.ID))
	require.Zero(t, w.total())
	last := w.history.list[len(w.history.list)-1]
	require.Equal(t, []any{"config.template", o.ID.String(), "delete", "removed for good"}, []any{last.Kind, last.ObjectID, last.Action, last.Cause})
}

func TestHowLongThingsComeBack(t *testing.T) {
	w := newWorld(t, time.Hour)
	for _, name := range []string{"old", "new"} {
		o := w.template(name)
		require.NoError(t, w.c.Templates.Delete(w.ctx, w.scope, o.ID))
		w.now = w.now.Add(45 * time.Minute)
	}
	n, err := w.Prune(t.Context())
	require.NoError(t, err)
	require.Equal(t, []any{1, 1, "new"}, []any{n, w.total(), w.deleted(recovery.Template).Name})
	require.Len(t, w.tenants.onDelete, 1)
	for _, fn := range w.tenants.onDelete {
		require.NoError(t, fn(t.Context(), wispwright.NewID()))
		require.Equal(t, 1, w.total())
		require.NoError(t, fn(t.Context(), w.org))
	}
	require.Zero(t, w.total(), "an organization takes along what it deleted")

	w = newWorld(t, 0)
	o := w.template("t")
	require.NoError(t, w.c.Templates.Delete(w.ctx, w.scope, o.ID))
	require.Zero(t, w.total(), "nothing is kept where the age is zero")
	require.Equal(t, "recovery.Recovered", w.Events()[0].Name)
}

func TestNew(t *testing.T) {
	w := newWorld(t, 0)
	m := memstore.New()
	store, base := recovery.NewMemory(m), &entity.Base{Tx: m}
	for _, err := range []error{
		second(recovery.New(nil, store, w.c, 0)), second(recovery.New(&entity.Base{}, store, w.c, 0)), second(recovery.New(base, nil, w.c, 0)),
		second(recovery.New(base, store, nil, 0)), second(recovery.New(base, store, w.c, -1)),
	} {
		require.ErrorContains(t, err, "recovery: ")
	}
}

func second[T any](_ T, err error) error { return err }
