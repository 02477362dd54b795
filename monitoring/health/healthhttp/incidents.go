package healthhttp

import (
	"context"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring/health"
)

type causeOut struct {
	ID   wispwright.ID `json:"id"`
	Name string        `json:"name"`
}

// incidentOut is an incident of the list.
type incidentOut struct {
	ID             wispwright.ID `json:"id"`
	Organization   wispwright.ID `json:"organization"`
	Kind           string        `json:"kind"`
	Label          string        `json:"label"`
	Cause          *causeOut     `json:"cause" help:"the device whose failure explains the others"`
	Open           bool          `json:"open"`
	Devices        int           `json:"devices"`
	Affected       int           `json:"affected" help:"those that are still ill"`
	Started        rest.Time     `json:"started"`
	Updated        rest.Time     `json:"updated"`
	Ended          *rest.Time    `json:"ended"`
	AcknowledgedAt *rest.Time    `json:"acknowledged_at"`
	AcknowledgedBy string        `json:"acknowledged_by"`
	EscalatedAt    *rest.Time    `json:"escalated_at"`
	Meaning        string        `json:"meaning"`
}

type caseOut struct {
	ID        wispwright.ID `json:"id"`
	Incident  wispwright.ID `json:"incident"`
	Device    wispwright.ID `json:"device"`
	Name      string        `json:"device_name"`
	Kind      string        `json:"kind"`
	Value     float64       `json:"value"`
	Threshold float64       `json:"threshold"`
	Started   rest.Time     `json:"started"`
	Ended     *rest.Time    `json:"ended"`
	Told      bool          `json:"told"`
	Why       string        `json:"why_not_told"`
}

type entryOut struct {
	ID      wispwright.ID  `json:"id"`
	At      rest.Time      `json:"at"`
	Kind    string         `json:"kind"`
	Device  *wispwright.ID `json:"device"`
	Name    string         `json:"device_name"`
	Devices int            `json:"devices"`
	Author  string         `json:"author"`
	Text    string         `json:"text"`
}

type commentIn struct {
	Comment rest.Opt[string] `json:"comment" blank:"true" maxLength:"2000"`
}

// mountIncidents adds incidents.
func (h *HTTP) mountIncidents(api *rest.API) {
	type filter = health.IncidentFilter
	path := Base + "incident/"
	rest.Mount(api, rest.Resource[wispwright.ID, health.Incident, filter, rest.None, incidentOut]{
		Path: path, Only: rest.List | rest.Read, Name: "Incident", Noun: "Incident", ID: "monitoring_incident", Tag: tag, Kind: incidentKind, Service: h.h.Incidents, Out: h.incidentsOut,
		Filters: append(rest.FilterOrganization(func(f *filter, id wispwright.ID) { f.OrganizationID = id }),
			rest.FilterBool("open", func(f *filter, v bool) { f.Open = &v }), rest.FilterBool("acknowledged", func(f *filter, v bool) { f.Acknowledged = &v }),
			rest.FilterText("kind", func(f *filter, v string) { f.Kind = v }), rest.FilterID("device", func(f *filter, v wispwright.ID) { f.DeviceID = v })),
		Ordering: map[string]string{"started": "Started", "devices": "Devices"},
	})
	exists := func(r *rest.Request) error {
		_, err := h.h.Incidents.Get(r.Context(), r.ReadScope(), r.ID("incident"))
		return err
	}
	type caseFilter = health.CaseFilter
	rest.Mount(api, rest.Resource[wispwright.ID, health.Case, caseFilter, rest.None, caseOut]{
		Path: path + "{incident}/case/", Only: rest.List, Name: "Incident Case", Noun: "Incident", ID: "monitoring_incident_case", Tag: tag, Kind: incidentKind, Service: cases{h.h.Incidents},
		Out: rest.Each(func(c *health.Case) caseOut {
			return caseOut{c.ID, c.IncidentID, c.DeviceID, c.DeviceName, c.Kind, c.Value, c.Threshold, rest.Time(c.Started), timeOf(c.Ended), c.Told, c.Why}
		}),
		Prepare: exists,
		Within:  func(r *rest.Request, f *caseFilter) error { f.IncidentID = r.ID("incident"); return nil },
		Filters: []rest.Filter[caseFilter]{rest.FilterBool("open", func(f *caseFilter, v bool) { f.Open = &v }), rest.FilterText("search", func(f *caseFilter, v string) { f.Search = v })},
	})
	type entryFilter = health.EntryFilter
	rest.Mount(api, rest.Resource[wispwright.ID, health.Entry, entryFilter, rest.None, entryOut]{
		Path: path + "{incident}/timeline/", Only: rest.List, Name: "Incident Timeline", Noun: "Incident", ID: "monitoring_incident_timeline", Tag: tag, Kind: incidentKind, Service: entries{h.h.Incidents},
		Out: rest.Each(func(e *health.Entry) entryOut {
			return entryOut{e.ID, rest.Time(e.At), e.Kind, rest.Null(e.DeviceID), e.DeviceName, e.Devices, e.Author, e.Text}
		}),
		Prepare:  exists,
		Within:   func(r *rest.Request, f *entryFilter) error { f.IncidentID = r.ID("incident"); return nil },
		Ordering: map[string]string{"at": "At"},
	})
	one := func(verb, name string) *rest.View {
		return &rest.View{Path: path + "{id}/" + verb + "/", Name: name, Noun: "Incident", Tag: tag, Kind: incidentKind}
	}
	say := func(id string, do func(r *rest.Request, text string) (*health.Incident, error)) rest.Op {
		op := rest.Action(http.MethodPost, id, http.StatusOK, func(r *rest.Request, in *commentIn) (incidentOut, error) {
			i, err := do(r, in.Comment.Or(""))
			if err != nil {
				return incidentOut{}, err
			}
			out, err := h.incidentsOut(r, []*health.Incident{i})
			if err != nil {
				return incidentOut{}, err
			}
			return out[0], nil
		})
		op.Permission = "monitoring.change_incident"
		return op
	}
	api.Mount(one("acknowledge", "Incident Acknowledge"), say("monitoring_incident_acknowledge", func(r *rest.Request, text string) (*health.Incident, error) {
		return h.h.Incidents.Acknowledge(r.Context(), r.WriteScope(), r.ID("id"), r.Caller.Name, text)
	}))
	api.Mount(one("comment", "Incident Comment"), say("monitoring_incident_comment", func(r *rest.Request, text string) (*health.Incident, error) {
		return h.h.Incidents.Comment(r.Context(), r.WriteScope(), r.ID("id"), r.Caller.Name, text)
	}))
}

// cases are the devices of incidents, as a service that only lists.
type cases struct{ *health.Incidents }

// Get implements rest.Reader; nothing asks for one case.
func (cases) Get(context.Context, wispwright.Scope, wispwright.ID) (*health.Case, error) {
	return nil, wispwright.ErrNotFound
}

// entries are the lines of timelines, as a service that only lists.
type entries struct{ *health.Incidents }

// Get implements rest.Reader; nothing asks for one line.
func (entries) Get(context.Context, wispwright.Scope, wispwright.ID) (*health.Entry, error) {
	return nil, wispwright.ErrNotFound
}

// List implements rest.Reader.
func (e entries) List(ctx context.Context, scope wispwright.Scope, f health.EntryFilter, p wispwright.Page) (wispwright.Items[health.Entry], error) {
	return e.Timeline(ctx, scope, f, p)
}

// incidentsOut maps incidents, with the names of their causes read at once.
func (h *HTTP) incidentsOut(r *rest.Request, rows []*health.Incident) ([]incidentOut, error) {
	var ids []wispwright.ID
	for _, i := range rows {
		if !i.CauseID.IsZero() {
			ids = append(ids, i.CauseID)
		}
	}
	names := map[wispwright.ID]string{}
	if len(ids) > 0 {
		found, err := h.devices.List(r.Context(), wispwright.ScopeAll(), controller.DeviceFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		for _, d := range found.Rows {
			names[d.Device.ID] = d.Device.Name
		}
	}
	out := make([]incidentOut, len(rows))
	for n, i := range rows {
		out[n] = incidentOut{ID: i.ID, Organization: i.OrganizationID, Kind: i.Kind, Label: h.labelOf(i.Kind), Open: i.Open, Devices: i.Devices, Affected: i.Ill, Started: rest.Time(i.Started),
			Updated: rest.Time(i.Updated), Ended: timeOf(i.Ended), AcknowledgedAt: timeOf(i.AcknowledgedAt), AcknowledgedBy: i.AcknowledgedBy, EscalatedAt: timeOf(i.EscalatedAt), Meaning: meaningOf(i.Kind)}
		if !i.CauseID.IsZero() {
			out[n].Cause = &causeOut{i.CauseID, names[i.CauseID]}
			if i.Devices > 1 {
				out[n].Meaning = "The devices behind " + names[i.CauseID] + " cannot be reached, because it cannot be reached itself."
			}
		}
	}
	return out, nil
}

// List implements rest.Reader.
func (c cases) List(ctx context.Context, scope wispwright.Scope, f health.CaseFilter, p wispwright.Page) (wispwright.Items[health.Case], error) {
	return c.Cases(ctx, scope, f, p)
}
