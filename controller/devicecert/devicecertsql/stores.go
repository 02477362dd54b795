// Package devicecertsql keeps certificates of devices in PostgreSQL or SQLite.
package devicecertsql

import (
	"embed"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/devicecert"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the concern's table; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "devicecert", FS: migrations}
}

// New returns the concern's stores on a migrated database. The database is their
// transactor.
func New(db *sqlstore.DB) (devicecert.Stores, error) {
	b := sqlstore.Build(db)
	stores := devicecert.Stores{
		Certificates: sqlstore.Add[wispwright.ID, devicecert.Certificate, devicecert.Filter](b, sqlstore.Spec{Shape: devicecert.Certificate{}.Shape()}),
	}
	return stores, b.Err()
}
