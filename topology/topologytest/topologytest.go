// Package topologytest checks that a storage keeps everything the concern topology
// relies on. Any implementation of its stores must pass Run.
package topologytest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/topology"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores topology.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("topologies", func(t *testing.T) { RunTopologies(t, h) })
	t.Run("nodes", func(t *testing.T) { RunNodes(t, h) })
	t.Run("links", func(t *testing.T) { RunLinks(t, h) })
	t.Run("snapshots", func(t *testing.T) { RunSnapshots(t, h) })
	t.Run("moments", func(t *testing.T) { RunMoments(t, h) })
	t.Run("updates", func(t *testing.T) { RunUpdates(t, h) })
}

// at is a moment with more digits than are stored.
func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

// when is at as it is stored.
func when(n int) time.Time { return at(n).Truncate(time.Microsecond) }

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xab, 0x40, byte(n>>8), byte(n)
	return out
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

// New makes the concern over a storage, for programs without organizations.
func New(t testing.TB, s Storage, clock func() time.Time, o *topology.Options) *topology.Service {
	t.Helper()
	m, err := topology.New(&entity.Base{Tx: s.Tx, Tenants: entity.NoTenants{}, Clock: clock}, s.Stores, o)
	require.NoError(t, err)
	return m
}

func topo(n, organization int) *topology.Topology {
	return &topology.Topology{
		ID: id(1000 + n), OrganizationID: id(1 + organization), Label: fmt.Sprintf("Mésh %d", n), Parser: "netdiff.NetJsonParser", Strategy: []string{topology.Fetch, topology.Receive}[n%2], URL: "http://a.example/",
		Key: wispwright.Secret(fmt.Sprintf("key%d", n)), ExpirationTime: int64(n), Published: n%3 != 0, MeshID: fmt.Sprintf("mesh@%d", n), Protocol: "OLSR", Version: "0.8", Revision: "r", Metric: "ETX",
		Created: at(n), Modified: at(n + 1), Updated: at(n + 2), Problem: "none",
	}
}

// withTopology stores a topology that others can refer to.
func withTopology(t *testing.T, s Storage) *topology.Topology {
	o := topo(1, 0)
	require.NoError(t, s.Stores.Topologies.Insert(context.Background(), o))
	return o
}

// RunTopologies checks the store of topologies.
func RunTopologies(t *testing.T, h Harness) {
	ctx := context.Background()
	type filter = topology.TopologyFilter
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		no := false
		storetest.RunRepo[wispwright.ID, topology.Topology, filter](t, s.Stores.Topologies, storetest.Sample[wispwright.ID, topology.Topology, filter]{
			Tx: s.Tx, New: topo, Key: func(o *topology.Topology) wispwright.ID { return o.ID },
			Mutate: func(o *topology.Topology) { o.Label += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)},
			Orders: []string{"Label", "Created", "Modified", "Updated"},
			Search: &storetest.Search[topology.Topology, filter]{Put: func(o *topology.Topology, text string) { o.Label = text }, Filter: func(text string) filter { return filter{Search: text} }},
			Filters: map[string]storetest.Filter[topology.Topology, filter]{
				"organization": {Filter: filter{OrganizationID: id(2)}, Selects: func(o *topology.Topology) bool { return o.OrganizationID == id(2) }},
				"ids":          {Filter: filter{IDs: wispwright.Only(id(1001), id(1002))}, Selects: func(o *topology.Topology) bool { return o.ID == id(1001) || o.ID == id(1002) }},
				"strategy":     {Filter: filter{Strategy: topology.Receive}, Selects: func(o *topology.Topology) bool { return o.Strategy == topology.Receive }},
				"parser":       {Filter: filter{Parser: "other"}, Selects: func(*topology.Topology) bool { return false }},
				"unpublished":  {Filter: filter{Published: &no}, Selects: func(o *topology.Topology) bool { return !o.Published }},
				"mesh":         {Filter: filter{MeshID: "mesh@2"}, Selects: func(o *topology.Topology) bool { return o.MeshID == "mesh@2" }},
				"label":        {Filter: filter{LabelContains: "MÉSH"}, Selects: func(*topology.Topology) bool { return true }},
				"id as text":   {Filter: filter{Search: id(1002).String()}, Selects: func(o *topology.Topology) bool { return o.ID == id(1002) }},
			},
		})
	})
	t.Run("counts and what goes along", func(t *testing.T) {
		s := h(t)
		o, twin := withTopology(t, s), topo(2, 0)
		require.NoError(t, s.Stores.Topologies.Insert(ctx, twin))
		require.NoError(t, s.Stores.Nodes.InsertMany(ctx, []*topology.Node{node(1, 0), node(2, 0), node(3, 0)}))
		down := link(2, 0)
		down.Status = topology.Down
		require.NoError(t, s.Stores.Links.InsertMany(ctx, []*topology.Link{link(1, 0), down}))
		require.NoError(t, s.Stores.Moments.InsertMany(ctx, []*topology.Moment{momentOf(1, 1)}))
		require.NoError(t, s.Stores.Snapshots.Put(ctx, snapshot(1, 0)))
		counts, err := s.Stores.Topologies.Count(ctx, o.ID, twin.ID)
		require.NoError(t, err)
		require.Equal(t, topology.Count{Nodes: 3, Up: 1, Down: 1}, counts[o.ID])
		require.Zero(t, counts[twin.ID])
		none, err := s.Stores.Topologies.Count(ctx)
		require.NoError(t, err)
		require.Empty(t, none)
		require.NoError(t, s.Stores.Topologies.Delete(ctx, all(), o.ID))
		for name, left := range map[string]func() (int, error){
			"nodes": func() (int, error) {
				r, err := s.Stores.Nodes.List(ctx, all(), topology.NodeFilter{}, wispwright.Page{})
				return r.Total, err
			},
			"links": func() (int, error) {
				r, err := s.Stores.Links.List(ctx, all(), topology.LinkFilter{}, wispwright.Page{})
				return r.Total, err
			},
			"snapshots": func() (int, error) {
				r, err := s.Stores.Snapshots.List(ctx, all(), topology.SnapshotFilter{}, wispwright.Page{})
				return r.Total, err
			},
			"moments": func() (int, error) {
				r, err := s.Stores.Moments.List(ctx, all(), topology.MomentFilter{}, wispwright.Page{})
				return r.Total, err
			},
		} {
			n, err := left()
			require.NoError(t, err)
			require.Zero(t, n, "%s go with their topology", name)
		}
	})
}

func node(n, organization int) *topology.Node {
	return &topology.Node{
		ID: id(2000 + n), OrganizationID: id(1 + organization), TopologyID: id(1001), Label: fmt.Sprintf("nöde %d", n), UserLabel: fmt.Sprintf("mine %d", n),
		Addresses: wispwright.JSON(fmt.Sprintf(`["10.0.0.%d", "fd00::%d"]`, n, n)), Properties: wispwright.JSON(fmt.Sprintf(`{"b": 1, "a": "p%d"}`, n)), UserProperties: `{"room": "5"}`,
		Created: at(n), Modified: at(n + 1), DeviceID: id(500 + n), NetjsonID: fmt.Sprintf("10.0.0.%d", n), Digest: int64(n) - 3, Seen: at(n + 2),
	}
}

// RunNodes checks the store of nodes.
func RunNodes(t *testing.T, h Harness) {
	ctx := context.Background()
	type filter = topology.NodeFilter
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		withTopology(t, s)
		yes := true
		storetest.RunRepo[wispwright.ID, topology.Node, filter](t, s.Stores.Nodes, storetest.Sample[wispwright.ID, topology.Node, filter]{
			Tx: s.Tx, New: node, Key: func(o *topology.Node) wispwright.ID { return o.ID },
			Mutate: func(o *topology.Node) { o.Label += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)},
			Orders: []string{"Label", "Created", "Modified"},
			Orphan: func(n int) *topology.Node { o := node(n, 0); o.TopologyID = id(9998); return o },
			Search: &storetest.Search[topology.Node, filter]{Put: func(o *topology.Node, text string) { o.UserLabel = text }, Filter: func(text string) filter { return filter{Search: text} }},
			Filters: map[string]storetest.Filter[topology.Node, filter]{
				"organization": {Filter: filter{OrganizationID: id(2)}, Selects: func(o *topology.Node) bool { return o.OrganizationID == id(2) }},
				"topology":     {Filter: filter{TopologyID: id(1001)}, Selects: func(*topology.Node) bool { return true }},
				"topologies":   {Filter: filter{TopologyIDs: wispwright.Only(id(1))}, Selects: func(*topology.Node) bool { return false }},
				"device":       {Filter: filter{DeviceID: id(502)}, Selects: func(o *topology.Node) bool { return o.DeviceID == id(502) }},
				"matched":      {Filter: filter{Matched: &yes}, Selects: func(o *topology.Node) bool { return !o.DeviceID.IsZero() }},
				"address":      {Filter: filter{Search: "FD00::3"}, Selects: func(o *topology.Node) bool { return o.ID == id(2003) }},
				"property":     {Filter: filter{Search: `"P4"`}, Selects: func(o *topology.Node) bool { return o.ID == id(2004) }},
			},
		})
	})
	t.Run("what the network says", func(t *testing.T) {
		s := h(t)
		withTopology(t, s)
		a, b, c := node(1, 0), node(2, 0), node(3, 0)
		require.NoError(t, s.Stores.Nodes.InsertMany(ctx, []*topology.Node{a, b, c}))
		require.NoError(t, s.Stores.Nodes.InsertMany(ctx, nil))
		said := node(2, 1)
		said.Label, said.UserLabel, said.Addresses, said.Properties, said.UserProperties, said.NetjsonID = "new", "lost", `["10.9.0.1"]`, `{"x": 1}`, `{}`, "10.9.0.1"
		said.DeviceID, said.Digest, said.Created, said.Modified, said.Seen = wispwright.ID{}, 77, at(99), at(98), at(97)
		require.NoError(t, s.Stores.Nodes.Report(ctx, []*topology.Node{said}))
		require.NoError(t, s.Stores.Nodes.Report(ctx, nil))
		have := getNode(t, s, b.ID)
		want := *b
		want.Label, want.Addresses, want.Properties, want.NetjsonID, want.Digest = said.Label, said.Addresses, said.Properties, said.NetjsonID, said.Digest
		want.Modified, want.Seen = when(98), when(97)
		require.Equal(t, &want, have, "what people say, whose it is and its device stay")
		require.Equal(t, a, getNode(t, s, a.ID), "others are as they were")

		require.NoError(t, s.Stores.Nodes.See(ctx, at(200), a.ID, b.ID))
		require.NoError(t, s.Stores.Nodes.See(ctx, at(200)))
		require.True(t, getNode(t, s, a.ID).Seen.Equal(when(200)))
		require.True(t, getNode(t, s, c.ID).Seen.Equal(c.Seen))
		known, err := s.Stores.Nodes.Known(ctx, id(1001))
		require.NoError(t, err)
		require.Len(t, known, 3)
		for _, k := range known {
			n := getNode(t, s, k.ID)
			require.Equal(t, topology.KnownNode{ID: n.ID, OrganizationID: n.OrganizationID, TopologyID: n.TopologyID, NetjsonID: n.NetjsonID, Addresses: n.Addresses, Digest: n.Digest, Seen: n.Seen}, k)
		}
		known, err = s.Stores.Nodes.Known(ctx, id(1))
		require.NoError(t, err)
		require.Empty(t, known)
	})
	t.Run("devices and organizations", func(t *testing.T) {
		s := h(t)
		withTopology(t, s)
		a, b, c := node(1, 0), node(2, 0), node(3, 0)
		require.NoError(t, s.Stores.Nodes.InsertMany(ctx, []*topology.Node{a, b, c}))
		require.NoError(t, s.Stores.Nodes.Relate(ctx, topology.Relation{NodeID: a.ID, DeviceID: id(600), OrganizationID: id(2)}, topology.Relation{NodeID: b.ID, DeviceID: id(601), OrganizationID: id(1)}))
		require.NoError(t, s.Stores.Nodes.Relate(ctx))
		require.Equal(t, []wispwright.ID{id(600), id(2)}, []wispwright.ID{getNode(t, s, a.ID).DeviceID, getNode(t, s, a.ID).OrganizationID})
		require.Equal(t, []wispwright.ID{id(601), id(1)}, []wispwright.ID{getNode(t, s, b.ID).DeviceID, getNode(t, s, b.ID).OrganizationID})
		require.Equal(t, c, getNode(t, s, c.ID))
		require.NoError(t, s.Stores.Nodes.Unrelate(ctx, id(600), id(1)))
		require.True(t, getNode(t, s, a.ID).DeviceID.IsZero())
		require.Equal(t, id(601), getNode(t, s, b.ID).DeviceID)
		require.NoError(t, s.Stores.Nodes.Move(ctx, id(1001), id(7)))
		require.Equal(t, []wispwright.ID{{}, id(7)}, []wispwright.ID{getNode(t, s, b.ID).DeviceID, getNode(t, s, b.ID).OrganizationID}, "a device of another organization is none of its")
	})
	t.Run("expiry", func(t *testing.T) {
		s := h(t)
		withTopology(t, s)
		old, seen, fresh, linked, other := node(1, 0), node(2, 0), node(3, 0), node(4, 0), node(5, 0)
		seen.Seen, fresh.Modified, linked.Modified, other.Modified = at(100), at(100), at(0), at(0)
		old.Seen = time.Time{}
		require.NoError(t, s.Stores.Nodes.InsertMany(ctx, []*topology.Node{old, seen, fresh, linked, other}))
		l := link(1, 0)
		l.SourceID, l.TargetID = linked.ID, other.ID
		require.NoError(t, s.Stores.Links.InsertMany(ctx, []*topology.Link{l}))
		n, err := s.Stores.Nodes.Expire(ctx, when(50), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		_, err = s.Stores.Nodes.Get(ctx, all(), old.ID)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		require.NoError(t, s.Stores.Nodes.Delete(ctx, all(), other.ID))
		_, err = s.Stores.Links.Get(ctx, all(), l.ID)
		require.ErrorIs(t, err, wispwright.ErrNotFound, "links go with their nodes")
		n, err = s.Stores.Nodes.Expire(ctx, at(1000), 2)
		require.NoError(t, err)
		require.Equal(t, 2, n, "at most so many")
	})
}

func getNode(t *testing.T, s Storage, id wispwright.ID) *topology.Node {
	n, err := s.Stores.Nodes.Get(context.Background(), all(), id)
	require.NoError(t, err)
	return n
}

func link(n, organization int) *topology.Link {
	return &topology.Link{
		ID: id(3000 + n), OrganizationID: id(1 + organization), TopologyID: id(1001), SourceID: id(2001), TargetID: id(2002), Cost: float64(n) + 0.25, CostText: fmt.Sprintf("c%d", n), Status: topology.Up,
		Properties: wispwright.JSON(fmt.Sprintf(`{"ch": %d}`, n)), UserProperties: `{"u": 1}`, StatusChanged: at(n), Created: at(n), Modified: at(n + 1), Digest: int64(n), RecordedCost: float64(n),
	}
}

// withNodes stores nodes that links can refer to.
func withNodes(t *testing.T, s Storage) {
	withTopology(t, s)
	a, b := node(1, 0), node(2, 0)
	a.UserLabel, b.Label = "Süd Gateway", "tower"
	require.NoError(t, s.Stores.Nodes.InsertMany(context.Background(), []*topology.Node{a, b, node(3, 0)}))
}

// RunLinks checks the store of links.
func RunLinks(t *testing.T, h Harness) {
	ctx := context.Background()
	type filter = topology.LinkFilter
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		withNodes(t, s)
		everyone := func(*topology.Link) bool { return true }
		nobody := func(*topology.Link) bool { return false }
		storetest.RunRepo[wispwright.ID, topology.Link, filter](t, s.Stores.Links, storetest.Sample[wispwright.ID, topology.Link, filter]{
			Tx: s.Tx, New: link, Key: func(o *topology.Link) wispwright.ID { return o.ID },
			Mutate: func(o *topology.Link) { o.CostText += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)},
			Orders: []string{"Cost", "Created", "Modified", "StatusChanged"},
			Orphan: func(n int) *topology.Link { o := link(n, 0); o.TargetID = id(9998); return o },
			Search: &storetest.Search[topology.Link, filter]{Put: func(o *topology.Link, text string) { o.CostText = text }, Filter: func(text string) filter { return filter{Search: text} }},
			Filters: map[string]storetest.Filter[topology.Link, filter]{
				"organization": {Filter: filter{OrganizationID: id(2)}, Selects: func(o *topology.Link) bool { return o.OrganizationID == id(2) }},
				"status":       {Filter: filter{Status: topology.Down}, Selects: nobody},
				"source":       {Filter: filter{NodeID: id(2001)}, Selects: everyone},
				"target":       {Filter: filter{NodeID: id(2002)}, Selects: everyone},
				"neither":      {Filter: filter{NodeID: id(2003)}, Selects: nobody},
				"source label": {Filter: filter{Search: "SÜD"}, Selects: everyone},
				"target label": {Filter: filter{Search: "Tower"}, Selects: everyone},
				"address":      {Filter: filter{Search: "fd00::2"}, Selects: everyone},
				"no end of it": {Filter: filter{Search: "fd00::3"}, Selects: nobody},
				"before":       {Filter: filter{ModifiedBefore: when(3)}, Selects: func(o *topology.Link) bool { return o.Modified.Before(when(3)) }},
			},
		})
	})
	t.Run("what the network says", func(t *testing.T) {
		s := h(t)
		withNodes(t, s)
		a, b, c := link(1, 0), link(2, 0), link(3, 0)
		require.NoError(t, s.Stores.Links.InsertMany(ctx, []*topology.Link{a, b, c}))
		require.NoError(t, s.Stores.Links.InsertMany(ctx, nil))
		said := link(2, 1)
		said.Status, said.Cost, said.CostText, said.Properties, said.UserProperties = topology.Down, 9, "nine", `{"new": 1}`, `{}`
		said.StatusChanged, said.Created, said.Modified, said.Digest, said.RecordedCost = at(91), at(92), at(93), 94, 95
		require.NoError(t, s.Stores.Links.Report(ctx, []*topology.Link{said}))
		want := *b
		want.Status, want.Cost, want.CostText, want.Properties, want.Digest, want.RecordedCost = said.Status, said.Cost, said.CostText, said.Properties, said.Digest, said.RecordedCost
		want.StatusChanged, want.Modified = when(91), when(93)
		require.Equal(t, &want, getLink(t, s, b.ID))
		require.Equal(t, a, getLink(t, s, a.ID))
		known, err := s.Stores.Links.Known(ctx, id(1001))
		require.NoError(t, err)
		require.Len(t, known, 3)
		for _, k := range known {
			l := getLink(t, s, k.ID)
			require.Equal(t, topology.KnownLink{ID: l.ID, TopologyID: l.TopologyID, SourceID: l.SourceID, TargetID: l.TargetID, Status: l.Status, Digest: l.Digest,
				RecordedCost: l.RecordedCost, StatusChanged: l.StatusChanged, Modified: l.Modified}, k)
		}

		require.NoError(t, s.Stores.Links.Touch(ctx, id(1001), at(300), c.ID))
		require.True(t, getLink(t, s, a.ID).Modified.Equal(when(300)))
		require.True(t, getLink(t, s, b.ID).Modified.Equal(want.Modified), "one that is down is not touched")
		require.True(t, getLink(t, s, c.ID).Modified.Equal(c.Modified), "nor one that is left out")
		require.NoError(t, s.Stores.Links.Touch(ctx, id(1), at(400)))
		require.True(t, getLink(t, s, c.ID).Modified.Equal(c.Modified), "nor one of another topology")
		require.NoError(t, s.Stores.Links.SetStatus(ctx, topology.Down, at(500), a.ID, c.ID))
		require.NoError(t, s.Stores.Links.SetStatus(ctx, topology.Down, at(600)))
		got := getLink(t, s, a.ID)
		require.Equal(t, topology.Down, got.Status)
		require.True(t, got.StatusChanged.Equal(when(500)) && got.Modified.Equal(got.StatusChanged))
		require.Equal(t, a.Cost, got.Cost)
		require.NoError(t, s.Stores.Links.Move(ctx, id(1001), id(9)))
		require.Equal(t, id(9), getLink(t, s, b.ID).OrganizationID)
	})
	t.Run("expiry", func(t *testing.T) {
		s := h(t)
		withNodes(t, s)
		up, old, late := link(1, 0), link(2, 0), link(3, 0)
		old.Status, late.Status, late.Modified = topology.Down, topology.Down, at(100)
		require.NoError(t, s.Stores.Links.InsertMany(ctx, []*topology.Link{up, old, late}))
		require.NoError(t, s.Stores.Moments.InsertMany(ctx, []*topology.Moment{momentOf(1, 2), momentOf(2, 1)}))
		n, err := s.Stores.Links.Expire(ctx, when(50), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		_, err = s.Stores.Links.Get(ctx, all(), old.ID)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		left, err := s.Stores.Moments.List(ctx, all(), topology.MomentFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, left.Rows, 1, "the history of a link goes with it")
	})
}

func getLink(t *testing.T, s Storage, id wispwright.ID) *topology.Link {
	l, err := s.Stores.Links.Get(context.Background(), all(), id)
	require.NoError(t, err)
	return l
}

func day(n int) time.Time { return time.Date(2026, 3, 1+n, 0, 0, 0, 0, time.UTC) }

func snapshot(n, _ int) *topology.Snapshot {
	return &topology.Snapshot{ID: id(4000 + n), TopologyID: id(1001), Day: day(n), Data: []byte{0, 1, byte(n)}, Nodes: int64(n), Up: int64(n), Down: int64(n), Saved: at(n)}
}

// RunSnapshots checks the store of snapshots.
func RunSnapshots(t *testing.T, h Harness) {
	ctx := context.Background()
	type filter = topology.SnapshotFilter
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		withTopology(t, s)
		storetest.RunRepo[wispwright.ID, topology.Snapshot, filter](t, s.Stores.Snapshots, storetest.Sample[wispwright.ID, topology.Snapshot, filter]{
			Tx: s.Tx, New: snapshot, Key: func(o *topology.Snapshot) wispwright.ID { return o.ID },
			Mutate: func(o *topology.Snapshot) { o.Nodes++ }, Missing: id(9999), Orders: []string{"Day", "Saved", "Nodes"},
			Orphan: func(n int) *topology.Snapshot { o := snapshot(n, 0); o.TopologyID = id(9998); return o },
			Uniques: map[string]func(*topology.Snapshot) *topology.Snapshot{
				topology.UniqueSnapshot: func(first *topology.Snapshot) *topology.Snapshot {
					second := *first
					second.ID = id(4999)
					return &second
				},
			},
			Filters: map[string]storetest.Filter[topology.Snapshot, filter]{
				"day":  {Filter: filter{TopologyID: id(1001), Day: day(2)}, Selects: func(o *topology.Snapshot) bool { return o.Day.Equal(day(2)) }},
				"days": {Filter: filter{DayFrom: day(1), DayBefore: day(3)}, Selects: func(o *topology.Snapshot) bool { return !o.Day.Before(day(1)) && o.Day.Before(day(3)) }},
			},
		})
	})
	t.Run("one a day", func(t *testing.T) {
		s := h(t)
		withTopology(t, s)
		for n := range 4 {
			require.NoError(t, s.Stores.Snapshots.Put(ctx, snapshot(n, 0)))
		}
		again := snapshot(9, 0)
		again.Day, again.Nodes, again.Data = day(2), 77, []byte("new")
		require.NoError(t, s.Stores.Snapshots.Put(ctx, again))
		days, err := s.Stores.Snapshots.Days(ctx, id(1001), day(1), day(3))
		require.NoError(t, err)
		require.Len(t, days, 2)
		require.Nil(t, days[0].Data)
		require.Equal(t, int64(77), days[1].Nodes)
		require.True(t, days[1].Day.Equal(day(2)))
		every, err := s.Stores.Snapshots.Days(ctx, id(1001), time.Time{}, time.Time{})
		require.NoError(t, err)
		require.Len(t, every, 4)
		read, err := s.Stores.Snapshots.List(ctx, all(), filter{TopologyID: id(1001), Day: day(2)}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, read.Rows, 1)
		require.Equal(t, []byte("new"), read.Rows[0].Data)
		n, err := s.Stores.Snapshots.Prune(ctx, day(2), 1)
		require.NoError(t, err)
		require.Equal(t, 1, n, "at most so many")
		n, err = s.Stores.Snapshots.Prune(ctx, day(2), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}

func momentOf(n, l int) *topology.Moment {
	return &topology.Moment{ID: id(5000 + n), TopologyID: id(1001), LinkID: id(3000 + l), At: at(n), Status: topology.Up, Cost: float64(n)}
}

// RunMoments checks the store of the history of links.
func RunMoments(t *testing.T, h Harness) {
	ctx := context.Background()
	type filter = topology.MomentFilter
	prepare := func(t *testing.T) Storage {
		s := h(t)
		withNodes(t, s)
		require.NoError(t, s.Stores.Links.InsertMany(ctx, []*topology.Link{link(1, 0), link(2, 0)}))
		return s
	}
	t.Run("repository", func(t *testing.T) {
		s := prepare(t)
		storetest.RunRepo[wispwright.ID, topology.Moment, filter](t, s.Stores.Moments, storetest.Sample[wispwright.ID, topology.Moment, filter]{
			Tx: s.Tx, New: func(n, _ int) *topology.Moment { return momentOf(n, 1+n%2) }, Key: func(o *topology.Moment) wispwright.ID { return o.ID },
			Mutate: func(o *topology.Moment) { o.Cost++ }, Missing: id(9999), Orders: []string{"At", "Cost"},
			Orphan: func(n int) *topology.Moment { o := momentOf(n, 1); o.LinkID = id(9998); return o },
			Filters: map[string]storetest.Filter[topology.Moment, filter]{
				"link":     {Filter: filter{LinkID: id(3002)}, Selects: func(o *topology.Moment) bool { return o.LinkID == id(3002) }},
				"from":     {Filter: filter{AtFrom: when(3)}, Selects: func(o *topology.Moment) bool { return !o.At.Before(when(3)) }},
				"before":   {Filter: filter{AtBefore: when(3)}, Selects: func(o *topology.Moment) bool { return o.At.Before(when(3)) }},
				"topology": {Filter: filter{TopologyID: id(1001)}, Selects: func(*topology.Moment) bool { return true }},
			},
		})
	})
	t.Run("the last one and old ones", func(t *testing.T) {
		s := prepare(t)
		require.NoError(t, s.Stores.Moments.InsertMany(ctx, []*topology.Moment{momentOf(1, 1), momentOf(2, 1), momentOf(3, 2), momentOf(4, 1)}))
		require.NoError(t, s.Stores.Moments.InsertMany(ctx, nil))
		last, err := s.Stores.Moments.Last(ctx, id(3001), when(4))
		require.NoError(t, err)
		require.Equal(t, id(5002), last.ID)
		_, err = s.Stores.Moments.Last(ctx, id(3001), at(0))
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		n, err := s.Stores.Moments.Prune(ctx, when(4), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n, "the last one before the time stays, for it tells how the rest began")
		_, err = s.Stores.Moments.Get(ctx, all(), id(5001))
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	})
}
