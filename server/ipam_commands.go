package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
)

// ipamCommands are the commands of subnets and addresses.
type ipamCommands struct {
	IPAM ipamCommand `cmd:"" name:"ipam" help:"Export and import subnets, find what is free in them."`
}

// Commands implements WithCommands.
func (c *IPAMConcern) Commands() []any { return []any{&ipamCommands{}} }

type ipamCommand struct {
	Export  ipamExport  `cmd:"" help:"Write a subnet and its addresses to a file."`
	Import  ipamImport  `cmd:"" help:"Import a subnet and its addresses: all or nothing."`
	Request ipamRequest `cmd:"" help:"Record the next available address of a subnet and print it."`
	Free    ipamFree    `cmd:"" help:"Print the next free networks of a length in a subnet."`
}

// subnetArg names a subnet on the command line.
type subnetArg struct {
	Subnet       string `arg:"" help:"The network, such as 10.0.0.0/24."`
	Organization string `placeholder:"SLUG" help:"Whose it is; needed where several have the network."`
}

// find returns the subnet.
func (a subnetArg) find(ctx context.Context, c *IPAMConcern) (*ipam.Subnet, error) {
	network, err := ipam.ParseNetwork(a.Subnet)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	filter := ipam.SubnetFilter{Subnet: network}
	if a.Organization != "" {
		o, err := c.Tenancy.Organizations.BySlug(ctx, wispwright.ScopeAll(), a.Organization)
		if err != nil {
			return nil, fmt.Errorf("organization %s: %w", a.Organization, err)
		}
		filter.OrganizationID = o.ID
	}
	found, err := c.Subnets.List(ctx, wispwright.ScopeAll(), filter, wispwright.Page{NoTotal: true})
	switch {
	case err != nil:
		return nil, err
	case len(found.Rows) == 0:
		return nil, fmt.Errorf("Subnet %q does not exist", network) //nolint:staticcheck // as the original says it
	case len(found.Rows) > 1:
		return nil, fmt.Errorf("%w: %d organizations have %s; name one with --organization", ErrUsage, len(found.Rows), network)
	}
	return found.Rows[0], nil
}

type ipamExport struct {
	subnetArg
	Output string `short:"o" placeholder:"FILE" help:"Where to write, - for standard output; the name's ending tells the kind, .csv or .xlsx. Default: data_ID.csv."`
}

// Run exports a subnet.
func (e ipamExport) Run(ctx context.Context, p *Session, c *IPAMConcern) error {
	return p.Open(ctx, func(*Server) error {
		n, err := e.find(ctx, c)
		if err != nil {
			return err
		}
		name := e.Output
		if name == "" {
			name = "data_" + n.ID.String() + ".csv"
		}
		if name == "-" {
			return c.Export(ctx, wispwright.ScopeAll(), n.ID, ipam.CSV{}, p.Out)
		}
		format, err := c.Format(name)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUsage, err)
		}
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
		if err != nil {
			return err
		}
		if err := errors.Join(c.Export(ctx, wispwright.ScopeAll(), n.ID, format, file), file.Close()); err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.Out, "Successfully exported %s\n", n.Subnet)
		return err
	})
}

type ipamImport struct {
	File   string `arg:"" help:"A file that ends in .csv or .xlsx."`
	DryRun bool   `help:"Try everything, store nothing."`
}

// Run imports a file; of faulty rows all are told.
func (i ipamImport) Run(ctx context.Context, p *Session, c *IPAMConcern) error {
	return p.Open(ctx, func(*Server) error {
		ctx := wispwright.WithCaller(ctx, wispwright.System("wispwright ipam import"))
		format, err := c.Format(i.File)
		if err != nil {
			return err
		}
		file, err := os.Open(i.File)
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("File %q not found.", i.File) //nolint:staticcheck // as the original says it
		}
		if err != nil {
			return err
		}
		defer file.Close() // it was read
		report, err := c.Import(ctx, io.LimitReader(file, maxData), format, &ipam.ImportOptions{DryRun: i.DryRun})
		var rows *ipam.RowsError
		if errors.As(err, &rows) {
			for _, r := range rows.Rows {
				if _, err := fmt.Fprintf(p.Err, "row %d: %s: %s\n", r.Row, r.Field, r.Message); err != nil {
					return err
				}
			}
			return fmt.Errorf("%d rows are faulty: nothing was stored", len(rows.Rows))
		}
		if err != nil {
			return err
		}
		end := fmt.Sprintf("Successfully imported %q", i.File)
		if i.DryRun {
			end = "A dry run: nothing was stored."
		}
		_, err = fmt.Fprintf(p.Out, "%s: %d new addresses, %d known ones.\n%s\n", report.Subnet, report.Added, report.Existing, end)
		return err
	})
}

type ipamRequest struct {
	subnetArg
	Description string `help:"What the address is for."`
}

// Run requests an address.
func (r ipamRequest) Run(ctx context.Context, p *Session, c *IPAMConcern) error {
	return p.Open(ctx, func(*Server) error {
		ctx := wispwright.WithCaller(ctx, wispwright.System("wispwright ipam request"))
		n, err := r.find(ctx, c)
		if err != nil {
			return err
		}
		a, err := c.Addresses.Request(ctx, wispwright.ScopeAll(), n.ID, r.Description)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.Out, a.IPAddress)
		return err
	})
}

type ipamFree struct {
	subnetArg
	PrefixLength int `required:"" help:"The length of the networks, such as 27."`
	Limit        int `default:"10" help:"How many to print."`
}

// Run prints free networks.
func (f ipamFree) Run(ctx context.Context, p *Session, c *IPAMConcern) error {
	return p.Open(ctx, func(*Server) error {
		n, err := f.find(ctx, c)
		if err != nil {
			return err
		}
		found, err := c.Subnets.Room(ctx, wispwright.ScopeAll(), n.ID, f.PrefixLength, f.Limit)
		for _, network := range found {
			if _, err := fmt.Fprintln(p.Out, network); err != nil {
				return err
			}
		}
		return err
	})
}
