package connection

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// BatchIdle is the status of a batch without any command.
const BatchIdle CommandStatus = "idle"

// Batch is one command for many devices (additions C-6).
type Batch struct {
	// ID identifies the batch.
	ID wispwright.ID
	// OrganizationID is the tenant; zero for a batch over all organizations,
	// which only superusers may have.
	OrganizationID wispwright.ID
	// Status follows from its commands: BatchIdle, InProgress, Success or Failed.
	Status CommandStatus
	// Type, Input and Secret are those of each Command.
	Type   string
	Input  wispwright.JSON
	Secret wispwright.Secret
	// Label says what it is for, at most 64 characters.
	Label string
	// Notes are for people.
	Notes string
	// GroupID and LocationID are what its devices were chosen by.
	GroupID, LocationID wispwright.ID
	// Filter is how its devices were chosen otherwise, as the caller wrote it.
	Filter wispwright.JSON
	// DeviceCount is how many devices were chosen.
	DeviceCount int
	// Skipped says why devices got no command.
	Skipped map[wispwright.ID][]string
	// Parallel is how many of its commands run at once.
	Parallel int
	// StopAfter ends it when so many commands have failed; 0: never.
	StopAfter int
	// Stopped says that what still waited was not run.
	Stopped bool
	// RepeatOf is the batch whose failures it repeats, zero for none.
	RepeatOf wispwright.ID
	// Actor is the name of the user who started it.
	Actor string
	// Created is when it was stored first.
	Created time.Time
	// Modified is when it was stored last.
	Modified time.Time
}

// Shape is how storages keep batches.
func (Batch) Shape() store.Shape {
	return store.Shape{Table: "connection_batch", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"ID", "Label", "Notes"}}
}

// BatchFilter selects batches; zero fields select all.
type BatchFilter struct {
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// Status limits to one status.
	Status CommandStatus
	// Type limits to one type of commands.
	Type string
	// Search finds a text in id, label or notes.
	Search string
}
