// Package connectionhttp puts credentials, device connections, commands and mass
// commands on the wire: REST, the schemas that forms are made of, and the
// sockets of commands (spec: connection §7, §8, §10; additions C-6).
package connectionhttp

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/channel"
	"github.com/wispwright/wispwright/controller/connection/terminal"
	"github.com/wispwright/wispwright/kit/rest"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// NoSecrets keeps passwords and keys of credentials out of all answers, also
	// of those who may change them. Default: anybody who may change credentials reads
	// them whole, as clients of OpenWISP expect.
	NoSecrets bool
	// DeviceFilters are the filters that select devices of a mass command.
	// Default: there are none.
	DeviceFilters []rest.Filter[controller.DeviceFilter]
	// Channels are those that devices keep open. Default: there are none.
	Channels channel.Store
	// Terminals are those that people open on devices. Default: there are none.
	Terminals *terminal.Terminals
	// Fingerprint shows a pinned host key to people. Default: it is shown whole.
	Fingerprint func(hostKey string) string
}

// HTTP is the concern's part of an API.
type HTTP struct {
	c       *connection.Connection
	devices *controller.Devices
	options Options
}

// New returns the HTTP side of the concern; devices are those of its controller.
func New(c *connection.Connection, devices *controller.Devices, o *Options) (*HTTP, error) {
	if c == nil || devices == nil {
		return nil, errors.New("connectionhttp: the concern and its devices are required")
	}
	h := &HTTP{c: c, devices: devices}
	if o != nil {
		h.options = *o
	}
	if h.options.Fingerprint == nil {
		h.options.Fingerprint = func(key string) string { return key }
	}
	return h, nil
}

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	h.mountCredentials(api)
	h.mountConnections(api)
	h.mountReach(api)
	h.mountCommands(api)
	h.mountBatches(api)
	h.mountExecute(api)
	h.mountSchemas(api)
	h.mountTerminals(api)
}

const (
	tag             = "controller"
	credentialsKind = "connection.credentials"
	connectionKind  = "connection.deviceconnection"
	commandKind     = "connection.command"
	batchKind       = "connection.batchcommand"

	credentialPath = "/api/v1/controller/credential/"
	devicePath     = "/api/v1/controller/device/{device}/"
	batchPath      = "/api/v1/controller/batch-command/"
)

// noSuchDevice words that a device is not there, for the caller at least.
type noSuchDevice func(id wispwright.ID) error

// The two endpoints of a device word it differently (spec: connection §8.2, §8.3).
func namedDevice(id wispwright.ID) error {
	text := id.String()
	if id.IsZero() { // which has no text otherwise
		text = "00000000-0000-0000-0000-000000000000"
	}
	return rest.Fail(http.StatusNotFound, fmt.Sprintf("Device with ID %q not found.", text))
}

func anyDevice(wispwright.ID) error { return rest.Fail(http.StatusNotFound, "Not found.") }

// device is the device of the path, which decides whose everything below it is.
func (h *HTTP) device(r *rest.Request, missing noSuchDevice) (*controller.Detail, error) {
	d, err := h.devices.Get(r.Context(), r.ReadScope(), r.ID("device"))
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil, missing(r.ID("device"))
	}
	return d, err
}

// below prepares requests below a device: one that is out of service is left
// alone (spec: connection §14).
func (h *HTTP) below(missing noSuchDevice) func(*rest.Request) error {
	return func(r *rest.Request) error {
		d, err := h.device(r, missing)
		switch {
		case err != nil:
			return err
		case r.HTTP.Method == http.MethodGet || r.HTTP.Method == http.MethodHead || r.HTTP.Method == http.MethodOptions:
			return nil
		case d.Device.IsDeactivated || !r.WriteScope().Allows(d.Device.OrganizationID):
			return wispwright.ErrForbidden
		}
		return nil
	}
}
