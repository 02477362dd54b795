package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/server"
)

// portal is a server whose organization alpha has a RADIUS server.
type portal struct {
	*server.Server
	t    *testing.T
	ids  map[string]string
	cred string
}

func newPortal(t *testing.T, db *sqlstore.DB, change func(*settings)) *portal {
	t.Helper()
	p := &portal{Server: newServer(t, db, func(c *settings) {
		c.Radius.AllowedHosts = []string{"127.0.0.1"}
		if change != nil {
			change(c)
		}
	}), t: t}
	require.NoError(t, p.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	p.ids = identifiers(t, p.Server)
	w := p.ask("b", "PATCH", "/api/v1/radius/organization/"+p.ids["org_alpha"]+"/settings/", `{"token":"secrettoken"}`, 200)
	require.Equal(t, "secrettoken", w["token"])
	p.cred = "Bearer " + p.ids["org_alpha"] + " secrettoken"
	return p
}

// ask sends a request of a user and returns the answer's object.
func (p *portal) ask(who, method, path, body string, want int) map[string]any {
	p.t.Helper()
	w := told(p.t, p.Server, who, method, path, body)
	require.Equal(p.t, want, w.Code, "%s %s: %s", method, path, w.Body)
	out := map[string]any{}
	if strings.HasPrefix(w.Body.String(), "{") {
		require.NoError(p.t, json.Unmarshal(w.Body.Bytes(), &out))
	}
	return out
}

// send sends a request of the RADIUS server.
func (p *portal) send(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	p.t.Helper()
	return told(p.t, p.Server, "", method, "/api/v1/freeradius/"+path, body, append([]string{"Authorization", p.cred}, headers...)...)
}

// The answers that FreeRADIUS was seen to understand, and no others.
func TestRadiusOnTheWire(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		p := newPortal(t, db, nil)
		const member = `"username":"member","password":"member-Passw0rd"`
		w := p.send("POST", "authorize/", `{`+member+`}`)
		require.Equal(t, `{"control:Auth-Type":"Accept","Session-Timeout":10800,"CoovaChilli-Max-Total-Octets":3000000000}`, w.Body.String())
		for name, body := range map[string]string{
			"wrong": `{"username":"member","password":"wrong"}`, "case": `{"username":"MEMBER","password":"member-Passw0rd"}`, "nobody": `{"username":"nobody","password":"x"}`,
			"elsewhere": `{"username":"betamanager","password":"betamanager-Passw0rd"}`, "longer": `{"username":"member","password":" member-Passw0rd"}`,
		} {
			w := p.send("POST", "authorize/", body)
			require.Equal(t, []any{200, "", ""}, []any{w.Code, w.Body.String(), w.Header().Get("Content-Type")}, name)
		}
		for name, tt := range map[string]struct {
			body, header string
			status       int
			answer       string
		}{
			"no password":       {`{"username":"member"}`, p.cred, 400, `{"password":["This field is required."]}`},
			"blank":             {`{"username":"","password":""}`, p.cred, 400, `{"username":["This field may not be blank."],"password":["This field may not be blank."]}`},
			"no JSON":           {`{`, p.cred, 400, "JSON parse error"},
			"no object":         {`[]`, p.cred, 400, "Invalid data"},
			"two words":         {`{` + member + `}`, "Bearer x", 400, `{"detail":"Invalid token"}`},
			"wrong token":       {`{` + member + `}`, "Bearer " + p.ids["org_alpha"] + " wrong", 403, `{"detail":"Token authentication failed"}`},
			"token of another":  {`{` + member + `}`, "Bearer " + p.ids["org_beta"] + " secrettoken", 403, `{"detail":"Token authentication failed"}`},
			"malformed id":      {`{` + member + `}`, "Bearer x' secrettoken", 403, `{"detail":"Token authentication failed"}`},
			"organization":      {`{` + member + `,"organization":"x"}`, p.cred, 403, `{"detail":"setting the organization parameter explicitly is not allowed"}`},
			"null organization": {`{` + member + `,"organization":null}`, p.cred, 403, `{"detail":"setting the organization parameter explicitly is not allowed"}`},
		} {
			w := p.send("POST", "authorize/", tt.body, "Authorization", tt.header)
			require.Equal(t, tt.status, w.Code, "%s: %s", name, w.Body)
			require.Contains(t, w.Body.String(), tt.answer, name)
		}
		for _, address := range []string{"127.0.0.2:1", "[::1]:1", "192.0.2.1:1"} {
			r := httptest.NewRequest("POST", "/api/v1/freeradius/authorize/", strings.NewReader(`{`+member+`}`))
			r.RemoteAddr = address
			r.Header.Set("Authorization", p.cred)
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-Forwarded-For", "127.0.0.1")
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			require.Equal(t, 403, w.Code, "%s: %s", address, w.Body)
		}

		form := url.Values{"username": {"member"}, "password": {"member-Passw0rd"}}.Encode()
		require.Contains(t, p.send("POST", "authorize/", form, "Content-Type", "application/x-www-form-urlencoded").Body.String(), "Accept")
		start := `{"status_type":"Start","session_id":"1","unique_id":"one","username":"member","nas_ip_address":"10.0.0.1","session_time":"","input_octets":"","output_octets":"",
			"called_station_id":"00-11-22-33-44-55:net","calling_station_id":"AA-BB-CC-DD-EE-FF","framed_ip_address":""}`
		require.Equal(t, 201, p.send("POST", "accounting/", start).Code)
		require.Equal(t, 200, p.send("POST", "accounting/", start).Code, "again")
		interim := `{"status_type":"Interim-Update","session_id":"1","unique_id":"one","nas_ip_address":"10.0.0.1","session_time":"261","input_octets":"9900909","output_octets":"1511075509",
			"input_gigawords":"","output_gigawords":"2"}`
		w = p.send("POST", "accounting/", interim)
		require.Equal(t, []any{200, ""}, []any{w.Code, w.Body.String()})
		late := strings.Replace(start, `"session_time":""`, `"session_time":""`, 1)
		require.Equal(t, 200, p.send("POST", "accounting/", late).Code)
		s, err := radiusOf(t, p.Server).Accounting.Get(t.Context(), wispwright.ScopeAll(), "one")
		require.NoError(t, err)
		require.Equal(t, []int64{261, 9900909, 10101010101}, []int64{*s.SessionTime, *s.InputOctets, *s.OutputOctets}, "a Start that comes late takes nothing back")
		require.Equal(t, "alpha-users", *s.GroupName)
		w = p.send("POST", "authorize/", `{`+member+`}`)
		require.Contains(t, w.Body.String(), `"Reply-Message":"Your maximum daily usage time has been reached"`)

		// what a server tells that begins anew, even without credentials
		require.Equal(t, 200, told(t, p.Server, "", "POST", "/api/v1/freeradius/accounting/", `{"status_type":"Accounting-On","nas_ip_address":"10.0.0.1"}`).Code)
		require.Equal(t, 200, p.send("POST", "accounting/", `{"status_type":"Accounting-On","unique_id":"x","session_id":"","nas_ip_address":"10.0.0.1","called_station_id":"00-11-22-33-44-55"}`).Code)
		s, err = radiusOf(t, p.Server).Accounting.Get(t.Context(), wispwright.ScopeAll(), "one")
		require.NoError(t, err)
		require.Equal(t, "NAS-Reboot", *s.TerminateCause)

		for name, body := range map[string]string{
			"address":  strings.Replace(start, "10.0.0.1", "host", 1),
			"long id":  strings.Replace(start, `"one"`, `"`+strings.Repeat("x", 33)+`"`, 1),
			"status":   strings.Replace(start, `"Start"`, `"Begin"`, 1),
			"number":   strings.Replace(start, `"session_time":""`, `"session_time":"many"`, 1),
			"huge":     strings.Replace(start, `"input_octets":""`, `"input_octets":"9223372036854775808"`, 1),
			"prefix":   strings.Replace(start, `"framed_ip_address":""`, `"framed_ipv6_prefix":"2001:db8::1/64"`, 1),
			"nothing":  `{}`,
			"no texts": `{"status_type":{},"session_id":[],"unique_id":{},"nas_ip_address":[]}`,
		} {
			require.Equal(t, 400, p.send("POST", "accounting/", body).Code, name)
		}
		require.Equal(t, 200, p.send("POST", "accounting/", strings.Replace(strings.Replace(start, `"one"`, `"two"`, 1), `"session_time":""`, `"session_time":-1`, 1)).Code)
		w = p.send("HEAD", "accounting/?page_size=1", "")
		require.Equal(t, []any{200, ""}, []any{w.Code, w.Header().Get("Link")}, "what cannot be is not stored")

		require.Equal(t, 201, p.send("POST", "postauth/", `{"username":"member","password":"bad","reply":"Access-Reject"}`).Code)
		require.Equal(t, 201, p.send("POST", "postauth/", `{"username":"member","password":"good","reply":"Access-Accept"}`).Code)
		list := p.ask("b", "GET", "/api/v1/radius/postauth/?ordering=date", "", 200)["results"].([]any)
		require.Equal(t, []any{"bad", ""}, []any{list[0].(map[string]any)["password"], list[1].(map[string]any)["password"]})
	})
}

// What an organization's people make, change and see, and others do not.
func TestRadiusManagement(t *testing.T) {
	p := newPortal(t, testkit.SQLite(t), nil)
	org, beta := p.ids["org_alpha"], p.ids["org_beta"]
	const base = "/api/v1/radius/"
	g := p.ask("b", "POST", base+"group/", `{"name":"vip","organization":"`+org+`"}`, 201)
	require.Equal(t, "alpha-vip", g["name"])
	p.ask("b", "POST", base+"group/", `{"name":"vip","organization":"`+beta+`"}`, 400)
	p.ask("c", "POST", base+"group/", `{"name":"x","organization":"`+org+`"}`, 403)
	p.ask("d", "GET", base+"group/", "", 403)
	at := base + "group/" + g["id"].(string) + "/"
	p.ask("e", "GET", at, "", 404)
	check := p.ask("b", "POST", at+"check/", `{"attribute":"Max-Daily-Session","op":":=","value":"60"}`, 201)
	p.ask("b", "POST", at+"check/", `{"attribute":"Max-Daily-Session","op":":=","value":"60"}`, 400)
	p.ask("b", "POST", at+"reply/", `{"attribute":"Idle-Timeout","op":"==","value":"60"}`, 400)
	p.ask("e", "GET", at+"check/", "", 404)
	p.ask("e", "DELETE", at+"check/"+check["id"].(string)+"/", "", 404)
	p.ask("b", "GET", at+"check/"+check["id"].(string)+"/", "", 200)
	users := p.ask("b", "GET", base+"group/?default=true", "", 200)["results"].([]any)[0].(map[string]any)
	p.ask("b", "DELETE", base+"group/"+users["id"].(string)+"/", "", 403)
	p.ask("b", "PATCH", base+"group/"+users["id"].(string)+"/", `{"default":false}`, 400)

	of := "/api/v1/users/user/" + p.ids["user_member"] + "/radius-group/"
	m := p.ask("b", "POST", of, `{"group":"`+g["id"].(string)+`","priority":0}`, 201)
	p.ask("b", "POST", of, `{"group":"`+g["id"].(string)+`"}`, 400)
	theirs := p.ask("e", "GET", base+"group/?default=true", "", 200)["results"].([]any)[0].(map[string]any)["id"].(string)
	p.ask("b", "POST", of, `{"group":"`+theirs+`"}`, 400)
	p.ask("e", "GET", of, "", 404)
	w := p.send("POST", "authorize/", `{"username":"member","password":"member-Passw0rd"}`)
	require.Contains(t, w.Body.String(), `"Session-Timeout":60`)
	p.ask("b", "DELETE", of+m["id"].(string)+"/", "", 204)

	n := p.ask("b", "POST", base+"nas/", `{"name":"10.0.0.0/24","short_name":"ap","secret":"testing123","organization":"`+org+`"}`, 201)
	require.Equal(t, []any{"testing123", "other"}, []any{n["secret"], n["type"]})
	require.Nil(t, p.ask("c", "GET", base+"nas/"+n["id"].(string)+"/", "", 200)["secret"], "an operator may not change it")
	p.ask("e", "PATCH", base+"nas/"+n["id"].(string)+"/", `{"secret":"mine"}`, 404)
	p.ask("b", "POST", base+"nas/", `{"name":"x y","short_name":"ap","secret":"testing123","organization":"`+org+`"}`, 400)
	p.ask("b", "POST", base+"check/", `{"username":"member","attribute":"NT-Password","value":"X","organization":"`+org+`"}`, 201)
	p.ask("b", "POST", base+"reply/", `{"username":"betamanager","attribute":"Class","value":"X","organization":"`+org+`"}`, 400)

	started := p.send("POST", "accounting/", `{"status_type":"Start","session_id":"1","unique_id":"one","username":"member","nas_ip_address":"10.0.0.1","calling_station_id":"AA-BB-CC-DD-EE-FF"}`)
	require.Equal(t, 201, started.Code)
	rows := p.ask("b", "GET", base+"accounting/?ordering=-session_time&calling_station_id=aa:bb:cc:dd:ee:ff&is_open=true", "", 200)
	require.Equal(t, []any{1.0, "one"}, []any{rows["count"], rows["results"].([]any)[0].(map[string]any)["id"]})
	p.ask("b", "GET", base+"accounting/one/", "", 200)
	p.ask("e", "GET", base+"accounting/one/", "", 404)
	require.Equal(t, 0.0, p.ask("e", "GET", base+"accounting/", "", 200)["count"])
	p.ask("d", "GET", base+"accounting/", "", 403)
	require.Equal(t, 400, p.send("GET", "accounting/?start_time=bad", "").Code)

	at = base + "organization/" + org + "/settings/"
	in := p.ask("b", "PATCH", at, `{"freeradius_allowed_hosts":"10.0.0.0/8","mac_addr_roaming_enabled":true}`, 200)
	require.Equal(t, []any{"freeradius_allowed_hosts", "mac_addr_roaming_enabled"}, in["own"])
	in = p.ask("b", "PATCH", at, `{"freeradius_allowed_hosts":null}`, 200)
	require.Equal(t, "127.0.0.1", in["freeradius_allowed_hosts"])
	p.ask("b", "PATCH", at, `{"freeradius_allowed_hosts":"everywhere"}`, 400)
	require.Nil(t, p.ask("c", "GET", at, "", 200)["token"])
	p.ask("e", "GET", at, "", 404)
	p.ask("d", "GET", at, "", 403)

	// the user is renamed and deleted: what FreeRADIUS reads follows
	p.ask("a", "PATCH", "/api/v1/users/user/"+p.ids["user_member"]+"/", `{"username":"renamed"}`, 200)
	require.Equal(t, "renamed", p.ask("b", "GET", base+"check/", "", 200)["results"].([]any)[0].(map[string]any)["username"])
	p.ask("a", "PATCH", "/api/v1/users/organization/"+org+"/", `{"slug":"omega"}`, 200)
	require.Equal(t, "omega-power-users", p.ask("b", "GET", base+"group/", "", 200)["results"].([]any)[0].(map[string]any)["name"])
	p.ask("a", "DELETE", "/api/v1/users/user/"+p.ids["user_member"]+"/", "", 204)
	require.Empty(t, p.ask("b", "GET", base+"check/", "", 200)["results"])
	p.ask("a", "PATCH", "/api/v1/users/organization/"+org+"/", `{"is_active":false}`, 200)
	require.Equal(t, http.StatusForbidden, p.send("POST", "authorize/", `{"username":"manager","password":"manager-Passw0rd"}`).Code, "at once")
	p.ask("a", "DELETE", "/api/v1/users/organization/"+org+"/", "", 204)
	left, err := radiusOf(t, p.Server).Groups.List(t.Context(), wispwright.ScopeAll(), radius.GroupFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 4, left.Total, "those of beta and default")
}

// A change of the password counts at once, though right ones are remembered.
func TestRadiusRemembersRightPasswordsAlone(t *testing.T) {
	p := newPortal(t, testkit.SQLite(t), nil)
	comes := func(password string) bool {
		return p.send("POST", "authorize/", `{"username":"member","password":"`+password+`"}`).Body.Len() > 0
	}
	require.True(t, comes("member-Passw0rd"))
	require.True(t, comes("member-Passw0rd"))
	change := `{"current_password":"member-Passw0rd","new_password":"Sunset-Boat-77","confirm_password":"Sunset-Boat-77"}`
	p.ask("d", "POST", "/api/v1/radius/organization/alpha/account/password/change/", change, 200)
	require.False(t, comes("member-Passw0rd"))
	require.True(t, comes("Sunset-Boat-77"))
	p.ask("a", "PATCH", "/api/v1/users/user/"+p.ids["user_member"]+"/", `{"is_active":false}`, 200)
	require.False(t, comes("Sunset-Boat-77"))
}

// Organizations and members that were there before the concern.
func TestRadiusAdoptsWhatIsThere(t *testing.T) {
	db := testkit.SQLite(t)
	c, all := parts(t)
	var without []server.Concern
	for _, one := range all {
		if _, is := one.(*server.RadiusConcern); !is {
			without = append(without, one)
		}
	}
	old := started(t, db, c, without)
	require.NoError(t, old.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	s := newServer(t, db, nil)
	require.NoError(t, s.Start(t.Context()))
	r := radiusOf(t, s)
	ids := identifiers(t, s)
	org, err := wispwright.ParseID(ids["org_alpha"])
	require.NoError(t, err)
	member, err := wispwright.ParseID(ids["user_member"])
	require.NoError(t, err)
	m, err := r.Memberships.Of(t.Context(), member, org)
	require.NoError(t, err)
	require.Equal(t, "alpha-users", m.GroupName)
	_, err = r.Settings.Of(t.Context(), wispwright.ScopeAll(), org)
	require.NoError(t, err)
}

func TestRadiusSettingsAreChecked(t *testing.T) {
	for fault, change := range map[string]func(*server.RadiusConfig){
		"allowed_hosts":      func(c *server.RadiusConfig) { c.AllowedHosts = []string{"everywhere"} },
		"time_zone":          func(c *server.RadiusConfig) { c.TimeZone = "Moon/Tycho" },
		"counters":           func(c *server.RadiusConfig) { c.Counters = []string{"hourly"} },
		"traffic_reply":      func(c *server.RadiusConfig) { c.TrafficReply = "" },
		"password_reset_url": func(c *server.RadiusConfig) { c.PasswordResetURL = "https://example.com" },
		"birth_date":         func(c *server.RadiusConfig) { c.BirthDate = "perhaps" },
		"login_rate":         func(c *server.RadiusConfig) { c.LoginRate = "often" },
		"stale_after":        func(c *server.RadiusConfig) { c.StaleAfter = -1 },
	} {
		c := server.DefaultRadiusConfig()
		require.NoError(t, c.Check())
		change(&c)
		require.ErrorContains(t, c.Check(), fault)
	}
}
