package topology_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/topology"
	"github.com/wispwright/wispwright/topology/topologytest"
)

type (
	nodeStore     struct{ topology.NodeStore }
	linkStore     struct{ topology.LinkStore }
	snapshotStore struct{ topology.SnapshotStore }
	momentStore   struct{ topology.MomentStore }
	topologyStore struct{ topology.TopologyStore }
)

// overwriting stores what people say along with what the network says.
type overwriting struct{ nodeStore }

func (s overwriting) Report(ctx context.Context, list []*topology.Node) error {
	for _, r := range list {
		if _, err := s.Update(ctx, wispwright.ScopeAll(), r.ID, func(n *topology.Node) error { *n = *r; return nil }); err != nil {
			return err
		}
	}
	return nil
}

// eager deletes old nodes that still have links.
type eager struct{ nodeStore }

func (s eager) Expire(ctx context.Context, since time.Time, most int) (int, error) {
	type plain interface {
		DeleteWhere(context.Context, func(*topology.Node) bool) (int, error)
	}
	return s.NodeStore.(plain).DeleteWhere(ctx, func(n *topology.Node) bool { return n.Modified.Before(since) && n.Seen.Before(since) })
}

// unseeing forgets that nodes are named.
type unseeing struct{ nodeStore }

func (unseeing) See(context.Context, time.Time, ...wispwright.ID) error { return nil }

// blind knows no nodes, so that each update makes new ones.
type blind struct{ nodeStore }

func (blind) Known(context.Context, wispwright.ID) ([]topology.KnownNode, error) { return nil, nil }

// touching touches links that are down and those to be left out.
type touching struct{ linkStore }

func (s touching) Touch(ctx context.Context, of wispwright.ID, at time.Time, _ ...wispwright.ID) error {
	list, err := s.List(ctx, wispwright.ScopeAll(), topology.LinkFilter{TopologyID: of}, wispwright.Page{})
	if err != nil {
		return err
	}
	for _, l := range list.Rows {
		if _, err := s.Update(ctx, wispwright.ScopeAll(), l.ID, func(l *topology.Link) error { l.Modified = at; return nil }); err != nil {
			return err
		}
	}
	return nil
}

// timeless does not say since when a link is down.
type timeless struct{ linkStore }

func (s timeless) SetStatus(ctx context.Context, status string, _ time.Time, ids ...wispwright.ID) error {
	for _, id := range ids {
		if _, err := s.Update(ctx, wispwright.ScopeAll(), id, func(l *topology.Link) error { l.Status = status; return nil }); err != nil {
			return err
		}
	}
	return nil
}

// piling keeps each snapshot of a day.
type piling struct{ snapshotStore }

func (s piling) Put(ctx context.Context, o *topology.Snapshot) error {
	if err := s.Insert(ctx, o); err != nil {
		return nil
	}
	return nil
}

// sweeping deletes the last moment before a time too.
type sweeping struct{ momentStore }

func (s sweeping) Prune(ctx context.Context, before time.Time, _ int) (int, error) {
	type plain interface {
		DeleteWhere(context.Context, func(*topology.Moment) bool) (int, error)
	}
	return s.MomentStore.(plain).DeleteWhere(ctx, func(m *topology.Moment) bool { return m.At.Before(before) })
}

// miscounting counts links that are down as up.
type miscounting struct{ topologyStore }

func (s miscounting) Count(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]topology.Count, error) {
	counts, err := s.TopologyStore.Count(ctx, ids...)
	for id, c := range counts {
		counts[id] = topology.Count{Nodes: c.Nodes, Up: c.Up + c.Down}
	}
	return counts, err
}

// TestBrokenStoragesFail runs the suite on storages that break a promise each, in
// a process of its own: it must fail.
func TestBrokenStoragesFail(t *testing.T) {
	for name, spoil := range map[string]func(*topology.Stores){
		"overwriting": func(s *topology.Stores) { s.Nodes = overwriting{nodeStore{s.Nodes}} },
		"eager":       func(s *topology.Stores) { s.Nodes = eager{nodeStore{s.Nodes}} },
		"unseeing":    func(s *topology.Stores) { s.Nodes = unseeing{nodeStore{s.Nodes}} },
		"blind":       func(s *topology.Stores) { s.Nodes = blind{nodeStore{s.Nodes}} },
		"touching":    func(s *topology.Stores) { s.Links = touching{linkStore{s.Links}} },
		"timeless":    func(s *topology.Stores) { s.Links = timeless{linkStore{s.Links}} },
		"piling":      func(s *topology.Stores) { s.Snapshots = piling{snapshotStore{s.Snapshots}} },
		"sweeping":    func(s *topology.Stores) { s.Moments = sweeping{momentStore{s.Moments}} },
		"miscounting": func(s *topology.Stores) { s.Topologies = miscounting{topologyStore{s.Topologies}} },
	} {
		t.Run(name, func(t *testing.T) {
			if os.Getenv("BROKEN_STORAGE") == "1" {
				topologytest.Run(t, func(*testing.T) topologytest.Storage {
					m := memstore.New()
					s := topologytest.Storage{Tx: m, Stores: topology.NewMemory(m)}
					spoil(&s.Stores)
					return s
				})
				return
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestBrokenStoragesFail$/^"+name+"$", "-test.timeout", "1m")
			cmd.Env = append(os.Environ(), "BROKEN_STORAGE=1")
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "the suite passes a broken storage:\n%s", out)
			require.Contains(t, string(out), "--- FAIL: TestBrokenStoragesFail/"+name, "it fails, and does not crash")
		})
	}
}
