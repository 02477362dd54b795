package main

import (
	"context"
	"fmt"
	"time"
)

// showWaves makes a plan, applies it to one device, and then to the others: the one
// that always fails is a failure that is accepted.
func (d *demo) showWaves(ctx context.Context, boxes []box) error {
	organization, err := d.organization()
	if err != nil {
		return err
	}
	var templates struct{ Results []struct{ ID string } }
	if err := d.api.call("GET", "/api/v1/controller/template/?search=Time", nil, &templates); err != nil {
		return err
	}
	if len(templates.Results) == 0 {
		return fmt.Errorf("there is no template Time")
	}
	begun := time.Now()
	var plan struct {
		ID, Status string
		Changed    int
		Rollout    string
	}
	if err := d.api.call("POST", "/api/v1/controller/plan/", object{
		"name": "Time servers of our own", "organization": organization, "notes": "Made by the demo.",
		"changes": []object{{"kind": "template", "action": "update", "id": templates.Results[0].ID, "set": object{"config": object{
			"ntp": object{"enabled": true, "enable_server": false, "server": []string{"time.example.org", "1.openwrt.pool.ntp.org"}},
		}}}},
	}, &plan); err != nil {
		return fmt.Errorf("make a plan: %w", err)
	}
	at := "/api/v1/controller/plan/" + plan.ID + "/"
	if err := d.api.call("POST", at+"compute/", nil, &struct{}{}); err != nil {
		return fmt.Errorf("rehearse the plan: %w", err)
	}
	if err := d.wait(ctx, "the plan is rehearsed", func() (bool, error) {
		err := d.api.call("GET", at, nil, &plan)
		return plan.Status == "planned", err
	}); err != nil {
		return err
	}
	if err := d.api.call("POST", at+"apply/", object{"strategy": object{
		"waves": []object{{"devices": []string{boxes[0].ID}, "pause": 2}}, "max_failed": 1,
	}}, &plan); err != nil {
		return fmt.Errorf("apply the plan: %w", err)
	}
	if err := d.wait(ctx, "the plan is applied", func() (bool, error) {
		err := d.api.call("GET", at, nil, &plan)
		return plan.Status == "applied", err
	}); err != nil {
		return err
	}
	fmt.Printf("  A plan said what it would do to %d devices and reached them in two waves within %.1f s: see Plans and Rollouts.\n", plan.Changed, time.Since(begun).Seconds())
	return nil
}
