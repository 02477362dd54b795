package topology

import (
	"container/heap"
	"math"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
)

// network is a graph of the links that are up, by the places of nodes.
type network struct {
	nodes []*Node
	at    map[wispwright.ID]int
	edges [][]edge
}

type edge struct {
	to   int
	cost float64
	link *Link
}

func (g *Graph) network() *network {
	n := &network{nodes: g.Nodes, at: make(map[wispwright.ID]int, len(g.Nodes)), edges: make([][]edge, len(g.Nodes))}
	for i, node := range g.Nodes {
		n.at[node.ID] = i
	}
	for _, l := range g.Links {
		a, ok1 := n.at[l.SourceID]
		b, ok2 := n.at[l.TargetID]
		if l.Status != Up || !ok1 || !ok2 || a == b {
			continue
		}
		cost := max(0, l.Cost) // a way never gets cheaper by being longer
		n.edges[a] = append(n.edges[a], edge{b, cost, l})
		n.edges[b] = append(n.edges[b], edge{a, cost, l})
	}
	return n
}

// Path is the cheapest way between two nodes over links that are up.
type Path struct {
	// Nodes are those it leads through, both ends included; Links those between.
	Nodes []*Node
	Links []*Link
	// Cost is the sum of the links'; negative ones count as 0.
	Cost float64
}

// Path finds the cheapest way between two nodes, of equal ones that with the
// fewest links; false when there is none.
func (g *Graph) Path(from, to wispwright.ID) (*Path, bool) {
	n := g.network()
	source, ok1 := n.at[from]
	target, ok2 := n.at[to]
	if !ok1 || !ok2 {
		return nil, false
	}
	best := make([]reach, len(n.nodes))
	for i := range best {
		best[i] = reach{cost: math.Inf(1), from: -1}
	}
	best[source] = reach{node: source, from: -1}
	q := &frontier{best[source]}
	done := make([]bool, len(n.nodes))
	for q.Len() > 0 {
		r := heap.Pop(q).(reach) //nolint:errcheck // frontiers hold nothing else
		if done[r.node] {
			continue
		}
		done[r.node] = true
		if r.node == target {
			return n.path(best, target), true
		}
		for _, e := range n.edges[r.node] {
			next := reach{node: e.to, from: r.node, cost: r.cost + e.cost, hops: r.hops + 1, link: e.link}
			if !done[e.to] && next.before(best[e.to]) {
				best[e.to] = next
				heap.Push(q, next)
			}
		}
	}
	return nil, false
}

func (n *network) path(best []reach, target int) *Path {
	p := &Path{Cost: best[target].cost}
	for at := target; at >= 0; at = best[at].from {
		p.Nodes = append(p.Nodes, n.nodes[at])
		if best[at].link != nil {
			p.Links = append(p.Links, best[at].link)
		}
	}
	slices.Reverse(p.Nodes)
	slices.Reverse(p.Links)
	return p
}

// reach is a way to a node.
type reach struct {
	node, from, hops int
	cost             float64
	link             *Link
}

func (r reach) before(o reach) bool {
	return r.cost < o.cost || r.cost == o.cost && o.cost < math.Inf(1) && r.hops < o.hops
}

// frontier is a queue of ways, the cheapest first.
type frontier []reach

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (f frontier) Len() int           { return len(f) }
func (f frontier) Less(i, j int) bool { return f[i].before(f[j]) }
func (f frontier) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }

// Push adds a way.
func (f *frontier) Push(v any) { *f = append(*f, v.(reach)) } //nolint:errcheck // only reaches are pushed

// Pop takes the last one.
func (f *frontier) Pop() any {
	last := (*f)[len(*f)-1]
	*f = (*f)[:len(*f)-1]
	return last
}

// Weakness is what a network depends on: where one loss parts it.
type Weakness struct {
	// Nodes are those whose loss parts the network, Links those whose loss does,
	// both in the order of the graph.
	Nodes []*Node
	Links []*Link
	// Parts is how many networks without a connection there are now, nodes without
	// any link not counted; Alone is how many such nodes there are.
	Parts, Alone int
}

// Weakness finds the single points of failure among what is up, by one walk
// through the network (Tarjan 1972), without recursion.
func (g *Graph) Weakness() *Weakness {
	n := g.network()
	w := &walk{network: n, found: make([]int, len(n.nodes)), low: make([]int, len(n.nodes)), cut: make([]bool, len(n.nodes)), bridges: map[wispwright.ID]bool{}}
	out := &Weakness{}
	for i := range n.nodes {
		switch {
		case w.found[i] != 0:
		case len(n.edges[i]) == 0:
			out.Alone++
		default:
			out.Parts++
			w.from(i)
		}
	}
	for i, cut := range w.cut {
		if cut {
			out.Nodes = append(out.Nodes, n.nodes[i])
		}
	}
	for _, l := range g.Links {
		if w.bridges[l.ID] {
			out.Links = append(out.Links, l)
		}
	}
	return out
}

// walk is the state of a walk in depth: when nodes were found, counted from 1, and
// the earliest node they reach without their way back.
type walk struct {
	*network
	found, low []int
	clock      int
	cut        []bool
	bridges    map[wispwright.ID]bool
}

type step struct {
	node, next, children int
	by                   *Link
}

func (w *walk) from(root int) {
	w.clock++
	w.found[root], w.low[root] = w.clock, w.clock
	stack := []step{{node: root}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.next < len(w.edges[top.node]) {
			e := w.edges[top.node][top.next]
			top.next++
			switch {
			case top.by != nil && e.link.ID == top.by.ID: // a second link to the same node is a way back
			case w.found[e.to] != 0:
				w.low[top.node] = min(w.low[top.node], w.found[e.to])
			default:
				top.children++
				w.clock++
				w.found[e.to], w.low[e.to] = w.clock, w.clock
				stack = append(stack, step{node: e.to, by: e.link})
			}
			continue
		}
		done := *top
		stack = stack[:len(stack)-1]
		if len(stack) == 0 {
			w.cut[root] = done.children > 1
			return
		}
		above := &stack[len(stack)-1]
		w.low[above.node] = min(w.low[above.node], w.low[done.node])
		if w.low[done.node] > w.found[above.node] {
			w.bridges[done.by.ID] = true
		}
		if above.node != root && w.low[done.node] >= w.found[above.node] {
			w.cut[above.node] = true
		}
	}
}

// Node finds a node by its id or one of its addresses.
func (g *Graph) Node(key string) (*Node, bool) {
	id, err := wispwright.ParseID(key)
	for _, n := range g.Nodes {
		if err == nil && n.ID == id || n.NetjsonID == key {
			return n, true
		}
	}
	for _, n := range g.Nodes {
		if !strings.Contains(string(n.Addresses), key) {
			continue
		}
		if list, err := addresses(n.Addresses); err == nil && slices.Contains(list, key) {
			return n, true
		}
	}
	return nil, false
}
