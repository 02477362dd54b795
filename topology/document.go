package topology

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Graph is a topology with all that belongs to it.
type Graph struct {
	// Topology is the topology itself.
	Topology *Topology
	// Nodes and Links are sorted by when they were added, then by the ids in
	// NetJSON.
	Nodes []*Node
	Links []*Link
	// Devices are those that nodes are.
	Devices map[wispwright.ID]Device
}

// Name is what a node is called: as its device, else as itself.
func (g *Graph) Name(n *Node) string { return nameOf(n, g.Devices) }

// Graphs returns topologies with all that belongs to them, in a fixed number of
// statements.
func (s *Service) Graphs(ctx context.Context, topologies ...*Topology) ([]*Graph, error) {
	out := make([]*Graph, len(topologies))
	at := map[wispwright.ID]*Graph{}
	ids := make([]wispwright.ID, len(topologies))
	for i, t := range topologies {
		out[i] = &Graph{Topology: t}
		ids[i], at[t.ID] = t.ID, out[i]
	}
	all := wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Created"}}}
	var nodes []*Node
	for some := range slices.Chunk(ids, perQuestion) {
		n, err := s.stores.Nodes.List(ctx, wispwright.ScopeAll(), NodeFilter{TopologyIDs: wispwright.Only(some...)}, all)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n.Rows...)
		l, err := s.stores.Links.List(ctx, wispwright.ScopeAll(), LinkFilter{TopologyIDs: wispwright.Only(some...)}, all)
		if err != nil {
			return nil, err
		}
		for _, row := range l.Rows {
			at[row.TopologyID].Links = append(at[row.TopologyID].Links, row)
		}
	}
	devices, err := s.devices(ctx, nodes)
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		at[n.TopologyID].Nodes = append(at[n.TopologyID].Nodes, n)
	}
	for _, g := range out {
		g.Devices = devices
		g.close()
		g.sort()
	}
	return out, nil
}

// close leaves out links whose nodes came, or went, between the statements that read both.
func (g *Graph) close() {
	there := make(map[wispwright.ID]bool, len(g.Nodes))
	for _, n := range g.Nodes {
		there[n.ID] = true
	}
	g.Links = slices.DeleteFunc(g.Links, func(l *Link) bool { return !there[l.SourceID] || !there[l.TargetID] })
}

func (g *Graph) sort() {
	slices.SortStableFunc(g.Nodes, func(a, b *Node) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.NetjsonID, b.NetjsonID))
	})
	names := g.ids()
	slices.SortStableFunc(g.Links, func(a, b *Link) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(names[a.SourceID], names[b.SourceID]), cmp.Compare(names[a.TargetID], names[b.TargetID]))
	})
}

// ids are the nodes' ids in NetJSON, as JSON values.
func (g *Graph) ids() map[wispwright.ID]string {
	out := make(map[wispwright.ID]string, len(g.Nodes))
	for _, n := range g.Nodes {
		out[n.ID] = firstAddress(n)
	}
	return out
}

// firstAddress is a node's id in NetJSON as JSON.
func firstAddress(n *Node) string {
	quoted := string(ordered.Append(nil, n.NetjsonID))
	if strings.HasPrefix(string(n.Addresses), "["+quoted) {
		return quoted
	}
	if v, err := ordered.Decode([]byte(n.Addresses)); err == nil {
		if list, ok := v.([]any); ok && len(list) > 0 {
			return string(ordered.Append(nil, list[0]))
		}
	}
	return quoted
}

// NodesJSON are the nodes as documents have them (spec: topology §4.1).
func (g *Graph) NodesJSON() wispwright.JSON {
	b := []byte{'['}
	for i, n := range g.Nodes {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, `{"id":`...), firstAddress(n)...)
		if name := g.Name(n); name != "" {
			b = ordered.Append(append(b, `,"label":`...), name)
		}
		if local := localAddresses(n); local != "" {
			b = append(append(b, `,"local_addresses":`...), local...)
		}
		b = append(b, `,"properties":`...)
		b = append(properties(b, n.Properties, n.UserProperties, []stamp{{"created", n.Created}, {"modified", n.Modified}}, ""), '}')
	}
	return wispwright.JSON(append(b, ']'))
}

// LinksJSON are the links as documents have them (spec: topology §4.1).
func (g *Graph) LinksJSON() wispwright.JSON {
	ids := g.ids()
	b := []byte{'['}
	for i, l := range g.Links {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, `{"source":`...), ids[l.SourceID]...)
		b = append(append(b, `,"target":`...), ids[l.TargetID]...)
		b = appendCost(append(b, `,"cost":`...), l.Cost)
		b = ordered.Append(append(b, `,"cost_text":`...), l.CostText)
		b = append(b, `,"properties":`...)
		b = append(properties(b, l.Properties, l.UserProperties, []stamp{{"status_changed", l.StatusChanged}, {"created", l.Created}, {"modified", l.Modified}}, l.Status), '}')
	}
	return wispwright.JSON(append(b, ']'))
}

// Document is the graph as lists, history and WebSockets have it
// (spec: topology §4.1).
func (g *Graph) Document() []byte {
	t := g.Topology
	b := []byte(`{"type":"NetworkGraph"`)
	for _, f := range [][2]string{{"protocol", t.Protocol}, {"version", t.Version}, {"metric", t.Metric}, {"label", t.Label}, {"id", t.ID.String()}, {"parser", t.Parser}} {
		b = append(append(append(b, `,"`...), f[0]...), `":`...)
		b = ordered.Append(b, f[1])
	}
	b = appendTime(append(b, `,"created":`...), t.Created)
	b = appendTime(append(b, `,"modified":`...), t.Modified)
	b = append(append(b, `,"nodes":`...), g.NodesJSON()...)
	b = append(append(b, `,"links":`...), g.LinksJSON()...)
	return append(b, '}')
}

// Count is how many nodes and links it has.
func (g *Graph) Count() Count {
	c := Count{Nodes: int64(len(g.Nodes))}
	for _, l := range g.Links {
		if l.Status == Up {
			c.Up++
		} else {
			c.Down++
		}
	}
	return c
}

// localAddresses are a node's further addresses as JSON, "" when there are none.
func localAddresses(n *Node) string {
	if !strings.Contains(string(n.Addresses), ",") {
		return ""
	}
	v, err := ordered.Decode([]byte(n.Addresses))
	list, ok := v.([]any)
	if err != nil || !ok || len(list) < 2 {
		return ""
	}
	return string(ordered.Append(nil, list[1:]))
}

// stamp is a time among the properties.
type stamp struct {
	name string
	at   time.Time
}

// properties writes what the network says, what people say over it, and what is
// known here over both.
func properties(b []byte, network, people wispwright.JSON, stamps []stamp, status string) []byte {
	o, err := ordered.DecodeObject([]byte(network))
	if err != nil {
		o = ordered.NewObject()
	}
	if len(people) > 2 {
		if more, err := ordered.DecodeObject([]byte(people)); err == nil {
			for k, v := range more.All() {
				o.Set(k, v)
			}
		}
	}
	b = append(b, '{')
	for k, v := range o.All() {
		if k == "status" && status != "" || slices.ContainsFunc(stamps, func(s stamp) bool { return s.name == k }) {
			continue
		}
		b = append(ordered.Append(b, k), ':')
		b = append(ordered.Append(b, v), ',')
	}
	if status != "" {
		b = append(ordered.Append(append(b, `"status":`...), status), ',')
	}
	for i, s := range stamps {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendTime(append(append(append(b, '"'), s.name...), `":`...), s.at)
	}
	return append(b, '}')
}

// appendCost writes a number with a fraction, as clients know costs.
func appendCost(b []byte, f float64) []byte {
	at := len(b)
	b = strconv.AppendFloat(b, f, 'g', -1, 64)
	if f < 1e15 && f > -1e15 {
		b = strconv.AppendFloat(b[:at], f, 'f', -1, 64)
		if !slices.Contains(b[at:], '.') {
			b = append(b, ".0"...)
		}
	}
	return b
}

// appendTime writes a time as the REST API has it: in UTC, with six digits of the
// second or none.
func appendTime(b []byte, t time.Time) []byte {
	layout := `"2006-01-02T15:04:05.000000Z"`
	if t.Nanosecond()/1000 == 0 {
		layout = `"2006-01-02T15:04:05Z"`
	}
	return t.UTC().AppendFormat(b, layout)
}

// Named is what a node is called, and whose it is.
type Named struct {
	Name           string
	OrganizationID wispwright.ID
}

// Names returns what nodes are called: as their devices, else as themselves.
func (s *Service) Names(ctx context.Context, nodes ...*Node) (map[wispwright.ID]string, error) {
	devices, err := s.devices(ctx, nodes)
	if err != nil {
		return nil, err
	}
	out := make(map[wispwright.ID]string, len(nodes))
	for _, n := range nodes {
		out[n.ID] = nameOf(n, devices)
	}
	return out, nil
}

// EndNames returns what the nodes of links are called.
func (s *Service) EndNames(ctx context.Context, links ...*Link) (map[wispwright.ID]Named, error) {
	ids := make([]wispwright.ID, 0, 2*len(links))
	for _, l := range links {
		ids = append(ids, l.SourceID, l.TargetID)
	}
	var nodes []*Node
	for some := range slices.Chunk(ids, perQuestion) {
		found, err := s.stores.Nodes.List(ctx, wispwright.ScopeAll(), NodeFilter{IDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, found.Rows...)
	}
	devices, err := s.devices(ctx, nodes)
	if err != nil {
		return nil, err
	}
	out := make(map[wispwright.ID]Named, len(nodes))
	for _, n := range nodes {
		out[n.ID] = Named{nameOf(n, devices), n.OrganizationID}
	}
	return out, nil
}

// Count returns how many nodes and links some topologies have.
func (s *Service) Count(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]Count, error) {
	return s.stores.Topologies.Count(ctx, ids...)
}
