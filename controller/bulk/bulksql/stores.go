// Package bulksql keeps tasks of package bulk in PostgreSQL and SQLite.
package bulksql

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/bulk"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the tables.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "bulk", FS: migrations}
}

// New returns the stores on a migrated database.
func New(db *sqlstore.DB) (bulk.Stores, error) {
	b := sqlstore.Build(db)
	stores := bulk.Stores{
		Tasks: sqlstore.Add[wispwright.ID, bulk.Task, bulk.TaskFilter](b, sqlstore.Spec{Shape: bulk.Task{}.Shape(), Columns: map[string]string{"Of": "of_id"}}),
		Items: &items{sqlstore.Add[wispwright.ID, bulk.Item, bulk.ItemFilter](b, sqlstore.Spec{Shape: bulk.Item{}.Shape(), Columns: map[string]string{"Row": "row_data", "Before": "was", "After": "became"}}), db},
	}
	return stores, b.Err()
}

type items struct {
	*sqlstore.Repo[wispwright.ID, bulk.Item, bulk.ItemFilter]
	db *sqlstore.DB
}

func (s *items) Counts(ctx context.Context, tasks ...wispwright.ID) (map[wispwright.ID]map[bulk.State]int, error) {
	out := map[wispwright.ID]map[bulk.State]int{}
	if len(tasks) == 0 {
		return out, nil
	}
	marks, args := sqlstore.In(tasks)
	rows, err := sqlstore.Select[struct {
		ID    wispwright.ID `db:"task_id"`
		State string        `db:"state"`
		N     int           `db:"n"`
	}](ctx, s.db, "SELECT task_id, state, count(*) AS n FROM controller_bulk_item WHERE task_id IN ("+marks+") GROUP BY task_id, state", args...)
	if err != nil {
		return nil, fmt.Errorf("count controller_bulk_item: %w", err)
	}
	for _, r := range rows {
		if out[r.ID] == nil {
			out[r.ID] = map[bulk.State]int{}
		}
		out[r.ID][bulk.State(r.State)] = r.N
	}
	return out, nil
}

// Outcomes writes all of them in one statement: an import stores little else.
func (s *items) Outcomes(ctx context.Context, items []*bulk.Item) error {
	if len(items) == 0 {
		return nil
	}
	var all []any
	for _, item := range items {
		args, err := s.Args(item)
		if err != nil {
			return fmt.Errorf("update controller_bulk_item: %w", err)
		}
		all = append(all, args...)
	}
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(all)/len(items)), ", ") + ")"
	query := "INSERT INTO controller_bulk_item (" + s.Columns() + ") VALUES " + strings.TrimSuffix(strings.Repeat(row+", ", len(items)), ", ") +
		" ON CONFLICT (id) DO UPDATE SET state = excluded.state, message = excluded.message, device_id = excluded.device_id, name = excluded.name," +
		" was = excluded.was, became = excluded.became"
	if _, err := sqlstore.Exec(ctx, s.db, query, all...); err != nil {
		return fmt.Errorf("update controller_bulk_item: %w", err)
	}
	return nil
}

func (s *items) Again(ctx context.Context, task wispwright.ID, from bulk.State) error {
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE controller_bulk_item SET state = ?, message = '' WHERE task_id = ? AND state = ?", string(bulk.Waiting), task, string(from)); err != nil {
		return fmt.Errorf("update controller_bulk_item: %w", err)
	}
	return nil
}
