package controllerhttp_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllerhttp"
	"github.com/wispwright/wispwright/kit/rest/resttest"
	"github.com/wispwright/wispwright/tenancy"
)

// tenants makes two organizations with a manager each, and a superuser.
func tenants(t *testing.T, s *server) (alpha, beta wispwright.ID) {
	t.Helper()
	alpha, beta = s.organization(t, "alpha", "secretalpha"), s.organization(t, "beta", "secretbeta")
	s.user(t, "admin", "", "", true, false)
	s.user(t, "manager", "Administrator", "alpha", false, true)
	s.user(t, "stranger", "Administrator", "beta", false, true)
	s.user(t, "operator", "Operator", "alpha", false, true)
	s.user(t, "member", "", "alpha", false, false)
	return alpha, beta
}

func TestWalls(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, _ := tenants(t, s)
		template := s.template(t, "alphatpl", alpha, nil)
		device := s.device(t, "manager", "alphadev", alpha, "00:11:22:33:44:55", configuration(template))
		status, versions := s.call(t, "manager", "GET", "/api/v1/controller/device/"+device+"/version/", nil)
		require.Equal(t, 200, status)
		version := versions["results"].([]any)[0].(object)["id"].(string)
		status, settings := s.call(t, "manager", "GET", "/api/v1/controller/organization/"+alpha.String()+"/settings/", nil)
		require.Equal(t, 200, status)
		require.Equal(t, "secretalpha", settings["shared_secret"])
		status, made := s.call(t, "manager", "POST", "/api/v1/controller/group/", object{"name": "alphagroup", "organization": alpha, "templates": []string{}})
		require.Equal(t, 201, status, made)
		group := made["id"].(string)
		objects := map[string]string{
			"/api/v1/controller/device/{id}/version/{vid}/":         "/api/v1/controller/device/" + device + "/version/" + version + "/",
			"/api/v1/controller/device/{id}/version/{vid}/diff/":    "/api/v1/controller/device/" + device + "/version/" + version + "/diff/",
			"/api/v1/controller/device/{id}/version/{vid}/restore/": "/api/v1/controller/device/" + device + "/version/" + version + "/restore/",
			"/api/v1/controller/template/{id}/":                     "/api/v1/controller/template/" + template + "/",
			"/api/v1/controller/template/{id}/configuration/":       "/api/v1/controller/template/" + template + "/configuration/",
			"/api/v1/controller/organization/{id}/settings/":        "/api/v1/controller/organization/" + alpha.String() + "/settings/",
			"/api/v1/users/organization/{id}/":                      "/api/v1/users/organization/" + alpha.String() + "/",
			"/api/v1/controller/device/{id}/":                       "/api/v1/controller/device/" + device + "/",
			"/api/v1/controller/relevant-template/{organization}/":  "/api/v1/controller/relevant-template/" + alpha.String() + "/",
			"/api/v1/controller/group/{id}/":                        "/api/v1/controller/group/" + group + "/",
		}
		objects["/api/v1/controller/organization/{id}/variable-report/"] = "/api/v1/controller/organization/" + alpha.String() + "/variable-report/"
		objects["/api/v1/controller/template/{id}/context.json/"] = "/api/v1/controller/template/" + template + "/context.json/"
		for of, id := range map[string]string{"device": device, "template": template, "group": group, "organization": alpha.String()} {
			path := "/api/v1/controller/" + of + "/" + id + "/declared-variables/"
			status, out := s.call(t, "manager", "PUT", path+"alphavariable/", object{"type": "text", "secret": true, "value": "alphahush"})
			require.Equal(t, 200, status, out)
			objects["/api/v1/controller/"+of+"/{id}/declared-variables/"] = path
			objects["/api/v1/controller/"+of+"/{id}/declared-variables/{name}/"] = path + "alphavariable/"
		}
		for _, sub := range []string{"activate", "deactivate", "configuration", "context", "context.json", "version", "variables"} {
			objects["/api/v1/controller/device/{id}/"+sub+"/"] = "/api/v1/controller/device/" + device + "/" + sub + "/"
		}
		skip := map[string]string{"/api/v1/controller/preview/": "previews refuse one relation after the other: TestPreview",
			"/api/v1/controller/cert/{common_name}/group/": "whose certificate it is, the server knows, whose test it is"}
		for _, path := range s.api.Paths() {
			if !strings.HasPrefix(path, "/api/v1/controller/") && strings.Contains(path, "{") && objects[path] == "" {
				skip[path] = "tried by the tests of its own API"
			}
		}
		walk := resttest.Walk{
			API: s.api, Owner: "Bearer " + s.tokens["admin"], Stranger: "Bearer " + s.tokens["stranger"], Objects: objects, Skip: skip,
			Marks: []string{"alphatpl", "alphadev", "alphagroup", "secretalpha", "alphavariable", "alphahush", "00:11:22:33:44:55"}, IDs: []string{alpha.String(), template, device, version, group},
		}
		walk.Run(t)
	})
}

func TestWhoMayWhat(t *testing.T) {
	s := newMemoryServer(t, nil)
	alpha, _ := tenants(t, s)
	device := s.device(t, "operator", "dev", alpha, "00:11:22:33:44:55", configuration())
	path := "/api/v1/controller/device/" + device + "/"
	for _, c := range []struct {
		user, method, path string
		body               any
		status             int
	}{
		{"", "GET", path, nil, 401},
		{"member", "GET", path, nil, 403},
		{"operator", "GET", path, nil, 200},
		{"operator", "PATCH", path, object{"notes": "x"}, 200},
		{"stranger", "GET", path, nil, 404},
		{"stranger", "PATCH", path, object{"notes": "y"}, 404},
		{"stranger", "DELETE", path + "?force=true", nil, 404},
		{"operator", "PATCH", "/api/v1/controller/organization/" + alpha.String() + "/settings/", object{"registration_enabled": false}, 403},
		{"manager", "PATCH", "/api/v1/controller/organization/" + alpha.String() + "/settings/", object{"registration_enabled": false}, 200},
		{"stranger", "GET", "/api/v1/controller/organization/" + alpha.String() + "/settings/", nil, 404},
		{"member", "GET", "/api/v1/controller/dashboard/", nil, 403},
		{"member", "POST", "/api/v1/controller/preview/", object{"backend": openWrt}, 403},
		{"manager", "POST", "/api/v1/controller/template/", object{"name": "x", "backend": openWrt, "organization": nil, "config": object{"general": object{}}}, 400},
	} {
		status, out := s.call(t, c.user, c.method, c.path, c.body)
		require.Equal(t, c.status, status, "%s %s %s: %v", c.user, c.method, c.path, out)
	}
	_, out := s.call(t, "operator", "GET", "/api/v1/controller/organization/"+alpha.String()+"/settings/", nil)
	require.Nil(t, out["shared_secret"], "only whoever may change the secret sees it")
	_, out = s.call(t, "admin", "GET", path, nil)
	require.Equal(t, "x", out["notes"])
}

// TestWhatIsNotSentStays holds the places where the original loses data.
func TestWhatIsNotSentStays(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, _ := tenants(t, s)
		one, two := s.template(t, "one", alpha, nil), s.template(t, "two", alpha, nil)
		config := configuration(one, two)
		config["context"] = object{"a": "1"}
		device := s.device(t, "manager", "dev", alpha, "00:11:22:33:44:55", config)
		path := "/api/v1/controller/device/" + device + "/"
		patch := func(method string, body object) object {
			status, out := s.call(t, "manager", method, path, body)
			require.Equal(t, 200, status, out)
			return out["config"].(object)
		}
		c := patch("PATCH", object{"config": object{"context": object{"b": "2"}}})
		require.Equal(t, []any{one, two}, c["templates"])
		require.Equal(t, object{"b": "2"}, c["context"])
		require.Equal(t, object{"general": object{"timezone": "UTC"}}, c["config"])
		c = patch("PATCH", object{"config": object{"templates": []string{two, one}}})
		require.Equal(t, []any{two, one}, c["templates"])
		require.Equal(t, object{"b": "2"}, c["context"])

		nothing := object{"backend": openWrt, "templates": []string{}, "context": object{}, "config": object{}}
		whole := object{"name": "dev", "organization": alpha, "mac_address": "00:11:22:33:44:55", "config": nothing}
		require.Equal(t, []any{two, one}, patch("PUT", whole)["templates"], "a PUT of nothing but defaults is no wish to clear")
		whole["config"] = nil
		require.Equal(t, []any{two, one}, patch("PUT", whole)["templates"], "null leaves the configuration alone")
		require.Equal(t, []any{}, patch("PATCH", object{"config": nothing})["templates"], "a PATCH is taken at its word")

		bare := s.device(t, "manager", "bare", alpha, "00:11:22:33:44:56", nil)
		whole = object{"name": "bare", "organization": alpha, "mac_address": "00:11:22:33:44:56", "config": nothing}
		status, out := s.call(t, "manager", "PUT", "/api/v1/controller/device/"+bare+"/", whole)
		require.Equal(t, 200, status, out)
		require.Nil(t, out["config"], "defaults make no configuration")
	})
}

func TestBadConfigurationsChangeNothing(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, beta := tenants(t, s)
		foreign := s.template(t, "foreign", beta, nil)
		device := s.device(t, "manager", "dev", alpha, "00:11:22:33:44:55", configuration())
		path := "/api/v1/controller/device/" + device + "/"
		_, before := s.call(t, "manager", "GET", path, nil)
		for name, c := range map[string]struct{ config, want any }{
			"not valid":          {object{"config": object{"interfaces": 3}}, []any{"Invalid configuration triggered by \"#/interfaces\", validator says:\n\n3 is not of type 'array'"}},
			"not an object":      {object{"context": []int{1}}, nil},
			"unknown backend":    {object{"backend": "x"}, object{"backend": []any{"\"x\" is not a valid choice."}}},
			"foreign template":   {object{"templates": []string{foreign}}, nil},
			"unknown template":   {object{"templates": []string{device}}, nil},
			"malformed template": {object{"templates": []string{"x"}}, nil},
			"null templates":     {object{"templates": nil}, object{"templates": []any{"This field may not be null."}}},
		} {
			status, out := s.call(t, "manager", "PATCH", path, object{"name": "renamed", "config": c.config})
			require.Equal(t, 400, status, name)
			require.Contains(t, out, "config", name)
			if c.want != nil {
				require.Equal(t, c.want, out["config"], name)
			}
		}
		_, after := s.call(t, "manager", "GET", path, nil)
		require.Equal(t, before, after)
	})
}

// TestPlacesOfFaults checks the additive key errors: leaves in the document that
// was sent, or in that of the template they come from.
func TestPlacesOfFaults(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, _ := tenants(t, s)
		network := func(name, key string) object {
			return object{"type": "wireless", "name": name, "wireless": object{"mode": "access_point", "radio": "radio0", "ssid": "x",
				"encryption": object{"protocol": "wpa2_personal", "key": key}}}
		}
		template := s.template(t, "tpl", alpha, object{"config": object{"interfaces": []object{network("wlan1", "{{ password }}")}}})
		config := configuration(template)
		config["config"] = object{"interfaces": []object{network("wlan0", "short")}}
		body := object{"name": "dev", "organization": alpha, "mac_address": "00:11:22:33:44:55", "config": config}
		status, out := s.call(t, "manager", "POST", "/api/v1/controller/device/", body)
		require.Equal(t, 400, status, out)
		require.Equal(t, []any{object{"pointer": "/interfaces/0/wireless/encryption/key", "message": "At least 8 characters, now 5", "source": ""}}, out["errors"])
		require.Contains(t, out, "config")

		status, out = s.call(t, "manager", "POST", "/api/v1/controller/preview/", object{"backend": openWrt, "organization": alpha, "name": "x1", "templates": []string{template},
			"context": object{"password": "abc"}, "config": object{"interfaces": []object{{"type": "ethernet", "name": "eth0"}}}})
		require.Equal(t, 400, status, out)
		require.Equal(t, []any{object{"pointer": "/interfaces/0/wireless/encryption/key", "message": "At least 8 characters, now 3", "source": "tpl"}}, out["errors"])
		status, out = s.call(t, "manager", "POST", "/api/v1/controller/device/", object{"name": "", "organization": alpha})
		require.Equal(t, 400, status)
		require.NotContains(t, out, "errors", "only what a document holds")
	})
}

func TestListsOfDevices(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, beta := tenants(t, s)
		template := s.template(t, "tpl", alpha, nil)
		s.device(t, "admin", "zebra", alpha, "00:11:22:33:44:01", configuration(template))
		s.device(t, "admin", "apple", alpha, "00:11:22:33:44:02", configuration())
		s.device(t, "admin", "mango", alpha, "00:11:22:33:44:03", nil)
		s.device(t, "admin", "other", beta, "00:11:22:33:44:01", configuration())
		names := func(user, query string) []string {
			status, out := s.call(t, user, "GET", "/api/v1/controller/device/?"+query, nil)
			require.Equal(t, 200, status, out)
			names := []string{}
			for _, d := range out["results"].([]any) {
				names = append(names, d.(object)["name"].(string))
			}
			return names
		}
		for query, want := range map[string][]string{
			"":                              {"mango", "apple", "zebra"},
			"ordering=name":                 {"apple", "mango", "zebra"},
			"ordering=-name,nothing":        {"zebra", "mango", "apple"},
			"search=ANG":                    {"mango"},
			"search=44:02":                  {"apple"},
			"config__templates=" + template: {"zebra"},
			"config__templates=" + template + "&name=apple":      {},
			"config__status=modified&config__backend=" + openWrt: {"apple", "zebra"},
			"has_config=false":                 {"mango"},
			"mac_address=44:01":                {"zebra"},
			"organization_slug=beta":           {},
			"page_size=1&page=2&ordering=name": {"mango"},
			"created__lt=2000-01-01":           {},
		} {
			require.Equal(t, want, names("manager", query), query)
		}
		require.Len(t, names("admin", "organization="+beta.String()), 1)
		status, out := s.call(t, "manager", "GET", "/api/v1/controller/device/?organization="+beta.String(), nil)
		require.Equal(t, 400, status, out)

		status, out = s.call(t, "manager", "GET", "/api/v1/controller/dashboard/", nil)
		require.Equal(t, 200, status)
		require.EqualValues(t, 3, out["devices"])
		require.EqualValues(t, 2, out["config_status"].(object)["modified"])
		require.EqualValues(t, 1, out["config_status"].(object)["unknown"])
	})
}

func TestPreview(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, beta := tenants(t, s)
		template, foreign := s.template(t, "tpl", alpha, nil), s.template(t, "foreign", beta, nil)
		device := s.device(t, "manager", "dev", alpha, "00:11:22:33:44:55", configuration())
		preview := func(user string, body object) (int, object) {
			return s.call(t, user, "POST", "/api/v1/controller/preview/", body)
		}
		status, out := preview("manager", object{"backend": openWrt, "templates": []string{template}, "organization": alpha, "name": "new-one", "mac_address": "00:11:22:33:44:66",
			"context": object{"tz": "UTC"}, "config": object{"general": object{"timezone": "{{ tz }}"}}})
		require.Equal(t, 200, status, out)
		require.Contains(t, out["rendered"], "option hostname 'new-one'")
		require.Contains(t, out["rendered"], "option timezone 'UTC'")
		require.Contains(t, out["rendered"], "tpl new-one")
		require.Len(t, out["checksum"], 32)
		require.NotZero(t, out["size"])

		status, out = preview("manager", object{"backend": openWrt, "device": device, "organization": alpha, "config": object{"general": object{"description": "{{ id }}"}}})
		require.Equal(t, 200, status, out)
		require.Contains(t, out["rendered"], device)

		for name, may := range map[string]wispwright.Permission{"of-templates": "config.view_template", "of-devices": "config.view_device"} {
			require.NoError(t, s.t.Groups.Create(t.Context(), &tenancy.Group{Name: name, Permissions: []wispwright.Permission{may}}))
			s.user(t, name, name, "alpha", false, true)
		}
		for user, want := range map[string][2]int{"of-templates": {403, 200}, "of-devices": {200, 403}} {
			status, out = preview(user, object{"backend": openWrt, "device": device, "config": object{"general": object{"description": "{{ key }}"}}})
			require.Equal(t, want[0], status, "%s: %v", user, out)
			status, out = preview(user, object{"backend": openWrt, "organization": alpha, "name": "new-one", "templates": []string{template}})
			require.Equal(t, want[1], status, "%s: %v", user, out)
		}

		status, out = preview("manager", object{"backend": openWrt, "organization": alpha, "name": "x1", "config": object{"interfaces": []object{{"name": 3, "type": "ethernet"}}}})
		require.Equal(t, 400, status, out)
		require.Len(t, out["config"], 1)
		require.Contains(t, out["path"], "#/interfaces/0")

		status, out = preview("manager", object{"backend": openWrt, "default_values": object{"who": "you"}, "config": object{"general": object{"description": "{{ who }}"}}})
		require.Equal(t, 200, status, out)
		require.Contains(t, out["rendered"], "you")
		require.NotContains(t, out["rendered"], "option hostname 'dev'", "templates have no host name of their own")

		for name, body := range map[string]object{
			"foreign template":     {"backend": openWrt, "organization": alpha, "templates": []string{foreign}},
			"foreign organization": {"backend": openWrt, "organization": beta},
			"unknown backend":      {"backend": "x"},
			"nothing":              {},
		} {
			status, out = preview("manager", body)
			require.Equal(t, 400, status, "%s: %v", name, out)
		}
		status, out = preview("stranger", object{"backend": openWrt, "device": device, "config": object{}})
		require.Equal(t, 400, status, out)
		_, out = s.call(t, "manager", "GET", "/api/v1/controller/device/", nil)
		require.EqualValues(t, 1, out["count"], "nothing was saved")
	})
}

func TestVersionsAndChecksums(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, _ := tenants(t, s)
		template := s.template(t, "tpl", alpha, nil)
		device := s.device(t, "manager", "dev", alpha, "00:11:22:33:44:55", configuration(template))
		path := "/api/v1/controller/device/" + device + "/"
		_, detail := s.call(t, "manager", "GET", path, nil)
		key := "?key=" + detail["key"].(string)
		first := s.raw(t, "", "GET", "/controller/checksum/"+device+"/"+key, nil).Body.String()
		archive := s.raw(t, "", "GET", "/controller/download-config/"+device+"/"+key, nil).Body.Bytes()
		sum := md5.Sum(archive)
		require.Equal(t, first, hex.EncodeToString(sum[:]))

		status, out := s.call(t, "manager", "PATCH", "/api/v1/controller/template/"+template+"/",
			object{"config": object{"files": []object{{"path": "/etc/new", "mode": "0644", "contents": "new"}}}})
		require.Equal(t, 200, status, out)
		_, detail = s.call(t, "manager", "GET", path, nil)
		sums := detail["checksums"].(object)
		require.Equal(t, first, sums["served"])
		require.NotEqual(t, first, sums["desired"])
		require.Equal(t, "fetch", sums["waits_for"])
		require.Equal(t, "modified", detail["config"].(object)["status"])
		require.Equal(t, sums["desired"], s.raw(t, "", "GET", "/controller/checksum/"+device+"/"+key, nil).Body.String())

		status, out = s.call(t, "manager", "GET", path+"version/", nil)
		require.Equal(t, 200, status)
		require.EqualValues(t, 2, out["count"])
		newest := out["results"].([]any)[0].(object)
		require.Equal(t, sums["desired"], newest["checksum"])
		require.NotEmpty(t, newest["cause"])
		require.Equal(t, "manager", newest["actor"])
		status, version := s.call(t, "manager", "GET", path+"version/"+newest["id"].(string)+"/", nil)
		require.Equal(t, 200, status)
		require.Contains(t, version["rendered"], "new")
		oldest := out["results"].([]any)[1].(object)
		require.NotNil(t, oldest["served"])
		status, _ = s.call(t, "manager", "GET", path+"version/"+device+"/", nil)
		require.Equal(t, 404, status)

		status, variables := s.call(t, "manager", "GET", path+"context/", nil)
		require.Equal(t, 200, status)
		require.Equal(t, "dev", variables["system"].(object)["name"])
		require.Equal(t, device, variables["all"].(object)["id"])
	})
}

func TestSettings(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, beta := tenants(t, s)
		path := "/api/v1/controller/organization/" + alpha.String() + "/settings/"
		device := s.device(t, "manager", "dev", alpha, "00:11:22:33:44:55",
			object{"backend": openWrt, "templates": []string{}, "context": object{}, "config": object{"general": object{"description": "{{ town }}"}}})
		status, out := s.call(t, "manager", "PATCH", path, object{"context": object{"town": "Roma"}, "device_limit": 5})
		require.Equal(t, 200, status, out)
		require.Equal(t, object{"organization": alpha.String(), "registration_enabled": true, "shared_secret": "secretalpha",
			"context": object{"town": "Roma"}, "device_limit": float64(5), "broken_configurations": nil, "former_secret_until": nil}, out)
		require.Contains(t, s.raw(t, "manager", "POST", "/api/v1/controller/preview/",
			object{"backend": openWrt, "organization": alpha, "name": "x1", "config": object{"general": object{"description": "{{ town }}"}}}).Body.String(), "Roma")
		_, detail := s.call(t, "manager", "GET", "/api/v1/controller/device/"+device+"/", nil)
		require.Equal(t, "modified", detail["config"].(object)["status"])
		for name, body := range map[string]object{
			"taken secret":   {"shared_secret": "secretbeta"},
			"spaces":         {"shared_secret": "a b"},
			"no object":      {"context": []int{1}},
			"negative limit": {"device_limit": -1},
		} {
			status, out := s.call(t, "manager", "PATCH", path, body)
			require.Equal(t, 400, status, "%s: %v", name, out)
		}
		_, out = s.call(t, "manager", "PATCH", path, object{"shared_secret": "secretbeta"})
		require.Equal(t, object{"shared_secret": []any{"This secret cannot be used. Choose another, or none to get a random one."}}, out,
			"it does not say that somebody has it")
		status, out = s.call(t, "manager", "PATCH", path, object{"shared_secret": ""})
		require.Equal(t, 200, status)
		require.Len(t, out["shared_secret"], 32, "a random one")
		require.Equal(t, object{"town": "Roma"}, out["context"])
		_, out = s.call(t, "admin", "GET", "/api/v1/controller/organization/"+beta.String()+"/settings/", nil)
		require.Equal(t, "secretbeta", out["shared_secret"])
	})
}

func TestSchemas(t *testing.T) {
	s := newMemoryServer(t, nil)
	tenants(t, s)
	get := func(path, user string, since string, tags ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		if user != "" {
			r.Header.Set("Authorization", "Bearer "+s.tokens[user])
		}
		if since != "" {
			r.Header.Set("If-Modified-Since", since)
		}
		if len(tags) > 0 {
			r.Header.Set("If-None-Match", tags[0])
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	for _, path := range []string{"/config/schema.json", "/api/v1/controller/schema/"} {
		for _, user := range []string{"", "member"} {
			w := get(path, user, "")
			require.Equal(t, 403, w.Code, path)
			require.JSONEq(t, `{"error":"login required"}`, w.Body.String())
		}
		w := get(path, "operator", "")
		require.Equal(t, 200, w.Code, path)
		var all map[string]map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &all))
		require.Equal(t, "object", all[openWrt]["type"])
		modified := w.Header().Get("Last-Modified")
		require.NotEmpty(t, modified)
		w = get(path, "operator", modified)
		require.Equal(t, http.StatusNotModified, w.Code)
		require.Empty(t, w.Body.String())
		tag := w.Header().Get("ETag")
		require.NotEmpty(t, tag)
		require.Equal(t, "private, no-cache", w.Header().Get("Cache-Control"))
		for sent, status := range map[string]int{tag: 304, `"other", ` + tag: 304, strings.TrimPrefix(tag, "W/"): 304, "*": 304, `"other"`: 200} {
			w = get(path, "operator", modified, sent)
			require.Equal(t, status, w.Code, "the tag decides: %s", sent)
			require.Equal(t, status == 304, w.Body.Len() == 0)
		}
	}
}

func TestTemplatesBeyondTheOriginal(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, _ := tenants(t, s)
		id := s.template(t, "tagged", alpha, object{"tag_names": []string{"mesh", "roof"}, "required": true})
		status, out := s.call(t, "manager", "GET", "/api/v1/controller/template/"+id+"/", nil)
		require.Equal(t, 200, status)
		require.Equal(t, []any{"mesh", "roof"}, out["tags"])
		require.Equal(t, true, out["default"], "what is required is default")
		require.Equal(t, false, out["auto_cert"])
		status, out = s.call(t, "manager", "GET", "/api/v1/controller/template/?tag=roof&required=true", nil)
		require.Equal(t, 200, status)
		require.EqualValues(t, 1, out["count"])
		shared := s.template(t, "shared", wispwright.ID{}, nil)
		for method, want := range map[string]int{"GET": 200, "PATCH": 403, "DELETE": 403} {
			status, out = s.call(t, "manager", method, "/api/v1/controller/template/"+shared+"/", object{"name": "mine"})
			require.Equal(t, want, status, "%s %v", method, out)
		}
		require.Equal(t, 200, s.raw(t, "manager", "GET", "/api/v1/controller/template/"+shared+"/configuration/", nil).Code)
	})
}

// away is a provider that cannot be asked at times.
type away struct{ now bool }

func (a *away) Variables(context.Context, []*controller.Device) (map[wispwright.ID]map[string]any, error) {
	if a.now {
		return nil, wispwright.ErrUnavailable
	}
	return nil, nil
}

// What was saved is answered as saved, also when what it breaks cannot be told:
// a client that tried again would be refused as one that comes too late.
func TestASaveIsOneWhateverItBreaks(t *testing.T) {
	p := &away{}
	s := newMemoryServer(t, &controller.Options{Providers: []controller.ContextProvider{p}})
	alpha, _ := tenants(t, s)
	id := s.template(t, "one", alpha, object{"default": true})
	status, out := s.call(t, "manager", "POST", "/api/v1/controller/device/", object{"name": "ap1", "organization": alpha.String(), "mac_address": "02:00:00:00:00:01",
		"config": object{"backend": "netjsonconfig.OpenWrt", "templates": []string{}, "context": object{}, "config": object{}}})
	require.Equal(t, 201, status, "%v", out)
	p.now = true
	status, out = s.call(t, "manager", "PATCH", "/api/v1/controller/template/"+id+"/", object{"notes": "saved"})
	require.Equal(t, 200, status, "%v", out)
	require.Equal(t, "saved", out["notes"])
	require.Nil(t, out["broken_configurations"])
	status, out = s.call(t, "manager", "PATCH", "/api/v1/controller/organization/"+alpha.String()+"/settings/", object{"context": object{"town": "Roma"}})
	require.Equal(t, 200, status, "%v", out)
}

var _ controllerAgent = (*controller.Agents)(nil)

// controllerAgent is controllerhttp.Agent, which the concern must satisfy.
type controllerAgent = controllerhttp.Agent

// Devices may register with the secret before for as long as it was said.
func TestFormerSecret(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, _ := tenants(t, s)
		path := "/api/v1/controller/organization/" + alpha.String() + "/settings/"
		register := func(secret string, n int) int {
			form := url.Values{"secret": {secret}, "backend": {openWrt}, "name": {fmt.Sprintf("ap%d", n)}, "mac_address": {fmt.Sprintf("02:00:00:00:09:%02d", n)}}
			r := httptest.NewRequest("POST", "/controller/register/", strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w.Code
		}
		change := func(body object, status int) object {
			t.Helper()
			got, out := s.call(t, "manager", "PATCH", path, body)
			require.Equal(t, status, got, out)
			return out
		}
		require.Equal(t, 201, register("secretalpha", 1))
		out := change(object{"shared_secret": "second", "former_secret_for": 3600}, 200)
		require.NotNil(t, out["former_secret_until"])
		require.Equal(t, []int{201, 201, 403}, []int{register("second", 2), register("secretalpha", 3), register("third", 4)})
		change(object{"registration_enabled": true}, 200)
		require.Equal(t, 201, register("secretalpha", 5), "other changes leave it alone")
		s.mu.Lock()
		s.now = s.now.Add(2 * time.Hour)
		s.mu.Unlock()
		require.Equal(t, []int{201, 403}, []int{register("second", 6), register("secretalpha", 7)})
		change(object{"shared_secret": "third", "former_secret_for": 3600}, 200)
		require.Equal(t, 201, register("second", 8))
		out = change(object{"former_secret_for": 0}, 200)
		require.Nil(t, out["former_secret_until"])
		require.Equal(t, []int{403, 201}, []int{register("second", 9), register("third", 10)})
		change(object{"shared_secret": "fourth"}, 200)
		require.Equal(t, 403, register("third", 11), "without being asked nothing stays good")
		change(object{"former_secret_for": -1}, 400)
	})
}
