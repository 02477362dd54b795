package vpnhost

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/wgctrl"
)

// routeProtocol marks the routes that are made here.
const routeProtocol = 0xa7

// Apply implements Driver: the interface, its peers, addresses, routes and virtual
// networks become what the file says. Peers that stay keep their sessions.
func (w *WireGuard) Apply(ctx context.Context, b *Bundle) error {
	t, err := parseTunnel(b.Main)
	if err != nil {
		return fmt.Errorf("%s.conf: %w", b.Name, err)
	}
	routes, err := t.routes()
	if err != nil {
		return fmt.Errorf("%s.conf: %w", b.Name, err)
	}
	var networks []network
	if f, ok := b.Files["vxlan.json"]; ok {
		if networks, err = parseNetworks(f.Content); err != nil {
			return err
		}
	}
	if len(b.Name) > maxName {
		return fmt.Errorf("%q is too long for an interface: %d characters at most", b.Name, maxName)
	}
	link, made, err := w.link(ctx, b.Name)
	if err != nil {
		return err
	}
	if made {
		if err := w.run(ctx, b.Name, t.hooks["preup"]); err != nil {
			return err
		}
	}
	if err := configure(b.Name, t); err != nil {
		return err
	}
	if err := netlink.LinkSetMTU(link, t.mtu); err != nil {
		return fmt.Errorf("MTU of %s: %w", b.Name, err)
	}
	if err := setAddresses(link, t.addresses); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("bring up %s: %w", b.Name, busyPort(err, t.port))
	}
	if err := setRoutes(link, routes, t.table); err != nil {
		return err
	}
	if w.Forward {
		if err := forward(b.Name, t.addresses); err != nil {
			return err
		}
	}
	if err := w.setNetworks(link, t, networks); err != nil {
		return err
	}
	if made {
		return w.run(ctx, b.Name, t.hooks["postup"])
	}
	return nil
}

func busyPort(err error, port int) error {
	if err != nil && (errors.Is(err, unix.EADDRINUSE) || strings.Contains(err.Error(), fmt.Sprintf("errno=-%d", unix.EADDRINUSE))) { // the kernel, and user space
		return fmt.Errorf("port %d is in use: %w", port, err)
	}
	return err
}

// link returns the interface, and whether it was made.
func (w *WireGuard) link(ctx context.Context, name string) (link netlink.Link, made bool, err error) {
	link, err = netlink.LinkByName(name)
	missing := netlink.LinkNotFoundError{}
	switch {
	case errors.As(err, &missing):
	case err != nil:
		return nil, false, fmt.Errorf("look for %s: %w", name, err)
	case link.Type() != "wireguard" && link.Type() != "tuntap" && link.Type() != "tun":
		return nil, false, fmt.Errorf("there is an interface %s already, of the type %s", name, link.Type())
	default:
		return link, false, nil
	}
	if !w.UserSpace {
		err = netlink.LinkAdd(&netlink.Wireguard{LinkAttrs: netlink.LinkAttrs{Name: name}})
	}
	switch {
	case w.UserSpace || errors.Is(err, unix.EOPNOTSUPP):
		if err := w.userSpace(ctx, name); err != nil {
			return nil, false, err
		}
	case err != nil:
		return nil, false, fmt.Errorf("make the interface %s: %w", name, err)
	}
	link, err = netlink.LinkByName(name)
	if err != nil {
		return nil, false, fmt.Errorf("look for %s: %w", name, err)
	}
	return link, true, nil
}

// configure sets the key, the port and the peers that are not as they should be.
func configure(name string, t *tunnel) error {
	client, err := wgctrl.New()
	if err != nil {
		return fmt.Errorf("WireGuard: %w", err)
	}
	d, err := client.Device(name)
	if err == nil {
		c := deviceConfig(d, t)
		err = client.ConfigureDevice(name, c)
	}
	if err = errors.Join(err, client.Close()); err != nil {
		return fmt.Errorf("configure %s: %w", name, busyPort(err, t.port))
	}
	return nil
}

func setAddresses(link netlink.Link, wanted []netip.Prefix) error {
	name := link.Attrs().Name
	present, err := netlink.AddrList(link, netlink.FAMILY_ALL)
	if err != nil {
		return fmt.Errorf("addresses of %s: %w", name, err)
	}
	for _, p := range wanted {
		n := ipNet(p)
		if err := netlink.AddrReplace(link, &netlink.Addr{IPNet: &n}); err != nil {
			return fmt.Errorf("address %s of %s: %w", p, name, err)
		}
	}
	for i := range present {
		p := toPrefix(*present[i].IPNet)
		if slices.Contains(wanted, p) || p.Addr().IsLinkLocalUnicast() {
			continue
		}
		if err := netlink.AddrDel(link, &present[i]); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
			return fmt.Errorf("address %s of %s: %w", p, name, err)
		}
	}
	return nil
}

func setRoutes(link netlink.Link, wanted []netip.Prefix, table int) error {
	name := link.Attrs().Name
	for _, p := range wanted {
		n := ipNet(p)
		r := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: &n, Scope: netlink.SCOPE_LINK, Protocol: routeProtocol, Table: max(table, 0)}
		if p.Addr().Is6() {
			r.Scope = netlink.SCOPE_UNIVERSE
		}
		if err := netlink.RouteReplace(r); err != nil {
			return fmt.Errorf("route to %s over %s: %w", p, name, err)
		}
	}
	filter := &netlink.Route{LinkIndex: link.Attrs().Index, Protocol: routeProtocol, Table: unix.RT_TABLE_UNSPEC}
	present, err := netlink.RouteListFiltered(netlink.FAMILY_ALL, filter, netlink.RT_FILTER_OIF|netlink.RT_FILTER_PROTOCOL|netlink.RT_FILTER_TABLE)
	if err != nil {
		return fmt.Errorf("routes over %s: %w", name, err)
	}
	for i := range present {
		if r := &present[i]; r.Dst != nil && !slices.Contains(wanted, toPrefix(*r.Dst)) {
			if err := netlink.RouteDel(r); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("route to %s over %s: %w", r.Dst, name, err)
			}
		}
	}
	return nil
}

// forward switches forwarding on for what comes from an interface.
func forward(name string, addresses []netip.Prefix) error {
	for _, a := range addresses {
		family := "ipv4"
		if a.Addr().Is6() {
			family = "ipv6"
		}
		if err := os.WriteFile("/proc/sys/net/"+family+"/conf/"+name+"/forwarding", []byte("1"), 0o644); err != nil {
			return fmt.Errorf("forwarding of %s: %w", name, err)
		}
	}
	return nil
}

// run runs commands as wg-quick does: %i is the interface.
func (w *WireGuard) run(ctx context.Context, name string, commands []string) error {
	for _, line := range commands {
		if !w.Commands {
			w.log().Warn("a command of a VPN server is passed over", "server", name, "command", line)
			continue
		}
		ctx, stop := context.WithTimeout(ctx, time.Minute)
		out, err := exec.CommandContext(ctx, "/bin/sh", "-c", strings.ReplaceAll(line, "%i", name)).CombinedOutput() //nolint:gosec // what the option is for
		stop()
		if err != nil {
			return fmt.Errorf("the command %q: %w: %s", line, err, lastLine(out))
		}
	}
	return nil
}

// Revoke implements Driver: there are no certificates.
func (w *WireGuard) Revoke(context.Context, *Bundle) error { return nil }

// Disconnect implements Driver: a client that is no peer is left alone.
func (w *WireGuard) Disconnect(context.Context, *Bundle, ...string) error { return nil }

// Status implements Driver.
func (w *WireGuard) Status(_ context.Context, b *Bundle) (string, []Peer, error) {
	link, err := netlink.LinkByName(b.Name)
	if err != nil {
		return "WireGuard", nil, fmt.Errorf("interface %s: %w", b.Name, err)
	}
	by := "WireGuard, kernel"
	if link.Type() != "wireguard" {
		by = "WireGuard, user space"
	}
	if link.Attrs().Flags&net.FlagUp == 0 {
		return by, nil, fmt.Errorf("the interface %s is down", b.Name)
	}
	client, err := wgctrl.New()
	if err != nil {
		return by, nil, fmt.Errorf("WireGuard: %w", err)
	}
	d, err := client.Device(b.Name)
	if err = errors.Join(err, client.Close()); err != nil {
		return by, nil, fmt.Errorf("interface %s: %w", b.Name, err)
	}
	return by, peersOf(d, time.Now()), nil
}

// Remove implements Driver.
func (w *WireGuard) Remove(ctx context.Context, b *Bundle) error {
	link, err := netlink.LinkByName(b.Name)
	if missing := (netlink.LinkNotFoundError{}); errors.As(err, &missing) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for %s: %w", b.Name, err)
	}
	var wrong []error
	t, err := parseTunnel(b.Main)
	if err == nil {
		wrong = append(wrong, w.run(ctx, b.Name, t.hooks["predown"]))
	}
	if err := w.setNetworks(link, nil, nil); err != nil {
		wrong = append(wrong, err)
	}
	w.end(b.Name)
	if err := netlink.LinkDel(link); err != nil && !errors.Is(err, unix.ENODEV) {
		wrong = append(wrong, fmt.Errorf("remove %s: %w", b.Name, err))
	}
	if t != nil {
		wrong = append(wrong, w.run(ctx, b.Name, t.hooks["postdown"]))
	}
	return errors.Join(wrong...)
}
