package controller

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
)

// Broken is what a change kept from being renewed. The devices concerned go on
// being served their last good version.
type Broken struct {
	// Count is how many configurations cannot be renewed, of the Checked ones
	// that were looked at, of Total that the change concerns.
	Count, Checked, Total int
	// Devices are the first of them.
	Devices []Renewal
}

// The bounds of what is looked at while the caller waits. The job that follows
// the change looks at all configurations and marks them.
const (
	brokenChecked = 200
	brokenTime    = 2 * time.Second
	brokenNamed   = 10
)

// Users counts the devices of a scope that have each of some templates. Templates
// that no device has are left out.
func (s *Templates) Users(ctx context.Context, scope wispwright.Scope, ids []wispwright.ID) (map[wispwright.ID]int, error) {
	return s.fleet.stores.Configs.CountTemplates(ctx, scope, ids)
}

// Broken tries the configurations that use a template and tells which cannot be
// rendered with its present content. It looks at 200 of them at most, for two
// seconds at most.
func (s *Templates) Broken(ctx context.Context, id wispwright.ID) (*Broken, error) {
	return s.fleet.broken(ctx, ConfigFilter{TemplateID: id})
}

// Broken tries the configurations of an organization, like Templates.Broken.
func (s *OrganizationSettings) Broken(ctx context.Context, organization wispwright.ID) (*Broken, error) {
	return s.fleet.broken(ctx, ConfigFilter{OrganizationID: organization})
}

func (c *fleet) broken(ctx context.Context, f ConfigFilter) (*Broken, error) {
	deadline := time.Now().Add(brokenTime)
	items, err := c.stores.Configs.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: brokenChecked, Order: []wispwright.Order{{Field: "DeviceID"}}})
	if err != nil {
		return nil, err
	}
	out := &Broken{Total: items.Total}
	if len(items.Rows) == 0 {
		return out, nil
	}
	materials, err := (&batch{fleet: c}).materials(ctx, items.Rows)
	if err != nil {
		return nil, err
	}
	if err := c.addProvided(ctx, materials...); err != nil {
		return nil, err
	}
	for _, m := range materials {
		if time.Now().After(deadline) {
			break
		}
		d, err := c.draft(m)
		if err != nil {
			return nil, err
		}
		out.Checked++
		err = c.validate(ctx, d)
		var refused *render.Error
		switch {
		case err == nil:
			continue
		case !errors.As(err, &refused):
			return nil, err
		}
		if out.Count++; len(out.Devices) < brokenNamed {
			out.Devices = append(out.Devices, Renewal{
				DeviceID: m.device.ID, OrganizationID: m.device.OrganizationID, Name: m.device.Name, Since: c.now(), Reason: cutReason(refused.Message),
			})
		}
	}
	return out, nil
}
