package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"
	"github.com/stretchr/testify/require"
	wire "layeh.com/radius"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius"
)

// A network for which everybody has an account of their own: one request, and a device
// comes in that trusts what the profile says.
func TestWPAEnterpriseInOneStep(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		f, _ := newOwnServer(t, db, func(c *settings) { c.Radius.Certificate, c.Radius.CertificateKey, c.Radius.ClientCA = "", "", "" })
		alpha := f.ids["org_alpha"]
		at := "/api/v1/radius/organization/" + alpha + "/wpa-enterprise/"
		f.ask("b", "GET", at, "", 404)
		for body, field := range map[string]string{
			`{"ssid":"Café","server":"radius.example.org","access_points":"nowhere"}`:                              "access_points",
			`{"ssid":"Café","server":"a b","access_points":"127.0.0.2"}`:                                           "server",
			`{"ssid":"` + strings.Repeat("é", 20) + `","server":"radius.example.org","access_points":"127.0.0.2"}`: "ssid",
		} {
			require.Contains(t, f.ask("a", "POST", at, body, 400), field, body)
		}
		f.ask("b", "GET", at, "", 404)
		const wish = `{"ssid":"Café & Söhne","server":"radius.example.org","access_points":"127.0.0.2","radios":["radio0","radio1"]}`
		made := f.ask("a", "POST", at, wish, 201)
		f.ask("a", "POST", at, wish, 400)
		template := f.ask("a", "GET", "/api/v1/controller/template/"+made["template"].(string)+"/", "", 200)
		text := fmt.Sprint(template["config"])
		require.Contains(t, text, "Café & Söhne")
		require.Contains(t, text, "wpa2_enterprise")
		nas := f.ask("a", "GET", "/api/v1/radius/nas/"+made["nas"].(string)+"/", "", 200)
		require.Contains(t, text, nas["secret"], "access points and server share it")

		ca := told(t, f.Server, "a", "GET", at+"ca/", "")
		require.Equal(t, 200, ca.Code)
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "ca.pem"), ca.Body.Bytes(), 0o600))
		w := told(t, f.Server, "a", "GET", at+"profile/?username=%3Cann%3E", "")
		require.Equal(t, 200, w.Code, w.Body)
		require.Equal(t, "application/x-apple-aspen-config", w.Header().Get("Content-Type"))
		signed, err := pkcs7.Parse(w.Body.Bytes())
		require.NoError(t, err)
		block, _ := pem.Decode(ca.Body.Bytes())
		root, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		pool := x509.NewCertPool()
		pool.AddCert(root)
		require.NoError(t, signed.VerifyWithChain(pool))
		require.Contains(t, string(signed.Content), "<string>Café &amp; Söhne</string>")
		require.Contains(t, string(signed.Content), "&lt;ann&gt;")
		require.NotContains(t, string(signed.Content), nas["secret"])

		// the device checks the name, and the server shows the certificate of the network
		device := fmt.Sprintf("eap=TTLS\nidentity=\"member\"\nanonymous_identity=\"anonymous\"\npassword=\"member-Passw0rd\"\nphase2=\"auth=PAP\"\nca_cert=%q\ndomain_match=\"radius.example.org\"", dir+"/ca.pem")
		out, in := f.eapol(t, device)
		require.True(t, in, out)
		_, in = f.eapol(t, strings.Replace(device, "radius.example.org", "another.example.org", 1))
		require.False(t, in, "of another name")

		for _, more := range []string{"", "profile/", "ca/"} {
			require.Equal(t, 404, told(t, f.Server, "b", "GET", "/api/v1/radius/organization/"+f.ids["org_beta"]+"/wpa-enterprise/"+more, "").Code, more)
		}
		f.ask("a", "DELETE", at, "", 204)
		f.ask("a", "GET", at, "", 404)
		testkit.Eventually(t, "devices are offered nothing any more", func(ctx testContext) bool { _, in := f.eapol(t, device); return !in })
	})
}

// Revoked certificates do not come in: neither devices nor access servers.
func TestRevokedCertificates(t *testing.T) {
	list := filepath.Join(t.TempDir(), "crl.pem")
	f, dir := newOwnServer(t, testkit.SQLite(t), func(c *settings) {
		c.Radius.ClientCRL, c.Radius.ListenTLS, c.Radius.TLSClientCA = list, "127.0.0.1:0", c.Radius.ClientCA
		authority := readIssuer(t, filepath.Dir(c.Radius.ClientCA))
		authority.issue(t, filepath.Dir(c.Radius.ClientCA), "stolen")
		authority.issue(t, filepath.Dir(c.Radius.ClientCA), "ap.example.org")
		authority.issue(t, filepath.Dir(c.Radius.ClientCA), "old.example.org")
		authority.revoke(t, list, "stolen", "old.example.org")
	})
	f.ask("a", "POST", "/api/v1/radius/nas/", `{"name":"ap.example.org","short_name":"ap","secret":"unused","organization":"`+f.ids["org_alpha"]+`"}`, 201)
	f.ask("a", "POST", "/api/v1/radius/nas/", `{"name":"old.example.org","short_name":"old","secret":"unused","organization":"`+f.ids["org_alpha"]+`"}`, 201)
	connect := func(name string) (*tls.Conn, error) {
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key"))
		require.NoError(t, err)
		roots := x509.NewCertPool()
		text, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
		require.NoError(t, err)
		require.True(t, roots.AppendCertsFromPEM(text))
		list := radiusOf(t, f.Server).Listening()
		return tls.Dial("tcp", list[len(list)-1].(*net.TCPAddr).String(), &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, ServerName: "radius.example.org"})
	}
	ask := func(conn *tls.Conn, id byte, password string) (wire.Code, error) {
		p := wire.New(wire.CodeAccessRequest, []byte("radsec"))
		p.Identifier = id
		p.Add(1, wire.Attribute("member"))
		hidden, err := wire.NewUserPassword([]byte(password), p.Secret, p.Authenticator[:])
		require.NoError(t, err)
		p.Add(2, hidden)
		raw, err := p.Encode()
		require.NoError(t, err)
		if _, err := conn.Write(raw); err != nil {
			return 0, err
		}
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
		answer := make([]byte, 4096)
		n, err := conn.Read(answer)
		if err != nil {
			return 0, err
		}
		require.True(t, wire.IsAuthenticResponse(answer[:n], raw, p.Secret))
		return wire.Code(answer[0]), nil
	}
	conn, err := connect("ap.example.org")
	require.NoError(t, err)
	defer func() { _ = conn.Close() }() // the server may have closed it
	code, err := ask(conn, 1, "member-Passw0rd")
	require.NoError(t, err)
	require.Equal(t, wire.CodeAccessAccept, code)
	code, err = ask(conn, 2, "wrong")
	require.NoError(t, err)
	require.Equal(t, wire.CodeAccessReject, code)
	report := wire.New(wire.CodeAccountingRequest, []byte("radsec"))
	report.Add(40, wire.NewInteger(1))
	report.Add(44, wire.Attribute("by-tls"))
	report.Add(1, wire.Attribute("member"))
	raw, err := report.Encode()
	require.NoError(t, err)
	_, err = conn.Write(raw)
	require.NoError(t, err)
	answer := make([]byte, 4096)
	_, err = conn.Read(answer)
	require.NoError(t, err)
	require.Equal(t, byte(wire.CodeAccountingResponse), answer[0])
	found, err := radiusOf(t, f.Server).Accounting.List(t.Context(), wispwright.ScopeAll(), radius.SessionFilter{Search: "member"}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, []any{1, "by-tls", f.ids["org_alpha"]}, []any{found.Total, found.Rows[0].SessionID, found.Rows[0].OrganizationID.String()})
	for _, name := range []string{"old.example.org", "member"} { // revoked, and nobody's access server
		conn, err := connect(name)
		if err == nil {
			_, err = ask(conn, 1, "member-Passw0rd") // of TLS 1.3 the client hears late
			_ = conn.Close()
		}
		require.Error(t, err, name)
	}
	_, err = conn.Write([]byte{1, 1, 0, 3}) // a length that no packet has
	require.NoError(t, err)
	_, err = conn.Read(answer)
	require.Error(t, err)

	f.ask("a", "POST", "/api/v1/radius/check/", `{"username":"operator","attribute":"NT-Password","op":":=","value":"9d0f2bcb3a8d3b3f7fe7b10327807ac5","organization":"`+f.ids["org_alpha"]+`"}`, 201)
	require.Contains(t, f.login(t, f.auth, "operator", "Paäss"), "Received Access-Accept", "a hash of the checks")
	require.Contains(t, f.login(t, f.auth, "operator", "Paass"), "Received Access-Reject")
	out, in := f.eapol(t, fmt.Sprintf("eap=TTLS\nidentity=\"operator\"\npassword=\"Paäss\"\nphase2=\"auth=MSCHAPV2\"\nca_cert=%q", dir+"/ca.pem"))
	require.True(t, in, out)
	certificate := func(name string) string {
		return fmt.Sprintf("eap=TLS\nidentity=\"x\"\nca_cert=%q\nclient_cert=%q\nprivate_key=%q", dir+"/ca.pem", dir+"/"+name+".pem", dir+"/"+name+".key")
	}
	out, in = f.eapol(t, certificate("member"))
	require.True(t, in, out)
	readIssuer(t, dir).revoke(t, list, "member")
	testkit.Eventually(t, "the list was read again", func(ctx testContext) bool { _, in := f.eapol(t, certificate("member")); return !in })
}
