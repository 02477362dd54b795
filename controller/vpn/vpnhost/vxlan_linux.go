package vpnhost

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	// vxlanPort is the one that clients are told.
	vxlanPort = 4789
	// vxlanMTU is what clients are told.
	vxlanMTU = 1280
)

// setNetworks makes the virtual networks over a tunnel those that are wanted.
func (w *WireGuard) setNetworks(tunnelLink netlink.Link, t *tunnel, wanted []network) error {
	present, err := networksOver(tunnelLink)
	if err != nil {
		return err
	}
	bridge := 0
	if len(wanted) > 0 && w.Bridge != "" {
		if bridge, err = bridgeIndex(w.Bridge); err != nil {
			return err
		}
	}
	for _, n := range wanted {
		link, err := setNetwork(tunnelLink, t, n, present)
		if err != nil {
			return fmt.Errorf("virtual network %d: %w", n.vni, err)
		}
		if bridge != 0 {
			if err := netlink.LinkSetMasterByIndex(link, bridge); err != nil {
				return fmt.Errorf("virtual network %d in the bridge %s: %w", n.vni, w.Bridge, err)
			}
		}
	}
	for _, v := range present {
		if slices.ContainsFunc(wanted, func(n network) bool { return n.name == v.Name }) {
			continue
		}
		if err := netlink.LinkDel(v); err != nil && !errors.Is(err, unix.ENODEV) {
			return fmt.Errorf("remove the virtual network %s: %w", v.Name, err)
		}
	}
	return nil
}

// networksOver are the virtual networks over a tunnel.
func networksOver(tunnelLink netlink.Link) ([]*netlink.Vxlan, error) {
	all, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var out []*netlink.Vxlan
	for _, l := range all {
		if v, ok := l.(*netlink.Vxlan); ok && v.VtepDevIndex == tunnelLink.Attrs().Index {
			out = append(out, v)
		}
	}
	return out, nil
}

func setNetwork(tunnelLink netlink.Link, t *tunnel, n network, present []*netlink.Vxlan) (netlink.Link, error) {
	source := sourceOf(t, n)
	var link netlink.Link
	for _, v := range present {
		if v.Name != n.name {
			continue
		}
		if v.VxlanId == n.vni && v.SrcAddr.Equal(source) {
			link = v
			break
		}
		if err := netlink.LinkDel(v); err != nil {
			return nil, fmt.Errorf("remove %s: %w", n.name, err)
		}
	}
	if link == nil {
		mtu := t.mtu - 50
		if source.To4() == nil {
			mtu = t.mtu - 70
		}
		v := &netlink.Vxlan{
			LinkAttrs: netlink.LinkAttrs{Name: n.name, MTU: min(mtu, vxlanMTU)}, VxlanId: n.vni, VtepDevIndex: tunnelLink.Attrs().Index,
			SrcAddr: source, Port: vxlanPort, Learning: true, TTL: 64,
		}
		if err := netlink.LinkAdd(v); err != nil {
			return nil, fmt.Errorf("make the interface %s: %w", n.name, err)
		}
		made, err := netlink.LinkByName(n.name)
		if err != nil {
			return nil, fmt.Errorf("look for %s: %w", n.name, err)
		}
		link = made
	}
	if err := setRemotes(link, n.remotes); err != nil {
		return nil, err
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return nil, fmt.Errorf("bring up %s: %w", n.name, err)
	}
	return link, nil
}

// sourceOf is the tunnel's own address of the family of the network's remotes.
func sourceOf(t *tunnel, n network) net.IP {
	for _, a := range t.addresses {
		if len(n.remotes) > 0 && a.Addr().Is4() == n.remotes[0].Is4() {
			return a.Addr().AsSlice()
		}
	}
	return nil
}

// setRemotes says where frames go whose receiver is not known.
func setRemotes(link netlink.Link, wanted []netip.Addr) error {
	everybody := net.HardwareAddr{0, 0, 0, 0, 0, 0}
	entry := func(a netip.Addr) *netlink.Neigh {
		return &netlink.Neigh{
			LinkIndex: link.Attrs().Index, Family: unix.AF_BRIDGE, State: netlink.NUD_NOARP | netlink.NUD_PERMANENT,
			Flags: netlink.NTF_SELF, IP: a.AsSlice(), HardwareAddr: everybody,
		}
	}
	entries, err := netlink.NeighList(link.Attrs().Index, unix.AF_BRIDGE)
	if err != nil {
		return fmt.Errorf("remotes of %s: %w", link.Attrs().Name, err)
	}
	var present []netip.Addr
	for i := range entries {
		if a, ok := netip.AddrFromSlice(entries[i].IP); ok && entries[i].HardwareAddr.String() == everybody.String() {
			present = append(present, a.Unmap())
		}
	}
	for _, a := range wanted {
		if slices.Contains(present, a) {
			continue
		}
		if err := netlink.NeighAppend(entry(a)); err != nil {
			return fmt.Errorf("remote %s: %w", a, err)
		}
	}
	for _, a := range present {
		if slices.Contains(wanted, a) {
			continue
		}
		if err := netlink.NeighDel(entry(a)); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("remote %s: %w", a, err)
		}
	}
	return nil
}

// bridgeIndex finds a bridge, or makes it.
func bridgeIndex(name string) (int, error) {
	link, err := netlink.LinkByName(name)
	if missing := (netlink.LinkNotFoundError{}); errors.As(err, &missing) {
		if err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name}}); err != nil && !errors.Is(err, unix.EEXIST) {
			return 0, fmt.Errorf("make the bridge %s: %w", name, err)
		}
		link, err = netlink.LinkByName(name)
	}
	if err != nil {
		return 0, fmt.Errorf("look for %s: %w", name, err)
	}
	if link.Type() != "bridge" {
		return 0, fmt.Errorf("%s is no bridge", name)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return 0, fmt.Errorf("bring up %s: %w", name, err)
	}
	return link.Attrs().Index, nil
}
