package plan

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/ahead"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/rollout"
)

// Jobs queues rehearsals: the queue calls Plans.Work for each id after the commit,
// again when it returns an error.
type Jobs interface {
	Enqueue(ctx context.Context, plans ...wispwright.ID) error
}

// Options change how the concern works; nil and zero fields mean the defaults.
type Options struct {
	// Jobs queues rehearsals. Default: they are done after the commit, before the
	// causing call returns, which is meant for examples and tests.
	Jobs Jobs
	// AwayAfter is how long after its last request a device counts as not in touch.
	// Default: 6 minutes, as with controller.Options.SilentAfter.
	AwayAfter time.Duration
	// NeedsSignature lets only plans be applied that somebody else than their maker
	// approved of. Default: callers that may change plans may apply them.
	NeedsSignature bool
	// Log hears of what cannot be returned to anybody. Default: slog.Default().
	Log *slog.Logger
}

// Plans is the concern. Make it with New.
type Plans struct {
	// Changed tells of plans that were made, changed or deleted.
	Changed event.Topic[entity.Change[Plan]]

	o        Options
	kit      *entity.Base
	stores   Stores
	jobs     Jobs
	c        *controller.Controller
	rollouts *rollout.Service
	entities *entity.Service[wispwright.ID, Plan, PlanFilter]
}

// Kind is the kind of rollout that carries out plans.
const Kind = "config.plan"

// New makes the concern over a controller and the engine of rollouts, whose kind
// Kind it becomes. All belong to the base's transactor.
func New(base *entity.Base, stores Stores, c *controller.Controller, rollouts *rollout.Service, o *Options) (*Plans, error) {
	if base == nil || base.Tx == nil || base.Tenants == nil || c == nil || rollouts == nil {
		return nil, errors.New("plan: a transactor, tenants, a controller and rollouts are required")
	}
	if err := store.Complete("plan", stores); err != nil {
		return nil, err
	}
	own := *base
	own.Tx = ahead.Over(base.Tx)
	s := &Plans{kit: &own, stores: stores, c: c, rollouts: rollouts}
	if o != nil {
		s.o = *o
	}
	if s.o.AwayAfter <= 0 {
		s.o.AwayAfter = 6 * time.Minute
	}
	if s.o.Log == nil {
		s.o.Log = slog.Default()
	}
	if s.jobs = s.o.Jobs; s.jobs == nil {
		s.jobs = &inline{s}
	}
	s.entities = entity.New(base, stores.Plans, entity.Kind[wispwright.ID, Plan]{
		Name: "plan.Plans", Model: "config.plan", Hidden: []string{"Turn", "Changes", "Affected", "Changed", "Invalid", "Away", "Computed"}, Validate: s.validate, Check: s.checkState,
	})
	s.entities.Changed.Subscribe("plan: told on", func(ctx context.Context, list ...entity.Change[Plan]) { s.Changed.Publish(ctx, list...) })
	if err := rollouts.Register(rollout.Kind{Name: Kind, Label: "Plan", Driver: &driver{s}, Whole: true}); err != nil {
		return nil, err
	}
	c.AttachStager(s.staged)
	c.Templates.Saved.Subscribe("plan: templates that are being rolled out", s.guardTemplates)
	c.Templates.Deleting.Subscribe("plan: templates that are being rolled out", s.guardDeletion)
	c.Groups.Saved.Subscribe("plan: groups that are being rolled out", s.guardGroups)
	c.Groups.Deleting.Subscribe("plan: groups that are being rolled out", s.guardGroupDeletion)
	c.Settings.Saved.Subscribe("plan: variables that are being rolled out", s.guardVariables)
	c.Devices.Deleting.Subscribe("plan: deleted devices", s.forgetDevices)
	base.Tenants.OnDelete("plan: plans of a deleted organization", s.forgetOrganization)
	return s, nil
}

// Events lists the events of the concern.
func (s *Plans) Events() []event.Listed {
	return []event.Listed{s.Changed.Listed("plan.Changed", "")}
}

// Get returns a plan.
func (s *Plans) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Plan, error) {
	return s.stores.Plans.Get(ctx, scope, id)
}

// List returns a page of plans, newest first.
func (s *Plans) List(ctx context.Context, scope wispwright.Scope, f PlanFilter, p wispwright.Page) (wispwright.Items[Plan], error) {
	return s.stores.Plans.List(ctx, scope, f, p)
}

// Create stores a new plan. The caller sets OrganizationID, Name, Notes, Source and
// Changes.
func (s *Plans) Create(ctx context.Context, p *Plan) error {
	p.Status, p.Turn = Draft, 1
	p.ActorID, p.Actor = actor(ctx)
	return s.entities.Create(ctx, p)
}

// Update edits a plan: OrganizationID stays, and when Changes are others nothing of
// what was rehearsed or signed holds any more.
func (s *Plans) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*Plan) error) (*Plan, error) {
	return s.entities.Update(ctx, scope, id, func(p *Plan) error {
		before := *p
		before.Changes = slices.Clone(p.Changes)
		if err := change(p); err != nil {
			return err
		}
		if p.OrganizationID != before.OrganizationID {
			return wispwright.Invalid("organization", "The organization of a plan cannot be changed.")
		}
		p.Status, p.Problem = before.Status, before.Problem
		if slices.EqualFunc(p.Changes, before.Changes, sameChange) {
			p.Changes = before.Changes
			return nil
		}
		if !p.Status.Editable() {
			return &NotNowError{"edited", p.Status}
		}
		forget(p)
		return nil
	})
}

// sameChange compares what people wrote.
func sameChange(a, b Change) bool {
	return a.Kind == b.Kind && a.Action == b.Action && a.ID == b.ID && a.Set == b.Set
}

// forget forgets what was said of other changes.
func forget(p *Plan) {
	p.Status, p.Problem, p.Computed, p.Turn = Draft, "", nil, p.Turn+1
	p.SignedByID, p.SignedBy, p.Signed = wispwright.ID{}, "", nil
	p.Affected, p.Changed, p.Invalid, p.Away = 0, 0, 0, 0
}

func (s *Plans) validate(_ context.Context, c entity.Change[Plan]) error {
	v := &wispwright.ValidationError{}
	valid.Text(v, "name", c.After.Name, valid.Required, valid.Max(128))
	valid.Text(v, "notes", c.After.Notes, valid.Max(10_000))
	if c.Before == nil || c.Before.Turn != c.After.Turn {
		check(v, c.After.Changes)
	}
	return v.Err()
}

// checkState keeps plans that are being carried out.
func (s *Plans) checkState(_ context.Context, c entity.Change[Plan]) error {
	if c.After == nil && c.Before.Status == Applying {
		return &NotNowError{"deleted", Applying}
	}
	return nil
}

// Delete removes a plan that is not being carried out.
func (s *Plans) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.entities.Delete(ctx, scope, id)
}

// NotNowError says that a plan is not in a status in which something can be done
// with it.
type NotNowError struct {
	// Action is what was wanted, Status what the plan is.
	Action string
	Status Status
}

func (e *NotNowError) Error() string {
	what := map[Status]string{Computing: "being rehearsed", Planned: "rehearsed", Applying: "being applied", Applied: "applied", RolledBack: "taken back", Draft: "not rehearsed"}[e.Status]
	return fmt.Sprintf("A plan that is %s cannot be %s.", what, e.Action)
}

// Groups is a page of the groups of devices of a plan, the largest first.
func (s *Plans) Groups(ctx context.Context, scope wispwright.Scope, f GroupFilter, p wispwright.Page) (wispwright.Items[Group], error) {
	if f.PlanID.IsZero() {
		return wispwright.Items[Group]{}, wispwright.ErrNotFound
	}
	return s.stores.Groups.List(ctx, scope, f, p)
}

// Devices is a page of the devices of a plan.
func (s *Plans) Devices(ctx context.Context, scope wispwright.Scope, f DeviceFilter, p wispwright.Page) (wispwright.Items[Device], error) {
	if f.PlanID.IsZero() {
		return wispwright.Items[Device]{}, wispwright.ErrNotFound
	}
	return s.stores.Devices.List(ctx, scope, f, p)
}

// Comments are what people say about a plan, oldest first.
func (s *Plans) Comments(ctx context.Context, scope wispwright.Scope, f CommentFilter, p wispwright.Page) (wispwright.Items[Comment], error) {
	if f.PlanID.IsZero() {
		return wispwright.Items[Comment]{}, wispwright.ErrNotFound
	}
	return s.stores.Comments.List(ctx, scope, f, p)
}

// Comment says something about a plan.
func (s *Plans) Comment(ctx context.Context, scope wispwright.Scope, id wispwright.ID, text string) (*Comment, error) {
	v := &wispwright.ValidationError{}
	valid.Text(v, "text", text, valid.Required, valid.Max(10_000))
	if err := v.Err(); err != nil {
		return nil, err
	}
	var out *Comment
	err := s.kit.Do(ctx, "plan.Comment", func(ctx context.Context) error {
		p, err := s.stores.Plans.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		out = &Comment{ID: wispwright.NewID(), PlanID: p.ID, OrganizationID: p.OrganizationID, Text: text, Created: s.kit.Now()}
		out.ActorID, out.Actor = actor(ctx)
		s.told(ctx, p, p)
		return s.stores.Comments.Insert(ctx, out)
	})
	return out, err
}

// Sign approves of what was rehearsed, or withdraws the approval.
func (s *Plans) Sign(ctx context.Context, scope wispwright.Scope, id wispwright.ID, approve bool) (*Plan, error) {
	return s.entities.Update(ctx, scope, id, func(p *Plan) error {
		if p.Status != Planned {
			return &NotNowError{"signed", p.Status}
		}
		p.SignedByID, p.SignedBy, p.Signed = wispwright.ID{}, "", nil
		if !approve {
			return nil
		}
		by, name := actor(ctx)
		if s.o.NeedsSignature && by == p.ActorID {
			return wispwright.Invalid("", "Somebody else than its maker has to sign a plan.")
		}
		now := s.kit.Now()
		p.SignedByID, p.SignedBy, p.Signed = by, name, &now
		return nil
	})
}

// told publishes a plan that the service changed by itself.
func (s *Plans) told(ctx context.Context, before, after *Plan) {
	s.Changed.Publish(ctx, entity.Change[Plan]{Before: before, After: after})
}

func (s *Plans) forgetDevices(ctx context.Context, list ...*controller.Device) error {
	ids := make([]wispwright.ID, len(list))
	for i, d := range list {
		ids[i] = d.ID
	}
	if err := s.rollouts.ForgetDevices(ctx, ids...); err != nil {
		return err
	}
	return s.stores.Devices.Forget(ctx, ids...)
}

func (s *Plans) forgetOrganization(ctx context.Context, organization wispwright.ID) error {
	for {
		some, err := s.stores.Plans.List(ctx, wispwright.ScopeAll(), PlanFilter{OrganizationID: organization}, wispwright.Page{Limit: 200, NoTotal: true})
		if err != nil || len(some.Rows) == 0 {
			return err
		}
		for _, p := range some.Rows {
			if err := s.stores.Plans.Delete(ctx, wispwright.ScopeAll(), p.ID); err != nil {
				return err
			}
		}
	}
}

func actor(ctx context.Context) (wispwright.ID, string) {
	if c := wispwright.CallerFrom(ctx); c != nil {
		return c.ID, c.Name
	}
	return wispwright.ID{}, "system"
}

// inline does rehearsals as soon as they are asked for.
type inline struct{ s *Plans }

// Enqueue implements Jobs.
func (q *inline) Enqueue(ctx context.Context, plans ...wispwright.ID) error {
	background := wispwright.WithCaller(context.WithoutCancel(ctx), wispwright.System("plan"))
	wispwright.AfterCommit(ctx, func() {
		for _, id := range plans {
			if err := q.s.Work(background, id); err != nil {
				q.s.o.Log.ErrorContext(background, "a plan could not be rehearsed", "plan", id, "error", err)
			}
		}
	})
	return nil
}
