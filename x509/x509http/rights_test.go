package x509http_test

import (
	"context"
	std "crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest/resttest"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/x509"
	"github.com/wispwright/wispwright/x509/x509http"
)

func (s *server) ca(t testing.TB, name, org string, change ...func(*x509.CA)) *x509.CA {
	t.Helper()
	ca := &x509.CA{Details: x509.Details{Name: name, CommonName: name, KeyLength: x509.P256, OrganizationID: s.orgs[org]}}
	for _, c := range change {
		c(ca)
	}
	require.NoError(t, s.a.CAs.Create(t.Context(), ca))
	return ca
}

func (s *server) cert(t testing.TB, ca *x509.CA, name string) *x509.Cert {
	t.Helper()
	c := &x509.Cert{CAID: ca.ID, Details: x509.Details{Name: name, CommonName: name, KeyLength: x509.P256, OrganizationID: ca.OrganizationID}}
	require.NoError(t, s.a.Certs.Create(t.Context(), c))
	return c
}

// TestWallsBetweenOrganizations tries every operation as the manager of another
// organization who holds every permission there is.
func TestWallsBetweenOrganizations(t *testing.T) {
	s := memory(t, nil)
	vars := s.recorded(t)
	_, err := s.t.Groups.Update(t.Context(), wispwright.ScopeAll(), 2, func(g *tenancy.Group) error {
		g.Permissions = nil
		for _, p := range s.t.Groups.Catalogue().All() {
			g.Permissions = append(g.Permissions, p.Permission)
		}
		return nil
	})
	require.NoError(t, err)
	ca := s.ca(t, "alphasecret", "alpha", func(c *x509.CA) { c.PathLength = 3 })
	c := s.cert(t, ca, "alphasecret")
	objects := map[string]string{caPath + "{id}/": fmt.Sprint(caPath, ca.ID, "/"), certPath + "{id}/": fmt.Sprint(certPath, c.ID, "/")}
	for _, path := range []string{"renew", "revoke", "crl", "chain", "text", "affected", "pkcs12"} {
		objects[caPath+"{id}/"+path+"/"] = fmt.Sprint(caPath, ca.ID, "/", path, "/")
		if path != "crl" && path != "affected" {
			objects[certPath+"{id}/"+path+"/"] = fmt.Sprint(certPath, c.ID, "/", path, "/")
		}
	}
	skip := map[string]string{}
	text, err := s.api.Document()
	require.NoError(t, err)
	var document struct{ Paths map[string]any }
	require.NoError(t, json.Unmarshal(text, &document))
	for path := range document.Paths {
		if strings.Contains(path, "{") && objects[path] == "" {
			skip[path] = "another concern"
		}
	}
	(&resttest.Walk{
		API: s.api, Owner: "Bearer " + s.tokens["manager"], Stranger: "Bearer " + s.tokens["betamanager"],
		Marks: []string{"alphasecret"}, IDs: []string{vars["org_alpha"]}, Objects: objects, Skip: skip,
	}).Run(t)

	// a foreign CA is one that does not exist, above and as issuer
	status, out := s.call(t, "betamanager", "POST", certPath, object{"name": "n", "organization": vars["org_beta"], "ca": ca.ID, "common_name": "n"})
	require.Equal(t, 400, status)
	require.Equal(t, []any{fmt.Sprintf("Invalid pk \"%d\" - object does not exist.", ca.ID)}, out["ca"])
	status, out = s.call(t, "betamanager", "POST", caPath, object{"name": "n", "organization": vars["org_beta"], "parent": ca.ID, "common_name": "n"})
	require.Equal(t, 400, status, out)
	require.Contains(t, fmt.Sprint(out["parent"]), "does not exist")
	shared := s.ca(t, "shared", "", func(c *x509.CA) { c.PathLength = 3 })
	status, _ = s.call(t, "betamanager", "POST", caPath, object{"name": "n", "organization": vars["org_beta"], "parent": shared.ID, "common_name": "n"})
	require.Equal(t, 400, status, "who may not change a shared CA may not have CAs below it")
	status, out = s.call(t, "betamanager", "POST", certPath, object{"name": "n", "organization": vars["org_beta"], "ca": shared.ID, "common_name": "n", "key_length": "256"})
	require.Equal(t, 201, status, out)
	require.Contains(t, out["private_key"], "PRIVATE KEY", "its own")
	for _, path := range []string{"renew/", "revoke/", "pkcs12/"} {
		status, _ = s.call(t, "betamanager", "POST", fmt.Sprint(caPath, shared.ID, "/", path), object{"password": "x"})
		require.Equal(t, 403, status, path)
	}
}

// Private keys are for those who may change the object in its own organization;
// passphrases are for nobody.
func TestPrivateKeys(t *testing.T) {
	s := memory(t, nil)
	s.recorded(t)
	own := s.ca(t, "own", "alpha", func(c *x509.CA) { c.Passphrase = "hush-hush" })
	shared := s.ca(t, "shared", "")
	for user, want := range map[string][2]bool{"admin": {true, true}, "manager": {true, false}, "operator": {false, false}} {
		for i, ca := range []*x509.CA{own, shared} {
			w := s.raw(t, user, "GET", fmt.Sprint(caPath, ca.ID, "/"), "")
			require.Equal(t, 200, w.Code)
			require.Equal(t, want[i], strings.Contains(w.Body.String(), "PRIVATE KEY"), "%s %s", user, ca.Name)
			require.NotContains(t, w.Body.String(), "hush-hush")
			require.NotContains(t, w.Body.String(), "passphrase")
		}
	}
	require.Equal(t, 403, s.raw(t, "operator", "POST", fmt.Sprint(caPath, own.ID, "/pkcs12/"), `{"password":"x"}`).Code)
	never := memory(t, &x509http.Options{NoPrivateKeys: true})
	never.recorded(t)
	ca := never.ca(t, "own", "alpha")
	require.NotContains(t, never.raw(t, "admin", "GET", fmt.Sprint(caPath, ca.ID, "/"), "").Body.String(), "PRIVATE KEY")
	require.Equal(t, 403, never.raw(t, "admin", "POST", fmt.Sprint(caPath, ca.ID, "/pkcs12/"), `{"password":"x"}`).Code)
}

// What a body may be wrong in, in words that name the field.
func TestRefusedBodies(t *testing.T) {
	s := memory(t, nil)
	vars := s.recorded(t)
	ca := s.ca(t, "own", "alpha")
	for name, tt := range map[string]struct {
		path, body, want string
	}{
		"ca text":        {certPath, `{"name":"n","organization":"ORG","ca":"x"}`, `"ca":["Incorrect type. Expected pk value, received str."]`},
		"ca bool":        {certPath, `{"name":"n","organization":"ORG","ca":true}`, `"ca":["Incorrect type. Expected pk value, received bool."]`},
		"serial":         {certPath, `{"name":"n","organization":"ORG","ca":CA,"serial_number":"abc"}`, `"serial_number":["Serial number must be an integer"]`},
		"serial object":  {certPath, `{"name":"n","organization":"ORG","ca":CA,"serial_number":{}}`, `"serial_number":["Not a valid string."]`},
		"extensions":     {certPath, `{"name":"n","organization":"ORG","ca":CA,"extensions":[{"name":"x"}]}`, `"__all__":["Extension format invalid"]`},
		"extension":      {certPath, `{"name":"n","organization":"ORG","ca":CA,"extensions":[{"name":"x","value":"y"}]}`, `"extensions":["Unsupported extension: x"]`},
		"key":            {caPath, `{"name":"n","organization":"ORG","key_length":"3"}`, `"key_length":["\"3\" is not a valid choice."]`},
		"name":           {caPath, `{"name":"` + strings.Repeat("x", 65) + `","organization":"ORG"}`, "no more than 64 characters"},
		"path":           {caPath, `{"name":"n","organization":"ORG","path_length":300}`, "path_length"},
		"dates":          {caPath, `{"name":"n","organization":"ORG","validity_start":"2030-01-01T00:00:00Z","validity_end":"2029-01-01T00:00:00Z"}`, "validity_end"},
		"one of two":     {caPath, `{"name":"n","organization":"ORG","certificate":"x"}`, "both keys (private and public) must be present"},
		"pem":            {caPath, `{"name":"n","organization":"ORG","certificate":"x","private_key":"y"}`, `"certificate":["Invalid certificate"],"private_key":["Invalid private key"]`},
		"request":        {certPath, `{"name":"n","organization":"ORG","ca":CA,"csr":"x"}`, `"csr":["Invalid request for a certificate"]`},
		"reason":         {fmt.Sprint(certPath, "CERT/revoke/"), `{"reason":"x"}`, `"reason":["\"x\" is not a valid choice."]`},
		"password":       {fmt.Sprint(certPath, "CERT/pkcs12/"), `{}`, `"password":["This field is required."]`},
		"blank password": {fmt.Sprint(certPath, "CERT/pkcs12/"), `{"password":""}`, `"password":["This field may not be blank."]`},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := s.a.Certs.First(t.Context(), wispwright.ScopeAll(), x509.CertFilter{CommonName: "c"})
			if err != nil {
				c = s.cert(t, ca, "c")
			}
			body := strings.NewReplacer("ORG", vars["org_alpha"], "CA", fmt.Sprint(ca.ID)).Replace(tt.body)
			w := s.raw(t, "manager", "POST", strings.ReplaceAll(tt.path, "CERT", fmt.Sprint(c.ID)), body)
			require.Equal(t, 400, w.Code, w.Body.String())
			require.Contains(t, w.Body.String(), tt.want)
		})
	}
	for _, path := range []string{caPath + "x/", caPath + "99/", certPath + "1e9/", certPath + "99/renew/"} {
		w := s.raw(t, "admin", map[bool]string{true: "POST", false: "GET"}[strings.HasSuffix(path, "renew/")], path, "")
		require.Equal(t, 404, w.Code)
		require.JSONEq(t, `{"detail":"Not found."}`, w.Body.String(), path)
	}
	require.Equal(t, 412, func() int {
		r := httptest.NewRequest("PATCH", fmt.Sprint(caPath, ca.ID, "/"), strings.NewReader(`{"notes":"x"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+s.tokens["admin"])
		r.Header.Set("If-Match", `"old"`)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}())
}

// Lists, certificates and OCSP are there for everybody, as OpenSSL and curl see
// them.
func TestPublicPaths(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		s.recorded(t)
		web := httptest.NewServer(s)
		defer web.Close()
		ca := s.ca(t, "root", "alpha")
		good, bad := s.cert(t, ca, "good"), s.cert(t, ca, "bad")
		_, err := s.a.Certs.Revoke(t.Context(), wispwright.ScopeAll(), bad.ID, x509.KeyCompromise)
		require.NoError(t, err)
		dir := t.TempDir()
		write := func(name, text string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
		write("ca.pem", ca.Certificate)
		write("good.pem", good.Certificate)
		write("bad.pem", bad.Certificate)
		other := s.ca(t, "other", "")
		write("other.pem", other.Certificate)
		write("foreign.pem", s.cert(t, other, "foreign").Certificate)
		run := func(program string, args ...string) (string, error) {
			cmd := exec.CommandContext(t.Context(), program, args...)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			return string(out), err
		}
		for path, kind := range map[string]string{fmt.Sprintf("/admin/pki/ca/x509/ca/%d.crl", ca.ID): "application/x-pem-file", fmt.Sprintf("/admin/pki/ca/%d.crl", ca.ID): "application/x-pem-file",
			fmt.Sprintf("/pki/%d.crl", ca.ID): "application/pkix-crl", fmt.Sprintf("/pki/%d.crt", ca.ID): "application/pkix-cert"} {
			w := s.raw(t, "", "GET", path, "")
			require.Equal(t, 200, w.Code, path)
			require.Equal(t, kind, w.Header().Get("Content-Type"))
			require.Empty(t, w.Header().Get("Content-Disposition"))
			require.Equal(t, 405, s.raw(t, "", "POST", path, "").Code)
			require.Equal(t, 404, s.raw(t, "", "GET", strings.Replace(path, fmt.Sprint(ca.ID, ".c"), "99.c", 1), "").Code)
			require.Equal(t, 404, s.raw(t, "", "GET", strings.Replace(path, fmt.Sprint(ca.ID, ".c"), "x.c", 1), "").Code)
		}
		out, err := run("curl", "-sS", "-o", "list.pem", fmt.Sprintf("%s/admin/pki/ca/%d.crl", web.URL, ca.ID))
		require.NoError(t, err, out)
		out, err = run("openssl", "verify", "-crl_check", "-CAfile", "ca.pem", "-CRLfile", "list.pem", "bad.pem")
		require.Error(t, err)
		require.Contains(t, out, "certificate revoked")

		url := fmt.Sprintf("%s/pki/%d/ocsp", web.URL, ca.ID)
		for _, nonce := range []string{"-nonce", "-no_nonce"} {
			out, err = run("openssl", "ocsp", "-issuer", "ca.pem", "-cert", "good.pem", "-cert", "bad.pem", "-url", url, "-CAfile", "ca.pem", nonce)
			require.NoError(t, err, out)
			require.Contains(t, out, "Response verify OK")
			require.Contains(t, out, "good.pem: good")
			require.Contains(t, out, "bad.pem: revoked")
			require.Contains(t, out, "keyCompromise")
			require.NotContains(t, out, "WARNING", "the nonce came back")
		}
		out, err = run("openssl", "ocsp", "-sha256", "-issuer", "ca.pem", "-serial", "0x1234", "-url", url, "-CAfile", "ca.pem", "-reqout", "question.der")
		require.NoError(t, err, out)
		require.Contains(t, out, "unknown")
		out, err = run("openssl", "ocsp", "-issuer", "other.pem", "-cert", "foreign.pem", "-url", url, "-CAfile", "ca.pem")
		require.Error(t, err, "%s", out)
		require.Contains(t, out, "unauthorized")
		question, err := os.ReadFile(filepath.Join(dir, "question.der"))
		require.NoError(t, err)
		answer, err := http.Get(url + "/" + strings.ReplaceAll(strings.ReplaceAll(base64.StdEncoding.EncodeToString(question), "+", "%2B"), "/", "%2F"))
		require.NoError(t, err)
		require.Equal(t, "application/ocsp-response", answer.Header.Get("Content-Type"))
		require.NoError(t, answer.Body.Close())
		for _, body := range []string{"nonsense", "", strings.Repeat("x", 20_000), "0\x82\xff\xff"} {
			w := s.raw(t, "", "POST", fmt.Sprintf("/pki/%d/ocsp", ca.ID), body)
			require.Equal(t, []byte{0x30, 3, 0x0a, 1, 1}, w.Body.Bytes(), "malformed")
		}
		// an authority with a new key answers with a new delegate
		_, err = s.a.CAs.Renew(t.Context(), wispwright.ScopeAll(), ca.ID, x509.RenewOptions{})
		require.NoError(t, err)
		now, err := s.a.CAs.Get(t.Context(), wispwright.ScopeAll(), ca.ID)
		require.NoError(t, err)
		renewed, err := s.a.Certs.Get(t.Context(), wispwright.ScopeAll(), good.ID)
		require.NoError(t, err)
		write("ca.pem", now.Certificate)
		write("good.pem", renewed.Certificate)
		out, err = run("openssl", "ocsp", "-issuer", "ca.pem", "-cert", "good.pem", "-url", url, "-CAfile", "ca.pem")
		require.NoError(t, err, out)
		require.Contains(t, out, "good.pem: good")
		require.Equal(t, 401, s.raw(t, "", "GET", fmt.Sprint(caPath, ca.ID, "/crl"), "").Code)
		require.Equal(t, 200, s.raw(t, "manager", "GET", fmt.Sprint(caPath, ca.ID, "/crl/"), "").Code)
		require.Equal(t, 404, s.raw(t, "betamanager", "GET", fmt.Sprint(caPath, ca.ID, "/crl"), "").Code)
	})
	closed := memory(t, &x509http.Options{ProtectedCRL: true})
	closed.recorded(t)
	ca := closed.ca(t, "root", "")
	w := closed.raw(t, "", "GET", fmt.Sprintf("/admin/pki/ca/x509/ca/%d.crl", ca.ID), "")
	require.Equal(t, []any{403, "text/plain", "Forbidden"}, []any{w.Code, w.Header().Get("Content-Type"), w.Body.String()})
}

// A device enrols with curl and OpenSSL.
func TestEST(t *testing.T) {
	mine := wispwright.NewID()
	s := memory(t, &x509http.Options{Enrollee: func(r *http.Request) (*x509.Enrollee, error) {
		user, key, _ := r.BasicAuth()
		switch {
		case user == "off":
			return nil, wispwright.Forbidden("The device is deactivated.")
		case user != "router" || key != "secret":
			return nil, wispwright.ErrUnauthenticated
		}
		return &x509.Enrollee{Holder: "device:1", Name: "router", CommonName: "device-1", OrganizationID: mine}, nil
	}})
	s.recorded(t)
	mine = s.orgs["alpha"]
	web := httptest.NewTLSServer(s)
	defer web.Close()
	ca := s.ca(t, "root", "alpha", func(c *x509.CA) { c.Enrolment = true })
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "web.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ca.pem"), []byte(ca.Certificate), 0o600))
	script := func(text string) string {
		cmd := exec.CommandContext(t.Context(), "sh", "-e", "-c", text)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "EST="+web.URL+"/.well-known/est")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", text, out)
		return string(out)
	}
	script(`openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -subj /CN=whatever -outform DER -out request.der
		openssl base64 -in request.der -out request.b64`)
	for _, path := range []string{"", fmt.Sprint("/", ca.ID)} {
		out := script(fmt.Sprintf(`curl -sSf --cacert web.pem -u router:secret -o cacerts.b64 $EST%s/cacerts
			openssl base64 -d -in cacerts.b64 | openssl pkcs7 -inform DER -print_certs
			curl -sSf --cacert web.pem -u router:secret -H 'Content-Type: application/pkcs10' --data-binary @request.b64 -o cert.b64 $EST%s/simpleenroll
			openssl base64 -d -in cert.b64 | openssl pkcs7 -inform DER -print_certs -out cert.pem
			openssl verify -CAfile ca.pem cert.pem; openssl x509 -in cert.pem -noout -subject
			curl -sSf --cacert web.pem -u router:secret --data-binary @request.b64 -D head -o cert.b64 $EST%s/simplereenroll; cat head`, path, path, path))
		require.Contains(t, out, "cert.pem: OK")
		require.Contains(t, out, "subject=CN = device-1")
		require.Contains(t, out, "CN = root")
		require.Contains(t, strings.ToLower(out), "content-transfer-encoding: base64")
		require.Contains(t, out, "application/pkcs7-mime; smime-type=certs-only")
	}
	status := func(user, path, body string) int {
		r := httptest.NewRequest("POST", "/.well-known/est"+path, strings.NewReader(body))
		if user != "" {
			r.SetBasicAuth(user, "secret")
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	require.Equal(t, 401, status("", "/simpleenroll", "x"))
	require.Equal(t, 401, status("somebody", "/simpleenroll", "x"))
	require.Equal(t, 403, status("off", "/simpleenroll", "x"))
	require.Equal(t, 400, status("router", "/simpleenroll", "x"))
	require.Equal(t, 413, status("router", "/simpleenroll", strings.Repeat("x", 70_000)))
	require.Equal(t, 404, status("router", "/99/simpleenroll", "x"))
	require.Equal(t, 404, status("router", "/nonsense/simpleenroll", "x"))
	require.Equal(t, 404, status("router", "/serverkeygen", "x"))
	second := s.ca(t, "second", "", func(c *x509.CA) { c.Enrolment = true })
	require.Equal(t, 404, status("router", "/simpleenroll", "x"), "which of two?")
	require.NoError(t, s.a.CAs.Delete(t.Context(), wispwright.ScopeAll(), second.ID))
	found, err := s.a.Certs.List(t.Context(), wispwright.ScopeAll(), x509.CertFilter{Holder: "device:1"}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, found.Rows, 1)
	_, err = s.a.Certs.Revoke(t.Context(), wispwright.ScopeAll(), found.Rows[0].ID, "")
	require.NoError(t, err)
	request, err := os.ReadFile(filepath.Join(dir, "request.b64"))
	require.NoError(t, err)
	require.Equal(t, 403, status("router", "/simplereenroll", string(request)))
	off := memory(t, nil)
	require.Equal(t, 404, off.raw(t, "", "GET", "/.well-known/est/cacerts", "").Code)
}

// Anybody who guesses the keys of devices has to wait; devices that know theirs do not.
func TestFailedEnrolmentsAreThrottled(t *testing.T) {
	now := time.Now()
	asked := 0
	s := memory(t, &x509http.Options{FailedRate: "3/minute", Clock: func() time.Time { return now }, Enrollee: func(r *http.Request) (*x509.Enrollee, error) {
		asked++
		if _, key, _ := r.BasicAuth(); key != "secret" {
			return nil, wispwright.ErrUnauthenticated
		}
		return &x509.Enrollee{Holder: "device:1", Name: "router", CommonName: "device-1", OrganizationID: wispwright.NewID()}, nil
	}})
	ask := func(from, method, path, key string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/.well-known/est"+path, strings.NewReader("x"))
		r.RemoteAddr = from + ":4711"
		if key != "" {
			r.SetBasicAuth("router", key)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	for range 10 { // who knows the key, and who asks what is wanted, is not counted
		require.Equal(t, 404, ask("192.0.2.1", "POST", "/simpleenroll", "secret").Code)
		require.Equal(t, 401, ask("192.0.2.1", "POST", "/simpleenroll", "").Code)
	}
	for i := range 3 {
		path := []string{"/simpleenroll", "/simplereenroll", "/1/simpleenroll"}[i]
		require.Equal(t, 401, ask("192.0.2.1", "POST", path, "guess").Code)
	}
	asked = 0
	for _, key := range []string{"guess", "secret"} {
		w := ask("192.0.2.1", "POST", "/simpleenroll", key)
		require.Equal(t, 429, w.Code)
		require.Equal(t, "60", w.Header().Get("Retry-After"))
	}
	require.Equal(t, 429, ask("192.0.2.1", "GET", "/cacerts", "guess").Code)
	require.Zero(t, asked, "nobody is even asked")
	require.Equal(t, 404, ask("192.0.2.2", "POST", "/simpleenroll", "secret").Code, "others are not held up")
	now = now.Add(time.Minute)
	require.Equal(t, 404, ask("192.0.2.1", "POST", "/simpleenroll", "secret").Code)
	_, err := x509http.New(s.a, &x509http.Options{FailedRate: "often"})
	require.Error(t, err)
}

// A request is signed, a key never seen; files for browsers are made.
func TestRequestsAndFiles(t *testing.T) {
	s := memory(t, nil)
	vars := s.recorded(t)
	ca := s.ca(t, "root", "alpha")
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=x")
	cmd.Dir = dir
	require.NoError(t, cmd.Run())
	request, err := os.ReadFile(filepath.Join(dir, "request.pem"))
	require.NoError(t, err)
	status, out := s.call(t, "manager", "POST", certPath, object{"name": "signed", "organization": vars["org_alpha"], "ca": ca.ID, "common_name": "signed", "csr": string(request), "auto_renew": true,
		"extensions": []object{{"oid": "1.3.6.1.4.1.65901.1", "value": "ASN1:UTF8:string:00:11"}, {"name": "nsCertType", "value": "client", "critical": false}}})
	require.Equal(t, 201, status, out)
	require.Equal(t, []any{"", false, "2048", true}, []any{out["private_key"], out["has_private_key"], out["key_length"], out["auto_renew"]})
	block, _ := pem.Decode([]byte(out["certificate"].(string)))
	parsed, err := std.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	require.Equal(t, "signed", parsed.Subject.CommonName)
	c := s.cert(t, ca, "packed")
	w := s.raw(t, "manager", "POST", fmt.Sprint(certPath, c.ID, "/pkcs12/"), `{"password":"x"}`)
	require.Equal(t, 200, w.Code)
	require.Equal(t, `attachment; filename="packed.p12"`, w.Header().Get("Content-Disposition"))
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	// the file comes back where its certificate is not known any more
	require.NoError(t, s.a.Certs.Delete(t.Context(), wispwright.ScopeAll(), c.ID))
	body := object{"name": "packed", "organization": vars["org_alpha"], "ca": ca.ID, "pkcs12": base64.StdEncoding.EncodeToString(w.Body.Bytes()), "passphrase": "x"}
	for field, change := range map[string]object{"passphrase": {"passphrase": "y"}, "pkcs12": {"pkcs12": "no base64"}, "pkcs12 ": {"pkcs12": "QUJD"}, "pkcs12  ": {"certificate": c.Certificate}, "pkcs12   ": {"pkcs12": strings.Repeat("A", 180001)}} {
		wrong := maps.Clone(body)
		maps.Copy(wrong, change)
		status, out = s.call(t, "manager", "POST", certPath, wrong)
		require.Equal(t, 400, status, field)
		require.Contains(t, out, strings.TrimSpace(field))
	}
	status, out = s.call(t, "manager", "POST", certPath, body)
	require.Equal(t, 201, status, out)
	require.Equal(t, []any{"packed", true, c.SerialNumber}, []any{out["common_name"], out["has_private_key"], out["serial_number"]})
	require.NotContains(t, out, "pkcs12")
	c.ID = int64(out["id"].(float64))
	require.Equal(t, 2, strings.Count(s.raw(t, "operator", "GET", fmt.Sprint(certPath, c.ID, "/chain/"), "").Body.String(), "BEGIN CERTIFICATE"))
	_, text := s.call(t, "operator", "GET", fmt.Sprint(certPath, c.ID, "/text/"), nil)
	require.Contains(t, text["text"], `CN = "packed"`)
	_, affected := s.call(t, "operator", "GET", fmt.Sprint(caPath, ca.ID, "/affected/"), nil)
	require.Equal(t, object{"certificates": 2.0, "authorities": 0.0}, affected)
	_, kept := s.call(t, "manager", "POST", fmt.Sprint(caPath, ca.ID, "/renew/"), object{"keep_key": true})
	require.Equal(t, ca.PrivateKey.Reveal(), kept["private_key"])
	_, summary := s.call(t, "operator", "GET", "/api/v1/controller/pki/summary/", nil)
	require.Equal(t, object{"authorities": 1.0, "certificates": 2.0, "authorities_expiring": 0.0, "certificates_expiring": 0.0, "certificates_expired": 0.0, "days": 30.0}, summary)
	_, list := s.call(t, "manager", "GET", certPath+"?ca="+fmt.Sprint(ca.ID)+"&search=PACK&revoked=false&ordering=-validity_end", nil)
	require.Equal(t, 1.0, list["count"])
	_, list = s.call(t, "manager", "GET", certPath+"?ca=nonsense", nil)
	require.Equal(t, 0.0, list["count"])
	// an organization takes all of its own along
	require.NoError(t, s.t.Organizations.Delete(context.Background(), wispwright.ScopeAll(), s.orgs["alpha"]))
	cas, err := s.a.CAs.List(t.Context(), wispwright.ScopeAll(), x509.CAFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Zero(t, cas.Total)
}
