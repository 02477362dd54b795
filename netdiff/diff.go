package netdiff

// Difference is what changed between two graphs. A nil document means that
// nothing did in that way.
type Difference struct {
	// Added are the nodes and links that only the new graph has.
	Added *Document `json:"added"`
	// Removed are those that only the old graph has, as they were there.
	Removed *Document `json:"removed"`
	// Changed are those in both whose attributes differ, as they are now.
	Changed *Document `json:"changed"`
}

// Empty reports whether the graphs are the same.
func (d *Difference) Empty() bool { return d.Added == nil && d.Removed == nil && d.Changed == nil }

// DiffOptions relax what counts as a change; nil means the rules of
// spec: netdiff §5.
type DiffOptions struct {
	// IgnoreOrientation takes an undirected link that merely swapped its ends
	// for unchanged.
	IgnoreOrientation bool
	// IgnoreAttributeOrder takes a node whose attributes merely changed places
	// for unchanged.
	IgnoreAttributeOrder bool
	// IgnoreLinkAttributes are attributes of links that change at every look,
	// such as lastReceive and lastSend of ZeroTier.
	IgnoreLinkAttributes []string
}

// Diff compares two graphs in time linear in their size. All three documents
// carry the metadata of the new graph; a NetJSONError is returned only when
// one of them must be made.
func Diff(before, after *Graph, o *DiffOptions) (*Difference, error) {
	if o == nil {
		o = &DiffOptions{}
	}
	c := comparison{before: before, after: after, options: o, directed: before.Directed && after.Directed}
	c.compareNodes()
	c.compareEdges()
	out := &Difference{}
	for _, s := range []struct {
		to     **Document
		graph  *Graph
		chosen selection
	}{
		{&out.Added, after, c.added},
		{&out.Removed, before, c.removed},
		{&out.Changed, after, c.changed},
	} {
		if len(s.chosen.nodes)+len(s.chosen.edges) == 0 {
			continue
		}
		d, err := s.graph.part(after.Meta, s.chosen.nodes, s.chosen.edges)
		if err != nil {
			return nil, err
		}
		*s.to = d
	}
	return out, nil
}

type selection struct{ nodes, edges []int }

type comparison struct {
	before, after           *Graph
	options                 *DiffOptions
	directed                bool
	added, removed, changed selection
}

func (c *comparison) compareNodes() {
	for i := range c.after.nodes {
		n := &c.after.nodes[i]
		j, ok := c.before.index[n.id]
		switch {
		case !ok:
			c.added.nodes = append(c.added.nodes, i)
		case !c.sameNode(&c.before.nodes[j], n):
			c.changed.nodes = append(c.changed.nodes, i)
		}
	}
	for i := range c.before.nodes {
		if _, ok := c.after.index[c.before.nodes[i].id]; !ok {
			c.removed.nodes = append(c.removed.nodes, i)
		}
	}
}

func (c *comparison) sameNode(a, b *node) bool {
	var la, lb, aa, ab any
	aa, ab = []any{}, []any{}
	pa, pb := split(a.attrs, &la, &aa), split(b.attrs, &lb, &ab)
	if !equal(orEmpty(la), orEmpty(lb)) || !equal(aa, ab) {
		return false
	}
	return sameAttrs(pa, pb, !c.options.IgnoreAttributeOrder, nil)
}

// split takes label and local addresses out of a node's attributes.
func split(attrs []Attr, label, local *any) []Attr {
	rest := attrs
	copied := false
	for i, a := range attrs {
		switch a.Name {
		case labelAttr:
			*label = a.Value
		case localAttr:
			*local = a.Value
		default:
			if copied {
				rest = append(rest, a)
			}
			continue
		}
		if !copied {
			rest, copied = append(make([]Attr, 0, len(attrs)), attrs[:i]...), true
		}
	}
	return rest
}

func sameAttrs(a, b []Attr, inOrder bool, ignore []string) bool {
	if len(a) != len(b) && len(ignore) == 0 {
		return false
	}
	if inOrder {
		for i := range a {
			if a[i].Name != b[i].Name || !equal(a[i].Value, b[i].Value) {
				return false
			}
		}
		return true
	}
	within := func(from, in []Attr) bool {
		index := indexOf(in)
		for _, x := range from {
			if contains(ignore, x.Name) {
				continue
			}
			if i := index.find(in, x.Name); i < 0 || !equal(x.Value, in[i].Value) {
				return false
			}
		}
		return true
	}
	return within(a, b) && within(b, a)
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// counterpart finds the link of a graph between the same two nodes, in either
// direction unless both graphs are directed.
func (c *comparison) counterpart(from *Graph, e *edge, in *Graph) (int, bool) {
	a, ok := in.index[from.nodes[e.from].id]
	if !ok {
		return 0, false
	}
	b, ok := in.index[from.nodes[e.to].id]
	if !ok {
		return 0, false
	}
	i, ok := in.pairs[in.pair(a, b)]
	if !ok && !c.directed {
		i, ok = in.pairs[in.pair(b, a)]
	}
	return i, ok
}

func (c *comparison) compareEdges() {
	for i := range c.after.edges {
		e := &c.after.edges[i]
		j, ok := c.counterpart(c.after, e, c.before)
		switch {
		case !ok:
			c.added.edges = append(c.added.edges, i)
		case !c.sameEdge(&c.before.edges[j], e):
			c.changed.edges = append(c.changed.edges, i)
		}
	}
	for i := range c.before.edges {
		if _, ok := c.counterpart(c.before, &c.before.edges[i], c.after); !ok {
			c.removed.edges = append(c.removed.edges, i)
		}
	}
}

func (c *comparison) sameEdge(a, b *edge) bool {
	if !c.options.IgnoreOrientation &&
		(c.before.nodes[a.from].id != c.after.nodes[b.from].id || c.before.nodes[a.to].id != c.after.nodes[b.to].id) {
		return false
	}
	return equal(a.cost, b.cost) && equal(a.costText, b.costText) &&
		sameAttrs(a.attrs, b.attrs, false, c.options.IgnoreLinkAttributes)
}
