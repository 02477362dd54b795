package controller_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/tenancy"
)

// files are the members of an archive.
func files(t testing.TB, archive []byte) map[string]string {
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
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		out[h.Name] = string(b)
	}
}

func (w *world) files(t testing.TB, d *controller.Detail) map[string]string {
	t.Helper()
	a, err := w.Devices.Configuration(context.Background(), wispwright.ScopeAll(), d.Device.ID)
	require.NoError(t, err)
	require.Equal(t, w.get(t, d.Device.ID).Config.Desired, a.Checksum)
	require.Equal(t, d.Device.Name, a.Name)
	return files(t, a.Bytes)
}

func TestHostname(t *testing.T) {
	w := newWorld(t, nil)
	d := w.device(t, "00:11:22:AA:BB:CC", "00:11:22:AA:BB:CC", nil)
	require.Equal(t, map[string]string{"etc/config/system": "config system 'system'\n\toption hostname '00-11-22-AA-BB-CC'\n"}, w.files(t, d))
	require.Equal(t, wispwright.JSON("{}"), w.get(t, d.Device.ID).Config.Config, "it is never stored")
	own := w.template(t, "own", `{"general":{"hostname":"{{ name }}-x"}}`, func(o *controller.Template) { o.DefaultValues = `{"name":"n"}` })
	d = w.device(t, "ap1", "00:11:22:AA:BB:CD", func(d *controller.Detail) { d.Config.Templates = []wispwright.ID{own.ID} })
	require.Contains(t, w.files(t, d)["etc/config/system"], "option hostname 'ap1-x'")
	d = w.device(t, "ap2", "00:11:22:AA:BB:CE", func(d *controller.Detail) { d.Config.Config = `{"general":{"timezone":"UTC"}}` })
	require.Contains(t, w.files(t, d)["etc/config/system"], "option hostname 'ap2'")
}

// ssid is a provider of variables.
type ssid map[string]any

func (p ssid) Variables(_ context.Context, devices []*controller.Device) (map[wispwright.ID]map[string]any, error) {
	out := map[wispwright.ID]map[string]any{}
	for _, d := range devices {
		out[d.ID] = p
	}
	return out, nil
}

func TestPrecedenceOfVariables(t *testing.T) {
	ctx := context.Background()
	all := wispwright.ScopeAll()
	w := newWorld(t, &controller.Options{
		Context: map[string]any{"global": "global", "organization": "global", "name": "global", "provider": "global", "template": "global"},
		Providers: []controller.ContextProvider{
			ssid{"provider": "provider", "device": "provider", "id": "provider"}, ssid{"provider": "second", "second": "second"},
		},
	})
	_, err := w.Settings.Update(ctx, all, w.org.ID, func(s *controller.Settings) error {
		s.Context = `{"organization":"organization","provider":"organization","device":"organization","mac_address":"organization","key":"organization"}`
		return nil
	})
	require.NoError(t, err)
	first := w.template(t, "first", ethernet("eth0"), func(o *controller.Template) {
		o.DefaultValues = `{"both":"first","only":"first","template":"first","organization":"first","device":"first","number":1.50,"yes":true,"none":null,"deep":{"b":1,"a":[2]}}`
	})
	second := w.template(t, "second", ethernet("eth0"), func(o *controller.Template) { o.DefaultValues = `{"both":"second"}` })
	d := w.device(t, "ap1", "00:11:22:AA:BB:CC", func(d *controller.Detail) {
		d.Config.Templates = []wispwright.ID{first.ID, second.ID}
		d.Config.Context = `{"device":"device","id":"device"}`
	})
	v, err := w.Devices.Context(ctx, all, d.Device.ID)
	require.NoError(t, err)
	want := map[string]any{
		"both": "second", "only": "first", "template": "global", "global": "global", "organization": "organization", "provider": "provider",
		"second": "second", "device": "device", "id": "device", "name": "ap1", "mac_address": "00:11:22:AA:BB:CC", "key": d.Device.Key.Reveal(),
	}
	for name, value := range want {
		require.Equal(t, value, v.All[name], name)
	}
	require.NotContains(t, v.System, "only")
	require.Equal(t, "provider", v.System["device"])
	require.Equal(t, d.Device.ID.String(), v.System["id"])
	_, err = w.Devices.Context(ctx, wispwright.Scope{}, d.Device.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)

	_, err = w.update(d, func(d *controller.Detail) {
		d.Config.Config = `{"general":{"description":"{{ both }} {{ number }} {{ yes }} {{ none }} {{ unknown }} {{ key }}"}}`
	})
	require.NoError(t, err)
	require.Contains(t, w.files(t, d)["etc/config/system"], "second 1.5 True None {{ unknown }} "+d.Device.Key.Reveal())
	versions, err := w.Versions.List(ctx, all, d.Device.ID, wispwright.Page{Limit: 1})
	require.NoError(t, err)
	require.NotContains(t, string(versions.Rows[0].Context), d.Device.Key.Reveal(), "the key is no part of the history")
	require.Contains(t, string(versions.Rows[0].Context), `"number":1.50`)
	text, err := w.Versions.Text(ctx, versions.Rows[0])
	require.NoError(t, err)
	require.Contains(t, text, d.Device.Key.Reveal())
}

func TestStatusOfAChangedConfiguration(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, nil)
	d := w.device(t, "ap1", "00:11:22:AA:BB:CC", func(d *controller.Detail) {
		d.Config.Config, d.Config.Context = `{"general":{"description":"{{ used }}"}}`, `{"used":"a"}`
	})
	require.Equal(t, controller.StatusModified, d.Config.Status)
	var modified []controller.ConfigsModified
	var statuses []controller.StatusChange
	var inside int
	w.Devices.Modified.Subscribe("test", func(_ context.Context, e ...controller.ConfigsModified) { modified = append(modified, e...) })
	w.Devices.StatusChanged.Subscribe("test", func(_ context.Context, e ...controller.StatusChange) { statuses = append(statuses, e...) })
	w.Devices.Modifying.Subscribe("test", func(context.Context, ...controller.ConfigsModified) error { inside++; return nil })
	free := w.template(t, "free", ethernet("eth0"), nil)
	steps := []struct {
		name   string
		change func(*controller.Detail)
		status controller.Status
		action string
	}{
		{"nothing", func(*controller.Detail) {}, controller.StatusApplied, ""},
		{"an unused variable", func(d *controller.Detail) { d.Config.Context = `{"used":"a","unused":"b"}` }, controller.StatusApplied, ""},
		{"another spelling", func(d *controller.Detail) { d.Config.Config = `{"general": {"description": "{{used}}"}}` }, controller.StatusApplied, ""},
		{"notes", func(d *controller.Detail) { d.Device.Notes = "x" }, controller.StatusApplied, ""},
		{"a used variable", func(d *controller.Detail) { d.Config.Context = `{"used":"b"}` }, controller.StatusModified, controller.ActionConfigChanged},
		{"a template", func(d *controller.Detail) { d.Config.Templates = []wispwright.ID{free.ID} }, controller.StatusModified, controller.ActionTemplatesChanged},
		{"the name", func(d *controller.Detail) { d.Device.Name = "ap2" }, controller.StatusModified, controller.ActionConfigChanged},
		{"what the caller must not set", func(d *controller.Detail) {
			d.Config.Status, d.Config.Desired, d.Config.ErrorReason, d.Config.DeviceID = controller.StatusError, "x", "x", wispwright.NewID()
			d.Device.IsDeactivated, d.Device.Created = true, time.Time{}
			d.Device.ID = wispwright.NewID()
		}, controller.StatusApplied, ""},
	}
	for _, s := range steps {
		require.Equal(t, controller.StatusApplied, w.apply(t, d.Device), s.name)
		before := w.get(t, d.Device.ID)
		modified, statuses, inside = nil, nil, 0
		after, err := w.update(d, s.change)
		require.NoError(t, err, s.name)
		require.Equal(t, s.status, after.Config.Status, s.name)
		stored := w.get(t, d.Device.ID)
		require.Equal(t, stored, after, s.name)
		require.Equal(t, before.Device.ID, stored.Device.ID)
		if s.action == "" {
			require.Empty(t, modified, s.name)
			require.Equal(t, before.Config.VersionID, stored.Config.VersionID, s.name)
			continue
		}
		require.Equal(t, []controller.ConfigsModified{{DeviceIDs: []wispwright.ID{d.Device.ID}, Action: s.action, Cause: modified[0].Cause}}, modified, s.name)
		require.Len(t, statuses, 1, s.name)
		require.Equal(t, 1, inside)
	}
	t.Run("a hook may refuse", func(t *testing.T) {
		before := w.get(t, d.Device.ID)
		w.Devices.Modifying.Subscribe("refuses", func(context.Context, ...controller.ConfigsModified) error { return wispwright.ErrLimit })
		_, err := w.update(d, func(d *controller.Detail) { d.Config.Config = `{"general":{"timezone":"UTC"}}` })
		require.ErrorIs(t, err, wispwright.ErrLimit)
		require.Equal(t, before, w.get(t, d.Device.ID))
		_, err = w.Agents.Checksum(ctx, credentials(before.Device), "")
		require.NoError(t, err)
	})
}

func TestAConfigurationIsAddedButNeverTakenAway(t *testing.T) {
	w := newWorld(t, nil)
	base := w.template(t, "base", ethernet("eth0"), asDefault)
	bare := &controller.Detail{Device: &controller.Device{OrganizationID: w.org.ID, Name: "bare", MACAddress: "00:11:22:AA:BB:02"}}
	require.NoError(t, w.Devices.Create(context.Background(), bare))
	d, err := w.update(bare, func(d *controller.Detail) { d.Config = &controller.Config{Backend: openWrt} })
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{base.ID}, d.Config.Templates)
	_, err = w.update(bare, func(d *controller.Detail) { d.Config = nil; d.Device.Notes = "x" })
	require.NoError(t, err)
	require.NotNil(t, w.get(t, bare.Device.ID).Config)
}

func TestSyntaxOfOpenWrt(t *testing.T) {
	const config = `{"interfaces":[{"name":"br-lan","type":"bridge","bridge_members":["eth0"]}]}`
	newer := render.New(&render.Options{
		Newer: []*regexp.Regexp{regexp.MustCompile(`MyOS 2`)}, Older: []*regexp.Regexp{regexp.MustCompile(`MyOS`)},
	})
	older := render.New(&render.Options{AssumeOlder: true})
	for _, tt := range []struct {
		os           string
		newer, older bool
	}{
		{"", true, false},
		{"OpenWrt 23.05.3", true, true},
		{"OpenWrt 21.02.0 r1", true, true},
		{"openwrt19.07", false, false},
		{"LEDE 17.01", true, false},
		{"MyOS 2.1", true, false},
		{"MyOS 1.0", false, false},
		{"OpenWrt SNAPSHOT", true, false},
	} {
		for r, want := range map[render.Renderer]bool{newer: tt.newer, older: tt.older} {
			text, err := r.Text(context.Background(), render.Input{Backend: openWrt, OS: tt.os, Config: config})
			require.NoError(t, err)
			require.Equal(t, want, strings.Contains(text, "config device"), "%s\n%s", tt.os, text)
		}
	}
	require.Equal(t, []string{openWrt, "netjsonconfig.OpenWisp"}, []string{newer.Backends()[0].Path, newer.Backends()[1].Path})
	_, err := newer.Archive(context.Background(), render.Input{Backend: "x"})
	require.Error(t, err)
}

func TestPreview(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, nil)
	beta := w.organization(t, "beta", "betaSecret")
	o := w.template(t, "base", `{"general":{"description":"{{ text }} {{ org }}"}}`, func(o *controller.Template) { o.DefaultValues = `{"text":"default"}` })
	_, err := w.Settings.Update(ctx, wispwright.ScopeAll(), w.org.ID, func(s *controller.Settings) error { s.Context = `{"org":"acme"}`; return nil })
	require.NoError(t, err)
	d := w.device(t, "ap1", "00:11:22:AA:BB:CC", nil)
	in := controller.PreviewInput{
		Backend: openWrt, Config: `{"general":{"timezone":"UTC"}}`, Context: `{"text":"mine"}`, Templates: []wispwright.ID{o.ID}, OrganizationID: w.org.ID, Name: "new-ap",
	}
	scope := wispwright.ScopeOf(w.org.ID).WithShared()
	p, err := w.Devices.Preview(ctx, scope, in)
	require.NoError(t, err)
	require.Contains(t, p.Text, "option description 'mine acme'")
	require.Contains(t, p.Text, "option hostname 'new-ap'")
	require.Len(t, p.Checksum, 32)
	require.Positive(t, p.Size)
	in.DeviceID, in.Name = d.Device.ID, ""
	p, err = w.Devices.Preview(ctx, scope, in)
	require.NoError(t, err)
	require.Contains(t, p.Text, "option hostname 'ap1'")
	stored, err := w.update(d, func(d *controller.Detail) {
		d.Config.Config, d.Config.Context, d.Config.Templates = in.Config, in.Context, in.Templates
	})
	require.NoError(t, err)
	require.Equal(t, stored.Config.Desired, p.Checksum, "what is saved is what was shown")

	p, err = w.Devices.Preview(ctx, scope, controller.PreviewInput{Template: true, Backend: openWrt, Config: o.Config, DefaultValues: `{"text":"x"}`})
	require.NoError(t, err)
	require.Contains(t, p.Text, "option description 'x {{ org }}'")
	require.NotContains(t, p.Text, "option hostname 'ap1'")

	for name, tt := range map[string]struct {
		change func(*controller.PreviewInput)
		field  string
	}{
		"backend":              {func(in *controller.PreviewInput) { in.Backend = "x" }, "backend"},
		"context":              {func(in *controller.PreviewInput) { in.Context = "[1]" }, "context"},
		"config":               {func(in *controller.PreviewInput) { in.Config = "[1]" }, "config"},
		"unknown template":     {func(in *controller.PreviewInput) { in.Templates = []wispwright.ID{wispwright.NewID()} }, "templates"},
		"foreign organization": {func(in *controller.PreviewInput) { in.OrganizationID = beta.ID }, "organization"},
		"unknown device":       {func(in *controller.PreviewInput) { in.DeviceID = wispwright.NewID() }, "device"},
		"invalid configuration": {func(in *controller.PreviewInput) {
			in.Config = `{"interfaces":[{"name":"eth0","type":"ethernet","mtu":"x"}]}`
		}, "config"},
	} {
		bad := in
		tt.change(&bad)
		_, err := w.Devices.Preview(ctx, scope, bad)
		require.Contains(t, faults(t, err), tt.field, name)
	}
	bad := in
	bad.Config = `{"interfaces":3}`
	_, err = w.Devices.Preview(ctx, scope, bad)
	var refused *render.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "/interfaces", refused.Pointer)
	_, err = w.Devices.Preview(ctx, wispwright.ScopeOf(beta.ID), in)
	require.Error(t, err, "nothing of another organization is shown")
}

// TestAnotherOrganization walks every operation with the scope of somebody
// else.
func TestAnotherOrganization(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, nil)
	beta := w.organization(t, "beta", "betaSecret")
	o := w.template(t, "base", ethernet("eth0"), asDefault)
	d := w.device(t, "ap1", "00:11:22:AA:BB:CC", nil)
	version := d.Config.VersionID
	scope := wispwright.ScopeOf(beta.ID).WithShared()
	id := d.Device.ID
	calls := map[string]error{}
	_, calls["get"] = w.Devices.Get(ctx, scope, id)
	_, calls["update"] = w.Devices.Update(ctx, scope, id, func(*controller.Detail) error { return nil })
	calls["delete"] = w.Devices.Delete(ctx, scope, id, true)
	_, calls["deactivate"] = w.Devices.Deactivate(ctx, scope, id)
	_, calls["configuration"] = w.Devices.Configuration(ctx, scope, id)
	_, calls["context"] = w.Devices.Context(ctx, scope, id)
	_, calls["version"] = w.Versions.Get(ctx, scope, id, version)
	_, calls["template"] = w.Templates.Get(ctx, scope, o.ID)
	_, calls["template update"] = w.Templates.Update(ctx, scope, o.ID, func(*controller.Template) error { return nil })
	calls["template delete"] = w.Templates.Delete(ctx, scope, o.ID)
	_, calls["template clone"] = w.Templates.Clone(ctx, scope, o.ID, beta.ID)
	_, calls["template configuration"] = w.Templates.Configuration(ctx, scope, o.ID)
	_, calls["settings"] = w.Settings.Get(ctx, scope, w.org.ID)
	_, calls["settings update"] = w.Settings.Update(ctx, scope, w.org.ID, func(*controller.Settings) error { return nil })
	for name, err := range calls {
		require.ErrorIs(t, err, wispwright.ErrNotFound, name)
	}
	devices, err := w.Devices.List(ctx, scope, controller.DeviceFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Empty(t, devices.Rows)
	versions, err := w.Versions.List(ctx, scope, id, wispwright.Page{})
	require.NoError(t, err)
	require.Empty(t, versions.Rows)
	counts, err := w.Devices.Counts(ctx, scope)
	require.NoError(t, err)
	require.Equal(t, &controller.Counts{Statuses: map[controller.Status]int{}, SilentFor: 6 * time.Minute}, counts)
	counts, err = w.Devices.Counts(ctx, wispwright.ScopeOf(w.org.ID))
	require.NoError(t, err)
	require.Equal(t, &controller.Counts{Devices: 1, Statuses: map[controller.Status]int{controller.StatusModified: 1}, SilentFor: 6 * time.Minute}, counts)
}

// queue keeps jobs until they are worked on.
type queue struct{ jobs []controller.Job }

func (q *queue) Enqueue(_ context.Context, jobs ...controller.Job) error {
	q.jobs = append(q.jobs, jobs...)
	return nil
}

func TestJobsGoOnWhereTheyStopped(t *testing.T) {
	ctx := wispwright.WithCaller(context.Background(), &wispwright.Caller{ID: wispwright.ID{1}, Name: "alice", Superuser: true})
	q := &queue{}
	w := newWorld(t, &controller.Options{Jobs: q})
	o := w.template(t, "base", ethernet("eth0"), asDefault)
	const devices = 501 // one more than a batch
	for n := range devices {
		w.device(t, mac(n), mac(n), nil)
	}
	q.jobs = nil
	_, err := w.Templates.Update(ctx, wispwright.ScopeAll(), o.ID, func(o *controller.Template) error { o.Config = wispwright.JSON(ethernet("eth1")); return nil })
	require.NoError(t, err)
	require.Len(t, q.jobs, 1)
	require.EqualValues(t, "template_changed", q.jobs[0].Kind)
	var batches []int
	w.Devices.Modified.Subscribe("test", func(_ context.Context, e ...controller.ConfigsModified) {
		for _, e := range e {
			batches = append(batches, len(e.DeviceIDs))
		}
	})
	require.NoError(t, w.Work(ctx, q.jobs[0]))
	require.Len(t, q.jobs, 2, "the next batch is queued with this one")
	require.NoError(t, w.Work(ctx, q.jobs[0]), "once more changes nothing")
	require.NoError(t, w.Work(ctx, q.jobs[1]))
	require.Equal(t, []int{500, 1}, batches)
	versions, err := w.Versions.List(ctx, wispwright.ScopeAll(), q.jobs[1].After, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, versions.Rows, 2)
	require.Equal(t, []any{"template base changed", "alice", wispwright.ID{1}}, []any{versions.Rows[0].Cause, versions.Rows[0].Actor, versions.Rows[0].ActorID})

	require.NoError(t, w.Work(ctx, controller.Job{Kind: controller.JobEverything}))
	require.Len(t, batches, 2)
	require.Error(t, w.Work(ctx, controller.Job{Kind: "x"}))
	require.NoError(t, w.Work(ctx, controller.Job{Kind: "template_changed", ID: wispwright.NewID()}), "a template that is gone")
	n, err := w.Versions.Prune(ctx, -time.Hour)
	require.NoError(t, err)
	require.Equal(t, devices, n)
}

func mac(n int) string {
	const hex = "0123456789ABCDEF"
	return "02:00:00:00:" + string([]byte{hex[n>>12&15], hex[n>>8&15], ':', hex[n>>4&15], hex[n&15]})
}

func TestPermissionsOfTheDefaultGroups(t *testing.T) {
	got := map[string][2]string{}
	for _, m := range controller.Models() {
		require.Equal(t, "config", m.App)
		got[m.Name] = [2]string{m.Operator, m.Administrator}
	}
	require.Equal(t, map[string][2]string{
		"device": {"ACD", "ACD"}, "config": {"ACD", "ACD"}, "template": {"ACD", "ACD"}, "templatetag": {}, "vpn": {"V", "ACD"}, "vpnclient": {},
		"devicegroup": {"ACDV", "ACDV"}, "organizationconfigsettings": {"V", "CV"}, "organizationlimits": {},
	}, got)
	require.NotNil(t, tenancy.NewCatalogue(controller.Models()...))
}

func TestWhatIsRequired(t *testing.T) {
	m, tenants := tenancy.NewMemory()
	ten, err := tenancy.New(m, tenants, nil)
	require.NoError(t, err)
	stores, r := controller.NewMemory(m), render.New(nil)
	for _, make := range []func() error{
		func() error { _, err := controller.New(nil, stores, r, ten.Organizations, nil); return err },
		func() error { _, err := controller.New(m, controller.Stores{}, r, ten.Organizations, nil); return err },
		func() error { _, err := controller.New(m, stores, nil, ten.Organizations, nil); return err },
		func() error { _, err := controller.New(m, stores, r, nil, nil); return err },
	} {
		require.Error(t, make())
	}
}

// TestOrganizationsOlderThanTheConcern have no settings yet when the first
// devices of theirs come, all at once.
func TestOrganizationsOlderThanTheConcern(t *testing.T) {
	ctx := context.Background()
	m, tenants := tenancy.NewMemory()
	ten, err := tenancy.New(m, tenants, nil)
	require.NoError(t, err)
	org := &tenancy.Organization{Name: "old", IsActive: true}
	require.NoError(t, ten.Organizations.Create(ctx, org))
	c, err := controller.New(m, controller.NewMemory(m), render.New(nil), ten.Organizations, nil)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := c.Settings.Get(ctx, wispwright.ScopeAll(), org.ID); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s, err := c.Settings.Get(ctx, wispwright.ScopeAll(), org.ID)
	require.NoError(t, err)
	require.True(t, s.RegistrationEnabled)
	require.Len(t, s.SharedSecret.Reveal(), 32)
}
