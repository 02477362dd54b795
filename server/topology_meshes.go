package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/topology/cables"
	"github.com/wispwright/wispwright/topology/wifimesh"
)

// updateMeshes makes or updates the topologies of WiFi meshes, of each organization that is switched on; told hears
// of each mesh. What fails in one organization keeps no other waiting (spec: topology §6).
func (c *TopologyConcern) updateMeshes(ctx context.Context, told func(organization, mesh string)) error {
	return c.eachReporting(ctx, "wifi_mesh", func(o *tenancy.Organization) error { return c.updateMeshesOf(ctx, o, told) })
}

// updateCables makes or updates the topologies of cables, of each organization that is switched on; told hears of
// each organization whose devices tell of their cables.
func (c *TopologyConcern) updateCables(ctx context.Context, told func(organization string)) error {
	return c.eachReporting(ctx, "lldp", func(o *tenancy.Organization) error { return c.updateCablesOf(ctx, o, told) })
}

// eachReporting does something for each organization that is switched on. What fails in one keeps no other waiting.
func (c *TopologyConcern) eachReporting(ctx context.Context, setting string, do func(*tenancy.Organization) error) error {
	if c.DeviceReports == nil {
		return fmt.Errorf("topology.%s needs monitoring", setting)
	}
	yes := true
	organizations, err := c.Tenancy.Organizations.List(ctx, everyone(), tenancy.OrganizationFilter{IsActive: &yes}, unpaged)
	if err != nil {
		return err
	}
	var failed error
	for _, o := range organizations.Rows {
		if err := do(o); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s of %s: %w", setting, o.Slug, err))
		}
	}
	return failed
}

func (c *TopologyConcern) updateCablesOf(ctx context.Context, o *tenancy.Organization, told func(organization string)) error {
	found, err := c.DeviceReports(ctx, o.ID, time.Now().Add(-c.Config.LLDPAge), cables.Mark)
	if err != nil {
		return err
	}
	reports := make([]cables.Report, len(found))
	for i, r := range found {
		reports[i] = cables.Report(r)
	}
	graph, speakers := cables.Graph(reports)
	if speakers == 0 {
		_, err := c.LoseCables(ctx, o.ID)
		return err
	}
	if told != nil {
		told(o.Name)
	}
	return c.ReceiveCables(ctx, o.ID, o.Name+": cables", &graph)
}

func (c *TopologyConcern) updateMeshesOf(ctx context.Context, o *tenancy.Organization, told func(organization, mesh string)) error {
	found, err := c.DeviceReports(ctx, o.ID, time.Now().Add(-c.Config.WifiMeshAge), wifimesh.Mode)
	if err != nil {
		return err
	}
	reports := slices.DeleteFunc(found, func(r wifimesh.Report) bool { return r.Document == nil })
	meshes := wifimesh.Meshes(reports)
	if len(meshes) == 0 {
		_, err := c.LoseMeshes(ctx, o.ID)
		return err
	}
	for i := range meshes {
		m := &meshes[i]
		if err := c.ReceiveMesh(ctx, o.ID, m.ID, &m.Graph); err != nil {
			return fmt.Errorf("%s: %w", m.ID, err)
		}
		if told != nil {
			told(o.Name, m.ID)
		}
	}
	return nil
}

// deviceReports returns all devices of an organization, those with their last documents that are not older than a
// time and have a text in them.
func (c *MonitoringConcern) deviceReports(ctx context.Context, organization wispwright.ID, since time.Time, mark string) ([]wifimesh.Report, error) {
	no := false
	devices, err := c.Controller.Devices.List(ctx, everyone(), controller.DeviceFilter{OrganizationID: organization, IsDeactivated: &no}, unpaged)
	if err != nil {
		return nil, err
	}
	out := make([]wifimesh.Report, len(devices.Rows))
	for i, d := range devices.Rows {
		out[i].MAC = d.Device.MACAddress
		last, err := c.Document(ctx, d.Device.ID)
		if errors.Is(err, wispwright.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if last.Time.Before(since) || !bytes.Contains(last.Body, []byte(mark)) {
			continue
		}
		if o, err := ordered.DecodeObject(last.Body); err == nil { // it was taken in; what cannot be read any more says nothing
			out[i].Document = o
		}
	}
	return out, nil
}
