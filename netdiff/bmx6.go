package netdiff

import "github.com/wispwright/wispwright/netjsonconfig/ordered"

// BMX6 returns the format of BMX6's b6m and q6m (spec: netdiff §3.4). It is
// also found under the name by which topologies store it.
func BMX6() *Format {
	return &Format{Name: "netdiff.Bmx6Parser", Label: "BMX6 (q6m)", Aliases: []string{"netdiff.BmxParser", "bmx6"},
		Protocol: "BMX6_b6m", Version: "0", Metric: "none", Read: readBMX6}
}

func readBMX6(g *Graph, in *Input) error {
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
		entry, ok := item.(*ordered.Object)
		if !ok {
			return invalid(in, "Parse error, expected an object", i)
		}
		if _, ok := entry.Get("links"); !ok {
			return missing(in, "links", i)
		}
		err := eachObject(in, entry, "links", func(k int, l *ordered.Object) error {
			name, _ := entry.Get("name")
			other, _ := l.Get("name")
			source, ok1 := idOf(name)
			target, ok2 := idOf(other)
			if !ok1 || !ok2 {
				return missingInLink(in, "name", i, "links", k)
			}
			sent, _ := l.Get("txRate")
			received, _ := l.Get("rxRate")
			t, ok1 := readCost(sent)
			r, ok2 := readCost(received)
			if !ok1 || !ok2 {
				return invalid(in, "Parse error, the rates txRate and rxRate are expected", i, "links", k)
			}
			g.AddLink(source, target, float((t+r)/2), Attr{"tx_rate", sent}, Attr{"rx_rate", received})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
