package openwrt_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/firmware/openwrt"
	"github.com/wispwright/wispwright/kit/blob"
)

// watched is what a part of a test took.
type watched struct {
	heap uint64
	cpu  time.Duration
}

// watch runs fn and sees how large the heap becomes at most, beyond what it was, and
// how much of the processor it takes.
func watch(fn func()) (w watched) {
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	done, seen := make(chan struct{}), make(chan uint64)
	go func() {
		most := uint64(0)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			select {
			case <-done:
				seen <- most
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	begun := processor()
	fn()
	w.cpu = processor() - begun
	close(done)
	if most := <-seen; most > before.HeapInuse {
		w.heap = most - before.HeapInuse
	}
	return w
}

func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// crowd is devices of which each takes an image, part by part, and reboots.
type crowd struct {
	now, most atomic.Int64
	mu        sync.Mutex
	boots     map[wispwright.ID]int
	sums      map[string]int
}

func (c *crowd) dial(_ context.Context, id wispwright.ID) (connection.Session, error) {
	return &member{c, id}, nil
}

type member struct {
	*crowd
	id wispwright.ID
}

func (m *member) HostKey() string                          { return "" }
func (m *member) Describe(context.Context) (string, error) { return "", nil }
func (m *member) Close() error                             { return nil }

// Upload takes 32 KiB at a time, as a session does, and a while.
func (m *member) Upload(_ context.Context, _ string, _ fs.FileMode, _ int64, content io.Reader) error {
	n := m.now.Add(1)
	defer m.now.Add(-1)
	for most := m.most.Load(); n > most && !m.most.CompareAndSwap(most, n); most = m.most.Load() {
	}
	sum, buffer := sha256.New(), make([]byte, 32<<10)
	for {
		k, err := content.Read(buffer)
		sum.Write(buffer[:k])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		time.Sleep(100 * time.Microsecond)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sums[hex.EncodeToString(sum.Sum(nil))]++
	return nil
}

func (m *member) Run(_ context.Context, line string, out connection.Output) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	text, exit := "", 0
	switch {
	case line == "uci get openwisp.http.uuid":
		text = m.id.String()
	case line == "cat /proc/sys/kernel/random/boot_id":
		text = fmt.Sprint("boot ", m.boots[m.id])
	case line == "test -f /etc/openwisp/firmware_checksum":
		exit = 1
	case line == "cat /proc/meminfo | grep MemAvailable":
		text = "MemAvailable: 66984 kB"
	case strings.HasPrefix(line, "/sbin/sysupgrade -v "):
		m.boots[m.id]++
		return 0, &connection.LostError{Reason: "gone"}
	}
	_, err := io.WriteString(out.Stdout, text)
	return exit, err
}

// 500 devices are upgraded, 50 at a time, to an image of 8 MiB from a folder (fewer
// and less without WISPWRIGHT_SOAK): what is
// in memory is a part of the image for each that is at work, not the image, and not
// more for more devices.
func TestSoakFiveHundredDevices(t *testing.T) {
	devices, parallel, size := 100, 50, 4<<20
	if os.Getenv("WISPWRIGHT_SOAK") != "" {
		devices, size = 500, 8<<20
	}
	dir, err := blob.NewDir(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, dir.Close()) })
	w := firmwaretest.NewWorld(t, openwrt.Types(&openwrt.Options{Wait: func(context.Context, time.Duration) error { return nil }, Retries: 3}),
		func(o *firmware.Options) { o.Blobs = dir })
	image, err := w.Service.Images.Create(t.Context(), wispwright.ScopeAll(), w.Builds[1].ID,
		firmware.File{Name: "openwrt-ath79-generic-tplink_archer-c7-v2-squashfs-sysupgrade.bin", Body: bytes.NewReader(bytes.Repeat([]byte("0123456789abcdef"), size/16))})
	require.NoError(t, err)
	c := &crowd{boots: map[wispwright.ID]int{}, sums: map[string]int{}}
	w.Fleet.Dial = c.dial
	model := w.Types().Get(image.Type).Boards[0]
	for n := range devices {
		w.Fleet.Add(firmware.Device{ID: wispwright.ID{15: byte(n), 14: byte(n >> 8), 0: 9}, OrganizationID: w.Organization, Name: "router", Model: model}, connection.StrategyOpenWrt)
	}
	batch := &firmware.Batch{BuildID: w.Builds[1].ID, Firmwareless: true, Parallel: parallel}
	require.NoError(t, w.Batches.Launch(t.Context(), wispwright.ScopeAll(), batch))
	took := time.Now()
	used := watch(func() {
		for {
			jobs := w.Queue.Take()
			if len(jobs) == 0 {
				return
			}
			var work sync.WaitGroup
			faults := make(chan error, len(jobs))
			for _, j := range jobs {
				work.Go(func() { faults <- w.Work(t.Context(), j) })
			}
			work.Wait()
			close(faults)
			for err := range faults {
				require.NoError(t, err)
			}
		}
	})
	elapsed := time.Since(took)
	counts, err := w.Batches.Count(t.Context(), batch.ID)
	require.NoError(t, err)
	require.Equal(t, devices, counts[batch.ID].By[firmware.Success])
	require.Equal(t, map[string]int{image.Checksum: devices}, c.sums, "every byte came")
	require.LessOrEqual(t, c.most.Load(), int64(parallel))
	require.Less(t, used.heap, uint64(64<<20), "an image for each device at work would be %d MiB", parallel*size>>20)
	t.Logf("%d devices, %d at a time, %d MiB each: %d MiB of heap at most, %s of the processor in %s (%s a device)",
		devices, c.most.Load(), size>>20, used.heap>>20, used.cpu.Round(time.Millisecond), elapsed.Round(time.Millisecond), (used.cpu / time.Duration(devices)).Round(10*time.Microsecond))
}

// endless is a body of so many bytes, which are nowhere.
type endless struct{ at, size int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.at == e.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), e.size-e.at))
	for i := range p[:n] {
		p[i] = byte((e.at + int64(i)) >> 12)
	}
	e.at += int64(n)
	return n, nil
}

// An image of 1 GB arrives in parts, into a folder: what is in memory of it stays the
// same whatever its size is.
func TestSoakUploadOfAGigabyte(t *testing.T) {
	size := int64(64 << 20)
	if os.Getenv("WISPWRIGHT_SOAK") != "" {
		size = 1 << 30
	}
	dir, err := blob.NewDir(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, dir.Close()) })
	w := firmwaretest.NewWorld(t, nil, func(o *firmware.Options) { o.Blobs, o.MaxSize = dir, -1 })
	u := &firmware.Upload{BuildID: w.Builds[1].ID, Name: "openwrt-ath79-generic-tplink_archer-c7-v2-squashfs-sysupgrade.bin", Size: size}
	var image *firmware.Image
	took := time.Now()
	used := watch(func() {
		require.NoError(t, w.Uploads.Begin(t.Context(), wispwright.ScopeAll(), u))
		for at := int64(0); at < size; at += w.Uploads.MostPart() {
			_, err := w.Uploads.Part(t.Context(), wispwright.ScopeAll(), u.ID, at, &endless{at, min(size, at+w.Uploads.MostPart())})
			require.NoError(t, err)
		}
		var err error
		image, err = w.Uploads.Finish(t.Context(), wispwright.ScopeAll(), u.ID)
		require.NoError(t, err)
	})
	sum := sha256.New()
	_, err = io.Copy(sum, &endless{0, size})
	require.NoError(t, err)
	require.Equal(t, hex.EncodeToString(sum.Sum(nil)), image.Checksum)
	require.Equal(t, size, image.Size)
	require.Less(t, used.heap, uint64(24<<20))
	t.Logf("%d MiB in %s: %d MiB of heap at most, %s of the processor", size>>20, time.Since(took).Round(time.Millisecond), used.heap>>20, used.cpu.Round(time.Millisecond))
}
