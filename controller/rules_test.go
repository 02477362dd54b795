package controller_test

import (
	"context"
	"net/netip"
	"strings"
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
	c, err := controller.New(m, controller.NewMemory(m), render.New(nil), ten.Organizations, o)
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

func (w *world) registration(mac string) protocol.Registration {
	return protocol.Registration{
		Secret: w.secret, Name: mac, MACAddress: mac, Backend: openWrt,
		Key:   protocol.ConsistentKey(mac, wispwright.Secret(w.secret)).Reveal(),
		Model: text("TP-Link"), OS: text("OpenWrt 23.05.3"), System: text("MT7621"), Peer: netip.MustParseAddr("127.0.0.1"),
	}
}

func (w *world) template(t testing.TB, name, config string, change func(*controller.Template)) *controller.Template {
	t.Helper()
	o := &controller.Template{OrganizationID: w.org.ID, Name: name, Backend: openWrt, Config: wispwright.JSON(config)}
	if change != nil {
		change(o)
	}
	require.NoError(t, w.Templates.Create(context.Background(), o))
	return o
}

func ethernet(name string) string {
	return `{"interfaces":[{"name":"` + name + `","type":"ethernet"}]}`
}

func asDefault(o *controller.Template)  { o.Default = true }
func asRequired(o *controller.Template) { o.Required = true }

// device stores a device with a configuration.
func (w *world) device(t testing.TB, name, mac string, change func(*controller.Detail)) *controller.Detail {
	t.Helper()
	d := &controller.Detail{
		Device: &controller.Device{OrganizationID: w.org.ID, Name: name, MACAddress: mac},
		Config: &controller.Config{Backend: openWrt},
	}
	if change != nil {
		change(d)
	}
	require.NoError(t, w.Devices.Create(context.Background(), d))
	return d
}

func (w *world) update(d *controller.Detail, change func(*controller.Detail)) (*controller.Detail, error) {
	return w.Devices.Update(context.Background(), wispwright.ScopeAll(), d.Device.ID, func(d *controller.Detail) error { change(d); return nil })
}

func (w *world) get(t testing.TB, id wispwright.ID) *controller.Detail {
	t.Helper()
	d, err := w.Devices.Get(context.Background(), wispwright.ScopeAll(), id)
	require.NoError(t, err)
	return d
}

func credentials(d *controller.Device) protocol.Credentials {
	return protocol.Credentials{ID: d.ID, Key: d.Key.Reveal(), Peer: netip.MustParseAddr("127.0.0.1")}
}

// apply lets a device fetch its configuration and report success.
func (w *world) apply(t testing.TB, d *controller.Device) controller.Status {
	t.Helper()
	ctx := context.Background()
	_, err := w.Agents.Download(ctx, credentials(d), "")
	require.NoError(t, err)
	status, err := w.Agents.ReportStatus(ctx, credentials(d), "applied", "")
	require.NoError(t, err)
	return status
}

// faults are the messages of a validation error by field.
func faults(t testing.TB, err error) map[string][]string {
	t.Helper()
	var v *wispwright.ValidationError
	require.ErrorAs(t, err, &v)
	out := map[string][]string{}
	for _, f := range v.Fields {
		out[f.Path] = f.Messages
	}
	return out
}

func TestFieldsOfADevice(t *testing.T) {
	w := newWorld(t, nil)
	long := func(n int) string { return strings.Repeat("a", n) }
	for name, tt := range map[string]struct {
		change func(*controller.Device)
		want   map[string][]string
	}{
		"fine":            {func(*controller.Device) {}, nil},
		"mac as name":     {func(d *controller.Device) { d.Name = "00:11:22:aa:bb:cc" }, nil},
		"dotted name":     {func(d *controller.Device) { d.Name = "ap-1.example.org" }, nil},
		"dashed mac":      {func(d *controller.Device) { d.MACAddress = "00-11-22-AA-BB-CC" }, nil},
		"empty":           {func(d *controller.Device) { d.Name, d.MACAddress = "", "" }, map[string][]string{"name": {"This field cannot be blank."}, "mac_address": {"This field cannot be blank."}}},
		"space in name":   {func(d *controller.Device) { d.Name = "a b" }, map[string][]string{"name": {"Must be either a valid hostname or mac address."}}},
		"hyphen at end":   {func(d *controller.Device) { d.Name = "ap-" }, map[string][]string{"name": {"Must be either a valid hostname or mac address."}}},
		"two dots":        {func(d *controller.Device) { d.Name = "a..b" }, map[string][]string{"name": {"Must be either a valid hostname or mac address."}}},
		"label too long":  {func(d *controller.Device) { d.Name = long(64) }, map[string][]string{"name": {"Must be either a valid hostname or mac address."}}},
		"name too long":   {func(d *controller.Device) { d.Name = long(60) + "." + long(10) }, map[string][]string{"name": {"Ensure this value has at most 64 characters (it has 71)."}}},
		"bad mac":         {func(d *controller.Device) { d.MACAddress = "zz" }, map[string][]string{"mac_address": {"Must be a valid mac address."}}},
		"bad key":         {func(d *controller.Device) { d.Key = "bad key" }, map[string][]string{"key": {"This value must not contain spaces, dots or slashes.", "This value must not contain spaces, dots or slashes."}}},
		"long model":      {func(d *controller.Device) { d.Model = long(65) }, map[string][]string{"model": {"Ensure this value has at most 64 characters (it has 65)."}}},
		"long os, system": {func(d *controller.Device) { d.OS, d.System = long(129), long(130) }, map[string][]string{"os": {"Ensure this value has at most 128 characters (it has 129)."}, "system": {"Ensure this value has at most 128 characters (it has 130)."}}},
		"a group":         {func(d *controller.Device) { d.GroupID = wispwright.ID{15: 1} }, map[string][]string{"group": {`Invalid pk "00000000-0000-0000-0000-000000000001" - object does not exist.`}}},
		"no such organization": {func(d *controller.Device) { d.OrganizationID = wispwright.ID{15: 1} },
			map[string][]string{"organization": {`Invalid pk "00000000-0000-0000-0000-000000000001" - object does not exist.`}}},
	} {
		t.Run(name, func(t *testing.T) {
			d := &controller.Device{OrganizationID: w.org.ID, Name: "ap1", MACAddress: "00:11:22:aa:bb:cc"}
			tt.change(d)
			err := w.Devices.Create(context.Background(), &controller.Detail{Device: d})
			if tt.want == nil {
				require.NoError(t, err)
				require.Equal(t, strings.ToUpper(d.MACAddress), d.MACAddress)
				require.NoError(t, w.Devices.Delete(context.Background(), wispwright.ScopeAll(), d.ID, true))
				return
			}
			require.Equal(t, tt.want, faults(t, err))
		})
	}
}

func TestDevicesAreUnique(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	beta := w.organization(t, "beta", "betaSecret")
	w.device(t, "ap1", "00:11:22:AA:BB:CC", func(d *controller.Detail) { d.Device.HardwareID, d.Device.Key = "1234", "known" })
	second := &controller.Device{OrganizationID: w.org.ID, Name: "AP1", MACAddress: "00:11:22:aa:bb:cc", HardwareID: "1234", Key: "known"}
	err := w.Devices.Create(ctx, &controller.Detail{Device: second})
	require.Equal(t, map[string][]string{
		"": {"Device with this Name and Organization already exists.", "Device with this Mac address and Organization already exists.",
			"Device with this Serial number and Organization already exists."},
		"key": {"Device with this Key already exists."},
	}, faults(t, err))
	var conflict *wispwright.ConflictError
	require.ErrorAs(t, err, &conflict)
	require.Equal(t, controller.UniqueDeviceMAC, conflict.Unique)

	err = w.Devices.Create(ctx, &controller.Detail{Device: &controller.Device{OrganizationID: w.org.ID, Name: "AP1", MACAddress: "00:11:22:AA:BB:CE"}})
	require.ErrorAs(t, err, &conflict)
	require.Equal(t, controller.UniqueDeviceName, conflict.Unique)

	// another organization knows nothing of it, except of the key
	second.OrganizationID = beta.ID
	require.Equal(t, map[string][]string{"key": {"Device with this Key already exists."}}, faults(t, w.Devices.Create(ctx, &controller.Detail{Device: second})))
	second.Key = ""
	require.NoError(t, w.Devices.Create(ctx, &controller.Detail{Device: second}))
	require.Equal(t, protocol.ConsistentKey("00:11:22:AA:BB:CC", "betaSecret"), second.Key, "made of the stored address")

	_, err = w.update(&controller.Detail{Device: second}, func(d *controller.Detail) { d.Device.OrganizationID = w.org.ID })
	require.ErrorContains(t, err, "Device with this Name and Organization already exists.")
	_, err = w.Devices.Update(ctx, wispwright.ScopeOf(beta.ID), second.ID, func(d *controller.Detail) error { d.Device.OrganizationID = w.org.ID; return nil })
	require.Equal(t, map[string][]string{"organization": {`Invalid pk "` + w.org.ID.String() + `" - object does not exist.`}}, faults(t, err), "not beyond the scope")
	_, err = w.Devices.Update(ctx, wispwright.ScopeOf(w.org.ID), second.ID, func(*controller.Detail) error { return nil })
	require.ErrorIs(t, err, wispwright.ErrNotFound)

	same := newWorld(t, &controller.Options{AllowDuplicateNames: true})
	same.device(t, "ap1", "00:11:22:AA:BB:CC", nil)
	same.device(t, "ap1", "00:11:22:AA:BB:CD", nil)
}

func TestKeys(t *testing.T) {
	for base, want := range map[string]string{
		"00:11:22:AA:BB:CC": "b50699cfa1ab8039287f3727d627c511",
		"00:11:22:aa:bb:cc": "6b6dce28e07b4a8fa556175a0d4abf13",
	} {
		require.Equal(t, want, protocol.ConsistentKey(base, "s3cr3tS3cr3t").Reveal())
	}
	require.Equal(t, "800c605076cad8d777adeadf89a34b8b", protocol.ConsistentKey("1234", "functional_testing_secret").Reveal())

	w := newWorld(t, &controller.Options{HardwareIDEnabled: true})
	d := w.device(t, "ap1", "00:11:22:AA:BB:CC", func(d *controller.Detail) { d.Device.HardwareID = "1234" })
	require.Equal(t, protocol.ConsistentKey("1234", "s3cr3tS3cr3t"), d.Device.Key)
	err := w.Devices.Create(context.Background(), &controller.Detail{Device: &controller.Device{OrganizationID: w.org.ID, Name: "b", MACAddress: "00:11:22:AA:BB:CD"}})
	require.Equal(t, map[string][]string{"hardware_id": {"This field cannot be blank."}}, faults(t, err))
}

func TestDeviceLimit(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	set := func(limit *int64) error {
		_, err := w.Settings.Update(ctx, wispwright.ScopeAll(), w.org.ID, func(s *controller.Settings) error { s.DeviceLimit = limit; return nil })
		return err
	}
	number := func(n int64) *int64 { return &n }
	create := func(mac string) error {
		return w.Devices.Create(ctx, &controller.Detail{Device: &controller.Device{OrganizationID: w.org.ID, Name: mac, MACAddress: mac}})
	}
	require.NoError(t, set(number(1)))
	require.NoError(t, create("00:11:22:AA:BB:01"))
	const full = "The maximum amount of allowed devices has been reached for organization acme."
	require.Equal(t, map[string][]string{"": {full}}, faults(t, create("00:11:22:AA:BB:02")))
	require.NoError(t, set(number(2)))
	require.NoError(t, create("00:11:22:AA:BB:02"))
	low := map[string][]string{"device_limit": {"The specified limit is lower than the amount of devices currently held by this organization. " +
		"Please remove some devices or consider increasing the device limit."}}
	require.Equal(t, low, faults(t, set(number(1))))
	require.Equal(t, low, faults(t, set(nil)))
	require.Error(t, set(number(-1)))
	require.NoError(t, set(number(0)))
	require.NoError(t, create("00:11:22:AA:BB:03"))

	beta := w.organization(t, "beta", "betaSecret")
	_, err := w.Settings.Update(ctx, wispwright.ScopeAll(), beta.ID, func(s *controller.Settings) error { s.DeviceLimit = nil; return nil })
	require.NoError(t, err, "no new devices at all")
	d := w.device(t, "mover", "00:11:22:AA:BB:04", nil)
	_, err = w.update(d, func(d *controller.Detail) { d.Device.OrganizationID = beta.ID })
	require.Equal(t, map[string][]string{"": {strings.Replace(full, "acme", "beta", 1)}}, faults(t, err), "a device that moves counts too")
}

func TestSettings(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	change := func(org wispwright.ID, fn func(*controller.Settings)) (*controller.Settings, error) {
		return w.Settings.Update(ctx, wispwright.ScopeOf(org), org, func(s *controller.Settings) error { fn(s); return nil })
	}
	beta := w.organization(t, "beta", "betaSecret")
	_, err := change(beta.ID, func(s *controller.Settings) { s.SharedSecret = "s3cr3tS3cr3t" })
	require.Contains(t, faults(t, err), "shared_secret")
	_, err = change(beta.ID, func(s *controller.Settings) { s.SharedSecret, s.Context = "with space", `[1]` })
	require.Equal(t, map[string][]string{
		"shared_secret": {"This value must not contain spaces, dots or slashes."}, "context": {"the supplied value is not a JSON object"},
	}, faults(t, err))
	_, err = change(beta.ID, func(s *controller.Settings) { s.SharedSecret = wispwright.Secret(strings.Repeat("x", 33)) })
	require.Error(t, err)
	s, err := change(beta.ID, func(s *controller.Settings) { s.SharedSecret, s.Context = "", "" })
	require.NoError(t, err)
	require.Len(t, s.SharedSecret.Reveal(), 32)
	require.Equal(t, wispwright.JSON("{}"), s.Context)
	_, err = w.Settings.Get(ctx, wispwright.ScopeOf(w.org.ID), beta.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	_, err = w.Settings.Get(ctx, wispwright.ScopeAll(), wispwright.NewID())
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}

// Whoever deletes a device they have read does not delete what others saved of
// it since.
func TestWhatIsExpectedOfADeletedDevice(t *testing.T) {
	w := newWorld(t, nil)
	d := &controller.Device{OrganizationID: w.org.ID, Name: "ap1", MACAddress: "02:00:00:00:00:01"}
	require.NoError(t, w.Devices.Create(t.Context(), &controller.Detail{Device: d}))
	asRead := entity.WithExpectation(t.Context(), d.ID, func(_ context.Context, now *controller.Detail) error {
		if now.Device.Notes != "" {
			return wispwright.ErrForbidden
		}
		return nil
	})
	_, err := w.Devices.Update(t.Context(), wispwright.ScopeAll(), d.ID, func(d *controller.Detail) error { d.Device.Notes = "do not touch"; return nil })
	require.NoError(t, err)
	require.ErrorIs(t, w.Devices.Delete(asRead, wispwright.ScopeAll(), d.ID, true), wispwright.ErrForbidden)
	require.NoError(t, w.Devices.Delete(t.Context(), wispwright.ScopeAll(), d.ID, true))
}
