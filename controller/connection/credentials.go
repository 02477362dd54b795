package connection

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Credentials open devices: a connector with its parameters
// (spec: connection §2.1).
type Credentials struct {
	// ID identifies the credentials.
	ID wispwright.ID
	// OrganizationID is the tenant; zero for those that all organizations share.
	OrganizationID wispwright.ID
	// Name is for people, at most 64 characters, unique in the organization.
	Name string
	// Connector is the identifier of a ConnectorType.
	Connector string
	// Params are the connector's parameters, a JSON object. They hold passwords
	// and keys, so all of it is a secret.
	Params wispwright.Secret
	// AutoAdd gives them to every device of the organization that has a
	// configuration.
	AutoAdd bool
	// Created is when they were stored first.
	Created time.Time
	// Modified is when they were stored last.
	Modified time.Time
}

// The unique rules, as every store names them.
const (
	UniqueCredentials = "credentials_name_organization"
	UniqueConnection  = "device_connection_credentials"
)

// Shape is how storages keep credentials.
func (Credentials) Shape() store.Shape {
	return store.Shape{
		Table: "connection_credentials", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"ID", "Name"},
		Unique: []store.Unique{{Name: UniqueCredentials, Fields: []string{"Name", "OrganizationID"}}},
	}
}

// CredentialsFilter selects credentials; zero fields select all.
type CredentialsFilter struct {
	// IDs limits to these credentials.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// Name limits to one name, Connector to one connector.
	Name, Connector string
	// AutoAdd limits to those that are added to devices, or to the others.
	AutoAdd *bool
	// Search finds a text in id or name.
	Search string
}
