package topology

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory. They look through all
// they have for most questions: they are for tests and small programs.
func NewMemory(m *memstore.Store) Stores {
	s := &memory{store: m}
	s.moments = memstore.NewRepo[wispwright.ID, Moment, MomentFilter](m, memstore.Spec[Moment]{Shape: MomentShape()})
	s.nodes = memstore.NewRepo[wispwright.ID, Node, NodeFilter](m, memstore.Spec[Node]{Shape: NodeShape(), Match: map[string]func(context.Context, *Node, any) bool{
		"Matched": func(_ context.Context, n *Node, v any) bool { return n.DeviceID.IsZero() != v.(bool) },
	}})
	s.links = memstore.NewRepo[wispwright.ID, Link, LinkFilter](m, memstore.Spec[Link]{
		Shape: LinkShape(),
		Match: map[string]func(context.Context, *Link, any) bool{
			"NodeID": func(_ context.Context, l *Link, v any) bool { return l.SourceID == v || l.TargetID == v },
		},
		Search: func(ctx context.Context, l *Link, text string) bool {
			for _, id := range []wispwright.ID{l.SourceID, l.TargetID} {
				n, err := s.nodes.Get(ctx, wispwright.ScopeAll(), id)
				if err == nil && (memstore.Contains(n.Label, text) || memstore.Contains(n.UserLabel, text) || memstore.Contains(string(n.Addresses), text)) {
					return true
				}
			}
			return false
		},
	})
	s.snapshots = memstore.NewRepo[wispwright.ID, Snapshot, SnapshotFilter](m, memstore.Spec[Snapshot]{Shape: SnapshotShape()})
	s.topologies = memstore.NewRepo[wispwright.ID, Topology, TopologyFilter](m, memstore.Spec[Topology]{Shape: TopologyShape()})
	return Stores{Topologies: memoryTopologies{s.topologies, s}, Nodes: memoryNodes{s.nodes, s}, Links: memoryLinks{s.links, s}, Snapshots: memorySnapshots{s.snapshots, s}, Moments: memoryMoments{s.moments, s}}
}

type memory struct {
	store      *memstore.Store
	topologies *memstore.Repo[wispwright.ID, Topology, TopologyFilter]
	nodes      *memstore.Repo[wispwright.ID, Node, NodeFilter]
	links      *memstore.Repo[wispwright.ID, Link, LinkFilter]
	snapshots  *memstore.Repo[wispwright.ID, Snapshot, SnapshotFilter]
	moments    *memstore.Repo[wispwright.ID, Moment, MomentFilter]
}

func everything() wispwright.Page { return wispwright.Page{NoTotal: true} }

// dropLinks deletes links with their history.
func (m *memory) dropLinks(ctx context.Context, pick func(*Link) bool) (int, error) {
	gone := map[wispwright.ID]bool{}
	n, err := m.links.DeleteWhere(ctx, func(l *Link) bool {
		if pick(l) {
			gone[l.ID] = true
		}
		return gone[l.ID]
	})
	if err != nil {
		return n, err
	}
	_, err = m.moments.DeleteWhere(ctx, func(o *Moment) bool { return gone[o.LinkID] })
	return n, err
}

type memoryTopologies struct {
	*memstore.Repo[wispwright.ID, Topology, TopologyFilter]
	m *memory
}

// Delete also removes what the topology has.
func (s memoryTopologies) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.m.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		if _, err := s.m.dropLinks(ctx, func(l *Link) bool { return l.TopologyID == id }); err != nil {
			return err
		}
		if _, err := s.m.nodes.DeleteWhere(ctx, func(n *Node) bool { return n.TopologyID == id }); err != nil {
			return err
		}
		_, err := s.m.snapshots.DeleteWhere(ctx, func(o *Snapshot) bool { return o.TopologyID == id })
		return err
	})
}

// Count implements TopologyStore.
func (s memoryTopologies) Count(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]Count, error) {
	out := map[wispwright.ID]Count{}
	nodes, err := s.m.nodes.List(ctx, wispwright.ScopeAll(), NodeFilter{TopologyIDs: wispwright.Only(ids...)}, everything())
	if err != nil {
		return nil, err
	}
	for _, n := range nodes.Rows {
		c := out[n.TopologyID]
		c.Nodes++
		out[n.TopologyID] = c
	}
	links, err := s.m.links.List(ctx, wispwright.ScopeAll(), LinkFilter{TopologyIDs: wispwright.Only(ids...)}, everything())
	if err != nil {
		return nil, err
	}
	for _, l := range links.Rows {
		c := out[l.TopologyID]
		if l.Status == Up {
			c.Up++
		} else {
			c.Down++
		}
		out[l.TopologyID] = c
	}
	return out, nil
}

type memoryNodes struct {
	*memstore.Repo[wispwright.ID, Node, NodeFilter]
	m *memory
}

// Delete also removes the node's links.
func (s memoryNodes) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.m.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		_, err := s.m.dropLinks(ctx, func(l *Link) bool { return l.SourceID == id || l.TargetID == id })
		return err
	})
}

// each changes the nodes that are there of some.
func (s memoryNodes) each(ctx context.Context, f NodeFilter, change func(*Node)) error {
	return s.m.store.InTx(ctx, func(ctx context.Context) error {
		rows, err := s.List(ctx, wispwright.ScopeAll(), f, everything())
		if err != nil {
			return err
		}
		for _, n := range rows.Rows {
			if _, err := s.Update(ctx, wispwright.ScopeAll(), n.ID, func(n *Node) error { change(n); return nil }); err != nil {
				return err
			}
		}
		return nil
	})
}

// Known implements NodeStore.
func (s memoryNodes) Known(ctx context.Context, topology wispwright.ID) ([]KnownNode, error) {
	rows, err := s.List(ctx, wispwright.ScopeAll(), NodeFilter{TopologyID: topology}, everything())
	if err != nil {
		return nil, err
	}
	out := make([]KnownNode, len(rows.Rows))
	for i, n := range rows.Rows {
		out[i] = KnownNode{n.ID, n.OrganizationID, n.TopologyID, n.NetjsonID, n.Addresses, n.Digest, n.Seen}
	}
	return out, nil
}

// Report implements NodeStore.
func (s memoryNodes) Report(ctx context.Context, nodes []*Node) error {
	by := map[wispwright.ID]*Node{}
	for _, n := range nodes {
		by[n.ID] = n
	}
	return s.each(ctx, NodeFilter{IDs: idsOf(nodes, func(n *Node) wispwright.ID { return n.ID })}, func(n *Node) {
		r := by[n.ID]
		n.Label, n.Addresses, n.Properties, n.NetjsonID, n.Digest, n.Modified, n.Seen = r.Label, r.Addresses, r.Properties, r.NetjsonID, r.Digest, r.Modified, r.Seen
	})
}

func idsOf[T any](list []*T, id func(*T) wispwright.ID) wispwright.Among[wispwright.ID] {
	ids := make([]wispwright.ID, len(list))
	for i, o := range list {
		ids[i] = id(o)
	}
	return wispwright.Only(ids...)
}

// See implements NodeStore.
func (s memoryNodes) See(ctx context.Context, at time.Time, ids ...wispwright.ID) error {
	return s.each(ctx, NodeFilter{IDs: wispwright.Only(ids...)}, func(n *Node) { n.Seen = at })
}

// Relate implements NodeStore.
func (s memoryNodes) Relate(ctx context.Context, list ...Relation) error {
	for _, r := range list {
		if err := s.each(ctx, NodeFilter{IDs: wispwright.Only(r.NodeID)}, func(n *Node) { n.DeviceID, n.OrganizationID = r.DeviceID, r.OrganizationID }); err != nil {
			return err
		}
	}
	return nil
}

// Unrelate implements NodeStore.
func (s memoryNodes) Unrelate(ctx context.Context, devices ...wispwright.ID) error {
	for _, d := range devices {
		if err := s.each(ctx, NodeFilter{DeviceID: d}, func(n *Node) { n.DeviceID = wispwright.ID{} }); err != nil {
			return err
		}
	}
	return nil
}

// Move implements NodeStore.
func (s memoryNodes) Move(ctx context.Context, topology, organization wispwright.ID) error {
	return s.each(ctx, NodeFilter{TopologyID: topology}, func(n *Node) { n.OrganizationID, n.DeviceID = organization, wispwright.ID{} })
}

// Expire implements NodeStore.
func (s memoryNodes) Expire(ctx context.Context, since time.Time, most int) (n int, err error) {
	err = s.m.store.InTx(ctx, func(ctx context.Context) error {
		links, err := s.m.links.List(ctx, wispwright.ScopeAll(), LinkFilter{}, everything())
		if err != nil {
			return err
		}
		linked := map[wispwright.ID]bool{}
		for _, l := range links.Rows {
			linked[l.SourceID], linked[l.TargetID] = true, true
		}
		left := most
		n, err = s.DeleteWhere(ctx, func(n *Node) bool {
			if left == 0 || linked[n.ID] || !n.Modified.Before(since) || !n.Seen.Before(since) {
				return false
			}
			left--
			return true
		})
		return err
	})
	return n, err
}

type memoryLinks struct {
	*memstore.Repo[wispwright.ID, Link, LinkFilter]
	m *memory
}

// Delete also removes the link's history.
func (s memoryLinks) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.m.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		_, err := s.m.moments.DeleteWhere(ctx, func(o *Moment) bool { return o.LinkID == id })
		return err
	})
}

// each changes the links that are there of some.
func (s memoryLinks) each(ctx context.Context, f LinkFilter, change func(*Link)) error {
	return s.m.store.InTx(ctx, func(ctx context.Context) error {
		rows, err := s.List(ctx, wispwright.ScopeAll(), f, everything())
		if err != nil {
			return err
		}
		for _, l := range rows.Rows {
			if _, err := s.Update(ctx, wispwright.ScopeAll(), l.ID, func(l *Link) error { change(l); return nil }); err != nil {
				return err
			}
		}
		return nil
	})
}

// Known implements LinkStore.
func (s memoryLinks) Known(ctx context.Context, topology wispwright.ID) ([]KnownLink, error) {
	rows, err := s.List(ctx, wispwright.ScopeAll(), LinkFilter{TopologyID: topology}, everything())
	if err != nil {
		return nil, err
	}
	out := make([]KnownLink, len(rows.Rows))
	for i, l := range rows.Rows {
		out[i] = KnownLink{l.ID, l.TopologyID, l.SourceID, l.TargetID, l.Status, l.Digest, l.RecordedCost, l.StatusChanged, l.Modified}
	}
	return out, nil
}

// Report implements LinkStore.
func (s memoryLinks) Report(ctx context.Context, links []*Link) error {
	by := map[wispwright.ID]*Link{}
	for _, l := range links {
		by[l.ID] = l
	}
	return s.each(ctx, LinkFilter{IDs: idsOf(links, func(l *Link) wispwright.ID { return l.ID })}, func(l *Link) {
		r := by[l.ID]
		l.Status, l.Cost, l.CostText, l.Properties = r.Status, r.Cost, r.CostText, r.Properties
		l.StatusChanged, l.Modified, l.Digest, l.RecordedCost = r.StatusChanged, r.Modified, r.Digest, r.RecordedCost
	})
}

// SetStatus implements LinkStore.
func (s memoryLinks) SetStatus(ctx context.Context, status string, at time.Time, ids ...wispwright.ID) error {
	return s.each(ctx, LinkFilter{IDs: wispwright.Only(ids...)}, func(l *Link) { l.Status, l.StatusChanged, l.Modified = status, at, at })
}

// Touch implements LinkStore.
func (s memoryLinks) Touch(ctx context.Context, topology wispwright.ID, at time.Time, but ...wispwright.ID) error {
	return s.each(ctx, LinkFilter{TopologyID: topology, Status: Up}, func(l *Link) {
		if !slices.Contains(but, l.ID) {
			l.Modified = at
		}
	})
}

// Move implements LinkStore.
func (s memoryLinks) Move(ctx context.Context, topology, organization wispwright.ID) error {
	return s.each(ctx, LinkFilter{TopologyID: topology}, func(l *Link) { l.OrganizationID = organization })
}

// Expire implements LinkStore.
func (s memoryLinks) Expire(ctx context.Context, since time.Time, most int) (n int, err error) {
	err = s.m.store.InTx(ctx, func(ctx context.Context) error {
		left := most
		n, err = s.m.dropLinks(ctx, func(l *Link) bool {
			if left == 0 || l.Status != Down || !l.Modified.Before(since) {
				return false
			}
			left--
			return true
		})
		return err
	})
	return n, err
}

type memorySnapshots struct {
	*memstore.Repo[wispwright.ID, Snapshot, SnapshotFilter]
	m *memory
}

// Put implements SnapshotStore.
func (s memorySnapshots) Put(ctx context.Context, o *Snapshot) error {
	return s.m.store.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.DeleteWhere(ctx, func(have *Snapshot) bool { return have.TopologyID == o.TopologyID && have.Day.Equal(o.Day) }); err != nil {
			return err
		}
		return s.Insert(ctx, o)
	})
}

// Days implements SnapshotStore.
func (s memorySnapshots) Days(ctx context.Context, topology wispwright.ID, from, before time.Time) ([]*Snapshot, error) {
	rows, err := s.List(ctx, wispwright.ScopeAll(), SnapshotFilter{TopologyID: topology, DayFrom: from, DayBefore: before}, everything())
	for _, o := range rows.Rows {
		o.Data = nil
	}
	return rows.Rows, err
}

// Prune implements SnapshotStore.
func (s memorySnapshots) Prune(ctx context.Context, before time.Time, most int) (int, error) {
	left := most
	return s.DeleteWhere(ctx, func(o *Snapshot) bool {
		if left == 0 || !o.Day.Before(before) {
			return false
		}
		left--
		return true
	})
}

type memoryMoments struct {
	*memstore.Repo[wispwright.ID, Moment, MomentFilter]
	m *memory
}

// Last implements MomentStore.
func (s memoryMoments) Last(ctx context.Context, link wispwright.ID, before time.Time) (*Moment, error) {
	rows, err := s.List(ctx, wispwright.ScopeAll(), MomentFilter{LinkID: link, AtBefore: before}, everything())
	if err != nil {
		return nil, err
	}
	if len(rows.Rows) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return rows.Rows[len(rows.Rows)-1], nil
}

// Prune implements MomentStore.
func (s memoryMoments) Prune(ctx context.Context, before time.Time, most int) (n int, err error) {
	err = s.m.store.InTx(ctx, func(ctx context.Context) error {
		rows, err := s.List(ctx, wispwright.ScopeAll(), MomentFilter{AtBefore: before}, everything())
		if err != nil {
			return err
		}
		slices.SortStableFunc(rows.Rows, func(a, b *Moment) int {
			return cmp.Or(cmp.Compare(a.LinkID.String(), b.LinkID.String()), a.At.Compare(b.At))
		})
		gone := map[wispwright.ID]bool{}
		for i := range max(0, len(rows.Rows)-1) {
			if rows.Rows[i].LinkID == rows.Rows[i+1].LinkID && rows.Rows[i].At.Before(rows.Rows[i+1].At) && len(gone) < most {
				gone[rows.Rows[i].ID] = true
			}
		}
		n, err = s.DeleteWhere(ctx, func(o *Moment) bool { return gone[o.ID] })
		return err
	})
	return n, err
}
