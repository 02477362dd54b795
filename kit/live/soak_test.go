//go:build linux

package live_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/live"
)

// asHub makes the test binary a server whose memory is measured.
const asHub = "WISPWRIGHT_TEST_AS_HUB"

const (
	soakSockets = 10_000
	soakMost    = 300 // MiB
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

// serveHub prints its address, publishes an event for each line it reads, and
// answers with what it counts.
func serveHub() error {
	h, err := live.NewHub(context.Background(), &bus{}, &live.Options{Authenticate: func(r *http.Request) (*wispwright.Caller, error) {
		id, err := wispwright.ParseID(r.URL.Query().Get("as"))
		return &wispwright.Caller{ID: id}, err
	}})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		_ = http.Serve(l, h.Topic(live.Topic{Name: "t", Open: func(context.Context, *http.Request, *wispwright.Caller) (*live.Session, error) { //nolint:gosec // a test
			return &live.Session{Groups: []string{"g"}}, nil
		}}))
	}()
	fmt.Println(l.Addr())
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if in.Text() != "" {
			h.Publish(context.Background(), live.Event{Topic: "t", Group: "g", Payload: in.Text()})
		}
		fmt.Printf("%+v\n", h.Stats())
	}
	return nil
}

// 10,000 sockets of which half never read take less than 300 MiB, and a message
// reaches all that read.
func TestSoakIdleSockets(t *testing.T) {
	if os.Getenv("WISPWRIGHT_SOAK") == "" {
		t.Skip("make soak")
	}
	cmd := exec.Command(os.Args[0], "-test.run=NONE")
	cmd.Env = append(os.Environ(), asHub+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	pipe, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }) // it never ends by itself
	out := bufio.NewReader(pipe)
	line := func() string {
		text, err := out.ReadString('\n')
		require.NoError(t, err)
		return strings.TrimSpace(text)
	}
	address := line()
	conns := make([]net.Conn, soakSockets)
	var work sync.WaitGroup
	next := make(chan int)
	for range 16 {
		work.Go(func() {
			for n := range next {
				c, err := net.Dial("tcp", address)
				if err != nil {
					t.Errorf("socket %d: %v", n, err)
					continue
				}
				conns[n] = c
				fmt.Fprintf(c, "GET /?as=%s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", wispwright.NewID(), address)
				answer, err := http.ReadResponse(bufio.NewReaderSize(onlyHeader{c}, 16), nil) //nolint:bodyclose // it has none
				if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
					t.Errorf("socket %d: %v %v", n, answer, err)
				}
			}
		})
	}
	for n := range soakSockets {
		next <- n
	}
	close(next)
	work.Wait()
	defer func() {
		for _, c := range conns {
			if c != nil {
				_ = c.Close() // the test is over
			}
		}
	}()
	say := func(text string) string {
		_, err := io.WriteString(in, text+"\n")
		require.NoError(t, err)
		return line()
	}
	require.Eventually(t, func() bool { return strings.Contains(say(""), fmt.Sprintf("Clients:%d ", soakSockets)) }, time.Minute, 100*time.Millisecond)
	idle := resident(t, cmd.Process.Pid)
	say("hello")
	begun := time.Now()
	for n := 0; n < soakSockets; n += 2 { // the others never read
		frame := make([]byte, 7)
		require.NoError(t, conns[n].SetReadDeadline(time.Now().Add(time.Minute)))
		_, err := io.ReadFull(conns[n], frame)
		require.NoError(t, err)
		require.Equal(t, "\x81\x05hello", string(frame))
	}
	took := time.Since(begun)
	peak := resident(t, cmd.Process.Pid)
	t.Logf("%d idle sockets: %d MiB; after a message to all: %d MiB; the half that reads had it after %s", soakSockets, idle, peak, took.Round(time.Millisecond))
	require.Less(t, idle, soakMost)
	require.Less(t, peak, soakMost)
}

// onlyHeader reads byte by byte, so that a buffer takes nothing of the frames.
type onlyHeader struct{ net.Conn }

// Read reads one byte.
func (c onlyHeader) Read(b []byte) (int, error) { return c.Conn.Read(b[:1]) }

// resident is a process's memory in MiB.
func resident(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	found := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(text)
	require.NotNil(t, found)
	kib, err := strconv.Atoi(string(found[1]))
	require.NoError(t, err)
	return kib >> 10
}
