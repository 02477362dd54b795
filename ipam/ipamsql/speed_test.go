package ipamsql_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/ipam/ipamsql"
	"github.com/wispwright/wispwright/ipam/ipamtest"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

func open(t testing.TB, db *sqlstore.DB) *ipam.IPAM {
	t.Helper()
	require.NoError(t, db.Migrate(context.Background(), ipamsql.Migrations()))
	stores, err := ipamsql.New(db)
	require.NoError(t, err)
	return ipamtest.New(t, ipamtest.Storage{Tx: db, Stores: stores})
}

func network(t testing.TB, m *ipam.IPAM, text string) *ipam.Subnet {
	n := &ipam.Subnet{Name: "net", Subnet: netip.MustParsePrefix(text)}
	require.NoError(t, m.Subnets.Create(context.Background(), n))
	return n
}

// TestPlans: pages of lists, ranges of addresses and networks around or inside
// another are pieces of an index.
func TestPlans(t *testing.T) {
	ctx := context.Background()
	db, plan := testkit.ExplainedSQLite(t)
	require.NoError(t, db.Migrate(ctx, ipamsql.Migrations()))
	stores, err := ipamsql.New(db)
	require.NoError(t, err)
	all, id, ip := wispwright.ScopeAll(), wispwright.NewID(), netip.MustParseAddr("10.0.0.1")
	few := wispwright.Page{Limit: 10, NoTotal: true, Order: []wispwright.Order{{Field: "IPAddress"}}}
	for name, ask := range map[string]struct {
		want string
		run  func() error
	}{
		"from an address on": {"ipam_address_subnet_ip (subnet_id=? AND ip_address>?)", func() error {
			_, err := stores.Addresses.List(ctx, all, ipam.AddressFilter{SubnetID: id, IPAddressFrom: ip}, few)
			return err
		}},
		"a page of a subnet": {"ipam_address_subnet_ip (subnet_id=?)", func() error {
			_, err := stores.Addresses.List(ctx, all, ipam.AddressFilter{SubnetID: id}, wispwright.Page{Limit: 10, Offset: 5000, NoTotal: true})
			return err
		}},
		"a page of an organization": {"ipam_address_organization (organization_id=?)", func() error {
			_, err := stores.Addresses.List(ctx, wispwright.ScopeOf(id), ipam.AddressFilter{}, few)
			return err
		}},
		"addresses of a network": {"ipam_address_ip (ip_address>? AND ip_address<?)", func() error {
			_, err := stores.Addresses.List(ctx, all, ipam.AddressFilter{IPAddressWithin: netip.MustParsePrefix("10.0.0.0/8")}, few)
			return err
		}},
		"networks around": {"ipam_subnet_subnet (subnet=?)", func() error {
			_, err := stores.Subnets.List(ctx, all, ipam.SubnetFilter{Subnets: wispwright.Only(ipam.Supernets(netip.MustParsePrefix("10.0.0.0/24"))...)}, wispwright.Page{NoTotal: true})
			return err
		}},
		"networks inside": {"ipam_subnet_subnet (subnet>? AND subnet<?)", func() error {
			_, err := stores.Subnets.List(ctx, all, ipam.SubnetFilter{SubnetWithin: netip.MustParsePrefix("10.0.0.0/24")}, wispwright.Page{Limit: 500, NoTotal: true})
			return err
		}},
		"what is nested": {"ipam_subnet_master (master_subnet_id=?)", func() error {
			_, err := stores.Subnets.List(ctx, all, ipam.SubnetFilter{MasterSubnetID: id}, wispwright.Page{Limit: 500, NoTotal: true})
			return err
		}},
	} {
		require.NoError(t, ask.run(), name)
		got := strings.Join(plan(), "\n")
		require.Contains(t, got, ask.want, name)
		require.NotContains(t, got, "SCAN", name)
	}
}

// TestStatementsOfARequest: a request costs the same however much is taken.
func TestStatementsOfARequest(t *testing.T) {
	ctx := context.Background()
	db, count := testkit.CountedSQLite(t)
	m := open(t, db)
	n := network(t, m, "10.0.0.0/16")
	var costs []int64
	for range 3 {
		before := count.Load()
		_, err := m.Addresses.Request(ctx, wispwright.ScopeAll(), n.ID, "x")
		require.NoError(t, err)
		costs = append(costs, count.Load()-before)
		_, err = m.Addresses.RequestMany(ctx, wispwright.ScopeAll(), n.ID, make([]string, 2000)...)
		require.NoError(t, err)
	}
	require.Equal(t, costs[0], costs[1])
	require.Equal(t, costs[0], costs[2])
	require.LessOrEqual(t, costs[0], int64(8), "statements, with those that begin and end it")
}

// BenchmarkRequests requests 10,000 addresses of a /16, one after the other, each
// committed as in production.
func BenchmarkRequests(b *testing.B) {
	for name, database := range map[string]func(testing.TB) *sqlstore.DB{"sqlite": durable, "postgresql": testkit.Postgres} {
		b.Run(name, func(b *testing.B) {
			m := open(b, database(b))
			for b.Loop() {
				n := &ipam.Subnet{Name: "x", Subnet: netip.MustParsePrefix("10.0.0.0/16")}
				require.NoError(b, m.Subnets.Create(context.Background(), n))
				var quarters []time.Duration
				for range 4 {
					begin := time.Now()
					for range 2500 {
						if _, err := m.Addresses.Request(context.Background(), wispwright.ScopeAll(), n.ID, ""); err != nil {
							b.Fatal(err)
						}
					}
					quarters = append(quarters, time.Since(begin))
				}
				b.ReportMetric(float64(quarters[0].Microseconds())/2500, "µs/first")
				b.ReportMetric(float64(quarters[3].Microseconds())/2500, "µs/last")
				require.NoError(b, m.Subnets.Delete(context.Background(), wispwright.ScopeAll(), n.ID))
			}
		})
	}
}

// durable is SQLite as it runs in production.
func durable(b testing.TB) *sqlstore.DB {
	db, err := sqlstore.Open(b.Context(), filepath.Join(b.TempDir(), "test.db"), nil)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	return db
}

// TestSoakMillionAddresses measures pages of a list of so many
// (make soak).
func TestSoakMillionAddresses(t *testing.T) {
	if os.Getenv("WISPWRIGHT_SOAK") == "" {
		t.Skip("make soak runs it")
	}
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		m := open(t, db)
		ctx, all := context.Background(), wispwright.ScopeAll()
		n := network(t, m, "10.0.0.0/12")
		const million = 1_000_000
		for at := 0; at < million; at += 50_000 {
			_, err := m.Addresses.RequestMany(ctx, all, n.ID, make([]string, 50_000)...)
			require.NoError(t, err)
		}
		if db.Dialect() == sqlstore.Postgres {
			_, err := db.SQL().Exec("ANALYZE ipam_address")
			require.NoError(t, err)
		}
		for name, filter := range map[string]ipam.AddressFilter{"everything": {}, "of a subnet": {SubnetID: n.ID}, "of a network": {IPAddressWithin: netip.MustParsePrefix("10.3.0.0/16")}} {
			var took []time.Duration
			for i := range 100 {
				begin := time.Now()
				_, err := m.Addresses.List(ctx, all, filter, wispwright.Page{Limit: 100, Offset: 100 * i, NoTotal: true})
				require.NoError(t, err)
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			t.Logf("%s: median %s, p99 %s", name, took[50], took[98])
			require.Less(t, took[98], 50*time.Millisecond, name)
		}
		begin := time.Now()
		_, err := m.Addresses.Request(ctx, all, n.ID, "")
		require.NoError(t, err)
		t.Logf("a request: %s", time.Since(begin))
		_, err = m.Addresses.Hosts(ctx, all, n.ID, netip.MustParseAddr("10.9.0.1"))
		require.NoError(t, err)
		fmt.Fprintln(os.Stderr, "hosts", time.Since(begin))
	})
}
