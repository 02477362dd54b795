// Package controllersql keeps the concern controller in SQL, on PostgreSQL and
// SQLite.
//
//	err := db.Migrate(ctx, controllersql.Migrations())
//	stores, err := controllersql.New(db)
//	c, err := controller.New(db, stores, render.New(nil), tenancy.Organizations, nil)
//
// The tables of tenancy must be there: an organization is kept from being
// deleted while a row that belongs to it is written.
package controllersql
