// Package customsql keeps metrics that organizations declare in SQLite or PostgreSQL.
package customsql

import (
	"embed"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/custom"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the table; run them with sqlstore.DB.Migrate before
// New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "monitoring_custom", FS: migrations}
}

// New returns the store on a migrated database.
func New(db *sqlstore.DB) (wispwright.Repo[custom.Metric, custom.Filter], error) {
	return sqlstore.NewRepo[wispwright.ID, custom.Metric, custom.Filter](db, sqlstore.Spec{Shape: custom.Shape()})
}
