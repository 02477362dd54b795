package controller

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Update changes a device and its configuration together. change edits both in
// place and leaves alone what the request does not mention; it may set
// d.Config to a new one for a device without configuration. Status, checksums,
// identities and times in it are not the caller's to set. It may run more than
// once.
//
// A template list that was not touched stays, except that a device that comes
// to another organization loses the old one's templates and gets the default
// ones of the new. A deactivated device is wispwright.ErrForbidden.
func (s *Devices) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*Detail) error) (*Detail, error) {
	var u update
	err := s.fleet.kit.Do(ctx, "controller.Devices.Update", func(ctx context.Context) error {
		u = update{fleet: s.fleet, scope: scope}
		_, err := s.fleet.stores.Devices.Update(ctx, scope, id, func(d *Device) error { return u.device(ctx, d, change) })
		if err != nil {
			return explainDevice(err)
		}
		return u.finish(ctx)
	})
	if err != nil {
		return nil, err
	}
	return &u.after, nil
}

// update is one run of Devices.Update.
type update struct {
	fleet         *fleet
	scope         wispwright.Scope
	before, after Detail
	tenant        *tenant
}

// device changes the device's row, which is locked.
func (u *update) device(ctx context.Context, d *Device, change func(*Detail) error) error {
	config, err := u.fleet.lockConfig(ctx, d.ID)
	if err != nil {
		return err
	}
	device := *d
	u.before = Detail{Device: &device, Config: copyOf(config)}
	if d.IsDeactivated {
		return wispwright.ErrForbidden
	}
	u.after = Detail{Device: d, Config: config}
	if err := change(&u.after); err != nil {
		return err
	}
	if u.after.Device != d {
		*d = *u.after.Device
		u.after.Device = d
	}
	d.ID, d.Created, d.IsDeactivated, d.Modified = device.ID, device.Created, device.IsDeactivated, u.fleet.now()
	return u.check(ctx)
}

func (u *update) check(ctx context.Context) error {
	before, d := u.before.Device, u.after.Device
	v := u.fleet.checkFields(d)
	moved := d.OrganizationID != before.OrganizationID
	if moved && !u.scope.Allows(d.OrganizationID) {
		v.Add("organization", valid.UnknownPK(d.OrganizationID))
		return v.Err()
	}
	var err error
	u.tenant, err = u.fleet.hold(ctx, d.OrganizationID, moved)
	if isNotFound(err) {
		v.Add("organization", valid.UnknownPK(d.OrganizationID))
		return v.Err()
	}
	if err != nil {
		return err
	}
	u.fleet.ensureKey(d, u.tenant.settings)
	unique := moved || d.NameKey != before.NameKey || d.MACAddress != before.MACAddress || d.KeyDigest != before.KeyDigest || d.HardwareID != before.HardwareID
	return u.fleet.checkWhole(ctx, v, d, u.tenant, unique, moved)
}

// finish changes the configuration and tells of everything.
func (u *update) finish(ctx context.Context) error {
	c := u.fleet
	var version *Version
	var err error
	switch {
	case u.after.Config == nil:
		u.after.Config = u.before.Config // a configuration is never taken away
		fallthrough
	case u.before.Config != nil:
		if u.after.Config != nil {
			version, err = u.config(ctx)
		}
	default:
		err = c.addConfig(ctx, &enrolment{fleet: c, detail: &u.after, given: slices.Clone(u.after.Config.Templates), cause: "configuration added"}, u.tenant)
	}
	if err != nil {
		return err
	}
	if err := c.deviceSaved(ctx, u.before.Device, u.after.Device); err != nil {
		return err
	}
	if u.before.Config == nil && u.after.Config != nil {
		if err := c.devices.Configured.Fire(ctx, &u.after); err != nil {
			return err
		}
	}
	if err := u.joined(ctx); err != nil {
		return err
	}
	if u.before.Config != nil {
		if u.before.Config.Backend != u.after.Config.Backend {
			c.devices.BackendChanged.Publish(ctx, entity.Change[Config]{Before: copyOf(u.before.Config), After: copyOf(u.after.Config)})
		}
		c.renewed(ctx, u.after.Device, u.before.Config, u.after.Config)
	}
	if version != nil {
		action := ActionConfigChanged
		if !slices.Equal(u.before.Config.Templates, u.after.Config.Templates) {
			action = ActionTemplatesChanged
		}
		if err := c.modified(ctx, action, version.Cause, u.after.Device.ID); err != nil {
			return err
		}
		if u.before.Config.Status != u.after.Config.Status {
			c.statusChanged(ctx, u.after.Device, u.after.Config, u.before.Config.Status)
		}
	}
	return c.record(ctx, "change", "", &u.before, &u.after)
}

// config changes an existing configuration.
func (u *update) config(ctx context.Context) (*Version, error) {
	c, before, config, device := u.fleet, u.before.Config, u.after.Config, u.after.Device
	wanted := config.Templates
	own := Config{Backend: config.Backend, Config: config.Config, Context: config.Context, Declared: config.Declared}
	*config = *copyOf(before)
	config.Backend, config.Config, config.Context, config.Declared, config.OrganizationID = own.Backend, own.Config, own.Context, own.Declared, device.OrganizationID
	if err := c.checkConfig(config); err != nil {
		return nil, err
	}
	var templates []*Template
	var err error
	untouched := slices.Equal(wanted, before.Templates)
	if untouched && device.OrganizationID != u.before.Device.OrganizationID {
		if wanted, err = c.moved(ctx, device, config); err != nil {
			return nil, err
		}
	}
	if wanted, err = u.regroup(ctx, wanted); err != nil {
		return nil, err
	}
	if untouched && slices.Equal(wanted, before.Templates) {
		templates, err = c.heldTemplates(ctx, wanted)
	} else {
		templates, err = c.assign(ctx, assignment{device: device, config: config, wanted: wanted, had: before.Templates})
	}
	if err != nil {
		return nil, err
	}
	config.Templates = idsOf(templates)
	m := &material{device: device, config: config, settings: u.tenant.settings, templates: templates}
	if err := c.supply(ctx, false, m); err != nil {
		return nil, err
	}
	version, err := c.refresh(ctx, m, nil, u.cause())
	if err != nil {
		return nil, c.refused(ctx, m, !slices.Equal(config.Templates, before.Templates), err)
	}
	if version == nil && sameConfig(before, config) {
		return nil, nil
	}
	config.Modified = c.now()
	return version, c.store(ctx, config, version)
}

// regroup changes the wanted templates with the group of the device, or with the
// backend (spec: controller-config §4.6, §7).
func (u *update) regroup(ctx context.Context, wanted []wispwright.ID) ([]wispwright.ID, error) {
	backends := [2]string{u.before.Config.Backend, u.after.Config.Backend}
	if u.before.Device.GroupID == u.after.Device.GroupID && backends[0] == backends[1] {
		return wanted, nil
	}
	groups, err := u.fleet.heldGroups(ctx, u.before.Device, u.after.Device)
	if err != nil {
		return nil, err
	}
	return u.fleet.regrouped(ctx, wanted, groups[u.before.Device.GroupID], groups[u.after.Device.GroupID], backends[0], backends[1])
}

// joined queues the first configuration of a device that came into a group.
func (u *update) joined(ctx context.Context) error {
	if u.after.Config != nil || u.after.Device.GroupID.IsZero() || u.after.Device.GroupID == u.before.Device.GroupID {
		return nil
	}
	id, name := actor(ctx)
	return u.fleet.jobs.Enqueue(ctx, Job{Kind: jobGroupJoined, ID: u.after.Device.ID, Cause: "came into a group", ActorID: id, Actor: name})
}

func (u *update) cause() string {
	switch {
	case u.before.Device.OrganizationID != u.after.Device.OrganizationID:
		return "moved to another organization"
	case u.before.Device.Name != u.after.Device.Name:
		return "device renamed"
	case u.before.Device.GroupID != u.after.Device.GroupID:
		return "came into another group"
	}
	return "configuration changed"
}

func sameConfig(a, b *Config) bool {
	return a.Backend == b.Backend && a.Config == b.Config && a.Context == b.Context && a.Declared == b.Declared && a.OrganizationID == b.OrganizationID &&
		a.NotRenewedReason == b.NotRenewedReason && a.Status == b.Status && a.VersionID == b.VersionID && slices.Equal(a.Templates, b.Templates)
}

func copyOf(config *Config) *Config {
	if config == nil {
		return nil
	}
	out := *config
	out.Templates = slices.Clone(config.Templates)
	return &out
}
