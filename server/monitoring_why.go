package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/health/healthhttp"
	"github.com/wispwright/wispwright/tenancy"
)

// mountHealthHTTP adds the endpoints of health.
func (c *MonitoringConcern) mountHealthHTTP(h *Host) error {
	wire, err := healthhttp.New(c.Health, c.Monitoring, c.Controller.Devices, &healthhttp.Options{Changes: c.changesOf, Page: statusPath})
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	if err := c.mountAvailability(h.API()); err != nil {
		return err
	}
	h.Handle(statusBase, c.statusPages(h), statusBase)
	return nil
}

// mostChanges is how many changes of a kind are shown.
const mostChanges = 20

// changesOf is what history tells of a device in a time, the latest first: what somebody or it
// itself changed, and versions of its configuration.
func (c *MonitoringConcern) changesOf(ctx context.Context, device wispwright.ID, from, until time.Time) (out []healthhttp.Changed, err error) {
	events, err := c.Controller.Tenancy.Trail.List(ctx, everyone(), tenancy.EventFilter{Kind: deviceKind, ObjectID: device.String(), CreatedFrom: from, CreatedBefore: until},
		wispwright.Page{Limit: mostChanges, NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, e := range events.Rows {
		if one := changeInWords(e); one.Text != "" {
			out = append(out, one)
		}
	}
	versions, err := c.Controller.Versions.List(ctx, everyone(), device, wispwright.Page{Limit: mostChanges, NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, v := range versions.Rows {
		if v.Created.Before(from) || v.Created.After(until) {
			continue
		}
		text := "New configuration: " + v.Cause
		if v.Reported != nil {
			text += ", applied at " + v.Reported.UTC().Format("15:04 UTC")
		}
		out = append(out, healthhttp.Changed{At: v.Created, Kind: "configuration", Text: text, Author: v.Actor})
	}
	slices.SortStableFunc(out, func(a, b healthhttp.Changed) int { return b.At.Compare(a.At) })
	return out, nil
}

// changeInWords says in words what a line of history is; a change of nothing worth telling has no text.
func changeInWords(e *tenancy.Event) healthhttp.Changed {
	out := healthhttp.Changed{At: e.Created, Kind: "device", Author: e.Actor}
	var words []string
	for _, f := range e.Fields {
		switch f.Field {
		case "OS", "System", "Model":
			out.Kind = "firmware"
			words = append(words, fmt.Sprintf("%s was %v, is %v", strings.ToLower(f.Field), said(f.Old), said(f.New)))
		case "ManagementIP", "LastIP":
			words = append(words, fmt.Sprintf("%s was %v, is %v", map[string]string{"ManagementIP": "management address", "LastIP": "public address"}[f.Field], said(f.Old), said(f.New)))
		case "GroupID", "OrganizationID", "Name", "IsDeactivated", "MACAddress", "Key":
			words = append(words, strings.ToLower(strings.TrimSuffix(f.Field, "ID"))+" changed")
		}
	}
	out.Text = strings.Join(words, ", ")
	if e.Action == "add" {
		out.Text = "The device was added"
	}
	if out.Text != "" && e.Cause != "" {
		out.Text += " (" + e.Cause + ")"
	}
	return out
}

func said(v any) any {
	if text := fmt.Sprint(v); v == nil || text == "" || text == `""` {
		return "empty"
	}
	return v
}
