package controller

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
)

// enrolment is a new device on its way: prepare checks and renders it outside
// the transaction, so that other writers need not wait for it; store keeps it
// inside.
type enrolment struct {
	*fleet
	detail *Detail
	// given are templates chosen by hand, extra those found by tags
	given []wispwright.ID
	extra []*Template
	// known are the given ones that were found, when they were read for many
	known map[wispwright.ID]*Template
	cause string
	// check asks for everything that is not unique before storing; without it
	// the store's refusal is returned, which costs a query less
	check bool
	// faults are what is wrong with the device by itself
	faults wispwright.ValidationError
	// verify checks the settings once they are held
	verify func(*Settings) error

	// what prepare found: the organization as this node knows it, whether the
	// key is made of its secret, and the configuration, nil when it could not be
	// rendered, which then fails again inside
	tenant  *tenant
	group   *Group // nil for none
	madeKey bool
	earlier *draft
	// believed makes store compare the organization with what is stored instead
	// of reading it again
	believed bool
}

// prepare completes the device. Its faults are told by store, together with
// those that involve other devices.
func (n *enrolment) prepare(ctx context.Context) error {
	d := n.detail.Device
	if d.ID.IsZero() {
		d.ID = wispwright.NewID()
	}
	d.Created = n.now()
	d.Modified = d.Created
	v := n.checkFields(d)
	if err := v.Merge("", n.faults.Err()); err != nil {
		return err
	}
	n.faults = *v
	var err error
	n.tenant, err = n.fleet.tenant(ctx, d.OrganizationID)
	if isNotFound(err) {
		v.Add("organization", valid.UnknownPK(d.OrganizationID))
		return v.Err()
	}
	if err != nil {
		return err
	}
	n.madeKey = d.Key == ""
	n.ensureKey(d, n.tenant.settings)
	if n.faults.Err() != nil {
		return nil
	}
	if n.group, err = n.groupOf(ctx, d); err != nil {
		return err
	}
	if n.detail.Config == nil {
		if n.detail.Config, err = n.configured(ctx, d); err != nil || n.detail.Config == nil {
			return err
		}
	}
	given, err := n.givenTemplates(ctx)
	if err != nil {
		return err
	}
	defaults, err := n.defaultTemplates(ctx, d.OrganizationID, n.detail.Config.Backend)
	if err != nil {
		return err
	}
	grouped, err := n.groupTemplates(ctx, n.group, n.detail.Config.Backend)
	if err != nil {
		return err
	}
	m := &material{device: d, config: n.detail.Config, settings: n.tenant.settings, templates: merge(defaults, grouped, given, n.extra)}
	if len(serversOf(m.templates)) > 0 {
		return nil // what its tunnels need is made inside
	}
	if err := n.addProvided(ctx, m); err != nil {
		return err
	}
	if earlier, err := n.draft(m); err == nil && n.render(ctx, earlier, nil) == nil {
		n.earlier = earlier
		n.believed = !n.tenant.settings.limited() // devices are counted with the settings locked
	}
	return nil
}

// givenTemplates returns those of the given templates that exist. While store
// compares what is believed, they are the ones prepare saw.
func (n *enrolment) givenTemplates(ctx context.Context) ([]*Template, error) {
	if n.known == nil {
		var err error
		if n.known, err = n.templatesByID(ctx, n.given); err != nil {
			return nil, err
		}
	}
	var out []*Template
	for _, id := range distinct(n.given) {
		if t := n.known[id]; t != nil {
			out = append(out, t)
		}
	}
	return out, nil
}

// store keeps the device and its configuration in the context's transaction,
// which may run again.
func (n *enrolment) store(ctx context.Context) error {
	d, t := n.detail.Device, n.tenant
	v := &wispwright.ValidationError{}
	if err := v.Merge("", n.faults.Err()); err != nil {
		return err
	}
	if !n.believed {
		n.known = nil
		var err error
		t, err = n.hold(ctx, d.OrganizationID, true)
		if isNotFound(err) {
			v.Add("organization", valid.UnknownPK(d.OrganizationID))
			return v.Err()
		}
		if err != nil {
			return err
		}
		if n.madeKey && !t.settings.SharedSecret.Equal(n.tenant.settings.SharedSecret.Reveal()) {
			d.Key = ""
			n.ensureKey(d, t.settings)
		}
	}
	if n.verify != nil {
		if err := n.verify(t.settings); err != nil {
			return err
		}
	}
	if err := n.checkWhole(ctx, v, d, t, n.check, true); err != nil {
		return err
	}
	if !d.GroupID.IsZero() { // as it is now, and stays until the transaction ends
		var err error
		if n.group, err = n.groupOf(ctx, d); err != nil {
			return err
		}
	}
	stored, err := n.insert(ctx, t)
	if err != nil {
		return err
	}
	if !stored { // what was believed is old
		n.believed = false
		return n.store(ctx)
	}
	if err := n.deviceSaved(ctx, nil, d); err != nil {
		return err
	}
	if n.detail.Config != nil {
		if err := n.devices.Configured.Fire(ctx, n.detail); err != nil {
			return err
		}
	}
	return n.record(ctx, "add", n.cause, &Detail{}, n.detail)
}

// insert stores the rows, unless they are made of what is believed and that is
// old.
func (n *enrolment) insert(ctx context.Context, t *tenant) (stored bool, err error) {
	d, config := n.detail.Device, n.detail.Config
	if config == nil {
		return true, explainDevice(n.stores.Devices.Insert(ctx, d))
	}
	version, err := n.firstConfig(ctx, n, t)
	switch {
	case err != nil && n.believed:
		return false, nil // it is made again and fails again
	case err != nil:
		return false, err
	case n.believed:
		stored, err = n.stores.Devices.EnrollUnchanged(ctx, d, config, version, t.settings)
		return stored, explainDevice(err)
	}
	return true, explainDevice(n.stores.Devices.Enroll(ctx, d, config, version))
}
