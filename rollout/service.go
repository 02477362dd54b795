package rollout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
)

// Options change how the engine works; nil and zero fields mean the defaults.
type Options struct {
	// Jobs queues turns. Default: they are done after the commit, before the causing
	// call returns, which is meant for examples and tests.
	Jobs Jobs
	// Gates say whether devices are worse than before. Default: failures alone do.
	Gates []Gate
	// Parallel is how many devices are worked on at once where the strategy does not
	// say. Default: 100.
	Parallel int
	// Batch is how many steps are begun in one transaction. Default: 100.
	Batch int
	// Tick is the pause between two turns of a rollout while devices work.
	// Default: 2 s.
	Tick time.Duration
	// GateEvery is how often gates are asked within a wave. Default: 10 s.
	GateEvery time.Duration
	// Log hears of what cannot be returned to anybody. Default: slog.Default().
	Log *slog.Logger
}

func (o *Options) complete() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Parallel <= 0 {
		c.Parallel = 100
	}
	if c.Batch <= 0 {
		c.Batch = 100
	}
	if c.Tick <= 0 {
		c.Tick = 2 * time.Second
	}
	if c.GateEvery <= 0 {
		c.GateEvery = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// Moved is a rollout that came from one status to another.
type Moved struct {
	// Rollout is the rollout as it is now.
	Rollout *Rollout
	// Before is the status it had; empty for a new one.
	Before Status
}

// Service carries out rollouts. Make it with New.
type Service struct {
	// Changed tells of rollouts that were made, went on, or were deleted.
	Changed event.Topic[entity.Change[Rollout]]
	// StatusChanged tells of rollouts that came to another status.
	StatusChanged event.Topic[Moved]

	o      Options
	kit    *entity.Base
	stores Stores
	jobs   Jobs
	kinds  map[string]Kind
	gates  []Gate
}

// New makes the engine over stores of the base's transactor.
func New(base *entity.Base, stores Stores, o *Options) (*Service, error) {
	if base == nil || base.Tx == nil || base.Tenants == nil {
		return nil, errors.New("rollout: a transactor and tenants are required")
	}
	if err := store.Complete("rollout", stores); err != nil {
		return nil, err
	}
	s := &Service{o: o.complete(), kit: base, stores: stores, kinds: map[string]Kind{}}
	s.gates = slices.Clone(s.o.Gates)
	if s.jobs = s.o.Jobs; s.jobs == nil {
		s.jobs = &inline{s}
	}
	base.Tenants.OnDelete("rollout: rollouts of a deleted organization", s.forgetOrganization)
	return s, nil
}

// Register adds a kind of rollout. Call it before anything is rolled out.
func (s *Service) Register(k Kind) error {
	if k.Name == "" || k.Driver == nil {
		return errors.New("rollout: a kind needs a name and a driver")
	}
	if _, there := s.kinds[k.Name]; there {
		return fmt.Errorf("rollout: the kind %s is there already", k.Name)
	}
	s.kinds[k.Name] = k
	return nil
}

// AddGate adds a gate. Call it before anything is rolled out.
func (s *Service) AddGate(g Gate) { s.gates = append(s.gates, g) }

// Kinds are the kinds there are, by name.
func (s *Service) Kinds() []Kind {
	out := make([]Kind, 0, len(s.kinds))
	for _, k := range s.kinds {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b Kind) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Events lists the events of the engine.
func (s *Service) Events() []event.Listed {
	return []event.Listed{s.Changed.Listed("rollout.Changed", ""), s.StatusChanged.Listed("rollout.StatusChanged", "")}
}

// Create starts a rollout of a kind over devices, joining the context's
// transaction. The caller sets OrganizationID, Kind, SubjectID, Label and
// Strategy. What is wrong with the strategy is a *wispwright.ValidationError with
// the path strategy.
func (s *Service) Create(ctx context.Context, r *Rollout, targets []Target) error {
	v := &wispwright.ValidationError{}
	if _, ok := s.kinds[r.Kind]; !ok {
		v.Add("kind", valid.NoChoice(r.Kind))
	}
	valid.Text(v, "label", r.Label, valid.Max(128))
	if err := v.Merge("strategy", r.Strategy.Check()); err != nil {
		return err
	}
	if len(targets) == 0 {
		v.Add("", "There are no devices to roll out to.")
	}
	if err := v.Err(); err != nil {
		return err
	}
	now := s.kit.Now()
	r.ID, r.Status, r.Reason, r.Wave, r.Turn, r.Created, r.Modified = wispwright.NewID(), Running, "", 0, 1, now, now
	r.ActorID, r.Actor = actor(ctx)
	waves, err := r.Strategy.Assign(r.ID, targets)
	if err != nil {
		if err := v.Merge("strategy", err); err != nil {
			return err
		}
		return v.Err()
	}
	steps := make([]*Step, 0, len(targets))
	for wave, list := range waves {
		for rank, t := range list {
			steps = append(steps, &Step{ID: wispwright.NewID(), RolloutID: r.ID, DeviceID: t.DeviceID, OrganizationID: t.OrganizationID, Name: t.Name, Wave: wave, Rank: rank,
				Site: t.Site, TimeZone: t.TimeZone, State: Waiting, Memo: t.Memo, Modified: now})
		}
	}
	r.Waves, r.Total, r.NextAt = len(waves), len(steps), &now
	if start := r.Strategy.Start; start != nil && start.After(now) {
		r.NextAt = start
	}
	return s.kit.Do(ctx, "rollout.Create", func(ctx context.Context) error {
		if !r.OrganizationID.IsZero() {
			if err := s.kit.Tenants.Hold(ctx, r.OrganizationID); err != nil {
				return valid.Reference(err, "organization", r.OrganizationID)
			}
		}
		if err := s.stores.Rollouts.Insert(ctx, r); err != nil {
			return err
		}
		if err := s.stores.Steps.InsertMany(ctx, steps); err != nil {
			return err
		}
		if err := s.record(ctx, "add", nil, r); err != nil {
			return err
		}
		s.told(ctx, nil, r)
		return s.jobs.Enqueue(ctx, r.ID)
	})
}

// Get returns a rollout.
func (s *Service) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Rollout, error) {
	return s.stores.Rollouts.Get(ctx, scope, id)
}

// List returns a page of rollouts, newest first.
func (s *Service) List(ctx context.Context, scope wispwright.Scope, f RolloutFilter, p wispwright.Page) (wispwright.Items[Rollout], error) {
	return s.stores.Rollouts.List(ctx, scope, f, p)
}

// Steps is a page of the steps of a rollout, by wave.
func (s *Service) Steps(ctx context.Context, scope wispwright.Scope, f StepFilter, p wispwright.Page) (wispwright.Items[Step], error) {
	if f.RolloutID.IsZero() && f.DeviceID.IsZero() {
		return wispwright.Items[Step]{}, wispwright.ErrNotFound
	}
	return s.stores.Steps.List(ctx, scope, f, p)
}

// WaveProgress is how far a wave is.
type WaveProgress struct {
	// Wave is its number.
	Wave int
	// Size is how many devices it has, States how many in each state.
	Size   int
	States map[State]int
}

// Progress counts the steps of each wave of a rollout.
func (s *Service) Progress(ctx context.Context, scope wispwright.Scope, id wispwright.ID) ([]WaveProgress, error) {
	r, err := s.stores.Rollouts.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	counts, err := s.stores.Steps.Counts(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	out := make([]WaveProgress, r.Waves)
	for i := range out {
		out[i] = WaveProgress{Wave: i, States: map[State]int{}}
	}
	for _, c := range counts {
		if c.Wave < len(out) {
			out[c.Wave].Size += c.N
			out[c.Wave].States[c.State] += c.N
		}
	}
	return out, nil
}

// Due queues the next turn of rollouts for which it is time, and returns how
// many. Call it every second or so.
func (s *Service) Due(ctx context.Context) (int, error) {
	list, err := s.stores.Rollouts.List(ctx, wispwright.ScopeAll(), RolloutFilter{NextAtBefore: s.kit.Now().Add(time.Microsecond)}, wispwright.Page{Limit: 1000, NoTotal: true})
	if err != nil || len(list.Rows) == 0 {
		return 0, err
	}
	ids := make([]wispwright.ID, len(list.Rows))
	for i, r := range list.Rows {
		ids[i] = r.ID
	}
	return len(ids), s.jobs.Enqueue(ctx, ids...)
}

// Nudge queues the next turn of the rollouts that wait for something of these
// devices: call it when one has reported or returned, so that nobody waits for
// the next Due.
func (s *Service) Nudge(ctx context.Context, devices ...wispwright.ID) error {
	ids, err := s.stores.Steps.Active(ctx, devices...)
	if err != nil || len(ids) == 0 {
		return err
	}
	return s.jobs.Enqueue(ctx, ids...)
}

// ForgetDevices removes the steps of deleted devices, joining the context's
// transaction.
func (s *Service) ForgetDevices(ctx context.Context, devices ...wispwright.ID) error {
	ids, err := s.stores.Steps.Forget(ctx, devices...)
	if err != nil || len(ids) == 0 {
		return err
	}
	return s.jobs.Enqueue(ctx, ids...)
}

// Delete removes a rollout that has ended.
func (s *Service) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.kit.Do(ctx, "rollout.Delete", func(ctx context.Context) error {
		r, err := s.stores.Rollouts.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		if !r.Status.Ended() {
			return wispwright.Invalid("", "A rollout that has not ended cannot be deleted.")
		}
		if err := s.record(ctx, "delete", r, nil); err != nil {
			return err
		}
		s.Changed.Publish(ctx, entity.Change[Rollout]{Before: r})
		return s.stores.Rollouts.Delete(ctx, scope, id)
	})
}

func (s *Service) forgetOrganization(ctx context.Context, organization wispwright.ID) error {
	for {
		some, err := s.stores.Rollouts.List(ctx, wispwright.ScopeAll(), RolloutFilter{OrganizationID: organization}, wispwright.Page{Limit: 200, NoTotal: true})
		if err != nil || len(some.Rows) == 0 {
			return err
		}
		for _, r := range some.Rows {
			if err := s.stores.Rollouts.Delete(ctx, wispwright.ScopeAll(), r.ID); err != nil {
				return err
			}
		}
	}
}

// told publishes a rollout that was made or changed.
func (s *Service) told(ctx context.Context, before, r *Rollout) {
	now, was := *r, Status("")
	if before != nil {
		was = before.Status
	}
	s.Changed.Publish(ctx, entity.Change[Rollout]{Before: before, After: &now})
	if was != now.Status {
		s.StatusChanged.Publish(ctx, Moved{Rollout: &now, Before: was})
	}
}

// record adds to the history what people, or gates, decided.
func (s *Service) record(ctx context.Context, action string, before, after *Rollout) error {
	r := after
	if r == nil {
		r = before
	}
	c := wispwright.Change{Kind: model, ObjectID: r.ID.String(), Label: r.Label, OrganizationID: r.OrganizationID, Action: action}
	was, is := decided{}, decided{}
	if before != nil {
		was = decided{string(before.Status), before.Reason, 0}
	}
	if after != nil {
		is = decided{string(after.Status), after.Reason, 0}
		if before == nil {
			is.Devices = after.Total
		}
	}
	c.Fields = wispwright.Compare(&was, &is)
	return s.kit.Record(ctx, c)
}

type decided struct {
	Status, Reason string
	Devices        int
}

// model is what histories and permissions call rollouts.
const model = "rollout.rollout"

// Models are the kinds of objects permissions exist for, with what the default
// groups may do: anybody who may change a rollout reaches many devices at once.
func Models() []wispwright.Model {
	return []wispwright.Model{{App: "rollout", Name: "rollout", Label: "rollout", Operator: "V", Administrator: "ACDV"}}
}

func actor(ctx context.Context) (wispwright.ID, string) {
	if c := wispwright.CallerFrom(ctx); c != nil {
		return c.ID, c.Name
	}
	return wispwright.ID{}, "system"
}

// inline does turns as soon as they are asked for.
type inline struct{ s *Service }

// Enqueue implements Jobs.
func (q *inline) Enqueue(ctx context.Context, rollouts ...wispwright.ID) error {
	background := wispwright.WithCaller(context.WithoutCancel(ctx), wispwright.System("rollout"))
	wispwright.AfterCommit(ctx, func() {
		for _, id := range rollouts {
			if err := q.s.Work(background, id); err != nil {
				q.s.o.Log.ErrorContext(background, "a turn of a rollout failed", "rollout", id, "error", err)
			}
		}
	})
	return nil
}
