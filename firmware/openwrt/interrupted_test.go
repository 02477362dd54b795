package openwrt_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwaresql"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/firmware/openwrt"
	"github.com/wispwright/wispwright/internal/testkit"
)

// box is a device; at its nth command something happens to the server.
type box struct {
	id              wispwright.ID
	boot, flashes   int
	commands, crash int
	// unheard: the command at which it happens does not reach the device
	unheard bool
	// harmless: the command answers nevertheless
	harmless bool
	cancel   context.CancelFunc
	// files are what was uploaded and not removed
	files map[string]bool
}

func (b *box) dial(context.Context, wispwright.ID) (connection.Session, error) { return &boxed{b}, nil }

type boxed struct{ *box }

func (s *boxed) HostKey() string                          { return "" }
func (s *boxed) Describe(context.Context) (string, error) { return "", nil }
func (s *boxed) Close() error                             { return nil }
func (s *boxed) step() bool {
	s.commands++
	if s.commands == s.crash {
		s.cancel()
		return !s.harmless
	}
	return false
}
func (s *boxed) Upload(ctx context.Context, path string, _ fs.FileMode, _ int64, content io.Reader) error {
	if s.step() {
		return ctx.Err()
	}
	if s.files == nil {
		s.files = map[string]bool{}
	}
	s.files[path] = true
	_, err := io.Copy(io.Discard, content)
	return err
}
func (s *boxed) Run(ctx context.Context, line string, out connection.Output) (int, error) {
	crashed := s.step()
	text, exit := "", 0
	switch {
	case line == "uci get openwisp.http.uuid":
		text = s.id.String()
	case line == "cat /proc/sys/kernel/random/boot_id":
		text = fmt.Sprint("boot ", s.boot)
	case line == "test -f /etc/openwisp/firmware_checksum":
		exit = 1
	case line == "cat /proc/meminfo | grep MemAvailable":
		text = "MemAvailable: 66984 kB"
	case crashed && s.unheard:
	case strings.HasPrefix(line, "rm -f "):
		delete(s.files, strings.TrimPrefix(line, "rm -f "))
	case strings.HasPrefix(line, "/sbin/sysupgrade ") && !s.files[line[strings.LastIndexByte(line, ' ')+1:]]:
		text, exit = "Image file not found.", 1
	case len(line) > 20 && line[:20] == "/sbin/sysupgrade -v ":
		s.flashes++
		s.boot++
		clear(s.files) // /tmp is memory
		if !crashed {
			return 0, &connection.LostError{Reason: "gone"}
		}
	}
	if crashed {
		return 0, ctx.Err()
	}
	_, err := io.WriteString(out.Stdout, text)
	return exit, err
}

// A server that dies at any command goes on with the operation when it is back: the
// device is upgraded, and flashed once.
func TestAServerThatDiesFlashesOnce(t *testing.T) {
	for n := 1; n <= 15; n++ {
		b := &box{crash: n}
		w := firmwaretest.NewWorld(t, openwrt.Types(&openwrt.Options{Wait: func(context.Context, time.Duration) error { return nil }, Retries: 3}))
		b.id = w.Device(1)
		w.Fleet.Dial = b.dial
		op := w.Begin(t, b.id, w.Images[0], "{}")
		ctx, cancel := context.WithCancel(t.Context())
		b.cancel = cancel
		w.Queue.Take()
		err := w.Work(ctx, firmware.Job{Kind: firmware.JobUpgrade, ID: op.ID})
		crashedAt := w.Operation(t, op.ID)
		err2 := w.Work(t.Context(), firmware.Job{Kind: firmware.JobUpgrade, ID: op.ID})
		got := w.Operation(t, op.ID)
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, err2)
		require.Equal(t, firmware.InProgress, crashedAt.Status)
		require.Equal(t, 1, b.flashes, "died at command %d", n)
		require.Equal(t, firmware.Success, got.Status, got.Log)
		require.False(t, got.Claimed)
	}
}

// A server that dies before its command reaches the device begins anew, once it is
// certain that nothing was flashed, and the operation can be cancelled again.
func TestAServerThatDiesBeforeItFlashes(t *testing.T) {
	for n := 1; n <= 15; n++ {
		b := &box{crash: n, unheard: true}
		w := firmwaretest.NewWorld(t, openwrt.Types(&openwrt.Options{Wait: func(context.Context, time.Duration) error { return nil }, Retries: 3}))
		b.id = w.Device(1)
		w.Fleet.Dial = b.dial
		op := w.Begin(t, b.id, w.Images[0], "{}")
		ctx, cancel := context.WithCancel(t.Context())
		b.cancel = cancel
		w.Queue.Take()
		job := firmware.Job{Kind: firmware.JobUpgrade, ID: op.ID}
		require.ErrorIs(t, w.Work(ctx, job), context.Canceled)
		flashing := w.Operation(t, op.ID).Flashed && b.flashes == 0
		err := w.Work(t.Context(), job)
		if flashing {
			var later *firmware.LaterError
			require.ErrorAs(t, err, &later, "died at command %d", n)
			waiting := w.Operation(t, op.ID)
			require.False(t, waiting.Flashed)
			require.Contains(t, waiting.Log, "the image was not flashed.")
			w.Now = w.Now.Add(later.After)
			err = w.Work(t.Context(), job)
		}
		require.NoError(t, err)
		got := w.Operation(t, op.ID)
		require.Equal(t, 1, b.flashes, "died at command %d", n)
		require.Equal(t, firmware.Success, got.Status, got.Log)
		require.Equal(t, n == 11, flashing, "died at command %d", n)
	}
}

// Two processes that take an operation for theirs flash its device once.
func TestASupersededAttemptDoesNotFlash(t *testing.T) {
	b := &box{crash: 10} // just before it flashes
	w := firmwaretest.NewWorld(t, openwrt.Types(&openwrt.Options{Wait: func(context.Context, time.Duration) error { return nil }, Retries: 3}))
	b.id = w.Device(1)
	w.Fleet.Dial = b.dial
	op := w.Begin(t, b.id, w.Images[0], "{}")
	job := firmware.Job{Kind: firmware.JobUpgrade, ID: op.ID}
	w.Queue.Take()
	b.cancel = func() { // the other one is faster, and dies when it has flashed
		ctx, cancel := context.WithCancel(t.Context())
		b.commands, b.crash, b.cancel = 0, 11, cancel
		require.ErrorIs(t, w.Work(ctx, job), context.Canceled)
	}
	err := w.Work(t.Context(), job)
	var later *firmware.LaterError
	require.ErrorAs(t, err, &later)
	require.Equal(t, 1, b.flashes)
	require.Equal(t, firmware.InProgress, w.Operation(t, op.ID).Status)
	w.Now = w.Now.Add(later.After)
	require.NoError(t, w.Work(t.Context(), job))
	require.Equal(t, 1, b.flashes)
	require.Equal(t, firmware.Success, w.Operation(t, op.ID).Status)
}

// A process that was taken for dead at any command and is not, while another one does
// its work, finds on its return that it has nothing to say any more: the device is
// flashed once, and the operation is what the other one made of it.
func TestAProcessTakenForDead(t *testing.T) {
	for n := 1; n <= 15; n++ {
		b := &box{crash: n, harmless: true}
		w := firmwaretest.NewWorld(t, openwrt.Types(&openwrt.Options{Wait: func(context.Context, time.Duration) error { return nil }, Retries: 3}))
		b.id = w.Device(1)
		w.Fleet.Dial = b.dial
		op := w.Begin(t, b.id, w.Images[0], "{}")
		job := firmware.Job{Kind: firmware.JobUpgrade, ID: op.ID}
		w.Queue.Take()
		var ended *firmware.Operation
		b.cancel = func() { // the process stops here for a long time, and another one takes over
			b.crash = 0
			for err := w.Work(t.Context(), job); err != nil; err = w.Work(t.Context(), job) {
				var later *firmware.LaterError
				require.ErrorAs(t, err, &later, "stopped at command %d", n)
				w.Now = w.Now.Add(later.After)
			}
			ended = w.Operation(t, op.ID)
		}
		err := w.Work(t.Context(), job) // what the first one does, before and afterwards
		var later *firmware.LaterError
		require.ErrorAs(t, err, &later, "stopped at command %d", n)
		require.Equal(t, 1, b.flashes, "stopped at command %d", n)
		require.NotNil(t, ended)
		require.Equal(t, firmware.Success, ended.Status, ended.Log)
		require.Equal(t, ended, w.Operation(t, op.ID), "stopped at command %d", n)
	}
}

// An image that is deleted at any command ends the operation before it is sent, with
// a line that says so; a device that was flashed keeps what it has, also when the
// server dies meanwhile.
func TestDeletedAtEachCommand(t *testing.T) {
	for n := 1; n <= 15; n++ {
		for _, dies := range []bool{false, true} {
			b := &box{crash: n, harmless: !dies}
			w := firmwaretest.NewWorld(t, openwrt.Types(&openwrt.Options{Wait: func(context.Context, time.Duration) error { return nil }, Retries: 3}))
			b.id = w.Device(1)
			w.Fleet.Dial = b.dial
			op := w.Begin(t, b.id, w.Images[0], "{}")
			ctx, cancel := context.WithCancel(t.Context())
			b.cancel = func() {
				require.NoError(t, w.Service.Images.Delete(context.Background(), wispwright.ScopeAll(), w.Images[0].ID))
				if b.crash = 0; dies {
					cancel()
				}
			}
			job := firmware.Job{Kind: firmware.JobUpgrade, ID: op.ID}
			err := w.Work(ctx, job)
			if dies {
				require.ErrorIs(t, err, context.Canceled)
				err = w.Work(t.Context(), job)
			}
			cancel()
			require.NoError(t, err)
			got := w.Operation(t, op.ID)
			require.True(t, got.ImageID.IsZero())
			require.False(t, got.Claimed)
			if b.flashes == 1 {
				require.Equal(t, firmware.Success, got.Status, "deleted at command %d: %s", n, got.Log)
				continue
			}
			require.Equal(t, firmware.Failed, got.Status, "deleted at command %d: %s", n, got.Log)
			require.Regexp(t, "The (file of the )?image (was deleted|is not there any more)", got.Log)
		}
	}
}

// Somebody who cancels at any command ends the operation before it flashes, and is
// refused afterwards.
func TestCancelledAtEachCommand(t *testing.T) {
	for n := 1; n <= 15; n++ {
		b := &box{crash: n}
		w := firmwaretest.NewWorld(t, openwrt.Types(&openwrt.Options{Wait: func(context.Context, time.Duration) error { return nil }, Retries: 3}))
		b.id = w.Device(1)
		w.Fleet.Dial = b.dial
		op := w.Begin(t, b.id, w.Images[0], "{}")
		var refused error
		b.cancel = func() {
			_, refused = w.Operations.Cancel(context.Background(), wispwright.ScopeAll(), op.ID)
			b.crash = 0
		}
		w.Queue.Drain(t, w.Service)
		got := w.Operation(t, op.ID)
		require.False(t, got.Claimed)
		var conflict *firmware.ConflictError
		require.Equal(t, errors.As(refused, &conflict), b.flashes == 1)
	}
}

// A mass upgrade of 10,000 devices is planned, and its operations are stored.
func TestTenThousandDevicesArePlanned(t *testing.T) {
	db := testkit.SQLite(t)
	require.NoError(t, db.Migrate(t.Context(), firmwaresql.Migrations()))
	stores, err := firmwaresql.New(db)
	require.NoError(t, err)
	w := firmwaretest.NewWorldOver(t, firmwaretest.Storage{Tx: db, Stores: stores}, openwrt.Types(nil))
	for n := range 10000 {
		w.Fleet.Add(firmware.Device{ID: wispwright.NewID(), OrganizationID: w.Organization, Model: firmwaretest.Model, Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)})}}, connection.StrategyOpenWrt)
	}
	start := time.Now()
	p, err := w.Batches.Plan(t.Context(), wispwright.ScopeAll(), &firmware.Batch{BuildID: w.Builds[1].ID})
	require.NoError(t, err)
	require.Len(t, p.Targets, 10000)
	t.Log("planned in", time.Since(start))
	batch := &firmware.Batch{BuildID: w.Builds[1].ID, Firmwareless: true, Parallel: 50}
	require.NoError(t, w.Batches.Launch(t.Context(), wispwright.ScopeAll(), batch))
	start = time.Now()
	w.Queue.Take()
	require.NoError(t, w.Work(t.Context(), firmware.Job{Kind: firmware.JobBatch, ID: batch.ID}))
	t.Log("operations made and 50 let go in", time.Since(start))
	counts, err := w.Batches.Count(t.Context(), batch.ID)
	require.NoError(t, err)
	require.Equal(t, 50, counts[batch.ID].Running())
	require.Equal(t, 9950, counts[batch.ID].Waiting)
}
