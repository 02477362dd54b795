package topologysql_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/topology"
	"github.com/wispwright/wispwright/topology/topologysql"
	"github.com/wispwright/wispwright/topology/topologytest"
)

func open(t testing.TB, db *sqlstore.DB) (*topology.Service, topology.Stores) {
	t.Helper()
	require.NoError(t, db.Migrate(context.Background(), topologysql.Migrations()))
	stores, err := topologysql.New(db)
	require.NoError(t, err)
	return topologytest.New(t, topologytest.Storage{Tx: db, Stores: stores}, nil, nil), stores
}

func received(t testing.TB, s *topology.Service) *topology.Topology {
	o := &topology.Topology{Label: "large", Parser: "netdiff.NetJsonParser", Strategy: topology.Receive, Key: "k", Published: true}
	require.NoError(t, s.Topologies.Create(context.Background(), o))
	return o
}

// grid is a network of n nodes with about 1.2 links each. A round differs from the
// one before in 5 % of the nodes and about as many links: lost, back, changed.
func grid(n, round int) []byte {
	var nodes, links []string
	churn := func(i int) bool { return i%20 == round%20 }
	for i := range n {
		label := fmt.Sprintf("node %d", i)
		if i%20 <= round {
			label += " changed"
		}
		nodes = append(nodes, fmt.Sprintf(`{"id":"10.%d.%d.%d","label":%q,"local_addresses":["fd00::%x"],"properties":{"model":"box","tx":%d}}`, i>>16, i>>8&255, i&255, label, i, i%100))
	}
	link := func(i, j, cost int) {
		if churn(i) && i%40 < 20 {
			return // lost
		}
		if i%20 <= round {
			cost++
		}
		links = append(links, fmt.Sprintf(`{"source":"10.%d.%d.%d","target":"10.%d.%d.%d","cost":%d.5,"cost_text":"%d ETX","properties":{"signal":-60}}`, i>>16, i>>8&255, i&255, j>>16, j>>8&255, j&255, cost, cost))
	}
	for i := 1; i < n; i++ {
		link(i, i/2, 1)
		if i%5 == 0 {
			link(i, i-1, 2)
		}
	}
	return []byte(`{"type":"NetworkGraph","protocol":"OLSR","version":"0.8","metric":"ETX","nodes":[` + strings.Join(nodes, ",") + `],"links":[` + strings.Join(links, ",") + `]}`)
}

// TestSpeedUpdate measures an update of 10,000 nodes of which 5 % differ; the goal
// is 300 ms on a quiet machine.
func TestSpeedUpdate(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	for name, db := range map[string]func(testing.TB) *sqlstore.DB{"sqlite": testkit.SQLite, "postgresql": testkit.Postgres} {
		t.Run(name, func(t *testing.T) {
			s, _ := open(t, db(t))
			o := received(t, s)
			rounds := [][]byte{grid(10_000, 0), grid(10_000, 1), grid(10_000, 2), grid(10_000, 3), grid(10_000, 3)}
			for i, data := range rounds {
				began := time.Now()
				u, err := s.Receive(t.Context(), o, data)
				require.NoError(t, err)
				t.Logf("round %d, %d KiB: %s; nodes +%d ~%d, links +%d ~%d, down %d", i, len(data)>>10, time.Since(began).Round(time.Millisecond), u.NodesAdded, u.NodesChanged, u.LinksAdded, u.LinksChanged, u.Down)
				switch i {
				case 0:
					require.Equal(t, 10_000, u.NodesAdded)
				case 4:
					require.True(t, u.Empty(), "the same again")
				default:
					require.Equal(t, 500, u.NodesChanged)
				}
			}
		})
	}
}

// TestStatements: an update takes as many statements for a thousand nodes as for
// ten, but for those that are cut for their length.
func TestStatements(t *testing.T) {
	db, count := testkit.CountedSQLite(t)
	s, _ := open(t, db)
	statements := func(n int) (out []int64) {
		o := received(t, s)
		for round := range 3 {
			before := count.Load()
			_, err := s.Receive(t.Context(), o, grid(n, round))
			require.NoError(t, err)
			out = append(out, count.Load()-before)
		}
		return out
	}
	few, many := statements(40), statements(400)
	t.Logf("statements: %v for 40 nodes, %v for 400", few, many)
	for i := range few {
		require.InDelta(t, few[i], many[i], 2)
		require.Less(t, many[i], int64(25))
	}
}

// TestPlans: what updates and lists read are pieces of an index.
func TestPlans(t *testing.T) {
	db, plan := testkit.ExplainedSQLite(t)
	_, stores := open(t, db)
	ctx, id, at := t.Context(), wispwright.NewID(), time.Now()
	for name, ask := range map[string]struct {
		want string
		run  func() error
	}{
		"known nodes": {"topology_node_topology (topology_id=?)", func() error { _, err := stores.Nodes.Known(ctx, id); return err }},
		"known links": {"topology_link_topology (topology_id=?)", func() error { _, err := stores.Links.Known(ctx, id); return err }},
		"old links":   {"topology_link_down (modified<?)", func() error { _, err := stores.Links.Expire(ctx, at, 10); return err }},
		"a day": {"topology_snapshot_topology_day (topology_id=? AND day=?)", func() error {
			_, err := stores.Snapshots.List(ctx, wispwright.ScopeAll(), topology.SnapshotFilter{TopologyID: id, Day: at}, wispwright.Page{Limit: 1, NoTotal: true})
			return err
		}},
		"history": {"topology_moment_link (link_id=? AND at<?)", func() error {
			_, err := stores.Moments.Last(ctx, id, at)
			if err != nil && err.Error() == wispwright.ErrNotFound.Error() {
				return nil
			}
			return err
		}},
		"nodes of a device": {"topology_node_device (device_id=?)", func() error { return stores.Nodes.Unrelate(ctx, id) }},
	} {
		require.NoError(t, ask.run(), name)
		require.Contains(t, strings.Join(plan(), "\n"), ask.want, name)
	}
}

// TestSpeedYearOfSnapshots measures what a year of days of 1,000 nodes takes, and how
// long it takes to list the days and to open one.
func TestSpeedYearOfSnapshots(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	for name, db := range map[string]func(testing.TB) *sqlstore.DB{"sqlite": testkit.SQLite, "postgresql": testkit.Postgres} {
		t.Run(name, func(t *testing.T) {
			s, stores := open(t, db(t))
			o := received(t, s)
			bytes := 0
			first := topology.Day(time.Now()).AddDate(-1, 0, 0)
			for day := range 365 {
				if day%50 == 0 { // what differs from day to day is as large as what stays
					_, err := s.Receive(t.Context(), o, grid(1_000, day/50))
					require.NoError(t, err)
					require.NoError(t, s.SaveSnapshot(t.Context(), o))
				}
				today, err := stores.Snapshots.List(t.Context(), wispwright.ScopeAll(), topology.SnapshotFilter{TopologyID: o.ID, Day: topology.Day(time.Now())}, wispwright.Page{Limit: 1})
				require.NoError(t, err)
				require.Len(t, today.Rows, 1)
				one := *today.Rows[0]
				one.ID, one.Day = wispwright.NewID(), first.AddDate(0, 0, day)
				bytes += len(one.Data)
				require.NoError(t, stores.Snapshots.Put(t.Context(), &one))
			}
			began := time.Now()
			days, err := s.Days(t.Context(), o.ID, first, first.AddDate(1, 0, 0))
			require.NoError(t, err)
			require.Len(t, days, 365)
			listed := time.Since(began)
			began = time.Now()
			document, err := s.Snapshot(t.Context(), o.ID, first.AddDate(0, 0, 180))
			require.NoError(t, err)
			t.Logf("365 days of 1,000 nodes: %d KiB, %d KiB a day; days listed in %s, one opened in %s (%d KiB of JSON)",
				bytes>>10, bytes/365>>10, listed.Round(time.Microsecond), time.Since(began).Round(time.Microsecond), len(document)>>10)
			require.Less(t, bytes, 365*200<<10, "a day of 1,000 nodes")
			require.Greater(t, len(document), 100<<10)
		})
	}
}
