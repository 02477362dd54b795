package controller

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/explain"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Inputs are what a version is made of, for people. Variables of the device's
// key are not among them.
func (s *Versions) Inputs(ctx context.Context, v *Version) ([]*Revision, error) {
	found, err := s.configs.revisionsOf(ctx, v.Revisions)
	if err != nil {
		return nil, err
	}
	out := make([]*Revision, 0, len(v.Revisions))
	for _, id := range v.Revisions {
		if r := found[id]; r != nil {
			out = append(out, r)
		}
	}
	return out, nil
}

// Diff tells how one version of a device became another: the rendered text as
// diff -u writes it, of nil everything, and the inputs that differ, whose Field is "backend",
// "hostname", "os", "config", "variable NAME", "secret variable NAME" or "template ID".
func (s *Versions) Diff(ctx context.Context, from, to *Version) (text string, inputs []wispwright.FieldChange, err error) {
	a := ""
	if from != nil {
		if a, err = s.Text(ctx, from); err != nil {
			return "", nil, err
		}
	} else {
		from = &Version{Backend: to.Backend, Config: "{}"}
	}
	b, err := s.Text(ctx, to)
	if err != nil {
		return "", nil, err
	}
	inputs, err = s.inputs(ctx, from, to)
	return explain.Unified(a, b), inputs, err
}

func (s *Versions) inputs(ctx context.Context, from, to *Version) ([]wispwright.FieldChange, error) {
	var out []wispwright.FieldChange
	add := func(field string, was, is any) {
		if !reflect.DeepEqual(was, is) {
			out = append(out, wispwright.FieldChange{Field: field, Old: was, New: is})
		}
	}
	add("backend", from.Backend, to.Backend)
	add("hostname", from.Hostname, to.Hostname)
	add("os", from.OS, to.OS)
	add("config", from.Config, to.Config)
	before, after := map[string]any{}, map[string]any{}
	for _, p := range []struct {
		into map[string]any
		of   wispwright.JSON
	}{{before, from.Context}, {after, to.Context}} {
		if err := addVariables(p.into, p.of); err != nil {
			return nil, fmt.Errorf("variables of a version: %w", err)
		}
	}
	names := slices.Collect(maps.Keys(before))
	for name := range after {
		if _, ok := before[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		add("variable "+name, before[name], after[name])
	}
	if err := addSecrets(add, from, to); err != nil {
		return nil, err
	}
	was, err := s.Inputs(ctx, from)
	if err != nil {
		return nil, err
	}
	is, err := s.Inputs(ctx, to)
	if err != nil {
		return nil, err
	}
	content := func(list []*Revision, id wispwright.ID) any {
		for _, r := range list {
			if r.TemplateID == id {
				return r.Config
			}
		}
		return nil
	}
	var templates []wispwright.ID
	for _, r := range slices.Concat(was, is) {
		templates = append(templates, r.TemplateID)
	}
	for _, id := range distinct(templates) {
		add("template "+id.String(), content(was, id), content(is, id))
	}
	return out, nil
}

// addSecrets adds the secret variables of which two versions have different values,
// without the values.
func addSecrets(add func(field string, was, is any), from, to *Version) error {
	was, err := variable.Parse(from.Secrets)
	if err != nil {
		return err
	}
	is, err := variable.Parse(to.Secrets)
	if err != nil {
		return err
	}
	which := func(of variable.Declarations, name string) any {
		if d, ok := of[name]; ok {
			return "value " + d.Value.String()[:8]
		}
		return nil
	}
	both := maps.Clone(was)
	if both == nil {
		both = variable.Declarations{}
	}
	maps.Copy(both, is)
	for _, name := range both.Names() {
		add("secret variable "+name, which(was, name), which(is, name))
	}
	return nil
}

// Restore gives a device the templates, the own part and the own variables that
// a version of it had. Templates have their present content; those that are gone,
// or belong to another organization by now, are left out and returned. Secret variables
// stay as they are (decision 0118).
func (s *Devices) Restore(ctx context.Context, scope wispwright.Scope, id wispwright.ID, v *Version) (*Detail, []wispwright.ID, error) {
	c := s.fleet
	if v.DeviceID != id {
		return nil, nil, wispwright.ErrNotFound
	}
	revisions, err := (&Versions{configs: c.configs}).Inputs(ctx, v)
	if err != nil {
		return nil, nil, err
	}
	var wanted []wispwright.ID
	for _, r := range revisions {
		wanted = append(wanted, r.TemplateID)
	}
	found, err := c.stores.Templates.List(ctx, wispwright.ScopeAll(), TemplateFilter{IDs: wispwright.Only(wanted...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, nil, err
	}
	var gone []wispwright.ID
	detail, err := s.Update(entity.WithCause(ctx, "version of "+v.Created.UTC().Format("2006-01-02 15:04:05")+" restored"), scope, id, func(d *Detail) error {
		if d.Config == nil {
			return wispwright.ErrNotFound
		}
		templates := slices.DeleteFunc(inOrder(found.Rows, wanted), func(t *Template) bool {
			return !t.OrganizationID.IsZero() && t.OrganizationID != d.Device.OrganizationID
		})
		d.Config.Templates = idsOf(templates)
		gone = less(wanted, d.Config.Templates)
		own, err := withoutSecrets(v.Own, d.Config.Declared)
		if err != nil {
			return err
		}
		d.Config.Backend, d.Config.Config, d.Config.Context = v.Backend, v.Config, own
		return nil
	})
	return detail, gone, err
}

// withoutSecrets leaves variables out that were in clear once and are secrets now.
func withoutSecrets(own, declared wispwright.JSON) (wispwright.JSON, error) {
	all, err := variable.Parse(declared)
	if err != nil || len(all.Secrets()) == 0 || own == "" {
		return own, err
	}
	values, err := ordered.DecodeObject([]byte(own))
	if err != nil {
		return "", fmt.Errorf("variables of a version: %w", err)
	}
	values = values.Clone()
	for name, d := range all {
		if d.Secret {
			values.Delete(name)
		}
	}
	return wispwright.JSON(ordered.Append(nil, values)), nil
}
