package controller

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// What comes from an installation that is taken over is stored as it is there, and
// nothing follows from it: no template is assigned, nothing is provisioned, no
// device is told of. Each Restore and Adopt returns what it took, in the words of the trail:
// "add", "change", or "" where nothing differs (decision 0068).

// movedCause is the cause of versions of devices that came from elsewhere.
const movedCause = "moved here"

// Restore stores a template as it is elsewhere.
func (s *Templates) Restore(ctx context.Context, t *Template) (action string, err error) {
	var v wispwright.ValidationError
	s.configs.checkBackend(&v, "backend", t.Backend)
	s.checkTags(&v, t)
	valid.Object(&v, "default_values", &t.DefaultValues)
	if !isConfig(&t.Config) {
		v.Add("config", render.UnexpectedFormat)
	}
	if err := v.Err(); err != nil {
		return "", err
	}
	err = s.configs.kit.Do(ctx, "controller.Templates.Restore", func(ctx context.Context) error {
		before, done, err := s.Adopt(ctx, t, func(before, after *Template) {
			after.RevisionID = wispwright.NewID()
			if before != nil {
				after.Notes = before.Notes
				if !contentChanged(before, after) {
					after.RevisionID = before.RevisionID
				}
			}
		})
		if action = done; err != nil || done == "" || before != nil && before.RevisionID == t.RevisionID {
			return err
		}
		if err := s.configs.stores.Templates.AddRevision(ctx, &Revision{
			ID: t.RevisionID, TemplateID: t.ID, Config: t.Config, DefaultValues: t.DefaultValues, Created: t.Modified,
		}); err != nil {
			return err
		}
		return s.configs.forgetTenants(ctx)
	})
	return action, err
}

// Restore stores a group as it is elsewhere. Its devices keep the templates they have.
func (s *Groups) Restore(ctx context.Context, g *Group) (action string, err error) {
	if err := s.validate(ctx, entity.Change[Group]{After: g}); err != nil {
		return "", err
	}
	_, action, err = s.Adopt(ctx, g, nil)
	return action, err
}

// Adopt stores a device as it is elsewhere, without its configuration. Its limits
// are not asked: it is there already.
func (s *Devices) Adopt(ctx context.Context, d *Device) (action string, err error) {
	c := s.fleet
	if err := c.checkFields(d).Err(); err != nil {
		return "", err
	}
	d.indexKey()
	err = c.kit.Do(ctx, "controller.Devices.Adopt", func(ctx context.Context) error {
		if _, err := c.stores.Settings.Hold(ctx, d.OrganizationID, false); err != nil {
			return valid.Reference(err, "organization", d.OrganizationID)
		}
		var v wispwright.ValidationError
		if _, err := c.checkUnique(ctx, &v, d); err != nil {
			return err
		}
		if err := v.Err(); err != nil {
			return err
		}
		before, done, err := entity.Put(ctx, wispwright.Repo[Device, DeviceFilter](c.stores.Devices), d.ID, d, func(before, after *Device) {
			if before != nil {
				after.LastSeen = before.LastSeen
			}
		})
		if action = done; err != nil || done == "" {
			return err
		}
		if err := c.forgetDevices(ctx, d.ID); err != nil {
			return err
		}
		return c.record(ctx, done, movedCause, &Detail{Device: before}, &Detail{Device: d})
	})
	return action, err
}

// AdoptConfig stores the configuration of a device as it is in OpenWISP, with its
// status there. Everything it is made of must be there already. mac is the device's
// MAC address as OpenWISP writes it. The device is answered the checksum and the
// bytes of OpenWISP from then on, until they change.
func (s *Devices) AdoptConfig(ctx context.Context, config *Config, mac string) (action string, err error) {
	c := s.fleet
	if err := c.checkConfig(config); err != nil {
		return "", err
	}
	err = c.kit.Do(ctx, "controller.Devices.AdoptConfig", func(ctx context.Context) error {
		action = ""
		d, err := c.stores.Devices.Get(ctx, wispwright.ScopeAll(), config.DeviceID)
		if err != nil {
			return valid.Reference(err, "device", config.DeviceID)
		}
		before, err := c.lockConfig(ctx, d.ID)
		if err != nil {
			return err
		}
		config.OrganizationID, config.Inherited = d.OrganizationID, mac
		version, archive, err := c.inherit(ctx, d, config)
		if err != nil {
			return err
		}
		config.settle()
		if before != nil && before.as(config) {
			return nil
		}
		version.Created = c.now()
		if err := c.stores.Versions.Insert(ctx, version); err != nil {
			return err
		}
		if action = "change"; before == nil {
			action = "add"
			err = c.stores.Configs.Insert(ctx, config)
		} else {
			err = c.stores.Configs.UpdateMany(ctx, []*Config{config})
		}
		if err != nil {
			return err
		}
		wispwright.AfterCommit(ctx, func() { c.archives.put(config.Desired, archive) })
		if err := c.forgetDevices(ctx, d.ID); err != nil {
			return err
		}
		return c.record(ctx, "change", movedCause, &Detail{Device: d, Config: before}, &Detail{Device: d, Config: config})
	})
	return action, err
}

// inherit renders a configuration as OpenWISP does and makes the version of it.
func (c *fleet) inherit(ctx context.Context, d *Device, config *Config) (*Version, []byte, error) {
	m := &material{device: d, config: config}
	var err error
	if m.templates, err = c.heldTemplates(ctx, config.Templates); err != nil {
		return nil, nil, err
	}
	config.Templates = idsOf(m.templates)
	if m.settings, err = c.stores.Settings.Get(ctx, wispwright.ScopeAll(), d.OrganizationID); err != nil {
		return nil, nil, err
	}
	if err := c.addProvided(ctx, m); err != nil {
		return nil, nil, err
	}
	draft, err := c.draft(m)
	if err != nil {
		return nil, nil, wispwright.Invalid("config", err.Error())
	}
	archive, err := c.bytes(ctx, draft)
	if err != nil {
		return nil, nil, invalidConfig("config", "", m.templates, err)
	}
	archive, sum, err := c.repack(archive)
	if err != nil {
		return nil, nil, err
	}
	v := draft.version
	v.ID, v.Checksum, v.Cause = wispwright.NewID(), sum, movedCause
	v.ActorID, v.Actor = actor(ctx)
	config.Desired, config.VersionID = sum, v.ID
	return v, archive, nil
}

// settle makes checksums of the status: what a device runs that has applied its
// configuration is what it is to run.
func (config *Config) settle() {
	config.Served, config.Reported = "", ""
	switch config.Status {
	case StatusApplied, StatusDeactivated:
		config.Served, config.Reported = config.Desired, config.Desired
	case StatusError:
		config.Served = config.Desired
	}
}

// as reports whether a stored configuration is what another one is, whenever the
// device fetched it.
func (config *Config) as(o *Config) bool {
	return config.Desired == o.Desired && config.Backend == o.Backend && config.Config == o.Config && config.Context == o.Context &&
		slices.Equal(config.Templates, o.Templates) && config.Status == o.Status && config.ErrorReason == o.ErrorReason && config.Inherited == o.Inherited
}

// inherited reports whether a draft gives the bytes that a device has from OpenWISP,
// and gives the draft their checksum then.
func (c *configs) inherited(ctx context.Context, d *draft, config *Config) (bool, error) {
	if config.Inherited == "" {
		return false, nil
	}
	b, ok := c.archives.get(d.version.Checksum)
	if !ok {
		var err error
		if b, err = c.bytes(ctx, d); err != nil {
			return false, err
		}
	}
	b, sum, err := c.repack(b)
	if err != nil || sum != config.Desired {
		return false, err
	}
	d.version.Checksum = sum
	c.archives.put(sum, b)
	return true, nil
}

// repack returns an archive as OpenWISP packs it, with its checksum.
func (c *configs) repack(archive []byte) ([]byte, string, error) {
	if c.Repack == nil {
		return archive, checksum(archive), nil
	}
	b, err := c.Repack(archive)
	if err != nil {
		return nil, "", err
	}
	return b, checksum(b), nil
}
