// Package customhttp puts metrics that organizations declare on the wire. OpenWISP has none.
package customhttp

import (
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring/custom"
)

// Path is where the list is.
const Path = "/api/v1/monitoring/custom-metric/"

// kind is what permissions name them.
const kind = "monitoring.custommetric"

type metricOut struct {
	ID           wispwright.ID `json:"id"`
	Organization wispwright.ID `json:"organization"`
	Name         string        `json:"name"`
	Key          string        `json:"key"`
	Path         string        `json:"path"`
	Counter      bool          `json:"counter"`
	Unit         string        `json:"unit"`
	Chart        string        `json:"chart"`
	Description  string        `json:"description"`
	Operator     string        `json:"operator"`
	Threshold    *float64      `json:"threshold"`
	Tolerance    int           `json:"tolerance" help:"minutes"`
	IsActive     bool          `json:"is_active"`
	Created      rest.Time     `json:"created"`
	Modified     rest.Time     `json:"modified"`
}

type metricIn struct {
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
	Name         rest.Opt[string]        `json:"name" required:"true" maxLength:"64"`
	Key          rest.Opt[string]        `json:"key" required:"true" maxLength:"32" help:"lower-case letters, digits and underscores; it cannot be changed"`
	Path         rest.Opt[string]        `json:"path" required:"true" maxLength:"255" help:"where the number is in a document, such as /resources/temperature or /interfaces/name=wan/speed"`
	Counter      rest.Opt[bool]          `json:"counter" help:"the number only grows: by how much it grew is kept"`
	Unit         rest.Opt[string]        `json:"unit" blank:"true" maxLength:"16"`
	Chart        rest.Opt[string]        `json:"chart" blank:"true" enum:"line,bar"`
	Description  rest.Opt[string]        `json:"description" blank:"true" maxLength:"255"`
	Operator     rest.Opt[string]        `json:"operator" blank:"true" enum:"<,>"`
	Threshold    rest.Opt[float64]       `json:"threshold" nullable:"true"`
	Tolerance    rest.Opt[int]           `json:"tolerance" help:"for how many minutes the threshold may be crossed"`
	IsActive     rest.Opt[bool]          `json:"is_active"`
}

// HTTP are the endpoints.
type HTTP struct{ c *custom.Custom }

// New returns the endpoints of the service.
func New(c *custom.Custom) (*HTTP, error) {
	if c == nil {
		return nil, errors.New("customhttp: the service is required")
	}
	return &HTTP{c}, nil
}

// Mount adds everything to the API.
func (h *HTTP) Mount(api *rest.API) {
	type filter = custom.Filter
	rest.Mount(api, rest.Resource[wispwright.ID, custom.Metric, filter, metricIn, metricOut]{
		Path: Path, Name: "Custom Metric", Noun: "Metric", ID: "monitoring_custom_metric", Tag: "monitoring", Kind: kind, Service: h.c,
		New: func(*rest.Request) (*custom.Metric, error) {
			return &custom.Metric{Chart: custom.Line, IsActive: true}, nil
		},
		Out: rest.Each(func(m *custom.Metric) metricOut {
			return metricOut{m.ID, m.OrganizationID, m.Name, m.Key, m.Path, m.Counter, m.Unit, m.Chart, m.Description, m.Operator, m.Threshold, m.Tolerance, m.IsActive,
				rest.Time(m.Created), rest.Time(m.Modified)}
		}),
		Organization: func(m *custom.Metric) wispwright.ID { return m.OrganizationID },
		Apply: func(_ *rest.Request, in *metricIn, m *custom.Metric) error {
			in.Organization.Into(&m.OrganizationID)
			in.Name.Into(&m.Name)
			in.Key.Into(&m.Key)
			in.Path.Into(&m.Path)
			in.Counter.Into(&m.Counter)
			in.Unit.Into(&m.Unit)
			in.Chart.Into(&m.Chart)
			in.Description.Into(&m.Description)
			in.Operator.Into(&m.Operator)
			in.Threshold.IntoPtr(&m.Threshold)
			in.Tolerance.Into(&m.Tolerance)
			in.IsActive.Into(&m.IsActive)
			return nil
		},
		Filters: append(rest.FilterOrganization(func(f *filter, id wispwright.ID) { f.OrganizationID = id }),
			rest.FilterText("search", func(f *filter, v string) { f.Search = v }), rest.FilterBool("is_active", func(f *filter, v bool) { f.IsActive = &v })),
	})
}
