// Package healthhttp puts health on the wire: unhealthy metrics, alert settings, incidents,
// times of maintenance, status pages and reports of availability. OpenWISP has of these
// only the list of metrics (additions M-4).
package healthhttp

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/health"
)

// Base is where the API begins.
const Base = "/api/v1/monitoring/"

// tag groups the endpoints in the document.
const tag = "monitoring"

// The kinds of objects, as permissions name them.
const (
	deviceKind   = "config.device"
	alertKind    = "monitoring.alertsettings"
	defaultKind  = "monitoring.alertdefault"
	incidentKind = "monitoring.incident"
	windowKind   = "monitoring.maintenance"
	pageKind     = "monitoring.statuspage"
)

// Devices are the devices that health is of.
type Devices interface {
	// Get returns a device with its configuration.
	Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*controller.Detail, error)
	// List returns a page of devices.
	List(ctx context.Context, scope wispwright.Scope, f controller.DeviceFilter, p wispwright.Page) (wispwright.Items[controller.Detail], error)
}

// Changed is something that was changed before a device became ill.
type Changed struct {
	// At is when.
	At time.Time `json:"-"`
	// Kind is what: configuration, device, firmware, uplink, link.
	Kind string `json:"kind"`
	// Text says what in words, Author who did it.
	Text   string `json:"text"`
	Author string `json:"author"`
}

// Options change what New makes.
type Options struct {
	// Changes returns what was changed of a device in a time, the latest first. Default: nothing
	// is known.
	Changes func(ctx context.Context, device wispwright.ID, from, until time.Time) ([]Changed, error)
	// Page returns the address of a status page. Default: there are none.
	Page func(token string) string
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// HTTP are the endpoints.
type HTTP struct {
	h       *health.Health
	m       *monitoring.Monitoring
	devices Devices
	o       Options
}

// New returns the endpoints of the concern.
func New(h *health.Health, m *monitoring.Monitoring, devices Devices, options *Options) (*HTTP, error) {
	if h == nil || m == nil || devices == nil {
		return nil, errors.New("healthhttp: health, monitoring and devices are required")
	}
	out := &HTTP{h: h, m: m, devices: devices}
	if options != nil {
		out.o = *options
	}
	if out.o.Clock == nil {
		out.o.Clock = time.Now
	}
	return out, nil
}

// Mount adds everything to the API.
func (h *HTTP) Mount(api *rest.API) {
	h.mountMetrics(api)
	h.mountDevice(api)
	h.mountFleet(api)
	h.mountAlerts(api)
	h.mountDefaults(api)
	h.mountIncidents(api)
	h.mountWindows(api)
	h.mountPages(api)
}

// device returns the device of the path, if the caller may see it.
func (h *HTTP) device(r *rest.Request) (*controller.Detail, error) {
	id, err := wispwright.ParseID(r.Text("pk"))
	if err != nil {
		return nil, wispwright.ErrNotFound
	}
	return h.devices.Get(r.Context(), r.ReadScope(), id)
}

// labelOf is what a kind of metric is called.
func (h *HTTP) labelOf(kind string) string {
	if c := h.m.Registry().Metric(kind); c != nil {
		return c.Label
	}
	return kind
}

func timeOf(t *time.Time) *rest.Time {
	if t == nil {
		return nil
	}
	out := rest.Time(*t)
	return &out
}
