// Package monitoringhttp puts the concern monitoring on the wire: documents of devices,
// charts, WiFi sessions (spec: monitoring §7, §11).
package monitoringhttp

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// Base is where the API begins.
const Base = "/api/v1/monitoring/"

// tag groups the endpoints in the document.
const tag = "monitoring"

// Devices are the devices that monitoring is of.
type Devices interface {
	// Get returns a device with its configuration.
	Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*controller.Detail, error)
	// List returns a page of devices.
	List(ctx context.Context, scope wispwright.Scope, f controller.DeviceFilter, p wispwright.Page) (wispwright.Items[controller.Detail], error)
}

// Agents recognise devices by their keys.
type Agents interface {
	// Identify is controller.Agents.Identify.
	Identify(ctx context.Context, a protocol.Credentials) (*controller.Identity, error)
}

// Organizations are the tenants.
type Organizations interface {
	// Names returns slug and name of organizations of a scope that are active, by name.
	Names(ctx context.Context, scope wispwright.Scope) ([]Organization, error)
	// Active reports whether an organization is.
	Active(ctx context.Context, id wispwright.ID) (bool, error)
}

// Organization is a tenant.
type Organization struct {
	// ID identifies it; Slug and Name are how it is called.
	ID         wispwright.ID
	Slug, Name string
}

// Options change what New makes.
type Options struct {
	// DefaultTime is the range of charts that nobody asked for. Default: 7d.
	DefaultTime string
	// Zone is the time zone of callers that name none. Default: UTC.
	Zone *time.Location
	// TrafficInterfaces are the interfaces of the dashboard's traffic by the id of an
	// organization, and "__all__" (spec: monitoring §18). Default: wan, eth1, eth0.2.
	TrafficInterfaces map[string][]string
	// DocumentLimit is the largest document in bytes. Default: 2.5 MiB.
	DocumentLimit int64
	// Places tell where a device is. Default: unknown.
	Places func(ctx context.Context, device wispwright.ID) (location, floorplan wispwright.ID, err error)
	// Statuses returns how devices are, as far as that is known. Default: unknown.
	Statuses func(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]string, error)
	// StatusCondition is the name in controller.DeviceFilter.Related that selects by status.
	StatusCondition string
	// Near returns the other devices that have a place by their distance from one, the nearest
	// first. Errors: wispwright.ErrNotFound for one without. Default: there is no such list.
	Near func(ctx context.Context, device wispwright.ID) ([]Near, error)
	// CountPlaces returns how many of some locations, or floor plans, exist in a scope.
	// Default: none does.
	CountPlaces func(ctx context.Context, scope wispwright.Scope, floorplans bool, ids []wispwright.ID) (int, error)
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// HTTP are the endpoints.
type HTTP struct {
	m             *monitoring.Monitoring
	devices       Devices
	agents        Agents
	organizations Organizations
	o             Options
}

// New returns the endpoints of the concern.
func New(m *monitoring.Monitoring, devices Devices, agents Agents, organizations Organizations, options *Options) (*HTTP, error) {
	if m == nil || devices == nil || agents == nil || organizations == nil {
		return nil, errors.New("monitoringhttp: the concern, devices, agents and organizations are required")
	}
	h := &HTTP{m: m, devices: devices, agents: agents, organizations: organizations}
	if options != nil {
		h.o = *options
	}
	if h.o.DefaultTime == "" {
		h.o.DefaultTime = "7d"
	}
	if h.o.Zone == nil {
		h.o.Zone = time.UTC
	}
	if h.o.Clock == nil {
		h.o.Clock = time.Now
	}
	if h.o.DocumentLimit <= 0 {
		h.o.DocumentLimit = 2621440
	}
	if h.o.TrafficInterfaces == nil {
		h.o.TrafficInterfaces = DefaultTrafficInterfaces()
	}
	return h, nil
}

// AllOrganizations is the key of Options.TrafficInterfaces for all.
const AllOrganizations = "__all__"

// DefaultTrafficInterfaces returns what counts as traffic of the network where nobody chose.
func DefaultTrafficInterfaces() map[string][]string {
	return map[string][]string{AllOrganizations: {"wan", "eth1", "eth0.2"}}
}

// Mount adds everything to the API.
func (h *HTTP) Mount(api *rest.API) {
	h.mountDevice(api)
	h.mountDevices(api)
	h.mountNearby(api)
	h.mountDashboard(api)
	h.mountSessions(api)
	h.mountPrometheus(api)
}

// period is what a caller asks charts of.
func (h *HTTP) period(r *rest.Request) (timeseries.Range, error) {
	q := r.Query()
	p := monitoring.Period{Time: q.Get("time"), Start: q.Get("start"), End: q.Get("end"), Timezone: q.Get("timezone")}
	if !q.Has("time") {
		p.Time = h.o.DefaultTime
	}
	out, err := p.Range(h.o.Clock(), h.o.Zone)
	var wrong *monitoring.PeriodError
	if errors.As(err, &wrong) {
		return out, &rest.Failure{Status: http.StatusBadRequest, Body: []string{wrong.Error()}}
	}
	return out, err
}

// csv answers with a table.
func csv(r *rest.Request, a *monitoring.Answer) rest.Raw {
	r.ResponseHeader().Set("Content-Disposition", "attachment; filename=data.csv")
	return rest.Raw{ContentType: "text/csv", Body: []byte(a.CSV())}
}

// timeDoc describes the parameters of charts.
func timeDoc(more map[string]string) rest.Doc {
	q := map[string]string{
		"time": "1d, 3d, 7d, 30d, 365d or another number of days", "start": "YYYY-MM-DD HH:MM:SS in the time zone, with end",
		"end": "see start", "timezone": "such as Europe/Rome", "csv": "anything: the answer is a table",
	}
	for name, help := range more {
		q[name] = help
	}
	return rest.Doc{Query: q}
}
