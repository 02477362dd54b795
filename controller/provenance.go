package controller

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/explain"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/variable"
)

// level is what one level says of variables.
type level struct {
	value    explain.Value // without the value
	values   map[string]any
	declared variable.Declarations
}

// levels are the levels of variables, the strongest first.
func (c *configs) levels(m *material) ([]level, error) {
	var out []level
	var failed error
	add := func(origin explain.Origin, id wispwright.ID, name string, document, declared wispwright.JSON) {
		l := level{value: explain.Value{Origin: origin, ID: id, Name: name}, values: map[string]any{}}
		err := addVariables(l.values, document)
		if err == nil {
			l.declared, err = variable.Parse(declared)
		}
		failed = errors.Join(failed, err)
		out = append(out, l)
	}
	plain := func(origin explain.Origin, id wispwright.ID, name string, values map[string]any) {
		out = append(out, level{value: explain.Value{Origin: origin, ID: id, Name: name}, values: values})
	}
	add(explain.Device, wispwright.ID{}, "", m.config.Context, m.config.Declared)
	plain(explain.System, wispwright.ID{}, "", c.predefined(m.device))
	plain(explain.Provided, wispwright.ID{}, "", m.provided)
	if m.group != nil {
		add(explain.Group, m.group.ID, m.group.Name, m.group.Context, m.group.Declared)
	}
	if m.settings != nil {
		add(explain.Organization, m.settings.OrganizationID, "", m.settings.Context, m.settings.Declared)
	}
	plain(explain.Global, wispwright.ID{}, "", c.Context)
	for _, t := range slices.Backward(m.templates) {
		plain(explain.Template, t.ID, t.Name, m.servers[t.VPNID])
		add(explain.Template, t.ID, t.Name, t.DefaultValues, t.Declared)
	}
	return out, failed
}

// explained are the variables of a configuration in the order of their names.
func (c *configs) explained(m *material) ([]explain.Variable, error) {
	levels, err := c.levels(m)
	if err != nil {
		return nil, err
	}
	byName := map[string]*explain.Variable{}
	of := func(name string) *explain.Variable {
		if byName[name] == nil {
			byName[name] = &explain.Variable{Name: name}
		}
		return byName[name]
	}
	for _, l := range levels {
		for name, value := range l.values {
			if d := l.declared[name]; d.Secret && !d.Value.IsZero() {
				continue // the secret one counts
			}
			v := l.value
			v.Value = value
			of(name).Values = append(of(name).Values, v)
		}
		for name, d := range l.declared {
			if one := of(name); one.Declared == nil {
				one.Declared = &d
			}
			if d.Secret && !d.Value.IsZero() {
				v := l.value
				v.Value, v.Secret = d.Mask(), true
				of(name).Values = append(of(name).Values, v)
			}
		}
	}
	for _, v := range byName {
		if v.Declared != nil && len(v.Values) > 0 && !v.Values[0].Secret {
			v.Fault = v.Declared.Plain(v.Name, v.Values[0].Value)
		}
		if v.Declared != nil && v.Declared.Secret { // it should not be there in clear, and is not shown
			for i := range v.Values {
				v.Values[i].Value = v.Declared.Mask()
			}
		}
	}
	for _, t := range m.templates {
		for _, name := range explain.Used(string(t.Config)) {
			of(name).Used = append(of(name).Used, t.Name)
		}
	}
	for _, name := range explain.Used(string(m.config.Config)) {
		of(name).Used = append(of(name).Used, "")
	}
	out := make([]explain.Variable, 0, len(byName))
	for _, v := range byName {
		out = append(out, *v)
	}
	slices.SortFunc(out, func(a, b explain.Variable) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// Variables returns the variables of a device with what each level says of them,
// those that its configuration uses and nobody defines included.
func (s *Devices) Variables(ctx context.Context, scope wispwright.Scope, id wispwright.ID) ([]explain.Variable, error) {
	m, err := s.material(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	return s.fleet.explained(m)
}

// material reads what the configuration of a device is made of.
func (s *Devices) material(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*material, error) {
	detail, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	c := s.fleet
	t, err := c.tenant(ctx, detail.Device.OrganizationID)
	if err != nil {
		return nil, err
	}
	m := &material{device: detail.Device, config: detail.Config, settings: t.settings}
	if m.config == nil {
		m.config = &Config{}
	}
	items, err := c.stores.Templates.List(ctx, wispwright.ScopeAll(), TemplateFilter{IDs: wispwright.Only(m.config.Templates...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	m.templates = inOrder(items.Rows, m.config.Templates)
	return m, c.addProvided(ctx, m)
}

// mostExplained is how many templates lines are traced through; the lines of
// those below count as the lowest one's that is.
const mostExplained = 24

// spans tells which layer each line of a rendered configuration is from: it is
// rendered again with one layer after the other, and the lines that a layer
// brings are its own. A layer that gives nothing valid by itself counts with the
// one above.
func (c *configs) spans(ctx context.Context, in render.Input, templates []*Template, text string) ([]explain.Span, error) {
	var texts []string
	var sources []explain.Span
	try := func(layers int, config wispwright.JSON, source explain.Span) error {
		part := in
		part.Templates, part.Config = in.Templates[:layers], config
		rendered, err := c.renderer.Text(ctx, part)
		if err == nil {
			texts, sources = append(texts, rendered), append(sources, source)
		}
		return ctx.Err()
	}
	if err := try(0, "{}", explain.Span{Origin: explain.Hostname}); err != nil {
		return nil, err
	}
	for i, t := range templates {
		if len(templates)-i > mostExplained {
			continue
		}
		if err := try(i+1, "{}", explain.Span{Origin: explain.Template, ID: t.ID, Name: t.Name}); err != nil {
			return nil, err
		}
	}
	texts, sources = append(texts, text), append(sources, explain.Span{Origin: explain.Device})
	var out []explain.Span
	for i, n := range explain.Blame(texts) {
		s := sources[n]
		if last := len(out) - 1; last >= 0 && out[last].Origin == s.Origin && out[last].ID == s.ID {
			out[last].To = i + 1
			continue
		}
		s.From, s.To = i+1, i+1
		out = append(out, s)
	}
	return out, nil
}

// running is the text of what a device runs, or is to run where that is not
// known; empty where there is none.
func (c *configs) running(ctx context.Context, config *Config, key string) (string, error) {
	f := VersionFilter{DeviceID: config.DeviceID, Checksum: config.Reported}
	if config.Reported == "" {
		f.Checksum = config.Desired
	}
	found, err := c.stores.Versions.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return "", err
	}
	in, secrets, err := c.renderVersion(ctx, found.Rows[0], key)
	if err != nil {
		return "", err
	}
	return c.shown(ctx, in, secrets)
}
