package vpnsql_test

import (
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllerhttp"
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
	ten    *tenancy.Tenancy
	ipam   *ipam.IPAM
	// archives counts configurations of devices that were rendered
	archives atomic.Int64
}

// rendering counts what a Renderer does.
type rendering struct {
	render.Renderer
	n *atomic.Int64
}

// Archive implements render.Renderer.
func (r rendering) Archive(ctx context.Context, in render.Input) ([]byte, error) {
	r.n.Add(1)
	return r.Renderer.Archive(ctx, in)
}

// Enqueue keeps the controller's jobs.
func (f *fleet) Enqueue(ctx context.Context, jobs ...controller.Job) error {
	wispwright.AfterCommit(ctx, func() { f.jobs = append(f.jobs, jobs...) })
	return nil
}

// work does the controller's jobs until none is left and returns how long that took.
func (f *fleet) work(t testing.TB) time.Duration {
	t.Helper()
	begun := time.Now()
	for len(f.jobs) > 0 {
		job := f.jobs[0]
		f.jobs = f.jobs[1:]
		require.NoError(t, f.ctl.Work(context.Background(), job))
	}
	return time.Since(begun)
}

// devices makes so many without a tunnel, and then a template that leads all of them to
// the server.
func (f *fleet) devices(t testing.TB, n int) {
	t.Helper()
	ctx := context.Background()
	require.NoError(t, f.db.InTx(ctx, func(ctx context.Context) error { // one commit instead of a thousand
		for i := range n {
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
	f.ctl, err = controller.New(db, cs, rendering{render.New(nil), &f.archives}, ten.Organizations, &controller.Options{Jobs: f})
	require.NoError(t, err)
	f.ten = ten
	f.ctl.Attach(ten.Organizations)
	base := &entity.Base{Tx: db, Tenants: ten.Organizations}
	is, err := ipamsql.New(db)
	require.NoError(t, err)
	m, err := ipam.New(base, is, nil)
	require.NoError(t, err)
	f.ipam = m
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
	ten.Organizations.OnEmptying("vpn: servers of organizations", func(context.Context, wispwright.ID) (int, error) { return 1, nil }, func(ctx context.Context, id wispwright.ID) (int, error) {
		return f.Servers.DeleteSome(ctx, wispwright.ScopeOf(id), vpn.ServerFilter{OrganizationID: id})
	})
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
	f.devices(t, devices)
	took := f.work(t)
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

// A change of a server costs each of its thousand clients one rendering, in the
// background: the call that changes it renders none of them.
func TestAServerChangesUnderAThousandClients(t *testing.T) {
	const devices = 1000
	ctx := context.Background()
	jobs := counted{map[vpn.JobKind]int{}}
	f := newFleet(t, jobs)
	f.devices(t, devices)
	f.work(t)
	checksums := func() map[wispwright.ID]string {
		list, err := f.ctl.Devices.List(ctx, wispwright.ScopeAll(), controller.DeviceFilter{}, wispwright.Page{NoTotal: true})
		require.NoError(t, err)
		require.Len(t, list.Rows, devices)
		out := map[wispwright.ID]string{}
		for i, d := range list.Rows {
			require.Equal(t, controller.StatusModified, d.Config.Status)
			if i%100 == 0 {
				a, err := f.ctl.Devices.Configuration(ctx, wispwright.ScopeAll(), d.Device.ID)
				require.NoError(t, err)
				out[d.Device.ID] = fmt.Sprintf("%x", md5.Sum(a.Bytes))
			}
		}
		return out
	}
	before := checksums()
	f.archives.Store(0)
	begun := time.Now()
	_, err := f.Servers.Update(ctx, wispwright.ScopeAll(), f.server.ID, func(s *vpn.Server) error { s.Host = "b.example.org"; return nil })
	require.NoError(t, err)
	asked := time.Since(begun)
	require.Zero(t, f.archives.Load(), "nobody waits for the clients")
	require.Len(t, f.jobs, 1, "one recomputation")
	took := f.work(t)
	require.EqualValues(t, devices, f.archives.Load(), "each client once")
	after := checksums()
	require.Len(t, before, 10)
	for id, sum := range before {
		require.NotEqual(t, sum, after[id])
	}
	f.archives.Store(0)
	_, err = f.Servers.Update(ctx, wispwright.ScopeAll(), f.server.ID, func(s *vpn.Server) error { s.Notes = "nothing that clients have"; return nil })
	require.NoError(t, err)
	require.Empty(t, f.jobs)
	require.Zero(t, f.archives.Load())
	t.Logf("a server changed in %v; %d clients were rendered anew in %v", asked, devices, took)
}

// An organization with many clients goes piece by piece: whoever writes meanwhile does not
// wait for all of it, how much is left can be asked at any time, and nothing stays. With
// WISPWRIGHT_SOAK there are 10,000 of them.
func TestAnOrganizationWithManyClientsGoes(t *testing.T) {
	clients := 1200
	if os.Getenv("WISPWRIGHT_SOAK") != "" {
		clients = 10_000
	}
	ctx := context.Background()
	f := newFleet(t, counted{map[vpn.JobKind]int{}})
	f.devices(t, clients)
	f.work(t)
	other := &tenancy.Organization{Name: "beta", Slug: "beta", IsActive: true}
	require.NoError(t, f.ten.Organizations.Create(ctx, other))
	gone := make(chan error)
	begun := time.Now()
	go func() { gone <- f.ten.Organizations.Delete(ctx, wispwright.ScopeAll(), f.acme) }()
	var longest time.Duration
	var left []int
	deleted := false
	for n := 0; !deleted; n++ {
		at := time.Now()
		require.NoError(t, f.ipam.Subnets.Create(ctx, &ipam.Subnet{Name: "n", Subnet: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, byte(n >> 8), byte(n)}), 32), OrganizationID: other.ID}))
		longest = max(longest, time.Since(at))
		state, err := f.stores.Clients.State(ctx, f.server.ID)
		require.NoError(t, err)
		if len(left) == 0 || left[len(left)-1] != state.Count {
			left = append(left, state.Count)
		}
		select {
		case err := <-gone:
			require.NoError(t, err)
			deleted = true
		case <-time.After(20 * time.Millisecond):
		}
	}
	took := time.Since(begun)
	require.Greater(t, len(left), 2, "it is seen to go: %v", left)
	require.True(t, slices.IsSortedFunc(left, func(a, b int) int { return b - a }), left)
	f.work(t)
	state, err := f.stores.Clients.State(ctx, f.server.ID)
	require.NoError(t, err)
	require.Zero(t, state.Count)
	addresses, err := f.ipam.Addresses.List(ctx, wispwright.ScopeAll(), ipam.AddressFilter{}, wispwright.Page{Limit: 1})
	require.NoError(t, err)
	require.Zero(t, addresses.Total)
	t.Logf("%d clients with their devices were deleted in %v, in %d steps; who wrote meanwhile waited %v at most", clients, took, len(left), longest)
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
	web := httptest.NewServer(controllerhttp.NewServerProtocol(f.Agents, nil))
	b.Cleanup(web.Close)
	over := func(what string) func() error {
		return func() error {
			r, err := http.Get(web.URL + controllerhttp.ServerPrefix + what + "/" + f.server.ID.String() + "/?key=" + key)
			if err != nil {
				return err
			}
			defer r.Body.Close()
			if n, err := io.Copy(io.Discard, r.Body); err != nil || r.StatusCode != http.StatusOK || n < 32 {
				return fmt.Errorf("%d, %d bytes: %w", r.StatusCode, n, err)
			}
			return nil
		}
	}
	for name, ask := range map[string]func() error{
		"checksum over HTTP": over("checksum"), "download over HTTP": over("download-config"),
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
