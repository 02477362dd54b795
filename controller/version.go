package controller

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
)

// Version is one configuration a device was to run: the inputs, the checksum
// of the archive they give, why, by whom and when. Only the two times at the
// end are ever set later.
type Version struct {
	// ID identifies the version.
	ID wispwright.ID
	// DeviceID is the device, OrganizationID its organization at that time.
	DeviceID, OrganizationID wispwright.ID
	// Checksum is the MD5 of the archive.
	Checksum string
	// Backend is the path of the backend.
	Backend string
	// Hostname is the host name used when the configuration names none.
	Hostname string
	// OS is the device's operating system, which decides on OpenWrt's syntax.
	OS string
	// Revisions are the revisions of the templates, the first one lowest.
	Revisions []wispwright.ID
	// Config is the device's own part.
	Config wispwright.JSON
	// Context are all variables together, except the device's key.
	Context wispwright.JSON
	// Cause says why the bytes changed: "registered", "config changed",
	// "template <name> changed".
	Cause string
	// ActorID is the user who caused it; zero for the system and devices.
	ActorID wispwright.ID
	// Actor is the name of who caused it.
	Actor string
	// Created is when the version was made.
	Created time.Time
	// Served is when the device fetched it first, nil when it never did.
	Served *time.Time
	// Reported is when the device said it runs it, nil when it never did.
	Reported *time.Time
}

// VersionFilter selects versions; zero fields select all.
type VersionFilter struct {
	// DeviceID limits to one device.
	DeviceID wispwright.ID
	// Checksum limits to one checksum.
	Checksum string
	// CreatedBefore limits to versions made before a moment.
	CreatedBefore time.Time
}

// VersionStore keeps versions, newest first.
type VersionStore interface {
	wispwright.Repo[Version, VersionFilter]
	// InsertMany stores versions.
	InsertMany(ctx context.Context, versions []*Version) error
	// Mark notes when a version was fetched first or reported first; a zero
	// time notes nothing, and what was noted before stays. A version that is
	// gone is no error.
	Mark(ctx context.Context, id wispwright.ID, served, reported time.Time) error
	// Prune removes versions made before a moment that are not the newest of
	// their device, and says how many.
	Prune(ctx context.Context, before time.Time) (int, error)
}
