package vpn_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
	"github.com/wispwright/wispwright/x509"
)

const (
	openWrt   = "netjsonconfig.OpenWrt"
	openVPN   = "openwisp_controller.vpn_backends.OpenVpn"
	wireguard = "openwisp_controller.vpn_backends.Wireguard"
	vxlan     = "openwisp_controller.vpn_backends.VxlanWireguard"
	zerotier  = "openwisp_controller.vpn_backends.ZeroTier"
)

// queue keeps jobs until the test runs them, each once.
type queue struct{ jobs []vpn.Job }

// Enqueue implements vpn.Jobs.
func (q *queue) Enqueue(ctx context.Context, jobs ...vpn.Job) error {
	wispwright.AfterCommit(ctx, func() {
		for _, j := range jobs {
			if !slices.ContainsFunc(q.jobs, func(o vpn.Job) bool { return o.Key() == j.Key() }) {
				q.jobs = append(q.jobs, j)
			}
		}
	})
	return nil
}

// watched tells whether a transaction is going on.
type watched struct {
	wispwright.Transactor
	inside atomic.Bool
	runs   atomic.Int64
}

// InTx implements wispwright.Transactor.
func (w *watched) InTx(ctx context.Context, fn func(context.Context) error) error {
	return w.Transactor.InTx(ctx, func(ctx context.Context) error {
		if w.inside.CompareAndSwap(false, true) {
			w.runs.Add(1)
			defer w.inside.Store(false)
		}
		return fn(ctx)
	})
}

// world is the concern over memory, with one organization.
type world struct {
	*vpn.VPN
	t       *testing.T
	ctl     *controller.Controller
	tenants *tenancy.Tenancy
	ipam    *ipam.IPAM
	x509    *x509.Authority
	queue   *queue
	stores  vpn.Stores
	acme    wispwright.ID
	devices int
	tx      *watched
	// keys counts those that were made, slowly those of them inside a transaction
	keys, slowly atomic.Int64
}

func newWorld(t *testing.T, o *vpn.Options) *world {
	t.Helper()
	w := &world{t: t, queue: &queue{}}
	m, stores := tenancy.NewMemory()
	var err error
	w.tenants, err = tenancy.New(m, stores, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
	require.NoError(t, err)
	w.tx = &watched{Transactor: m}
	w.ctl, err = controller.New(w.tx, controller.NewMemory(m), render.New(nil), w.tenants.Organizations, nil)
	require.NoError(t, err)
	w.ctl.Attach(w.tenants.Organizations)
	base := &entity.Base{Tx: w.tx, Tenants: w.tenants.Organizations}
	w.ipam, err = ipam.New(base, ipam.NewMemory(m), nil)
	require.NoError(t, err)
	w.x509, err = x509.NewAuthority(base, x509.NewMemory(m), &x509.Options{KeyLength: x509.P256, Generate: func(length x509.KeyLength) (crypto.Signer, error) {
		w.made()
		return x509.GenerateKey(length)
	}})
	require.NoError(t, err)
	options := vpn.Options{}
	if o != nil {
		options = *o
	}
	options.Jobs = w.queue
	w.stores = vpn.NewMemory(m)
	w.VPN, err = vpn.New(base, w.stores, vpn.Needs{
		Controller: w.ctl, Organizations: w.tenants.Organizations, PKI: vpn.X509(w.x509), IPAM: vpn.Subnets(w.ipam),
	}, &options)
	require.NoError(t, err)
	w.acme = w.organization("acme")
	return w
}

// made notes that something was made that takes long.
func (w *world) made() {
	w.keys.Add(1)
	if w.tx.inside.Load() {
		w.slowly.Add(1)
	}
}

func ctx() context.Context { return context.Background() }

func all() wispwright.Scope { return wispwright.ScopeAll() }

func (w *world) organization(name string) wispwright.ID {
	w.t.Helper()
	o := &tenancy.Organization{Name: name, Slug: name, IsActive: true}
	require.NoError(w.t, w.tenants.Organizations.Create(ctx(), o))
	return o.ID
}

func (w *world) subnet(network string, organization wispwright.ID) wispwright.ID {
	w.t.Helper()
	n := &ipam.Subnet{Name: network, Subnet: netip.MustParsePrefix(network), OrganizationID: organization}
	require.NoError(w.t, w.ipam.Subnets.Create(ctx(), n))
	return n.ID
}

func (w *world) authority(name string) *x509.CA {
	w.t.Helper()
	ca := &x509.CA{Details: x509.Details{Name: name, CommonName: name, OrganizationID: w.acme, City: "Rome"}}
	require.NoError(w.t, w.x509.CAs.Create(ctx(), ca))
	return ca
}

// wireguard makes a server on a network of its own.
func (w *world) wireguard(name, network string) *vpn.Server {
	w.t.Helper()
	s := &vpn.Server{Name: name, Host: name + ".example.com", OrganizationID: w.acme, Backend: wireguard, SubnetID: w.subnet(network, w.acme),
		Config: wispwright.JSON(`{"wireguard":[{"name":"` + name + `","port":51820}]}`)}
	require.NoError(w.t, w.Servers.Create(ctx(), s))
	return s
}

// template leads to a server.
func (w *world) template(name string, s *vpn.Server, change func(*controller.Template)) *controller.Template {
	w.t.Helper()
	o := &controller.Template{Name: name, OrganizationID: w.acme, Backend: openWrt, Type: controller.TemplateVPN, VPNID: s.ID, AutoCert: true}
	if change != nil {
		change(o)
	}
	require.NoError(w.t, w.ctl.Templates.Create(ctx(), o))
	return o
}

func (w *world) draft(name string, templates ...*controller.Template) *controller.Detail {
	w.devices++
	d := &controller.Detail{
		Device: &controller.Device{OrganizationID: w.acme, Name: name, MACAddress: fmt.Sprintf("00:11:22:AA:%02X:%02X", w.devices>>8, w.devices&255)},
		Config: &controller.Config{Backend: openWrt, Config: "{}"},
	}
	for _, t := range templates {
		d.Config.Templates = append(d.Config.Templates, t.ID)
	}
	return d
}

func (w *world) device(name string, templates ...*controller.Template) *controller.Detail {
	w.t.Helper()
	d := w.draft(name, templates...)
	require.NoError(w.t, w.ctl.Devices.Create(ctx(), d))
	return d
}

// assign gives a device other templates.
func (w *world) assign(d *controller.Detail, templates ...*controller.Template) error {
	_, err := w.ctl.Devices.Update(ctx(), all(), d.Device.ID, func(d *controller.Detail) error {
		d.Config.Templates = nil
		for _, t := range templates {
			d.Config.Templates = append(d.Config.Templates, t.ID)
		}
		return nil
	})
	return err
}

func (w *world) clients(f vpn.ClientFilter) []*vpn.Client {
	w.t.Helper()
	found, err := w.Clients.List(ctx(), all(), f, wispwright.Page{Order: []wispwright.Order{{Field: "Created"}, {Field: "ID"}}})
	require.NoError(w.t, err)
	return found.Rows
}

func (w *world) client(d *controller.Detail) *vpn.Client {
	w.t.Helper()
	found := w.clients(vpn.ClientFilter{DeviceID: d.Device.ID})
	require.Len(w.t, found, 1)
	return found[0]
}

// work runs jobs until none is left and returns how many there were.
func (w *world) work() (n int) {
	w.t.Helper()
	for ; len(w.queue.jobs) > 0; n++ {
		job := w.queue.jobs[0]
		w.queue.jobs = w.queue.jobs[1:]
		require.NoError(w.t, w.Work(ctx(), job))
	}
	return n
}

// taken is how many addresses of a subnet are recorded.
func (w *world) taken(subnet wispwright.ID) int {
	w.t.Helper()
	found, err := w.ipam.Addresses.List(ctx(), all(), ipam.AddressFilter{SubnetID: subnet}, wispwright.Page{})
	require.NoError(w.t, err)
	return found.Total
}

// serverFiles are those that the host of a server downloads.
func (w *world) serverFiles(s *vpn.Server) map[string]string {
	w.t.Helper()
	a, err := w.Agents.Download(ctx(), s.ID, s.Key.Reveal())
	require.NoError(w.t, err)
	return unpack(w.t, a.Bytes)
}

// deviceFiles are those that a device downloads.
func (w *world) deviceFiles(d *controller.Detail) map[string]string {
	w.t.Helper()
	a, err := w.ctl.Devices.Configuration(ctx(), all(), d.Device.ID)
	require.NoError(w.t, err)
	return unpack(w.t, a.Bytes)
}

func unpack(t *testing.T, archive []byte) map[string]string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	require.NoError(t, err)
	out := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		out[h.Name] = fmt.Sprintf("%04o\n%s", h.Mode, text)
	}
}
