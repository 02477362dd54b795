package snmp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/connectiontest"
	"github.com/wispwright/wispwright/controller/connection/snmp"
	"github.com/wispwright/wispwright/internal/box"
	"github.com/wispwright/wispwright/internal/testkit"
)

// agent starts Debian's snmpd and returns its port. A port is tried that was
// free a moment ago; when somebody else took it, snmpd ends and another is tried.
func agent(t *testing.T) uint16 {
	t.Helper()
	program := box.Program(t, "snmpd")
	dir := t.TempDir()
	for range 20 {
		l, err := net.ListenPacket("udp", "127.0.0.1:0")
		require.NoError(t, err)
		port := l.LocalAddr().(*net.UDPAddr).AddrPort().Port()
		require.NoError(t, l.Close())
		config := filepath.Join(dir, "snmpd.conf")
		require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, "agentaddress udp:127.0.0.1:%d\nrocommunity public\nsysName box\nsysContact me\nsysLocation here\n"+
			"createUser anna SHA \"long enough\" AES \"long enough too\"\nrouser anna\n", port), 0o600))
		cmd := exec.Command(program, "-f", "-Lo", "-C", "-c", config, "-I", "-smux")
		cmd.Env = append(os.Environ(), "MIBS=", "SNMP_PERSISTENT_DIR="+filepath.Join(dir, "state"))
		log, err := os.Create(filepath.Join(dir, "log"))
		require.NoError(t, err)
		cmd.Stdout, cmd.Stderr = log, log
		require.NoError(t, cmd.Start())
		require.NoError(t, log.Close())
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		if ready(t, port, ended) {
			t.Cleanup(func() {
				_ = cmd.Process.Kill() // ended, unless it never began
				<-ended
			})
			return port
		}
	}
	t.Fatal("snmpd does not start")
	return 0
}

// ready waits until snmpd answers, or ends.
func ready(t *testing.T, port uint16, ended chan error) bool {
	t.Helper()
	ok := false
	testkit.Eventually(t, "snmpd answers or ends", func(ctx context.Context) bool {
		select {
		case err := <-ended:
			t.Logf("snmpd ended: %v", err)
			return true
		default: // it runs
		}
		asking, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := (&snmp.Connector{Timeout: 200 * time.Millisecond, Retries: -1}).Dial(asking, target(port, `"community":"public","version":"2c"`))
		ok = err == nil
		return ok
	})
	return ok
}

func target(port uint16, params string) connection.Target {
	return connection.Target{Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Params: wispwright.JSON(fmt.Sprintf(`{"agent":"a","port":%d,%s}`, port, params))}
}

// Every version reads a real agent.
func TestARealAgent(t *testing.T) {
	port := agent(t)
	c := &snmp.Connector{Timeout: 10 * time.Second}
	for name, params := range map[string]string{
		"1": `"community":"public"`, "2c": `"community":"public","version":"2c"`,
		"3": `"community":"x","version":"3","username":"anna","auth_protocol":"SHA","auth_password":"long enough","privacy_protocol":"AES","privacy_password":"long enough too"`,
	} {
		t.Run(name, func(t *testing.T) {
			connectiontest.RunConnector(t, connectiontest.Device{Connector: c, Target: target(port, params)})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			s, err := c.Dial(ctx, target(port, params))
			require.NoError(t, err)
			text, err := s.Describe(ctx)
			require.NoError(t, err)
			require.Contains(t, text, "box · Linux")
			raw, err := snmp.Read(ctx, s)
			require.NoError(t, err)
			var d struct {
				Type    string
				General struct {
					Hostname, OS string
					LocalTime    int64 `json:"local_time"`
				}
				Resources struct {
					Load         []float64
					CPUs         int
					Memory, Swap map[string]uint64
				}
				Interfaces []struct {
					Name, Type, MAC string
					Up              bool
					MTU             int
					Statistics      map[string]uint64
					Addresses       []struct {
						Address string
						Mask    int
					}
				}
				Neighbors []struct{ MAC, State, Interface, IP string }
			}
			require.NoError(t, json.Unmarshal([]byte(raw), &d))
			require.Equal(t, "DeviceMonitoring", d.Type)
			require.Equal(t, "box", d.General.Hostname)
			require.Contains(t, d.General.OS, "Linux")
			require.InDelta(t, time.Now().Unix(), d.General.LocalTime, 3600)
			require.Len(t, d.Resources.Load, 3)
			for _, key := range []string{"total", "free", "buffered", "cached"} {
				require.Contains(t, d.Resources.Memory, key)
			}
			require.Greater(t, d.Resources.Memory["total"], uint64(64<<20), "bytes")
			require.Contains(t, d.Resources.Swap, "total")
			names := map[string]bool{}
			for _, i := range d.Interfaces {
				names[i.Name] = true
				if i.Name != "lo" {
					continue
				}
				require.Equal(t, "loopback", i.Type)
				require.True(t, i.Up)
				require.Equal(t, 65536, i.MTU)
				require.Positive(t, i.Statistics["rx_bytes"])
				require.Contains(t, fmt.Sprint(i.Addresses), "{127.0.0.1 8}")
			}
			own, err := net.Interfaces()
			require.NoError(t, err)
			for _, i := range own {
				require.Contains(t, names, i.Name)
			}
			for _, n := range d.Neighbors {
				require.True(t, names[n.Interface], n)
				require.NotEmpty(t, n.State)
				_, err := netip.ParseAddr(n.IP)
				require.NoError(t, err)
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		quick := &snmp.Connector{Timeout: 300 * time.Millisecond, Retries: -1}
		_, err := quick.Dial(t.Context(), target(port, `"community":"wrong"`))
		require.EqualError(t, err, "timed out", "an agent does not answer strangers")
		_, err = c.Dial(t.Context(), target(port, `"community":"x","version":"3","username":"anna","auth_protocol":"SHA","auth_password":"wrong wrong"`))
		require.ErrorContains(t, err, "SNMP:")
	})
	t.Run("of another kind", func(t *testing.T) {
		_, err := snmp.Read(t.Context(), nil)
		require.ErrorContains(t, err, "is no session of SNMP")
	})
	t.Run("AirOS", func(t *testing.T) {
		air := snmp.Types(c)[1].Connector
		s, err := air.Dial(t.Context(), target(port, `"community":"public","version":"2c"`))
		require.NoError(t, err)
		raw, err := snmp.Read(t.Context(), s)
		require.NoError(t, err, "what the device has not is left out")
		require.NotContains(t, string(raw), "neighbors")
		require.Contains(t, string(raw), `"hostname":"box"`)
	})
}

// Hosts that say nothing, or nonsense, end in time.
func TestAgentsThatAreNone(t *testing.T) {
	for name, say := range map[string]string{"nothing": "", "nonsense": "nonsense", "a header that promises more": "\x30\x82\xff\xff"} {
		t.Run(name, func(t *testing.T) {
			l, err := net.ListenPacket("udp", "127.0.0.1:0")
			require.NoError(t, err)
			defer l.Close()
			go func() {
				b := make([]byte, 2048)
				for {
					_, from, err := l.ReadFrom(b)
					if err != nil {
						return
					}
					if say != "" {
						_, _ = l.WriteTo([]byte(strings.Repeat(say, 3)), from)
					}
				}
			}()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err = (&snmp.Connector{Timeout: 200 * time.Millisecond}).Dial(ctx, target(l.LocalAddr().(*net.UDPAddr).AddrPort().Port(), `"community":"public"`))
			require.Error(t, err)
			require.NoError(t, ctx.Err(), "before the context")
		})
	}
	t.Run("lies in a network that is not reached", func(t *testing.T) {
		_, err := (&snmp.Connector{Refuse: netip.Addr.IsLoopback}).Dial(t.Context(), target(161, `"community":"public"`))
		require.ErrorContains(t, err, "the server does not connect to this network")
	})
}
