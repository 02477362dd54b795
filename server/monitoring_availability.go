package server

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring/availability"
	"github.com/wispwright/wispwright/monitoring/availability/availabilityhttp"
	"github.com/wispwright/wispwright/monitoring/health"
)

// mountAvailability adds the report of how much of a month devices could be reached.
func (c *MonitoringConcern) mountAvailability(api *rest.API) error {
	zone, err := time.LoadLocation(c.Config.TimeZone)
	if err != nil {
		zone = time.UTC // Check has told
	}
	return availabilityhttp.Mount(api, availabilityhttp.Source{Series: c.Monitoring.Series(), Devices: c.reported, Target: c.Config.AvailabilityTarget, Zone: zone})
}

// mostReported is how many devices one report is of.
const mostReported = 5000

// reported are the devices of a report, with their places and how often they were ill.
func (c *MonitoringConcern) reported(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, start, end time.Time) ([]availability.Device, error) {
	found, err := c.Controller.Devices.List(ctx, scope, controller.DeviceFilter{OrganizationID: organization}, wispwright.Page{Limit: mostReported, Order: []wispwright.Order{{Field: "Name"}}})
	if err != nil {
		return nil, err
	}
	if found.Total > mostReported {
		return nil, wispwright.Invalid("organization", "There are more than 5000 devices. Choose an organization.")
	}
	out := make([]availability.Device, len(found.Rows))
	place := map[wispwright.ID]int{}
	for i, d := range found.Rows {
		out[i] = availability.Device{ID: d.Device.ID, Name: d.Device.Name}
		place[d.Device.ID] = i
	}
	if err := c.planned(ctx, scope, organization, found.Rows, out, start, end); err != nil {
		return nil, err
	}
	cases, err := c.Health.Incidents.Cases(ctx, scope, health.CaseFilter{StartedFrom: start, StartedBefore: end}, unpaged)
	if err != nil {
		return nil, err
	}
	for _, one := range cases.Rows {
		if i, ok := place[one.DeviceID]; ok {
			out[i].Incidents++
		}
	}
	return out, c.locate(ctx, out, place)
}

// planned notes when there was maintenance at devices.
func (c *MonitoringConcern) planned(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, rows []*controller.Detail, list []availability.Device, start, end time.Time) error {
	windows, err := c.Health.Windows.List(ctx, scope, health.MaintenanceFilter{OrganizationID: organization}, unpaged)
	if err != nil {
		return err
	}
	for _, w := range windows.Rows {
		var times []availability.Span
		for from, to := range w.Times(start, end) {
			times = append(times, availability.Span{Start: from, End: to})
		}
		if len(times) == 0 {
			continue
		}
		for i, d := range rows {
			if w.Of(&health.Device{ID: d.Device.ID, OrganizationID: d.Device.OrganizationID, GroupID: d.Device.GroupID}) {
				list[i].Planned = append(list[i].Planned, times...)
			}
		}
	}
	return nil
}

// locate says where devices are.
func (c *MonitoringConcern) locate(ctx context.Context, list []availability.Device, place map[wispwright.ID]int) error {
	if c.Geo == nil {
		return nil
	}
	spots, err := c.Geo.DeviceLocations.List(ctx, everyone(), geo.DeviceLocationFilter{}, unpaged)
	if err != nil {
		return err
	}
	names := map[wispwright.ID]string{}
	for _, s := range spots.Rows {
		if i, ok := place[s.DeviceID]; ok && !s.LocationID.IsZero() {
			list[i].LocationID, names[s.LocationID] = s.LocationID, ""
		}
	}
	ids := make([]wispwright.ID, 0, len(names))
	for id := range names {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil
	}
	locations, err := c.Geo.Locations.List(ctx, everyone(), geo.LocationFilter{IDs: wispwright.Only(ids...)}, unpaged)
	if err != nil {
		return err
	}
	for _, l := range locations.Rows {
		names[l.ID] = l.Name
	}
	for i := range list {
		list[i].Location = names[list[i].LocationID]
	}
	return nil
}
