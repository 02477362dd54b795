package approval_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/approval"
	"github.com/wispwright/wispwright/controller/approval/approvaltest"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
)

func harness(change func(*approval.Stores)) func(t *testing.T) approvaltest.Storage {
	return func(*testing.T) approvaltest.Storage {
		m := memstore.New()
		s := approval.NewMemory(m)
		if change != nil {
			change(&s)
		}
		return approvaltest.Storage{Tx: m, Stores: s}
	}
}

func TestMemory(t *testing.T) { approvaltest.Run(t, harness(nil)) }

// late prunes a minute too much.
type late struct{ approval.Store }

func (s late) Prune(ctx context.Context, before time.Time) (int, error) {
	return s.Store.Prune(ctx, before.Add(time.Minute))
}

func TestTheSuiteFindsBrokenStorages(t *testing.T) {
	storetest.MustFail(t, map[string]func(*testing.T){
		"late": func(t *testing.T) {
			approvaltest.Run(t, harness(func(s *approval.Stores) { s.Registrations = late{s.Registrations} }))
		},
	})
}

// tenants are organizations that are all there.
type tenants struct{}

func (tenants) Tenant(_ context.Context, id wispwright.ID) (*entity.Tenant, error) {
	return &entity.Tenant{ID: id, Name: "org", IsActive: true}, nil
}

type fixture struct {
	t      *testing.T
	q      *approval.Queue
	crowd  *crowded
	c      *controller.Controller
	agents approval.Agents
	org    wispwright.ID
	secret wispwright.Secret
	waits  []string
	now    time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, org: wispwright.NewID(), now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	m := memstore.New()
	var err error
	f.c, err = controller.New(m, controller.NewMemory(m), render.New(nil), tenants{}, nil)
	require.NoError(t, err)
	stores := approval.NewMemory(m)
	f.crowd = &crowded{Store: stores.Registrations}
	stores.Registrations = f.crowd
	f.q, err = approval.New(&entity.Base{Tx: m, Tenants: entity.NoTenants{}, Clock: func() time.Time { return f.now }}, stores)
	require.NoError(t, err)
	f.q.Attach(f.c.Agents)
	f.agents = f.q.Gate(f.c.Agents)
	f.q.Waits.Subscribe("test", func(_ context.Context, list ...approval.Registration) {
		for _, r := range list {
			f.waits = append(f.waits, r.Name)
		}
	})
	settings, err := f.c.Settings.Get(t.Context(), wispwright.ScopeAll(), f.org)
	require.NoError(t, err)
	f.secret = settings.SharedSecret
	return f
}

func (f *fixture) register(name, mac string) (*controller.Registered, error) {
	os := "OpenWrt"
	return f.agents.Register(f.t.Context(), protocol.Registration{Secret: f.secret.Reveal(), Name: name, MACAddress: mac, Backend: "netjsonconfig.OpenWrt",
		Key: protocol.ConsistentKey(mac, f.secret).Reveal(), OS: &os, Tags: "a b", Peer: netip.MustParseAddr("192.0.2.7")})
}

func (f *fixture) list(state approval.State) []*approval.Registration {
	f.t.Helper()
	found, err := f.q.Registrations.List(f.t.Context(), wispwright.ScopeOf(f.org), approval.Filter{State: state}, wispwright.Page{})
	require.NoError(f.t, err)
	return found.Rows
}

func (f *fixture) devices() int {
	f.t.Helper()
	found, err := f.c.Devices.List(f.t.Context(), wispwright.ScopeOf(f.org), controller.DeviceFilter{}, wispwright.Page{})
	require.NoError(f.t, err)
	return found.Total
}

// A device waits, is noted and told of once, and is let in when somebody approves.
func TestWaits(t *testing.T) {
	f := newFixture(t)
	first, err := f.register("first", "02:00:00:00:00:01")
	require.NoError(t, err, "nobody wants to approve")
	require.True(t, first.IsNew)
	_, err = f.q.Choose(t.Context(), wispwright.ScopeOf(f.org), f.org, true)
	require.NoError(t, err)

	again, err := f.register("first", "02:00:00:00:00:01")
	require.NoError(t, err, "what is known comes back")
	require.False(t, again.IsNew)
	for range 3 {
		_, err = f.register("second", "02:00:00:00:00:0a")
		require.ErrorIs(t, err, protocol.ErrWaiting)
		f.now = f.now.Add(time.Minute)
	}
	require.Equal(t, 1, f.devices())
	require.Equal(t, []string{"second"}, f.waits)
	row := f.list(approval.Waiting)[0]
	require.Equal(t, []string{"02:00:00:00:00:0A", "OpenWrt", "a b", "192.0.2.7", "netjsonconfig.OpenWrt"}, []string{row.MACAddress, row.OS, row.Tags, row.Address.String(), row.Backend})
	require.Equal(t, 2*time.Minute, row.Heard.Sub(row.Created))

	_, err = f.q.Decide(t.Context(), wispwright.ScopeOf(wispwright.NewID()), row.ID, approval.Approved)
	require.ErrorIs(t, err, wispwright.ErrNotFound, "of somebody else")
	ctx := wispwright.WithCaller(t.Context(), &wispwright.Caller{ID: wispwright.NewID(), Name: "ann"})
	row, err = f.q.Decide(ctx, wispwright.ScopeOf(f.org), row.ID, approval.Approved)
	require.NoError(t, err)
	require.Equal(t, "ann", row.Actor)
	in, err := f.register("second", "02:00:00:00:00:0a")
	require.NoError(t, err)
	require.True(t, in.IsNew)
	require.Equal(t, 2, f.devices())
	require.Empty(t, f.list(""), "it waits no more")
	in, err = f.register("second", "02:00:00:00:00:0a")
	require.NoError(t, err)
	require.False(t, in.IsNew)
}

// crowded has more rows of an organization than there are, so that no test stores
// 10,000.
type crowded struct {
	approval.Store
	organization wispwright.ID
	more         int
}

// List implements approval.Store.
func (s *crowded) List(ctx context.Context, scope wispwright.Scope, f approval.Filter, p wispwright.Page) (wispwright.Items[approval.Registration], error) {
	found, err := s.Store.List(ctx, scope, f, p)
	if f.OrganizationID == s.organization && f.MACAddress == "" && p.Limit == 1 {
		found.Total += s.more
	}
	return found, err
}

// A program that knows the secret cannot fill the database: when so many wait in an
// organization, others are told to wait and are not noted; those that are noted go on.
func TestBoundOfTheQueue(t *testing.T) {
	f := newFixture(t)
	_, err := f.q.Choose(t.Context(), wispwright.ScopeOf(f.org), f.org, true)
	require.NoError(t, err)
	wait := func(name, mac string) {
		t.Helper()
		_, err := f.register(name, mac)
		require.ErrorIs(t, err, protocol.ErrWaiting)
	}
	wait("first", "02:00:00:00:00:01")
	f.crowd.organization, f.crowd.more = f.org, approval.Mostly-2
	wait("last", "02:00:00:00:00:02")
	for n := range 3 {
		wait(fmt.Sprintf("beyond-%d", n), fmt.Sprintf("02:00:00:00:01:%02d", n))
	}
	require.Equal(t, []string{"first", "last"}, f.waits, "nobody is told of what is not noted")
	require.Len(t, f.list(""), 2)
	require.Zero(t, f.devices())
	f.now = f.now.Add(time.Hour)
	wait("first", "02:00:00:00:00:01")
	for _, row := range f.list("") {
		require.Equal(t, row.Name == "first", row.Heard.Equal(f.now), "what is noted goes on asking")
	}
	f.crowd.more--
	wait("beyond-0", "02:00:00:00:01:00")
	require.Len(t, f.list(""), 3, "there is room again")
	f.crowd.organization, f.crowd.more = wispwright.NewID(), approval.Mostly
	wait("beyond-1", "02:00:00:00:01:01")
	require.Len(t, f.list(""), 4, "those of another organization take no room")
}

// A refused device is told so, a faulty one is not noted, a wrong secret says nothing,
// and who does not want to approve any more lets them in.
func TestRefused(t *testing.T) {
	f := newFixture(t)
	_, err := f.q.Choose(t.Context(), wispwright.ScopeOf(f.org), f.org, true)
	require.NoError(t, err)
	_, err = f.register("one", "02:00:00:00:00:01")
	require.ErrorIs(t, err, protocol.ErrWaiting)
	_, err = f.q.Decide(t.Context(), wispwright.ScopeOf(f.org), f.list(approval.Waiting)[0].ID, approval.Refused)
	require.NoError(t, err)
	_, err = f.register("one", "02:00:00:00:00:01")
	require.ErrorIs(t, err, protocol.ErrRefused)
	_, err = f.q.Decide(t.Context(), wispwright.ScopeOf(f.org), f.list(approval.Refused)[0].ID, "perhaps")
	var v *wispwright.ValidationError
	require.ErrorAs(t, err, &v)
	_, err = f.register("no name", "02:00:00:00:00:02")
	require.ErrorAs(t, err, &v)
	right := f.secret
	f.secret = "wrong"
	_, err = f.register("two", "02:00:00:00:00:03")
	require.ErrorIs(t, err, protocol.ErrUnrecognizedSecret)
	f.secret = right
	require.Len(t, f.list(""), 1)

	_, err = f.q.Choose(t.Context(), wispwright.ScopeOf(f.org), f.org, false)
	require.NoError(t, err)
	_, err = f.register("one", "02:00:00:00:00:01")
	require.NoError(t, err)
	require.Empty(t, f.list(""))

	_, err = f.q.Choose(t.Context(), wispwright.ScopeOf(f.org), f.org, true)
	require.NoError(t, err)
	_, err = f.register("late", "02:00:00:00:00:05")
	require.ErrorIs(t, err, protocol.ErrWaiting)
	f.now = f.now.Add(31 * 24 * time.Hour)
	n, err := f.q.Prune(t.Context(), 30*24*time.Hour)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Empty(t, f.list(""))
}
