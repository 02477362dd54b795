package terminal_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/ssh"
	"github.com/wispwright/wispwright/controller/connection/terminal"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
)

// box is a device: it refuses, or opens shells.
type box struct {
	mu      sync.Mutex
	refused error
	shells  []*shell
	closed  int
}

// Dial implements connection.Connector.
func (b *box) Dial(context.Context, connection.Target) (connection.Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refused != nil {
		return nil, b.refused
	}
	return opened{b}, nil
}

func (b *box) last() *shell {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.shells[len(b.shells)-1]
}

// opened is a session of a box.
type opened struct{ b *box }

func (opened) HostKey() string                                                     { return "" }
func (opened) Describe(context.Context) (string, error)                            { return "Linux", nil }
func (opened) Upload(context.Context, string, fs.FileMode, int64, io.Reader) error { return nil }
func (opened) Run(context.Context, string, connection.Output) (int, error)         { return 0, nil }
func (o opened) Close() error {
	o.b.mu.Lock()
	defer o.b.mu.Unlock()
	o.b.closed++
	return nil
}

// Shell implements terminal.Opener.
func (o opened) Shell(_ context.Context, size terminal.Size, out io.Writer) (terminal.Shell, error) {
	o.b.mu.Lock()
	defer o.b.mu.Unlock()
	s := &shell{size: size, out: out, end: make(chan error, 2)}
	o.b.shells = append(o.b.shells, s)
	return s, nil
}

// shell shows what is typed; "exit" ends it.
type shell struct {
	size terminal.Size
	out  io.Writer
	end  chan error
	once sync.Once
}

func (s *shell) Write(p []byte) (int, error) {
	if strings.HasPrefix(string(p), "exit") {
		s.end <- nil
		return len(p), nil
	}
	return s.out.Write(p)
}
func (s *shell) Resize(size terminal.Size) error { s.size = size; return nil }
func (s *shell) Wait() error                     { return <-s.end }
func (s *shell) Close() error                    { s.once.Do(func() { s.end <- nil }); return nil }

// page keeps what is shown.
type page struct {
	mu   sync.Mutex
	text bytes.Buffer
	gone error
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone != nil {
		return 0, p.gone
	}
	return p.text.Write(b)
}

// tenants are organizations that are all there.
type tenants struct{}

func (tenants) Tenant(_ context.Context, id wispwright.ID) (*entity.Tenant, error) {
	return &entity.Tenant{ID: id, Name: "org", IsActive: true}, nil
}

// history keeps the changes.
type history struct{ list []wispwright.Change }

func (h *history) Record(_ context.Context, changes ...wispwright.Change) error {
	h.list = append(h.list, changes...)
	return nil
}

type world struct {
	*terminal.Terminals
	t       *testing.T
	ctl     *controller.Controller
	box     *box
	history history
	org     wispwright.ID
	device  wispwright.ID
	user    wispwright.ID
	ctx     context.Context
	mu      sync.Mutex
	now     time.Time
	stores  terminal.Stores
	base    *entity.Base
	conns   *connection.Connection
	used    *connection.DeviceConnection
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func newWorld(t *testing.T, o *terminal.Options) *world {
	t.Helper()
	w := &world{t: t, box: &box{}, org: wispwright.NewID(), user: wispwright.NewID(), now: time.Now().UTC()}
	w.ctx = wispwright.WithCaller(t.Context(), &wispwright.Caller{ID: w.user, Name: "ann"})
	m := memstore.New()
	var err error
	w.ctl, err = controller.New(m, controller.NewMemory(m), render.New(nil), tenants{}, &controller.Options{Clock: w.clock})
	require.NoError(t, err)
	reached := ssh.Type(&ssh.Connector{})
	reached.Connector = w.box
	registry, err := connection.NewRegistry([]connection.ConnectorType{reached}, connection.DefaultStrategies(), connection.DefaultMapping())
	require.NoError(t, err)
	w.base = &entity.Base{Tx: m, Tenants: entity.NoTenants{}, Clock: w.clock, Recorder: &w.history}
	w.conns, err = connection.New(w.base, connection.NewMemory(m), w.ctl, registry, &connection.Options{PushDelay: -1})
	require.NoError(t, err)
	w.stores = terminal.NewMemory(m)
	w.Terminals, err = terminal.New(w.base, w.stores, w.conns, w.ctl, o)
	require.NoError(t, err)
	w.device = w.newDevice("box", "02:00:00:00:00:01")
	c := &connection.Credentials{Name: "c", OrganizationID: w.org, Connector: connection.ConnectorSSH, Params: `{"username":"root","password":"password","port":22}`}
	require.NoError(t, w.conns.Credentials.Create(t.Context(), c))
	w.used = &connection.DeviceConnection{DeviceID: w.device, CredentialsID: c.ID, Enabled: true}
	require.NoError(t, w.conns.Connections.Create(t.Context(), w.used))
	w.history.list = nil
	return w
}

func (w *world) newDevice(name, mac string) wispwright.ID {
	w.t.Helper()
	d := &controller.Detail{Device: &controller.Device{OrganizationID: w.org, Name: name, MACAddress: mac, ManagementIP: netip.MustParseAddr("10.0.0.1")},
		Config: &controller.Config{Backend: "netjsonconfig.OpenWrt", Config: `{"general":{"timezone":"UTC"}}`}}
	require.NoError(w.t, w.ctl.Devices.Create(w.t.Context(), d))
	return d.Device.ID
}

// asked is a terminal that the user asked for.
func (w *world) asked(change ...func(*terminal.Session)) *terminal.Session {
	w.t.Helper()
	s := &terminal.Session{DeviceID: w.device, Cols: 80, Rows: 24, Address: "192.0.2.7"}
	for _, c := range change {
		c(s)
	}
	require.NoError(w.t, w.Create(w.ctx, wispwright.ScopeOf(w.org), s, ""))
	return s
}

func (w *world) get(id wispwright.ID) *terminal.Session {
	w.t.Helper()
	s, err := w.Get(w.t.Context(), wispwright.ScopeOf(w.org), id)
	require.NoError(w.t, err)
	return s
}

// ended waits for the end of a terminal and returns its reason.
func (w *world) ended(l *terminal.Live) string {
	w.t.Helper()
	select {
	case <-l.Done():
	case <-time.After(time.Minute):
		w.t.Fatal("the terminal did not end")
	}
	return l.Reason()
}

func (w *world) recording(id wispwright.ID) string {
	w.t.Helper()
	var b strings.Builder
	require.NoError(w.t, w.Recording(w.t.Context(), wispwright.ScopeOf(w.org), id, &b))
	return b.String()
}

func TestTheLifeOfATerminal(t *testing.T) {
	w := newWorld(t, nil)
	var told []terminal.State
	w.Changed.Subscribe("test", func(_ context.Context, list ...terminal.Session) {
		for _, s := range list {
			told = append(told, s.State)
		}
	})
	s := w.asked()
	require.Equal(t, []any{terminal.Waiting, w.org, w.user, "ann", "192.0.2.7"}, []any{s.State, s.OrganizationID, s.UserID, s.Actor, s.Address})
	screen := &page{}
	live, err := w.Open(t.Context(), s.ID, w.user, screen)
	require.NoError(t, err)
	now := w.get(s.ID)
	require.Equal(t, []any{terminal.Open, w.used.ID}, []any{now.State, now.ConnectionID})
	require.NotNil(t, now.Started)
	require.ErrorIs(t, w.Delete(w.ctx, wispwright.ScopeAll(), s.ID), wispwright.ErrForbidden, "an open one")
	_, err = live.Write([]byte("hello"))
	require.NoError(t, err)
	require.NoError(t, live.Resize(terminal.Size{Cols: 100, Rows: 30}))
	require.Equal(t, terminal.Size{Cols: 100, Rows: 30}, w.box.last().size)
	require.ErrorContains(t, live.Resize(terminal.Size{Cols: 0, Rows: 30}), "cols")
	require.ErrorContains(t, live.Resize(terminal.Size{Cols: 1, Rows: 501}), "rows")
	_, err = live.Write([]byte("exit"))
	require.NoError(t, err)
	require.Equal(t, "The shell ended.", w.ended(live))
	now = w.get(s.ID)
	require.Equal(t, []any{terminal.Ended, "The shell ended.", 5}, []any{now.State, now.Reason, now.Size})
	require.Equal(t, "hello", screen.text.String())
	text := w.recording(s.ID)
	require.Contains(t, text, `"o","hello"`)
	require.Contains(t, text, `"r","100x30"`)
	require.NotContains(t, text, "exit", "what is typed is not recorded")
	require.Equal(t, []terminal.State{terminal.Waiting, terminal.Open, terminal.Open, terminal.Ended}, told)
	require.Equal(t, 1, w.box.closed)

	_, err = w.Open(t.Context(), s.ID, w.user, screen)
	require.ErrorIs(t, err, wispwright.ErrNotFound, "once")
	require.ErrorIs(t, w.Recording(t.Context(), wispwright.ScopeOf(wispwright.NewID()), s.ID, io.Discard), wispwright.ErrNotFound)
	require.ErrorIs(t, w.Delete(w.ctx, wispwright.ScopeOf(wispwright.NewID()), s.ID), wispwright.ErrNotFound)
	require.NoError(t, w.Delete(w.ctx, wispwright.ScopeOf(w.org), s.ID))
	parts, err := w.stores.Parts.List(t.Context(), wispwright.ScopeAll(), terminal.PartFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Zero(t, parts.Total, "its recording goes with it")
	var actions []string
	for _, c := range w.history.list {
		if c.Kind == "connection.terminal" {
			require.Equal(t, []any{"Terminal on box", s.ID.String(), w.org}, []any{c.Label, c.ObjectID, c.OrganizationID})
			actions = append(actions, c.Action)
		}
	}
	require.Equal(t, []string{"add", "change", "delete"}, actions)
}

func TestTerminalsThatAreRefused(t *testing.T) {
	w := newWorld(t, &terminal.Options{Proof: func(_ context.Context, _, _ wispwright.ID, proof string) error {
		if proof != "123456" {
			return wispwright.Invalid("code", "Give the one-time code.")
		}
		return nil
	}})
	without := w.newDevice("without", "02:00:00:00:00:02")
	off := w.newDevice("off", "02:00:00:00:00:03")
	_, err := w.ctl.Devices.Deactivate(t.Context(), wispwright.ScopeAll(), off)
	require.NoError(t, err)
	org := wispwright.ScopeOf(w.org)
	for name, c := range map[string]struct {
		ctx     context.Context
		scope   wispwright.Scope
		session terminal.Session
		says    string
	}{
		"of another organization": {w.ctx, wispwright.ScopeOf(wispwright.NewID()), terminal.Session{DeviceID: w.device, Cols: 80, Rows: 24}, "device: "},
		"too small":               {w.ctx, org, terminal.Session{DeviceID: w.device, Cols: 80}, "rows: "},
		"too large":               {w.ctx, org, terminal.Session{DeviceID: w.device, Cols: 501, Rows: 24}, "cols: "},
		"deactivated":             {w.ctx, org, terminal.Session{DeviceID: off, Cols: 80, Rows: 24}, "device: Device is deactivated."},
		"without a connection":    {w.ctx, org, terminal.Session{DeviceID: without, Cols: 80, Rows: 24}, "device: Device has no enabled connection"},
		"another connection":      {w.ctx, org, terminal.Session{DeviceID: w.device, ConnectionID: wispwright.NewID(), Cols: 80, Rows: 24}, "connection: "},
		"nobody":                  {t.Context(), org, terminal.Session{DeviceID: w.device, Cols: 80, Rows: 24}, wispwright.ErrUnauthenticated.Error()},
		"without proof":           {w.ctx, org, terminal.Session{DeviceID: w.device, Cols: 80, Rows: 24}, "code: "},
	} {
		require.ErrorContains(t, w.Create(c.ctx, c.scope, &c.session, "wrong"), c.says, name)
	}
	all, err := w.List(t.Context(), wispwright.ScopeAll(), terminal.Filter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Zero(t, all.Total)

	s := &terminal.Session{DeviceID: w.device, ConnectionID: w.used.ID, Cols: 80, Rows: 24, Reason: "of a caller", State: terminal.Open}
	require.NoError(t, w.Create(w.ctx, org, s, "123456"))
	require.Equal(t, []any{terminal.Waiting, ""}, []any{s.State, s.Reason}, "the caller sets nothing else")
	_, err = w.Open(t.Context(), s.ID, wispwright.NewID(), &page{})
	require.ErrorIs(t, err, wispwright.ErrNotFound, "of another user")
	_, err = w.Open(t.Context(), wispwright.NewID(), w.user, &page{})
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	w.later(61 * time.Second)
	_, err = w.Open(t.Context(), s.ID, w.user, &page{})
	require.ErrorIs(t, err, wispwright.ErrNotFound, "too late")
	require.Empty(t, w.box.shells)
}

func TestWhyTerminalsEnd(t *testing.T) {
	w := newWorld(t, &terminal.Options{Tape: 64})
	open := func(ctx context.Context, screen io.Writer) *terminal.Live {
		live, err := w.Open(ctx, w.asked().ID, w.user, screen)
		require.NoError(t, err)
		return live
	}
	live := open(t.Context(), &page{})
	_, err := live.Write(make([]byte, 65))
	require.Error(t, err)
	require.Equal(t, "The recording is full.", w.ended(live))

	live = open(t.Context(), &page{gone: errors.New("closed")})
	_, err = live.Write([]byte("x"))
	require.Error(t, err)
	require.Equal(t, "The page was closed.", w.ended(live))

	live = open(t.Context(), &page{})
	live.Close("Your account was switched off.")
	require.Equal(t, "Your account was switched off.", w.ended(live))

	ctx, stop := context.WithCancel(t.Context())
	live = open(ctx, &page{})
	stop()
	require.Equal(t, "The server was stopped.", w.ended(live))

	live = open(t.Context(), &page{})
	w.box.last().end <- errors.New("the line broke\x00")
	require.Equal(t, "the line broke\x00", w.ended(live))

	s := w.asked()
	live, err = w.Open(t.Context(), s.ID, w.user, &page{})
	require.NoError(t, err)
	_, err = w.End(w.ctx, wispwright.ScopeOf(wispwright.NewID()), s.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	_, err = w.End(w.ctx, wispwright.ScopeOf(w.org), s.ID)
	require.NoError(t, err)
	require.Equal(t, "Somebody ended it.", w.ended(live))

	live = open(t.Context(), &page{})
	require.NoError(t, w.ctl.Devices.Delete(t.Context(), wispwright.ScopeAll(), w.device, true))
	require.Equal(t, "The device was deleted.", w.ended(live))
	all, err := w.List(t.Context(), wispwright.ScopeAll(), terminal.Filter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Zero(t, all.Total, "they go with the device")
}

func TestIdleTerminals(t *testing.T) {
	w := newWorld(t, &terminal.Options{Idle: time.Millisecond})
	live, err := w.Open(t.Context(), w.asked().ID, w.user, &page{})
	require.NoError(t, err)
	require.Equal(t, "Nothing was typed for 1ms.", w.ended(live))
}

// A device that cannot be reached ends the terminal, and why is told and kept.
func TestDevicesThatCannotBeReached(t *testing.T) {
	w := newWorld(t, nil)
	w.box.refused = errors.New("Connection refused " + strings.Repeat("é", 1000))
	for _, fixed := range []bool{false, true} {
		s := w.asked(func(s *terminal.Session) {
			if fixed {
				s.ConnectionID = w.used.ID
			}
		})
		_, err := w.Open(t.Context(), s.ID, w.user, &page{})
		require.ErrorContains(t, err, "Connection refused")
		now := w.get(s.ID)
		require.Equal(t, terminal.Ended, now.State)
		require.Contains(t, now.Reason, "Connection refused")
		require.LessOrEqual(t, len(now.Reason), 1024+len("…"))
	}
}

func TestTerminalsThatNobodyEnds(t *testing.T) {
	w := newWorld(t, nil)
	never, cut, ours := w.asked(), w.asked(), w.asked()
	after, err := w.End(w.ctx, wispwright.ScopeAll(), cut.ID)
	require.NoError(t, err)
	require.Equal(t, []any{terminal.Ended, "Somebody ended it."}, []any{after.State, after.Reason}, "one that is not open ends at once")
	// the node of this one died
	_, err = w.stores.Sessions.Update(t.Context(), wispwright.ScopeAll(), ours.ID, func(s *terminal.Session) error {
		heard := w.clock()
		s.State, s.Heard = terminal.Open, &heard
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, w.Reap(t.Context()))
	require.Equal(t, []any{terminal.Waiting, terminal.Open}, []any{w.get(never.ID).State, w.get(ours.ID).State})
	w.later(3 * time.Minute)
	require.NoError(t, w.Reap(t.Context()))
	require.Equal(t, []any{terminal.Ended, "It was not opened within a minute."}, []any{w.get(never.ID).State, w.get(never.ID).Reason})
	require.Equal(t, []any{terminal.Ended, "The server was stopped."}, []any{w.get(ours.ID).State, w.get(ours.ID).Reason})

	waiting := w.asked()
	for _, c := range []struct {
		age time.Duration
		n   int
	}{{time.Hour, 0}, {time.Minute, 3}, {0, 0}} {
		n, err := w.Clean(t.Context(), c.age)
		require.NoError(t, err)
		require.Equal(t, c.n, n)
	}
	require.Equal(t, terminal.Waiting, w.get(waiting.ID).State, "one that did not end stays")
}

func TestNew(t *testing.T) {
	w := newWorld(t, nil)
	for _, err := range []error{
		second(terminal.New(nil, w.stores, w.conns, w.ctl, nil)), second(terminal.New(&entity.Base{}, w.stores, w.conns, w.ctl, nil)),
		second(terminal.New(w.base, terminal.Stores{Parts: w.stores.Parts}, w.conns, w.ctl, nil)), second(terminal.New(w.base, w.stores, nil, w.ctl, nil)),
		second(terminal.New(w.base, w.stores, w.conns, nil, nil)),
	} {
		require.ErrorContains(t, err, "terminal: ")
	}
	require.True(t, slices.ContainsFunc(w.ctl.Devices.Deleting.Subscribers(), func(name string) bool { return strings.Contains(name, "terminals") }))
	require.Equal(t, "terminal.Terminals.Changed", w.Events()[0].Name)
}

func second[T any](_ T, err error) error { return err }
