package netdiff

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// ID identifies a node: nearly always a text, in some documents a number. Its
// zero value is the empty text.
type ID struct {
	text   string
	number bool
}

// TextID returns the ID that is a text.
func TextID(s string) ID { return ID{text: s} }

// idOf takes a JSON value as an ID; lists, objects and null are not IDs.
func idOf(v any) (ID, bool) {
	switch v := v.(type) {
	case string:
		return ID{text: v}, true
	case bool:
		return ID{text: map[bool]string{true: "1", false: "0"}[v], number: true}, true
	case ordered.Number:
		if whole, ok := wholeText(string(v)); ok {
			return ID{text: whole, number: true}, true
		}
		f, ok := number(v)
		if !ok {
			return ID{}, false
		}
		return ID{text: floatText(f, false), number: true}, true
	}
	return ID{}, false
}

// String returns the text, or the digits of a number.
func (id ID) String() string { return id.text }

// MarshalJSON writes a string or a number.
func (id ID) MarshalJSON() ([]byte, error) {
	if id.number {
		return []byte(id.text), nil
	}
	return json.Marshal(id.text)
}

// Compare orders numbers before texts, numbers by value, texts by code point.
func (id ID) Compare(o ID) int {
	switch {
	case id.number && o.number:
		return compareNumbers(id.text, o.text)
	case id.number:
		return -1
	case o.number:
		return 1
	}
	return cmp.Compare(id.text, o.text)
}

// Attr is an attribute of a node or a link. Values are JSON values as package
// ordered has them: nil, bool, string, ordered.Number, []any, *ordered.Object.
type Attr struct {
	// Name of the attribute.
	Name string
	// Value of the attribute.
	Value any
}

// The names of the attributes that NetJSON writes beside the properties.
const (
	labelAttr = "label"
	localAttr = "local_addresses"
)

// Meta says where a topology comes from. Each is a text, or nil when unknown.
type Meta struct {
	// Protocol is the routing protocol, such as "OLSR".
	Protocol any
	// Version of the routing daemon.
	Version any
	// Revision of the routing daemon.
	Revision any
	// Metric is what costs are measured in, such as "ETX".
	Metric any
}

// Graph is a topology while it is being read. Nodes and links are kept in the
// order in which they were first named (spec: netdiff §4).
type Graph struct {
	Meta
	// Directed keeps a→b and b→a apart.
	Directed bool

	nodes []node
	index map[ID]int
	edges []edge
	pairs map[[2]int]int
	// the indices of nodes and links with many attributes
	nodeAttrs, edgeAttrs map[int]attrIndex
}

type node struct {
	id    ID
	attrs []Attr
}

type edge struct {
	from, to int
	cost     any
	costText any // nil is null; absentText when it was never given
	attrs    []Attr
}

// absentText stands for a cost_text that was never given; it is compared and
// written like an empty one.
const absentText = ""

// NewGraph returns an empty graph.
func NewGraph(meta Meta, directed bool) *Graph {
	return &Graph{Meta: meta, Directed: directed, index: map[ID]int{}, pairs: map[[2]int]int{},
		nodeAttrs: map[int]attrIndex{}, edgeAttrs: map[int]attrIndex{}}
}

// AddNode adds a node, or merges attributes into the one there is: later
// values win, other attributes stay. The names of one call must differ. The
// attributes "label" and "local_addresses" are written beside the properties.
func (g *Graph) AddNode(id ID, attrs ...Attr) {
	i := g.node(id)
	g.nodes[i].attrs = mergeAttrs(g.nodes[i].attrs, attrs, g.nodeAttrs, i)
}

func (g *Graph) node(id ID) int {
	i, ok := g.index[id]
	if !ok {
		i = len(g.nodes)
		g.index[id] = i
		g.nodes = append(g.nodes, node{id: id})
	}
	return i
}

// AddLink adds a link and the endpoints that are missing, or merges into the
// link there is; in an undirected graph the direction does not matter.
func (g *Graph) AddLink(source, target ID, cost any, attrs ...Attr) {
	g.link(source, target, cost, nil, false, attrs)
}

func (g *Graph) link(source, target ID, cost, costText any, hasText bool, attrs []Attr) {
	from, to := g.node(source), g.node(target)
	pair := g.pair(from, to)
	i, ok := g.pairs[pair]
	if !ok {
		i = len(g.edges)
		g.pairs[pair] = i
		// the endpoint that was named first is the source of an undirected link
		g.edges = append(g.edges, edge{from: pair[0], to: pair[1], costText: absentText})
	}
	e := &g.edges[i]
	e.cost = cost
	if hasText {
		e.costText = costText
	}
	e.attrs = mergeAttrs(e.attrs, attrs, g.edgeAttrs, i)
}

func (g *Graph) pair(from, to int) [2]int {
	if !g.Directed && to < from {
		return [2]int{to, from}
	}
	return [2]int{from, to}
}

// Len returns the number of nodes and of links.
func (g *Graph) Len() (nodes, links int) { return len(g.nodes), len(g.edges) }

// Document returns the graph as a NetJSON NetworkGraph with sorted nodes and
// links. It is a NetJSONError when the protocol is not known, or the version
// of a protocol that is not "static" (spec: netdiff §2).
func (g *Graph) Document() (*Document, error) {
	nodes := make([]int, len(g.nodes))
	for i := range nodes {
		nodes[i] = i
	}
	edges := make([]int, len(g.edges))
	for i := range edges {
		edges[i] = i
	}
	return g.part(g.Meta, nodes, edges)
}

// part makes a document of some of the nodes and links.
func (g *Graph) part(meta Meta, nodes, edges []int) (*Document, error) {
	if meta.Protocol == nil {
		return nil, &NetJSONError{Message: "protocol cannot be None"}
	}
	if meta.Version == nil && meta.Protocol != "static" {
		return nil, &NetJSONError{Message: `version cannot be None except when protocol is "static"`}
	}
	d := &Document{Meta: meta, Nodes: make([]Node, 0, len(nodes)), Links: make([]Link, 0, len(edges))}
	for _, i := range nodes {
		d.Nodes = append(d.Nodes, g.nodes[i].rendered())
	}
	for _, i := range edges {
		e := &g.edges[i]
		d.Links = append(d.Links, Link{Source: g.nodes[e.from].id, Target: g.nodes[e.to].id,
			Cost: e.cost, CostText: orEmpty(e.costText), Properties: e.attrs})
	}
	slices.SortFunc(d.Nodes, func(a, b Node) int { return a.ID.Compare(b.ID) })
	slices.SortFunc(d.Links, func(a, b Link) int { return cmp.Or(a.Source.Compare(b.Source), a.Target.Compare(b.Target)) })
	return d, nil
}

func (n *node) rendered() Node {
	out := Node{ID: n.id, Label: "", LocalAddresses: []any{}}
	plain := true
	for _, a := range n.attrs {
		switch {
		case a.Name == labelAttr:
			out.Label, plain = orEmpty(a.Value), false
		case a.Name == localAttr:
			plain = false
			if truthy(a.Value) {
				out.LocalAddresses = a.Value
			}
		}
	}
	if plain {
		out.Properties = n.attrs
		return out
	}
	for _, a := range n.attrs {
		if a.Name != labelAttr && a.Name != localAttr {
			out.Properties = append(out.Properties, a)
		}
	}
	return out
}
