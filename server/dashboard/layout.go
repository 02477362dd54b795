package dashboard

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the table; those of package tenancysql must be
// there.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "dashboard", FS: migrations}
}

// Layout is how a person arranges the charts, by their names.
type Layout struct {
	// Order are charts from the first one on; those it does not name follow by
	// position.
	Order []string
	// Hidden are not shown.
	Hidden []string
}

// Layouts keeps the layouts of users. They go with their user.
type Layouts struct {
	db *sqlstore.DB
}

// NewLayouts returns them on a migrated database.
func NewLayouts(db *sqlstore.DB) *Layouts { return &Layouts{db} }

// Of returns a user's; a person who chose nothing has an empty one.
func (l *Layouts) Of(ctx context.Context, user wispwright.ID) (out Layout, err error) {
	rows, err := sqlstore.Select[struct {
		Placed string `db:"placed"`
		Hidden string `db:"hidden"`
	}](ctx, l.db, "SELECT placed, hidden FROM dashboard_layout WHERE user_id = ?", user)
	if err != nil || len(rows) == 0 {
		return out, err
	}
	if err = json.Unmarshal([]byte(rows[0].Placed), &out.Order); err == nil {
		err = json.Unmarshal([]byte(rows[0].Hidden), &out.Hidden)
	}
	if err != nil {
		return Layout{}, fmt.Errorf("dashboard: the layout of %s: %w", user, err)
	}
	return out, nil
}

// Save stores a user's.
func (l *Layouts) Save(ctx context.Context, user wispwright.ID, layout Layout) error {
	placed, err := json.Marshal(layout.Order)
	if err != nil {
		return err
	}
	hidden, err := json.Marshal(layout.Hidden)
	if err != nil {
		return err
	}
	_, err = sqlstore.Exec(ctx, l.db, `INSERT INTO dashboard_layout (user_id, placed, hidden) VALUES (?, ?, ?)
		ON CONFLICT (user_id) DO UPDATE SET placed = excluded.placed, hidden = excluded.hidden`, user, string(placed), string(hidden))
	return err
}

// Forget makes a user's the default one.
func (l *Layouts) Forget(ctx context.Context, user wispwright.ID) error {
	_, err := sqlstore.Exec(ctx, l.db, "DELETE FROM dashboard_layout WHERE user_id = ?", user)
	return err
}

// Arrange puts charts in the order of the layout, hidden ones too.
func (l *Layout) Arrange(charts []Chart) []Chart {
	at := func(c Chart) int {
		if i := slices.Index(l.Order, c.Name); i >= 0 {
			return i
		}
		return len(l.Order)
	}
	out := slices.Clone(charts)
	slices.SortStableFunc(out, func(a, b Chart) int { return at(a) - at(b) })
	return out
}

// Check refuses names that are no charts, or stand there twice.
func (l *Layout) Check(charts []Chart) error {
	wrong := &wispwright.ValidationError{}
	for field, names := range map[string][]string{"order": l.Order, "hidden": l.Hidden} {
		for i, name := range names {
			switch {
			case !slices.ContainsFunc(charts, func(c Chart) bool { return c.Name == name }):
				wrong.Add(field, fmt.Sprintf("%q is no chart.", name))
			case slices.Index(names, name) < i:
				wrong.Add(field, fmt.Sprintf("%q is there twice.", name))
			}
		}
	}
	return wrong.Err()
}
