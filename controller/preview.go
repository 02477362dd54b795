package controller

import (
	"context"
	"maps"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/explain"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/valid"
)

// PreviewInput is what a form holds before it is saved.
type PreviewInput struct {
	// Template previews a template alone, otherwise a device's configuration.
	Template bool
	// Backend is the path of the backend.
	Backend string
	// Config is the NetJSON object of the form.
	Config wispwright.JSON
	// DefaultValues are a template's variables.
	DefaultValues wispwright.JSON
	// VPNID is the VPN server of a template, whose variables it has; zero for none.
	VPNID wispwright.ID
	// Templates are those below Config, the first one lowest.
	Templates []wispwright.ID
	// Context are the device's own variables.
	Context wispwright.JSON
	// OrganizationID is the tenant; zero for a shared template.
	OrganizationID wispwright.ID
	// DeviceID is the device that exists already; zero for a new one. What is
	// empty below is taken from it.
	DeviceID wispwright.ID
	// Name and MACAddress are the device's, for its predefined variables.
	Name, MACAddress string
	// OS is the device's operating system.
	OS string
	// GroupID is the group of the form; nil for the one the device is in.
	GroupID *wispwright.ID
	// Explain asks for Sources, Variables and Changes.
	Explain bool
}

// Preview is what a form would give.
type Preview struct {
	// Text is the rendered configuration.
	Text string
	// Checksum is the MD5 of the archive, Size its length in bytes.
	Checksum string
	// Size of the archive in bytes.
	Size int
	// Sources tell where each line of Text comes from.
	Sources []explain.Span
	// Variables are those there are, with what each level says of them.
	Variables []explain.Variable
	// Changes is how what the device runs becomes Text, as diff -u writes it; empty
	// for a device that runs nothing yet, and when nothing changes.
	Changes string
}

// Preview renders a form without saving anything. What is wrong with the
// configuration is a *wispwright.ValidationError for the field "config" and a
// *render.Error, whose Pointer names the place; errors.As finds both. Templates,
// organization and device outside the scope do not exist.
func (s *Devices) Preview(ctx context.Context, scope wispwright.Scope, in PreviewInput) (*Preview, error) {
	rendered, m, err := s.fleet.previewInput(ctx, scope, in)
	if err != nil {
		return nil, err
	}
	used := m.templates
	archive, err := s.fleet.bytes(ctx, rendered)
	if err != nil {
		return nil, invalidConfig("config", "", used, err)
	}
	text, err := s.fleet.shown(ctx, rendered.input, rendered.secrets)
	if err != nil {
		return nil, invalidConfig("config", "", used, err)
	}
	out := &Preview{Text: text, Checksum: checksum(archive), Size: len(archive)}
	if in.Explain {
		err = s.fleet.explainPreview(ctx, out, rendered.input, m)
	}
	return out, err
}

func (c *configs) explainPreview(ctx context.Context, p *Preview, in render.Input, m *material) error {
	var err error
	if p.Sources, err = c.spans(ctx, in, m.templates, p.Text); err != nil {
		return err
	}
	if p.Variables, err = c.explained(m); err != nil {
		return err
	}
	if m.device.Created.IsZero() {
		return nil
	}
	config, err := c.stores.Configs.Get(ctx, wispwright.ScopeAll(), m.device.ID)
	if err != nil {
		return absentIsNothing(err)
	}
	before, err := c.running(ctx, config, m.device.Key.Reveal())
	if err == nil && before != "" {
		p.Changes = explain.Unified(before, p.Text)
	}
	return err
}

// previewInput returns what is rendered, and what it is made of.
func (c *configs) previewInput(ctx context.Context, scope wispwright.Scope, in PreviewInput) (*draft, *material, error) {
	var v wispwright.ValidationError
	c.checkBackend(&v, "backend", in.Backend)
	valid.Object(&v, "context", &in.Context)
	valid.Object(&v, "default_values", &in.DefaultValues)
	if !isConfig(&in.Config) {
		v.Add("config", render.UnexpectedFormat)
	}
	if err := v.Err(); err != nil {
		return nil, nil, err
	}
	if in.Template {
		out, m, err := c.previewTemplate(ctx, scope, in)
		return &draft{input: out}, m, err
	}
	m, err := c.previewMaterial(ctx, scope, in)
	if err != nil {
		return nil, nil, err
	}
	d, err := c.draft(m)
	return d, m, err
}

// previewTemplate has the variables of the template, of its VPN server, and those that are
// the same everywhere.
func (c *configs) previewTemplate(ctx context.Context, scope wispwright.Scope, in PreviewInput) (render.Input, *material, error) {
	out := render.Input{Backend: in.Backend, Config: in.Config, Context: map[string]any{}}
	m := &material{device: &Device{}, config: &Config{Config: in.Config, Context: in.DefaultValues}}
	if err := addVariables(out.Context, in.DefaultValues); err != nil {
		return out, nil, err
	}
	if !in.VPNID.IsZero() {
		found := false
		if v := c.extensions.vpns; v != nil {
			var err error
			if found, err = v.Exists(ctx, scope, in.VPNID); err != nil {
				return out, nil, err
			}
		}
		if !found {
			return out, nil, wispwright.Invalid("vpn", valid.UnknownPK(in.VPNID))
		}
		of, err := c.serverVariables(ctx, in.VPNID)
		if err != nil {
			return out, nil, err
		}
		maps.Copy(out.Context, of[in.VPNID])
	}
	maps.Copy(out.Context, c.Context)
	return out, m, nil
}

func (c *configs) previewMaterial(ctx context.Context, scope wispwright.Scope, in PreviewInput) (*material, error) {
	d := &Device{OrganizationID: in.OrganizationID}
	if !in.DeviceID.IsZero() {
		stored, err := c.stores.Devices.Get(ctx, scope, in.DeviceID)
		if isNotFound(err) {
			return nil, wispwright.Invalid("device", valid.UnknownPK(in.DeviceID))
		}
		if err != nil {
			return nil, err
		}
		d = stored
	}
	for _, f := range []struct {
		to   *string
		text string
	}{{&d.Name, in.Name}, {&d.MACAddress, in.MACAddress}, {&d.OS, in.OS}} {
		if f.text != "" {
			*f.to = f.text
		}
	}
	if !in.OrganizationID.IsZero() {
		d.OrganizationID = in.OrganizationID
	}
	if in.GroupID != nil {
		if d.GroupID = *in.GroupID; !d.GroupID.IsZero() {
			if _, err := c.stores.Groups.Get(ctx, scope, d.GroupID); isNotFound(err) {
				return nil, wispwright.Invalid("group", valid.UnknownPK(d.GroupID))
			} else if err != nil {
				return nil, err
			}
		}
	}
	m := &material{device: d, config: &Config{Backend: in.Backend, Config: in.Config, Context: in.Context}}
	if !in.DeviceID.IsZero() {
		stored, err := c.stores.Configs.Get(ctx, wispwright.ScopeAll(), d.ID)
		if err != nil && !isNotFound(err) {
			return nil, err
		}
		if err == nil {
			m.config.Declared = stored.Declared
		}
	}
	if !d.OrganizationID.IsZero() {
		t, err := c.tenant(ctx, d.OrganizationID)
		if isNotFound(err) || err == nil && !scope.Allows(d.OrganizationID) {
			return nil, wispwright.Invalid("organization", valid.UnknownPK(d.OrganizationID))
		}
		if err != nil {
			return nil, err
		}
		m.settings = t.settings
	}
	for _, id := range distinct(in.Templates) {
		t, err := c.stores.Templates.Get(ctx, scope, id)
		if isNotFound(err) {
			return nil, wispwright.Invalid("templates", valid.UnknownPK(id))
		}
		if err != nil {
			return nil, err
		}
		m.templates = append(m.templates, t)
	}
	return m, c.addProvided(ctx, m)
}

// Context returns the variables a device sees. A device without configuration
// has only those of the system.
func (s *Devices) Context(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Variables, error) {
	m, err := s.material(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	return s.fleet.variables(m)
}
