package controller

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
)

func (c *fleet) storeAddresses(ctx context.Context, id wispwright.ID, why string, peer, management netip.Addr, exclusive bool) error {
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
	wispwright.AfterCommit(ctx, func() { c.polls.Forget(id) })
	if exclusive {
		if err := c.clearOthers(ctx, after); err != nil {
			return err
		}
	}
	change := entity.Change[Device]{Before: &before, After: after}
	if err := c.devices.Saved.Fire(ctx, change); err != nil {
		return err
	}
	c.devices.Changed.Publish(ctx, change)
	return c.record(ctx, "change", why, &Detail{Device: &before}, &Detail{Device: after})
}

// SetManagementIP says where a device can be reached, by what somebody else than
// the device itself knows, such as a VPN server; the invalid address says that it
// cannot be. Nothing happens when that is known. Errors: wispwright.ErrNotFound.
func (a *Agents) SetManagementIP(ctx context.Context, id wispwright.ID, management netip.Addr) error {
	c := a.agents
	d, err := c.stores.Devices.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return err
	}
	management = plainAddress(management)
	if d.ManagementIP == management {
		return nil
	}
	err = c.tx.InTx(ctx, func(ctx context.Context) error {
		return c.storeAddresses(ctx, id, "its tunnel went up or down", d.LastIP, management, management.IsValid())
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("set the management address: %w", err)
	}
	return nil
}

// clearOthers takes the addresses of a device from others that had them: two
// hosts of one network cannot share one.
func (c *fleet) clearOthers(ctx context.Context, d *Device) error {
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
		change := entity.Change[Device]{Before: before, After: &after}
		if err := c.devices.Saved.Fire(ctx, change); err != nil {
			return err
		}
		c.devices.Changed.Publish(ctx, change)
		ids = append(ids, before.ID)
	}
	return c.forgetDevices(ctx, ids...)
}

// plainAddress is the address as it is stored: without zone, IPv4 as such.
func plainAddress(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// parseAddress reads an address a device sent. A malformed text, or one that has a
// zone, is not ok.
func parseAddress(text string) (a netip.Addr, ok bool) {
	a, err := netip.ParseAddr(text)
	return a.Unmap(), err == nil && a.Zone() == ""
}

// addressMessage is shown for a malformed address.
const addressMessage = "Enter a valid IPv4 or IPv6 address."

// private are the addresses that mean different hosts in different networks,
// so that one device at most can have each (spec: controller-config §10.9).
// The loopback addresses are left out: there it is a proxy or a test that
// speaks for many devices.
var private = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("192.0.0.0/29"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"),
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001:2::/48"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2001:10::/28"),
}

func isPrivate(a netip.Addr) bool {
	return slices.ContainsFunc(private, func(p netip.Prefix) bool { return p.Contains(a) })
}

// errUnchanged ends an update that turned out to change nothing.
var errUnchanged = errors.New("unchanged")
