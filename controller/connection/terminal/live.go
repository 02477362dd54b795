package terminal

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
)

// Live is a terminal that somebody types in. Write and Resize may be called
// side by side.
type Live struct {
	service *Terminals
	session *Session
	reached connection.Session
	shell   Shell
	tape    *tape
	typed   atomic.Int64 // when something was typed last, in ns
	end     context.CancelCauseFunc
	once    sync.Once
	done    chan struct{}
	reason  string
}

// terminalEnd is a cause for which a terminal ends, a sentence for people.
type terminalEnd string

func (e terminalEnd) Error() string { return string(e) }

// Open opens a terminal that the user asked for, once. What it shows is written to
// out, by one goroutine, and recorded. It ends with the context, whose cause is then
// told as the reason. Errors: wispwright.ErrNotFound, also when it was opened before
// or is too old; others are the device's, and are why it ended.
func (s *Terminals) Open(ctx context.Context, id, user wispwright.ID, out io.Writer) (*Live, error) {
	t, err := s.claim(ctx, id, user)
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancelCause(ctx)
	o := &Live{service: s, session: t, end: end, done: make(chan struct{}), tape: newTape(t, s.kit.Now(), s.o.Tape)}
	o.typed.Store(time.Now().UnixNano())
	var used wispwright.ID
	if used, o.reached, err = s.reachFor(ctx, t); err == nil {
		o.shell, err = o.start(ctx, out)
	}
	if err != nil {
		o.finish(context.WithoutCancel(ctx), err.Error())
		return nil, err
	}
	if _, err := s.change(ctx, t.ID, func(o *Session) error { o.ConnectionID = used; return nil }); err != nil {
		s.o.Log.WarnContext(ctx, "the connection of a terminal was not stored", "terminal", t.ID, "error", err)
	}
	go o.follow(ctx)
	return o, nil
}

// claim marks a terminal as opened.
func (s *Terminals) claim(ctx context.Context, id, user wispwright.ID) (*Session, error) {
	now := s.kit.Now()
	return s.change(ctx, id, func(t *Session) error {
		if t.UserID != user || t.State != Waiting || now.Sub(t.Created) > claimWithin {
			return wispwright.ErrNotFound
		}
		t.State, t.Started, t.Heard = Open, &now, &now
		return nil
	})
}

// reachFor opens the connection of a terminal, or the best one of its device.
func (s *Terminals) reachFor(ctx context.Context, t *Session) (used wispwright.ID, session connection.Session, err error) {
	if t.ConnectionID.IsZero() {
		c, session, err := s.connection.Connections.Working(ctx, t.DeviceID)
		if err != nil {
			return used, nil, err
		}
		return c.ID, session, nil
	}
	c, err := s.connection.Connections.Get(ctx, wispwright.ScopeAll(), t.ConnectionID)
	if err != nil {
		return used, nil, err
	}
	session, err = s.connection.Connections.Open(ctx, c)
	return c.ID, session, err
}

// start opens the shell.
func (o *Live) start(ctx context.Context, out io.Writer) (Shell, error) {
	shells, ok := o.reached.(Opener)
	if !ok {
		return nil, errors.New("this connector opens no terminals")
	}
	return shells.Shell(ctx, Size{o.session.Cols, o.session.Rows}, &shown{o.tape, out, o.end})
}

// shown is where a terminal's output goes: onto the tape, then to the page.
type shown struct {
	tape *tape
	out  io.Writer
	end  context.CancelCauseFunc
}

// Write implements io.Writer.
func (w *shown) Write(p []byte) (int, error) {
	if !w.tape.output(p) {
		err := terminalEnd("The recording is full.")
		w.end(err)
		return 0, err
	}
	n, err := w.out.Write(p)
	if err != nil {
		w.end(terminalEnd("The page was closed."))
	}
	return n, err
}

// Write types.
func (o *Live) Write(p []byte) (int, error) {
	o.typed.Store(time.Now().UnixNano())
	return o.shell.Write(p)
}

// Resize changes the size.
func (o *Live) Resize(size Size) error {
	if err := size.check(); err != nil {
		return err
	}
	o.tape.resize(size)
	return o.shell.Resize(size)
}

// Close ends it, with a sentence for people.
func (o *Live) Close(reason string) { o.end(terminalEnd(reason)) }

// Done is closed when the terminal has ended; Reason says why then.
func (o *Live) Done() <-chan struct{} { return o.done }

// Reason is why it ended, for people.
func (o *Live) Reason() string { return o.reason }

// follow stores what is shown and watches for the end.
func (o *Live) follow(ctx context.Context) {
	ended := make(chan error, 1)
	go func() { ended <- o.shell.Wait() }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	heard := time.Now()
	reason := ""
	for reason == "" {
		select {
		case err := <-ended:
			reason = "The shell ended."
			if cause := context.Cause(ctx); cause != nil {
				reason = cause.Error()
			} else if err != nil {
				reason = err.Error()
			}
		case <-ctx.Done():
			reason = context.Cause(ctx).Error()
			if errors.Is(context.Cause(ctx), context.Canceled) {
				reason = terminalLost
			}
		case now := <-tick.C:
			reason = o.look(ctx, now, now.Sub(heard) > heardEvery)
			if now.Sub(heard) > heardEvery {
				heard = now
			}
		}
	}
	o.end(nil)
	o.finish(context.WithoutCancel(ctx), reason)
}

// look stores what was shown, and returns a reason to end it, if there is one.
func (o *Live) look(ctx context.Context, now time.Time, say bool) string {
	if idle := o.service.o.Idle; now.UnixNano()-o.typed.Load() > int64(idle) {
		return "Nothing was typed for " + idle.String() + "."
	}
	if err := o.save(ctx); err != nil && o.tape.waiting() > mostUnsaved {
		return "It cannot be recorded: " + err.Error()
	}
	t, err := o.service.stores.Sessions.Get(ctx, wispwright.ScopeAll(), o.session.ID)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return "The device was deleted."
	case err != nil:
		return "" // the database is away: it is asked again
	case t.Cut:
		return terminalCut
	case say:
		_, err := o.service.stores.Sessions.Update(ctx, wispwright.ScopeAll(), o.session.ID, func(t *Session) error {
			now := o.service.kit.Now()
			t.Heard, t.Size = &now, o.tape.size()
			return nil
		})
		if err != nil {
			o.service.o.Log.WarnContext(ctx, "a terminal's sign of life was not stored", "terminal", o.session.ID, "error", err)
		}
	}
	return ""
}

// mostUnsaved is how much may be shown that could not be stored yet, in bytes.
const mostUnsaved = 256 << 10

// save stores what was shown since.
func (o *Live) save(ctx context.Context) error {
	part, err := o.tape.cut()
	if err != nil || part == nil {
		return err
	}
	err = o.service.kit.Do(ctx, "terminal.Live", func(ctx context.Context) error { return o.service.stores.Parts.Insert(ctx, part) })
	o.tape.stored(err == nil)
	return err
}

// finish ends everything and stores that.
func (o *Live) finish(ctx context.Context, reason string) {
	o.once.Do(func() {
		defer close(o.done)
		o.reason = reason
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		log := o.service.o.Log
		if o.shell != nil {
			if err := o.shell.Close(); err != nil {
				log.DebugContext(ctx, "a terminal was not closed properly", "terminal", o.session.ID, "error", err)
			}
		}
		if o.reached != nil {
			if err := o.reached.Close(); err != nil {
				log.DebugContext(ctx, "a connection was not closed properly", "device", o.session.DeviceID, "error", err)
			}
		}
		err := o.save(ctx)
		_, stored := o.service.change(ctx, o.session.ID, func(t *Session) error {
			t.Size = o.tape.size()
			o.service.over(t, reason)
			return nil
		})
		if stored == nil {
			name := o.service.deviceName(ctx, o.session.DeviceID)
			stored = o.service.record(ctx, o.session, name, "change", wispwright.FieldChange{Field: "Reason", New: cutText(reason)})
		}
		if err := errors.Join(err, stored); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			log.ErrorContext(ctx, "the end of a terminal was not stored", "terminal", o.session.ID, "error", err)
		}
	})
}
