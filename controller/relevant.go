package controller

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
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
