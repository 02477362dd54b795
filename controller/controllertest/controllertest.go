// Package controllertest checks that a storage keeps everything the concern
// controller relies on. Any implementation of its stores must pass Run.
package controllertest

import (
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/tenancy"
)

// Storage is what a Harness makes: empty stores of the concern and of tenancy,
// and the transactor all belong to.
type Storage struct {
	// Tx is the transactor.
	Tx wispwright.Transactor
	// Stores are the concern's.
	Stores controller.Stores
	// Tenancy are those of tenancy.
	Tenancy tenancy.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
// The concern's stores it leaves out are not tested; of tenancy the organizations
// are always needed.
type Harness func(t *testing.T) Storage

// Run runs the whole suite. A part whose stores the Harness leaves out is skipped
// with a line in the log.
func Run(t *testing.T, h Harness) {
	t.Run("devices", func(t *testing.T) { RunDevices(t, h) })
	t.Run("device queries", func(t *testing.T) { RunDeviceQueries(t, h) })
	t.Run("configs", func(t *testing.T) { RunConfigs(t, h) })
	t.Run("templates", func(t *testing.T) { RunTemplates(t, h) })
	t.Run("groups", func(t *testing.T) { RunGroups(t, h) })
	t.Run("settings", func(t *testing.T) { RunSettings(t, h) })
	t.Run("versions", func(t *testing.T) { RunVersions(t, h) })
	t.Run("services", func(t *testing.T) { RunServices(t, h) })
	t.Run("concurrency", func(t *testing.T) { RunConcurrency(t, h) })
}

// RunDevices is the part of Run about devices as objects.
func RunDevices(t *testing.T, h Harness) {
	h = needs(h, "Devices")
	runDevices(t, h)
}

// RunDeviceQueries is the part of Run about what else is asked of devices.
func RunDeviceQueries(t *testing.T, h Harness) {
	h = needs(h, "Devices", "Configs", "Templates", "Settings", "Versions")
	t.Run("queries", func(t *testing.T) { runDeviceQueries(t, h) })
	t.Run("addresses", func(t *testing.T) { runAddresses(t, h) })
	t.Run("seen", func(t *testing.T) { runSeen(t, h) })
}

// RunConfigs is the part of Run about configurations.
func RunConfigs(t *testing.T, h Harness) {
	h = needs(h, "Devices", "Configs")
	t.Run("objects", func(t *testing.T) { runConfigs(t, h) })
	t.Run("queries", func(t *testing.T) { runConfigQueries(t, h) })
}

// RunTemplates is the part of Run about templates.
func RunTemplates(t *testing.T, h Harness) {
	h = needs(h, "Templates")
	runTemplates(t, h)
}

// RunSettings is the part of Run about settings.
func RunSettings(t *testing.T, h Harness) {
	h = needs(h, "Settings")
	runSettings(t, h)
}

// RunVersions is the part of Run about versions and the revisions they name.
func RunVersions(t *testing.T, h Harness) {
	h = needs(h, "Versions", "Devices", "Configs", "Templates")
	t.Run("objects", func(t *testing.T) { runVersions(t, h) })
	t.Run("pruned revisions", func(t *testing.T) { runPrune(t, h) })
}

// needs skips a part that needs a store which the harness leaves out.
func needs(h Harness, stores ...string) Harness {
	return func(t *testing.T) Storage {
		s := h(t)
		for _, name := range stores {
			if reflect.ValueOf(s.Stores).FieldByName(name).IsNil() {
				t.Skipf("the storage has no %s", name)
			}
		}
		return s
	}
}

// at is a moment with more digits than are stored.
func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xab, 0x40, byte(n>>8), byte(n)
	return out
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

func yes() *bool { v := true; return &v }

func no() *bool { return new(bool) }

// organizations stores two tenants, 1 and 2.
func organizations(t *testing.T, s Storage) []wispwright.ID {
	t.Helper()
	for n := range 2 {
		require.NoError(t, s.Tenancy.Organizations.Insert(context.Background(), &tenancy.Organization{
			ID: id(n + 1), Name: fmt.Sprintf("Organization %d", n+1), Slug: fmt.Sprintf("org-%d", n+1), IsActive: true, Created: at(n), Modified: at(n),
		}))
	}
	return []wispwright.ID{id(1), id(2)}
}

func device(n, organization int) *controller.Device {
	var seen *time.Time
	if n%2 == 1 {
		at := at(100 + n).Truncate(time.Microsecond)
		seen = &at
	}
	return &controller.Device{
		LastSeen: seen,
		ID:       id(1000 + n), OrganizationID: id(organization), Name: fmt.Sprintf("AP-%d", n), NameKey: fmt.Sprintf("ap-%d", n),
		MACAddress: fmt.Sprintf("00:11:22:33:%02X:%02X", n>>8, n&255), Key: wispwright.Secret(fmt.Sprintf("key-%d", n)), KeyDigest: fmt.Sprintf("digest-%d", n), KeyHint: controller.KeyHint(fmt.Sprintf("key-%d-and-more", n)),
		Model: "TP-Link 50%_off", OS: "OpenWrt 23.05.3", System: "MT7621", Notes: "näher", HardwareID: fmt.Sprintf("serial-%d", n),
		LastIP: netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}), ManagementIP: netip.MustParseAddr("2001:db8::1"), Created: at(n), Modified: at(n),
	}
}

func config(n, organization int, templates ...wispwright.ID) *controller.Config {
	return &controller.Config{
		ID: id(2000 + n), DeviceID: id(1000 + n), OrganizationID: id(organization), Backend: "netjsonconfig.OpenWrt",
		Config: `{"general":{"b":1, "a":1.50}}`, Context: `{"x":"ü"}`, Templates: templates, Status: controller.StatusModified,
		Desired: fmt.Sprintf("%032d", n), VersionID: id(4000 + n), Created: at(n), Modified: at(n),
	}
}

func template(n, organization int) *controller.Template {
	t := &controller.Template{
		ID: id(3000 + n), Name: fmt.Sprintf("template %d", n), Type: controller.TemplateGeneric, Backend: "netjsonconfig.OpenWrt",
		Tags: []string{"mesh", fmt.Sprintf("tag%d", n)}, Default: n%2 == 0, Required: n%3 == 0, DefaultValues: `{"ssid":"a"}`, CAID: int64(n % 2), BlueprintID: int64(n % 3),
		Config: `{"interfaces":[]}`, RevisionID: id(5000 + n), Created: at(n), Modified: at(n),
	}
	if organization > 0 {
		t.OrganizationID = id(organization)
	}
	return t
}

func insert[T any](t *testing.T, add func(context.Context, *T) error, objects ...*T) {
	t.Helper()
	for _, o := range objects {
		require.NoError(t, add(context.Background(), o))
	}
}

func keys[K comparable, T any](rows []*T, key func(*T) K) []K {
	out := []K{}
	for _, r := range rows {
		out = append(out, key(r))
	}
	return out
}

func runDevices(t *testing.T, h Harness) {
	s := h(t)
	orgs := organizations(t, s)
	clash := func(change func(first, second *controller.Device)) func(*controller.Device) *controller.Device {
		return func(first *controller.Device) *controller.Device {
			d := device(500, 1)
			change(first, d)
			return d
		}
	}
	type filter = storetest.Filter[controller.Device, controller.DeviceFilter]
	storetest.RunRepo(t, s.Stores.Devices, storetest.Sample[wispwright.ID, controller.Device, controller.DeviceFilter]{
		Tx:     s.Tx,
		New:    func(n, o int) *controller.Device { return device(n, o+1) },
		Key:    func(d *controller.Device) wispwright.ID { return d.ID },
		Mutate: func(d *controller.Device) { d.Notes += "+"; d.ManagementIP = netip.Addr{} },
		Orders: []string{"ID", "OrganizationID", "Name", "MACAddress", "HardwareID", "Created", "Modified", "LastSeen", "LastIP", "ManagementIP"},
		Search: &storetest.Search[controller.Device, controller.DeviceFilter]{
			Put:    func(d *controller.Device, text string) { d.Model = text },
			Filter: func(text string) controller.DeviceFilter { return controller.DeviceFilter{Search: text} },
		},
		Missing:       id(9999),
		Organizations: orgs,
		Uniques: map[string]func(*controller.Device) *controller.Device{
			controller.UniqueDeviceName:     clash(func(a, b *controller.Device) { b.NameKey = a.NameKey }),
			controller.UniqueDeviceMAC:      clash(func(a, b *controller.Device) { b.MACAddress = a.MACAddress }),
			controller.UniqueDeviceHardware: clash(func(a, b *controller.Device) { b.HardwareID = a.HardwareID }),
			controller.UniqueDeviceKey:      clash(func(a, b *controller.Device) { b.KeyDigest = a.KeyDigest }),
			wispwright.UniqueKey:            clash(func(a, b *controller.Device) { b.ID = a.ID }),
		},
		Filters: map[string]filter{
			"ids":          {Filter: controller.DeviceFilter{IDs: wispwright.Only(id(1001))}, Selects: func(d *controller.Device) bool { return d.ID == id(1001) }},
			"organization": {Filter: controller.DeviceFilter{OrganizationID: id(2)}, Selects: func(d *controller.Device) bool { return d.OrganizationID == id(2) }},
			"name":         {Filter: controller.DeviceFilter{NameContains: "p-3"}, Selects: func(d *controller.Device) bool { return d.Name == "AP-3" }},
			"mac":          {Filter: controller.DeviceFilter{MACAddressContains: ":33:00:04"}, Selects: func(d *controller.Device) bool { return d.ID == id(1004) }},
			"exact mac":    {Filter: controller.DeviceFilter{MACAddress: "00:11:22:33:00:04"}, Selects: func(d *controller.Device) bool { return d.ID == id(1004) }},
			"created":      {Filter: controller.DeviceFilter{Created: at(2).Truncate(time.Microsecond)}, Selects: func(d *controller.Device) bool { return d.ID == id(1002) }},
			"created range": {Filter: controller.DeviceFilter{CreatedFrom: at(1).Truncate(time.Microsecond), CreatedBefore: at(3)},
				Selects: func(d *controller.Device) bool { return d.ID == id(1001) || d.ID == id(1002) }},
			"search takes signs as they are": {Filter: controller.DeviceFilter{Search: "50__off"}, Selects: func(*controller.Device) bool { return false }},
			"search":                         {Filter: controller.DeviceFilter{Search: "SERIAL-2"}, Selects: func(d *controller.Device) bool { return d.ID == id(1002) }},
			"last addresses of a network":    {Filter: controller.DeviceFilter{LastIPWithin: netip.MustParsePrefix("192.0.2.2/31")}, Selects: func(d *controller.Device) bool { return d.ID == id(1002) || d.ID == id(1003) }},
			"no addresses of a network":      {Filter: controller.DeviceFilter{ManagementIPWithin: netip.MustParsePrefix("192.0.2.0/24")}, Selects: func(*controller.Device) bool { return false }},
			"management addresses":           {Filter: controller.DeviceFilter{ManagementIPWithin: netip.MustParsePrefix("2001:db8::/64")}, Selects: func(d *controller.Device) bool { return d.ManagementIP.IsValid() }},
			"search by last address":         {Filter: controller.DeviceFilter{Search: "192.0.2.3"}, Selects: func(d *controller.Device) bool { return d.ID == id(1003) }},
			"search by management address":   {Filter: controller.DeviceFilter{Search: "2001:DB8::1"}, Selects: func(d *controller.Device) bool { return d.ManagementIP.IsValid() }},
			"search in notes":                {Filter: controller.DeviceFilter{Search: "näher"}, Selects: func(*controller.Device) bool { return true }},
			"search by MAC of a label":       {Filter: controller.DeviceFilter{Search: "00-11-22-33-00-02"}, Selects: func(d *controller.Device) bool { return d.ID == id(1002) }},
			"search by bare MAC":             {Filter: controller.DeviceFilter{Search: "001122330002"}, Selects: func(d *controller.Device) bool { return d.ID == id(1002) }},
			"search by dotted MAC":           {Filter: controller.DeviceFilter{Search: "0011.2233.0002"}, Selects: func(d *controller.Device) bool { return d.ID == id(1002) }},
			"search by part of a MAC":        {Filter: controller.DeviceFilter{Search: "33-00-02"}, Selects: func(d *controller.Device) bool { return d.ID == id(1002) }},
			"search by the key's beginning":  {Filter: controller.DeviceFilter{Search: "key-2-and"}, Selects: func(d *controller.Device) bool { return d.ID == id(1002) }},
			"search by less of the key":      {Filter: controller.DeviceFilter{Search: "key-2-a"}, Selects: func(*controller.Device) bool { return false }},
			"model":                          {Filter: controller.DeviceFilter{ModelContains: "link 50%"}, Selects: func(*controller.Device) bool { return true }},
			"operating system":               {Filter: controller.DeviceFilter{OSContains: "23.06"}, Selects: func(*controller.Device) bool { return false }},
			"seen":                           {Filter: controller.DeviceFilter{LastSeenBefore: at(500)}, Selects: func(d *controller.Device) bool { return d.LastSeen != nil }},
			"seen long ago":                  {Filter: controller.DeviceFilter{LastSeenBefore: at(102)}, Selects: func(d *controller.Device) bool { return d.LastSeen != nil && d.LastSeen.Before(at(102)) }},
			"seen lately":                    {Filter: controller.DeviceFilter{LastSeenFrom: at(102)}, Selects: func(d *controller.Device) bool { return d.LastSeen != nil && !d.LastSeen.Before(at(102)) }},
			"never seen":                     {Filter: controller.DeviceFilter{NeverSeen: yes()}, Selects: func(d *controller.Device) bool { return d.LastSeen == nil }},
			"ever seen":                      {Filter: controller.DeviceFilter{NeverSeen: no()}, Selects: func(d *controller.Device) bool { return d.LastSeen != nil }},
			"without key hint":               {Filter: controller.DeviceFilter{WithoutKeyHint: true}, Selects: func(d *controller.Device) bool { return d.KeyHint == "" }},
			"active":                         {Filter: controller.DeviceFilter{IsDeactivated: no()}, Selects: func(d *controller.Device) bool { return !d.IsDeactivated }},
			"without configuration":          {Filter: controller.DeviceFilter{HasConfig: no()}, Selects: func(*controller.Device) bool { return true }},
		},
	})
}

func runDeviceQueries(t *testing.T, h Harness) {
	s := h(t)
	organizations(t, s)
	ctx := context.Background()
	devices := s.Stores.Devices
	a, b, c := device(1, 1), device(2, 1), device(3, 2)
	insert(t, devices.Insert, a, b, c)
	applied := config(1, 1, id(3001), id(3002))
	applied.Status, applied.Served = controller.StatusApplied, "f00"
	other := config(3, 2)
	other.Backend = "netjsonconfig.OpenWisp"
	insert(t, s.Stores.Configs.Insert, applied, other)

	t.Run("poll", func(t *testing.T) {
		p, err := devices.Poll(ctx, a.ID)
		require.NoError(t, err)
		require.Equal(t, &controller.Poll{
			DeviceID: a.ID, OrganizationID: a.OrganizationID, KeyDigest: a.KeyDigest, Name: a.Name, LastIP: a.LastIP, ManagementIP: a.ManagementIP,
			HasConfig: true, Status: controller.StatusApplied, Desired: applied.Desired, Served: "f00", VersionID: applied.VersionID,
		}, p)
		p, err = devices.Poll(ctx, b.ID)
		require.NoError(t, err)
		require.False(t, p.HasConfig)
		_, err = devices.Poll(ctx, id(9999))
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	})
	t.Run("enroll", func(t *testing.T) {
		d, c, v := device(50, 1), config(50, 1, id(3002), id(3001)), version(50, 50)
		require.NoError(t, devices.Enroll(ctx, d, c, v))
		gotDevice, err := devices.Get(ctx, all(), d.ID)
		require.NoError(t, err)
		require.Equal(t, d, gotDevice)
		gotConfig, err := s.Stores.Configs.Get(ctx, all(), d.ID)
		require.NoError(t, err)
		require.Equal(t, c, gotConfig)
		gotVersion, err := s.Stores.Versions.Get(ctx, all(), v.ID)
		require.NoError(t, err)
		require.Equal(t, v, gotVersion)
		using, err := s.Stores.Configs.List(ctx, all(), controller.ConfigFilter{TemplateID: id(3001), After: id(1049)}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, using.Rows, 1)
		for rule, change := range map[string]func(*controller.Device){
			controller.UniqueDeviceMAC:  func(x *controller.Device) { x.MACAddress = d.MACAddress },
			controller.UniqueDeviceName: func(x *controller.Device) { x.NameKey = d.NameKey },
			controller.UniqueDeviceKey:  func(x *controller.Device) { x.KeyDigest = d.KeyDigest },
		} {
			x := device(51, 1)
			change(x)
			var conflict *wispwright.ConflictError
			require.ErrorAs(t, devices.Enroll(ctx, x, config(51, 1), version(51, 51)), &conflict)
			require.Equal(t, rule, conflict.Unique)
			_, err = s.Stores.Configs.Get(ctx, all(), x.ID)
			require.ErrorIs(t, err, wispwright.ErrNotFound, "all or nothing")
		}
		x := device(52, 1)
		require.NoError(t, devices.Enroll(ctx, x, config(52, 1), version(52, 52)), "without templates")
		require.NoError(t, devices.Delete(ctx, all(), x.ID))
		require.NoError(t, devices.Delete(ctx, all(), d.ID))
	})
	t.Run("enroll unchanged", func(t *testing.T) { runEnrollUnchanged(t, s) })
	t.Run("known", func(t *testing.T) {
		other := device(53, 1)
		other.HardwareID = "serial-53"
		require.NoError(t, devices.Insert(ctx, other))
		for _, tt := range []struct {
			name, digest, mac, hardware string
			organization, want          wispwright.ID
		}{
			{"by key, in whatever organization", b.KeyDigest, "", "", id(9999), b.ID},
			{"the key wins", b.KeyDigest, other.MACAddress, other.HardwareID, other.OrganizationID, b.ID},
			{"by MAC address", "another", other.MACAddress, "", other.OrganizationID, other.ID},
			{"by hardware id", "another", "00:00:00:00:00:00", other.HardwareID, other.OrganizationID, other.ID},
			{"of another organization", "another", other.MACAddress, other.HardwareID, id(9999), wispwright.ID{}},
			{"nothing asked", "", "", "", other.OrganizationID, wispwright.ID{}},
			{"part of a key", "digest", "", "", b.OrganizationID, wispwright.ID{}},
			{"letter case", strings.ToUpper(b.KeyDigest), "", "", b.OrganizationID, wispwright.ID{}},
		} {
			got, err := devices.Known(ctx, tt.digest, tt.organization, tt.mac, tt.hardware)
			require.Equal(t, tt.want, got, tt.name)
			if tt.want.IsZero() {
				require.ErrorIs(t, err, wispwright.ErrNotFound, tt.name)
			} else {
				require.NoError(t, err, tt.name)
			}
		}
		require.NoError(t, devices.Delete(ctx, all(), other.ID))
	})
	t.Run("detail", func(t *testing.T) {
		d, c, v := device(54, 1), config(54, 1, id(3001)), version(54, 54)
		require.NoError(t, devices.Enroll(ctx, d, c, v))
		got, err := devices.Detail(ctx, wispwright.ScopeOf(d.OrganizationID), d.ID)
		require.NoError(t, err)
		require.Equal(t, &controller.Detail{Device: d, Config: c}, got)
		_, err = devices.Detail(ctx, wispwright.ScopeOf(id(9999)), d.ID)
		require.ErrorIs(t, err, wispwright.ErrNotFound, "of another organization")
		_, err = devices.Detail(ctx, all(), id(9999))
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		require.NoError(t, devices.Delete(ctx, all(), d.ID))
		got, err = devices.Detail(ctx, all(), b.ID)
		require.NoError(t, err)
		require.Equal(t, &controller.Detail{Device: b}, got, "without configuration")
	})
	t.Run("details", func(t *testing.T) { runDetails(t, s) })
	t.Run("clashes", func(t *testing.T) {
		for _, tt := range []struct {
			name   string
			change func(*controller.Device)
			want   []string
		}{
			{"nothing", func(*controller.Device) {}, nil},
			{"itself", func(d *controller.Device) { *d = *a }, nil},
			{"everything", func(d *controller.Device) { *d = *a; d.ID = id(1500) },
				[]string{controller.UniqueDeviceName, controller.UniqueDeviceMAC, controller.UniqueDeviceHardware, controller.UniqueDeviceKey}},
			{"only the key crosses organizations", func(d *controller.Device) { *d = *c; d.ID, d.OrganizationID = id(1500), id(1) }, []string{controller.UniqueDeviceKey}},
			{"what is empty does not clash", func(d *controller.Device) { d.NameKey, d.HardwareID = "", "" }, nil},
		} {
			d := device(500, 1)
			tt.change(d)
			got, err := devices.Clashes(ctx, d)
			require.NoError(t, err, tt.name)
			require.Equal(t, tt.want, got, tt.name)
		}
	})
	t.Run("names and serial numbers may be empty more than once", func(t *testing.T) {
		x, y := device(10, 1), device(11, 1)
		x.NameKey, y.NameKey, x.HardwareID, y.HardwareID = "", "", "", ""
		insert(t, devices.Insert, x, y)
		require.NoError(t, devices.Delete(ctx, all(), x.ID))
		require.NoError(t, devices.Delete(ctx, all(), y.ID))
	})
	t.Run("filters over the configuration", func(t *testing.T) {
		for name, tt := range map[string]struct {
			f    controller.DeviceFilter
			want []wispwright.ID
		}{
			"status":               {controller.DeviceFilter{Status: controller.StatusApplied}, []wispwright.ID{a.ID}},
			"backend":              {controller.DeviceFilter{Backend: "netjsonconfig.OpenWisp"}, []wispwright.ID{c.ID}},
			"template":             {controller.DeviceFilter{TemplateID: id(3002)}, []wispwright.ID{a.ID}},
			"with configuration":   {controller.DeviceFilter{HasConfig: yes()}, []wispwright.ID{c.ID, a.ID}},
			"without":              {controller.DeviceFilter{HasConfig: no()}, []wispwright.ID{b.ID}},
			"several at once":      {controller.DeviceFilter{Status: controller.StatusApplied, OrganizationID: id(2)}, []wispwright.ID{}},
			"a template of nobody": {controller.DeviceFilter{TemplateID: id(3009)}, []wispwright.ID{}},
		} {
			items, err := devices.List(ctx, all(), tt.f, wispwright.Page{})
			require.NoError(t, err, name)
			require.Equal(t, tt.want, keys(items.Rows, func(d *controller.Device) wispwright.ID { return d.ID }), name)
			require.Equal(t, len(tt.want), items.Total, name)
		}
	})
	t.Run("devices of templates", func(t *testing.T) {
		for _, tt := range []struct {
			scope wispwright.Scope
			ids   []wispwright.ID
			want  map[wispwright.ID]int
		}{
			{all(), []wispwright.ID{id(3001), id(3002), id(3009)}, map[wispwright.ID]int{id(3001): 1, id(3002): 1}},
			{all(), nil, map[wispwright.ID]int{}},
			{wispwright.ScopeOf(id(1)), []wispwright.ID{id(3001)}, map[wispwright.ID]int{id(3001): 1}},
			{wispwright.ScopeOf(id(2)), []wispwright.ID{id(3001)}, map[wispwright.ID]int{}},
		} {
			got, err := s.Stores.Configs.CountTemplates(ctx, tt.scope, tt.ids)
			require.NoError(t, err)
			require.Equal(t, tt.want, got, "%v", tt)
		}
	})
	t.Run("search in what devices reported", func(t *testing.T) { runSearch(t, s, a, c) })
	t.Run("a device takes configuration and versions along", func(t *testing.T) {
		insert(t, s.Stores.Versions.Insert, version(1, 1))
		require.NoError(t, devices.Delete(ctx, all(), a.ID))
		_, err := s.Stores.Configs.Get(ctx, all(), a.ID)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		items, err := s.Stores.Versions.List(ctx, all(), controller.VersionFilter{DeviceID: a.ID}, wispwright.Page{})
		require.NoError(t, err)
		require.Empty(t, items.Rows)
		found, err := s.Stores.Configs.List(ctx, all(), controller.ConfigFilter{TemplateID: id(3002)}, wispwright.Page{})
		require.NoError(t, err)
		require.Empty(t, found.Rows)
	})
}

// runSearch finds devices by texts of their configurations and tags of their templates.
func runSearch(t *testing.T, s Storage, a, c *controller.Device) {
	ctx := context.Background()
	tagged := template(91, 1)
	tagged.Tags, tagged.OrganizationID = []string{"roof", "north_side"}, wispwright.ID{}
	require.NoError(t, s.Stores.Templates.Insert(ctx, tagged))
	for device, change := range map[*controller.Device]func(*controller.Config){
		a: func(x *controller.Config) { x.ErrorReason = "CHANNEL_NOT_ALLOWED: 149" },
		c: func(x *controller.Config) {
			x.NotRenewedReason, x.Templates = "Überlauf im Radio", append(x.Templates, tagged.ID)
		},
	} {
		_, err := s.Stores.Configs.Update(ctx, all(), device.ID, func(x *controller.Config) error { change(x); return nil })
		require.NoError(t, err)
	}
	for name, tt := range map[string]struct {
		f    controller.DeviceFilter
		want []wispwright.ID
	}{
		"error":                  {controller.DeviceFilter{Search: "channel_not"}, []wispwright.ID{a.ID}},
		"signs are no wildcards": {controller.DeviceFilter{Search: "channel%not"}, []wispwright.ID{}},
		"why it is not renewed":  {controller.DeviceFilter{Search: "überlauf"}, []wispwright.ID{c.ID}},
		"with other filters":     {controller.DeviceFilter{Search: "überlauf", OrganizationID: id(1)}, []wispwright.ID{}},
		"tag":                    {controller.DeviceFilter{Tag: "north_side"}, []wispwright.ID{c.ID}},
		"part of a tag":          {controller.DeviceFilter{Tag: "north"}, []wispwright.ID{}},
		"like a tag":             {controller.DeviceFilter{Tag: "north-side"}, []wispwright.ID{}},
	} {
		items, err := s.Stores.Devices.List(ctx, all(), tt.f, wispwright.Page{})
		require.NoError(t, err, name)
		require.Equal(t, tt.want, keys(items.Rows, func(d *controller.Device) wispwright.ID { return d.ID }), name)
		details, err := s.Stores.Devices.Details(ctx, all(), tt.f, wispwright.Page{Limit: 10})
		require.NoError(t, err, name)
		require.Equal(t, tt.want, keys(details.Rows, func(d *controller.Detail) wispwright.ID { return d.Device.ID }), name)
	}
	require.NoError(t, s.Stores.Templates.Delete(ctx, all(), tagged.ID))
}

// runSeen stores when devices were heard of.
func runSeen(t *testing.T, h Harness) {
	s := h(t)
	organizations(t, s)
	ctx := context.Background()
	heard, silent, other := device(1, 1), device(2, 1), device(3, 2)
	insert(t, s.Stores.Devices.Insert, heard, silent, other)
	seen := func(d *controller.Device) *time.Time {
		got, err := s.Stores.Devices.Get(ctx, all(), d.ID)
		require.NoError(t, err)
		require.Equal(t, d.Modified.Truncate(time.Microsecond), got.Modified, "nobody changed it")
		return got.LastSeen
	}
	late := at(300).Truncate(time.Microsecond)
	require.NoError(t, s.Stores.Devices.Seen(ctx, []controller.Sighting{
		{DeviceID: heard.ID, At: at(1)}, {DeviceID: silent.ID, At: late}, {DeviceID: id(9999), At: late},
	}), "also with a device that is gone")
	require.Equal(t, heard.LastSeen, seen(heard), "an older time of another node changes nothing")
	require.Equal(t, &late, seen(silent))
	require.Equal(t, other.LastSeen, seen(other))
	require.NoError(t, s.Stores.Devices.Seen(ctx, []controller.Sighting{{DeviceID: heard.ID, At: late}}))
	require.Equal(t, &late, seen(heard))
	require.NoError(t, s.Stores.Devices.Seen(ctx, nil))
	items, err := s.Stores.Devices.List(ctx, all(), controller.DeviceFilter{}, wispwright.Page{Order: []wispwright.Order{{Field: "LastSeen", Descending: true}}})
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{silent.ID, heard.ID, other.ID}, keys(items.Rows, func(d *controller.Device) wispwright.ID { return d.ID }))
}

func runAddresses(t *testing.T, h Harness) {
	s := h(t)
	organizations(t, s)
	ctx := context.Background()
	devices := s.Stores.Devices
	ip := netip.MustParseAddr
	put := func(n, organization int, last, management netip.Addr) *controller.Device {
		d := device(n, organization)
		d.LastIP, d.ManagementIP = last, management
		insert(t, devices.Insert, d)
		return d
	}
	me := put(1, 1, ip("10.0.0.1"), ip("10.8.0.1"))
	both := put(2, 1, ip("10.0.0.1"), ip("10.8.0.1"))
	last := put(3, 1, ip("10.0.0.1"), ip("10.8.0.3"))
	foreign := put(4, 2, ip("10.0.0.4"), ip("10.8.0.1"))
	put(5, 1, netip.Addr{}, netip.Addr{})
	id := func(d *controller.Device) wispwright.ID { return d.ID }
	addresses := func(d *controller.Device) [2]netip.Addr {
		got, err := devices.Get(ctx, all(), d.ID)
		require.NoError(t, err)
		return [2]netip.Addr{got.LastIP, got.ManagementIP}
	}
	before, err := devices.ClearAddresses(ctx, me, me.OrganizationID, false)
	require.NoError(t, err)
	require.Equal(t, []*controller.Device{both}, before, "as they were, within the organization")
	require.Equal(t, [2]netip.Addr{ip("10.0.0.1"), {}}, addresses(both), "a last address stays when it may be shared")
	require.Equal(t, [2]netip.Addr{ip("10.0.0.4"), ip("10.8.0.1")}, addresses(foreign))

	before, err = devices.ClearAddresses(ctx, me, wispwright.ID{}, true)
	require.NoError(t, err)
	require.ElementsMatch(t, []wispwright.ID{both.ID, last.ID, foreign.ID}, keys(before, id))
	require.Equal(t, [2]netip.Addr{}, addresses(both))
	require.Equal(t, [2]netip.Addr{{}, ip("10.8.0.3")}, addresses(last))
	require.Equal(t, [2]netip.Addr{ip("10.0.0.4"), {}}, addresses(foreign))
	require.Equal(t, [2]netip.Addr{ip("10.0.0.1"), ip("10.8.0.1")}, addresses(me))

	me.LastIP, me.ManagementIP = netip.Addr{}, netip.Addr{}
	before, err = devices.ClearAddresses(ctx, me, wispwright.ID{}, true)
	require.NoError(t, err)
	require.Empty(t, before, "having no address is no clash")
}

func runConfigs(t *testing.T, h Harness) {
	s := h(t)
	orgs := organizations(t, s)
	for n := range 6 {
		insert(t, s.Stores.Devices.Insert, device(n, n%2+1))
	}
	insert(t, s.Stores.Devices.Insert, device(100, 1), device(101, 1), device(102, 1))
	storetest.RunRepo(t, s.Stores.Configs, storetest.Sample[wispwright.ID, controller.Config, controller.ConfigFilter]{
		Tx:     s.Tx,
		New:    func(n, o int) *controller.Config { return config(n, o+1, id(3000), id(3000+n)) },
		Key:    func(c *controller.Config) wispwright.ID { return c.DeviceID },
		Orders: []string{"DeviceID", "OrganizationID", "Desired", "Created"},
		Orphan: func(n int) *controller.Config { return config(9000+n, 1) },
		Mutate: func(c *controller.Config) {
			c.ErrorReason += "+"
			c.Templates = append(c.Templates, id(3100+len(c.ErrorReason)))
		},
		Missing:       id(9999),
		Organizations: orgs,
		Uniques: map[string]func(*controller.Config) *controller.Config{
			wispwright.UniqueKey: func(first *controller.Config) *controller.Config {
				c := config(500, 1)
				c.DeviceID = first.DeviceID
				return c
			},
		},
		Filters: map[string]storetest.Filter[controller.Config, controller.ConfigFilter]{
			"devices":      {Filter: controller.ConfigFilter{DeviceIDs: wispwright.Only(id(1001), id(1002))}, Selects: func(c *controller.Config) bool { return c.DeviceID == id(1001) || c.DeviceID == id(1002) }},
			"organization": {Filter: controller.ConfigFilter{OrganizationID: id(2)}, Selects: func(c *controller.Config) bool { return c.OrganizationID == id(2) }},
			"template":     {Filter: controller.ConfigFilter{TemplateID: id(3004)}, Selects: func(c *controller.Config) bool { return c.DeviceID == id(1004) }},
			"shared":       {Filter: controller.ConfigFilter{TemplateID: id(3000)}, Selects: func(*controller.Config) bool { return true }},
			"after":        {Filter: controller.ConfigFilter{After: id(1002)}, Selects: func(c *controller.Config) bool { return c.ID != id(2000) && c.ID != id(2001) && c.ID != id(2002) }},
		},
	})
}

func runConfigQueries(t *testing.T, h Harness) {
	s := h(t)
	organizations(t, s)
	ctx := context.Background()
	configs := s.Stores.Configs
	var list []*controller.Config
	for n := range 4 {
		insert(t, s.Stores.Devices.Insert, device(n, n%2+1))
		c := config(n, n%2+1, id(3001))
		insert(t, configs.Insert, c)
		list = append(list, c)
	}
	using := func(template wispwright.ID) []wispwright.ID {
		items, err := configs.List(ctx, all(), controller.ConfigFilter{TemplateID: template}, wispwright.Page{})
		require.NoError(t, err)
		return keys(items.Rows, func(c *controller.Config) wispwright.ID { return c.DeviceID })
	}
	t.Run("lock reads in order and leaves out what is missing", func(t *testing.T) {
		require.NoError(t, s.Tx.InTx(ctx, func(ctx context.Context) error {
			got, err := configs.Lock(ctx, []wispwright.ID{id(1003), id(1001), id(9999)})
			require.NoError(t, err)
			require.Equal(t, []*controller.Config{list[1], list[3]}, got)
			none, err := configs.Lock(ctx, nil)
			require.Empty(t, none)
			return err
		}))
	})
	t.Run("progress", func(t *testing.T) {
		for _, part := range [][]*controller.Config{list[:1], list} {
			for _, c := range part {
				c.Status, c.ErrorReason, c.Desired, c.Served, c.Reported = controller.StatusError, "because 'of'\nthis", "d", "s", "r"
				c.VersionID, c.Modified = id(4500), c.Modified.Add(time.Second)
			}
			require.NoError(t, configs.SaveProgress(ctx, part))
			for _, c := range part {
				got, err := configs.Get(ctx, all(), c.DeviceID)
				require.NoError(t, err)
				require.Equal(t, c, got)
			}
		}
	})
	t.Run("progress is nothing else", func(t *testing.T) {
		c := *list[0]
		c.Backend, c.Config, c.Templates = "x", `{}`, nil
		require.NoError(t, configs.SaveProgress(ctx, []*controller.Config{&c}))
		got, err := configs.Get(ctx, all(), c.DeviceID)
		require.NoError(t, err)
		require.Equal(t, list[0], got)
	})
	t.Run("many with their templates", func(t *testing.T) {
		list[0].Templates = []wispwright.ID{id(3003), id(3001), id(3002)}
		list[1].Templates = nil
		list[2].Config, list[2].Context, list[2].Backend = `{"z":1}`, `{"y": 2.0}`, "netjsonconfig.OpenWisp"
		require.NoError(t, configs.UpdateMany(ctx, list[:3]))
		for _, c := range list {
			got, err := configs.Get(ctx, all(), c.DeviceID)
			require.NoError(t, err)
			require.Equal(t, c, got)
		}
		require.Equal(t, []wispwright.ID{id(1000), id(1002), id(1003)}, using(id(3001)))
		require.Equal(t, []wispwright.ID{id(1000)}, using(id(3003)))
		require.NoError(t, configs.UpdateMany(ctx, nil))
	})
	t.Run("counts", func(t *testing.T) {
		list[3].Status = controller.StatusApplied
		require.NoError(t, configs.SaveProgress(ctx, list[3:]))
		count := func(scope wispwright.Scope, heard time.Time) *controller.Counts {
			t.Helper()
			got, err := configs.Count(ctx, scope, heard)
			require.NoError(t, err)
			return got
		}
		_, err := s.Stores.Devices.Update(ctx, all(), list[0].DeviceID, func(d *controller.Device) error { seen := at(5); d.LastSeen = &seen; return nil })
		require.NoError(t, err)
		_, err = s.Stores.Devices.Update(ctx, all(), list[1].DeviceID, func(d *controller.Device) error { seen := at(5); d.LastSeen, d.IsDeactivated = &seen, true; return nil })
		require.NoError(t, err)
		everything := count(all(), at(6))
		require.Equal(t, map[controller.Status]int{controller.StatusError: 3, controller.StatusApplied: 1}, everything.Statuses)
		devices, err := s.Stores.Devices.List(ctx, all(), controller.DeviceFilter{}, wispwright.Page{Limit: 1})
		require.NoError(t, err)
		broken := true
		notRenewed, err := s.Stores.Devices.List(ctx, all(), controller.DeviceFilter{NotRenewed: &broken}, wispwright.Page{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, []int{devices.Total, notRenewed.Total, 1}, []int{everything.Devices, everything.NotRenewed, everything.Silent}, "one that is out of service is not silent")
		require.Zero(t, count(all(), at(5)).Silent, "heard of at that moment")
		require.Equal(t, map[controller.Status]int{controller.StatusError: 2}, count(wispwright.ScopeOf(id(1)), at(6)).Statuses)
		require.Equal(t, &controller.Counts{Statuses: map[controller.Status]int{}}, count(wispwright.Scope{}, at(6)))
	})
}

func runTemplates(t *testing.T, h Harness) {
	s := h(t)
	orgs := organizations(t, s)
	ctx := context.Background()
	templates := s.Stores.Templates
	type filter = storetest.Filter[controller.Template, controller.TemplateFilter]
	storetest.RunRepo(t, templates, storetest.Sample[wispwright.ID, controller.Template, controller.TemplateFilter]{
		Tx:     s.Tx,
		New:    func(n, o int) *controller.Template { return template(n, o+1) },
		Key:    func(o *controller.Template) wispwright.ID { return o.ID },
		Mutate: func(o *controller.Template) { o.Tags = append(o.Tags, "x") },
		Orders: []string{"OrganizationID", "Name", "Default", "Required", "Created"},
		Search: &storetest.Search[controller.Template, controller.TemplateFilter]{
			Put:    func(o *controller.Template, text string) { o.Name = text },
			Filter: func(text string) controller.TemplateFilter { return controller.TemplateFilter{Search: text} },
		},
		Missing:       id(9999),
		Organizations: orgs,
		Uniques: map[string]func(*controller.Template) *controller.Template{
			controller.UniqueTemplateName: func(first *controller.Template) *controller.Template {
				o := template(500, 1)
				o.Name = first.Name
				return o
			},
		},
		Filters: map[string]filter{
			"ids":           {Filter: controller.TemplateFilter{IDs: wispwright.Only(id(3001))}, Selects: func(o *controller.Template) bool { return o.ID == id(3001) }},
			"no ids":        {Filter: controller.TemplateFilter{IDs: wispwright.Only[wispwright.ID]()}, Selects: func(*controller.Template) bool { return false }},
			"name":          {Filter: controller.TemplateFilter{Name: "template 2"}, Selects: func(o *controller.Template) bool { return o.ID == id(3002) }},
			"backend":       {Filter: controller.TemplateFilter{Backend: "x"}, Selects: func(*controller.Template) bool { return false }},
			"type":          {Filter: controller.TemplateFilter{Type: controller.TemplateVPN}, Selects: func(*controller.Template) bool { return false }},
			"vpn":           {Filter: controller.TemplateFilter{VPNID: id(77)}, Selects: func(*controller.Template) bool { return false }},
			"authority":     {Filter: controller.TemplateFilter{CAID: 1}, Selects: func(o *controller.Template) bool { return o.CAID == 1 }},
			"blueprint":     {Filter: controller.TemplateFilter{BlueprintID: 2}, Selects: func(o *controller.Template) bool { return o.BlueprintID == 2 }},
			"default":       {Filter: controller.TemplateFilter{Default: yes()}, Selects: func(o *controller.Template) bool { return o.Default }},
			"required":      {Filter: controller.TemplateFilter{Required: no()}, Selects: func(o *controller.Template) bool { return !o.Required }},
			"tag":           {Filter: controller.TemplateFilter{Tag: "tag4"}, Selects: func(o *controller.Template) bool { return o.ID == id(3004) }},
			"part of a tag": {Filter: controller.TemplateFilter{Tag: "mes"}, Selects: func(*controller.Template) bool { return false }},
			"search":        {Filter: controller.TemplateFilter{Search: "PLATE 5"}, Selects: func(o *controller.Template) bool { return o.ID == id(3005) }},
		},
	})
	t.Run("shared templates may repeat a name here", func(t *testing.T) {
		a, b := template(20, 0), template(21, 0)
		b.Name = a.Name
		insert(t, templates.Insert, a, b)
		items, err := templates.List(ctx, wispwright.ScopeOf(id(1)).WithShared(), controller.TemplateFilter{Name: a.Name}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, items.Rows, 2)
		items, err = templates.List(ctx, wispwright.ScopeOf(id(1)), controller.TemplateFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Empty(t, items.Rows)
	})
	t.Run("odd tags", func(t *testing.T) {
		o := template(30, 1)
		o.Tags = []string{`a"b`, `50%`, `back\slash`, "<&>", "ümläut"}
		insert(t, templates.Insert, o)
		for _, tag := range o.Tags {
			items, err := templates.List(ctx, all(), controller.TemplateFilter{Tag: tag}, wispwright.Page{})
			require.NoError(t, err, tag)
			require.Len(t, items.Rows, 1, tag)
		}
		items, err := templates.List(ctx, all(), controller.TemplateFilter{Tag: "50_"}, wispwright.Page{})
		require.NoError(t, err)
		require.Empty(t, items.Rows)
	})
	t.Run("hold and revisions", func(t *testing.T) {
		a, b := template(40, 1), template(41, 2)
		insert(t, templates.Insert, a, b)
		require.NoError(t, s.Tx.InTx(ctx, func(ctx context.Context) error {
			got, err := templates.Hold(ctx, []wispwright.ID{b.ID, a.ID, id(9999)})
			require.NoError(t, err)
			require.ElementsMatch(t, []*controller.Template{a, b}, got)
			none, err := templates.Hold(ctx, nil)
			require.Empty(t, none)
			return err
		}))
		r := &controller.Revision{ID: id(5001), TemplateID: a.ID, DefaultValues: `{}`, Config: `{"b":1,"a":2}`, Created: at(1)}
		require.NoError(t, templates.AddRevision(ctx, r))
		got, err := templates.Revisions(ctx, []wispwright.ID{r.ID, id(9999)})
		require.NoError(t, err)
		require.Equal(t, []*controller.Revision{r}, got)
		require.NoError(t, templates.Delete(ctx, all(), a.ID))
		got, err = templates.Revisions(ctx, []wispwright.ID{r.ID})
		require.NoError(t, err)
		require.Len(t, got, 1, "revisions outlive the template")
	})
}

func settings(n int) *controller.Settings {
	limit, until := int64(n), at(n).Truncate(time.Microsecond)
	return &controller.Settings{
		OrganizationID: id(n), ID: id(6000 + n), RegistrationEnabled: true, SharedSecret: wispwright.Secret(fmt.Sprintf("secret%d", n)),
		SecretDigest: fmt.Sprintf("digest%d", n), Context: `{"a":"b"}`, DeviceLimit: &limit, RevisionID: id(7000 + n),
		FormerSecret: wispwright.Secret(fmt.Sprintf("former%d", n)), FormerDigest: fmt.Sprintf("was%d", n%2), FormerUntil: &until,
	}
}

func runSettings(t *testing.T, h Harness) {
	s := h(t)
	ctx := context.Background()
	store := s.Stores.Settings
	storetest.RunRepo(t, store, storetest.Sample[wispwright.ID, controller.Settings, controller.SettingsFilter]{
		Tx:      s.Tx,
		New:     func(n, _ int) *controller.Settings { return settings(n + 1) },
		Key:     func(o *controller.Settings) wispwright.ID { return o.OrganizationID },
		Mutate:  func(o *controller.Settings) { o.DeviceLimit = nil; o.Context += " " },
		Missing: id(9999),
		Uniques: map[string]func(*controller.Settings) *controller.Settings{
			controller.UniqueSharedSecret: func(first *controller.Settings) *controller.Settings {
				o := settings(500)
				o.SecretDigest = first.SecretDigest
				return o
			},
		},
		Filters: map[string]storetest.Filter[controller.Settings, controller.SettingsFilter]{
			"secret": {Filter: controller.SettingsFilter{SecretDigest: "digest3"}, Selects: func(o *controller.Settings) bool { return o.OrganizationID == id(3) }},
		},
	})
	t.Run("hold", func(t *testing.T) {
		organizations(t, s)
		insert(t, store.Insert, settings(1))
		require.NoError(t, s.Tx.InTx(ctx, func(ctx context.Context) error {
			for _, exclusive := range []bool{false, true} {
				got, err := store.Hold(ctx, id(1), exclusive)
				require.NoError(t, err)
				require.Equal(t, settings(1), got)
			}
			return nil
		}))
		_, err := store.Hold(ctx, id(9), false)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	})
}

func version(n, device int) *controller.Version {
	return &controller.Version{
		ID: id(4000 + n), DeviceID: id(1000 + device), OrganizationID: id(device%2 + 1), Checksum: fmt.Sprintf("%032d", n), Backend: "netjsonconfig.OpenWrt",
		Hostname: "ap", OS: "OpenWrt", Revisions: []wispwright.ID{id(5002), id(5001)}, Config: `{}`, Context: `{"a":1}`, Own: `{"b": 1.50}`,
		Cause: "template changed", ActorID: id(1), Actor: "admin", Created: at(n),
	}
}

func runVersions(t *testing.T, h Harness) {
	s := h(t)
	organizations(t, s)
	ctx := context.Background()
	versions := s.Stores.Versions
	storetest.RunRepo(t, versions, storetest.Sample[wispwright.ID, controller.Version, controller.VersionFilter]{
		Tx:      s.Tx,
		New:     func(n, o int) *controller.Version { return version(n, n*2-n%2+o) },
		Key:     func(v *controller.Version) wispwright.ID { return v.ID },
		Mutate:  func(v *controller.Version) { now := at(99).Truncate(time.Microsecond); v.Served = &now; v.Cause += "+" },
		Missing: id(9999),
		Filters: map[string]storetest.Filter[controller.Version, controller.VersionFilter]{
			"checksum": {Filter: controller.VersionFilter{Checksum: fmt.Sprintf("%032d", 3)}, Selects: func(v *controller.Version) bool { return v.ID == id(4003) }},
			"device":   {Filter: controller.VersionFilter{DeviceID: id(1004)}, Selects: func(v *controller.Version) bool { return v.DeviceID == id(1004) }},
		},
	})
	t.Run("mark", func(t *testing.T) {
		v := version(30, 8)
		insert(t, versions.Insert, v)
		first, second := at(1).Truncate(time.Microsecond), at(2).Truncate(time.Microsecond)
		for _, step := range []struct {
			served, reported         time.Time
			wantServed, wantReported *time.Time
		}{
			{time.Time{}, time.Time{}, nil, nil},
			{at(1), time.Time{}, &first, nil},
			{at(2), at(2), &first, &second},
			{time.Time{}, at(3), &first, &second},
		} {
			require.NoError(t, versions.Mark(ctx, v.ID, step.served, step.reported))
			got, err := versions.Get(ctx, all(), v.ID)
			require.NoError(t, err)
			v.Served, v.Reported = step.wantServed, step.wantReported
			require.Equal(t, v, got)
		}
		require.NoError(t, versions.Mark(ctx, id(9999), at(1), at(1)), "it may have been pruned")
		require.NoError(t, versions.Delete(ctx, all(), v.ID))
	})
	t.Run("the newest of a device is kept", func(t *testing.T) {
		for n := range 2 {
			insert(t, s.Stores.Devices.Insert, device(n, n+1))
		}
		require.NoError(t, versions.InsertMany(ctx, []*controller.Version{version(10, 0), version(11, 0), version(12, 0), version(20, 1)}))
		for n, newest := range []int{12, 20} {
			c := config(n, n+1)
			c.VersionID = id(4000 + newest)
			insert(t, s.Stores.Configs.Insert, c)
		}
		n, err := versions.Prune(ctx, at(30))
		require.NoError(t, err)
		require.Equal(t, 2, n)
		items, err := versions.List(ctx, all(), controller.VersionFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, []wispwright.ID{id(4020), id(4012)}, keys(items.Rows, func(v *controller.Version) wispwright.ID { return v.ID }), "newest first")
		n, err = versions.Prune(ctx, at(30))
		require.NoError(t, err)
		require.Zero(t, n)
	})
}
