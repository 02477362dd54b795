package tenancyhttp_test

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

const passkeyPath = "/api/v1/users/me/passkey/"

// device is an authenticator with one key, in a browser on a page of origin.
type device struct {
	rp   virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func newDevice() *device {
	return &device{
		rp:   virtualwebauthn.RelyingParty{ID: "example.com", Name: "example.com", Origin: "http://example.com"},
		auth: virtualwebauthn.NewAuthenticator(), key: newKey(),
	}
}

// newKey makes a key whose coordinates have no zeros in front: one in 128 has,
// and the authenticator would tell it too short, which is no key.
func newKey() virtualwebauthn.Credential {
	for {
		k := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
		if len(k.Key.AttestationData()) == 77 {
			return k
		}
	}
}

// options are what the server sent for the browser.
func options(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	var out struct{ WebAuthn json.RawMessage }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	require.NotEmpty(t, out.WebAuthn, w.Body)
	return string(out.WebAuthn)
}

// made is the device's new key for the server's options.
func (d *device) made(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	o, err := virtualwebauthn.ParseAttestationOptions(options(t, w))
	require.NoError(t, err)
	require.Equal(t, "example.com", o.RelyingPartyID)
	return virtualwebauthn.CreateAttestationResponse(d.rp, d.auth, d.key, *o)
}

// signed is the device's answer to the server's options, one use further.
func (d *device) signed(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	o, err := virtualwebauthn.ParseAssertionOptions(options(t, w))
	require.NoError(t, err)
	require.True(t, d.key.IsAllowedForAssertion(*o))
	d.key.Counter++
	return virtualwebauthn.CreateAssertionResponse(d.rp, d.auth, d.key, *o)
}

// add gives the user of a browser a passkey.
func (d *device) add(t testing.TB, b *browser, plain string) {
	t.Helper()
	w := b.ask(t, "POST", passkeyPath, `{"current_password":"`+plain+`"}`)
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	w = b.ask(t, "POST", passkeyPath+"finish/", `{"name":"Laptop","webauthn":`+d.made(t, w)+`}`)
	require.Equal(t, 201, w.Code, w.Body)
	require.Contains(t, w.Body.String(), `"name":"Laptop","last_used":null`)
}

func login(user, more string) string {
	return `{"username":"` + user + `","password":"` + user + `-Passw0rd"` + more + `}`
}

func TestPasskeys(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		s.recorded(t)
		b := s.browser()
		b.logIn(t, "manager", "manager-Passw0rd")
		require.Equal(t, `{"results":[]}`, b.ask(t, "GET", passkeyPath, "").Body.String())
		require.Equal(t, 400, b.ask(t, "POST", passkeyPath, `{"current_password":"wrong"}`).Code)
		d := newDevice()
		d.add(t, b, "manager-Passw0rd")
		require.NotContains(t, b.ask(t, "GET", passkeyPath, "").Body.String(), "public")

		n := s.browser()
		ask := func() *httptest.ResponseRecorder { return n.ask(t, "POST", sessionPath, login("manager", "")) }
		w := ask()
		require.Equal(t, 401, w.Code)
		require.Contains(t, w.Body.String(), `"detail":"A passkey or a code of the second factor is required.","second_factor":["webauthn","recovery"],"webauthn":{"publicKey":{`)
		require.Contains(t, w.Body.String(), `"userVerification":"preferred"`)
		require.NotEmpty(t, n.cookies["sessionid"])
		require.Equal(t, 401, n.ask(t, "GET", sessionPath, "").Code, "a challenge is no log-in")
		before := n.cookies["sessionid"]
		answer := login("manager", `,"webauthn":`+d.signed(t, w))
		require.Equal(t, 400, s.browser().ask(t, "POST", sessionPath, answer).Code, "bound to the browser that was asked")
		w = n.ask(t, "POST", sessionPath, answer)
		require.Equal(t, 200, w.Code, w.Body)
		require.NotEqual(t, before, n.cookies["sessionid"])
		require.Equal(t, 200, n.ask(t, "GET", sessionPath, "").Code)
		require.NotContains(t, n.ask(t, "GET", passkeyPath, "").Body.String(), `"last_used":null`)
		require.Equal(t, 400, n.ask(t, "POST", sessionPath, answer).Code, "a challenge works once")

		w = s.as(t, "", "POST", "/api/v1/users/token/", login("manager", ""))
		require.Equal(t, 401, w.Code)
		require.Equal(t, `{"detail":"A code of the second factor is required.","second_factor":["webauthn","recovery"]}`, w.Body.String())
		require.Equal(t, 400, n.ask(t, "POST", sessionPath, login("manager", `,"otp":"123456"`)).Code, "there is no generator")

		var list struct{ Results []struct{ ID string } }
		require.NoError(t, json.Unmarshal(b.ask(t, "GET", passkeyPath, "").Body.Bytes(), &list))
		m := s.browser()
		m.logIn(t, "member", "member-Passw0rd")
		remove := func(b *browser, plain string) *httptest.ResponseRecorder {
			return b.ask(t, "POST", passkeyPath+list.Results[0].ID+"/remove/", `{"current_password":"`+plain+`"}`)
		}
		require.Equal(t, 404, remove(m, "member-Passw0rd").Code)
		require.Equal(t, `{"current_password":["Your old password was entered incorrectly. Please enter it again."]}`, remove(b, "wrong").Body.String(),
			"the password is asked for, as in adding one")
		require.Equal(t, 204, remove(b, "manager-Passw0rd").Code)
		s.browser().logIn(t, "manager", "manager-Passw0rd")
	})
}

// TestAChallengeIsAnsweredOnce: of many answers at the same moment one counts,
// also of an authenticator that does not count its uses.
func TestAChallengeIsAnsweredOnce(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		s.recorded(t)
		b := s.browser()
		b.logIn(t, "manager", "manager-Passw0rd")
		d := newDevice()
		d.add(t, b, "manager-Passw0rd")
		for range 5 {
			n := s.browser()
			w := n.ask(t, "POST", sessionPath, login("manager", ""))
			o, err := virtualwebauthn.ParseAssertionOptions(options(t, w))
			require.NoError(t, err)
			d.key.Counter = 0
			answer := login("manager", `,"webauthn":`+virtualwebauthn.CreateAssertionResponse(d.rp, d.auth, d.key, *o))
			var in atomic.Int64
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					same := browser{s: s, cookies: maps.Clone(n.cookies), headers: map[string]string{}}
					if same.ask(t, "POST", sessionPath, answer).Code == 200 {
						in.Add(1)
					}
				})
			}
			all.Wait()
			require.EqualValues(t, 1, in.Load())
		}
	})
}

func TestPasskeysThatAreRefused(t *testing.T) {
	s := newServer(t, nil)
	s.recorded(t)
	b := s.browser()
	b.logIn(t, "manager", "manager-Passw0rd")
	d := newDevice()
	d.add(t, b, "manager-Passw0rd")
	attempt := func(d *device) *httptest.ResponseRecorder {
		n := s.browser()
		w := n.ask(t, "POST", sessionPath, login("manager", ""))
		return n.ask(t, "POST", sessionPath, login("manager", `,"webauthn":`+d.signed(t, w)))
	}
	const refused = `{"webauthn":["The passkey was refused. Please try again."]}`
	for name, change := range map[string]func(*device){
		"another origin": func(d *device) { d.rp.Origin = "http://evil.example.org" },
		"another site":   func(d *device) { d.rp.ID = "evil.example.org" },
		"another key":    func(d *device) { d.key.Key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2).Key },
		"nobody there":   func(d *device) { d.auth.Options.UserNotPresent = true },
		"another user":   func(d *device) { d.auth.Options.UserHandle = []byte("another") },
	} {
		other := *d
		change(&other)
		w := attempt(&other)
		require.Equal(t, refused, w.Body.String(), name)
		require.Equal(t, 400, w.Code)
	}
	require.Equal(t, 200, attempt(d).Code)
	copied := *d
	copied.key.Counter--
	require.Equal(t, refused, attempt(&copied).Body.String(), "a count that did not grow is a copy's")
	require.Equal(t, 200, attempt(d).Code)

	n := s.browser()
	w := n.ask(t, "POST", sessionPath, login("manager", ""))
	require.Equal(t, 200, s.browser().ask(t, "POST", sessionPath, login("member", `,"webauthn":{"a":1}`)).Code, "not looked at for who has none")
	require.Equal(t, 400, n.ask(t, "POST", sessionPath, login("manager", `,"webauthn":{"a":1}`)).Code)
	require.Equal(t, 400, n.ask(t, "POST", sessionPath, login("manager", `,"webauthn":`+d.signed(t, w))).Code, "a wrong answer uses the challenge up")
	require.Equal(t, 400, b.ask(t, "POST", passkeyPath+"finish/", `{"name":"x","webauthn":{"id":"x"}}`).Code, "nothing was begun")

	w = b.ask(t, "POST", passkeyPath, `{"current_password":"manager-Passw0rd"}`)
	o, err := virtualwebauthn.ParseAttestationOptions(options(t, w))
	require.NoError(t, err)
	require.True(t, d.key.IsExcludedForAttestation(*o), "no device twice")
	require.Contains(t, b.ask(t, "POST", passkeyPath+"finish/", `{"name":"x","webauthn":`+d.made(t, w)+`}`).Body.String(), "This passkey is known already.")
	require.Equal(t, 403, s.as(t, "manager", "POST", passkeyPath, `{"current_password":"manager-Passw0rd"}`).Code, "tokens have no session")
}

// TestRecoveryOfPasskeys: a user who has only passkeys has recovery codes too.
func TestRecoveryOfPasskeys(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		vars := s.recorded(t)
		b := s.browser()
		b.logIn(t, "manager", "manager-Passw0rd")
		codes := func(w *httptest.ResponseRecorder) []string {
			t.Helper()
			var out struct {
				RecoveryCodes []string `json:"recovery_codes"`
			}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out), w.Body)
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			return out.RecoveryCodes
		}
		renew := func() *httptest.ResponseRecorder {
			return b.ask(t, "POST", recoveryPath, `{"current_password":"manager-Passw0rd"}`)
		}
		require.Equal(t, 404, renew().Code, "they stand in for nothing yet")
		add := func() []string {
			d := newDevice()
			w := b.ask(t, "POST", passkeyPath, `{"current_password":"manager-Passw0rd"}`)
			w = b.ask(t, "POST", passkeyPath+"finish/", `{"name":"Laptop","webauthn":`+d.made(t, w)+`}`)
			require.Equal(t, 201, w.Code, w.Body)
			return codes(w)
		}
		first := add()
		require.Len(t, first, 10)
		require.Empty(t, add(), "there are some already")
		require.Equal(t, `{"confirmed":null,"recovery_codes":10,"required":false}`, b.ask(t, "GET", totpPath, "").Body.String())
		in := func(code string) int {
			return s.as(t, "", "POST", sessionPath, login("manager", `,"otp":"`+code+`"`)).Code
		}
		require.Equal(t, 200, in(first[0]))
		require.Equal(t, 400, in(first[0]), "each works once")
		require.Equal(t, 400, b.ask(t, "POST", recoveryPath, `{"current_password":"x"}`).Code)
		second := codes(renew())
		require.Equal(t, 400, in(first[1]))
		require.Equal(t, 200, in(second[0]))
		require.Equal(t, 404, b.ask(t, "POST", totpPath+"confirm/", `{"otp":"000000"}`).Code, "there is no generator to confirm")

		w := b.ask(t, "POST", totpPath, `{"current_password":"manager-Passw0rd"}`)
		require.Equal(t, 201, w.Code, w.Body)
		require.Equal(t, 200, in(second[1]), "a generator that was not confirmed leaves them")
		var made struct{ Secret string }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &made))
		third := codes(b.ask(t, "POST", totpPath+"confirm/", `{"otp":"`+s.code(t, made.Secret)+`"}`))
		require.Equal(t, 400, in(second[2]))
		require.Equal(t, 200, in(third[0]))
		require.Equal(t, 204, b.ask(t, "POST", totpPath+"disable/", `{"current_password":"manager-Passw0rd","otp":"`+s.code(t, made.Secret)+`"}`).Code)
		require.Equal(t, 400, in(s.code(t, made.Secret)), "the generator is gone")
		require.Equal(t, 200, in(third[1]), "the codes stay with the passkeys")
		user := "/api/v1/users/user/" + vars["user_manager"]
		require.Equal(t, 404, s.as(t, "admin", "DELETE", user+"/totp/", "").Code)
		require.Equal(t, 204, s.as(t, "admin", "DELETE", user+"/passkey/", "").Code)
		require.Contains(t, b.ask(t, "GET", totpPath, "").Body.String(), `"recovery_codes":0`, "and go with them")
		require.Equal(t, 200, s.as(t, "", "POST", sessionPath, login("manager", "")).Code)
	})
}

func TestPasskeysBesideCodes(t *testing.T) {
	s := newServerIn(t, tenancy.Options{RequireSecondFactor: true})
	vars := s.recorded(t)
	b := s.browser()
	b.logIn(t, "manager", "manager-Passw0rd")
	require.Equal(t, 403, b.ask(t, "GET", orgsPath, "").Code)
	d := newDevice()
	d.add(t, b, "manager-Passw0rd")
	require.Equal(t, 200, b.ask(t, "GET", orgsPath, "").Code, "a passkey is a second factor")
	_, recovery := s.enrol(t, func(method, path, body string) *httptest.ResponseRecorder { return b.ask(t, method, path, body) }, "manager-Passw0rd")
	n := s.browser()
	w := n.ask(t, "POST", sessionPath, login("manager", ""))
	require.Contains(t, w.Body.String(), `"second_factor":["totp","webauthn","recovery"]`)
	require.Equal(t, 200, n.ask(t, "POST", sessionPath, login("manager", `,"otp":"`+recovery[0]+`"`)).Code)

	path := "/api/v1/users/user/" + vars["user_manager"] + "/passkey/"
	require.Equal(t, 403, b.ask(t, "GET", path, "").Code)
	require.Equal(t, 403, b.ask(t, "DELETE", path, "").Code)
	require.Contains(t, s.as(t, "admin", "GET", path, "").Body.String(), "Laptop")
	require.Equal(t, 204, s.as(t, "admin", "DELETE", path, "").Code)
	require.Equal(t, 404, s.as(t, "admin", "DELETE", path, "").Code)
	require.Contains(t, s.browser().ask(t, "POST", sessionPath, login("manager", "")).Body.String(), `"second_factor":["totp","recovery"]`)
}
