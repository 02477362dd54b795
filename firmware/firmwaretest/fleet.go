package firmwaretest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
)

// Fleet is devices in memory that are reached by Dial. It implements firmware.Fleet
// and firmware.Reacher.
type Fleet struct {
	// Dial opens a session on a device. An error is why its only connection fails.
	Dial func(ctx context.Context, device wispwright.ID) (connection.Session, error)

	mu         sync.Mutex
	devices    []*firmware.Device
	strategies map[wispwright.ID]string
	groups     map[wispwright.ID]wispwright.ID
	places     map[wispwright.ID]place
	broken     map[wispwright.ID]string
}

type place struct {
	organization wispwright.ID
	devices      []wispwright.ID
}

// begin makes what is empty at first; f.mu is held.
func (f *Fleet) begin() {
	if f.strategies == nil {
		f.strategies, f.broken, f.groups, f.places = map[wispwright.ID]string{}, map[wispwright.ID]string{}, map[wispwright.ID]wispwright.ID{}, map[wispwright.ID]place{}
	}
}

// Add adds a device that has a connection with a strategy; "" for none.
func (f *Fleet) Add(d firmware.Device, strategy string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin()
	f.devices = append(f.devices, &d)
	if strategy != "" {
		f.strategies[d.ID] = strategy
	}
}

// AddGroup adds a group, AddLocation a location with devices.
func (f *Fleet) AddGroup(group, organization wispwright.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin()
	f.groups[group] = organization
}

// AddLocation adds a location with devices.
func (f *Fleet) AddLocation(location, organization wispwright.ID, devices ...wispwright.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin()
	f.places[location] = place{organization, devices}
}

// Change changes a device.
func (f *Fleet) Change(id wispwright.ID, change func(*firmware.Device)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.devices {
		if d.ID == id {
			change(d)
		}
	}
}

// BrokenReason is why a device was said to be broken, "" when it was not.
func (f *Fleet) BrokenReason(device wispwright.ID) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.broken[device]
}

// Device implements firmware.Fleet.
func (f *Fleet) Device(_ context.Context, scope wispwright.Scope, id wispwright.ID) (*firmware.Device, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.devices {
		if d.ID == id && scope.Allows(d.OrganizationID) {
			out := *d
			return &out, nil
		}
	}
	return nil, wispwright.ErrNotFound
}

// Find implements firmware.Fleet: the last device that was added is the first.
func (f *Fleet) Find(_ context.Context, scope wispwright.Scope, q firmware.DeviceQuery, page wispwright.Page) ([]*firmware.Device, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ids, some := q.IDs.Keys()
	chosen := map[wispwright.ID]bool{}
	for _, id := range ids {
		chosen[id] = true
	}
	var out []*firmware.Device
	for _, d := range slices.Backward(f.devices) {
		switch {
		case !scope.Allows(d.OrganizationID), some && !chosen[d.ID], !q.Models.Has(d.Model):
		case !q.OrganizationID.IsZero() && q.OrganizationID != d.OrganizationID, !q.GroupID.IsZero() && q.GroupID != d.GroupID, q.OS != "" && q.OS != d.OS:
		case !q.LocationID.IsZero() && !slices.Contains(f.places[q.LocationID].devices, d.ID):
		default:
			found := *d
			out = append(out, &found)
		}
	}
	out = out[min(page.Offset, len(out)):]
	if page.Limit > 0 {
		out = out[:min(page.Limit, len(out))]
	}
	return out, nil
}

// Group implements firmware.Fleet.
func (f *Fleet) Group(_ context.Context, scope wispwright.Scope, id wispwright.ID) (wispwright.ID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	organization, ok := f.groups[id]
	if !ok || !scope.Allows(organization) {
		return wispwright.ID{}, wispwright.ErrNotFound
	}
	return organization, nil
}

// Location implements firmware.Fleet.
func (f *Fleet) Location(_ context.Context, scope wispwright.Scope, id wispwright.ID) (wispwright.ID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, ok := f.places[id]
	if !ok || !scope.Allows(p.organization) {
		return wispwright.ID{}, wispwright.ErrNotFound
	}
	return p.organization, nil
}

// Strategies implements firmware.Reacher.
func (f *Fleet) Strategies(_ context.Context, devices ...wispwright.ID) (map[wispwright.ID]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[wispwright.ID]string{}
	for _, id := range devices {
		if s, ok := f.strategies[id]; ok {
			out[id] = s
		}
	}
	return out, nil
}

// Credentials is what the only credentials of every device are called.
const Credentials = "OpenWISP Default"

// Open implements firmware.Reacher.
func (f *Fleet) Open(ctx context.Context, device wispwright.ID) (connection.Session, error) {
	session, err := f.Dial(ctx, device)
	if err == nil {
		return session, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, &firmware.UnreachableError{Attempts: []firmware.Attempt{{Credentials: Credentials, Reason: err.Error()}}}
}

// Broken implements firmware.Reacher.
func (f *Fleet) Broken(_ context.Context, device wispwright.ID, reason string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken[device] = reason
	return nil
}

// Queue keeps jobs until the test runs them. It implements firmware.Jobs.
type Queue struct {
	mu   sync.Mutex
	jobs []firmware.Job
}

// Enqueue implements firmware.Jobs.
func (q *Queue) Enqueue(ctx context.Context, jobs ...firmware.Job) error {
	wispwright.AfterCommit(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		for _, j := range jobs {
			if !slices.Contains(q.jobs, j) {
				q.jobs = append(q.jobs, j)
			}
		}
	})
	return nil
}

// Take takes all jobs out.
func (q *Queue) Take() []firmware.Job {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := q.jobs
	q.jobs = nil
	return out
}

// Drain runs jobs of s until none is left. Those that are to run later are left out
// and returned.
func (q *Queue) Drain(t testing.TB, s *firmware.Service) (later []firmware.Job) {
	t.Helper()
	for {
		jobs := q.Take()
		if len(jobs) == 0 {
			return later
		}
		for _, j := range jobs {
			err := s.Work(context.Background(), j)
			var wait *firmware.LaterError
			if asLater(err, &wait) {
				later = append(later, j)
				continue
			}
			require.NoError(t, err)
		}
	}
}
