package controller_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

const openWrt = "netjsonconfig.OpenWrt"

// world is a controller in memory with one organization.
type world struct {
	*controller.Controller
	tenancy *tenancy.Tenancy
	org     *tenancy.Organization
	secret  string
}

func newWorld(t testing.TB, o *controller.Options) *world {
	t.Helper()
	m, stores := tenancy.NewMemory()
	ten, err := tenancy.New(m, stores, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}, Models: controller.Models()})
	require.NoError(t, err)
	if o == nil {
		o = &controller.Options{}
	}
	o.Recorder = ten.Trail
	c, err := controller.New(m, controller.NewMemory(m), controller.NewRenderer(nil), ten.Organizations, o)
	require.NoError(t, err)
	c.Attach(ten.Organizations)
	w := &world{Controller: c, tenancy: ten}
	w.org = w.organization(t, "acme", "s3cr3tS3cr3t")
	w.secret = "s3cr3tS3cr3t"
	return w
}

func (w *world) organization(t testing.TB, name, secret string) *tenancy.Organization {
	t.Helper()
	o := &tenancy.Organization{Name: name, IsActive: true}
	require.NoError(t, w.tenancy.Organizations.Create(context.Background(), o))
	_, err := w.Settings.Update(context.Background(), wispwright.ScopeAll(), o.ID, func(s *controller.Settings) error {
		s.SharedSecret = wispwright.Secret(secret)
		return nil
	})
	require.NoError(t, err)
	return o
}

func text(s string) *string { return &s }

func (w *world) registration(mac string) controller.Registration {
	return controller.Registration{
		Secret: w.secret, Name: mac, MACAddress: mac, Backend: openWrt,
		Key:   controller.ConsistentKey(mac, wispwright.Secret(w.secret)).Reveal(),
		Model: text("TP-Link"), OS: text("OpenWrt 23.05.3"), System: text("MT7621"), Peer: netip.MustParseAddr("127.0.0.1"),
	}
}

func TestSmoke(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	require.NoError(t, w.Templates.Create(ctx, &controller.Template{
		OrganizationID: w.org.ID, Name: "base", Backend: openWrt, Default: true,
		Config: `{"interfaces":[{"name":"eth0","type":"ethernet","addresses":[{"proto":"dhcp","family":"ipv4"}]}]}`,
	}))
	r, err := w.Devices.Register(ctx, w.registration("00:11:22:AA:BB:CC"))
	require.NoError(t, err)
	require.True(t, r.IsNew)
	require.Equal(t, "b50699cfa1ab8039287f3727d627c511", r.Device.Key.Reveal())
	a := controller.Credentials{ID: r.Device.ID, Key: r.Device.Key.Reveal(), Peer: netip.MustParseAddr("127.0.0.1")}
	sum, err := w.Devices.Checksum(ctx, a, "")
	require.NoError(t, err)
	archive, err := w.Devices.Download(ctx, a, "")
	require.NoError(t, err)
	require.Equal(t, sum, archive.Checksum)
	status, err := w.Devices.ReportStatus(ctx, a, "applied", "")
	require.NoError(t, err)
	require.Equal(t, controller.StatusApplied, status)
}
