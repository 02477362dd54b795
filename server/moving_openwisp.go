package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright/server/moving"
)

type importOpenWISP struct {
	Database string `required:"" placeholder:"ADDRESS" help:"postgres://USER:PASSWORD@HOST/NAME or sqlite:FILE; it is only read."`
	Influxdb string `placeholder:"FILE" type:"existingfile" help:"What was measured, in InfluxDB's line protocol (influx_inspect export), packed or not."`
	Media    string `placeholder:"DIR" type:"existingdir" help:"Folder of uploaded files, in which media/ and private/ lie."`
	DryRun   bool   `help:"Try everything and tell what would be done, but store nothing."`
	Quiet    bool   `help:"Do not tell how far it is."`
}

// Run moves an installation here and prints what was done.
func (u importOpenWISP) Run(ctx context.Context, p *Session, t *TenancyConcern) error {
	return p.Open(ctx, func(s *Server) error {
		target := moving.Target{Transactor: s.DB(), Tenancy: t.Tenancy}
		if c := s.Controller(); c != nil {
			target.Settings = c.Settings
		}
		options := &moving.Options{DryRun: u.DryRun, Media: u.Media, Series: u.Influxdb}
		if !u.Quiet {
			last := time.Now()
			options.Progress = func(table string, read, all int) {
				if time.Since(last) > 2*time.Second {
					last = time.Now()
					_, _ = fmt.Fprintf(p.Err, "%s: %d of %d\n", table, read, all) // it is only for people who wait
				}
			}
		}
		report, err := moving.Import(ctx, u.Database, target, s.movingParts(), options)
		if report == nil {
			return err
		}
		if _, werr := report.WriteTo(p.Out); werr != nil {
			return errors.Join(err, werr)
		}
		end := "Stored."
		switch {
		case u.DryRun:
			end = "A dry run: nothing was stored."
		case errors.Is(err, moving.ErrFaults):
			end = "Stored, but for the rows with faults. Mend them there and run it again."
		case err != nil:
			end = "Interrupted: what was read before is stored. Run it again to go on."
		}
		_, werr := fmt.Fprintln(p.Out, end)
		return errors.Join(err, werr)
	})
}

// movingParts are what the concerns take over from OpenWISP, in their order.
func (s *Server) movingParts() (parts []moving.Part) {
	for _, c := range s.concerns {
		if m, ok := c.(moving.Contributor); ok {
			parts = append(parts, m.Moving())
		}
	}
	return parts
}

var (
	_ moving.Contributor = (*X509Concern)(nil)
	_ moving.Contributor = (*IPAMConcern)(nil)
	_ moving.Contributor = (*ControllerConcern)(nil)
	_ moving.Contributor = (*VPNConcern)(nil)
	_ moving.Contributor = (*SubnetDivisionConcern)(nil)
	_ moving.Contributor = (*NotificationsConcern)(nil)
	_ moving.Contributor = (*MonitoringConcern)(nil)
	_ moving.Contributor = (*RadiusConcern)(nil)
	_ moving.Contributor = (*TopologyConcern)(nil)
	_ moving.Contributor = (*GeoConcern)(nil)
	_ moving.Contributor = (*ConnectionConcern)(nil)
	_ moving.Contributor = (*FirmwareConcern)(nil)
)

// Moving implements moving.Contributor.
func (c *X509Concern) Moving() moving.Part { return moving.X509(c.Authority) }

// Moving implements moving.Contributor.
func (c *IPAMConcern) Moving() moving.Part { return moving.IPAM(c.IPAM) }

// Moving implements moving.Contributor.
func (c *ControllerConcern) Moving() moving.Part { return moving.Controller(c.Controller) }

// Moving implements moving.Contributor.
func (c *VPNConcern) Moving() moving.Part { return moving.VPN(c.VPN) }

// Moving implements moving.Contributor.
func (c *SubnetDivisionConcern) Moving() moving.Part { return moving.SubnetDivision(c.Divisions) }

// Moving implements moving.Contributor.
func (c *ConnectionConcern) Moving() moving.Part { return moving.Connection(c.Connection) }

// Moving implements moving.Contributor.
func (c *GeoConcern) Moving() moving.Part { return moving.Geo(c.Geo) }

// Moving implements moving.Contributor.
func (c *TopologyConcern) Moving() moving.Part { return moving.Topology(c.Service) }

// Moving implements moving.Contributor.
func (c *RadiusConcern) Moving() moving.Part {
	return moving.Parts(moving.Radius(c.Radius), moving.Batches(c.Enrolment))
}

// Moving implements moving.Contributor.
func (c *MonitoringConcern) Moving() moving.Part {
	return moving.Parts(moving.Monitoring(c.Monitoring), moving.Checks(c.Checks, c.Health))
}

// Moving implements moving.Contributor.
func (c *FirmwareConcern) Moving() moving.Part { return moving.Firmware(c.Service) }

// Moving implements moving.Contributor.
func (c *NotificationsConcern) Moving() moving.Part { return moving.Notifications(c.Service) }
