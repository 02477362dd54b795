//go:build linux

// Package netifd stands in for the part of OpenWrt that brings up tunnels: it makes a
// machine, or a network namespace, run the WireGuard, VXLAN and OpenVPN of a device's UCI
// files. Sandboxes and tests call it after the agent wrote them.
package netifd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"

	"github.com/wispwright/wispwright/controller/vpn/vpnhost"
	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// Apply brings up what the files below root say, which is the device's file system. What
// is not there any more is removed.
func Apply(ctx context.Context, root string) error {
	network, err := read(root, "network")
	if err != nil {
		return err
	}
	wireguard := &vpnhost.WireGuard{Program: "wireguard-go"}
	var wrong []error
	kept := map[string]bool{}
	for _, s := range network.OfType("interface") {
		if s.Get("proto") == "wireguard" {
			kept[s.Name] = true
			wrong = append(wrong, wireguard.Apply(ctx, &vpnhost.Bundle{Name: s.Name, Main: tunnel(network, s)}))
		}
	}
	for _, s := range network.OfType("interface") {
		if s.Get("proto") == "vxlan" {
			kept[s.Name] = true
			wrong = append(wrong, vxlan(s))
		}
	}
	wrong = append(wrong, removeOthers(kept))
	openvpn, err := read(root, "openvpn")
	if err != nil {
		return errors.Join(append(wrong, err)...)
	}
	for _, s := range openvpn.OfType("openvpn") {
		wrong = append(wrong, startOpenVPN(ctx, root, s))
	}
	return errors.Join(wrong...)
}

func read(root, name string) (*uci.Package, error) {
	text, err := os.ReadFile(filepath.Join(root, "etc/config", name))
	if errors.Is(err, os.ErrNotExist) {
		return uci.Parse(name, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("netifd: %w", err)
	}
	p, err := uci.Parse(name, text)
	if err != nil {
		return nil, fmt.Errorf("netifd: %s: %w", name, err)
	}
	return p, nil
}

func values(s *uci.Section, key string) []string {
	o, ok := s.Option(key)
	if !ok {
		return nil
	}
	if o.List {
		return o.Values
	}
	return strings.Fields(s.Get(key))
}

// tunnel writes an interface as wg-quick has it.
func tunnel(network *uci.Package, s *uci.Section) string {
	var b strings.Builder
	line := func(key, value string) {
		if value != "" {
			b.WriteString(key + " = " + value + "\n")
		}
	}
	b.WriteString("[Interface]\n")
	line("PrivateKey", s.Get("private_key"))
	line("ListenPort", s.Get("listen_port"))
	line("MTU", s.Get("mtu"))
	line("Address", strings.Join(values(s, "addresses"), ", "))
	for _, p := range network.OfType("wireguard_" + s.Name) {
		b.WriteString("\n[Peer]\n")
		line("PublicKey", p.Get("public_key"))
		line("PresharedKey", p.Get("preshared_key"))
		line("AllowedIPs", strings.Join(values(p, "allowed_ips"), ", "))
		if host := p.Get("endpoint_host"); host != "" {
			line("Endpoint", net.JoinHostPort(host, p.Get("endpoint_port")))
		}
		line("PersistentKeepalive", p.Get("persistent_keepalive"))
	}
	return b.String()
}

// vxlan makes a virtual network to one remote.
func vxlan(s *uci.Section) error {
	below, err := netlink.LinkByName(s.Get("tunlink"))
	if err != nil {
		return fmt.Errorf("netifd: %s over %s: %w", s.Name, s.Get("tunlink"), err)
	}
	if _, err := netlink.LinkByName(s.Name); err == nil {
		return nil
	}
	numbers := map[string]int{}
	for _, key := range []string{"vid", "port", "mtu", "ttl"} {
		if text := s.Get(key); text != "" {
			if numbers[key], err = strconv.Atoi(text); err != nil {
				return fmt.Errorf("netifd: %s of %s: %w", key, s.Name, err)
			}
		}
	}
	link := &netlink.Vxlan{
		LinkAttrs: netlink.LinkAttrs{Name: s.Name, MTU: numbers["mtu"]}, VxlanId: numbers["vid"], Port: numbers["port"], TTL: numbers["ttl"],
		Group: net.ParseIP(s.Get("peeraddr")), VtepDevIndex: below.Attrs().Index, Learning: true,
	}
	if err := netlink.LinkAdd(link); err != nil {
		return fmt.Errorf("netifd: make %s: %w", s.Name, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("netifd: bring up %s: %w", s.Name, err)
	}
	return nil
}

// removeOthers removes tunnels that no file names any more.
func removeOthers(kept map[string]bool) error {
	links, err := netlink.LinkList()
	if err != nil {
		return fmt.Errorf("netifd: %w", err)
	}
	for _, l := range links {
		// wireguard-go ends with its interface; OpenVPN's are called tun and tap
		if a := l.Attrs(); slices.Contains([]string{"wireguard", "vxlan", "tuntap"}, l.Type()) && !kept[a.Name] && !strings.HasPrefix(a.Name, "tun") && !strings.HasPrefix(a.Name, "tap") {
			if err := netlink.LinkDel(l); err != nil {
				return fmt.Errorf("netifd: remove %s: %w", a.Name, err)
			}
		}
	}
	return nil
}

// flags are the options of OpenVPN without a value.
func isFlag(name string) bool {
	return slices.Contains([]string{
		"auth_nocache", "auth_user_pass_optional", "client", "fast_io", "float", "mute_replay_warnings", "nobind", "persist_key", "persist_tun", "pull",
		"tls_client", "tls_server", "mtu_test", "multihome", "passtos",
	}, name)
}

// startOpenVPN runs an instance as /etc/init.d/openvpn does: each option is a line.
func startOpenVPN(ctx context.Context, root string, s *uci.Section) error {
	if s.Get("enabled") == "0" {
		return nil
	}
	b := &vpnhost.Bundle{Name: s.Name, Files: map[string]vpnhost.File{}, Dir: filepath.Join(root, "run", "openvpn-"+s.Name)}
	var text strings.Builder
	for _, o := range s.Options {
		value := o.Values
		switch {
		case o.Key == "enabled":
			continue
		case isFlag(o.Key) && value[0] == "1":
			value = []string{""}
		case isFlag(o.Key):
			continue
		}
		for _, v := range value {
			if slices.Contains([]string{"ca", "cert", "key", "tls_auth", "tls_crypt", "pkcs12", "secret"}, o.Key) && strings.HasPrefix(v, "/") {
				v = filepath.Join(root, v)
			}
			text.WriteString(strings.ReplaceAll(o.Key, "_", "-") + " " + v + "\n")
		}
	}
	b.Main = text.String()
	b.Checksum = strconv.Itoa(len(b.Main)) + b.Main
	if err := os.MkdirAll(b.Dir, 0o711); err != nil {
		return fmt.Errorf("netifd: %w", err)
	}
	program := &vpnhost.OpenVPN{NoWait: true}
	return program.Apply(ctx, b)
}
