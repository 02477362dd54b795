// Package availabilityhttp puts reports of availability on the wire. OpenWISP has no such API.
package availabilityhttp

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring/availability"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// Path is where the report is.
const Path = "/api/v1/monitoring/availability/"

// Source tells what is reported on.
type Source struct {
	// Series has the answers to ping.
	Series timeseries.Store
	// Devices returns the devices of a scope, and of an organization if that is not zero, with what is
	// known of a time of them.
	Devices func(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, start, end time.Time) ([]availability.Device, error)
	// Target is the availability that was promised, in percent.
	Target float64
	// Zone is the time zone where the caller names none.
	Zone *time.Location
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

type rowOut struct {
	ID           *wispwright.ID `json:"id" help:"of the device or the location; null: devices without location"`
	Name         string         `json:"name"`
	Location     string         `json:"location"`
	Devices      int            `json:"devices"`
	Measured     int64          `json:"measured" help:"seconds, added up over the devices"`
	Down         int64          `json:"down" help:"seconds of these in which they could not be reached"`
	Planned      int64          `json:"planned" help:"seconds of maintenance, which count neither as measured nor as down"`
	Availability *float64       `json:"availability" help:"percent; null: nothing was measured"`
	Incidents    int            `json:"incidents"`
}

type reportOut struct {
	Start  rest.Time `json:"start"`
	End    rest.Time `json:"end"`
	Target float64   `json:"target" help:"percent"`
	Rows   []rowOut  `json:"rows"`
	Total  rowOut    `json:"total"`
}

// Mount adds the report to an API.
func Mount(api *rest.API, s Source) error {
	if s.Series == nil || s.Devices == nil {
		return errors.New("availabilityhttp: series and devices are required")
	}
	if s.Clock == nil {
		s.Clock = time.Now
	}
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	api.Mount(&rest.View{Path: Path, Name: "Availability", Tag: "monitoring", Kind: "device_monitoring.devicemonitoring"},
		rest.Documented[rest.None, reportOut](http.StatusOK, rest.Op{
			Method: http.MethodGet, ID: "monitoring_availability", Summary: "How much of a month devices could be reached",
			Doc: rest.Doc{Query: map[string]string{"month": "such as 2026-11; default: the present one", "by": "device or location", "organization": "the id of an organization",
				"time_zone": "such as Europe/Rome", "maintenance": "count: times of maintenance count as all others; default: they do not count", "file": "csv or pdf, instead of JSON"}},
			Handle: s.handle,
		}))
	return nil
}

func (s *Source) handle(r *rest.Request) (int, any, error) {
	report, err := s.report(r)
	if err != nil {
		return 0, nil, err
	}
	var b bytes.Buffer
	name := "availability-" + report.Start.Format("2006-01")
	switch r.Query().Get("file") {
	case "":
		return http.StatusOK, newReportOut(report), nil
	case "csv":
		r.ResponseHeader().Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
		err = availability.WriteCSV(&b, report)
		return http.StatusOK, rest.Raw{ContentType: "text/csv; charset=utf-8", Body: b.Bytes()}, err
	case "pdf":
		r.ResponseHeader().Set("Content-Disposition", `attachment; filename="`+name+`.pdf"`)
		err = availability.WritePDF(&b, report)
		return http.StatusOK, rest.Raw{ContentType: "application/pdf", Body: b.Bytes()}, err
	}
	return 0, nil, wispwright.Invalid("file", "Want csv or pdf.")
}

func (s *Source) report(r *rest.Request) (*availability.Report, error) {
	q, zone, now := r.Query(), s.Zone, s.Clock()
	if name := q.Get("time_zone"); name != "" {
		var err error
		if zone, err = time.LoadLocation(name); err != nil || name == "Local" {
			return nil, wispwright.Invalid("time_zone", "“"+name+"” is no time zone.")
		}
	}
	month := q.Get("month")
	if month == "" {
		month = now.In(zone).Format("2006-01")
	}
	start, end, err := availability.Month(month, zone, now)
	if err != nil {
		return nil, wispwright.Invalid("month", err.Error())
	}
	by := q.Get("by")
	if by != "" && by != "device" && by != "location" {
		return nil, wispwright.Invalid("by", "Want device or location.")
	}
	maintenance := q.Get("maintenance")
	if maintenance != "" && maintenance != "count" {
		return nil, wispwright.Invalid("maintenance", "Want count, or nothing.")
	}
	var organization wispwright.ID
	if text := q.Get("organization"); text != "" {
		if organization, err = wispwright.ParseID(text); err != nil {
			return nil, wispwright.Invalid("organization", "“"+text+"” is not a valid UUID.")
		}
	}
	ctx := r.Context()
	devices, err := s.Devices(ctx, r.ReadScope(), organization, start, end)
	if err != nil {
		return nil, err
	}
	if maintenance == "count" {
		for i := range devices {
			devices[i].Planned = nil
		}
	}
	rows, err := availability.Devices(ctx, s.Series, devices, start, end)
	if err != nil {
		return nil, err
	}
	if by == "location" {
		rows = availability.ByLocation(devices, rows)
	}
	return &availability.Report{Title: "Availability, " + start.Format("January 2006"), Start: start, End: end, Target: s.Target, Rows: rows, Total: availability.Sum(rows)}, nil
}

func newReportOut(r *availability.Report) reportOut {
	out := reportOut{Start: rest.Time(r.Start), End: rest.Time(r.End), Target: r.Target, Rows: make([]rowOut, len(r.Rows)), Total: newRowOut(&r.Total)}
	for i, row := range r.Rows {
		out.Rows[i] = newRowOut(row)
	}
	return out
}

func newRowOut(r *availability.Row) rowOut {
	out := rowOut{ID: rest.Null(r.ID), Name: r.Name, Location: r.Location, Devices: r.Devices, Measured: int64(r.Measured / time.Second), Down: int64(r.Down / time.Second), Planned: int64(r.Planned / time.Second), Incidents: r.Incidents}
	if p, ok := r.Availability(); ok {
		out.Availability = &p
	}
	return out
}
