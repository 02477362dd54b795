package server

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/recovery"
	"github.com/wispwright/wispwright/controller/recovery/recoveryhttp"
	"github.com/wispwright/wispwright/controller/recovery/recoverysql"
	"github.com/wispwright/wispwright/kit/entity"
)

// mountRecovery adds the way back of deleted devices and templates. Programs with
// organizations of their own have none.
func (c *ControllerConcern) mountRecovery(h *Host, recorder wispwright.Recorder) error {
	if c.Tenancy == nil {
		return nil
	}
	store, err := recoverysql.New(h.DB())
	if err != nil {
		return err
	}
	base := &entity.Base{Tx: h.DB(), Recorder: recorder, Tenants: entity.NoTenants{}}
	if c.recovery, err = recovery.New(base, store, c.Controller, c.Config.DeletedAge); err != nil {
		return err
	}
	h.wire(Wire{"controller.Devices.Deleting, controller.Templates.Deleting", "recovery: deleted devices and templates", func(string) error {
		c.recovery.Attach(c.Tenancy.Organizations)
		return nil
	}})
	wire, err := recoveryhttp.New(c.recovery)
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	return nil
}

// recoverDevice undoes the deletion of a device.
func (c *ControllerConcern) recoverDevice(ctx context.Context, scope wispwright.Scope, device wispwright.ID) ([]string, error) {
	d, err := c.recovery.Last(ctx, scope, recovery.Device, device)
	if err != nil {
		return nil, err
	}
	back, err := c.recovery.Recover(ctx, scope, recovery.Device, d.ID, "")
	if err != nil {
		return nil, err
	}
	return back.LeftOut, nil
}

// errNoRecovery is what the commands say in a program without it.
var errNoRecovery = errors.New("this program keeps no deleted objects")

// listDeleted prints what can come back.
type listDeleted struct {
	Search string `help:"Part of a name, a MAC address or an id."`
}

// Run implements the command.
func (cmd *listDeleted) Run(ctx context.Context, s *Session, c *ControllerConcern) error {
	return s.Open(ctx, func(*Server) error {
		if c.recovery == nil {
			return errNoRecovery
		}
		found, err := c.recovery.List(ctx, everyone(), recovery.Filter{Search: cmd.Search}, unpaged)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tKIND\tNAME\tDETAIL\tDELETED\tBY")
		for _, d := range found.Rows {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", d.ID, d.Kind, d.Name, d.Detail, d.Created.UTC().Format(time.DateTime), d.Actor)
		}
		return w.Flush()
	})
}

// recoverDeleted brings an object back.
type recoverDeleted struct {
	ID   string `arg:"" help:"The id of the deletion, as deleted list prints it."`
	Name string `help:"Another name, where somebody else has the former one by now."`
}

// Run implements the command.
func (cmd *recoverDeleted) Run(ctx context.Context, s *Session, c *ControllerConcern) error {
	id, err := wispwright.ParseID(cmd.ID)
	if err != nil {
		return fmt.Errorf("id: %w", err)
	}
	return s.Open(ctx, func(*Server) error {
		if c.recovery == nil {
			return errNoRecovery
		}
		for _, kind := range []recovery.Kind{recovery.Device, recovery.Template} {
			back, err := c.recovery.Recover(ctx, everyone(), kind, id, cmd.Name)
			if errors.Is(err, wispwright.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(s.Out, "The %s %s is back.\n", kind, back.Name)
			for _, text := range back.LeftOut {
				fmt.Fprintf(s.Out, "Left out: %s.\n", text)
			}
			return nil
		}
		return fmt.Errorf("no deletion has the id %s", id)
	})
}
