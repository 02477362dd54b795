package geo

import (
	"strconv"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// FloorPlan is the picture of a floor of an indoor location (spec: geo §1).
type FloorPlan struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is the location's; what callers put there counts for nothing.
	OrganizationID wispwright.ID
	// LocationID is the building.
	LocationID wispwright.ID
	// Floor is unique within the location; 0 is the ground floor, cellars are
	// negative.
	Floor int
	// Image is the name by which the picture is fetched, "floorplans/<id>.<extension>";
	// it stays when the picture is replaced by one of the same kind. The service
	// sets it, as the three below.
	Image string
	// Blob is the name of the picture in the blob store, a new one for each picture.
	Blob string
	// Width and Height are the picture's, in pixels.
	Width, Height int
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// The floors there can be.
const (
	LowestFloor  = -32768
	HighestFloor = 32767
)

// UniqueFloor is the rule that a location has a floor once.
const UniqueFloor = "geo_floorplan_location_floor"

// Shape is how storages keep floor plans.
func (FloorPlan) Shape() store.Shape {
	return store.Shape{
		Table: "geo_floorplan", Org: "OrganizationID", Order: store.Newest("Created"),
		Unique:  []store.Unique{{Name: UniqueFloor, Fields: []string{"LocationID", "Floor"}}},
		Parents: []store.Parent{{Field: "LocationID", Table: "geo_location"}},
	}
}

// FloorPlanFilter selects floor plans; zero fields select all.
type FloorPlanFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// LocationID is the building, LocationIDs one of several.
	LocationID  wispwright.ID
	LocationIDs wispwright.Among[wispwright.ID]
	// Floor is one floor.
	Floor *int
	// Blobs are pictures by their names in the blob store.
	Blobs wispwright.Among[string]
}

// FloorPlanStore keeps floor plans. Its unique rule is UniqueFloor. Deleting one
// leaves device locations without plan and position.
type FloorPlanStore interface {
	wispwright.Repo[FloorPlan, FloorPlanFilter]
}

// Label is the text people know a plan by: "Office 2nd floor", "Office ground
// floor".
func (p *FloorPlan) Label(location string) string {
	if p.Floor == 0 {
		return location + " ground floor"
	}
	return location + " " + ordinal(p.Floor) + " floor"
}

// Name is the text of the REST API: "Office 2nd Floor", "Office 0th Floor".
func (p *FloorPlan) Name(location string) string {
	return location + " " + ordinal(p.Floor) + " Floor"
}

// ordinal writes 1st, 2nd, 3rd, 4th, 11th; of negative numbers -1th.
func ordinal(n int) string {
	suffix := "th"
	if tens := n % 100; n > 0 && (tens < 11 || tens > 13) {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}
