package monitoring

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
)

// box is a machine without OpenWrt.
type box struct {
	recordedRun
	files map[string]string
}

func (b *box) ReadFile(name string) ([]byte, error) {
	if text, ok := b.files[name]; ok {
		return []byte(text), nil
	}
	return nil, nil
}

func (b *box) Links() ([]Link, error) {
	counters := map[string]uint64{"rx_bytes": 1, "tx_bytes": 2, "rx_over_errors": 3}
	return []Link{
		{Name: "lo", Loopback: true, Index: 1},
		{Name: "eth0", Kind: "device", MAC: "02:00:00:00:00:01", Up: true, Multicast: true, MTU: 1500, TxQueueLen: 1000, Index: 2, Master: 5, Statistics: counters},
		{Name: "eth1", Kind: "device", Index: 3, Master: 5},
		{Name: "wlan0", Kind: "device", Up: true, Index: 4, Statistics: counters},
		{Name: "br0", Kind: "bridge", Up: true, Index: 5},
		{Name: "eth0.7", Kind: "vlan", Index: 6},
		{Name: "wg0", Kind: "wireguard", Index: 7},
		{Name: "wwan0", Kind: "device", Index: 8},
		{Name: "mon0", Kind: "device", Index: 9},
		{Name: "odd", Kind: "device", Index: 10},
	}, nil
}

func (b *box) Addresses() ([]KernelAddress, error) {
	return []KernelAddress{
		{"eth0", netip.MustParsePrefix("192.0.2.5/24"), false}, {"eth0", netip.MustParsePrefix("2001:db8::5/64"), true},
		{"wg0", netip.MustParsePrefix("10.0.0.2/32"), true},
	}, nil
}

func (b *box) Gateways() (map[string]string, error) {
	return map[string]string{"eth0": "192.0.2.1"}, nil
}

func TestAnyLinux(t *testing.T) {
	b := &box{files: map[string]string{
		"/proc/uptime": "12345.67 1.0\n", "/proc/loadavg": "1.5 1 0.5 1/2 3\n", "/proc/cpuinfo": "processor : 0\nprocessor : 1\n",
		"/proc/meminfo":                     "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 10 kB\nCached: 20 kB\nShmem: 5 kB\nSwapTotal: 7 kB\nSwapFree: 6 kB\n",
		"/sys/class/net/eth0/device/uevent": "DRIVER=x\n", "/sys/class/net/eth0/speed": "100\n", "/sys/class/net/eth0/duplex": "half\n",
		"/sys/class/net/eth1/device/uevent":   "DRIVER=x\n",
		"/sys/class/net/mon0/phy80211/index":  "0\n",
		"/sys/class/net/br0/bridge/stp_state": "1\n",
		"/etc/resolv.conf":                    "nameserver 192.0.2.53\nsearch a.example b.example\n",
		"/var/lib/misc/dnsmasq.leases":        "1 02:00:00:00:00:50 192.0.2.50 laptop *\n1 x not-an-address a b\nduid 00:01\n-1 m 192.0.2.1 a b\n",
	}}
	b.Files = map[string]string{"mmcli": `{"modem-list":["/org/freedesktop/ModemManager1/Modem/0"],"modem":{"3gpp":{"imei":"865847050000000","operator-name":"--"},"generic":{"state":"connected","ports":["cdc-wdm0 (qmi)","wwan0 (net)"]}}}`}
	now := time.Date(2026, 11, 22, 7, 0, 0, 0, time.FixedZone("", 3600))
	s := Sources{Files: b, Disks: &mounts{files: b, path: func(p string) (string, error) { return p, nil }}, Kernel: b, Radios: radioKernel(t), Run: b.run, Now: func() time.Time { return now },
		Hostname: func() string { return "box" }, LeaseFiles: []string{"/missing", "/var/lib/misc/dnsmasq.leases"}}
	c := NewCollector(s)
	c.Failed = func(source string, err error) { t.Error(source, err) }
	d, err := c.Collect(t.Context(), ParseMonitored("eth0 wlan0"))
	require.NoError(t, err)
	require.Equal(t, General{Hostname: "box", LocalTime: now.Unix() + 3600, Uptime: 12345}, d.General)
	require.Equal(t, map[string]int64{"total": 1000 << 10, "free": 100 << 10, "shared": 5 << 10, "buffered": 10 << 10, "cached": 20 << 10, "available": 130 << 10}, d.Resources.Memory)
	require.Equal(t, 2, d.Resources.CPUs)
	require.Equal(t, []float64{1.5, 1, 0.5}, d.Resources.Load)
	require.Equal(t, []string{"192.0.2.53"}, d.DNSServers)
	require.Equal(t, []string{"a.example", "b.example"}, d.DNSSearch)
	require.Equal(t, []Lease{{1, "02:00:00:00:00:50", "192.0.2.50", "laptop", "*"}}, d.Leases)
	types, by := map[string]string{}, map[string]Interface{}
	for _, i := range d.Interfaces {
		types[i.Name], by[i.Name] = i.Type, i
	}
	require.Equal(t, map[string]string{"eth0": "ethernet", "eth1": "ethernet", "wlan0": "wireless", "br0": "bridge", "eth0.7": "vlan", "wg0": "virtual",
		"wwan0": "modem-manager", "mon0": "wireless", "odd": "other"}, types)
	eth0 := by["eth0"]
	require.Equal(t, "100H", eth0.Speed)
	require.Equal(t, []Address{{"192.0.2.5", 24, "dhcp", "ipv4", "192.0.2.1"}, {"2001:db8::5", 64, "static", "ipv6", ""}}, eth0.Addresses)
	require.Equal(t, uint64(1), eth0.Statistics["rx_bytes"])
	require.Equal(t, map[string]uint64{"rx_bytes": 2, "tx_bytes": 1, "tx_over_errors": 3}, by["wlan0"].Statistics)
	require.Nil(t, by["br0"].Statistics)
	require.Equal(t, []string{"eth0"}, by["br0"].BridgeMembers, "only what is up")
	require.True(t, *by["br0"].STP)
	require.Equal(t, "wireguard", by["wg0"].Addresses[0].Proto)
	require.Equal(t, &Mobile{IMEI: "865847050000000", ConnectionStatus: "connected"}, by["wwan0"].Mobile)
}

// TestThisMachine reads the real kernel and its real files.
func TestThisMachine(t *testing.T) {
	tree, err := agent.NewTree(t.TempDir())
	require.NoError(t, err)
	s := OnThisMachine(tree)
	d, err := NewCollector(s).Collect(t.Context(), ParseMonitored("*"))
	require.NoError(t, err)
	require.Len(t, d.Resources.Load, 3)
	require.Positive(t, d.Resources.Memory["total"])
	require.Positive(t, d.General.Uptime)
	for _, i := range d.Interfaces {
		require.NotEqual(t, "lo", i.Name)
		require.Len(t, i.Statistics, 23)
	}
	list, err := netlinkKernel{}.Addresses()
	if err == nil { // a jail may not ask its kernel
		require.Contains(t, list, KernelAddress{"lo", netip.MustParsePrefix("127.0.0.1/8"), true})
	}
}

func TestMounts(t *testing.T) {
	dir := t.TempDir()
	b := &box{files: map[string]string{"/proc/self/mounts": "dev " + dir + " ext4 rw 0 0\nx /missing ext4 rw 0 0\nhost:/x " + dir + " nfs4 rw 0 0\nproc /proc proc rw 0 0\n" +
		"/dev/a /mnt/with\\040space ext4 rw 0 0\n/dev/a /mnt ext4 rw 0 0\n"}}
	m := &mounts{files: b, path: func(p string) (string, error) {
		if strings.HasPrefix(p, "/mnt") {
			return dir, nil
		}
		return p, nil
	}}
	list, err := m.Disks()
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, dir, list[0].MountPoint)
	require.Positive(t, list[0].Size)
	require.Equal(t, "/mnt", list[1].MountPoint, "one device counts once")
	require.Equal(t, "/mnt/with space", unescapeMount(`/mnt/with\040space`))
	require.Equal(t, []int{0, 1, 13, 100}, []int{percent(0, 0), percent(1, 1000), percent(1024, 7168), percent(4, 0)})
}

func TestRunIsBounded(t *testing.T) {
	_, err := run(t.Context(), "sh", "-c", "head -c 5000000 /dev/zero")
	require.Error(t, err)
	_, err = run(t.Context(), "/does/not/exist")
	require.Error(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = run(ctx, "sleep", "60")
	require.Error(t, err)
	out, err := run(t.Context(), "echo", "x")
	require.NoError(t, err)
	require.Equal(t, "x\n", string(out))
}
