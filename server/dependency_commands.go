package server

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
)

// printDependencies prints whose configurations are rendered anew when something
// changes (additions: C-4).
type printDependencies struct {
	Format string `enum:"text,json" default:"text" help:"text or json."`
}

// dependency is one thing that configurations are made of.
type dependency struct {
	Kind         string         `json:"kind"`
	ID           *wispwright.ID `json:"id"`
	Organization *wispwright.ID `json:"organization"`
	Name         string         `json:"name"`
	// Through names the VPN server that leads to the template, nil for none.
	Through *wispwright.ID `json:"vpn,omitempty"`
	Devices int            `json:"devices"`
}

// Run implements the command.
func (cmd *printDependencies) Run(ctx context.Context, s *Session, c *ControllerConcern) error {
	return s.Open(ctx, func(*Server) error {
		list, err := c.dependencies(ctx)
		if err != nil {
			return err
		}
		if cmd.Format == "json" {
			e := json.NewEncoder(s.Out)
			e.SetIndent("", "  ")
			return e.Encode(list)
		}
		w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "A CHANGE OF\tID\tNAME\tRENDERS DEVICES")
		for _, d := range list {
			id := ""
			if d.ID != nil {
				id = d.ID.String()
			}
			if d.Through != nil {
				d.Name += " (and its VPN server " + d.Through.String() + ")"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\n", d.Kind, id, d.Name, d.Devices)
		}
		return w.Flush()
	})
}

// dependencies are what configurations in this installation are made of, with how many
// devices each leads to: global variables, organizations, groups, templates.
func (c *ControllerConcern) dependencies(ctx context.Context) ([]dependency, error) {
	count := func(f controller.DeviceFilter) (int, error) {
		yes := true
		f.HasConfig = &yes
		found, err := c.Devices.List(ctx, everyone(), f, wispwright.Page{Limit: 1})
		return found.Total, err
	}
	pointer := func(id wispwright.ID) *wispwright.ID {
		if id.IsZero() {
			return nil
		}
		return &id
	}
	n, err := count(controller.DeviceFilter{})
	if err != nil {
		return nil, err
	}
	out := []dependency{{Kind: "global variables", Name: "setting controller.context", Devices: n}}
	add := func(d dependency, f controller.DeviceFilter) (err error) {
		d.Devices, err = count(f)
		out = append(out, d)
		return err
	}
	settings, err := c.Controller.Settings.List(ctx, everyone(), controller.SettingsFilter{}, unpaged)
	if err != nil {
		return nil, err
	}
	for _, o := range settings.Rows {
		if err := add(dependency{Kind: "organization variables", ID: pointer(o.OrganizationID), Organization: pointer(o.OrganizationID)}, controller.DeviceFilter{OrganizationID: o.OrganizationID}); err != nil {
			return nil, err
		}
	}
	byName := unpaged
	byName.Order = []wispwright.Order{{Field: "Name"}}
	groups, err := c.Controller.Groups.List(ctx, everyone(), controller.GroupFilter{}, byName)
	if err != nil {
		return nil, err
	}
	for _, g := range groups.Rows {
		if err := add(dependency{Kind: "group", ID: pointer(g.ID), Organization: pointer(g.OrganizationID), Name: g.Name}, controller.DeviceFilter{GroupID: g.ID}); err != nil {
			return nil, err
		}
	}
	templates, err := c.Controller.Templates.List(ctx, everyone(), controller.TemplateFilter{}, byName)
	if err != nil {
		return nil, err
	}
	for _, t := range templates.Rows {
		if err := add(dependency{Kind: "template", ID: pointer(t.ID), Organization: pointer(t.OrganizationID), Name: t.Name, Through: pointer(t.VPNID)}, controller.DeviceFilter{TemplateID: t.ID}); err != nil {
			return nil, err
		}
	}
	return out, nil
}
