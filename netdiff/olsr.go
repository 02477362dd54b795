package netdiff

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// OLSR returns the format of olsrd 0.6 to 0.9: the plugins jsoninfo and
// txtinfo (spec: netdiff §3.2).
func OLSR() *Format {
	return &Format{Name: "netdiff.OlsrParser", Label: "OLSRd (txtinfo/jsoninfo)", Aliases: []string{"olsr"},
		Protocol: "OLSR", Version: "0.8", Metric: "ETX", Read: readOLSR}
}

func readOLSR(g *Graph, in *Input) error {
	v, err := in.JSON()
	if err != nil {
		if _, isText := in.Text(); isText {
			return readOLSRText(g, in)
		}
		return err
	}
	doc, ok := v.(*ordered.Object)
	if !ok {
		return missing(in, "topology")
	}
	for _, key := range []string{"topology", "mid"} {
		if _, ok := doc.Get(key); !ok {
			return missing(in, key)
		}
	}
	if err := readOLSRVersion(g, in, doc); err != nil {
		return err
	}
	aliases := map[ID][]any{}
	err = eachObject(in, doc, "mid", func(i int, m *ordered.Object) error {
		main, list, err := readMID(in, i, m)
		addAliases(aliases, main, list)
		return err
	})
	if err != nil {
		return err
	}
	scaled := costsAreScaled(doc)
	return eachObject(in, doc, "topology", func(i int, l *ordered.Object) error {
		var values [5]any
		for k, key := range []string{"lastHopIP", "destinationIP", "tcEdgeCost", "linkQuality", "neighborLinkQuality"} {
			v, ok := l.Get(key)
			if !ok {
				return missingInLink(in, key, "topology", i)
			}
			values[k] = v
		}
		source, ok1 := idOf(values[0])
		target, ok2 := idOf(values[1])
		cost, ok3 := readCost(values[2])
		if !ok1 || !ok2 || !ok3 {
			return invalid(in, "Parse error, two addresses and a cost are expected", "topology", i)
		}
		if !scaled || !fractional(values[2]) && cost >= leastCost {
			cost /= 1024
		}
		addOLSRLink(g, aliases, source, target, cost, values[3], values[4])
		return nil
	})
}

// leastCost is below what older ones of olsrd print: an ETX.
const leastCost = 100

// costsAreScaled tells olsrd since 0.9.5, which prints the ETX itself with three
// decimals, from older ones, which print 1024ths of it, in whole numbers whose
// smallest in use is 102. A fraction below 100 is an ETX, and then all fractions
// of the document are, and whole numbers below it, which a program in between may
// have written so.
func costsAreScaled(doc *ordered.Object) bool {
	v, _ := doc.Get("topology")
	list, _ := listOf(v)
	return slices.ContainsFunc(list, func(item any) bool {
		l, ok := item.(*ordered.Object)
		if !ok {
			return false // reported where it is read
		}
		v, _ := l.Get("tcEdgeCost")
		cost, ok := readCost(v)
		return ok && cost < leastCost && fractional(v)
	})
}

// fractional reports whether a number is written with decimals, also where they
// are zero.
func fractional(v any) bool {
	switch v := v.(type) {
	case ordered.Number:
		return strings.Contains(string(v), ".")
	case string:
		return strings.Contains(v, ".")
	}
	return false
}

// addAliases adds to the aliases of a node: newer versions list each in a row of
// its own.
func addAliases(aliases map[ID][]any, main ID, list []any) {
	known, ok := aliases[main]
	if !ok {
		aliases[main] = list
		return
	}
	for _, a := range list {
		if !slices.Contains(known, a) {
			known = append(known, a)
		}
	}
	aliases[main] = known
}

// readCost takes a number or a text that is one.
func readCost(v any) (float64, bool) {
	if s, ok := v.(string); ok {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return f, (err == nil || math.IsInf(f, 0)) && !math.IsNaN(f)
	}
	return numeric(v)
}

func addOLSRLink(g *Graph, aliases map[ID][]any, source, target ID, cost float64, quality, neighbour any) {
	for _, end := range [...]ID{source, target} {
		if list, ok := aliases[end]; ok {
			g.AddNode(end, Attr{localAttr, list})
		}
	}
	if math.IsInf(cost, 1) {
		return
	}
	g.AddLink(source, target, float(cost), Attr{"link_quality", quality}, Attr{"neighbor_link_quality", neighbour})
}

func readOLSRVersion(g *Graph, in *Input, doc *ordered.Object) error {
	if v, ok := doc.Get("version"); ok {
		o, ok := v.(*ordered.Object)
		if !ok {
			return invalid(in, "Parse error, expected an object", "version")
		}
		release, ok1 := o.Get("releaseVersion")
		hash, ok2 := o.Get("sourceHash")
		if !ok1 || !ok2 {
			return invalid(in, `Parse error, "releaseVersion" and "sourceHash" are expected`, "version")
		}
		g.Version, g.Revision = release, hash
		return nil
	}
	v, ok := doc.Get("config")
	if !ok {
		return nil
	}
	config, ok := v.(*ordered.Object)
	if !ok {
		return invalid(in, "Parse error, expected an object", "config")
	}
	v, _ = config.Get("olsrdVersion")
	text, ok := v.(string)
	if !ok {
		return missing(in, "olsrdVersion", "config")
	}
	parts := strings.Split(strings.ReplaceAll(text, " ", ""), "-")
	if len(parts) < 2 {
		return invalid(in, "Parse error, a version is expected", "config", "olsrdVersion")
	}
	last := parts[len(parts)-1]
	if _, after, ok := strings.Cut(last, "hash_"); ok {
		last = after
	}
	g.Version, g.Revision = parts[1], last
	return nil
}

// readMID reads the aliases of one node in the older or the newer layout.
func readMID(in *Input, i int, m *ordered.Object) (ID, []any, error) {
	address := func(o *ordered.Object, place ...any) (any, error) {
		v, ok := o.Get("ipAddress")
		if !ok {
			return nil, missing(in, "ipAddress", place...)
		}
		return v, nil
	}
	holder, place := m, []any{"mid", i}
	if v, ok := m.Get("main"); ok {
		if holder, ok = v.(*ordered.Object); !ok {
			return ID{}, nil, invalid(in, "Parse error, expected an object", "mid", i, "main")
		}
		place = append(place, "main")
	}
	v, err := address(holder, place...)
	if err != nil {
		return ID{}, nil, err
	}
	main, ok := idOf(v)
	if !ok {
		return ID{}, nil, invalid(in, "Parse error, an address is expected", append(place, "ipAddress")...)
	}
	v, ok = m.Get("aliases")
	if !ok {
		return ID{}, nil, missing(in, "aliases", "mid", i)
	}
	list, ok := v.([]any)
	if !ok {
		return ID{}, nil, invalid(in, "Parse error, expected a list", "mid", i, "aliases")
	}
	out := make([]any, 0, len(list))
	for k, item := range list {
		o, ok := item.(*ordered.Object)
		if !ok {
			return ID{}, nil, invalid(in, "Parse error, expected an object", "mid", i, "aliases", k)
		}
		a, err := address(o, "mid", i, "aliases", k)
		if err != nil {
			return ID{}, nil, err
		}
		out = append(out, a)
	}
	return main, out, nil
}

// readOLSRText reads the tables Topology and MID of txtinfo.
func readOLSRText(g *Graph, in *Input) error {
	lines := in.lines()
	topology, first, ok1 := table(lines, "Table: Topology")
	mid, firstMID, ok2 := table(lines, "Table: MID")
	if !ok1 || !ok2 {
		return invalid(in, "Unrecognized format")
	}
	aliases := map[ID][]any{}
	for i, row := range mid {
		cells := strings.Split(row, "\t")
		if len(cells) < 2 {
			return invalidLine(in, "Parse error, an address and its aliases are expected", firstMID+i)
		}
		addAliases(aliases, TextID(cells[0]), aliasesOf(cells[1:]))
	}
	for i, row := range topology {
		cells := strings.Split(row, "\t")
		if len(cells) < 5 {
			return invalidLine(in, "Parse error, five columns are expected", first+i)
		}
		var values [3]float64
		for k := range values {
			v, ok := readCost(strings.ReplaceAll(cells[2+k], "INFINITE", "inf"))
			if !ok {
				return invalidLine(in, "Parse error, a number is expected", first+i)
			}
			values[k] = v
		}
		addOLSRLink(g, aliases, TextID(cells[1]), TextID(cells[0]), values[2], float(values[0]), float(values[1]))
	}
	return nil
}

// aliasesOf reads the columns after the address of a node: its aliases,
// separated by semicolons or each in a column, and how long they are valid,
// which is no address.
func aliasesOf(cells []string) []any {
	var list []any
	for i, cell := range cells {
		for _, a := range strings.Split(cell, ";") {
			if _, err := netip.ParseAddr(strings.TrimSpace(a)); i == 0 || err == nil {
				list = append(list, a)
			}
		}
	}
	return list
}

// table returns the rows below a title and a header up to the next empty line,
// which must be there, and the number of the first row's line.
func table(lines []string, title string) (rows []string, first int, ok bool) {
	for i, l := range lines {
		if l != title {
			continue
		}
		for end := i + 2; end < len(lines); end++ {
			if lines[end] == "" {
				return lines[i+2 : end], i + 3, true
			}
		}
		return nil, 0, false
	}
	return nil, 0, false
}
