package controller

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
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

// updateInfo changes what a device said of itself and renders its
// configuration anew when one of its variables or its operating system is
// another. It returns the device.
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
	switch {
	case before.OS != after.OS:
		err = c.again(ctx, after, "operating system changed", false)
	case before.Key != after.Key:
		err = c.again(ctx, after, "registered with a new key", false)
	case before.Name != after.Name:
		err = c.again(ctx, after, "device renamed itself", true)
	}
	if err != nil {
		return nil, err
	}
	return after, c.record(ctx, "change", "reported by the device", &Detail{Device: &before}, &Detail{Device: after})
}

// again renders the configuration of a device whose row is locked. What cannot
// be rendered any more is not the device's fault: it keeps the last good
// version. quiet tells nobody, as the device is about to ask by itself.
func (c *fleet) again(ctx context.Context, d *Device, cause string, quiet bool) error {
	config, err := c.lockConfig(ctx, d.ID)
	if err != nil || config == nil || config.Status == StatusDeactivating || config.Status == StatusDeactivated {
		return err
	}
	before := copyOf(config)
	err = c.changeConfig(ctx, d, config, configChange{action: ActionConfigChanged, cause: cause, quiet: quiet})
	var refused *render.Error
	if !errors.As(err, &refused) {
		return err
	}
	*config = *copyOf(before)
	c.notRenewed(config, refused.Message)
	c.renewed(ctx, d, before, config)
	return c.stores.Configs.SaveProgress(ctx, []*Config{config})
}

// configChange says why a configuration is rendered anew.
type configChange struct {
	action, cause string
	quiet         bool
}

// changeConfig renders a locked configuration that was changed, stores it and
// tells of it.
func (c *fleet) changeConfig(ctx context.Context, d *Device, config *Config, o configChange) error {
	before := copyOf(config)
	m, err := c.gather(ctx, d, config)
	if err != nil {
		return err
	}
	config.Templates = idsOf(m.templates)
	version, err := c.refresh(ctx, m, nil, o.cause)
	if err != nil {
		return c.refused(ctx, m, true, err)
	}
	config.Modified = c.now()
	if err := c.store(ctx, config, version); err != nil {
		return err
	}
	c.renewed(ctx, d, before, config)
	if version == nil {
		return nil
	}
	if config.Status != before.Status {
		c.statusChanged(ctx, d, config, before.Status)
	}
	if o.quiet {
		return c.forgetDevices(ctx, d.ID)
	}
	return c.modified(ctx, o.action, o.cause, d.ID)
}

// notRenewed notes that a configuration could not be rendered; it stays since
// when that is so.
func (c *fleet) notRenewed(config *Config, reason string) {
	config.NotRenewedReason = cutReason(reason)
	if config.NotRenewed == nil {
		now := c.now()
		config.NotRenewed = &now
	}
}

// renewed tells when a configuration stopped being renewed, the first time and
// when the reason is another, and when it is up to date again: one failure is
// one event, however often it is tried (additions: C-13).
func (c *fleet) renewed(ctx context.Context, d *Device, before, after *Config) {
	if before.NotRenewedReason == after.NotRenewedReason && (before.NotRenewed == nil) == (after.NotRenewed == nil) {
		return
	}
	e := Renewal{DeviceID: d.ID, OrganizationID: d.OrganizationID, Name: d.Name, Reason: after.NotRenewedReason}
	switch {
	case after.NotRenewed != nil:
		e.Since = *after.NotRenewed
	case before.NotRenewed != nil:
		e.Since = *before.NotRenewed
	}
	c.devices.Renewal.Publish(ctx, e)
}

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
	out.NameKey, out.KeyDigest, out.KeyHint = "", "", ""
	return &out
}

// withoutSums leaves out what versions tell better.
func withoutSums(config *Config) *Config {
	if config == nil {
		return nil
	}
	out := *config
	out.ID, out.DeviceID, out.OrganizationID, out.VersionID = wispwright.ID{}, wispwright.ID{}, wispwright.ID{}, wispwright.ID{}
	out.Desired, out.Served, out.Reported, out.Inherited = "", "", "", ""
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
