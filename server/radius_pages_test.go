package server_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius/loginpages"
	"github.com/wispwright/wispwright/server"
)

// browser is one without scripts: it keeps cookies and sends the forms of pages.
type browser struct {
	t       *testing.T
	s       http.Handler
	cookies map[string]string
	// page is the last answer, at where it was found
	page *httptest.ResponseRecorder
	at   string
	// headers are sent along
	headers http.Header
}

func newBrowser(t *testing.T, s http.Handler) *browser {
	return &browser{t: t, s: s, cookies: map[string]string{}, headers: http.Header{}}
}

func (b *browser) send(method, path, body string) *browser {
	b.t.Helper()
	r := httptest.NewRequest(method, "http://wifi.example.org"+path, strings.NewReader(body))
	r.RemoteAddr = "192.0.2.7:40000"
	for name, values := range b.headers {
		r.Header[name] = values
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	b.page, b.at = httptest.NewRecorder(), path
	b.s.ServeHTTP(b.page, r)
	for _, c := range b.page.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		require.True(b.t, c.HttpOnly, c.Name)
		b.cookies[c.Name] = c.Value
	}
	return b
}

func (b *browser) get(path string) *browser { b.t.Helper(); return b.send("GET", path, "") }

// follow goes where the answer leads.
func (b *browser) follow(want string) *browser {
	b.t.Helper()
	require.Equal(b.t, http.StatusSeeOther, b.page.Code, b.page.Body.String())
	require.Equal(b.t, want, b.page.Header().Get("Location"))
	return b.get(want)
}

var formField = regexp.MustCompile(`name="form" value="([^"]+)"`)

// post sends the page's form to a path.
func (b *browser) post(path string, fields ...string) *browser {
	b.t.Helper()
	found := formField.FindStringSubmatch(b.page.Body.String())
	require.NotNil(b.t, found, "no form: %s", b.page.Body)
	form := url.Values{"form": {html.UnescapeString(found[1])}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.send("POST", path, form.Encode())
}

func (b *browser) shows(status int, texts ...string) *browser {
	b.t.Helper()
	require.Equal(b.t, status, b.page.Code, b.page.Body.String())
	for _, text := range texts {
		require.Contains(b.t, html.UnescapeString(b.page.Body.String()), text)
	}
	return b
}

// newest is the text of the letter that was sent last.
func (b *letterBox) newest() string {
	b.lock.Lock()
	defer b.lock.Unlock()
	if len(b.list) == 0 {
		return ""
	}
	return b.list[len(b.list)-1].Text
}

// configure makes alpha's page.
func (e *enrolling) configure(yaml string) {
	e.t.Helper()
	r, ok := server.Find[*server.RadiusConcern](e.Concerns())
	require.True(e.t, ok)
	id, err := wispwright.ParseID(e.ids["org_alpha"])
	require.NoError(e.t, err)
	_, _, err = r.LoginPages.Import(e.t.Context(), wispwright.ScopeAll(), id, "", []byte(yaml))
	require.NoError(e.t, err)
}

const gatewayYAML = `
client:
  components:
    captive_portal_login_form:
      action: https://gateway.example.org/login
      additional_fields: [{name: zone, value: hotspot}]
    captive_portal_logout_form: {action: https://gateway.example.org/logout}
`

// TestLoginPages goes through the hotspot as somebody without scripts does: sign up,
// come in, see the session, log out.
func TestLoginPages(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		e := newEnrolling(t, db, nil)
		e.configure(gatewayYAML + "  terms_and_conditions: Be *kind*.\n")
		b := newBrowser(t, e)
		b.get("/alpha?macaddr=02:00:00:00:00:99").follow("/alpha/login?macaddr=02:00:00:00:00:99").shows(200, "Log in to ", `lang="en"`)
		require.Less(t, b.page.Body.Len(), 30_000)
		require.Equal(t, "02%3A00%3A00%3A00%3A00%3A99", b.cookies["alpha_macaddr"])
		b.get("/alpha/login/terms-and-conditions").shows(200, "Be <em>kind</em>.")

		b.get("/alpha/registration").shows(200)
		b.post("/alpha/registration", "email", "zoe@example.org", "password1", "guest-Passw0rd", "password2", "guest-Passw0rd").shows(400, "This must be accepted.", `value="zoe@example.org"`)
		b.post("/alpha/registration", "email", "zoe@example.org", "password1", "guest-Passw0rd", "password2", "other-Passw0rd", "consent", "1").shows(400, "not the same")
		b.post("/alpha/registration", "email", "zoe@example.org", "password1", "guest-Passw0rd", "password2", "guest-Passw0rd", "consent", "1").follow("/alpha/status")
		b.shows(200, `action="https://gateway.example.org/login"`, `name="auth_user" value="zoe@example.org"`, `name="zone" value="hotspot"`)
		token := regexp.MustCompile(`name="auth_pass" value="([A-Za-z0-9]{40})"`).FindStringSubmatch(b.page.Body.String())
		require.NotNil(t, token)
		value, err := url.QueryUnescape(b.cookies["alpha_auth_token"])
		require.NoError(t, err)
		key, ok := loginpages.Unsign(value, "secrettoken")
		require.True(t, ok)
		require.Len(t, key, 40)

		// the gateway asks with the password for RADIUS, and tells of the session
		require.Equal(t, 200, e.send("POST", "authorize/", `{"username":"zoe@example.org","password":"`+token[1]+`"}`).Code)
		require.Equal(t, 201, e.send("POST", "accounting/", `{"status_type":"Start","session_id":"s1","unique_id":"u1","username":"zoe@example.org","nas_ip_address":"10.0.0.1","calling_station_id":"02-00-00-00-00-99","called_station_id":"x"}`).Code)
		b.get("/alpha/status").shows(200, "You are online", "active now", "02-00-00-00-00-99")
		b.post("/alpha/logout").shows(200, `action="https://gateway.example.org/logout"`, `name="logout_id" value="s1"`)
		require.NotContains(t, b.cookies, "alpha_auth_token")
		b.get("/alpha/status").follow("/alpha/login")

		b.post("/alpha/login", "username", "zoe@example.org", "password", "wrong-Passw0rd").shows(401, "not right", `value="zoe@example.org"`)
		b.post("/alpha/login", "username", "zoe@example.org", "password", "guest-Passw0rd", "remember_me", "1").follow("/alpha/status")
		b.get("/alpha/change-password").shows(200)
		b.post("/alpha/change-password", "current_password", "guest-Passw0rd", "new_password", "other-Passw0rd", "confirm_password", "other-Passw0rd").follow("/alpha/status")
		b.post("/alpha/logout")

		// a letter gives a new password
		b.get("/alpha/password/reset").post("/alpha/password/reset", "input", "zoe@example.org").shows(200, "a letter with a link is on its way")
		idle(t, e.Server)
		link := regexp.MustCompile(`/alpha/password/reset/confirm/\S+`).FindString(e.letters.newest())
		require.NotEmpty(t, link)
		b.get(link).post(link, "new_password1", "third-Passw0rd", "new_password2", "third-Passw0rd").follow("/alpha/login").shows(200, "Your password is changed.")
		b.get(link).post(link, "new_password1", "fifth-Passw0rd", "new_password2", "fifth-Passw0rd").shows(400, "not valid any more")

		r, _ := server.Find[*server.RadiusConcern](e.Concerns())
		require.NoError(t, r.LoginPages.StoreCounts(t.Context()))
		days, err := r.LoginPages.Funnel(t.Context(), wispwright.ScopeAll(), loginpages.DayFilter{}, wispwright.Page{Limit: 10})
		require.NoError(t, err)
		var seen, tried, online int64
		for _, d := range days.Rows {
			seen, tried, online = seen+d.Seen, tried+d.Tried, online+d.Online
		}
		require.Equal(t, [3]int64{1, 1, 1}, [3]int64{seen, tried, online})
		signups, err := r.LoginPages.Signups(t.Context(), wispwright.ScopeAll(), loginpages.SignupFilter{}, wispwright.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, signups.Rows, 1)
		require.False(t, signups.Rows[0].TermsID.IsZero())
		require.True(t, signups.Rows[0].PrivacyID.IsZero())
	})
}

// TestLoginPagesAttacked: forged cookies and forms, foreign hosts and texts with
// scripts do nothing.
func TestLoginPagesAttacked(t *testing.T) {
	e := newEnrolling(t, testkit.SQLite(t), nil)
	e.configure(gatewayYAML + `    header: {sticky_html: 'Hello <script>alert(1)</script><b onclick="x()">you</b>'}` + "\n")
	b := newBrowser(t, e)
	b.get("/alpha/login?next=https://evil.example.org/").shows(200, "<b>you</b>")
	require.NotContains(t, b.page.Body.String(), "evil")
	require.NotContains(t, b.page.Body.String(), "alert(1)")
	require.NotContains(t, b.page.Body.String(), "onclick")
	require.Contains(t, b.page.Header().Get("Content-Security-Policy"), "default-src 'none'")

	b.send("POST", "/alpha/login", "username=zoe&password=x").shows(403, "Please try again")
	other := newBrowser(t, e).get("/alpha/login")
	b.page = other.page // a form of another browser
	b.post("/alpha/login", "username", "zoe", "password", "x").shows(403)
	b.get("/alpha/login")
	b.headers.Set("Origin", "https://evil.example.org")
	b.post("/alpha/login", "username", "zoe", "password", "x").shows(403)
	b.headers.Del("Origin")

	b.cookies["alpha_auth_token"] = url.QueryEscape(loginpages.Sign(strings.Repeat("a", 40), "guessed"))
	b.get("/alpha/status").follow("/alpha/login")
	b.cookies["alpha_auth_token"] = url.QueryEscape(loginpages.Sign(strings.Repeat("0", 40), "secrettoken")) // signed, but nobody's
	b.get("/alpha/status").follow("/alpha/login")
	// one of another organization opens nothing here
	b.cookies["alpha_auth_token"] = url.QueryEscape(loginpages.Sign(strings.Repeat(tokens["betamanager"], 40), "secrettoken"))
	b.get("/alpha/login").shows(200)

	b.get("/nowhere/login").shows(404, "Page not found")
	b.get("/alpha/nothing").shows(404, "Page not found")
	require.Equal(t, 404, b.get("/nowhere").page.Code)
	b.send("DELETE", "/alpha/login", "").shows(405)
	b.get("/alpha/login/<script>").shows(404)
}

// TestLoginPagesLanguages: people read their language, from the side it is written
// from.
func TestLoginPagesLanguages(t *testing.T) {
	e := newEnrolling(t, testkit.SQLite(t), nil)
	b := newBrowser(t, e)
	b.headers.Set("Accept-Language", "ar-EG, en;q=0.5")
	b.get("/alpha/login").shows(200, `lang="ar" dir="rtl"`, "تسجيل الدخول")
	b.get("/alpha/language/de?back=/alpha/login").follow("/alpha/login").shows(200, `lang="de" dir="ltr"`, "Anmelden")
	b.get("/alpha/language/de?back=https://evil.example.org/").follow("/alpha/login")
}

// TestLoginPagesAtOnce measures a thousand people who log in at once.
func TestLoginPagesAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	e := newEnrolling(t, testkit.SQLite(t), nil)
	const people = 1000
	var wait sync.WaitGroup
	took := make([]time.Duration, people)
	gate := make(chan struct{}, 64) // as many as the listener would take up at a time
	for i := range people {
		wait.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			b := newBrowser(t, e)
			begun := time.Now()
			b.get("/alpha/login")
			took[i] = time.Since(begun)
			if b.page.Code != 200 {
				t.Errorf("answer %d", b.page.Code)
			}
		})
	}
	wait.Wait()
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	t.Logf("pages: median %s, p99 %s", took[people/2], took[people*99/100])
}
