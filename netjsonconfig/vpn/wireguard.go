package vpn

import (
	"cmp"
	"slices"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// forwardWireguard makes a section of each tunnel, with the peers' options in
// lists under the key "peers" (§11).
func forwardWireguard(f *njc.Forward) error {
	list := value.Objects(f.Config, "wireguard")
	sections := make([]*njc.Section, 0, len(list))
	for i, o := range list {
		s := &njc.Section{Type: "wireguard", Name: value.Str(o, "name")}
		if err := checkFileName(s.Name, "wireguard", i, "name"); err != nil {
			return err
		}
		if address, _ := o.Get("address"); value.Empty(address) {
			return njc.Invalid("'address' is a required property", "wireguard", i)
		}
		options, err := wireguardBlock(o, interfaceKey, "wireguard", i)
		if err != nil {
			return err
		}
		s.Options = options
		for j, peer := range value.Objects(o, "peers") {
			options, err := wireguardBlock(peer, peerKey, "wireguard", i, "peers", j)
			if err != nil {
				return err
			}
			s.Options = append(s.Options, njc.Option{Key: peerMark, Value: options})
		}
		sections = append(sections, s)
	}
	f.Native.Add("wireguard", sections...)
	return nil
}

// peerMark is the key of an option that holds all options of one peer. It is no
// key of the format.
const peerMark = "[Peer]"

// wireguardBlock returns the options of one block by their names in the file,
// ascending.
func wireguardBlock(o *ordered.Object, name func(string) string, place ...any) ([]njc.Option, error) {
	options := make([]njc.Option, 0, o.Len())
	for key, v := range o.All() {
		native := name(key)
		if native == "" || isUnset(v) {
			continue
		}
		at := append(slices.Clone(place), key)
		if err := checkKey(native, at...); err != nil {
			return nil, err
		}
		text := word(v)
		if isHook(key) {
			options = append(options, hooks(native, text)...)
			continue
		}
		if err := checkLine(text, at...); err != nil {
			return nil, err
		}
		options = append(options, njc.Option{Key: native, Value: text})
	}
	if endpoint := endpointOf(o); endpoint != "" {
		if err := checkLine(endpoint, append(slices.Clone(place), "endpoint_host")...); err != nil {
			return nil, err
		}
		options = append(options, njc.Option{Key: "Endpoint", Value: endpoint})
	}
	slices.SortStableFunc(options, func(a, b njc.Option) int { return cmp.Compare(a.Key, b.Key) })
	return options, nil
}

// isUnset reports whether a value stands for none: false and zero are values.
func isUnset(v any) bool {
	switch v.(type) {
	case bool, ordered.Number:
		return false
	}
	return value.Empty(v)
}

// isHook reports whether an option holds commands, of which there may be
// several lines.
func isHook(key string) bool {
	switch key {
	case "pre_up", "post_up", "pre_down", "post_down":
		return true
	}
	return false
}

// hooks gives each command its own option: wg-quick runs them in order.
func hooks(native, text string) []njc.Option {
	var options []njc.Option
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		options = append(options, njc.Option{Key: native, Value: line})
	}
	return options
}

// endpointOf joins host and port of a peer, "" unless both are there. An IPv6
// address goes into brackets.
func endpointOf(peer *ordered.Object) string {
	host := value.Str(peer, "endpoint_host")
	port, _ := peer.Get("endpoint_port")
	if host == "" || value.Empty(port) {
		return ""
	}
	if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") && !strings.Contains(host, "{{") {
		host = "[" + host + "]"
	}
	return host + ":" + value.Text(port)
}

// interfaceKey returns the name of a tunnel's setting in the file, "" for what
// is written otherwise; unknown ones keep theirs.
func interfaceKey(key string) string {
	switch key {
	case "name", "peers":
		return ""
	case "address":
		return "Address"
	case "dns":
		return "DNS"
	case "mtu":
		return "MTU"
	case "port":
		return "ListenPort"
	case "private_key":
		return "PrivateKey"
	case "pre_up":
		return "PreUp"
	case "post_up":
		return "PostUp"
	case "pre_down":
		return "PreDown"
	case "post_down":
		return "PostDown"
	case "save_config":
		return "SaveConfig"
	case "table":
		return "Table"
	}
	return key
}

// peerKey is interfaceKey for peers.
func peerKey(key string) string {
	switch key {
	case "endpoint_host", "endpoint_port":
		return ""
	case "allowed_ips":
		return "AllowedIPs"
	case "preshared_key":
		return "PreSharedKey"
	case "public_key":
		return "PublicKey"
	case "persistent_keepalive":
		return "PersistentKeepalive"
	}
	return key
}

// wireguardText is the format of wg-quick.
type wireguardText struct{}

// Append implements njc.Renderer.
func (wireguardText) Append(dst []byte, n *njc.Native) ([]byte, error) {
	return appendConf(dst, n, "wireguard", appendWireguard), nil
}

// Members implements njc.Renderer.
func (wireguardText) Members(n *njc.Native) ([]njc.File, error) {
	return confMembers(n, "wireguard", appendWireguard), nil
}

func appendWireguard(dst []byte, s *njc.Section) []byte {
	dst = append(dst, "[Interface]\n"...)
	for _, o := range s.Options {
		if peer, ok := o.Value.([]njc.Option); ok {
			dst = append(dst, "\n[Peer]\n"...)
			for _, p := range peer {
				dst = appendLine(dst, p.Key, " = ", value.Text(p.Value))
			}
			continue
		}
		dst = appendLine(dst, o.Key, " = ", value.Text(o.Value))
	}
	return dst
}
