package connection

import (
	"context"
	"errors"

	"github.com/wispwright/wispwright"
)

// Progress is how far a batch is.
type Progress struct {
	// Batch is the batch as it is now.
	Batch *Batch
	// Counts are those of its commands.
	Counts CommandCounts
}

// Progress counts the commands of a batch.
func (s *Batches) Progress(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Progress, error) {
	b, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	counts, err := s.stores.Commands.Counts(ctx, id)
	return &Progress{b, counts}, err
}

// Targets are the devices of a batch: those that got a command, those that were
// skipped.
func (s *Batches) Targets(ctx context.Context, b *Batch) ([]wispwright.ID, error) {
	ids, err := s.stores.Commands.Targets(ctx, b.ID, "")
	for id := range b.Skipped {
		ids = append(ids, id)
	}
	return ids, err
}

// Outcomes groups the finished commands of a batch by status and output, the
// largest group first, at most 1,000 groups.
func (s *Batches) Outcomes(ctx context.Context, scope wispwright.Scope, id wispwright.ID) ([]Outcome, error) {
	if _, err := s.Get(ctx, scope, id); err != nil {
		return nil, err
	}
	return s.stores.Commands.Outcomes(ctx, id, 1000)
}

// Stop keeps what still waits of a batch from running. What runs goes on. It
// returns the batch as it is then.
func (s *Batches) Stop(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Batch, error) {
	var after *Batch
	err := s.kit.Do(ctx, "connection.Batches.Stop", func(ctx context.Context) (err error) {
		after, err = s.stores.Batches.Update(ctx, scope, id, func(b *Batch) error {
			if b.Status == InProgress {
				b.Stopped, b.Modified = true, s.kit.Now()
			}
			return nil
		})
		if err != nil {
			return err
		}
		s.Changed.Publish(ctx, id)
		return s.jobs.Enqueue(ctx, Job{JobBatch, id})
	})
	return after, err
}

// Repeat starts a batch like another for the devices that failed there, or were
// skipped, and still exist. input is needed for commands with secrets, which are
// not kept; where it is empty, that of the other batch is taken.
func (s *Batches) Repeat(ctx context.Context, scope wispwright.Scope, id wispwright.ID, input wispwright.JSON) (*Batch, error) {
	old, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if old.Status == InProgress {
		return nil, wispwright.Invalid("", "The batch has not ended yet.")
	}
	t := s.Options.Commands.Get(old.Type)
	if input == "" {
		if t != nil && t.Hides() {
			return nil, wispwright.Invalid("input", "This field is required.")
		}
		input = old.Input
	}
	failed, err := s.stores.Commands.Targets(ctx, id, Failed)
	if err != nil {
		return nil, err
	}
	for device := range old.Skipped {
		failed = append(failed, device)
	}
	var sel Selection
	for _, device := range failed {
		_, err := s.devices.Get(ctx, scope, device)
		if errors.Is(err, wispwright.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		sel.Devices = append(sel.Devices, device)
	}
	if len(sel.Devices) == 0 {
		return nil, wispwright.Invalid("", noDevices)
	}
	sel.OrganizationID = old.OrganizationID
	b := &Batch{Type: old.Type, Input: input, Label: old.Label, Notes: old.Notes, Parallel: old.Parallel, StopAfter: old.StopAfter, RepeatOf: old.ID}
	return b, s.Execute(ctx, scope, b, &sel, old.OrganizationID.IsZero())
}

// notRun is the output of a command whose batch ended before its turn.
const notRun = "The command was not executed: its batch was stopped.\n"

// turnsAtOnce is how many commands are let go or given up in one transaction.
const turnsAtOnce = 200

// work lets the next commands of a batch run, and says how far it is. It runs
// after every command that ends; never two run for one batch at a time, since
// each holds the batch's row.
func (s *Batches) work(ctx context.Context, id wispwright.ID) error {
	for {
		more := false
		err := s.kit.Do(ctx, "connection.Batches.work", func(ctx context.Context) error {
			_, err := s.stores.Batches.Update(ctx, wispwright.ScopeAll(), id, func(b *Batch) (err error) {
				more, err = s.turn(ctx, b)
				return err
			})
			if err == nil {
				s.Changed.Publish(ctx, id)
			}
			return err
		})
		if errors.Is(err, wispwright.ErrNotFound) {
			return nil
		}
		if err != nil || !more {
			return err
		}
	}
}

// turn does one step; more asks for another.
func (s *Batches) turn(ctx context.Context, b *Batch) (more bool, err error) {
	counts, err := s.stores.Commands.Counts(ctx, b.ID)
	if err != nil {
		return false, err
	}
	if b.StopAfter > 0 && counts.Failed >= b.StopAfter && counts.Waiting > 0 {
		b.Stopped = true
	}
	free := b.Parallel - counts.Running
	if b.Stopped {
		free = turnsAtOnce
	}
	if n := min(free, turnsAtOnce, counts.Waiting); n > 0 {
		if err := s.next(ctx, b, n); err != nil {
			return false, err
		}
		more = n < min(free, counts.Waiting) || b.Stopped && counts.Waiting > n
		if counts, err = s.stores.Commands.Counts(ctx, b.ID); err != nil {
			return false, err
		}
	}
	status := statusOf(counts, len(b.Skipped))
	if status != b.Status {
		b.Status, b.Modified = status, s.kit.Now()
	}
	if status != InProgress {
		b.Secret = ""
	}
	return more, nil
}

// statusOf is what a batch with such commands is (additions C-6).
func statusOf(c CommandCounts, skipped int) CommandStatus {
	switch {
	case c.Waiting+c.Running > 0:
		return InProgress
	case c.Failed+skipped > 0:
		return Failed
	case c.Success > 0:
		return Success
	}
	return BatchIdle
}

// next lets waiting commands run, or gives them up when the batch was stopped.
func (s *Batches) next(ctx context.Context, b *Batch, n int) error {
	waiting := true
	list, err := s.stores.Commands.List(ctx, wispwright.ScopeAll(), CommandFilter{BatchID: b.ID, Status: InProgress, Waiting: &waiting},
		wispwright.Page{Limit: n, NoTotal: true, Order: []wispwright.Order{{Field: "ID"}}})
	if err != nil {
		return err
	}
	now := s.kit.Now()
	var jobs []Job
	for _, c := range list.Rows {
		after, err := s.stores.Commands.Update(ctx, wispwright.ScopeAll(), c.ID, func(c *Command) error {
			switch {
			case c.Status != InProgress || c.Queued != nil:
			case b.Stopped:
				finish(c, Failed, notRun)
			default:
				c.Queued = &now
			}
			c.Modified = now
			return nil
		})
		if err != nil {
			return err
		}
		if after.Status == InProgress {
			jobs = append(jobs, Job{JobCommand, c.ID})
		} else {
			s.commands.Changed.Publish(ctx, changeOf(after))
		}
	}
	return s.jobs.Enqueue(ctx, jobs...)
}
