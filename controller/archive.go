package controller

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
)

// archive returns the archive of the version a device is to run.
func (c *fleet) archive(ctx context.Context, p *poll, key string) (*render.Archive, error) {
	if b, ok := c.archives.get(p.Desired); ok {
		return &render.Archive{Name: p.Name, Checksum: p.Desired, Bytes: b}, nil
	}
	v, err := c.stores.Versions.Get(ctx, wispwright.ScopeAll(), p.VersionID)
	if err != nil {
		return nil, fmt.Errorf("version %s: %w", p.VersionID, err)
	}
	in, secrets, err := c.renderVersion(ctx, v, key)
	if err != nil {
		return nil, err
	}
	if in, err = c.reveal(ctx, in, secrets); err != nil {
		return nil, fmt.Errorf("version %s: %w", v.ID, err)
	}
	b, err := c.renderer.Archive(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("render version %s: %w", v.ID, err)
	}
	if checksum(b) != p.Desired {
		if old, sum, err := c.repack(b); err == nil && sum == p.Desired {
			b = old // it came from OpenWISP
		}
	}
	out := &render.Archive{Name: p.Name, Checksum: checksum(b), Bytes: b}
	c.archives.put(out.Checksum, b)
	if out.Checksum != p.Desired {
		// the renderer writes other bytes than it did when the version was
		// made: the device will refuse them now and ask again
		err := c.kit.Do(ctx, "renew version", func(ctx context.Context) error { return c.renew(ctx, p.DeviceID, p.Desired) })
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// renew renders a configuration anew when its checksum is still the given one.
func (c *fleet) renew(ctx context.Context, device wispwright.ID, old string) error {
	ctx = wispwright.WithCaller(ctx, wispwright.System("renderer"))
	_, err := c.stores.Devices.Update(ctx, wispwright.ScopeAll(), device, func(d *Device) error {
		config, err := c.lockConfig(ctx, d.ID)
		if err != nil || config == nil || config.Desired != old {
			return err
		}
		return c.changeConfig(ctx, d, config, configChange{action: ActionConfigChanged, cause: "renderer changed"})
	})
	if err != nil {
		return err
	}
	return c.forgetDevices(ctx, device)
}

// Configuration returns the archive of a device for an administrator. Nothing
// is noted of it. A device without configuration is wispwright.ErrNotFound. A caller
// that is no superuser gets it with masks in the place of secret variables, where
// there are any.
func (s *Devices) Configuration(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*render.Archive, error) {
	d, err := s.fleet.stores.Devices.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	p, err := s.fleet.poll(ctx, id)
	if err != nil {
		return nil, err
	}
	if !p.HasConfig {
		return nil, wispwright.ErrNotFound
	}
	out, err := s.fleet.masked(ctx, p, d.Key.Reveal())
	if err == nil && out == nil {
		out, err = s.fleet.archive(ctx, p, d.Key.Reveal())
	}
	if err != nil {
		return nil, fmt.Errorf("controller.Devices.Configuration %s: %w", id, err)
	}
	return out, nil
}

// masked is the archive without the values of secret variables; nil where the caller
// may have them, or there are none.
func (c *fleet) masked(ctx context.Context, p *poll, key string) (*render.Archive, error) {
	if caller := wispwright.CallerFrom(ctx); caller != nil && caller.Superuser {
		return nil, nil
	}
	v, err := c.stores.Versions.Get(ctx, wispwright.ScopeAll(), p.VersionID)
	if err != nil || v.Secrets == "" {
		return nil, err
	}
	in, _, err := c.renderVersion(ctx, v, key)
	if err != nil {
		return nil, err
	}
	b, err := c.renderer.Archive(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("render version %s: %w", v.ID, invalidConfig("", "", nil, err))
	}
	return &render.Archive{Name: p.Name, Checksum: checksum(b), Bytes: b}, nil
}
