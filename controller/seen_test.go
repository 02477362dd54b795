package controller_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

// TestSeenIsWrittenInBatches: a poll writes nothing, WriteSeen everything since,
// and what a broken database refuses is written later.
func TestSeenIsWrittenInBatches(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	m, accounts := tenancy.NewMemory()
	ten, err := tenancy.New(m, accounts, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}, Models: controller.Models()})
	require.NoError(t, err)
	stores := controller.NewMemory(m)
	flaky := &flakyDevices{DeviceStore: stores.Devices}
	stores.Devices = flaky
	c, err := controller.New(m, stores, render.New(nil), ten.Organizations, &controller.Options{Clock: func() time.Time { return now }})
	require.NoError(t, err)
	c.Attach(ten.Organizations)
	w := &world{Controller: c, tenancy: ten, secret: "s3cr3tS3cr3t"}
	w.org = w.organization(t, "acme", w.secret)
	ctx := context.Background()
	seen := func(id wispwright.ID) *time.Time {
		d, err := w.Devices.Get(ctx, wispwright.ScopeAll(), id)
		require.NoError(t, err)
		return d.Device.LastSeen
	}
	write := func(want int) {
		t.Helper()
		n, err := w.Agents.WriteSeen(ctx)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}

	r, err := w.Agents.Register(ctx, w.registration("00:11:22:AA:BB:CC"))
	require.NoError(t, err)
	id, registered := r.Device.ID, now
	require.Nil(t, seen(id), "it is in memory")
	write(1)
	require.Equal(t, &registered, seen(id))
	write(0)

	credentials := protocol.Credentials{ID: id, Key: r.Device.Key.Reveal(), Peer: r.Device.LastIP}
	now = now.Add(time.Minute)
	wrong := credentials
	wrong.Key = "00000000000000000000000000000000"
	_, err = w.Agents.Checksum(ctx, wrong, "")
	require.ErrorIs(t, err, protocol.ErrWrongKey)
	write(0) // a stranger is no sign of life
	for range 3 {
		_, err = w.Agents.Checksum(ctx, credentials, "")
		require.NoError(t, err)
	}
	heard := now
	flaky.broken = errors.New("the disk is full")
	_, err = w.Agents.WriteSeen(ctx)
	require.ErrorIs(t, err, flaky.broken)
	flaky.broken = nil
	write(1)
	require.Equal(t, &heard, seen(id))
	for _, tt := range []struct {
		after time.Duration
		want  int
	}{{5 * time.Minute, 0}, {7 * time.Minute, 1}} {
		now = heard.Add(tt.after)
		counts, err := w.Devices.Counts(ctx, wispwright.ScopeAll())
		require.NoError(t, err)
		require.Equal(t, tt.want, counts.Silent)
		require.Equal(t, 6*time.Minute, counts.SilentFor)
	}
	_, err = w.Devices.Deactivate(ctx, wispwright.ScopeAll(), id)
	require.NoError(t, err)
	counts, err := w.Devices.Counts(ctx, wispwright.ScopeAll())
	require.NoError(t, err)
	require.Zero(t, counts.Silent, "a device out of service is no worry")
}

type flakyDevices struct {
	controller.DeviceStore
	broken error
}

func (s *flakyDevices) Seen(ctx context.Context, list []controller.Sighting) error {
	if s.broken != nil {
		return s.broken
	}
	return s.DeviceStore.Seen(ctx, list)
}

// TestSeenByManyAtOnce polls while it is written.
func TestSeenByManyAtOnce(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	r, err := w.Agents.Register(ctx, w.registration("00:11:22:AA:BB:CC"))
	require.NoError(t, err)
	credentials := protocol.Credentials{ID: r.Device.ID, Key: r.Device.Key.Reveal(), Peer: r.Device.LastIP}
	ended, cancel := context.WithCancel(ctx)
	var keeping, polling sync.WaitGroup
	keeping.Go(func() { w.Agents.KeepSeen(ended, time.Microsecond) })
	for range 4 {
		polling.Go(func() {
			for range 200 {
				if _, err := w.Agents.Checksum(ctx, credentials, ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
	polling.Wait()
	cancel()
	keeping.Wait()
	_, err = w.Agents.WriteSeen(ctx)
	require.NoError(t, err)
	d, err := w.Devices.Get(ctx, wispwright.ScopeAll(), r.Device.ID)
	require.NoError(t, err)
	require.NotNil(t, d.Device.LastSeen)
}

// TestKeyHintsOfOldDevices: the job makes keys findable that were stored before.
func TestKeyHintsOfOldDevices(t *testing.T) {
	m, accounts := tenancy.NewMemory()
	ten, err := tenancy.New(m, accounts, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}, Models: controller.Models()})
	require.NoError(t, err)
	stores := controller.NewMemory(m)
	c, err := controller.New(m, stores, render.New(nil), ten.Organizations, nil)
	require.NoError(t, err)
	c.Attach(ten.Organizations)
	w := &world{Controller: c, tenancy: ten, secret: "s3cr3tS3cr3t"}
	w.org = w.organization(t, "acme", w.secret)
	ctx := context.Background()
	r, err := w.Agents.Register(ctx, w.registration("00:11:22:AA:BB:CC"))
	require.NoError(t, err)
	found := func() int {
		items, err := w.Devices.List(ctx, wispwright.ScopeAll(), controller.DeviceFilter{Search: r.Device.Key.Reveal()[:10]}, wispwright.Page{})
		require.NoError(t, err)
		return items.Total
	}
	require.Equal(t, 1, found())
	_, err = stores.Devices.Update(ctx, wispwright.ScopeAll(), r.Device.ID, func(d *controller.Device) error { d.KeyHint = ""; return nil })
	require.NoError(t, err)
	require.Zero(t, found())
	require.NoError(t, w.Work(ctx, controller.Job{Kind: controller.JobKeyHints}))
	require.Equal(t, 1, found())
}
