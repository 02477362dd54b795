package vpn_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/vpn"
)

func render(t require.TestingT, b *njc.Backend, text string) (string, error) {
	config, err := njc.NewJSON(b, []byte(text), nil)
	require.NoError(t, err)
	return config.Render()
}

// TestLinesStayLines holds values against the formats: none may add a line, a
// key or a file outside the archive's folder.
func TestLinesStayLines(t *testing.T) {
	wireguard := func(members string) string {
		return `{"wireguard": [{"name": "wg0", "port": 1, "private_key": "k", "address": "10.0.0.1/24"` + members + `}]}`
	}
	openvpn := func(members string) string {
		return `{"openvpn": [{"name": "srv", "mode": "server", "proto": "udp", "dev": "tun0"` + members + `}]}`
	}
	for _, c := range []struct {
		backend *njc.Backend
		config  string
		pointer string
	}{
		{vpn.OpenVPN(), openvpn(`, "local": "1.1.1.1\nup /bin/sh"`), "/openvpn/0/local"},
		{vpn.OpenVPN(), openvpn(`, "push": ["a", "b\rc"]`), "/openvpn/0/push/1"},
		{vpn.OpenVPN(), openvpn(`, "a key": "b"`), "/openvpn/0/a key"},
		{vpn.OpenVPN(), openvpn(`, "a\nup": "b"`), "/openvpn/0/a\nup"},
		{vpn.OpenVPN(), strings.Replace(openvpn(""), `"srv"`, `"srv\n"`, 1), "/openvpn/0/name"},
		{vpn.Wireguard(), wireguard(`, "table": "auto\n[Peer]"`), "/wireguard/0/table"},
		{vpn.Wireguard(), wireguard(`, "dns": ["1.1.1.1\n"]`), "/wireguard/0/dns"},
		{vpn.Wireguard(), wireguard(`, "peers": [{"public_key": "k", "allowed_ips": "a\nb"}]`), "/wireguard/0/peers/0/allowed_ips"},
		{vpn.Wireguard(), wireguard(`, "peers": [{"public_key": "k", "allowed_ips": "a", "endpoint_host": "h\n", "endpoint_port": 1}]`), "/wireguard/0/peers/0/endpoint_host"},
		{vpn.Wireguard(), wireguard(`, "[Peer]": "x"`), "/wireguard/0/[Peer]"},
		{vpn.Wireguard(), strings.Replace(wireguard(""), "wg0", "../wg0", 1), "/wireguard/0/name"},
		{vpn.Wireguard(), strings.Replace(wireguard(""), `, "address": "10.0.0.1/24"`, "", 1), "/wireguard/0"},
		{vpn.ZeroTier(), `{"zerotier": [{"name": "n", "nwid": "../../etc"}]}`, "/zerotier/0/nwid"},
	} {
		_, err := render(t, c.backend, c.config)
		var e *njc.ValidationError
		require.ErrorAs(t, err, &e, c.config)
		require.Equal(t, c.pointer, e.Pointer)
	}
}

func TestWireguardDetails(t *testing.T) {
	text, err := render(t, vpn.Wireguard(), `{"wireguard": [{"name": "wg0", "port": 1, "private_key": "k", "address": "fd00::1/64",
		"zero": 0, "no": false, "nothing": null, "empty": [], "post_up": "first\nsecond\n", "peers": [{"public_key": "p", "allowed_ips": "fd00::2/128", "persistent_keepalive": 25,
		"endpoint_host": "2001:db8::1", "endpoint_port": 51820}]}]}`)
	require.NoError(t, err)
	require.Equal(t, `# wireguard config: wg0

[Interface]
Address = fd00::1/64
ListenPort = 1
PostUp = first
PostUp = second
PrivateKey = k
no = false
zero = 0

[Peer]
AllowedIPs = fd00::2/128
Endpoint = [2001:db8::1]:51820
PersistentKeepalive = 25
PublicKey = p
`, text)
}

func TestServers(t *testing.T) {
	text, err := render(t, vpn.WireguardServer(), `{"wireguard": [{"name": "wg0", "port": 1, "address": "10.0.0.1/24"}]}`)
	require.NoError(t, err)
	require.NotContains(t, text, "PrivateKey", "the controller adds it")
	_, err = render(t, vpn.OpenVPNServer(), `{"openvpn": []}`)
	require.ErrorContains(t, err, `"#/openvpn"`)
	_, err = render(t, vpn.VxlanWireguardServer(), `{"wireguard": [{"name": "wg0", "port": 1, "address": "10.0.0.1/24"}], "vxlan": []}`)
	require.ErrorContains(t, err, `"#/vxlan"`)
	text, err = render(t, vpn.ZeroTierServer(), `{"zerotier": [{"private": true, "client_options": {"allow_dns": true}}]}`)
	require.NoError(t, err)
	require.Equal(t, "// zerotier controller config: network_1.json\n\n{\n    \"private\": true\n}\n", text)
}

func TestOpenVPNText(t *testing.T) {
	config, err := njc.Parse(vpn.OpenVPN(), []byte(`
# openvpn config: client
; a comment
mode p2p
proto	udp
dev tun0
remote one.example.org 1195 udp4
remote two.example.org
comp-lzo
verb 3
verb 4
route 10.0.0.0 255.0.0.0
route 10.1.0.0 255.255.0.0
`), nil)
	require.NoError(t, err)
	require.JSONEq(t, `{"openvpn": [{"name": "client", "mode": "p2p", "proto": "udp", "dev": "tun0",
		"remote": [{"host": "one.example.org", "port": 1195, "proto": "udp4"}, {"host": "two.example.org", "port": 1194}],
		"comp_lzo": "adaptive", "verb": 4, "route": ["10.0.0.0 255.0.0.0", "10.1.0.0 255.255.0.0"]}]}`, config.Merged().String())
}

func TestTextThatIsNone(t *testing.T) {
	for text, line := range map[string]int{
		"{\"name\": \"n\"}\n\n{\"name\": }": 3,
		"// only this\n[]":                  2,
		"{\"name\": \"n\"":                  1,
		"/* no end":                         1,
		"{} }":                              1,
	} {
		_, err := njc.Parse(vpn.ZeroTier(), []byte(text), nil)
		var e *njc.ParseError
		require.ErrorAs(t, err, &e, text)
		require.Equal(t, line, e.Line, text)
	}
}

func TestZeroTierComments(t *testing.T) {
	config, err := njc.Parse(vpn.ZeroTier(), []byte(`// first
{"name": "see // there /* and */ \" here", /* a comment
over lines */ "mtu": 2800 } // end
{"name": "b"}`), nil)
	require.NoError(t, err)
	require.JSONEq(t, `{"zerotier": [{"name": "see // there /* and */ \" here", "mtu": 2800}, {"name": "b"}]}`, config.Merged().String())
}

// TestOpenVPNRoundTrip reads back what was rendered, as text and as archive.
func TestOpenVPNRoundTrip(t *testing.T) {
	text := rapid.StringMatching(`[a-zA-Z0-9./:é'"-]([a-zA-Z0-9 ./:é'"-]{0,18}[a-z])?`)
	rapid.Check(t, func(r *rapid.T) {
		tunnels := []any{}
		for i := range rapid.IntRange(0, 3).Draw(r, "tunnels") {
			tunnel := new(ordered.Object)
			tunnel.Set("name", "tunnel"+string(rune('a'+i)))
			tunnel.Set("dev", rapid.StringMatching(`tun[0-9]`).Draw(r, "dev"))
			if rapid.Bool().Draw(r, "client") {
				tunnel.Set("mode", "p2p")
				tunnel.Set("proto", rapid.SampledFrom([]string{"udp", "tcp-client"}).Draw(r, "proto"))
				remotes := []any{}
				for range rapid.IntRange(1, 3).Draw(r, "remotes") {
					remote := new(ordered.Object)
					remote.Set("host", rapid.StringMatching(`[a-z]{2,9}\.[a-z]{2}`).Draw(r, "host"))
					remote.Set("port", ordered.Number(rapid.StringMatching(`[1-9][0-9]{0,3}`).Draw(r, "port")))
					remotes = append(remotes, remote)
				}
				tunnel.Set("remote", remotes)
			} else {
				tunnel.Set("mode", "server")
				tunnel.Set("proto", "udp")
				if rapid.Bool().Draw(r, "bridge") {
					tunnel.Set("server_bridge", rapid.SampledFrom([]string{"", "10.8.0.4 255.255.255.0"}).Draw(r, "server_bridge"))
				}
			}
			for _, key := range []string{"user", "custom_option", "dh", "local"} {
				if rapid.Bool().Draw(r, key) {
					tunnel.Set(key, text.Draw(r, "value"))
				}
			}
			for _, key := range []string{"float", "persist_key", "custom_flag"} {
				if rapid.Bool().Draw(r, key) {
					tunnel.Set(key, true)
				}
			}
			if rapid.Bool().Draw(r, "push") {
				tunnel.Set("push", []any{text.Draw(r, "one"), text.Draw(r, "two")})
			}
			if rapid.Bool().Draw(r, "verb") {
				tunnel.Set("verb", ordered.Number("3"))
			}
			if rapid.Bool().Draw(r, "ciphers") {
				c, err := ordered.Decode([]byte(`[{"cipher": "AES-256-GCM", "optional": false}, {"cipher": "none", "optional": true}]`))
				require.NoError(r, err)
				tunnel.Set("data_ciphers", c)
			}
			tunnels = append(tunnels, tunnel)
		}
		config := new(ordered.Object)
		config.Set("openvpn", tunnels)
		roundTrip(r, vpn.OpenVPN(), config)
	})
}

// TestZeroTierRoundTrip does so with networks.
func TestZeroTierRoundTrip(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		networks := []any{}
		for i := range rapid.IntRange(1, 3).Draw(r, "networks") {
			n := new(ordered.Object)
			n.Set("name", rapid.String().Draw(r, "name"))
			n.Set("nwid", "000000000000000"+string(rune('a'+i)))
			if rapid.Bool().Draw(r, "routes") {
				route := new(ordered.Object)
				route.Set("target", rapid.String().Draw(r, "target"))
				n.Set("routes", []any{route, new(ordered.Object)})
			}
			if rapid.Bool().Draw(r, "mtu") {
				n.Set("mtu", ordered.Number("2800"))
				n.Set("remoteTraceTarget", nil)
				n.Set("creationTime", ordered.Number("1.5"))
			}
			networks = append(networks, n)
		}
		config := new(ordered.Object)
		config.Set("zerotier", networks)
		roundTrip(r, vpn.ZeroTier(), config)
	})
}

func roundTrip(t require.TestingT, b *njc.Backend, o *ordered.Object) {
	config, err := njc.New(b, o, nil)
	require.NoError(t, err)
	text, err := config.Render()
	require.NoError(t, err, o)
	archive, err := config.Generate()
	require.NoError(t, err)
	want := o
	if text == "" {
		want = new(ordered.Object) // nothing was written
	}
	for _, native := range [][]byte{[]byte(text), archive} {
		back, err := njc.Parse(b, native, nil)
		require.NoError(t, err, text)
		require.True(t, ordered.Equal(want, back.Merged()), "%s\n%s\n%s", text, want, back.Merged())
	}
}

// FuzzOpenVPN reads anything: an error or a configuration that renders again.
func FuzzOpenVPN(f *testing.F) {
	f.Add("# openvpn config: a\nmode p2p\nproto udp\ndev tun0\nremote a.b 1 udp\nremote c.d\n")
	f.Add("# openvpn config: srv\n\nmode server\nproto udp\ndev tap0\nserver-bridge\npush a\npush b\ndata-ciphers none:?none\n")
	f.Fuzz(func(t *testing.T, text string) { readAnything(t, vpn.OpenVPN(), text) })
}

// FuzzZeroTier does so with networks.
func FuzzZeroTier(f *testing.F) {
	f.Add("// zerotier controller config: a.json\n\n{\"name\": \"n\", \"mtu\": 1}\n")
	f.Add("{\"name\": \"\\ud83d\\ude00\", /* x */ \"routes\": [{}]}{}")
	f.Fuzz(func(t *testing.T, text string) { readAnything(t, vpn.ZeroTier(), text) })
}

func readAnything(t *testing.T, b *njc.Backend, text string) {
	config, err := njc.Parse(b, []byte(text), nil)
	if err != nil {
		return
	}
	if _, err := config.Render(); err != nil {
		var e *njc.ValidationError
		require.ErrorAs(t, err, &e)
	}
}

// FuzzWireguard renders anything: no value may begin a block of its own.
func FuzzWireguard(f *testing.F) {
	f.Add("wg0", "10.0.0.1/24", "auto", "post_up", "echo a\necho b")
	f.Add("wg0", "10.0.0.1/24", "x\n[Peer]", "custom", "[Peer]")
	f.Fuzz(func(t *testing.T, name, address, table, key, v string) {
		tunnel := new(ordered.Object)
		tunnel.Set("name", name)
		tunnel.Set("port", ordered.Number("1"))
		tunnel.Set("private_key", "k")
		tunnel.Set("address", address)
		tunnel.Set("table", table)
		tunnel.Set(key, v)
		config := new(ordered.Object)
		config.Set("wireguard", []any{tunnel})
		c, err := njc.New(vpn.Wireguard(), config, nil)
		require.NoError(t, err)
		text, err := c.RenderNative()
		if err != nil {
			return
		}
		blocks := 0
		for line := range strings.SplitSeq(text, "\n") {
			if strings.HasPrefix(line, "[") {
				blocks++
			}
		}
		require.LessOrEqual(t, blocks, 1, text)
	})
}

// TestArchivesOfADot reads what "tar czf x.tar.gz ." makes: members are called
// "./name". Those in folders are files, not configurations.
func TestArchivesOfADot(t *testing.T) {
	v := vector{}
	for name, contents := range map[string]string{
		"./srv.conf": "mode server\nproto udp\ndev tun0\n", "./etc/other.conf": "mode server\n", "./n.json": `{"name": "n"}`, "./etc/n.json": `{}`,
	} {
		v.NativeFiles = append(v.NativeFiles, struct{ Name, Contents string }{name, contents})
	}
	for b, want := range map[*njc.Backend]string{
		vpn.OpenVPN():  `{"openvpn":[{"name":"srv","mode":"server","proto":"udp","dev":"tun0"}]}`,
		vpn.ZeroTier(): `{"zerotier":[{"name":"n"}]}`,
	} {
		config, err := njc.Parse(b, pack(t, v), nil)
		require.NoError(t, err)
		require.Equal(t, want, config.Merged().String())
	}
}
