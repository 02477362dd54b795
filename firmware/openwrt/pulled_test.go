package openwrt_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	device "github.com/wispwright/wispwright/agent/channel"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/channel"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwarehttp"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/firmware/openwrt"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/memstore"
)

// deaf is a bus of one node.
type deaf struct{}

func (deaf) Notify(context.Context, string, string) error       { return nil }
func (deaf) Listen(context.Context, string, func(string)) error { return nil }

// behindNAT is a device that nothing leads to but the channel of its agent, with the
// controller that it asks for images.
type behindNAT struct {
	box   *firmwaretest.OpenWrt
	world *firmwaretest.World
	id    wispwright.ID
	hub   *channel.Hub
	url   string
	stop  func()
	// gets are the requests for images, faults what is done instead of answering one
	mu     sync.Mutex
	gets   []string
	faults []func(http.ResponseWriter)
}

func newBehindNAT(t *testing.T) *behindNAT {
	d := &behindNAT{box: firmwaretest.NewOpenWrt(t)}
	tickets := firmwarehttp.NewTickets("a secret of the server", time.Now)
	slow := func(ctx context.Context, _ time.Duration) error {
		d.reboot(t)
		return ctx.Err()
	}
	d.world = firmwaretest.NewWorld(t, openwrt.Types(&openwrt.Options{Wait: slow, Retries: 4}), func(o *firmware.Options) { o.Link = tickets.Link })
	d.id = d.world.Device(1)
	require.NoError(t, os.WriteFile(filepath.Join(d.box.Root, "uuid"), []byte(d.id.String()+"\n"), 0o600))
	wire, err := firmwarehttp.New(d.world.Service, d.world.Fleet, nil)
	require.NoError(t, err)
	d.hub, err = channel.New(channel.Options{Store: channel.NewMemory(memstore.New()), Bus: deaf{}, Secret: "shared", Identify: func(_ context.Context, a protocol.Credentials) (*controller.Identity, error) {
		if a.ID != d.id || a.Key != "key" {
			return nil, wispwright.ErrNotFound
		}
		return &controller.Identity{DeviceID: d.id, OrganizationID: d.world.Organization, Name: "router"}, nil
	}})
	require.NoError(t, err)
	pull := wire.Pull(tickets)
	mux := http.NewServeMux()
	mux.Handle(channel.Path, d.hub.Devices(func(*http.Request) netip.Addr { return netip.MustParseAddr("192.0.2.7") }))
	mux.HandleFunc(firmwarehttp.PullPath, func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		d.gets = append(d.gets, r.Header.Get("Range"))
		var fault func(http.ResponseWriter)
		if len(d.faults) > 0 {
			fault, d.faults = d.faults[0], d.faults[1:]
		}
		d.mu.Unlock()
		if fault != nil {
			fault(w)
			return
		}
		pull.ServeHTTP(w, r)
	})
	srv := httptest.NewServer(mux)
	d.url = srv.URL
	ctx, cancel := context.WithCancel(context.Background())
	require.NoError(t, d.hub.Start(ctx))
	t.Cleanup(func() {
		d.stop()
		_ = d.hub.Stop(context.Background())
		cancel()
		srv.Close()
	})
	d.world.Fleet.Dial = func(ctx context.Context, _ wispwright.ID) (connection.Session, error) {
		return d.hub.Dial(ctx, connection.Target{DeviceID: d.id})
	}
	d.boot(t)
	return d
}

// boot starts the agent.
func (d *behindNAT) boot(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	client := &device.Client{
		URL: d.url, ID: d.id.String(), Key: "key", Device: device.Device{
			Path: func(name string) (string, error) { return filepath.Join(d.box.Root, name), nil },
			// a shell between them is what sysupgrade kills
			Command: func(name string, args ...string) *exec.Cmd {
				return exec.Command("/bin/sh", append([]string{"-c", `"$0" "$@"; exit $?`, filepath.Join(d.box.Root, "..", "shell")}, args...)...)
			},
			Describe: func() string { return firmwaretest.Model }, Wake: func() {},
		},
		Sleep: func(ctx context.Context, _ time.Duration) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(10 * time.Millisecond):
				return nil
			}
		},
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		client.Run(ctx)
	}()
	d.stop = func() {
		cancel()
		<-done
	}
	testkit.Eventually(t, "the channel is open", func(ctx context.Context) bool { return d.hub.Reachable(ctx, d.id) })
}

// reboot lets the agent end and begin, if the device was told to boot.
func (d *behindNAT) reboot(t *testing.T) {
	if err := os.Remove(filepath.Join(d.box.Root, "rebooting")); err != nil {
		require.True(t, errors.Is(err, os.ErrNotExist), "%v", err)
		return
	}
	d.stop()
	testkit.Eventually(t, "the channel is closed", func(ctx context.Context) bool { return !d.hub.Reachable(ctx, d.id) })
	d.boot(t)
}

func (d *behindNAT) upgrade(t *testing.T) *firmware.Operation {
	op := d.world.Begin(t, d.id, d.world.Images[0], "{}")
	for range 8 {
		if len(d.world.Queue.Drain(t, d.world.Service)) == 0 {
			break
		}
		d.world.Now = d.world.Now.Add(11 * time.Minute)
		_, err := d.world.Operations.Resume(t.Context(), 0)
		require.NoError(t, err)
	}
	return d.world.Operation(t, op.ID)
}

// cut sends some bytes of the image from a place on, and cuts the line.
func cut(from, to int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "20")
		_, _ = w.Write([]byte(firmwaretest.Content[from:to]))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// A device that only a channel leads to gets the image over HTTPS by itself, goes on
// where it was cut off, and is upgraded: no SSH anywhere.
func TestUpgradeOverTheChannel(t *testing.T) {
	d := newBehindNAT(t)
	d.faults = []func(http.ResponseWriter){cut(0, 9), func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }}
	op := d.upgrade(t)
	require.Equal(t, firmware.Success, op.Status, op.Log)
	require.Contains(t, op.Log, "The device has got the image by itself.")
	require.Equal(t, 1, d.box.Flashes())
	require.Equal(t, firmwaretest.Content, d.box.Flashed())
	require.Equal(t, []string{"", "bytes=9-", "bytes=9-"}, d.gets)
	require.NotContains(t, op.Log, firmwarehttp.PullPath, "a ticket is nobody else's business")
}

// Where the image cannot be got, or is another one, it is sent through the channel.
func TestAnImageThatCannotBeGot(t *testing.T) {
	for name, fault := range map[string]func(http.ResponseWriter){
		"refused":         func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) },
		"another content": func(w http.ResponseWriter) { _, _ = w.Write([]byte(strings.Repeat("x", len(firmwaretest.Content)))) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newBehindNAT(t)
			d.faults = []func(http.ResponseWriter){fault}
			op := d.upgrade(t)
			require.Equal(t, firmware.Success, op.Status, op.Log)
			require.Contains(t, op.Log, "The device could not get the image by itself")
			require.Equal(t, 1, d.box.Flashes())
			require.Equal(t, firmwaretest.Content, d.box.Flashed())
		})
	}
}

// A device refuses an image for another board over the channel too.
func TestAWrongBoardOverTheChannel(t *testing.T) {
	d := newBehindNAT(t)
	require.NoError(t, os.WriteFile(filepath.Join(d.box.Root, "refuses"), []byte("yes\n"), 0o600))
	op := d.upgrade(t)
	require.Equal(t, firmware.Aborted, op.Status, op.Log)
	require.Contains(t, op.Log, "Image check failed")
	require.Zero(t, d.box.Flashes())
}
