package plan_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/plan"
	"github.com/wispwright/wispwright/controller/plan/plantest"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/variable"
)

// What variables are is part of files and plans, what the secret ones are is not: it
// stays with what is stored, and no file, plan or difference has it.
func TestDeclaredVariablesInFiles(t *testing.T) {
	each(t, func(t *testing.T, w *plantest.World) {
		acme := w.Organization("ACME")
		wan := w.Template(acme, "wan", 1500)
		group := &controller.Group{OrganizationID: acme, Name: "roofs", Context: `{"level": 3}`}
		require.NoError(t, w.C.Groups.Create(ctx, group))
		_, err := w.C.Templates.Update(ctx, all, wan.ID, func(o *controller.Template) error {
			o.Config = `{"files": [{"path": "/etc/psk", "mode": "0600", "contents": "{{ psk }} {{ level }} {{ city }}"}]}`
			o.DefaultValues = `{"level": 1, "city": "Rome"}`
			return nil
		})
		require.NoError(t, err)
		secret := &variable.Change{Declaration: variable.Declaration{Secret: true, Description: "of the guests"}, Given: true, Value: "hidden-from-all"}
		_, err = w.C.Settings.Declare(ctx, all, acme, "psk", secret)
		require.NoError(t, err)
		_, err = w.C.Groups.Declare(ctx, all, group.ID, "level", &variable.Change{Declaration: variable.Declaration{Type: variable.Number}})
		require.NoError(t, err)
		devices := w.Devices(acme, 2)
		owner := plan.Owner{ID: acme, Folder: "acme"}
		files, err := w.Plans.Export(ctx, owner)
		require.NoError(t, err)
		for name, b := range files {
			require.NotContains(t, string(b), "hidden-from-all", name)
		}
		require.Equal(t, "declared:\n  psk:\n    description: of the guests\n    secret: true\n", string(files["acme/variables.yaml"]))
		require.Contains(t, string(files["acme/groups/roofs.yaml"]), "declared:\n  level:\n    type: number\n")
		changes, err := w.Plans.Compare(ctx, files, true, owner)
		require.NoError(t, err)
		require.Empty(t, changes, "what is exported is what is there")

		// a file that says nothing of them leaves them
		quiet := plan.Files{"acme/variables.yaml": []byte("context: {}\n"), "acme/groups/roofs.yaml": []byte("id: " + group.ID.String() + "\nname: roofs\ncontext: {level: 3}\n")}
		changes, err = w.Plans.Compare(ctx, quiet, false, owner)
		require.NoError(t, err)
		require.Empty(t, changes)

		edited := plan.Files{
			"acme/variables.yaml":     []byte("declared:\n  psk:\n    secret: true\n    type: text\n    description: of everybody\n"),
			"acme/groups/roofs.yaml":  []byte(strings.ReplaceAll(string(files["acme/groups/roofs.yaml"]), "type: number", "type: choice\n    choices: [three, four]") + ""),
			"acme/templates/wan.yaml": []byte(strings.Replace(string(files["acme/templates/wan.yaml"]), "config:", "declared:\n  city:\n    description: where it is\nconfig:", 1)),
		}
		changes, err = w.Plans.Compare(ctx, edited, false, owner)
		require.NoError(t, err)
		require.Len(t, changes, 3)
		_, err = w.Plans.Compute(ctx, all, created(t, w, acme, changes...).ID)
		require.ErrorContains(t, err, "level", "3 is none of the choices")
		edited["acme/groups/roofs.yaml"] = []byte(strings.ReplaceAll(string(edited["acme/groups/roofs.yaml"]), "level: 3", "level: three"))
		changes, err = w.Plans.Compare(ctx, edited, false, owner)
		require.NoError(t, err)
		p := planned(t, w, acme, changes...)
		require.Equal(t, []int{0, 0}, []int{p.Changed, p.Invalid}, "descriptions change no bytes: %s", p.Problem)
		_, err = w.Plans.Apply(ctx, all, p.ID, plan.Order{})
		require.NoError(t, err)
		require.Equal(t, plan.Applied, again(t, w, p).Status)
		settings, err := w.C.Settings.Get(ctx, all, acme)
		require.NoError(t, err)
		list, err := variable.Parse(settings.Declared)
		require.NoError(t, err)
		require.Equal(t, []any{"of everybody", variable.Text, true}, []any{list["psk"].Description, list["psk"].Type, list["psk"].Secret})
		files, err = w.Plans.Export(ctx, owner)
		require.NoError(t, err)
		require.Contains(t, string(files["acme/templates/wan.yaml"]), "declared:\n  city:\n    description: where it is\n")
		changes, err = w.Plans.Compare(ctx, edited, false, owner)
		require.NoError(t, err)
		require.Empty(t, changes)
		require.Contains(t, archived(t, w.Fetch(devices[0])), "hidden-from-all", "the value stayed")

		// taking the secret away is a change of bytes, which is rehearsed without the value
		changes, err = w.Plans.Compare(ctx, plan.Files{"acme/variables.yaml": []byte("context: {psk: open}\ndeclared: {}\n")}, false, owner)
		require.NoError(t, err)
		p = planned(t, w, acme, changes...)
		require.Equal(t, 2, p.Changed, p.Problem)
		groups, err := w.Plans.Groups(ctx, all, plan.GroupFilter{PlanID: p.ID}, wispwright.Page{})
		require.NoError(t, err)
		require.NotContains(t, groups.Rows[0].Diff, "hidden-from-all")
		require.Contains(t, groups.Rows[0].Diff, "open")
		_, err = w.Plans.Apply(ctx, all, p.ID, plan.Order{})
		require.NoError(t, err)
		w.Pass(10e9)
		for _, d := range devices {
			require.Contains(t, archived(t, w.Fetch(d)), "open", "what was staged is what is served")
			w.Report(d, "applied", "")
		}
		w.Pass(10e9)
		require.Equal(t, plan.Applied, again(t, w, p).Status)
		settings, err = w.C.Settings.Get(ctx, all, acme)
		require.NoError(t, err)
		require.Equal(t, []wispwright.JSON{"", `{"psk":"open"}`}, []wispwright.JSON{settings.Declared, settings.Context})
	})
}

// Faults of what is said of variables name the field, and no value can be named.
func TestFaultyDeclarations(t *testing.T) {
	w := plantest.NewWorld(t, memory(), nil)
	acme := w.Organization("ACME")
	for set, fault := range map[string]string{
		`{"context": {}, "declared": []}`:                                        "changes.0.set.declared",
		`{"context": {}, "declared": {"a": {"colour": "red"}}}`:                  "changes.0.set.declared",
		`{"context": {}, "declared": {"a": {"value": "` + acme.String() + `"}}}`: "changes.0.set.declared",
		`{"context": {}, "declared": {"a b": {}}}`:                               "a b: name: A name consists",
		`{"context": {}, "declared": {"a": {"type": "colour"}}}`:                 "a: type: ",
		`{"context": {}, "declared": {"a": {"type": "choice"}}}`:                 "a: choices: ",
	} {
		err := w.Plans.Create(ctx, &plan.Plan{OrganizationID: acme, Name: "p", Changes: []plan.Change{{Kind: plan.VariablesChange, Action: plan.Update, ID: acme, Set: wispwright.JSON(set)}}})
		require.ErrorContains(t, err, fault, set)
	}
	p := created(t, w, acme, plan.Change{Kind: plan.VariablesChange, Action: plan.Update, ID: acme, Set: `{"context": {"a": "in clear"}, "declared": {"a": {"secret": true}}}`})
	_, err := w.Plans.Compute(ctx, all, p.ID)
	require.ErrorContains(t, err, "changes.0.set.context: The variable a is secret")
	for file, text := range map[string]string{
		"acme/variables.yaml":   "declared:\n  a:\n    value: x\n",
		"acme/templates/t.yaml": "name: t\ndeclared:\n  a-b: {}\n",
	} {
		_, err := w.Plans.Compare(ctx, plan.Files{file: []byte(text)}, false, plan.Owner{ID: acme, Folder: "acme"})
		var of *plan.FileError
		require.ErrorAs(t, err, &of, file)
	}
}

func created(t *testing.T, w *plantest.World, organization wispwright.ID, changes ...plan.Change) *plan.Plan {
	t.Helper()
	p := &plan.Plan{OrganizationID: organization, Name: "described", Changes: changes}
	require.NoError(t, w.Plans.Create(ctx, p))
	return p
}

// archived is all that is in an archive, as one text.
func archived(t *testing.T, a *render.Archive) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(a.Bytes))
	require.NoError(t, err)
	text, err := io.ReadAll(z)
	require.NoError(t, err)
	return string(text)
}
