package topologytest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/topology"
)

// NetworkGraph makes NetJSON of nodes a, b, … and links "a b" or "a b cost".
func NetworkGraph(nodes []string, links ...string) []byte {
	var n, l []string
	for _, name := range nodes {
		id, label, _ := strings.Cut(name, "=")
		n = append(n, fmt.Sprintf(`{"id":%q,"label":%q,"properties":{"of":%q}}`, id, label, id))
	}
	for _, text := range links {
		f := append(strings.Fields(text), "1.0")
		l = append(l, fmt.Sprintf(`{"source":%q,"target":%q,"cost":%s}`, f[0], f[1], f[2]))
	}
	return []byte(`{"type":"NetworkGraph","protocol":"OLSR","version":"0.8","metric":"ETX","nodes":[` + strings.Join(n, ",") + `],"links":[` + strings.Join(l, ",") + `]}`)
}

// RunUpdates checks that updates write what they should, also at once.
func RunUpdates(t *testing.T, h Harness) {
	ctx := context.Background()
	now := at(0)
	s := h(t)
	m := New(t, s, func() time.Time { return now }, nil)
	o := &topology.Topology{Label: "mesh", Parser: "netdiff.NetJsonParser", Strategy: topology.Receive, Key: "k", Published: true}
	require.NoError(t, m.Topologies.Create(ctx, o))
	receive := func(data []byte) *topology.Update {
		u, err := m.Receive(ctx, o, data)
		require.NoError(t, err)
		return u
	}
	u := receive(NetworkGraph([]string{"a=one", "b", "c"}, "a b", "b c 2.5"))
	require.Equal(t, []int{3, 2}, []int{u.NodesAdded, u.LinksAdded})
	nodes, err := s.Stores.Nodes.List(ctx, all(), topology.NodeFilter{Search: "one"}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, nodes.Rows, 1)
	a := nodes.Rows[0]
	_, err = m.Nodes.Update(ctx, all(), a.ID, func(n *topology.Node) error {
		n.SetLabel("mine")
		n.UserProperties = `{"room":1}`
		return nil
	})
	require.NoError(t, err)

	now = at(1)
	again := receive(NetworkGraph([]string{"a=one", "b", "c"}, "a b", "b c 2.5"))
	require.True(t, again.Empty(), "the same once more writes nothing")
	u = receive(NetworkGraph([]string{"a=two", "b", "c"}, "b a"))
	require.Equal(t, []int{1, 0, 1}, []int{u.NodesChanged, u.LinksChanged, u.Down})
	a = getNode(t, s, a.ID)
	require.Equal(t, []string{"two", "mine", `{"room":1}`}, []string{a.Label, a.UserLabel, string(a.UserProperties)})
	down, err := s.Stores.Links.List(ctx, all(), topology.LinkFilter{Status: topology.Down}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, down.Rows, 1)
	require.Equal(t, 2.5, down.Rows[0].Cost)
	require.True(t, down.Rows[0].StatusChanged.Equal(now.Truncate(time.Microsecond)))

	now = at(2)
	u = receive(NetworkGraph([]string{"a=two", "b", "c"}, "a b", "b c 7"))
	require.Equal(t, 1, u.Up)
	history, err := m.History(ctx, down.Rows[0].ID, at(-1), at(4))
	require.NoError(t, err)
	require.Equal(t, 1, history.Flaps)
	require.Len(t, history.Spans, 3)
	require.Len(t, history.Costs, 2)

	t.Run("two senders at once make nothing twice", func(t *testing.T) {
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = m.Receive(ctx, o, NetworkGraph([]string{"a=two", "b", "c", "d", "e"}, "a b", "b c 7", "c d", "d e"))
			})
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		counts, err := s.Stores.Topologies.Count(ctx, o.ID)
		require.NoError(t, err)
		require.Equal(t, topology.Count{Nodes: 5, Up: 4}, counts[o.ID])
	})
	t.Run("a day comes back", func(t *testing.T) {
		require.NoError(t, m.SaveSnapshot(ctx, o))
		require.NoError(t, m.SaveSnapshot(ctx, o))
		document, err := m.Snapshot(ctx, o.ID, now)
		require.NoError(t, err)
		picture, err := topology.ReadPicture(document)
		require.NoError(t, err)
		require.Len(t, picture.Nodes, 5)
		require.Equal(t, "mine", picture.Nodes["a"])
		_, err = m.Snapshot(ctx, o.ID, now.AddDate(0, 0, 1))
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	})
}
