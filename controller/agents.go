package controller

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
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

	agents *agents
}

// agents is the room of the device protocol, over all others.
type agents struct {
	*fleet
	told *Agents
	// asks counts the checksums that devices asked for since they fetched
	// something; see asked
	asks *lru.Cache[wispwright.ID, asks]
	// seen is when devices were heard of, until it is written
	seen sightings
}

// asks are how often a device was told a checksum without fetching anything.
type asks struct {
	checksum string
	times    int
}

// enoughAsks is how often a device is told a checksum it does not fetch until
// it is believed to run these bytes.
const enoughAsks = 3

func newAgents(f *fleet) *Agents {
	s := &Agents{}
	s.agents = &agents{fleet: f, told: s, asks: newLRU[wispwright.ID, asks](f.CachedDevices, nil)}
	return s
}

// authenticate finds the device of a request and checks its key, in this order
// (spec: controller-config §10.3). Devices that were deactivated, that have no
// configuration or whose organization is inactive are not found.
func (c *agents) authenticate(ctx context.Context, a protocol.Credentials) (*poll, error) {
	p, err := c.poll(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	t, ok := c.remembered.Get(p.OrganizationID)
	if !ok {
		if t, err = c.tenant(ctx, p.OrganizationID); err != nil {
			return nil, err
		}
	}
	if !t.organization.IsActive || !p.HasConfig || p.Status == StatusDeactivated {
		return nil, wispwright.ErrNotFound
	}
	if err := p.verify(a.Key); err != nil {
		return p, err
	}
	c.seen.note(p.DeviceID, c.Clock().UnixMicro())
	return p, nil
}

// verify compares the key of a request.
func (p *poll) verify(key string) error {
	if key == "" {
		return protocol.ErrMissingKey
	}
	sum := sha256.Sum256([]byte(key))
	if subtle.ConstantTimeCompare(sum[:], p.digest[:]) != 1 {
		return protocol.ErrWrongKey
	}
	return nil
}

// absent says of a device that was not found whether it is a deactivated one
// without configuration, which is told so (additions: C-5).
func (c *agents) absent(ctx context.Context, a protocol.Credentials) error {
	p, err := c.poll(ctx, a.ID)
	if err != nil {
		return err
	}
	t, err := c.tenant(ctx, p.OrganizationID)
	if err != nil {
		return err
	}
	if p.HasConfig || !p.IsDeactivated || !t.organization.IsActive || c.AcceptDeactivated {
		return wispwright.ErrNotFound
	}
	if err := p.verify(a.Key); err != nil {
		return err
	}
	return protocol.ErrDeactivated
}

// Checksum answers a device that asks whether its configuration changed: the
// hottest path there is. With the device in memory it costs no query, else
// one. managementIP is the parameter as it came, empty when it is absent,
// which clears the address; a malformed address is ignored
// (spec: controller-config §10.4, §10.9).
func (s *Agents) Checksum(ctx context.Context, a protocol.Credentials, managementIP string) (string, error) {
	p, err := s.agents.authenticate(ctx, a)
	if err != nil {
		return "", err
	}
	if err := s.agents.noteAddresses(ctx, p, a.Peer, managementIP, true); err != nil {
		return "", fmt.Errorf("controller.Agents.Checksum: %w", err)
	}
	s.agents.requested(ctx, p, false)
	if p.Status == StatusModified && p.Served != p.Desired {
		if err := s.agents.asked(ctx, p, a.Peer); err != nil {
			// the answer is known; it is counted anew
			s.agents.Log.WarnContext(ctx, "a device could not be noted to run its configuration", "device", p.DeviceID.String(), "error", err)
		}
	}
	return p.Desired, nil
}

// noteAddresses stores where a device is when that changed. exclusive takes
// the addresses from other devices that had them before.
func (c *agents) noteAddresses(ctx context.Context, p *poll, peer netip.Addr, managementIP string, exclusive bool) error {
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
		return c.storeAddresses(ctx, p.DeviceID, "asked for its configuration", peer, management, exclusive)
	})
	if errors.Is(err, errUnchanged) { // what was remembered is old
		c.polls.Forget(p.DeviceID)
		return nil
	}
	return err
}

func (c *agents) requested(ctx context.Context, p *poll, download bool) {
	if len(c.told.Requested.Subscribers()) > 0 { // an event costs an allocation
		c.told.Requested.Publish(ctx, protocol.Requested{DeviceID: p.DeviceID, OrganizationID: p.OrganizationID, Download: download})
	}
}

// Download answers a device that fetches its configuration. The archive is
// that of the checksum it was told; with device and archive in memory, and an
// archive it had fetched before, it costs no query
// (spec: controller-config §10.5).
func (s *Agents) Download(ctx context.Context, a protocol.Credentials, managementIP string) (*render.Archive, error) {
	p, err := s.agents.authenticate(ctx, a)
	if err != nil {
		return nil, err
	}
	s.agents.asks.Remove(p.DeviceID) // it may fail and ask again
	out, err := s.agents.download(ctx, p, a, managementIP)
	if err != nil {
		return nil, fmt.Errorf("controller.Agents.Download: %w", err)
	}
	s.agents.requested(ctx, p, true)
	return out, nil
}

func (c *agents) download(ctx context.Context, p *poll, a protocol.Credentials, managementIP string) (*render.Archive, error) {
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

// served notes what a device fetched, in its configuration and, when it is the
// newest version, when it did so first.
func (c *agents) served(ctx context.Context, device wispwright.ID, sum string) error {
	config, err := c.lockConfig(ctx, device)
	if err != nil || config == nil {
		return err
	}
	wispwright.AfterCommit(ctx, func() { c.polls.Forget(device) })
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

// UpdateInfo stores what a device says of itself; empty values are ignored
// (spec: controller-config §10.6). When its operating system changes the way
// its configuration is written, that is rendered anew.
func (s *Agents) UpdateInfo(ctx context.Context, a protocol.Credentials, os, model, system string) error {
	p, err := s.agents.authenticate(ctx, a)
	if isNotFound(err) {
		err = s.agents.absent(ctx, a)
	}
	if err != nil {
		return err
	}
	if p.Status == StatusDeactivating && !s.agents.AcceptDeactivated {
		return protocol.ErrDeactivated
	}
	return s.agents.kit.Do(asDevice(ctx, p.Name, a.Peer.String()), "controller.Agents.UpdateInfo", func(ctx context.Context) error {
		_, err := s.agents.updateInfo(ctx, p.DeviceID, func(d *Device) error {
			for _, f := range []struct {
				to   *string
				text string
			}{{&d.OS, os}, {&d.Model, model}, {&d.System, system}} {
				if f.text != "" {
					*f.to = f.text
				}
			}
			return s.agents.checkFields(d).Err()
		})
		return err
	})
}

// asked finds devices that run what they are to run but never fetched it: a
// device that was deleted and registered anew has the bytes of before, compares
// their checksum with the one it is told, and neither fetches nor reports
// anything, ever. One that wants other bytes fetches them right after it asked.
// So a device that is told the same checksum several times in a row, and never
// so much as tries to fetch, runs these bytes (decision 0023).
func (c *agents) asked(ctx context.Context, p *poll, peer netip.Addr) error {
	n, _ := c.asks.Get(p.DeviceID)
	if n.checksum != p.Desired {
		n = asks{checksum: p.Desired}
	}
	if n.times++; n.times < enoughAsks {
		c.asks.Add(p.DeviceID, n)
		return nil
	}
	c.asks.Remove(p.DeviceID)
	return c.tx.InTx(asDevice(ctx, p.Name, peer.String()), func(ctx context.Context) error { return c.found(ctx, p) })
}

// found stores that a device runs what it is to run.
func (c *agents) found(ctx context.Context, p *poll) error {
	config, err := c.lockConfig(ctx, p.DeviceID)
	if err != nil || config == nil {
		return err
	}
	wispwright.AfterCommit(ctx, func() { c.polls.Forget(p.DeviceID) })
	if config.Status != StatusModified || config.Desired != p.Desired || config.Served == config.Desired {
		return nil // it fetched it from another node, or something else is wanted by now
	}
	before := copyOf(config)
	config.Status, config.Served, config.Reported = StatusApplied, config.Desired, config.Desired
	if err := c.reported(ctx, before, config); err != nil {
		return err
	}
	d := &Device{ID: p.DeviceID, OrganizationID: p.OrganizationID, Name: p.Name}
	c.statusChanged(ctx, d, config, before.Status)
	return c.record(ctx, "change", "asks for this configuration without fetching it: it runs it", &Detail{Device: d, Config: before}, &Detail{Device: d, Config: config})
}
