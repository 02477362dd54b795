package controller

import (
	"context"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
)

// assignment is a list of templates somebody wants a configuration to have.
type assignment struct {
	device *Device
	config *Config
	// wanted is the list, had what the configuration has until now
	wanted, had []wispwright.ID
}

// assign checks a list of templates and returns the outcome: required ones
// first, in the order of their names, then the wanted ones in theirs
// (spec: controller-config §4.1). Templates that were deleted since they were
// assigned are left out.
func (c *configs) assign(ctx context.Context, a assignment) ([]*Template, error) {
	found, err := c.chosen(ctx, a)
	if err != nil {
		return nil, err
	}
	if s := a.config.Status; s == StatusDeactivating || s == StatusDeactivated {
		return found, nil
	}
	defaults, err := c.defaultTemplates(ctx, a.device.OrganizationID, a.config.Backend)
	if err != nil {
		return nil, err
	}
	all := merge(requiredOf(defaults), found)
	return all, c.checkRivals(ctx, all)
}

// chosen returns the wanted templates after checking each of them.
func (c *configs) chosen(ctx context.Context, a assignment) ([]*Template, error) {
	a.wanted = distinct(a.wanted)
	found, err := c.heldTemplates(ctx, a.wanted)
	if err != nil {
		return nil, err
	}
	return found, a.judge(found)
}

// judge tells what is wrong with the wanted templates, of which some were found.
func (a assignment) judge(found []*Template) error {
	var v wispwright.ValidationError
	for _, id := range a.wanted {
		known := slices.ContainsFunc(found, func(t *Template) bool { return t.ID == id })
		if !known && !slices.Contains(a.had, id) {
			v.Add("config.templates", valid.UnknownPK(id))
		}
	}
	var foreign []string
	for _, t := range found {
		if !t.OrganizationID.IsZero() && t.OrganizationID != a.device.OrganizationID {
			foreign = append(foreign, t.Name)
		}
	}
	if len(foreign) > 0 {
		v.Add("config", "The following templates are owned by organizations which do not match the organization of this configuration: "+
			strings.Join(foreign, ", "))
	}
	return v.Err()
}

// merge appends to a list of templates those it does not have yet.
func merge(lists ...[]*Template) []*Template {
	var out []*Template
	for _, list := range lists {
		for _, t := range list {
			if !slices.ContainsFunc(out, func(o *Template) bool { return o.ID == t.ID }) {
				out = append(out, t)
			}
		}
	}
	return out
}

func distinct(ids []wispwright.ID) []wispwright.ID {
	out := make([]wispwright.ID, 0, len(ids))
	for _, id := range ids {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// moved returns the templates of a configuration whose device came to another
// organization: the shared ones stay, those of the old organization go, the
// default ones of the new one come (spec: controller-config §4.7).
func (c *configs) moved(ctx context.Context, device *Device, config *Config) ([]wispwright.ID, error) {
	had, err := c.heldTemplates(ctx, config.Templates)
	if err != nil {
		return nil, err
	}
	had = slices.DeleteFunc(had, func(t *Template) bool {
		return !t.OrganizationID.IsZero() && t.OrganizationID != device.OrganizationID
	})
	defaults, err := c.defaultTemplates(ctx, device.OrganizationID, config.Backend)
	if err != nil {
		return nil, err
	}
	return idsOf(merge(defaults, had)), nil
}

// firstConfig makes the first configuration of a device: default templates,
// then the given ones, then the tagged ones (spec: controller-config §4.1).
func (c *configs) firstConfig(ctx context.Context, n *enrolment, t *tenant) (*Version, error) {
	d, config := n.detail.Device, n.detail.Config
	if config.ID.IsZero() {
		config.ID = wispwright.NewID()
	}
	config.DeviceID, config.OrganizationID = d.ID, d.OrganizationID
	config.Status, config.ErrorReason = StatusModified, ""
	config.NotRenewed, config.NotRenewedReason = nil, ""
	config.Desired, config.Served, config.Reported, config.VersionID = "", "", "", wispwright.ID{}
	config.Created = c.now()
	config.Modified = config.Created
	if err := c.checkConfig(config); err != nil {
		return nil, err
	}
	given, err := n.givenTemplates(ctx)
	if err != nil {
		return nil, err
	}
	if err := (assignment{device: d, config: config, wanted: n.given}).judge(given); err != nil {
		return nil, err
	}
	defaults, err := c.defaultTemplates(ctx, d.OrganizationID, config.Backend)
	if err != nil {
		return nil, err
	}
	required := requiredOf(defaults)
	if err := c.checkRivals(ctx, merge(required, given)); err != nil {
		return nil, err
	}
	templates := merge(required, withoutRivals(merge(required, given), defaults))
	grouped, err := c.groupTemplates(ctx, n.group, config.Backend)
	if err != nil {
		return nil, err
	}
	templates = merge(templates, withoutRivals(merge(templates, given), grouped), given)
	templates = merge(templates, withoutRivals(templates, n.extra))
	if !n.believed { // the cached ones may be older than what is stored now
		if templates, err = c.heldTemplates(ctx, idsOf(templates)); err != nil {
			return nil, err
		}
	}
	config.Templates = idsOf(templates)
	m := &material{device: d, config: config, settings: t.settings, templates: templates}
	if err := c.supply(ctx, true, m); err != nil {
		return nil, err
	}
	version, err := c.refresh(ctx, m, n.earlier, n.cause)
	if err != nil {
		return nil, c.refused(ctx, m, len(templates) > 0, err)
	}
	return version, nil
}

// addConfig stores the first configuration of a device that is there already.
func (c *configs) addConfig(ctx context.Context, n *enrolment, t *tenant) error {
	var err error
	if n.group, err = c.groupOf(ctx, n.detail.Device); err != nil {
		return err
	}
	version, err := c.firstConfig(ctx, n, t)
	if err != nil {
		return err
	}
	if err := c.stores.Configs.Insert(ctx, n.detail.Config); err != nil {
		return err
	}
	return c.stores.Versions.Insert(ctx, version)
}
