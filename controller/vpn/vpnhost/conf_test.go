package vpnhost

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

const (
	keyA = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
	keyB = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
)

func TestATunnelIsRead(t *testing.T) {
	c, err := parseTunnel("[Interface]\nAddress = 10.0.0.1/16, fd00::1/64\nListenPort = 51820 # usual\nMTU = 1400\nPrivateKey = " + keyA +
		"\nPostUp = echo %i\nDNS = 1.1.1.1\nFwMark = 0x10\n\n[Peer]\nPublicKey = " + keyB + "\nAllowedIPs = 10.0.0.2/32, 192.168.7.0/24\nPersistentKeepalive = 25\nEndpoint = 192.0.2.1:51820\n")
	require.NoError(t, err)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("10.0.0.1/16"), netip.MustParsePrefix("fd00::1/64")}, c.addresses)
	require.Equal(t, []int{51820, 1400, 16, 0}, []int{c.port, c.mtu, c.mark, c.table})
	require.Equal(t, map[string][]string{"postup": {"echo %i"}}, c.hooks)
	require.Len(t, c.peers, 1)
	require.Equal(t, keyB, c.peers[0].PublicKey.String())
	require.Equal(t, 25*time.Second, *c.peers[0].PersistentKeepaliveInterval)
	routes, err := c.routes()
	require.NoError(t, err)
	require.Equal(t, []netip.Prefix{netip.MustParsePrefix("192.168.7.0/24")}, routes, "the other network is the interface's own")

	for text, want := range map[string]string{
		"[Interface]\nListenPort = 1\n":                                  "no private key",
		"[Interface]\nPrivateKey = secret\n":                             "line 2, privatekey: want 32 bytes",
		"[Interface]\nPrivateKey = " + keyA + "\nListenPort = 70000\n":   "line 3, listenport",
		"[Interface]\nPrivateKey = " + keyA + "\nColour = red\n":         "line 3, colour: it is not known",
		"[Interface]\nPrivateKey = " + keyA + "\n[Peer]\n":               "peer 1 has no public key",
		"PrivateKey = " + keyA:                                           "in no section",
		"[Interface]\nAddress = 10.0.0.300\nPrivateKey = " + keyA + "\n": "no network",
	} {
		_, err := parseTunnel(text)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), keyA)
	}
	all, err := parseTunnel("[Interface]\nPrivateKey = " + keyA + "\n[Peer]\nPublicKey = " + keyB + "\nAllowedIPs = 0.0.0.0/0\n")
	require.NoError(t, err)
	_, err = all.routes()
	require.ErrorContains(t, err, "cut off this host")
}

func TestOnlyWhatDiffersIsChanged(t *testing.T) {
	a, b := wgtypes.Key{1}, wgtypes.Key{2}
	of := func(text string) []net.IPNet {
		_, n, err := net.ParseCIDR(text)
		require.NoError(t, err)
		return []net.IPNet{*n}
	}
	every, endpoint := 25*time.Second, &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1}
	present := []wgtypes.Peer{
		{PublicKey: a, AllowedIPs: of("10.0.0.2/32"), Endpoint: endpoint}, {PublicKey: b, AllowedIPs: of("10.0.0.3/32"), PersistentKeepaliveInterval: every},
	}
	require.Empty(t, differing(present, []wgtypes.PeerConfig{
		{PublicKey: a, AllowedIPs: of("10.0.0.2/32")}, {PublicKey: b, AllowedIPs: of("10.0.0.3/32"), PersistentKeepaliveInterval: &every},
	}), "an endpoint that was learned stays")
	changed := differing(present, []wgtypes.PeerConfig{{PublicKey: b, AllowedIPs: of("10.0.0.4/32")}})
	require.Len(t, changed, 2)
	require.Equal(t, wgtypes.PeerConfig{PublicKey: a, Remove: true}, changed[0])
	require.Equal(t, b, changed[1].PublicKey)
	require.Zero(t, *changed[1].PersistentKeepaliveInterval, "what is not there any more is taken back")
}

func TestVirtualNetworksAreRead(t *testing.T) {
	list, err := parseNetworks([]byte(`[{"interface":"vx","remote":"10.0.0.2","vni":1},{"interface":"vx","remote":"10.0.0.3","vni":2},{"interface":"vx","remote":"10.0.0.4","vni":1}]`))
	require.NoError(t, err)
	require.Equal(t, []network{
		{"vx1", 1, []netip.Addr{netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.4")}}, {"vx2", 2, []netip.Addr{netip.MustParseAddr("10.0.0.3")}},
	}, list)
	list, err = parseNetworks([]byte(`[{"interface":"a-rather-long-one","remote":"10.0.0.2","vni":16777215}]`))
	require.NoError(t, err)
	require.Equal(t, "a-rathe16777215", list[0].name)
	for _, text := range []string{`{}`, `[{"remote":"x","vni":1}]`, `[{"remote":"10.0.0.2","vni":0}]`, `[{"remote":"10.0.0.2","vni":16777216}]`, `[{"interface":"a b","remote":"10.0.0.2","vni":1}]`} {
		_, err := parseNetworks([]byte(text))
		require.Error(t, err, text)
	}
}

func TestTheStatusOfOpenVPNIsRead(t *testing.T) {
	peers := parseStatus("TITLE\tOpenVPN 2.6.3\nTIME\t2026-01-01\t1\n" +
		"HEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\tVirtual IPv6 Address\tBytes Received\tBytes Sent\tConnected Since\tConnected Since (time_t)\tUsername\tClient ID\n" +
		"CLIENT_LIST\tap 1\t192.0.2.1:1194\t10.8.0.2\t\t100\t200\t2026-01-01 00:00:00\t1767225600\tUNDEF\t0\n" +
		"CLIENT_LIST\tUNDEF\t192.0.2.2:1194\t\t\t1\t2\t\t1767225600\tUNDEF\t1\n" +
		"HEADER\tROUTING_TABLE\tVirtual Address\tCommon Name\nROUTING_TABLE\t10.8.0.2\tap 1\nGLOBAL_STATS\tx\t0\n")
	require.Equal(t, []Peer{{CommonName: "ap 1", Address: "10.8.0.2", Endpoint: "192.0.2.1:1194", Seen: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Connected: true, Received: 100, Sent: 200}}, peers)
	require.Empty(t, parseStatus("ERROR: nothing"))
}

func TestWhoRunsWhat(t *testing.T) {
	w, o := &WireGuard{}, &OpenVPN{}
	wg, ovpn := &Bundle{Main: "# made\n\n[Interface]\ndev = x\n"}, &Bundle{Main: "# openvpn\nca ca.pem\ndev tun0\n"}
	require.Equal(t, []bool{true, false, false, true, false}, []bool{w.Runs(wg), o.Runs(wg), w.Runs(ovpn), o.Runs(ovpn), o.Runs(&Bundle{Main: "{}"})})
}

// The option up_delay of servers and of their peers, as the program takes it.
func TestConfigurationsThatAreRun(t *testing.T) {
	for given, want := range map[string]string{
		"mode server\nup-delay 10\nverb 3\n":       "mode server\n# up-delay is nothing for servers\nverb 3\n",
		"mode p2p\nup-delay 10\nremote h 1\n":      "mode p2p\nup-delay\nremote h 1\n",
		"mode p2p\nup \"/x up-delay 1\"\nverb 1\n": "mode p2p\nup \"/x up-delay 1\"\nverb 1\n",
	} {
		if got := runnable(given); got != want {
			t.Errorf("%q is run as %q, want %q", given, got, want)
		}
	}
}
