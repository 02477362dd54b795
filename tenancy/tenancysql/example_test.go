package tenancysql_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

// The concern on a database file. With a postgres:// address instead of the
// path nothing else changes.
func ExampleNew() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "tenancy")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // the example is over
	db, err := sqlstore.Open(ctx, filepath.Join(dir, "wispwright.db"), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = db.Close() }() // the example is over
	if err := db.Migrate(ctx, tenancysql.Migrations()); err != nil {
		log.Fatal(err)
	}
	stores, err := tenancysql.New(db)
	if err != nil {
		log.Fatal(err)
	}
	t, err := tenancy.New(db, stores, nil)
	if err != nil {
		log.Fatal(err)
	}
	org := &tenancy.Organization{Name: "Ninux Roma", IsActive: true}
	if err := t.Organizations.Create(ctx, org); err != nil {
		log.Fatal(err)
	}
	n, err := sqlstore.Get[int](ctx, db, "SELECT count(*) FROM "+tenancysql.OrganizationTable)
	fmt.Println(org.Slug, n, err)
	// Output: ninux-roma 1 <nil>
}
