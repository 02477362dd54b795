package netdiff

import (
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Batman returns the format of batman-adv: alfred's jsondoc and the older
// txtinfo (spec: netdiff §3.3).
func Batman() *Format {
	return &Format{Name: "netdiff.BatmanParser", Label: "batman-advanced (jsondoc/txtinfo)", Aliases: []string{"batman"},
		Protocol: "batman-adv", Version: "2015.0", Metric: "TQ", Read: readBatman}
}

// vis is one entry of a jsondoc.
type vis struct {
	primary   string
	secondary []any
	clients   any
	neighbors []any
}

func readBatman(g *Graph, in *Input) error {
	v, err := in.JSON()
	if err != nil {
		if _, isText := in.Text(); isText {
			return readBatmanText(g, in)
		}
		return err
	}
	doc, ok := v.(*ordered.Object)
	if !ok {
		return missing(in, "vis")
	}
	if version, ok := doc.Get("source_version"); ok {
		g.Version = version
	}
	if _, ok := doc.Get("vis"); !ok {
		return missing(in, "vis")
	}
	var entries []vis
	primaryOf := map[string]string{}
	err = eachObject(in, doc, "vis", func(i int, o *ordered.Object) error {
		e, err := readVis(in, i, o)
		if err != nil {
			return err
		}
		entries = append(entries, e)
		for _, mac := range append([]any{e.primary}, e.secondary...) {
			if s, ok := mac.(string); ok {
				if _, taken := primaryOf[s]; !taken {
					primaryOf[s] = e.primary
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, e := range entries {
		for k, item := range e.neighbors {
			if err := addNeighbor(g, in, primaryOf, e, item, i, k); err != nil {
				return err
			}
		}
	}
	return nil
}

func readVis(in *Input, i int, o *ordered.Object) (vis, error) {
	e := vis{secondary: []any{}, clients: []any{}}
	v, _ := o.Get("primary")
	var ok bool
	if e.primary, ok = v.(string); !ok {
		return e, missing(in, "primary", "vis", i)
	}
	if v, ok := o.Get("secondary"); ok {
		if e.secondary, ok = listOf(v); !ok {
			return e, invalid(in, "Parse error, expected a list", "vis", i, "secondary")
		}
	}
	if v, ok := o.Get("clients"); ok {
		e.clients = v
	}
	v, _ = o.Get("neighbors")
	if e.neighbors, ok = listOf(v); !ok {
		return e, invalid(in, "Parse error, expected a list", "vis", i, "neighbors")
	}
	return e, nil
}

func addNeighbor(g *Graph, in *Input, primaryOf map[string]string, e vis, item any, i, k int) error {
	n, ok := item.(*ordered.Object)
	if !ok {
		return invalid(in, "Parse error, expected an object", "vis", i, "neighbors", k)
	}
	v, _ := n.Get("neighbor")
	mac, ok := v.(string)
	if !ok {
		return missingInLink(in, "neighbor", "vis", i, "neighbors", k)
	}
	v, ok = n.Get("metric")
	if !ok {
		return missingInLink(in, "metric", "vis", i, "neighbors", k)
	}
	cost, ok := readCost(v)
	if !ok {
		return invalid(in, "Parse error, a number is expected", "vis", i, "neighbors", k, "metric")
	}
	g.AddNode(TextID(e.primary), Attr{localAttr, e.secondary}, Attr{"clients", e.clients})
	if primary, known := primaryOf[mac]; known {
		mac = primary
	}
	g.AddLink(TextID(e.primary), TextID(mac), float(cost))
	return nil
}

// readBatmanText reads the rows below "Table: Topology" and its header, up to
// another table. What cannot be reached is no link.
func readBatmanText(g *Graph, in *Input) error {
	lines := in.lines()
	for i, l := range lines {
		if l != "Table: Topology" {
			continue
		}
		for k := i + 2; k < len(lines); k++ {
			if lines[k] == "" {
				continue
			}
			if strings.HasPrefix(lines[k], "Table: ") {
				break
			}
			cells := strings.Fields(lines[k])
			if len(cells) < 5 {
				return invalidLine(in, "Parse error, five columns are expected", k+1)
			}
			cost, ok := readCost(strings.ReplaceAll(cells[4], "INFINITE", "inf"))
			if !ok {
				return invalidLine(in, "Parse error, a number is expected", k+1)
			}
			if cells[4] == "INFINITE" {
				continue
			}
			g.AddLink(TextID(cells[0]), TextID(cells[1]), float(cost))
		}
		return nil
	}
	return invalid(in, "Unrecognized format")
}
