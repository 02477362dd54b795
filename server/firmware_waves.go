package server

import (
	"context"
	"encoding/json"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/firmware"
)

// zoneVariable is the variable of devices, groups and organizations that says in
// which time zone they are.
const zoneVariable = "timezone"

// sites says where devices are: those of one location are one site, whose time zone
// is the variable of the device, of its group, or of its organization.
func (c *FirmwareConcern) sites(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]firmware.Site, error) {
	out := make(map[wispwright.ID]firmware.Site, len(devices))
	if c.Geo != nil && c.Geo.Geo != nil {
		places, err := c.Geo.DeviceLocations.List(ctx, everyone(), geo.DeviceLocationFilter{DeviceIDs: wispwright.Only(devices...)}, unpaged)
		if err != nil {
			return nil, err
		}
		for _, p := range places.Rows {
			out[p.DeviceID] = firmware.Site{Name: p.LocationID.String()}
		}
	}
	found, err := c.Connection.Controller.Devices.List(ctx, everyone(), controller.DeviceFilter{IDs: wispwright.Only(devices...)}, unpaged)
	if err != nil {
		return nil, err
	}
	shared, err := c.zones(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range found.Rows {
		site := out[d.Device.ID]
		if d.Config != nil {
			site.TimeZone = zoneIn(d.Config.Context)
		}
		for _, of := range []wispwright.ID{d.Device.GroupID, d.Device.OrganizationID} {
			if site.TimeZone == "" {
				site.TimeZone = shared[of]
			}
		}
		out[d.Device.ID] = site
	}
	return out, nil
}

// zones are the time zones of groups and organizations that say theirs.
func (c *FirmwareConcern) zones(ctx context.Context) (map[wispwright.ID]string, error) {
	out := map[wispwright.ID]string{}
	groups, err := c.Connection.Controller.Groups.List(ctx, everyone(), controller.GroupFilter{}, unpaged)
	if err != nil {
		return nil, err
	}
	for _, g := range groups.Rows {
		out[g.ID] = zoneIn(g.Context)
	}
	settings, err := c.Connection.Controller.Settings.List(ctx, everyone(), controller.SettingsFilter{}, unpaged)
	if err != nil {
		return nil, err
	}
	for _, s := range settings.Rows {
		out[s.OrganizationID] = zoneIn(s.Context)
	}
	return out, nil
}

// zoneIn is the time zone among variables; empty when there is none.
func zoneIn(variables wispwright.JSON) string {
	var v map[string]any
	if variables.IsEmpty() || json.Unmarshal([]byte(variables), &v) != nil {
		return "" // the controller refuses other things than objects
	}
	name, _ := v[zoneVariable].(string)
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		return "" // it is told in the way of OpenWrt, say
	}
	return name
}

// online says which devices can probably be reached: those with a connection that is
// not known to fail, and those that were heard of just now.
func (c *FirmwareConcern) online(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]bool, error) {
	yes := true
	list, err := c.Connection.Connections.List(ctx, everyone(), connection.DeviceConnectionFilter{DeviceIDs: wispwright.Only(devices...), Enabled: &yes}, unpaged)
	if err != nil {
		return nil, err
	}
	out := make(map[wispwright.ID]bool, len(devices))
	for _, o := range list.Rows {
		if o.IsWorking == nil || *o.IsWorking {
			out[o.DeviceID] = true
		}
	}
	seen, err := c.Connection.Controller.Devices.List(ctx, everyone(), controller.DeviceFilter{
		IDs: wispwright.Only(devices...), LastSeenFrom: time.Now().Add(-c.Connection.Controller.Config.SilentAfter),
	}, unpaged)
	if err != nil {
		return nil, err
	}
	for _, d := range seen.Rows {
		out[d.Device.ID] = true
	}
	return out, nil
}
