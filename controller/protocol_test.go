package controller_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

func TestRegistrationIsRefused(t *testing.T) {
	const mac = "00:11:22:AA:BB:CC"
	ctx := context.Background()
	long := strings.Repeat("m", 70)
	for _, tt := range []struct {
		name    string
		options controller.Options
		change  func(w *world, r *protocol.Registration)
		is      error
		message string
	}{
		{name: "switched off", options: controller.Options{DisableRegistration: true},
			change: func(_ *world, r *protocol.Registration) { *r = protocol.Registration{} }, is: protocol.ErrRegistrationDisabled},
		{name: "no secret", change: func(_ *world, r *protocol.Registration) { *r = protocol.Registration{} }, message: `missing required parameter "secret"`},
		{name: "no name", change: func(_ *world, r *protocol.Registration) { r.Name, r.MACAddress = "", "" }, message: `missing required parameter "name"`},
		{name: "no mac", change: func(_ *world, r *protocol.Registration) { r.MACAddress, r.Backend = "", "" }, message: `missing required parameter "mac_address"`},
		{name: "no backend", change: func(_ *world, r *protocol.Registration) { r.Backend, r.Secret = "", "x" }, message: `missing required parameter "backend"`},
		{name: "backend before secret", change: func(_ *world, r *protocol.Registration) { r.Backend, r.Secret = "x", "x" }, is: protocol.ErrWrongBackend},
		{name: "secret", change: func(_ *world, r *protocol.Registration) { r.Secret = "x" }, is: protocol.ErrUnrecognizedSecret},
		{name: "self creation off", options: controller.Options{DisableSelfCreation: true}, change: func(*world, *protocol.Registration) {}, is: protocol.ErrSelfCreation},
		{name: "organization inactive", change: func(w *world, _ *protocol.Registration) {
			_, err := w.tenancy.Organizations.Update(ctx, wispwright.ScopeAll(), w.org.ID, func(o *tenancy.Organization) error { o.IsActive = false; return nil })
			if err != nil {
				panic(err)
			}
		}, is: protocol.ErrUnrecognizedSecret},
		{name: "organization's switch", change: func(w *world, _ *protocol.Registration) {
			_, err := w.Settings.Update(ctx, wispwright.ScopeAll(), w.org.ID, func(s *controller.Settings) error { s.RegistrationEnabled = false; return nil })
			if err != nil {
				panic(err)
			}
		}, is: protocol.ErrRegistrationDisabled},
		{name: "name and mac", change: func(_ *world, r *protocol.Registration) { r.Name, r.MACAddress = "a b", "zz" },
			message: "Must be either a valid hostname or mac address. Must be a valid mac address."},
		{name: "model", change: func(_ *world, r *protocol.Registration) { r.Model = &long }, message: "Ensure this value has at most 64 characters (it has 70)."},
		{name: "management ip", change: func(_ *world, r *protocol.Registration) { r.ManagementIP = "zz" }, message: "Enter a valid IPv4 or IPv6 address."},
		{name: "key", change: func(_ *world, r *protocol.Registration) { r.Key = "bad key" },
			message: "This value must not contain spaces, dots or slashes. This value must not contain spaces, dots or slashes."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, &tt.options)
			r := w.registration(mac)
			tt.change(w, &r)
			_, err := w.Agents.Register(ctx, r)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			} else {
				require.Equal(t, tt.message, messages(t, err))
			}
			counts, err := w.Devices.Counts(ctx, wispwright.ScopeAll())
			require.NoError(t, err)
			require.Zero(t, counts.Devices, "nothing was stored")
		})
	}
}

// messages are what the protocol answers with.
func messages(t *testing.T, err error) string {
	t.Helper()
	var missing *protocol.MissingParameterError
	if errors.As(err, &missing) {
		return missing.Error()
	}
	var v *wispwright.ValidationError
	require.ErrorAs(t, err, &v)
	return strings.Join(v.Messages(), " ")
}

func TestRegistrationOfDevicesThatClash(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	_, err := w.Agents.Register(ctx, w.registration("00:11:22:AA:BB:CC"))
	require.NoError(t, err)
	r := w.registration("00:11:22:AA:BB:CC")
	r.Key, r.Name = "otherkey1", "other"
	_, err = w.Agents.Register(ctx, r)
	require.Equal(t, "Device with this Mac address and Organization already exists.", messages(t, err))
	r.Key, r.Name, r.MACAddress = "otherkey2", "00:11:22:aa:bb:cc", "00:11:22:AA:BB:CD"
	_, err = w.Agents.Register(ctx, r)
	require.Equal(t, "Device with this Name and Organization already exists.", messages(t, err))
	r.MACAddress = "00:11:22:aa:bb:cc"
	_, err = w.Agents.Register(ctx, r)
	require.Equal(t, "Device with this Name and Organization already exists. Device with this Mac address and Organization already exists.", messages(t, err))

	// the key that follows from the MAC address was not sent: it is no reason
	r.Key, r.Name, r.MACAddress = "", "other", "00:11:22:AA:BB:CC"
	_, err = w.Agents.Register(ctx, r)
	require.Equal(t, "Device with this Mac address and Organization already exists.", messages(t, err))
}

func TestRegistrationOfNewDevices(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	beta := w.organization(t, "beta", "betaSecret")
	base := w.template(t, "base", ethernet("eth0"), asDefault)
	w.template(t, "legacy", ethernet("eth0"), func(o *controller.Template) { o.Default, o.Backend = true, "netjsonconfig.OpenWisp" })
	tagged := func(name, tag string, change func(*controller.Template)) *controller.Template {
		return w.template(t, name, ethernet(name), func(o *controller.Template) {
			o.Tags = []string{tag}
			if change != nil {
				change(o)
			}
		})
	}
	mesh := tagged("mesh", "mesh", nil)
	shared := tagged("all", "roof", func(o *controller.Template) { o.OrganizationID = wispwright.ID{} })
	tagged("foreign", "mesh", func(o *controller.Template) { o.OrganizationID = beta.ID })
	tagged("old", "mesh", func(o *controller.Template) { o.Backend = "netjsonconfig.OpenWisp" })
	var modified, registered int
	w.Devices.Modified.Subscribe("test", func(context.Context, ...controller.ConfigsModified) { modified++ })
	w.Agents.Registered.Subscribe("test", func(_ context.Context, e ...controller.Registered) { registered += len(e) })

	r := w.registration("00:11:22:aa:bb:cc")
	r.ManagementIP, r.Tags = "10.8.0.5", "roof unknown  mesh"
	out, err := w.Agents.Register(ctx, r)
	require.NoError(t, err)
	d := w.get(t, out.Device.ID)
	require.Equal(t, "00:11:22:aa:bb:cc", d.Device.Name, "as the device wrote it")
	require.Equal(t, "00:11:22:AA:BB:CC", d.Device.MACAddress)
	require.Equal(t, "6b6dce28e07b4a8fa556175a0d4abf13", d.Device.Key.Reveal())
	require.Equal(t, "10.8.0.5", d.Device.ManagementIP.String())
	require.Equal(t, "127.0.0.1", d.Device.LastIP.String())
	require.Empty(t, d.Device.HardwareID)
	require.Equal(t, []wispwright.ID{base.ID, shared.ID, mesh.ID}, d.Config.Templates)
	require.Equal(t, controller.StatusModified, d.Config.Status)
	require.Zero(t, modified)
	require.Equal(t, 1, registered)

	t.Run("again", func(t *testing.T) {
		again := w.registration("00:11:22:aa:bb:cc")
		again.Model, again.System, again.OS = text("New model"), text(""), nil
		again.Name, again.MACAddress, again.ManagementIP, again.Peer = "renamed", "00:00:00:00:00:01", "10.8.0.9", netip.MustParseAddr("192.0.2.7")
		out, err := w.Agents.Register(ctx, again)
		require.NoError(t, err)
		require.False(t, out.IsNew)
		d := w.get(t, out.Device.ID)
		require.Equal(t, []string{"renamed", "00:11:22:AA:BB:CC", "New model", "OpenWrt 23.05.3", "", "10.8.0.5", "192.0.2.7"},
			[]string{d.Device.Name, d.Device.MACAddress, d.Device.Model, d.Device.OS, d.Device.System, d.Device.ManagementIP.String(), d.Device.LastIP.String()})
		require.Len(t, d.Config.Templates, 3)
		require.Zero(t, modified, "nothing of its configuration changed")
	})
	t.Run("tags of a known device", func(t *testing.T) {
		plain, err := w.Agents.Register(ctx, w.registration("00:11:22:AA:BB:01"))
		require.NoError(t, err)
		again := w.registration("00:11:22:AA:BB:01")
		again.Tags = "mesh"
		_, err = w.Agents.Register(ctx, again)
		require.NoError(t, err)
		require.Equal(t, []wispwright.ID{base.ID, mesh.ID}, w.get(t, plain.Device.ID).Config.Templates)
		require.Equal(t, 1, modified)
	})
	t.Run("known without configuration", func(t *testing.T) {
		bare := &controller.Device{OrganizationID: w.org.ID, Name: "bare", MACAddress: "00:11:22:AA:BB:02"}
		require.NoError(t, w.Devices.Create(ctx, &controller.Detail{Device: bare}))
		_, err := w.Agents.Checksum(ctx, credentials(bare), "")
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		out, err := w.Agents.Register(ctx, w.registration("00:11:22:AA:BB:02"))
		require.NoError(t, err)
		require.False(t, out.IsNew)
		require.Equal(t, []wispwright.ID{base.ID}, w.get(t, bare.ID).Config.Templates)
		_, err = w.Agents.Checksum(ctx, credentials(bare), "")
		require.NoError(t, err)
	})
	t.Run("without a key", func(t *testing.T) {
		r := w.registration("00:11:22:aa:bb:03")
		r.Key = ""
		out, err := w.Agents.Register(ctx, r)
		require.NoError(t, err)
		require.Equal(t, protocol.ConsistentKey("00:11:22:AA:BB:03", "s3cr3tS3cr3t"), out.Device.Key)
	})
	t.Run("a default template that does not fit leaves no device", func(t *testing.T) {
		w.template(t, "variable", `{"interfaces":[{"name":"{{ name }}","type":"ethernet"}]}`, func(o *controller.Template) { o.Default, o.DefaultValues = true, `{"name":"eth0"}` })
		before, err := w.Devices.Counts(ctx, wispwright.ScopeAll())
		require.NoError(t, err)
		_, err = w.Agents.Register(ctx, w.registration("00:11:22:AA:BB:04")) // no name of an interface
		require.Error(t, err)
		after, err := w.Devices.Counts(ctx, wispwright.ScopeAll())
		require.NoError(t, err)
		require.Equal(t, before, after)
	})
}

func TestRegistrationWithOtherKeys(t *testing.T) {
	ctx := context.Background()
	random := newWorld(t, &controller.Options{RandomKeys: true})
	first, err := random.Agents.Register(ctx, random.registration("00:11:22:AA:BB:CC"))
	require.NoError(t, err)
	require.Len(t, first.Device.Key.Reveal(), 32)
	require.NotEqual(t, random.registration("00:11:22:AA:BB:CC").Key, first.Device.Key.Reveal())
	_, err = random.Agents.Register(ctx, random.registration("00:11:22:AA:BB:CC"))
	require.Contains(t, messages(t, err), "already exists", "it is not recognised")

	refusing := newWorld(t, &controller.Options{RefuseKnown: true})
	refusing.device(t, "ap1", "00:11:22:AA:BB:CC", func(d *controller.Detail) { d.Device.Key = "old" })
	_, err = refusing.Agents.Register(ctx, refusing.registration("00:11:22:AA:BB:CC"))
	require.Contains(t, messages(t, err), "already exists")
}

// TestAResetDeviceComesBack: its organization's secret was changed meanwhile,
// so that it computes another key than it had.
func TestAResetDeviceComesBack(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, &controller.Options{DisableSelfCreation: true})
	known := w.device(t, "ap1", "00:11:22:AA:BB:CC", func(d *controller.Detail) { d.Device.HardwareID, d.Device.Key = "1234", "old" })
	r := w.registration("00:11:22:aa:bb:cc")
	r.Key = "made up"
	_, err := w.Agents.Register(ctx, r)
	require.ErrorIs(t, err, protocol.ErrSelfCreation, "a made-up key opens nothing")

	secret := wispwright.Secret(r.Secret)
	r.Key = protocol.ConsistentKey(r.MACAddress, secret).Reveal()
	out, err := w.Agents.Register(ctx, r)
	require.NoError(t, err)
	require.False(t, out.IsNew)
	require.Equal(t, known.Device.ID, out.Device.ID)
	require.Equal(t, r.Key, out.Device.Key.Reveal())
	_, err = w.Agents.Checksum(ctx, credentials(known.Device), "")
	require.ErrorIs(t, err, protocol.ErrWrongKey, "the old key opens nothing any more")

	r.MACAddress, r.HardwareID = "00:11:22:AA:BB:CD", "1234" // its network card was replaced
	r.Key = protocol.ConsistentKey("1234", secret).Reveal()
	out, err = w.Agents.Register(ctx, r)
	require.NoError(t, err)
	require.Equal(t, known.Device.ID, out.Device.ID)

	w.organization(t, "beta", "betaSecret")
	r.Secret = "betaSecret"
	r.Key = protocol.ConsistentKey("1234", "betaSecret").Reveal()
	_, err = w.Agents.Register(ctx, r)
	require.ErrorIs(t, err, protocol.ErrSelfCreation, "another organization's secret opens nothing")
}

func TestCredentials(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	d := w.device(t, "ap1", "00:11:22:AA:BB:CC", nil)
	a := credentials(d.Device)
	ask := func(a protocol.Credentials) []error {
		_, sum := w.Agents.Checksum(ctx, a, "")
		_, download := w.Agents.Download(ctx, a, "")
		_, report := w.Agents.ReportStatus(ctx, a, "applied", "")
		return []error{sum, download, report, w.Agents.UpdateInfo(ctx, a, "", "", "")}
	}
	for name, tt := range map[string]struct {
		a    protocol.Credentials
		want error
	}{
		"fine":        {a, nil},
		"no key":      {protocol.Credentials{ID: a.ID}, protocol.ErrMissingKey},
		"wrong key":   {protocol.Credentials{ID: a.ID, Key: "bad"}, protocol.ErrWrongKey},
		"unknown":     {protocol.Credentials{ID: wispwright.ID{15: 1}}, wispwright.ErrNotFound},
		"unknown too": {protocol.Credentials{ID: wispwright.ID{15: 1}, Key: a.Key}, wispwright.ErrNotFound},
	} {
		for _, err := range ask(tt.a) {
			if tt.want == nil {
				require.NoError(t, err, name)
			} else {
				require.ErrorIs(t, err, tt.want, name)
			}
		}
	}
	_, err := w.tenancy.Organizations.Update(ctx, wispwright.ScopeAll(), w.org.ID, func(o *tenancy.Organization) error { o.IsActive = false; return nil })
	require.NoError(t, err)
	for _, err := range ask(a) {
		require.ErrorIs(t, err, wispwright.ErrNotFound, "the organization is inactive, also for what is remembered")
	}
}

func TestReports(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	d := w.device(t, "ap1", "00:11:22:AA:BB:CC", nil)
	var told []controller.StatusChange
	w.Devices.StatusChanged.Subscribe("test", func(_ context.Context, e ...controller.StatusChange) { told = append(told, e...) })
	report := func(status, reason string) (controller.Status, error) {
		return w.Agents.ReportStatus(ctx, credentials(d.Device), status, reason)
	}
	for _, tt := range []struct {
		status, reason string
		want           controller.Status
		stored         string
	}{
		{"applied", "ignored", controller.StatusApplied, ""},
		{"applied", "", controller.StatusApplied, ""},
		{"running", "", controller.StatusApplied, ""},
		{"error", "boom", controller.StatusError, "boom"},
		{"error", "", controller.StatusError, "Reason not reported by the device."},
		{"error", strings.Repeat("ä", 1024), controller.StatusError, strings.Repeat("ä", 1024)},
		{"error", strings.Repeat("ä", 1025), controller.StatusError, strings.Repeat("ä", 1012) + "\n[truncated]"},
		{"applied", "", controller.StatusApplied, ""},
	} {
		told = nil
		got, err := report(tt.status, tt.reason)
		require.NoError(t, err)
		require.Equal(t, tt.want, got)
		config := w.get(t, d.Device.ID).Config
		require.Equal(t, tt.want, config.Status)
		require.Equal(t, tt.stored, config.ErrorReason)
		require.Len(t, told, 1, "every report is told of")
		require.Equal(t, tt.want, told[0].After)
	}
	_, err := report("", "")
	require.Equal(t, `missing required parameter "status"`, messages(t, err))
	for _, wrong := range []string{"bogus", "modified", "deactivated", "deactivating", "Applied"} {
		_, err = report(wrong, "")
		require.ErrorIs(t, err, protocol.ErrWrongStatus, wrong)
	}
	t.Run("of something older than what is wanted", func(t *testing.T) {
		require.Equal(t, controller.StatusApplied, w.apply(t, d.Device))
		_, err := w.update(d, func(d *controller.Detail) { d.Config.Config = `{"general":{"timezone":"UTC"}}` })
		require.NoError(t, err)
		got, err := report("applied", "")
		require.NoError(t, err)
		require.Equal(t, controller.StatusModified, got, "it will fetch the new one")
		require.Equal(t, controller.StatusApplied, w.apply(t, d.Device))
	})
}

func TestAddresses(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, nil)
	beta := w.organization(t, "beta", "betaSecret")
	a := w.device(t, "ap-a", "00:11:22:AA:BB:01", nil)
	b := w.device(t, "ap-b", "00:11:22:AA:BB:02", nil)
	c := w.device(t, "ap-c", "00:11:22:AA:BB:03", func(d *controller.Detail) { d.Device.OrganizationID = beta.ID })
	poll := func(w *world, d *controller.Detail, peer, management string) {
		t.Helper()
		_, err := w.Agents.Checksum(ctx, protocol.Credentials{ID: d.Device.ID, Key: d.Device.Key.Reveal(), Peer: netip.MustParseAddr(peer)}, management)
		require.NoError(t, err)
	}
	addresses := func(w *world, d *controller.Detail) [2]string {
		got := w.get(t, d.Device.ID).Device
		out := [2]string{}
		for i, a := range []netip.Addr{got.LastIP, got.ManagementIP} {
			if a.IsValid() {
				out[i] = a.String()
			}
		}
		return out
	}
	poll(w, a, "10.0.0.1", "10.8.0.1")
	require.Equal(t, [2]string{"10.0.0.1", "10.8.0.1"}, addresses(w, a))
	poll(w, a, "10.0.0.1", "garbage")
	require.Equal(t, [2]string{"10.0.0.1", "10.8.0.1"}, addresses(w, a), "what is no address is ignored")
	poll(w, a, "::ffff:10.0.0.1", "10.8.0.1")
	require.Equal(t, [2]string{"10.0.0.1", "10.8.0.1"}, addresses(w, a), "the same address in another spelling")
	poll(w, a, "10.0.0.1", "")
	require.Equal(t, [2]string{"10.0.0.1", ""}, addresses(w, a), "left out means gone")
	poll(w, a, "10.0.0.1", "10.8.0.1")

	poll(w, b, "10.0.0.1", "10.8.0.1")
	require.Equal(t, [2]string{"", ""}, addresses(w, a), "a private address belongs to one device")
	poll(w, a, "10.0.0.1", "10.8.0.1")
	require.Equal(t, [2]string{"10.0.0.1", "10.8.0.1"}, addresses(w, a), "what was taken is noticed at the next poll")
	require.Equal(t, [2]string{"", ""}, addresses(w, b))
	poll(w, a, "8.8.8.8", "10.8.0.1")
	poll(w, b, "8.8.8.8", "10.8.0.2")
	require.Equal(t, [2]string{"8.8.8.8", "10.8.0.1"}, addresses(w, a), "a public one may stand for many")
	poll(w, c, "9.9.9.9", "10.8.0.1")
	require.Equal(t, [2]string{"8.8.8.8", ""}, addresses(w, a), "over all organizations")

	apart := newWorld(t, &controller.Options{SeparateManagementNetworks: true})
	beta = apart.organization(t, "beta", "betaSecret")
	a = apart.device(t, "ap-a", "00:11:22:AA:BB:01", nil)
	c = apart.device(t, "ap-c", "00:11:22:AA:BB:03", func(d *controller.Detail) { d.Device.OrganizationID = beta.ID })
	poll(apart, a, "10.0.0.1", "10.8.0.1")
	poll(apart, c, "10.0.0.1", "10.8.0.1")
	require.Equal(t, [2]string{"10.0.0.1", "10.8.0.1"}, addresses(apart, a))

	loop := newWorld(t, nil)
	a, b = loop.device(t, "ap-a", "00:11:22:AA:BB:01", nil), loop.device(t, "ap-b", "00:11:22:AA:BB:02", nil)
	poll(loop, a, "127.0.0.1", "")
	poll(loop, b, "127.0.0.1", "")
	require.Equal(t, [2]string{"127.0.0.1", ""}, addresses(loop, a), "a proxy on this host speaks for many")
}

func TestUpdateInfo(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	w.template(t, "base", `{"interfaces":[{"name":"br","type":"bridge","bridge_members":["eth0"]}]}`, asDefault)
	r, err := w.Agents.Register(ctx, w.registration("00:11:22:AA:BB:CC"))
	require.NoError(t, err)
	a := credentials(r.Device)
	info := func(os, model, system string) error { return w.Agents.UpdateInfo(ctx, a, os, model, system) }
	require.NoError(t, info("", "", ""))
	require.NoError(t, info("OpenWrt 23.05.4", "Archer", "ath79"))
	d := w.get(t, r.Device.ID)
	require.Equal(t, []string{"OpenWrt 23.05.4", "Archer", "ath79"}, []string{d.Device.OS, d.Device.Model, d.Device.System})
	err = info(strings.Repeat("o", 129), strings.Repeat("m", 65), "")
	require.Equal(t, map[string][]string{
		"model": {"Ensure this value has at most 64 characters (it has 65)."}, "os": {"Ensure this value has at most 128 characters (it has 129)."},
	}, faults(t, err))
	require.Equal(t, controller.StatusApplied, w.apply(t, r.Device))
	require.NoError(t, info("OpenWrt 19.07.10", "", ""))
	after := w.get(t, r.Device.ID)
	require.NotEqual(t, d.Config.Desired, after.Config.Desired, "older syntax")
	require.Equal(t, controller.StatusModified, after.Config.Status)
}

func TestDeactivation(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	base := w.template(t, "base", ethernet("eth0"), asRequired)
	d := w.device(t, "ap1", "00:11:22:AA:BB:CC", func(d *controller.Detail) {
		d.Config.Config, d.Config.Context = `{"general":{"timezone":"UTC"}}`, `{"a":"b"}`
		d.Device.ManagementIP = netip.MustParseAddr("10.8.0.1")
	})
	w.apply(t, d.Device)
	a := credentials(d.Device)
	all := wispwright.ScopeAll()
	require.ErrorContains(t, w.Devices.Delete(ctx, all, d.Device.ID, false), "The device must be deactivated prior to deletion")
	_, err := w.Devices.Activate(ctx, all, d.Device.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	_, err = w.Devices.Deactivate(ctx, wispwright.Scope{}, d.Device.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)

	off, err := w.Devices.Deactivate(ctx, all, d.Device.ID)
	require.NoError(t, err)
	require.True(t, off.Device.IsDeactivated)
	require.Equal(t, controller.StatusDeactivating, off.Config.Status)
	require.Empty(t, off.Config.Templates, "required ones too")
	require.Equal(t, wispwright.JSON("{}"), off.Config.Config)
	require.Equal(t, wispwright.JSON(`{"a":"b"}`), off.Config.Context)
	require.NotEqual(t, d.Config.Desired, off.Config.Desired)
	_, err = w.Devices.Deactivate(ctx, all, d.Device.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	_, err = w.update(d, func(d *controller.Detail) { d.Device.Notes = "x" })
	require.ErrorIs(t, err, wispwright.ErrForbidden)
	require.ErrorIs(t, w.Devices.Delete(ctx, all, d.Device.ID, false), wispwright.ErrForbidden, "it is still removing its configuration")
	_, err = w.Templates.Update(ctx, all, base.ID, func(o *controller.Template) error { o.Config = wispwright.JSON(ethernet("eth9")); return nil })
	require.NoError(t, err)

	_, err = w.Agents.Checksum(ctx, a, "10.8.0.1")
	require.NoError(t, err)
	status, err := w.Agents.ReportStatus(ctx, a, "error", "whatever it says")
	require.NoError(t, err)
	require.Equal(t, controller.StatusDeactivated, status)
	require.False(t, w.get(t, d.Device.ID).Device.ManagementIP.IsValid())
	for _, err := range []error{w.Agents.UpdateInfo(ctx, a, "", "", "")} {
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	}
	r := w.registration("00:11:22:AA:BB:CC")
	r.Key, r.Model = d.Device.Key.Reveal(), text("after reset")
	before := w.get(t, d.Device.ID)
	_, err = w.Agents.Register(ctx, r)
	require.ErrorIs(t, err, protocol.ErrDeactivated)
	require.Equal(t, before, w.get(t, d.Device.ID), "nothing of it changed")
	require.Equal(t, controller.StatusDeactivated, w.get(t, d.Device.ID).Config.Status)

	on, err := w.Devices.Activate(ctx, all, d.Device.ID)
	require.NoError(t, err)
	require.Equal(t, controller.StatusModified, on.Config.Status)
	require.Equal(t, []wispwright.ID{base.ID}, on.Config.Templates)
	require.Equal(t, wispwright.JSON("{}"), on.Config.Config)
	_, err = w.Agents.Checksum(ctx, a, "")
	require.NoError(t, err)

	t.Run("with nothing to remove", func(t *testing.T) {
		w := newWorld(t, nil)
		d := w.device(t, "ap1", "00:11:22:AA:BB:CC", func(d *controller.Detail) { d.Device.ManagementIP = netip.MustParseAddr("10.8.0.1") })
		off, err := w.Devices.Deactivate(ctx, all, d.Device.ID)
		require.NoError(t, err)
		require.Equal(t, controller.StatusDeactivated, off.Config.Status)
		require.False(t, off.Device.ManagementIP.IsValid())
		on, err := w.Devices.Activate(ctx, all, d.Device.ID)
		require.NoError(t, err)
		require.Equal(t, controller.StatusApplied, on.Config.Status)
		_, err = w.Devices.Deactivate(ctx, all, d.Device.ID)
		require.NoError(t, err)
		require.NoError(t, w.Devices.Delete(ctx, all, d.Device.ID, false))
	})
	t.Run("without configuration", func(t *testing.T) {
		w := newWorld(t, nil)
		bare := &controller.Device{OrganizationID: w.org.ID, Name: "bare", MACAddress: "00:11:22:AA:BB:02", ManagementIP: netip.MustParseAddr("10.8.0.1")}
		require.NoError(t, w.Devices.Create(ctx, &controller.Detail{Device: bare}))
		off, err := w.Devices.Deactivate(ctx, all, bare.ID)
		require.NoError(t, err)
		require.Nil(t, off.Config)
		require.False(t, off.Device.ManagementIP.IsValid())
		require.NoError(t, w.Devices.Delete(ctx, all, bare.ID, false))
	})
}

// counting counts the reads of a storage.
type counting struct {
	controller.DeviceStore
	polls int
}

func (c *counting) Poll(ctx context.Context, id wispwright.ID) (*controller.Poll, error) {
	c.polls++
	return c.DeviceStore.Poll(ctx, id)
}

// bus carries notifications between controllers in one process.
type bus struct{ listeners []func(string) }

func (b *bus) Notify(ctx context.Context, _, payload string) error {
	wispwright.AfterCommit(ctx, func() {
		for _, fn := range b.listeners {
			fn(payload)
		}
	})
	return nil
}

func (b *bus) Listen(_ context.Context, _ string, fn func(string)) error {
	b.listeners = append(b.listeners, fn)
	return nil
}

// TestWhatIsRemembered runs two nodes over one storage.
func TestWhatIsRemembered(t *testing.T) {
	ctx := context.Background()
	all := wispwright.ScopeAll()
	m, tenants := tenancy.NewMemory()
	now := time.Now()
	wire := &bus{}
	ten, err := tenancy.New(m, tenants, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
	require.NoError(t, err)
	stores := controller.NewMemory(m)
	node := func() (*controller.Controller, *counting) {
		own := stores
		c := &counting{DeviceStore: stores.Devices}
		own.Devices = c
		out, err := controller.New(m, own, render.New(nil), ten.Organizations, &controller.Options{
			Bus: wire, CacheFor: time.Minute, Clock: func() time.Time { return now },
		})
		require.NoError(t, err)
		require.NoError(t, out.Start(ctx))
		return out, c
	}
	one, reads := node()
	two, otherReads := node()
	one.Attach(ten.Organizations)
	org := &tenancy.Organization{Name: "acme", IsActive: true}
	require.NoError(t, ten.Organizations.Create(ctx, org))
	o := &controller.Template{OrganizationID: org.ID, Name: "base", Backend: openWrt, Default: true, Config: wispwright.JSON(ethernet("eth0"))}
	require.NoError(t, one.Templates.Create(ctx, o))
	d := &controller.Detail{Device: &controller.Device{OrganizationID: org.ID, Name: "ap1", MACAddress: "00:11:22:AA:BB:CC"}, Config: &controller.Config{Backend: openWrt}}
	require.NoError(t, one.Devices.Create(ctx, d))
	a := credentials(d.Device)
	sum := func(c *controller.Controller) string {
		t.Helper()
		out, err := c.Agents.Checksum(ctx, a, "")
		require.NoError(t, err)
		return out
	}
	sum(one) // notes the address
	for range 3 {
		require.Equal(t, sum(one), sum(two))
	}
	warm := func(what string) {
		t.Helper()
		_, err := one.Agents.Download(ctx, a, "") // as a device does that runs something else
		require.NoError(t, err)
		for range 3 { // until the other node has looked whether it was fetched
			require.Equal(t, sum(one), sum(two))
		}
		reads.polls, otherReads.polls = 0, 0
		for range 3 {
			require.Equal(t, sum(one), sum(two), what)
		}
		require.Zero(t, reads.polls+otherReads.polls, what)
	}
	warm("nothing changed")
	step := func(what string, change func() error) {
		t.Helper()
		before := sum(two)
		require.NoError(t, change(), what)
		reads.polls, otherReads.polls = 0, 0
		require.NotEqual(t, before, sum(one), what)
		require.NotEqual(t, before, sum(two), what)
		require.LessOrEqual(t, reads.polls, 1, what)
		require.LessOrEqual(t, otherReads.polls, 1, what)
		warm(what)
	}
	step("configuration", func() error {
		_, err := one.Devices.Update(ctx, all, d.Device.ID, func(d *controller.Detail) error { d.Config.Config = `{"general":{"timezone":"UTC"}}`; return nil })
		return err
	})
	step("template", func() error {
		_, err := one.Templates.Update(ctx, all, o.ID, func(o *controller.Template) error { o.Config = `{"general":{"description":"{{ x }}"}}`; return nil })
		return err
	})
	step("variables", func() error {
		_, err := one.Settings.Update(ctx, all, org.ID, func(s *controller.Settings) error { s.Context = `{"x":"eth7"}`; return nil })
		return err
	})
	step("name", func() error {
		_, err := one.Devices.Update(ctx, all, d.Device.ID, func(d *controller.Detail) error { d.Device.Name = "ap2"; return nil })
		return err
	})
	// what was changed behind the back is noticed when what is remembered is old
	_, err = stores.Configs.Update(ctx, all, d.Device.ID, func(c *controller.Config) error { c.Desired = "other"; return nil })
	require.NoError(t, err)
	require.NotEqual(t, "other", sum(one))
	now = now.Add(time.Minute + time.Second)
	require.Equal(t, "other", sum(one))
	wire.listeners[1]("something nobody understands")
	require.Equal(t, "other", sum(two))
	require.NoError(t, one.Devices.Delete(ctx, all, d.Device.ID, true))
	for _, c := range []*controller.Controller{one, two} {
		_, err = c.Agents.Checksum(ctx, a, "")
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	}
}

// TestRendererThatChanges: an upgrade writes other bytes than the stored
// checksums were made of.
func TestRendererThatChanges(t *testing.T) {
	ctx := context.Background()
	m, tenants := tenancy.NewMemory()
	ten, err := tenancy.New(m, tenants, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
	require.NoError(t, err)
	stores := controller.NewMemory(m)
	old, d := startOn(t, m, stores, ten, render.New(nil))
	before, err := old.Agents.Checksum(ctx, credentials(d.Device), "")
	require.NoError(t, err)
	after, err := controller.New(m, stores, trailer{render.New(nil)}, ten.Organizations, nil)
	require.NoError(t, err)
	sum, err := after.Agents.Checksum(ctx, credentials(d.Device), "")
	require.NoError(t, err)
	require.Equal(t, before, sum, "devices that run it are left in peace")
	archive, err := after.Agents.Download(ctx, credentials(d.Device), "")
	require.NoError(t, err)
	require.NotEqual(t, before, archive.Checksum)
	sum, err = after.Agents.Checksum(ctx, credentials(d.Device), "")
	require.NoError(t, err)
	require.Equal(t, archive.Checksum, sum, "the next question is answered with what is served")
}

func startOn(t *testing.T, m *memstore.Store, stores controller.Stores, ten *tenancy.Tenancy, r render.Renderer) (*controller.Controller, *controller.Detail) {
	t.Helper()
	ctx := context.Background()
	c, err := controller.New(m, stores, r, ten.Organizations, nil)
	require.NoError(t, err)
	c.Attach(ten.Organizations)
	org := &tenancy.Organization{Name: "acme", IsActive: true}
	require.NoError(t, ten.Organizations.Create(ctx, org))
	d := &controller.Detail{Device: &controller.Device{OrganizationID: org.ID, Name: "ap1", MACAddress: "00:11:22:AA:BB:CC"}, Config: &controller.Config{Backend: openWrt}}
	require.NoError(t, c.Devices.Create(ctx, d))
	return c, d
}

// trailer is a renderer whose archives end differently.
type trailer struct{ render.Renderer }

func (r trailer) Archive(ctx context.Context, in render.Input) ([]byte, error) {
	b, err := r.Renderer.Archive(ctx, in)
	return append(b, 0), err
}

func TestTextThatNoDatabaseTakes(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	d := w.device(t, "ap1", "00:11:22:AA:BB:CC", nil)
	_, err := w.Agents.ReportStatus(ctx, credentials(d.Device), "error", "a\x00b\xffc")
	require.NoError(t, err)
	require.Equal(t, "ab\uFFFDc", w.get(t, d.Device.ID).Config.ErrorReason)
	err = w.Agents.UpdateInfo(ctx, credentials(d.Device), "a\x00", "b\xff", "")
	require.Equal(t, map[string][]string{"os": {"Null characters are not allowed."}, "model": {"This value is not valid UTF-8."}}, faults(t, err))
	for _, change := range []func(*controller.Config){
		func(c *controller.Config) { c.Config = "{\"general\":{\"x\":\"\xff\"}}" },
		func(c *controller.Config) { c.Context = "{\"x\":\"\xff\"}" },
	} {
		_, err = w.update(d, func(d *controller.Detail) { change(d.Config) })
		require.Contains(t, faults(t, err), "config")
	}
}

func TestRequests(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	d := w.device(t, "ap1", "00:11:22:AA:BB:CC", nil)
	var told []protocol.Requested
	w.Agents.Requested.Subscribe("test", func(_ context.Context, e ...protocol.Requested) { told = append(told, e...) })
	_, err := w.Agents.Checksum(ctx, credentials(d.Device), "")
	require.NoError(t, err)
	_, err = w.Agents.Download(ctx, credentials(d.Device), "")
	require.NoError(t, err)
	_, err = w.Agents.Checksum(ctx, protocol.Credentials{ID: d.Device.ID, Key: "bad"}, "")
	require.Error(t, err)
	require.Equal(t, []protocol.Requested{
		{DeviceID: d.Device.ID, OrganizationID: w.org.ID}, {DeviceID: d.Device.ID, OrganizationID: w.org.ID, Download: true},
	}, told)
}

// TestDeletedOnANodeThatHearsNothing: what another node may still answer is
// bounded even when no notification arrives.
func TestDeletedOnANodeThatHearsNothing(t *testing.T) {
	ctx := context.Background()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	m, tenants := tenancy.NewMemory()
	ten, err := tenancy.New(m, tenants, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
	require.NoError(t, err)
	stores := controller.NewMemory(m)
	node := func() *controller.Controller {
		c, err := controller.New(m, stores, render.New(nil), ten.Organizations, &controller.Options{Clock: func() time.Time { return now }})
		require.NoError(t, err)
		return c
	}
	one, deaf := node(), node()
	one.Attach(ten.Organizations)
	org := &tenancy.Organization{Name: "acme", IsActive: true}
	require.NoError(t, ten.Organizations.Create(ctx, org))
	d := &controller.Detail{Device: &controller.Device{OrganizationID: org.ID, Name: "ap1", MACAddress: "00:11:22:AA:BB:CC"}, Config: &controller.Config{Backend: openWrt}}
	require.NoError(t, one.Devices.Create(ctx, d))
	ask := func(c *controller.Controller) error {
		_, err := c.Agents.Checksum(ctx, credentials(d.Device), "")
		return err
	}
	require.NoError(t, ask(one))
	require.NoError(t, ask(deaf))
	require.NoError(t, one.Devices.Delete(ctx, wispwright.ScopeAll(), d.Device.ID, true))
	require.ErrorIs(t, ask(one), wispwright.ErrNotFound)
	now = now.Add(10*time.Second + 1)
	require.ErrorIs(t, ask(deaf), wispwright.ErrNotFound)
}

func TestDeactivatedDevicesAreAccepted(t *testing.T) {
	w := newWorld(t, &controller.Options{AcceptDeactivated: true})
	ctx := context.Background()
	r, err := w.Agents.Register(ctx, w.registration("00:11:22:aa:bb:cc"))
	require.NoError(t, err)
	_, err = w.Devices.Deactivate(ctx, wispwright.ScopeAll(), r.Device.ID)
	require.NoError(t, err)
	again := w.registration("00:11:22:aa:bb:cc")
	again.Model = text("after reset")
	out, err := w.Agents.Register(ctx, again)
	require.NoError(t, err)
	require.False(t, out.IsNew)
	require.Equal(t, "after reset", w.get(t, r.Device.ID).Device.Model)
	require.ErrorIs(t, w.Agents.UpdateInfo(ctx, credentials(r.Device), "", "", ""), wispwright.ErrNotFound)
}
