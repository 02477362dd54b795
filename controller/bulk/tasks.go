package bulk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/ahead"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
)

// Job does a part of a task.
type Job struct {
	// TaskID is the task.
	TaskID wispwright.ID
}

// Jobs queues work inside the transaction that causes it; the queue calls
// Tasks.Work for each job after the commit, as often as it returns an error.
type Jobs interface {
	Enqueue(ctx context.Context, job Job) error
}

// Mostly is how many devices or rows a task may have.
const Mostly = 100_000

// Tasks is the service of what is done with many devices.
type Tasks struct {
	base   *entity.Base
	stores Stores
	c      *controller.Controller
	jobs   Jobs
	// recover is nil where deletions are final
	recover Recover
}

// New returns the service over a controller. jobs nil does the work after the
// commit, before the call returns, which is meant for examples and tests.
func New(base *entity.Base, stores Stores, c *controller.Controller, jobs Jobs) (*Tasks, error) {
	if base == nil || base.Tx == nil || c == nil {
		return nil, errors.New("bulk: base and controller are required")
	}
	if err := store.Complete("bulk", stores); err != nil {
		return nil, err
	}
	own := *base
	own.Tx = ahead.Over(base.Tx)
	s := &Tasks{base: &own, stores: stores, c: c, jobs: jobs}
	if jobs == nil {
		s.jobs = inline{s}
	}
	return s, nil
}

// Get returns a task.
func (s *Tasks) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Task, error) {
	return s.stores.Tasks.Get(ctx, scope, id)
}

// List returns a page of tasks, newest first.
func (s *Tasks) List(ctx context.Context, scope wispwright.Scope, f TaskFilter, p wispwright.Page) (wispwright.Items[Task], error) {
	return s.stores.Tasks.List(ctx, scope, f, p)
}

// Items returns a page of what became of the devices of a task.
func (s *Tasks) Items(ctx context.Context, task wispwright.ID, state State, p wispwright.Page) (wispwright.Items[Item], error) {
	return s.stores.Items.List(ctx, wispwright.ScopeAll(), ItemFilter{TaskID: task, State: state}, p)
}

// Counts counts the items of tasks by their state.
func (s *Tasks) Counts(ctx context.Context, tasks ...wispwright.ID) (map[wispwright.ID]map[State]int, error) {
	return s.stores.Items.Counts(ctx, tasks...)
}

// Start begins an action for some devices: those with the ids, or those that a
// filter selects. Devices outside the scope do not exist; the templates, the
// group and the organization of the Params are the caller's to check.
func (s *Tasks) Start(ctx context.Context, scope wispwright.Scope, t *Task, ids []wispwright.ID, filter controller.DeviceFilter) error {
	if err := s.check(t); err != nil {
		return err
	}
	if len(ids) > 0 {
		filter = controller.DeviceFilter{IDs: wispwright.Only(ids...)}
	}
	found, err := s.c.Devices.List(ctx, scope, filter, wispwright.Page{Limit: Mostly + 1, NoTotal: true, Order: []wispwright.Order{{Field: "Name"}}})
	if err != nil {
		return err
	}
	switch {
	case len(found.Rows) == 0:
		return wispwright.Invalid("devices", "No devices match the specified criteria.")
	case len(found.Rows) > Mostly:
		return wispwright.Invalid("devices", fmt.Sprintf("These are more than %d devices.", Mostly))
	}
	for _, id := range ids {
		if !slices.ContainsFunc(found.Rows, func(d *controller.Detail) bool { return d.Device.ID == id }) {
			return wispwright.Invalid("devices", valid.UnknownPK(id))
		}
	}
	items := make([]*Item, len(found.Rows))
	t.OrganizationID = found.Rows[0].Device.OrganizationID
	for i, d := range found.Rows {
		items[i] = &Item{DeviceID: d.Device.ID, Name: d.Device.Name}
		if d.Device.OrganizationID != t.OrganizationID {
			t.OrganizationID = wispwright.ID{}
		}
	}
	return s.begin(ctx, scope, t, items)
}

// check refuses actions whose Params say nothing.
func (s *Tasks) check(t *Task) error {
	var v wispwright.ValidationError
	switch t.Action {
	case AddTemplates, RemoveTemplates:
		if len(t.Params.Templates) == 0 {
			v.Add("templates", valid.Blank)
		}
	case SetVariables:
		if len(t.Params.Variables) == 0 {
			v.Add("variables", valid.Blank)
		}
	case Move:
		if t.Params.Organization.IsZero() {
			v.Add("organization", valid.Blank)
		}
	case SetGroup, Activate, Deactivate, Delete:
	default:
		v.Add("action", valid.NoChoice(t.Action))
	}
	return v.Err()
}

// begin stores a task with its items and queues it.
func (s *Tasks) begin(ctx context.Context, scope wispwright.Scope, t *Task, items []*Item) error {
	t.ID, t.Created, t.Finished, t.Phase = wispwright.NewID(), s.base.Now(), nil, Applying
	if t.Action == Import {
		t.Phase = Checking
	}
	if c := wispwright.CallerFrom(ctx); c != nil {
		t.ActorID, t.Actor = c.ID, c.Name
	}
	t.Params.Everywhere = scope.All()
	if !t.Params.Everywhere {
		t.Params.Organizations = scope.Organizations()
	}
	for i, item := range items {
		item.ID, item.TaskID, item.Position = wispwright.NewID(), t.ID, int64(i+1)
		if item.State == "" {
			item.State = Waiting
		}
	}
	return s.base.Do(ctx, "bulk.Tasks.Start", func(ctx context.Context) error {
		if err := s.stores.Tasks.Insert(ctx, t); err != nil {
			return err
		}
		for chunk := range slices.Chunk(items, 500) {
			if err := s.stores.Items.InsertMany(ctx, chunk); err != nil {
				return err
			}
		}
		return s.jobs.Enqueue(ctx, Job{t.ID})
	})
}

// atOnce is how many items a job does before the next one is queued, and how many rows
// of a file one transaction imports.
const atOnce = 50

// Work does a part of a task and queues the next. A task that is done, or gone,
// is no error.
func (s *Tasks) Work(ctx context.Context, job Job) error {
	t, err := s.stores.Tasks.Get(ctx, wispwright.ScopeAll(), job.TaskID)
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && t.Finished != nil {
		return nil
	}
	if err != nil {
		return err
	}
	found, err := s.Items(ctx, t.ID, Waiting, wispwright.Page{Limit: atOnce, NoTotal: true})
	if err != nil {
		return err
	}
	caller := &wispwright.Caller{ID: t.ActorID, Name: t.Actor, Superuser: true, Method: "system"}
	ctx = entity.WithCause(wispwright.WithCaller(ctx, caller), "bulk: "+string(t.Action))
	if err := s.some(ctx, t, found.Rows); err != nil {
		return err
	}
	return s.base.Do(ctx, "bulk.Tasks.Work", func(ctx context.Context) error {
		if len(found.Rows) < atOnce {
			if over, err := s.next(ctx, t); err != nil || over {
				return err
			}
		}
		return s.jobs.Enqueue(ctx, job)
	})
}

// next ends a phase and reports whether the task is over.
func (s *Tasks) next(ctx context.Context, t *Task) (over bool, err error) {
	counts, err := s.Counts(ctx, t.ID)
	if err != nil {
		return false, err
	}
	n := counts[t.ID]
	if n[Waiting] > 0 {
		return false, nil
	}
	phase := Done
	if t.Phase == Checking && !t.DryRun {
		switch {
		case n[Failed] > 0 && !t.Params.SkipFaulty:
			phase = Refused
		case n[Changed] > 0:
			phase = Applying
			if err := s.stores.Items.Again(ctx, t.ID, Changed); err != nil {
				return false, err
			}
		}
	}
	_, err = s.stores.Tasks.Update(ctx, wispwright.ScopeAll(), t.ID, func(t *Task) error {
		if t.Phase = phase; phase != Applying {
			now := s.base.Now()
			t.Finished = &now
		}
		return nil
	})
	return phase != Applying, err
}

// some does items: rows of a file in one transaction, as long as none of them is faulty,
// everything else one by one.
func (s *Tasks) some(ctx context.Context, t *Task, items []*Item) error {
	if t.Action == Import && len(items) > 1 {
		err := s.together(ctx, t, items)
		if err == nil {
			return nil
		}
		if _, known := explain(err); !known {
			return fmt.Errorf("bulk %s of %d rows from %d: %w", t.Action, len(items), items[0].Position, err)
		}
	}
	for _, item := range items {
		if err := s.one(ctx, t, item); err != nil {
			return fmt.Errorf("bulk %s of device %s: %w", t.Action, item.DeviceID, err)
		}
	}
	return nil
}

// together imports rows in one transaction with their outcomes. The error of the first
// one that is faulty undoes all of them.
func (s *Tasks) together(ctx context.Context, t *Task, items []*Item) error {
	dry := t.DryRun || t.Phase == Checking
	outcomes := make([]*Item, len(items))
	add, err := s.prepare(ctx, t, items)
	if err != nil {
		return err
	}
	err = s.base.Tx.InTx(ahead.Several(ctx, len(items)), func(ctx context.Context) error {
		for i, item := range items {
			outcome := *item
			if err := add[i](ctx, &outcome); err != nil {
				return err
			}
			if dry && item.DeviceID.IsZero() {
				outcome.DeviceID = item.DeviceID // it does not exist
			}
			outcomes[i] = &outcome
		}
		if dry {
			return errDry
		}
		return s.keep(ctx, outcomes...)
	})
	if !errors.Is(err, errDry) {
		return err
	}
	return s.base.Do(ctx, "bulk: outcomes", func(ctx context.Context) error { return s.keep(ctx, outcomes...) })
}

// errDry rolls back what was only tried.
var errDry = errors.New("dry run")

// one does an item in a transaction together with its outcome.
func (s *Tasks) one(ctx context.Context, t *Task, item *Item) error {
	dry := t.DryRun || t.Phase == Checking
	outcome := *item
	err := s.base.Tx.InTx(ctx, func(ctx context.Context) error {
		outcome = *item
		if err := s.do(ctx, t, &outcome); err != nil {
			return err
		}
		if dry {
			return errDry
		}
		return s.keep(ctx, &outcome)
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errDry):
		if t.Action == Import && item.DeviceID.IsZero() {
			outcome.DeviceID = item.DeviceID // it does not exist
		}
	default:
		message, known := explain(err)
		if !known {
			return err
		}
		outcome = *item
		outcome.State, outcome.Message = Failed, message
	}
	return s.base.Do(ctx, "bulk: outcome", func(ctx context.Context) error { return s.keep(ctx, &outcome) })
}

func (s *Tasks) keep(ctx context.Context, outcomes ...*Item) error {
	return s.stores.Items.Outcomes(ctx, outcomes)
}

// explain words what an item fails with. Others are errors of the job.
func explain(err error) (string, bool) {
	var invalid *wispwright.ValidationError
	var forbidden *wispwright.ForbiddenError
	switch {
	case errors.As(err, &invalid):
		return faults(invalid), true
	case errors.As(err, &forbidden):
		return forbidden.Error(), true
	case errors.Is(err, wispwright.ErrForbidden):
		return "The device is deactivated, or may not be changed.", true
	case errors.Is(err, wispwright.ErrNotFound):
		return "The device does not exist any more.", true
	}
	return "", false
}

// faults words a ValidationError for people.
func faults(err error) string { return strings.TrimPrefix(err.Error(), "invalid: ") }

// Clean deletes tasks that were done long ago and returns their number.
func (s *Tasks) Clean(ctx context.Context, age time.Duration) (int, error) {
	old, err := s.stores.Tasks.List(ctx, wispwright.ScopeAll(), TaskFilter{CreatedBefore: s.base.Now().Add(-age)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return 0, err
	}
	n := 0
	for _, t := range old.Rows {
		if t.Finished == nil {
			continue
		}
		if err := s.stores.Tasks.Delete(ctx, wispwright.ScopeAll(), t.ID); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return n, err
		}
		n++
	}
	return n, nil
}

// inline does jobs after the commit, in the goroutine that caused them.
type inline struct{ tasks *Tasks }

// Enqueue implements Jobs.
func (q inline) Enqueue(ctx context.Context, job Job) error {
	detached := context.WithoutCancel(ctx)
	wispwright.AfterCommit(ctx, func() {
		// what is not done stays waiting, where it is seen
		if err := q.tasks.Work(detached, job); err != nil {
			return
		}
	})
	return nil
}
