package main

import "fmt"

// makeGuests lets one guest in, leaves one waiting for a sponsor, and has devices
// remembered from the next session on.
func (d *demo) makeGuests(organization string) error {
	if err := d.api.call("PATCH", "/api/v1/radius/organization/"+organization+"/portal/", object{"guests_enabled": true, "sponsor_domains": "demo.example", "guest_hours": 8, "remember_days": 30}, &struct{}{}); err != nil {
		return fmt.Errorf("settings of the captive portal: %w", err)
	}
	for _, g := range []struct {
		name, email, reason string
		approve             bool
	}{
		{"Carla Moretti", "carla@partner.example", "Workshop on the third floor until Friday", true},
		{"Jonas Weber", "jonas@supplier.example", "Repair of the cold store", false},
	} {
		var made struct{ ID string }
		if err := d.api.call("POST", "/api/v1/radius/organization/demo/guest/", object{"name": g.name, "email": g.email, "sponsor": "reception@demo.example", "reason": g.reason}, &made); err != nil {
			return fmt.Errorf("guest %s: %w", g.name, err)
		}
		if !g.approve {
			continue
		}
		if err := d.api.call("POST", "/api/v1/radius/guest/"+made.ID+"/approve/", object{}, &struct{}{}); err != nil {
			return fmt.Errorf("guest %s: %w", g.name, err)
		}
	}
	return nil
}
