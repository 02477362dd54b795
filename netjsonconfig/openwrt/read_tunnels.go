package openwrt

import (
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/ovpn"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// readOpenVPN undoes openvpn (§9).
func readOpenVPN(r *njc.Reverse) error {
	for _, s := range r.Sections {
		o := objectOf(s)
		o.Set("name", s.Name)
		// What does not say that it is enabled, OpenWrt does not start.
		o.Set("disabled", !toBool(take(o, "enabled")))
		ovpn.Cast(o)
		if value.Str(o, "server_bridge") == "1" {
			o.Set("server_bridge", "")
		}
		r.Made(o, s)
		appendTo(r.Config, "openvpn", o)
	}
	return nil
}

// readPeers undoes wireguardPeers; other sections of the package are left.
func readPeers(r *njc.Reverse) error {
	for _, s := range r.Sections {
		ifname, ok := strings.CutPrefix(s.Type, "wireguard_")
		if !ok {
			r.Keep(s)
			continue
		}
		o := objectOf(s)
		o.Set("interface", ifname)
		toInts(o, "endpoint_port", "persistent_keepalive")
		toBools(o, "route_allowed_ips")
		toLists(o, "allowed_ips")
		setDefault(o, "allowed_ips", []any{}) // an empty list has no lines
		r.Made(o, s)
		appendTo(r.Config, "wireguard_peers", o)
	}
	return nil
}

// readZerotier undoes zerotier.
func readZerotier(r *njc.Reverse) error {
	var first *ordered.Object
	joined := map[string]ztNetwork{}
	for _, s := range r.Sections {
		if s.Type != "zerotier" {
			continue
		}
		o := objectOf(s, "join", "enabled")
		o.Set("name", s.Name)
		o.Set("disabled", !toBool(s.Value("enabled"))) // absent means disabled
		toInts(o, "port")
		if conf := takeText(o, "local_conf"); conf != "" {
			o.Set("local_conf_path", conf)
		}
		networks := []any{}
		for _, item := range words(s.Value("join")) {
			id := value.Text(item)
			network := pair("id", id, "ifname", ztInterface(id))
			networks = append(networks, network)
			joined[id] = ztNetwork{o, network}
		}
		o.Set("networks", networks)
		if first == nil {
			first = o
		}
		r.Made(o, s)
		appendTo(r.Config, "zerotier", o)
	}
	for _, s := range r.Sections {
		if s.Type != "network" {
			continue
		}
		if first == nil {
			r.Keep(s)
			continue
		}
		o := objectOf(s)
		toBools(o, "allow_managed", "allow_global", "allow_default", "allow_dns")
		r.Made(addNetwork(first, joined, o), s)
	}
	return nil
}

// ztNetwork is a network with the member it belongs to.
type ztNetwork struct{ member, network *ordered.Object }

// addNetwork appends a network to the member that joined it, else to the first
// one, unless join said all of it already. A network with more settings than
// its place in join is listed twice, as the reference lists it; written again,
// it is one.
func addNetwork(first *ordered.Object, joined map[string]ztNetwork, network *ordered.Object) *ordered.Object {
	id := value.Str(network, "id")
	network.Set("ifname", ztInterface(id))
	to := first
	if j, ok := joined[id]; ok {
		if ordered.Equal(j.network, network) {
			return j.member
		}
		to = j.member
	}
	appendTo(to, "networks", network)
	return to
}

// ztInterface names the interface of a ZeroTier network.
func ztInterface(id string) string { return "owzt" + id[max(0, len(id)-6):] }
