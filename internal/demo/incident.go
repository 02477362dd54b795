//go:build linux

package main

import (
	"context"
	"fmt"
	"time"
)

// away is the sandbox that loses its link.
const away = 2

// showIncident lets a sandbox lose its link and find it again: an incident begins, is explained,
// taken, and ends.
func (d *demo) showIncident(ctx context.Context, boxes []box) error {
	organization, err := d.organization()
	if err != nil {
		return err
	}
	i := boxOf(boxes, away)
	if i < 0 {
		return fmt.Errorf("there is no box-%d", away)
	}
	device, begun := boxes[i].ID, time.Now()
	// people are told at once in the demo, and not after ten minutes
	if err := d.api.call("POST", "/api/v1/monitoring/alert-default/", object{"organization": organization, "configuration": "tcp", "tolerance": 0}, &struct{}{}); err != nil {
		return fmt.Errorf("a threshold: %w", err)
	}
	var check struct{ ID string }
	if err := d.api.call("POST", "/api/v1/monitoring/device-check/", object{
		"device": device, "name": "Link", "check_type": "wispwright.check.TCP", "params": object{"port": d.reach.port, "timeout": 1000}, "description": "Whether its SSH daemon answers",
	}, &check); err != nil {
		return fmt.Errorf("a check: %w", err)
	}
	for _, b := range boxes { // their addresses are of loopback
		if err := d.api.call("POST", "/api/v1/monitoring/device-check/", object{"device": b.ID, "name": "Ping", "check_type": "openwisp_monitoring.check.classes.Ping"}, &struct{}{}); err != nil {
			return fmt.Errorf("a ping: %w", err)
		}
	}
	if err := d.pages(organization); err != nil {
		return err
	}
	if err := d.health(ctx, device, check.ID, "ok"); err != nil {
		return err
	}
	if err := d.reach.cut(away); err != nil {
		return err
	}
	if err := d.health(ctx, device, check.ID, "problem"); err != nil {
		return err
	}
	var why struct {
		Failing   []struct{ Name, Meaning string }
		Changes   []struct{ Text string }
		Incidents []struct{ ID string }
	}
	if err := d.wait(ctx, "the incident begins", func() (bool, error) {
		err := d.api.call("GET", "/api/v1/monitoring/device/"+device+"/health/", nil, &why)
		return len(why.Incidents) > 0 && len(why.Failing) > 0, err
	}); err != nil {
		return err
	}
	fmt.Printf("  box-%d lost its link: after %.1f s there is an incident. %s: %s\n", away, time.Since(begun).Seconds(), why.Failing[0].Name, why.Failing[0].Meaning)
	if len(why.Changes) > 0 {
		fmt.Printf("  What changed before: %s\n", why.Changes[0].Text)
	}
	if err := d.api.call("POST", "/api/v1/monitoring/incident/"+why.Incidents[0].ID+"/acknowledge/", object{"comment": "Somebody pulled the cable; on the way."}, &struct{}{}); err != nil {
		return fmt.Errorf("take the incident: %w", err)
	}
	if err := d.reach.mend(away); err != nil {
		return err
	}
	if err := d.health(ctx, device, check.ID, "ok"); err != nil {
		return err
	}
	if err := d.wait(ctx, "the incident ends", func() (bool, error) {
		var incident struct{ Open bool }
		err := d.api.call("GET", "/api/v1/monitoring/incident/"+why.Incidents[0].ID+"/", nil, &incident)
		return err == nil && !incident.Open, err
	}); err != nil {
		return err
	}
	fmt.Printf("  It is back, and the incident is over after %.1f s: see Incidents.\n", time.Since(begun).Seconds())
	return nil
}

// boxOf is the place of a sandbox in a list; -1: it is not there.
func boxOf(boxes []box, n int) int {
	for i, b := range boxes {
		if b.Name == fmt.Sprintf("box-%d", n) {
			return i
		}
	}
	return -1
}

// health runs the check until the device is in a way.
func (d *demo) health(ctx context.Context, device, check, want string) error {
	asked := time.Time{}
	return d.wait(ctx, "the device is "+want, func() (bool, error) {
		if time.Since(asked) > 2*time.Second {
			asked = time.Now()
			if err := d.api.call("POST", "/api/v1/monitoring/device-check/"+check+"/run/", object{}, &struct{}{}); err != nil {
				return false, err
			}
		}
		var why struct {
			Status  string
			Failing []struct{ Name string }
		}
		err := d.api.call("GET", "/api/v1/monitoring/device/"+device+"/health/", nil, &why)
		failing := false
		for _, f := range why.Failing {
			failing = failing || f.Name == "Link"
		}
		return err == nil && why.Status != "unknown" && failing == (want != "ok"), err
	})
}

// pages makes a time of maintenance that comes every week, and a status page.
func (d *demo) pages(organization string) error {
	start := time.Date(2026, 1, 6, 2, 0, 0, 0, time.UTC)
	if err := d.api.call("POST", "/api/v1/monitoring/maintenance/", object{"organization": organization, "name": "Weekly updates", "start": start, "end": start.Add(2 * time.Hour), "repeat": "weekly", "time_zone": "Europe/Rome"}, &struct{}{}); err != nil {
		return fmt.Errorf("maintenance: %w", err)
	}
	if err := d.api.call("POST", "/api/v1/monitoring/status-page/", object{"organization": organization, "title": "Demo network", "show_names": true}, &struct{}{}); err != nil {
		return fmt.Errorf("status page: %w", err)
	}
	return nil
}
