// Package ssosql keeps the people that log in from elsewhere, in PostgreSQL or SQLite.
package ssosql

import (
	"embed"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy/sso"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the concern's table; the tables of package tenancysql
// must be there.
func Migrations() sqlstore.Migrations { return sqlstore.Migrations{Concern: "sso", FS: migrations} }

// New returns the store on a migrated database.
func New(db *sqlstore.DB) (wispwright.Repo[sso.Identity, sso.IdentityFilter], error) {
	b := sqlstore.Build(db)
	r := sqlstore.Add[wispwright.ID, sso.Identity, sso.IdentityFilter](b, sqlstore.Spec{Shape: sso.Identity{}.Shape()})
	return r, b.Err()
}
