package controller

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/explain"
	"github.com/wispwright/wispwright/controller/variable"
)

// Report says which variables the devices of an organization use and nobody defines,
// and which its levels define and no device uses. It reads all of its devices.
func (s *OrganizationSettings) Report(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (*explain.Report, error) {
	settings, err := s.Get(ctx, scope, organization)
	if err != nil {
		return nil, err
	}
	c := s.fleet
	r := variableReport{texts: map[wispwright.ID]*spoken{}, unused: map[place]map[string]bool{}, undefined: map[string]*explain.Undefined{}, own: map[string]*explain.Unused{}}
	if err := r.levels(ctx, c, settings); err != nil {
		return nil, err
	}
	ids, err := (&Devices{fleet: c}).Affected(ctx, ConfigFilter{OrganizationID: organization})
	if err != nil {
		return nil, err
	}
	all := rehearsal{fleet: c}
	for chunk := range slices.Chunk(ids, rehearsed) {
		if err := all.each(ctx, chunk, func(m *material) error { return r.device(c.configs, m) }); err != nil {
			return nil, err
		}
	}
	return r.report(), nil
}

// place is a level that gives variables.
type place struct {
	origin explain.Origin
	id     wispwright.ID
	name   string
}

// spoken are the variables that a template's text names.
type spoken struct {
	names     []string
	disguised bool
}

func spokenOf(text string) *spoken { return &spoken{explain.Used(text), explain.Disguised(text)} }

// variableReport is made one device after the other.
type variableReport struct {
	devices int
	texts   map[wispwright.ID]*spoken // by the revisions of templates
	// unused are what levels give and nobody used yet; worn are templates that some device has
	unused    map[place]map[string]bool
	templates []*Template
	worn      map[wispwright.ID]bool
	undefined map[string]*explain.Undefined
	own       map[string]*explain.Unused
}

// levels notes what the organization, its groups and its templates give.
func (r *variableReport) levels(ctx context.Context, c *fleet, settings *Settings) error {
	of := wispwright.ScopeOf(settings.OrganizationID)
	r.worn = map[wispwright.ID]bool{}
	if err := r.level(place{explain.Organization, settings.OrganizationID, ""}, settings.Context, settings.Declared); err != nil {
		return err
	}
	groups, err := c.stores.Groups.List(ctx, of, GroupFilter{OrganizationID: settings.OrganizationID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, g := range groups.Rows {
		if err := r.level(place{explain.Group, g.ID, g.Name}, g.Context, g.Declared); err != nil {
			return err
		}
	}
	templates, err := c.stores.Templates.List(ctx, of, TemplateFilter{OrganizationID: settings.OrganizationID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	r.templates = templates.Rows
	for _, t := range r.templates {
		if err := r.level(place{explain.Template, t.ID, t.Name}, t.DefaultValues, t.Declared); err != nil {
			return err
		}
	}
	return nil
}

func (r *variableReport) level(p place, document, declared wispwright.JSON) error {
	names, err := given(document, declared)
	if err != nil {
		return fmt.Errorf("variables of %s %s: %w", p.origin, p.id, err)
	}
	r.unused[p] = names
	return nil
}

// given are the names of what a level defines: with a value, or declared.
func given(document, declared wispwright.JSON) (map[string]bool, error) {
	names := map[string]bool{}
	if document != "{}" {
		values := map[string]any{}
		if err := addVariables(values, document); err != nil {
			return nil, err
		}
		for name := range values {
			names[name] = true
		}
	}
	list, err := variable.Parse(declared)
	for name := range list {
		names[name] = true
	}
	return names, err
}

// device takes what one device uses away from what is unused, and notes what it lacks.
func (r *variableReport) device(c *configs, m *material) error {
	vars, err := c.variables(m)
	if err != nil {
		return err
	}
	r.devices++
	for _, t := range m.templates {
		r.worn[t.ID] = true
		if r.texts[t.RevisionID] == nil {
			r.texts[t.RevisionID] = spokenOf(string(t.Config))
		}
	}
	own := spokenOf(string(m.config.Config))
	used, everything := r.used(m, own, vars)
	mine, err := given(m.config.Context, m.config.Declared)
	if err != nil {
		return fmt.Errorf("variables of device %s: %w", m.device.ID, err)
	}
	if everything { // nobody knows which; nothing is said to be unused
		clear(mine)
	}
	for name := range mine {
		if used[name] {
			continue
		}
		u := r.own[name]
		if u == nil {
			u = &explain.Unused{Name: name, Origin: explain.Device, ID: m.device.ID, Of: m.device.Name}
			r.own[name] = u
		}
		u.Devices++
	}
	places := []place{{explain.Organization, m.device.OrganizationID, ""}}
	if m.group != nil {
		places = append(places, place{explain.Group, m.group.ID, m.group.Name})
	}
	for _, t := range m.templates {
		places = append(places, place{explain.Template, t.ID, t.Name})
	}
	for _, p := range places {
		if everything {
			clear(r.unused[p])
		}
		for name := range r.unused[p] {
			if used[name] {
				delete(r.unused[p], name)
			}
		}
	}
	for name := range used {
		if _, defined := vars.All[name]; !defined {
			r.lacks(m, own, name)
		}
	}
	return nil
}

// used are the names that a configuration speaks of, by itself or by the values of
// others; everything says that it may be any.
func (r *variableReport) used(m *material, own *spoken, vars *Variables) (used map[string]bool, everything bool) {
	used = map[string]bool{}
	var add func(names []string)
	add = func(names []string) {
		for _, name := range names {
			if used[name] {
				continue
			}
			used[name] = true
			if text, ok := vars.All[name].(string); ok {
				add(explain.Used(text))
			}
		}
	}
	add(own.names)
	everything = own.disguised
	for _, t := range m.templates {
		s := r.texts[t.RevisionID]
		add(s.names)
		everything = everything || s.disguised
	}
	return used, everything
}

func (r *variableReport) lacks(m *material, own *spoken, name string) {
	u := r.undefined[name]
	if u == nil {
		u = &explain.Undefined{Name: name, Sample: m.device.Name, SampleID: m.device.ID}
		r.undefined[name] = u
	}
	u.Devices++
	note := func(by string, s *spoken) {
		if slices.Contains(s.names, name) && !slices.Contains(u.Used, by) {
			u.Used = append(u.Used, by)
		}
	}
	note("", own)
	for _, t := range m.templates {
		note(t.Name, r.texts[t.RevisionID])
	}
}

func (r *variableReport) report() *explain.Report {
	out := &explain.Report{Devices: r.devices}
	for _, name := range slices.Sorted(maps.Keys(r.undefined)) {
		slices.Sort(r.undefined[name].Used)
		out.Undefined = append(out.Undefined, *r.undefined[name])
	}
	// a template that no device has is judged by its own text
	for _, t := range r.templates {
		if s := spokenOf(string(t.Config)); !r.worn[t.ID] {
			p := place{explain.Template, t.ID, t.Name}
			for _, name := range s.names {
				delete(r.unused[p], name)
			}
			if s.disguised {
				clear(r.unused[p])
			}
		}
	}
	for p, names := range r.unused {
		for name := range names {
			out.Unused = append(out.Unused, explain.Unused{Name: name, Origin: p.origin, ID: p.id, Of: p.name})
		}
	}
	for _, u := range r.own {
		out.Unused = append(out.Unused, *u)
	}
	slices.SortFunc(out.Unused, func(a, b explain.Unused) int {
		if n := strings.Compare(a.Name, b.Name); n != 0 {
			return n
		}
		if n := strings.Compare(string(a.Origin), string(b.Origin)); n != 0 {
			return n
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return out
}
