package tenancyhttp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

const (
	totpPath     = "/api/v1/users/me/totp/"
	recoveryPath = "/api/v1/users/me/recovery/"
)

// code is what a generator shows now.
func (s *server) code(t testing.TB, secret string) string {
	t.Helper()
	// a code works once: the next one
	s.now = s.now.Add(30 * time.Second)
	out, err := totp.GenerateCode(secret, s.now)
	require.NoError(t, err)
	return out
}

// wrong is a code the generator shows neither now nor soon.
func (s *server) wrong(t testing.TB, secret string) string {
	t.Helper()
	shown := map[string]bool{}
	for step := -5; step <= 20; step++ {
		code, err := totp.GenerateCode(secret, s.now.Add(time.Duration(step)*30*time.Second))
		require.NoError(t, err)
		shown[code] = true
	}
	n := 0
	for shown[fmt.Sprintf("%06d", n)] {
		n++
	}
	return fmt.Sprintf("%06d", n)
}

// enrol sets up a second factor for who asks.
func (s *server) enrol(t testing.TB, ask func(method, path, body string) *httptest.ResponseRecorder, plain string) (secret string, recovery []string) {
	t.Helper()
	w := ask("POST", totpPath, `{"current_password":"`+plain+`"}`)
	require.Equal(t, 201, w.Code, w.Body)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var made struct{ Secret, URI, QR string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &made))
	require.True(t, strings.HasPrefix(made.URI, "otpauth://totp/Test:"), made.URI)
	require.True(t, strings.HasPrefix(made.QR, "data:image/png;base64,"))
	w = ask("POST", totpPath+"confirm/", `{"otp":"`+s.code(t, made.Secret)+`"}`)
	require.Equal(t, 200, w.Code, w.Body)
	var out struct {
		RecoveryCodes []string `json:"recovery_codes"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	return made.Secret, out.RecoveryCodes
}

func TestSecondFactor(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		s.recorded(t)
		b := s.browser()
		b.logIn(t, "manager", "manager-Passw0rd")
		ask := func(method, path, body string) *httptest.ResponseRecorder { return b.ask(t, method, path, body) }
		require.Equal(t, `{"confirmed":null,"recovery_codes":0,"required":false}`, ask("GET", totpPath, "").Body.String())
		require.Equal(t, 400, ask("POST", totpPath, `{"current_password":"wrong"}`).Code, "a session left open locks nobody out")
		require.Equal(t, 404, ask("POST", totpPath+"confirm/", `{"otp":"123456"}`).Code)
		secret, recovery := s.enrol(t, ask, "manager-Passw0rd")
		require.Contains(t, ask("GET", totpPath, "").Body.String(), `"recovery_codes":10`)
		require.NotContains(t, ask("GET", totpPath, "").Body.String(), secret)

		in := func(path, more string) *httptest.ResponseRecorder {
			return s.as(t, "", "POST", path, `{"username":"manager","password":"manager-Passw0rd"`+more+`}`)
		}
		for _, path := range []string{sessionPath, "/api/v1/users/token/"} {
			w := in(path, "")
			require.Equal(t, 401, w.Code)
			require.Equal(t, `{"detail":"A code of the second factor is required.","second_factor":["totp","recovery"]}`, w.Body.String())
			require.Empty(t, w.Result().Cookies())
			w = in(path, `,"otp":"`+s.wrong(t, secret)+`"`)
			require.Equal(t, 400, w.Code)
			require.Equal(t, `{"otp":["The code is wrong or was used already."]}`, w.Body.String())
			code := s.code(t, secret)
			require.Equal(t, 200, in(path, `,"otp":"`+code+`"`).Code)
			require.Equal(t, 400, in(path, `,"otp":"`+code+`"`).Code, "a code works once")
			require.Equal(t, 200, in(path, `,"otp":"`+recovery[0]+`"`).Code)
			recovery = recovery[1:]
		}
		w := s.as(t, "", "POST", sessionPath, `{"username":"manager","password":"wrong","otp":"`+s.code(t, secret)+`"}`)
		require.Equal(t, `{"non_field_errors":["Unable to log in with provided credentials."]}`, w.Body.String(), "nothing is said of a second factor")

		const word = `"current_password":"manager-Passw0rd"`
		renew := func(more string) *httptest.ResponseRecorder { return ask("POST", recoveryPath, "{"+more+"}") }
		require.Equal(t, 400, renew(word).Code)
		require.Equal(t, 400, renew(word+`,"otp":"`+recovery[0]+`"`).Code, "only the generator makes new ones")
		require.Contains(t, renew(`"otp":"`+s.code(t, secret)+`"`).Body.String(), `"current_password":["This field is required."]`)
		require.Contains(t, renew(`"current_password":"x","otp":"`+s.code(t, secret)+`"`).Body.String(), `"current_password":["Your old password`)
		require.Equal(t, 200, renew(word+`,"otp":"`+s.code(t, secret)+`"`).Code)
		require.Equal(t, 400, in(sessionPath, `,"otp":"`+recovery[0]+`"`).Code)
		disable := func(more string) int { return ask("POST", totpPath+"disable/", "{"+more+"}").Code }
		require.Equal(t, 400, disable(word+`,"otp":"1"`))
		require.Equal(t, 400, disable(`"otp":"`+s.code(t, secret)+`"`), "the password is asked for, as in setting it up")
		require.Equal(t, 400, disable(`"current_password":"x","otp":"`+s.code(t, secret)+`"`))
		require.Equal(t, 204, disable(word+`,"otp":"`+s.code(t, secret)+`"`))
		require.Equal(t, 200, in(sessionPath, "").Code)
	})
}

func TestCodesCannotBeGuessed(t *testing.T) {
	s := newServer(t, nil)
	s.recorded(t)
	ask := func(method, path, body string) *httptest.ResponseRecorder {
		return s.as(t, "manager", method, path, body)
	}
	secret, recovery := s.enrol(t, ask, "manager-Passw0rd")
	in := func(code string) int {
		return s.as(t, "", "POST", sessionPath, `{"username":"manager","password":"manager-Passw0rd","otp":"`+code+`"}`).Code
	}
	for range 5 {
		require.Equal(t, 400, in(s.wrong(t, secret)))
	}
	require.Equal(t, 400, in(s.code(t, secret)), "five wrong ones lock, though the password is right each time")
	require.Equal(t, 400, in(recovery[0]))
	s.now = s.now.Add(5 * time.Minute)
	require.Equal(t, 200, in(s.code(t, secret)))
}

func TestRequiredSecondFactor(t *testing.T) {
	s := newServerIn(t, tenancy.Options{RequireSecondFactor: true})
	s.recorded(t)
	b := s.browser()
	require.Contains(t, b.logIn(t, "manager", "manager-Passw0rd").Body.String(), `"restricted":"Set up a second factor for your account first."`)
	w := b.ask(t, "GET", orgsPath, "")
	require.Equal(t, 403, w.Code)
	require.Equal(t, `{"detail":"Set up a second factor for your account first."}`, w.Body.String())
	require.Equal(t, 400, s.as(t, "", "POST", "/api/v1/users/token/", `{"username":"manager","password":"manager-Passw0rd"}`).Code)
	require.Equal(t, 200, s.as(t, "manager", "GET", orgsPath, "").Code, "a token that was given goes on")
	s.enrol(t, func(method, path, body string) *httptest.ResponseRecorder { return b.ask(t, method, path, body) }, "manager-Passw0rd")
	require.Equal(t, 200, b.ask(t, "GET", orgsPath, "").Code)
	m := s.browser()
	require.Contains(t, m.logIn(t, "member", "member-Passw0rd").Body.String(), `"restricted":null`, "others need none")
}

func TestSuperusersTakeSecondFactorsAway(t *testing.T) {
	s := newServer(t, nil)
	vars := s.recorded(t)
	s.enrol(t, func(method, path, body string) *httptest.ResponseRecorder {
		return s.as(t, "member", method, path, body)
	}, "member-Passw0rd")
	path := "/api/v1/users/user/" + vars["user_member"] + "/totp/"
	require.Equal(t, 403, s.as(t, "manager", "DELETE", path, "").Code)
	require.Equal(t, 403, s.as(t, "member", "DELETE", path, "").Code)
	require.Equal(t, 401, s.as(t, "", "GET", path, "").Code)
	require.Contains(t, s.as(t, "admin", "GET", path, "").Body.String(), `"recovery_codes":10`)
	require.Equal(t, 204, s.as(t, "admin", "DELETE", path, "").Code)
	require.Equal(t, 404, s.as(t, "admin", "DELETE", path, "").Code)
	require.Equal(t, 200, s.as(t, "", "POST", sessionPath, `{"username":"member","password":"member-Passw0rd"}`).Code)
}

func TestLinksAndBasicNeedTheSecondFactorToo(t *testing.T) {
	s := newServerIn(t, tenancy.Options{SecretKey: "secret"})
	vars := s.recorded(t)
	path, _ := magicLink(t, s, vars["user_manager"], "")
	s.enrol(t, func(method, path, body string) *httptest.ResponseRecorder {
		return s.as(t, "manager", method, path, body)
	}, "manager-Passw0rd")
	w := s.browser().ask(t, "GET", path, "")
	require.Equal(t, 200, w.Code)
	require.Contains(t, w.Body.String(), "second factor")
	require.Empty(t, w.Result().Cookies())
	r := httptest.NewRequest("GET", "/api/v1/docs/?format=openapi", nil)
	r.SetBasicAuth("manager", "manager-Passw0rd")
	w = httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	require.Contains(t, []int{401, 403}, w.Code)
}

// made is a named token as the answer shows it.
type made struct{ ID, Token string }

func (s *server) named(t testing.TB, user, body string) made {
	t.Helper()
	w := s.as(t, user, "POST", "/api/v1/users/me/token/", body)
	require.Equal(t, 201, w.Code, w.Body)
	var out made
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	require.True(t, strings.HasPrefix(out.Token, "wwt_"))
	s.tokens["named"] = out.Token
	return out
}

func TestNamedTokens(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		vars := s.recorded(t)
		const mine = "/api/v1/users/me/token/"
		token := s.named(t, "manager", `{"name":"backup","scopes":["openwisp_users.view_user"],"expires":"2024-11-23T00:00:00Z"}`)
		list := s.as(t, "manager", "GET", mine, "").Body.String()
		require.Contains(t, list, `"name":"backup","scopes":["openwisp_users.view_user"],"expires":"2024-11-23T00:00:00Z","last_used":null`)
		require.NotContains(t, list, token.Token, "it is shown once")
		require.Contains(t, s.as(t, "betamanager", "GET", mine, "").Body.String(), `"count":0`)
		require.Equal(t, 404, s.as(t, "betamanager", "DELETE", mine+token.ID+"/", "").Code)

		const users = "/api/v1/users/user/"
		require.Contains(t, s.as(t, "named", "GET", users, "").Body.String(), `"count":3`, "the user's own view")
		require.Contains(t, s.as(t, "manager", "GET", mine, "").Body.String(), `"last_used":"2024-11-22T`)
		require.Equal(t, 403, s.as(t, "named", "PATCH", users+vars["user_member"]+"/", `{"notes":"x"}`).Code, "beyond its scopes")
		require.Equal(t, 403, s.as(t, "named", "GET", orgsPath, "").Code)
		for _, c := range [][2]string{{"GET", mine}, {"POST", mine}, {"GET", totpPath}, {"POST", totpPath}, {"POST", recoveryPath}, {"PUT", myPassword}, {"PUT", users + vars["user_manager"] + "/password/"}} {
			require.Equal(t, 403, s.as(t, "named", c[0], c[1], bodyFor(c[0])).Code, "a program is no person: %v", c)
		}
		for body, want := range map[string]string{
			`{"name":"backup"}`:                                `{"name":["There is a token with this name already."]}`,
			`{"name":"x","scopes":["what"]}`:                   `{"scopes":["Invalid pk \"what\" - object does not exist."]}`,
			`{"name":"x","expires":"2020-01-01T00:00:00Z"}`:    `{"expires":["Enter a time in the future."]}`,
			`{"name":""}`:                                      `{"name":["This field may not be blank."]}`,
			`{"name":"` + strings.Repeat("x", 101) + `"}`:      `{"name":["Ensure this field has no more than 100 characters."]}`,
			`{"name":"x","scopes":"openwisp_users.view_user"}`: `{"scopes":["Expected a list of items but got type \"str\"."]}`,
		} {
			require.Equal(t, want, s.as(t, "manager", "POST", mine, body).Body.String(), body)
		}
		s.now = s.now.Add(24 * time.Hour)
		require.Equal(t, `{"detail":"Invalid token."}`, s.as(t, "named", "GET", users, "").Body.String(), "it has ended")

		token = s.named(t, "manager", `{"name":"whole"}`)
		require.Equal(t, 200, s.as(t, "named", "GET", orgsPath, "").Code)
		require.Equal(t, 204, s.as(t, "manager", "DELETE", mine+token.ID+"/", "").Code)
		require.Equal(t, 401, s.as(t, "named", "GET", orgsPath, "").Code, "taken away at once")
	})
}

func bodyFor(method string) string {
	if method == "GET" {
		return ""
	}
	return "{}"
}

// TestScopesOfASuperuser: a limited token of a superuser gives nobody what it
// lacks.
func TestScopesOfASuperuser(t *testing.T) {
	s := newServer(t, nil)
	vars := s.recorded(t)
	s.named(t, "admin", `{"name":"accounts","scopes":["openwisp_users.add_user","openwisp_users.change_user","openwisp_users.view_user"]}`)
	w := s.as(t, "named", "POST", "/api/v1/users/user/", `{"username":"evil","email":"evil@example.org","password":"x","is_superuser":true}`)
	require.Equal(t, 201, w.Code, w.Body)
	u, err := s.t.Users.ByUsername(context.Background(), wispwright.ScopeAll(), "evil")
	require.NoError(t, err)
	require.False(t, u.IsSuperuser)
	require.Equal(t, 404, s.as(t, "named", "PATCH", "/api/v1/users/user/"+vars["user_admin"]+"/", `{"notes":"x"}`).Code, "superusers are out of reach")
	require.Equal(t, 200, s.as(t, "named", "PATCH", "/api/v1/users/user/"+vars["user_betamanager"]+"/", `{"notes":"x"}`).Code, "every organization is within")
	require.Equal(t, 403, s.as(t, "named", "DELETE", "/api/v1/users/user/"+vars["user_betamanager"]+"/", "").Code)
	require.Equal(t, 403, s.as(t, "named", "GET", "/api/v1/users/api-token/", "").Code)
	require.NotContains(t, s.as(t, "named", "GET", sessionPath, "").Body.String(), `"*"`)
}

func TestTokensOfAll(t *testing.T) {
	s := newServer(t, nil)
	vars := s.recorded(t)
	token := s.named(t, "manager", `{"name":"one"}`)
	s.named(t, "betamanager", `{"name":"two"}`)
	const all = "/api/v1/users/api-token/"
	require.Equal(t, 403, s.as(t, "manager", "GET", all, "").Code)
	require.Equal(t, 403, s.as(t, "manager", "DELETE", all+token.ID+"/", "").Code)
	require.Contains(t, s.as(t, "admin", "GET", all, "").Body.String(), `"count":2`)
	w := s.as(t, "admin", "GET", all+"?user="+vars["user_manager"], "")
	require.Contains(t, w.Body.String(), `"count":1`)
	require.Contains(t, w.Body.String(), `"user":"`+vars["user_manager"]+`"`)
	require.NotContains(t, w.Body.String(), "wwt_")
	require.Equal(t, 204, s.as(t, "admin", "DELETE", all+token.ID+"/", "").Code)
	require.Contains(t, s.as(t, "manager", "GET", "/api/v1/users/me/token/", "").Body.String(), `"count":0`)
	require.NotContains(t, s.as(t, "admin", "GET", "/api/v1/audit/event/?kind=authtoken.apitoken", "").Body.String(), "Digest")
}
