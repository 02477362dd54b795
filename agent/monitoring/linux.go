package monitoring

import (
	"context"
	"strconv"
	"strings"
)

// linuxNetwork fills in the interfaces of any Linux, from the kernel alone.
func (c *Collector) linuxNetwork(ctx context.Context, d *Document, m Monitored) error {
	if c.s.Kernel == nil {
		return nil
	}
	links, err := c.s.Kernel.Links()
	if err != nil {
		return err
	}
	// what follows adds to the links; they stand without it
	addresses, addressErr := c.s.Kernel.Addresses()
	gateways, gatewayErr := c.s.Kernel.Gateways()
	var radios map[string]*Wireless
	var radioErr error
	if c.s.Radios != nil {
		radios, radioErr = c.s.Radios.Radios()
	}
	modems := c.modems(ctx)
	for _, l := range links {
		if l.Loopback {
			continue
		}
		i := Interface{
			Name: l.Name, Up: l.Up, MAC: l.MAC, MTU: l.MTU, TxQueueLen: l.TxQueueLen, Multicast: l.Multicast,
			Mobile: modems[l.Name],
		}
		radio, wireless := radios[l.Name]
		i.Type = c.linuxType(l, wireless)
		switch i.Type {
		case "bridge":
			on := c.text("/sys/class/net/"+l.Name+"/bridge/stp_state") != "0"
			i.STP = &on
			for _, member := range links {
				if member.Master == l.Index && member.Up {
					i.BridgeMembers = append(i.BridgeMembers, member.Name)
				}
			}
		case "ethernet":
			i.Speed = c.speed(l.Name)
		case "wireless":
			i.Wireless = radio
		}
		if i.Mobile != nil {
			i.Type = "modem-manager"
		}
		if m.has(l.Name) {
			i.Statistics = l.Statistics
			if radio != nil && radio.Mode == accessPoint {
				i.Statistics = invert(l.Statistics)
			}
		}
		for _, a := range addresses {
			if a.Link == l.Name {
				i.Addresses = append(i.Addresses, linuxAddress(a, l.Kind, gateways[l.Name]))
			}
		}
		d.Interfaces = append(d.Interfaces, i)
	}
	c.dns(d)
	for name, err := range map[string]error{"addresses": addressErr, "routes": gatewayErr, "radios": radioErr} {
		if err != nil && c.Failed != nil {
			c.Failed(name, err)
		}
	}
	return nil
}

// linuxType says what a device is (§4.5).
func (c *Collector) linuxType(l Link, radio bool) string {
	switch {
	case l.Kind == "bridge", l.Kind == "vlan":
		return l.Kind
	case radio || c.exists("/sys/class/net/"+l.Name+"/phy80211/index"):
		return "wireless"
	}
	switch l.Kind {
	case "tun", "tuntap", "wireguard", "ppp", "gre", "gretap", "ip6gre", "ip6gretap", "ipip", "sit", "ip6tnl", "vti", "vti6", "vxlan", "dummy", "ifb", "geneve":
		return "virtual"
	case "veth":
		return "ethernet"
	}
	// hardware has a parent on some bus, whose description lies beside it
	if c.exists("/sys/class/net/" + l.Name + "/device/uevent") {
		return "ethernet"
	}
	return "other"
}

func (c *Collector) exists(name string) bool {
	b, err := c.s.Files.ReadFile(name)
	return err == nil && b != nil
}

// speed is that of an ethernet device: "1000F"; "-1F" without link, "" when the
// driver does not say.
func (c *Collector) speed(name string) string {
	speed := c.text("/sys/class/net/" + name + "/speed")
	if _, err := strconv.Atoi(speed); err != nil {
		return ""
	}
	if c.text("/sys/class/net/"+name+"/duplex") == "half" {
		return speed + "H"
	}
	return speed + "F"
}

func linuxAddress(a KernelAddress, kind, gateway string) Address {
	out := Address{Address: a.Prefix.Addr().WithZone("").String(), Mask: a.Prefix.Bits(), Family: family(a.Prefix.Addr().Is4()), Proto: "dhcp"}
	switch {
	case kind == "wireguard":
		out.Proto = "wireguard"
	case a.Permanent:
		out.Proto = "static"
	}
	if a.Prefix.Addr().Is4() {
		out.Gateway = gateway
	}
	return out
}

func family(four bool) string {
	if four {
		return "ipv4"
	}
	return "ipv6"
}

// dns reads the servers this machine asks.
func (c *Collector) dns(d *Document) {
	text, err := c.s.Files.ReadFile("/etc/resolv.conf")
	if err != nil {
		return // a machine without it asks nobody
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "nameserver":
			d.DNSServers = append(d.DNSServers, words[1])
		case "search", "domain":
			d.DNSSearch = append(d.DNSSearch, words[1:]...)
		}
	}
}
