package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
)

// Recover brings a deleted device back and says in words what did not come along;
// wispwright.ErrNotFound for one that cannot come back any more.
type Recover func(ctx context.Context, scope wispwright.Scope, device wispwright.ID) (leftOut []string, err error)

// AttachRecovery makes deletions undone. Call it before tasks are started.
func (s *Tasks) AttachRecovery(r Recover) { s.recover = r }

// CanUndo tells why a task cannot be undone, nil for one that can. Whether it
// changed anything is not looked at.
func (s *Tasks) CanUndo(of *Task) error {
	switch of.Action {
	case AddTemplates, RemoveTemplates, SetVariables, SetGroup, Activate, Deactivate:
	case Delete:
		if s.recover != nil {
			break
		}
		fallthrough
	default:
		return wispwright.Invalid("", "What this task did cannot be undone.")
	}
	if of.DryRun || of.Phase != Done {
		return wispwright.Invalid("", "Only what was done can be undone.")
	}
	return nil
}

// Undo begins a task that gives devices back what another one changed of them,
// where nobody else changed that since.
func (s *Tasks) Undo(ctx context.Context, scope wispwright.Scope, of *Task, dry bool) (*Task, error) {
	if err := s.CanUndo(of); err != nil {
		return nil, err
	}
	found, err := s.Items(ctx, of.ID, Changed, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(found.Rows) == 0 {
		return nil, wispwright.Invalid("", "The task changed nothing.")
	}
	items := make([]*Item, len(found.Rows))
	for i, x := range found.Rows {
		items[i] = &Item{DeviceID: x.DeviceID, Name: x.Name, Before: x.After, After: x.Before}
	}
	t := &Task{OrganizationID: of.OrganizationID, Action: Undo, Of: of.ID, DryRun: dry, Params: Params{Undoes: of.Action}}
	return t, s.begin(ctx, scope, t, items)
}

func errChanged() error { return wispwright.Invalid("", "The device was changed since.") }

// instead says what it means here that something does not exist.
func instead(err error, text string) error {
	if isNotFound(err) {
		return wispwright.Invalid("", text)
	}
	return err
}

// kept are what an item of an Undo expects and what it brings back.
func (i *Item) kept() (expected, wanted kept, err error) {
	for _, k := range []struct {
		from wispwright.Secret
		to   *kept
	}{{i.Before, &expected}, {i.After, &wanted}} {
		if k.from == "" { // of a task that was done before this was kept
			return expected, wanted, wispwright.Invalid("", "It is not known what the device was before.")
		}
		if err := json.Unmarshal([]byte(k.from.Reveal()), k.to); err != nil {
			return expected, wanted, err
		}
	}
	return expected, wanted, nil
}

// back gives a device what it had, unless somebody changed it since.
func back(item *Item, d *controller.Detail) error {
	expected, wanted, err := item.kept()
	if err != nil {
		return err
	}
	if !keptOf(d).equal(expected) {
		return errChanged()
	}
	d.Device.GroupID = wanted.Group
	if d.Config != nil {
		d.Config.Templates, d.Config.Context = wanted.Templates, wanted.Context
	}
	return nil
}

// switchDevice takes a device out of service, or puts it into service.
func (s *Tasks) switchDevice(ctx context.Context, t *Task, item *Item, off bool) error {
	d, err := s.c.Devices.Get(ctx, t.scope(), item.DeviceID)
	if err != nil {
		return err
	}
	if d.Device.IsDeactivated == off {
		item.State, item.Message = Unchanged, map[bool]string{true: "deactivated already", false: "active already"}[off]
		return nil
	}
	before := keptOf(d)
	if d, err = s.switched(ctx, t, item.DeviceID, off); err != nil {
		return err
	}
	return item.note(before, keptOf(d))
}

func (s *Tasks) switched(ctx context.Context, t *Task, id wispwright.ID, off bool) (*controller.Detail, error) {
	if off {
		return s.c.Devices.Deactivate(ctx, t.scope(), id)
	}
	return s.c.Devices.Activate(ctx, t.scope(), id)
}

// switchBack puts a device into service again, with what it had before, or takes
// it out again.
func (s *Tasks) switchBack(ctx context.Context, t *Task, item *Item) error {
	expected, wanted, err := item.kept()
	if err != nil {
		return err
	}
	d, err := s.c.Devices.Get(ctx, t.scope(), item.DeviceID)
	if err != nil {
		return err
	}
	before := keptOf(d)
	switch {
	case before.Off == wanted.Off:
		item.State = Unchanged
		return nil
	case !before.equal(expected):
		return errChanged()
	}
	if d, err = s.switched(ctx, t, item.DeviceID, wanted.Off); err != nil {
		return err
	}
	var gone []wispwright.ID
	if !wanted.Off && d.Config != nil && !wanted.Version.IsZero() {
		v, err := s.c.Versions.Get(ctx, t.scope(), item.DeviceID, wanted.Version)
		if err != nil {
			return instead(err, "The version that the device had is not kept any more.")
		}
		if d, gone, err = s.c.Devices.Restore(ctx, t.scope(), item.DeviceID, v); err != nil {
			return err
		}
	}
	if err := item.note(before, keptOf(d)); err != nil {
		return err
	}
	if len(gone) > 0 {
		item.Message += fmt.Sprintf(", templates that are gone: %d", len(gone))
	}
	return nil
}

// remove deletes a device.
func (s *Tasks) remove(ctx context.Context, t *Task, item *Item) error {
	d, err := s.c.Devices.Get(ctx, t.scope(), item.DeviceID)
	if err != nil {
		return err
	}
	if err := s.c.Devices.Delete(ctx, t.scope(), item.DeviceID, t.Params.Force); err != nil {
		return err
	}
	if err := item.note(keptOf(d), kept{}); err != nil {
		return err
	}
	item.Message = "deleted"
	return nil
}

// bringBack recovers a deleted device, and takes it out of service if it was.
func (s *Tasks) bringBack(ctx context.Context, t *Task, item *Item) error {
	if s.recover == nil {
		return wispwright.Invalid("", "What this task did cannot be undone.")
	}
	_, wanted, err := item.kept()
	if err != nil {
		return err
	}
	left, err := s.recover(ctx, t.scope(), item.DeviceID)
	if err != nil {
		return instead(err, "The device cannot be recovered any more.")
	}
	said := []string{"recovered"}
	if wanted.Off {
		if _, err := s.c.Devices.Deactivate(ctx, t.scope(), item.DeviceID); err != nil {
			return err
		}
		said = append(said, "deactivated")
	}
	if len(left) > 0 {
		said = append(said, "without "+strings.Join(left, ", "))
	}
	item.Message = strings.Join(said, ", ")
	return nil
}
