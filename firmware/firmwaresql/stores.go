package firmwaresql

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the concern's tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "firmware", FS: migrations}
}

// New returns the concern's stores on a migrated database. The database is their
// transactor.
func New(db *sqlstore.DB) (firmware.Stores, error) {
	b := sqlstore.Build(db)
	stores := firmware.Stores{
		Categories: sqlstore.Add[wispwright.ID, firmware.Category, firmware.CategoryFilter](b, sqlstore.Spec{Shape: firmware.Category{}.Shape()}),
		Builds:     sqlstore.Add[wispwright.ID, firmware.Build, firmware.BuildFilter](b, sqlstore.Spec{Shape: firmware.Build{}.Shape(), Search: ofCategory}),
		Images:     sqlstore.Add[wispwright.ID, firmware.Image, firmware.ImageFilter](b, sqlstore.Spec{Shape: firmware.Image{}.Shape()}),
		Devices:    &devices{sqlstore.Add[wispwright.ID, firmware.DeviceFirmware, firmware.DeviceFirmwareFilter](b, sqlstore.Spec{Shape: firmware.DeviceFirmware{}.Shape()}), db},
		Operations: &operations{sqlstore.Add[wispwright.ID, firmware.Operation, firmware.OperationFilter](b, sqlstore.Spec{
			Shape: firmware.Operation{}.Shape(), Where: map[string]func(any) sqlstore.Cond{"Waiting": waiting},
		}), db},
		Batches: sqlstore.Add[wispwright.ID, firmware.Batch, firmware.BatchFilter](b, sqlstore.Spec{Shape: firmware.Batch{}.Shape()}),
		Uploads: sqlstore.Add[wispwright.ID, firmware.Upload, firmware.UploadFilter](b, sqlstore.Spec{Shape: firmware.Upload{}.Shape()}),
	}
	return stores, b.Err()
}

// ofCategory finds builds by what their category is called.
func ofCategory(_ string, contains func(expression string) sqlstore.Cond) sqlstore.Cond {
	c := contains("c.name")
	c.SQL = "EXISTS (SELECT 1 FROM firmware_category c WHERE c.id = firmware_build.category_id AND " + c.SQL + ")"
	return c
}

func waiting(v any) sqlstore.Cond {
	if v.(bool) {
		return sqlstore.Cond{SQL: "firmware_operation.queued IS NULL"}
	}
	return sqlstore.Cond{SQL: "firmware_operation.queued IS NOT NULL"}
}

// perStatement is how many rows one statement names.
const perStatement = 500

type devices struct {
	*sqlstore.Repo[wispwright.ID, firmware.DeviceFirmware, firmware.DeviceFirmwareFilter]
	db *sqlstore.DB
}

// Put implements firmware.DeviceFirmwareStore.
func (s *devices) Put(ctx context.Context, rows []*firmware.DeviceFirmware) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(rows, perStatement) {
			var args []any
			values := make([]string, len(some))
			for i, row := range some {
				a, err := s.Args(row)
				if err != nil {
					return err
				}
				marks, _ := sqlstore.In(a)
				values[i], args = "("+marks+")", append(args, a...)
			}
			if _, err := sqlstore.Exec(ctx, s.db, "INSERT INTO firmware_device ("+s.Columns()+") VALUES "+strings.Join(values, ", ")+
				" ON CONFLICT (device_id) DO UPDATE SET organization_id = excluded.organization_id, image_id = excluded.image_id, installed = excluded.installed, modified = excluded.modified", args...); err != nil {
				return fmt.Errorf("store the firmware of devices: %w", err)
			}
		}
		return nil
	})
}

type operations struct {
	*sqlstore.Repo[wispwright.ID, firmware.Operation, firmware.OperationFilter]
	db *sqlstore.DB
}

// Count implements firmware.OperationStore.
func (s *operations) Count(ctx context.Context, batches ...wispwright.ID) (map[wispwright.ID]firmware.Counts, error) {
	type row struct {
		BatchID wispwright.ID `db:"batch_id"`
		Status  string        `db:"status"`
		N       int           `db:"n"`
		Waiting int           `db:"waiting"`
	}
	out := map[wispwright.ID]firmware.Counts{}
	for some := range slices.Chunk(batches, perStatement) {
		marks, args := sqlstore.In(some)
		rows, err := sqlstore.Select[row](ctx, s.db, "SELECT batch_id, status, count(*) AS n, sum(CASE WHEN queued IS NULL THEN 1 ELSE 0 END) AS waiting FROM firmware_operation WHERE batch_id IN ("+marks+") GROUP BY batch_id, status", args...)
		if err != nil {
			return nil, fmt.Errorf("count operations: %w", err)
		}
		for _, r := range rows {
			c := out[r.BatchID]
			if c.By == nil {
				c.By = map[firmware.Status]int{}
			}
			c.By[firmware.Status(r.Status)] = r.N
			c.Total += r.N
			if r.Status == string(firmware.InProgress) {
				c.Waiting = r.Waiting
			}
			out[r.BatchID] = c
		}
	}
	return out, nil
}

// Leave implements firmware.OperationStore.
func (s *operations) Leave(ctx context.Context, devices ...wispwright.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(devices, perStatement) {
			marks, args := sqlstore.In(some)
			if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM firmware_operation WHERE device_id IN ("+marks+")", args...); err != nil {
				return fmt.Errorf("delete the operations of devices: %w", err)
			}
		}
		return nil
	})
}

// Move implements firmware.OperationStore.
func (s *operations) Move(ctx context.Context, device, organization wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, s.db, "UPDATE firmware_operation SET organization_id = ? WHERE device_id = ?", organization, device); err != nil {
		return fmt.Errorf("move the operations of a device: %w", err)
	}
	return nil
}
