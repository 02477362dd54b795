package geo

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// DeviceLocation says where a device is (spec: geo §1). A device has one at most.
type DeviceLocation struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is the device's; what callers put there counts for nothing.
	OrganizationID wispwright.ID
	// DeviceID is the device.
	DeviceID wispwright.ID
	// LocationID is where it is, of the same organization.
	LocationID wispwright.ID
	// FloorPlanID is a plan of that location; zero: none.
	FloorPlanID wispwright.ID
	// Indoor is the place on the plan in pixels, "<minus the distance from the
	// top>,<distance from the left>"; empty: none.
	Indoor string
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// UniqueDevice is the rule that a device is at one location.
const UniqueDevice = "geo_devicelocation_device"

// Shape is how storages keep device locations.
func (DeviceLocation) Shape() store.Shape {
	return store.Shape{
		Table: "geo_devicelocation", Org: "OrganizationID", Order: store.Newest("Created"),
		Unique: []store.Unique{{Name: UniqueDevice, Fields: []string{"DeviceID"}}},
		Parents: []store.Parent{
			{Field: "DeviceID", Table: "controller_device"}, {Field: "LocationID", Table: "geo_location"}, {Field: "FloorPlanID", Table: "geo_floorplan"},
		},
	}
}

// DeviceLocationFilter selects device locations; zero fields select all.
type DeviceLocationFilter struct {
	// DeviceID is a device, DeviceIDs one of several.
	DeviceID  wispwright.ID
	DeviceIDs wispwright.Among[wispwright.ID]
	// LocationID is where they are, LocationIDs one of several.
	LocationID  wispwright.ID
	LocationIDs wispwright.Among[wispwright.ID]
	// FloorPlanID is on which plan.
	FloorPlanID wispwright.ID
	// OnPlan limits to those on some plan, or to the others.
	OnPlan *bool
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
}

// DeviceLocationStore keeps device locations. Its unique rule is UniqueDevice.
type DeviceLocationStore interface {
	wispwright.Repo[DeviceLocation, DeviceLocationFilter]
}

// Spot is a place on a floor plan: Lat is minus the distance from the top edge,
// Lng the distance from the left one, in pixels.
type Spot struct {
	Lat float64 `json:"lat"`
	Lng float64 `json:"lng"`
}

// ParseSpot reads "<lat>,<lng>"; not ok for anything else.
func ParseSpot(text string) (s Spot, ok bool) {
	lat, lng, found := strings.Cut(text, ",")
	if !found {
		return s, false
	}
	for i, part := range []string{lat, lng} {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return Spot{}, false
		}
		*[]*float64{&s.Lat, &s.Lng}[i] = v
	}
	return s, true
}

// Spot is the place on the plan; not ok when there is none.
func (d *DeviceLocation) Spot() (Spot, bool) { return ParseSpot(d.Indoor) }
