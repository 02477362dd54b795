package controllersql_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

// The concern in a file of SQLite; an address that begins with postgres://
// keeps it on PostgreSQL.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			log.Print(err)
		}
	}()
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, filepath.Join(dir, "wispwright.db"), nil)
	if err != nil {
		log.Fatal(err)
	}
	c, t, err := open(ctx, db)
	if err != nil {
		log.Fatal(err)
	}
	acme := &tenancy.Organization{Name: "ACME", IsActive: true}
	if err := t.Organizations.Create(ctx, acme); err != nil {
		log.Fatal(err)
	}
	d := &controller.Detail{
		Device: &controller.Device{OrganizationID: acme.ID, Name: "roof", MACAddress: "00:11:22:aa:bb:cc"},
		Config: &controller.Config{Backend: c.Backends()[0].Path, Config: `{"general": {"timezone": "UTC"}}`},
	}
	if err := c.Devices.Create(ctx, d); err != nil {
		log.Fatal(err)
	}
	found, err := c.Devices.List(ctx, wispwright.ScopeOf(acme.ID), controller.DeviceFilter{Search: "roof"}, wispwright.Page{Limit: 10})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.Total, found.Rows[0].Device.MACAddress, found.Rows[0].Config.Status)
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}
	// Output: 1 00:11:22:AA:BB:CC modified
}

// open makes the tables and the two concerns that know of each other.
func open(ctx context.Context, db *sqlstore.DB) (*controller.Controller, *tenancy.Tenancy, error) {
	for _, m := range []sqlstore.Migrations{tenancysql.Migrations(), controllersql.Migrations()} {
		if err := db.Migrate(ctx, m); err != nil {
			return nil, nil, err
		}
	}
	tenants, err := tenancysql.New(db)
	if err != nil {
		return nil, nil, err
	}
	t, err := tenancy.New(db, tenants, &tenancy.Options{Models: controller.Models()})
	if err != nil {
		return nil, nil, err
	}
	stores, err := controllersql.New(db)
	if err != nil {
		return nil, nil, err
	}
	c, err := controller.New(db, stores, render.New(nil), t.Organizations, &controller.Options{Recorder: t.Trail, Bus: db})
	if err != nil {
		return nil, nil, err
	}
	c.Attach(t.Organizations)
	return c, t, nil
}
