package netdiff

import "github.com/wispwright/wispwright/netjsonconfig/ordered"

// NetJSON returns the format of NetJSON NetworkGraph documents, which bring
// their own metadata (spec: netdiff §3.1).
func NetJSON() *Format {
	return &Format{Name: "netdiff.NetJsonParser", Label: "NetJSON NetworkGraph", Aliases: []string{"netjson"}, Read: readNetJSON}
}

func readNetJSON(g *Graph, in *Input) error {
	v, err := in.JSON()
	if err != nil {
		return err
	}
	doc, ok := v.(*ordered.Object)
	if !ok {
		return invalid(in, "Parse error, not a NetworkGraph object")
	}
	if t, _ := doc.Get("type"); t != "NetworkGraph" {
		return invalid(in, "Parse error, not a NetworkGraph object")
	}
	for _, key := range []string{"protocol", "version", "metric", "nodes", "links"} {
		if _, ok := doc.Get(key); !ok {
			return missing(in, key)
		}
	}
	g.Protocol, _ = doc.Get("protocol")
	g.Version, _ = doc.Get("version")
	g.Metric, _ = doc.Get("metric")
	g.Revision, _ = doc.Get("revision")
	if err := eachObject(in, doc, "nodes", func(i int, n *ordered.Object) error { return readNode(g, in, i, n) }); err != nil {
		return err
	}
	return eachObject(in, doc, "links", func(i int, l *ordered.Object) error { return readLink(g, in, i, l) })
}

// listOf takes a value as a list. An object without keys is how programs in Lua
// write an empty one.
func listOf(v any) ([]any, bool) {
	if o, ok := v.(*ordered.Object); ok && o.Len() == 0 {
		return []any{}, true
	}
	list, ok := v.([]any)
	return list, ok
}

// eachObject calls fn for every object of a list; null counts as no list.
func eachObject(in *Input, doc *ordered.Object, key string, fn func(int, *ordered.Object) error) error {
	v, _ := doc.Get(key)
	list, ok := listOf(v)
	if !ok {
		return invalid(in, "Parse error, expected a list", key)
	}
	for i, item := range list {
		o, ok := item.(*ordered.Object)
		if !ok {
			return invalid(in, "Parse error, expected an object", key, i)
		}
		if err := fn(i, o); err != nil {
			return err
		}
	}
	return nil
}

func readNode(g *Graph, in *Input, i int, n *ordered.Object) error {
	v, ok := n.Get("id")
	if !ok {
		return missing(in, "id", "nodes", i)
	}
	id, ok := idOf(v)
	if !ok {
		return invalid(in, "Parse error, a node needs a text as its id", "nodes", i, "id")
	}
	label, _ := n.Get("label")
	local, ok := n.Get("local_addresses")
	if !ok {
		local = []any{}
	}
	attrs := []Attr{{labelAttr, label}, {localAttr, local}}
	more, err := properties(in, n, []string{labelAttr, localAttr}, "nodes", i)
	if err != nil {
		return err
	}
	g.AddNode(id, append(attrs, more...)...)
	return nil
}

func readLink(g *Graph, in *Input, i int, l *ordered.Object) error {
	var ends [2]ID
	for k, key := range []string{"source", "target"} {
		v, ok := l.Get(key)
		if !ok {
			return missingInLink(in, key, "links", i)
		}
		if ends[k], ok = idOf(v); !ok {
			return invalid(in, "Parse error, a link needs a text as its "+key, "links", i, key)
		}
	}
	cost, ok := l.Get("cost")
	if !ok {
		return missingInLink(in, "cost", "links", i)
	}
	text, ok := l.Get("cost_text")
	if !ok {
		text = ""
	}
	attrs, err := properties(in, l, []string{"weight", "cost_text"}, "links", i)
	if err != nil {
		return err
	}
	g.link(ends[0], ends[1], cost, text, true, attrs)
	return nil
}

// properties reads the free attributes; the reserved names would collide with
// what stands beside them.
func properties(in *Input, o *ordered.Object, reserved []string, place ...any) ([]Attr, error) {
	v, ok := o.Get("properties")
	if !ok {
		return nil, nil
	}
	place = append(place, "properties")
	props, ok := v.(*ordered.Object)
	if !ok {
		return nil, invalid(in, "Parse error, expected an object", place...)
	}
	attrs := make([]Attr, 0, props.Len())
	for name, value := range props.All() {
		if contains(reserved, name) {
			return nil, invalid(in, "Parse error, this property has a reserved name", append(place, name)...)
		}
		attrs = append(attrs, Attr{name, value})
	}
	return attrs, nil
}
