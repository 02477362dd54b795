package server_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// loginApp is the server side of openwisp-wifi-login-pages 1.1 as the API sees it: a
// client that sends forms, except where it sends JSON, with these headers and no
// cookies, and reads a body as JSON where there is one (spec: login-pages §1.1).
type loginApp struct {
	*enrolling
}

// proxied sends what the app's server sends. A nil body is no body; url.Values are a
// form, everything else is JSON.
func (a *loginApp) proxied(method, path, authorization string, body any) *httptest.ResponseRecorder {
	a.t.Helper()
	text, kind := "", "application/x-www-form-urlencoded"
	switch b := body.(type) {
	case nil:
	case url.Values:
		text = b.Encode()
	default:
		raw, err := json.Marshal(b)
		require.NoError(a.t, err)
		text, kind = string(raw), "application/json"
	}
	r := httptest.NewRequest(method, "/api/v1/radius/organization/alpha"+path, strings.NewReader(text))
	r.RemoteAddr = "127.0.0.1:43210"
	r.Header.Set("Accept", "application/json, text/plain, */*")
	r.Header.Set("Accept-Language", "en,en-US,de")
	r.Header.Set("User-Agent", "axios/1.7.4")
	r.Header.Set("Content-Type", kind)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	require.Empty(a.t, w.Header().Values("Set-Cookie"), "the app's cookies are its own: %s", path)
	return w
}

// hears sends and reads an answer with a status.
func (a *loginApp) hears(method, path, authorization string, body any, want int) map[string]any {
	a.t.Helper()
	w := a.proxied(method, path, authorization, body)
	require.Equal(a.t, want, w.Code, "%s %s: %s", method, path, w.Body)
	out := map[string]any{}
	if w.Body.Len() > 0 {
		require.NotEqual(a.t, "null", w.Body.String(), path)
		require.NoError(a.t, json.Unmarshal(w.Body.Bytes(), &out), "%s: %s", path, w.Body)
	}
	return out
}

// keys are the keys of an answer in its order.
func (a *loginApp) keys(w *httptest.ResponseRecorder) (out []string) {
	a.t.Helper()
	d := json.NewDecoder(w.Body)
	_, err := d.Token()
	require.NoError(a.t, err)
	for d.More() {
		k, err := d.Token()
		require.NoError(a.t, err)
		out = append(out, k.(string))
		var skip json.RawMessage
		require.NoError(a.t, d.Decode(&skip))
	}
	return out
}

// Everything that the login app asks of the API is answered as it expects: the whole
// list of requests of its server, with its headers, in the order of its flows.
func TestLoginAppIsServed(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		a := &loginApp{enrolling: newEnrolling(t, db, nil)}
		const password = "Sunset-Boat-77"
		settings := func(body string) {
			t.Helper()
			a.ask("b", "PATCH", "/api/v1/radius/organization/"+a.ids["org_alpha"]+"/settings/", body, 200)
		}
		user := []string{"username", "email", "phone_number", "first_name", "last_name", "birth_date", "location", "is_active", "is_verified", "method", "password_expired", "radius_user_token"}

		// sign-up: JSON, the whole body, method absent, fields of plans beside
		body := map[string]any{"email": "ann@example.org", "username": "ann@example.org", "password1": password, "password2": password, "plan_pricing": "x", "requires_payment": false,
			"billing_info": map[string]any{"tax_number": "", "street": "", "city": "", "zipcode": "", "country": "", "name": ""}}
		w := a.proxied("POST", "/account/", "", body)
		require.Equal(t, 201, w.Code, w.Body)
		var made struct {
			Key   string
			Token string `json:"radius_user_token"`
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &made))
		require.Regexp(t, `^[0-9a-f]{40}$`, made.Key)
		require.Regexp(t, `^[0-9A-Za-z]{40}$`, made.Token)
		require.Equal(t, []string{"key", "radius_user_token"}, a.keys(w))
		again := a.hears("POST", "/account/", "", body, 400)
		require.IsType(t, []any{}, again["username"])

		// somebody of another organization is told where to log in (409)
		body["username"], body["email"] = "betamanager", "new@example.org"
		taken := a.hears("POST", "/account/", "", body, 409)
		require.Equal(t, "beta", taken["organizations"].([]any)[0].(map[string]any)["slug"])

		// log-in: a form with both fields, wrong, empty, then right
		require.Equal(t, []any{wrongLogin}, a.hears("POST", "/account/token/", "", url.Values{"username": {"ann@example.org"}, "password": {"x"}}, 400)["non_field_errors"])
		require.Contains(t, a.hears("POST", "/account/token/", "", url.Values{"username": {""}, "password": {""}}, 400), "username")
		w = a.proxied("POST", "/account/token/", "", url.Values{"username": {"ann@example.org"}, "password": {password}})
		require.Equal(t, 200, w.Code, w.Body)
		var in map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &in))
		require.Equal(t, append(append([]string{}, user...), "key"), a.keys(w))
		require.Equal(t, []any{made.Key, true, nil, false}, []any{in["key"], in["is_active"], in["phone_number"], in["password_expired"]})
		bearer := "Bearer " + made.Key

		// a one-time link (sesame), with empty credentials
		a.hears("POST", "/account/token/", "sesame forged", url.Values{"username": {""}, "password": {""}}, 403)

		// validation of a token, read from a cookie or from the storage
		w = a.proxied("POST", "/account/token/validate/", "", url.Values{"token": {made.Key}})
		require.Equal(t, 200, w.Code, w.Body)
		var known map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &known))
		require.Equal(t, append(append([]string{}, user...), "auth_token", "response_code"), a.keys(w))
		require.Equal(t, "AUTH_TOKEN_VALIDATION_SUCCESSFUL", known["response_code"])
		for _, token := range []string{"", "forged"} {
			require.Equal(t, "BLANK_OR_INVALID_TOKEN", a.hears("POST", "/account/token/validate/", "", url.Values{"token": {token}}, 401)["response_code"])
		}

		// the captive portal's form has the token as the password; the page then asks for sessions
		require.Equal(t, "Accept", a.come("ann@example.org", known["radius_user_token"].(string), "02-00-00-00-00-07")["control:Auth-Type"])
		for n := 1; n <= 12; n++ {
			id := fmt.Sprint("s", n)
			report := fmt.Sprintf(`{"status_type":"Start","session_id":%q,"unique_id":%q,"username":"ann@example.org","nas_ip_address":"10.0.0.1","calling_station_id":"02-00-00-00-00-%02d","called_station_id":"00-11-22-33-44-55:net"}`, id, id, n)
			require.Equal(t, 201, a.send("POST", "accounting/", report).Code)
			if n > 1 {
				require.Equal(t, 200, a.send("POST", "accounting/", strings.NewReplacer("Start", "Stop", "}", `,"session_time":"60","input_octets":"1000","output_octets":"2000"}`).Replace(report)).Code)
			}
		}
		sessions := func(query string) (list []map[string]any, link string) {
			t.Helper()
			w := a.proxied("GET", "/account/session/"+query, bearer, nil)
			require.Equal(t, 200, w.Code, w.Body)
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &list), "a bare array")
			return list, w.Header().Get("Link")
		}
		open, link := sessions("?is_open=true&macaddr=02-00-00-00-00-01")
		require.Len(t, open, 1, "macaddr is ignored")
		require.NotContains(t, link, "next")
		require.Nil(t, open[0]["stop_time"])
		for _, key := range []string{"session_id", "start_time", "session_time", "input_octets", "output_octets", "calling_station_id"} {
			require.Contains(t, open[0], key)
		}
		byStation, _ := sessions("?is_open=true&calling_station_id=02-00-00-00-00-01")
		require.Len(t, byStation, 1, "additions L-3")
		byStation, _ = sessions("?is_open=true&calling_station_id=02-00-00-00-00-99")
		require.Empty(t, byStation)
		past, link := sessions("?is_open=false&page=1")
		require.Len(t, past, 10)
		require.Contains(t, link, "next")
		past, link = sessions("?is_open=false&page=2")
		require.Len(t, past, 1)
		require.NotContains(t, link, "next")
		require.Equal(t, 401, a.proxied("GET", "/account/session/", "Bearer forged", nil).Code)

		usage := a.hears("GET", "/account/usage/", bearer, nil, 200)
		for _, c := range usage["checks"].([]any) {
			check := c.(map[string]any)
			require.IsType(t, "", check["value"])
			require.IsType(t, 0.0, check["result"])
			require.Contains(t, []any{"bytes", "seconds"}, check["type"])
		}

		// passwords: change by JSON, a new one by a letter
		change := map[string]any{"current_password": "wrong", "new_password": "Harbour-Lamp-88", "confirm_password": "Harbour-Lamp-88"}
		require.Contains(t, a.hears("POST", "/account/password/change/", bearer, change, 400), "current_password")
		change["current_password"] = password
		require.IsType(t, "", a.hears("POST", "/account/password/change/", bearer, change, 200)["message"])
		require.IsType(t, "", a.hears("POST", "/account/password/reset/", "", url.Values{"input": {"ann@example.org"}}, 200)["detail"])
		require.IsType(t, "", a.hears("POST", "/account/password/reset/", "", url.Values{"input": {"nobody@example.org"}}, 200)["detail"])
		idle(t, a.Server)
		parts := regexp.MustCompile(`/password/reset/confirm/([0-9a-f-]+)/([^\s]+)`).FindStringSubmatch(a.letters.last(t, "ann@example.org").Text)
		confirm := url.Values{"new_password1": {"Window-Cloud-99"}, "new_password2": {"Window-Cloud-99"}, "uid": {parts[1]}, "token": {"forged"}}
		require.Contains(t, a.hears("POST", "/account/password/reset/confirm/", "", confirm, 400), "token")
		confirm.Set("token", strings.TrimSuffix(parts[2], "/"))
		require.IsType(t, "", a.hears("POST", "/account/password/reset/confirm/", "", confirm, 200)["detail"])

		// telephones: nothing before it is switched on, then the whole flow
		a.hears("GET", "/account/phone/token/active/", bearer, nil, 403)
		settings(`{"sms_verification":true,"sms_sender":"Acme","needs_identity_verification":true}`)
		sms := map[string]any{"email": "bob@example.org", "username": "+393661234567", "password1": password, "password2": password, "method": "mobile_phone", "phone_number": "+393661234567"}
		key := a.hears("POST", "/account/", "", sms, 201)["key"].(string)
		bearer = "Bearer " + key
		refused := a.hears("POST", "/account/token/", "", url.Values{"username": {"+393661234567"}, "password": {password}}, 401)
		require.Equal(t, []any{true, false, "mobile_phone", key}, []any{refused["is_active"], refused["is_verified"], refused["method"], refused["key"]}, "401 with everything, for the page of the code")
		require.Equal(t, false, a.hears("GET", "/account/phone/token/active/", bearer, nil, 200)["active"])
		a.hears("POST", "/account/phone/token/", bearer, url.Values{"phone_number": {"+393661234567"}}, 201)
		soon := a.hears("POST", "/account/phone/token/", bearer, url.Values{"phone_number": {"+393661234567"}}, 400)
		require.IsType(t, 0.0, soon["cooldown"])
		require.IsType(t, []any{}, soon["non_field_errors"])
		require.Equal(t, true, a.hears("GET", "/account/phone/token/active/", bearer, nil, 200)["active"])
		idle(t, a.Server)
		code := regexp.MustCompile(`\d{6}`).FindString(a.phone.messages()[0].Text)
		wrong := "000000"
		if code == wrong {
			wrong = "111111"
		}
		require.IsType(t, []any{}, a.hears("POST", "/account/phone/verify/", bearer, url.Values{"code": {wrong}}, 400)["non_field_errors"])
		w = a.proxied("POST", "/account/phone/verify/", bearer, url.Values{"code": {code}})
		require.Equal(t, []any{200, 0}, []any{w.Code, w.Body.Len()}, "no body, since the app breaks on null")
		verified := a.hears("POST", "/account/token/validate/", "", url.Values{"token": {key}}, 200)
		require.Equal(t, true, verified["is_verified"])
		// the app adds its own key, as an array in the form
		_, err := sqlstore.Exec(t.Context(), db, "UPDATE radius_code SET created = ?, valid_until = ?", "2020-01-01 00:00:00+00:00", "2020-01-02 00:00:00+00:00")
		require.NoError(t, err)
		w = a.proxied("POST", "/account/phone/change/", bearer, url.Values{"phone_number": {"+393661234568"}, "token[0]": {"Bearer"}, "token[1]": {key}})
		require.Equal(t, []any{200, 0}, []any{w.Code, w.Body.Len()}, w.Body)

		// somebody from elsewhere signs up by a log-in (additions L-8)
		pending := a.hears("POST", "/account/token/", "", url.Values{"username": {"betamanager"}, "password": {"betamanager-Passw0rd"}}, 401)
		require.Equal(t, []any{"pending_verification", true}, []any{pending["method"], pending["is_active"]})
		other := "Bearer " + pending["key"].(string)
		require.Equal(t, "mobile_phone", a.hears("POST", "/account/registration-method/", other, url.Values{"method": {"mobile_phone"}}, 200)["method"])
		a.hears("POST", "/account/registration-method/", other, url.Values{"method": {"mobile_phone"}}, 400)

		// an organization that is not there
		require.Equal(t, 404, told(t, a.Server, "", "POST", "/api/v1/radius/organization/nowhere/account/token/", `{}`).Code)
	})
}

const wrongLogin = "The credentials entered are not valid. Please double-check and try again."
