package plan_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/plan"
	"github.com/wispwright/wispwright/controller/plan/plantest"
)

// TestFilesAreTheFrontDoor: what is exported is what is there, an edited file is a
// plan, and what was applied is exported as the file that was edited.
func TestFilesAreTheFrontDoor(t *testing.T) {
	w := plantest.NewWorld(t, memory(), nil)
	acme := w.Organization("ACME")
	wan := w.Template(acme, "wan / up: 1", 1500)
	shared := &controller.Template{Name: "shared", Backend: wan.Backend, Config: `{"files": [{"path": "/etc/a", "mode": "0644", "contents": "one\ntwo: 3\n"}], "general": {"description": "yes"}}`}
	require.NoError(t, w.C.Templates.Create(ctx, shared))
	require.NoError(t, w.C.Groups.Create(ctx, &controller.Group{OrganizationID: acme, Name: "roofs", Context: `{"zone": "Europe/Rome", "n": 1.50, "on": "off"}`}))
	_, err := w.C.Settings.Update(ctx, all, acme, func(s *controller.Settings) error { s.Context = `{"zone": "UTC"}`; return nil })
	require.NoError(t, err)
	w.Devices(acme, 2)
	owners := []plan.Owner{{Folder: plan.SharedFolder}, {ID: acme, Folder: "acme"}}
	files, err := w.Plans.Export(ctx, owners...)
	require.NoError(t, err)
	require.Len(t, files, 4)
	require.Contains(t, string(files["acme/groups/roofs.yaml"]), "\"n\": 1.50\n  \"on\": \"off\"\n", "numbers and words stay what they are")
	require.Contains(t, string(files["shared/templates/shared.yaml"]), "mode: \"0644\"")
	changes, err := w.Plans.Compare(ctx, files, true, owners...)
	require.NoError(t, err)
	require.Empty(t, changes, "what is exported is what is there")

	name := "acme/templates/wan _ up_ 1.yaml"
	edited := string(files[name])
	require.Contains(t, edited, "mtu: 1500")
	folder := fstest.MapFS{"README.md": {Data: []byte("not ours")}, ".git/config.yaml": {Data: []byte("not ours")}}
	for n, b := range files {
		folder[n] = &fstest.MapFile{Data: b}
	}
	folder[name] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(edited, "mtu: 1500", "mtu: 9000"))}
	folder["acme/templates/new.json"] = &fstest.MapFile{Data: []byte(`{"name": "new", "config": {"general": {"description": "new"}}}`)}
	delete(folder, "shared/templates/shared.yaml")
	read, err := plan.ReadFiles(folder)
	require.NoError(t, err)
	changes, err = w.Plans.Compare(ctx, read, true, owners...)
	require.NoError(t, err)
	require.Len(t, changes, 2, "of folders that are not there nothing is deleted")
	p := planned(t, w, wispwright.ID{}, changes...)
	require.Equal(t, 2, p.Changed, p.Problem)
	_, err = w.Plans.Apply(ctx, all, p.ID, plan.Order{})
	require.NoError(t, err)
	for range 3 {
		list, err := w.C.Devices.List(ctx, all, controller.DeviceFilter{}, wispwright.Page{})
		require.NoError(t, err)
		for _, d := range list.Rows {
			w.Report(d.Device.ID, "applied", "")
		}
		w.Pass(10e9)
	}
	require.Equal(t, plan.Applied, again(t, w, p).Status)
	files, err = w.Plans.Export(ctx, owners...)
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(edited, "mtu: 1500", "mtu: 9000"), string(files[name]))
	require.Contains(t, string(files["acme/templates/new.yaml"]), "description: new")

	for file, text := range map[string]string{
		"acme/templates/a.yaml": "name: a\ncolour: red\n", "acme/templates/b.yaml": "{", "acme/templates/c.yaml": "config: {}\n", "acme/templates/d.yaml": "",
		"acme/weather.yaml": "sun: 1\n", "acme/groups/x.yaml": "id: x\nname: nobody\n", "elsewhere/templates/a.yaml": "name: a\n", "shared/variables.yaml": "context: {}\n",
		"acme/templates/e.yaml": "name: e\nconfig: &a {b: *a}\n",
	} {
		_, err := w.Plans.Compare(ctx, plan.Files{file: []byte(text)}, false, owners...)
		var fault *plan.FileError
		require.ErrorAs(t, err, &fault, file)
		require.Equal(t, file, fault.File)
	}
}
