package topology

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
)

// Restrict leaves out the nodes of a shared topology that are of organizations
// outside the scope, with their links: a device's organization is its own there
// (spec: topology §6).
func (g *Graph) Restrict(scope wispwright.Scope) *Graph {
	hidden := map[wispwright.ID]bool{}
	for _, n := range g.Nodes {
		if !n.OrganizationID.IsZero() && !scope.Allows(n.OrganizationID) {
			hidden[n.ID] = true
		}
	}
	if len(hidden) == 0 {
		return g
	}
	out := *g
	out.Nodes = slices.DeleteFunc(slices.Clone(g.Nodes), func(n *Node) bool { return hidden[n.ID] })
	out.Links = slices.DeleteFunc(slices.Clone(g.Links), func(l *Link) bool { return hidden[l.SourceID] || hidden[l.TargetID] })
	return &out
}

// RestrictDocument leaves out of an earlier document what is not in the graph
// today: whose that was is not known any more.
func (g *Graph) RestrictDocument(document []byte) ([]byte, error) {
	visible := map[string]bool{}
	for _, n := range g.Nodes {
		visible[firstAddress(n)] = true
	}
	var d struct {
		Nodes []json.RawMessage `json:"nodes"`
		Links []json.RawMessage `json:"links"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, fmt.Errorf("read a document: %w", err)
	}
	at := strings.Index(string(document), `,"nodes":[`)
	if at < 0 {
		return nil, fmt.Errorf("read a document: it has no nodes")
	}
	keep := func(list []json.RawMessage, ends ...string) []byte {
		var kept [][]byte
		for _, raw := range list {
			var o map[string]json.RawMessage
			if json.Unmarshal(raw, &o) != nil || slices.ContainsFunc(ends, func(end string) bool { return !visible[string(o[end])] }) {
				continue
			}
			kept = append(kept, raw)
		}
		return slices.Concat([]byte("["), join(kept), []byte("]"))
	}
	return slices.Concat(document[:at], []byte(`,"nodes":`), keep(d.Nodes, "id"), []byte(`,"links":`), keep(d.Links, "source", "target"), []byte("}")), nil
}

func join(list [][]byte) (out []byte) {
	for i, raw := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, raw...)
	}
	return out
}
