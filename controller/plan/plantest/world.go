// Package plantest has what tests of plans need: a fleet of devices that ask and
// report as agents do, and the suite that any storage must pass.
package plantest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/plan"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/rollout"
	"github.com/wispwright/wispwright/tenancy"
)

// Storage is what the concerns of a World keep, empty, of one Transactor.
type Storage struct {
	Tx         wispwright.Transactor
	Tenancy    tenancy.Stores
	Controller controller.Stores
	Rollouts   rollout.Stores
	Plans      plan.Stores
}

// World is a controller with plans and devices.
type World struct {
	Tenancy  *tenancy.Tenancy
	C        *controller.Controller
	Rollouts *rollout.Service
	Plans    *plan.Plans
	// Now is what time it is.
	Now time.Time

	t       *testing.T
	storage Storage
}

// NewWorld puts the concerns together.
func NewWorld(t *testing.T, s Storage, o *plan.Options) *World {
	t.Helper()
	w := &World{Now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), t: t, storage: s}
	clock := func() time.Time { return w.Now }
	var err error
	w.Tenancy, err = tenancy.New(s.Tx, s.Tenancy, &tenancy.Options{Models: controller.Models()})
	require.NoError(t, err)
	w.C, err = controller.New(s.Tx, s.Controller, render.New(nil), w.Tenancy.Organizations, &controller.Options{Clock: clock})
	require.NoError(t, err)
	w.C.Attach(w.Tenancy.Organizations)
	base := &entity.Base{Tx: s.Tx, Tenants: w.Tenancy.Organizations, Clock: clock}
	w.Rollouts, err = rollout.New(base, s.Rollouts, nil)
	require.NoError(t, err)
	w.Plans, err = plan.New(base, s.Plans, w.C, w.Rollouts, o)
	require.NoError(t, err)
	return w
}

// Organization makes an organization.
func (w *World) Organization(name string) wispwright.ID {
	w.t.Helper()
	o := &tenancy.Organization{Name: name, IsActive: true}
	require.NoError(w.t, w.Tenancy.Organizations.Create(context.Background(), o))
	return o.ID
}

// Template makes a default template with an interface whose MTU is a variable.
func (w *World) Template(organization wispwright.ID, name string, mtu int) *controller.Template {
	w.t.Helper()
	o := &controller.Template{
		OrganizationID: organization, Name: name, Backend: "netjsonconfig.OpenWrt", Default: true,
		Config: wispwright.JSON(Interface("eth0", fmt.Sprint(mtu))), DefaultValues: `{"zone": "UTC"}`,
	}
	require.NoError(w.t, w.C.Templates.Create(context.Background(), o))
	return o
}

// Interface is a configuration with one interface.
func Interface(name, mtu string) string {
	return fmt.Sprintf(`{"general": {"timezone": "{{ zone }}"}, "interfaces": [{"name": %q, "type": "ethernet", "mtu": %s}]}`, name, mtu)
}

// Devices makes devices that have fetched their configuration and run it.
func (w *World) Devices(organization wispwright.ID, n int) []wispwright.ID {
	w.t.Helper()
	ctx := context.Background()
	out := make([]wispwright.ID, n)
	for i := range n {
		d := &controller.Detail{
			Device: &controller.Device{OrganizationID: organization, Name: fmt.Sprintf("roof-%04d", i), MACAddress: fmt.Sprintf("00:11:22:%02X:%02X:%02X", organization[0], i>>8, i&255)},
			Config: &controller.Config{Backend: "netjsonconfig.OpenWrt", Config: "{}", Context: "{}"},
		}
		require.NoError(w.t, w.C.Devices.Create(ctx, d))
		out[i] = d.Device.ID
		w.Report(d.Device.ID, "applied", "")
	}
	return out
}

// Fetch lets a device ask for its configuration and returns it.
func (w *World) Fetch(device wispwright.ID) *render.Archive {
	w.t.Helper()
	ctx := context.Background()
	d, err := w.C.Devices.Get(ctx, wispwright.ScopeAll(), device)
	require.NoError(w.t, err)
	who := protocol.Credentials{ID: device, Key: d.Device.Key.Reveal()}
	_, err = w.C.Agents.Checksum(ctx, who, "")
	require.NoError(w.t, err)
	a, err := w.C.Agents.Download(ctx, who, "")
	require.NoError(w.t, err)
	_, err = w.C.Agents.WriteSeen(ctx)
	require.NoError(w.t, err)
	return a
}

// Report lets a device fetch its configuration and say how it fared.
func (w *World) Report(device wispwright.ID, status, reason string) {
	w.t.Helper()
	w.Fetch(device)
	d, err := w.C.Devices.Get(context.Background(), wispwright.ScopeAll(), device)
	require.NoError(w.t, err)
	_, err = w.C.Agents.ReportStatus(context.Background(), protocol.Credentials{ID: device, Key: d.Device.Key.Reveal()}, status, reason)
	require.NoError(w.t, err)
}

// Detail is a device with its configuration.
func (w *World) Detail(device wispwright.ID) *controller.Detail {
	w.t.Helper()
	d, err := w.C.Devices.Get(context.Background(), wispwright.ScopeAll(), device)
	require.NoError(w.t, err)
	return d
}

// Modified are the devices of some that have not applied what they are to run.
func (w *World) Modified(devices []wispwright.ID) (out []wispwright.ID) {
	w.t.Helper()
	for _, id := range devices {
		if w.Detail(id).Config.Status != controller.StatusApplied {
			out = append(out, id)
		}
	}
	return out
}

// Versions is how many versions a device has.
func (w *World) Versions(device wispwright.ID) int {
	w.t.Helper()
	list, err := w.C.Versions.List(context.Background(), wispwright.ScopeAll(), device, wispwright.Page{})
	require.NoError(w.t, err)
	return list.Total
}

// Pass lets time pass, and does what is due then.
func (w *World) Pass(d time.Duration) {
	w.t.Helper()
	w.Now = w.Now.Add(d)
	_, err := w.Rollouts.Due(context.Background())
	require.NoError(w.t, err)
}
