package connection

import (
	"context"
	"fmt"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/valid"
)

// Batches is the service of commands for many devices.
type Batches struct {
	// Changed tells of batches that were made, went on, or ended.
	Changed event.Topic[wispwright.ID]

	*core
	commands *Commands
}

func newBatches(k *core, c *Commands) *Batches {
	s := &Batches{core: k, commands: c}
	k.kit.Tenants.OnDelete("connection.Batches of a deleted organization", func(ctx context.Context, organization wispwright.ID) error {
		for {
			some, err := s.stores.Batches.List(ctx, wispwright.ScopeAll(), BatchFilter{OrganizationID: organization}, wispwright.Page{Limit: 200, NoTotal: true})
			if err != nil || len(some.Rows) == 0 {
				return err
			}
			for _, b := range some.Rows {
				if err := s.stores.Batches.Delete(ctx, wispwright.ScopeAll(), b.ID); err != nil {
					return err
				}
			}
		}
	})
	return s
}

// Get returns a batch.
func (s *Batches) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Batch, error) {
	return s.stores.Batches.Get(ctx, scope, id)
}

// List returns a page of batches, newest first.
func (s *Batches) List(ctx context.Context, scope wispwright.Scope, f BatchFilter, p wispwright.Page) (wispwright.Items[Batch], error) {
	return s.stores.Batches.List(ctx, scope, f, p)
}

// Selection says which devices a batch is for. Devices, when there are any, win
// over the rest, which a device must satisfy all of.
type Selection struct {
	// OrganizationID limits to one organization; where it is zero it is that of
	// the group or the location, if one is given.
	OrganizationID wispwright.ID
	// Devices names them.
	Devices []wispwright.ID
	// GroupID limits to a group, LocationID to a location.
	GroupID, LocationID wispwright.ID
	// Filter limits otherwise.
	Filter controller.DeviceFilter
	// Filtered says that Filter is meant.
	Filtered bool
}

// The words for batches that cannot be.
const (
	superusersOnly = "Only superusers can execute batch commands without an organization."
	foreignDevices = "All devices must belong to the same organization as the batch command."
	noDevices      = "No devices match the specified criteria."
	tooManyDevices = "At most 20000 devices can be chosen at once."
	mostDevices    = 20_000
)

// Select finds the devices of a selection within a scope. b holds the command;
// its organization is completed. all says that the caller may do without one.
func (s *Batches) Select(ctx context.Context, scope wispwright.Scope, b *Batch, sel *Selection, all bool) ([]*controller.Detail, error) {
	filter, err := s.filter(ctx, scope, sel)
	if err != nil {
		return nil, err
	}
	b.OrganizationID = sel.OrganizationID
	if b.OrganizationID.IsZero() && !all {
		return nil, wispwright.Invalid("organization", superusersOnly)
	}
	if t := s.Options.Commands.Get(b.Type); t == nil {
		return nil, wispwright.Invalid("type", valid.NoChoice(b.Type))
	} else if !b.OrganizationID.IsZero() && !s.Options.Commands.allowed(b.OrganizationID, b.Type) {
		return nil, wispwright.Invalid("type", unavailable(b.Type))
	} else if b.Input != "" { // else a rehearsal that does not say
		if err := t.check(b.Input); err != nil {
			return nil, wispwright.Invalid("input", err.Error())
		}
	}
	var devices []*controller.Detail
	for offset := 0; ; offset += addedAtOnce {
		page, err := s.devices.List(ctx, scope, filter, wispwright.Page{Offset: offset, Limit: addedAtOnce, NoTotal: true, Order: []wispwright.Order{{Field: "Name"}, {Field: "ID"}}})
		if err != nil {
			return nil, err
		}
		devices = append(devices, page.Rows...)
		if len(devices) > mostDevices {
			return nil, wispwright.Invalid("devices", tooManyDevices)
		}
		if len(page.Rows) < addedAtOnce {
			break
		}
	}
	if len(sel.Devices) > 0 {
		if err := checkChosen(sel.Devices, devices, b.OrganizationID); err != nil {
			return nil, err
		}
	}
	if len(devices) == 0 {
		return nil, wispwright.Invalid("", noDevices)
	}
	return devices, nil
}

// checkChosen refuses devices that do not exist for the caller, or belong to
// another organization.
func checkChosen(wanted []wispwright.ID, found []*controller.Detail, organization wispwright.ID) error {
	have := map[wispwright.ID]bool{}
	for _, d := range found {
		have[d.Device.ID] = true
		if !organization.IsZero() && d.Device.OrganizationID != organization {
			return wispwright.Invalid("devices", foreignDevices)
		}
	}
	for _, id := range wanted {
		if !have[id] {
			return wispwright.Invalid("devices", valid.UnknownPK(id))
		}
	}
	return nil
}

// filter makes a filter of devices of a selection.
func (s *Batches) filter(ctx context.Context, scope wispwright.Scope, sel *Selection) (controller.DeviceFilter, error) {
	if len(sel.Devices) > 0 {
		if len(sel.Devices) > mostDevices {
			return controller.DeviceFilter{}, wispwright.Invalid("devices", tooManyDevices)
		}
		return controller.DeviceFilter{IDs: wispwright.Only(sel.Devices...)}, nil
	}
	f := controller.DeviceFilter{}
	if sel.Filtered {
		f = sel.Filter
	}
	if !sel.GroupID.IsZero() {
		organization, err := s.Groups(ctx, scope, sel.GroupID)
		if err != nil {
			return f, valid.Reference(err, "group", sel.GroupID)
		}
		if sel.OrganizationID.IsZero() {
			sel.OrganizationID = organization
		}
		f.GroupID = sel.GroupID
	}
	if !sel.LocationID.IsZero() {
		organization, devices, err := s.Locations(ctx, scope, sel.LocationID)
		if err != nil {
			return f, valid.Reference(err, "location", sel.LocationID)
		}
		if sel.OrganizationID.IsZero() {
			sel.OrganizationID = organization
		}
		f.IDs = wispwright.Only(devices...)
	}
	f.OrganizationID = sel.OrganizationID
	return f, nil
}

// Execute starts a batch: every selected device gets a command, unless that
// would be refused, which is told in Skipped. The caller sets Type, Input,
// Label, Notes, Filter, Parallel and StopAfter; b holds the outcome.
func (s *Batches) Execute(ctx context.Context, scope wispwright.Scope, b *Batch, sel *Selection, all bool) error {
	if err := s.checkBatch(b); err != nil {
		return err
	}
	devices, err := s.Select(ctx, scope, b, sel, all)
	if err != nil {
		return err
	}
	return s.start(ctx, b, sel, devices)
}

// mostParallel bounds how many commands of a batch run at once.
const mostParallel = 1000

func (s *Batches) checkBatch(b *Batch) error {
	var v wispwright.ValidationError
	valid.Text(&v, "label", b.Label, valid.Required, valid.Max(64))
	valid.Text(&v, "notes", b.Notes, valid.Max(10_000))
	if t := s.Options.Commands.Get(b.Type); t == nil {
		v.Add("type", valid.NoChoice(b.Type))
	} else if err := t.check(b.Input); err != nil {
		v.Add("input", err.Error())
	}
	if b.Parallel < 0 || b.Parallel > mostParallel {
		v.Add("parallel", fmt.Sprintf("Ensure this value is between 0 and %d.", mostParallel))
	}
	if b.StopAfter < 0 {
		v.Add("stop_after", "Ensure this value is greater than or equal to 0.")
	}
	return v.Err()
}

func (s *Batches) start(ctx context.Context, b *Batch, sel *Selection, devices []*controller.Detail) error {
	now := s.kit.Now()
	t := s.Options.Commands.Get(b.Type)
	b.ID, b.Status, b.Created, b.Modified, b.Actor = wispwright.NewID(), InProgress, now, now, actor(ctx)
	b.GroupID, b.LocationID, b.DeviceCount, b.Skipped = sel.GroupID, sel.LocationID, len(devices), map[wispwright.ID][]string{}
	b.Input, b.Secret = t.stored(b.Input)
	if b.Parallel == 0 {
		b.Parallel = s.Parallel
	}
	var commands []*Command
	for chunk := range slices.Chunk(devices, addedAtOnce) {
		some, err := s.commandsOf(ctx, b, chunk)
		if err != nil {
			return err
		}
		commands = append(commands, some...)
	}
	if len(commands) == 0 {
		b.Status, b.Secret = Failed, ""
	}
	return s.kit.Do(ctx, "connection.Batches.Execute", func(ctx context.Context) error {
		if err := s.stores.Batches.Insert(ctx, b); err != nil {
			return err
		}
		if err := s.stores.Commands.InsertMany(ctx, commands); err != nil {
			return err
		}
		if err := s.kit.Record(ctx, wispwright.Change{
			Kind: "connection.batchcommand", ObjectID: b.ID.String(), Label: b.Label, OrganizationID: b.OrganizationID, Action: "add",
			Fields: []wispwright.FieldChange{{Field: "Type", New: b.Type}, {Field: "Input", New: string(b.Input)}, {Field: "DeviceCount", New: b.DeviceCount}},
		}); err != nil {
			return err
		}
		s.Changed.Publish(ctx, b.ID)
		return s.jobs.Enqueue(ctx, Job{JobBatch, b.ID})
	})
}

// commandsOf makes the commands of some devices, and says why others get none.
func (s *Batches) commandsOf(ctx context.Context, b *Batch, devices []*controller.Detail) (out []*Command, err error) {
	ids := make([]wispwright.ID, len(devices))
	for i, d := range devices {
		ids[i] = d.Device.ID
	}
	all, err := s.stores.Connections.List(ctx, wispwright.ScopeAll(), DeviceConnectionFilter{DeviceIDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	connected := map[wispwright.ID]bool{}
	for _, c := range all.Rows {
		connected[c.DeviceID] = true
	}
	for _, d := range devices {
		switch id := d.Device.ID; {
		case d.Device.IsDeactivated:
			b.Skipped[id] = []string{isDeactivated}
		case !s.Options.Commands.allowed(d.Device.OrganizationID, b.Type):
			b.Skipped[id] = []string{unavailable(b.Type)}
		case !connected[id]:
			b.Skipped[id] = []string{noCredentials}
		default:
			out = append(out, &Command{ID: wispwright.NewID(), DeviceID: id, OrganizationID: d.Device.OrganizationID, BatchID: b.ID, Status: InProgress,
				Type: b.Type, Input: b.Input, Secret: b.Secret, Actor: b.Actor, Created: b.Created, Modified: b.Modified})
		}
	}
	return out, nil
}
