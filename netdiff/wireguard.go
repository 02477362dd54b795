package netdiff

import (
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// handshakeWindow is how recent a peer's handshake must be for the peer to
// count as connected.
const handshakeWindow = 5 * time.Minute

// WireGuard returns the format of "wg show all dump" (spec: netdiff §3.7).
// Private keys are never kept; preshared keys only when asked for.
func WireGuard() *Format {
	return &Format{Name: "netdiff.WireguardParser", Label: "Wireguard", Aliases: []string{"wireguard"},
		Protocol: "Wireguard Status Log", Version: "1", Metric: "static", Read: readWireGuard}
}

func readWireGuard(g *Graph, in *Input) error {
	v, err := in.JSON()
	if err == nil {
		doc, ok := v.(*ordered.Object)
		if !ok {
			return invalid(in, "Parse error, expected an object")
		}
		return readWireGuardJSON(g, in, doc)
	}
	if _, isText := in.Text(); !isText {
		return err
	}
	return readWireGuardDump(g, in)
}

// addPeer adds a connected peer and its link to the interface.
func addPeer(g *Graph, in *Input, device, key string, peer *ordered.Object) {
	ips, _ := peer.Get("allowed_ips")
	var texts []string
	if list, ok := ips.([]any); ok {
		for _, ip := range list {
			if s, ok := ip.(string); ok {
				texts = append(texts, s)
			}
		}
	}
	attrs := []Attr{{labelAttr, strings.Join(texts, ", ")}}
	for name, value := range peer.All() {
		if name == "preshared_key" && !in.options.PresharedKeys {
			value = nil
		}
		attrs = append(attrs, Attr{name, value})
	}
	g.AddNode(TextID(key), attrs...)
	g.AddLink(TextID(key), TextID(device), integer(1))
}

func readWireGuardJSON(g *Graph, in *Input, doc *ordered.Object) error {
	for device, v := range doc.All() {
		iface, ok := v.(*ordered.Object)
		if !ok {
			return invalid(in, "Parse error, expected an object", device)
		}
		var attrs []Attr
		for _, key := range []string{"public_key", "listen_port", "fwmark"} {
			if value, ok := iface.Get(key); ok {
				attrs = append(attrs, Attr{key, value})
			}
		}
		g.AddNode(TextID(device), attrs...)
		if _, ok := iface.Get("peers"); !ok {
			return missing(in, "peers", device)
		}
		err := eachObject(in, iface, "peers", func(i int, peers *ordered.Object) error {
			for key, v := range peers.All() {
				peer, ok := v.(*ordered.Object)
				if !ok {
					return invalid(in, "Parse error, expected an object", device, "peers", i, key)
				}
				if connected, _ := peer.Get("connected"); truthy(connected) {
					addPeer(g, in, device, key, peer)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func readWireGuardDump(g *Graph, in *Input) error {
	text := strings.TrimSpace(string(in.text))
	if text == "" {
		return invalid(in, "Unrecognized format")
	}
	now := time.Now
	if in.options.Now != nil {
		now = in.options.Now
	}
	device := ""
	seen := map[string]bool{}
	for i, line := range strings.Split(text, "\n") {
		cells := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
		if i == 0 || cells[0] != device {
			device = cells[0]
			if len(cells) != 5 || seen[device] {
				return invalidLine(in, "Unrecognized format", i+1)
			}
			seen[device] = true
			g.AddNode(TextID(device), Attr{"public_key", noneIsNull(cells[2])}, Attr{"listen_port", noneIsNull(cells[3])}, Attr{"fwmark", noneIsNull(cells[4])})
			continue
		}
		if len(cells) != 9 {
			return invalidLine(in, "Unrecognized format", i+1)
		}
		if err := readPeer(g, in, device, cells, now(), i+1); err != nil {
			return err
		}
	}
	return nil
}

func readPeer(g *Graph, in *Input, device string, cells []string, now time.Time, line int) error {
	seconds, err := strconv.ParseInt(strings.TrimSpace(cells[5]), 10, 64)
	if err != nil {
		return invalidLine(in, "Unrecognized format", line)
	}
	handshake := time.Unix(seconds, 0).UTC()
	if handshake.Year() < 1 || handshake.Year() > 9999 {
		return invalidLine(in, "Unrecognized format", line)
	}
	if seconds == 0 || now.Sub(handshake) >= handshakeWindow {
		return nil
	}
	ips := []any{}
	if cells[4] != "(none)" {
		for _, ip := range strings.Split(cells[4], ",") {
			ips = append(ips, ip)
		}
	}
	peer := ordered.NewObject()
	peer.Set("preshared_key", noneIsNull(cells[2]))
	peer.Set("endpoint", noneIsNull(cells[3]))
	peer.Set("latest_handshake", handshake.Format("2006-01-02T15:04:05Z"))
	peer.Set("transfer_rx", noneIsNull(cells[6]))
	peer.Set("transfer_tx", noneIsNull(cells[7]))
	peer.Set("persistent_keepalive", noneIsNull(cells[8]))
	peer.Set("allowed_ips", ips)
	peer.Set("connected", true)
	addPeer(g, in, device, cells[1], peer)
	return nil
}

func noneIsNull(cell string) any {
	if cell == "(none)" {
		return nil
	}
	return cell
}
