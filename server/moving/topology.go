package moving

import (
	"context"
	"math"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/topology"
)

// Topology takes over topologies with nodes, links and snapshots, and which devices
// nodes are.
func Topology(s *topology.Service) Part {
	return Part{Name: "topology", Take: func(ctx context.Context, run *Run) error {
		meshes, err := run.pairs(ctx, "topology_device_wifimesh", "topology_id", "mesh_id")
		if err != nil {
			return err
		}
		if err := run.Table(ctx, "topology_topology", "id", []string{"organization_id"}, func(ctx context.Context, r *Row) (string, error) {
			t := &topology.Topology{
				ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Label: r.Text("label"), Parser: r.Text("parser"), Strategy: r.Text("strategy"),
				URL: r.Text("url"), Key: r.Secret("key"), ExpirationTime: r.Number("expiration_time"), Published: r.Flag("published"),
				MeshID: meshes[r.ID("id")], Protocol: r.Text("protocol"), Version: r.Text("version"), Revision: r.Text("revision"), Metric: r.Text("metric"),
				Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			if _, ok := s.Format(t.Parser); !ok {
				r.fault("parser", "a format that is known here")
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			return s.Topologies.Restore(ctx, t)
		}); err != nil {
			return err
		}
		if err := takeGraph(ctx, run, s); err != nil {
			return err
		}
		return run.Table(ctx, "topology_snapshot", "id", []string{"topology_id"}, func(ctx context.Context, r *Row) (string, error) {
			o := &topology.Snapshot{ID: r.Required("id"), TopologyID: r.ID("topology_id"), Day: r.Instant("date"), Saved: r.Instant("modified")}
			if err := r.Err(); err != nil {
				return "", err
			}
			return s.RestoreSnapshot(ctx, o, []byte(r.Text("data")))
		})
	}}
}

func takeGraph(ctx context.Context, run *Run, s *topology.Service) error {
	devices, err := run.pairs(ctx, "topology_device_devicenode", "node_id", "device_id")
	if err != nil {
		return err
	}
	if err := run.Table(ctx, "topology_node", "id", []string{"topology_id", "organization_id"}, func(ctx context.Context, r *Row) (string, error) {
		n := &topology.Node{
			ID: r.Required("id"), OrganizationID: r.ID("organization_id"), TopologyID: r.ID("topology_id"), Label: r.Text("label"),
			Addresses: r.JSON("addresses"), Properties: r.JSON("properties"), UserProperties: r.JSON("user_properties"),
			Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if text := devices[n.ID]; text != "" {
			device, err := wispwright.ParseID(text)
			if err == nil && !run.LeftOut(device) {
				n.DeviceID = device
			}
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return s.Nodes.Restore(ctx, n)
	}); err != nil {
		return err
	}
	return run.Table(ctx, "topology_link", "id", []string{"topology_id", "source_id", "target_id", "organization_id"}, func(ctx context.Context, r *Row) (string, error) {
		l := &topology.Link{
			ID: r.Required("id"), OrganizationID: r.ID("organization_id"), TopologyID: r.ID("topology_id"), SourceID: r.ID("source_id"), TargetID: r.ID("target_id"),
			CostText: r.Text("cost_text"), Status: r.Text("status"), Properties: r.JSON("properties"), UserProperties: r.JSON("user_properties"),
			StatusChanged: r.Instant("status_changed"), Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		cost := r.Decimal("cost")
		if cost == nil || math.IsNaN(*cost) || math.IsInf(*cost, 0) {
			r.fault("cost", "a number")
		} else {
			l.Cost = *cost
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return s.Links.Restore(ctx, l)
	})
}

// pairs reads a small table of two columns, of which the first is an id.
func (r *Run) pairs(ctx context.Context, table, key, value string) (map[wispwright.ID]string, error) {
	rows, err := r.Read(ctx, table, "SELECT "+key+", "+value+" FROM "+table)
	if err != nil {
		return nil, err
	}
	out := make(map[wispwright.ID]string, len(rows))
	for _, row := range rows {
		out[row.ID(key)] = row.Text(value)
	}
	return out, nil
}
