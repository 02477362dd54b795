package monitoring

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// router is an OpenWrt device behind the program ubus.
type router struct {
	box
	answers map[string]string
	asked   []string
}

// run implements Command: ubus, and mmcli.
func (r *router) command(_ context.Context, name string, args ...string) ([]byte, error) {
	if name == "mmcli" {
		r.asked = append(r.asked, strings.Join(args, " "))
		if slices.Contains(args, "--signal-get") {
			return []byte(`{"modem":{"signal":{"lte":{"rsrp":"-95.00","rssi":"--"},"refresh":{"rate":"5"},"5g":{"rsrp":"--"}}}}`), nil
		}
		return []byte(`{"modem":{"3gpp":{"imei":"1","operator-name":"op","operator-code":"--"},"generic":{"state":"connected","power-state":"on","ports":["wwan0 (net)"]}}}`), nil
	}
	if name == "lldpcli" {
		return nil, exec.ErrNotFound
	}
	key := strings.Join(args[2:], " ")
	r.asked = append(r.asked, key)
	text, ok := r.answers[key]
	if !ok {
		return nil, errors.New("exit status 4")
	}
	return []byte(text), nil
}

func newRouter() *router {
	return &router{
		box: box{files: map[string]string{
			"/proc/loadavg": "1.5 1 0.5 1/2 3\n", "/proc/cpuinfo": "processor : 0\n",
			"/etc/config/network": "config globals 'globals'\n\toption ula_prefix 'fd00:1::/48'\nconfig device\n\toption name 'br-lan'\n\toption stp '1'\nconfig interface 'wwan'\n\toption device '/sys/modem0'\n",
			"/etc/config/openvpn": "config openvpn 'v'\n\toption dev 'tun0'\n",
		}},
		answers: map[string]string{
			"system board": `{"hostname":"ap1"}`,
			"system info":  `{"localtime":1700000000,"uptime":77,"memory":{"total":9007199254740993},"swap":{"free":1}}`,
			"network.device status": `{"lo":{"type":"Network device"},"eth0":{"type":"Network device","up":true,"present":true,"macaddr":"02:00:00:00:00:01","mtu":1500,"speed":"1000F","link-supported":["1000baseT-F"],"statistics":{"rx_bytes":9007199254740993}},
				"eth1":{"type":"Network device","up":false,"present":true},"tun0":{"type":"Network device"},"wg0":{"type":"Network device"},"wwan0":{"type":"Network device"},"odd":{"type":"Network device"},
				"br-lan":{"type":"bridge","up":true,"bridge-members":["eth0","eth1","gone"]},"wlan0":{"type":"Network device","up":true,"statistics":{"rx_bytes":1,"tx_bytes":2}},"mesh0":{"type":"Network device"},"off0":{"type":"Network device"}}`,
			"network.interface dump": `{"interface":[{"interface":"lan","l3_device":"br-lan","proto":"static","ipv4-address":[{"address":"192.168.1.1","mask":24}],"route":[{"target":"::","nexthop":"fe80::1"},{"target":"0.0.0.0","nexthop":"192.168.1.254"}],"dns-server":["192.0.2.53"],"dns-search":["lan"]},
				{"interface":"lan6","l3_device":"br-lan","proto":"dhcpv6","ipv6-address":[{"address":"2001:db8::1","mask":64}]},
				{"interface":"vpn","l3_device":"wg0","proto":"wireguard","ipv4-address":[{"address":"10.9.0.1","mask":32}]},{"interface":"wwan","l3_device":"wwan0","proto":"modemmanager"},
				{"interface":"loopback","l3_device":"lo","proto":"static","dns-server":["127.0.0.1"]}]}`,
			"network.wireless status":             `{"radio0":{"config":{"htmode":"HE80"},"interfaces":[{"ifname":"wlan0"},{"ifname":"off0"},{}]},"radio1":{"config":{"htmode":"HT20"},"interfaces":[{"ifname":"mesh0"}]}}`,
			`iwinfo info {"device":"wlan0"}`:      `{"ssid":"cafe","channel":36,"frequency":5180,"txpower":23,"country":"DE","mode":"Master","noise":4294967201,"signal":4294967236,"quality":60,"quality_max":70,"bitrate":866700}`,
			`iwinfo info {"device":"off0"}`:       `{"mode":"Master"}`,
			`iwinfo info {"device":"mesh0"}`:      `{"ssid":"mesh","channel":1,"mode":"Mesh Point","noise":-95}`,
			"hostapd.wlan0 get_clients":           `{"clients":{"02:00:00:00:00:AA":{"auth":true,"signal":4294967230,"vht":"yes"},"":{},"02:00:00:00:00:AB":null}}`,
			`iwinfo assoclist {"device":"mesh0"}`: `{"results":[{"mac":"02:00:00:00:00:BB","authenticated":true,"signal":-60,"mesh llid":7,"mesh plink":"ESTAB","thr":42,"rx":{"ht":true,"vht":null}},{"signal":-1}]}`,
		},
	}
}

func (r *router) collector() *Collector {
	return NewCollector(Sources{Files: r, Disks: &mounts{files: r, path: func(p string) (string, error) { return p, nil }}, Kernel: r, Radios: nil, Bus: ubusCommand{"/bin/ubus", r.command}, Run: r.command, Now: time.Now})
}

// Addresses are those of the kernel: what netifd set, and what others set.
func (r *router) Addresses() ([]KernelAddress, error) {
	return []KernelAddress{
		{"br-lan", netip.MustParsePrefix("192.168.1.1/24"), true}, {"br-lan", netip.MustParsePrefix("fd00:1::1/64"), true}, {"br-lan", netip.MustParsePrefix("2001:db8:9::1/64"), true},
		{"br-lan", netip.MustParsePrefix("fe80::1/64"), true}, {"eth1", netip.MustParsePrefix("198.51.100.1/24"), true},
	}, nil
}

func TestOpenWrt(t *testing.T) {
	r := newRouter()
	c := r.collector()
	c.Failed = func(source string, err error) { t.Error(source, err) }
	d, err := c.Collect(t.Context(), ParseMonitored("eth0 wlan0"))
	require.NoError(t, err)
	require.Equal(t, General{Hostname: "ap1", LocalTime: 1700000000, Uptime: 77}, d.General)
	require.Equal(t, int64(9007199254740993), d.Resources.Memory["total"], "no digit is lost")
	require.Equal(t, []string{"192.0.2.53"}, d.DNSServers, "not those of the loopback")
	require.Equal(t, []string{"lan"}, d.DNSSearch)
	types, by := map[string]string{}, map[string]Interface{}
	for _, i := range d.Interfaces {
		types[i.Name], by[i.Name] = i.Type, i
	}
	require.Equal(t, map[string]string{"eth0": "ethernet", "eth1": "other", "tun0": "virtual", "wg0": "virtual", "wwan0": "modem-manager", "odd": "other", "br-lan": "bridge",
		"wlan0": "wireless", "mesh0": "wireless", "off0": "wireless"}, types)
	lan := by["br-lan"]
	require.Equal(t, []string{"eth0"}, lan.BridgeMembers, "only what is up")
	require.True(t, *lan.STP)
	require.Equal(t, []Address{{"192.168.1.1", 24, "static", "ipv4", "192.168.1.254"}, {"2001:db8::1", 64, "dhcp", "ipv6", ""}, {"fd00:1::1", 64, "static", "ipv6", ""},
		{"2001:db8:9::1", 64, "dhcp", "ipv6", ""}, {"fe80::1", 64, "static", "ipv6", ""}}, lan.Addresses, "what netifd set, then what others set, each once")
	require.Equal(t, "dhcp", by["eth1"].Addresses[0].Proto)
	require.Equal(t, uint64(9007199254740993), by["eth0"].Statistics["rx_bytes"])
	require.Nil(t, lan.Statistics, "the traffic of this one is not reported")
	require.Equal(t, &Mobile{IMEI: "1", OperatorName: "op", ConnectionStatus: "connected", PowerStatus: "on", Signal: map[string]map[string]float64{"lte": {"rsrp": -95}}}, by["wwan0"].Mobile)
	require.Contains(t, r.asked, "--output-json -m /sys/modem0")

	ap := by["wlan0"]
	require.Equal(t, map[string]uint64{"rx_bytes": 2, "tx_bytes": 1}, ap.Statistics, "users count, not the radio")
	w := ap.Wireless
	require.Equal(t, []any{"cafe", "access_point", 36, 5180, 23, "DE", "HE80", -95, -60}, []any{w.SSID, w.Mode, w.Channel, w.Frequency, w.TxPower, w.Country, w.HTMode, w.Noise, *w.Signal})
	require.Len(t, w.Clients, 2, "one without an address is none")
	first, err := json.Marshal(w.Clients[0])
	require.NoError(t, err)
	require.JSONEq(t, `{"mac":"02:00:00:00:00:aa","auth":true,"authorized":false,"ht":false,"vht":false,"wmm":false,"mfp":false,"signal":-66}`, string(first))
	require.Equal(t, "802.11s", by["mesh0"].Wireless.Mode)
	require.Len(t, by["mesh0"].Wireless.Clients, 1)
	peer := by["mesh0"].Wireless.Clients[0]
	require.Equal(t, []any{int64(42000), true, false, "ESTAB"}, []any{peer["throughput"], peer["ht"], peer["vht"], peer["mesh_plink"]})
	require.Nil(t, by["off0"].Wireless, "its radio is not up")
}

// What one object of the bus does not answer is left out and told, the rest stays.
func TestOpenWrtWithoutAParts(t *testing.T) {
	for missing, told := range map[string][]string{"network.interface dump": {"networks"}, "network.wireless status": {"wireless"}, "network.device status": {"interfaces"}, "system board": {"system"}} {
		r := newRouter()
		delete(r.answers, missing)
		failed := map[string]bool{}
		c := r.collector()
		c.Failed = func(source string, _ error) { failed[source] = true }
		d, err := c.Collect(t.Context(), ParseMonitored("*"))
		require.NoError(t, err, missing)
		require.Equal(t, told, slices.Sorted(maps.Keys(failed)), missing)
		require.Equal(t, missing != "network.device status", len(d.Interfaces) > 0, missing)
	}
	r := newRouter()
	r.answers["system info"] = "no JSON"
	r.files["/proc/uptime"], r.files["/proc/meminfo"] = "5.0 1\n", "MemTotal: 1000 kB\n"
	d, err := r.collector().Collect(t.Context(), ParseMonitored("*"))
	require.NoError(t, err)
	require.Equal(t, []any{"ap1", int64(5)}, []any{d.General.Hostname, d.General.Uptime}, "the kernel says most of the same")

	// without iwinfo the kernel is asked, once for all
	r = newRouter()
	delete(r.answers, `iwinfo info {"device":"wlan0"}`)
	c := r.collector()
	c.s.Radios = radioKernel(t)
	d, err = c.Collect(t.Context(), ParseMonitored("*"))
	require.NoError(t, err)
	for _, i := range d.Interfaces {
		if i.Name == "wlan0" {
			require.Equal(t, "café", i.Wireless.SSID)
		}
	}
	delete(r.answers, "hostapd.wlan0 get_clients")
	r.answers[`iwinfo info {"device":"wlan0"}`] = `{"ssid":"cafe","channel":36,"mode":"Master"}`
	d, err = c.Collect(t.Context(), ParseMonitored("*"))
	require.NoError(t, err)
	for _, i := range d.Interfaces {
		if i.Name == "wlan0" {
			require.Len(t, i.Wireless.Clients, 2, "the kernel knows the clients of a device without hostapd")
		}
	}
	r.answers = nil
	_, err = r.collector().Collect(t.Context(), ParseMonitored("*"))
	require.Error(t, err, "nothing had anything to say")
}
