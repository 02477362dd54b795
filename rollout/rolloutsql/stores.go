package rolloutsql

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/rollout"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the tables; run them with sqlstore.DB.Migrate
// before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "rollout", FS: migrations}
}

// New returns the stores on a migrated database, which is their transactor.
func New(db *sqlstore.DB) (rollout.Stores, error) {
	b := sqlstore.Build(db)
	out := rollout.Stores{
		Rollouts: sqlstore.Add[wispwright.ID, rollout.Rollout, rollout.RolloutFilter](b, sqlstore.Spec{Shape: rollout.Rollout{}.Shape()}),
		Steps: &steps{
			db: db,
			Repo: sqlstore.Add[wispwright.ID, rollout.Step, rollout.StepFilter](b, sqlstore.Spec{Shape: rollout.Step{}.Shape(), Where: map[string]func(any) sqlstore.Cond{
				"After": func(v any) sqlstore.Cond { return sqlstore.Cond{SQL: "id > ?", Args: []any{v}} },
			}}),
			save: b.Prepare("UPDATE rollout_step SET state = ?, detail = ?, memo = ?, begun = ?, ended = ?, modified = ? WHERE id = ?"),
		},
	}
	return out, b.Err()
}

// perStatement is how many ids one statement carries.
const perStatement = 500

type steps struct {
	*sqlstore.Repo[wispwright.ID, rollout.Step, rollout.StepFilter]
	db   *sqlstore.DB
	save *sqlstore.Stmt
}

// Save implements rollout.StepStore.
func (s *steps) Save(ctx context.Context, list []*rollout.Step) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for _, o := range list {
			if _, err := s.save.Exec(ctx, string(o.State), o.Detail, o.Memo, utc(o.Begun), utc(o.Ended), o.Modified.UTC().Truncate(time.Microsecond), o.ID); err != nil {
				return fmt.Errorf("save steps of a rollout: %w", s.db.Explain(err))
			}
		}
		return nil
	})
}

func utc(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Truncate(time.Microsecond)
}

// Counts implements rollout.StepStore.
func (s *steps) Counts(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (out []rollout.Count, err error) {
	query, args := "SELECT wave, state, count(*) AS n FROM rollout_step WHERE rollout_id = ?", []any{id}
	if c := sqlstore.ScopeCond("organization_id", scope); c.SQL != "" {
		query, args = query+" AND "+c.SQL, append(args, c.Args...)
	}
	rows, err := sqlstore.Select[struct {
		Wave  int
		State string
		N     int
	}](ctx, s.db, query+" GROUP BY wave, state ORDER BY wave, state", args...)
	if err != nil {
		return nil, fmt.Errorf("count steps of a rollout: %w", err)
	}
	for _, r := range rows {
		out = append(out, rollout.Count{Wave: r.Wave, State: rollout.State(r.State), N: r.N})
	}
	return out, nil
}

// Busy implements rollout.StepStore.
func (s *steps) Busy(ctx context.Context, id wispwright.ID) (map[string]int, error) {
	rows, err := sqlstore.Select[struct {
		Site string
		N    int
	}](ctx, s.db, "SELECT site, count(*) AS n FROM rollout_step WHERE rollout_id = ? AND state = ? AND site <> '' GROUP BY site", id, string(rollout.InProgress))
	if err != nil {
		return nil, fmt.Errorf("count busy sites of a rollout: %w", err)
	}
	out := map[string]int{}
	for _, r := range rows {
		out[r.Site] = r.N
	}
	return out, nil
}

// Zones implements rollout.StepStore.
func (s *steps) Zones(ctx context.Context, id wispwright.ID) ([]string, error) {
	zones, err := sqlstore.Select[string](ctx, s.db, "SELECT DISTINCT time_zone FROM rollout_step WHERE rollout_id = ? AND state = ? ORDER BY time_zone", id, string(rollout.Waiting))
	if err != nil {
		return nil, fmt.Errorf("time zones of a rollout: %w", err)
	}
	return zones, nil
}

// Next implements rollout.StepStore.
func (s *steps) Next(ctx context.Context, c rollout.Candidates) ([]*rollout.Step, error) {
	query, args := "SELECT "+s.Columns()+" FROM rollout_step WHERE rollout_id = ? AND state = ? AND wave <= ?", []any{c.RolloutID, string(rollout.Waiting), c.Wave}
	for column, not := range map[string][]string{"site": c.NotSites, "time_zone": c.NotZones} {
		if len(not) > 0 {
			marks, more := sqlstore.In(not)
			query, args = query+" AND "+column+" NOT IN ("+marks+")", append(args, more...)
		}
	}
	list, err := s.Query(ctx, query+" ORDER BY wave, rank, id LIMIT ?", append(args, c.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("next steps of a rollout: %w", err)
	}
	return list, nil
}

// Move implements rollout.StepStore.
func (s *steps) Move(ctx context.Context, id wispwright.ID, wave int, from []rollout.State, to rollout.State, detail string, now time.Time) (int, error) {
	set := "state = ?, detail = ?, modified = ?"
	if to == rollout.Waiting {
		set += ", begun = NULL, ended = NULL"
	}
	marks, states := sqlstore.In(texts(from))
	args := append([]any{string(to), detail, now.UTC().Truncate(time.Microsecond), id, wave}, states...)
	n, err := sqlstore.Exec(ctx, s.db, "UPDATE rollout_step SET "+set+" WHERE rollout_id = ? AND wave >= ? AND state IN ("+marks+")", args...)
	if err != nil {
		return 0, fmt.Errorf("move steps of a rollout: %w", err)
	}
	return n, nil
}

func texts(states []rollout.State) []string {
	out := make([]string, len(states))
	for i, s := range states {
		out[i] = string(s)
	}
	return out
}

// Forget implements rollout.StepStore.
func (s *steps) Forget(ctx context.Context, devices ...wispwright.ID) (out []wispwright.ID, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if out, err = s.rollouts(ctx, devices, ""); err != nil {
			return err
		}
		if len(out) == 0 {
			return nil
		}
		for chunk := range slices.Chunk(devices, perStatement) {
			marks, args := sqlstore.In(chunk)
			if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM rollout_step WHERE device_id IN ("+marks+")", args...); err != nil {
				return fmt.Errorf("forget steps of devices: %w", err)
			}
		}
		return nil
	})
	return out, err
}

// Active implements rollout.StepStore.
func (s *steps) Active(ctx context.Context, devices ...wispwright.ID) ([]wispwright.ID, error) {
	active := texts([]rollout.State{rollout.InProgress, rollout.Offline, rollout.Undoing})
	return s.rollouts(ctx, devices, " AND state IN ('"+strings.Join(active, "', '")+"')")
}

// rollouts are those that have steps of devices.
func (s *steps) rollouts(ctx context.Context, devices []wispwright.ID, and string) (out []wispwright.ID, err error) {
	for chunk := range slices.Chunk(devices, perStatement) {
		marks, args := sqlstore.In(chunk)
		some, err := sqlstore.Select[wispwright.ID](ctx, s.db, "SELECT DISTINCT rollout_id FROM rollout_step WHERE device_id IN ("+marks+")"+and, args...)
		if err != nil {
			return nil, fmt.Errorf("rollouts of devices: %w", err)
		}
		out = append(out, some...)
	}
	slices.SortFunc(out, func(a, b wispwright.ID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(out), nil
}
