package geo_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
)

// access is the devices of the example: one access point.
type access struct{ point *geo.Device }

func (a access) Device(context.Context, wispwright.Scope, wispwright.ID) (*geo.Device, error) {
	return a.point, nil
}

func (a access) Some(context.Context, ...wispwright.ID) (map[wispwright.ID]*geo.Device, error) {
	return map[wispwright.ID]*geo.Device{a.point.ID: a.point}, nil
}

// An access point gets a building, a plan and a place on it, all at once.
func Example() {
	ctx, acme := context.Background(), wispwright.NewID()
	memory := memstore.New()
	point := &geo.Device{ID: wispwright.NewID(), OrganizationID: acme, Name: "ap1"}
	g, err := geo.New(&entity.Base{Tx: memory, Tenants: entity.NoTenants{}}, geo.NewMemory(memory), access{point}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 400, 300))); err != nil {
		fmt.Println(err)
		return
	}
	floor, spot := 2, "-36,264"
	placed, _, err := g.DeviceLocations.Place(ctx, wispwright.ScopeOf(acme), point.ID, geo.Placement{
		Location: func(l *geo.Location) error {
			l.Name, l.Type, l.Geometry = "office", geo.Indoor, "POINT (12.5 41.9)"
			return nil
		},
		FloorPlan: &geo.PlanChange{Floor: &floor, Image: &geo.Upload{Name: "second.png", Body: &picture}},
		Indoor:    &spot,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	office, err := g.Locations.Get(ctx, wispwright.ScopeOf(acme), placed.LocationID)
	fmt.Println(office.Geometry, err)
	plan, err := g.FloorPlans.Get(ctx, wispwright.ScopeOf(acme), placed.FloorPlanID)
	fmt.Println(plan.Label(office.Name), plan.Width, plan.Height, err)
	_, _, err = g.DeviceLocations.Place(ctx, wispwright.ScopeOf(acme), point.ID, geo.Placement{Indoor: new(string)})
	fmt.Println(err)
	// Output:
	// {"type":"Point","coordinates":[12.5,41.9]} <nil>
	// office 2nd floor 400 300 <nil>
	// geo.DeviceLocations.Place: geo.DeviceLocations.Update: invalid: indoor: invalid value
}
