package connection

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
)

// digest tells outputs apart without comparing them whole.
func digest(output string) string {
	sum := sha256.Sum256([]byte(output))
	return hex.EncodeToString(sum[:8])
}

// errCancelled ends the run of a command that somebody cancelled, errLimit that
// of one that took longer than all its parts may.
var (
	errCancelled = errors.New("cancelled")
	errLimit     = errors.New("Background task time limit exceeded.") //nolint:staticcheck // shown as it is
)

// interrupted is the output of a command whose node died.
const interrupted = "The server was stopped while the command ran: it is not known whether the device executed it.\n"

// notReached is the output of a command whose node was stopped before it was sent.
const notReached = "The server was stopped before the command was sent to the device.\n"

// work runs a command, once: it is marked as started before anything is sent,
// and one that was started before is not repeated, since nobody knows how far
// it came.
func (s *Commands) work(ctx context.Context, id wispwright.ID) error {
	c, err := s.begin(ctx, id)
	if errors.Is(err, wispwright.ErrNotFound) {
		s.Log.WarnContext(ctx, fmt.Sprintf("launch_command(%q) failed: Command matching query does not exist.", id))
		return nil
	}
	if err != nil || c == nil {
		return err
	}
	outcome := s.execute(ctx, c)
	err = s.jobs.Complete(context.WithoutCancel(ctx), func(ctx context.Context) error { return s.end(ctx, id, outcome) })
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil // it went with its device
	}
	return err
}

// begin marks a command as started; nil says that there is nothing to do.
func (s *Commands) begin(ctx context.Context, id wispwright.ID) (*Command, error) {
	var started bool
	var after *Command
	err := s.kit.Do(ctx, "connection.Commands.begin", func(ctx context.Context) (err error) {
		after, err = s.stores.Commands.Update(ctx, wispwright.ScopeAll(), id, func(c *Command) error {
			started = false
			now := s.kit.Now()
			switch {
			case c.Status != InProgress:
				return nil
			case c.Started != nil:
				finish(c, Failed, c.Output+interrupted)
			default:
				started, c.Started = true, &now
			}
			c.Modified = now
			return nil
		})
		if err != nil || started {
			return err
		}
		s.Changed.Publish(ctx, changeOf(after))
		return s.advance(ctx, after)
	})
	if err != nil || !started {
		return nil, err
	}
	return after, nil
}

// advance lets the batch of a finished command go on.
func (s *Commands) advance(ctx context.Context, c *Command) error {
	if c.BatchID.IsZero() {
		return nil
	}
	return s.jobs.Enqueue(ctx, Job{JobBatch, c.BatchID})
}

// outcome is what a run came to.
type outcome struct {
	status     CommandStatus
	output     string
	connection wispwright.ID
}

// end stores what a run came to.
func (s *Commands) end(ctx context.Context, id wispwright.ID, o outcome) error {
	after, err := s.stores.Commands.Update(ctx, wispwright.ScopeAll(), id, func(c *Command) error {
		if c.Status != InProgress {
			return nil
		}
		finish(c, o.status, o.output)
		c.Modified = s.kit.Now()
		if !o.connection.IsZero() {
			c.ConnectionID = o.connection
		}
		return nil
	})
	var gone *wispwright.MissingError
	if errors.As(err, &gone) && !o.connection.IsZero() { // the connection was deleted meanwhile
		return s.end(ctx, id, outcome{status: o.status, output: o.output})
	}
	if err != nil {
		return err
	}
	s.Changed.Publish(ctx, changeOf(after))
	return s.advance(ctx, after)
}

// execute runs a command that was begun (spec: connection §6.3).
func (s *Commands) execute(ctx context.Context, c *Command) outcome {
	d, err := s.devices.Get(ctx, wispwright.ScopeAll(), c.DeviceID)
	if err != nil {
		return outcome{status: Failed, output: internal(err)}
	}
	if d.Device.IsDeactivated {
		return outcome{status: Failed, output: isDeactivated}
	}
	t := s.Options.Commands.Get(c.Type)
	if t == nil {
		return outcome{status: Failed, output: internal(fmt.Errorf("No such Command, %s", c.Type))} //nolint:staticcheck // the original's words
	}
	input := c.Input
	if t.Hides() {
		input = wispwright.JSON(c.Secret.Reveal())
	}
	in, err := values(input)
	if err != nil {
		return outcome{status: Failed, output: internal(err)}
	}
	line, err := t.Build(in)
	if err != nil {
		return outcome{status: Failed, output: internal(err)}
	}
	used, session, failed := s.reach(ctx, c)
	switch {
	case failed != nil && errors.Is(ctx.Err(), context.Canceled):
		return outcome{status: Failed, output: notReached}
	case failed != nil && ctx.Err() != nil:
		return outcome{status: Failed, output: errLimit.Error() + "\n"}
	case failed != nil:
		return *failed
	}
	run := &run{Commands: s, command: c, kind: t, line: line, session: session, out: newTranscript(s.OutputLimit, t.confidential(input))}
	status, output := run.do(ctx)
	if err := session.Close(); err != nil {
		s.Log.DebugContext(ctx, "a connection was not closed properly", "device", c.DeviceID, "error", err)
	}
	return outcome{status: status, output: output, connection: used}
}

func internal(err error) string { return "Internal system error: " + err.Error() + "\n" }

// reach opens the connection of a command, or the best one of its device.
func (s *Commands) reach(ctx context.Context, c *Command) (used wispwright.ID, session Session, failed *outcome) {
	var err error
	if c.ConnectionID.IsZero() {
		var by *DeviceConnection
		if by, session, err = s.connections.Working(ctx, c.DeviceID); err == nil {
			return by.ID, session, nil
		}
	} else {
		by, got := s.stores.Connections.Get(ctx, wispwright.ScopeAll(), c.ConnectionID)
		if err = got; err == nil && by.DeviceID != c.DeviceID {
			err = wispwright.ErrNotFound
		}
		if err == nil {
			session, err = s.connections.Open(ctx, by)
		}
		if err == nil {
			return by.ID, session, nil
		}
	}
	var none *NoConnectionError
	var inside *InternalError
	switch {
	case errors.As(err, &none):
		o := outcome{status: Failed, output: none.Error()}
		if none.Last != nil {
			o.connection = none.Last.ID
		}
		return used, nil, &o
	case errors.As(err, &inside), errors.Is(err, wispwright.ErrNotFound):
		return used, nil, &outcome{status: Failed, output: internal(err)}
	}
	return used, nil, &outcome{status: Failed, output: err.Error(), connection: c.ConnectionID}
}

// run is a command on its device.
type run struct {
	*Commands
	command *Command
	kind    *CommandType
	line    string
	session Session
	out     *transcript
}

// Progress of a command is stored after firstNews, then less and less often up
// to lateNews, so that long outputs are not written again and again.
const (
	firstNews = 500 * time.Millisecond
	lateNews  = 3 * time.Second
)

// do runs the command and returns its status and output.
func (r *run) do(ctx context.Context) (CommandStatus, string) {
	running, end := context.WithCancelCause(ctx)
	defer end(nil)
	timed, stop := context.WithTimeout(running, r.CommandTimeout)
	defer stop()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		r.watch(timed, end)
	}()
	exit, err := r.session.Run(timed, r.line, r.out.output())
	late := errors.Is(timed.Err(), context.DeadlineExceeded)
	end(err)
	<-watched
	if err == nil {
		return r.exited(exit, r.out.text())
	}
	return r.judge(ctx, errors.Is(context.Cause(running), errCancelled), late, err)
}

// watch stores the output while the command runs, and ends it when somebody
// cancels it.
func (r *run) watch(ctx context.Context, end context.CancelCauseFunc) {
	pause := firstNews
	last := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(pause*5/4, lateNews)
		text, changed := r.out.news()
		if changed {
			last = text
		}
		cancelled, err := r.stores.Commands.Progress(ctx, r.command.ID, last, r.kit.Now())
		switch {
		case errors.Is(err, wispwright.ErrNotFound) || err == nil && cancelled:
			end(errCancelled)
			return
		case err == nil && changed:
			r.Changed.Publish(ctx, changeOf(r.command))
		}
	}
}

// judge makes status and output of a run that did not come to its end.
func (r *run) judge(ctx context.Context, cancelled, late bool, err error) (CommandStatus, string) {
	output := r.out.text()
	var lost *LostError
	switch {
	case cancelled:
		return Failed, ended(output) + "The command was cancelled.\n"
	case errors.Is(ctx.Err(), context.Canceled):
		return Failed, ended(output) + interrupted
	case ctx.Err() != nil:
		return Failed, ended(output) + errLimit.Error() + "\n"
	case late:
		return Failed, ended(output) + fmt.Sprintf("The command took longer than expected: Command timed out after %.1f seconds.\n", r.CommandTimeout.Seconds())
	case errors.As(err, &lost) && r.kind.Ends:
		return Success, ended(output)
	}
	return Failed, ended(output) + r.out.hide(internal(err))
}

// exited is for a command that told its exit status.
func (r *run) exited(exit int, output string) (CommandStatus, string) {
	switch {
	case exit == 0:
		return Success, ended(output)
	case r.kind.Strict:
		for _, text := range []string{r.out.errors(), output} {
			if text = strings.TrimSpace(text); text != "" {
				return Failed, "Internal system error: " + text + "\n"
			}
		}
		return Failed, fmt.Sprintf("Internal system error: Unexpected exit code: %d\n", exit)
	}
	called := r.Options.Commands.Label(r.command.Type)
	if r.command.Type == "custom" {
		called = r.line
	}
	return Failed, ended(output) + fmt.Sprintf("Command %s returned non-zero exit code: %d\n", `"`+called+`"`, exit)
}

// ended is an output with a line break at its end.
func ended(output string) string {
	if output == "" || strings.HasSuffix(output, "\n") {
		return output
	}
	return output + "\n"
}
