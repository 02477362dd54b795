package controllersql_test

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

const (
	openWrt = "netjsonconfig.OpenWrt"
	secret  = "s3cr3tS3cr3t"
)

// fleet is the concern with an organization, a default template and devices,
// shaped as the method of the project's performance figures asks.
type fleet struct {
	*controller.Controller
	org      wispwright.ID
	template *controller.Template
	devices  []protocol.Credentials
	tx       wispwright.Transactor
}

// eachBench runs a benchmark on both databases with the settings of
// production: SQLite keeps every acknowledged write.
func eachBench(b *testing.B, devices int, run func(b *testing.B, f *fleet)) {
	b.Run("sqlite", func(b *testing.B) {
		db, err := sqlstore.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"), nil)
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, db.Close()) })
		run(b, newFleet(b, db, devices))
	})
	b.Run("postgresql", func(b *testing.B) { run(b, newFleet(b, testkit.Postgres(b), devices)) })
}

func newFleet(b *testing.B, db *sqlstore.DB, devices int) *fleet {
	b.Helper()
	ctx := context.Background()
	s := storageOn(b, db)
	ten, err := tenancy.New(s.Tx, s.Tenancy, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
	require.NoError(b, err)
	c, err := controller.New(s.Tx, s.Stores, render.New(nil), ten.Organizations, &controller.Options{Recorder: ten.Trail})
	require.NoError(b, err)
	c.Attach(ten.Organizations)
	org := &tenancy.Organization{Name: "acme", IsActive: true}
	require.NoError(b, ten.Organizations.Create(ctx, org))
	_, err = c.Settings.Update(ctx, wispwright.ScopeAll(), org.ID, func(o *controller.Settings) error { o.SharedSecret = secret; return nil })
	require.NoError(b, err)
	f := &fleet{tx: s.Tx, Controller: c, org: org.ID, template: &controller.Template{
		OrganizationID: org.ID, Name: "base", Backend: openWrt, Default: true, DefaultValues: `{"lan_ip":"192.168.1.1"}`,
		Config: `{"interfaces":[{"name":"br-lan","type":"bridge","bridge_members":["eth0"],"addresses":[{"proto":"static","family":"ipv4","address":"{{ lan_ip }}","mask":24}]}],
			"files":[{"path":"/etc/banner","mode":"0644","contents":"welcome to {{ name }}\n"}]}`,
	}}
	require.NoError(b, c.Templates.Create(ctx, f.template))
	require.NoError(b, s.Tx.InTx(ctx, func(ctx context.Context) error {
		for n := range devices {
			d := &controller.Detail{
				Device: &controller.Device{OrganizationID: org.ID, Name: fmt.Sprintf("dev-%05d", n), MACAddress: mac(n), LastIP: netip.MustParseAddr("127.0.0.1")},
				Config: &controller.Config{Backend: openWrt, Context: wispwright.JSON(fmt.Sprintf(`{"lan_ip":"10.%d.%d.1"}`, n>>8, n&255)),
					Config: `{"general":{"timezone":"UTC","description":"bench"},"radios":[{"name":"radio0","protocol":"802.11n","channel":3,"channel_width":20,"phy":"phy0","driver":"mac80211"}]}`},
			}
			if err := c.Devices.Create(ctx, d); err != nil {
				return err
			}
			f.devices = append(f.devices, protocol.Credentials{ID: d.Device.ID, Key: d.Device.Key.Reveal(), Peer: netip.MustParseAddr("127.0.0.1")})
		}
		return nil
	}))
	return f
}

func mac(n int) string { return fmt.Sprintf("02:00:00:%02X:%02X:%02X", n>>16&255, n>>8&255, n&255) }

// parallel runs work on as many goroutines as a busy server has requests.
func parallel(b *testing.B, work func(n int) error) {
	var counter atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(4)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := work(int(counter.Add(1) - 1)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
}

// applied makes every device run what it is to run, as nearly all do: one that
// only asks is found out by its third question, with a transaction.
func (f *fleet) applied(b *testing.B) {
	b.Helper()
	require.NoError(b, f.tx.InTx(context.Background(), func(ctx context.Context) error {
		for _, a := range f.devices {
			if _, err := f.Agents.Download(ctx, a, ""); err != nil {
				return err
			}
			if _, err := f.Agents.ReportStatus(ctx, a, "applied", ""); err != nil {
				return err
			}
		}
		return nil
	}))
}

func BenchmarkChecksumWarm(b *testing.B) {
	eachBench(b, 1000, func(b *testing.B, f *fleet) {
		ctx := context.Background()
		f.applied(b)
		ask := func(n int) error {
			_, err := f.Agents.Checksum(ctx, f.devices[n%len(f.devices)], "")
			return err
		}
		for n := range f.devices {
			require.NoError(b, ask(n))
		}
		parallel(b, ask)
	})
}

// BenchmarkChecksumCold forgets the device before every question.
func BenchmarkChecksumCold(b *testing.B) {
	eachBench(b, 1000, func(b *testing.B, f *fleet) {
		ctx := context.Background()
		f.applied(b)
		parallel(b, func(n int) error {
			a := f.devices[n%len(f.devices)]
			f.Forget(a.ID)
			_, err := f.Agents.Checksum(ctx, a, "")
			return err
		})
	})
}

func BenchmarkDownload(b *testing.B) {
	eachBench(b, 1000, func(b *testing.B, f *fleet) {
		ctx := context.Background()
		get := func(n int) error {
			_, err := f.Agents.Download(ctx, f.devices[n%len(f.devices)], "")
			return err
		}
		for n := range f.devices {
			require.NoError(b, get(n))
		}
		parallel(b, get)
	})
}

func BenchmarkRegister(b *testing.B) {
	eachBench(b, 0, func(b *testing.B, f *fleet) {
		ctx := context.Background()
		model, os, system := "TP-Link", "OpenWrt 23.05.3", "MT7621"
		parallel(b, func(n int) error {
			_, err := f.Agents.Register(ctx, protocol.Registration{
				Secret: secret, Name: mac(n), MACAddress: mac(n), Backend: openWrt, Key: protocol.ConsistentKey(mac(n), secret).Reveal(),
				Model: &model, OS: &os, System: &system, Peer: netip.MustParseAddr("127.0.0.1"),
			})
			return err
		})
	})
}

func BenchmarkReport(b *testing.B) {
	eachBench(b, 1000, func(b *testing.B, f *fleet) {
		ctx := context.Background()
		parallel(b, func(n int) error {
			_, err := f.Agents.ReportStatus(ctx, f.devices[n%len(f.devices)], "applied", "")
			return err
		})
	})
}

func BenchmarkList(b *testing.B) {
	for _, size := range []int{10, 100} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			eachBench(b, 1000, func(b *testing.B, f *fleet) {
				ctx := context.Background()
				parallel(b, func(int) error {
					_, err := f.Devices.List(ctx, wispwright.ScopeOf(f.org), controller.DeviceFilter{}, wispwright.Page{Limit: size})
					return err
				})
			})
		})
	}
}

func BenchmarkDetail(b *testing.B) {
	eachBench(b, 1000, func(b *testing.B, f *fleet) {
		ctx := context.Background()
		parallel(b, func(n int) error {
			_, err := f.Devices.Get(ctx, wispwright.ScopeOf(f.org), f.devices[n%len(f.devices)].ID)
			return err
		})
	})
}

// BenchmarkFanOut changes a template that 2,000 devices use.
func BenchmarkFanOut(b *testing.B) {
	const devices = 2000
	eachBench(b, devices, func(b *testing.B, f *fleet) {
		ctx := context.Background()
		b.ReportAllocs()
		for b.Loop() {
			_, err := f.Templates.Update(ctx, wispwright.ScopeAll(), f.template.ID, func(o *controller.Template) error {
				o.Config = wispwright.JSON(fmt.Sprintf(`{"interfaces":[{"name":"eth0","type":"ethernet","mtu":%d}]}`, 1000+b.N%500+int(b.Elapsed()%499)))
				return nil
			})
			require.NoError(b, err)
		}
		b.ReportMetric(float64(b.N*devices)/b.Elapsed().Seconds(), "devices/s")
	})
}
