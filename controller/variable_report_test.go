package controller_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/explain"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/variable"
)

// TestVariableReport: what is used and not defined, and defined and not used, is told for
// an organization, with who uses and who defines it.
func TestVariableReport(t *testing.T) {
	ctx, all := context.Background(), wispwright.ScopeAll()
	w := newWorld(t, &controller.Options{Context: map[string]any{"global": "g"}})
	other := w.organization(t, "other", "s3cr3tS3cr3tOther")
	file := func(contents string) wispwright.JSON {
		return wispwright.JSON(`{"files":[{"path":"/etc/t","mode":"0600","contents":"` + contents + `"}]}`)
	}
	template := func(organization wispwright.ID, name, contents, values string) wispwright.ID {
		t.Helper()
		o := &controller.Template{OrganizationID: organization, Name: name, Backend: openWrt, Config: file(contents), DefaultValues: wispwright.JSON(values)}
		require.NoError(t, w.Templates.Create(ctx, o))
		return o.ID
	}
	one := template(w.org.ID, "one", "{{ lacking }} {{ name }} {{ global }} {{ outer }} {{ psk }}", `{"outer": "{{ inner }}", "spare": 1}`)
	shared := template(wispwright.ID{}, "shared", "{{ zone }} {{ lacking }}", `{"left": 1}`)
	alone := template(w.org.ID, "on nobody", "{{ mine }}", `{"mine": 1, "mine_not": 2}`)
	group := &controller.Group{OrganizationID: w.org.ID, Name: "roofs", Context: `{"zone": "UTC", "height": 3}`}
	require.NoError(t, w.Groups.Create(ctx, group))
	_, err := w.Settings.Update(ctx, all, w.org.ID, func(s *controller.Settings) error { s.Context = `{"mail": "x"}`; return nil })
	require.NoError(t, err)
	_, err = w.Settings.Declare(ctx, all, w.org.ID, "psk", &variable.Change{Declaration: variable.Declaration{Secret: true}, Given: true, Value: "s"})
	require.NoError(t, err)
	_, err = w.Settings.Declare(ctx, all, w.org.ID, "described", &variable.Change{Declaration: variable.Declaration{Description: "without a value"}})
	require.NoError(t, err)
	device := func(organization, group wispwright.ID, name, mac, config, vars string, templates ...wispwright.ID) wispwright.ID {
		t.Helper()
		d := &controller.Detail{Device: &controller.Device{OrganizationID: organization, Name: name, MACAddress: mac, GroupID: group},
			Config: &controller.Config{Backend: openWrt, Config: wispwright.JSON(config), Context: wispwright.JSON(vars), Templates: templates}}
		require.NoError(t, w.Devices.Create(ctx, d))
		return d.Device.ID
	}
	ap1 := device(w.org.ID, group.ID, "ap1", "02:00:00:00:00:01", `{}`, `{"inner": "in", "word": 1}`, one, shared)
	ap2 := device(w.org.ID, wispwright.ID{}, "ap2", "02:00:00:00:00:02", string(file("{{ own }}")), `{"word": 1}`, one, shared)
	device(other.ID, wispwright.ID{}, "theirs", "02:00:00:00:00:03", `{}`, `{}`, shared)
	off := device(w.org.ID, wispwright.ID{}, "off", "02:00:00:00:00:04", string(file("{{ gone }}")), `{}`)
	_, err = w.Devices.Deactivate(ctx, all, off)
	require.NoError(t, err)

	r, err := w.Settings.Report(ctx, wispwright.ScopeOf(w.org.ID), w.org.ID)
	require.NoError(t, err)
	require.Equal(t, 2, r.Devices, "those in service")
	undefined := map[string]explain.Undefined{}
	for _, u := range r.Undefined {
		undefined[u.Name] = u
	}
	require.Equal(t, map[string]explain.Undefined{
		"inner":   {Name: "inner", Devices: 1, Sample: "ap2", SampleID: ap2},
		"lacking": {Name: "lacking", Used: []string{"one", "shared"}, Devices: 2, Sample: undefined["lacking"].Sample, SampleID: undefined["lacking"].SampleID},
		"own":     {Name: "own", Used: []string{""}, Devices: 1, Sample: "ap2", SampleID: ap2},
		"zone":    {Name: "zone", Used: []string{"shared"}, Devices: 1, Sample: "ap2", SampleID: ap2},
	}, undefined)
	require.Equal(t, []explain.Unused{
		{Name: "described", Origin: explain.Organization, ID: w.org.ID},
		{Name: "height", Origin: explain.Group, ID: group.ID, Of: "roofs"},
		{Name: "mail", Origin: explain.Organization, ID: w.org.ID},
		{Name: "mine_not", Origin: explain.Template, ID: alone, Of: "on nobody"},
		{Name: "spare", Origin: explain.Template, ID: one, Of: "one"},
		{Name: "word", Origin: explain.Device, ID: r.Unused[len(r.Unused)-1].ID, Of: r.Unused[len(r.Unused)-1].Of, Devices: 2},
	}, r.Unused)
	require.Contains(t, []wispwright.ID{ap1, ap2}, r.Unused[len(r.Unused)-1].ID)

	_, err = w.Settings.Report(ctx, wispwright.ScopeOf(other.ID), w.org.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)

	// what may be any variable makes none unused
	device(w.org.ID, group.ID, "ap5", "02:00:00:00:00:05", `{"files":[{"path":"/etc/t","mode":"0600","contents":"\u007b\u007b word }}"}]}`, `{"x": 1}`, one)
	r, err = w.Settings.Report(ctx, all, w.org.ID)
	require.NoError(t, err)
	for _, u := range r.Unused {
		require.Contains(t, []explain.Origin{explain.Device, explain.Template}, u.Origin, u.Name)
		require.NotEqual(t, "x", u.Name)
	}
}

// Variables that speak of one another in a circle end: what is rendered is told or
// refused, devices are served, reports and origins come back.
func TestCirclesOfVariables(t *testing.T) {
	ctx, all := context.Background(), wispwright.ScopeAll()
	w := newWorld(t, nil)
	devices := 0
	for name, values := range map[string]string{
		"of itself": `{"a": "{{ a }}"}`,
		"of two":    `{"a": "{{ b }}", "b": "{{ a }}"}`,
		"growing":   `{"a": "{{ b }}{{ b }}", "b": "{{ a }}{{ a }}"}`,
		"of many":   `{"a": "{{ b }}", "b": "{{ c }} x", "c": "y {{ d }}", "d": "{{ a }}"}`,
	} {
		devices++
		t.Run(name, func(t *testing.T) {
			o := &controller.Template{OrganizationID: w.org.ID, Name: name, Backend: openWrt, Config: `{"files":[{"path":"/etc/t","mode":"0600","contents":"{{ a }}"}]}`, DefaultValues: wispwright.JSON(values)}
			require.NoError(t, w.Templates.Create(ctx, o))
			d := &controller.Detail{Device: &controller.Device{OrganizationID: w.org.ID, Name: strings.ReplaceAll(name, " ", "-"), MACAddress: fmt.Sprintf("02:00:00:00:01:%02X", devices)},
				Config: &controller.Config{Backend: openWrt, Templates: []wispwright.ID{o.ID}}}
			require.NoError(t, w.Devices.Create(ctx, d))
			archive, err := w.Agents.Download(ctx, protocol.Credentials{ID: d.Device.ID, Key: d.Device.Key.Reveal()}, "")
			require.NoError(t, err)
			require.Less(t, len(archive.Bytes), 4096)
			_, err = w.Devices.Variables(ctx, all, d.Device.ID)
			require.NoError(t, err)
			_, err = w.Settings.Report(ctx, all, w.org.ID)
			require.NoError(t, err)
			grounds, err := w.Devices.Grounds(ctx, d.Device.ID)
			require.NoError(t, err)
			require.Len(t, grounds, 1)
			require.NoError(t, w.Devices.Rehearse(ctx, nil, nil, []wispwright.ID{d.Device.ID}, func(_ *controller.Device, _, before, after, fault string) error {
				require.Equal(t, before, after)
				require.Empty(t, fault)
				return nil
			}))
		})
	}
}
