package controller

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// errNotDeactivated is what deleting an active device is refused with.
const errNotDeactivated = "The device must be deactivated prior to deletion"

// Delete removes a device with everything it has. Without force it is a
// *wispwright.ForbiddenError until the device is deactivated and has removed
// its configuration (spec: controller-config §3.1).
func (s *Devices) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID, force bool) error {
	return s.fleet.do(ctx, "controller.Devices.Delete", func(ctx context.Context) error {
		d, err := s.fleet.stores.Devices.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		detail, err := s.fleet.detail(ctx, d)
		if err != nil {
			return err
		}
		if !force && (!d.IsDeactivated || detail.Config != nil && detail.Config.Status != StatusDeactivated) {
			return wispwright.Forbidden(errNotDeactivated)
		}
		return s.fleet.remove(ctx, detail)
	})
}

func (c *fleet) remove(ctx context.Context, details ...*Detail) error {
	for _, detail := range details {
		d := detail.Device
		if err := c.devices.Deleting.Fire(ctx, d); err != nil {
			return err
		}
		if err := c.stores.Devices.Delete(ctx, wispwright.ScopeAll(), d.ID); err != nil {
			return err
		}
		if err := c.forgetDevices(ctx, d.ID); err != nil {
			return err
		}
		c.devices.Changed.Publish(ctx, DeviceChange{Before: d})
		if err := c.record(ctx, "delete", "", detail, &Detail{}); err != nil {
			return err
		}
	}
	return nil
}

// organizationDeleting removes what a deleted organization owns.
func (c *Controller) organizationDeleting(ctx context.Context, organizations ...*tenancy.Organization) error {
	for _, o := range organizations {
		if err := c.fleet.removeOrganization(ctx, o.ID); err != nil {
			return fmt.Errorf("remove what organization %s owns: %w", o.ID, err)
		}
	}
	return nil
}

func (c *fleet) removeOrganization(ctx context.Context, id wispwright.ID) error {
	// nobody adds anything from here on
	_, err := c.stores.Settings.Hold(ctx, id, true)
	if err != nil && !isNotFound(err) {
		return err
	}
	devices, err := c.stores.Devices.List(ctx, wispwright.ScopeAll(), DeviceFilter{OrganizationID: id}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, d := range devices.Rows {
		if err := c.remove(ctx, &Detail{Device: d}); err != nil {
			return err
		}
	}
	templates, err := c.stores.Templates.List(ctx, wispwright.ScopeAll(), TemplateFilter{OrganizationID: id}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, t := range templates.Rows { // only the organization's own devices used them
		if err := c.stores.Templates.Delete(ctx, wispwright.ScopeAll(), t.ID); err != nil {
			return err
		}
	}
	err = c.stores.Settings.Delete(ctx, wispwright.ScopeAll(), id)
	if err != nil && !isNotFound(err) {
		return err
	}
	return c.forgetTenants(ctx)
}
