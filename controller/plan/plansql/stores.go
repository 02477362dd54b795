package plansql

import (
	"context"
	"embed"
	"fmt"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/plan"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the tables; run them with sqlstore.DB.Migrate
// before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "plan", FS: migrations}
}

// New returns the stores on a migrated database, which is their transactor.
func New(db *sqlstore.DB) (plan.Stores, error) {
	b := sqlstore.Build(db)
	out := plan.Stores{
		Plans:    sqlstore.Add[wispwright.ID, plan.Plan, plan.PlanFilter](b, sqlstore.Spec{Shape: plan.Plan{}.Shape()}),
		Groups:   &groups{Repo: sqlstore.Add[wispwright.ID, plan.Group, plan.GroupFilter](b, sqlstore.Spec{Shape: plan.Group{}.Shape()}), db: db},
		Devices:  &devices{Repo: sqlstore.Add[wispwright.ID, plan.Device, plan.DeviceFilter](b, sqlstore.Spec{Shape: plan.Device{}.Shape()}), db: db},
		Comments: sqlstore.Add[wispwright.ID, plan.Comment, plan.CommentFilter](b, sqlstore.Spec{Shape: plan.Comment{}.Shape()}),
	}
	return out, b.Err()
}

// perStatement is how many ids one statement carries.
const perStatement = 500

type groups struct {
	*sqlstore.Repo[wispwright.ID, plan.Group, plan.GroupFilter]
	db *sqlstore.DB
}

// Clear implements plan.GroupStore.
func (s *groups) Clear(ctx context.Context, id wispwright.ID) error {
	return clearPlan(ctx, s.db, "plan_group", id)
}

func clearPlan(ctx context.Context, db *sqlstore.DB, table string, id wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table+" WHERE plan_id = ?", id); err != nil {
		return fmt.Errorf("clear %s: %w", table, err)
	}
	return nil
}

type devices struct {
	*sqlstore.Repo[wispwright.ID, plan.Device, plan.DeviceFilter]
	db *sqlstore.DB
}

// Clear implements plan.DeviceStore.
func (s *devices) Clear(ctx context.Context, id wispwright.ID) error {
	return clearPlan(ctx, s.db, "plan_device", id)
}

// Forget implements plan.DeviceStore.
func (s *devices) Forget(ctx context.Context, list ...wispwright.ID) error {
	return s.each(ctx, list, func(marks string, args []any) error {
		_, err := sqlstore.Exec(ctx, s.db, "DELETE FROM plan_device WHERE device_id IN ("+marks+")", args...)
		return err
	})
}

func (s *devices) each(_ context.Context, list []wispwright.ID, fn func(marks string, args []any) error) error {
	for chunk := range slices.Chunk(list, perStatement) {
		marks, args := sqlstore.In(chunk)
		if err := fn(marks, args); err != nil {
			return fmt.Errorf("devices of plans: %w", err)
		}
	}
	return nil
}

// Release implements plan.DeviceStore.
func (s *devices) Release(ctx context.Context, id wispwright.ID, released bool, list ...wispwright.ID) error {
	if len(list) == 0 {
		if _, err := sqlstore.Exec(ctx, s.db, "UPDATE plan_device SET released = ? WHERE plan_id = ? AND released <> ?", released, id, released); err != nil {
			return fmt.Errorf("release devices of a plan: %w", err)
		}
		return nil
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		return s.each(ctx, list, func(marks string, args []any) error {
			_, err := sqlstore.Exec(ctx, s.db, "UPDATE plan_device SET released = ? WHERE plan_id = ? AND device_id IN ("+marks+")", append([]any{released, id}, args...)...)
			return err
		})
	})
}

// Released implements plan.DeviceStore.
func (s *devices) Released(ctx context.Context, list ...wispwright.ID) (map[wispwright.ID][]wispwright.ID, error) {
	out := map[wispwright.ID][]wispwright.ID{}
	err := s.each(ctx, list, func(marks string, args []any) error {
		rows, err := sqlstore.Select[struct {
			DeviceID wispwright.ID `db:"device_id"`
			PlanID   wispwright.ID `db:"plan_id"`
		}](ctx, s.db, "SELECT device_id, plan_id FROM plan_device WHERE released AND device_id IN ("+marks+") ORDER BY plan_id", args...)
		for _, r := range rows {
			out[r.DeviceID] = append(out[r.DeviceID], r.PlanID)
		}
		return err
	})
	return out, err
}
