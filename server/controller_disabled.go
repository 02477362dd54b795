package server

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/tenancy"
)

// mountDisabled takes the devices of organizations that are switched off out of
// service, in the background; switching one on does not bring them back
// (additions: C-12).
func (c *ControllerConcern) mountDisabled(h *Host) {
	if c.Tenancy == nil {
		return
	}
	off := jobs.Kind[wispwright.ID]{Name: "controller.organization_off", Queue: "controller", Timeout: 2 * time.Hour}
	h.Jobs().Add(off.Handle(func(ctx context.Context, organization wispwright.ID) error {
		return c.organizationOff(ctx, organization)
	}))
	h.wire(Wire{"tenancy.Organizations.Changed", "controller: devices of organizations that were switched off", hook(c.Tenancy.Organizations.Changed.Within,
		func(ctx context.Context, list ...entity.Change[tenancy.Organization]) error {
			for _, o := range list {
				if o.Before == nil || o.After == nil || !o.Before.IsActive || o.After.IsActive {
					continue
				}
				if err := off.Insert(ctx, h.Jobs(), o.After.ID); err != nil {
					return err
				}
			}
			return nil
		})})
}

// organizationOff deactivates the devices of an organization, unless it was switched
// on again meanwhile.
func (c *ControllerConcern) organizationOff(ctx context.Context, organization wispwright.ID) error {
	o, err := c.Tenancy.Organizations.List(ctx, everyone(), tenancy.OrganizationFilter{IDs: wispwright.Only(organization)}, unpaged)
	if err != nil || len(o.Rows) == 0 || o.Rows[0].IsActive {
		return err
	}
	if going, err := c.Tenancy.removals.Going(ctx, organization); err != nil || going {
		return err // its devices are deleted
	}
	ctx = entity.WithCause(wispwright.WithCaller(ctx, wispwright.System("controller.organization_off")), "organization "+o.Rows[0].Name+" disabled")
	_, err = c.Devices.DeactivateAll(ctx, organization)
	return err
}
