package controllertest

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
)

// runRules are the rules of the services that need a storage to be kept.
func runRules(t *testing.T, h Harness) {
	for name, run := range map[string]func(*testing.T, *services){
		"a template that breaks configurations":    runBroken,
		"a system that breaks the device's own":    runBrokenBySystem,
		"deleted and registered anew":              runAnew,
		"default templates reach existing devices": runAssigned,
		"the status follows the checksum":          runStatus,
		"deactivated means untouchable":            runDeactivated,
		"a device renames itself":                  runRenamed,
		"notes of templates":                       runNotes,
		"groups":                                   runGroupRules,
	} {
		t.Run(name, func(t *testing.T) { run(t, newServices(t, h(t))) })
	}
}

// enrolled registers a device that then fetches and runs its configuration.
func (s *services) enrolled(t *testing.T, n int) *controller.Device {
	t.Helper()
	r, err := s.Agents.Register(context.Background(), registration(mac(n)))
	require.NoError(t, err)
	s.apply(t, r.Device)
	return r.Device
}

func (s *services) apply(t *testing.T, d *controller.Device) {
	t.Helper()
	ctx := context.Background()
	_, err := s.Agents.Checksum(ctx, credentials(d), "")
	require.NoError(t, err)
	_, err = s.Agents.Download(ctx, credentials(d), "")
	require.NoError(t, err)
	status, err := s.Agents.ReportStatus(ctx, credentials(d), "applied", "")
	require.NoError(t, err)
	require.Equal(t, controller.StatusApplied, status)
}

func (s *services) config(t *testing.T, d *controller.Device) *controller.Config {
	t.Helper()
	detail, err := s.Devices.Get(context.Background(), all(), d.ID)
	require.NoError(t, err)
	return detail.Config
}

func (s *services) notRenewed(t *testing.T, yes bool) []string {
	t.Helper()
	items, err := s.Devices.List(context.Background(), all(), controller.DeviceFilter{NotRenewed: &yes}, wispwright.Page{Order: []wispwright.Order{{Field: "Name"}}})
	require.NoError(t, err)
	names := []string{}
	for _, d := range items.Rows {
		require.Equal(t, yes, d.Config.NotRenewed != nil)
		require.Equal(t, yes, d.Config.NotRenewedReason != "")
		names = append(names, d.Device.Name)
	}
	return names
}

const good, bad = `{"interfaces":[{"name":"eth0","type":"ethernet"}]}`, `{"interfaces":[{"name":"{{ ifname }}","type":"ethernet"}]}`

// runBroken: what cannot be rendered is told, marked, and served as it was.
func runBroken(t *testing.T, s *services) {
	ctx := context.Background()
	base := s.template(t, "base", good, asDefault)
	one, two := s.enrolled(t, 1), s.enrolled(t, 2)
	_, err := s.Devices.Update(ctx, all(), one.ID, func(d *controller.Detail) error {
		d.Config.Context = `{"ifname":"this name is too long for an interface"}`
		return nil
	})
	require.NoError(t, err)
	var told []controller.Renewal
	s.Devices.Renewal.Subscribe("test", func(_ context.Context, e ...controller.Renewal) { told = append(told, e...) })
	before := s.config(t, one)
	change := func(config string) *controller.Broken {
		t.Helper()
		_, err := s.Templates.Update(ctx, all(), base.ID, func(o *controller.Template) error {
			o.Config, o.DefaultValues = wispwright.JSON(config), `{"ifname":"eth1"}`
			return nil
		})
		require.NoError(t, err)
		out, err := s.Templates.Broken(ctx, base.ID)
		require.NoError(t, err)
		return out
	}
	b := change(bad)
	require.Equal(t, []int{1, 2, 2}, []int{b.Count, b.Checked, b.Total})
	require.Equal(t, one.ID, b.Devices[0].DeviceID)
	require.Contains(t, b.Devices[0].Reason, "#/interfaces/0")

	config := s.config(t, one)
	require.NotNil(t, config.NotRenewed)
	require.Equal(t, b.Devices[0].Reason, config.NotRenewedReason)
	require.Equal(t, []any{before.Desired, before.VersionID, before.Status}, []any{config.Desired, config.VersionID, config.Status})
	sum, err := s.Agents.Checksum(ctx, credentials(one), "")
	require.NoError(t, err)
	archive, err := s.Agents.Download(ctx, credentials(one), "")
	require.NoError(t, err)
	require.Equal(t, []string{before.Desired, before.Desired}, []string{sum, archive.Checksum}, "the last good version is served")
	require.Equal(t, controller.StatusModified, s.config(t, two).Status)
	require.Equal(t, []string{one.Name}, s.notRenewed(t, true))
	require.Equal(t, []string{two.Name}, s.notRenewed(t, false))
	counts, err := s.Devices.Counts(ctx, all())
	require.NoError(t, err)
	require.Equal(t, 1, counts.NotRenewed)

	since := *config.NotRenewed
	change(bad + " ") // breaks it once more, in the same way
	require.Len(t, told, 1, "one failure is told once")
	require.Equal(t, since, *s.config(t, one).NotRenewed)
	b = change(good)
	require.Zero(t, b.Count)
	require.Nil(t, s.config(t, one).NotRenewed)
	require.Empty(t, s.notRenewed(t, true))
	require.Len(t, told, 2)
	require.Equal(t, []any{one.ID, one.Name, s.org.ID, since, ""}, []any{told[1].DeviceID, told[1].Name, told[1].OrganizationID, told[1].Since.UTC(), told[1].Reason})

	// the variables of the organization break likewise
	change(bad)
	_, err = s.Devices.Update(ctx, all(), one.ID, func(d *controller.Detail) error { d.Config.Context = `{}`; return nil })
	require.NoError(t, err)
	require.Nil(t, s.config(t, one).NotRenewed, "what its own change mends is renewed")
	_, err = s.Settings.Update(ctx, all(), s.org.ID, func(o *controller.Settings) error {
		o.Context = `{"ifname":"this name is too long for an interface"}`
		return nil
	})
	require.NoError(t, err)
	b, err = s.Settings.Broken(ctx, s.org.ID)
	require.NoError(t, err)
	require.Equal(t, 2, b.Count)
	require.Len(t, s.notRenewed(t, true), 2)
}

// runBrokenBySystem: a device is not refused for what it cannot help.
func runBrokenBySystem(t *testing.T, s *services) {
	ctx := context.Background()
	d := s.enrolled(t, 1)
	_, err := s.Devices.Update(ctx, all(), d.ID, func(d *controller.Detail) error {
		d.Config.Config = `{"interfaces":[{"name":"{{ name }}","type":"ethernet"}]}`
		d.Device.Name = "short"
		return nil
	})
	require.NoError(t, err)
	before := s.config(t, d)
	r := registration(mac(1))
	r.Name = "a-name-too-long-for-an-interface"
	out, err := s.Agents.Register(ctx, r)
	require.NoError(t, err)
	require.Equal(t, r.Name, out.Device.Name)
	config := s.config(t, d)
	require.NotNil(t, config.NotRenewed)
	require.Equal(t, before.Desired, config.Desired)
	r.Name = "short"
	_, err = s.Agents.Register(ctx, r)
	require.NoError(t, err)
	require.Nil(t, s.config(t, d).NotRenewed)
}

// runAnew plays the requests of the unmodified agent whose bytes are those it
// is to run: it registers and asks, and neither fetches nor reports
// (decision 0023).
func runAnew(t *testing.T, s *services) {
	ctx := context.Background()
	s.template(t, "base", good, asDefault)
	d := s.enrolled(t, 1)
	require.NoError(t, s.Devices.Delete(ctx, all(), d.ID, true))
	_, err := s.Agents.Checksum(ctx, credentials(d), "")
	require.ErrorIs(t, err, wispwright.ErrNotFound)

	r, err := s.Agents.Register(ctx, registration(mac(1)))
	require.NoError(t, err)
	require.True(t, r.IsNew)
	var statuses []controller.StatusChange
	s.Devices.StatusChanged.Subscribe("test", func(_ context.Context, e ...controller.StatusChange) { statuses = append(statuses, e...) })
	ask := func() controller.Status {
		_, err := s.Agents.Checksum(ctx, credentials(r.Device), "")
		require.NoError(t, err)
		return s.config(t, r.Device).Status
	}
	fetch := func() {
		_, err := s.Agents.Download(ctx, credentials(r.Device), "")
		require.NoError(t, err)
	}
	require.Equal(t, controller.StatusModified, ask())
	require.Equal(t, controller.StatusModified, ask())
	require.Equal(t, controller.StatusApplied, ask(), "asked three times and fetched nothing")
	config := s.config(t, r.Device)
	require.Equal(t, []string{config.Desired, config.Desired}, []string{config.Served, config.Reported})
	require.Len(t, statuses, 1)
	versions, err := s.Versions.List(ctx, all(), r.Device.ID, wispwright.Page{})
	require.NoError(t, err)
	require.NotNil(t, versions.Rows[0].Reported)

	// a device that fetches, and fails to report, is not taken for one
	_, err = s.Devices.Update(ctx, all(), r.Device.ID, func(d *controller.Detail) error { d.Config.Config = `{"general":{"timezone":"UTC"}}`; return nil })
	require.NoError(t, err)
	require.Equal(t, controller.StatusModified, ask())
	require.Equal(t, controller.StatusModified, ask())
	fetch()
	for range 6 {
		require.Equal(t, controller.StatusModified, ask())
	}
	// neither is one to whom other bytes are told in between
	for _, zone := range []string{"Europe/Rome", "Europe/Paris", "Europe/Berlin"} {
		_, err = s.Devices.Update(ctx, all(), r.Device.ID, func(d *controller.Detail) error {
			d.Config.Config = wispwright.JSON(`{"general":{"timezone":"` + zone + `"}}`)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, controller.StatusModified, ask())
		require.Equal(t, controller.StatusModified, ask())
	}
}

// runAssigned: additions C-3.
func runAssigned(t *testing.T, s *services) {
	ctx := context.Background()
	hand := s.template(t, "by hand", good, nil)
	d, other := s.enrolled(t, 1), s.enrolled(t, 2)
	legacy := &controller.Detail{
		Device: &controller.Device{OrganizationID: s.org.ID, Name: "old", MACAddress: mac(3)}, Config: &controller.Config{Backend: "netjsonconfig.OpenWisp"},
	}
	require.NoError(t, s.Devices.Create(ctx, legacy))
	_, err := s.Devices.Update(ctx, all(), d.ID, func(d *controller.Detail) error { d.Config.Templates = []wispwright.ID{hand.ID}; return nil })
	require.NoError(t, err)
	s.apply(t, d)
	_, err = s.Devices.Deactivate(ctx, all(), other.ID)
	require.NoError(t, err)

	byDefault := s.template(t, "default", `{"general":{"timezone":"UTC"}}`, asDefault)
	require.Equal(t, []wispwright.ID{hand.ID, byDefault.ID}, s.config(t, d).Templates)
	require.Equal(t, controller.StatusModified, s.config(t, d).Status)
	require.Empty(t, s.config(t, other).Templates, "deactivated")
	require.Empty(t, s.config(t, legacy.Device).Templates, "another backend")

	needed := s.template(t, "needed", `{"general":{"description":"x"}}`, func(o *controller.Template) { o.OrganizationID = wispwright.ID{} })
	require.NotContains(t, s.config(t, d).Templates, needed.ID)
	_, err = s.Templates.Update(ctx, all(), needed.ID, func(o *controller.Template) error { o.Required = true; return nil })
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{needed.ID, hand.ID, byDefault.ID}, s.config(t, d).Templates, "required ones come first")
	_, err = s.Templates.Update(ctx, all(), needed.ID, func(o *controller.Template) error { o.Required, o.Default = false, false; return nil })
	require.NoError(t, err)
	require.Contains(t, s.config(t, d).Templates, needed.ID, "turning it off removes nothing")

	// one that fails does not stop the rest
	_, err = s.Devices.Update(ctx, all(), d.ID, func(d *controller.Detail) error {
		d.Config.Context = `{"ifname":"this name is too long for an interface"}`
		return nil
	})
	require.NoError(t, err)
	third := s.enrolled(t, 4)
	last := s.template(t, "last", `{"interfaces":[{"name":"{{ ifname }}","type":"ethernet"}]}`, func(o *controller.Template) {
		o.Default, o.DefaultValues = true, `{"ifname":"eth7"}`
	})
	require.Contains(t, s.config(t, third).Templates, last.ID)
	require.Contains(t, s.config(t, d).Templates, last.ID)
	require.NotNil(t, s.config(t, d).NotRenewed)
}

// runStatus: additions C-4.
func runStatus(t *testing.T, s *services) {
	ctx := context.Background()
	base := s.template(t, "base", `{"general":{"description":"{{ text }}"}}`, func(o *controller.Template) { o.Default, o.DefaultValues = true, `{"text":"x"}` })
	d := s.enrolled(t, 1)
	var modified int
	s.Devices.Modified.Subscribe("test", func(context.Context, ...controller.ConfigsModified) { modified++ })
	update := func(change func(*controller.Detail)) func() error {
		return func() error {
			_, err := s.Devices.Update(ctx, all(), d.ID, func(d *controller.Detail) error { change(d); return nil })
			return err
		}
	}
	template := func(change func(*controller.Template)) func() error {
		return func() error {
			_, err := s.Templates.Update(ctx, all(), base.ID, func(o *controller.Template) error { change(o); return nil })
			return err
		}
	}
	organization := func(variables wispwright.JSON) func() error {
		return func() error {
			_, err := s.Settings.Update(ctx, all(), s.org.ID, func(o *controller.Settings) error { o.Context = variables; return nil })
			return err
		}
	}
	for _, step := range []struct {
		what string
		do   func() error
		want controller.Status
	}{
		{"a variable nobody uses", update(func(d *controller.Detail) { d.Config.Context = `{"unused":"1"}` }), controller.StatusApplied},
		{"notes", update(func(d *controller.Detail) { d.Device.Notes = "x" }), controller.StatusApplied},
		{"another version of the same syntax", update(func(d *controller.Detail) { d.Device.OS = "OpenWrt 23.05.4" }), controller.StatusApplied},
		{"a default value the device overrides", template(func(o *controller.Template) { o.DefaultValues = `{"text":"x","more":1}` }), controller.StatusApplied},
		{"a variable of the organization nobody uses", organization(`{"nobody":"1"}`), controller.StatusApplied},
		{"a variable", update(func(d *controller.Detail) { d.Config.Context = `{"text":"y"}` }), controller.StatusModified},
		{"an organization's variable", organization(`{"text":"hidden by the device's"}`), controller.StatusApplied},
		{"a name", update(func(d *controller.Detail) { d.Device.Name = "renamed" }), controller.StatusModified},
		{"a template", template(func(o *controller.Template) { o.Config = `{"general":{"description":"{{ text }}!"}}` }), controller.StatusModified},
		{"templates taken away", update(func(d *controller.Detail) { d.Config.Templates = nil }), controller.StatusModified},
	} {
		modified = 0
		require.NoError(t, step.do(), step.what)
		require.Equal(t, step.want, s.config(t, d).Status, step.what)
		require.Equal(t, step.want == controller.StatusModified, modified > 0, step.what)
		s.apply(t, d)
	}
	// told again while it is modified already
	require.NoError(t, update(func(d *controller.Detail) { d.Config.Config = `{"general":{"timezone":"UTC"}}` })())
	modified = 0
	require.NoError(t, update(func(d *controller.Detail) { d.Config.Config = `{"general":{"timezone":"Europe/Rome"}}` })())
	require.Equal(t, 1, modified)
}

// runDeactivated: additions C-5.
func runDeactivated(t *testing.T, s *services) {
	ctx := context.Background()
	base := s.template(t, "base", good, asDefault)
	d := s.enrolled(t, 1)
	_, err := s.Devices.Deactivate(ctx, all(), d.ID)
	require.NoError(t, err)
	untouched := func(what string) {
		t.Helper()
		before, err := s.Devices.Get(ctx, all(), d.ID)
		require.NoError(t, err)
		r := registration(mac(1))
		r.Name, r.Peer = "renamed", netip.MustParseAddr("192.0.2.77")
		_, err = s.Agents.Register(ctx, r)
		require.ErrorIs(t, err, protocol.ErrDeactivated, what)
		_, err = s.Templates.Update(ctx, all(), base.ID, func(o *controller.Template) error { o.Config += " "; return nil })
		require.NoError(t, err)
		s.template(t, "for "+what, `{"general":{"timezone":"UTC"}}`, asDefault)
		after, err := s.Devices.Get(ctx, all(), d.ID)
		require.NoError(t, err)
		require.Equal(t, before, after, what)
	}
	untouched("deactivating")
	require.ErrorIs(t, s.Agents.UpdateInfo(ctx, credentials(d), "OpenWrt 19.07", "", ""), protocol.ErrDeactivated)
	_, err = s.Agents.Checksum(ctx, credentials(d), "")
	require.NoError(t, err, "the empty configuration is fetched once")
	_, err = s.Agents.Download(ctx, credentials(d), "")
	require.NoError(t, err)
	_, err = s.Agents.ReportStatus(ctx, credentials(d), "applied", "")
	require.NoError(t, err)
	untouched("deactivated")
	require.ErrorIs(t, s.Agents.UpdateInfo(ctx, credentials(d), "", "", ""), wispwright.ErrNotFound)
	_, err = s.Devices.Activate(ctx, all(), d.ID)
	require.NoError(t, err)
	_, err = s.Agents.Register(ctx, registration(mac(1)))
	require.NoError(t, err)

	bare := &controller.Detail{Device: &controller.Device{OrganizationID: s.org.ID, Name: "bare", MACAddress: mac(2)}}
	require.NoError(t, s.Devices.Create(ctx, bare))
	require.ErrorIs(t, s.Agents.UpdateInfo(ctx, credentials(bare.Device), "", "", ""), wispwright.ErrNotFound)
	_, err = s.Devices.Deactivate(ctx, all(), bare.Device.ID)
	require.NoError(t, err)
	require.ErrorIs(t, s.Agents.UpdateInfo(ctx, credentials(bare.Device), "", "", ""), protocol.ErrDeactivated)
	wrong := credentials(bare.Device)
	wrong.Key = "wrong"
	require.ErrorIs(t, s.Agents.UpdateInfo(ctx, wrong, "", "", ""), protocol.ErrWrongKey)
}

// runRenamed: additions C-7.
func runRenamed(t *testing.T, s *services) {
	ctx := context.Background()
	d := s.enrolled(t, 1)
	taken := s.enrolled(t, 2)
	_, err := s.Devices.Update(ctx, all(), taken.ID, func(d *controller.Detail) error { d.Device.Name = "taken"; return nil })
	require.NoError(t, err)
	var pushed int
	s.Devices.Modifying.Subscribe("test", func(context.Context, ...controller.ConfigsModified) error { pushed++; return nil })
	for _, step := range []struct{ name, want string }{
		{"roof", "roof"},
		{strings.ToLower(mac(1)), "roof"},
		{strings.ReplaceAll(mac(1), ":", "-"), "roof"},
		{"Taken", "roof"},
		{"no host name!", "roof"},
		{"cellar", "cellar"},
	} {
		r := registration(mac(1))
		r.Name = step.name
		out, err := s.Agents.Register(ctx, r)
		require.NoError(t, err, step.name)
		require.Equal(t, step.want, out.Device.Name, step.name)
		require.Equal(t, d.ID, out.Device.ID)
	}
	require.Equal(t, controller.StatusModified, s.config(t, d).Status, "its host name is another")
	require.Zero(t, pushed)
	s.apply(t, d)
}

// runNotes: additions C-8.
func runNotes(t *testing.T, s *services) {
	ctx := context.Background()
	base := s.template(t, "base", good, func(o *controller.Template) { o.Default, o.Notes = true, "ask Ménard" })
	d := s.enrolled(t, 1)
	o, err := s.Templates.Update(ctx, all(), base.ID, func(o *controller.Template) error { o.Notes += " first"; return nil })
	require.NoError(t, err)
	require.Equal(t, base.RevisionID, o.RevisionID)
	require.Equal(t, controller.StatusApplied, s.config(t, d).Status)
	for search, want := range map[string]int{"nard first": 1, "second": 0} {
		items, err := s.Templates.List(ctx, all(), controller.TemplateFilter{Search: search}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, items.Rows, want, search)
	}
	_, err = s.Templates.Update(ctx, all(), base.ID, func(o *controller.Template) error { o.Notes = strings.Repeat("x", 64<<10+1); return nil })
	var invalid *wispwright.ValidationError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, "notes", invalid.Fields[0].Path)
}
