package controller_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/render"
)

func TestTemplateRules(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	beta := w.organization(t, "beta", "betaSecret")
	w.template(t, "taken", ethernet("eth0"), nil)
	w.template(t, "shared", ethernet("eth0"), func(o *controller.Template) { o.OrganizationID = wispwright.ID{} })
	const tail = " Shared objects are visible to all organizations and must have unique names to avoid confusion."
	for name, tt := range map[string]struct {
		change func(*controller.Template)
		want   map[string][]string
	}{
		"no name":       {func(o *controller.Template) { o.Name = "" }, map[string][]string{"name": {"This field cannot be blank."}}},
		"long name":     {func(o *controller.Template) { o.Name = strings.Repeat("ä", 65) }, map[string][]string{"name": {"Ensure this value has at most 64 characters (it has 65)."}}},
		"backend":       {func(o *controller.Template) { o.Backend = "x" }, map[string][]string{"backend": {`"x" is not a valid choice.`}}},
		"type":          {func(o *controller.Template) { o.Type = "x" }, map[string][]string{"type": {`"x" is not a valid choice.`}}},
		"vpn missing":   {func(o *controller.Template) { o.Type = controller.TemplateVPN }, map[string][]string{"vpn": {`A VPN must be selected when template type is "VPN"`}}},
		"values":        {func(o *controller.Template) { o.DefaultValues = `["a"]` }, map[string][]string{"default_values": {"the supplied value is not a JSON object"}}},
		"broken values": {func(o *controller.Template) { o.DefaultValues = `{"a":` }, map[string][]string{"default_values": {"the supplied value is not a JSON object"}}},
		"empty":         {func(o *controller.Template) { o.Config = "{}" }, map[string][]string{"": {"The configuration field cannot be empty."}}},
		"text":          {func(o *controller.Template) { o.Config = `"text"` }, map[string][]string{"config": {"Unexpected configuration format."}}},
		"tags":          {func(o *controller.Template) { o.Tags = []string{"a b"} }, map[string][]string{"tags": {"A tag must not contain spaces: devices send several tags separated by them."}}},
		"invalid": {func(o *controller.Template) { o.Config = `{"interfaces":{"x":1}}` },
			map[string][]string{"": {"Invalid configuration triggered by \"#/interfaces\", validator says:\n\n{'x': 1} is not of type 'array'"}}},
		"same name":        {func(o *controller.Template) { o.Name = "taken" }, map[string][]string{"": {"Template with this Organization and Name already exists."}}},
		"name of a shared": {func(o *controller.Template) { o.Name = "shared" }, map[string][]string{"name": {"There is already another shared template with this name." + tail}}},
		"shared with a name of one": {func(o *controller.Template) { o.Name, o.OrganizationID = "taken", wispwright.ID{} },
			map[string][]string{"name": {"There is already a template of another organization with this name." + tail}}},
		"unknown organization": {func(o *controller.Template) { o.OrganizationID = wispwright.ID{15: 9} },
			map[string][]string{"organization": {`Invalid pk "00000000-0000-0000-0000-000000000009" - object does not exist.`}}},
	} {
		t.Run(name, func(t *testing.T) {
			o := &controller.Template{OrganizationID: w.org.ID, Name: "new", Backend: openWrt, Config: wispwright.JSON(ethernet("eth0"))}
			tt.change(o)
			err := w.Templates.Create(ctx, o)
			require.Equal(t, tt.want, faults(t, err))
			require.NotContains(t, err.Error(), "%!")
		})
	}
	w.template(t, "taken", ethernet("eth0"), func(o *controller.Template) { o.OrganizationID = beta.ID })
	o := w.template(t, "normal", ethernet("eth0"), func(o *controller.Template) {
		o.Required, o.AutoCert, o.DefaultValues, o.Tags = true, true, "null", []string{"b", " a ", "b"}
	})
	require.True(t, o.Default, "required implies default")
	require.False(t, o.AutoCert, "there is no VPN")
	require.Equal(t, wispwright.JSON("{}"), o.DefaultValues)
	require.Equal(t, []string{"a", "b"}, o.Tags)
	require.Equal(t, controller.TemplateGeneric, o.Type)

	items, err := w.Templates.List(ctx, wispwright.ScopeOf(beta.ID).WithShared(), controller.TemplateFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, items.Rows, 2)
	_, err = w.Templates.Get(ctx, wispwright.ScopeOf(beta.ID), o.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	archive, err := w.Templates.Configuration(ctx, wispwright.ScopeAll(), o.ID)
	require.NoError(t, err)
	require.Equal(t, "normal", archive.Name)
	require.NotEmpty(t, archive.Bytes)
}

func TestCloneOfATemplate(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	beta := w.organization(t, "beta", "betaSecret")
	o := w.template(t, "mesh", ethernet("eth0"), func(o *controller.Template) { o.Default, o.Tags = true, []string{"mesh"} })
	var names []string
	for _, org := range []wispwright.ID{w.org.ID, beta.ID, {}} {
		c, err := w.Templates.Clone(ctx, wispwright.ScopeAll(), o.ID, org)
		require.NoError(t, err)
		require.False(t, c.Default)
		require.Empty(t, c.Tags)
		require.Equal(t, org, c.OrganizationID)
		names = append(names, c.Name)
	}
	require.Equal(t, []string{"mesh (Clone)", "mesh (Clone 2)", "mesh (Clone 3)"}, names)
	long := w.template(t, strings.Repeat("x", 64), ethernet("eth0"), asRequired)
	c, err := w.Templates.Clone(ctx, wispwright.ScopeAll(), long.ID, w.org.ID)
	require.NoError(t, err)
	require.Len(t, c.Name, 64)
	require.True(t, c.Default, "required makes it a default one again")
}

func TestTemplatesOfADevice(t *testing.T) {
	w := newWorld(t, nil)
	beta := w.organization(t, "beta", "betaSecret")
	free := w.template(t, "free", ethernet("eth1"), nil)
	second := w.template(t, "b default", ethernet("eth2"), asDefault)
	third := w.template(t, "z required", ethernet("eth3"), asRequired)
	first := w.template(t, "a required", ethernet("eth4"), asRequired)
	legacy := w.template(t, "legacy", ethernet("eth5"), func(o *controller.Template) { o.Required, o.Backend = true, "netjsonconfig.OpenWisp" })
	foreign := w.template(t, "foreign", ethernet("eth6"), func(o *controller.Template) { o.OrganizationID = beta.ID })
	shared := w.template(t, "shared", ethernet("eth7"), func(o *controller.Template) { o.OrganizationID = wispwright.ID{} })
	ids := func(list ...*controller.Template) []wispwright.ID {
		out := []wispwright.ID{}
		for _, o := range list {
			out = append(out, o.ID)
		}
		return out
	}
	d := w.device(t, "ap1", "00:11:22:AA:BB:CC", func(d *controller.Detail) { d.Config.Templates = ids(free, second, free) })
	require.Equal(t, ids(first, third, second, free), d.Config.Templates, "required by name, default, then the given ones")
	assign := func(list ...wispwright.ID) ([]wispwright.ID, error) {
		d, err := w.update(d, func(d *controller.Detail) { d.Config.Templates = list })
		if err != nil {
			return nil, err
		}
		return d.Config.Templates, nil
	}
	got, err := assign(ids(shared, free)...)
	require.NoError(t, err)
	require.Equal(t, ids(first, third, shared, free), got, "default ones may be removed, required ones not")
	got, err = assign(ids(free, legacy, shared)...)
	require.NoError(t, err)
	require.Equal(t, ids(first, third, free, legacy, shared), got)
	got, err = assign()
	require.NoError(t, err)
	require.Equal(t, ids(first, third), got, "required templates of another backend may go")

	_, err = assign(foreign.ID)
	require.Equal(t, map[string][]string{"config": {"The following templates are owned by organizations which do not match the organization of this configuration: foreign"}}, faults(t, err))
	_, err = assign(wispwright.ID{15: 1})
	require.Equal(t, map[string][]string{"config.templates": {`Invalid pk "00000000-0000-0000-0000-000000000001" - object does not exist.`}}, faults(t, err))
	require.Equal(t, ids(first, third), w.get(t, d.Device.ID).Config.Templates, "nothing was changed")

	t.Run("moving keeps shared templates and takes the new organization's", func(t *testing.T) {
		betaDefault := w.template(t, "beta default", ethernet("eth8"), func(o *controller.Template) { o.OrganizationID, o.Default = beta.ID, true })
		_, err := assign(ids(free, shared)...)
		require.NoError(t, err)
		moved, err := w.update(d, func(d *controller.Detail) { d.Device.OrganizationID = beta.ID })
		require.NoError(t, err)
		require.Equal(t, ids(betaDefault, shared), moved.Config.Templates)
		require.Equal(t, beta.ID, moved.Config.OrganizationID)
		_, err = w.update(d, func(d *controller.Detail) { d.Device.OrganizationID, d.Config.Templates = w.org.ID, ids(foreign) })
		require.ErrorContains(t, err, "foreign", "a given list is checked against the new organization")
	})
}

func TestConflictingTemplates(t *testing.T) {
	w := newWorld(t, nil)
	file := func(contents string) string {
		return `{"files":[{"path":"/etc/x","mode":"0644","contents":"` + contents + `"}]}`
	}
	a := w.template(t, "a", file("1"), nil)
	same := w.template(t, "same", file("1"), nil)
	d := w.device(t, "ap1", "00:11:22:AA:BB:CC", func(d *controller.Detail) { d.Config.Templates = []wispwright.ID{a.ID, same.ID} })
	require.NotEmpty(t, d.Config.Desired, "one file twice is one file")

	_, err := w.update(d, func(d *controller.Detail) { d.Config.Config = `{"interfaces":3}` })
	require.Equal(t, map[string][]string{"config": {"Invalid configuration triggered by \"#/interfaces\", validator says:\n\n3 is not of type 'array'"}}, faults(t, err))
	var refused *render.Error
	require.True(t, errors.As(err, &refused))
	require.Equal(t, "/interfaces", refused.Pointer)
	for field, change := range map[string]func(*controller.Config){
		"the supplied value is not a JSON object": func(c *controller.Config) { c.Context = `[]1` },
		"Unexpected configuration format.":        func(c *controller.Config) { c.Config = `[1]` },
	} {
		_, err = w.update(d, func(d *controller.Detail) { change(d.Config) })
		require.Equal(t, map[string][]string{"config": {field}}, faults(t, err))
	}
	_, err = w.update(d, func(d *controller.Detail) { d.Config.Backend = "x" })
	require.Equal(t, map[string][]string{"config.backend": {`"x" is not a valid choice.`}}, faults(t, err))

	// an interface that the own configuration completes and the template breaks
	broken := w.template(t, "broken", `{"interfaces":[{"name":"eth0","type":"ethernet","mtu":1400}]}`, nil)
	_, err = w.update(d, func(d *controller.Detail) {
		d.Config.Templates, d.Config.Context = []wispwright.ID{broken.ID}, `{}`
		d.Config.Config = `{"interfaces":[{"name":"eth0","type":"wireless","wireless":{"radio":"radio0","mode":"access_point","ssid":"x"}}]}`
	})
	if err != nil {
		require.True(t, strings.HasPrefix(faults(t, err)["config"][0], "There is a conflict with the specified templates. "), err)
	}
}

func TestFanOutOfATemplate(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	o := w.template(t, "base", `{"general":{"description":"{{ text }}"}}`, func(o *controller.Template) { o.DefaultValues = `{"text":"a","unused":"x"}` })
	with := func(d *controller.Detail) { d.Config.Templates = []wispwright.ID{o.ID} }
	plain := w.device(t, "plain", "00:11:22:AA:BB:01", with)
	own := w.device(t, "own", "00:11:22:AA:BB:02", func(d *controller.Detail) { with(d); d.Config.Context = `{"text":"mine"}` })
	other := w.device(t, "other", "00:11:22:AA:BB:03", nil)
	for _, d := range []*controller.Detail{plain, own, other} {
		require.Equal(t, controller.StatusApplied, w.apply(t, d.Device))
	}
	var statuses []controller.StatusChange
	w.Devices.StatusChanged.Subscribe("test", func(_ context.Context, e ...controller.StatusChange) { statuses = append(statuses, e...) })
	change := func(fn func(*controller.Template)) {
		t.Helper()
		_, err := w.Templates.Update(ctx, wispwright.ScopeAll(), o.ID, func(o *controller.Template) error { fn(o); return nil })
		require.NoError(t, err)
	}
	status := func() (out [3]controller.Status) {
		for i, d := range []*controller.Detail{plain, own, other} {
			out[i] = w.get(t, d.Device.ID).Config.Status
		}
		return out
	}
	change(func(o *controller.Template) {
		o.Name, o.Tags, o.DefaultValues = "renamed", []string{"x"}, `{"text":"a","unused":"y"}`
	})
	require.Equal(t, [3]controller.Status{"applied", "applied", "applied"}, status(), "the bytes are the same")
	change(func(o *controller.Template) { o.DefaultValues = `{"text":"b"}` })
	require.Equal(t, [3]controller.Status{"modified", "applied", "applied"}, status())
	require.Len(t, statuses, 1)
	require.Equal(t, plain.Device.ID, statuses[0].DeviceID)
	versions, err := w.Versions.List(ctx, wispwright.ScopeAll(), plain.Device.ID, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, "template renamed changed", versions.Rows[0].Cause)

	change(func(o *controller.Template) { o.DefaultValues = `{"text":"a"}` })
	require.Equal(t, [3]controller.Status{"applied", "applied", "applied"}, status(), "back to what the device runs, before it noticed")
	require.Equal(t, plain.Config.Desired, w.get(t, plain.Device.ID).Config.Desired)

	text, err := w.Versions.Text(ctx, versions.Rows[0])
	require.NoError(t, err)
	require.Contains(t, text, "'b'", "an old version is what it was")
	old, err := w.Versions.Get(ctx, wispwright.ScopeAll(), plain.Device.ID, versions.Rows[1].ID)
	require.NoError(t, err)
	text, err = w.Versions.Text(ctx, old)
	require.NoError(t, err)
	require.Contains(t, text, "'a'")
	_, err = w.Versions.Get(ctx, wispwright.ScopeAll(), own.Device.ID, old.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)

	t.Run("deleting takes it out and renders anew", func(t *testing.T) {
		require.NoError(t, w.Templates.Delete(ctx, wispwright.ScopeAll(), o.ID))
		require.Equal(t, [3]controller.Status{"modified", "modified", "applied"}, status())
		require.Empty(t, w.get(t, plain.Device.ID).Config.Templates)
	})
}

func TestAConfigurationThatIsNotValidAnyMore(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	o := w.template(t, "base", ethernet("eth0"), nil)
	d := w.device(t, "ap1", "00:11:22:AA:BB:01", func(d *controller.Detail) {
		d.Config.Templates = []wispwright.ID{o.ID}
		d.Config.Config = `{"interfaces":[{"name":"eth0","mtu":1400}]}` // the template gives the type
	})
	fine := w.device(t, "ap2", "00:11:22:AA:BB:02", func(d *controller.Detail) { d.Config.Templates = []wispwright.ID{o.ID} })
	_, err := w.Templates.Update(ctx, wispwright.ScopeAll(), o.ID, func(o *controller.Template) error {
		o.Config = wispwright.JSON(ethernet("eth1"))
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, d.Config.Desired, w.get(t, d.Device.ID).Config.Desired, "the last good one stays")
	require.NotEqual(t, fine.Config.Desired, w.get(t, fine.Device.ID).Config.Desired, "others go on")
	archive, err := w.Agents.Download(ctx, credentials(d.Device), "")
	require.NoError(t, err)
	require.Equal(t, d.Config.Desired, archive.Checksum)
}

func TestTemplateThatComesToAnotherOrganization(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	beta := w.organization(t, "beta", "betaSecret")
	o := w.template(t, "shared", ethernet("eth0"), func(o *controller.Template) { o.OrganizationID = wispwright.ID{} })
	move := func(to wispwright.ID) error {
		_, err := w.Templates.Update(ctx, wispwright.ScopeAll(), o.ID, func(o *controller.Template) error { o.OrganizationID = to; return nil })
		return err
	}
	require.NoError(t, move(beta.ID))
	require.NoError(t, move(wispwright.ID{}))
	w.device(t, "ap1", "00:11:22:AA:BB:01", func(d *controller.Detail) { d.Config.Templates = []wispwright.ID{o.ID} })
	require.NoError(t, move(w.org.ID), "only its own devices use it")
	require.NoError(t, move(wispwright.ID{}))
	require.Equal(t, map[string][]string{"organization": {"The organization of this template cannot be changed because 1 device is still related to it"}}, faults(t, move(beta.ID)))
	w.device(t, "ap2", "00:11:22:AA:BB:02", func(d *controller.Detail) { d.Config.Templates = []wispwright.ID{o.ID} })
	require.ErrorContains(t, move(beta.ID), "because 2 devices are still related to it")
	require.Contains(t, faults(t, move(wispwright.ID{15: 1})), "organization")
}
