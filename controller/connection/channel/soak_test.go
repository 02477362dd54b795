//go:build linux

package channel_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection/channel"
	"github.com/wispwright/wispwright/controller/protocol"
)

// asHub makes the test binary a node whose memory is measured.
const asHub = "WISPWRIGHT_TEST_AS_CHANNEL_HUB"

const (
	soakChannels = 10_000
	soakMemory   = 400 // MiB
	soakCPU      = 2   // percent of a core
)

func TestMain(m *testing.M) {
	if os.Getenv(asHub) != "" {
		if err := serveHub(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// noStore keeps nothing: the database is another process.
type noStore struct{ channel.Store }

func (noStore) Take(context.Context, *channel.Channel) (*channel.Channel, error) { return nil, nil }
func (noStore) Release(context.Context, wispwright.ID, wispwright.ID) error      { return nil }
func (noStore) ReleaseNode(context.Context, string) error                        { return nil }

// serveHub prints its address, and how many channels it holds for each line it reads.
func serveHub() error {
	h, err := channel.New(channel.Options{Store: noStore{}, PerSecond: 10_000,
		Identify: func(_ context.Context, c protocol.Credentials) (*controller.Identity, error) {
			return &controller.Identity{DeviceID: c.ID}, nil
		}})
	if err != nil {
		return err
	}
	if err := h.Start(context.Background()); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			fmt.Println(h.Count())
		}
		os.Exit(0)
	}()
	fmt.Println(l.Addr())
	return http.Serve(l, h.Devices(func(*http.Request) netip.Addr { return netip.Addr{} }))
}

// Ten thousand devices that say nothing but that they live, every 45 seconds.
func TestSoakIdleChannels(t *testing.T) {
	if os.Getenv("WISPWRIGHT_SOAK") == "" {
		t.Skip("make soak runs it")
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asHub+"=1")
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan())
	base := "http://" + lines.Text()

	ping := []byte{0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}
	open := make([]*websocket.Conn, soakChannels)
	var group sync.WaitGroup
	slots := make(chan struct{}, 32)
	begun := time.Now()
	for i := range open {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			id := wispwright.NewID()
			ws, _, err := websocket.Dial(t.Context(), base+channel.Path+id.String()+"/", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer key"}}})
			if err == nil {
				open[i] = ws
			}
		})
	}
	group.Wait()
	t.Logf("%d channels opened in %s", soakChannels, time.Since(begun).Round(time.Millisecond))
	t.Cleanup(func() {
		for _, ws := range open {
			if ws != nil {
				_ = ws.CloseNow()
			}
		}
	})
	_, err = fmt.Fprintln(in, "count")
	require.NoError(t, err)
	require.True(t, lines.Scan())
	require.Equal(t, strconv.Itoa(soakChannels), lines.Text())

	const watched = 45 * time.Second
	before := ticksOf(t, cmd.Process.Pid)
	begun = time.Now()
	for i, ws := range open { // each once in 45 seconds
		time.Sleep(time.Until(begun.Add(watched * time.Duration(i) / soakChannels)))
		require.NoError(t, ws.Write(t.Context(), websocket.MessageBinary, ping))
	}
	used := float64(ticksOf(t, cmd.Process.Pid)-before) / 100 / time.Since(begun).Seconds() * 100
	resident := residentOf(t, cmd.Process.Pid)
	t.Logf("resident %d MiB, %.1f %% of a core", resident, used)
	require.Less(t, resident, soakMemory)
	require.Less(t, used, float64(soakCPU))
}

// ticksOf is the processor time of a process, in hundredths of a second.
func ticksOf(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(t, err)
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	require.NoError(t, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(t, err)
	return user + system
}

// residentOf is the memory of a process, in MiB.
func residentOf(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	require.NoError(t, err)
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	require.NoError(t, err)
	return pages * os.Getpagesize() >> 20
}
