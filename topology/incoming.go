package topology

import (
	"fmt"
	"math"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netdiff"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// incoming is what data say, as it would be stored.
type incoming struct {
	protocol, version, revision, metric string

	nodes []reportedNode
	links []reportedLink
	// refused are the faults of objects that cannot be stored.
	refused []string
}

type reportedNode struct {
	id         string
	label      string
	addresses  wispwright.JSON
	properties wispwright.JSON
	digest     int64
	mesh       bool // it has more than one address
}

type reportedLink struct {
	source, target string
	cost           float64
	costText       string
	properties     wispwright.JSON
	digest         int64
}

// read takes a document apart. What cannot be stored is refused one by one; texts
// for people that are too long are cut (spec: topology §2.2, "isolate every
// object").
func read(d *netdiff.Document) *incoming {
	in := &incoming{
		protocol: cut(metaText(d.Protocol), longestLabel), version: cut(metaText(d.Version), 24),
		revision: cut(metaText(d.Revision), longestLabel), metric: cut(metaText(d.Metric), 24),
		nodes: make([]reportedNode, 0, len(d.Nodes)), links: make([]reportedLink, 0, len(d.Links)),
	}
	for i := range d.Nodes {
		in.node(&d.Nodes[i])
	}
	for i := range d.Links {
		in.link(&d.Links[i])
	}
	return in
}

func (in *incoming) refuse(format string, args ...any) {
	in.refused = append(in.refused, cut(fmt.Sprintf(format, args...), 300))
}

func (in *incoming) node(n *netdiff.Node) {
	id := n.ID.String()
	if strings.ContainsRune(id, 0) {
		in.refuse("node %q: %s", id, "null characters are not allowed")
		return
	}
	addresses := ordered.Append([]byte{'['}, idValue(n.ID))
	more := 0
	if local, ok := n.LocalAddresses.([]any); ok {
		for _, a := range local {
			addresses = ordered.Append(append(addresses, ','), a)
			more++
		}
	}
	addresses = append(addresses, ']')
	r := reportedNode{id: id, label: cut(labelText(n.Label), longestLabel), addresses: wispwright.JSON(addresses), properties: attributes(n.Properties, nil), mesh: more > 0}
	if len(r.addresses) > largestJSON || len(r.properties) > largestJSON {
		in.refuse("node %q: its addresses or properties are larger than %d bytes", id, largestJSON)
		return
	}
	r.digest = nodeDigest(&Node{Label: r.label, Addresses: r.addresses, Properties: r.properties})
	in.nodes = append(in.nodes, r)
}

func (in *incoming) link(l *netdiff.Link) {
	source, target := l.Source.String(), l.Target.String()
	cost, ok := costValue(l.Cost)
	switch {
	case source == target:
		in.refuse("link %q - %q: %s", source, target, sameNode)
		return
	case !ok:
		in.refuse("link %q - %q: its cost is no number", source, target)
		return
	}
	r := reportedLink{source: source, target: target, cost: cost, costText: cut(labelText(l.CostText), longestCostText), properties: attributes(l.Properties, reserved)}
	if len(r.properties) > largestJSON {
		in.refuse("link %q - %q: its properties are larger than %d bytes", source, target, largestJSON)
		return
	}
	r.digest = linkDigest(&Link{Cost: r.cost, CostText: r.costText, Properties: r.properties})
	in.links = append(in.links, r)
}

// idValue is an id as the JSON value it was.
func idValue(id netdiff.ID) any {
	b, err := id.MarshalJSON()
	if err != nil || len(b) == 0 || b[0] == '"' {
		return id.String()
	}
	return ordered.Number(b)
}

// metaText is what data say of themselves, as text.
func metaText(v any) string {
	if v == nil {
		return ""
	}
	return text(v)
}

// labelText is a text for people; other values are written as JSON, none is "".
func labelText(v any) string { return strings.ReplaceAll(metaText(v), "\x00", "") }

// cut shortens a text to n characters.
func cut(s string, n int) string {
	s = strings.ReplaceAll(s, "\x00", "")
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// costValue is a cost as a number; infinite ones are the largest there is.
func costValue(v any) (float64, bool) {
	switch v := v.(type) {
	case ordered.Number:
		f, err := v.Float64()
		if math.IsInf(f, 0) {
			return math.Copysign(math.MaxFloat64, f), true
		}
		return f, err == nil && !math.IsNaN(f)
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// attributes are properties as a JSON object, sorted by name.
func attributes(list []netdiff.Attr, without func(string) bool) wispwright.JSON {
	if len(list) == 0 {
		return "{}"
	}
	names, values := make([]string, 0, len(list)), make(map[string]any, len(list))
	for _, a := range list {
		if without != nil && without(a.Name) {
			continue
		}
		if _, twice := values[a.Name]; !twice {
			names = append(names, a.Name)
		}
		values[a.Name] = a.Value
	}
	return orderedText(names, values)
}
