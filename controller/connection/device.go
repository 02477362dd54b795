package connection

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// DeviceConnection lets the server into one device with some credentials, and
// knows how that went last (spec: connection §2.2).
type DeviceConnection struct {
	// ID identifies the connection.
	ID wispwright.ID
	// DeviceID is the device, OrganizationID the device's organization.
	DeviceID, OrganizationID wispwright.ID
	// CredentialsID are the credentials.
	CredentialsID wispwright.ID
	// UpdateStrategy is the identifier of a Strategy; one that is left empty
	// follows from the backend of the device's configuration.
	UpdateStrategy string
	// Enabled is false for a connection that is not tried.
	Enabled bool
	// Params, a JSON object, replace parameters of the credentials for this
	// device, one key at a time; may be empty.
	Params wispwright.Secret
	// HostKey is the key that the device showed when it was reached first, in
	// the form of authorized_keys; empty before, and after a reset.
	HostKey string
	// Description is what the device said of itself when the connection was
	// tested last.
	Description string
	// IsWorking is nil until it was tried.
	IsWorking *bool
	// FailureReason says why the last attempt failed.
	FailureReason string
	// LastAttempt is when it was tried last.
	LastAttempt *time.Time
	// Created is when it was stored first.
	Created time.Time
	// Modified is when it was stored last.
	Modified time.Time
}

// Shape is how storages keep device connections.
func (DeviceConnection) Shape() store.Shape {
	return store.Shape{
		Table: "connection_device", Org: "OrganizationID", Order: store.Newest("Created"),
		Unique: []store.Unique{{Name: UniqueConnection, Fields: []string{"DeviceID", "CredentialsID"}}},
		Parents: []store.Parent{
			{Field: "DeviceID", Table: "controller_device"}, {Field: "CredentialsID", Table: "connection_credentials"},
		},
	}
}

// DeviceConnectionFilter selects connections; zero fields select all.
type DeviceConnectionFilter struct {
	// IDs limits to these connections.
	IDs wispwright.Among[wispwright.ID]
	// DeviceID limits to one device, DeviceIDs to some.
	DeviceID  wispwright.ID
	DeviceIDs wispwright.Among[wispwright.ID]
	// CredentialsID limits to the connections with some credentials.
	CredentialsID wispwright.ID
	// Connector limits to connections whose credentials are for one, Connectors to
	// those of some.
	Connector  string
	Connectors wispwright.Among[string]
	// Enabled limits to enabled or disabled ones.
	Enabled *bool
	// IsWorking limits to working or failing ones.
	IsWorking *bool
}

// DeviceConnectionStore keeps connections. Its unique rule is UniqueConnection.
type DeviceConnectionStore interface {
	wispwright.Repo[DeviceConnection, DeviceConnectionFilter]
	// AddMissing inserts connections, but for those whose device has one with
	// these credentials already, and returns how many it inserted.
	AddMissing(ctx context.Context, connections []*DeviceConnection) (int, error)
}
