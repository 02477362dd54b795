package controller

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
)

// errNotDeactivated refuses to delete an active device.
const errNotDeactivated = "The device must be deactivated prior to deletion"

// Delete removes a device with everything it has. Without force it is a
// *wispwright.ForbiddenError until the device is deactivated and has removed
// its configuration (spec: controller-config §3.1).
func (s *Devices) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID, force bool) error {
	return s.fleet.kit.Do(ctx, "controller.Devices.Delete", func(ctx context.Context) error {
		// an update that changes nothing locks the row: nobody activates it now
		d, err := s.fleet.stores.Devices.Update(ctx, scope, id, func(*Device) error { return nil })
		if err != nil {
			return err
		}
		detail, err := s.fleet.detail(ctx, d)
		if err == nil {
			err = entity.Expected(ctx, id, detail)
		}
		if err != nil {
			return err
		}
		if !force && (!d.IsDeactivated || detail.Config != nil && detail.Config.Status != StatusDeactivated) {
			return wispwright.Forbidden(errNotDeactivated)
		}
		return s.fleet.remove(ctx, detail)
	})
}

// remove takes devices out with everything they have, a batch at a time.
func (c *fleet) remove(ctx context.Context, details ...*Detail) error {
	devices := make([]*Device, len(details))
	ids := make([]wispwright.ID, len(details))
	changes := make([]entity.Change[Device], len(details))
	records := make([]wispwright.Change, len(details))
	for i, d := range details {
		devices[i], ids[i], changes[i].Before, records[i] = d.Device, d.Device.ID, d.Device, history("delete", "", d, &Detail{})
	}
	if err := c.devices.Deleting.Fire(ctx, devices...); err != nil {
		return err
	}
	for _, id := range ids {
		if err := c.stores.Devices.Delete(ctx, wispwright.ScopeAll(), id); err != nil {
			return err
		}
	}
	if err := c.forgetDevices(ctx, ids...); err != nil {
		return err
	}
	c.devices.Changed.Publish(ctx, changes...)
	return c.kit.Record(ctx, records...)
}

// removedAtOnce is how many devices of a deleted organization go in one step.
const removedAtOnce = 200

// removeSome removes some devices of an organization and returns their number.
func (c *fleet) removeSome(ctx context.Context, organization wispwright.ID) (int, error) {
	devices, err := c.stores.Devices.List(ctx, wispwright.ScopeAll(), DeviceFilter{OrganizationID: organization}, wispwright.Page{Limit: removedAtOnce, NoTotal: true})
	if err != nil || len(devices.Rows) == 0 {
		return 0, err
	}
	ids := make([]wispwright.ID, len(devices.Rows))
	for i, d := range devices.Rows {
		ids[i] = d.ID
	}
	configs, err := c.stores.Configs.List(ctx, wispwright.ScopeAll(), ConfigFilter{DeviceIDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return 0, err
	}
	byDevice := make(map[wispwright.ID]*Config, len(ids))
	for _, config := range configs.Rows {
		byDevice[config.DeviceID] = config
	}
	details := make([]*Detail, len(ids))
	for i, d := range devices.Rows {
		details[i] = &Detail{Device: d, Config: byDevice[d.ID]}
	}
	err = c.remove(ctx, details...)
	if isNotFound(err) { // somebody else was faster with one of them
		err = fmt.Errorf("%w: %w", wispwright.ErrCollision, err)
	}
	return len(ids), err
}

// attachEmptying takes devices, groups and templates out of an organization in batches
// before it is deleted, each in a transaction of its own, so that others are not kept
// waiting for thousands of them. What is added meanwhile goes with the organization.
// Devices come first: what others have of them goes along.
func (c *Controller) attachEmptying(o OrganizationEvents) {
	e, ok := o.(interface {
		OnEmptying(name string, count, some func(ctx context.Context, organization wispwright.ID) (int, error))
	})
	if !ok {
		return
	}
	e.OnEmptying("controller: devices", c.fleet.countDevices, func(ctx context.Context, organization wispwright.ID) (n int, err error) {
		err = c.fleet.kit.Do(ctx, "controller: devices of a deleted organization", func(ctx context.Context) (err error) {
			n, err = c.fleet.removeSome(ctx, organization)
			return err
		})
		return n, err
	})
	e.OnEmptying("controller: groups", func(ctx context.Context, organization wispwright.ID) (int, error) {
		items, err := c.Groups.List(ctx, wispwright.ScopeOf(organization), GroupFilter{OrganizationID: organization}, wispwright.Page{Limit: 1})
		return items.Total, err
	}, func(ctx context.Context, organization wispwright.ID) (int, error) {
		return c.Groups.DeleteSome(ctx, wispwright.ScopeOf(organization), GroupFilter{OrganizationID: organization})
	})
	e.OnEmptying("controller: templates", func(ctx context.Context, organization wispwright.ID) (int, error) {
		items, err := c.Templates.List(ctx, wispwright.ScopeOf(organization), TemplateFilter{OrganizationID: organization}, wispwright.Page{Limit: 1})
		return items.Total, err
	}, func(ctx context.Context, organization wispwright.ID) (int, error) {
		return c.Templates.DeleteSome(ctx, wispwright.ScopeOf(organization), TemplateFilter{OrganizationID: organization})
	})
}

// removeOrganization removes what is left of a deleted organization: devices
// first, since templates are kept from nobody but them.
func (c *Controller) removeOrganization(ctx context.Context, id wispwright.ID) error {
	// nobody adds anything from here on
	_, err := c.fleet.stores.Settings.Hold(ctx, id, true)
	if err != nil && !isNotFound(err) {
		return err
	}
	for n := 1; n > 0; {
		if n, err = c.fleet.removeSome(ctx, id); err != nil {
			return err
		}
	}
	if _, err := c.Groups.DeleteAll(ctx, wispwright.ScopeOf(id), GroupFilter{OrganizationID: id}); err != nil {
		return err
	}
	if _, err := c.Templates.DeleteAll(ctx, wispwright.ScopeOf(id), TemplateFilter{OrganizationID: id}); err != nil {
		return err
	}
	if _, err := c.Settings.DeleteAll(ctx, wispwright.ScopeOf(id), SettingsFilter{}); err != nil {
		return err
	}
	return c.fleet.forgetTenants(ctx)
}
