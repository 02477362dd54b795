package topology

import (
	"context"
	"encoding/json"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Restore stores a topology as it is in an installation that is taken over, and
// returns what that took: "add", "change" or "".
func (t *Topologies) Restore(ctx context.Context, o *Topology) (action string, err error) {
	_, action, err = t.Adopt(ctx, o, func(before, after *Topology) {
		if before != nil {
			after.Updated, after.Problem = before.Updated, before.Problem
		}
	})
	return action, err
}

// Restore stores a node as it is in an installation that is taken over, and returns
// what that took: "add", "change" or "". Its topology must be there.
func (s *Nodes) Restore(ctx context.Context, n *Node) (action string, err error) {
	if err := s.validate(ctx, entity.Change[Node]{After: n}); err != nil {
		return "", err
	}
	if _, err := s.s.stores.Topologies.Get(ctx, wispwright.ScopeAll(), n.TopologyID); err != nil {
		return "", valid.Reference(err, "topology", n.TopologyID)
	}
	_, action, err = s.Adopt(ctx, n, func(before, after *Node) {
		after.Seen = Day(after.Modified)
		if before != nil {
			after.UserLabel, after.Seen = before.UserLabel, before.Seen
		}
	})
	return action, err
}

// Restore stores a link as it is in an installation that is taken over, and returns
// what that took: "add", "change" or "". Its nodes must be there; its history begins
// with its present status.
func (s *Links) Restore(ctx context.Context, l *Link) (action string, err error) {
	since := l.StatusChanged
	if err := s.validate(ctx, entity.Change[Link]{After: l}); err != nil {
		return "", err
	}
	l.StatusChanged = since
	err = s.s.base.Do(ctx, "topology.Links.Restore", func(ctx context.Context) error {
		for _, end := range []wispwright.ID{l.SourceID, l.TargetID} {
			if _, err := s.s.stores.Nodes.Get(ctx, wispwright.ScopeAll(), end); err != nil {
				return valid.Reference(err, "node", end)
			}
		}
		before, done, err := s.Adopt(ctx, l, nil)
		if action = done; err != nil || done == "" || before != nil && before.Status == l.Status {
			return err
		}
		return s.s.stores.Moments.InsertMany(ctx, []*Moment{{ID: wispwright.NewID(), TopologyID: l.TopologyID, LinkID: l.ID, At: l.StatusChanged, Status: l.Status, Cost: l.Cost}})
	})
	return action, err
}

// RestoreSnapshot stores what a topology was on a day, a NetworkGraph document, and
// returns what that took: "add" or "". A day that has one keeps it.
func (s *Service) RestoreSnapshot(ctx context.Context, o *Snapshot, document []byte) (action string, err error) {
	var graph struct {
		Nodes []json.RawMessage
		Links []struct{ Properties struct{ Status string } }
	}
	if err := json.Unmarshal(document, &graph); err != nil {
		return "", wispwright.Invalid("data", "is no NetworkGraph document.")
	}
	o.Nodes, o.Up, o.Down = int64(len(graph.Nodes)), 0, 0
	for _, l := range graph.Links {
		if l.Properties.Status == Down {
			o.Down++
		} else {
			o.Up++
		}
	}
	err = s.base.Do(ctx, "topology.RestoreSnapshot", func(ctx context.Context) error {
		action = ""
		if _, err := s.stores.Topologies.Get(ctx, wispwright.ScopeAll(), o.TopologyID); err != nil {
			return valid.Reference(err, "topology", o.TopologyID)
		}
		found, err := s.stores.Snapshots.List(ctx, wispwright.ScopeAll(), SnapshotFilter{TopologyID: o.TopologyID, Day: Day(o.Day)}, wispwright.Page{Limit: 1})
		if err != nil || found.Total > 0 {
			return err
		}
		if o.Data, err = pack(document); err != nil {
			return err
		}
		action, o.Day = "add", Day(o.Day)
		return s.stores.Snapshots.Put(ctx, o)
	})
	return action, err
}
