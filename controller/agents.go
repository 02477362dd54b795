package controller

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/kit/event"
)

// Agents is the service of the device protocol, by which devices register,
// fetch their configuration and report how they fared.
type Agents struct {
	// Registered is published after a device registered.
	Registered event.Topic[Registered]
	// Requested is published before a device is answered its checksum or its
	// archive. Subscribers run on the hottest path there is.
	Requested event.Topic[protocol.Requested]

	core *core
}

// poll returns what is known of a device. A device nobody asked for lately
// costs one query.
func (c *core) poll(ctx context.Context, id wispwright.ID) (*poll, error) {
	if p, ok := c.polls.get(id); ok { // without the closure below, which would be allocated
		return p, nil
	}
	return c.polls.load(id, func() (*poll, error) {
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

// authenticate finds the device of a request and checks its key, in this order
// (spec: controller-config §10.3). Devices that were deactivated, that have no
// configuration or whose organization is inactive are not found.
func (c *core) authenticate(ctx context.Context, a protocol.Credentials) (*poll, error) {
	p, err := c.poll(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	t, ok := c.tenants.get(p.OrganizationID)
	if !ok {
		if t, err = c.tenant(ctx, p.OrganizationID); err != nil {
			return nil, err
		}
	}
	if !t.organization.IsActive || !p.HasConfig || p.Status == StatusDeactivated {
		return nil, wispwright.ErrNotFound
	}
	if a.Key == "" {
		return nil, protocol.ErrMissingKey
	}
	sum := sha256.Sum256([]byte(a.Key))
	if subtle.ConstantTimeCompare(sum[:], p.digest[:]) != 1 {
		return nil, protocol.ErrWrongKey
	}
	return p, nil
}

// Checksum answers a device that asks whether its configuration changed: the
// hottest path there is. With the device in memory it costs no query, else
// one. managementIP is the parameter as it came, empty when it is absent,
// which clears the address; an address that is none is ignored
// (spec: controller-config §10.4, §10.9).
func (s *Agents) Checksum(ctx context.Context, a protocol.Credentials, managementIP string) (string, error) {
	p, err := s.core.authenticate(ctx, a)
	if err != nil {
		return "", err
	}
	if err := s.core.noteAddresses(ctx, p, a.Peer, managementIP, true); err != nil {
		return "", fmt.Errorf("controller.Agents.Checksum: %w", err)
	}
	s.core.requested(ctx, p, false)
	return p.Desired, nil
}

func (c *core) requested(ctx context.Context, p *poll, download bool) {
	if len(c.agents.Requested.Subscribers()) > 0 { // an event costs an allocation
		c.agents.Requested.Publish(ctx, protocol.Requested{DeviceID: p.DeviceID, OrganizationID: p.OrganizationID, Download: download})
	}
}

// errUnchanged ends an update that turned out to change nothing.
var errUnchanged = errors.New("unchanged")

// noteAddresses stores where a device is when that changed. exclusive takes
// the addresses from other devices that had them before.
func (c *core) noteAddresses(ctx context.Context, p *poll, peer netip.Addr, managementIP string, exclusive bool) error {
	management := p.ManagementIP
	if managementIP == "" {
		management = netip.Addr{}
	} else if a, ok := parseAddress(managementIP); ok {
		management = a
	}
	peer = plainAddress(peer)
	if peer == p.LastIP && management == p.ManagementIP {
		return nil
	}
	err := c.tx.InTx(asDevice(ctx, p.Name, peer.String()), func(ctx context.Context) error {
		return c.storeAddresses(ctx, p.DeviceID, peer, management, exclusive)
	})
	if errors.Is(err, errUnchanged) { // what was remembered is old
		c.polls.drop(p.DeviceID)
		return nil
	}
	return err
}

func (c *core) storeAddresses(ctx context.Context, id wispwright.ID, peer, management netip.Addr, exclusive bool) error {
	var before Device
	after, err := c.stores.Devices.Update(ctx, wispwright.ScopeAll(), id, func(d *Device) error {
		before = *d
		if d.LastIP == peer && d.ManagementIP == management {
			return errUnchanged
		}
		d.LastIP, d.ManagementIP = peer, management
		return nil
	})
	if err != nil {
		return err
	}
	// other nodes notice by themselves: before they write they look
	wispwright.AfterCommit(ctx, func() { c.polls.drop(id) })
	if exclusive {
		if err := c.clearOthers(ctx, after); err != nil {
			return err
		}
	}
	change := DeviceChange{Before: &before, After: after}
	if err := c.devices.Saved.Fire(ctx, change); err != nil {
		return err
	}
	c.devices.Changed.Publish(ctx, change)
	return c.record(ctx, "change", "asked for its configuration", &Detail{Device: &before}, &Detail{Device: after})
}

// clearOthers takes the addresses of a device from others that had them: two
// hosts of one network cannot share one.
func (c *core) clearOthers(ctx context.Context, d *Device) error {
	var organization wispwright.ID
	if c.SeparateManagementNetworks {
		organization = d.OrganizationID
	}
	cleared, err := c.stores.Devices.ClearAddresses(ctx, d, organization, isPrivate(d.LastIP))
	if err != nil {
		return err
	}
	var ids []wispwright.ID
	for _, before := range cleared {
		after := *before
		if after.ManagementIP == d.ManagementIP {
			after.ManagementIP = netip.Addr{}
		}
		if after.LastIP == d.LastIP && isPrivate(d.LastIP) {
			after.LastIP = netip.Addr{}
		}
		change := DeviceChange{Before: before, After: &after}
		if err := c.devices.Saved.Fire(ctx, change); err != nil {
			return err
		}
		c.devices.Changed.Publish(ctx, change)
		ids = append(ids, before.ID)
	}
	return c.forgetDevices(ctx, ids...)
}

// UpdateInfo stores what a device says of itself; empty values are ignored
// (spec: controller-config §10.6). When its operating system changes the way
// its configuration is written, that is rendered anew.
func (s *Agents) UpdateInfo(ctx context.Context, a protocol.Credentials, os, model, system string) error {
	p, err := s.core.authenticate(ctx, a)
	if err != nil {
		return err
	}
	return s.core.do(asDevice(ctx, p.Name, a.Peer.String()), "controller.Agents.UpdateInfo", func(ctx context.Context) error {
		_, err := s.core.updateInfo(ctx, p.DeviceID, func(d *Device) error {
			for _, f := range []struct {
				to   *string
				text string
			}{{&d.OS, os}, {&d.Model, model}, {&d.System, system}} {
				if f.text != "" {
					*f.to = f.text
				}
			}
			return s.core.checkFields(d).Err()
		})
		return err
	})
}

// updateInfo changes what is known of a device's hardware and renders its
// configuration anew when the operating system is another. It returns the
// device.
func (c *core) updateInfo(ctx context.Context, id wispwright.ID, change func(*Device) error) (*Device, error) {
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
func (c *core) again(ctx context.Context, d *Device, cause string) error {
	config, err := c.lockConfig(ctx, d.ID)
	if err != nil || config == nil {
		return err
	}
	return c.changeConfig(ctx, d, config, ActionConfigChanged, cause)
}

// changeConfig renders a locked configuration that was changed, stores it and
// tells of it.
func (c *core) changeConfig(ctx context.Context, d *Device, config *Config, action, cause string) error {
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
