package bulk_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/bulk"
	"github.com/wispwright/wispwright/controller/recovery"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

const openWrt = "netjsonconfig.OpenWrt"

// world is a controller in memory with one organization, one template and some devices.
type world struct {
	*controller.Controller
	tasks                  *bulk.Tasks
	recovery               *recovery.Service
	t                      *testing.T
	organization, template wispwright.ID
	devices                []wispwright.ID
}

func newWorld(t *testing.T, devices int) *world {
	t.Helper()
	ctx := t.Context()
	m, tenants := tenancy.NewMemory()
	ten, err := tenancy.New(m, tenants, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}, Models: controller.Models()})
	require.NoError(t, err)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := func() time.Time { now = now.Add(time.Second); return now }
	w := &world{t: t}
	w.Controller, err = controller.New(m, controller.NewMemory(m), render.New(nil), ten.Organizations, &controller.Options{Clock: clock})
	require.NoError(t, err)
	w.Attach(ten.Organizations)
	base := &entity.Base{Tx: m, Tenants: entity.NoTenants{}, Clock: clock}
	w.recovery, err = recovery.New(base, recovery.NewMemory(m), w.Controller, time.Hour)
	require.NoError(t, err)
	w.recovery.Attach(ten.Organizations)
	w.tasks, err = bulk.New(base, bulk.NewMemory(m), w.Controller, nil)
	require.NoError(t, err)
	o := &tenancy.Organization{Name: "acme", IsActive: true}
	require.NoError(t, ten.Organizations.Create(ctx, o))
	w.organization = o.ID
	template := &controller.Template{OrganizationID: o.ID, Name: "t", Backend: openWrt, Config: `{"files":[{"path":"/etc/t","mode":"0600","contents":"{{ word }}"}]}`, DefaultValues: `{"word":"x"}`}
	require.NoError(t, w.Templates.Create(ctx, template))
	w.template = template.ID
	for n := range devices {
		d := &controller.Detail{
			Device: &controller.Device{OrganizationID: o.ID, Name: fmt.Sprintf("ap%d", n), MACAddress: fmt.Sprintf("02:00:00:00:00:%02X", n)},
			Config: &controller.Config{Backend: openWrt, Config: `{"general":{"timezone":"UTC"}}`, Context: `{"word":"mine"}`, Templates: []wispwright.ID{template.ID}},
		}
		require.NoError(t, w.Devices.Create(ctx, d))
		w.devices = append(w.devices, d.Device.ID)
	}
	return w
}

// done starts a task, which is done at once, and returns what became of each device.
func (w *world) done(task *bulk.Task) (*bulk.Task, []string) {
	w.t.Helper()
	require.NoError(w.t, w.tasks.Start(w.t.Context(), wispwright.ScopeAll(), task, w.devices, controller.DeviceFilter{}))
	return w.outcome(task)
}

func (w *world) undone(of *bulk.Task, dry bool) (*bulk.Task, []string) {
	w.t.Helper()
	task, err := w.tasks.Undo(w.t.Context(), wispwright.ScopeAll(), of, dry)
	require.NoError(w.t, err)
	return w.outcome(task)
}

func (w *world) outcome(task *bulk.Task) (*bulk.Task, []string) {
	w.t.Helper()
	task, err := w.tasks.Get(w.t.Context(), wispwright.ScopeAll(), task.ID)
	require.NoError(w.t, err)
	require.NotNil(w.t, task.Finished)
	items, err := w.tasks.Items(w.t.Context(), task.ID, "", wispwright.Page{})
	require.NoError(w.t, err)
	var said []string
	for _, i := range items.Rows {
		said = append(said, i.Name+" "+string(i.State)+" "+i.Message)
	}
	return task, said
}

func (w *world) device(n int) *controller.Detail {
	w.t.Helper()
	d, err := w.Devices.Get(w.t.Context(), wispwright.ScopeAll(), w.devices[n])
	require.NoError(w.t, err)
	return d
}

// Taking out of service, and back: a trial says what would become of each device, and an
// undo gives each what it had, where nobody changed that.
func TestDevicesAreSwitchedAndSwitchedBack(t *testing.T) {
	ctx, all := context.Background(), wispwright.ScopeAll()
	w := newWorld(t, 3)
	_, err := w.Devices.Deactivate(ctx, all, w.devices[2])
	require.NoError(t, err)
	before := w.device(0)

	tried, said := w.done(&bulk.Task{Action: bulk.Deactivate, DryRun: true})
	require.Equal(t, []string{"ap0 changed deactivated, templates removed: 1", "ap1 changed deactivated, templates removed: 1", "ap2 unchanged deactivated already"}, said)
	require.Equal(t, before, w.device(0), "a trial changes nothing")
	require.Error(t, w.tasks.CanUndo(tried))

	off, again := w.done(&bulk.Task{Action: bulk.Deactivate})
	require.Equal(t, said, again, "what was tried is what is done")
	require.True(t, w.device(0).Device.IsDeactivated)
	require.JSONEq(t, "{}", string(w.device(0).Config.Config))

	_, said = w.undone(off, true)
	require.Equal(t, []string{"ap0 changed activated, templates added: 1", "ap1 changed activated, templates added: 1"}, said)
	require.True(t, w.device(0).Device.IsDeactivated)

	_, err = w.Devices.Activate(ctx, all, w.devices[1])
	require.NoError(t, err)
	_, said = w.undone(off, false)
	require.Equal(t, []string{"ap0 changed activated, templates added: 1", "ap1 unchanged "}, said)
	after := w.device(0)
	require.False(t, after.Device.IsDeactivated)
	require.Equal(t, []any{before.Config.Config, before.Config.Templates, before.Config.Desired, before.Config.Context}, []any{after.Config.Config, after.Config.Templates, after.Config.Desired, after.Config.Context})

	// the other way round
	on, said := w.done(&bulk.Task{Action: bulk.Activate})
	require.Equal(t, []string{"ap0 unchanged active already", "ap1 unchanged active already", "ap2 changed activated"}, said)
	_, err = w.Devices.Update(ctx, all, w.devices[2], func(d *controller.Detail) error { d.Config.Context = `{"word":"since"}`; return nil })
	require.NoError(t, err)
	_, said = w.undone(on, false)
	require.Equal(t, []string{"ap2 failed The device was changed since."}, said)
	require.False(t, w.device(2).Device.IsDeactivated)
}

// Deleting says why not, and is undone where deleted devices are kept.
func TestDeletedDevicesComeBack(t *testing.T) {
	ctx, all := context.Background(), wispwright.ScopeAll()
	w := newWorld(t, 3)
	_, err := w.Devices.Deactivate(ctx, all, w.devices[2])
	require.NoError(t, err)
	before := w.device(0)
	_, said := w.done(&bulk.Task{Action: bulk.Delete, DryRun: true})
	require.Equal(t, "ap0 failed The device must be deactivated prior to deletion", said[0])
	gone, said := w.done(&bulk.Task{Action: bulk.Delete, Params: bulk.Params{Force: true}})
	require.Equal(t, []string{"ap0 changed deleted", "ap1 changed deleted", "ap2 changed deleted"}, said)
	_, err = w.Devices.Get(ctx, all, w.devices[0])
	require.ErrorIs(t, err, wispwright.ErrNotFound)

	require.Error(t, w.tasks.CanUndo(gone), "without recovery")
	_, err = w.tasks.Undo(ctx, all, gone, false)
	require.ErrorContains(t, err, "cannot be undone")
	w.tasks.AttachRecovery(func(ctx context.Context, scope wispwright.Scope, device wispwright.ID) ([]string, error) {
		d, err := w.recovery.Last(ctx, scope, recovery.Device, device)
		if err != nil {
			return nil, err
		}
		back, err := w.recovery.Recover(ctx, scope, recovery.Device, d.ID, "")
		if err != nil {
			return nil, err
		}
		return back.LeftOut, nil
	})
	require.NoError(t, w.Devices.Create(ctx, &controller.Detail{Device: &controller.Device{OrganizationID: w.organization, Name: "ap1", MACAddress: "02:00:00:00:00:77"}}))
	_, said = w.undone(gone, true)
	require.Equal(t, []string{"ap0 changed recovered", "ap1 failed Device with this Name and Organization already exists.", "ap2 changed recovered, deactivated"}, said)
	require.NoError(t, w.Templates.Delete(ctx, all, w.template))
	_, said = w.undone(gone, false)
	require.Equal(t, []string{"ap0 changed recovered, without the template t, which is gone", "ap1 failed Device with this Name and Organization already exists.", "ap2 changed recovered, deactivated, without the template t, which is gone"}, said)
	require.Equal(t, []any{before.Device.Key, before.Config.Context}, []any{w.device(0).Device.Key, w.device(0).Config.Context})
	require.True(t, w.device(2).Device.IsDeactivated, "it was out of service")
	_, said = w.undone(gone, false)
	require.Equal(t, "ap0 failed The device cannot be recovered any more.", said[0], "it is there")
}
