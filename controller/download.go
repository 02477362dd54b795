package controller

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
)

// Download answers a device that fetches its configuration. The archive is
// that of the checksum it was told; with device and archive in memory, and an
// archive it had fetched before, it costs no query
// (spec: controller-config §10.5).
func (s *Agents) Download(ctx context.Context, a protocol.Credentials, managementIP string) (*render.Archive, error) {
	p, err := s.core.authenticate(ctx, a)
	if err != nil {
		return nil, err
	}
	out, err := s.core.download(ctx, p, a, managementIP)
	if err != nil {
		return nil, fmt.Errorf("controller.Agents.Download: %w", err)
	}
	s.core.requested(ctx, p, true)
	return out, nil
}

func (c *core) download(ctx context.Context, p *poll, a protocol.Credentials, managementIP string) (*render.Archive, error) {
	archive, err := c.archive(ctx, p, a.Key)
	if err != nil {
		return nil, err
	}
	if err := c.noteAddresses(ctx, p, a.Peer, managementIP, false); err != nil {
		return nil, err
	}
	if p.Served != archive.Checksum {
		err := c.tx.InTx(asDevice(ctx, p.Name, a.Peer.String()), func(ctx context.Context) error { return c.served(ctx, p.DeviceID, archive.Checksum) })
		if err != nil {
			return nil, err
		}
	}
	return archive, nil
}

// archive returns the archive of the version a device is to run.
func (c *core) archive(ctx context.Context, p *poll, key string) (*render.Archive, error) {
	if b, ok := c.archives.get(p.Desired); ok {
		return &render.Archive{Name: p.Name, Checksum: p.Desired, Bytes: b}, nil
	}
	v, err := c.stores.Versions.Get(ctx, wispwright.ScopeAll(), p.VersionID)
	if err != nil {
		return nil, fmt.Errorf("version %s: %w", p.VersionID, err)
	}
	in, err := c.renderVersion(ctx, v, key)
	if err != nil {
		return nil, err
	}
	b, err := c.renderer.Archive(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("render version %s: %w", v.ID, err)
	}
	out := &render.Archive{Name: p.Name, Checksum: checksum(b), Bytes: b}
	c.archives.put(out.Checksum, b)
	if out.Checksum != p.Desired {
		// the renderer writes other bytes than it did when the version was
		// made: the device will refuse them now and ask again
		err := c.do(ctx, "renew version", func(ctx context.Context) error { return c.renew(ctx, p.DeviceID, p.Desired) })
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// renew renders a configuration anew when its checksum is still the given one.
func (c *core) renew(ctx context.Context, device wispwright.ID, old string) error {
	ctx = wispwright.WithCaller(ctx, wispwright.System("renderer"))
	_, err := c.stores.Devices.Update(ctx, wispwright.ScopeAll(), device, func(d *Device) error {
		config, err := c.lockConfig(ctx, d.ID)
		if err != nil || config == nil || config.Desired != old {
			return err
		}
		return c.changeConfig(ctx, d, config, ActionConfigChanged, "renderer changed")
	})
	if err != nil {
		return err
	}
	return c.forgetDevices(ctx, device)
}

// served notes what a device fetched, in its configuration and, when it is the
// newest version, when it did so first.
func (c *core) served(ctx context.Context, device wispwright.ID, sum string) error {
	config, err := c.lockConfig(ctx, device)
	if err != nil || config == nil {
		return err
	}
	wispwright.AfterCommit(ctx, func() { c.polls.drop(device) })
	if config.Served == sum {
		return nil
	}
	config.Served = sum
	if err := c.stores.Configs.SaveProgress(ctx, []*Config{config}); err != nil {
		return err
	}
	if config.Desired != sum {
		return nil
	}
	return c.stores.Versions.Mark(ctx, config.VersionID, c.now(), time.Time{})
}

// Configuration returns the archive of a device for an administrator. Nothing
// is noted of it. A device without configuration is wispwright.ErrNotFound.
func (s *Devices) Configuration(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*render.Archive, error) {
	d, err := s.core.stores.Devices.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	p, err := s.core.poll(ctx, id)
	if err != nil {
		return nil, err
	}
	if !p.HasConfig {
		return nil, wispwright.ErrNotFound
	}
	out, err := s.core.archive(ctx, p, d.Key.Reveal())
	if err != nil {
		return nil, fmt.Errorf("controller.Devices.Configuration %s: %w", id, err)
	}
	return out, nil
}
