package controllersql

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

type groups struct {
	*sqlstore.Repo[wispwright.ID, controller.Group, controller.GroupFilter]
	db   *sqlstore.DB
	hold *byIDs
}

var _ controller.GroupStore = (*groups)(nil)

func newGroups(b *sqlstore.Builder) *groups {
	db := b.DB()
	repo := sqlstore.Add[wispwright.ID, controller.Group, controller.GroupFilter](b, sqlstore.Spec{Shape: controller.Group{}.Shape(),
		Where: map[string]func(any) sqlstore.Cond{
			// an id has no character that LIKE takes for another
			"TemplateID": func(v any) sqlstore.Cond {
				return sqlstore.Cond{SQL: db.Dialect().Text("controller_group.templates") + " LIKE ?", Args: []any{`%"` + v.(wispwright.ID).String() + `"%`}}
			},
			"HasDevices": func(v any) sqlstore.Cond {
				not := "NOT "
				if v.(bool) {
					not = ""
				}
				return sqlstore.Cond{SQL: not + "EXISTS (SELECT 1 FROM controller_device d WHERE d.group_id = controller_group.id)"}
			},
		},
	})
	return &groups{repo, db, newByIDs(b, "SELECT "+repo.ColumnsOf("controller_group")+" FROM controller_group WHERE id IN (", ") ORDER BY id"+forShare(db))}
}

// Hold locks the rows against changes, not against other transactions that hold them.
func (s *groups) Hold(ctx context.Context, ids []wispwright.ID) ([]*controller.Group, error) {
	return readByIDs(ctx, s.Repo, s.hold, ids)
}

func (s *groups) CountDevices(ctx context.Context, scope wispwright.Scope, ids []wispwright.ID) (map[wispwright.ID]int, error) {
	out := map[wispwright.ID]int{}
	if len(ids) == 0 {
		return out, nil
	}
	marks, args := sqlstore.In(ids)
	query := "SELECT d.group_id AS id, count(*) AS n FROM controller_device d WHERE d.group_id IN (" + marks + ")"
	if cond := sqlstore.ScopeCond("d.organization_id", scope); cond.SQL != "" {
		query, args = query+" AND "+cond.SQL, append(args, cond.Args...)
	}
	rows, err := sqlstore.Select[struct {
		ID wispwright.ID `db:"id"`
		N  int           `db:"n"`
	}](ctx, s.db, query+" GROUP BY d.group_id", args...)
	if err != nil {
		return nil, fmt.Errorf("count devices of controller_group: %w", err)
	}
	for _, r := range rows {
		out[r.ID] = r.N
	}
	return out, nil
}
