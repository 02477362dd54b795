package connection

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/valid"
)

// Commands is the service of commands.
type Commands struct {
	// Changed tells of commands that were made, began, wrote something, or
	// ended.
	Changed event.Topic[CommandChange]

	*core
	connections *Connections
	batches     *Batches
}

// CommandChange says that something of a command changed.
type CommandChange struct {
	// ID is the command, DeviceID its device, BatchID its batch, if it has one.
	ID, DeviceID, BatchID wispwright.ID
	// Created says that it is new.
	Created bool
}

func changeOf(c *Command) CommandChange {
	return CommandChange{ID: c.ID, DeviceID: c.DeviceID, BatchID: c.BatchID}
}

// Get returns a command.
func (s *Commands) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Command, error) {
	return s.stores.Commands.Get(ctx, scope, id)
}

// List returns a page of commands, oldest first.
func (s *Commands) List(ctx context.Context, scope wispwright.Scope, f CommandFilter, p wispwright.Page) (wispwright.Items[Command], error) {
	return s.stores.Commands.List(ctx, scope, f, p)
}

// The words for commands that cannot be.
const (
	noCredentials   = "Device has no credentials assigned."
	isDeactivated   = "Device is deactivated."
	alreadyExecuted = "This command has already been executed, please create a new one."
)

// Create validates and stores a command, which is run after the commit. The
// caller sets DeviceID, Type, Input, and ConnectionID where it matters; c holds
// the outcome.
func (s *Commands) Create(ctx context.Context, scope wispwright.Scope, c *Command) error {
	d, err := s.devices.Get(ctx, scope, c.DeviceID)
	if err != nil {
		return valid.Reference(err, "device", c.DeviceID)
	}
	t := s.Options.Commands.Get(c.Type)
	if err := s.checkType(t, c.Type, d.Device.OrganizationID, "input"); err != nil {
		return err
	}
	if err := t.check(c.Input); err != nil {
		return wispwright.Invalid("input", err.Error())
	}
	if err := s.checkDevice(ctx, d, c.ConnectionID); err != nil {
		return err
	}
	now := s.kit.Now()
	*c = Command{ID: wispwright.NewID(), DeviceID: c.DeviceID, OrganizationID: d.Device.OrganizationID, ConnectionID: c.ConnectionID,
		Status: InProgress, Type: c.Type, Actor: actor(ctx), Queued: &now, Created: now, Modified: now, Input: c.Input}
	c.Input, c.Secret = t.stored(c.Input)
	return s.kit.Do(ctx, "connection.Commands.Create", func(ctx context.Context) error {
		if err := s.stores.Commands.Insert(ctx, c); err != nil {
			return err
		}
		if err := s.record(ctx, c, d.Device); err != nil {
			return err
		}
		if err := s.jobs.Enqueue(ctx, Job{JobCommand, c.ID}); err != nil {
			return err
		}
		s.Changed.Publish(ctx, CommandChange{ID: c.ID, DeviceID: c.DeviceID, Created: true})
		return nil
	})
}

// actor is the name of the caller that asks.
func actor(ctx context.Context) string {
	if c := wispwright.CallerFrom(ctx); c != nil {
		return c.Name
	}
	return "system"
}

// record writes a command that was sent into the history.
func (s *Commands) record(ctx context.Context, c *Command, d *controller.Device) error {
	return s.kit.Record(ctx, wispwright.Change{
		Kind: "connection.command", ObjectID: c.ID.String(), Label: c.label(s.Options.Commands) + " on " + d.Name, OrganizationID: c.OrganizationID, Action: "add",
		Fields: []wispwright.FieldChange{{Field: "Type", New: c.Type}, {Field: "Input", New: string(c.Input)}},
	})
}

// checkType refuses a type that nobody knows, or that an organization may not
// use; field is where the latter is said.
func (k *core) checkType(t *CommandType, name string, organization wispwright.ID, field string) error {
	if t == nil {
		return wispwright.Invalid("type", valid.NoChoice(name))
	}
	if !k.Options.Commands.allowed(organization, name) {
		return wispwright.Invalid(field, unavailable(name))
	}
	return nil
}

func unavailable(name string) string {
	return fmt.Sprintf("%q command is not available for this organization", name)
}

// checkDevice refuses commands for devices that are out of service, that cannot
// be reached at all, or by another device's connection.
func (s *Commands) checkDevice(ctx context.Context, d *controller.Detail, connection wispwright.ID) error {
	if d.Device.IsDeactivated {
		return wispwright.Invalid("device", isDeactivated)
	}
	all, err := s.stores.Connections.List(ctx, wispwright.ScopeAll(), DeviceConnectionFilter{DeviceID: d.Device.ID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	if len(all.Rows) == 0 {
		return wispwright.Invalid("device", noCredentials)
	}
	if connection.IsZero() {
		return nil
	}
	for _, c := range all.Rows {
		if c.ID == connection {
			return nil
		}
	}
	return wispwright.Invalid("connection", valid.UnknownPK(connection))
}

// Cancel ends a command: one that waits is not run, one that runs is stopped,
// within a second or two. What is done already stays. It returns the command as
// it is then.
func (s *Commands) Cancel(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Command, error) {
	var after *Command
	err := s.kit.Do(ctx, "connection.Commands.Cancel", func(ctx context.Context) (err error) {
		waited := false
		after, err = s.stores.Commands.Update(ctx, scope, id, func(c *Command) error {
			waited = false
			if c.Status != InProgress {
				return nil
			}
			c.Cancelled, c.Modified = true, s.kit.Now()
			if waited = c.Started == nil; waited {
				finish(c, Failed, cancelledBy(actor(ctx)))
			}
			return nil
		})
		if err != nil {
			return err
		}
		s.Changed.Publish(ctx, changeOf(after))
		if waited && !after.BatchID.IsZero() {
			return s.jobs.Enqueue(ctx, Job{JobBatch, after.BatchID})
		}
		return nil
	})
	return after, err
}

func cancelledBy(name string) string { return "The command was cancelled by " + name + ".\n" }

// finish makes a command done.
func finish(c *Command, status CommandStatus, output string) {
	c.Status, c.Output, c.Secret = status, output, ""
	c.OutputDigest = digest(output)
}

// Clean deletes finished commands that are older than age, 1,000 at a time, and
// returns their number.
func (s *Commands) Clean(ctx context.Context, age time.Duration) (int, error) {
	const step = 1000
	for all := 0; ; {
		n, err := s.stores.Commands.Forget(ctx, s.kit.Now().Add(-age), step)
		if all += n; err != nil || n < step {
			return all, err
		}
	}
}
