// Package cables makes one graph of what the devices of an organization say of their cables: their neighbours on
// the second layer, which lldpd hears of and the agent reports. Neither topologies nor time series are asked for
// anything: reports go in, a graph comes out.
package cables

import (
	"cmp"
	"net"
	"slices"
	"strings"

	"github.com/wispwright/wispwright/netdiff"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

const (
	// MeshID marks the topology that shows the cables of an organization; no mesh has it, for theirs have an @.
	MeshID = "lldp"
	// Mark stands in each document that speaks of cables.
	Mark = `"lldp"`
	// longestID bounds the ids of what is no device, in bytes: LLDP knows no longer ones.
	longestID = 255
	// mostCables bounds how many one device may report; what is more is left out.
	mostCables = 256
)

// Report is the last document of a device.
type Report struct {
	// MAC is the device's address, in any writing with colons.
	MAC string
	// Document is its NetJSON DeviceMonitoring; nil: it reports nothing, and is known where others see it. What in
	// it is not as it should be is passed over.
	Document *ordered.Object
}

// Graph returns what devices of one organization are connected to, and how many of them said anything. A device is
// a node named by its MAC address in capital letters; what is none, such as a switch, one named by the id of its
// chassis. A link has the ports of both ends, of all cables between them.
func Graph(reports []Report) (graph netdiff.Document, speakers int) {
	w := &wiring{nodes: map[string]*node{}, device: map[string]string{}, links: map[[2]string]*link{}}
	reports = slices.Clone(reports)
	slices.SortFunc(reports, func(a, b Report) int { return strings.Compare(strings.ToUpper(a.MAC), strings.ToUpper(b.MAC)) })
	var said []report
	for _, r := range reports {
		mac := strings.ToUpper(r.MAC)
		if _, twice := w.device[strings.ToLower(mac)]; !twice {
			w.device[strings.ToLower(mac)] = mac
		}
		if one, ok := read(mac, r.Document); ok {
			said = append(said, one)
		}
	}
	// what a device calls itself goes before what its address looks like
	for _, r := range slices.Backward(said) {
		w.device[r.chassis.id] = r.mac
	}
	for i := range said {
		w.node(said[i].mac, &said[i].chassis)
	}
	for i := range said {
		for j := range said[i].cables {
			w.join(&said[i], &said[i].cables[j])
		}
	}
	return w.graph(), len(said)
}

// chassis is how a host or a switch introduces itself.
type chassis struct {
	id, kind, name, description string
	addresses, capabilities     []any
}

// cable is a neighbour on an interface.
type cable struct {
	local, protocol, port, portName string
	to                              chassis
}

// report is what a device said.
type report struct {
	mac     string
	chassis chassis
	cables  []cable
}

func read(mac string, document *ordered.Object) (r report, ok bool) {
	if document == nil {
		return r, false
	}
	said, ok := get[*ordered.Object](document, "lldp")
	if !ok {
		return r, false
	}
	r.mac = mac
	if own, ok := get[*ordered.Object](said, "chassis"); ok {
		r.chassis = readChassis(own)
	}
	if r.chassis.id == "" {
		return r, false
	}
	list, _ := get[[]any](said, "neighbors")
	for _, item := range list[:min(len(list), mostCables)] {
		o, _ := item.(*ordered.Object)
		if o == nil {
			continue
		}
		to, _ := get[*ordered.Object](o, "chassis")
		if to == nil {
			continue
		}
		c := cable{to: readChassis(to)}
		c.local, _ = get[string](o, "interface")
		c.protocol, _ = get[string](o, "protocol")
		c.port, _ = get[string](o, "port")
		c.portName, _ = get[string](o, "port_description")
		if c.to.id != "" && c.to.id != r.chassis.id { // a cable between two ports of the device leads nowhere
			r.cables = append(r.cables, c)
		}
	}
	return r, true
}

func readChassis(o *ordered.Object) (c chassis) {
	c.id, _ = get[string](o, "id")
	c.kind, _ = get[string](o, "id_type")
	c.name, _ = get[string](o, "name")
	c.description, _ = get[string](o, "description")
	if mac, err := net.ParseMAC(c.id); err == nil {
		c.id = mac.String()
	}
	if len(c.id) > longestID || strings.ContainsRune(c.id, 0) {
		c.id = ""
	}
	c.addresses, c.capabilities = texts(o, "addresses"), texts(o, "capabilities")
	return c
}

// wiring is a graph that is put together.
type wiring struct {
	// device is the name of a device by what its neighbours may call it.
	device map[string]string
	nodes  map[string]*node
	order  []string
	links  map[[2]string]*link
	pairs  [][2]string
}

type node struct {
	chassis
	device bool
}

// link joins two nodes; ports are those of the lesser one and of the other.
type link struct{ ports, names, protocols [2][]string }

// node makes a node, or learns more of it.
func (w *wiring) node(name string, c *chassis) {
	n := w.nodes[name]
	if n == nil {
		n = &node{chassis: *c, device: w.device[strings.ToLower(name)] == name || w.device[c.id] == name}
		w.nodes[name] = n
		w.order = append(w.order, name)
		return
	}
	n.name, n.description, n.kind = cmp.Or(n.name, c.name), cmp.Or(n.description, c.description), cmp.Or(n.kind, c.kind)
	if len(n.addresses) == 0 {
		n.addresses = c.addresses
	}
	if len(n.capabilities) == 0 {
		n.capabilities = c.capabilities
	}
}

// join adds a cable.
func (w *wiring) join(r *report, c *cable) {
	name := c.to.id
	if device, ok := w.device[name]; ok {
		name = device
	}
	if name == r.mac {
		return
	}
	w.node(name, &c.to)
	pair, near := [2]string{r.mac, name}, 0
	if name < r.mac {
		pair, near = [2]string{name, r.mac}, 1
	}
	l := w.links[pair]
	if l == nil {
		l = &link{}
		w.links[pair] = l
		w.pairs = append(w.pairs, pair)
	}
	add(&l.ports[near], c.local)
	add(&l.protocols[0], c.protocol)
	// what the far end calls its port counts where it does not report itself
	add(&l.names[1-near], cmp.Or(c.portName, c.port))
}

func add(list *[]string, text string) {
	if text != "" && !slices.Contains(*list, text) {
		*list = append(*list, text)
	}
}

// port are the ports of an end, as it names them itself, or else as the other end hears of them.
func (l *link) port(end int) string {
	if len(l.ports[end]) > 0 {
		return strings.Join(l.ports[end], ", ")
	}
	return strings.Join(l.names[end], ", ")
}

func (w *wiring) graph() netdiff.Document {
	d := netdiff.Document{Meta: netdiff.Meta{Protocol: "LLDP", Version: "1", Revision: "", Metric: "static"}}
	for _, name := range w.order {
		n := w.nodes[name]
		out := netdiff.Node{ID: netdiff.TextID(name), Label: cmp.Or(n.name, name), LocalAddresses: []any{}}
		if n.device {
			out.LocalAddresses = []any{n.id} // with two addresses it is looked for among the devices
		}
		for _, a := range []netdiff.Attr{{Name: "chassis_id_type", Value: n.kind}, {Name: "description", Value: n.description}} {
			if a.Value != "" {
				out.Properties = append(out.Properties, a)
			}
		}
		for _, a := range []struct {
			name string
			list []any
		}{{"management_addresses", n.addresses}, {"capabilities", n.capabilities}} {
			if len(a.list) > 0 {
				out.Properties = append(out.Properties, netdiff.Attr{Name: a.name, Value: a.list})
			}
		}
		d.Nodes = append(d.Nodes, out)
	}
	for _, pair := range w.pairs {
		l := w.links[pair]
		slices.Sort(l.protocols[0])
		out := netdiff.Link{Source: netdiff.TextID(pair[0]), Target: netdiff.TextID(pair[1]), Cost: ordered.Number("1.0"), CostText: ""}
		for _, a := range []netdiff.Attr{{Name: "source_port", Value: l.port(0)}, {Name: "target_port", Value: l.port(1)}, {Name: "via", Value: strings.Join(l.protocols[0], ", ")}} {
			if a.Value != "" {
				out.Properties = append(out.Properties, a)
			}
		}
		d.Links = append(d.Links, out)
	}
	return d
}

// texts are those of a list.
func texts(o *ordered.Object, key string) (out []any) {
	list, _ := get[[]any](o, key)
	for _, item := range list {
		if t, ok := item.(string); ok && t != "" && len(out) < 16 {
			out = append(out, t)
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
