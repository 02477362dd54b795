package connection

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// CommandStatus says how far a command is.
type CommandStatus string

// The statuses. A command that was cancelled has failed.
const (
	InProgress CommandStatus = "in-progress"
	Success    CommandStatus = "success"
	Failed     CommandStatus = "failed"
)

// Command is something that was, or will be, run on one device
// (spec: connection §2.3).
type Command struct {
	// ID identifies the command.
	ID wispwright.ID
	// DeviceID is the device, OrganizationID the device's organization.
	DeviceID, OrganizationID wispwright.ID
	// ConnectionID is the connection it was sent by, zero before, or once that is
	// deleted.
	ConnectionID wispwright.ID
	// BatchID is the batch it belongs to, zero for none.
	BatchID wispwright.ID
	// Status says how far it is.
	Status CommandStatus
	// Type is the name of a CommandType.
	Type string
	// Input is what the type takes, secrets as "********"; empty for none.
	Input wispwright.JSON
	// Secret is the input with its secrets, until it was run.
	Secret wispwright.Secret
	// Output is what the device wrote, while it runs what there is so far. What
	// is longer than the limit is cut in the middle.
	Output string
	// OutputDigest tells equal outputs of a batch apart; empty until it is done.
	OutputDigest string
	// Queued is when its turn came, nil before. Commands without a batch are
	// queued at once.
	Queued *time.Time
	// Started is when a node began with it. It is run once: one that was started
	// by a node that died is not repeated.
	Started *time.Time
	// Cancelled says that somebody wants it to end.
	Cancelled bool
	// Actor is the name of the user who sent it.
	Actor string
	// Created is when it was stored first.
	Created time.Time
	// Modified is when it was stored last.
	Modified time.Time
}

// Shape is how storages keep commands.
func (Command) Shape() store.Shape {
	return store.Shape{
		Table: "connection_command", Org: "OrganizationID", Order: store.Oldest("Created"),
		Parents: []store.Parent{
			{Field: "DeviceID", Table: "controller_device"}, {Field: "ConnectionID", Table: "connection_device"},
			{Field: "BatchID", Table: "connection_batch"},
		},
	}
}

// CommandFilter selects commands; zero fields select all.
type CommandFilter struct {
	// IDs limits to these commands.
	IDs wispwright.Among[wispwright.ID]
	// DeviceID limits to one device.
	DeviceID wispwright.ID
	// BatchID limits to one batch.
	BatchID wispwright.ID
	// Status limits to one status.
	Status CommandStatus
	// Type limits to one type.
	Type string
	// OutputDigest limits to those that ended with the same output.
	OutputDigest string
	// Waiting limits to those whose turn has not come.
	Waiting *bool
	// CreatedFrom limits to those of that moment or later.
	CreatedFrom time.Time
}

// CommandCounts is how many commands of a batch are where.
type CommandCounts struct {
	// Waiting is how many wait for their turn, Running how many have it.
	Waiting, Running int
	// Success is how many succeeded, Failed how many failed.
	Success, Failed int
}

// Outcome is one end that commands of a batch had.
type Outcome struct {
	// Status is how they ended.
	Status CommandStatus
	// Digest is their Command.OutputDigest.
	Digest string
	// Count is how many ended so.
	Count int
	// CommandID is one of them.
	CommandID wispwright.ID
}

// CommandStore keeps commands.
type CommandStore interface {
	wispwright.Repo[Command, CommandFilter]
	// InsertMany stores new commands.
	InsertMany(ctx context.Context, commands []*Command) error
	// Progress stores the output of a command in progress as far as it is, and
	// reports whether it was cancelled. It changes nothing of one that is done.
	// Errors: wispwright.ErrNotFound.
	Progress(ctx context.Context, id wispwright.ID, output string, now time.Time) (cancelled bool, err error)
	// Counts counts the commands of a batch.
	Counts(ctx context.Context, batch wispwright.ID) (CommandCounts, error)
	// Outcomes groups the finished commands of a batch by status and output, the
	// largest group first, at most limit groups.
	Outcomes(ctx context.Context, batch wispwright.ID, limit int) ([]Outcome, error)
	// Targets are the devices of a batch's commands, in the order of their ids.
	Targets(ctx context.Context, batch wispwright.ID, status CommandStatus) ([]wispwright.ID, error)
	// Forget deletes up to limit finished commands created before a time, and
	// returns how many there were.
	Forget(ctx context.Context, before time.Time, limit int) (int, error)
	// ForgetDevices deletes those of devices.
	ForgetDevices(ctx context.Context, devices ...wispwright.ID) error
	// Leave takes connections that are deleted out of commands.
	Leave(ctx context.Context, connections ...wispwright.ID) error
	// Move changes the organization of a device's commands.
	Move(ctx context.Context, device, organization wispwright.ID) error
}

// label is how lists call a command: what was typed, or its type's name, at
// most 32 characters.
func (c *Command) label(types *CommandTypes) string {
	text := types.Label(c.Type)
	if c.Type == "custom" {
		if in, err := values(c.Input); err == nil {
			text = fmt.Sprint(in["command"])
		}
	}
	if runes := []rune(text); len(runes) > 32 {
		text = string(runes[:31]) + "…"
	}
	return text
}
