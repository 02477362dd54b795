package controller

import (
	"context"

	"github.com/wispwright/wispwright"
)

// Settings are what an organization decides about its devices
// (spec: controller-config §1.7, §1.8).
type Settings struct {
	// OrganizationID is the organization; it has one row of settings.
	OrganizationID wispwright.ID
	// ID identifies the settings in imports.
	ID wispwright.ID
	// RegistrationEnabled lets devices register by themselves.
	RegistrationEnabled bool
	// SharedSecret is what devices prove themselves with when they register;
	// at most 32 characters without spaces, dots and slashes, unique.
	SharedSecret wispwright.Secret
	// SecretDigest is the SHA-256 of SharedSecret in hexadecimal; the service
	// sets it.
	SecretDigest string
	// Context are variables of all devices of the organization, an object.
	Context wispwright.JSON
	// DeviceLimit is how many devices the organization may have: 0 means any
	// number, nil that none may be added.
	DeviceLimit *int64
	// RevisionID changes with every change of the settings.
	RevisionID wispwright.ID
}

// SettingsFilter selects settings; zero fields select all.
type SettingsFilter struct {
	// SecretDigest limits to the organization with a secret.
	SecretDigest string
}

// UniqueSharedSecret is the unique rule of settings.
const UniqueSharedSecret = "settings_shared_secret"

// SettingsStore keeps settings, keyed by organization. Its unique rule is
// UniqueSharedSecret.
type SettingsStore interface {
	wispwright.Repo[Settings, SettingsFilter]
	// Hold reads the settings of an organization and keeps organization and
	// settings from changing until the transaction ends; exclusive also keeps
	// others from holding them. It is ErrNotFound when the organization is gone.
	Hold(ctx context.Context, organization wispwright.ID, exclusive bool) (*Settings, error)
}
