package healthhttp

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring/health"
)

// windowOut is a time of maintenance.
type windowOut struct {
	ID           wispwright.ID   `json:"id"`
	Organization wispwright.ID   `json:"organization"`
	Name         string          `json:"name"`
	Start        rest.Time       `json:"start"`
	End          rest.Time       `json:"end"`
	Repeat       string          `json:"repeat"`
	TimeZone     string          `json:"time_zone"`
	Until        *rest.Time      `json:"until"`
	Group        *wispwright.ID  `json:"group"`
	Devices      []wispwright.ID `json:"devices"`
	Active       bool            `json:"active" help:"it is now"`
	Created      rest.Time       `json:"created"`
	Modified     rest.Time       `json:"modified"`
}

type windowIn struct {
	Organization rest.Opt[wispwright.ID]   `json:"organization" required:"true" rel:"organization"`
	Name         rest.Opt[string]          `json:"name" required:"true" maxLength:"64"`
	Start        rest.Opt[time.Time]       `json:"start" required:"true"`
	End          rest.Opt[time.Time]       `json:"end" required:"true"`
	Repeat       rest.Opt[string]          `json:"repeat" blank:"true" enum:"daily,weekly"`
	TimeZone     rest.Opt[string]          `json:"time_zone"`
	Until        rest.Opt[time.Time]       `json:"until" nullable:"true"`
	Group        rest.Opt[wispwright.ID]   `json:"group" nullable:"true" rel:"group"`
	Devices      rest.Opt[[]wispwright.ID] `json:"devices" rel:"device"`
}

// mountWindows adds times of maintenance.
func (h *HTTP) mountWindows(api *rest.API) {
	type filter = health.MaintenanceFilter
	rest.Mount(api, rest.Resource[wispwright.ID, health.Maintenance, filter, windowIn, windowOut]{
		Path: Base + "maintenance/", Name: "Maintenance", Noun: "Maintenance", ID: "monitoring_maintenance", Tag: tag, Kind: windowKind, Service: h.h.Windows,
		New: func(*rest.Request) (*health.Maintenance, error) { return &health.Maintenance{TimeZone: "UTC"}, nil },
		Out: rest.Each(func(m *health.Maintenance) windowOut {
			out := windowOut{ID: m.ID, Organization: m.OrganizationID, Name: m.Name, Start: rest.Time(m.Start), End: rest.Time(m.Finish), Repeat: m.Repeat, TimeZone: m.TimeZone, Until: timeOf(m.Until),
				Group: rest.Null(m.GroupID), Devices: m.Devices, Created: rest.Time(m.Created), Modified: rest.Time(m.Modified)}
			if out.Devices == nil {
				out.Devices = []wispwright.ID{}
			}
			_, out.Active = m.Covers(h.o.Clock())
			return out
		}),
		Organization: func(m *health.Maintenance) wispwright.ID { return m.OrganizationID },
		Apply: func(r *rest.Request, in *windowIn, m *health.Maintenance) error {
			in.Organization.Into(&m.OrganizationID)
			in.Name.Into(&m.Name)
			in.Start.Into(&m.Start)
			in.End.Into(&m.Finish)
			in.Repeat.Into(&m.Repeat)
			in.TimeZone.Into(&m.TimeZone)
			in.Until.IntoPtr(&m.Until)
			in.Group.Into(&m.GroupID)
			if in.Devices.Set {
				m.Devices = in.Devices.Or(nil)
				return h.ownDevices(r, m)
			}
			return nil
		},
		Filters: append(rest.FilterOrganization(func(f *filter, id wispwright.ID) { f.OrganizationID = id }), rest.FilterText("search", func(f *filter, v string) { f.Search = v })),
	})
}

// ownDevices refuses devices of other organizations.
func (h *HTTP) ownDevices(r *rest.Request, m *health.Maintenance) error {
	if len(m.Devices) == 0 {
		return nil
	}
	found, err := h.devices.List(r.Context(), r.ReadScope(), controller.DeviceFilter{IDs: wispwright.Only(m.Devices...), OrganizationID: m.OrganizationID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	known := map[wispwright.ID]bool{}
	for _, d := range found.Rows {
		known[d.Device.ID] = true
	}
	for _, id := range m.Devices {
		if !known[id] {
			return wispwright.Invalid("devices", `Invalid pk "`+id.String()+`" - object does not exist.`)
		}
	}
	return nil
}

// pageOut is a status page.
type pageOut struct {
	ID           wispwright.ID `json:"id"`
	Organization wispwright.ID `json:"organization"`
	Title        string        `json:"title"`
	ShowNames    bool          `json:"show_names"`
	Link         string        `json:"link"`
	Created      rest.Time     `json:"created"`
	Modified     rest.Time     `json:"modified"`
}

type pageIn struct {
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
	Title        rest.Opt[string]        `json:"title" required:"true" maxLength:"64"`
	ShowNames    rest.Opt[bool]          `json:"show_names"`
	NewLink      rest.Opt[bool]          `json:"new_link" writeOnly:"true" help:"true: the link that there is leads nowhere any more"`
}

// mountPages adds status pages.
func (h *HTTP) mountPages(api *rest.API) {
	if h.o.Page == nil {
		return
	}
	type filter = health.PageFilter
	rest.Mount(api, rest.Resource[wispwright.ID, health.Page, filter, pageIn, pageOut]{
		Path: Base + "status-page/", Name: "Status Page", Noun: "Page", ID: "monitoring_status_page", Tag: tag, Kind: pageKind, Service: h.h.Pages,
		Out: func(r *rest.Request, rows []*health.Page) ([]pageOut, error) {
			out := make([]pageOut, len(rows))
			for i, p := range rows {
				out[i] = pageOut{p.ID, p.OrganizationID, p.Title, p.ShowNames, r.URL(h.o.Page(p.Token.Reveal())), rest.Time(p.Created), rest.Time(p.Modified)}
			}
			return out, nil
		},
		Organization: func(p *health.Page) wispwright.ID { return p.OrganizationID },
		Apply: func(_ *rest.Request, in *pageIn, p *health.Page) error {
			in.Organization.Into(&p.OrganizationID)
			in.Title.Into(&p.Title)
			in.ShowNames.Into(&p.ShowNames)
			if in.NewLink.Or(false) {
				p.Token = ""
			}
			return nil
		},
		Filters: append(rest.FilterOrganization(func(f *filter, id wispwright.ID) { f.OrganizationID = id }), rest.FilterText("search", func(f *filter, v string) { f.Search = v })),
	})
}
