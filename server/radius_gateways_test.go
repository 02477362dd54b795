package server_test

import (
	"crypto/md5" //nolint:gosec // the protocol of the gateway
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius"
)

// visitOf is what a gateway sends a browser with, how it is set up, and what it is to
// get.
type visitOf struct {
	settings, query, method, action string
	fields                          map[string]string
	logout                          string
}

// uamOf signs an address of CoovaChilli as the gateway does.
func uamOf(res, more string) string {
	q := "res=" + res + "&uamip=10.1.0.1&uamport=3990&challenge=000102030405060708090a0b0c0d0e0f&called=AA-AA-AA-AA-AA-AA&mac=02-00-00-00-00-99&ip=10.1.0.7&nasid=lobby&sessionid=5f00&userurl=http%3a%2f%2fexample.com%2f" + more
	sum := md5.Sum([]byte("http://wifi.example.org/alpha/login?" + q + "greatsecret")) //nolint:gosec // as above
	return q + "&md=" + strings.ToUpper(hex.EncodeToString(sum[:]))
}

// recordedVisits are what gateways send, as their manuals and sources say.
func recordedVisits() map[string]visitOf {
	const landing = "http://wifi.example.org/alpha/status"
	fas := url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("hid=4f2c, clientip=10.42.0.23, clientmac=02:00:00:00:00:99, client_type=cpd_can, gatewayname=Lobby%20WiFi, gatewayurl=http%3a%2f%2f10.42.0.1%3a2050, version=10.2.0, gatewayaddress=10.42.0.1:2050, gatewaymac=aabbccddeeff, originurl=http%3a%2f%2fexample.com%2f, clientif=wlan0 br-hotspot, themespec=, authdir=opennds_auth")))
	sum := sha256.Sum256([]byte("4f2c" + "0123abcd"))
	return map[string]visitOf{
		"CoovaChilli": {`{"dialect":"coovachilli","gateway_secret":"greatsecret"}`, uamOf("notyet", ""), "get", "http://10.1.0.1:3990/logon",
			map[string]string{"username": "member", "password": "[0-9a-f]{96}", "userurl": landing}, "http://10.1.0.1:3990/logoff"},
		"openNDS level 0": {`{"dialect":"opennds"}`, "authaction=http://10.42.0.1:2050/opennds_auth/?clientip=10.42.0.23&clientmac=02:00:00:00:00:99&gatewayname=Lobby%20WiFi&tok=770bfe05&redir=http%3a%2f%2fexample.com%2f", "get",
			"http://10.42.0.1:2050/opennds_auth/", map[string]string{"tok": "770bfe05", "redir": landing}, "http://10.42.0.1:2050/opennds_deny/"},
		"openNDS level 1": {`{"dialect":"opennds","gateway_secret":"0123abcd"}`, "fas=" + fas, "get", "http://10.42.0.1:2050/opennds_auth/", map[string]string{"tok": hex.EncodeToString(sum[:]), "redir": landing},
			"http://10.42.0.1:2050/opennds_deny/"},
		"pfSense": {`{"dialect":"pfsense"}`, "portal_action=http%3A%2F%2F192.168.1.1%3A8002%2Findex.php%3Fzone%3Dguests&zone=guests&redirurl=http%3A%2F%2Fexample.com%2F&clientmac=02:00:00:00:00:99&clientip=192.168.1.9", "post",
			"http://192.168.1.1:8002/index.php", map[string]string{"auth_user": "member", "auth_pass": "[A-Za-z0-9]{40}", "accept": "accept", "redirurl": landing, "zone": "guests"}, "http://192.168.1.1:8002/index.php"},
		"OPNsense": {`{"dialect":"opnsense","gateway_hosts":"portal.acme.example"}`, "gateway=https://portal.acme.example:8000&zoneid=1&redirurl=example.com/x&clientmac=02:00:00:00:00:99", "post",
			"https://portal.acme.example:8000/api/captiveportal/access/logon/1/", map[string]string{"user": "member", "password": "[A-Za-z0-9]{40}"}, "https://portal.acme.example:8000/api/captiveportal/access/logoff/1/"},
		"MikroTik": {`{"dialect":"mikrotik"}`, "link-login-only=" + url.QueryEscape("http://10.5.50.1/login") + "&link-orig=" + url.QueryEscape("http://example.com/") + "&mac=02:00:00:00:00:99&ip=10.5.50.9&identity=lobby&error=", "post",
			"http://10.5.50.1/login", map[string]string{"username": "member", "password": "[A-Za-z0-9]{40}", "dst": landing}, "http://10.5.50.1/logout"},
	}
}

var (
	portalForm  = regexp.MustCompile(`(?s)<form[^>]* method="(\w+)" action="([^"]+)"([^>]*) data-portal-form.*?</form>`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)
)

// portalOf is the form to a gateway that a page shows.
func (b *browser) portalOf() (method, action string, framed bool, fields map[string]string) {
	b.t.Helper()
	found := portalForm.FindStringSubmatch(b.page.Body.String())
	require.NotNil(b.t, found, "no form of a gateway: %s", b.page.Body)
	fields = map[string]string{}
	for _, f := range hiddenField.FindAllStringSubmatch(found[0], -1) {
		fields[f[1]] = html.UnescapeString(f[2])
	}
	return found[1], html.UnescapeString(found[2]), strings.Contains(found[3], "data-framed"), fields
}

// A person whom a gateway sends to the page is let in and out as that gateway wants it.
func TestGatewaysAtLoginPages(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		e := newEnrolling(t, db, nil)
		for name, x := range recordedVisits() {
			t.Run(name, func(t *testing.T) {
				e.own(`{"dialect":"none","gateway_secret":"","gateway_hosts":""}`)
				e.own(x.settings)
				b := newBrowser(t, e)
				b.get("/alpha/login?"+x.query).shows(200, "Log in to ")
				require.Equal(t, "02:00:00:00:00:99", unescape(t, b.cookies["alpha_macaddr"]))
				b.post("/alpha/login", "username", "member", "password", "member-Passw0rd").follow("/alpha/status").shows(200, "Connecting")
				method, action, framed, fields := b.portalOf()
				require.Equal(t, []any{x.method, x.action, name == "OPNsense"}, []any{method, action, framed})
				for field, want := range x.fields {
					require.Regexp(t, "^"+want+"$", fields[field], field)
				}
				require.Equal(t, name == "OPNsense", strings.Contains(b.page.Header().Get("Content-Security-Policy"), "frame-src 'self' https://portal.acme.example:8000"))

				// the gateway did not take it: nobody is sent in circles
				b.get("/alpha/login?" + x.query).follow("/alpha/status")
				require.NotContains(t, b.page.Body.String(), "data-portal-form")
				b.post("/alpha/connect").follow("/alpha/status").portalOf()

				if !strings.HasPrefix(name, "openNDS") { // which asks nobody, so that the page began the session
					require.Equal(t, 201, e.send("POST", "accounting/", `{"status_type":"Start","session_id":"s-`+name+`","unique_id":"`+hex.EncodeToString([]byte(name))+`","username":"member","nas_ip_address":"10.0.0.1","calling_station_id":"02-00-00-00-00-99","called_station_id":"x"}`).Code)
				}
				open := true
				list, err := radiusOf(t, e.Server).Accounting.List(t.Context(), wispwright.ScopeAll(), radius.SessionFilter{Username: "member", IsOpen: &open}, wispwright.Page{})
				require.NoError(t, err)
				require.Len(t, list.Rows, 1)
				b.get("/alpha/status").shows(200, "You are online")
				b.post("/alpha/logout").shows(200)
				_, action, _, _ = b.portalOf()
				require.Equal(t, x.logout, action)
				b.get("/alpha/status").follow("/alpha/login")
				_, err = radiusOf(t, e.Server).Accounting.Record(t.Context(), radius.Report{OrganizationID: mustID(t, e.ids["org_alpha"]), Status: radius.Stop, UniqueID: list.Rows[0].UniqueID, Set: func(*radius.Session) {}})
				require.NoError(t, err)
			})
		}
	})
}

func unescape(t *testing.T, text string) string {
	t.Helper()
	plain, err := url.QueryUnescape(text)
	require.NoError(t, err)
	return plain
}

// How it ended at the gateway is told, forged visits are refused, and who has used up
// what there is hears so.
func TestGatewaysTellHowItEnded(t *testing.T) {
	e := newEnrolling(t, testkit.SQLite(t), nil)
	e.own(`{"dialect":"coovachilli","gateway_secret":"greatsecret"}`)
	b := newBrowser(t, e)
	b.get("/alpha/login?"+uamOf("failed", "&reply=No+more+today")).shows(200, "The network did not let you in: No more today")
	b.get("/alpha/login?"+uamOf("logoff", "")).shows(200, "You are logged out.")
	b.get("/alpha/login?"+uamOf("notyet", "")).post("/alpha/login", "username", "member", "password", "member-Passw0rd").follow("/alpha/status").portalOf()
	b.get("/alpha/login?"+uamOf("failed", "&reply=%3Cb%3Eno%3C%2Fb%3E")).follow("/alpha/status").shows(200, "The network did not let you in: <b>no</b>")
	require.NotContains(t, b.page.Body.String(), "<b>no</b>")
	require.NotContains(t, b.page.Body.String(), "data-portal-form")
	b.get("/alpha/login?" + uamOf("success", "")).follow("/alpha/status").shows(200)
	require.NotContains(t, b.page.Body.String(), "data-portal-form")

	for _, forged := range []string{strings.Replace(uamOf("notyet", ""), "mac=02", "mac=03", 1), strings.Replace(uamOf("notyet", ""), "10.1.0.1", "10.66.0.1", 1), "res=notyet&uamip=10.1.0.1&uamport=3990&challenge=000102030405060708090a0b0c0d0e0f"} {
		other := newBrowser(t, e)
		other.get("/alpha/login?"+forged).shows(200, "did not say who you are")
		require.NotContains(t, other.cookies, "alpha_gateway")
		other.post("/alpha/login", "username", "member", "password", "member-Passw0rd").follow("/alpha/status")
		require.NotContains(t, other.page.Body.String(), "data-portal-form")
	}
	// cookies of browsers say what they like
	b.cookies["alpha_gateway"] = base64.RawURLEncoding.EncodeToString([]byte("no deflate"))
	b.get("/alpha/status").shows(200)
	// another secret: what was kept is good no more
	b.get("/alpha/login?" + uamOf("success", ""))
	e.own(`{"gateway_secret":"othersecret"}`)
	b.get("/alpha/status").shows(200)
	b.get("/alpha/login").follow("/alpha/status")
	require.NotContains(t, b.page.Body.String(), "data-portal-form")

	// openNDS asks nobody: the page does, and refuses
	e.own(`{"dialect":"opennds","gateway_secret":"0123abcd"}`)
	require.Equal(t, 201, e.send("POST", "accounting/", `{"status_type":"Start","session_id":"long","unique_id":"long","username":"member","nas_ip_address":"10.0.0.1","calling_station_id":"02-00-00-00-00-11","called_station_id":"x"}`).Code)
	require.Equal(t, 200, e.send("POST", "accounting/", `{"status_type":"Stop","session_id":"long","unique_id":"long","username":"member","nas_ip_address":"10.0.0.1","session_time":86400,"calling_station_id":"02-00-00-00-00-11","called_station_id":"x"}`).Code)
	c := newBrowser(t, e)
	c.get("/alpha/login?"+recordedVisits()["openNDS level 1"].query).post("/alpha/login", "username", "member", "password", "member-Passw0rd").follow("/alpha/status").shows(200, "The network did not let you in: ")
	require.NotContains(t, c.page.Body.String(), "data-portal-form")
	open := true
	list, err := radiusOf(t, e.Server).Accounting.List(t.Context(), wispwright.ScopeAll(), radius.SessionFilter{Username: "member", IsOpen: &open}, wispwright.Page{})
	require.NoError(t, err)
	require.Empty(t, list.Rows)
}
