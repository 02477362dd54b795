package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/topology"
)

// Commands implements WithCommands.
func (c *TopologyConcern) Commands() []any {
	return []any{&struct {
		Topology topologyCommand `cmd:"" name:"topology" help:"Update topologies, keep their days, remove what is old."`
	}{}}
}

type topologyCommand struct {
	List     topologyList     `cmd:"" help:"List topologies."`
	Update   topologyUpdate   `cmd:"" help:"Fetch the topologies that are fetched, then remove what is old (update_topology)."`
	Receive  topologyReceive  `cmd:"" help:"Update a topology that is received, from a file."`
	Snapshot topologySnapshot `cmd:"" help:"Keep the published topologies as they are today (save_snapshot)."`
	Meshes   topologyMeshes   `cmd:"" help:"Make and update the topologies of WiFi meshes from what devices report (create_mesh_topology)."`
	Cables   topologyCables   `cmd:"" help:"Make and update the topologies of cables from what devices hear by LLDP."`
	Expire   topologyExpire   `cmd:"" help:"Remove links that are down, nodes that nobody names and history, as the settings say."`
	Match    topologyMatch    `cmd:"" help:"Find the devices that nodes are (create_device_nodes)."`
}

type topologyList struct {
	Label string `help:"A part of the label, in any letter case."`
}

// Run lists topologies.
func (l topologyList) Run(ctx context.Context, p *Session, c *TopologyConcern) error {
	return p.Open(ctx, func(*Server) error {
		list, err := c.Topologies.List(ctx, everyone(), topology.TopologyFilter{LabelContains: l.Label}, unpaged)
		if err != nil {
			return err
		}
		ids := make([]wispwright.ID, len(list.Rows))
		for i, t := range list.Rows {
			ids[i] = t.ID
		}
		counts, err := c.Count(ctx, ids...)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.Out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tLABEL\tSTRATEGY\tPARSER\tNODES\tUP\tDOWN\tUPDATED\tPROBLEM")
		for _, t := range list.Rows {
			n, updated := counts[t.ID], "never"
			if !t.Updated.IsZero() {
				updated = t.Updated.Format(time.RFC3339)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", t.ID, t.Label, t.Strategy, t.Parser, n.Nodes, n.Up, n.Down, updated, t.Problem)
		}
		return w.Flush()
	})
}

type topologyMeshes struct{}

// Run makes and updates topologies of meshes.
func (topologyMeshes) Run(ctx context.Context, p *Session, c *TopologyConcern) error {
	return p.Open(ctx, func(*Server) error {
		if !c.Config.WifiMesh {
			return errors.New("the setting topology.wifi_mesh is off")
		}
		return c.updateMeshes(wispwright.WithCaller(ctx, wispwright.System("wispwright topology meshes")), func(organization, mesh string) {
			fmt.Fprintf(p.Out, "%s: %s\n", organization, mesh)
		})
	})
}

type topologyCables struct{}

// Run makes and updates topologies of cables.
func (topologyCables) Run(ctx context.Context, p *Session, c *TopologyConcern) error {
	return p.Open(ctx, func(*Server) error {
		if !c.Config.LLDP {
			return errors.New("the setting topology.lldp is off")
		}
		return c.updateCables(wispwright.WithCaller(ctx, wispwright.System("wispwright topology cables")), func(organization string) {
			fmt.Fprintln(p.Out, organization)
		})
	})
}

type topologyUpdate struct {
	Label string `help:"Only those with this part of the label, in any letter case."`
}

// Run fetches; one that fails stops no other.
func (u topologyUpdate) Run(ctx context.Context, p *Session, c *TopologyConcern) error {
	return p.Open(ctx, func(*Server) error {
		ctx := wispwright.WithCaller(ctx, wispwright.System("wispwright topology update"))
		list, err := c.fetched(ctx, u.Label)
		if err != nil {
			return err
		}
		failed := 0
		for _, t := range list {
			title := topologyTitle(c, t)
			if _, err := fmt.Fprintf(p.Out, "Updating topology %s\n", title); err != nil {
				return err
			}
			if _, err := c.Fetch(ctx, t.ID); err != nil {
				failed++
				if _, err := fmt.Fprintf(p.Err, "Failed to perform update on %s: %v\n", title, err); err != nil {
					return err
				}
			}
		}
		if _, err := c.Expire(ctx, c.Config.expiry()); err != nil {
			return err
		}
		if failed > 0 {
			return fmt.Errorf("%d of %d topologies could not be updated", failed, len(list))
		}
		return nil
	})
}

func topologyTitle(c *TopologyConcern, t *topology.Topology) string {
	label := t.Parser
	if f, ok := c.Format(t.Parser); ok {
		label = f.Label
	}
	return t.Title(label)
}

type topologyReceive struct {
	ID   string `arg:"" help:"The topology's id."`
	File string `arg:"" help:"What the daemon printed; - for standard input."`
}

// Run updates a topology from a file.
func (r topologyReceive) Run(ctx context.Context, p *Session, c *TopologyConcern) error {
	id, err := wispwright.ParseID(r.ID)
	if err != nil {
		return fmt.Errorf("%w: %q is no id", ErrUsage, r.ID)
	}
	return p.Open(ctx, func(*Server) (err error) {
		ctx := wispwright.WithCaller(ctx, wispwright.System("wispwright topology receive"))
		in := p.In
		if r.File != "-" {
			file, err := os.Open(r.File)
			if err != nil {
				return err
			}
			defer file.Close() // it was read
			in = file
		}
		data, err := io.ReadAll(io.LimitReader(in, c.Config.MaxBytes+1))
		if err != nil {
			return err
		}
		if int64(len(data)) > c.Config.MaxBytes {
			return fmt.Errorf("the data are larger than %d bytes", c.Config.MaxBytes)
		}
		t, err := c.Topologies.Get(ctx, everyone(), id)
		if err != nil {
			return err
		}
		u, err := c.Receive(ctx, t, data)
		if errors.Is(err, wispwright.ErrNotFound) {
			return errors.New("the topology is not published, or not received")
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.Out, "nodes: %d new, %d changed; links: %d new, %d changed, %d up, %d down; %d refused\n",
			u.NodesAdded, u.NodesChanged, u.LinksAdded, u.LinksChanged, u.Up, u.Down, u.Refused)
		return err
	})
}

type topologySnapshot struct {
	Label string `help:"Only those with this part of the label, in any letter case."`
}

// Run keeps the day.
func (s topologySnapshot) Run(ctx context.Context, p *Session, c *TopologyConcern) error {
	return p.Open(ctx, func(*Server) error {
		var written error
		_, err := c.saveAll(ctx, s.Label, func(t *topology.Topology, err error) {
			if err == nil {
				_, err = fmt.Fprintf(p.Out, "Saved snapshot of %s\n", topologyTitle(c, t))
			} else {
				_, err = fmt.Fprintf(p.Err, "Failed to save snapshot of %s: %v\n", topologyTitle(c, t), err)
			}
			written = errors.Join(written, err)
		})
		return errors.Join(err, written)
	})
}

type topologyExpire struct{}

// Run removes what is old.
func (topologyExpire) Run(ctx context.Context, p *Session, c *TopologyConcern) error {
	return p.Open(ctx, func(*Server) error {
		done, err := c.Expire(wispwright.WithCaller(ctx, wispwright.System("wispwright topology expire")), c.Config.expiry())
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.Out, "removed %d links, %d nodes, %d snapshots, %d moments of links\n", done.Links, done.Nodes, done.Snapshots, done.Moments)
		return err
	})
}

type topologyMatch struct {
	Meshes bool `help:"Also the nodes of WiFi meshes."`
}

// Run finds devices.
func (m topologyMatch) Run(ctx context.Context, p *Session, c *TopologyConcern) error {
	return p.Open(ctx, func(*Server) error {
		n, err := c.RelateAll(ctx, m.Meshes)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.Out, "%d nodes are devices that were none before\n", n)
		return err
	})
}
