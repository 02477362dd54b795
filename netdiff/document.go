package netdiff

import (
	"encoding/json"
	"fmt"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Document is a NetJSON NetworkGraph: a graph as it is written, with nodes
// sorted by id and links by source and target.
type Document struct {
	Meta
	// Nodes are the nodes by id.
	Nodes []Node
	// Links are the links by source and target. Their endpoints need not be
	// among Nodes when the document is a part of a difference.
	Links []Link
}

// Node is one node of a Document.
type Node struct {
	// ID identifies the node.
	ID ID
	// Label is its name for people; the empty string when it has none.
	Label any
	// LocalAddresses are its further addresses, a list.
	LocalAddresses any
	// Properties are all other attributes in the order in which they were given.
	Properties []Attr
}

// Link is one link of a Document.
type Link struct {
	// Source is where it begins; in an undirected graph the endpoint that was
	// named first.
	Source ID
	// Target is where it ends.
	Target ID
	// Cost is its weight, a number in nearly all formats.
	Cost any
	// CostText is the cost for people; the empty string when there is none.
	CostText any
	// Properties are all other attributes in the order in which they were given.
	Properties []Attr
}

// MarshalJSON writes the document with its keys in the order of the standard.
func (d *Document) MarshalJSON() ([]byte, error) {
	b := []byte(`{"type":"NetworkGraph"`)
	for _, f := range []Attr{{"protocol", d.Protocol}, {"version", d.Version}, {"revision", d.Revision}, {"metric", d.Metric}} {
		b = append(b, `,"`...)
		b = append(b, f.Name...)
		b = append(b, `":`...)
		b = ordered.Append(b, f.Value)
	}
	b = append(b, `,"nodes":[`...)
	for i, n := range d.Nodes {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"id":`...)
		b = appendID(b, n.ID)
		b = append(b, `,"label":`...)
		b = ordered.Append(b, n.Label)
		b = append(b, `,"local_addresses":`...)
		b = ordered.Append(b, n.LocalAddresses)
		b = append(b, `,"properties":`...)
		b = append(appendAttrs(b, n.Properties), '}')
	}
	b = append(b, `],"links":[`...)
	for i, l := range d.Links {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"source":`...)
		b = appendID(b, l.Source)
		b = append(b, `,"target":`...)
		b = appendID(b, l.Target)
		b = append(b, `,"cost":`...)
		b = ordered.Append(b, l.Cost)
		b = append(b, `,"cost_text":`...)
		b = ordered.Append(b, l.CostText)
		b = append(b, `,"properties":`...)
		b = append(appendAttrs(b, l.Properties), '}')
	}
	return append(b, "]}"...), nil
}

func appendID(b []byte, id ID) []byte {
	if id.number {
		return append(b, id.text...)
	}
	return ordered.Append(b, id.text)
}

func appendAttrs(b []byte, attrs []Attr) []byte {
	b = append(b, '{')
	for i, a := range attrs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(ordered.Append(b, a.Name), ':')
		b = ordered.Append(b, a.Value)
	}
	return append(b, '}')
}

// String returns the document as indented JSON.
func (d *Document) String() string {
	b, err := json.MarshalIndent(d, "", "    ")
	if err != nil {
		return fmt.Sprintf("(not to be written as JSON: %v)", err)
	}
	return string(b)
}
