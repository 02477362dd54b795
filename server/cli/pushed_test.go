package cli_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/simulate"
)

// fleet are devices that are reached by SSH on one port, each at an address of
// its own on loopback. They count how often they are told to look for their
// configuration.
type fleet struct {
	t    *testing.T
	port int
	// run does what a line says on a device; gone ends all of its connections
	run func(device, line string, c ssh.Channel) (status byte, gone bool)

	mu   sync.Mutex
	told map[string]int
}

// address is that of the nth device.
func address(n int) string { return fmt.Sprintf("127.77.%d.%d", n/250, n%250+1) }

// devices lets n devices listen. A port is tried that is free at the first
// address; when it is not free at another one, the next is tried.
func devices(t *testing.T, n int) *fleet {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	require.NoError(t, err)
	config := &ssh.ServerConfig{PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		if c.User() == "root" && string(password) == "secret" {
			return nil, nil
		}
		return nil, fmt.Errorf("refused")
	}}
	config.AddHostKey(signer)
	for range 20 {
		f := &fleet{t: t, told: map[string]int{}}
		f.run = f.push
		var all []net.Listener
		for i := range n {
			l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", address(i), f.port))
			if err != nil {
				break
			}
			f.port = l.Addr().(*net.TCPAddr).Port
			all = append(all, l)
		}
		if len(all) == n {
			for _, l := range all {
				t.Cleanup(func() { _ = l.Close() }) // the test is over
				go f.listen(l, config)
			}
			return f
		}
		for _, l := range all {
			require.NoError(t, l.Close())
		}
	}
	t.Fatal("no port is free at all addresses")
	return nil
}

func (f *fleet) listen(l net.Listener, config *ssh.ServerConfig) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go f.serve(conn, config)
	}
}

func (f *fleet) serve(raw net.Conn, config *ssh.ServerConfig) {
	defer raw.Close()
	conn, channels, requests, err := ssh.NewServerConn(raw, config)
	if err != nil {
		return // the server was killed
	}
	defer conn.Close()
	go ssh.DiscardRequests(requests)
	device, _, _ := net.SplitHostPort(raw.LocalAddr().String())
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			defer channel.Close()
			for r := range requests {
				if r.Type != "exec" {
					_ = r.Reply(false, nil)
					continue
				}
				_ = r.Reply(true, nil)
				var line struct{ Text string }
				if ssh.Unmarshal(r.Payload, &line) != nil {
					return
				}
				status, gone := f.run(device, line.Text, channel)
				if gone {
					_ = conn.Close() // it reboots
					return
				}
				_, _ = channel.SendRequest("exit-status", false, []byte{0, 0, 0, status})
				return
			}
		}()
	}
}

// push is what devices do that are told to look for their configuration.
func (f *fleet) push(device, line string, c ssh.Channel) (status byte, gone bool) {
	if strings.Contains(line, "kill -USR1") {
		f.mu.Lock()
		f.told[device]++
		f.mu.Unlock()
		return 0, false
	}
	_, _ = c.Write([]byte("openwisp-config 1.1.0\n"))
	return 0, false
}

func (f *fleet) reached() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.told)
}

// The server is killed three times while it tells devices of a changed template.
// In the end every device was told: once, but for those that were being told when
// the server died.
func TestKilledServerTellsEveryDevice(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { pushDrill(t, 120) })
	t.Run("postgresql", func(t *testing.T) { pushDrill(t, 120, "WISPWRIGHT_DATABASE="+testkit.PostgresURL(t)) })
}

// The same with a thousand, timed.
func TestSoakThousandPushes(t *testing.T) {
	if os.Getenv("WISPWRIGHT_SOAK") == "" {
		t.Skip("make soak")
	}
	pushDrill(t, 1000)
}

func pushDrill(t *testing.T, n int, environ ...string) {
	const workers = 16
	f := devices(t, n)
	t.Setenv("WISPWRIGHT_CONNECTION_REFUSED_NETWORKS", "10.0.0.0/8")
	t.Setenv("WISPWRIGHT_CONNECTION_WORKERS", fmt.Sprint(workers))
	t.Setenv("WISPWRIGHT_CONNECTION_SSH_AUTH_TIMEOUT", "1m")
	t.Setenv("WISPWRIGHT_CONNECTION_PUSH_DELAY", "100ms")
	i := install(t, toldFixture, environ...)
	i.start()
	var org struct{ Results []struct{ ID string } }
	i.ask("GET", "/api/v1/users/organization/", "", &org)
	var made struct{ ID string }
	i.ask("POST", "/api/v1/controller/template/", `{"name":"all","organization":"`+org.Results[0].ID+`","backend":"netjsonconfig.OpenWrt","type":"generic","default":true,"config":{"general":{"description":"before"}}}`, &made)
	var credentials struct{ ID string }
	i.ask("POST", "/api/v1/controller/credential/", fmt.Sprintf(`{"name":"root","organization":"%s","connector":"%s","auto_add":true,"params":{"username":"root","password":"secret","port":%d}}`,
		org.Results[0].ID, connection.ConnectorSSH, f.port), &credentials)
	client := simulate.NewClient(i.url, 8, patience)
	for d := range n {
		mac := fmt.Sprintf("02:02:00:00:%02X:%02X", d>>8, d&0xff)
		_, err := client.Register(t.Context(), agent.Registration{Key: agent.ConsistentKey(mac, "s3cr3tS3cr3t"), Secret: "s3cr3tS3cr3t", Name: fmt.Sprintf("drill-%d", d), MACAddress: mac, ManagementIP: address(d)})
		require.NoError(t, err)
	}
	begun := time.Now()
	var out json.RawMessage
	i.ask("PATCH", "/api/v1/controller/template/"+made.ID+"/", `{"config":{"general":{"description":"after"}}}`, &out)
	for round := range 3 {
		if round > 0 {
			i.start()
		}
		testkit.Eventually(t, "some devices are told", func(context.Context) bool { return f.reached() >= (round+1)*n/6 })
		i.kill()
	}
	i.start()
	defer i.kill()
	testkit.Eventually(t, "every device is told", func(context.Context) bool { return f.reached() == n })
	t.Logf("%d devices told within %s, three kills included", n, time.Since(begun).Round(time.Millisecond))

	// what is stored says so too
	testkit.Eventually(t, "every push is stored as made", func(context.Context) bool {
		for d := range n {
			if d%(n/10) != 0 {
				continue // a tenth of them
			}
			var list struct{ Results []struct{ ID string } }
			i.ask("GET", fmt.Sprintf("/api/v1/controller/device/?name=drill-%d&page_size=100", d), "", &list)
			var reach struct {
				Push struct{ State string }
			}
			i.ask("GET", "/api/v1/controller/device/"+list.Results[0].ID+"/reach/", "", &reach)
			if reach.Push.State != "pushed" {
				return false
			}
		}
		return true
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	more := 0
	for device, times := range f.told {
		require.LessOrEqual(t, times, 4, device)
		more += times - 1
	}
	require.LessOrEqual(t, more, 3*workers, "only what ran when the server was killed is told again")
	t.Logf("%d devices were told again", more)
}
