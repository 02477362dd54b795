package server

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/topology"
	"github.com/wispwright/wispwright/x509"
)

// tunnelDevices finds devices by what VPN servers know of their clients
// (spec: topology §6).
type tunnelDevices struct {
	topologyDevices
	clients *vpn.Clients
	certs   *x509.Certs
}

// tunnelMatchers are those of the formats of VPN servers; there are none without
// VPN servers.
func (c *TopologyConcern) tunnelMatchers(h *Host) map[string]topology.Matcher {
	servers, ok := Find[*VPNConcern](h.mounted)
	if !ok || c.Controller == nil {
		return nil
	}
	d := &tunnelDevices{topologyDevices: topologyDevices{c.Controller.Controller}, clients: servers.Clients}
	out := map[string]topology.Matcher{"netdiff.WireguardParser": topology.MatchAddresses(d.byAddress), "netdiff.ZeroTierParser": topology.MatchMembers(d.byMember)}
	if pki, ok := Find[*X509Concern](h.mounted); ok {
		d.certs = pki.Certs
		out["netdiff.OpenvpnParser"] = topology.MatchCommonNames(d.byCommonName)
	}
	return out
}

// all are the clients of an organization's devices, or of all.
func (d *tunnelDevices) all(ctx context.Context, organization wispwright.ID) ([]*vpn.Client, error) {
	found, err := d.clients.List(ctx, everyone(), vpn.ClientFilter{OrganizationID: organization}, unpaged)
	return found.Rows, err
}

// keyed names the devices of clients that have one of the keys.
func (d *tunnelDevices) keyed(ctx context.Context, clients []*vpn.Client, keyOf func(*vpn.Client) string, keys []string) (map[string]topology.Device, error) {
	devices := map[string]wispwright.ID{}
	for _, c := range clients {
		if key := keyOf(c); key != "" && slices.Contains(keys, key) && devices[key].IsZero() {
			devices[key] = c.DeviceID
		}
	}
	ids := make([]wispwright.ID, 0, len(devices))
	for _, id := range devices {
		ids = append(ids, id)
	}
	named, err := d.Named(ctx, ids...)
	if err != nil {
		return nil, err
	}
	out := map[string]topology.Device{}
	for key, id := range devices {
		if device, ok := named[id]; ok {
			out[key] = device
		}
	}
	return out, nil
}

// byCommonName finds devices by the common names of their clients' certificates.
func (d *tunnelDevices) byCommonName(ctx context.Context, organization wispwright.ID, names []string) (map[string]topology.Device, error) {
	clients, err := d.all(ctx, organization)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, c := range clients {
		if c.CertID != 0 {
			ids = append(ids, c.CertID)
		}
	}
	called := map[int64]string{}
	for some := range slices.Chunk(ids, 500) {
		found, err := d.certs.List(ctx, everyone(), x509.CertFilter{IDs: wispwright.Only(some...)}, unpaged)
		if err != nil {
			return nil, err
		}
		for _, cert := range found.Rows {
			called[cert.ID] = cert.CommonName
		}
	}
	return d.keyed(ctx, clients, func(c *vpn.Client) string { return called[c.CertID] }, names)
}

// byMember finds devices by the first ten digits of their ZeroTier identity.
func (d *tunnelDevices) byMember(ctx context.Context, organization wispwright.ID, members []string) (map[string]topology.Device, error) {
	clients, err := d.all(ctx, organization)
	if err != nil {
		return nil, err
	}
	return d.keyed(ctx, clients, func(c *vpn.Client) string {
		member, _, _ := strings.Cut(c.Identity.Reveal(), ":")
		return member
	}, members)
}

// byAddress finds devices by the addresses of their clients.
func (d *tunnelDevices) byAddress(ctx context.Context, organization wispwright.ID, networks []netip.Prefix) ([]topology.AddressedDevice, error) {
	clients, err := d.all(ctx, organization)
	if err != nil {
		return nil, err
	}
	clients = slices.DeleteFunc(clients, func(c *vpn.Client) bool {
		return !c.Address.IsValid() || !slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(c.Address) })
	})
	ids := make([]wispwright.ID, len(clients))
	for i, c := range clients {
		ids[i] = c.DeviceID
	}
	named := map[wispwright.ID]topology.Device{}
	for some := range slices.Chunk(ids, 500) {
		found, err := d.Named(ctx, some...)
		if err != nil {
			return nil, err
		}
		for id, device := range found {
			named[id] = device
		}
	}
	var out []topology.AddressedDevice
	for _, c := range clients {
		if device, ok := named[c.DeviceID]; ok {
			out = append(out, topology.AddressedDevice{Device: device, Address: c.Address})
		}
	}
	return out, nil
}
