// Package firmwarehttp puts firmware upgrades on the wire: the REST API with the
// shapes of the original (spec: firmware §7; additions F-1 to F-11), the files of
// images behind permission, and the WebSockets of pages that follow upgrades.
// Uploads in parts, image details and further actions are ours.
package firmwarehttp

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/kit/rest"
)

// Base is where the API begins.
const Base = "/api/v1/firmware-upgrader/"

// Options change what New makes; nil means the defaults.
type Options struct {
	// Persistent is what a mass upgrade is that does not say whether it keeps trying
	// devices that cannot be reached. Default: false, as clients of OpenWISP 24.11
	// know it (additions F-9).
	Persistent bool
	// BaseURL begins the addresses of files. Default: that of the request.
	BaseURL string
	// Rate limits how often a caller may come. Default: "1000/minute".
	Rate string
	// Log hears of what cannot be returned to anybody. Default: slog.Default().
	Log *slog.Logger
}

// HTTP is the concern's part of an API.
type HTTP struct {
	s        *firmware.Service
	fleet    firmware.Fleet
	o        Options
	throttle *rest.Throttle
	types    []string
	choices  []rest.Choice
}

// New returns the HTTP side of the concern; fleet is what it was made with.
func New(s *firmware.Service, fleet firmware.Fleet, o *Options) (*HTTP, error) {
	if s == nil || fleet == nil {
		return nil, errors.New("firmwarehttp: the concern and its fleet are required")
	}
	h := &HTTP{s: s, fleet: fleet}
	if o != nil {
		h.o = *o
	}
	if h.o.Rate == "" {
		h.o.Rate = "1000/minute"
	}
	if h.o.Log == nil {
		h.o.Log = slog.Default()
	}
	var err error
	if h.throttle, err = rest.NewThrottle(h.o.Rate, nil); err != nil {
		return nil, err
	}
	for _, t := range s.Types().All() {
		h.types = append(h.types, t.Name)
		h.choices = append(h.choices, rest.Choice{Value: t.Name, Label: t.Label})
	}
	return h, nil
}

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	h.mountCategories(api)
	h.mountBuilds(api)
	h.mountImages(api)
	h.mountUploads(api)
	h.mountUpgrade(api)
	h.mountOperations(api)
	h.mountBatches(api)
	h.mountDevice(api)
	h.mountMatrix(api)
}

const (
	tag           = "firmware-upgrader"
	app           = "firmware_upgrader."
	categoryKind  = app + "category"
	buildKind     = app + "build"
	imageKind     = app + "firmwareimage"
	deviceKind    = app + "devicefirmware"
	operationKind = app + "upgradeoperation"
	batchKind     = app + "batchupgradeoperation"

	required     = "This field is required."
	noPermission = "You do not have permission to perform this action."
	mustBeUnique = "The fields %s must make a unique set."
)

// bySlug is the filter organization=<slug>, which has a slug here and nowhere else
// (spec: corrections).
func bySlug[F any](set func(*F, wispwright.ID)) rest.Filter[F] {
	f := rest.FilterOrganization(set)[1]
	f.Name = "organization"
	return f
}

func everything() wispwright.Page { return wispwright.Page{NoTotal: true} }

func everybody() wispwright.Scope { return wispwright.ScopeAll() }

// now is the time as sockets tell it.
func (h *HTTP) now() rest.Time { return rest.Time(time.Now().UTC().Truncate(time.Microsecond)) }

// missing reports whether something is not there.
func missing(err error) bool { return errors.Is(err, wispwright.ErrNotFound) }

// device returns the device of the path, within what the caller may see.
func (h *HTTP) device(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*firmware.Device, error) {
	return h.fleet.Device(ctx, scope, id)
}
