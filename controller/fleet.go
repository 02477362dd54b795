package controller

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/entity"
)

// fleet is the room of devices: every change of one goes through it.
type fleet struct {
	*configs
	// devices has the events that are told of
	devices *Devices
	polls   *cache.Cache[wispwright.ID, *poll]
}

func newFleet(c *configs) *fleet {
	f := &fleet{configs: c, polls: cache.New[wispwright.ID, *poll]("controller.polls", c.cached(c.CachedDevices))}
	f.devices = &Devices{fleet: f}
	return f
}

// poll is a Poll with the digest in the form it is compared in.
type poll struct {
	Poll
	digest [sha256.Size]byte
}

// poll returns what is known of a device. A device nobody asked for lately
// costs one query.
func (c *fleet) poll(ctx context.Context, id wispwright.ID) (*poll, error) {
	if p, ok := c.polls.Get(id); ok { // without the closure below, which would be allocated
		return p, nil
	}
	return c.polls.Load(ctx, id, func(ctx context.Context) (*poll, error) {
		row, err := c.stores.Devices.Poll(ctx, id)
		if err != nil {
			return nil, err
		}
		p := &poll{Poll: *row}
		if _, err := hex.Decode(p.digest[:], []byte(row.KeyDigest)); err != nil {
			return nil, fmt.Errorf("key digest of device %s: %w", id, err)
		}
		return p, nil
	})
}

func (c *fleet) detail(ctx context.Context, d *Device) (*Detail, error) {
	config, err := c.stores.Configs.Get(ctx, wispwright.ScopeAll(), d.ID)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	return &Detail{Device: d, Config: config}, nil
}

// updateInfo changes what is known of a device's hardware and renders its
// configuration anew when the operating system is another. It returns the
// device.
func (c *fleet) updateInfo(ctx context.Context, id wispwright.ID, change func(*Device) error) (*Device, error) {
	var before Device
	after, err := c.stores.Devices.Update(ctx, wispwright.ScopeAll(), id, func(d *Device) error {
		before = *d
		if err := change(d); err != nil {
			return err
		}
		d.Modified = c.now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := c.deviceSaved(ctx, &before, after); err != nil {
		return nil, err
	}
	if before.OS != after.OS {
		if err := c.again(ctx, after, "operating system changed"); err != nil {
			return nil, err
		}
	}
	return after, c.record(ctx, "change", "reported by the device", &Detail{Device: &before}, &Detail{Device: after})
}

// again renders the configuration of a device whose row is locked.
func (c *fleet) again(ctx context.Context, d *Device, cause string) error {
	config, err := c.lockConfig(ctx, d.ID)
	if err != nil || config == nil {
		return err
	}
	return c.changeConfig(ctx, d, config, ActionConfigChanged, cause)
}

// changeConfig renders a locked configuration that was changed, stores it and
// tells of it.
func (c *fleet) changeConfig(ctx context.Context, d *Device, config *Config, action, cause string) error {
	before := config.Status
	m, err := c.gather(ctx, d, config)
	if err != nil {
		return err
	}
	config.Templates = idsOf(m.templates)
	version, err := c.refresh(ctx, m, nil, cause)
	if err != nil {
		return c.refused(ctx, m, true, err)
	}
	config.Modified = c.now()
	if err := c.store(ctx, config, version); err != nil {
		return err
	}
	if version == nil {
		return nil
	}
	if config.Status != before {
		c.statusChanged(ctx, d, config, before)
	}
	return c.modified(ctx, action, cause, d.ID)
}

// deviceSaved tells of a device that was created or changed.
func (c *fleet) deviceSaved(ctx context.Context, before, after *Device) error {
	change := entity.Change[Device]{Before: before, After: after}
	if err := c.devices.Saved.Fire(ctx, change); err != nil {
		return err
	}
	if before != nil { // nobody remembers what was not there
		if err := c.forgetDevices(ctx, after.ID); err != nil {
			return err
		}
	}
	c.devices.Changed.Publish(ctx, change)
	return nil
}

// record writes device and configuration as one event of the history.
func (c *fleet) record(ctx context.Context, action, cause string, before, after *Detail) error {
	return c.kit.Record(ctx, history(action, cause, before, after))
}

// history is what the trail is told of a device and its configuration.
func history(action, cause string, before, after *Detail) wispwright.Change {
	d := after.Device
	if d == nil {
		d = before.Device
	}
	fields := wispwright.Compare(withoutKeys(before.Device), withoutKeys(after.Device))
	for _, f := range wispwright.Compare(withoutSums(before.Config), withoutSums(after.Config)) {
		f.Field = "Config." + f.Field
		fields = append(fields, f)
	}
	return wispwright.Change{
		Kind: "config.device", ObjectID: d.ID.String(), Label: d.Name, OrganizationID: d.OrganizationID, Action: action, Cause: cause, Fields: fields,
	}
}

func withoutKeys(d *Device) *Device {
	if d == nil {
		return nil
	}
	out := *d
	out.NameKey, out.KeyDigest = "", ""
	return &out
}

// withoutSums leaves out what versions tell better.
func withoutSums(config *Config) *Config {
	if config == nil {
		return nil
	}
	out := *config
	out.ID, out.DeviceID, out.OrganizationID, out.VersionID = wispwright.ID{}, wispwright.ID{}, wispwright.ID{}, wispwright.ID{}
	out.Desired, out.Served, out.Reported = "", "", ""
	return &out
}

// modified tells that the bytes some devices are to run changed.
func (c *fleet) modified(ctx context.Context, action, cause string, devices ...wispwright.ID) error {
	if len(devices) == 0 {
		return nil
	}
	e := ConfigsModified{DeviceIDs: devices, Action: action, Cause: cause}
	if err := c.devices.Modifying.Fire(ctx, e); err != nil {
		return err
	}
	c.devices.Modified.Publish(ctx, e)
	return c.forgetDevices(ctx, devices...)
}

func (c *fleet) statusChanged(ctx context.Context, d *Device, config *Config, before Status) {
	c.devices.StatusChanged.Publish(ctx, StatusChange{
		DeviceID: d.ID, ConfigID: config.ID, OrganizationID: d.OrganizationID, Name: d.Name, Before: before, After: config.Status, ErrorReason: config.ErrorReason,
	})
}

// forgetDevices drops devices after the commit, here and on other nodes.
func (c *fleet) forgetDevices(ctx context.Context, ids ...wispwright.ID) error {
	return c.polls.Drop(ctx, ids...)
}
