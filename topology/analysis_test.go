package topology_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/topology"
)

// random makes a graph of up to n nodes with m links, some of them down, some
// twice.
func random(r *rand.Rand, n, m int) *topology.Graph {
	g := &topology.Graph{Topology: &topology.Topology{}}
	for range n {
		g.Nodes = append(g.Nodes, &topology.Node{ID: wispwright.NewID()})
	}
	for range m {
		a, b := r.IntN(n), r.IntN(n)
		if a == b {
			continue
		}
		status := topology.Up
		if r.IntN(5) == 0 {
			status = topology.Down
		}
		g.Links = append(g.Links, &topology.Link{ID: wispwright.NewID(), SourceID: g.Nodes[a].ID, TargetID: g.Nodes[b].ID, Cost: float64(r.IntN(6)) - 1, Status: status})
	}
	return g
}

// parts counts connected networks among nodes with links, by brute force.
func parts(g *topology.Graph, withoutNode, withoutLink wispwright.ID) int {
	root := map[wispwright.ID]wispwright.ID{}
	var find func(wispwright.ID) wispwright.ID
	find = func(id wispwright.ID) wispwright.ID {
		if up, ok := root[id]; ok && up != id {
			return find(up)
		}
		return id
	}
	linked := map[wispwright.ID]bool{}
	for _, l := range g.Links {
		if l.Status == topology.Up {
			linked[l.SourceID], linked[l.TargetID] = true, true
		}
	}
	for _, l := range g.Links {
		if l.Status == topology.Up && l.ID != withoutLink && l.SourceID != withoutNode && l.TargetID != withoutNode {
			root[find(l.SourceID)] = find(l.TargetID)
		}
	}
	roots := map[wispwright.ID]bool{}
	for id := range linked {
		if id != withoutNode {
			roots[find(id)] = true
		}
	}
	return len(roots)
}

func TestWeaknessAgainstBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	none := wispwright.ID{}
	for range 300 {
		g := random(r, 2+r.IntN(12), r.IntN(22))
		w := g.Weakness()
		require.Equal(t, parts(g, none, none), w.Parts)
		for _, n := range g.Nodes {
			alone := !slices.ContainsFunc(g.Links, func(l *topology.Link) bool {
				return l.Status == topology.Up && (l.SourceID == n.ID || l.TargetID == n.ID)
			})
			// a node whose loss leaves more networks than there were; a part that was that node alone does not count
			want := !alone && parts(g, n.ID, none) > parts(g, none, none)
			require.Equal(t, want, slices.Contains(w.Nodes, n))
		}
		for _, l := range g.Links {
			want := l.Status == topology.Up && parts(g, none, l.ID) > parts(g, none, none)
			require.Equal(t, want, slices.Contains(w.Links, l))
		}
	}
}

func TestPathAgainstBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		g := random(r, 2+r.IntN(10), r.IntN(20))
		from, to := g.Nodes[0].ID, g.Nodes[1].ID
		best := map[wispwright.ID]float64{from: 0}
		for range g.Nodes { // Bellman and Ford
			for _, l := range g.Links {
				if l.Status != topology.Up {
					continue
				}
				for _, way := range [][2]wispwright.ID{{l.SourceID, l.TargetID}, {l.TargetID, l.SourceID}} {
					if cost, ok := best[way[0]]; ok {
						if have, ok := best[way[1]]; !ok || cost+math.Max(0, l.Cost) < have {
							best[way[1]] = cost + math.Max(0, l.Cost)
						}
					}
				}
			}
		}
		p, ok := g.Path(from, to)
		want, reachable := best[to]
		require.Equal(t, reachable, ok)
		if !ok {
			continue
		}
		require.Equal(t, want, p.Cost)
		require.Len(t, p.Links, len(p.Nodes)-1)
		require.Equal(t, []wispwright.ID{from, to}, []wispwright.ID{p.Nodes[0].ID, p.Nodes[len(p.Nodes)-1].ID})
		sum := 0.0
		for i, l := range p.Links {
			ends := []wispwright.ID{l.SourceID, l.TargetID}
			require.Contains(t, ends, p.Nodes[i].ID)
			require.Contains(t, ends, p.Nodes[i+1].ID)
			sum += math.Max(0, l.Cost)
		}
		require.Equal(t, p.Cost, sum)
	}
}

func TestLongNetworksNeedNoStack(t *testing.T) {
	g := &topology.Graph{}
	for i := range 200_000 {
		g.Nodes = append(g.Nodes, &topology.Node{ID: wispwright.NewID()})
		if i > 0 {
			g.Links = append(g.Links, &topology.Link{ID: wispwright.NewID(), SourceID: g.Nodes[i-1].ID, TargetID: g.Nodes[i].ID, Cost: 1, Status: topology.Up})
		}
	}
	began := time.Now()
	w := g.Weakness()
	require.Len(t, w.Links, 199_999)
	require.Len(t, w.Nodes, 199_998)
	p, ok := g.Path(g.Nodes[0].ID, g.Nodes[len(g.Nodes)-1].ID)
	require.True(t, ok)
	require.Equal(t, 199_999.0, p.Cost)
	t.Logf("200,000 nodes: %s", time.Since(began))
}

func TestCompare(t *testing.T) {
	picture := func(text string) *topology.Picture {
		p, err := topology.ReadPicture([]byte(text))
		require.NoError(t, err)
		return p
	}
	before := picture(`{"nodes":[{"id":"a","label":"a"},{"id":"b","label":"b"},{"id":3}],"links":[
		{"source":"a","target":"b","cost":1.0,"properties":{"status":"up"}},{"source":"b","target":3,"cost":1.0,"properties":{"status":"down"}},{"source":"a","target":3,"cost":1.0,"properties":{"status":"up"}}]}`)
	after := picture(`{"nodes":[{"id":"a","label":"A"},{"id":"b","label":"b"},{"id":"c","label":"c"}],"links":[
		{"source":"b","target":"a","cost":2.0,"properties":{"status":"up"}},{"source":"b","target":3,"cost":1.0,"properties":{"status":"up"}},{"source":"a","target":"c","cost":1.0,"properties":{"status":"up"}}]}`)
	d := topology.Compare(before, after)
	require.Equal(t, []topology.NodeDifference{{Kind: topology.Removed, ID: "3"}, {Kind: topology.Renamed, ID: "a", Label: "A", Before: "a"}, {Kind: topology.Added, ID: "c", Label: "c"}}, d.Nodes)
	kinds := map[string]string{}
	for _, l := range d.Links {
		kinds[l.Source+l.Target] = l.Kind
	}
	require.Equal(t, map[string]string{"ba": topology.CostChanged, "b3": topology.WentUp, "ac": topology.Added, "a3": topology.Removed}, kinds)
	same := topology.Compare(after, after)
	require.Empty(t, same.Nodes)
	require.Empty(t, same.Links)
	_, err := topology.ReadPicture([]byte("{"))
	require.Error(t, err)
}
