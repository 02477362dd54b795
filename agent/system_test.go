package agent

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

func TestReadMAC(t *testing.T) {
	tree := sandbox(t, map[string]string{
		"/sys/class/net/lo/address": "00:00:00:00:00:00\n", "/sys/class/net/lo/ifindex": "1",
		"/sys/class/net/tap0/address": "02:00:00:00:00:0a\n", "/sys/class/net/tap0/ifindex": "2",
		"/sys/class/net/wan/address": "02:00:00:00:00:0b\n", "/sys/class/net/wan/ifindex": "3",
		"/sys/class/net/eth1/address": "02:00:00:00:00:0c\n", "/sys/class/net/eth1/ifindex": "4",
	})
	d := &Device{Tree: tree}
	require.Equal(t, "02:00:00:00:00:0C", d.ReadMAC("eth1"))
	require.Equal(t, "02:00:00:00:00:0B", d.ReadMAC("eth0"), "the first in the kernel's order")
	require.Equal(t, "02:00:00:00:00:0B", d.ReadMAC("../../x"))
	require.Equal(t, "AA:BB", (&Device{Tree: tree, MAC: "aa:bb"}).ReadMAC("eth1"))
	require.Equal(t, "", (&Device{Tree: sandbox(t, nil)}).ReadMAC("eth0"))
}

func TestReadHostnameAndInfo(t *testing.T) {
	ctx := context.Background()
	d := &Device{Tree: sandbox(t, machine())}
	require.Equal(t, Info{Model: "Oracle Box v1", OS: "OpenWrt 23.05.5 r24106-10cc5fcd00", System: "Oracle CPU ver 1"}, d.ReadInfo(ctx))
	require.Equal(t, "", d.ReadHostname())

	plain := &Device{Tree: sandbox(t, map[string]string{
		"/etc/hostname": "box.example\n", "/etc/os-release": "NAME=Debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n",
		"/sys/class/dmi/id/product_name": "APU2\n", "/proc/cpuinfo": "processor : 0\nmodel name\t: AMD G\nmodel name\t: other\n",
	})}
	require.Equal(t, Info{Model: "APU2", OS: "Debian GNU/Linux 12", System: "AMD G"}, plain.ReadInfo(ctx))
	require.Equal(t, "box.example", plain.ReadHostname())
	plain.Info = Info{Model: "M", OS: "O", System: "S"}
	require.Equal(t, plain.Info, plain.ReadInfo(ctx))

	board := &Device{Tree: sandbox(t, map[string]string{
		"/etc/config/system": "config system\n\toption hostname 'uci-name'\n", "/etc/hostname": "other\n", "/proc/device-tree/model": "Board\x00",
	})}
	require.Equal(t, "uci-name", board.ReadHostname())
	require.Equal(t, "Board", board.ReadInfo(ctx).Model)
	board.Hostname = "given"
	require.Equal(t, "given", board.ReadHostname())
}

func TestManagementAddress(t *testing.T) {
	const network = "config interface 'lan'\n\toption type 'bridge'\n\toption ifname 'eth0'\n\nconfig interface 'wan'\n\toption ifname 'eth1 eth2'\n\n" +
		"config interface 'vpn'\n\toption device 'tun0'\n\nconfig interface 'cell'\n\toption proto 'qmi'\n\nconfig interface 'alias'\n\toption device '@tun0'\n\n" +
		"config interface 'dsl'\n\toption proto 'pppoe'\n\toption device 'eth1.7'\n\nconfig interface 'dsl6'\n\toption proto 'dhcpv6'\n\toption device '@dsl'\n\n" +
		"config interface 'old'\n\toption proto 'pppoe'\n\toption ifname 'eth9'\n\nconfig interface 'loop'\n\toption device '@loop'\n"
	tree := sandbox(t, map[string]string{"/etc/config/network": network})
	known := map[string][]netip.Addr{}
	for iface, list := range map[string][]string{
		"br-lan": {"10.0.0.1"}, "eth1": {"fe80::1", "2001:db8::1", "10.0.0.2"}, "tun0": {"fe80::2", "2001:db8::2"}, "qmi-cell": {"10.0.0.4"}, "eth1.7": {"192.168.1.2"}, "pppoe-dsl": {"fe80::9", "2001:db8::9", "10.0.0.9"}, "eth9": {"10.0.0.99"}, "eth0": {"10.0.0.5"}, "ll": {"fe80::3"},
	} {
		for _, a := range list {
			known[iface] = append(known[iface], netip.MustParseAddr(a))
		}
	}
	for name, want := range map[string]string{
		"lan": "10.0.0.1", "wan": "10.0.0.2", "vpn": "2001:db8::2", "alias": "2001:db8::2", "cell": "10.0.0.4", "dsl": "10.0.0.9", "dsl6": "10.0.0.9", "old": "10.0.0.99", "loop": "", "eth0": "10.0.0.5", "none": "", "ll": "",
	} {
		require.Equal(t, want, managementAddress(tree, name, func(i string) []netip.Addr { return known[i] }), name)
	}
	require.Equal(t, "10.0.0.5", managementAddress(sandbox(t, nil), "eth0", func(i string) []netip.Addr { return known[i] }))
	require.Contains(t, KernelAddresses("lo"), netip.MustParseAddr("127.0.0.1"))
	require.Empty(t, KernelAddresses("does-not-exist"))
}

func TestSnapshot(t *testing.T) {
	tree := sandbox(t, map[string]string{"/etc/config/a": "config x 'y'\n", "/etc/config/b": "config x 'y'\n", "/etc/config/c": "", "/etc/config/bad": "'"})
	before, err := takeSnapshot(tree)
	require.NoError(t, err)
	put(t, tree.dir, "/etc/config/a", "# comment\n\nconfig x y\n") // says the same
	put(t, tree.dir, "/etc/config/b", "config x 'z'\n")
	put(t, tree.dir, "/etc/config/d", "config new\n")
	require.NoError(t, tree.remove("/etc/config/c"))
	now, err := takeSnapshot(tree)
	require.NoError(t, err)
	require.Equal(t, []string{"b", "c", "d"}, before.changed(now))
	require.NoError(t, now.save(tree))
	require.Contains(t, readAll(t, tree, md5File), "  a\n")
}

func TestShow(t *testing.T) {
	p, err := uci.Parse("network", []byte("config interface lan\noption proto 'it'\\''s'\nlist dns 1\nlist dns 2\nconfig route\nconfig route\noption a b\n"))
	require.NoError(t, err)
	require.Equal(t, "network.lan=interface\nnetwork.lan.proto='it'\\''s'\nnetwork.lan.dns='1' '2'\n"+
		"network.@route[0]=route\nnetwork.@route[1]=route\nnetwork.@route[1].a='b'\n", string(show(p)))
}

func TestReloaders(t *testing.T) {
	ctx := context.Background()
	tree := sandbox(t, map[string]string{
		"/bin/ubus":           "#!/bin/sh\necho \"$@\" >> \"$(dirname \"$0\")/../bus\"\n",
		"/bin/fails":          "#!/bin/sh\necho no bus; exit 4\n",
		"/etc/init.d/network": "#!/bin/sh\nservice_triggers()\n",
		"/etc/init.d/old":     "#!/bin/sh\necho \"$1\" >> \"$(dirname \"$0\")/../../bus\"\n",
		"/etc/init.d/broken":  "#!/bin/sh\nexit 1\n",
	})
	p := ProcdReload{Tree: tree, Ubus: tree.dir + "/bin/ubus"}
	for pkg, want := range map[string]string{"network": "procd/ubus", "other": "procd/ubus", "old": "init script"} {
		how, err := p.Reload(ctx, pkg)
		require.NoError(t, err)
		require.Equal(t, want, how)
	}
	bus := readAll(t, tree, "/bus")
	require.Contains(t, bus, `call service event {"data":{"package":"old"},"type":"config.change"}`)
	require.Contains(t, bus, "\nreload\n")
	_, err := p.Reload(ctx, "broken")
	require.Error(t, err)
	_, err = ProcdReload{Tree: tree, Ubus: tree.dir + "/bin/fails"}.Reload(ctx, "network")
	require.ErrorContains(t, err, "no bus")

	how, err := CommandReload{Command: []string{tree.dir + "/bin/ubus", "restart"}}.Reload(ctx, "x;y")
	require.NoError(t, err)
	require.Equal(t, "ubus", how)
	require.Contains(t, readAll(t, tree, "/bus"), "restart x;y\n")
	_, err = CommandReload{Command: []string{"/does/not/exist"}}.Reload(ctx, "x")
	require.Error(t, err)
	how, err = CommandReload{}.Reload(ctx, "x")
	require.NoError(t, err)
	require.Empty(t, how)
	require.Equal(t, ProcdReload{Tree: tree}, chooseReloader("procd", tree))
	require.Equal(t, CommandReload{Command: []string{"a", "b"}}, chooseReloader("a b", tree))
	require.Equal(t, NoReload{}, chooseReloader("none", tree))
}

func TestAHangingScriptIsEnded(t *testing.T) {
	ctx := context.Background()
	tree := sandbox(t, map[string]string{"/hang": "#!/bin/sh\nexec sleep 60\n", "/talk": "#!/bin/sh\nyes | head -c 200000\n"})
	require.ErrorContains(t, runner{tree: tree, timeout: 20 * time.Millisecond}.run(ctx, nil, "/hang"), "ended after")
	out, err := runner{tree: tree}.output(ctx, "/talk")
	require.NoError(t, err)
	require.LessOrEqual(t, len(out), maxAnswer)
	require.Equal(t, -1, exitCode(runner{tree: tree}.run(ctx, nil, "/missing")))
}

// TestAProgramLeftBehindIsNotWaitedFor: scripts start services, which hold what
// the script printed to and go on printing.
func TestAProgramLeftBehindIsNotWaitedFor(t *testing.T) {
	ctx := context.Background()
	service := "#!/bin/sh\n" + `dir=$(dirname "$0")
while [ ! -e "$dir/go" ]; do sleep 0.02; done
trap '' PIPE
heard=no
echo hello && echo hello >&2 && heard=yes
echo $heard >> "$dir/said"
`
	script := "#!/bin/sh\n" + `"$(dirname "$0")"/SERVICE "$0" &
echo id
`
	tree := sandbox(t, map[string]string{"/d/service": service, "/d/script": strings.ReplaceAll(script, "SERVICE", "service"),
		"/etc/init.d/old": strings.ReplaceAll(script, "SERVICE", "../../d/service"), "/bin/ubus": "#!/bin/sh\n"})
	require.NoError(t, runner{tree: tree}.run(ctx, nil, "/d/script"))
	_, err := ProcdReload{Tree: tree, Ubus: tree.dir + "/bin/ubus"}.Reload(ctx, "old")
	require.NoError(t, err)
	_, err = CommandReload{Command: []string{tree.dir + "/d/script"}}.Reload(ctx, "network")
	require.NoError(t, err)
	put(t, tree.dir, "/d/go", "")
	said := func(services int) {
		t.Helper()
		require.Eventually(t, func() bool { return strings.Count(readAll(t, tree, "/d/said"), "\n") == services }, time.Minute, 20*time.Millisecond)
	}
	said(3)
	require.Equal(t, "yes\nyes\nyes\n", readAll(t, tree, "/d/said"), "all of them could print")

	require.NoError(t, os.Remove(tree.dir+"/d/go"))
	out, err := runner{tree: tree}.output(ctx, "/d/script")
	put(t, tree.dir, "/d/go", "")
	require.NoError(t, err, "the script itself ended well")
	require.Equal(t, "id", out)
	said(4) // and is gone when its folder is removed
}

func TestLogSinks(t *testing.T) {
	var b bytes.Buffer
	l := NewLog(newFakeClock(), WriterSink(&b))
	l.Info("one %d", 1)
	l.Mark()
	l.Warning("two\nlines\n")
	l.detail("not reported")
	l.Notice("three")
	require.Equal(t, "Sun Nov 22 07:48:00 2026 daemon.info openwisp: one 1\nSun Nov 22 07:48:00 2026 daemon.warning openwisp: two lines\n"+
		"Sun Nov 22 07:48:00 2026 daemon.info openwisp: not reported\nSun Nov 22 07:48:00 2026 daemon.notice openwisp: three\n", b.String())
	require.Equal(t, "Sun Nov 22 07:48:00 2026 daemon.warning openwisp: two lines\nSun Nov 22 07:48:00 2026 daemon.notice openwisp: three", l.Since())
	NewLog(RealClock{}, nil).Crit("nowhere")
}

func TestRealClock(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	require.NoError(t, RealClock{}.Sleep(ctx, 0))
	require.NoError(t, RealClock{}.Sleep(ctx, time.Microsecond))
	cancel()
	require.ErrorIs(t, RealClock{}.Sleep(ctx, time.Hour), context.Canceled)
	require.ErrorIs(t, RealClock{}.Sleep(ctx, 0), context.Canceled)
}

func TestNewTree(t *testing.T) {
	_, err := NewTree("/does/not/exist")
	require.ErrorContains(t, err, "root")
	_, err = NewTree("/etc/passwd")
	require.ErrorContains(t, err, "not a folder")
	tree, err := NewTree("/")
	require.NoError(t, err)
	require.True(t, tree.Real())
}

func TestMemory(t *testing.T) {
	for text, want := range map[string]int64{
		"MemTotal:       26624 kB\nMemFree: 1 kB\n": 26624 << 10, "": 0, "MemTotal:\n": 0, "MemTotal: x kB\n": 0, "MemTotal: -1 kB\n": 0, "MemFree: 1\n": 0,
	} {
		require.Equal(t, want, sandbox(t, map[string]string{"/proc/meminfo": text}).Memory(), text)
	}
	require.Equal(t, int64(0), sandbox(t, nil).Memory())
	machine, err := NewTree("/")
	require.NoError(t, err)
	require.Positive(t, machine.Memory(), "the real file has no size")
	require.Equal(t, Limits{}, limitsFor(0))
	require.Equal(t, Limits{Bytes: 1 << 20}, limitsFor(8<<20))
	require.Equal(t, Limits{Bytes: 2 << 20}, limitsFor(24<<20))
	require.Equal(t, Limits{Bytes: 32 << 20}, limitsFor(8<<30))

	small := sandbox(t, map[string]string{"/proc/meminfo": "MemTotal: 24576 kB\n", "/etc/huge": strings.Repeat("x", 4<<20+1)})
	_, err = small.ReadFile("/etc/huge")
	require.ErrorContains(t, err, "longer than 4194304 bytes")
	a, err := New(Options{URL: "http://x", SharedSecret: "s"}, Deps{Tree: small})
	require.NoError(t, err)
	require.Equal(t, int64(2<<20), a.client.MaxArchive)
}
