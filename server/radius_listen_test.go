package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius"
)

// issued writes a certificate and its key; without issuer it is an authority.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
}

func (i *issuer) issue(t *testing.T, dir, name string) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{name}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true}
	parent, signer := c, key
	if i == nil {
		c.IsCA, c.KeyUsage, c.ExtKeyUsage, c.DNSNames = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, nil, nil
	} else {
		parent, signer = i.cert, i.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for ending, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: raw}, ".key": {Type: "PRIVATE KEY", Bytes: secret}} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+ending), pem.EncodeToMemory(block), 0o600))
	}
	cert, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	return &issuer{cert, key, dir}
}

// newOwnServer is a server that answers access servers itself, with certificates in a
// folder.
func newOwnServer(t *testing.T, db *sqlstore.DB, change func(*settings)) (f *freeradius, dir string) {
	t.Helper()
	for _, program := range []string{"radclient", "eapol_test"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s: scripts/services start freeradius", program)
		}
	}
	dir = t.TempDir()
	var none *issuer
	ca := none.issue(t, dir, "ca")
	ca.issue(t, dir, "radius.example.org")
	ca.issue(t, dir, "member")
	ca.issue(t, dir, "nobody")
	f = &freeradius{log: &safeLog{}, portal: newPortal(t, db, func(c *settings) {
		c.Radius.Listen, c.Radius.ListenAccounting = "127.0.0.1:0", "127.0.0.1:0"
		c.Radius.Certificate, c.Radius.CertificateKey, c.Radius.ClientCA = dir+"/radius.example.org.pem", dir+"/radius.example.org.key", dir+"/ca.pem"
		if change != nil {
			change(c)
		}
	})}
	require.NoError(t, f.Start(t.Context()))
	at := radiusOf(t, f.Server).Listening()
	f.auth, f.acct = at[0].(*net.UDPAddr).Port, at[1].(*net.UDPAddr).Port
	f.ask("b", "POST", "/api/v1/radius/nas/", `{"name":"127.0.0.0/8","short_name":"loopback","secret":"testing123","organization":"`+f.ids["org_alpha"]+`"}`, 201)
	return f, dir
}

// eapol comes in as a device does, and returns what eapol_test prints.
func (f *freeradius) eapol(t *testing.T, network string) (out string, in bool) {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "eapol.conf")
	require.NoError(t, os.WriteFile(conf, []byte("network={\nssid=\"x\"\nkey_mgmt=WPA-EAP\n"+network+"\n}\n"), 0o600))
	raw, err := exec.Command("eapol_test", "-c", conf, "-a", "127.0.0.1", "-p", fmt.Sprint(f.auth), "-s", "testing123", "-N", "30:s:E8-48-B8-8D-24-8C:OpenWISP", "-t", "20").CombinedOutput()
	out = string(raw)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Equal(t, err == nil, lines[len(lines)-1] == "SUCCESS", out)
	return out, err == nil
}

// The list of spec: radius §16.7, against our own server.
func TestOwnRadiusServer(t *testing.T) {
	f, dir := newOwnServer(t, testkit.SQLite(t), nil)
	r := radiusOf(t, f.Server)
	last := func() *radius.PostAuth {
		found, err := r.PostAuths.List(t.Context(), wispwright.ScopeAll(), radius.PostAuthFilter{}, wispwright.Page{Limit: 1})
		require.NoError(t, err)
		return found.Rows[0]
	}
	token := func() string {
		return f.ask("", "POST", "/api/v1/radius/organization/alpha/account/token/", `{"username":"member","password":"member-Passw0rd"}`, 200)["radius_user_token"].(string)
	}
	t.Run("1 and 2 passwords", func(t *testing.T) {
		out := f.login(t, f.auth, "member", "member-Passw0rd")
		require.Contains(t, out, "Received Access-Accept")
		require.Contains(t, out, "Session-Timeout = 10800")
		require.Contains(t, out, "Max-Total-Octets = 3000000000")
		require.Equal(t, []string{"Access-Accept", "", "00-11-22-33-44-55:net"}, []string{last().Reply, last().Password, *last().CalledStationID})
		require.Contains(t, f.login(t, f.auth, "member", "wrong"), "Received Access-Reject")
		require.Equal(t, []string{"Access-Reject", "wrong"}, []string{last().Reply, last().Password})
	})
	t.Run("3 strangers", func(t *testing.T) {
		for _, name := range []string{"nobody", "betamanager"} {
			out := f.login(t, f.auth, name, name+"-Passw0rd")
			require.Contains(t, out, "Received Access-Reject")
			require.NotContains(t, out, "Reply-Message")
		}
	})
	t.Run("4 tokens, also by CHAP", func(t *testing.T) {
		key := token()
		require.Contains(t, f.login(t, f.auth, "member", key), "Received Access-Accept")
		require.Contains(t, f.login(t, f.auth, "member", key), "Received Access-Reject")
		key = token()
		for _, want := range []string{"Received Access-Accept", "Received Access-Reject"} {
			require.Contains(t, f.client(t, f.auth, "auth", `User-Name="member",CHAP-Password="`+key+`"`+station), want)
		}
	})
	f.ask("a", "POST", "/api/v1/radius/check/", `{"username":"operator","attribute":"Cleartext-Password","op":":=","value":"clear-Text1","organization":"`+f.ids["org_alpha"]+`"}`, 201)
	t.Run("passwords in clear, by every way", func(t *testing.T) {
		require.Contains(t, f.login(t, f.auth, "operator", "clear-Text1"), "Received Access-Accept")
		for _, way := range []string{"CHAP-Password", "MS-CHAP-Password"} {
			require.Contains(t, f.client(t, f.auth, "auth", `User-Name="operator",`+way+`="wrong"`+station), "Received Access-Reject", way)
		}
		require.Contains(t, f.client(t, f.auth, "auth", `User-Name="operator",CHAP-Password="clear-Text1"`+station), "Received Access-Accept")
	})
	t.Run("7 to 13 the life of a session", func(t *testing.T) {
		s := f.account(t, "Start", "35000006", "")
		require.Equal(t, []any{true, "alpha-users", "Wireless-802.11", "Login-User", "RADIUS", "1"}, []any{s.IsOpen(), *s.GroupName, *s.NASPortType, *s.ServiceType, *s.Authentication, *s.NASPortID})
		s = f.account(t, "Interim-Update", "35000006", ",Acct-Session-Time=261,Acct-Input-Octets=9900909,Acct-Output-Octets=1511075509,Acct-Output-Gigawords=2")
		require.Equal(t, []int64{261, 9900909, 2<<32 + 1511075509}, []int64{*s.SessionTime, *s.InputOctets, *s.OutputOctets})
		require.Contains(t, f.login(t, f.auth, "member", "member-Passw0rd"), "Your maximum daily usage time has been reached")
		f.account(t, "Interim-Update", "35000006", ",Acct-Session-Time=261,Acct-Input-Octets=1,Acct-Output-Octets=1")
		require.Contains(t, f.login(t, f.auth, "member", "member-Passw0rd"), "Session-Timeout = 10539")
		s = f.account(t, "Start", "35000007", "")
		require.True(t, s.IsOpen())
		s = f.account(t, "Stop", "35000007", ",Acct-Session-Time=10,Acct-Terminate-Cause=User-Request")
		require.Equal(t, []any{false, "User-Request"}, []any{s.IsOpen(), *s.TerminateCause})
		s = f.account(t, "Stop", "35000006", "")
		require.Equal(t, "Session-Timeout", *s.TerminateCause, "the second start had ended it")
		f.account(t, "Start", "35000008", "")
		out := f.client(t, f.acct, "acct", `Acct-Status-Type=Accounting-On,Acct-Session-Id="0",NAS-IP-Address=172.16.64.91,Called-Station-Id="00-27-22-F3-FA-F1:hostname"`)
		require.Contains(t, out, "Received Accounting-Response")
		found, err := r.Accounting.List(t.Context(), wispwright.ScopeAll(), radius.SessionFilter{Search: "member"}, wispwright.Page{})
		require.NoError(t, err)
		for _, s := range found.Rows {
			require.False(t, s.IsOpen(), s.SessionID)
		}
	})
	t.Run("14 devices that roam", func(t *testing.T) {
		f.ask("b", "PATCH", "/api/v1/radius/organization/"+f.ids["org_alpha"]+"/settings/", `{"mac_addr_roaming_enabled":true}`, 200)
		f.account(t, "Start", "35000009", "")
		require.Contains(t, f.login(t, f.auth, "5C-7D-C1-72-A7-3B", "5C-7D-C1-72-A7-3B"), "Received Access-Accept")
		require.Contains(t, f.login(t, f.auth, "5C-7D-C1-72-A7-3C", "5C-7D-C1-72-A7-3C"), "Received Access-Reject")
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
	t.Run("19 checks of users, sessions at a time", func(t *testing.T) {
		groups := "/api/v1/users/user/" + f.ids["user_operator"] + "/radius-group/"
		group := f.ask("a", "GET", groups, "", 200)["results"].([]any)[0].(map[string]any)["group"].(string)
		f.ask("b", "POST", "/api/v1/radius/group/"+group+"/reply/", `{"attribute":"Filter-Id","op":"=","value":"bronze"}`, 201)
		check := f.ask("b", "POST", "/api/v1/radius/group/"+group+"/check/", `{"attribute":"Simultaneous-Use","op":":=","value":"1"}`, 201)["id"].(string)
		out := f.login(t, f.auth, "operator", "clear-Text1")
		require.Contains(t, out, "Received Access-Accept")
		require.Contains(t, out, `Filter-Id = "bronze"`)
		require.Contains(t, f.client(t, f.acct, "acct", `Acct-Status-Type=Start,Acct-Session-Id="19",User-Name=operator,NAS-IP-Address=172.16.64.91,Called-Station-Id="elsewhere",Calling-Station-Id="aa:aa:aa:aa:aa:aa"`), "Received Accounting-Response")
		out = f.login(t, f.auth, "operator", "clear-Text1")
		require.Contains(t, out, "Received Access-Reject")
		require.Contains(t, out, "You are already logged in - access denied")
		require.Contains(t, f.client(t, f.acct, "acct", `Acct-Status-Type=Stop,Acct-Session-Id="19",User-Name=operator,NAS-IP-Address=172.16.64.91`), "Received Accounting-Response")
		require.Contains(t, f.login(t, f.auth, "operator", "clear-Text1"), "Received Access-Accept")
		f.ask("b", "DELETE", "/api/v1/radius/group/"+group+"/check/"+check+"/", "", 204)
	})
	t.Run("17 EAP-TTLS and EAP-TLS", func(t *testing.T) {
		ttls := func(name, password, phase2 string) string {
			return fmt.Sprintf("eap=TTLS\nidentity=%q\nanonymous_identity=\"anonymous\"\npassword=%q\nphase2=\"auth=%s\"\nca_cert=%q", name, password, phase2, dir+"/ca.pem")
		}
		out, in := f.eapol(t, ttls("member", "member-Passw0rd", "PAP"))
		require.True(t, in, out)
		require.Contains(t, out, "MPPE keys OK: 1  mismatch: 0")
		require.Contains(t, out, "Attribute 27")
		require.Equal(t, []string{"Access-Accept", "member"}, []string{last().Reply, last().Username})
		_, in = f.eapol(t, ttls("member", "wrong", "PAP"))
		require.False(t, in)
		require.Equal(t, []string{"Access-Reject", "member"}, []string{last().Reply, last().Username})
		out, in = f.eapol(t, ttls("operator", "clear-Text1", "MSCHAPV2"))
		require.True(t, in, out)
		require.Contains(t, out, "MPPE keys OK: 1  mismatch: 0")
		_, in = f.eapol(t, ttls("operator", "wrong", "MSCHAPV2"))
		require.False(t, in)
		_, in = f.eapol(t, ttls("member", "member-Passw0rd", "MSCHAPV2"))
		require.False(t, in, "there is no password in clear")
		tls := func(name string) string {
			return fmt.Sprintf("eap=TLS\nidentity=\"x\"\nca_cert=%q\nclient_cert=%q\nprivate_key=%q", dir+"/ca.pem", dir+"/"+name+".pem", dir+"/"+name+".key")
		}
		out, in = f.eapol(t, tls("member"))
		require.True(t, in, out)
		require.Contains(t, out, "MPPE keys OK: 1  mismatch: 0")
		_, in = f.eapol(t, tls("nobody"))
		require.False(t, in, "nobody has that name")
		elsewhere := t.TempDir()
		var none *issuer
		none.issue(t, elsewhere, "ca").issue(t, elsewhere, "member")
		_, in = f.eapol(t, fmt.Sprintf("eap=TLS\nidentity=\"x\"\nclient_cert=%q\nprivate_key=%q", elsewhere+"/member.pem", elsewhere+"/member.key"))
		require.False(t, in, "of another authority")
		_, in = f.eapol(t, "eap=PEAP\nidentity=\"member\"\npassword=\"member-Passw0rd\"\nphase2=\"auth=MSCHAPV2\"")
		require.False(t, in, "it is refused plainly")
	})
}

// Packets that nobody should have sent are not answered, and those that were sent
// again are not counted again.
func TestOwnRadiusServerIsCareful(t *testing.T) {
	f, _ := newOwnServer(t, testkit.SQLite(t), nil)
	conn, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", f.auth))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	ask := func(raw []byte, wait time.Duration) []byte {
		t.Helper()
		_, err := conn.Write(raw)
		require.NoError(t, err)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(wait)))
		answer := make([]byte, 4096)
		n, err := conn.Read(answer)
		if err != nil {
			return nil
		}
		return answer[:n]
	}
	p := wire.New(wire.CodeAccountingRequest, []byte("testing123"))
	p.Add(40, wire.NewInteger(1))
	p.Add(44, wire.Attribute("again"))
	p.Add(1, wire.Attribute("member"))
	raw, err := p.Encode()
	require.NoError(t, err)
	first := ask(raw, 20*time.Second)
	require.NotNil(t, first)
	require.Equal(t, first, ask(raw, 20*time.Second), "the answer is the same")
	found, err := radiusOf(t, f.Server).Accounting.List(t.Context(), wispwright.ScopeAll(), radius.SessionFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 1, found.Total)
	w := told(t, f.Server, "", "GET", "/metrics", "")
	require.Contains(t, w.Body.String(), `wispwright_radius_packets_total{result="repeated"} 1`)

	silent := func(name string, raw []byte) {
		t.Helper()
		require.Nil(t, ask(raw, 300*time.Millisecond), name)
	}
	access := wire.New(wire.CodeAccessRequest, []byte("testing123"))
	access.Add(1, wire.Attribute("member"))
	raw, err = access.Encode()
	require.NoError(t, err)
	silent("without Message-Authenticator", raw)
	access.Add(80, make(wire.Attribute, 16))
	raw, err = access.Encode()
	require.NoError(t, err)
	silent("with a wrong one", raw)
	p.Secret = []byte("another")
	raw, err = p.Encode()
	require.NoError(t, err)
	silent("another secret", raw)
	silent("no packet", []byte("hello"))
	silent("an answer", append([]byte{2}, raw[1:]...))
	require.Contains(t, f.client(t, f.auth, "status", "Message-Authenticator=0x00"), "Received Access-Accept")
}

// Access servers are told of another group, and of a limit that is used up.
func TestChangesOfAuthorization(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		nas, err := net.ListenPacket("udp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { _ = nas.Close() }() // it may be closed already
		p := newPortal(t, db, func(c *settings) { c.Radius.CoAPort = nas.LocalAddr().(*net.UDPAddr).Port })
		require.NoError(t, p.Start(t.Context()))
		r := radiusOf(t, p.Server)
		alpha := p.ids["org_alpha"]
		p.ask("b", "POST", "/api/v1/radius/nas/", `{"name":"127.0.0.1","short_name":"n","secret":"testing123","organization":"`+alpha+`"}`, 201)
		group := func(name, check, value string) string {
			id := p.ask("b", "POST", "/api/v1/radius/group/", `{"name":"`+name+`","organization":"`+alpha+`"}`, 201)["id"].(string)
			p.ask("b", "POST", "/api/v1/radius/group/"+id+"/check/", `{"attribute":"`+check+`","op":":=","value":"`+value+`"}`, 201)
			p.ask("b", "POST", "/api/v1/radius/group/"+id+"/reply/", `{"attribute":"Filter-Id","op":"=","value":"`+name+`"}`, 201)
			return id
		}
		fast, spent := group("fast", "Max-Daily-Session", "7200"), group("spent", "Max-Daily-Session", "50")
		w := p.send("POST", "accounting/", `{"status_type":"Start","session_id":"s1","unique_id":"one","username":"member","nas_ip_address":"127.0.0.1","calling_station_id":"aa:bb","session_time":"100"}`)
		require.Equal(t, 201, w.Code, w.Body)
		members := "/api/v1/users/user/" + p.ids["user_member"] + "/radius-group/"
		at := members + p.ask("a", "GET", members, "", 200)["results"].([]any)[0].(map[string]any)["id"].(string) + "/"
		move := func(to string) { p.ask("a", "PATCH", at, `{"group":"`+to+`"}`, 200); idle(t, p.Server) }
		move(fast)
		p.ask("b", "PATCH", "/api/v1/radius/organization/"+alpha+"/settings/", `{"coa_enabled":true}`, 200)
		answer := func(code wire.Code) *wire.Packet {
			t.Helper()
			require.NoError(t, nas.SetReadDeadline(time.Now().Add(30*time.Second)), "nothing was sent while it was off")
			buffer := make([]byte, 4096)
			n, from, err := nas.ReadFrom(buffer)
			require.NoError(t, err)
			q, err := wire.Parse(buffer[:n], []byte("testing123"))
			require.NoError(t, err)
			require.True(t, wire.IsAuthenticRequest(buffer[:n], []byte("testing123")))
			raw, err := q.Response(code).Encode()
			require.NoError(t, err)
			_, err = nas.WriteTo(raw, from)
			require.NoError(t, err)
			return q
		}
		name := func() string {
			s, err := r.Accounting.Get(t.Context(), wispwright.ScopeAll(), "one")
			require.NoError(t, err)
			return *s.GroupName
		}
		users := ""
		for _, g := range p.ask("b", "GET", "/api/v1/radius/group/?search=alpha-users", "", 200)["results"].([]any) {
			users = g.(map[string]any)["id"].(string)
		}
		p.ask("a", "PATCH", at, `{"group":"`+users+`"}`, 200)
		q := answer(wire.CodeCoANAK)
		require.Equal(t, wire.CodeCoARequest, q.Code)
		idle(t, p.Server)
		require.Equal(t, "alpha-users", name(), "as it was at the start")
		p.ask("a", "PATCH", at, `{"group":"`+fast+`"}`, 200)
		q = answer(wire.CodeCoAACK)
		seconds, err := wire.Integer(q.Get(27))
		require.NoError(t, err)
		require.Equal(t, []any{uint32(7100), "fast", "member", "s1", "aa:bb"}, []any{seconds, string(q.Get(11)), string(q.Get(1)), string(q.Get(44)), string(q.Get(31))})
		require.Contains(t, string(q.Get(26)), "\xff\xff\xff\xff", "the former limit of traffic")
		testkit.Eventually(t, "the session is one of the group", func(context.Context) bool { return name() == "alpha-fast" })
		p.ask("a", "PATCH", at, `{"group":"`+spent+`"}`, 200)
		q = answer(wire.CodeDisconnectACK)
		require.Equal(t, wire.CodeDisconnectRequest, q.Code)
		idle(t, p.Server)
		require.Equal(t, "alpha-fast", name())
	})
}

// testContext is what testkit.Eventually hands over.
type testContext = context.Context

// readIssuer is the authority that issue wrote into a folder.
func readIssuer(t *testing.T, dir string) *issuer {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key"))
	require.NoError(t, err)
	return &issuer{pair.Leaf, pair.PrivateKey.(*ecdsa.PrivateKey), dir}
}

// revoke writes a list of revoked certificates that lie in the authority's folder.
func (i *issuer) revoke(t *testing.T, list string, names ...string) {
	t.Helper()
	var entries []x509.RevocationListEntry
	for _, name := range names {
		pair, err := tls.LoadX509KeyPair(filepath.Join(i.dir, name+".pem"), filepath.Join(i.dir, name+".key"))
		require.NoError(t, err)
		entries = append(entries, x509.RevocationListEntry{SerialNumber: pair.Leaf.SerialNumber, RevocationTime: time.Now()})
	}
	raw, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(time.Now().UnixNano()), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour), RevokedCertificateEntries: entries}, i.cert, i.key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(list, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: raw}), 0o600))
}
