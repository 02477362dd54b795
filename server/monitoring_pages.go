package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/monitoring/health"
)

// statusBase is where status pages are.
const statusBase = "/status/"

func statusPath(token string) string { return statusBase + token + "/" }

// statusIncident is an incident as a status page shows it.
type statusIncident struct {
	What         string     `json:"what"`
	Devices      int        `json:"devices"`
	Affected     int        `json:"affected"`
	Started      time.Time  `json:"started"`
	Ended        *time.Time `json:"ended"`
	Acknowledged bool       `json:"acknowledged"`
	Names        []string   `json:"names,omitempty"`
}

// statusData is what a status page shows.
type statusData struct {
	Title     string           `json:"title"`
	Status    string           `json:"status"`
	Words     string           `json:"words"`
	Devices   int              `json:"devices"`
	OK        int              `json:"ok"`
	Problem   int              `json:"problem"`
	Critical  int              `json:"critical"`
	Unknown   int              `json:"unknown"`
	Open      []statusIncident `json:"open"`
	Past      []statusIncident `json:"past"`
	Generated time.Time        `json:"generated"`
}

// statusPages are the status pages of organizations, for everybody who knows a link; other
// sites may embed them.
func (c *MonitoringConcern) statusPages(h *Host) http.Handler {
	page := template.Must(template.New("status").Funcs(template.FuncMap{"at": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }}).Parse(statusTemplate))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Method not allowed.", http.StatusMethodNotAllowed)
			return
		}
		token, file, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, statusBase), "/")
		if file != "" && file != "data.json" || token == "" {
			http.Error(w, "Not found.", http.StatusNotFound)
			return
		}
		data, err := c.statusOf(r.Context(), token)
		switch {
		case errors.Is(err, wispwright.ErrNotFound):
			http.Error(w, "Not found.", http.StatusNotFound)
		case err != nil:
			h.Log().ErrorContext(r.Context(), "a status page cannot be shown", "error", err)
			http.Error(w, "Temporarily unavailable, try again later.", http.StatusServiceUnavailable)
		case file == "data.json":
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Access-Control-Allow-Origin", "*")
			_ = json.NewEncoder(w).Encode(data) // the client is gone
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
			_ = page.Execute(w, data) // the client is gone
		}
	})
}

// statusOf reads what the page of a link shows.
func (c *MonitoringConcern) statusOf(ctx context.Context, token string) (*statusData, error) {
	p, err := c.Health.PageByToken(ctx, token)
	if err != nil {
		return nil, err
	}
	if active, err := (tenants{c.Controller.Tenancy.Organizations}).Active(ctx, p.OrganizationID); err != nil || !active {
		return nil, errors.Join(err, wispwright.ErrNotFound)
	}
	scope := wispwright.ScopeOf(p.OrganizationID)
	counts, err := c.Health.Counts(ctx, scope, p.OrganizationID)
	if err != nil {
		return nil, err
	}
	no := false
	all, err := c.Controller.Devices.List(ctx, scope, controller.DeviceFilter{OrganizationID: p.OrganizationID, IsDeactivated: &no}, wispwright.Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	out := &statusData{Title: p.Title, Devices: all.Total, OK: counts[health.OK], Problem: counts[health.Problem], Critical: counts[health.Critical], Generated: time.Now().UTC().Truncate(time.Second),
		Open: []statusIncident{}, Past: []statusIncident{}}
	out.Unknown = max(0, out.Devices-out.OK-out.Problem-out.Critical)
	switch {
	case out.Critical > 0:
		out.Status, out.Words = "critical", fmt.Sprintf("%d of %d devices cannot be reached", out.Critical, out.Devices)
	case out.Problem > 0:
		out.Status, out.Words = "problem", fmt.Sprintf("%d of %d devices have a problem", out.Problem, out.Devices)
	default:
		out.Status, out.Words = "ok", "Everything works"
	}
	incidents, err := c.Health.Incidents.List(ctx, scope, health.IncidentFilter{StartedFrom: time.Now().AddDate(0, 0, -30)}, wispwright.Page{Limit: 50, NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, i := range incidents.Rows {
		one := statusIncident{What: c.incidentName(i), Devices: i.Devices, Affected: i.Ill, Started: i.Started, Ended: i.Ended, Acknowledged: i.AcknowledgedAt != nil}
		if p.ShowNames {
			if one.Names, err = c.namesIn(ctx, i); err != nil {
				return nil, err
			}
		}
		if i.Open {
			out.Open = append(out.Open, one)
		} else {
			out.Past = append(out.Past, one)
		}
	}
	return out, nil
}

// namesIn are the first devices of an incident.
func (c *MonitoringConcern) namesIn(ctx context.Context, i *health.Incident) (names []string, err error) {
	cases, err := c.Health.Incidents.Cases(ctx, everyone(), health.CaseFilter{IncidentID: i.ID}, wispwright.Page{Limit: 10, NoTotal: true})
	for _, one := range cases.Rows {
		names = append(names, one.DeviceName)
	}
	return names, err
}

const statusTemplate = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="60">
<meta name="robots" content="noindex"><title>{{.Title}}</title><style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
.now{padding:1rem;border-radius:.5rem;color:#fff;font-weight:600}.ok{background:#267126}.problem{background:#8a5a00}.critical{background:#a72d1d}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .6rem .4rem 0;border-bottom:1px solid #8884;vertical-align:top}small{opacity:.75}</style></head>
<body><h1>{{.Title}}</h1><p class="now {{.Status}}">{{.Words}}</p>
<p>{{.OK}} well, {{.Problem}} with a problem, {{.Critical}} out of reach, {{.Unknown}} unknown</p>
<h2>Now</h2>{{if .Open}}<table><tr><th>What</th><th>Since</th><th>Affected</th></tr>{{range .Open}}<tr><td>{{.What}}{{if .Acknowledged}} <small>somebody works on it</small>{{end}}{{range .Names}}<br><small>{{.}}</small>{{end}}</td><td>{{at .Started}}</td><td>{{.Affected}}</td></tr>{{end}}</table>{{else}}<p>There is no incident.</p>{{end}}
<h2>The last 30 days</h2>{{if .Past}}<table><tr><th>What</th><th>From</th><th>Until</th></tr>{{range .Past}}<tr><td>{{.What}}{{range .Names}}<br><small>{{.}}</small>{{end}}</td><td>{{at .Started}}</td><td>{{if .Ended}}{{at .Ended}}{{end}}</td></tr>{{end}}</table>{{else}}<p>There was no incident.</p>{{end}}
<p><small>{{at .Generated}}</small></p></body></html>
`
