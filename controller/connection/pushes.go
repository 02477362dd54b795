package connection

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/event"
)

// Pushes tell devices that their configuration changed (spec: connection §5.3).
// The wish is stored with the change that causes it; one job for each device
// fulfils it, so that two never run for one device, what is wished meanwhile is
// done once more, and nothing is lost with a node.
type Pushes struct {
	// Attempted tells of pushes that were tried, or found to be needless.
	Attempted event.Topic[Attempted]

	*core
	connections *Connections
}

// Get returns what became of the last push of a device. Errors:
// wispwright.ErrNotFound, also where there never was one.
func (s *Pushes) Get(ctx context.Context, device wispwright.ID) (*Push, error) {
	return s.stores.Pushes.Get(ctx, wispwright.ScopeAll(), device)
}

// Request wishes that devices are told, those that can be reached at all. Call
// it in the transaction that causes it, or without.
func (s *Pushes) Request(ctx context.Context, devices ...wispwright.ID) error {
	return s.kit.Do(ctx, "connection.Pushes.Request", func(ctx context.Context) error {
		for chunk := range slices.Chunk(devices, 500) {
			if err := s.request(ctx, chunk); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Pushes) request(ctx context.Context, devices []wispwright.ID) error {
	yes := true
	all, err := s.stores.Connections.List(ctx, wispwright.ScopeAll(), DeviceConnectionFilter{DeviceIDs: wispwright.Only(devices...), Enabled: &yes, Connectors: s.registry.commanding()}, wispwright.Page{NoTotal: true})
	if err != nil || len(all.Rows) == 0 {
		return err
	}
	var reachable []wispwright.ID
	var jobs []Job
	for _, c := range all.Rows {
		if !slices.Contains(reachable, c.DeviceID) {
			reachable, jobs = append(reachable, c.DeviceID), append(jobs, Job{JobPush, c.DeviceID})
		}
	}
	// one order for all: two transactions must not wait for each other
	slices.SortFunc(reachable, func(a, b wispwright.ID) int { return slices.Compare(a[:], b[:]) })
	if err := s.stores.Pushes.Request(ctx, s.kit.Now(), reachable...); err != nil {
		return err
	}
	return s.jobs.Enqueue(ctx, jobs...)
}

// modifying is told of configurations inside the transaction that changes them.
func (s *Pushes) modifying(ctx context.Context, changes ...controller.ConfigsModified) error {
	for _, c := range changes {
		if err := s.Request(ctx, c.DeviceIDs...); err != nil {
			return err
		}
	}
	return nil
}

// forgottenAfter is when the job of a wish is taken for lost, because the queue
// gave it up for instance: asking again costs nothing where it is not.
const forgottenAfter = time.Hour

// Resume asks again for devices whose next attempt is due, at most limit of
// them, and returns their number. Call it every few seconds on one of the nodes.
func (s *Pushes) Resume(ctx context.Context, limit int) (int, error) {
	now := s.kit.Now()
	due, err := s.stores.Pushes.Due(ctx, now, now.Add(-forgottenAfter), limit)
	if err != nil {
		return 0, fmt.Errorf("connection.Pushes.Resume: %w", err)
	}
	jobs := make([]Job, len(due))
	for i, id := range due {
		jobs[i] = Job{JobPush, id}
	}
	return len(due), s.kit.Do(ctx, "connection.Pushes.Resume", func(ctx context.Context) error { return s.jobs.Enqueue(ctx, jobs...) })
}

// Attempted is what one attempt of a push came to.
type Attempted struct {
	// Push is the push as it is now.
	Push Push
	// OrganizationID is the organization of its device, zero when that is gone.
	OrganizationID wispwright.ID
}

// attempt is what one attempt came to.
type attempt struct {
	state        PushState
	reason       string
	connection   wispwright.ID
	organization wispwright.ID
}

// work tells a device, or finds that there is nothing to tell.
func (s *Pushes) work(ctx context.Context, device wispwright.ID) error {
	p, err := s.Get(ctx, device)
	if errors.Is(err, wispwright.ErrNotFound) {
		s.Log.WarnContext(ctx, fmt.Sprintf("update_config(%q) failed: Device matching query does not exist.", device))
		return nil
	}
	if err != nil {
		return err
	}
	if p.State != PushWaiting {
		return nil
	}
	if wait := p.Requested.Add(s.PushDelay).Sub(s.kit.Now()); s.PushDelay > 0 && wait > 0 && !s.hurries(ctx, device) {
		return &LaterError{min(wait, s.PushDelay)}
	}
	if p.NextAttempt != nil && p.NextAttempt.After(s.kit.Now()) {
		return nil // Resume comes back to it
	}
	a, err := s.try(ctx, device)
	if err != nil {
		return err
	}
	err = s.jobs.Complete(context.WithoutCancel(ctx), func(ctx context.Context) error { return s.note(ctx, p, a) })
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil // the device was deleted meanwhile
	}
	return err
}

// try makes one attempt.
func (s *Pushes) try(ctx context.Context, device wispwright.ID) (attempt, error) {
	d, err := s.devices.Get(ctx, wispwright.ScopeAll(), device)
	if errors.Is(err, wispwright.ErrNotFound) {
		return attempt{state: PushCurrent, reason: "The device was deleted."}, nil
	}
	if err != nil {
		return attempt{}, err
	}
	a, err := s.tell(ctx, d)
	a.organization = d.Device.OrganizationID
	return a, err
}

// tell tells a device, unless there is nothing to tell.
func (s *Pushes) tell(ctx context.Context, d *controller.Detail) (attempt, error) {
	device := d.Device.ID
	switch {
	case d.Config == nil:
		return attempt{state: PushCurrent, reason: "Device has no config."}, nil
	case d.Config.Status == controller.StatusApplied:
		return attempt{state: PushCurrent, reason: "The device has the configuration already."}, nil
	case outOfService(d):
		return attempt{state: PushCurrent, reason: isDeactivated}, nil
	}
	if can, err := s.CanPush(ctx, d); err != nil || !can {
		return attempt{state: PushWaiting, reason: "The device is not in a state to be told."}, err
	}
	c, session, err := s.connections.Working(ctx, device)
	var none *NoConnectionError
	switch {
	case errors.As(err, &none) && none.Last == nil:
		return attempt{state: PushFailed, reason: none.Error()}, nil
	case errors.As(err, &none):
		return attempt{state: PushWaiting, reason: none.Error(), connection: none.Last.ID}, nil
	case err != nil:
		return attempt{}, err
	}
	err = s.update(ctx, d, c, session)
	if closed := session.Close(); closed != nil {
		s.Log.DebugContext(ctx, "a connection was not closed properly", "device", device, "error", closed)
	}
	switch {
	case ctx.Err() != nil:
		return attempt{}, ctx.Err()
	case err != nil:
		return attempt{state: PushWaiting, reason: oneText(err.Error(), mostReason), connection: c.ID}, nil
	}
	return attempt{state: Pushed, reason: "The device was told to fetch its configuration.", connection: c.ID}, nil
}

// update lets an open session wake the agent, or hands it to the strategy of the
// connection.
func (s *Pushes) update(ctx context.Context, d *controller.Detail, c *DeviceConnection, session Session) error {
	if w, ok := session.(waker); ok {
		waking, cancel := context.WithTimeoutCause(ctx, s.CommandTimeout, errors.New("timed out"))
		defer cancel()
		return wake(waking, w, d)
	}
	strategy := s.registry.Strategy(c.UpdateStrategy)
	if strategy == nil {
		return fmt.Errorf("the update strategy %q is not known", c.UpdateStrategy)
	}
	// up to three commands
	updating, cancel := context.WithTimeout(ctx, 3*s.CommandTimeout)
	defer cancel()
	err := strategy.Update(updating, session)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return fmt.Errorf("Command timed out after %.1f seconds.", s.CommandTimeout.Seconds()) //nolint:staticcheck // shown as it is
	}
	return err
}

// longestBackoff is the longest pause between two attempts.
const longestBackoff = time.Hour

// note stores what an attempt came to. A wish that came meanwhile stays.
func (s *Pushes) note(ctx context.Context, seen *Push, a attempt) error {
	now := s.kit.Now()
	after, err := s.stores.Pushes.Update(ctx, wispwright.ScopeAll(), seen.DeviceID, func(p *Push) error {
		p.LastAttempt, p.Reason, p.ConnectionID, p.NextAttempt = &now, a.reason, a.connection, nil
		if a.state == Pushed {
			p.Succeeded = &now
		}
		if !p.Requested.Equal(seen.Requested) {
			return nil
		}
		p.Attempts++
		p.State = a.state
		if a.state != PushWaiting {
			return nil
		}
		if p.Attempts >= s.PushAttempts {
			p.State = PushFailed
			return nil
		}
		pause := min(s.PushBackoff<<min(p.Attempts-1, 16), longestBackoff)
		next := now.Add(pause)
		p.NextAttempt = &next
		return nil
	})
	if err == nil {
		s.Attempted.Publish(ctx, Attempted{Push: *after, OrganizationID: a.organization})
	}
	return err
}
