package plan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/rollout"
)

// driver carries out plans on devices.
type driver struct{ *Plans }

var _ rollout.Driver = (*driver)(nil)

// memo is what is needed to take back what a device uses by itself.
type memo struct {
	Templates []wispwright.ID `json:"templates"`
	Config    wispwright.JSON `json:"config"`
	Context   wispwright.JSON `json:"context"`
}

// details reads devices with their configurations.
func (d *driver) details(ctx context.Context, ids []wispwright.ID) (map[wispwright.ID]*controller.Detail, error) {
	list, err := d.c.Devices.List(ctx, wispwright.ScopeAll(), controller.DeviceFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	out := make(map[wispwright.ID]*controller.Detail, len(list.Rows))
	for _, o := range list.Rows {
		out[o.Device.ID] = o
	}
	return out, err
}

// Online implements rollout.Driver: a device that asks for its configuration is in
// touch.
func (d *driver) Online(ctx context.Context, _ *rollout.Rollout, ids ...wispwright.ID) (map[wispwright.ID]bool, error) {
	found, err := d.details(ctx, ids)
	out := make(map[wispwright.ID]bool, len(found))
	now := d.kit.Now()
	for id, o := range found {
		out[id] = !d.o.away(o.Device, now)
	}
	return out, err
}

// away reports whether a device asked for nothing for long. When it did is stored
// every half minute, so what registered just now has only its address.
func (o *Options) away(d *controller.Device, now time.Time) bool {
	last := d.LastSeen
	if last == nil && d.LastIP.IsValid() {
		last = &d.Created
	}
	return last == nil || now.Sub(*last) > o.AwayAfter
}

// Begin implements rollout.Driver: the devices are rendered with what is staged, and
// use what the plan says of each.
func (d *driver) Begin(ctx context.Context, r *rollout.Rollout, steps ...*rollout.Step) error {
	p, err := d.stores.Plans.Get(ctx, wispwright.ScopeAll(), r.SubjectID)
	if err != nil {
		return err
	}
	plan, err := d.resolve(ctx, wispwright.ScopeAll(), p)
	if err != nil {
		return err
	}
	ready, err := d.unmoved(ctx, p, steps)
	if err != nil || len(ready) == 0 {
		return err
	}
	ctx = cause(own(ctx, p.ID), r, "plan "+p.Name)
	if err := d.stores.Devices.Release(ctx, p.ID, true, idsOf(ready)...); err != nil {
		return err
	}
	details, err := d.details(ctx, idsOf(ready))
	if err != nil {
		return err
	}
	configs, err := d.c.Devices.Configurations(ctx, idsOf(ready)...)
	if err != nil {
		return err
	}
	var plain []*rollout.Step
	for _, step := range ready {
		device, config := details[step.DeviceID], configs[step.DeviceID]
		if device == nil || config == nil { // deleted at this moment
			step.State = rollout.Skipped
			continue
		}
		edited := *config
		plan.edit(device.Device, &edited)
		if slices.Equal(edited.Templates, config.Templates) && edited.Config == config.Config && edited.Context == config.Context {
			plain = append(plain, step)
			continue
		}
		if !step.Memo.IsEmpty() { // it is tried again: what was before that counts
			plain = append(plain, step)
			continue
		}
		text, err := json.Marshal(memo{config.Templates, config.Config, config.Context})
		if err != nil {
			return fmt.Errorf("note what device %s uses: %w", step.DeviceID, err)
		}
		step.Memo = wispwright.JSON(text)
		if _, err := d.c.Devices.Update(ctx, wispwright.ScopeAll(), step.DeviceID, func(o *controller.Detail) error { plan.edit(o.Device, o.Config); return nil }); err != nil {
			return err
		}
	}
	return d.renew(ctx, "plan "+p.Name, plain)
}

// unmoved fails the steps of devices whose ground is not that of the rehearsal, and
// returns the others.
func (d *driver) unmoved(ctx context.Context, p *Plan, steps []*rollout.Step) ([]*rollout.Step, error) {
	ids := idsOf(steps)
	grounds, err := d.c.Devices.Grounds(ctx, ids...)
	if err != nil {
		return nil, err
	}
	rows, err := d.stores.Devices.List(ctx, wispwright.ScopeAll(), DeviceFilter{PlanID: p.ID, DeviceIDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	planned := make(map[wispwright.ID]string, len(rows.Rows))
	again := map[wispwright.ID]bool{}
	for _, row := range rows.Rows {
		planned[row.DeviceID], again[row.DeviceID] = row.Ground, row.Released
	}
	var ready []*rollout.Step
	for _, step := range steps {
		switch ground := grounds[step.DeviceID]; {
		case ground == "":
			step.State, step.Detail = rollout.Skipped, "The device is out of service."
		case ground != planned[step.DeviceID] && !again[step.DeviceID]: // what is tried again stands on what the plan made
			step.Fail("The device was configured otherwise after the plan was rehearsed.")
		default:
			ready = append(ready, step)
		}
	}
	return ready, nil
}

// renew renders devices anew whose own part stays.
func (d *driver) renew(ctx context.Context, cause string, steps []*rollout.Step) error {
	if len(steps) == 0 {
		return nil
	}
	wrong, err := d.c.Devices.RenewNow(ctx, cause, idsOf(steps)...)
	for _, step := range steps {
		if why := wrong[step.DeviceID]; why != "" && step.State == rollout.InProgress {
			step.Fail(why)
		}
	}
	return err
}

func idsOf(steps []*rollout.Step) []wispwright.ID {
	out := make([]wispwright.ID, len(steps))
	for i, step := range steps {
		out[i] = step.DeviceID
	}
	return out
}

// cause makes the person who started the rollout the one who changes devices.
func cause(ctx context.Context, r *rollout.Rollout, why string) context.Context {
	return entity.WithCause(wispwright.WithCaller(ctx, &wispwright.Caller{ID: r.ActorID, Name: r.Actor, Superuser: true, Method: "system"}), why)
}

// Follow implements rollout.Driver: a device is through when it says that it runs
// what it is to run.
func (d *driver) Follow(ctx context.Context, _ *rollout.Rollout, steps ...*rollout.Step) error {
	found, err := d.details(ctx, idsOf(steps))
	if err != nil {
		return err
	}
	for _, step := range steps {
		o := found[step.DeviceID]
		switch {
		case step.State == rollout.Undoing:
			step.State = rollout.Undone
		case o == nil || o.Config == nil || o.Device.IsDeactivated:
			step.State, step.Detail = rollout.Skipped, "The device is out of service."
		case o.Config.Status == controller.StatusApplied:
			step.State = rollout.Succeeded
		case o.Config.Status == controller.StatusError:
			step.Fail(o.Config.ErrorReason)
		}
	}
	return nil
}

// Undo implements rollout.Driver.
func (d *driver) Undo(ctx context.Context, r *rollout.Rollout, steps ...*rollout.Step) error {
	p, err := d.stores.Plans.Get(ctx, wispwright.ScopeAll(), r.SubjectID)
	if err != nil {
		return err
	}
	why := "plan " + p.Name + " taken back"
	ctx = cause(own(ctx, p.ID), r, why)
	if err := d.stores.Devices.Release(ctx, p.ID, false, idsOf(steps)...); err != nil {
		return err
	}
	details, err := d.details(ctx, idsOf(steps))
	if err != nil {
		return err
	}
	var plain []*rollout.Step
	for _, step := range steps {
		step.State = rollout.Undone
		if o := details[step.DeviceID]; o == nil || o.Config == nil || o.Device.IsDeactivated {
			continue
		}
		var m memo
		if step.Memo.IsEmpty() {
			plain = append(plain, step)
			continue
		}
		if err := json.Unmarshal([]byte(step.Memo), &m); err != nil {
			return fmt.Errorf("what device %s used: %w", step.DeviceID, err)
		}
		if _, err := d.c.Devices.Update(ctx, wispwright.ScopeAll(), step.DeviceID, func(o *controller.Detail) error {
			o.Config.Templates, o.Config.Config, o.Config.Context = m.Templates, m.Config, m.Context
			return nil
		}); err != nil {
			return err
		}
	}
	return d.renew(ctx, why, plain)
}

// Ended implements rollout.Driver.
func (d *driver) Ended(ctx context.Context, r *rollout.Rollout) error {
	var before Plan
	after, err := d.stores.Plans.Update(ctx, wispwright.ScopeAll(), r.SubjectID, func(p *Plan) error {
		before = *p
		now := d.kit.Now()
		p.Ended, p.Modified = &now, now
		if p.Status = RolledBack; r.Status == rollout.Done {
			p.Status = Applied
		}
		return nil
	})
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	end := d.withdraw
	if after.Status == Applied {
		end = d.promote
	}
	if err := end(cause(ctx, r, ""), after); err != nil {
		return err
	}
	d.told(ctx, &before, after)
	return d.kit.Record(ctx, history(&before, after))
}

// staged says with which contents some devices are rendered already.
func (s *Plans) staged(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]*controller.Staged, error) {
	released, err := s.stores.Devices.Released(ctx, devices...)
	if err != nil || len(released) == 0 {
		return nil, err
	}
	plans := map[wispwright.ID]*controller.Staged{}
	out := map[wispwright.ID]*controller.Staged{}
	for device, ids := range released {
		for _, id := range ids {
			if plans[id] == nil {
				p, err := s.stores.Plans.Get(ctx, wispwright.ScopeAll(), id)
				if err != nil {
					return nil, err
				}
				r, err := s.resolve(ctx, wispwright.ScopeAll(), p)
				if err != nil {
					return nil, fmt.Errorf("plan %s: %w", id, err)
				}
				plans[id] = r.staged
			}
		}
		if out[device] = plans[ids[0]]; len(ids) > 1 {
			joined := nothingStaged()
			for _, id := range ids {
				maps.Copy(joined.Templates, plans[id].Templates)
				maps.Copy(joined.Variables, plans[id].Variables)
				maps.Copy(joined.Groups, plans[id].Groups)
			}
			out[device] = joined
		}
	}
	return out, nil
}

// ownKey marks what a plan does itself.
type ownKey struct{}

func own(ctx context.Context, plan wispwright.ID) context.Context {
	return context.WithValue(ctx, ownKey{}, plan)
}

// guard refuses changes of what a plan is about to change.
func (s *Plans) guard(ctx context.Context, kind ChangeKind, ids []wispwright.ID) error {
	running, err := s.applying(ctx)
	if err != nil {
		return err
	}
	mine, _ := ctx.Value(ownKey{}).(wispwright.ID)
	for _, p := range running {
		for _, c := range p.Changes {
			if p.ID != mine && c.Kind == kind && slices.Contains(ids, c.ID) {
				return wispwright.Invalid("", fmt.Sprintf("The plan %q is changing this now. Wait for its end, or cancel it.", p.Name))
			}
		}
	}
	return nil
}

// edited are the ids of objects that are changed, and neither added nor deleted.
func edited[T any](list []entity.Change[T], id func(*T) wispwright.ID) (ids []wispwright.ID) {
	for _, c := range list {
		if c.Before != nil && c.After != nil {
			ids = append(ids, id(c.After))
		}
	}
	return ids
}

func deletedIDs[T any](list []*T, id func(*T) wispwright.ID) []wispwright.ID {
	ids := make([]wispwright.ID, len(list))
	for i, o := range list {
		ids[i] = id(o)
	}
	return ids
}

func templateID(t *controller.Template) wispwright.ID { return t.ID }
func groupID(g *controller.Group) wispwright.ID       { return g.ID }

func (s *Plans) guardTemplates(ctx context.Context, list ...entity.Change[controller.Template]) error {
	return s.guard(ctx, TemplateChange, edited(list, templateID))
}

func (s *Plans) guardDeletion(ctx context.Context, list ...*controller.Template) error {
	return s.guard(ctx, TemplateChange, deletedIDs(list, templateID))
}

func (s *Plans) guardGroups(ctx context.Context, list ...entity.Change[controller.Group]) error {
	return s.guard(ctx, GroupChange, edited(list, groupID))
}

func (s *Plans) guardGroupDeletion(ctx context.Context, list ...*controller.Group) error {
	return s.guard(ctx, GroupChange, deletedIDs(list, groupID))
}

func (s *Plans) guardVariables(ctx context.Context, list ...entity.Change[controller.Settings]) error {
	var ids []wispwright.ID
	for _, c := range list {
		if c.Before != nil && c.After != nil && c.Before.Context != c.After.Context {
			ids = append(ids, c.After.OrganizationID)
		}
	}
	return s.guard(ctx, VariablesChange, ids)
}
