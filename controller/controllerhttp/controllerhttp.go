package controllerhttp

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/rest"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// Schemas are served at /config/schema.json beside those of the
	// controller's backends. Default: those of the VPN servers in package
	// netjsonconfig/backends; an empty slice serves none.
	Schemas []render.Backend
	// DeviceFilters are parameters of the list of devices beside the controller's, or
	// in the place of one with the same name. Default: none.
	DeviceFilters []rest.Filter[controller.DeviceFilter]
	// WHOIS returns the key whois_info of each of some devices, as JSON, short in lists
	// and whole in details; a device without the key has an empty one. Default: there
	// is no such key.
	WHOIS func(ctx context.Context, devices []*controller.Detail, whole bool) ([]wispwright.JSON, error)
	// CertificateDevice finds the device whose tunnel has the first certificate with a
	// common name, of the organizations with some slugs or of any, for the group of a
	// certificate; it is wispwright.ErrNotFound where there is none. Default: there is none.
	CertificateDevice func(ctx context.Context, commonName string, slugs []string) (wispwright.ID, error)
	// Reader reads the configurations devices have. Default: they are not read.
	Reader render.Reader
	// Clock tells the time, for the date of the schemas. Default: time.Now.
	Clock func() time.Time
}

// HTTP is the controller's part of an API.
type HTTP struct {
	c       *controller.Controller
	options Options
	schemas schemas
	// secrets throttles users who choose shared secrets: a refusal tells that
	// another organization has it
	secrets  *rest.Throttle
	previews *previews
	log      *slog.Logger
}

// New returns the HTTP side of a controller.
func New(c *controller.Controller, options *Options) (*HTTP, error) {
	if c == nil {
		return nil, errors.New("controllerhttp: a controller is required")
	}
	h := &HTTP{c: c, previews: newPreviews()}
	if options != nil {
		h.options = *options
	}
	if h.options.Clock == nil {
		h.options.Clock = time.Now
	}
	if h.options.Schemas == nil {
		h.options.Schemas = vpnSchemas()
	}
	var err error
	if h.secrets, err = rest.NewThrottle("20/minute", h.options.Clock); err != nil {
		return nil, err
	}
	if h.schemas, err = newSchemas(c.Backends(), h.options.Schemas, h.options.Clock()); err != nil {
		return nil, err
	}
	return h, nil
}

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	h.log = api.Log()
	h.mountDevices(api)
	h.mountDeviceActions(api)
	h.mountVariables(api)
	h.mountDeclared(api)
	h.mountVariableReport(api)
	h.mountVersions(api)
	h.mountTemplates(api)
	h.mountRelevant(api)
	h.mountGroups(api)
	h.mountCertificateGroup(api)
	h.mountSettings(api)
	h.mountDashboard(api)
	h.mountPreview(api)
	h.mountNative(api)
	h.mountSchemas(api)
	h.mountPages(api)
}

// defaultBackend is the backend of a configuration that names none.
func (h *HTTP) defaultBackend() string { return h.c.Backends()[0].Path }

// checkBackend is the fault of a backend nobody knows.
func (h *HTTP) checkBackend(v *wispwright.ValidationError, path string, in rest.Opt[string]) {
	if !in.Set || in.Null || in.V == "" {
		return // said by the field's own rules
	}
	for _, b := range h.c.Backends() {
		if b.Path == in.V {
			return
		}
	}
	v.Add(path, `"`+in.V+`" is not a valid choice.`)
}

// backendPaths are the choices of a filter.
func (h *HTTP) backendPaths() []string {
	var out []string
	for _, b := range h.c.Backends() {
		out = append(out, b.Path)
	}
	return out
}

// backendChoices are the same for people.
func (h *HTTP) backendChoices() []rest.Choice {
	var out []rest.Choice
	for _, b := range h.c.Backends() {
		out = append(out, rest.Choice{Value: b.Path, Label: b.Label})
	}
	return out
}

// sendArchive answers with an archive as agents get it, Allow and the rest
// being the view's.
func sendArchive(r *rest.Request, a *render.Archive) rest.Raw {
	header := r.ResponseHeader()
	header.Set("X-Openwisp-Controller", "true")
	header.Set("Content-Disposition", attachment(a.Name))
	return rest.Raw{ContentType: "application/octet-stream", Body: a.Bytes}
}
