package topologysql

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/topology"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the concern's tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "topology", FS: migrations}
}

// known selects what updates must know.
type known struct{ TopologyID wispwright.ID }

// New returns the concern's stores on a migrated database. The database is
// their transactor.
func New(db *sqlstore.DB) (topology.Stores, error) {
	b := sqlstore.Build(db)
	moments := sqlstore.Add[wispwright.ID, topology.Moment, topology.MomentFilter](b, sqlstore.Spec{Shape: topology.MomentShape()})
	snapshots := sqlstore.Add[wispwright.ID, topology.Snapshot, topology.SnapshotFilter](b, sqlstore.Spec{Shape: topology.SnapshotShape()})
	knownNodes, knownLinks := topology.NodeShape(), topology.LinkShape()
	knownNodes.Search, knownNodes.Order = nil, nil
	knownLinks.Search, knownLinks.Order, knownLinks.Org = nil, nil, ""
	stores := topology.Stores{
		Topologies: &topologies{sqlstore.Add[wispwright.ID, topology.Topology, topology.TopologyFilter](b, sqlstore.Spec{Shape: topology.TopologyShape()}), db},
		Nodes: &nodes{
			sqlstore.Add[wispwright.ID, topology.Node, topology.NodeFilter](b, sqlstore.Spec{Shape: topology.NodeShape(), Where: map[string]func(any) sqlstore.Cond{
				"Matched": func(v any) sqlstore.Cond {
					if v.(bool) {
						return sqlstore.Cond{SQL: "topology_node.device_id IS NOT NULL"}
					}
					return sqlstore.Cond{SQL: "topology_node.device_id IS NULL"}
				},
			}}),
			sqlstore.Add[wispwright.ID, topology.KnownNode, known](b, sqlstore.Spec{Shape: knownNodes}), db,
		},
		Links: &links{
			sqlstore.Add[wispwright.ID, topology.Link, topology.LinkFilter](b, sqlstore.Spec{
				Shape: topology.LinkShape(),
				Where: map[string]func(any) sqlstore.Cond{
					"NodeID": func(v any) sqlstore.Cond {
						return sqlstore.Cond{SQL: "(topology_link.source_id = ? OR topology_link.target_id = ?)", Args: []any{v, v}}
					},
				},
				Search: called,
			}),
			sqlstore.Add[wispwright.ID, topology.KnownLink, known](b, sqlstore.Spec{Shape: knownLinks}), db,
		},
		Snapshots: &snapshotStore{snapshots, db},
		Moments:   &momentStore{moments, db},
	}
	return stores, b.Err()
}

// called finds links by what their nodes are called.
func called(_ string, contains func(expression string) sqlstore.Cond) sqlstore.Cond {
	var parts []string
	var args []any
	for _, column := range []string{"n.label", "n.user_label", "n.addresses"} {
		c := contains(column)
		parts, args = append(parts, c.SQL), append(args, c.Args...)
	}
	return sqlstore.Cond{SQL: "EXISTS (SELECT 1 FROM topology_node AS n WHERE n.id IN (topology_link.source_id, topology_link.target_id) AND (" + strings.Join(parts, " OR ") + "))", Args: args}
}

// perStatement is how many rows one statement names.
const perStatement = 500

// each runs a statement for ids, some at a time; the marks stand where it has %s.
func each(ctx context.Context, db *sqlstore.DB, what, query string, before []any, ids []wispwright.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(ids, perStatement) {
			marks, args := sqlstore.In(some)
			if _, err := sqlstore.Exec(ctx, db, fmt.Sprintf(query, marks), append(slices.Clone(before), args...)...); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
		}
		return nil
	})
}

// repo is what upsert needs of a repository.
type repo[T any] interface {
	Args(object *T) ([]any, error)
	Columns() string
}

// upsert changes columns of rows that exist, many with one statement. What the
// objects have in other columns would count only for rows that do not.
func upsert[T any](ctx context.Context, db *sqlstore.DB, r repo[T], table string, objects []*T, columns ...string) error {
	sets := make([]string, len(columns))
	for i, c := range columns {
		sets[i] = c + " = excluded." + c
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(objects, perStatement) {
			var args []any
			rows := make([]string, len(some))
			for i, o := range some {
				a, err := r.Args(o)
				if err != nil {
					return err
				}
				marks, _ := sqlstore.In(a)
				rows[i], args = "("+marks+")", append(args, a...)
			}
			if _, err := sqlstore.Exec(ctx, db, "INSERT INTO "+table+" ("+r.Columns()+") VALUES "+strings.Join(rows, ", ")+
				" ON CONFLICT (id) DO UPDATE SET "+strings.Join(sets, ", "), args...); err != nil {
				return fmt.Errorf("store what the network says in %s: %w", table, err)
			}
		}
		return nil
	})
}

type topologies struct {
	*sqlstore.Repo[wispwright.ID, topology.Topology, topology.TopologyFilter]
	db *sqlstore.DB
}

// Count implements topology.TopologyStore.
func (s *topologies) Count(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]topology.Count, error) {
	out := map[wispwright.ID]topology.Count{}
	type row struct {
		TopologyID wispwright.ID `db:"topology_id"`
		Status     string        `db:"status"`
		N          int64         `db:"n"`
	}
	for some := range slices.Chunk(ids, perStatement) {
		marks, args := sqlstore.In(some)
		rows, err := sqlstore.Select[row](ctx, s.db, "SELECT topology_id, '' AS status, count(*) AS n FROM topology_node WHERE topology_id IN ("+marks+") GROUP BY topology_id"+
			" UNION ALL SELECT topology_id, status, count(*) AS n FROM topology_link WHERE topology_id IN ("+marks+") GROUP BY topology_id, status", append(slices.Clone(args), args...)...)
		if err != nil {
			return nil, fmt.Errorf("count nodes and links: %w", err)
		}
		for _, r := range rows {
			c := out[r.TopologyID]
			switch r.Status {
			case "":
				c.Nodes = r.N
			case topology.Up:
				c.Up = r.N
			default:
				c.Down = r.N
			}
			out[r.TopologyID] = c
		}
	}
	return out, nil
}

type nodes struct {
	*sqlstore.Repo[wispwright.ID, topology.Node, topology.NodeFilter]
	known *sqlstore.Repo[wispwright.ID, topology.KnownNode, known]
	db    *sqlstore.DB
}

// Known implements topology.NodeStore.
func (s *nodes) Known(ctx context.Context, of wispwright.ID) ([]topology.KnownNode, error) {
	return allKnown(ctx, s.known, of)
}

func allKnown[T any](ctx context.Context, r *sqlstore.Repo[wispwright.ID, T, known], of wispwright.ID) ([]T, error) {
	found, err := r.List(ctx, wispwright.ScopeAll(), known{of}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	out := make([]T, len(found.Rows))
	for i, row := range found.Rows {
		out[i] = *row
	}
	return out, nil
}

// Report implements topology.NodeStore.
func (s *nodes) Report(ctx context.Context, list []*topology.Node) error {
	return upsert(ctx, s.db, s.Repo, "topology_node", list, "label", "addresses", "properties", "netjson_id", "digest", "modified", "seen")
}

// See implements topology.NodeStore.
func (s *nodes) See(ctx context.Context, at time.Time, ids ...wispwright.ID) error {
	return each(ctx, s.db, "note that nodes are named", "UPDATE topology_node SET seen = ? WHERE id IN (%s)", []any{moment(at)}, ids)
}

// moment is a time as both databases keep it.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Relate implements topology.NodeStore.
func (s *nodes) Relate(ctx context.Context, list ...topology.Relation) error {
	id := "?"
	if s.db.Dialect() == sqlstore.Postgres { // which takes the parameters of a CASE for texts
		id = "CAST(? AS UUID)"
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(list, perStatement) {
			var device, organization strings.Builder
			var args, organizations, ids []any
			for _, r := range some {
				device.WriteString(" WHEN ? THEN " + id)
				organization.WriteString(" WHEN ? THEN " + id)
				args, organizations, ids = append(args, r.NodeID, r.DeviceID), append(organizations, r.NodeID, r.OrganizationID), append(ids, r.NodeID)
			}
			marks, _ := sqlstore.In(some)
			if _, err := sqlstore.Exec(ctx, s.db, "UPDATE topology_node SET device_id = CASE id"+device.String()+" END, organization_id = CASE id"+organization.String()+" END WHERE id IN ("+marks+")",
				slices.Concat(args, organizations, ids)...); err != nil {
				return fmt.Errorf("relate nodes and devices: %w", err)
			}
		}
		return nil
	})
}

// Unrelate implements topology.NodeStore.
func (s *nodes) Unrelate(ctx context.Context, devices ...wispwright.ID) error {
	return each(ctx, s.db, "part nodes from devices", "UPDATE topology_node SET device_id = NULL WHERE device_id IN (%s)", nil, devices)
}

// Move implements topology.NodeStore.
func (s *nodes) Move(ctx context.Context, of, organization wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE topology_node SET organization_id = ?, device_id = NULL WHERE topology_id = ?", organization, of); err != nil {
		return fmt.Errorf("move nodes: %w", err)
	}
	return nil
}

// Expire implements topology.NodeStore.
func (s *nodes) Expire(ctx context.Context, since time.Time, most int) (int, error) {
	return expire(ctx, s.db, "topology_node", `modified < ? AND (seen IS NULL OR seen < ?)
		AND NOT EXISTS (SELECT 1 FROM topology_link AS l WHERE l.source_id = topology_node.id) AND NOT EXISTS (SELECT 1 FROM topology_link AS l WHERE l.target_id = topology_node.id)`, most, moment(since), moment(since))
}

// expire deletes some rows that a condition holds of.
func expire(ctx context.Context, db *sqlstore.DB, table, where string, most int, args ...any) (int, error) {
	n, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table+" WHERE id IN (SELECT id FROM "+table+" WHERE "+where+" LIMIT ?)", append(args, most)...)
	if err != nil {
		return 0, fmt.Errorf("delete old rows of %s: %w", table, err)
	}
	return n, nil
}

type links struct {
	*sqlstore.Repo[wispwright.ID, topology.Link, topology.LinkFilter]
	known *sqlstore.Repo[wispwright.ID, topology.KnownLink, known]
	db    *sqlstore.DB
}

// Known implements topology.LinkStore.
func (s *links) Known(ctx context.Context, of wispwright.ID) ([]topology.KnownLink, error) {
	return allKnown(ctx, s.known, of)
}

// Report implements topology.LinkStore.
func (s *links) Report(ctx context.Context, list []*topology.Link) error {
	return upsert(ctx, s.db, s.Repo, "topology_link", list, "status", "cost", "cost_text", "properties", "status_changed", "modified", "digest", "recorded_cost")
}

// SetStatus implements topology.LinkStore.
func (s *links) SetStatus(ctx context.Context, status string, at time.Time, ids ...wispwright.ID) error {
	return each(ctx, s.db, "change the status of links", "UPDATE topology_link SET status = ?, status_changed = ?, modified = ? WHERE id IN (%s)", []any{status, moment(at), moment(at)}, ids)
}

// Touch implements topology.LinkStore.
func (s *links) Touch(ctx context.Context, of wispwright.ID, at time.Time, but ...wispwright.ID) error {
	query, args := "UPDATE topology_link SET modified = ? WHERE topology_id = ? AND status = 'up'", []any{moment(at), of}
	for some := range slices.Chunk(but, perStatement) {
		marks, more := sqlstore.In(some)
		query, args = query+" AND id NOT IN ("+marks+")", append(args, more...)
	}
	if _, err := sqlstore.Exec(ctx, s.db, query, args...); err != nil {
		return fmt.Errorf("touch links: %w", err)
	}
	return nil
}

// Move implements topology.LinkStore.
func (s *links) Move(ctx context.Context, of, organization wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE topology_link SET organization_id = ? WHERE topology_id = ?", organization, of); err != nil {
		return fmt.Errorf("move links: %w", err)
	}
	return nil
}

// Expire implements topology.LinkStore.
func (s *links) Expire(ctx context.Context, since time.Time, most int) (int, error) {
	return expire(ctx, s.db, "topology_link", "status = 'down' AND modified < ?", most, moment(since))
}

type snapshotStore struct {
	*sqlstore.Repo[wispwright.ID, topology.Snapshot, topology.SnapshotFilter]
	db *sqlstore.DB
}

// Put implements topology.SnapshotStore.
func (s *snapshotStore) Put(ctx context.Context, o *topology.Snapshot) error {
	o.Day, o.Saved = moment(o.Day), moment(o.Saved)
	args, err := s.Args(o)
	if err != nil {
		return err
	}
	marks, _ := sqlstore.In(args)
	if _, err := sqlstore.Exec(ctx, s.db, "INSERT INTO topology_snapshot ("+s.Columns()+") VALUES ("+marks+") ON CONFLICT (topology_id, day) DO UPDATE SET"+
		" id = excluded.id, data = excluded.data, nodes = excluded.nodes, up = excluded.up, down = excluded.down, saved = excluded.saved", args...); err != nil {
		return fmt.Errorf("store a snapshot: %w", err)
	}
	return nil
}

// Days implements topology.SnapshotStore.
func (s *snapshotStore) Days(ctx context.Context, of wispwright.ID, from, before time.Time) ([]*topology.Snapshot, error) {
	type row struct {
		ID    wispwright.ID `db:"id"`
		Day   time.Time     `db:"day"`
		Nodes int64         `db:"nodes"`
		Up    int64         `db:"up"`
		Down  int64         `db:"down"`
		Saved time.Time     `db:"saved"`
	}
	query, args := "SELECT id, day, nodes, up, down, saved FROM topology_snapshot WHERE topology_id = ?", []any{of}
	for _, bound := range []struct {
		sign string
		at   time.Time
	}{{">=", from}, {"<", before}} {
		if !bound.at.IsZero() {
			query, args = query+" AND day "+bound.sign+" ?", append(args, moment(bound.at))
		}
	}
	rows, err := sqlstore.Select[row](ctx, s.db, query+" ORDER BY day", args...)
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	out := make([]*topology.Snapshot, len(rows))
	for i, r := range rows {
		out[i] = &topology.Snapshot{ID: r.ID, TopologyID: of, Day: r.Day.UTC(), Nodes: r.Nodes, Up: r.Up, Down: r.Down, Saved: r.Saved.UTC()}
	}
	return out, nil
}

// Prune implements topology.SnapshotStore.
func (s *snapshotStore) Prune(ctx context.Context, before time.Time, most int) (int, error) {
	return expire(ctx, s.db, "topology_snapshot", "day < ?", most, moment(before))
}

type momentStore struct {
	*sqlstore.Repo[wispwright.ID, topology.Moment, topology.MomentFilter]
	db *sqlstore.DB
}

// Last implements topology.MomentStore.
func (s *momentStore) Last(ctx context.Context, link wispwright.ID, before time.Time) (*topology.Moment, error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), topology.MomentFilter{LinkID: link, AtBefore: before}, wispwright.Page{Limit: 1, NoTotal: true, Order: []wispwright.Order{{Field: "At", Descending: true}}})
	if err != nil {
		return nil, err
	}
	if len(found.Rows) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return found.Rows[0], nil
}

// Prune implements topology.MomentStore.
func (s *momentStore) Prune(ctx context.Context, before time.Time, most int) (int, error) {
	return expire(ctx, s.db, "topology_moment", "at < ? AND EXISTS (SELECT 1 FROM topology_moment AS later WHERE later.link_id = topology_moment.link_id AND later.at > topology_moment.at AND later.at < ?)", most, moment(before), moment(before))
}
