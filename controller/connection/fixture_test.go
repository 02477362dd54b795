package connection_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/ssh"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

// answer is what a device says to one command line.
type answer struct {
	stdout, stderr string
	exit           int
	err            error
	// wait lets it last until the context ends
	wait bool
}

// device answers commands in order; what is asked beyond is "true".
type device struct {
	mu      sync.Mutex
	refused error
	answers []answer
	lines   []string
	targets []connection.Target
	open    int
	// most is how many sessions were open at once
	most int
}

// Dial implements connection.Connector.
func (d *device) Dial(_ context.Context, t connection.Target) (connection.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.targets = append(d.targets, t)
	if d.refused != nil {
		return nil, d.refused
	}
	d.open++
	d.most = max(d.most, d.open)
	return &session{d: d}, nil
}

type session struct {
	d      *device
	closed bool
}

func (s *session) HostKey() string                          { return "ssh-ed25519 AAAA" }
func (s *session) Describe(context.Context) (string, error) { return "Linux box", nil }
func (s *session) Upload(context.Context, string, fs.FileMode, int64, io.Reader) error {
	return nil
}

func (s *session) Close() error {
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	if !s.closed {
		s.closed = true
		s.d.open--
	}
	return nil
}

func (s *session) Run(ctx context.Context, line string, out connection.Output) (int, error) {
	s.d.mu.Lock()
	s.d.lines = append(s.d.lines, line)
	var a answer
	if len(s.d.answers) > 0 {
		a, s.d.answers = s.d.answers[0], s.d.answers[1:]
	}
	s.d.mu.Unlock()
	_, _ = io.WriteString(out.Stdout, a.stdout)
	_, _ = io.WriteString(out.Stderr, a.stderr)
	if a.wait {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return a.exit, a.err
}

// queue keeps jobs until the test runs them.
type queue struct {
	w    *world
	jobs []connection.Job
}

// Enqueue implements connection.Jobs.
func (q *queue) Enqueue(ctx context.Context, jobs ...connection.Job) error {
	wispwright.AfterCommit(ctx, func() {
		for _, j := range jobs {
			if !slices.Contains(q.jobs, j) {
				q.jobs = append(q.jobs, j)
			}
		}
	})
	return nil
}

// Complete implements connection.Jobs.
func (q *queue) Complete(ctx context.Context, effect func(context.Context) error) error {
	return q.w.tx.InTx(ctx, effect)
}

// world is the concern over memory, with one organization and one device.
type world struct {
	*connection.Connection
	t       *testing.T
	tx      wispwright.Transactor
	ctl     *controller.Controller
	tenants *tenancy.Tenancy
	device  *device
	queue   *queue
	now     time.Time
	acme    wispwright.ID
	box     *controller.Detail
	events  []connection.WorkingChange
	stores  connection.Stores
}

func newWorld(t *testing.T, o *connection.Options) *world {
	t.Helper()
	w := &world{t: t, device: &device{}, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	w.queue = &queue{w: w}
	m, stores := tenancy.NewMemory()
	w.tx = m
	clock := func() time.Time { w.now = w.now.Add(time.Millisecond); return w.now }
	var err error
	w.tenants, err = tenancy.New(m, stores, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}, Clock: clock})
	require.NoError(t, err)
	w.ctl, err = controller.New(m, controller.NewMemory(m), render.New(nil), w.tenants.Organizations, &controller.Options{Clock: clock})
	require.NoError(t, err)
	w.ctl.Attach(w.tenants.Organizations)
	types := ssh.Type(&ssh.Connector{})
	types.Connector = w.device
	registry, err := connection.NewRegistry([]connection.ConnectorType{types}, connection.DefaultStrategies(), connection.DefaultMapping())
	require.NoError(t, err)
	w.stores = connection.NewMemory(m)
	options := connection.Options{Jobs: w.queue, PushDelay: -1, PinHostKeys: true}
	if o != nil {
		options = *o
		options.Jobs = w.queue
	}
	w.Connection, err = connection.New(&entity.Base{Tx: m, Tenants: w.tenants.Organizations, Clock: clock}, w.stores, w.ctl, registry, &options)
	require.NoError(t, err)
	w.Connections.WorkingChanged.Subscribe("test", func(_ context.Context, list ...connection.WorkingChange) { w.events = append(w.events, list...) })
	w.acme = w.organization("acme")
	w.box = w.newDevice("box", w.acme, true)
	return w
}

func (w *world) organization(name string) wispwright.ID {
	w.t.Helper()
	o := &tenancy.Organization{Name: name, Slug: name, IsActive: true}
	require.NoError(w.t, w.tenants.Organizations.Create(context.Background(), o))
	return o.ID
}

func (w *world) newDevice(name string, organization wispwright.ID, configured bool) *controller.Detail {
	w.t.Helper()
	sum := 0
	for _, c := range name {
		sum = sum*7 + int(c)
	}
	d := &controller.Detail{Device: &controller.Device{OrganizationID: organization, Name: name, MACAddress: fmt.Sprintf("02:00:00:00:%02X:%02X", sum>>8&255, sum&255), ManagementIP: netip.MustParseAddr("10.0.0.1")}}
	if configured {
		d.Config = &controller.Config{Backend: "netjsonconfig.OpenWrt", Config: `{"general":{"timezone":"UTC"}}`}
	}
	require.NoError(w.t, w.ctl.Devices.Create(context.Background(), d))
	return d
}

func (w *world) credentials(name string, organization wispwright.ID, auto bool) *connection.Credentials {
	w.t.Helper()
	c := &connection.Credentials{Name: name, OrganizationID: organization, Connector: connection.ConnectorSSH, Params: `{"username":"root","password":"password","port":22}`, AutoAdd: auto}
	require.NoError(w.t, w.Credentials.Create(context.Background(), c))
	return c
}

// connect lets the server into a device.
func (w *world) connect(d *controller.Detail) *connection.DeviceConnection {
	w.t.Helper()
	c := &connection.DeviceConnection{DeviceID: d.Device.ID, CredentialsID: w.credentials("of "+d.Device.Name, d.Device.OrganizationID, false).ID, Enabled: true}
	require.NoError(w.t, w.Connections.Create(context.Background(), c))
	return c
}

// change gives a device another configuration.
func (w *world) change(d *controller.Detail, timezone string) {
	w.t.Helper()
	_, err := w.ctl.Devices.Update(context.Background(), wispwright.ScopeAll(), d.Device.ID, func(d *controller.Detail) error {
		d.Config.Config = wispwright.JSON(`{"files":[{"path":"/etc/zone","mode":"0644","contents":"` + timezone + `"}]}`)
		return nil
	})
	require.NoError(w.t, err)
}

// work runs jobs until none is left.
func (w *world) work() {
	w.t.Helper()
	for len(w.queue.jobs) > 0 {
		job := w.queue.jobs[0]
		w.queue.jobs = w.queue.jobs[1:]
		err := w.Work(context.Background(), job)
		if later := (*connection.LaterError)(nil); errors.As(err, &later) {
			w.now = w.now.Add(later.After)
			w.queue.jobs = append(w.queue.jobs, job)
			continue
		}
		require.NoError(w.t, err)
	}
}

func (w *world) push(d *controller.Detail) *connection.Push {
	w.t.Helper()
	p, err := w.Pushes.Get(context.Background(), d.Device.ID)
	require.NoError(w.t, err)
	return p
}

func (w *world) send(d *controller.Detail, kind string, input wispwright.JSON) *connection.Command {
	w.t.Helper()
	c := &connection.Command{DeviceID: d.Device.ID, Type: kind, Input: input}
	require.NoError(w.t, w.Commands.Create(context.Background(), wispwright.ScopeAll(), c))
	return c
}

func (w *world) command(id wispwright.ID) *connection.Command {
	w.t.Helper()
	c, err := w.Commands.Get(context.Background(), wispwright.ScopeAll(), id)
	require.NoError(w.t, err)
	return c
}
