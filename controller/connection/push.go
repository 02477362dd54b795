package connection

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// PushState says how far the push of a device is.
type PushState string

// The states.
const (
	// PushWaiting: it is to be told.
	PushWaiting PushState = "waiting"
	// Pushed: it was told.
	Pushed PushState = "pushed"
	// PushCurrent: there was nothing to tell, it has the configuration already or
	// is out of service.
	PushCurrent PushState = "current"
	// PushFailed: it could not be told after all attempts. Its agent finds out by
	// itself when it asks the next time.
	PushFailed PushState = "failed"
)

// Push is what became of the last wish to tell a device of its configuration.
type Push struct {
	// DeviceID is the device; it has one Push.
	DeviceID wispwright.ID
	// State says how far it is.
	State PushState
	// Requested is when it was wished last.
	Requested time.Time
	// Attempts is how often it was tried since.
	Attempts int
	// LastAttempt is when it was tried last.
	LastAttempt *time.Time
	// NextAttempt is when it is tried again; nil: at once, or not any more.
	NextAttempt *time.Time
	// Reason says what the last attempt came to, for people.
	Reason string
	// ConnectionID is the connection of the last attempt, zero for none.
	ConnectionID wispwright.ID
	// Succeeded is when the device was told last.
	Succeeded *time.Time
}

// Shape is how storages keep pushes.
func (Push) Shape() store.Shape {
	return store.Shape{Table: "connection_push", Key: "DeviceID", Order: store.Newest("Requested"),
		Parents: []store.Parent{{Field: "DeviceID", Table: "controller_device"}}}
}

// PushFilter selects pushes; zero fields select all.
type PushFilter struct {
	// DeviceID limits to one device.
	DeviceID wispwright.ID
	// State limits to one state.
	State PushState
}

// PushStore keeps pushes.
type PushStore interface {
	wispwright.Repo[Push, PushFilter]
	// Request makes the pushes of devices wait from now on, whatever they were.
	Request(ctx context.Context, now time.Time, devices ...wispwright.ID) error
	// Due returns up to limit devices that wait and whose next attempt is at a
	// time or before, the longest waiting first; then those that wait for their
	// first attempt and were wished at the time forgotten or before, although
	// that should have been made long ago.
	Due(ctx context.Context, at, forgotten time.Time, limit int) ([]wispwright.ID, error)
	// ForgetDevices deletes those of devices.
	ForgetDevices(ctx context.Context, devices ...wispwright.ID) error
}
