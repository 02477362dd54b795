package server_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius/gateway"
	core "github.com/wispwright/wispwright/radius/portal"
	"github.com/wispwright/wispwright/tenancy"
)

const alphaPath = "/api/v1/radius/organization/alpha/"

// own changes the portal settings of alpha.
func (e *enrolling) own(body string) {
	e.t.Helper()
	e.ask("b", "PATCH", "/api/v1/radius/organization/"+e.ids["org_alpha"]+"/portal/", body, 200)
}

// come asks RADIUS for somebody; a device may be named.
func (e *enrolling) come(username, password, mac string) map[string]any {
	e.t.Helper()
	w := e.send("POST", "authorize/", fmt.Sprintf(`{"username":%q,"password":%q,"calling_station_id":%q,"called_station_id":"00-11-22-33-44-55:net"}`, username, password, mac))
	require.Equal(e.t, 200, w.Code, w.Body)
	out := map[string]any{}
	if w.Body.Len() > 0 {
		require.NoError(e.t, json.Unmarshal(w.Body.Bytes(), &out))
	}
	return out
}

// A guest asks, the sponsor answers by a link that is good once, the guest comes in and
// is out again in time.
func TestGuestsAreSponsored(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		e := newEnrolling(t, db, nil)
		const path = alphaPath + "guest/"
		request := `{"name":"Bob  Guest","email":"bob@example.com","sponsor":"Ann@Acme.example","reason":"meeting","mac":"02-00-00-00-00-07"}`
		e.ask("", "POST", path, request, 403)
		settings := "/api/v1/radius/organization/" + e.ids["org_alpha"] + "/portal/"
		require.Contains(t, told(t, e.Server, "b", "PATCH", settings, `{"guests_enabled":true}`).Body.String(), "sponsor_domains")
		require.Equal(t, 400, told(t, e.Server, "b", "PATCH", settings, `{"guest_hours":0}`).Code)
		require.Equal(t, 400, told(t, e.Server, "b", "PATCH", settings, `{"dialect":"cisco"}`).Code)
		require.Equal(t, 400, told(t, e.Server, "b", "PATCH", settings, `{"dialect":"opennds","gateway_hosts":"a b"}`).Code)
		require.Equal(t, 400, told(t, e.Server, "b", "PATCH", settings, `{"portal_url":"javascript:x"}`).Code)
		require.Empty(t, e.ask("b", "GET", settings, "", 200)["own"], "nothing was changed")
		e.own(`{"guests_enabled":true,"sponsor_domains":"acme.example","guest_hours":2}`)
		require.Equal(t, []any{"guests_enabled", "sponsor_domains", "guest_hours"}, e.ask("b", "GET", settings, "", 200)["own"])
		for field, body := range map[string]string{
			"sponsor": `{"name":"x","sponsor":"ann@evil.example"}`, "name": `{"name":" ","sponsor":"ann@acme.example"}`, "email": `{"name":"x","sponsor":"ann@acme.example","email":"no"}`,
		} {
			w := told(t, e.Server, "", "POST", path, body)
			require.Equal(t, 400, w.Code, w.Body)
			require.Contains(t, w.Body.String(), `"`+field+`"`)
		}
		made := e.ask("", "POST", path, request, 201)
		require.Equal(t, []any{"waiting", "", ""}, []any{made["status"], made["username"], made["password"]})
		hear := func(key any, want int) map[string]any {
			t.Helper()
			return e.ask("", "POST", path+"status/", fmt.Sprintf(`{"id":%q,"key":%q}`, made["id"], key), want)
		}
		require.Equal(t, "waiting", hear(made["key"], 200)["status"])
		hear("wrong", 404)
		idle(t, e.Server)
		letter := e.letters.last(t, "ann@acme.example").Text
		require.Contains(t, letter, `"Bob Guest"`)
		require.Contains(t, letter, "> meeting")
		link := regexp.MustCompile(`https://wifi\.example\.org(/sponsor/[0-9a-f]{64}/)`).FindStringSubmatch(letter)[1]
		token := strings.Trim(strings.TrimPrefix(link, "/sponsor/"), "/")
		w := told(t, e.Server, "", "GET", link, "")
		require.Equal(t, 200, w.Code)
		require.Contains(t, w.Body.String(), "Bob Guest")
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
		require.Equal(t, "waiting", hear(made["key"], 200)["status"], "looking decides nothing")
		require.Equal(t, 404, told(t, e.Server, "", "POST", "/api/v1/radius/organization/beta/guest/answer/", `{"token":"`+token+`","approve":true}`).Code, "another organization")
		press := func(link, answer string) *httptest.ResponseRecorder {
			return told(t, e.Server, "", "POST", link, url.Values{"answer": {answer}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		}
		require.Equal(t, 400, press(link, "").Code)
		require.Equal(t, 404, press("/sponsor/"+strings.Repeat("0", 64)+"/", "approve").Code)
		require.Equal(t, 200, press(link, "approve").Code)
		require.Equal(t, 404, press(link, "refuse").Code, "once")
		require.Equal(t, 404, told(t, e.Server, "", "GET", link, "").Code)
		in := hear(made["key"], 200)
		require.Equal(t, "approved", in["status"])
		answer := e.come(in["username"].(string), in["password"].(string), "02-00-00-00-00-07")
		require.Equal(t, "Accept", answer["control:Auth-Type"])
		require.InDelta(t, 7200, answer["Session-Timeout"], 300)
		idle(t, e.Server)
		require.Contains(t, e.letters.last(t, "bob@example.com").Text, in["password"])
		list := e.ask("b", "GET", "/api/v1/radius/guest/?status=approved", "", 200)
		require.Equal(t, float64(1), list["count"])
		row := list["results"].([]any)[0].(map[string]any)
		require.Equal(t, "ann@acme.example", row["decided_by"])
		require.NotContains(t, fmt.Sprint(row), in["password"])

		// the time is over
		r := radiusOf(t, e.Server)
		id, err := wispwright.ParseID(made["id"].(string))
		require.NoError(t, err)
		guests := r.Portal().Guests
		ctx := wispwright.WithCaller(t.Context(), wispwright.System("test"))
		_, err = guests.Update(ctx, wispwright.ScopeAll(), id, func(g *core.Guest) error { g.Until = time.Now().Add(-time.Minute); return nil })
		require.NoError(t, err)
		require.Equal(t, "Reject", e.come(in["username"].(string), in["password"].(string), "")["control:Auth-Type"])
		require.NoError(t, guests.Sweep(ctx))
		require.Empty(t, e.come(in["username"].(string), in["password"].(string), ""), "the account is closed")
		require.Equal(t, "ended", hear(made["key"], 200)["status"])
		require.NoError(t, r.Portal().Prune(ctx, -time.Hour))
		hear(made["key"], 404)

		// managers answer too; others see nothing
		other := e.ask("", "POST", path, strings.Replace(request, "Bob", "Eve", 1), 201)
		item := "/api/v1/radius/guest/" + other["id"].(string) + "/"
		e.ask("e", "POST", item+"approve/", "", 404)
		e.ask("c", "POST", item+"refuse/", "", 200)
		e.ask("b", "POST", item+"approve/", "", 400)
		for range 12 {
			w = told(t, e.Server, "", "POST", path, request)
		}
		require.Equal(t, 429, w.Code, "a flood")
	})
}

// A device whose user logged in comes in by its address, for as long as it is
// remembered, and no person by typing it.
func TestDevicesAreRemembered(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		e := newEnrolling(t, db, nil)
		const mac = "02-00-00-00-00-07"
		start := func(id, mac string) {
			t.Helper()
			w := e.send("POST", "accounting/", fmt.Sprintf(`{"status_type":"Start","session_id":%q,"unique_id":%q,"username":"member","nas_ip_address":"10.0.0.1","calling_station_id":%q,"called_station_id":"00-11-22-33-44-55:net"}`, id, id, mac))
			require.Equal(t, 201, w.Code, w.Body)
		}
		start("1", mac)
		require.Empty(t, e.come(mac, mac, mac), "nothing is remembered")
		e.own(`{"remember_days":7}`)
		start("2", mac)
		require.Equal(t, "Accept", e.come(mac, "x", mac)["control:Auth-Type"])
		require.Equal(t, "Accept", e.come("02:00:00:00:00:07", "x", "02-00-00-00-00-07")["control:Auth-Type"])
		require.Empty(t, e.come(mac, mac, "02-00-00-00-00-08"), "typed on another device")
		require.Empty(t, e.come(mac, mac, ""), "nobody knows on which device")
		list := e.ask("b", "GET", "/api/v1/radius/remembered-device/", "", 200)
		require.Equal(t, float64(1), list["count"])
		key := e.ask("", "POST", alphaPath+"account/token/", `{"username":"member","password":"member-Passw0rd"}`, 200)["key"].(string)
		w := told(t, e.Server, "", "GET", alphaPath+"account/device/", "", "Authorization", "Bearer "+key)
		var own []struct{ ID, MAC string }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &own), w.Body.String())
		require.Equal(t, "02:00:00:00:00:07", own[0].MAC)
		require.Equal(t, 404, told(t, e.Server, "", "DELETE", "/api/v1/radius/organization/beta/account/device/"+own[0].ID+"/", "", "Authorization", "Bearer "+key).Code)
		require.Equal(t, 204, told(t, e.Server, "", "DELETE", alphaPath+"account/device/"+own[0].ID+"/", "", "Authorization", "Bearer "+key).Code)
		require.Empty(t, e.come(mac, mac, mac))
		start("3", mac)
		require.Equal(t, "Accept", e.come(mac, "x", mac)["control:Auth-Type"])
		e.own(`{"remember_days":0}`)
		require.Empty(t, e.come(mac, mac, mac), "switched off")
		require.NoError(t, radiusOf(t, e.Server).Portal().Prune(t.Context(), time.Hour))
	})
}

// Who registered by e-mail stays for some minutes, once, to read the letter; having
// confirmed the address, for good.
func TestShortStayToReadALetter(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		e := newEnrolling(t, db, nil)
		e.ask("b", "PATCH", "/api/v1/radius/organization/"+e.ids["org_alpha"]+"/settings/", `{"needs_identity_verification":true}`, 200)
		register := func(n int) {
			t.Helper()
			e.ask("", "POST", alphaPath+"account/", fmt.Sprintf(`{"username":"new%d","email":"new%d@example.org","password1":"Sunset-Boat-77","password2":"Sunset-Boat-77","method":"email"}`, n, n), 201)
		}
		const mac = "02-00-00-00-00-0A"
		register(1)
		require.Empty(t, e.come("new1", "Sunset-Boat-77", mac))
		e.own(`{"grace_minutes":10}`)
		for range 2 {
			answer := e.come("new1", "Sunset-Boat-77", mac)
			require.Equal(t, "Accept", answer["control:Auth-Type"])
			require.InDelta(t, 600, answer["Session-Timeout"], 300)
		}
		require.Empty(t, e.come("new1", "wrong", mac))
		for n := 2; n <= 3; n++ {
			register(n)
			require.NotEmpty(t, e.come(fmt.Sprint("new", n), "Sunset-Boat-77", mac))
		}
		register(4)
		require.Empty(t, e.come("new4", "Sunset-Boat-77", mac), "one device, many accounts")
		// it is over
		r := radiusOf(t, e.Server)
		_, err := sqlstore.Exec(t.Context(), db, "UPDATE radius_portal_grace SET until = ?", time.Now().Add(-time.Second).UTC())
		require.NoError(t, err)
		require.Empty(t, e.come("new1", "Sunset-Boat-77", mac))
		require.NoError(t, r.Portal().Prune(t.Context(), time.Hour))
		require.Empty(t, e.come("new1", "Sunset-Boat-77", mac), "once")
		// the address is confirmed
		ten := e.Tenancy()
		u, err := ten.Users.ByUsername(t.Context(), wispwright.ScopeAll(), "new1")
		require.NoError(t, err)
		addresses, err := ten.Emails.List(t.Context(), wispwright.ScopeAll(), tenancy.EmailFilter{UserID: u.ID}, wispwright.Page{})
		require.NoError(t, err)
		_, err = ten.Emails.Update(wispwright.WithCaller(t.Context(), wispwright.System("test")), wispwright.ScopeAll(), addresses.Rows[0].ID, func(x *tenancy.Email) error { x.IsVerified = true; return nil })
		require.NoError(t, err)
		answer := e.come("new1", "Sunset-Boat-77", mac)
		require.Equal(t, float64(10800), answer["Session-Timeout"])
	})
}

// captiveSchema is what RFC 8908 says of an answer.
const captiveSchema = `{"type":"object","required":["captive"],"additionalProperties":false,"properties":{"captive":{"type":"boolean"},"user-portal-url":{"type":"string","pattern":"^https://"},
	"venue-info-url":{"type":"string","pattern":"^https://"},"can-extend-session":{"type":"boolean"},"seconds-remaining":{"type":"integer","minimum":0},"bytes-remaining":{"type":"integer","minimum":0}}}`

// The Captive Portal API knows a client by its session.
func TestCaptivePortalAPI(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		e := newEnrolling(t, db, nil)
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(captiveSchema))
		require.NoError(t, err)
		compiler := jsonschema.NewCompiler()
		require.NoError(t, compiler.AddResource("captive.json", document))
		schema, err := compiler.Compile("captive.json")
		require.NoError(t, err)
		state := func(from, query string) map[string]any {
			t.Helper()
			r := httptest.NewRequest("GET", alphaPath+"captive-portal/"+query, nil)
			r.RemoteAddr = from + ":5000"
			r.Header.Set("Accept", "application/captive+json")
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			require.Equal(t, []any{200, "application/captive+json", "private, no-store"}, []any{w.Code, w.Header().Get("Content-Type"), w.Header().Get("Cache-Control")}, w.Body.String())
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(w.Body.String()))
			require.NoError(t, err)
			require.NoError(t, schema.Validate(value), w.Body.String())
			out := map[string]any{}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
			return out
		}
		e.own(`{"venue_url":"https://example.org/{organization}"}`)
		require.Equal(t, map[string]any{"captive": true, "user-portal-url": "https://wifi.example.org/alpha/login", "venue-info-url": "https://example.org/alpha"}, state("10.1.0.7", ""))
		w := e.send("POST", "accounting/", `{"status_type":"Start","session_id":"1","unique_id":"one","username":"member","nas_ip_address":"10.0.0.1","framed_ip_address":"10.1.0.7","session_time":"100","input_octets":"1000","output_octets":"0"}`)
		require.Equal(t, 201, w.Code, w.Body)
		in := state("10.1.0.7", "")
		require.Equal(t, []any{false, float64(3000000000 - 1000), false}, []any{in["captive"], in["bytes-remaining"], in["can-extend-session"]})
		require.InDelta(t, 10700, in["seconds-remaining"], 120)
		require.Equal(t, true, state("10.1.0.8", "")["captive"], "somebody else")
		r := radiusOf(t, e.Server)
		s, err := r.Accounting.Get(t.Context(), wispwright.ScopeAll(), "one")
		require.NoError(t, err)
		key := r.Portal().ClientKey(s)
		require.Equal(t, false, state("192.0.2.1", "?client="+url.QueryEscape(key))["captive"])
		require.Equal(t, true, state("192.0.2.1", "?client="+url.QueryEscape(key[:len(key)-1]))["captive"], "a forged key")
		require.Equal(t, true, state("192.0.2.1", "?client=one.")["captive"])
		require.Equal(t, 404, told(t, e.Server, "", "GET", "/api/v1/radius/organization/nowhere/captive-portal/", "").Code)
		w = e.send("POST", "accounting/", `{"status_type":"Stop","session_id":"1","unique_id":"one","username":"member","nas_ip_address":"10.0.0.1","framed_ip_address":"10.1.0.7","session_time":"100","input_octets":"1000","output_octets":"0","terminate_cause":"User-Request"}`)
		require.Equal(t, 200, w.Code, w.Body)
		require.Equal(t, true, state("10.1.0.7", "")["captive"], "it is over")
		require.Equal(t, true, state("192.0.2.1", "?client="+url.QueryEscape(key))["captive"])
	})
}

// A template that makes a device a hotspot is made in one step, and the portal speaks
// with it. It holds no secret: devices get theirs when their configuration is rendered.
func TestHotspotTemplate(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		e := newEnrolling(t, db, nil)
		const templates = "/api/v1/controller/template/"
		path := "/api/v1/radius/organization/" + e.ids["org_alpha"] + "/hotspot-template/"
		settings := "/api/v1/radius/organization/" + e.ids["org_alpha"] + "/portal/"
		require.Contains(t, told(t, e.Server, "b", "POST", path, `{"name":"Lobby","gateway":"coovachilli","radius_secret":"testing123"}`).Body.String(), "radius_server")
		require.Contains(t, told(t, e.Server, "b", "POST", path, `{"name":"Lobby","gateway":"coovachilli","radius_server":"radius.example.org"}`).Body.String(), "radius_secret")
		require.Contains(t, told(t, e.Server, "b", "PATCH", settings, `{"radius_secret":"a'b"}`).Body.String(), "radius_secret")
		require.Equal(t, "none", e.ask("b", "GET", settings, "", 200)["dialect"], "nothing was changed")
		require.Equal(t, 400, told(t, e.Server, "b", "POST", path, `{"name":"Lobby","gateway":"opennds","network":"8.8.8.0/24"}`).Code)
		e.ask("e", "POST", path, `{"name":"Lobby","gateway":"opennds"}`, 404)
		made := e.ask("b", "POST", path, `{"name":"Lobby","gateway":"opennds","ssid":"Acme"}`, 201)["id"].(string)
		values := e.ask("b", "GET", templates+made+"/", "", 200)["default_values"].(map[string]any)
		require.Equal(t, []any{"Acme", "https://wifi.example.org/api/v1/radius/organization/alpha/captive-portal/"}, []any{values["hotspot_ssid"], values["captive_portal_api"]})
		set := e.ask("b", "GET", settings, "", 200)
		key := wispwright.Secret(set["gateway_secret"].(string))
		require.Equal(t, "opennds", set["dialect"])
		require.Len(t, key, 24)
		e.ask("b", "POST", path, `{"name":"Lobby","gateway":"opennds"}`, 400)

		device := e.ask("b", "POST", "/api/v1/controller/device/", `{"name":"ap-hotspot","mac_address":"02:00:00:00:00:77","organization":"`+e.ids["org_alpha"]+`","config":{"backend":"netjsonconfig.OpenWrt","templates":["`+made+`"],"config":{},"context":{}}}`, 201)["id"].(string)
		rendering := func() string {
			t.Helper()
			return e.ask("b", "POST", "/api/v1/controller/preview/", `{"backend":"netjsonconfig.OpenWrt","config":{},"templates":["`+made+`"],"device":"`+device+`"}`, 200)["rendered"].(string)
		}
		own := gateway.DeviceKey(key, mustID(t, device)).Reveal()
		for _, line := range []string{"option faskey '" + own + "'", "option gatewayname 'ap-hotspot " + device + "'", "key='" + own + "'"} {
			require.Contains(t, rendering(), line)
		}
		secrets := []string{"secrettoken", key.Reveal(), "testing123"}
		for _, read := range []string{templates + made + "/", templates + made + "/configuration/", templates, templates + made + "/version/", "/api/v1/controller/device/" + device + "/context/", "/api/v1/controller/device/" + device + "/version/",
			"/api/v1/controller/device-export/?as=json", settings + "?x=1"} {
			w := told(t, e.Server, "b", "GET", read, "")
			text := plainOf(t, w.Body.Bytes())
			for _, secret := range secrets {
				if !strings.HasPrefix(read, settings) || secret != key.Reveal() { // anybody who may change it is shown it
					require.NotContains(t, text, secret, read)
				}
			}
			if strings.HasPrefix(read, templates) {
				require.NotContains(t, text, own, read)
			}
		}
		require.NotContains(t, rendering(), "secrettoken")
		require.NotContains(t, rendering(), key.Reveal())

		// another secret comes to the devices by itself
		second := e.ask("b", "POST", path, `{"name":"Hall","gateway":"coovachilli","radius_server":"radius.example.org","radius_secret":"testing123"}`, 201)["id"].(string)
		require.Equal(t, key.Reveal(), e.ask("b", "GET", settings, "", 200)["gateway_secret"], "one secret for all of them")
		require.NotContains(t, told(t, e.Server, "b", "GET", settings, "").Body.String(), "testing123")
		e.ask("b", "PATCH", "/api/v1/controller/device/"+device+"/", `{"config":{"templates":["`+second+`"]}}`, 200)
		device2 := func() string {
			return plainOf(t, told(t, e.Server, "b", "GET", "/api/v1/controller/device/"+device+"/configuration/", "").Body.Bytes())
		}
		require.Contains(t, device2(), "option radiussecret 'testing123'")
		e.own(`{"gateway_secret":"another-secret"}`)
		renewed := gateway.DeviceKey("another-secret", mustID(t, device)).Reveal()
		testkit.Eventually(t, "the device gets the new secret", func(context.Context) bool { return strings.Contains(device2(), "option uamsecret '"+renewed+"'") })
	})
}

// plainOf is a body, and what is in it where that is an archive.
func plainOf(t *testing.T, body []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return string(body)
	}
	plain, err := io.ReadAll(z)
	require.NoError(t, err)
	return string(plain)
}

// A hotspot whose gateway asks no RADIUS server reports the end of sessions with its
// own key, which is good for nothing else.
func TestHotspotsReportEnds(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		e := newEnrolling(t, db, nil)
		e.own(`{"dialect":"opennds","gateway_secret":"0123456789"}`)
		const path = alphaPath + "hotspot-session/"
		w := e.send("POST", "accounting/", `{"status_type":"Start","session_id":"s1","unique_id":"aa11","nas_ip_address":"10.0.0.1","username":"member","calling_station_id":"02:00:00:00:00:07","called_station_id":"00-11-22-33-44-55"}`)
		require.Equal(t, 201, w.Code, w.Body)
		device := mustID(t, "0191a5c0-0000-7000-8000-000000000001")
		key := gateway.DeviceKey("0123456789", device).Reveal()
		report := func(key, session, more string) *httptest.ResponseRecorder {
			return told(t, e.Server, "", "POST", path, "device="+device.String()+"&key="+key+"&session="+session+"&session_time=60&output_octets=2000&input_octets=1000"+more, "Content-Type", "application/x-www-form-urlencoded")
		}
		for _, wrong := range []string{"0123456789", strings.ToUpper(key), "x", gateway.DeviceKey("0123456789", wispwright.NewID()).Reveal(), "secrettoken"} {
			require.Equal(t, 403, report(wrong, "aa11", "").Code, wrong)
		}
		require.Equal(t, 404, report(key, "bb22", "").Code)
		require.Contains(t, report(key, "aa11", "&terminate_cause="+strings.Repeat("x", 33)).Body.String(), "terminate_cause")
		require.Contains(t, told(t, e.Server, "", "POST", path, `{"device":"`+device.String()+`","key":"`+key+`","session":"aa11","session_time":-1,"input_octets":0,"output_octets":0}`).Body.String(), "session_time")
		foreign := told(t, e.Server, "", "POST", "/api/v1/radius/organization/beta/hotspot-session/", `{"device":"`+device.String()+`","key":"`+key+`","session":"aa11","session_time":1,"input_octets":0,"output_octets":0}`)
		require.Equal(t, 403, foreign.Code, "the key of another organization's hotspot")
		require.Equal(t, 204, report(key, "aa11", "&terminate_cause=User-Request").Code)
		require.Equal(t, 204, report(key, "aa11", "&terminate_cause=Idle-Timeout").Code, "reported twice")
		s, err := radiusOf(t, e.Server).Accounting.Get(t.Context(), wispwright.ScopeAll(), "aa11")
		require.NoError(t, err)
		require.Equal(t, []any{false, int64(60), int64(1000), int64(2000), "User-Request"}, []any{s.IsOpen(), *s.SessionTime, *s.InputOctets, *s.OutputOctets, *s.TerminateCause})
		e.own(`{"gateway_secret":""}`)
		require.Equal(t, 403, report(key, "aa11", "").Code, "no secret, no reports")
	})
}
