package controller

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Variables are what {{names}} in a configuration stand for.
type Variables struct {
	// System are those the device has without its own and without the
	// templates' default values.
	System map[string]any
	// All are all together. Of secret ones there is a mask.
	All map[string]any

	// secrets are those of All that are secret, fault is what is wrong
	secrets variable.Declarations
	fault   string
}

// material is everything a configuration is made of.
type material struct {
	device    *Device
	config    *Config
	templates []*Template // in the order of config.Templates
	settings  *Settings
	group     *Group // nil for none
	staged    *Staged
	provided  map[string]any
	// refused says why what the configuration needs could not be made
	refused string
	// servers are the variables of the VPN servers that templates lead to
	servers map[wispwright.ID]map[string]any
}

// variables lays the variables of a device over each other, the strongest
// last (spec: controller-config §5, in the order of the manual).
func (c *configs) variables(m *material) (*Variables, error) {
	all, system := newLayers(), newLayers()
	for _, t := range m.templates {
		if err := all.level(t.DefaultValues, t.Declared); err != nil {
			return nil, fmt.Errorf("default values of template %s: %w", t.ID, err)
		}
		all.lay(m.servers[t.VPNID])
	}
	system.lay(c.Context)
	if m.settings != nil {
		if err := system.level(m.settings.Context, m.settings.Declared); err != nil {
			return nil, fmt.Errorf("variables of organization %s: %w", m.settings.OrganizationID, err)
		}
	}
	if m.group != nil {
		if err := system.level(m.group.Context, m.group.Declared); err != nil {
			return nil, fmt.Errorf("variables of group %s: %w", m.group.ID, err)
		}
	}
	system.lay(m.provided)
	predefined := c.predefined(m.device)
	if m.config.Inherited != "" {
		predefined[macVariable] = m.config.Inherited
	}
	system.lay(predefined)
	all.over(system)
	if err := all.level(m.config.Context, m.config.Declared); err != nil {
		return nil, fmt.Errorf("variables of device %s: %w", m.device.ID, err)
	}
	return &Variables{System: system.values, All: all.values, secrets: all.secrets, fault: all.fault()}, nil
}

// The variables with a meaning beyond their value.
const (
	keyVariable = "key"
	macVariable = "mac_address"
)

func (c *configs) predefined(d *Device) map[string]any {
	out := map[string]any{"name": d.Name, macVariable: d.MACAddress, "id": d.ID.String(), keyVariable: d.Key.Reveal()}
	if c.HardwareIDEnabled {
		out["hardware_id"] = d.HardwareID
	}
	return out
}

// provide asks the providers for the variables of devices.
func (c *configs) provide(ctx context.Context, devices ...*Device) (map[wispwright.ID]map[string]any, error) {
	providers := slices.Concat(c.Providers, c.extensions.providers)
	if c.extensions.vpns != nil {
		providers = append(providers, c.extensions.vpns)
	}
	if len(providers) == 0 {
		return nil, nil
	}
	out := map[wispwright.ID]map[string]any{}
	// the first provider is the strongest: it is laid over the others
	for _, p := range slices.Backward(providers) {
		found, err := p.Variables(ctx, devices)
		if err != nil {
			return nil, fmt.Errorf("ask for variables: %w", err)
		}
		for id, values := range found {
			if out[id] == nil {
				out[id] = map[string]any{}
			}
			maps.Copy(out[id], values)
		}
	}
	return out, nil
}

func addVariables(to map[string]any, j wispwright.JSON) error {
	if j == "" || j == "{}" {
		return nil
	}
	o, err := render.Decode(j)
	if err != nil {
		return err
	}
	for i := range o.Len() {
		key, value := o.At(i)
		to[key] = value
	}
	return nil
}

// encodeVariables writes variables in the order of their names, so that equal
// ones give equal text, without secret ones.
func encodeVariables(vars map[string]any, secrets variable.Declarations) wispwright.JSON {
	o := ordered.NewObject()
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if _, secret := secrets[name]; !secret {
			o.Set(name, vars[name])
		}
	}
	return wispwright.JSON(ordered.Append(nil, o))
}
