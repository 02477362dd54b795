package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/rollout"
)

// MovedError says that what a plan was rehearsed on is not what is there now.
type MovedError struct {
	// What says what is another, for people.
	What []string
}

func (e *MovedError) Error() string {
	return "The plan cannot be applied as it was rehearsed: " + strings.Join(e.What, "; ") + ". Rehearse it again."
}

// Order says how a plan is to be applied.
type Order struct {
	// Strategy says which devices come when. Where it does not bound how many devices
	// are worked on at once, 10,000 are: they fetch their configurations by themselves.
	Strategy rollout.Strategy
	// AcceptInvalid applies a plan although some devices could not be rendered: they
	// keep what they have.
	AcceptInvalid bool
}

// Apply carries out a plan exactly as it was rehearsed. It is a *MovedError when
// something it was rehearsed on has changed, and a *NotNowError when the plan is not
// rehearsed, or was applied already.
func (s *Plans) Apply(ctx context.Context, scope wispwright.Scope, id wispwright.ID, o Order) (*Plan, error) {
	p, err := s.stores.Plans.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	switch {
	case p.Status != Planned:
		return nil, &NotNowError{"applied", p.Status}
	case s.o.NeedsSignature && p.Signed == nil:
		return nil, wispwright.Invalid("", "The plan has to be signed before it can be applied.")
	case p.Invalid > 0 && !o.AcceptInvalid:
		return nil, wispwright.Invalid("accept_invalid", fmt.Sprintf("%d devices cannot be rendered with these changes. Confirm that they keep what they have.", p.Invalid))
	}
	if o.Strategy.Parallel == 0 {
		o.Strategy.Parallel = 10_000
	}
	r, targets, err := s.survey(ctx, scope, p)
	if err != nil {
		return nil, err
	}
	var before Plan
	var after *Plan
	err = s.kit.Do(own(ctx, p.ID), "plan.Apply", func(ctx context.Context) error {
		after, err = s.stores.Plans.Update(ctx, scope, id, func(now *Plan) error {
			before = *now
			if now.Status != Planned || now.Turn != p.Turn || now.Computed == nil || !now.Computed.Equal(*p.Computed) {
				return &NotNowError{"applied", now.Status}
			}
			return s.begin(ctx, now, r, targets, o)
		})
		if err != nil {
			return err
		}
		s.told(ctx, &before, after)
		return s.kit.Record(ctx, history(&before, after))
	})
	return after, err
}

func history(before, after *Plan) wispwright.Change {
	return wispwright.Change{Kind: "config.plan", ObjectID: after.ID.String(), Label: after.Name, OrganizationID: after.OrganizationID, Action: "change",
		Fields: []wispwright.FieldChange{{Field: "Status", Old: string(before.Status), New: string(after.Status)}}}
}

// begin makes what devices are to use and starts the rollout, with the plan's row
// held.
func (s *Plans) begin(ctx context.Context, p *Plan, r *resolved, targets []rollout.Target, o Order) error {
	// what somebody changed since survey waits for this transaction, or comes to light here
	if what, err := s.rivals(ctx, p, r); err != nil || len(what) > 0 {
		return errors.Join(err, moved(what))
	}
	if what := s.bases(ctx, p); len(what) > 0 {
		return moved(what)
	}
	p.Modified = s.kit.Now()
	for _, t := range r.created {
		made := *t
		made.Default, made.Required = false, false // until all have had their turn
		if err := s.c.Templates.Create(ctx, &made); err != nil {
			return err
		}
	}
	for _, t := range r.staged.Templates {
		if err := s.c.Templates.AddRevision(ctx, t); err != nil {
			return err
		}
	}
	if len(targets) == 0 {
		p.Status = Applied
		p.Ended = &p.Modified
		return s.promote(ctx, p)
	}
	ro := &rollout.Rollout{OrganizationID: p.OrganizationID, Kind: Kind, SubjectID: p.ID, Label: p.Name, Strategy: o.Strategy}
	if err := s.rollouts.Create(ctx, ro, targets); err != nil {
		return err
	}
	p.Status, p.RolloutID = Applying, ro.ID
	return nil
}

func moved(what []string) error {
	if len(what) == 0 {
		return nil
	}
	return &MovedError{What: what}
}

// survey compares what is there with what the plan was rehearsed on, and returns
// the devices that are to change.
func (s *Plans) survey(ctx context.Context, scope wispwright.Scope, p *Plan) (*resolved, []rollout.Target, error) {
	r, err := s.resolve(ctx, scope, p)
	var fault *wispwright.ValidationError
	if errors.As(err, &fault) {
		return nil, nil, &MovedError{What: fault.Messages()}
	}
	if err != nil {
		return nil, nil, err
	}
	what := differing(p.Changes, r.changes)
	ids, err := s.c.Devices.Affected(ctx, r.affected...)
	if err != nil {
		return nil, nil, err
	}
	grounds, err := s.c.Devices.Grounds(ctx, ids...)
	if err != nil {
		return nil, nil, err
	}
	faulty, err := s.faulty(ctx, p.ID)
	if err != nil {
		return nil, nil, err
	}
	var targets []rollout.Target
	changed := 0
	page := wispwright.Page{Limit: 5000, NoTotal: true, Order: []wispwright.Order{{Field: "Name"}, {Field: "ID"}}}
	for {
		list, err := s.stores.Devices.List(ctx, wispwright.ScopeAll(), DeviceFilter{PlanID: p.ID}, page)
		if err != nil {
			return nil, nil, err
		}
		for _, d := range list.Rows {
			if grounds[d.DeviceID] != d.Ground {
				changed++
			}
			delete(grounds, d.DeviceID)
			if !d.GroupID.IsZero() && !faulty[d.GroupID] {
				targets = append(targets, rollout.Target{DeviceID: d.DeviceID, OrganizationID: d.OrganizationID, Name: d.Name})
			}
		}
		if page.Offset += len(list.Rows); len(list.Rows) < page.Limit {
			break
		}
	}
	if changed > 0 {
		what = append(what, fmt.Sprintf("%d devices are configured otherwise, or gone", changed))
	}
	if len(grounds) > 0 {
		what = append(what, fmt.Sprintf("%d more devices are affected", len(grounds)))
	}
	return r, targets, moved(what)
}

// differing names the objects that are not what they were.
func differing(was, is []Change) (what []string) {
	for i := range was {
		if was[i].Base != is[i].Base {
			what = append(what, fmt.Sprintf("%s %q was changed", is[i].Kind, is[i].Name))
		}
	}
	return what
}

// bases looks once more at the objects, within the transaction that applies.
func (s *Plans) bases(ctx context.Context, p *Plan) []string {
	r, err := s.resolve(ctx, wispwright.ScopeAll(), p)
	if err != nil {
		return []string{err.Error()}
	}
	return differing(p.Changes, r.changes)
}

// faulty are the groups of a plan whose devices cannot be rendered.
func (s *Plans) faulty(ctx context.Context, id wispwright.ID) (map[wispwright.ID]bool, error) {
	groups, err := s.stores.Groups.List(ctx, wispwright.ScopeAll(), GroupFilter{PlanID: id}, wispwright.Page{NoTotal: true})
	out := map[wispwright.ID]bool{}
	for _, g := range groups.Rows {
		if g.Fault != "" {
			out[g.ID] = true
		}
	}
	return out, err
}

// rivals are other plans that are being carried out and change the same objects.
func (s *Plans) rivals(ctx context.Context, p *Plan, _ *resolved) (what []string, err error) {
	running, err := s.applying(ctx)
	for _, o := range running {
		for _, c := range p.Changes {
			if c.Kind != DevicesChange && slices.ContainsFunc(o.Changes, func(x Change) bool { return x.Kind == c.Kind && x.ID == c.ID }) {
				what = append(what, fmt.Sprintf("%s %q is being changed by the plan %q", c.Kind, c.Name, o.Name))
			}
		}
	}
	return what, err
}

func (s *Plans) applying(ctx context.Context) ([]*Plan, error) {
	list, err := s.stores.Plans.List(ctx, wispwright.ScopeAll(), PlanFilter{Status: Applying}, wispwright.Page{NoTotal: true})
	return list.Rows, err
}

// promote stores what was staged: from now on it is what everybody is rendered
// with.
func (s *Plans) promote(ctx context.Context, p *Plan) error {
	ctx = entity.WithCause(own(ctx, p.ID), "plan "+p.Name)
	all := wispwright.ScopeAll()
	v := &wispwright.ValidationError{}
	for _, c := range p.Changes {
		var err error
		switch {
		case c.Kind == TemplateChange && c.Action == Delete:
			err = s.c.Templates.Delete(ctx, all, c.ID)
		case c.Kind == TemplateChange:
			f := fields[TemplateFields](v, "", c.Set)
			_, err = s.c.Templates.Update(ctx, all, c.ID, func(t *controller.Template) error { f.lay(t); return nil })
		case c.Kind == GroupChange:
			f := fields[GroupFields](v, "", c.Set)
			_, err = s.c.Groups.Update(ctx, all, c.ID, func(g *controller.Group) error {
				put(&g.Context, f.Context)
				put(&g.Templates, f.Templates)
				declare(&g.Declared, f.Declared)
				return nil
			})
		case c.Kind == VariablesChange:
			f := fields[VariableFields](v, "", c.Set)
			_, err = s.c.Settings.Update(ctx, all, c.ID, func(o *controller.Settings) error {
				o.Context = f.Context
				declare(&o.Declared, f.Declared)
				return nil
			})
		}
		if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return fmt.Errorf("%s %s: %w", c.Kind, c.Name, err)
		}
	}
	return s.stores.Devices.Release(ctx, p.ID, false)
}

// withdraw takes away what was made for a plan that was taken back.
func (s *Plans) withdraw(ctx context.Context, p *Plan) error {
	ctx = entity.WithCause(own(ctx, p.ID), "plan "+p.Name+" taken back")
	for _, c := range p.Changes {
		if c.Kind == TemplateChange && c.Action == Create {
			if err := s.c.Templates.Delete(ctx, wispwright.ScopeAll(), c.ID); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
				return err
			}
		}
	}
	return s.stores.Devices.Release(ctx, p.ID, false)
}
