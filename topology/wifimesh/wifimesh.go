// Package wifimesh makes graphs of WiFi meshes (802.11s) from what the devices in them report to monitoring
// (spec: topology §6). Neither topologies nor time series are asked for anything: reports go in, graphs come out.
package wifimesh

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/wispwright/wispwright/netdiff"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Mode is that of the interfaces that are part of a mesh.
const Mode = "802.11s"

// Report is the last document of a device.
type Report struct {
	// MAC is the device's address, in any writing with colons.
	MAC string
	// Document is its NetJSON DeviceMonitoring. What in it is not as it should be is passed over.
	Document *ordered.Object
}

// Mesh is one mesh as its devices see it.
type Mesh struct {
	// ID names it: "ssid@channel".
	ID string
	// Graph has a node for each device that is known, and a link for each two that have a peering.
	Graph netdiff.Document
}

// Meshes returns the meshes that devices of one organization report, by id.
func Meshes(reports []Report) []Mesh {
	meshes := map[string]*mesh{}
	for i := range reports {
		interfaces, _ := reports[i].Document.Get("interfaces")
		list, _ := interfaces.([]any)
		for _, item := range list {
			if port, ok := item.(*ordered.Object); ok {
				add(meshes, strings.ToUpper(reports[i].MAC), port)
			}
		}
	}
	out := make([]Mesh, 0, len(meshes))
	for id, m := range meshes {
		out = append(out, Mesh{ID: id, Graph: m.graph()})
	}
	slices.SortFunc(out, func(a, b Mesh) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// mesh is one that is put together.
type mesh struct {
	// nodes are the ids of devices by the address of their interface, order these addresses as they came.
	nodes map[string]string
	order []string
	// properties are what peers say of an interface, by its address.
	properties map[string][]netdiff.Attr
	// links are by their ends, the lesser one first.
	links map[[2]string]*link
	pairs [][2]string
}

// link is a peering as one end reports it, and then the other.
type link struct {
	// reporter and peer are addresses of interfaces.
	reporter, peer string
	properties     []netdiff.Attr
}

func add(meshes map[string]*mesh, device string, port *ordered.Object) {
	radio, _ := get[*ordered.Object](port, "wireless")
	address, _ := get[string](port, "mac")
	if radio == nil || address == "" {
		return
	}
	mode, _ := get[string](radio, "mode")
	ssid, _ := get[string](radio, "ssid")
	channel, ok := get[ordered.Number](radio, "channel")
	if mode != Mode || !ok {
		return
	}
	id := ssid + "@" + string(channel)
	m := meshes[id]
	if m == nil {
		m = &mesh{nodes: map[string]string{}, properties: map[string][]netdiff.Attr{}, links: map[[2]string]*link{}}
		meshes[id] = m
	}
	address = strings.ToUpper(address)
	if _, twice := m.nodes[address]; !twice {
		m.order = append(m.order, address)
	}
	m.nodes[address] = device + "@" + string(channel)
	clients, _ := get[[]any](radio, "clients")
	for _, item := range clients {
		if client, ok := item.(*ordered.Object); ok {
			m.peer(address, client)
		}
	}
}

// peer takes what an interface says of a peer.
func (m *mesh) peer(reporter string, client *ordered.Object) {
	address, _ := get[string](client, "mac")
	address = strings.ToUpper(address)
	if address == "" || address == reporter {
		return
	}
	if _, told := m.properties[address]; !told {
		m.properties[address] = some(client, "ht", "vht", "he", "mfp", "wmm", "vendor")
	}
	if state, told := get[string](client, "mesh_plink"); told && state != "ESTAB" {
		return
	}
	pair := [2]string{min(reporter, address), max(reporter, address)}
	told := some(client, "auth", "authorized", "noise", "signal", "signal_avg", "mesh_llid", "mesh_plid", "mesh_plink", "mesh_non_peer_ps")
	if l := m.links[pair]; l != nil {
		l.merge(told)
		return
	}
	m.links[pair] = &link{reporter: reporter, peer: address, properties: told}
	m.pairs = append(m.pairs, pair)
}

// merge lays what the other end says of a link over what the first one said: numbers are halfway between, of what
// is no number and should be equal at both ends it is said when it is not.
func (l *link) merge(told []netdiff.Attr) {
	for _, new := range told {
		i := slices.IndexFunc(l.properties, func(a netdiff.Attr) bool { return a.Name == new.Name })
		if i < 0 {
			l.properties = append(l.properties, new)
			continue
		}
		old := &l.properties[i]
		switch value := new.Value.(type) {
		case ordered.Number:
			old.Value = between(old.Value, value)
		case bool:
			was, _ := old.Value.(bool)
			old.Value = was && value
		case string:
			if was, text := old.Value.(string); text && was != value && (new.Name == "mesh_plink" || new.Name == "mesh_non_peer_ps") {
				old.Value = fmt.Sprintf("INCONSISTENT: (%s / %s)", value, was)
			}
		}
	}
}

// between is the whole number halfway between two, the lower one of two such; a value that is none, or zero,
// gives way to the new one.
func between(old any, value ordered.Number) any {
	was, ok := old.(ordered.Number)
	if !ok {
		return value
	}
	a, wholeA := new(big.Int).SetString(string(was), 10)
	b, wholeB := new(big.Int).SetString(string(value), 10)
	if !wholeA || !wholeB || a.Sign() == 0 {
		return value
	}
	// Euclidean division by a positive number rounds down
	return ordered.Number(new(big.Int).Div(a.Add(a, b), big.NewInt(2)).String())
}

// graph is the mesh as NetJSON. What is not an interface of a known device is left out, with its links.
func (m *mesh) graph() netdiff.Document {
	d := netdiff.Document{Meta: netdiff.Meta{Protocol: "Mesh", Version: "1", Revision: "", Metric: "Airtime"}}
	at := map[string]int{} // of a device with two interfaces in one mesh there is one node
	for _, address := range m.order {
		id := m.nodes[address]
		if i, twice := at[id]; twice {
			list, _ := d.Nodes[i].LocalAddresses.([]any)
			d.Nodes[i].LocalAddresses = append(list, address)
			continue
		}
		at[id] = len(d.Nodes)
		d.Nodes = append(d.Nodes, netdiff.Node{ID: netdiff.TextID(id), Label: id, LocalAddresses: []any{address}, Properties: m.properties[address]})
	}
	met := map[[2]string]bool{}
	for _, pair := range m.pairs {
		l := m.links[pair]
		source, known := m.nodes[l.reporter]
		target, knownToo := m.nodes[l.peer]
		ends := [2]string{min(source, target), max(source, target)}
		if !known || !knownToo || source == target || met[ends] {
			continue
		}
		met[ends] = true
		d.Links = append(d.Links, netdiff.Link{Source: netdiff.TextID(source), Target: netdiff.TextID(target), Cost: ordered.Number("1.0"), CostText: "", Properties: l.properties})
	}
	return d
}

// some are the members of an object that have one of some names and are simple values, in the order of the names.
func some(o *ordered.Object, names ...string) (out []netdiff.Attr) {
	for _, name := range names {
		v, ok := o.Get(name)
		if !ok {
			continue
		}
		switch v.(type) {
		case string, bool, ordered.Number:
			out = append(out, netdiff.Attr{Name: name, Value: v})
		}
	}
	return out
}

// get is a member of an object, if it is of the type that is asked for.
func get[T any](o *ordered.Object, key string) (value T, ok bool) {
	v, _ := o.Get(key)
	value, ok = v.(T)
	return value, ok
}
