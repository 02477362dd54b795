package server_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/radius"
)

// chilliDouble speaks as CoovaChilli does: it intercepts what strangers ask of the
// Internet, lets clients in when RADIUS says so, and reports their sessions.
type chilliDouble struct {
	t      *testing.T
	f      *freeradius
	portal string
	lock   sync.Mutex
	inside map[string]string // session by client address
	name   map[string]string
	n      int
}

const (
	uamSecret  = "greatsecret"
	gatewayAt  = "10.1.0.1"
	internetAt = "203.0.113.80"
)

// challenge belongs to a client.
func challenge(client string) []byte { sum := md5.Sum([]byte("nonce of " + client)); return sum[:] }

// away sends a client to the log-in page, signed.
func (d *chilliDouble) away(w http.ResponseWriter, r *http.Request, client, result, reply string) {
	to := d.portal + "?res=" + result + "&uamip=" + gatewayAt + "&uamport=3990&challenge=" + hex.EncodeToString(challenge(client)) + "&called=00-11-22-33-44-55&mac=02-00-00-00-00-07&ip=" + client +
		"&nasid=lobby&sessionid=" + d.inside[client] + "&userurl=" + url.QueryEscape("http://"+internetAt+"/") + "&reply=" + url.QueryEscape(reply)
	sum := md5.Sum([]byte(to + uamSecret))
	http.Redirect(w, r, to+"&md="+strings.ToUpper(hex.EncodeToString(sum[:])), http.StatusFound)
}

func (d *chilliDouble) tell(client, status, more string) {
	out := d.f.client(d.t, d.f.acct, "acct", fmt.Sprintf(`Acct-Status-Type=%s,Acct-Session-Id=%q,User-Name=%q,NAS-IP-Address=%s,NAS-Port=1,Called-Station-Id="00-11-22-33-44-55",Calling-Station-Id="02-00-00-00-00-07",Framed-IP-Address=%s%s`,
		status, d.inside[client], d.name[client], gatewayAt, client, more))
	if !strings.Contains(out, "Accounting-Response") {
		d.t.Error(out)
	}
}

func (d *chilliDouble) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.lock.Lock()
	defer d.lock.Unlock()
	client, _, _ := net.SplitHostPort(r.RemoteAddr)
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	switch {
	case strings.HasPrefix(local.String(), internetAt):
		if d.inside[client] == "" {
			d.away(w, r, client, "notyet", "")
			return
		}
		_, _ = w.Write([]byte("this is the Internet"))
	case r.URL.Path == "/logon":
		veiled, _ := hex.DecodeString(r.FormValue("password"))
		key := md5.Sum(append(challenge(client), uamSecret...))
		for i := range veiled {
			veiled[i] ^= key[i%16]
		}
		password := strings.TrimRight(string(veiled), "\x00")
		out := d.f.client(d.t, d.f.auth, "auth", fmt.Sprintf(`User-Name=%q,User-Password=%q,NAS-IP-Address=%s,Called-Station-Id="00-11-22-33-44-55",Calling-Station-Id="02-00-00-00-00-07",Message-Authenticator=0x00`, r.FormValue("username"), password, gatewayAt))
		if !strings.Contains(out, "Received Access-Accept") {
			d.away(w, r, client, "failed", "no")
			return
		}
		d.n++
		d.inside[client], d.name[client] = fmt.Sprintf("chilli%d", d.n), r.FormValue("username")
		d.tell(client, "Start", "")
		d.away(w, r, client, "success", "")
	case r.URL.Path == "/logoff":
		if d.inside[client] != "" {
			d.tell(client, "Stop", ",Acct-Session-Time=42,Acct-Input-Octets=1000,Acct-Output-Octets=2000,Acct-Terminate-Cause=User-Request")
		}
		delete(d.inside, client)
		d.away(w, r, client, "logoff", "")
	default:
		http.NotFound(w, r)
	}
}

// A whole hotspot in namespaces: a client that wants the Internet is intercepted, logs
// in at the page, is let in over RADIUS by our own server, sees its state, and logs
// out, at our own login page with a browser that has no scripts.
func TestHotspotFromInterceptionToLogOut(t *testing.T) {
	if !within(t) {
		return
	}
	must(t, "ip addr add "+internetAt+"/32 dev lo", "ip netns add client", "ip link add gw type veth peer name eth0 address 02:00:00:00:00:07 netns client", "ip addr add "+gatewayAt+"/24 dev gw", "ip link set gw up",
		"ip netns exec client ip link set lo up", "ip netns exec client ip addr add 10.1.0.7/24 dev eth0", "ip netns exec client ip link set eth0 up", "ip netns exec client ip route add default via "+gatewayAt)
	f, _ := newOwnServer(t, testkit.SQLite(t), nil)
	f.ask("b", "PATCH", "/api/v1/radius/organization/"+f.ids["org_alpha"]+"/portal/", `{"dialect":"coovachilli","gateway_secret":"`+uamSecret+`"}`, 200)
	r := radiusOf(t, f.Server)

	listen := func(at string) net.Listener {
		l, err := net.Listen("tcp", at)
		require.NoError(t, err)
		return l
	}
	serve := func(l net.Listener, h http.Handler) *httptest.Server {
		s := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}}
		s.Start()
		t.Cleanup(s.Close)
		return s
	}
	web := serve(listen(gatewayAt+":0"), f.Server)
	d := &chilliDouble{t: t, f: f, portal: web.URL + "/alpha/login", inside: map[string]string{}, name: map[string]string{}}
	serve(listen(internetAt+":80"), d)
	serve(listen(gatewayAt+":3990"), d)

	// cookies are kept here: a file of curl's brings back those that were taken away
	heads, cookies := filepath.Join(t.TempDir(), "heads"), map[string]string{}
	curl := func(args ...string) (body, at string) {
		t.Helper()
		for range 8 {
			var own []string
			for name, value := range cookies {
				own = append(own, name+"="+value)
			}
			out, err := exec.Command("ip", append([]string{"netns", "exec", "client", "curl", "-sS", "-m", "20", "-b", strings.Join(own, "; "), "-D", heads, "-w", "\n%{url_effective}\n%{redirect_url}"}, args...)...).CombinedOutput()
			require.NoError(t, err, string(out))
			head, err := os.ReadFile(heads)
			require.NoError(t, err)
			for _, line := range strings.Split(string(head), "\r\n") {
				if value, ok := strings.CutPrefix(line, "Set-Cookie: "); ok {
					c, err := http.ParseSetCookie(value)
					require.NoError(t, err)
					if cookies[c.Name] = c.Value; c.MaxAge < 0 {
						delete(cookies, c.Name)
					}
				}
			}
			parts := strings.Split(string(out), "\n")
			n := len(parts)
			if body, at = strings.Join(parts[:n-2], "\n"), parts[n-2]; parts[n-1] == "" {
				return body, at
			}
			args = []string{parts[n-1]}
		}
		t.Fatal("redirects without end")
		return "", ""
	}
	// fill sends the form of a page to a path, as a browser without scripts does
	fill := func(page, path string, fields ...string) (body, at string) {
		t.Helper()
		token := formField.FindStringSubmatch(page)
		require.NotNil(t, token, page)
		args := []string{"--data-urlencode", "form=" + html.UnescapeString(token[1])}
		for _, f := range fields {
			args = append(args, "--data-urlencode", f)
		}
		return curl(append(args, web.URL+path)...)
	}
	// press sends the form for the gateway that a page shows
	press := func(page string) (body, at string) {
		t.Helper()
		b := &browser{t: t, page: httptest.NewRecorder()}
		_, _ = b.page.Body.WriteString(page)
		_, action, _, fields := b.portalOf()
		q := url.Values{}
		for name, value := range fields {
			q.Set(name, value)
		}
		return curl(action + "?" + q.Encode())
	}
	captive := func() map[string]any {
		t.Helper()
		body, _ := curl("-H", "Accept: application/captive+json", web.URL+alphaPath+"captive-portal/")
		out := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(body), &out), body)
		return out
	}
	body, at := curl("http://" + internetAt + "/")
	require.Contains(t, body, "Log in to ")
	require.Regexp(t, regexp.QuoteMeta(web.URL+"/alpha/login?")+`.*&md=[0-9A-F]{32}$`, at)
	require.Equal(t, true, captive()["captive"])
	forged, _ := curl(strings.Replace(at, "mac=02", "mac=03", 1))
	require.Contains(t, forged, "did not say who you are")
	body, _ = curl("http://" + internetAt + "/")
	refused, _ := fill(body, "/alpha/login", "username=member", "password=wrong")
	require.Contains(t, refused, "not right")
	body, _ = curl("http://" + internetAt + "/")
	require.Contains(t, body, "Log in to ", "still not in")

	body, at = fill(body, "/alpha/login", "username=member", "password=member-Passw0rd")
	require.Equal(t, web.URL+"/alpha/status", at)
	body, at = press(body)
	require.Equal(t, web.URL+"/alpha/status", at)
	require.Contains(t, body, "You are online")
	page := body
	body, _ = curl("http://" + internetAt + "/")
	require.Equal(t, "this is the Internet", body)
	state := captive()
	require.Equal(t, false, state["captive"])
	require.InDelta(t, 10800, state["seconds-remaining"], 120)
	open, err := r.Accounting.List(t.Context(), wispwright.ScopeAll(), radius.SessionFilter{Username: "member"}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, open.Rows, 1)
	require.True(t, open.Rows[0].IsOpen())

	body, _ = fill(page, "/alpha/logout")
	body, _ = press(body)
	require.Contains(t, body, "You are logged out.")
	body, _ = curl("http://" + internetAt + "/")
	require.Contains(t, body, "Log in to ")
	require.Equal(t, true, captive()["captive"])
	closed, err := r.Accounting.Get(t.Context(), wispwright.ScopeAll(), open.Rows[0].UniqueID)
	require.NoError(t, err)
	require.Equal(t, []any{false, int64(42), int64(1000), int64(2000), "User-Request"}, []any{closed.IsOpen(), *closed.SessionTime, *closed.InputOctets, *closed.OutputOctets, *closed.TerminateCause})
}
