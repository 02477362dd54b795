// Package portalsql keeps settings, guests, remembered devices and short stays of
// captive portals in PostgreSQL and SQLite.
package portalsql

import (
	"embed"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius/portal"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the tables; run them with sqlstore.DB.Migrate
// before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "radius_portal", FS: migrations}
}

// New returns the stores on a migrated database, which is their transactor.
func New(db *sqlstore.DB) (portal.Stores, error) {
	b := sqlstore.Build(db)
	compared := func(column, with string) func(any) sqlstore.Cond {
		return func(v any) sqlstore.Cond {
			return sqlstore.Cond{SQL: column + " " + with + " ?", Args: []any{v.(time.Time).UTC().Truncate(time.Microsecond)}}
		}
	}
	s := portal.Stores{
		Settings: sqlstore.Add[wispwright.ID, portal.Settings, portal.SettingsFilter](b, sqlstore.Spec{Shape: portal.Settings{}.Shape(), Columns: map[string]string{"PortalURL": "portal_url", "VenueURL": "venue_url", "RADIUSSecret": "radius_secret"}}),
		Guests: sqlstore.Add[wispwright.ID, portal.Guest, portal.GuestFilter](b, sqlstore.Spec{Shape: portal.Guest{}.Shape(),
			Where: map[string]func(any) sqlstore.Cond{"CreatedBefore": compared("radius_portal_guest.created", "<"), "UntilBefore": compared("radius_portal_guest.until", "<"),
				"AnswerBefore": compared("radius_portal_guest.answer_by", "<")}}),
		Devices: sqlstore.Add[wispwright.ID, portal.Device, portal.DeviceFilter](b, sqlstore.Spec{Shape: portal.Device{}.Shape(),
			Where: map[string]func(any) sqlstore.Cond{"UntilBefore": compared("radius_portal_device.until", "<")}, Columns: map[string]string{"Until": "until"}}),
		Graces: sqlstore.Add[wispwright.ID, portal.Grace, portal.GraceFilter](b, sqlstore.Spec{Shape: portal.Grace{}.Shape(), Where: map[string]func(any) sqlstore.Cond{
			"CreatedFrom": compared("radius_portal_grace.created", ">="), "CreatedBefore": compared("radius_portal_grace.created", "<")}}),
	}
	return s, b.Err()
}
