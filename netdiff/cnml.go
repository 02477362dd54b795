package netdiff

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// CNML returns the format of guifi.net's Community Network Markup Language
// 0.1: the working links between nodes of the document (spec: netdiff §3.5).
// The text itself is read; what it says is never fetched or opened.
func CNML() *Format {
	return &Format{Name: "netdiff.CnmlParser", Label: "CNML 1.0", Aliases: []string{"cnml"}, Protocol: "static", Read: readCNML}
}

// cnmlLink is one link of a document: each occurs under both of its ends.
type cnmlLink struct {
	status      string
	first, last cnmlEnd
	twice       bool // it was declared under another interface too
}

// cnmlEnd is what an occurrence of a link points to.
type cnmlEnd struct{ node, iface string }

// cnml is what is read of a document.
type cnml struct {
	nodes      map[string]bool
	interfaces map[string]string // id to IPv4 address
	links      map[string]*cnmlLink
	order      []string
}

func readCNML(g *Graph, in *Input) error {
	text, ok := in.Text()
	if !ok {
		return invalid(in, "Could not find valid data to parse")
	}
	text = strings.TrimPrefix(text, "\ufeff")
	if !strings.HasPrefix(strings.TrimSpace(text), "<") {
		return invalid(in, "Could not decode CNML data")
	}
	doc, err := decodeCNML(text)
	if err != nil {
		return invalid(in, "Could not decode CNML data: "+err.Error())
	}
	for _, id := range doc.order {
		l := doc.links[id]
		if l.status != "working" || !doc.nodes[l.first.node] || !doc.nodes[l.last.node] {
			continue
		}
		a, b := doc.interfaces[l.first.iface], doc.interfaces[l.last.iface]
		if a == "" || b == "" || !l.twice {
			continue // an end that the document does not describe
		}
		g.AddLink(TextID(a), TextID(b), integer(1))
	}
	return nil
}

// decodeCNML walks the elements; depth is bounded by the decoder's input.
func decodeCNML(text string) (*cnml, error) {
	doc := &cnml{nodes: map[string]bool{}, interfaces: map[string]string{}, links: map[string]*cnmlLink{}}
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = true
	d.Entity = map[string]string{} // no entity but XML's own five
	// what was received is UTF-8 already, whatever the file said of itself
	d.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	var path []string
	class, closed := false, false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			name := e.Name.Local
			if len(path) == 0 && (name != "cnml" || closed) {
				return nil, errors.New("the document is no cnml")
			}
			path = append(path, name)
			if len(path) > 100 {
				return nil, errors.New("nested too deeply")
			}
			if name == "class" {
				class = attribute(e, "network_description") == "detail" || attribute(e, "node_description") != ""
			}
			if err := doc.element(e); err != nil {
				return nil, err
			}
		case xml.EndElement:
			path = path[:len(path)-1]
			closed = len(path) == 0
		case xml.CharData:
			if len(path) == 0 && len(bytes.TrimSpace(e)) > 0 {
				return nil, errors.New("there is text outside of the document")
			}
		}
	}
	if !class {
		return nil, errors.New("the class of the document is not known")
	}
	return doc, nil
}

func (doc *cnml) element(e xml.StartElement) error {
	switch e.Name.Local {
	case "node":
		doc.nodes[attribute(e, "id")] = true
	case "interface":
		doc.interfaces[attribute(e, "id")] = cmp.Or(attribute(e, "ipv4"), attribute(e, "ipv6"))
	case "link":
		status := strings.ToLower(attribute(e, "link_status"))
		known := []string{"planned", "working", "testing", "building", "reserved", "dropped", "inactive"}
		if !slices.Contains(known, status) {
			return errors.New("the status of a link is not known")
		}
		end := cnmlEnd{attribute(e, "linked_node_id"), attribute(e, "linked_interface_id")}
		id := attribute(e, "id")
		l := doc.links[id]
		if l == nil {
			l = &cnmlLink{status: status, first: end}
			doc.links[id] = l
			doc.order = append(doc.order, id)
		} else {
			l.twice = true
		}
		l.last, l.status = end, status
	}
	return nil
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
