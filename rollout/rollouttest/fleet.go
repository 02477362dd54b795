package rollouttest

import (
	"context"
	"errors"
	"sync"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/rollout"
)

// Fleet is a Driver over devices that are not there. Its zero value has devices
// that are always online and done at once. It counts what happens to each; counts
// of transactions that are undone stay, so it suits storages that are not
// interrupted.
type Fleet struct {
	// Slow lets steps run until Finish.
	Slow bool

	mu       sync.Mutex
	away     map[wispwright.ID]bool
	failing  map[wispwright.ID]string
	refusing map[wispwright.ID]bool
	finished map[wispwright.ID]bool
	begun    map[wispwright.ID]int
	undone   map[wispwright.ID]int
	order    []wispwright.ID
	ends     []rollout.Status
}

var _ rollout.Driver = (*Fleet)(nil)

func set[V any](f *Fleet, m *map[wispwright.ID]V, v V, devices []wispwright.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *m == nil {
		*m = map[wispwright.ID]V{}
	}
	for _, d := range devices {
		(*m)[d] = v
	}
}

// Away takes devices off line, Return brings them back.
func (f *Fleet) Away(devices ...wispwright.ID) { set(f, &f.away, true, devices) }

// Return brings devices back.
func (f *Fleet) Return(devices ...wispwright.ID) { set(f, &f.away, false, devices) }

// Break lets the steps of devices fail, with an empty reason work again.
func (f *Fleet) Break(reason string, devices ...wispwright.ID) { set(f, &f.failing, reason, devices) }

// Refuse lets Begin itself fail for devices.
func (f *Fleet) Refuse(devices ...wispwright.ID) { set(f, &f.refusing, true, devices) }

// Finish ends the steps of devices where Slow is set.
func (f *Fleet) Finish(devices ...wispwright.ID) { set(f, &f.finished, true, devices) }

// Begun is how often each device was begun, Undone how often it was taken back.
func (f *Fleet) Begun(device wispwright.ID) (begun, undone int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.begun[device], f.undone[device]
}

// Order are the devices in the order in which they were begun.
func (f *Fleet) Order() []wispwright.ID {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]wispwright.ID(nil), f.order...)
}

// Ends are the statuses in which rollouts ended.
func (f *Fleet) Ends() []rollout.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]rollout.Status(nil), f.ends...)
}

// Online implements rollout.Driver.
func (f *Fleet) Online(_ context.Context, _ *rollout.Rollout, devices ...wispwright.ID) (map[wispwright.ID]bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[wispwright.ID]bool{}
	for _, d := range devices {
		out[d] = !f.away[d]
	}
	return out, nil
}

// Begin implements rollout.Driver.
func (f *Fleet) Begin(_ context.Context, _ *rollout.Rollout, steps ...*rollout.Step) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range steps {
		if f.refusing[s.DeviceID] {
			return errors.New("the device cannot be worked on")
		}
	}
	if f.begun == nil {
		f.begun = map[wispwright.ID]int{}
	}
	for _, s := range steps {
		f.begun[s.DeviceID]++
		f.order = append(f.order, s.DeviceID)
		s.Memo = `{"before": 1}`
		f.follow(s)
	}
	return nil
}

func (f *Fleet) follow(s *rollout.Step) {
	switch {
	case f.Slow && !f.finished[s.DeviceID]:
	case f.failing[s.DeviceID] != "":
		s.Fail(f.failing[s.DeviceID])
	default:
		s.State = rollout.Succeeded
	}
}

// Follow implements rollout.Driver.
func (f *Fleet) Follow(_ context.Context, _ *rollout.Rollout, steps ...*rollout.Step) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range steps {
		if s.State == rollout.Undoing {
			s.State = rollout.Undone
			continue
		}
		f.follow(s)
	}
	return nil
}

// Undo implements rollout.Driver.
func (f *Fleet) Undo(_ context.Context, _ *rollout.Rollout, steps ...*rollout.Step) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.undone == nil {
		f.undone = map[wispwright.ID]int{}
	}
	for _, s := range steps {
		f.undone[s.DeviceID]++
	}
	return nil
}

// Ended implements rollout.Driver.
func (f *Fleet) Ended(_ context.Context, r *rollout.Rollout) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ends = append(f.ends, r.Status)
	return nil
}
