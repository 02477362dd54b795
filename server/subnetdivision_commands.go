package server

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/subnetdivision"
)

var _ WithCommands = (*SubnetDivisionConcern)(nil)

// Commands implements WithCommands.
func (c *SubnetDivisionConcern) Commands() []any {
	return []any{&struct {
		Division struct {
			List     divisionList     `cmd:"" help:"List rules, with how many more devices they have room for."`
			Create   divisionCreate   `cmd:"" help:"Make a rule; devices that are there get their networks in the background."`
			Forecast divisionForecast `cmd:"" help:"Print what the next device gets of a rule."`
			Delete   divisionDelete   `cmd:"" help:"Delete a rule; what devices have of it is taken back in the background."`
		} `cmd:"" name:"subnet-division" help:"Rules that divide subnets among devices."`
	}{}}
}

func (c *SubnetDivisionConcern) run(ctx context.Context, p *Session, name string, fn func(context.Context) error) error {
	return p.Open(ctx, func(*Server) error {
		return fn(wispwright.WithCaller(ctx, wispwright.System("wispwright subnet-division "+name)))
	})
}

type divisionList struct {
	Organization string `placeholder:"SLUG" help:"Only those of one organization."`
}

// Run prints a table.
func (l divisionList) Run(ctx context.Context, p *Session, c *SubnetDivisionConcern) error {
	return c.run(ctx, p, "list", func(ctx context.Context) error {
		organization, err := c.Tenancy.bySlug(ctx, l.Organization)
		if err != nil {
			return err
		}
		found, err := c.Rules.List(ctx, everyone(), subnetdivision.RuleFilter{OrganizationID: organization}, unpaged)
		if err != nil {
			return err
		}
		slugs, err := c.Tenancy.slugs(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.Out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tLABEL\tORGANIZATION\tTYPE\tSUBNET\tPER DEVICE\tROOM")
		for _, r := range found.Rows {
			master, err := c.IPAM.Subnets.Get(ctx, everyone(), r.MasterSubnetID)
			if err != nil {
				return err
			}
			f, err := c.Rules.Forecast(ctx, r)
			if err != nil {
				return err
			}
			kind := r.Type
			for short, long := range divisionTypes {
				if long == r.Type {
					kind = short
				}
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d of /%d, %d addresses\t%s\n", r.ID, r.Label, slugs[r.OrganizationID], kind, master.Subnet, r.NumberOfSubnets, r.Size, r.NumberOfIPs, f.Room)
		}
		return w.Flush()
	})
}

type divisionCreate struct {
	Label        string `arg:"" help:"Begins the names of variables: letters, digits and underscores."`
	Organization string `required:"" placeholder:"SLUG" help:"Whose devices it is for."`
	Type         string `default:"device" help:"device, vpn, or the identifier of another type."`
	Subnet       string `required:"" placeholder:"NETWORK" help:"The subnet that is divided."`
	SharedSubnet bool   `help:"The subnet is one that all share."`
	Networks     int64  `default:"1" help:"How many networks a device gets."`
	Size         int64  `required:"" help:"Their prefix length."`
	Addresses    int64  `default:"1" help:"How many addresses are taken in each."`
}

// Run makes a rule and prints its id.
func (d divisionCreate) Run(ctx context.Context, p *Session, c *SubnetDivisionConcern) error {
	return c.run(ctx, p, "create", func(ctx context.Context) error {
		r, err := c.rule(ctx, &divisionData{Organization: d.Organization, Label: d.Label, Type: d.Type, MasterSubnet: d.Subnet, MasterIsShared: d.SharedSubnet,
			Subnets: d.Networks, Size: d.Size, IPs: d.Addresses})
		if err != nil {
			return err
		}
		if err := c.Rules.Create(ctx, r); err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.Out, r.ID)
		return err
	})
}

// ruleArg names a rule on the command line.
type ruleArg struct {
	Label        string `arg:"" help:"The label of a rule."`
	Organization string `required:"" placeholder:"SLUG" help:"Whose it is."`
}

func (a ruleArg) find(ctx context.Context, c *SubnetDivisionConcern) (*subnetdivision.Rule, error) {
	organization, err := c.Tenancy.bySlug(ctx, a.Organization)
	if err != nil {
		return nil, err
	}
	found, err := c.Rules.List(ctx, everyone(), subnetdivision.RuleFilter{OrganizationID: organization}, unpaged)
	if err != nil {
		return nil, err
	}
	for _, r := range found.Rows {
		if r.Label == a.Label {
			return r, nil
		}
	}
	return nil, fmt.Errorf("there is no subnet division rule %q of %s", a.Label, a.Organization)
}

type divisionForecast struct{ ruleArg }

// Run prints networks and room.
func (d divisionForecast) Run(ctx context.Context, p *Session, c *SubnetDivisionConcern) error {
	return c.run(ctx, p, "forecast", func(ctx context.Context) error {
		r, err := d.find(ctx, c)
		if err != nil {
			return err
		}
		f, err := c.Rules.Forecast(ctx, r)
		if err != nil {
			return err
		}
		for _, n := range f.Networks {
			fmt.Fprintf(p.Out, "%s %s, addresses %s to %s\n", n.Keyword, n.Network, n.First, n.Last)
		}
		_, err = fmt.Fprintf(p.Out, "Room for %s more devices\n", f.Room)
		return err
	})
}

type divisionDelete struct{ ruleArg }

// Run deletes a rule.
func (d divisionDelete) Run(ctx context.Context, p *Session, c *SubnetDivisionConcern) error {
	return c.run(ctx, p, "delete", func(ctx context.Context) error {
		r, err := d.find(ctx, c)
		if err != nil {
			return err
		}
		return c.Rules.Delete(ctx, everyone(), r.ID)
	})
}
