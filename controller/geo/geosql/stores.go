package geosql

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the concern's tables, after those of package
// controllersql; run them with sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "geo", FS: migrations}
}

// perStatement is how many keys one statement names.
const perStatement = 500

// New returns the concern's stores on a migrated database. The database is their
// transactor.
func New(db *sqlstore.DB) (geo.Stores, error) {
	b := sqlstore.Build(db)
	stores := geo.Stores{
		Locations: &locations{sqlstore.Add[wispwright.ID, geo.Location, geo.LocationFilter](b, sqlstore.Spec{
			Shape: geo.Location{}.Shape(),
			Where: map[string]func(any) sqlstore.Cond{
				"Used":    whether("EXISTS (SELECT 1 FROM geo_devicelocation d WHERE d.location_id = geo_location.id)"),
				"Located": whether("geo_location.longitude IS NOT NULL"),
				"Box":     func(v any) sqlstore.Cond { return inBox(v.(geo.Box)) },
			},
		}), db},
		FloorPlans: sqlstore.Add[wispwright.ID, geo.FloorPlan, geo.FloorPlanFilter](b, sqlstore.Spec{Shape: geo.FloorPlan{}.Shape()}),
		DeviceLocations: sqlstore.Add[wispwright.ID, geo.DeviceLocation, geo.DeviceLocationFilter](b, sqlstore.Spec{
			Shape: geo.DeviceLocation{}.Shape(),
			Where: map[string]func(any) sqlstore.Cond{"OnPlan": whether("geo_devicelocation.floor_plan_id IS NOT NULL")},
		}),
		Map: &maps{db},
	}
	return stores, b.Err()
}

// whether is a condition that must hold, or must not.
func whether(condition string) func(any) sqlstore.Cond {
	return func(v any) sqlstore.Cond {
		if v.(bool) {
			return sqlstore.Cond{SQL: condition}
		}
		return sqlstore.Cond{SQL: "NOT (" + condition + ")"}
	}
}

func inBox(b geo.Box) sqlstore.Cond {
	const across = "geo_location.latitude BETWEEN ? AND ? AND "
	args := []any{b.South, b.North, b.West, b.East}
	if b.West > b.East {
		return sqlstore.Cond{SQL: "(" + across + "(geo_location.longitude >= ? OR geo_location.longitude <= ?))", Args: args}
	}
	return sqlstore.Cond{SQL: "(" + across + "geo_location.longitude BETWEEN ? AND ?)", Args: args}
}

type locations struct {
	*sqlstore.Repo[wispwright.ID, geo.Location, geo.LocationFilter]
	db *sqlstore.DB
}

// DeviceCounts implements geo.LocationStore.
func (s *locations) DeviceCounts(ctx context.Context, of ...wispwright.ID) (map[wispwright.ID]int, error) {
	out := map[wispwright.ID]int{}
	for some := range slices.Chunk(of, perStatement) {
		marks, args := sqlstore.In(some)
		found, err := sqlstore.Select[struct {
			ID wispwright.ID `db:"location_id"`
			N  int           `db:"n"`
		}](ctx, s.db, "SELECT location_id, count(*) AS n FROM geo_devicelocation WHERE location_id IN ("+marks+") GROUP BY location_id", args...)
		if err != nil {
			return nil, fmt.Errorf("count geo_devicelocation: %w", err)
		}
		for _, row := range found {
			out[row.ID] = row.N
		}
	}
	return out, nil
}

type maps struct{ db *sqlstore.DB }

// Points implements geo.MapStore.
func (s *maps) Points(ctx context.Context) ([]*geo.Location, error) {
	found, err := sqlstore.Select[struct {
		ID           wispwright.ID `db:"id"`
		Organization wispwright.ID `db:"organization_id"`
		Name         string        `db:"name"`
		Type         string        `db:"type"`
		IsMobile     bool          `db:"is_mobile"`
		Address      string        `db:"address"`
		Longitude    float64       `db:"longitude"`
		Latitude     float64       `db:"latitude"`
	}](ctx, s.db, "SELECT id, organization_id, name, type, is_mobile, address, longitude, latitude FROM geo_location WHERE longitude IS NOT NULL AND latitude IS NOT NULL")
	if err != nil {
		return nil, fmt.Errorf("read the points of geo_location: %w", err)
	}
	out, rows := make([]*geo.Location, len(found)), make([]geo.Location, len(found))
	for i := range found {
		f := &found[i]
		rows[i] = geo.Location{ID: f.ID, OrganizationID: f.Organization, Name: f.Name, Type: geo.Type(f.Type), IsMobile: f.IsMobile, Address: f.Address, Longitude: &f.Longitude, Latitude: &f.Latitude}
		out[i] = &rows[i]
	}
	return out, nil
}

// Dots implements geo.MapStore.
func (s *maps) Dots(ctx context.Context) ([]geo.Dot, error) {
	found, err := sqlstore.Select[struct {
		Device        wispwright.ID  `db:"device_id"`
		Location      wispwright.ID  `db:"location_id"`
		Group         wispwright.ID  `db:"group_id"`
		IsDeactivated bool           `db:"is_deactivated"`
		LastSeen      sql.NullTime   `db:"last_seen"`
		Config        sql.NullString `db:"status"`
	}](ctx, s.db, "SELECT l.device_id, l.location_id, d.group_id, d.is_deactivated, d.last_seen, c.status FROM geo_devicelocation l JOIN "+controllersql.DeviceTable+
		" d ON d.id = l.device_id LEFT JOIN controller_config c ON c.device_id = d.id")
	if err != nil {
		return nil, fmt.Errorf("read the dots of geo_devicelocation: %w", err)
	}
	out := make([]geo.Dot, len(found))
	for i := range found {
		f := &found[i]
		out[i] = geo.Dot{DeviceID: f.Device, LocationID: f.Location, GroupID: f.Group, IsDeactivated: f.IsDeactivated, LastSeen: f.LastSeen.Time, Config: f.Config.String}
	}
	return out, nil
}

// The names of the conditions on devices, see Related.
const (
	// Placed selects devices with a location, or those without: a bool.
	Placed = "geo.placed"
	// AtLocation selects those at a location: an ID.
	AtLocation = "geo.location"
	// AtLocationNamed selects those at locations whose name contains a text, in any
	// letter case: a string.
	AtLocationNamed = "geo.location.name"
	// Estimated selects those at an estimated location, or at another one: a bool.
	Estimated = "geo.estimated"
	// OnFloorPlan selects those on a plan: an ID.
	OnFloorPlan = "geo.floorplan"
)

// Related are conditions on devices for controllersql.New, by their names in
// controller.DeviceFilter.Related.
func Related(d sqlstore.Dialect) controllersql.Related {
	at := func(condition string) func(any) sqlstore.Cond {
		return func(v any) sqlstore.Cond {
			return sqlstore.Cond{SQL: controllersql.DeviceTable + ".id IN (SELECT p.device_id FROM geo_devicelocation p WHERE " + condition + ")", Args: []any{v}}
		}
	}
	return controllersql.Related{
		Placed:      whether("EXISTS (SELECT 1 FROM geo_devicelocation p WHERE p.device_id = " + controllersql.DeviceTable + ".id)"),
		AtLocation:  at("p.location_id = ?"),
		Estimated:   at("p.location_id IN (SELECT e.id FROM geo_location e WHERE e.is_estimated = ?)"),
		OnFloorPlan: at("p.floor_plan_id = ?"),
		AtLocationNamed: func(v any) sqlstore.Cond {
			text, _ := v.(string)
			text = "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
			return at("p.location_id IN (SELECT n.id FROM geo_location n WHERE " + d.Fold("n.name") + " LIKE " + d.Fold("?") + ` ESCAPE '\')`)(text)
		},
	}
}
