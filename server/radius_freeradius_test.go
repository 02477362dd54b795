package server_test

import (
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/radius"
)

// freeradius is a FreeRADIUS of Debian with the files of docs/freeradius, asking a
// server of ours.
type freeradius struct {
	*portal
	auth, acct, tokenAuth, tokenAcct int
	log                              *safeLog
	// tables says how it reads our tables itself, instead of asking over HTTP
	tables string
	web    *httptest.Server
}

// safeLog is what a program prints, to be read meanwhile.
type safeLog struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *safeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// freePort is one that nobody has at the moment.
func freePort(t *testing.T) int {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer c.Close() // FreeRADIUS takes it
	return c.LocalAddr().(*net.UDPAddr).Port
}

const debianRADIUS = "/etc/freeradius/3.0"

func newFreeRADIUS(t *testing.T) *freeradius {
	t.Helper()
	needFreeRADIUS(t)
	f := &freeradius{portal: newPortal(t, testkit.SQLite(t), nil)}
	f.web = httptest.NewServer(f.Server)
	t.Cleanup(f.web.Close)
	f.begin(t)
	return f
}

// needFreeRADIUS skips where it is not installed.
func needFreeRADIUS(t *testing.T) {
	t.Helper()
	for _, program := range []string{"freeradius", "radclient"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s: scripts/services start freeradius", program)
		}
	}
	if _, err := os.ReadDir(debianRADIUS + "/mods-enabled"); err != nil {
		t.Skipf("the configuration of FreeRADIUS cannot be read: %v", err)
	}
}

func (f *freeradius) begin(t *testing.T) {
	t.Helper()
	for try := 1; ; try++ { // a port may be taken in between
		if f.run(t) {
			return
		}
		require.Less(t, try, 5, "FreeRADIUS does not start:\n%s", f.log)
	}
}

// files copies Debian's configuration and puts the files of docs/freeradius in, as
// their README says.
func (f *freeradius) files(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "raddb")
	require.NoError(t, exec.Command("cp", "-rL", debianRADIUS, dir).Run())
	for _, name := range []string{"sites-enabled/default", "sites-enabled/inner-tunnel", "mods-enabled/eap"} {
		_ = os.Remove(filepath.Join(dir, name)) // where it is there
	}
	read := func(name string) string {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		return string(b)
	}
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	ours := func(name string, pairs ...string) string {
		return strings.NewReplacer(pairs...).Replace(read(filepath.Join(testkit.Root(t), "docs", "freeradius", name)))
	}
	port := func(n int) string { return fmt.Sprintf("port = %d\n", n) }
	f.auth, f.acct, f.tokenAuth, f.tokenAcct = freePort(t), freePort(t), freePort(t), freePort(t)
	if f.tables != "" {
		write("clients.conf", "") // they are read from the tables too
		write("mods-enabled/sql", ours("sql", `radius_db = "wispwright"`, `radius_db = "`+f.tables+`"`, "\tlogin = \"wispwright\"\n", "", "\tpassword = \"PASSWORD\"\n", ""))
		write("sites-enabled/wispwright", ours("site-sql", "port = 1812\n", port(f.auth), "port = 1813\n", port(f.acct)))
		f.general(t, dir, ours("dictionary"))
		return dir
	}
	write("mods-enabled/rest", ours("rest", "http://127.0.0.1:8080", f.web.URL))
	write("sites-enabled/wispwright", ours("site", "Bearer ORGANIZATION_ID ORGANIZATION_TOKEN", f.cred, "port = 1812\n", port(f.auth), "port = 1813\n", port(f.acct)))
	write("sites-enabled/wispwright-user-token", ours("site-user-token", "port = 1822\n", port(f.tokenAuth), "port = 1823\n", port(f.tokenAcct)))
	f.general(t, dir, ours("dictionary"))
	return dir
}

// general adds attributes, and lets it run as whom the test does, in its folder.
func (f *freeradius) general(t *testing.T, dir, attributes string) {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return string(b)
	}
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("dictionary", read("dictionary")+"\n"+attributes)
	conf := regexp.MustCompile(`(?m)^\s*(user|group) = freerad$`).ReplaceAllString(read("radiusd.conf"), "")
	for _, key := range []string{"raddbdir", "logdir", "run_dir", "radacctdir"} {
		conf = regexp.MustCompile(`(?m)^`+key+` = .*$`).ReplaceAllString(conf, key+" = "+dir)
	}
	write("radiusd.conf", regexp.MustCompile(`reject_delay = \d+`).ReplaceAllString(conf, "reject_delay = 0"))
}

// run starts FreeRADIUS; it is false when a port was taken.
func (f *freeradius) run(t *testing.T) bool {
	dir := f.files(t)
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "freeradius", "-f", "-x", "-l", "stdout", "-d", dir)
	f.log = &safeLog{}
	cmd.Stdout, cmd.Stderr = f.log, f.log
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }() // it is killed at the end
	t.Cleanup(func() { stop(); <-ended })
	deadline := time.After(time.Minute)
	for {
		select {
		case <-ended:
			return false
		case <-deadline:
			return false
		case <-time.After(20 * time.Millisecond):
			if strings.Contains(f.log.String(), "Ready to process requests") {
				return true
			}
		}
	}
}

// client sends packets with radclient, and returns what it prints.
func (f *freeradius) client(t *testing.T, port int, kind, attributes string) string {
	t.Helper()
	cmd := exec.Command("radclient", "-x", "-t", "20", "-r", "1", fmt.Sprintf("127.0.0.1:%d", port), kind, "testing123")
	cmd.Stdin = strings.NewReader(attributes)
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(string(out), "Access-Reject") && !strings.Contains(string(out), "No reply") {
		t.Fatalf("radclient: %v\n%s\n%s", err, out, f.log)
	}
	return string(out)
}

const station = `,Called-Station-Id="00-11-22-33-44-55:net",Calling-Station-Id="00:11:22:33:44:55",Message-Authenticator=0x00`

func (f *freeradius) login(t *testing.T, port int, name, password string) string {
	t.Helper()
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(password)
	return f.client(t, port, "auth", `User-Name="`+name+`",User-Password="`+quoted+`"`+station)
}

// account sends an accounting packet of member and returns the session.
func (f *freeradius) account(t *testing.T, status, session, more string) *radius.Session {
	t.Helper()
	out := f.client(t, f.acct, "acct", `Acct-Status-Type=`+status+`,Acct-Session-Id="`+session+`",User-Name=member,NAS-IP-Address=172.16.64.91,NAS-Port=1,NAS-Port-Type=Wireless-802.11,
		Acct-Authentic=RADIUS,Service-Type=Login-User,Called-Station-Id="00-27-22-F3-FA-F1:hostname",Calling-Station-Id="5c:7d:c1:72:a7:3b"`+more)
	require.Contains(t, out, "Received Accounting-Response", f.log)
	found, err := radiusOf(t, f.Server).Accounting.List(t.Context(), wispwright.ScopeAll(), radius.SessionFilter{}, wispwright.Page{})
	require.NoError(t, err)
	for _, s := range found.Rows {
		if s.SessionID == session {
			return s
		}
	}
	t.Fatalf("there is no session %s", session)
	return nil
}

// The list of spec: radius §16.7, against a real FreeRADIUS.
func TestFreeRADIUS(t *testing.T) {
	f := newFreeRADIUS(t)
	r := radiusOf(t, f.Server)
	answers := func() []*radius.PostAuth {
		found, err := r.PostAuths.List(t.Context(), wispwright.ScopeAll(), radius.PostAuthFilter{}, wispwright.Page{})
		require.NoError(t, err)
		return found.Rows
	}
	t.Run("1 a password is accepted with what is left", func(t *testing.T) {
		out := f.login(t, f.auth, "member", "member-Passw0rd")
		require.Contains(t, out, "Received Access-Accept", f.log)
		require.Contains(t, out, "Session-Timeout = 10800")
		require.Contains(t, out, "Max-Total-Octets = 3000000000")
		require.Equal(t, []string{"Access-Accept", "", "00-11-22-33-44-55:net"}, []string{answers()[0].Reply, answers()[0].Password, *answers()[0].CalledStationID})
	})
	t.Run("2 a wrong one is not", func(t *testing.T) {
		require.Contains(t, f.login(t, f.auth, "member", "wrong"), "Received Access-Reject")
		require.Equal(t, []string{"Access-Reject", "wrong"}, []string{answers()[0].Reply, answers()[0].Password})
	})
	t.Run("3 strangers, and those who were switched off", func(t *testing.T) {
		out := f.login(t, f.auth, "nobody", "x")
		require.Contains(t, out, "Received Access-Reject")
		require.NotContains(t, out, "Reply-Message")
		at := "/api/v1/users/user/" + f.ids["user_operator"] + "/"
		require.Contains(t, f.login(t, f.auth, "operator", "operator-Passw0rd"), "Received Access-Accept")
		f.ask("a", "PATCH", at, `{"is_active":false}`, 200)
		require.Contains(t, f.login(t, f.auth, "operator", "operator-Passw0rd"), "Received Access-Reject")
		settings := "/api/v1/radius/organization/" + f.ids["org_alpha"] + "/settings/"
		f.ask("b", "PATCH", settings, `{"needs_identity_verification":true}`, 200)
		require.Contains(t, f.login(t, f.auth, "member", "member-Passw0rd"), "Received Access-Reject")
		f.ask("b", "PATCH", settings, `{"needs_identity_verification":null}`, 200)
	})
	token := func() string {
		return f.ask("", "POST", "/api/v1/radius/organization/alpha/account/token/", `{"username":"member","password":"member-Passw0rd"}`, 200)["radius_user_token"].(string)
	}
	t.Run("4 a token is good once", func(t *testing.T) {
		key := token()
		require.Contains(t, f.login(t, f.auth, "member", key), "Received Access-Accept")
		require.Contains(t, f.login(t, f.auth, "member", key), "Received Access-Reject")
		require.Contains(t, f.login(t, f.auth, "member", "member-Passw0rd"), "Received Access-Accept")
	})
	t.Run("5 the organization of the user's token", func(t *testing.T) {
		require.Contains(t, f.login(t, f.tokenAuth, "manager", "manager-Passw0rd"), "Received Access-Reject", "no token yet")
		require.Contains(t, f.login(t, f.tokenAuth, "member", token()), "Received Access-Accept")
	})
	t.Run("6 a wrong token of the organization, an address that is not allowed", func(t *testing.T) {
		at := "/api/v1/radius/organization/" + f.ids["org_alpha"] + "/settings/"
		f.ask("b", "PATCH", at, `{"token":"renewed"}`, 200)
		require.Contains(t, f.login(t, f.auth, "member", "member-Passw0rd"), "Received Access-Reject")
		f.ask("b", "PATCH", at, `{"token":"secrettoken","freeradius_allowed_hosts":"192.0.2.1"}`, 200)
		require.Contains(t, f.login(t, f.auth, "member", "member-Passw0rd"), "Received Access-Reject")
		f.ask("b", "PATCH", at, `{"freeradius_allowed_hosts":null}`, 200)
		require.Contains(t, f.login(t, f.auth, "member", "member-Passw0rd"), "Received Access-Accept")
	})
	t.Run("7 to 11 the life of a session, and what is left", func(t *testing.T) {
		s := f.account(t, "Start", "35000006", "")
		require.Equal(t, []any{true, "alpha-users", int64(0)}, []any{s.IsOpen(), *s.GroupName, *s.OutputOctets})
		require.Len(t, s.UniqueID, 32)
		s = f.account(t, "Interim-Update", "35000006", ",Acct-Session-Time=261,Acct-Input-Octets=9900909,Acct-Output-Octets=1511075509,Acct-Output-Gigawords=0")
		require.Equal(t, []int64{261, 9900909, 1511075509}, []int64{*s.SessionTime, *s.InputOctets, *s.OutputOctets})
		out := f.login(t, f.auth, "member", "member-Passw0rd")
		require.Contains(t, out, "Session-Timeout = 10539")
		require.Contains(t, out, fmt.Sprintf("Max-Total-Octets = %d", 3_000_000_000-9900909-1511075509))
		s = f.account(t, "Interim-Update", "35000006", ",Acct-Session-Time=262,Acct-Output-Octets=1511075509,Acct-Output-Gigawords=2")
		require.Equal(t, int64(10101010101), *s.OutputOctets)
		f.account(t, "Interim-Update", "35000006", ",Acct-Session-Time=10800,Acct-Output-Octets=1,Acct-Output-Gigawords=0")
		out = f.login(t, f.auth, "member", "member-Passw0rd")
		require.Contains(t, out, "Received Access-Reject")
		require.Contains(t, out, "Your maximum daily usage time has been reached")
		key := token()
		s = f.account(t, "Stop", "35000006", ",Acct-Session-Time=300,Acct-Terminate-Cause=User-Request")
		require.Equal(t, []any{false, "User-Request", int64(300)}, []any{s.IsOpen(), *s.TerminateCause, *s.SessionTime})
		require.Contains(t, f.login(t, f.auth, "member", key), "Received Access-Reject", "the end of a session takes the token back")
	})
	t.Run("12 and 13 a device that comes again, an access point that starts again", func(t *testing.T) {
		f.account(t, "Start", "first", "")
		second := f.account(t, "Start", "second", "")
		require.True(t, second.IsOpen())
		require.Equal(t, "Session-Timeout", *f.account(t, "Start", "first", "").TerminateCause, "a Start that comes late opens nothing")
		out := f.client(t, f.acct, "acct", `Acct-Status-Type=Accounting-On,NAS-IP-Address=172.16.64.91,Called-Station-Id="00-27-22-F3-FA-F1"`)
		require.Contains(t, out, "Received Accounting-Response")
		found, err := r.Accounting.Get(t.Context(), wispwright.ScopeAll(), second.UniqueID)
		require.NoError(t, err)
		require.Equal(t, "NAS-Reboot", *found.TerminateCause)
	})
	t.Run("14 a device that roams", func(t *testing.T) {
		f.account(t, "Start", "roaming", "")
		const mac = "5C-7D-C1-72-A7-3B"
		require.Contains(t, f.login(t, f.tokenAuth, mac, mac), "Received Access-Reject")
		f.ask("b", "PATCH", "/api/v1/radius/organization/"+f.ids["org_alpha"]+"/settings/", `{"mac_addr_roaming_enabled":true}`, 200)
		require.Contains(t, f.login(t, f.tokenAuth, mac, mac), "Received Access-Accept")
	})
	t.Run("15 passwords with anything in them", func(t *testing.T) {
		for _, password := range []string{`a"b\c{}d é%`, `trailing space `} {
			u, err := f.Tenancy().Users.ByUsername(t.Context(), wispwright.ScopeAll(), "manager")
			require.NoError(t, err)
			require.NoError(t, f.Tenancy().Users.SetPassword(t.Context(), wispwright.ScopeAll(), u.ID, password))
			require.Contains(t, f.login(t, f.auth, "manager", password), "Received Access-Accept", password)
			require.Contains(t, f.login(t, f.auth, "manager", strings.TrimSuffix(password, " ")+"x"), "Received Access-Reject", password)
		}
	})
	t.Run("16 the API is away", func(t *testing.T) {
		f.web.Close()
		require.Contains(t, f.login(t, f.auth, "member", "member-Passw0rd"), "Received Access-Reject")
		cmd := exec.Command("radclient", "-x", "-t", "1", "-r", "1", fmt.Sprintf("127.0.0.1:%d", f.acct), "acct", "testing123")
		cmd.Stdin = strings.NewReader(`Acct-Status-Type=Start,Acct-Session-Id="lost",User-Name=member,NAS-IP-Address=172.16.64.91`)
		out, _ := cmd.CombinedOutput() // it fails: nobody answers, so that it is sent again
		require.NotContains(t, string(out), "Received Accounting-Response")
	})
}
