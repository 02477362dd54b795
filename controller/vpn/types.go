package vpn

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/autoclient"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	servers "github.com/wispwright/wispwright/netjsonconfig/vpn"
)

// Type is a kind of VPN server: what it needs, and how its side and its clients'
// are written. Programs may add their own to Types (spec: controller-config §17).
type Type struct {
	// Backend has the path, the label, the schema and the format of the server's side.
	Backend *netjsonconfig.Backend
	// List is the key of its tunnel in the configuration: "openvpn".
	List string
	// Certificates says that server and clients have certificates of an authority.
	Certificates bool
	// Subnet says that it needs one.
	Subnet bool
	// Keys says that server and clients have WireGuard keys, and that the server
	// knows its peers.
	Keys bool
	// VNI says that clients have virtual networks of their own unless the server's
	// configuration fixes one.
	VNI bool
	// Controller says that it is the network of a ZeroTier controller: it needs a
	// token, and clients have identities.
	Controller bool
	// Client writes the configuration of clients, with variables in the place of what
	// differs. autoCert is false for clients that get no certificates.
	Client func(s *Server, config *ordered.Object, autoCert bool) *ordered.Object
	// Complete adds to the server's configuration what it must not be asked for: its
	// key, its address, its peers. May be nil.
	Complete func(s *Server, config *ordered.Object, peers []Peer) error
	// Port is where the server listens, with its protocol: "udp/1194". Empty: it is
	// not known.
	Port func(tunnel *ordered.Object) string
}

// Path is the type's name on the wire.
func (t *Type) Path() string { return t.Backend.Path }

// DefaultTypes are the types of OpenWISP, in the order of forms
// (spec: controller-config §16).
func DefaultTypes() []*Type {
	return []*Type{
		{Backend: servers.OpenVPNServer(), List: "openvpn", Certificates: true, Client: openVPNClient, Complete: openVPNFiles, Port: openVPNPort},
		{Backend: servers.WireguardServer(), List: "wireguard", Subnet: true, Keys: true, Client: wireguardClient, Complete: completeWireguard, Port: wireguardPort},
		{Backend: servers.VxlanWireguardServer(), List: "wireguard", Subnet: true, Keys: true, VNI: true, Client: vxlanClient, Complete: completeVXLAN, Port: wireguardPort},
		{Backend: servers.ZeroTierServer(), List: "zerotier", Subnet: true, Controller: true, Client: zeroTierClient},
	}
}

// checkTypes refuses types that are not complete.
func checkTypes(types []*Type) error {
	seen := map[string]bool{}
	for _, t := range types {
		switch {
		case t == nil || t.Backend == nil || t.Client == nil || t.List == "":
			return errors.New("vpn: a type needs Backend, List and Client")
		case seen[t.Path()]:
			return fmt.Errorf("vpn: the type %s is there twice", t.Path())
		}
		seen[t.Path()] = true
	}
	return nil
}

// tunnel is the server's item of its list; empty where there is none.
func tunnel(config *ordered.Object, list string) *ordered.Object {
	if items, ok := value(config, list).([]any); ok && len(items) > 0 {
		if o, ok := items[0].(*ordered.Object); ok {
			return o
		}
	}
	return ordered.NewObject()
}

func value(o *ordered.Object, key string) any {
	v, _ := o.Get(key)
	return v
}

func text(o *ordered.Object, key string) string {
	s, _ := value(o, key).(string)
	return s
}

// variable is the placeholder of a server's variable in templates.
func variable(name string, s *Server) string { return "{{" + name + "_" + s.hex() + "}}" }

// openVPNClient follows the host of the server by a variable (additions: defect 7).
func openVPNClient(s *Server, config *ordered.Object, autoCert bool) *ordered.Object {
	a := autoclient.OpenVPN{
		Host: variable("vpn_host", s), Server: tunnel(config, "openvpn"),
		CAPath: variable("ca_path", s), CAContents: variable("ca_contents", s),
	}
	if autoCert {
		a.CertPath, a.CertContents = variable("cert_path", s), variable("cert_contents", s)
		a.KeyPath, a.KeyContents = variable("key_path", s), variable("key_contents", s)
	}
	return a.Client()
}

func wireguardOf(s *Server, config *ordered.Object) autoclient.Wireguard {
	return autoclient.Wireguard{
		Host: variable("vpn_host", s), PublicKey: variable("public_key", s), Server: tunnel(config, "wireguard"),
		PrivateKey: variable("pvt_key", s), IPAddress: variable("ip_address", s), ServerNetwork: variable("server_ip_network", s),
	}
}

func wireguardClient(s *Server, config *ordered.Object, _ bool) *ordered.Object {
	return sized(s, wireguardOf(s, config).OpenWrt())
}

func vxlanClient(s *Server, config *ordered.Object, _ bool) *ordered.Object {
	return sized(s, autoclient.Vxlan{
		Tunnel: wireguardOf(s, config), VNI: variable("vni", s), ServerAddress: variable("server_ip_address", s), Server: tunnel(config, "vxlan"),
	}.OpenWrt())
}

// sized makes the addresses of a client's tunnel those of IPv6 where the subnet is.
func sized(s *Server, config *ordered.Object) *ordered.Object {
	if !s.Subnet.IsValid() || s.Subnet.Addr().Is4() {
		return config
	}
	if items, ok := value(tunnel(config, "interfaces"), "addresses").([]any); ok {
		for _, item := range items {
			if a, ok := item.(*ordered.Object); ok {
				a.Set("family", "ipv6")
				a.Set("mask", ordered.Number("128"))
			}
		}
	}
	return config
}

func zeroTierClient(s *Server, _ *ordered.Object, _ bool) *ordered.Object {
	network := ordered.NewObject()
	suffix := s.NetworkID
	if len(suffix) > 6 {
		suffix = suffix[len(suffix)-6:]
	}
	network.Set("id", s.NetworkID)
	network.Set("ifname", "owzt"+suffix)
	return autoclient.ZeroTier{Networks: []*ordered.Object{network}, Secret: "{{secret}}"}.OpenWrt()
}

// openVPNFiles adds the files that the tunnel names, where the configuration lists
// none: without them the server would not start.
func openVPNFiles(s *Server, config *ordered.Object, _ []Peer) error {
	if s.Inherited || config.Has("files") { // where it came from its host has them
		return nil
	}
	var files []any
	o := tunnel(config, "openvpn")
	for _, f := range []struct{ key, mode string }{{"ca", "0644"}, {"cert", "0644"}, {"key", "0600"}, {"dh", "0644"}} {
		if text(o, f.key) != f.key+".pem" {
			continue
		}
		file := ordered.NewObject()
		file.Set("path", f.key+".pem")
		file.Set("mode", f.mode)
		file.Set("contents", "{{ "+f.key+" }}")
		files = append(files, file)
	}
	if len(files) > 0 {
		config.Set("files", files)
	}
	return nil
}

// completeWireguard adds the server's key and address and its peers
// (spec: controller-config §9.5).
func completeWireguard(s *Server, config *ordered.Object, peers []Peer) error {
	o := tunnel(config, "wireguard")
	o.Set("private_key", s.PrivateKey.Reveal())
	if !o.Has("address") && s.Address.IsValid() && s.Subnet.IsValid() {
		o.Set("address", s.Address.String()+"/"+strconv.Itoa(s.Subnet.Bits()))
	}
	if err := putPeerKeys(s, o); err != nil {
		return err
	}
	if len(peers) == 0 {
		return nil
	}
	list := make([]any, 0, len(peers))
	if own, ok := value(o, "peers").([]any); ok {
		list = append(list, own...)
	}
	for _, p := range peers {
		peer := ordered.NewObject()
		peer.Set("public_key", p.PublicKey)
		peer.Set("allowed_ips", p.Address.String()+"/"+strconv.Itoa(p.Address.BitLen()))
		list = append(list, peer)
	}
	o.Set("peers", list)
	return nil
}

// vxlanPeer is an item of vxlan.json, whose keys are sorted.
type vxlanPeer struct {
	Interface string `json:"interface,omitempty"`
	Remote    string `json:"remote"`
	VNI       int64  `json:"vni"`
}

// completeVXLAN also adds the file from which the virtual networks are made.
func completeVXLAN(s *Server, config *ordered.Object, peers []Peer) error {
	if err := completeWireguard(s, config, peers); err != nil {
		return err
	}
	fixed, name := fixedVNI(config), text(tunnel(config, "vxlan"), "name")
	list := []vxlanPeer{}
	for _, p := range peers {
		v := vxlanPeer{Interface: name, Remote: p.Address.String(), VNI: fixed}
		if p.VNI != nil {
			v.VNI = *p.VNI
		}
		if v.VNI > 0 {
			list = append(list, v)
		}
	}
	content, err := json.MarshalIndent(list, "", "    ")
	if err != nil {
		return fmt.Errorf("list of virtual networks: %w", err)
	}
	file := ordered.NewObject()
	file.Set("path", "vxlan.json")
	file.Set("mode", "0644")
	file.Set("contents", string(content))
	files, _ := value(config, "files").([]any)
	config.Set("files", append(append([]any{}, files...), file))
	return nil
}

// fixedVNI is the number that all clients of a server share, 0 for none.
func fixedVNI(config *ordered.Object) int64 {
	switch v := value(tunnel(config, "vxlan"), "vni").(type) {
	case ordered.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n
		}
	}
	return 0
}

func openVPNPort(o *ordered.Object) string {
	protocol := "udp"
	if p := text(o, "proto"); p != "" && p != "udp" {
		protocol = "tcp"
	}
	return portOf(protocol, o, "1194")
}

func wireguardPort(o *ordered.Object) string { return portOf("udp", o, "51820") }

func portOf(protocol string, o *ordered.Object, usual string) string {
	if n, ok := value(o, "port").(ordered.Number); ok {
		usual = string(n)
	}
	return protocol + "/" + usual
}

// decode reads the configuration of a server, into objects of its own.
func decode(j wispwright.JSON) (*ordered.Object, error) {
	if j == "" {
		return ordered.NewObject(), nil
	}
	o, err := ordered.DecodeObject([]byte(j))
	if err != nil {
		return nil, fmt.Errorf("configuration of a VPN server: %w", err)
	}
	return o.Clone(), nil
}
