package topology_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/topology"
)

// daemon runs one of netdiff's scripts, which start real VPN programs in namespaces
// of their own, and returns what the programs print.
func daemon(t *testing.T, dir, script string, args ...string) []byte {
	t.Helper()
	needs(t, "unshare", "ip", "wg", "wireguard-go", "openvpn", "openssl")
	return isolated(t, dir, script, args...)
}

func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil || os.Geteuid() != 0 {
			t.Skipf("%s is not here, or not root: scripts/services start vpn routers", program)
		}
	}
}

// isolated runs a script in namespaces of its own.
func isolated(t *testing.T, dir, script string, args ...string) []byte {
	t.Helper()
	apart := []string{"--net", "--mount", "--pid", "--fork", "--kill-child", "sh"}
	if out, err := exec.CommandContext(t.Context(), "unshare", append(apart, "-ec", "ip link set lo up; mount -t tmpfs tmpfs /run; ip tuntap add dev probe mode tun")...).CombinedOutput(); err != nil { //nolint:gosec // the words are ours
		t.Skipf("no namespaces, mounts or TUN devices here: %v: %s", err, out)
	}
	path, err := filepath.Abs(filepath.Join("..", "netdiff", "testdata", script))
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "unshare", append(append(apart, path), args...)...) //nolint:gosec // the words are ours
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, "%s", &said)
	return out
}

// keys makes an authority, a server and a client, by openssl.
func keys(t *testing.T, dir string) {
	t.Helper()
	script := `set -e
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem
for n in server:server client:roof; do
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=${n#*:}" -keyout "${n%:*}.key" -out one.csr
	openssl x509 -req -in one.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out "${n%:*}.pem"
done`
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestRealVPNServersBecomeTopologies(t *testing.T) {
	t.Run("openvpn", func(t *testing.T) {
		dir := t.TempDir()
		if _, err := exec.LookPath("openssl"); err == nil {
			keys(t, dir)
		}
		b := newBench(t, nil)
		o := b.add(func(o *topology.Topology) { o.Parser = "netdiff.OpenvpnParser" })
		b.receive(o, daemon(t, dir, "openvpn.sh", "1"))
		require.Equal(t, map[string]string{"openvpn-server roof": "up"}, labelled(b, o))
		b.receive(o, nil)
		require.Equal(t, map[string]string{"openvpn-server roof": "down"}, labelled(b, o), "a server without clients")
	})
	t.Run("wireguard", func(t *testing.T) {
		b := newBench(t, nil)
		o := b.add(func(o *topology.Topology) { o.Parser = "netdiff.WireguardParser" })
		b.receive(o, daemon(t, t.TempDir(), "wireguard.sh"))
		require.Len(t, b.nodes(o), 4)
		require.Len(t, b.links(o), 2)
	})
}

// Each router tells what it sees, and what it does not tell any more goes down.
func TestRealRoutersBecomeTopologies(t *testing.T) {
	t.Run("babel", func(t *testing.T) {
		needs(t, "unshare", "ip", "babeld", "curl", "sysctl")
		b := newBench(t, nil)
		o := b.add(func(o *topology.Topology) { o.Parser = "netdiff.BabelParser" })
		b.receive(o, isolated(t, t.TempDir(), "babeld.sh"))
		require.Len(t, b.nodes(o), 3, "the router, its neighbour, and one behind that")
		require.Len(t, b.links(o), 2)
		graphs, err := b.Graphs(t.Context(), o)
		require.NoError(t, err)
		for _, l := range graphs[0].Links {
			require.InDelta(t, 96, l.Cost, 0.1, "what a wired link costs")
			require.Equal(t, topology.Up, l.Status)
		}
		b.receive(o, []byte("BABEL 1.0\nmy-id 01:02:03:04:05:06:07:08\nok\n"))
		for name, status := range labelled(b, o) {
			require.Equal(t, topology.Down, status, "a router without neighbours: %s", name)
		}
	})
	for _, layout := range []string{"json", "json0"} {
		t.Run("lldp "+layout, func(t *testing.T) {
			needs(t, "unshare", "ip", "lldpd", "lldpcli", "hostname")
			b := newBench(t, nil)
			o := b.add(func(o *topology.Topology) { o.Parser = "netdiff.LldpParser" })
			b.receive(o, isolated(t, t.TempDir(), "lldpd.sh", layout))
			require.Equal(t, map[string]string{"a b": "up", "a c": "up"}, labelled(b, o))
		})
	}
}

// labelled are the links by what their nodes are called.
func labelled(b *bench, o *topology.Topology) map[string]string {
	out := map[string]string{}
	graphs, err := b.Graphs(b.t.Context(), o)
	require.NoError(b.t, err)
	ids := map[string]string{}
	for _, n := range graphs[0].Nodes {
		ids[n.ID.String()] = n.Name()
	}
	for _, l := range graphs[0].Links {
		out[ids[l.SourceID.String()]+" "+ids[l.TargetID.String()]] = l.Status
	}
	return out
}
