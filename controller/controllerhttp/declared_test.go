package controllerhttp_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDeclaredVariables(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, _ := tenants(t, s)
		template := s.template(t, "wlan", alpha, object{"default_values": object{"channel": 1}, "config": object{"files": []object{
			{"path": "/etc/wlan", "mode": "0600", "contents": "{{ wifi_key }} {{ channel }} {{ missing }}"},
		}}})
		device := s.device(t, "manager", "dev", alpha, "00:11:22:33:44:55", configuration(template))
		organization := "/api/v1/controller/organization/" + alpha.String() + "/declared-variables/"
		own := "/api/v1/controller/device/" + device + "/declared-variables/"
		at := "/api/v1/controller/template/" + template + "/declared-variables/"

		// bad input names the field and changes nothing
		for _, c := range []struct {
			path, name string
			body       object
			field      string
		}{
			{organization, "1st", object{"type": "text"}, "name"},
			{organization, "a-b", object{}, "name"},
			{organization, "a", object{"type": "colour"}, "type"},
			{organization, "a", object{"type": "choice"}, "choices"},
			{organization, "a", object{"type": "choice", "choices": []string{"x", "x"}}, "choices"},
			{organization, "a", object{"type": "text", "choices": []string{"x"}}, "choices"},
			{organization, "a", object{"type": "number", "value": "many"}, "value"},
			{organization, "a", object{"type": "boolean", "value": "true"}, "value"},
			{organization, "a", object{"type": "address", "value": "10.0.0.300"}, "value"},
			{organization, "a", object{"type": "network", "value": "10.0.0.1"}, "value"},
			{organization, "a", object{"type": "mac", "value": "02:00"}, "value"},
			{organization, "a", object{"type": "list", "value": []any{object{}}}, "value"},
			{organization, "a", object{"type": "choice", "choices": []string{"x"}, "value": "y"}, "value"},
			{organization, "a", object{"secret": true, "value": " "}, "value"},
			{organization, "a", object{"secret": "perhaps"}, "secret"},
			{own, "a", object{"type": "number", "value": "many"}, "value"},
		} {
			status, out := s.call(t, "manager", "PUT", c.path+c.name+"/", c.body)
			require.Equal(t, 400, status, "%v: %v", c.body, out)
			require.Contains(t, out, c.field, "%v", c.body)
		}
		_, out := s.call(t, "manager", "GET", organization, nil)
		require.Empty(t, out["variables"])

		// who may what
		for user, status := range map[string]int{"": 401, "member": 403, "operator": 403, "stranger": 404} {
			got, out := s.call(t, user, "PUT", organization+"wifi_key/", object{"secret": true, "value": "hush-hush"})
			require.Equal(t, status, got, "%s: %v", user, out)
		}
		status, out := s.call(t, "manager", "PUT", organization+"wifi_key/", object{"type": "text", "description": "of the guests", "secret": true, "value": "hush-hush"})
		require.Equal(t, 200, status, out)
		require.Equal(t, []any{object{"name": "wifi_key", "declared": true, "type": "text", "choices": []any{}, "description": "of the guests", "secret": true, "set": true, "value": nil}}, out["variables"])
		status, out = s.call(t, "manager", "PUT", at+"channel/", object{"type": "number"})
		require.Equal(t, 200, status, out)
		require.Equal(t, []any{object{"name": "channel", "declared": true, "type": "number", "choices": []any{}, "description": "", "secret": false, "set": true, "value": 1.0}}, out["variables"])

		// what a device has, from where, and what is wrong
		_, out = s.call(t, "manager", "GET", "/api/v1/controller/device/"+device+"/variables/", nil)
		found := map[string]object{}
		for _, v := range out["variables"].([]any) {
			found[v.(object)["name"].(string)] = v.(object)
		}
		require.Equal(t, "********", found["wifi_key"]["value"])
		require.Equal(t, true, found["wifi_key"]["secret"])
		require.Equal(t, "of the guests", found["wifi_key"]["description"])
		require.Equal(t, "number", found["channel"]["type"])
		require.Equal(t, []any{"missing"}, out["undefined"])
		status, out = s.call(t, "operator", "PATCH", "/api/v1/controller/device/"+device+"/", object{"config": object{"context": object{"channel": "eleven"}}})
		require.Equal(t, 400, status)
		require.Contains(t, s.text(out), "The variable channel must be a number.")
		status, out = s.call(t, "operator", "PATCH", "/api/v1/controller/device/"+device+"/", object{"config": object{"context": object{"wifi_key": "in clear"}}})
		require.Equal(t, 400, status)
		require.Contains(t, s.text(out), "The variable wifi_key is secret")

		// nobody below superusers sees the value in what is rendered
		for _, path := range []string{"", "variables/", "context/", "version/", "configuration/"} {
			for _, user := range []string{"manager", "operator", "admin"} {
				answer := s.raw(t, user, "GET", "/api/v1/controller/device/"+device+"/"+path, nil)
				require.Equal(t, 200, answer.Code)
				require.NotContains(t, answer.Body.String(), "hush-hush", path)
			}
		}
		status, out = s.call(t, "manager", "POST", "/api/v1/controller/preview/", object{"backend": openWrt, "device": device, "organization": alpha, "templates": []string{template}, "config": object{}, "explain": true})
		require.Equal(t, 200, status, out)
		require.Contains(t, out["rendered"], "********")
		require.NotContains(t, s.text(out), "hush-hush")

		// OpenWISP's own bodies are as they were
		_, out = s.call(t, "manager", "GET", "/api/v1/controller/device/"+device+"/", nil)
		require.NotContains(t, out["config"], "declared")

		// what is missing, and what nobody uses
		report := "/api/v1/controller/organization/" + alpha.String() + "/variable-report/"
		for user, status := range map[string]int{"": 401, "member": 403, "stranger": 404} {
			got, out := s.call(t, user, "GET", report, nil)
			require.Equal(t, status, got, "%s: %v", user, out)
		}
		status, out = s.call(t, "manager", "PUT", organization+"spare/", object{"value": "x"})
		require.Equal(t, 200, status, out)
		status, out = s.call(t, "manager", "GET", report, nil)
		require.Equal(t, 200, status, out)
		require.Equal(t, object{"devices": 1.0,
			"undefined": []any{object{"name": "missing", "used": []any{"wlan"}, "own": false, "devices": 1.0, "sample": "dev", "sample_id": device}},
			"unused":    []any{object{"name": "spare", "origin": "organization", "id": alpha.String(), "of": "", "devices": 0.0}},
		}, out)

		status, _ = s.call(t, "manager", "DELETE", organization+"wifi_key/", nil)
		require.Equal(t, 204, status)
		status, _ = s.call(t, "manager", "DELETE", organization+"wifi_key/", nil)
		require.Equal(t, 404, status)
		_, out = s.call(t, "manager", "GET", "/api/v1/controller/device/"+device+"/variables/", nil)
		require.Equal(t, []any{"missing", "wifi_key"}, out["undefined"])
	})
}

func (*server) text(o any) string {
	b, err := json.Marshal(o)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
