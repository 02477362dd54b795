package controllerhttp_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What a device was to run is compared and comes back, and it is told where its
// lines and variables come from.
func TestHistoryAndProvenance(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, beta := tenants(t, s)
		one := s.template(t, "one", alpha, object{"default_values": object{"who": "template", "spare": 1}, "config": object{"files": []object{{"path": "/etc/one", "mode": "0644", "contents": "{{ who }}\n{{ missing }}"}}}})
		two := s.template(t, "two", alpha, object{"config": object{"general": object{"timezone": "UTC"}}})
		status, out := s.call(t, "manager", "POST", "/api/v1/controller/group/", object{"name": "g", "organization": alpha, "templates": []string{two}, "context": object{"who": "group"}})
		require.Equal(t, 201, status, out)
		group := out["id"].(string)
		device := s.device(t, "manager", "dev", alpha, "00:11:22:33:44:55", object{"backend": openWrt, "templates": []string{one}, "context": object{"own": "x"}, "config": object{}})
		path := "/api/v1/controller/device/" + device + "/"
		change := func(body object) {
			t.Helper()
			status, out := s.call(t, "manager", "PATCH", path, body)
			require.Equal(t, 200, status, out)
		}
		change(object{"group": group})
		change(object{"config": object{"config": object{"ntp": object{"enabled": true, "server": []string{"0.pool"}}}, "context": object{"own": "y"}}})

		_, out = s.call(t, "manager", "GET", path+"variables/", nil)
		require.Equal(t, []any{"missing"}, out["undefined"])
		require.Equal(t, []any{"own", "spare"}, out["unused"])
		for _, v := range out["variables"].([]any) {
			if v := v.(object); v["name"] == "who" {
				require.Equal(t, "group", v["value"])
				require.Equal(t, []any{
					object{"origin": "group", "id": group, "name": "g", "value": "group"},
					object{"origin": "template", "id": one, "name": "one", "value": "template"},
				}, v["values"])
				require.Equal(t, []any{"one"}, v["used"])
			}
		}

		_, list := s.call(t, "manager", "GET", path+"version/", nil)
		require.EqualValues(t, 3, list["count"])
		id := func(n int) string { return list["results"].([]any)[n].(object)["id"].(string) }
		_, out = s.call(t, "manager", "GET", path+"version/"+id(1)+"/", nil)
		require.Equal(t, object{"own": "x"}, out["context"])
		require.Len(t, out["templates"], 2)
		status, out = s.call(t, "manager", "GET", path+"version/"+id(0)+"/diff/", nil)
		require.Equal(t, 200, status, out)
		require.Contains(t, out["rendered"], "+config timeserver 'ntp'")
		require.NotContains(t, out["rendered"], "\n-")
		require.Equal(t, []any{"config", "variable own"}, []any{out["inputs"].([]any)[0].(object)["name"], out["inputs"].([]any)[1].(object)["name"]})
		status, out = s.call(t, "manager", "GET", path+"version/"+id(2)+"/diff/?with="+id(0), nil)
		require.Equal(t, 200, status, out)
		require.Contains(t, out["rendered"], "-config timeserver 'ntp'")
		require.Contains(t, out["rendered"], "+template\n")
		for query, want := range map[string]int{"?with=x": 400, "?with=" + device: 400} {
			status, _ = s.call(t, "manager", "GET", path+"version/"+id(0)+"/diff/"+query, nil)
			require.Equal(t, want, status)
		}
		status, out = s.call(t, "manager", "GET", path+"version/"+id(2)+"/diff/", nil)
		require.Equal(t, 200, status, out)
		require.Nil(t, out["from"], "nothing was before the first one")
		require.NotContains(t, out["rendered"], "\n-")

		// explained before it is saved
		status, out = s.call(t, "manager", "POST", "/api/v1/controller/preview/", object{"backend": openWrt, "device": device, "organization": alpha, "explain": true,
			"templates": []string{one, two}, "context": object{}, "config": object{"general": object{"description": "own"}}})
		require.Equal(t, 200, status, out)
		origins := map[string]bool{}
		for _, x := range out["sources"].([]any) {
			origins[x.(object)["origin"].(string)+" "+x.(object)["name"].(string)] = true
		}
		require.Equal(t, map[string]bool{"hostname ": true, "template one": true, "template two": true, "device ": true}, origins)
		require.Contains(t, out["changes"], "-config timeserver 'ntp'")
		require.Contains(t, out["changes"], "description 'own'")
		require.NotEmpty(t, out["variables"])
		status, out = s.call(t, "manager", "POST", "/api/v1/controller/preview/", object{"backend": openWrt, "organization": alpha, "name": "x1", "templates": []string{one}, "group": group})
		require.Equal(t, 200, status, out)
		require.Contains(t, out["rendered"], "\ngroup\n")
		require.NotContains(t, out, "sources")
		status, out = s.call(t, "manager", "POST", "/api/v1/controller/group/", object{"name": "g2", "organization": beta, "templates": []string{}})
		require.Equal(t, 400, status, out)

		// back to the first version: a template that is gone by now is told
		status, _ = s.call(t, "operator", "DELETE", "/api/v1/controller/template/"+two+"/", nil)
		require.Equal(t, 204, status)
		status, out = s.call(t, "manager", "POST", path+"version/"+id(1)+"/restore/", nil)
		require.Equal(t, 200, status, out)
		require.Equal(t, []any{two}, out["left_out"])
		require.Equal(t, []any{one}, out["config"].(object)["templates"])
		require.Equal(t, object{"own": "x"}, out["config"].(object)["context"])
		require.Equal(t, object{}, out["config"].(object)["config"])
		status, _ = s.call(t, "stranger", "POST", path+"version/"+id(1)+"/restore/", nil)
		require.Equal(t, 404, status)
	})
}
