package geo

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Type says whether a location has floors.
type Type string

// The types of locations (spec: geo §1).
const (
	// Outdoor: a street, a square, a garden, land.
	Outdoor Type = "outdoor"
	// Indoor: a building, a roof, an underground station, a large vehicle.
	Indoor Type = "indoor"
)

// Types are the types in the order of the original.
func Types() []Type { return []Type{Outdoor, Indoor} }

// Location is a place where devices are (spec: geo §1).
type Location struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose it is; no location is shared.
	OrganizationID wispwright.ID
	// Name has 1 to 75 characters and is not unique.
	Name string
	// Type is Indoor or Outdoor. A location that becomes Outdoor loses its floor
	// plans; its devices stay (spec: additions G-5).
	Type Type
	// IsMobile marks what moves, such as a bus. Only that may have no geometry.
	IsMobile bool
	// Address has up to 256 characters.
	Address string
	// IsEstimated marks what was placed by the public address of a device. A caller
	// that changes its address or geometry takes the mark away (spec: additions C-2).
	IsEstimated bool
	// Geometry is where it is; empty while that is not known.
	Geometry Geometry
	// Longitude and Latitude are the middle of Geometry in degrees, nil without
	// one. The service sets them.
	Longitude, Latitude *float64
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// String is how people call it.
func (l *Location) String() string { return l.Name }

// Position is the middle of the geometry; not ok without one.
func (l *Location) Position() (p Position, ok bool) {
	if l.Longitude == nil || l.Latitude == nil {
		return p, false
	}
	return Position{*l.Longitude, *l.Latitude}, true
}

// Shape is how storages keep locations.
func (Location) Shape() store.Shape {
	return store.Shape{
		Table: "geo_location", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"Name", "Address"},
	}
}

// LocationFilter selects locations; zero fields select all.
type LocationFilter struct {
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// Name is exactly their name.
	Name string
	// Type limits to one type.
	Type Type
	// IsMobile limits to those that move, or to the others.
	IsMobile *bool
	// IsEstimated limits to those that are estimated, or to the others.
	IsEstimated *bool
	// Used limits to locations with at least one device, or to those without.
	Used *bool
	// Box limits to those whose middle lies in a part of the map.
	Box *Box
	// Located limits to those with a geometry, or to the others.
	Located *bool
	// Search is a part of the name or of the address, in any letter case.
	Search string
}

// LocationStore keeps locations. Deleting one deletes its floor plans and device
// locations.
type LocationStore interface {
	wispwright.Repo[Location, LocationFilter]
	// DeviceCounts returns the number of devices at each of some locations;
	// locations without any are left out.
	DeviceCounts(ctx context.Context, locations ...wispwright.ID) (map[wispwright.ID]int, error)
}
