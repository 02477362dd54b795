package controllertest

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

const (
	openWrt = "netjsonconfig.OpenWrt"
	secret  = "s3cr3tS3cr3t"
)

// services is the concern over a storage, with one organization.
type services struct {
	*controller.Controller
	tenancy *tenancy.Tenancy
	org     *tenancy.Organization
}

func newServices(t *testing.T, s Storage) *services {
	t.Helper()
	ctx := context.Background()
	ten, err := tenancy.New(s.Tx, s.Tenancy, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
	require.NoError(t, err)
	c, err := controller.New(s.Tx, s.Stores, render.New(nil), ten.Organizations, &controller.Options{Recorder: ten.Trail})
	require.NoError(t, err)
	c.Attach(ten.Organizations)
	out := &services{Controller: c, tenancy: ten, org: &tenancy.Organization{Name: "acme", IsActive: true}}
	require.NoError(t, ten.Organizations.Create(ctx, out.org))
	_, err = c.Settings.Update(ctx, all(), out.org.ID, func(o *controller.Settings) error { o.SharedSecret = secret; return nil })
	require.NoError(t, err)
	return out
}

func registration(mac string) protocol.Registration {
	model, os, system := "TP-Link", "OpenWrt 23.05.3", "MT7621"
	return protocol.Registration{
		Secret: secret, Name: mac, MACAddress: mac, Backend: openWrt, Key: protocol.ConsistentKey(mac, secret).Reveal(),
		Model: &model, OS: &os, System: &system, Peer: netip.MustParseAddr("127.0.0.1"),
	}
}

func mac(n int) string { return fmt.Sprintf("02:00:00:00:%02X:%02X", n>>8, n&255) }

func credentials(d *controller.Device) protocol.Credentials {
	return protocol.Credentials{ID: d.ID, Key: d.Key.Reveal(), Peer: netip.MustParseAddr("127.0.0.1")}
}

// RunServices runs the concern over the storage. It needs every store.
func RunServices(t *testing.T, h Harness) {
	h = needs(h, "Devices", "Configs", "Templates", "Groups", "Settings", "Versions", "Variables")
	t.Run("the life of a device", func(t *testing.T) { runLife(t, newServices(t, h(t))) })
	t.Run("fan-out", func(t *testing.T) { runFanOut(t, newServices(t, h(t))) })
	t.Run("secret variables", func(t *testing.T) { runSecrets(t, newServices(t, h(t))) })
	t.Run("types of variables", func(t *testing.T) { runTypes(t, newServices(t, h(t))) })
	t.Run("values that nothing names", func(t *testing.T) { runPruneValues(t, h) })
	runRules(t, h)
	t.Run("an organization is deleted", func(t *testing.T) { runOrganization(t, newServices(t, h(t))) })
}

// RunConcurrency runs the services that meet: a storage that lets one of two
// writers lose fails here. It needs every store.
func RunConcurrency(t *testing.T, h Harness) {
	h = needs(h, "Devices", "Configs", "Templates", "Groups", "Settings", "Versions")
	t.Run("one device registers twice at once", func(t *testing.T) { runTwice(t, newServices(t, h(t))) })
	t.Run("devices register at once up to the limit", func(t *testing.T) { runLimit(t, newServices(t, h(t))) })
	t.Run("a template changes while devices register", func(t *testing.T) { runRace(t, newServices(t, h(t))) })
}

func (s *services) template(t *testing.T, name, config string, change func(*controller.Template)) *controller.Template {
	t.Helper()
	o := &controller.Template{OrganizationID: s.org.ID, Name: name, Backend: openWrt, Config: wispwright.JSON(config)}
	if change != nil {
		change(o)
	}
	require.NoError(t, s.Templates.Create(context.Background(), o))
	return o
}

func asDefault(o *controller.Template) { o.Default = true }

func runLife(t *testing.T, s *services) {
	ctx := context.Background()
	base := s.template(t, "base", `{"interfaces":[{"name":"eth0","type":"ethernet"}]}`, asDefault)
	var modified []controller.ConfigsModified
	s.Devices.Modified.Subscribe("test", func(_ context.Context, e ...controller.ConfigsModified) { modified = append(modified, e...) })

	r, err := s.Agents.Register(ctx, registration(mac(1)))
	require.NoError(t, err)
	require.True(t, r.IsNew)
	a := credentials(r.Device)
	first, err := s.Agents.Checksum(ctx, a, "10.8.0.1")
	require.NoError(t, err)
	archive, err := s.Agents.Download(ctx, a, "10.8.0.1")
	require.NoError(t, err)
	require.Equal(t, first, archive.Checksum)
	status, err := s.Agents.ReportStatus(ctx, a, "applied", "")
	require.NoError(t, err)
	require.Equal(t, controller.StatusApplied, status)
	require.Empty(t, modified, "nothing is told of a new configuration")

	d, err := s.Devices.Get(ctx, all(), r.Device.ID)
	require.NoError(t, err)
	require.Equal(t, []string{first, first, first}, []string{d.Config.Desired, d.Config.Served, d.Config.Reported})
	require.Equal(t, "10.8.0.1", d.Device.ManagementIP.String())
	require.Equal(t, []wispwright.ID{base.ID}, d.Config.Templates)

	_, err = s.Devices.Update(ctx, all(), r.Device.ID, func(d *controller.Detail) error {
		d.Config.Config = `{"general":{"timezone":"UTC"}}`
		return nil
	})
	require.NoError(t, err)
	second, err := s.Agents.Checksum(ctx, a, "10.8.0.1")
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	require.Len(t, modified, 1)

	again, err := s.Agents.Register(ctx, registration(mac(1)))
	require.NoError(t, err)
	require.False(t, again.IsNew)
	require.Equal(t, r.Device.ID, again.Device.ID)

	versions, err := s.Versions.List(ctx, all(), r.Device.ID, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, []string{second, first}, keys(versions.Rows, func(v *controller.Version) string { return v.Checksum }))
	require.NotNil(t, versions.Rows[1].Served)
	require.NotNil(t, versions.Rows[1].Reported)
	require.Nil(t, versions.Rows[0].Served)

	d, err = s.Devices.Deactivate(ctx, all(), r.Device.ID)
	require.NoError(t, err)
	require.Equal(t, controller.StatusDeactivating, d.Config.Status)
	_, err = s.Agents.Download(ctx, a, "10.8.0.1")
	require.NoError(t, err)
	status, err = s.Agents.ReportStatus(ctx, a, "applied", "")
	require.NoError(t, err)
	require.Equal(t, controller.StatusDeactivated, status)
	_, err = s.Agents.Checksum(ctx, a, "")
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	_, err = s.Devices.Activate(ctx, all(), r.Device.ID)
	require.NoError(t, err)
	third, err := s.Agents.Checksum(ctx, a, "")
	require.NoError(t, err)
	require.Equal(t, first, third, "the templates are back, the own configuration is not")
	_, err = s.Devices.Deactivate(ctx, all(), r.Device.ID)
	require.NoError(t, err)
	require.NoError(t, s.Devices.Delete(ctx, all(), r.Device.ID, true))
	_, err = s.Agents.Checksum(ctx, a, "")
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	trail, err := s.tenancy.Trail.List(ctx, all(), tenancy.EventFilter{ObjectID: r.Device.ID.String()}, wispwright.Page{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(trail.Rows), 8)
	for _, e := range trail.Rows {
		require.NotContains(t, fmt.Sprint(e.Fields), r.Device.Key.Reveal())
	}
}

func runFanOut(t *testing.T, s *services) {
	ctx := context.Background()
	base := s.template(t, "base", `{"interfaces":[{"name":"{{ ifname }}","type":"ethernet"}]}`, func(o *controller.Template) {
		o.Default, o.DefaultValues = true, `{"ifname":"eth0"}`
	})
	const devices = 7
	var list []*controller.Device
	for n := range devices {
		r, err := s.Agents.Register(ctx, registration(mac(n)))
		require.NoError(t, err)
		list = append(list, r.Device)
	}
	own := list[0]
	_, err := s.Devices.Update(ctx, all(), own.ID, func(d *controller.Detail) error { d.Config.Context = `{"ifname":"wan"}`; return nil })
	require.NoError(t, err)
	sum := func(d *controller.Device) string {
		out, err := s.Agents.Checksum(ctx, credentials(d), "")
		require.NoError(t, err)
		return out
	}
	before := map[wispwright.ID]string{}
	for _, d := range list {
		before[d.ID] = sum(d)
	}
	var modified []controller.ConfigsModified
	s.Devices.Modified.Subscribe("test", func(_ context.Context, e ...controller.ConfigsModified) { modified = append(modified, e...) })

	_, err = s.Templates.Update(ctx, all(), base.ID, func(o *controller.Template) error { o.DefaultValues = `{"ifname":"eth1"}`; return nil })
	require.NoError(t, err)
	require.Len(t, modified, 1, "one event per batch")
	require.Len(t, modified[0].DeviceIDs, devices-1)
	require.Equal(t, controller.ActionTemplateChanged, modified[0].Action)
	for _, d := range list {
		if d == own {
			require.Equal(t, before[d.ID], sum(d), "its own variable decides")
		} else {
			require.NotEqual(t, before[d.ID], sum(d))
		}
	}
	_, err = s.Settings.Update(ctx, all(), s.org.ID, func(o *controller.Settings) error { o.Context = `{"unused":"x"}`; return nil })
	require.NoError(t, err)
	require.Len(t, modified, 1, "an unused variable changes nothing")
	_, err = s.Settings.Update(ctx, all(), s.org.ID, func(o *controller.Settings) error { o.Context = `{"ifname":"eth2"}`; return nil })
	require.NoError(t, err)
	require.Len(t, modified, 2)
	require.Len(t, modified[1].DeviceIDs, devices-1)

	require.NoError(t, s.Templates.Delete(ctx, all(), base.ID))
	for _, d := range list {
		got, err := s.Devices.Get(ctx, all(), d.ID)
		require.NoError(t, err)
		require.Empty(t, got.Config.Templates)
	}
	require.Len(t, modified[2].DeviceIDs, devices)
	require.Equal(t, "template base deleted", modified[2].Cause)
}

func runTwice(t *testing.T, s *services) {
	s.template(t, "base", `{"interfaces":[{"name":"eth0","type":"ethernet"}]}`, asDefault)
	for n := range 5 {
		outcomes := make([]*controller.Registered, 4)
		var wg sync.WaitGroup
		for i := range outcomes {
			wg.Go(func() {
				var err error
				outcomes[i], err = s.Agents.Register(context.Background(), registration(mac(n)))
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		created := 0
		for _, o := range outcomes {
			require.NotNil(t, o)
			require.Equal(t, outcomes[0].Device.ID, o.Device.ID)
			if o.IsNew {
				created++
			}
		}
		require.Equal(t, 1, created)
	}
	counts, err := s.Devices.Counts(context.Background(), all())
	require.NoError(t, err)
	require.Equal(t, 5, counts.Devices)
	require.Equal(t, 5, counts.Statuses[controller.StatusModified])
}

func runLimit(t *testing.T, s *services) {
	ctx := context.Background()
	limit := int64(3)
	_, err := s.Settings.Update(ctx, all(), s.org.ID, func(o *controller.Settings) error { o.DeviceLimit = &limit; return nil })
	require.NoError(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	refused := 0
	for n := range 8 {
		wg.Go(func() {
			_, err := s.Agents.Register(ctx, registration(mac(n)))
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				refused++
				require.ErrorContains(t, err, "The maximum amount of allowed devices has been reached for organization acme.")
			}
		})
	}
	wg.Wait()
	require.Equal(t, 5, refused)
	counts, err := s.Devices.Counts(ctx, all())
	require.NoError(t, err)
	require.Equal(t, 3, counts.Devices)
}

// runRace checks that no configuration is left with the bytes of an old
// template, whatever happens at once.
func runRace(t *testing.T, s *services) {
	ctx := context.Background()
	base := s.template(t, "base", `{"interfaces":[{"name":"eth0","type":"ethernet"}]}`, asDefault)
	var wg sync.WaitGroup
	for worker := range 3 {
		wg.Go(func() {
			for n := range 12 {
				r, err := s.Agents.Register(ctx, registration(mac(worker*100+n)))
				if err != nil {
					t.Error(err)
					return
				}
				_, err = s.Devices.Update(ctx, all(), r.Device.ID, func(d *controller.Detail) error {
					d.Device.Name = fmt.Sprintf("renamed-%d-%d", worker, n)
					return nil
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for n := range 12 {
			_, err := s.Templates.Update(ctx, all(), base.ID, func(o *controller.Template) error {
				o.Config = wispwright.JSON(fmt.Sprintf(`{"interfaces":[{"name":"eth%d","type":"ethernet"}]}`, n+1))
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	items, err := s.Devices.List(ctx, all(), controller.DeviceFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, items.Rows, 36)
	for _, row := range items.Rows {
		d, err := s.Devices.Get(ctx, all(), row.Device.ID)
		require.NoError(t, err)
		p, err := s.Devices.Preview(ctx, all(), controller.PreviewInput{
			Backend: openWrt, Config: d.Config.Config, Context: d.Config.Context, Templates: d.Config.Templates, DeviceID: d.Device.ID,
		})
		require.NoError(t, err)
		require.Contains(t, p.Text, "eth12")
		require.Equal(t, p.Checksum, d.Config.Desired, d.Device.Name)
		sum, err := s.Agents.Checksum(ctx, credentials(d.Device), "")
		require.NoError(t, err)
		require.Equal(t, p.Checksum, sum)
	}
}

func runOrganization(t *testing.T, s *services) {
	ctx := context.Background()
	s.template(t, "base", `{"interfaces":[{"name":"eth0","type":"ethernet"}]}`, asDefault)
	r, err := s.Agents.Register(ctx, registration(mac(1)))
	require.NoError(t, err)
	_, err = s.tenancy.Organizations.Update(ctx, all(), s.org.ID, func(o *tenancy.Organization) error { o.IsActive = false; return nil })
	require.NoError(t, err)
	_, err = s.Agents.Checksum(ctx, credentials(r.Device), "")
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	_, err = s.Agents.Register(ctx, registration(mac(1)))
	require.ErrorIs(t, err, protocol.ErrOrganizationDisabled, "additions: C-12")
	_, err = s.Agents.Register(ctx, registration(mac(9)))
	require.ErrorIs(t, err, protocol.ErrUnrecognizedSecret)
	for _, want := range []int{1, 0} {
		n, err := s.Devices.DeactivateAll(ctx, s.org.ID)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	_, err = s.Devices.Activate(ctx, all(), r.Device.ID)
	require.ErrorContains(t, err, "currently disabled", "additions: C-12")

	_, err = s.tenancy.Organizations.Update(ctx, all(), s.org.ID, func(o *tenancy.Organization) error { o.IsActive = true; return nil })
	require.NoError(t, err)
	_, err = s.Devices.Activate(ctx, all(), r.Device.ID)
	require.NoError(t, err)
	for n := range 250 { // more than go at once
		d := &controller.Detail{Device: &controller.Device{OrganizationID: s.org.ID, Name: fmt.Sprintf("ap%d", n), MACAddress: mac(n + 2)}}
		if n == 0 {
			d.Config = &controller.Config{Backend: openWrt}
		}
		require.NoError(t, s.Devices.Create(ctx, d))
	}
	var batches, templateHooks, templateEvents int
	s.Devices.Deleting.Subscribe("test", func(context.Context, ...*controller.Device) error { batches++; return nil })
	s.Templates.Deleting.Subscribe("test", func(_ context.Context, all ...*controller.Template) error { templateHooks += len(all); return nil })
	s.Templates.Changed.Subscribe("test", func(_ context.Context, all ...entity.Change[controller.Template]) { templateEvents += len(all) })
	require.NoError(t, s.tenancy.Organizations.Delete(ctx, all(), s.org.ID))
	require.Equal(t, []int{2, 1, 1}, []int{batches, templateHooks, templateEvents})
	for kind, want := range map[string]int{"config.device": 251, "config.template": 1} {
		events, err := s.tenancy.Trail.List(ctx, all(), tenancy.EventFilter{Kind: kind, Action: "delete"}, wispwright.Page{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, want, events.Total, kind)
		require.Equal(t, "organization acme deleted", events.Rows[0].Cause)
	}
	devices, err := s.Devices.List(ctx, all(), controller.DeviceFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Empty(t, devices.Rows)
	templates, err := s.Templates.List(ctx, all(), controller.TemplateFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Empty(t, templates.Rows)
	_, err = s.Settings.Get(ctx, all(), s.org.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}
