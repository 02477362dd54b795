package plan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// FileError says what is wrong with a file of a folder.
type FileError struct {
	// File is its path.
	File string
	// Err is what is wrong.
	Err error
}

func (e *FileError) Error() string { return e.File + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *FileError) Unwrap() error { return e.Err }

// Compare returns the changes that make a system what files say. Folders of
// organizations that are not among owners are a fault; what no file speaks of
// stays, and with prune templates that no file speaks of are deleted, in folders
// that are there. All faults of files are told together.
func (s *Plans) Compare(ctx context.Context, files Files, prune bool, owners ...Owner) ([]Change, error) {
	var changes []Change
	var faults []error
	seen := map[string]bool{}
	left := maps.Clone(files)
	for _, o := range owners {
		c := comparison{Plans: s, owner: o, files: Files{}}
		for name, b := range files {
			if strings.HasPrefix(name, o.Folder+"/") {
				c.files[name] = b
				delete(left, name)
				seen[o.Folder] = true
			}
		}
		if !seen[o.Folder] {
			continue
		}
		if err := c.run(ctx, prune); err != nil {
			return nil, err
		}
		changes, faults = append(changes, c.changes...), append(faults, c.faults...)
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		faults = append(faults, &FileError{name, errors.New("it lies in no folder of an organization")})
	}
	return changes, errors.Join(faults...)
}

// comparison compares the folder of one organization.
type comparison struct {
	*Plans
	owner   Owner
	files   Files
	changes []Change
	faults  []error
}

func (c *comparison) run(ctx context.Context, prune bool) error {
	templates, err := c.templatesOf(ctx, c.owner)
	if err != nil {
		return err
	}
	spoken := map[wispwright.ID]string{}
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		var err error
		switch rest := strings.TrimPrefix(name, c.owner.Folder+"/"); {
		case path.Dir(rest) == "templates":
			err = c.template(templates, spoken, name)
		case path.Dir(rest) == "groups":
			err = c.group(ctx, name)
		case strings.TrimSuffix(rest, path.Ext(rest)) == "variables":
			err = c.variables(ctx, name)
		default:
			err = errors.New("want templates/NAME.yaml, groups/NAME.yaml or variables.yaml")
		}
		if err != nil {
			c.faults = append(c.faults, &FileError{name, err})
		}
	}
	for _, t := range templates {
		if prune && spoken[t.ID] == "" {
			c.changes = append(c.changes, Change{Kind: TemplateChange, Action: Delete, ID: t.ID, Name: t.Name})
		}
	}
	return nil
}

// read reads a file strictly: what it does not know is a fault.
func read(b []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("it is empty")
		}
		return err
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("it holds more than one document")
	}
	return nil
}

func (c *comparison) template(known []*controller.Template, spoken map[wispwright.ID]string, name string) error {
	var f templateFile
	if err := read(c.files[name], &f); err != nil {
		return err
	}
	config, err := jsonOf(&f.Config)
	if err != nil {
		return err
	}
	values, err := jsonOf(&f.DefaultValues)
	if err != nil {
		return err
	}
	if f.Name == "" {
		return errors.New("name: this field is required")
	}
	var stored wispwright.JSON
	i := slices.IndexFunc(known, func(t *controller.Template) bool { return t.ID.String() == f.ID })
	if i < 0 { // from another system, or new
		i = slices.IndexFunc(known, func(t *controller.Template) bool { return t.Name == f.Name })
	}
	if f.Tags == nil {
		f.Tags = []string{}
	}
	if i >= 0 {
		stored = known[i].Declared
	}
	declared, err := c.describes(f.Declared, stored)
	if err != nil {
		return err
	}
	if i < 0 {
		set := TemplateFields{Name: &f.Name, Organization: &c.owner.ID, Config: &config, DefaultValues: &values, Default: &f.Default, Required: &f.Required, Tags: &f.Tags, Notes: &f.Notes, Declared: declared}
		if f.Backend != "" {
			set.Backend = &f.Backend
		}
		if c.owner.ID.IsZero() {
			set.Organization = nil
		}
		return c.add(Change{Kind: TemplateChange, Action: Create, Name: f.Name}, set)
	}
	t := known[i]
	if spoken[t.ID] != "" {
		return fmt.Errorf("%s speaks of the same template", spoken[t.ID])
	}
	spoken[t.ID] = name
	set := TemplateFields{Declared: declared}
	differs(&set.Name, f.Name, t.Name)
	differs(&set.Default, f.Default, t.Default)
	differs(&set.Required, f.Required, t.Required)
	differs(&set.Notes, f.Notes, t.Notes)
	if f.Backend != "" {
		differs(&set.Backend, f.Backend, t.Backend)
	}
	if !slices.Equal(f.Tags, t.Tags) {
		set.Tags = &f.Tags
	}
	if !alike(config, t.Config) {
		set.Config = &config
	}
	if !alike(values, t.DefaultValues) {
		set.DefaultValues = &values
	}
	if set == (TemplateFields{}) {
		return nil
	}
	return c.add(Change{Kind: TemplateChange, Action: Update, ID: t.ID, Name: t.Name}, set)
}

func (c *comparison) add(change Change, set any) error {
	b, err := json.Marshal(set)
	change.Set = wispwright.JSON(b)
	c.changes = append(c.changes, change)
	return err
}

func differs[T comparable](set **T, wanted, have T) {
	if wanted != have {
		*set = &wanted
	}
}

// alike reports whether two documents are the same, in whatever order their keys are
// written down when one of them has been read from a database that sorts them.
func alike(a, b wispwright.JSON) bool {
	if b == "" {
		b = "{}"
	}
	x, err := ordered.Decode([]byte(a))
	if err != nil {
		return false
	}
	y, err := ordered.Decode([]byte(b))
	return err == nil && ordered.Equal(x, y)
}

func (c *comparison) group(ctx context.Context, name string) error {
	var f groupFile
	if err := read(c.files[name], &f); err != nil {
		return err
	}
	vars, err := jsonOf(&f.Context)
	if err != nil {
		return err
	}
	found, err := c.c.Groups.List(ctx, wispwright.ScopeAll(), controller.GroupFilter{OrganizationID: c.owner.ID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(found.Rows, func(g *controller.Group) bool { return g.ID.String() == f.ID })
	if i < 0 {
		i = slices.IndexFunc(found.Rows, func(g *controller.Group) bool { return g.Name == f.Name })
	}
	if i < 0 || c.owner.ID.IsZero() {
		return fmt.Errorf("there is no group %q; groups are made by hand", f.Name)
	}
	g := found.Rows[i]
	templates := make([]wispwright.ID, 0, len(f.Templates))
	for _, text := range f.Templates {
		id, err := wispwright.ParseID(text)
		if err != nil {
			return fmt.Errorf("templates: %q is not the id of a template", text)
		}
		templates = append(templates, id)
	}
	var set GroupFields
	if set.Declared, err = c.describes(f.Declared, g.Declared); err != nil {
		return err
	}
	if !alike(vars, g.Context) {
		set.Context = &vars
	}
	if !slices.Equal(templates, g.Templates) {
		set.Templates = &templates
	}
	if set == (GroupFields{}) {
		return nil
	}
	return c.add(Change{Kind: GroupChange, Action: Update, ID: g.ID, Name: g.Name}, set)
}

func (c *comparison) variables(ctx context.Context, name string) error {
	var f variablesFile
	if err := read(c.files[name], &f); err != nil {
		return err
	}
	vars, err := jsonOf(&f.Context)
	if err != nil {
		return err
	}
	if c.owner.ID.IsZero() {
		return errors.New("global variables are part of the configuration of the server")
	}
	settings, err := c.c.Settings.Get(ctx, wispwright.ScopeAll(), c.owner.ID)
	if err != nil {
		return err
	}
	declared, err := c.describes(f.Declared, settings.Declared)
	if err != nil || declared == nil && alike(vars, settings.Context) {
		return err
	}
	return c.add(Change{Kind: VariablesChange, Action: Update, ID: c.owner.ID, Name: "variables"}, VariableFields{vars, declared})
}
