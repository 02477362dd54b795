package netdiff

import "github.com/wispwright/wispwright/netjsonconfig/ordered"

// Freifunk returns the format of Freifunk's public lists: nodelist.json
// (nodes without links), meshviewer.json and the older graph.json beside
// nodes.json. Nodes that are offline keep their entry with "online" false.
func Freifunk() *Format {
	return &Format{Name: "netdiff.FreifunkParser", Label: "Freifunk (nodelist, meshviewer)", Aliases: []string{"freifunk"},
		Protocol: "Freifunk", Version: "1", Metric: "TQ", Read: readFreifunk}
}

func readFreifunk(g *Graph, in *Input) error {
	v, err := in.JSON()
	if err != nil {
		return err
	}
	doc, ok := v.(*ordered.Object)
	if !ok {
		return unrecognized(in)
	}
	if version, ok := doc.Get("version"); ok && truthy(version) {
		g.Version = version
		if n, ok := version.(ordered.Number); ok {
			g.Version = string(n)
		}
	}
	if batadv, ok := doc.Get("batadv"); ok {
		graph, ok := batadv.(*ordered.Object)
		if !ok {
			return invalid(in, "Parse error, expected an object", "batadv")
		}
		return readFreifunkGraph(g, in, graph)
	}
	if _, ok := doc.Get("nodes"); !ok {
		return missing(in, "nodes")
	}
	if err := eachObject(in, doc, "nodes", func(i int, n *ordered.Object) error { return readFreifunkNode(g, in, i, n) }); err != nil {
		return err
	}
	if _, ok := doc.Get("links"); !ok {
		return nil
	}
	return eachObject(in, doc, "links", func(i int, l *ordered.Object) error {
		var ends [2]ID
		for k, key := range []string{"source", "target"} {
			v, _ := l.Get(key)
			var ok bool
			if ends[k], ok = idOf(v); !ok {
				return missingInLink(in, key, "links", i)
			}
		}
		var attrs []Attr
		for _, key := range []string{"type", "source_tq", "target_tq", "source_addr", "target_addr"} {
			if v, ok := l.Get(key); ok {
				attrs = append(attrs, Attr{key, v})
			}
		}
		tq, _ := l.Get("source_tq")
		g.AddLink(ends[0], ends[1], costOfTQ(tq), attrs...)
		return nil
	})
}

// costOfTQ turns a transmission quality between 0 and 1 into a cost: its
// inverse, 1 when the quality is not known. One above 1 is batman-adv's own,
// of 255.
func costOfTQ(v any) ordered.Number {
	tq, ok := number(v)
	if ok && tq > 1 && tq <= 255 {
		tq /= 255
	}
	if !ok || tq <= 0 || tq > 1 {
		return float(1)
	}
	return float(1 / tq)
}

// first returns the value of the first key that an object has.
func first(o *ordered.Object, keys ...string) any {
	for _, k := range keys {
		if v, ok := o.Get(k); ok {
			return v
		}
	}
	return nil
}

func readFreifunkNode(g *Graph, in *Input, i int, n *ordered.Object) error {
	if info, ok := first(n, "nodeinfo").(*ordered.Object); ok {
		return readNodeInfo(g, in, i, n, info)
	}
	id, ok := idOf(first(n, "node_id", "id"))
	if !ok {
		return missing(in, "id", "nodes", i)
	}
	attrs := []Attr{{labelAttr, first(n, "hostname", "name")}}
	if addresses, ok := first(n, "addresses").([]any); ok {
		attrs = append(attrs, Attr{localAttr, addresses})
	}
	online := first(n, "is_online")
	clients := first(n, "clients")
	if status, ok := first(n, "status").(*ordered.Object); ok {
		online, clients = first(status, "online"), first(status, "clients")
	}
	for _, a := range []Attr{{"online", online}, {"clients", clients}, {"role", first(n, "role")}, {"gateway", first(n, "is_gateway")}} {
		if a.Value != nil {
			attrs = append(attrs, a)
		}
	}
	g.AddNode(id, attrs...)
	return nil
}

// readNodeInfo reads an entry of nodes.json.
func readNodeInfo(g *Graph, in *Input, i int, n, info *ordered.Object) error {
	id, ok := idOf(first(info, "node_id"))
	if !ok {
		return missing(in, "node_id", "nodes", i, "nodeinfo")
	}
	attrs := []Attr{{labelAttr, first(info, "hostname")}}
	if network, ok := first(info, "network").(*ordered.Object); ok {
		if addresses, ok := first(network, "addresses").([]any); ok {
			attrs = append(attrs, Attr{localAttr, addresses})
		}
	}
	if flags, ok := first(n, "flags").(*ordered.Object); ok {
		if online := first(flags, "online"); online != nil {
			attrs = append(attrs, Attr{"online", online})
		}
	}
	g.AddNode(id, attrs...)
	return nil
}

// readFreifunkGraph reads graph.json, whose links name their ends by their
// place in the list of nodes.
func readFreifunkGraph(g *Graph, in *Input, graph *ordered.Object) error {
	var ids []ID
	err := eachObject(in, graph, "nodes", func(i int, n *ordered.Object) error {
		id, ok := idOf(first(n, "node_id", "id"))
		if !ok {
			return missing(in, "id", "batadv", "nodes", i)
		}
		ids = append(ids, id)
		g.AddNode(id)
		return nil
	})
	if err != nil {
		return err
	}
	return eachObject(in, graph, "links", func(i int, l *ordered.Object) error {
		var ends [2]ID
		for k, key := range []string{"source", "target"} {
			place, ok := number(first(l, key))
			if !ok || place < 0 || int(place) >= len(ids) || place != float64(int(place)) {
				return invalid(in, "Parse error, a link names no node", "batadv", "links", i, key)
			}
			ends[k] = ids[int(place)]
		}
		cost := any(float(1))
		if tq, ok := number(first(l, "tq")); ok {
			cost = float(tq)
		}
		g.AddLink(ends[0], ends[1], cost)
		return nil
	})
}
