package vpnhost

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// tunnel is a WireGuard interface as a file of wg-quick describes it.
type tunnel struct {
	addresses []netip.Prefix
	port      int
	key       wgtypes.Key
	mtu       int
	mark      int
	// table is where routes go: 0 the usual one, -1 none
	table int
	peers []wgtypes.PeerConfig
	// hooks are commands, by their key
	hooks map[string][]string
}

// defaultMTU fits into what most lines carry, over IPv6 too.
const defaultMTU = 1420

// isWireguard reports whether a file is one of wg-quick.
func isWireguard(text string) bool {
	for line := range strings.Lines(text) {
		if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) != "" {
			return strings.EqualFold(strings.TrimSpace(line), "[Interface]")
		}
	}
	return false
}

// parseTunnel reads a file of wg-quick. Errors name the line.
func parseTunnel(text string) (*tunnel, error) {
	t := &tunnel{mtu: defaultMTU, hooks: map[string][]string{}}
	section, number := "", 0
	for line := range strings.Lines(text) {
		number++
		if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) == "" {
			continue
		}
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = strings.ToLower(line)
			if section == "[peer]" {
				t.peers = append(t.peers, wgtypes.PeerConfig{ReplaceAllowedIPs: true})
			}
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("line %d: want KEY = VALUE", number)
		}
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		err := error(nil)
		switch section {
		case "[interface]":
			err = t.set(key, value)
		case "[peer]":
			err = setPeer(&t.peers[len(t.peers)-1], key, value)
		default:
			err = fmt.Errorf("it is in no section")
		}
		if err != nil { // the value may be a key: it is not repeated
			return nil, fmt.Errorf("line %d, %s: %w", number, key, err)
		}
	}
	if t.key == (wgtypes.Key{}) {
		return nil, fmt.Errorf("there is no private key")
	}
	for i := range t.peers {
		if t.peers[i].PublicKey == (wgtypes.Key{}) {
			return nil, fmt.Errorf("peer %d has no public key", i+1)
		}
	}
	return t, nil
}

func (t *tunnel) set(key, value string) (err error) {
	switch key {
	case "address":
		for _, item := range items(value) {
			p, err := prefix(item)
			if err != nil {
				return err
			}
			t.addresses = append(t.addresses, p)
		}
	case "listenport":
		t.port, err = number(value, 0, 65535)
	case "privatekey":
		t.key, err = wgKey(value)
	case "mtu":
		t.mtu, err = number(value, 576, 65535)
	case "fwmark":
		if value != "off" {
			var n uint64
			n, err = strconv.ParseUint(value, 0, 32)
			t.mark = int(n)
		}
	case "table":
		switch value {
		case "auto":
		case "off":
			t.table = -1
		default:
			t.table, err = number(value, 1, 1<<31-1)
		}
	case "preup", "postup", "predown", "postdown":
		t.hooks[key] = append(t.hooks[key], value)
	case "dns", "saveconfig": // of no meaning for a server
	default:
		return fmt.Errorf("it is not known")
	}
	return err
}

func setPeer(p *wgtypes.PeerConfig, key, value string) (err error) {
	switch key {
	case "publickey":
		p.PublicKey, err = wgKey(value)
	case "presharedkey":
		k, err := wgKey(value)
		p.PresharedKey = &k
		return err
	case "allowedips":
		for _, item := range items(value) {
			n, err := prefix(item)
			if err != nil {
				return err
			}
			p.AllowedIPs = append(p.AllowedIPs, ipNet(n.Masked()))
		}
	case "endpoint":
		p.Endpoint, err = net.ResolveUDPAddr("udp", value)
	case "persistentkeepalive":
		if value == "off" {
			value = "0"
		}
		n, err := number(value, 0, 65535)
		every := time.Duration(n) * time.Second
		p.PersistentKeepaliveInterval = &every
		return err
	default:
		return fmt.Errorf("it is not known")
	}
	return err
}

func items(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}

func number(value string, least, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("want a number from %d to %d", least, most)
	}
	return n, nil
}

func wgKey(value string) (wgtypes.Key, error) {
	k, err := wgtypes.ParseKey(value)
	if err != nil {
		return k, fmt.Errorf("want 32 bytes in base64")
	}
	return k, nil
}

// prefix reads an address with or without the length of its network.
func prefix(value string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(value); err == nil {
		return p, nil
	}
	a, err := netip.ParseAddr(value)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%q is no network", value)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

func ipNet(p netip.Prefix) net.IPNet {
	return net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func toPrefix(n net.IPNet) netip.Prefix {
	a, ok := netip.AddrFromSlice(n.IP)
	if !ok {
		return netip.Prefix{}
	}
	bits, size := n.Mask.Size()
	if a = a.Unmap(); size == 128 && a.Is4() {
		bits -= 96
	}
	return netip.PrefixFrom(a, bits)
}

// routes are the networks of peers that no address of the interface covers.
func (t *tunnel) routes() ([]netip.Prefix, error) {
	if t.table < 0 {
		return nil, nil
	}
	var out []netip.Prefix
	for i := range t.peers {
		for _, n := range t.peers[i].AllowedIPs {
			p := toPrefix(n)
			switch {
			case p.Bits() == 0 && t.table == 0:
				return nil, fmt.Errorf("peer %d: a route of everything would cut off this host; set table to off or to a number", i+1)
			case slices.Contains(out, p):
			case slices.ContainsFunc(t.addresses, func(a netip.Prefix) bool { return a.Bits() <= p.Bits() && a.Contains(p.Addr()) }) && t.table == 0:
			default:
				out = append(out, p)
			}
		}
	}
	return out, nil
}

// differing returns what makes the present peers of a device the wanted ones; peers
// that stay as they are keep their sessions.
func differing(present []wgtypes.Peer, wanted []wgtypes.PeerConfig) []wgtypes.PeerConfig {
	have := make(map[wgtypes.Key]*wgtypes.Peer, len(present))
	for i := range present {
		have[present[i].PublicKey] = &present[i]
	}
	keep := make(map[wgtypes.Key]bool, len(wanted))
	var out []wgtypes.PeerConfig
	for _, w := range wanted {
		keep[w.PublicKey] = true
		if p := have[w.PublicKey]; p == nil || !samePeer(p, &w) {
			if p != nil && p.PersistentKeepaliveInterval > 0 && w.PersistentKeepaliveInterval == nil {
				w.PersistentKeepaliveInterval = new(time.Duration)
			}
			if p != nil && w.PresharedKey == nil {
				w.PresharedKey = new(wgtypes.Key)
			}
			out = append(out, w)
		}
	}
	var gone []wgtypes.PeerConfig
	for i := range present {
		if k := present[i].PublicKey; !keep[k] {
			gone = append(gone, wgtypes.PeerConfig{PublicKey: k, Remove: true})
		}
	}
	return append(gone, out...)
}

func samePeer(p *wgtypes.Peer, w *wgtypes.PeerConfig) bool {
	var secret wgtypes.Key
	if w.PresharedKey != nil {
		secret = *w.PresharedKey
	}
	var every time.Duration
	if w.PersistentKeepaliveInterval != nil {
		every = *w.PersistentKeepaliveInterval
	}
	if p.PresharedKey != secret || p.PersistentKeepaliveInterval != every || len(p.AllowedIPs) != len(w.AllowedIPs) {
		return false
	}
	if w.Endpoint != nil && (p.Endpoint == nil || p.Endpoint.String() != w.Endpoint.String()) {
		return false
	}
	for _, n := range w.AllowedIPs {
		if !slices.ContainsFunc(p.AllowedIPs, func(o net.IPNet) bool { return toPrefix(o) == toPrefix(n) }) {
			return false
		}
	}
	return true
}

// network is a virtual network over a tunnel: one interface, with the addresses of
// those at it.
type network struct {
	name    string
	vni     int
	remotes []netip.Addr
}

// maxName is how long the name of an interface may be.
const maxName = 15

// parseNetworks reads vxlan.json. Clients that share a number share an interface, which
// is called by the name in the file with the number behind.
func parseNetworks(content []byte) ([]network, error) {
	var list []struct {
		Interface string
		Remote    netip.Addr
		VNI       int
	}
	if err := json.Unmarshal(content, &list); err != nil {
		return nil, fmt.Errorf("vxlan.json: %w", err)
	}
	var out []network
	base := "vxlan"
	for _, item := range list {
		if item.VNI < 1 || item.VNI > 1<<24-1 || !item.Remote.IsValid() {
			return nil, fmt.Errorf("vxlan.json: want a number from 1 to 16777215 and an address")
		}
		if item.Interface != "" {
			base = item.Interface
		}
		i := slices.IndexFunc(out, func(n network) bool { return n.vni == item.VNI })
		if i < 0 {
			i, out = len(out), append(out, network{vni: item.VNI})
		}
		out[i].remotes = append(out[i].remotes, item.Remote)
	}
	if !properName(base) {
		return nil, fmt.Errorf("vxlan.json: %q cannot be the name of an interface", base)
	}
	for i := range out {
		end := strconv.Itoa(out[i].vni)
		out[i].name = base[:min(len(base), maxName-len(end))] + end
	}
	return out, nil
}
