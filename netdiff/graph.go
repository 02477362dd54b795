package netdiff

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

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

// idOf takes a JSON value as an ID; lists, objects and null are none.
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
	return &Graph{Meta: meta, Directed: directed, index: map[ID]int{}, pairs: map[[2]int]int{}}
}

// AddNode adds a node, or merges attributes into the one there is: later
// values win, other attributes stay. The attributes "label" and
// "local_addresses" are written beside the properties.
func (g *Graph) AddNode(id ID, attrs ...Attr) {
	i := g.node(id)
	g.nodes[i].attrs = mergeAttrs(g.nodes[i].attrs, attrs)
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
	e.attrs = mergeAttrs(e.attrs, attrs)
}

func (g *Graph) pair(from, to int) [2]int {
	if !g.Directed && to < from {
		return [2]int{to, from}
	}
	return [2]int{from, to}
}

func mergeAttrs(have, more []Attr) []Attr {
	if len(have) == 0 {
		return more
	}
	for _, m := range more {
		if i := slices.IndexFunc(have, func(a Attr) bool { return a.Name == m.Name }); i >= 0 {
			have[i].Value = m.Value
		} else {
			have = append(have, m)
		}
	}
	return have
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

func orEmpty(v any) any {
	if truthy(v) {
		return v
	}
	return ""
}

// truthy reports whether a value counts as given: not null, false, zero or empty.
func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case ordered.Number:
		f, ok := number(v)
		return !ok || f != 0
	case []any:
		return len(v) > 0
	case *ordered.Object:
		return v.Len() > 0
	}
	return true
}

// number returns the value of a number.
func number(v any) (float64, bool) {
	n, ok := v.(ordered.Number)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(n), 64)
	// a number beyond the range is infinite, which is what OLSR means by it
	return f, err == nil || math.IsInf(f, 0)
}

// float returns a number that is written with a fraction, as costs are.
func float(f float64) ordered.Number { return ordered.Number(floatText(f, true)) }

// floatText writes a number as JSON: one beyond the range as a number that is
// beyond everyone's range.
func floatText(f float64, fraction bool) string {
	switch {
	case math.IsInf(f, 1):
		return "1e999"
	case math.IsInf(f, -1):
		return "-1e999"
	case math.IsNaN(f):
		return "null"
	}
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		s := strconv.FormatFloat(f, 'f', -1, 64)
		if fraction {
			s += ".0"
		}
		return s
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

func integer(i int64) ordered.Number { return ordered.Number(strconv.FormatInt(i, 10)) }

// equal compares JSON values deeply; numbers and booleans by value.
func equal(a, b any) bool {
	if fa, ok := numeric(a); ok {
		fb, ok := numeric(b)
		return ok && fa == fb && sameWhole(a, b)
	}
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case *ordered.Object:
		b, ok := b.(*ordered.Object)
		if !ok || a.Len() != b.Len() {
			return false
		}
		for k, v := range a.All() {
			other, ok := b.Get(k)
			if !ok || !equal(v, other) {
				return false
			}
		}
		return true
	case nil:
		return b == nil
	case string:
		s, ok := b.(string)
		return ok && a == s
	}
	return fmt.Sprint(a) == fmt.Sprint(b)
}

func numeric(v any) (float64, bool) {
	if b, ok := v.(bool); ok {
		if b {
			return 1, true
		}
		return 0, true
	}
	return number(v)
}

// wholeText returns the digits of a whole number without a sign before zero,
// and false for a number that is written with a fraction or an exponent.
func wholeText(s string) (string, bool) {
	if strings.ContainsAny(s, ".eE") {
		return "", false
	}
	if s == "-0" {
		return "0", true
	}
	return s, true
}

// sameWhole tells whole numbers apart that are equal as floating point
// numbers, as large counters are; numbers of another kind are left to that.
func sameWhole(a, b any) bool {
	x, ok1 := a.(ordered.Number)
	y, ok2 := b.(ordered.Number)
	if !ok1 || !ok2 || len(x) < 16 && len(y) < 16 {
		return true
	}
	wx, ok1 := wholeText(string(x))
	wy, ok2 := wholeText(string(y))
	return !ok1 || !ok2 || wx == wy
}

// compareNumbers orders two numbers by value, whole ones exactly.
func compareNumbers(a, b string) int {
	x, ok1 := wholeText(a)
	y, ok2 := wholeText(b)
	if ok1 && ok2 && (len(x) > 15 || len(y) > 15) {
		i, _ := new(big.Int).SetString(x, 10) // digits, as the decoder found
		j, _ := new(big.Int).SetString(y, 10)
		return i.Cmp(j)
	}
	f, _ := strconv.ParseFloat(a, 64) // beyond the range it is infinite
	g, _ := strconv.ParseFloat(b, 64)
	return cmp.Compare(f, g)
}
