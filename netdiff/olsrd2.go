package netdiff

import "github.com/wispwright/wispwright/netjsonconfig/ordered"

// OLSRd2 returns the format of olsrd2's plugin netjsoninfo: a NetJSON
// NetworkGraph, or a NetworkCollection of one graph for each address family
// ("/netjsoninfo graph"), which become one graph. Documents of other types in
// the collection, such as routes, are passed over.
//
// The daemon names its nodes by a family prefix and an address; the address,
// where the node has one, is its label.
func OLSRd2() *Format {
	return &Format{Name: "netdiff.Olsrd2Parser", Label: "OLSRd2 (netjsoninfo)", Aliases: []string{"olsrd2"},
		Protocol: "OLSRv2", Version: "2", Metric: "ff_dat_metric", Read: readOLSRd2}
}

func readOLSRd2(g *Graph, in *Input) error {
	v, err := in.JSON()
	if err != nil {
		return err
	}
	doc, ok := v.(*ordered.Object)
	if !ok {
		return invalid(in, "Parse error, not a NetworkGraph object")
	}
	switch t, _ := doc.Get("type"); t {
	case "NetworkGraph":
		return readOLSRd2Graph(g, in, doc)
	case "NetworkCollection":
		if _, ok := doc.Get("collection"); !ok {
			return missing(in, "collection")
		}
		return eachObject(in, doc, "collection", func(_ int, member *ordered.Object) error {
			if t, _ := member.Get("type"); t != "NetworkGraph" {
				return nil
			}
			return readOLSRd2Graph(g, in, member)
		})
	}
	return invalid(in, "Parse error, not a NetworkGraph object")
}

func readOLSRd2Graph(g *Graph, in *Input, doc *ordered.Object) error {
	for key, field := range map[string]*any{"version": &g.Version, "revision": &g.Revision, "metric": &g.Metric} {
		if v, ok := doc.Get(key); ok && truthy(v) {
			*field = v
		}
	}
	for _, key := range []string{"nodes", "links"} {
		if _, ok := doc.Get(key); !ok {
			return missing(in, key)
		}
	}
	err := eachObject(in, doc, "nodes", func(i int, n *ordered.Object) error {
		if label, _ := n.Get("label"); !truthy(label) {
			if props, _ := n.Get("properties"); props != nil {
				if o, ok := props.(*ordered.Object); ok {
					if address, ok := o.Get("router_addr"); ok {
						n = n.Clone()
						n.Set("label", address)
					}
				}
			}
		}
		return readNode(g, in, i, n)
	})
	if err != nil {
		return err
	}
	return eachObject(in, doc, "links", func(i int, l *ordered.Object) error { return readLink(g, in, i, l) })
}
