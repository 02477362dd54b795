package controllerhttp_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

const nobody = "00000000-0000-0000-0000-000000000000"

// The sentences scripts compare, for one mistake after the other.
func TestAnswersToMistakes(t *testing.T) {
	s := newMemoryServer(t, nil)
	alpha, _ := tenants(t, s)
	s.device(t, "admin", "known", alpha, "00:11:22:33:44:55", nil)
	gone := s.device(t, "admin", "gone", alpha, "00:11:22:33:44:56", configuration())
	status, _ := s.call(t, "admin", "POST", "/api/v1/controller/device/"+gone+"/deactivate/", nil)
	require.Equal(t, 200, status)
	const (
		devices   = "/api/v1/controller/device/"
		templates = "/api/v1/controller/template/"
		refused   = `{"detail":"You do not have permission to perform this action."}`
		unknown   = `["Invalid pk \"` + nobody + `\" - object does not exist."]`
	)
	device := object{"name": "new", "organization": alpha, "mac_address": "00:11:22:33:44:57"}
	template := object{"name": "new", "organization": alpha, "backend": openWrt, "config": object{"general": object{"timezone": "UTC"}}}
	with := func(base object, k string, v any) object {
		out := object{k: v}
		for key, value := range base {
			if key != k {
				out[key] = value
			}
		}
		return out
	}
	for _, c := range []struct {
		name, method, path string
		body               any
		status             int
		answer             string
	}{
		{"nobody's organization", "POST", devices, with(device, "organization", nobody), 400, `{"organization":` + unknown + `}`},
		{"no such group", "POST", devices, with(device, "group", nobody), 400, `{"group":` + unknown + `}`},
		{"no such template", "POST", devices, with(device, "config", configuration(nobody)), 400, `{"config":{"templates":` + unknown + `}}`},
		{"nobody's template", "POST", templates, with(template, "organization", nobody), 400, `{"organization":` + unknown + `}`},
		{"no such server", "POST", templates, with(template, "vpn", nobody), 400, `{"vpn":` + unknown + `}`},
		{"a list is no configuration", "POST", devices, with(device, "config", with(configuration(), "config", []int{})), 400,
			`{"config":["Unexpected configuration format."]}`},
		{"nor is it one of a template", "POST", templates, with(with(template, "type", "generic"), "config", []int{}), 400,
			`{"config":["Unexpected configuration format."]}`},
		{"forms of texts beside what is missing", "POST", devices, object{"name": "a b", "mac_address": "zz", "key": "a.b"}, 400,
			`{"name":["Must be either a valid hostname or mac address."],"organization":["This field is required."],
			"mac_address":["Must be a valid mac address."],"key":["This value must not contain spaces, dots or slashes.",
			"This value must not contain spaces, dots or slashes."]}`},
		{"deactivated, whatever is wrong beside", "PUT", devices + gone + "/", object{}, 403, refused},
		{"deactivated, nothing to change", "PATCH", devices + gone + "/", object{"name": "a b"}, 403, refused},
		{"list of no template", "GET", devices + "?config__templates=" + nobody, nil, 200, `{"count":0,"next":null,"previous":null,"results":[]}`},
		{"list of a group that does not exist", "GET", devices + "?group=" + nobody, nil, 400,
			`{"group":["Select a valid choice. That choice is not one of the available choices."]}`},
		{"an action is named like the others", "OPTIONS", devices + gone + "/activate/", nil, 200, `{"name":"Device Activate","description":"",
			"renders":["application/json","text/html"],"parses":["application/json","application/x-www-form-urlencoded","multipart/form-data"]}`},
		{"list with a location", "GET", devices + "?with_geo=True", nil, 200, `{"count":0,"next":null,"previous":null,"results":[]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, out := s.call(t, "admin", c.method, c.path, c.body)
			require.Equal(t, c.status, status, out)
			answer, err := json.Marshal(out)
			require.NoError(t, err)
			require.JSONEq(t, c.answer, string(answer))
		})
	}
	status, out := s.call(t, "admin", "GET", devices+"?with_geo=false", nil)
	require.Equal(t, 200, status)
	require.Equal(t, 2.0, out["count"])
}

// A list of templates that is longer than any database takes at once.
func TestEndlessListOfTemplates(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, _ := tenants(t, s)
		ids := make([]string, 35_000)
		for i := range ids {
			ids[i] = wispwright.NewID().String()
		}
		status, out := s.call(t, "manager", "POST", "/api/v1/controller/device/",
			object{"name": "new", "organization": alpha, "mac_address": "00:11:22:33:44:57", "config": configuration(ids...)})
		require.Equal(t, 400, status)
		require.Equal(t, object{"config": object{"templates": []any{`Invalid pk "` + ids[0] + `" - object does not exist.`}}}, out)
	})
}
