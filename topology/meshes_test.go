package topology_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netdiff"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/topology"
	"github.com/wispwright/wispwright/topology/cables"
)

func meshOf(links ...[2]string) *netdiff.Document {
	d := &netdiff.Document{Meta: netdiff.Meta{Protocol: "Mesh", Version: "1", Revision: "", Metric: "Airtime"}}
	for _, id := range []string{"02:00:00:00:00:01@11", "02:00:00:00:00:02@11", "02:00:00:00:00:03@11"} {
		d.Nodes = append(d.Nodes, netdiff.Node{ID: netdiff.TextID(id), Label: id, LocalAddresses: []any{id[:17]}})
	}
	for _, l := range links {
		d.Links = append(d.Links, netdiff.Link{Source: netdiff.TextID(l[0]), Target: netdiff.TextID(l[1]), Cost: ordered.Number("1.0"), CostText: ""})
	}
	return d
}

// TestMeshes makes a topology for each mesh of an organization, keeps it up to date and takes its links down when
// nothing is heard of any mesh.
func TestMeshes(t *testing.T) {
	b := newBench(t, nil)
	one, two, three := "02:00:00:00:00:01@11", "02:00:00:00:00:02@11", "02:00:00:00:00:03@11"
	organization := wispwright.ID{}
	full := meshOf([2]string{one, two}, [2]string{two, three})
	require.NoError(t, b.ReceiveMesh(t.Context(), organization, "field@11", full))
	require.NoError(t, b.ReceiveMesh(t.Context(), organization, "hall@1", meshOf()))
	list, err := b.Topologies.List(t.Context(), all(), topology.TopologyFilter{MeshID: "field@11"}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, list.Rows, 1)
	field := list.Rows[0]
	require.Equal(t, "field@11", field.Label)
	require.EqualValues(t, 330, field.ExpirationTime)
	require.NotEmpty(t, field.Key)
	require.Equal(t, map[string]string{one + " " + two: "up", two + " " + three: "up"}, b.links(field))

	b.now = b.now.Add(5 * time.Minute)
	require.NoError(t, b.ReceiveMesh(t.Context(), organization, "field@11", meshOf([2]string{one, two})))
	require.Equal(t, "up", b.links(field)[two+" "+three], "another round may name it")
	b.now = b.now.Add(5 * time.Minute)
	require.NoError(t, b.ReceiveMesh(t.Context(), organization, "field@11", meshOf([2]string{one, two})))
	require.Equal(t, map[string]string{one + " " + two: "up", two + " " + three: "down"}, b.links(field))

	other := b.add(nil) // no mesh: it is somebody else's to fill
	b.receive(other, []byte(`{"type":"NetworkGraph","protocol":"OLSR","version":"1","metric":"ETX","nodes":[],"links":[{"source":"a","target":"b","cost":1.0}]}`))
	told := 0
	b.LinkStatusChanged.Subscribe("test", func(_ context.Context, changes ...topology.StatusChange) { told += len(changes) })
	lost, err := b.LoseMeshes(t.Context(), organization)
	require.NoError(t, err)
	require.Equal(t, 1, lost)
	require.Equal(t, "down", b.links(field)[one+" "+two])
	require.Equal(t, "up", b.links(other)["a b"])
	require.Zero(t, told, "the reports are missing: nothing is known of the links")
	lost, err = b.LoseMeshes(t.Context(), organization)
	require.NoError(t, err)
	require.Zero(t, lost)

	require.NoError(t, b.ReceiveMesh(t.Context(), organization, "field@11", full))
	require.Equal(t, "up", b.links(field)[one+" "+two])
	_, err = b.Topologies.Update(t.Context(), all(), field.ID, func(o *topology.Topology) error { o.Published = false; return nil })
	require.NoError(t, err)
	require.NoError(t, b.ReceiveMesh(t.Context(), organization, "field@11", meshOf()), "what is put by stays as it is")
}

// TestCables makes one topology of an organization's cables, keeps it up to date, and leaves it alone when it is
// meshes of which nothing is heard, as those are when it is cables.
func TestCables(t *testing.T) {
	b := newBench(t, nil)
	one, two, three := "02:00:00:00:00:01@11", "02:00:00:00:00:02@11", "02:00:00:00:00:03@11"
	organization := wispwright.ID{}
	known := func() []*topology.Topology {
		list, err := b.Topologies.List(t.Context(), all(), topology.TopologyFilter{MeshID: cables.MeshID}, wispwright.Page{})
		require.NoError(t, err)
		return list.Rows
	}
	require.NoError(t, b.ReceiveCables(t.Context(), organization, "Cables", meshOf()))
	require.Empty(t, known(), "devices without neighbours need no topology")
	require.NoError(t, b.ReceiveCables(t.Context(), organization, "Cables", meshOf([2]string{one, two})))
	require.NoError(t, b.ReceiveCables(t.Context(), organization, "Cables", meshOf([2]string{one, two}, [2]string{two, three})))
	require.NoError(t, b.ReceiveMesh(t.Context(), organization, "field@11", meshOf([2]string{one, two})))
	require.Len(t, known(), 1)
	o := known()[0]
	require.Equal(t, "Cables", o.Label)
	require.Equal(t, map[string]string{one + " " + two: "up", two + " " + three: "up"}, b.links(o))
	lost, err := b.LoseMeshes(t.Context(), organization)
	require.NoError(t, err)
	require.Equal(t, 1, lost)
	require.Equal(t, "up", b.links(o)[one+" "+two])
	require.NoError(t, b.ReceiveMesh(t.Context(), organization, "field@11", meshOf([2]string{one, two})))
	lost, err = b.LoseCables(t.Context(), organization)
	require.NoError(t, err)
	require.Equal(t, 2, lost)
	require.NoError(t, b.ReceiveCables(t.Context(), organization, "another name", meshOf()))
	require.Len(t, known(), 1)
	require.Equal(t, "Cables", known()[0].Label, "people may have renamed it")
	other, err := b.LoseCables(t.Context(), wispwright.NewID())
	require.NoError(t, err)
	require.Zero(t, other, "those of other organizations")
}
