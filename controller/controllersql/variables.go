package controllersql

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

type variables struct {
	*sqlstore.Repo[wispwright.ID, variable.Value, variable.Filter]
	db *sqlstore.DB
}

var _ variable.Store = (*variables)(nil)

func newVariables(b *sqlstore.Builder) *variables {
	return &variables{sqlstore.Add[wispwright.ID, variable.Value, variable.Filter](b, sqlstore.Spec{Shape: variable.Value{}.Shape()}), b.DB()}
}

// Prune reads first what names values: a transaction that declares one holds the row of what it is
// declared for while versions are made of it, so none that is found is named later.
func (s *variables) Prune(ctx context.Context, before time.Time) (int, error) {
	old, err := sqlstore.Select[wispwright.ID](ctx, s.db, "SELECT id FROM controller_variable_value WHERE created < ?", before.UTC().Truncate(time.Microsecond))
	if err != nil || len(old) == 0 {
		return 0, err
	}
	text := s.db.Dialect().Text
	query := "SELECT DISTINCT " + text("secrets") + " FROM controller_version WHERE secrets IS NOT NULL"
	for _, table := range []string{configTable, "controller_template", "controller_group", "controller_settings"} {
		query += " UNION SELECT " + text("declared") + " FROM " + table + " WHERE declared IS NOT NULL"
	}
	named, err := sqlstore.Select[wispwright.JSON](ctx, s.db, query)
	if err != nil {
		return 0, fmt.Errorf("find values of variables: %w", err)
	}
	kept := map[wispwright.ID]bool{}
	for _, j := range named {
		list, err := variable.Parse(j)
		if err != nil {
			return 0, err
		}
		for _, d := range list {
			kept[d.Value] = true
		}
	}
	n := 0
	for _, id := range old {
		if kept[id] {
			continue
		}
		// one that was brought back meanwhile is young again
		removed, err := sqlstore.Exec(ctx, s.db, "DELETE FROM controller_variable_value WHERE id = ? AND created < ?", id, before.UTC().Truncate(time.Microsecond))
		if err != nil {
			return n, fmt.Errorf("prune controller_variable_value: %w", err)
		}
		n += removed
	}
	return n, nil
}
