package terminal

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// State says how far a terminal is.
type State string

// The states.
const (
	// Waiting: its page may open it within a minute.
	Waiting State = "waiting"
	// Open: somebody types.
	Open State = "open"
	// Ended: it is over; its recording is kept for a while.
	Ended State = "ended"
)

// Session is a terminal that somebody opened on a device.
type Session struct {
	// ID identifies it.
	ID wispwright.ID
	// DeviceID is the device, OrganizationID its organization when it was opened.
	DeviceID, OrganizationID wispwright.ID
	// ConnectionID is the connection, zero for the best one, and for one that is gone.
	ConnectionID wispwright.ID
	// UserID is the user that opened it, Actor that user's name, Address where from.
	UserID         wispwright.ID
	Actor, Address string
	// State says how far it is.
	State State
	// Cols and Rows are its size at the beginning.
	Cols, Rows int
	// Cut says that somebody wants its end.
	Cut bool
	// Reason says why it ended, for people.
	Reason string
	// Size is how many bytes were shown and recorded.
	Size int
	// Created is when it was asked for, Started when it was opened, Heard when its node
	// last said that it is open, Ended when it was over.
	Created               time.Time
	Started, Heard, Ended *time.Time
}

// Shape is how storages keep terminals.
func (Session) Shape() store.Shape {
	return store.Shape{Table: "connection_terminal", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"Actor", "Address"},
		Parents: []store.Parent{{Field: "DeviceID", Table: "controller_device"}}}
}

// Filter selects terminals; zero fields select all.
type Filter struct {
	// DeviceID limits to one device, OrganizationID to one organization.
	DeviceID, OrganizationID wispwright.ID
	// DeviceIDs limits to devices.
	DeviceIDs wispwright.Among[wispwright.ID]
	// State limits to one state.
	State State
	// CreatedBefore limits to older ones, HeardBefore to those whose node was silent.
	CreatedBefore, HeardBefore time.Time
	// Search finds a text in names and addresses.
	Search string
}

// Part is a piece of a recording.
type Part struct {
	// ID identifies it.
	ID wispwright.ID
	// TerminalID is the terminal, N its place in the recording.
	TerminalID wispwright.ID
	N          int
	// Data are lines of an asciicast, compressed: what devices show holds secrets.
	Data wispwright.Secret
}

// Shape is how storages keep parts of recordings.
func (Part) Shape() store.Shape {
	return store.Shape{Table: "connection_terminal_part", Order: []wispwright.Order{{Field: "N"}, {Field: "ID"}},
		Parents: []store.Parent{{Field: "TerminalID", Table: "connection_terminal"}}}
}

// PartFilter selects parts; zero fields select all.
type PartFilter struct {
	// TerminalID limits to one terminal.
	TerminalID wispwright.ID
}
