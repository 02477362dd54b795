package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/geo"
)

var _ WithCommands = (*ConnectionConcern)(nil)

// locationOf finds the devices of a location for mass commands, where places are known.
func locationOf(ctx context.Context, h *Host, scope wispwright.Scope, location wispwright.ID) (organization wispwright.ID, devices []wispwright.ID, err error) {
	for _, one := range h.server.concerns {
		places, ok := one.(*GeoConcern)
		if !ok || places.Geo == nil {
			continue
		}
		at, err := places.Locations.Get(ctx, scope, location)
		if err != nil {
			return organization, nil, err
		}
		there, err := places.DeviceLocations.List(ctx, wispwright.ScopeAll(), geo.DeviceLocationFilter{LocationID: location}, unpaged)
		if err != nil {
			return organization, nil, err
		}
		for _, d := range there.Rows {
			devices = append(devices, d.DeviceID)
		}
		return at.OrganizationID, devices, nil
	}
	return organization, nil, wispwright.ErrNotFound
}

// Commands implements WithCommands.
func (c *ConnectionConcern) Commands() []any {
	return []any{&struct {
		Connection  connectionCommand `cmd:"" name:"connection" help:"How devices are reached."`
		Command     commandCommand    `cmd:"" name:"command" help:"Commands for devices."`
		MassCommand massCommand       `cmd:"" name:"mass-command" help:"Commands for many devices."`
		Terminal    terminalCommand   `cmd:"" name:"terminal" help:"Terminals on devices, and what was shown on them."`
	}{}}
}

type connectionCommand struct {
	List connectionList `cmd:"" help:"List the connections of a device, with their last attempts."`
	Test connectionTest `cmd:"" help:"Let the connections of a device be tried by a server at work."`
	Push connectionPush `cmd:"" help:"Let a device be told of its configuration by a server at work."`
}

type commandCommand struct {
	Run    commandRun    `cmd:"" help:"Run a command line on a device, by a server at work, and print what it wrote."`
	List   commandList   `cmd:"" help:"List the commands of a device."`
	Cancel commandCancel `cmd:"" help:"Cancel a command that runs or waits."`
}

// named finds a device by its id or its name.
func (c *ConnectionConcern) named(ctx context.Context, text string) (*controller.Device, error) {
	if id, err := wispwright.ParseID(text); err == nil {
		d, err := c.Controller.Devices.Get(ctx, everyone(), id)
		if err != nil {
			return nil, fmt.Errorf("device %s: %w", text, err)
		}
		return d.Device, nil
	}
	found, err := c.Controller.Devices.List(ctx, everyone(), controller.DeviceFilter{NameContains: text}, unpaged)
	if err != nil {
		return nil, err
	}
	same := slices.DeleteFunc(found.Rows, func(d *controller.Detail) bool { return !strings.EqualFold(d.Device.Name, text) })
	switch len(same) {
	case 0:
		return nil, fmt.Errorf("there is no device %q", text)
	case 1:
		return same[0].Device, nil
	}
	return nil, fmt.Errorf("several organizations have a device %q: say its id", text)
}

type connectionList struct {
	Device string `arg:"" help:"Id or name of the device."`
}

// Run lists connections.
func (l connectionList) Run(ctx context.Context, p *Session, c *ConnectionConcern) error {
	return p.Open(ctx, func(*Server) error {
		d, err := c.named(ctx, l.Device)
		if err != nil {
			return err
		}
		return c.printConnections(ctx, p.Out, d.ID)
	})
}

func (c *ConnectionConcern) printConnections(ctx context.Context, out io.Writer, device wispwright.ID) error {
	list, err := c.Connections.List(ctx, everyone(), connection.DeviceConnectionFilter{DeviceID: device}, unpaged)
	if err != nil {
		return err
	}
	ids := make([]wispwright.ID, len(list.Rows))
	for i, o := range list.Rows {
		ids[i] = o.ID
	}
	_, names, err := c.Connections.Named(ctx, ids...)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tCREDENTIALS\tENABLED\tWORKS\tTRIED\tREASON")
	for _, o := range list.Rows {
		works, tried := "not tried", "never"
		if o.IsWorking != nil {
			works = map[bool]string{true: "yes", false: "no"}[*o.IsWorking]
		}
		if o.LastAttempt != nil {
			tried = o.LastAttempt.Format(time.RFC3339)
		}
		fmt.Fprintf(w, "%s\t%s\t%t\t%s\t%s\t%s\n", o.ID, names[o.ID], o.Enabled, works, tried, o.FailureReason)
	}
	return w.Flush()
}

type connectionTest struct {
	Device string `arg:"" help:"Id or name of the device."`
}

// Run asks for a test of each connection.
func (t connectionTest) Run(ctx context.Context, p *Session, c *ConnectionConcern) error {
	return p.Open(ctx, func(*Server) error {
		d, err := c.named(ctx, t.Device)
		if err != nil {
			return err
		}
		list, err := c.Connections.List(ctx, everyone(), connection.DeviceConnectionFilter{DeviceID: d.ID}, unpaged)
		if err != nil {
			return err
		}
		for _, o := range list.Rows {
			if err := c.Connections.Test(ctx, everyone(), o.ID); err != nil {
				return err
			}
		}
		fmt.Fprintf(p.Out, "%d connections of %s are tried by the server; see connection list.\n", len(list.Rows), d.Name)
		return nil
	})
}

type commandRun struct {
	Device string        `arg:"" help:"Id or name of the device."`
	Line   string        `arg:"" help:"The command line."`
	Wait   time.Duration `default:"2m" help:"How long to wait for its end."`
}

// Run sends a command and waits for its end.
func (r commandRun) Run(ctx context.Context, p *Session, c *ConnectionConcern) error {
	return p.Open(ctx, func(*Server) error {
		d, err := c.named(ctx, r.Device)
		if err != nil {
			return err
		}
		sent := &connection.Command{DeviceID: d.ID, Type: "custom", Input: customInput(r.Line)}
		if err := c.Connection.Commands.Create(ctx, everyone(), sent); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, r.Wait)
		defer cancel()
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			now, err := c.Connection.Commands.Get(ctx, everyone(), sent.ID)
			switch {
			case ctx.Err() != nil:
				return fmt.Errorf("command %s has not ended after %s; is a server at work?", sent.ID, r.Wait)
			case err != nil:
				return err
			case now.Status != connection.InProgress:
				fmt.Fprint(p.Out, now.Output)
				if now.Status == connection.Failed {
					return errors.New("the command failed")
				}
				return nil
			}
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	})
}

// customInput is the input of a command line.
func customInput(line string) wispwright.JSON {
	text, err := json.Marshal(map[string]string{"command": line})
	if err != nil {
		return "null" // texts always marshal
	}
	return wispwright.JSON(text)
}
