package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// scope is what the person who asked for a task may change.
func (t *Task) scope() wispwright.Scope {
	if t.Params.Everywhere {
		return wispwright.ScopeAll()
	}
	return wispwright.ScopeOf(t.Params.Organizations...)
}

// kept is what Undo needs of a device. Off says that it is out of service, Version
// what it is to run.
type kept struct {
	Templates []wispwright.ID `json:"templates"`
	Context   wispwright.JSON `json:"context"`
	Group     wispwright.ID   `json:"group"`
	Off       bool            `json:"off,omitempty"`
	Version   wispwright.ID   `json:"version,omitzero"`
}

func keptOf(d *controller.Detail) kept {
	k := kept{Templates: []wispwright.ID{}, Context: "{}", Group: d.Device.GroupID, Off: d.Device.IsDeactivated}
	if d.Config != nil {
		k.Templates, k.Context, k.Version = append(k.Templates, d.Config.Templates...), d.Config.Context, d.Config.VersionID
	}
	return k
}

// equal compares what people change; a new version may have another cause.
func (k kept) equal(o kept) bool {
	return k.Context == o.Context && k.Group == o.Group && k.Off == o.Off && slices.Equal(k.Templates, o.Templates)
}

// do does an item and notes what became of it.
func (s *Tasks) do(ctx context.Context, t *Task, item *Item) error {
	item.State = Changed
	switch t.Action {
	case Activate:
		return s.switchDevice(ctx, t, item, false)
	case Deactivate:
		return s.switchDevice(ctx, t, item, true)
	case Delete:
		return s.remove(ctx, t, item)
	case Import:
		return s.importRow(ctx, t, item)
	case Undo:
		switch t.Params.Undoes {
		case Activate, Deactivate:
			return s.switchBack(ctx, t, item)
		case Delete:
			return s.bringBack(ctx, t, item)
		}
	}
	var before kept
	after, err := s.c.Devices.Update(ctx, t.scope(), item.DeviceID, func(d *controller.Detail) error {
		before = keptOf(d)
		return s.change(t, item, d)
	})
	if err != nil {
		return err
	}
	now := keptOf(after)
	if before.equal(now) && t.Action != Move {
		item.State = Unchanged
		return nil
	}
	return item.note(before, now)
}

// note keeps what changed, for Undo and for people.
func (i *Item) note(before, after kept) error {
	for _, k := range []struct {
		to *wispwright.Secret
		of kept
	}{{&i.Before, before}, {&i.After, after}} {
		text, err := json.Marshal(k.of)
		if err != nil {
			return err
		}
		*k.to = wispwright.Secret(text)
	}
	var said []string
	if before.Off != after.Off {
		said = append(said, map[bool]string{true: "deactivated", false: "activated"}[after.Off])
	}
	say := func(format string, n int) {
		if n > 0 {
			said = append(said, fmt.Sprintf(format, n))
		}
	}
	without := func(a, b []wispwright.ID) (n int) {
		for _, id := range a {
			if !slices.Contains(b, id) {
				n++
			}
		}
		return n
	}
	say("templates added: %d", without(after.Templates, before.Templates))
	say("templates removed: %d", without(before.Templates, after.Templates))
	if before.Context != after.Context {
		said = append(said, "variables changed")
	}
	if before.Group != after.Group {
		said = append(said, "group changed")
	}
	i.Message = strings.Join(said, ", ")
	return nil
}

// change edits a device as a task wants it.
func (s *Tasks) change(t *Task, item *Item, d *controller.Detail) error {
	p := t.Params
	if d.Config == nil && (t.Action == AddTemplates || t.Action == SetVariables) {
		d.Config = &controller.Config{Backend: s.c.Backends()[0].Path, Config: "{}", Context: "{}"}
	}
	switch t.Action {
	case AddTemplates:
		for _, id := range p.Templates {
			if !slices.Contains(d.Config.Templates, id) {
				d.Config.Templates = append(d.Config.Templates, id)
			}
		}
	case RemoveTemplates:
		if d.Config != nil {
			d.Config.Templates = slices.DeleteFunc(d.Config.Templates, func(id wispwright.ID) bool { return slices.Contains(p.Templates, id) })
		}
	case SetVariables:
		context, err := withVariables(d.Config.Context, p.Variables)
		if err != nil {
			return err
		}
		d.Config.Context = context
	case SetGroup:
		d.Device.GroupID = p.Group
	case Move:
		d.Device.OrganizationID = p.Organization
		d.Device.GroupID = wispwright.ID{}
	case Undo:
		return back(item, d)
	}
	return nil
}

// withVariables sets variables of an object and takes away those that are null.
func withVariables(context wispwright.JSON, set map[string]any) (wispwright.JSON, error) {
	if context == "" {
		context = "{}"
	}
	o, err := ordered.DecodeObject([]byte(context))
	if err != nil {
		return "", err
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if set[name] == nil {
			o.Delete(name)
			continue
		}
		text, err := json.Marshal(set[name])
		if err != nil {
			return "", err
		}
		value, err := ordered.Decode(text)
		if err != nil {
			return "", err
		}
		o.Set(name, value)
	}
	return wispwright.JSON(ordered.Append(nil, o)), nil
}

// importRow makes or changes the device of a row.
func (s *Tasks) importRow(ctx context.Context, t *Task, item *Item) error {
	do, err := s.prepare(ctx, t, []*Item{item})
	if err != nil {
		return err
	}
	return do[0](ctx, item)
}

// prepare makes ready what the rows of a file add. Each of the functions makes or
// changes the device of one row, in their order, in a transaction.
func (s *Tasks) prepare(ctx context.Context, t *Task, items []*Item) ([]func(context.Context, *Item) error, error) {
	do := make([]func(context.Context, *Item) error, len(items))
	var added []*controller.Detail
	var at []int
	for i, item := range items {
		var row Row
		if err := json.Unmarshal([]byte(item.Row.Reveal()), &row); err != nil {
			return nil, err
		}
		if !row.ID.IsZero() {
			// looked up first: a change that fails ends the transaction
			_, err := s.c.Devices.Get(ctx, wispwright.ScopeAll(), row.ID)
			if err == nil {
				do[i] = func(ctx context.Context, item *Item) error { return s.changeByRow(ctx, t, item, &row) }
				continue
			}
			if !isNotFound(err) {
				return nil, err
			}
		}
		d := &controller.Detail{Device: &controller.Device{ID: row.ID}}
		if err := row.apply(d, s.c.Backends()[0].Path); err != nil {
			return nil, err
		}
		if !t.scope().Allows(d.Device.OrganizationID) || d.Device.OrganizationID.IsZero() {
			return nil, wispwright.Invalid("organization_id", valid.UnknownPK(d.Device.OrganizationID))
		}
		added, at = append(added, d), append(at, i)
	}
	for n, store := range s.c.Devices.Prepare(ctx, added...) {
		d := added[n].Device
		do[at[n]] = func(ctx context.Context, item *Item) error {
			if err := store(ctx); err != nil {
				return err
			}
			item.State, item.DeviceID, item.Name, item.Message = Changed, d.ID, d.Name, "added"
			return nil
		}
	}
	return do, nil
}

// changeByRow changes the device whose id a row has.
func (s *Tasks) changeByRow(ctx context.Context, t *Task, item *Item, row *Row) error {
	d, err := s.c.Devices.Update(ctx, t.scope(), row.ID, func(d *controller.Detail) error { return row.apply(d, s.c.Backends()[0].Path) })
	if isNotFound(err) { // somebody else's
		return wispwright.Invalid("id", valid.UnknownPK(row.ID))
	}
	if err != nil {
		return err
	}
	item.State, item.DeviceID, item.Name, item.Message = Changed, row.ID, d.Device.Name, "changed"
	return nil
}
