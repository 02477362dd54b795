package vpnsql_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/controller/vpn/vpnsql"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/ipam/ipamsql"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
	"github.com/wispwright/wispwright/x509"
	"github.com/wispwright/wispwright/x509/x509sql"
)

// fleet is the concern on SQLite with one WireGuard server.
type fleet struct {
	*vpn.VPN
	ctl    *controller.Controller
	stores vpn.Stores
	server *vpn.Server
	acme   wispwright.ID
	db     *sqlstore.DB
	jobs   []controller.Job
}

// Enqueue keeps the controller's jobs.
func (f *fleet) Enqueue(ctx context.Context, jobs ...controller.Job) error {
	wispwright.AfterCommit(ctx, func() { f.jobs = append(f.jobs, jobs...) })
	return nil
}

// counted counts the jobs of servers instead of doing them.
type counted struct{ n map[vpn.JobKind]int }

// Enqueue implements vpn.Jobs.
func (c counted) Enqueue(_ context.Context, jobs ...vpn.Job) error {
	for _, j := range jobs {
		c.n[j.Kind]++
	}
	return nil
}

func newFleet(t testing.TB, jobs vpn.Jobs) *fleet {
	t.Helper()
	ctx := context.Background()
	db := testkit.SQLite(t)
	for _, m := range []sqlstore.Migrations{tenancysql.Migrations(), x509sql.Migrations(), ipamsql.Migrations(), controllersql.Migrations(), vpnsql.Migrations()} {
		require.NoError(t, db.Migrate(ctx, m))
	}
	f := &fleet{db: db}
	tenants, err := tenancysql.New(db)
	require.NoError(t, err)
	ten, err := tenancy.New(db, tenants, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
	require.NoError(t, err)
	cs, err := controllersql.New(db)
	require.NoError(t, err)
	f.ctl, err = controller.New(db, cs, render.New(nil), ten.Organizations, &controller.Options{Jobs: f})
	require.NoError(t, err)
	f.ctl.Attach(ten.Organizations)
	base := &entity.Base{Tx: db, Tenants: ten.Organizations}
	is, err := ipamsql.New(db)
	require.NoError(t, err)
	m, err := ipam.New(base, is, nil)
	require.NoError(t, err)
	xs, err := x509sql.New(db)
	require.NoError(t, err)
	a, err := x509.NewAuthority(base, xs, nil)
	require.NoError(t, err)
	f.stores, err = vpnsql.New(db)
	require.NoError(t, err)
	f.VPN, err = vpn.New(base, f.stores, vpn.Needs{Controller: f.ctl, Organizations: ten.Organizations, PKI: vpn.X509(a), IPAM: vpn.Subnets(m)}, &vpn.Options{Jobs: jobs})
	require.NoError(t, err)
	o := &tenancy.Organization{Name: "acme", Slug: "acme", IsActive: true}
	require.NoError(t, ten.Organizations.Create(ctx, o))
	f.acme = o.ID
	n := &ipam.Subnet{Name: "n", Subnet: netip.MustParsePrefix("10.0.0.0/16"), OrganizationID: o.ID}
	require.NoError(t, m.Subnets.Create(ctx, n))
	f.server = &vpn.Server{Name: "wg0", Host: "h", OrganizationID: o.ID, Backend: "openwisp_controller.vpn_backends.Wireguard", SubnetID: n.ID, Config: `{"wireguard":[{"name":"wg0","port":51820}]}`}
	require.NoError(t, f.Servers.Create(ctx, f.server))
	return f
}

// TestThousandClients gives a template to a thousand devices at once: a few
// transactions, one job for the server of each, and all addresses different.
func TestThousandClients(t *testing.T) {
	const devices = 1000
	ctx := context.Background()
	jobs := counted{map[vpn.JobKind]int{}}
	f := newFleet(t, jobs)
	require.NoError(t, f.db.InTx(ctx, func(ctx context.Context) error { // one commit instead of a thousand
		for i := range devices {
			d := &controller.Detail{Device: &controller.Device{OrganizationID: f.acme, Name: fmt.Sprintf("ap%d", i), MACAddress: fmt.Sprintf("02:00:00:00:%02X:%02X", i>>8, i&255)},
				Config: &controller.Config{Backend: "netjsonconfig.OpenWrt", Config: "{}"}}
			if err := f.ctl.Devices.Create(ctx, d); err != nil {
				return err
			}
		}
		return nil
	}))
	f.jobs = nil
	o := &controller.Template{Name: "vpn", OrganizationID: f.acme, Backend: "netjsonconfig.OpenWrt", Type: controller.TemplateVPN, VPNID: f.server.ID, AutoCert: true, Default: true}
	require.NoError(t, f.ctl.Templates.Create(ctx, o))
	begun := time.Now()
	for len(f.jobs) > 0 {
		job := f.jobs[0]
		f.jobs = f.jobs[1:]
		require.NoError(t, f.ctl.Work(ctx, job))
	}
	took := time.Since(begun)
	state, err := f.stores.Clients.State(ctx, f.server.ID)
	require.NoError(t, err)
	require.Equal(t, devices, state.Count)
	peers, err := f.stores.Clients.Peers(ctx, f.server.ID)
	require.NoError(t, err)
	seen := map[netip.Addr]bool{}
	for _, p := range peers {
		seen[p.Address] = true
	}
	require.Len(t, seen, devices)
	require.LessOrEqual(t, jobs.n[vpn.JobChanged], 2, "once for each transaction")
	t.Logf("%d clients with keys, addresses and rendered configurations in %v", devices, took)
}

// BenchmarkDownload is what the host of a server with 10,000 peers asks, warm and cold.
func BenchmarkDownload(b *testing.B) {
	const peers = 10_000
	ctx := context.Background()
	f := newFleet(b, counted{map[vpn.JobKind]int{}})
	var list []*vpn.Client
	now := time.Now().UTC()
	address := f.server.Address
	for i := range peers {
		address = address.Next()
		list = append(list, &vpn.Client{ID: wispwright.NewID(), ServerID: f.server.ID, DeviceID: wispwright.NewID(), TemplateID: wispwright.NewID(), OrganizationID: f.acme, AutoCert: true,
			AddressID: wispwright.NewID(), Address: address, PublicKey: fmt.Sprintf("%043d=", i), PrivateKey: "x", Created: now, Modified: now})
	}
	require.NoError(b, f.stores.Clients.InsertMany(ctx, list))
	key := f.server.Key.Reveal()
	begun := time.Now()
	a, err := f.Agents.Download(ctx, f.server.ID, key)
	require.NoError(b, err)
	cold := time.Since(begun)
	begun = time.Now()
	_, err = f.stores.Clients.State(ctx, f.server.ID)
	require.NoError(b, err)
	looked := time.Since(begun)
	for name, ask := range map[string]func() error{
		"checksum": func() error { _, err := f.Agents.Checksum(ctx, f.server.ID, key); return err },
		"download": func() error { _, err := f.Agents.Download(ctx, f.server.ID, key); return err },
	} {
		b.Run(name, func(b *testing.B) {
			took := make([]time.Duration, 0, b.N)
			for range b.N {
				at := time.Now()
				if err := ask(); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(at))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
			b.ReportMetric(cold.Seconds()*1000, "cold-ms")
			b.ReportMetric(looked.Seconds()*1000, "state-ms")
			b.ReportMetric(float64(len(a.Bytes)), "bytes")
		})
	}
}
