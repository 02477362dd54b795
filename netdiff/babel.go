package netdiff

import (
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// infinity is Babel's metric of what cannot be reached.
const infinity = 65535

// Babel returns the format of babeld's local interface: what the command
// "dump" answers (or a "monitor" so far). One router knows its neighbours and
// by which of them each other router is reached, so that the graph is that
// router's view: itself, its neighbours with the cost of the link, and behind
// each neighbour the routers whose routes it announces, with the metric the
// neighbour announced.
func Babel() *Format {
	return &Format{Name: "netdiff.BabelParser", Label: "Babel (babeld dump)", Aliases: []string{"babel"},
		Protocol: "Babel", Version: "1", Metric: "babel", Read: readBabel}
}

// babelView is what one router tells.
type babelView struct {
	self, host string
	neighbours []babelNeighbour
	routes     []babelRoute
	neighbour  map[string]int // by its name in the dump
	route      map[string]int
}

type babelNeighbour struct {
	address, device string
	cost, rx, tx    float64
	reach           string
	gone            bool
}

type babelRoute struct {
	router, via    string
	metric         float64 // the neighbour's own
	installed, out bool
}

func readBabel(g *Graph, in *Input) error {
	if _, ok := in.Text(); !ok {
		return unrecognized(in)
	}
	view := babelView{neighbour: map[string]int{}, route: map[string]int{}}
	recognized := false
	for i, line := range in.lines() {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "BABEL":
			recognized = true
		case "version":
			if len(words) > 1 {
				g.Version = strings.TrimPrefix(words[1], "babeld-")
			}
		case "host":
			if len(words) > 1 {
				view.host = words[1]
			}
		case "my-id":
			if len(words) > 1 {
				view.self = words[1]
			}
		case "add", "change", "flush":
			recognized = true
			if err := view.change(in, words, i+1); err != nil {
				return err
			}
		}
	}
	if !recognized {
		return unrecognized(in)
	}
	view.build(g)
	return nil
}

// change takes one line "add neighbour …", "change route …", "flush …".
func (v *babelView) change(in *Input, words []string, line int) error {
	if len(words) < 3 {
		return invalidLine(in, "Parse error, a kind and a name are expected", line)
	}
	kind, name := words[1], words[2]
	fields := map[string]string{}
	for i := 3; i+1 < len(words); i += 2 {
		fields[words[i]] = words[i+1]
	}
	number := func(key string) (float64, error) {
		f, err := strconv.ParseFloat(fields[key], 64)
		if err != nil || math.IsNaN(f) {
			return 0, invalidLine(in, "Parse error, a number is expected for "+strconv.Quote(key), line)
		}
		return f, nil
	}
	switch kind {
	case "self":
		v.self = name
		if id := fields["id"]; id != "" {
			v.self = id
		}
	case "neighbour", "neighbor":
		if _, err := netip.ParseAddr(fields["address"]); err != nil {
			return invalidLine(in, "Parse error, an address is expected", line)
		}
		n := babelNeighbour{address: fields["address"], device: fields["if"], reach: fields["reach"], gone: words[0] == "flush"}
		for key, to := range map[string]*float64{"cost": &n.cost, "rxcost": &n.rx, "txcost": &n.tx} {
			var err error
			if *to, err = number(key); err != nil {
				return err
			}
		}
		keep(v.neighbour, name, &v.neighbours, n)
	case "route":
		r := babelRoute{router: fields["id"], via: fields["via"], installed: fields["installed"] == "yes", out: words[0] == "flush"}
		var err error
		if r.metric, err = number("refmetric"); err != nil {
			return err
		}
		if r.router == "" || r.via == "" {
			return invalidLine(in, `Parse error, "id" and "via" are expected`, line)
		}
		keep(v.route, name, &v.routes, r)
	}
	return nil
}

// keep stores a row under its name, in the place of an earlier one.
func keep[T any](index map[string]int, name string, rows *[]T, row T) {
	if i, ok := index[name]; ok {
		(*rows)[i] = row
		return
	}
	index[name] = len(*rows)
	*rows = append(*rows, row)
}

func (v *babelView) build(g *Graph) {
	self := v.self
	if self == "" {
		self = "self"
	}
	// a neighbour that announces its own routes is the router of that id
	router := map[string]string{}
	for _, r := range v.routes {
		if r.metric == 0 && !r.out {
			router[r.via] = r.router
		}
	}
	id := func(address string) ID {
		if known := router[address]; known != "" {
			return TextID(known)
		}
		return TextID(address)
	}
	g.AddNode(TextID(self), Attr{labelAttr, v.host})
	local := map[ID][]any{}
	for _, n := range v.neighbours {
		if n.gone || n.cost >= infinity {
			continue
		}
		node := id(n.address)
		local[node] = append(local[node], n.address)
		g.AddNode(node, Attr{localAttr, local[node]})
		g.AddLink(TextID(self), node, babelNumber(n.cost), Attr{"interface", n.device}, Attr{"rxcost", babelNumber(n.rx)},
			Attr{"txcost", babelNumber(n.tx)}, Attr{"reach", n.reach})
	}
	for _, r := range v.routes {
		if r.out || !r.installed || r.metric == 0 || r.metric >= infinity || r.router == self {
			continue
		}
		if via := id(r.via); via != TextID(r.router) {
			g.AddLink(via, TextID(r.router), babelNumber(r.metric))
		}
	}
}

func babelNumber(f float64) ordered.Number { return ordered.Number(floatText(f, false)) }
