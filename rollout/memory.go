package rollout

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory, in a store that
// other concerns share.
func NewMemory(m *memstore.Store) Stores {
	steps := &memorySteps{store: m, Repo: memstore.NewRepo[wispwright.ID, Step, StepFilter](m, memstore.Spec[Step]{
		Shape: Step{}.Shape(),
		Match: map[string]func(context.Context, *Step, any) bool{
			"After": func(_ context.Context, s *Step, v any) bool {
				id := v.(wispwright.ID)
				return slices.Compare(s.ID[:], id[:]) > 0
			},
		},
	})}
	return Stores{
		Rollouts: &memoryRollouts{Repo: memstore.NewRepo[wispwright.ID, Rollout, RolloutFilter](m, memstore.Spec[Rollout]{Shape: Rollout{}.Shape()}), store: m, steps: steps},
		Steps:    steps,
	}
}

type memoryRollouts struct {
	*memstore.Repo[wispwright.ID, Rollout, RolloutFilter]
	store *memstore.Store
	steps *memorySteps
}

// Delete also removes the steps.
func (s *memoryRollouts) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Repo.Delete(ctx, scope, id); err != nil {
			return err
		}
		_, err := s.steps.DeleteWhere(ctx, func(step *Step) bool { return step.RolloutID == id })
		return err
	})
}

type memorySteps struct {
	*memstore.Repo[wispwright.ID, Step, StepFilter]
	store *memstore.Store
}

func (s *memorySteps) of(ctx context.Context, scope wispwright.Scope, f StepFilter) ([]*Step, error) {
	list, err := s.List(ctx, scope, f, wispwright.Page{NoTotal: true})
	return list.Rows, err
}

// Save implements StepStore.
func (s *memorySteps) Save(ctx context.Context, steps []*Step) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		for _, c := range steps {
			if _, err := s.Update(ctx, wispwright.ScopeAll(), c.ID, func(o *Step) error {
				o.State, o.Detail, o.Memo, o.Begun, o.Ended, o.Modified = c.State, c.Detail, c.Memo, c.Begun, c.Ended, c.Modified
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Counts implements StepStore.
func (s *memorySteps) Counts(ctx context.Context, scope wispwright.Scope, rollout wispwright.ID) (out []Count, err error) {
	steps, err := s.of(ctx, scope, StepFilter{RolloutID: rollout})
	for _, step := range steps {
		i := slices.IndexFunc(out, func(c Count) bool { return c.Wave == step.Wave && c.State == step.State })
		if i < 0 {
			i = len(out)
			out = append(out, Count{Wave: step.Wave, State: step.State})
		}
		out[i].N++
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Or(cmp.Compare(a.Wave, b.Wave), cmp.Compare(a.State, b.State)) })
	return out, err
}

// Busy implements StepStore.
func (s *memorySteps) Busy(ctx context.Context, rollout wispwright.ID) (map[string]int, error) {
	steps, err := s.of(ctx, wispwright.ScopeAll(), StepFilter{RolloutID: rollout, State: InProgress})
	out := map[string]int{}
	for _, step := range steps {
		if step.Site != "" {
			out[step.Site]++
		}
	}
	return out, err
}

// Zones implements StepStore.
func (s *memorySteps) Zones(ctx context.Context, rollout wispwright.ID) (out []string, err error) {
	steps, err := s.of(ctx, wispwright.ScopeAll(), StepFilter{RolloutID: rollout, State: Waiting})
	for _, step := range steps {
		out = append(out, step.TimeZone)
	}
	slices.Sort(out)
	return slices.Compact(out), err
}

// Next implements StepStore.
func (s *memorySteps) Next(ctx context.Context, c Candidates) ([]*Step, error) {
	steps, err := s.of(ctx, wispwright.ScopeAll(), StepFilter{RolloutID: c.RolloutID, State: Waiting})
	steps = slices.DeleteFunc(steps, func(step *Step) bool {
		return step.Wave > c.Wave || slices.Contains(c.NotSites, step.Site) || slices.Contains(c.NotZones, step.TimeZone)
	})
	return steps[:min(c.Limit, len(steps))], err
}

// Move implements StepStore.
func (s *memorySteps) Move(ctx context.Context, rollout wispwright.ID, wave int, from []State, to State, detail string, now time.Time) (n int, err error) {
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		steps, err := s.of(ctx, wispwright.ScopeAll(), StepFilter{RolloutID: rollout, States: wispwright.Only(from...)})
		if err != nil {
			return err
		}
		n = 0
		for _, step := range steps {
			if step.Wave < wave {
				continue
			}
			n++
			if _, err := s.Update(ctx, wispwright.ScopeAll(), step.ID, func(o *Step) error {
				o.State, o.Detail, o.Modified = to, detail, now
				if to == Waiting {
					o.Begun, o.Ended = nil, nil
				}
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// Forget implements StepStore.
func (s *memorySteps) Forget(ctx context.Context, devices ...wispwright.ID) (out []wispwright.ID, err error) {
	_, err = s.DeleteWhere(ctx, func(step *Step) bool {
		gone := slices.Contains(devices, step.DeviceID)
		if gone {
			out = append(out, step.RolloutID)
		}
		return gone
	})
	return sorted(out), err
}

// Active implements StepStore.
func (s *memorySteps) Active(ctx context.Context, devices ...wispwright.ID) (out []wispwright.ID, err error) {
	steps, err := s.of(ctx, wispwright.ScopeAll(), StepFilter{States: wispwright.Only(InProgress, Offline, Undoing)})
	for _, step := range steps {
		if slices.Contains(devices, step.DeviceID) {
			out = append(out, step.RolloutID)
		}
	}
	return sorted(out), err
}

func sorted(ids []wispwright.ID) []wispwright.ID {
	slices.SortFunc(ids, func(a, b wispwright.ID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}
