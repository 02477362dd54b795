package server

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/controller/geo/geohttp"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/monitoring/health/healthsql"
	"github.com/wispwright/wispwright/monitoring/monitoringhttp"
)

// places lets monitoring know where devices are, and places how these are.
func (c *MonitoringConcern) places(api *rest.API, o *monitoringhttp.Options) {
	if c.Geo == nil {
		return
	}
	if o.Places == nil {
		o.Places = c.placeOf
	}
	c.Geo.ills = c.ills
	o.Near, o.CountPlaces = c.near, c.countPlaces
	c.Geo.wire.MountMonitored(api, geohttp.Monitored{Base: monitoringhttp.Base, Tag: "monitoring", Statuses: c.statuses, Condition: healthsql.WithStatus})
}

// placeOf is where a device is.
func (c *MonitoringConcern) placeOf(ctx context.Context, device wispwright.ID) (location, floorplan wispwright.ID, err error) {
	found, err := c.Geo.DeviceLocations.List(ctx, everyone(), geo.DeviceLocationFilter{DeviceID: device}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return location, floorplan, err
	}
	return found.Rows[0].LocationID, found.Rows[0].FloorPlanID, nil
}

func (c *MonitoringConcern) countPlaces(ctx context.Context, scope wispwright.Scope, floorplans bool, ids []wispwright.ID) (int, error) {
	if floorplans {
		found, err := c.Geo.FloorPlans.List(ctx, scope, geo.FloorPlanFilter{IDs: wispwright.Only(ids...)}, unpaged)
		return len(found.Rows), err
	}
	found, err := c.Geo.Locations.List(ctx, scope, geo.LocationFilter{IDs: wispwright.Only(ids...)}, unpaged)
	return len(found.Rows), err
}

// near are the devices around one, the nearest first.
func (c *MonitoringConcern) near(ctx context.Context, device wispwright.ID) ([]monitoringhttp.Near, error) {
	here, err := c.Geo.DeviceLocations.Coordinates(ctx, device)
	if err != nil {
		return nil, err
	}
	from, ok := here.Position()
	if !ok {
		return nil, wispwright.ErrNotFound
	}
	yes := true
	locations, err := c.Geo.Locations.List(ctx, everyone(), geo.LocationFilter{Used: &yes, Located: &yes}, unpaged)
	if err != nil {
		return nil, err
	}
	far := map[wispwright.ID]float64{}
	for _, l := range locations.Rows {
		if p, ok := l.Position(); ok {
			far[l.ID] = metres(from, p)
		}
	}
	devices, err := c.Geo.DeviceLocations.List(ctx, everyone(), geo.DeviceLocationFilter{}, unpaged)
	if err != nil {
		return nil, err
	}
	var out []monitoringhttp.Near
	for _, d := range devices.Rows {
		if m, ok := far[d.LocationID]; ok && d.DeviceID != device {
			out = append(out, monitoringhttp.Near{ID: d.DeviceID, Metres: m})
		}
	}
	slices.SortFunc(out, func(a, b monitoringhttp.Near) int {
		return cmp.Or(cmp.Compare(a.Metres, b.Metres), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return out, nil
}

// metres is the distance of two places on a globe.
func metres(a, b geo.Position) float64 {
	const radius, degree = 6371008.8, math.Pi / 180
	sin := func(x float64) float64 { return math.Sin(x/2) * math.Sin(x/2) }
	h := sin((b[1]-a[1])*degree) + math.Cos(a[1]*degree)*math.Cos(b[1]*degree)*sin((b[0]-a[0])*degree)
	return 2 * radius * math.Asin(math.Sqrt(min(h, 1)))
}

// ills are the devices that are not well, for the colours of the map.
func (c *MonitoringConcern) ills(ctx context.Context) (map[wispwright.ID]string, error) {
	out := map[wispwright.ID]string{}
	for _, status := range []health.Status{health.Critical, health.Problem} {
		ids, err := c.Health.WithStatus(ctx, status)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			out[id] = string(status)
		}
	}
	return out, nil
}
