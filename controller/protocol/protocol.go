// Package protocol is what devices and the controller say to each other: what
// comes with a request, and what it is refused with
// (spec: controller-config §6, §10). The service that answers is
// controller.Agents, its wire controllerhttp.Protocol.
package protocol

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"net/netip"

	"github.com/wispwright/wispwright"
)

// Registration is what a device says of itself when it registers
// (spec: controller-config §10.8).
type Registration struct {
	// Secret is the shared secret of an organization.
	Secret string
	// Name is the host name, or the MAC address where there is none.
	Name string
	// MACAddress as the device writes it.
	MACAddress string
	// Backend is the path of the backend.
	Backend string
	// Key is the key the device computed; empty when it did not.
	Key string
	// HardwareID is the serial number; empty for none.
	HardwareID string
	// ManagementIP as the device sent it; empty for none.
	ManagementIP string
	// Tags are words separated by spaces.
	Tags string
	// Model, OS and System are nil when the parameter was absent; an empty one
	// empties the field of a known device.
	Model, OS, System *string
	// Peer is where the request comes from.
	Peer netip.Addr
}

// The refusals of the device protocol beside wispwright.ErrNotFound
// (spec: controller-config §6.1, §10). Their texts are those of the answers
// without "error: " and line end.
var (
	// ErrMissingKey: the request has no key.
	ErrMissingKey = &MissingParameterError{Name: "key"}
	// ErrWrongKey: the key is not the device's.
	ErrWrongKey = errors.New("wrong key")
	// ErrWrongStatus: the reported status is none a device may report.
	ErrWrongStatus = errors.New("wrong status")
	// ErrWrongBackend: the backend is not known.
	ErrWrongBackend = errors.New("wrong backend")
	// ErrUnrecognizedSecret: no active organization has the secret.
	ErrUnrecognizedSecret = errors.New("unrecognized secret")
	// ErrRegistrationDisabled: devices may not register by themselves.
	ErrRegistrationDisabled = errors.New("registration disabled")
	// ErrDeactivated: the device was taken out of service.
	ErrDeactivated = errors.New("device deactivated")
	// ErrOrganizationDisabled: the organization of the device was switched off.
	ErrOrganizationDisabled = errors.New("organization disabled")
	// ErrWaiting: somebody must approve of the device first; it asks again.
	ErrWaiting = errors.New("device waits for approval")
	// ErrRefused: somebody did not approve of the device.
	ErrRefused = errors.New("registration refused")
	// ErrSelfCreation: only devices that are known already may register.
	ErrSelfCreation = errors.New("Device not found in the system, please create it first.")
)

// MissingParameterError says that a request lacks a parameter.
type MissingParameterError struct {
	// Name is the parameter's.
	Name string
}

// Is makes errors that name the same parameter equal for errors.Is.
func (e *MissingParameterError) Is(other error) bool {
	o, ok := other.(*MissingParameterError)
	return ok && *o == *e
}

// Error returns the text of the answer.
func (e *MissingParameterError) Error() string { return `missing required parameter "` + e.Name + `"` }

// Credentials come with every request of a device.
type Credentials struct {
	// ID is the device the request is about.
	ID wispwright.ID
	// Key proves which device it is; empty when the parameter is missing.
	Key string
	// Peer is where the request comes from.
	Peer netip.Addr
}

// Requested tells that a device asked for its checksum or its archive.
type Requested struct {
	// DeviceID is the device, OrganizationID its organization.
	DeviceID, OrganizationID wispwright.ID
	// Download is true for the archive, false for the checksum.
	Download bool
}

// ConsistentKey is the key that device and server compute alike: base is the
// MAC address, or the hardware id where that is enabled, exactly as the device
// writes it (spec: controller-config §6.4).
func ConsistentKey(base string, sharedSecret wispwright.Secret) wispwright.Secret {
	sum := md5.Sum([]byte(base + "+" + sharedSecret.Reveal()))
	return wispwright.Secret(hex.EncodeToString(sum[:]))
}
