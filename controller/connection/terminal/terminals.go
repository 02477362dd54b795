package terminal

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
)

// Terminals is the service of terminals on devices. Each is recorded, and written
// into the history. It implements rest.Service but for changes.
type Terminals struct {
	// Changed tells of terminals that were asked for, opened, ended, or deleted.
	Changed event.Topic[Session]

	o          Options
	kit        *entity.Base
	stores     Stores
	devices    *controller.Devices
	connection *connection.Connection
}

// Stores are where terminals are kept. Both belong to one Transactor, which is also
// the concern's.
type Stores struct {
	// Sessions keeps terminals, Parts their recordings.
	Sessions wispwright.Repo[Session, Filter]
	Parts    wispwright.Repo[Part, PartFilter]
}

// NewMemory returns stores that keep everything in memory, beside the concern's.
func NewMemory(m *memstore.Store) Stores {
	return Stores{
		Sessions: memstore.NewRepo[wispwright.ID, Session, Filter](m, memstore.Spec[Session]{Shape: Session{}.Shape()}),
		Parts:    memstore.NewRepo[wispwright.ID, Part, PartFilter](m, memstore.Spec[Part]{Shape: Part{}.Shape()}),
	}
}

// Options change how terminals work; nil and zero fields mean the defaults.
type Options struct {
	// Proof decides whether a user who wants a terminal on a device of an organization
	// gave the proof that is wanted, a one-time code; a *wispwright.ValidationError says
	// what is missing. Default: none is wanted.
	Proof func(ctx context.Context, organization, user wispwright.ID, proof string) error
	// Idle ends a terminal in which nothing is typed. Default: 15 min.
	Idle time.Duration
	// Tape is how many bytes of a terminal are recorded; it ends when they are full.
	// Default: 16 MiB.
	Tape int
	// Log hears of what cannot be returned to anybody. Default: slog.Default().
	Log *slog.Logger
}

// New makes the service over stores of the base's transactor and over the connections
// of the devices of a controller.
func New(base *entity.Base, stores Stores, c *connection.Connection, ctl *controller.Controller, o *Options) (*Terminals, error) {
	if base == nil || base.Tx == nil || c == nil || ctl == nil {
		return nil, errors.New("terminal: a transactor, the connections and a controller are required")
	}
	if err := store.Complete("terminal", stores); err != nil {
		return nil, err
	}
	s := &Terminals{kit: base, stores: stores, devices: ctl.Devices, connection: c}
	if o != nil {
		s.o = *o
	}
	if s.o.Idle <= 0 {
		s.o.Idle = 15 * time.Minute
	}
	if s.o.Tape <= 0 {
		s.o.Tape = 16 << 20
	}
	if s.o.Log == nil {
		s.o.Log = slog.Default()
	}
	ctl.Devices.Deleting.Subscribe("connection: terminals of deleted devices", func(ctx context.Context, devices ...*controller.Device) error {
		ids := make([]wispwright.ID, len(devices))
		for i, d := range devices {
			ids[i] = d.ID
		}
		return s.forgetDevices(ctx, ids...)
	})
	return s, nil
}

// Events lists the events of terminals.
func (s *Terminals) Events() []event.Listed {
	return []event.Listed{s.Changed.Listed("terminal.Terminals.Changed", "")}
}

// The words for terminals that cannot be.
const (
	noConnection  = "Device has no enabled connection that opens terminals."
	isDeactivated = "Device is deactivated."
	mostReason    = 1024
)

// commanding are the connectors that run commands.
func (s *Terminals) commanding() wispwright.Among[string] {
	var ids []string
	for _, t := range s.connection.Registry.Connectors() {
		if t.Commands {
			ids = append(ids, t.ID)
		}
	}
	return wispwright.Only(ids...)
}

func cutText(text string) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	if len(text) > mostReason {
		text = strings.ToValidUTF8(text[:mostReason], "") + "…"
	}
	return text
}

// Get returns a terminal.
func (s *Terminals) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Session, error) {
	return s.stores.Sessions.Get(ctx, scope, id)
}

// List returns a page of terminals, newest first.
func (s *Terminals) List(ctx context.Context, scope wispwright.Scope, f Filter, p wispwright.Page) (wispwright.Items[Session], error) {
	return s.stores.Sessions.List(ctx, scope, f, p)
}

// mostCells bounds the size of a terminal, in characters of one direction.
const mostCells = 500

func (z Size) check() error {
	e := &wispwright.ValidationError{}
	for name, n := range map[string]int{"cols": z.Cols, "rows": z.Rows} {
		if n < 1 || n > mostCells {
			e.Add(name, "Must be from 1 to 500.")
		}
	}
	return e.Err()
}

// Create validates and stores a wish for a terminal, which the same user must Open
// within a minute. The caller sets DeviceID, Cols, Rows, Address, and ConnectionID
// where it matters. proof is a one-time code, for organizations that want one.
func (s *Terminals) Create(ctx context.Context, scope wispwright.Scope, t *Session, proof string) error {
	d, err := s.devices.Get(ctx, scope, t.DeviceID)
	if err != nil {
		return valid.Reference(err, "device", t.DeviceID)
	}
	if err := (Size{t.Cols, t.Rows}).check(); err != nil {
		return err
	}
	if d.Device.IsDeactivated {
		return wispwright.Invalid("device", isDeactivated)
	}
	yes := true
	all, err := s.connection.Connections.List(ctx, wispwright.ScopeAll(), connection.DeviceConnectionFilter{DeviceID: t.DeviceID, Enabled: &yes, Connectors: s.commanding()}, wispwright.Page{NoTotal: true})
	switch {
	case err != nil:
		return err
	case len(all.Rows) == 0:
		return wispwright.Invalid("device", noConnection)
	case !t.ConnectionID.IsZero() && !hasConnection(all.Rows, t.ConnectionID):
		return wispwright.Invalid("connection", valid.UnknownPK(t.ConnectionID))
	}
	caller := wispwright.CallerFrom(ctx)
	if caller == nil || caller.ID.IsZero() {
		return wispwright.ErrUnauthenticated
	}
	if s.o.Proof != nil {
		if err := s.o.Proof(ctx, d.Device.OrganizationID, caller.ID, proof); err != nil {
			return err
		}
	}
	*t = Session{ID: wispwright.NewID(), DeviceID: t.DeviceID, OrganizationID: d.Device.OrganizationID, ConnectionID: t.ConnectionID,
		UserID: caller.ID, Actor: caller.Name, Address: t.Address, State: Waiting, Cols: t.Cols, Rows: t.Rows, Created: s.kit.Now()}
	return s.kit.Do(ctx, "terminal.Terminals.Create", func(ctx context.Context) error {
		if err := s.stores.Sessions.Insert(ctx, t); err != nil {
			return err
		}
		s.Changed.Publish(ctx, *t)
		return s.record(ctx, t, d.Device.Name, "add", wispwright.FieldChange{Field: "Address", New: t.Address})
	})
}

func hasConnection(list []*connection.DeviceConnection, id wispwright.ID) bool {
	for _, c := range list {
		if c.ID == id {
			return true
		}
	}
	return false
}

// record writes what happened to a terminal into the history.
func (s *Terminals) record(ctx context.Context, t *Session, device, action string, fields ...wispwright.FieldChange) error {
	return s.kit.Record(ctx, wispwright.Change{Kind: "connection.terminal", ObjectID: t.ID.String(), Label: "Terminal on " + device,
		OrganizationID: t.OrganizationID, Action: action, Fields: fields})
}

// change changes a terminal and tells of it.
func (s *Terminals) change(ctx context.Context, id wispwright.ID, change func(*Session) error) (*Session, error) {
	var after *Session
	err := s.kit.Do(ctx, "terminal.Terminals", func(ctx context.Context) (err error) {
		if after, err = s.stores.Sessions.Update(ctx, wispwright.ScopeAll(), id, change); err == nil {
			s.Changed.Publish(ctx, *after)
		}
		return err
	})
	return after, err
}

// The reasons for which terminals end.
const (
	terminalNever = "It was not opened within a minute."
	terminalLost  = "The server was stopped."
	terminalCut   = "Somebody ended it."
)

// End ends a terminal within the scope, within some seconds and on whichever node it
// is.
func (s *Terminals) End(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Session, error) {
	if _, err := s.Get(ctx, scope, id); err != nil {
		return nil, err
	}
	return s.change(ctx, id, func(t *Session) error {
		t.Cut = true
		if t.State == Waiting {
			s.over(t, terminalCut)
		}
		return nil
	})
}

func (s *Terminals) over(t *Session, reason string) {
	now := s.kit.Now()
	t.State, t.Reason, t.Ended = Ended, cutText(reason), &now
}

// Delete removes a terminal within the scope with its recording. One that is open
// cannot be: wispwright.ErrForbidden.
func (s *Terminals) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	t, err := s.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	if t.State == Open {
		return wispwright.ErrForbidden
	}
	return s.kit.Do(ctx, "terminal.Terminals.Delete", func(ctx context.Context) error {
		if err := s.remove(ctx, t); err != nil {
			return err
		}
		return s.record(ctx, t, s.deviceName(ctx, t.DeviceID), "delete")
	})
}

func (s *Terminals) deviceName(ctx context.Context, id wispwright.ID) string {
	if d, err := s.devices.Get(ctx, wispwright.ScopeAll(), id); err == nil {
		return d.Device.Name
	}
	return id.String()
}

func (s *Terminals) remove(ctx context.Context, t *Session) error {
	for {
		parts, err := s.stores.Parts.List(ctx, wispwright.ScopeAll(), PartFilter{TerminalID: t.ID}, wispwright.Page{Limit: 500, NoTotal: true})
		if err != nil {
			return err
		}
		for _, p := range parts.Rows {
			if err := s.stores.Parts.Delete(ctx, wispwright.ScopeAll(), p.ID); err != nil {
				return err
			}
		}
		if len(parts.Rows) < 500 {
			break
		}
	}
	return s.stores.Sessions.Delete(ctx, wispwright.ScopeAll(), t.ID)
}

// Clean deletes terminals that ended and are older than age with their recordings,
// and returns their number.
func (s *Terminals) Clean(ctx context.Context, age time.Duration) (n int, err error) {
	for {
		old, err := s.stores.Sessions.List(ctx, wispwright.ScopeAll(), Filter{State: Ended, CreatedBefore: s.kit.Now().Add(-age)}, wispwright.Page{Limit: 100, NoTotal: true})
		if err != nil || len(old.Rows) == 0 {
			return n, err
		}
		for _, t := range old.Rows {
			if err := s.kit.Do(ctx, "terminal.Terminals.Clean", func(ctx context.Context) error { return s.remove(ctx, t) }); err != nil {
				return n, err
			}
			n++
		}
	}
}

const (
	// claimWithin is how long a wish for a terminal is good.
	claimWithin = time.Minute
	// heardEvery is how often a node says that a terminal is open, silentAfter when it
	// is taken for dead.
	heardEvery  = 10 * time.Second
	silentAfter = 2 * time.Minute
)

// Reap ends terminals that nobody opened, and those whose node died. Call it every
// minute or so on one of the nodes.
func (s *Terminals) Reap(ctx context.Context) error {
	now := s.kit.Now()
	for reason, f := range map[string]Filter{
		terminalNever: {State: Waiting, CreatedBefore: now.Add(-2 * claimWithin)},
		terminalLost:  {State: Open, HeardBefore: now.Add(-silentAfter)},
	} {
		found, err := s.stores.Sessions.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: 1000, NoTotal: true})
		if err != nil {
			return err
		}
		for _, t := range found.Rows {
			_, err := s.change(ctx, t.ID, func(o *Session) error {
				if o.State == f.State {
					s.over(o, reason)
				}
				return nil
			})
			if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
				return err
			}
		}
	}
	return nil
}

// forgetDevices deletes the terminals of devices.
func (s *Terminals) forgetDevices(ctx context.Context, devices ...wispwright.ID) error {
	for {
		found, err := s.stores.Sessions.List(ctx, wispwright.ScopeAll(), Filter{DeviceIDs: wispwright.Only(devices...)}, wispwright.Page{Limit: 200, NoTotal: true})
		if err != nil || len(found.Rows) == 0 {
			return err
		}
		for _, t := range found.Rows {
			if err := s.remove(ctx, t); err != nil {
				return err
			}
		}
	}
}
