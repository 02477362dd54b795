package topology

import (
	"context"
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Matcher finds the devices that nodes are, within an organization, or within all
// when that is zero. The outcome is by the id of the node; nodes that are no
// device have no entry.
type Matcher func(ctx context.Context, organization wispwright.ID, nodes []*Node) (map[wispwright.ID]Device, error)

// FindDevices finds devices by texts, such as the common names of certificates,
// within an organization, or within all when that is zero.
type FindDevices func(ctx context.Context, organization wispwright.ID, keys []string) (map[string]Device, error)

// MatchCommonNames matches clients of OpenVPN by the common name of the certificate
// (spec: topology §6).
func MatchCommonNames(find FindDevices) Matcher {
	return matchText(find, func(n *Node) string { return property(n, "common_name") })
}

// MatchMembers matches members of ZeroTier networks by their address, ten
// hexadecimal digits (spec: topology §6).
func MatchMembers(find FindDevices) Matcher {
	member := regexp.MustCompile(`^[0-9a-f]{10}$`)
	return matchText(find, func(n *Node) string {
		address := strings.ToLower(property(n, "address"))
		if !member.MatchString(address) {
			return ""
		}
		return address
	})
}

// MatchMACs matches nodes of a mesh, which have more than one address, by what
// stands before the last @ of their id: the device's MAC address, in capital
// letters (spec: topology §6).
func MatchMACs(find FindDevices) Matcher {
	return matchText(find, func(n *Node) string {
		if list, err := addresses(n.Addresses); err != nil || len(list) < 2 {
			return ""
		}
		id := n.NetjsonID
		if at := strings.LastIndexByte(id, '@'); at >= 0 {
			id = id[:at]
		}
		return strings.ToUpper(id)
	})
}

func matchText(find FindDevices, key func(*Node) string) Matcher {
	return func(ctx context.Context, organization wispwright.ID, nodes []*Node) (map[wispwright.ID]Device, error) {
		by := map[string][]wispwright.ID{}
		var keys []string
		for _, n := range nodes {
			if k := key(n); k != "" {
				if by[k] == nil {
					keys = append(keys, k)
				}
				by[k] = append(by[k], n.ID)
			}
		}
		out := map[wispwright.ID]Device{}
		for some := range slices.Chunk(keys, perQuestion) {
			found, err := find(ctx, organization, some)
			if err != nil {
				return nil, err
			}
			for k, d := range found {
				for _, id := range by[k] {
					out[id] = d
				}
			}
		}
		return out, nil
	}
}

// AddressedDevice is a device with the address it has in a VPN.
type AddressedDevice struct {
	Device
	// Address is its own in the VPN.
	Address netip.Addr
}

// FindAddressed finds the devices whose addresses lie in some networks, within an
// organization, or within all when that is zero.
type FindAddressed func(ctx context.Context, organization wispwright.ID, networks []netip.Prefix) ([]AddressedDevice, error)

// MatchAddresses matches peers of WireGuard by the addresses that they may use:
// the device whose address lies in one of them. The narrowest network counts, so
// that a peer through which everything goes is not everybody (spec: topology §6).
func MatchAddresses(find FindAddressed) Matcher {
	return func(ctx context.Context, organization wispwright.ID, nodes []*Node) (map[wispwright.ID]Device, error) {
		type claim struct {
			network netip.Prefix
			node    wispwright.ID
		}
		var claims []claim
		var networks []netip.Prefix
		for _, n := range nodes {
			for _, p := range allowedNetworks(n) {
				claims, networks = append(claims, claim{p, n.ID}), append(networks, p)
			}
		}
		out := map[wispwright.ID]Device{}
		if len(networks) == 0 {
			return out, nil
		}
		slices.SortStableFunc(claims, func(a, b claim) int { return b.network.Bits() - a.network.Bits() })
		for some := range slices.Chunk(networks, perQuestion) {
			found, err := find(ctx, organization, some)
			if err != nil {
				return nil, err
			}
			for _, d := range found {
				i := slices.IndexFunc(claims, func(c claim) bool { return c.network.Contains(d.Address) })
				if i < 0 {
					continue
				}
				if _, ok := out[claims[i].node]; !ok {
					out[claims[i].node] = d.Device
				}
			}
		}
		return out, nil
	}
}

// allowedNetworks are the networks that a peer of WireGuard may use; what is none
// is passed over.
func allowedNetworks(n *Node) (out []netip.Prefix) {
	o, err := ordered.DecodeObject([]byte(n.Properties))
	if err != nil {
		return nil
	}
	v, _ := o.Get("allowed_ips")
	list, _ := v.([]any)
	for _, item := range list {
		t, _ := item.(string)
		if p, err := netip.ParsePrefix(t); err == nil {
			out = append(out, p.Masked())
		} else if a, err := netip.ParseAddr(t); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	return out
}

// property is a text among a node's properties, "" when there is none.
func property(n *Node, name string) string {
	o, err := ordered.DecodeObject([]byte(n.Properties))
	if err != nil {
		return ""
	}
	v, _ := o.Get(name)
	t, _ := v.(string)
	return t
}

// relateLater finds, after the commit, the devices that new nodes are. It cannot
// fail what it follows from: what goes wrong is logged, and RelateAll does it
// again.
func (s *Service) relateLater(ctx context.Context, topology wispwright.ID, nodes []*Node) {
	if len(s.options.Matchers) == 0 {
		return
	}
	nodes = slices.Clone(nodes)
	wispwright.AfterCommit(ctx, func() {
		ctx := context.WithoutCancel(ctx)
		t, err := s.stores.Topologies.Get(ctx, wispwright.ScopeAll(), topology)
		if err == nil {
			_, err = s.relate(ctx, t, nodes)
		}
		if err != nil {
			s.options.Log.ErrorContext(ctx, "Exception raised during save_device_node", "topology", topology, "error", err)
		}
	})
}

// relate finds which devices nodes of a topology are, and returns how many.
func (s *Service) relate(ctx context.Context, t *Topology, nodes []*Node) (int, error) {
	match := s.matcher(t)
	if match == nil || len(nodes) == 0 {
		return 0, nil
	}
	by := map[wispwright.ID][]*Node{}
	for _, n := range nodes {
		by[n.OrganizationID] = append(by[n.OrganizationID], n)
	}
	var relations []Relation
	for organization, some := range by {
		found, err := match(ctx, organization, some)
		if err != nil {
			return 0, err
		}
		for _, n := range some {
			d, ok := found[n.ID]
			if !ok || !organization.IsZero() && d.OrganizationID != organization {
				continue
			}
			relations = append(relations, Relation{NodeID: n.ID, DeviceID: d.ID, OrganizationID: d.OrganizationID})
			s.options.Log.InfoContext(ctx, "DeviceNode relation created for "+n.Name()+" - "+d.Name)
		}
	}
	if len(relations) == 0 {
		return 0, nil
	}
	return len(relations), s.base.Do(ctx, "topology.Relate", func(ctx context.Context) error {
		if err := s.stores.Nodes.Relate(ctx, relations...); err != nil {
			return err
		}
		s.changed(ctx, t)
		return nil
	})
}

// RelateAll finds the devices that nodes are which are none yet, and returns how
// many it found. Meshes are left out unless they are asked for
// (spec: topology §8, create_device_nodes).
func (s *Service) RelateAll(ctx context.Context, meshes bool) (int, error) {
	no, total := false, 0
	for parser := range s.options.Matchers {
		if parser == meshParser && !meshes {
			continue
		}
		list, err := s.stores.Topologies.List(ctx, wispwright.ScopeAll(), TopologyFilter{Parser: parser}, wispwright.Page{NoTotal: true})
		if err != nil {
			return total, err
		}
		for _, t := range list.Rows {
			nodes, err := s.stores.Nodes.List(ctx, wispwright.ScopeAll(), NodeFilter{TopologyID: t.ID, Matched: &no}, wispwright.Page{NoTotal: true})
			if err != nil {
				return total, err
			}
			n, err := s.relate(ctx, t, nodes.Rows)
			total += n
			if err != nil {
				return total, err
			}
		}
	}
	return total, nil
}

// ForgetDevices makes the nodes that are some devices none: the devices are
// deleted. It joins the transaction of the context.
func (s *Service) ForgetDevices(ctx context.Context, devices ...wispwright.ID) error {
	return s.base.Do(ctx, "topology.ForgetDevices", func(ctx context.Context) error {
		return s.stores.Nodes.Unrelate(ctx, devices...)
	})
}

// meshParser is the format of meshes.
const meshParser = "netdiff.NetJsonParser"

// MoveDevice follows a device to another organization: its nodes in shared
// topologies go along, those in topologies of the former organization are no
// device any more. It joins the transaction of the context.
func (s *Service) MoveDevice(ctx context.Context, d Device) error {
	return s.base.Do(ctx, "topology.MoveDevice", func(ctx context.Context) error {
		nodes, err := s.stores.Nodes.List(ctx, wispwright.ScopeAll(), NodeFilter{DeviceID: d.ID}, wispwright.Page{NoTotal: true})
		if err != nil || len(nodes.Rows) == 0 {
			return err
		}
		ids := make([]wispwright.ID, len(nodes.Rows))
		for i, n := range nodes.Rows {
			ids[i] = n.TopologyID
		}
		topologies, err := s.stores.Topologies.List(ctx, wispwright.ScopeAll(), TopologyFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		shared := map[wispwright.ID]bool{}
		for _, t := range topologies.Rows {
			shared[t.ID] = t.Shared()
		}
		relations := make([]Relation, len(nodes.Rows))
		for i, n := range nodes.Rows {
			relations[i] = Relation{NodeID: n.ID, OrganizationID: n.OrganizationID}
			if shared[n.TopologyID] || n.OrganizationID == d.OrganizationID {
				relations[i] = Relation{NodeID: n.ID, DeviceID: d.ID, OrganizationID: d.OrganizationID}
			}
		}
		return s.stores.Nodes.Relate(ctx, relations...)
	})
}

// SecondAddress is the address that a client of OpenVPN has in the tunnel. The
// error's text is what the log has of it (spec: topology §6).
func (n *Node) SecondAddress() (netip.Addr, error) {
	list, err := addresses(n.Addresses)
	if err != nil || len(list) < 2 {
		return netip.Addr{}, errors.New("IndexError")
	}
	a, err := netip.ParseAddr(list[1])
	if err != nil {
		return netip.Addr{}, errors.New("ValueError")
	}
	return a, nil
}
