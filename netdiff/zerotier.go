package netdiff

import "github.com/wispwright/wispwright/netjsonconfig/ordered"

// ZeroTier returns the format of "zerotier-cli peers -j" and of the service's
// /peer (spec: netdiff §3.8).
func ZeroTier() *Format {
	return &Format{Name: "netdiff.ZeroTierParser", Label: "ZeroTier", Aliases: []string{"zerotier"},
		Protocol: "ZeroTier Controller Peers", Version: "1", Metric: "static", Read: readZeroTier}
}

func readZeroTier(g *Graph, in *Input) error {
	v, err := in.JSON()
	if err != nil {
		return err
	}
	if !truthy(v) {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		return invalid(in, "Parse error, expected a list")
	}
	for i, item := range list {
		peer, ok := item.(*ordered.Object)
		if !ok {
			return invalid(in, "Parse error, expected an object", i)
		}
		latency, _ := peer.Get("latency")
		role, _ := peer.Get("role")
		if n, ok := number(latency); role != "LEAF" || ok && n == -1 {
			continue
		}
		if _, ok := peer.Get("paths"); !ok {
			return missing(in, "paths", i)
		}
		err := eachObject(in, peer, "paths", func(k int, path *ordered.Object) error {
			return addPath(g, in, peer, path, i, k)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func addPath(g *Graph, in *Input, peer, path *ordered.Object, i, k int) error {
	is := func(key string) bool { v, _ := path.Get(key); return truthy(v) }
	if is("expired") || !is("active") || !is("preferred") {
		return nil
	}
	v, _ := peer.Get("address")
	address, ok := idOf(v)
	if !ok {
		return missing(in, "address", i)
	}
	remote, ok := path.Get("address")
	if !ok {
		return missing(in, "address", i, "paths", k)
	}
	controller := TextID("controller")
	g.AddNode(controller, Attr{labelAttr, "controller"})
	attrs := []Attr{{labelAttr, v}, {"address", v}, {"ip_address", remote}}
	for _, key := range []string{"role", "version", "tunneled", "isBonded"} {
		value, _ := peer.Get(key)
		attrs = append(attrs, Attr{key, value})
	}
	g.AddNode(address, attrs...)
	latency, _ := peer.Get("latency")
	var rest []Attr
	for key, value := range path.All() {
		if key != "address" {
			rest = append(rest, Attr{key, value})
		}
	}
	g.AddLink(controller, address, latency, rest...)
	return nil
}
