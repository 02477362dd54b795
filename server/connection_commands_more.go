package server

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/terminal"
)

type connectionPush struct {
	Device string        `arg:"" help:"Id or name of the device."`
	Wait   time.Duration `default:"2m" help:"How long to wait until it was told."`
}

// Run asks for a push and waits for what becomes of it.
func (c connectionPush) Run(ctx context.Context, p *Session, concern *ConnectionConcern) error {
	return p.Open(ctx, func(*Server) error {
		d, err := concern.named(ctx, c.Device)
		if err != nil {
			return err
		}
		if err := concern.Pushes.Request(ctx, d.ID); err != nil {
			return err
		}
		waiting, cancel := context.WithTimeout(ctx, c.Wait)
		defer cancel()
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			push, err := concern.Pushes.Get(ctx, d.ID)
			switch {
			case err != nil:
				return err
			case push.State == connection.PushFailed:
				return fmt.Errorf("%s could not be told: %s", d.Name, push.Reason)
			case push.State == connection.Pushed:
				fmt.Fprintf(p.Out, "%s was told of its configuration.\n", d.Name)
				return nil
			case push.State == connection.PushCurrent:
				fmt.Fprintf(p.Out, "There was nothing to tell %s.\n", d.Name)
				return nil
			}
			select {
			case <-waiting.Done():
				return fmt.Errorf("%s was not told after %s, %d attempts: %s; is a server at work?", d.Name, c.Wait, push.Attempts, push.Reason)
			case <-tick.C:
			}
		}
	})
}

type commandList struct {
	Device string `arg:"" help:"Id or name of the device."`
	Last   int    `default:"20" help:"How many, the newest first."`
}

// Run lists commands of a device.
func (l commandList) Run(ctx context.Context, p *Session, c *ConnectionConcern) error {
	return p.Open(ctx, func(*Server) error {
		d, err := c.named(ctx, l.Device)
		if err != nil {
			return err
		}
		list, err := c.Connection.Commands.List(ctx, everyone(), connection.CommandFilter{DeviceID: d.ID},
			wispwright.Page{Limit: l.Last, NoTotal: true, Order: []wispwright.Order{{Field: "Created", Descending: true}}})
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.Out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tSTATUS\tSENT\tBY\tTYPE\tINPUT")
		for _, o := range list.Rows {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", o.ID, o.Status, o.Created.Format(time.RFC3339), o.Actor, o.Type, shortened(string(o.Input), 60))
		}
		return w.Flush()
	})
}

type commandCancel struct {
	ID wispwright.ID `arg:"" help:"Id of the command."`
}

// Run cancels a command.
func (m commandCancel) Run(ctx context.Context, p *Session, c *ConnectionConcern) error {
	return p.Open(ctx, func(*Server) error {
		o, err := c.Connection.Commands.Cancel(ctx, everyone(), m.ID)
		if err != nil {
			return fmt.Errorf("command %s: %w", m.ID, err)
		}
		fmt.Fprintf(p.Out, "Command %s: %s\n", o.ID, o.Status)
		return nil
	})
}

// terminalCommand are the commands about terminals, which are opened in the browser.
type terminalCommand struct {
	List      terminalList      `cmd:"" help:"List terminals, the newest first."`
	Recording terminalRecording `cmd:"" help:"Print what a terminal showed, as asciicast."`
	End       terminalEnd       `cmd:"" help:"End a terminal that is open."`
}

type terminalList struct {
	Device string `arg:"" optional:"" help:"Only those of this device, by id or name."`
	Open   bool   `help:"Only those that are open."`
}

// Run lists terminals.
func (l terminalList) Run(ctx context.Context, p *Session, c *ConnectionConcern) error {
	return p.Open(ctx, func(*Server) error {
		filter := terminal.Filter{}
		if l.Open {
			filter.State = terminal.Open
		}
		if l.Device != "" {
			d, err := c.named(ctx, l.Device)
			if err != nil {
				return err
			}
			filter.DeviceID = d.ID
		}
		list, err := c.terminals.List(ctx, everyone(), filter, wispwright.Page{Limit: 100, NoTotal: true})
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.Out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tSTATE\tASKED FOR\tBY\tFROM\tBYTES\tREASON")
		for _, t := range list.Rows {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", t.ID, t.State, t.Created.Format(time.RFC3339), t.Actor, t.Address, t.Size, t.Reason)
		}
		return w.Flush()
	})
}

type terminalRecording struct {
	ID wispwright.ID `arg:"" help:"Id of the terminal."`
}

// Run prints a recording.
func (m terminalRecording) Run(ctx context.Context, p *Session, c *ConnectionConcern) error {
	return p.Open(ctx, func(*Server) error {
		if err := c.terminals.Recording(ctx, everyone(), m.ID, p.Out); err != nil {
			return fmt.Errorf("terminal %s: %w", m.ID, err)
		}
		return nil
	})
}

type terminalEnd struct {
	ID wispwright.ID `arg:"" help:"Id of the terminal."`
}

// Run ends a terminal.
func (m terminalEnd) Run(ctx context.Context, p *Session, c *ConnectionConcern) error {
	return p.Open(ctx, func(*Server) error {
		t, err := c.terminals.End(ctx, everyone(), m.ID)
		if err != nil {
			return fmt.Errorf("terminal %s: %w", m.ID, err)
		}
		fmt.Fprintf(p.Out, "Terminal %s: %s\n", t.ID, t.State)
		return nil
	})
}
