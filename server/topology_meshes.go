package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/topology/wifimesh"
)

// updateMeshes makes or updates the topologies of WiFi meshes, of each organization that is switched on; told hears
// of each mesh. What fails in one organization keeps no other waiting (spec: topology §6).
func (c *TopologyConcern) updateMeshes(ctx context.Context, told func(organization, mesh string)) error {
	if c.MeshReports == nil {
		return errors.New("topology.wifi_mesh needs monitoring")
	}
	yes := true
	organizations, err := c.Tenancy.Organizations.List(ctx, everyone(), tenancy.OrganizationFilter{IsActive: &yes}, unpaged)
	if err != nil {
		return err
	}
	var failed error
	for _, o := range organizations.Rows {
		if err := c.updateMeshesOf(ctx, o, told); err != nil {
			failed = errors.Join(failed, fmt.Errorf("meshes of %s: %w", o.Slug, err))
		}
	}
	return failed
}

func (c *TopologyConcern) updateMeshesOf(ctx context.Context, o *tenancy.Organization, told func(organization, mesh string)) error {
	reports, err := c.MeshReports(ctx, o.ID, time.Now().Add(-c.Config.WifiMeshAge))
	if err != nil {
		return err
	}
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

// meshReports returns the last documents of an organization's devices that speak of a WiFi mesh and are not older
// than a time.
func (c *MonitoringConcern) meshReports(ctx context.Context, organization wispwright.ID, since time.Time) ([]wifimesh.Report, error) {
	no := false
	devices, err := c.Controller.Devices.List(ctx, everyone(), controller.DeviceFilter{OrganizationID: organization, IsDeactivated: &no}, unpaged)
	if err != nil {
		return nil, err
	}
	var out []wifimesh.Report
	for _, d := range devices.Rows {
		last, err := c.Document(ctx, d.Device.ID)
		if errors.Is(err, wispwright.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if last.Time.Before(since) || !bytes.Contains(last.Body, []byte(wifimesh.Mode)) {
			continue
		}
		o, err := ordered.DecodeObject(last.Body)
		if err != nil {
			continue // it was taken in; what cannot be read any more says nothing of meshes
		}
		out = append(out, wifimesh.Report{MAC: d.Device.MACAddress, Document: o})
	}
	return out, nil
}
