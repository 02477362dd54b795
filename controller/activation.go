package controller

import (
	"context"
	"net/netip"

	"github.com/wispwright/wispwright"
)

// Deactivate takes a device out of service: its configuration becomes empty,
// which it still fetches once, and then the protocol does not know it any more
// (spec: controller-config §3.1). It is wispwright.ErrNotFound when the device
// is deactivated already.
func (s *Devices) Deactivate(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Detail, error) {
	return s.fleet.switchDevice(ctx, "controller.Devices.Deactivate", scope, id, true)
}

// Activate puts a deactivated device into service again, with the default
// templates of its organization; the configuration it had before stays gone. It is
// refused while its organization is switched off.
// It is wispwright.ErrNotFound when the device is active.
func (s *Devices) Activate(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Detail, error) {
	return s.fleet.switchDevice(ctx, "controller.Devices.Activate", scope, id, false)
}

func (c *fleet) switchDevice(ctx context.Context, operation string, scope wispwright.Scope, id wispwright.ID, off bool) (*Detail, error) {
	var after Detail
	err := c.kit.Do(ctx, operation, func(ctx context.Context) error {
		var before Detail
		after = Detail{}
		var version *Version
		var err error
		after.Device, err = c.stores.Devices.Update(ctx, scope, id, func(d *Device) error {
			device := *d
			before.Device = &device
			if d.IsDeactivated == off {
				return wispwright.ErrNotFound
			}
			if !off {
				t, err := c.tenant(ctx, d.OrganizationID)
				if err != nil {
					return err
				}
				if !t.organization.IsActive { // additions: C-12
					return wispwright.Forbidden("The organization " + t.organization.Name + " is currently disabled: only read operations are allowed.")
				}
			}
			d.IsDeactivated, d.Modified = off, c.now()
			config, err := c.lockConfig(ctx, d.ID)
			if err != nil {
				return err
			}
			before.Config, after.Config = copyOf(config), config
			if config == nil {
				if off {
					d.ManagementIP = netip.Addr{}
				}
				return nil
			}
			if version, err = c.switchConfig(ctx, d, config, off); err != nil {
				return err
			}
			if config.Status == StatusDeactivated {
				d.ManagementIP = netip.Addr{}
			}
			return nil
		})
		if err != nil {
			return err
		}
		return c.switched(ctx, &before, &after, version)
	})
	if err != nil {
		return nil, err
	}
	return &after, nil
}

// switchConfig empties a configuration, or fills it with the default
// templates. The user's own variables stay.
func (c *fleet) switchConfig(ctx context.Context, d *Device, config *Config, off bool) (*Version, error) {
	config.Modified, config.ErrorReason, config.Templates = c.now(), "", nil
	cause := "device activated"
	if off {
		cause = "device deactivated"
		config.Config, config.Status = "{}", StatusDeactivating
	} else {
		config.Status = StatusApplied // unless the bytes change
		defaults, err := c.defaultTemplates(ctx, d.OrganizationID, config.Backend)
		if err != nil {
			return nil, err
		}
		g, err := c.groupOf(ctx, d)
		if err != nil {
			return nil, err
		}
		if config.Templates, err = c.regrouped(ctx, idsOf(defaults), nil, g, config.Backend, config.Backend); err != nil {
			return nil, err
		}
	}
	m, err := c.gather(ctx, d, config)
	if err != nil {
		return nil, err
	}
	config.Templates = idsOf(m.templates)
	version, err := c.refresh(ctx, m, nil, cause)
	if err != nil {
		return nil, c.refused(ctx, m, true, err)
	}
	if off && version == nil { // there is nothing the device has to remove
		config.Status = StatusDeactivated
	}
	return version, c.store(ctx, config, version)
}

func (c *fleet) switched(ctx context.Context, before, after *Detail, version *Version) error {
	if err := c.deviceSaved(ctx, before.Device, after.Device); err != nil {
		return err
	}
	if after.Config != nil {
		c.renewed(ctx, after.Device, before.Config, after.Config)
	}
	if version != nil {
		if err := c.modified(ctx, ActionTemplatesChanged, version.Cause, after.Device.ID); err != nil {
			return err
		}
	}
	if after.Config != nil && after.Config.Status != before.Config.Status {
		c.statusChanged(ctx, after.Device, after.Config, before.Config.Status)
	}
	return c.record(ctx, "change", "", before, after)
}

// DeactivateAll takes every device of an organization out of service, one after the
// other, and returns how many it took: for organizations that are switched off
// (additions: C-12). Called again, it goes on where it stopped.
func (s *Devices) DeactivateAll(ctx context.Context, organization wispwright.ID) (n int, err error) {
	no := false
	for after := (wispwright.ID{}); ; {
		page, err := s.List(ctx, wispwright.ScopeOf(organization), DeviceFilter{IsDeactivated: &no}, wispwright.Page{Limit: 200, NoTotal: true, Order: []wispwright.Order{{Field: "ID"}}})
		if err != nil {
			return n, err
		}
		if len(page.Rows) == 0 || page.Rows[0].Device.ID == after { // what could not be taken is not tried for ever
			return n, nil
		}
		after = page.Rows[0].Device.ID
		for _, d := range page.Rows {
			_, err := s.Deactivate(ctx, wispwright.ScopeAll(), d.Device.ID)
			if isNotFound(err) {
				continue
			}
			if err != nil {
				return n, err
			}
			n++
		}
	}
}
