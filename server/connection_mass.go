package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/geo"
)

// massCommand are the commands about commands for many devices.
type massCommand struct {
	Run    massRun    `cmd:"" help:"Run a command line on many devices, by a server at work."`
	List   massList   `cmd:"" help:"List mass commands, the newest first."`
	Show   massShow   `cmd:"" help:"Show how far a mass command is, and its results by equal output."`
	Stop   massStop   `cmd:"" help:"Keep what still waits of a mass command from running."`
	Repeat massRepeat `cmd:"" help:"Repeat a mass command for the devices where it failed, or that were skipped."`
}

type massRun struct {
	Line         string        `arg:"" help:"The command line."`
	Organization string        `help:"Slug of the organization whose devices are meant; without it all organizations are, or that of the group or location." placeholder:"SLUG"`
	Group        string        `help:"Only devices of this group, by its name or id." placeholder:"GROUP"`
	Location     string        `help:"Only devices at this location, by its name or id." placeholder:"LOCATION"`
	Device       []string      `help:"These devices and no others, by id or name (repeatable)."`
	Named        string        `help:"Only devices whose name has this part." placeholder:"TEXT"`
	Status       string        `help:"Only devices whose configuration has this status."`
	Label        string        `help:"What it is for. Default: the command line." placeholder:"TEXT"`
	Parallel     int           `help:"How many devices at once. Default: the setting connection.parallel."`
	StopAfter    int           `help:"End when so many have failed; 0: never."`
	DryRun       bool          `help:"Only say which devices it would be."`
	Wait         time.Duration `default:"10m" help:"How long to wait for its end."`
}

// Run starts a mass command and waits for its end.
func (r massRun) Run(ctx context.Context, p *Session, c *ConnectionConcern) error {
	return p.Open(ctx, func(s *Server) error {
		sel, err := r.selection(ctx, s, c)
		if err != nil {
			return err
		}
		b := &connection.Batch{Type: "custom", Input: customInput(r.Line), Label: r.Label, Parallel: r.Parallel, StopAfter: r.StopAfter}
		if b.Label == "" {
			b.Label = shortened(r.Line, 64)
		}
		if r.DryRun {
			devices, err := c.Batches.Select(ctx, everyone(), b, sel, true)
			if err != nil {
				return err
			}
			for _, d := range devices {
				fmt.Fprintf(p.Out, "%s\t%s\n", d.Device.ID, d.Device.Name)
			}
			return nil
		}
		if err := c.Batches.Execute(ctx, everyone(), b, sel, true); err != nil {
			return err
		}
		return c.awaitBatch(ctx, p.Out, b.ID, r.Wait)
	})
}

// shortened is a text of at most so many characters.
func shortened(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// selection finds what the flags name.
func (r massRun) selection(ctx context.Context, s *Server, c *ConnectionConcern) (*connection.Selection, error) {
	sel := &connection.Selection{Filter: controller.DeviceFilter{NameContains: r.Named, Status: controller.Status(r.Status)}, Filtered: r.Named != "" || r.Status != ""}
	if r.Organization != "" {
		o, err := c.Controller.Tenancy.Organizations.BySlug(ctx, everyone(), r.Organization)
		if err != nil {
			return nil, fmt.Errorf("organization %s: %w", r.Organization, err)
		}
		sel.OrganizationID = o.ID
	}
	for _, text := range r.Device {
		d, err := c.named(ctx, text)
		if err != nil {
			return nil, err
		}
		sel.Devices = append(sel.Devices, d.ID)
	}
	var err error
	if r.Group != "" {
		if sel.GroupID, err = byName(r.Group, func() (ids []wispwright.ID, err error) {
			found, err := c.Controller.Groups.List(ctx, everyone(), controller.GroupFilter{OrganizationID: sel.OrganizationID, Name: r.Group}, unpaged)
			for _, g := range found.Rows {
				ids = append(ids, g.ID)
			}
			return ids, err
		}); err != nil {
			return nil, fmt.Errorf("group %s: %w", r.Group, err)
		}
	}
	if r.Location != "" {
		if sel.LocationID, err = byName(r.Location, func() ([]wispwright.ID, error) { return locationsNamed(ctx, s, sel.OrganizationID, r.Location) }); err != nil {
			return nil, fmt.Errorf("location %s: %w", r.Location, err)
		}
	}
	return sel, nil
}

// byName is the id that a text is, or that of the only object it names.
func byName(text string, find func() ([]wispwright.ID, error)) (wispwright.ID, error) {
	if id, err := wispwright.ParseID(text); err == nil {
		return id, nil
	}
	ids, err := find()
	switch {
	case err != nil:
		return wispwright.ID{}, err
	case len(ids) == 0:
		return wispwright.ID{}, wispwright.ErrNotFound
	case len(ids) > 1:
		return wispwright.ID{}, errors.New("several organizations have one: say which with --organization, or its id")
	}
	return ids[0], nil
}

// locationsNamed finds locations where places are known.
func locationsNamed(ctx context.Context, s *Server, organization wispwright.ID, name string) (ids []wispwright.ID, err error) {
	for _, one := range s.concerns {
		places, ok := one.(*GeoConcern)
		if !ok || places.Geo == nil {
			continue
		}
		found, err := places.Locations.List(ctx, everyone(), geo.LocationFilter{OrganizationID: organization, Name: name}, unpaged)
		if err != nil {
			return nil, err
		}
		for _, l := range found.Rows {
			ids = append(ids, l.ID)
		}
	}
	return ids, nil
}

// awaitBatch waits for the end of a mass command and prints its results.
func (c *ConnectionConcern) awaitBatch(ctx context.Context, out io.Writer, id wispwright.ID, most time.Duration) error {
	fmt.Fprintln(out, "mass command", id)
	waiting, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		now, err := c.Batches.Progress(ctx, everyone(), id)
		if err != nil {
			return err
		}
		if now.Batch.Status != connection.InProgress {
			if err := c.printBatch(ctx, out, now); err != nil {
				return err
			}
			if now.Batch.Status == connection.Failed {
				return errors.New("the mass command failed somewhere")
			}
			return nil
		}
		select {
		case <-waiting.Done():
			return fmt.Errorf("mass command %s has not ended after %s (%d of %d devices); is a server at work?", id, most, now.Counts.Success+now.Counts.Failed, now.Batch.DeviceCount)
		case <-tick.C:
		}
	}
}

// printBatch prints how far a mass command is, with one output for all devices that
// gave the same.
func (c *ConnectionConcern) printBatch(ctx context.Context, out io.Writer, p *connection.Progress) error {
	fmt.Fprintf(out, "%s: %s, %d devices, %d succeeded, %d failed, %d running, %d waiting, %d skipped\n",
		p.Batch.Label, p.Batch.Status, p.Batch.DeviceCount, p.Counts.Success, p.Counts.Failed, p.Counts.Running, p.Counts.Waiting, len(p.Batch.Skipped))
	ends, err := c.Batches.Outcomes(ctx, everyone(), p.Batch.ID)
	if err != nil {
		return err
	}
	for _, end := range ends {
		one, err := c.Connection.Commands.Get(ctx, everyone(), end.CommandID)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s on %d:\n%s", end.Status, end.Count, one.Output)
		if n := len(one.Output); n > 0 && one.Output[n-1] != '\n' {
			fmt.Fprintln(out)
		}
	}
	return nil
}

type massList struct {
	Status string `help:"Only those of this status: in-progress, success, failed or idle."`
}

// Run lists mass commands.
func (l massList) Run(ctx context.Context, p *Session, c *ConnectionConcern) error {
	return p.Open(ctx, func(*Server) error {
		list, err := c.Batches.List(ctx, everyone(), connection.BatchFilter{Status: connection.CommandStatus(l.Status)}, wispwright.Page{Limit: 100, NoTotal: true})
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.Out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tSTATUS\tDEVICES\tSTARTED\tBY\tLABEL")
		for _, b := range list.Rows {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", b.ID, b.Status, b.DeviceCount, b.Created.Format(time.RFC3339), b.Actor, b.Label)
		}
		return w.Flush()
	})
}

// massID is the argument of commands about one mass command.
type massID struct {
	ID wispwright.ID `arg:"" help:"Its id."`
}

type massShow struct{ massID }

// Run shows a mass command.
func (m massShow) Run(ctx context.Context, p *Session, c *ConnectionConcern) error {
	return p.Open(ctx, func(*Server) error {
		now, err := c.Batches.Progress(ctx, everyone(), m.ID)
		if err != nil {
			return fmt.Errorf("mass command %s: %w", m.ID, err)
		}
		return c.printBatch(ctx, p.Out, now)
	})
}

type massStop struct{ massID }

// Run stops a mass command.
func (m massStop) Run(ctx context.Context, p *Session, c *ConnectionConcern) error {
	return p.Open(ctx, func(*Server) error {
		b, err := c.Batches.Stop(ctx, everyone(), m.ID)
		if err != nil {
			return fmt.Errorf("mass command %s: %w", m.ID, err)
		}
		if b.Stopped {
			fmt.Fprintln(p.Out, "What still waits of it is not run.")
		} else {
			fmt.Fprintln(p.Out, "It had ended.")
		}
		return nil
	})
}

type massRepeat struct {
	massID
	Wait time.Duration `default:"10m" help:"How long to wait for its end."`
}

// Run repeats a mass command.
func (m massRepeat) Run(ctx context.Context, p *Session, c *ConnectionConcern) error {
	return p.Open(ctx, func(*Server) error {
		b, err := c.Batches.Repeat(ctx, everyone(), m.ID, "")
		if err != nil {
			return fmt.Errorf("mass command %s: %w", m.ID, err)
		}
		return c.awaitBatch(ctx, p.Out, b.ID, m.Wait)
	})
}
