package server

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
)

// places is where devices are, for pictures of topologies.
func (c *TopologyConcern) places(ctx context.Context, scope wispwright.Scope, devices []wispwright.ID) (map[wispwright.ID][2]float64, error) {
	if c.Geo == nil || c.Geo.Geo == nil { // it is mounted after this one, or not at all
		return nil, nil //nolint:nilnil // nobody knows
	}
	placed, err := c.Geo.DeviceLocations.List(ctx, scope, geo.DeviceLocationFilter{DeviceIDs: wispwright.Only(devices...)}, unpaged)
	if err != nil {
		return nil, fmt.Errorf("where the devices of a topology are: %w", err)
	}
	of := make(map[wispwright.ID][]wispwright.ID, len(placed.Rows))
	var locations []wispwright.ID
	for _, d := range placed.Rows {
		if of[d.LocationID] == nil {
			locations = append(locations, d.LocationID)
		}
		of[d.LocationID] = append(of[d.LocationID], d.DeviceID)
	}
	found, err := c.Geo.Locations.List(ctx, scope, geo.LocationFilter{IDs: wispwright.Only(locations...)}, unpaged)
	if err != nil {
		return nil, fmt.Errorf("the locations of a topology: %w", err)
	}
	out := make(map[wispwright.ID][2]float64, len(placed.Rows))
	for _, l := range found.Rows {
		if at, ok := l.Position(); ok {
			for _, device := range of[l.ID] {
				out[device] = at
			}
		}
	}
	return out, nil
}
