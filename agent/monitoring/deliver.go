package monitoring

import (
	"context"
	"errors"
	"net/http"
	"syscall"
	"time"

	"github.com/wispwright/wispwright/agent"
)

// Send delivers what waits in the spool until the context ends or the device is
// gone (§6.3).
func (a *Agent) Send(ctx context.Context) error {
	if err := a.untilRegistered(ctx); err != nil {
		return err
	}
	s := delivery{Agent: a}
	for {
		if err := s.round(ctx); err != nil {
			return err
		}
	}
}

// untilRegistered waits for the device's id and key.
func (a *Agent) untilRegistered(ctx context.Context) error {
	waited := false
	for {
		if _, ok := a.credentials(); ok {
			if waited {
				a.d.Log.Info("Setting uuid and key.")
			}
			return nil
		}
		if !waited || a.o.Verbose {
			a.d.Log.Info("Waiting for device to register.")
		}
		waited = true
		if err := a.d.Clock.Sleep(ctx, max(a.o.Interval/10, time.Second)); err != nil {
			return err
		}
	}
}

// delivery is the state of the loop that sends.
type delivery struct {
	*Agent
	// failures are the rounds in a row that ended in one; the pause grows with them
	failures int
	// outage is true from the first such round to the next success
	outage bool
	sent   int
}

// round delivers all that waits, or ends at the first document that cannot be.
func (s *delivery) round(ctx context.Context) error {
	list, err := s.d.Spool.List()
	if err != nil {
		s.d.Log.Err("%v", err)
	}
	if len(list) == 0 {
		s.verbose("No data file found to send.")
		return s.pause(ctx, s.o.Interval)
	}
	for i, sample := range list {
		delivered, err := s.deliver(ctx, sample, i == len(list)-1)
		if err != nil {
			return err
		}
		if !delivered {
			s.failures++
			return s.pause(ctx, s.backoff())
		}
		s.failures = 0
		if s.sent++; s.sent%10 == 0 && i < len(list)-1 {
			// a backlog is not poured over the controller at once
			if err := s.d.Clock.Sleep(ctx, time.Duration(1+s.d.Random(5))*time.Second); err != nil {
				return err
			}
		}
	}
	return nil
}

// backoff doubles with each failed round, from 15 s to the interval.
func (s *delivery) backoff() time.Duration {
	d := 15 * time.Second << min(s.failures-1, 16)
	return min(d, max(s.o.Interval, time.Second))
}

// pause waits, or until somebody wakes the sender.
func (s *delivery) pause(ctx context.Context, d time.Duration) error {
	waiting, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	woken := errors.New("woken")
	go func() {
		select {
		case <-s.wake:
			cancel(woken)
		case <-waiting.Done():
		}
	}()
	err := s.d.Clock.Sleep(waiting, d)
	if err != nil && errors.Is(context.Cause(waiting), woken) && ctx.Err() == nil {
		s.verbose("SIGUSR1 received! Sending data.")
		return nil
	}
	return err
}

// deliver tries one document until it is taken, refused for good, or tried often
// enough (false).
func (s *delivery) deliver(ctx context.Context, sample Sample, current bool) (bool, error) {
	document, err := s.d.Spool.Get(sample)
	if err != nil {
		s.d.Log.Err("Data cannot be read, discarding data: %v", err)
		return true, s.drop(sample)
	}
	for try := 1; ; try++ {
		who, ok := s.credentials()
		if !ok {
			return false, s.untilRegistered(ctx)
		}
		err := s.sender.Send(ctx, who, sample.Time, current, document)
		if err == nil {
			if s.outage || s.o.Verbose {
				s.d.Log.Info("Data sent successfully.")
			}
			s.outage = false
			return true, s.drop(sample)
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		switch code := status(err); code {
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
			s.d.Log.Err("Data not sent successfully (HTTP status %d), discarding data.", code)
			return true, s.drop(sample)
		case http.StatusNotFound:
			if !s.d.ConfigAgentRuns() {
				s.d.Log.Err("Giving up and shutting down: the device may have been deleted from OpenWISP Controller")
				if s.o.Mode == ModeSend {
					_ = s.d.Tree.SignalHolder(collecting, syscall.SIGTERM) // it may have ended itself
				}
				return false, ErrGone
			}
		}
		if try >= s.o.MaxRetries {
			s.tellOfOutage(err)
			return false, nil
		}
		wait := 2 + s.d.Random(14)
		if s.o.Verbose {
			s.d.Log.Warning("Data not sent successfully. Retrying in %d seconds.", wait)
		}
		if err := s.d.Clock.Sleep(ctx, time.Duration(wait)*time.Second); err != nil {
			return false, err
		}
	}
}

// tellOfOutage logs the first of several failures.
func (s *delivery) tellOfOutage(err error) {
	if s.outage {
		return
	}
	s.outage = true
	hint := " Run with verbose mode to find more."
	if s.o.Verbose {
		hint = ""
	}
	var answer *agent.StatusError
	code, message := 0, err.Error()
	if errors.As(err, &answer) {
		code, message = answer.Code, answer.Body
	}
	s.d.Log.Err(`Data not sent successfully. Response code is "%d". Error message is "%s".%s`, code, message, hint)
}

// drop removes a document that is dealt with. One that cannot be removed would be
// sent for ever, which ends the process: its supervisor starts it again.
func (s *delivery) drop(sample Sample) error { return s.d.Spool.Drop(sample) }
