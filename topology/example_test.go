package topology_test

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/topology"
)

// A mesh says twice what it looks like; the second time a link is missing.
func Example() {
	ctx := context.Background()
	memory := memstore.New()
	s, err := topology.New(&entity.Base{Tx: memory, Tenants: entity.NoTenants{}}, topology.NewMemory(memory), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	s.LinkStatusChanged.Subscribe("example", func(_ context.Context, list ...topology.StatusChange) {
		for _, c := range list {
			for _, l := range c.Links {
				fmt.Println(c.Name(l.SourceID), c.Name(l.TargetID), "is", l.Status)
			}
		}
	})
	mesh := &topology.Topology{Label: "mesh", Parser: "netdiff.NetJsonParser", Strategy: topology.Receive, Key: topology.NewKey(), Published: true}
	if err := s.Topologies.Create(ctx, mesh); err != nil {
		fmt.Println(err)
		return
	}
	const head = `{"type":"NetworkGraph","protocol":"OLSR","version":"0.8","metric":"ETX","nodes":[{"id":"10.0.0.1","label":"tower"}],"links":[{"source":"10.0.0.1","target":"10.0.0.2","cost":1.5}`
	for _, data := range []string{head + `,{"source":"10.0.0.2","target":"10.0.0.3","cost":1}]}`, head + `]}`} {
		u, err := s.Receive(ctx, mesh, []byte(data))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(u.NodesAdded, "nodes and", u.LinksAdded, "links are new,", u.Down, "went down")
	}
	graphs, err := s.Graphs(ctx, mesh)
	if err != nil {
		fmt.Println(err)
		return
	}
	tower, _ := graphs[0].Node("10.0.0.1")
	mast, _ := graphs[0].Node("10.0.0.2")
	path, ok := graphs[0].Path(tower.ID, mast.ID)
	fmt.Println(path.Cost, ok)
	_, err = s.Receive(ctx, &topology.Topology{ID: wispwright.NewID(), Parser: mesh.Parser}, []byte("[]"))
	fmt.Println(err)
	// Output:
	// 3 nodes and 2 links are new, 0 went down
	// 10.0.0.2 10.0.0.3 is down
	// 0 nodes and 0 links are new, 1 went down
	// 1.5 true
	// Supplied data not recognized as NetJSON NetworkGraph, got exception of type "ParserError" with message "Parse error, not a NetworkGraph object"
}
