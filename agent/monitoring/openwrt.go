package monitoring

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// openwrtSystem fills in what the bus knows of the system.
func (c *Collector) openwrtSystem(ctx context.Context, d *Document) error {
	var board struct {
		Hostname string `json:"hostname"`
	}
	boardErr := c.s.Bus.Call(ctx, "system", "board", nil, &board)
	d.General.Hostname = board.Hostname
	var info struct {
		LocalTime int64            `json:"localtime"`
		Uptime    int64            `json:"uptime"`
		Memory    map[string]int64 `json:"memory"`
		Swap      map[string]int64 `json:"swap"`
	}
	if err := c.s.Bus.Call(ctx, "system", "info", nil, &info); err != nil {
		// the kernel says most of the same
		name := d.General.Hostname
		if fromFiles := c.linuxSystem(ctx, d); fromFiles != nil {
			return err
		}
		if name != "" {
			d.General.Hostname = name
		}
		return nil
	}
	d.General.LocalTime, d.General.Uptime = info.LocalTime, info.Uptime
	d.Resources.Memory, d.Resources.Swap = info.Memory, info.Swap
	return boardErr
}

// deviceStatus is a device as netifd has it.
type deviceStatus struct {
	Type          string            `json:"type"`
	Up            bool              `json:"up"`
	Present       bool              `json:"present"`
	MAC           string            `json:"macaddr"`
	MTU           int               `json:"mtu"`
	TxQueueLen    int               `json:"txqueuelen"`
	Speed         string            `json:"speed"`
	Multicast     bool              `json:"multicast"`
	LinkSupported []string          `json:"link-supported"`
	BridgeMembers []string          `json:"bridge-members"`
	Statistics    map[string]uint64 `json:"statistics"`
}

// logical is an interface of netifd: a network, not a device.
type logical struct {
	Name      string           `json:"interface"`
	L3Device  string           `json:"l3_device"`
	Proto     string           `json:"proto"`
	IPv4      []logicalAddress `json:"ipv4-address"`
	IPv6      []logicalAddress `json:"ipv6-address"`
	Routes    []logicalRoute   `json:"route"`
	DNSServer []string         `json:"dns-server"`
	DNSSearch []string         `json:"dns-search"`
}

type logicalAddress struct {
	Address string `json:"address"`
	Mask    int    `json:"mask"`
}

type logicalRoute struct {
	Target  string `json:"target"`
	NextHop string `json:"nexthop"`
}

// openwrtState is what all interfaces of OpenWrt are made from.
type openwrtState struct {
	devices  map[string]deviceStatus
	networks []logical
	radios   map[string]string // ifname to htmode
	tunnels  []string          // of OpenVPN
	network  *uci.Package
	ula      netip.Prefix
	kernel   []KernelAddress
}

// openwrtNetwork fills in the interfaces from the bus (§4.4).
func (c *Collector) openwrtNetwork(ctx context.Context, d *Document, m Monitored) error {
	var s openwrtState
	if err := c.s.Bus.Call(ctx, "network.device", "status", nil, &s.devices); err != nil {
		return err
	}
	part := func(name string, err error) {
		if err != nil && c.Failed != nil {
			c.Failed(name, err)
		}
	}
	var networks struct {
		Interface []logical `json:"interface"`
	}
	part("networks", c.s.Bus.Call(ctx, "network.interface", "dump", nil, &networks))
	s.networks = networks.Interface
	var err error
	s.radios, err = c.wirelessNames(ctx)
	part("wireless", err)
	s.network = c.uci("network")
	for _, section := range s.network.OfType("globals") {
		if p, err := netip.ParsePrefix(section.Get("ula_prefix")); err == nil {
			s.ula = p
		}
	}
	for _, section := range c.uci("openvpn").OfType("openvpn") {
		s.tunnels = append(s.tunnels, section.Get("dev"))
	}
	if c.s.Kernel != nil {
		s.kernel, err = c.s.Kernel.Addresses()
		part("addresses", err)
	}
	var kernelRadios map[string]*Wireless
	iwinfo := true
	for _, name := range slices.Sorted(maps.Keys(s.devices)) {
		if name == "lo" {
			continue
		}
		i := c.openwrtInterface(ctx, name, &s)
		if htmode, listed := s.radios[name]; listed {
			i.Type = "wireless"
			i.Wireless, err = c.iwinfo(ctx, name, htmode)
			if err != nil && iwinfo {
				// without iwinfo the kernel is asked, once for all
				iwinfo = false
				if c.s.Radios != nil {
					kernelRadios, err = c.s.Radios.Radios()
					part("radios", err)
				}
			}
			if !iwinfo {
				i.Wireless = kernelRadios[name]
			}
		}
		if m.has(name) {
			i.Statistics = s.devices[name].Statistics
			if i.Wireless != nil && i.Wireless.Mode == accessPoint {
				i.Statistics = invert(i.Statistics)
			}
		}
		d.Interfaces = append(d.Interfaces, i)
	}
	for _, n := range s.networks {
		if _, listed := s.devices[n.L3Device]; listed && n.L3Device != "lo" {
			d.DNSServers = append(d.DNSServers, n.DNSServer...)
			d.DNSSearch = append(d.DNSSearch, n.DNSSearch...)
		}
	}
	return nil
}

// openwrtInterface makes one entry, without its radio and its counters.
func (c *Collector) openwrtInterface(ctx context.Context, name string, s *openwrtState) Interface {
	status := s.devices[name]
	i := Interface{
		Name: name, Type: strings.ToLower(status.Type), Up: status.Up, MAC: status.MAC, MTU: status.MTU,
		TxQueueLen: status.TxQueueLen, Speed: status.Speed, Multicast: status.Multicast,
	}
	if i.Type == "network device" {
		switch {
		case len(status.LinkSupported) > 0:
			i.Type, i.LinkSupported = "ethernet", status.LinkSupported
		case slices.Contains(s.tunnels, name):
			i.Type = "virtual"
		default:
			i.Type = "other"
		}
	}
	for _, member := range status.BridgeMembers {
		if of, listed := s.devices[member]; listed && of.Up && of.Present {
			i.BridgeMembers = append(i.BridgeMembers, member)
		}
	}
	for _, n := range s.networks {
		if n.L3Device != name {
			continue
		}
		if i.Type == "bridge" && i.STP == nil {
			on := s.stp(name, n.Name)
			i.STP = &on
		}
		if n.Proto == "modemmanager" && i.Mobile == nil {
			i.Type = "modem-manager"
			if section := s.network.Section(n.Name); section != nil {
				i.Mobile, _ = c.modem(ctx, section.Get("device"))
			}
		}
	}
	i.Addresses = s.addresses(name)
	if len(i.Addresses) > 0 && i.Addresses[0].Proto == "wireguard" {
		i.Type = "virtual"
	}
	return i
}

// stp says whether a bridge watches for loops: the device's section says it, or
// on older systems that of the network.
func (s *openwrtState) stp(device, network string) bool {
	for _, section := range s.network.OfType("device") {
		if section.Get("name") == device && section.Get("stp") != "" {
			return section.Get("stp") == "1"
		}
	}
	section := s.network.Section(network)
	return section != nil && section.Get("stp") == "1"
}

// addresses are those that netifd set, then those that others set (§4.8).
func (s *openwrtState) addresses(device string) []Address {
	var out []Address
	seen := map[string]bool{}
	add := func(a Address) {
		if addr, err := netip.ParseAddr(a.Address); err == nil && !seen[addr.String()] {
			seen[addr.String()] = true
			out = append(out, a)
		}
	}
	for _, n := range s.networks {
		if n.L3Device != device {
			continue
		}
		gateway := ""
		for _, r := range n.Routes {
			if r.Target == "0.0.0.0" && gateway == "" {
				gateway = r.NextHop
			}
		}
		proto := n.Proto
		if proto == "dhcpv6" {
			proto = "dhcp"
		}
		for _, a := range n.IPv4 {
			add(Address{Address: a.Address, Mask: a.Mask, Proto: proto, Family: "ipv4", Gateway: gateway})
		}
		for _, a := range n.IPv6 {
			add(Address{Address: a.Address, Mask: a.Mask, Proto: proto, Family: "ipv6", Gateway: gateway})
		}
	}
	for _, a := range s.kernel {
		if a.Link == device {
			addr := a.Prefix.Addr().WithZone("")
			add(Address{Address: addr.String(), Mask: a.Prefix.Bits(), Proto: s.proto(addr), Family: family(addr.Is4())})
		}
	}
	return out
}

// proto guesses where an address is from that netifd did not set.
func (s *openwrtState) proto(a netip.Addr) string {
	// without a prefix of its own every IPv6 address counts as static
	if a.Is6() && (a.IsLinkLocalUnicast() || !s.ula.IsValid() || s.ula.Contains(a)) {
		return "static"
	}
	return "dhcp"
}
