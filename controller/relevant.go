package controller

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Relevant returns the templates somebody may choose for a device of an
// organization, those of a device and of a group first, in their order, and how
// many these are; the others follow by name (additions: C-9). Without a backend
// templates that come by themselves are left out, unless they are chosen already.
// The zero organization stands for none chosen yet: everything of the scope.
// Device and group may be zero. It is ErrNotFound when the scope does not
// have the organization, a configuration of the device or the group, or the organization is
// switched off.
func (s *Templates) Relevant(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, backend string, device, group wispwright.ID) (templates []*Template, chosen int, err error) {
	visible := scope
	if !organization.IsZero() {
		if !scope.Allows(organization) {
			return nil, 0, wispwright.ErrNotFound
		}
		t, err := s.configs.tenant(ctx, organization)
		if err != nil {
			return nil, 0, err
		}
		if !t.organization.IsActive {
			return nil, 0, wispwright.ErrNotFound
		}
		visible = wispwright.ScopeOf(organization).WithShared()
	}
	var first []wispwright.ID
	if !device.IsZero() {
		c, err := s.configs.stores.Configs.Get(ctx, scope, device)
		if err != nil {
			return nil, 0, err
		}
		first = c.Templates
	}
	if !group.IsZero() {
		g, err := s.configs.stores.Groups.Get(ctx, scope, group)
		if err != nil {
			return nil, 0, err
		}
		first = distinct(slices.Concat(first, g.Templates))
	}
	found, err := s.List(ctx, visible, TemplateFilter{Backend: backend}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Name"}}})
	if err != nil {
		return nil, 0, err
	}
	templates = inOrder(found.Rows, first)
	chosen = len(templates)
	for _, t := range found.Rows {
		if byItself := t.Default || t.Required; !slices.Contains(first, t.ID) && (backend != "" || !byItself) {
			templates = append(templates, t)
		}
	}
	return templates, chosen, nil
}

// DefaultValuesOf returns the default values of some templates, later ones over earlier
// ones, with what an organization and a group, either of which may be zero, say of
// the same names (spec: controller-config §13.1). What the scope does not have is left out.
func (s *Templates) DefaultValuesOf(ctx context.Context, scope wispwright.Scope, templates []wispwright.ID, group, organization wispwright.ID) (*ordered.Object, error) {
	out := ordered.NewObject()
	add := func(document wispwright.JSON, known bool) error {
		o, err := render.Decode(document)
		if err != nil {
			return err
		}
		for name, value := range o.All() {
			if !known || out.Has(name) {
				out.Set(name, value)
			}
		}
		return nil
	}
	if len(templates) > 0 {
		found, err := s.List(ctx, scope, TemplateFilter{IDs: wispwright.Only(templates...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		for _, t := range inOrder(found.Rows, templates) {
			if err := add(t.DefaultValues, false); err != nil {
				return nil, err
			}
		}
	}
	if !organization.IsZero() && scope.Allows(organization) {
		t, err := s.configs.tenant(ctx, organization)
		if err != nil && !isNotFound(err) {
			return nil, err
		}
		if err == nil {
			if err := add(t.settings.Context, true); err != nil {
				return nil, err
			}
		}
	}
	if !group.IsZero() {
		g, err := s.configs.stores.Groups.Get(ctx, scope, group)
		if err != nil && !isNotFound(err) {
			return nil, err
		}
		if err == nil {
			return out, add(g.Context, true)
		}
	}
	return out, nil
}

// Context returns the variables that a template sees when it is rendered alone.
func (s *Templates) Context(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (map[string]any, error) {
	t, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	in, err := s.input(ctx, t)
	if err != nil {
		return nil, err
	}
	return in.input.Context, nil
}
