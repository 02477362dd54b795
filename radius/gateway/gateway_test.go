package gateway_test

import (
	"crypto/md5" //nolint:gosec // the protocol of the gateway
	"encoding/base64"
	"encoding/hex"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius/gateway"
)

const (
	uam = "https://wifi.example.org/acme/login?res=notyet&uamip=10.1.0.1&uamport=3990&challenge=000102030405060708090a0b0c0d0e0f&called=AA-AA-AA-AA-AA-AA&mac=02-00-00-00-00-01&ip=10.1.0.7&nasid=lobby&sessionid=5f00&userurl=http%3a%2f%2fexample.com%2f"
	// signed by another program with the secret "greatsecret"
	uamSigned = uam + "&md=8811A5E62A244443B6FA2A2E899F81BE"
	// encrypted by openssl with the key "0123abcd"
	fasSealed = "https://wifi.example.org/acme/login?iv=abcdefghijklmnop&fas=" +
		"clo1QzFRY0xPUHVLczI3UjZCNGlyNmNMQ1QyV2RuYk85K1dvKzloT0hYMDFRbWdUQmVTUjdRdnJ5YVRJU001bVlSQWhsb3dLdVRTekIxaDdhczY5RmtOdlQ5UElBYStCME1qQTZHV1VpZWc2bHkwdFh1SS9EUUdRSmJjY3JRZVpGMG1BcTZHTVNvUzNWOVZvTW9LSkdXYnFzQW1ZQWcrNHZ2VExJVWl4eWgvSjQxeFVZaFBkZU5hV3JzYlQyWDF2Y1hLZWJxMTJaNktFb0VQY3VDaHFBeDRVQWhjRmxHWUZINUdyTFRXSkhaTGU0WkNrckNNc1JvUkdEWVNnMjFnNDJGM3V0bVpkVXBDZXBpUm1EajIvaWpjNUZRZGtMMEVrdHdiU2RkbjRnTE09"
)

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u
}

func open(t *testing.T, s gateway.Settings) *gateway.Gateway {
	t.Helper()
	g, err := gateway.Open(s)
	require.NoError(t, err)
	return g
}

func fields(f gateway.Form) map[string]string {
	out := map[string]string{}
	for _, x := range f.Fields {
		out[x.Name] = x.Value
	}
	return out
}

var token = gateway.Credentials{Username: "ann@example.org", Password: "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0"}

// What each kind of gateway sends is read, and its client is let in and out.
func TestGatewaysAreUnderstood(t *testing.T) {
	t.Run("CoovaChilli with a secret", func(t *testing.T) {
		s := gateway.Settings{Dialect: gateway.CoovaChilli, Secret: "greatsecret"}
		g := open(t, s)
		v, err := g.Read(parse(t, uamSigned))
		require.NoError(t, err)
		require.Equal(t, []any{gateway.NotYet, "02:00:00:00:00:01", netip.MustParseAddr("10.1.0.7"), "AA-AA-AA-AA-AA-AA", "lobby", "5f00", "http://example.com/", true, false},
			[]any{v.Result, v.MAC, v.IP, v.CalledStation, v.NAS, v.SessionID, v.Requested, v.Proven, v.HasIdentity})
		f, err := g.LogIn(v, token)
		require.NoError(t, err)
		require.Equal(t, "http://10.1.0.1:3990/logon?username=ann%40example.org&password=185fb68e84cec48f1dfe97846cb359fd1057be8c8ccccc8915f89f8664b141f30859a68494c4d48b58cbf1b22b8431c5&userurl=http%3A%2F%2Fexample.com%2F", f.URL())
		require.Equal(t, "http://10.1.0.1:3990", f.Origin())
		s.CHAP = true
		f, err = open(t, s).LogIn(v, token)
		require.NoError(t, err)
		require.Equal(t, "e3bcbecc1a36289dacfd4ed058ca46ff", fields(f)["response"])
		f, err = g.LogOut(v, "")
		require.NoError(t, err)
		require.Equal(t, "http://10.1.0.1:3990/logoff", f.URL())
	})
	t.Run("CoovaChilli tells how it ended", func(t *testing.T) {
		g := open(t, gateway.Settings{Dialect: gateway.CoovaChilli})
		for res, want := range map[string]gateway.Result{"success": gateway.Success, "failed": gateway.Failed, "already": gateway.Already, "logoff": gateway.LoggedOut} {
			v, err := g.Read(parse(t, strings.Replace(uam, "notyet", res, 1)+"&reply=No+more%0atoday"))
			require.NoError(t, err)
			require.Equal(t, []any{want, "No more today", false}, []any{v.Result, v.Message, v.Proven})
		}
	})
	for name, address := range map[string]string{
		"openNDS 0": "http://x/?authaction=http://192.168.8.1:2050/opennds_auth/?clientip=192.168.8.23&clientmac=04:15:52:6a:e4:ad&gatewayname=Lobby%20WiFi&tok=770bfe05&redir=http%3a%2f%2fexample.com%2f",
		"openNDS 1": "http://x/?fas=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("hid=4f2c, clientip=192.168.8.23, clientmac=04:15:52:6a:e4:ad, gatewayname=Lobby%20WiFi, gatewayaddress=192.168.8.1:2050, authdir=opennds_auth, originurl=http%3a%2f%2fexample.com%2f"))),
		"openNDS 2": fasSealed,
	} {
		t.Run(name, func(t *testing.T) {
			s := gateway.Settings{Dialect: gateway.OpenNDS, Secret: "0123abcd"}
			tok := "5c385f99703cc17fd7a3c06bb351590de80f649dd5cb02fe211f07b25d32b58d"
			if name == "openNDS 0" {
				s.Secret, tok = "", "770bfe05"
			}
			g := open(t, s)
			v, err := g.Read(parse(t, address))
			require.NoError(t, err)
			require.Equal(t, []any{gateway.NotYet, "04:15:52:6A:E4:AD", netip.MustParseAddr("192.168.8.23"), "Lobby WiFi", "http://example.com/", true, name == "openNDS 2"},
				[]any{v.Result, v.MAC, v.IP, v.NAS, v.Requested, v.HasIdentity, v.Proven})
			f, err := g.LogIn(v, gateway.Credentials{Username: "ann", Landing: "https://wifi.example.org/acme/status", Custom: "ann"})
			require.NoError(t, err)
			require.Equal(t, "http://192.168.8.1:2050/opennds_auth/?tok="+tok+"&redir=https%3A%2F%2Fwifi.example.org%2Facme%2Fstatus&custom=YW5u", f.URL())
			f, err = g.LogOut(v, "")
			require.NoError(t, err)
			require.Equal(t, "http://192.168.8.1:2050/opennds_deny/", f.URL())
		})
	}
	t.Run("openNDS whose client is in", func(t *testing.T) {
		v, err := open(t, gateway.Settings{Dialect: gateway.OpenNDS, Secret: "k"}).Read(parse(t, "http://x/?clientip=192.168.8.23&gatewayname=Lobby&status=authenticated"))
		require.NoError(t, err)
		require.Equal(t, gateway.Already, v.Result)
	})
	t.Run("pfSense", func(t *testing.T) {
		g := open(t, gateway.Settings{Dialect: gateway.PfSense})
		v, err := g.Read(parse(t, "http://x/?portal_action=http%3A%2F%2F192.168.1.1%3A8002%2Findex.php%3Fzone%3Dguests&zone=guests&redirurl=http%3A%2F%2Fexample.com%2F&clientmac=04:15:52:6a:e4:ad&clientip=192.168.1.9"))
		require.NoError(t, err)
		f, err := g.LogIn(v, token)
		require.NoError(t, err)
		require.Equal(t, gateway.Form{Method: "POST", Action: "http://192.168.1.1:8002/index.php", Fields: []gateway.Field{{"auth_user", token.Username}, {"auth_pass", token.Password.Reveal()}, {"accept", "accept"},
			{"redirurl", "http://example.com/"}, {"zone", "guests"}}}, f)
		f, err = g.LogOut(v, "a1b2")
		require.NoError(t, err)
		require.Equal(t, map[string]string{"logout_id": "a1b2", "logout": "logout", "zone": "guests"}, fields(f))
		_, err = g.LogOut(v, "")
		require.ErrorIs(t, err, gateway.ErrNoForm)
	})
	t.Run("OPNsense", func(t *testing.T) {
		g := open(t, gateway.Settings{Dialect: gateway.OPNsense, Hosts: []string{"portal.acme.example"}})
		v, err := g.Read(parse(t, "http://x/?gateway=https://portal.acme.example:8000&zoneid=1&redirurl=example.com/x"))
		require.NoError(t, err)
		require.Equal(t, "http://example.com/x", v.Requested)
		f, err := g.LogIn(v, token)
		require.NoError(t, err)
		require.Equal(t, "https://portal.acme.example:8000/api/captiveportal/access/logon/1/", f.Action)
		require.Equal(t, token.Username, fields(f)["user"])
		f, err = g.LogOut(v, "")
		require.NoError(t, err)
		require.Equal(t, "https://portal.acme.example:8000/api/captiveportal/access/logoff/1/", f.Action)
	})
	t.Run("MikroTik", func(t *testing.T) {
		s := gateway.Settings{Dialect: gateway.MikroTik}
		address := parse(t, "http://x/?link-login-only="+url.QueryEscape("http://10.5.50.1/login")+"&link-orig="+url.QueryEscape("http://example.com/")+"&mac=04:15:52:6a:e4:ad&ip=10.5.50.9&identity=lobby&chap-id="+
			url.QueryEscape(`\134`)+"&chap-challenge="+url.QueryEscape(`\017\205\055\122`))
		g := open(t, s)
		v, err := g.Read(address)
		require.NoError(t, err)
		f, err := g.LogIn(v, token)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"username": token.Username, "password": token.Password.Reveal(), "dst": "http://example.com/"}, fields(f))
		s.CHAP = true
		f, err = open(t, s).LogIn(v, gateway.Credentials{Username: "ann", Password: "secret"})
		require.NoError(t, err)
		require.Equal(t, "b8583953103c71ff5951eb11ac5e09d0", fields(f)["password"])
		f, err = g.LogOut(v, "")
		require.NoError(t, err)
		require.Equal(t, "http://10.5.50.1/logout", f.Action)
	})
}

// What was made up, changed or leads elsewhere is refused.
func TestForgedVisitsAreRefused(t *testing.T) {
	coova := gateway.Settings{Dialect: gateway.CoovaChilli, Secret: "greatsecret"}
	nds := gateway.Settings{Dialect: gateway.OpenNDS, Secret: "0123abcd"}
	for _, c := range []struct {
		name, address string
		settings      gateway.Settings
		want          error
	}{
		{"no signature", uam, coova, gateway.ErrForged},
		{"another device", strings.Replace(uamSigned, "mac=02", "mac=03", 1), coova, gateway.ErrForged},
		{"another page", strings.Replace(uamSigned, "/acme/", "/beta/", 1), coova, gateway.ErrForged},
		{"another secret", uamSigned, gateway.Settings{Dialect: gateway.CoovaChilli, Secret: "other"}, gateway.ErrForged},
		{"something behind the signature", uamSigned + "&uamip=10.9.9.9", coova, gateway.ErrForged},
		{"a host of the Internet", strings.Replace(uam, "10.1.0.1", "203.0.113.9", 1), gateway.Settings{Dialect: gateway.CoovaChilli}, gateway.ErrForeign},
		{"loopback", strings.Replace(uam, "10.1.0.1", "127.0.0.1", 1), gateway.Settings{Dialect: gateway.CoovaChilli}, gateway.ErrForeign},
		{"not one of the hosts", uam, gateway.Settings{Dialect: gateway.CoovaChilli, Hosts: []string{"10.2.0.0/16"}}, gateway.ErrForeign},
		{"a name for an address", strings.Replace(uam, "10.1.0.1", "evil.example", 1), gateway.Settings{Dialect: gateway.CoovaChilli}, gateway.ErrUnknown},
		{"no port", strings.Replace(uam, "3990", "0", 1), gateway.Settings{Dialect: gateway.CoovaChilli}, gateway.ErrUnknown},
		{"nothing", "http://x/", coova, gateway.ErrUnknown},
		{"another dialect", uamSigned, nds, gateway.ErrUnknown},
		{"openNDS below its level", "http://x/?authaction=http://192.168.8.1:2050/opennds_auth/&tok=1&clientip=192.168.8.2", nds, gateway.ErrForged},
		{"openNDS with another key", fasSealed, gateway.Settings{Dialect: gateway.OpenNDS, Secret: "0123abce"}, gateway.ErrForged},
		{"openNDS changed", strings.Replace(fasSealed, "clo1", "clo2", 1), nds, gateway.ErrForged},
		{"openNDS without key", fasSealed, gateway.Settings{Dialect: gateway.OpenNDS}, gateway.ErrForged},
		{"openNDS elsewhere", "http://x/?hid=1&gatewayaddress=evil.example:80", nds, gateway.ErrForeign},
		{"openNDS with a name inside", "http://x/?hid=1&gatewayaddress=192.168.8.1@evil.example", nds, gateway.ErrForeign},
		{"openNDS with a path", "http://x/?hid=1&gatewayaddress=192.168.8.1&authdir=" + url.QueryEscape("../x"), nds, gateway.ErrUnknown},
		{"pfSense elsewhere", "http://x/?portal_action=https://evil.example/", gateway.Settings{Dialect: gateway.PfSense}, gateway.ErrForeign},
		{"pfSense by script", "http://x/?portal_action=javascript:alert(1)", gateway.Settings{Dialect: gateway.PfSense}, gateway.ErrForeign},
		{"OPNsense with a path", "http://x/?gateway=https://192.168.1.1/x", gateway.Settings{Dialect: gateway.OPNsense}, gateway.ErrUnknown},
		{"MikroTik elsewhere", "http://x/?link-login-only=http://evil.example/login", gateway.Settings{Dialect: gateway.MikroTik}, gateway.ErrForeign},
		{"MikroTik logs out elsewhere", "http://x/?link-login-only=http://10.5.50.1/login&link-logout=http://evil.example/", gateway.Settings{Dialect: gateway.MikroTik}, gateway.ErrForeign},
		{"endless", "http://x/?res=notyet&x=" + strings.Repeat("a", 9000), coova, gateway.ErrUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := open(t, c.settings).Read(parse(t, c.address))
			require.ErrorIs(t, err, c.want)
		})
	}
	t.Run("pages that are none", func(t *testing.T) {
		g := open(t, gateway.Settings{Dialect: gateway.CoovaChilli})
		for _, to := range []string{"javascript:alert(1)", "//evil.example", "data:text/html,x", "http://u:p@example.com/", "ftp://example.com/"} {
			v, err := g.Read(parse(t, strings.Replace(uam, "http%3a%2f%2fexample.com%2f", url.QueryEscape(to), 1)))
			require.NoError(t, err)
			require.Empty(t, v.Requested, to)
			_, err = g.LogIn(v, gateway.Credentials{Username: "ann", Landing: to})
			require.ErrorIs(t, err, gateway.ErrNoForm, to)
		}
	})
	t.Run("settings", func(t *testing.T) {
		_, err := gateway.Open(gateway.Settings{Dialect: "cisco", Hosts: []string{"a b", "10.0.0.0/8"}})
		var invalid *wispwright.ValidationError
		require.ErrorAs(t, err, &invalid)
		require.True(t, invalid.Has("dialect") && invalid.Has("hosts"))
	})
}

// A gateway with a key of its own is known by the id in its name, and its key is good
// for nobody else.
func TestGatewaysWithKeysOfTheirOwn(t *testing.T) {
	const shared = "greatsecret"
	mine, other := wispwright.NewID(), wispwright.NewID()
	hid := func(name string) *url.URL {
		return parse(t, "http://x/?hid=4f2c&clientip=192.168.8.23&gatewayaddress=192.168.8.1:2050&gatewayname="+url.QueryEscape(name))
	}
	s := gateway.Settings{Dialect: gateway.OpenNDS, Secret: shared}
	v, err := open(t, s).Read(hid(gateway.DeviceName("Lobby WiFi", mine.String())))
	require.NoError(t, err)
	require.Equal(t, "Lobby WiFi", v.NAS)
	own, err := open(t, gateway.Settings{Dialect: gateway.OpenNDS, Secret: gateway.DeviceKey(shared, mine)}).Read(hid("Lobby"))
	require.NoError(t, err)
	require.Equal(t, own.SessionID, v.SessionID)
	for _, name := range []string{"Lobby", gateway.DeviceName("Lobby", other.String()), "Lobby " + strings.Repeat("z", 36), mine.String()[1:]} {
		w, err := open(t, s).Read(hid(name))
		require.NoError(t, err)
		require.NotEqual(t, v.SessionID, w.SessionID, name)
	}
	sign := func(key wispwright.Secret, device string) *url.URL {
		text := strings.Replace(uam, "nasid=lobby", "nasid="+url.QueryEscape(gateway.DeviceName("lobby", device)), 1)
		sum := md5.Sum([]byte(text + key.Reveal())) //nolint:gosec // the protocol of the gateway
		return parse(t, text+"&md="+hex.EncodeToString(sum[:]))
	}
	chilli := open(t, gateway.Settings{Dialect: gateway.CoovaChilli, Secret: shared})
	v, err = chilli.Read(sign(gateway.DeviceKey(shared, mine), mine.String()))
	require.NoError(t, err)
	require.Equal(t, []any{"lobby", true}, []any{v.NAS, v.Proven})
	f, err := chilli.LogIn(v, token)
	require.NoError(t, err)
	w, err := open(t, gateway.Settings{Dialect: gateway.CoovaChilli, Secret: gateway.DeviceKey(shared, mine)}).Read(parse(t, uam))
	require.ErrorIs(t, err, gateway.ErrForged)
	require.Nil(t, w)
	require.NotEqual(t, "185fb68e84cec48f1dfe97846cb359fd1057be8c8ccccc8915f89f8664b141f30859a68494c4d48b58cbf1b22b8431c5", fields(f)["password"], "another key than the shared one")
	for _, forged := range []*url.URL{sign(shared, mine.String()), sign(gateway.DeviceKey(shared, other), mine.String()), sign(gateway.DeviceKey(shared, mine), other.String())} {
		_, err := chilli.Read(forged)
		require.ErrorIs(t, err, gateway.ErrForged)
	}
	require.Empty(t, gateway.DeviceKey("", mine))
}

func TestMAC(t *testing.T) {
	for text, want := range map[string]string{"04:15:52:6a:e4:ad": "04:15:52:6A:E4:AD", "04-15-52-6A-E4-AD": "04:15:52:6A:E4:AD", "0415.526a.e4ad": "04:15:52:6A:E4:AD", "0415526ae4ad": "04:15:52:6A:E4:AD",
		"": "", "04:15:52:6a:e4": "", "04:15:52:6a:e4:ag": "", "x'; DROP": ""} {
		require.Equal(t, want, gateway.MAC(text), text)
	}
}

// Whatever a browser sends is read or refused, and never leads elsewhere.
func FuzzRead(f *testing.F) {
	for _, s := range []string{uam, uamSigned, fasSealed, "http://x/?hid=1&gatewayaddress=192.168.8.1:2050", "http://x/?link-login-only=http://10.5.50.1/login&chap-id=%5C134", "http://x/?portal_action=http://10.0.0.1/"} {
		_, q, _ := strings.Cut(s, "?")
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, d := range gateway.Dialects() {
			for _, key := range []wispwright.Secret{"", "0123abcd"} {
				g, err := gateway.Open(gateway.Settings{Dialect: d, Secret: key, CHAP: len(query)%2 == 0})
				require.NoError(t, err)
				v, err := g.Read(&url.URL{Scheme: "https", Host: "wifi.example.org", Path: "/x", RawQuery: query})
				if err != nil {
					continue
				}
				for _, form := range []func() (gateway.Form, error){func() (gateway.Form, error) { return g.LogIn(v, token) }, func() (gateway.Form, error) { return g.LogOut(v, "1") }} {
					out, err := form()
					if err != nil {
						continue
					}
					u, err := url.Parse(out.URL())
					require.NoError(t, err)
					a, err := netip.ParseAddr(u.Hostname())
					require.NoError(t, err, out.Action)
					require.True(t, a.IsPrivate() || netip.MustParsePrefix("100.64.0.0/10").Contains(a), out.Action)
				}
			}
		}
	})
}
