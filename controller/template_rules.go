package controller

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// validate checks and normalises a template in the order of the specification
// (controller-config §1.3), before its row is locked: its content is rendered.
func (s *Templates) validate(ctx context.Context, c entity.Change[Template]) error {
	t := c.After
	var v wispwright.ValidationError
	if t.Type == "" {
		t.Type = TemplateGeneric
	}
	valid.Text(&v, "name", t.Name, valid.Required, valid.Max(64))
	valid.Text(&v, "type", string(t.Type), valid.OneOf(s.configs.templateTypes()...))
	s.configs.checkBackend(&v, "backend", t.Backend)
	s.checkTags(&v, t)
	if !t.OrganizationID.IsZero() {
		if _, err := s.configs.tenant(ctx, t.OrganizationID); isNotFound(err) {
			v.Add("organization", valid.UnknownPK(t.OrganizationID))
		} else if err != nil {
			return err
		}
	}
	if err := s.checkSharedName(ctx, &v, t); err != nil {
		return err
	}
	valid.Object(&v, "default_values", &t.DefaultValues)
	checkOwn(&v, "default_values", t.DefaultValues, t.Declared)
	valid.Text(&v, "notes", t.Notes, valid.Max(maxNotes))
	if err := s.checkType(ctx, &v, c.Before, t); err != nil {
		return err
	}
	if t.Required {
		t.Default = true
	}
	if err := v.Err(); err != nil {
		return err
	}
	switch {
	case c.Before == nil || contentChanged(c.Before, t):
		t.RevisionID = wispwright.NewID()
	default:
		t.RevisionID = c.Before.RevisionID
	}
	return s.checkContent(ctx, t)
}

func (s *Templates) checkTags(v *wispwright.ValidationError, t *Template) {
	seen := map[string]bool{}
	for i, tag := range t.Tags {
		tag = strings.TrimSpace(tag)
		t.Tags[i] = tag
		switch {
		case tag == "":
			v.Add("tags", "This field may not be blank.")
		case strings.ContainsFunc(tag, isSpace):
			v.Add("tags", "A tag must not contain spaces: devices send several tags separated by them.")
		}
		valid.Text(v, "tags", tag, valid.Max(100))
		seen[tag] = true
	}
	t.Tags = slices.Sorted(maps.Keys(seen))
}

// checkSharedName keeps names of shared templates unique everywhere
// (spec: controller-config §1.9). The rule inside one organization is the
// store's.
func (s *Templates) checkSharedName(ctx context.Context, v *wispwright.ValidationError, t *Template) error {
	const tail = " Shared objects are visible to all organizations and must have unique names to avoid confusion."
	items, err := s.configs.stores.Templates.List(ctx, wispwright.ScopeAll(), TemplateFilter{Name: t.Name}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, other := range items.Rows {
		switch {
		case other.ID == t.ID || t.Name == "":
		case other.OrganizationID.IsZero():
			v.Add("name", "There is already another shared template with this name."+tail)
			return nil
		case t.OrganizationID.IsZero():
			v.Add("name", "There is already a template of another organization with this name."+tail)
			return nil
		}
	}
	return nil
}

func (s *Templates) checkContent(ctx context.Context, t *Template) error {
	if !isConfig(&t.Config) {
		return wispwright.Invalid("config", render.UnexpectedFormat)
	}
	in, err := s.input(ctx, t)
	if err != nil {
		return err
	}
	if err := s.configs.validate(ctx, in); err != nil {
		return invalidConfig("", "", nil, err)
	}
	if t.Config.IsEmpty() {
		return wispwright.Invalid("", "The configuration field cannot be empty.")
	}
	return nil
}

// input is the template alone, with its default values, what its VPN server
// contributes and the global variables.
func (s *Templates) input(ctx context.Context, t *Template) (*draft, error) {
	l := newLayers()
	if err := l.level(t.DefaultValues, t.Declared); err != nil {
		return nil, fmt.Errorf("default values of template %s: %w", t.ID, err)
	}
	of, err := s.configs.serverVariables(ctx, serversOf([]*Template{t})...)
	if err != nil {
		return nil, err
	}
	l.lay(of[t.VPNID])
	l.lay(s.configs.Context)
	return &draft{input: render.Input{Backend: t.Backend, Config: t.Config, Context: l.values}, secrets: l.secrets}, nil
}

// checkMove keeps a template from coming to an organization while devices of
// others use it: they would run what somebody else decides
// (spec: tenancy §2).
func (s *Templates) checkMove(ctx context.Context, t *Template) error {
	if t.OrganizationID.IsZero() {
		return nil
	}
	count := func(f DeviceFilter) (int, error) {
		items, err := s.configs.stores.Devices.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: 1})
		return items.Total, err
	}
	all, err := count(DeviceFilter{TemplateID: t.ID})
	if err != nil {
		return err
	}
	own, err := count(DeviceFilter{TemplateID: t.ID, OrganizationID: t.OrganizationID})
	if err != nil {
		return err
	}
	switch n := all - own; n {
	case 0:
		return nil
	case 1:
		return wispwright.Invalid("organization", "The organization of this template cannot be changed because 1 device is still related to it")
	default:
		return wispwright.Invalid("organization", fmt.Sprintf("The organization of this template cannot be changed because %d devices are still related to it", n))
	}
}

// contentChanged reports whether configurations made of the template may have
// other bytes; whether they do is found out device by device.
func contentChanged(before, after *Template) bool {
	return before.Config != after.Config || before.DefaultValues != after.DefaultValues || before.Declared != after.Declared || before.Backend != after.Backend || before.VPNID != after.VPNID
}
