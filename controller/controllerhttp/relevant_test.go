package controllerhttp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// relevant are the names of an answer in its order, those that are selected with a
// star.
func relevant(t *testing.T, body string) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(body))
	_, err := d.Token()
	require.NoError(t, err, body)
	var names []string
	for d.More() {
		_, err := d.Token()
		require.NoError(t, err)
		var item struct {
			Name, Backend     string
			Default, Required bool
			Selected          *bool
		}
		require.NoError(t, d.Decode(&item))
		require.Equal(t, "OpenWRT", item.Backend)
		require.NotNil(t, item.Selected)
		if *item.Selected {
			item.Name += "*"
		}
		names = append(names, item.Name)
	}
	return strings.Join(names, " ")
}

func TestRelevantTemplates(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, beta := tenants(t, s)
		one, two := s.template(t, "one", alpha, nil), s.template(t, "two", alpha, nil)
		s.template(t, "always", alpha, object{"required": true})
		s.template(t, "foreign", beta, nil)
		s.template(t, "shared", wispwright.ID{}, nil)
		device := s.device(t, "manager", "dev", alpha, "00:11:22:33:44:55", configuration(two, one))
		status, group := s.call(t, "manager", "POST", "/api/v1/controller/group/", object{"name": "g", "organization": alpha, "templates": []string{two}})
		require.Equal(t, 201, status, group)
		backend, config := "?backend="+openWrt, "&config_id="+device
		for _, c := range []struct{ who, query, names string }{
			{"manager", alpha.String() + "/", "one shared two"},
			{"manager", alpha.String() + "/" + backend, "always one shared two"},
			{"manager", alpha.String() + "/" + backend + config, "always* two* one* shared"},
			{"manager", alpha.String() + "/?group_id=" + group["id"].(string), "two* one shared"},
			{"manager", alpha.String() + "/" + backend + "&config_id=&group_id=", "always one shared two"},
			{"manager", "null/" + backend, "always one shared two"},
			{"admin", "null/" + backend, "always foreign one shared two"},
			{"stranger", "null/", "foreign shared"},
			{"admin", beta.String() + "/", "foreign shared"},
		} {
			for _, path := range []string{"/api/v1/controller/relevant-template/", "/admin/config/device/get-relevant-templates/", "/admin/config/device/config/get-relevant-templates/"} {
				w := s.raw(t, c.who, "GET", path+c.query, nil)
				require.Equal(t, 200, w.Code, "%s: %s", c.query, w.Body)
				require.Equal(t, c.names, relevant(t, w.Body.String()), c.query)
			}
		}
		nobody := wispwright.NewID().String()
		for _, c := range []struct {
			who, query string
			status     int
			body       string
		}{
			{"", "null/", 401, ""},
			{"member", "null/", 403, ""},
			{"manager", "x/", 400, `{"organization":["“x” is not a valid UUID."]}`},
			{"manager", alpha.String() + "/?config_id=y&group_id=z", 400, `{"config_id":["“y” is not a valid UUID."],"group_id":["“z” is not a valid UUID."]}`},
			{"manager", alpha.String() + "/?backend=none", 400, `{"backend":["\"none\" is not a valid choice."]}`},
			{"manager", beta.String() + "/", 404, ""},
			{"admin", nobody + "/", 404, ""},
			{"admin", "00000000-0000-0000-0000-000000000000/", 404, ""},
			{"manager", alpha.String() + "/?config_id=" + nobody, 404, ""},
			{"manager", alpha.String() + "/?group_id=" + nobody, 404, ""},
			{"stranger", beta.String() + "/" + backend + config, 404, ""},
			{"stranger", "null/" + backend + "&config_id=" + device, 404, ""},
		} {
			w := s.raw(t, c.who, "GET", "/api/v1/controller/relevant-template/"+c.query, nil)
			require.Equal(t, c.status, w.Code, "%s %s: %s", c.who, c.query, w.Body)
			if c.body != "" {
				require.JSONEq(t, c.body, w.Body.String())
			}
		}
		_, err := s.t.Organizations.Update(t.Context(), wispwright.ScopeAll(), beta, func(o *tenancy.Organization) error { o.IsActive = false; return nil })
		require.NoError(t, err)
		require.Equal(t, 404, s.raw(t, "admin", "GET", "/api/v1/controller/relevant-template/"+beta.String()+"/", nil).Code)
	})
}

// TestPagesOfOpenWISP asks at the addresses of OpenWISP's web admin
// (spec: controller-config §13.1, §18).
func TestPagesOfOpenWISP(t *testing.T) {
	eachStorage(t, nil, func(t *testing.T, s *server) {
		alpha, beta := tenants(t, s)
		values := func(o object) object { return object{"default_values": o} }
		one := s.template(t, "one", alpha, values(object{"a": "one", "b": "one", "c": "one"}))
		two := s.template(t, "two", alpha, values(object{"b": "two"}))
		foreign := s.template(t, "foreign", beta, values(object{"a": "foreign", "secret": "foreign"}))
		status, _ := s.call(t, "manager", "PATCH", "/api/v1/controller/organization/"+alpha.String()+"/settings/", object{"context": object{"c": "organization", "d": "organization"}})
		require.Equal(t, 200, status)
		status, group := s.call(t, "manager", "POST", "/api/v1/controller/group/", object{"name": "g", "organization": alpha, "templates": []string{}, "context": object{"a": "group"}})
		require.Equal(t, 201, status, group)
		device := s.device(t, "manager", "dev", alpha, "00:11:22:33:44:55", configuration(one))
		const at = "/admin/config/device/get-default-values/"
		for query, want := range map[string]string{
			"?pks=" + one + "," + two:                                          `{"default_values":{"a":"one","b":"two","c":"one"}}`,
			"?pks=" + two + "," + one:                                          `{"default_values":{"b":"one","a":"one","c":"one"}}`,
			"?pks=" + one + "," + foreign:                                      `{"default_values":{"a":"one","b":"one","c":"one"}}`,
			"?pks=" + one + "&organization=" + alpha.String():                  `{"default_values":{"a":"one","b":"one","c":"organization"}}`,
			"?pks=" + one + "&organization=" + beta.String():                   `{"default_values":{"a":"one","b":"one","c":"one"}}`,
			"?pks=" + one + "&group=" + group["id"].(string) + "&organization": `{"default_values":{"a":"group","b":"one","c":"one"}}`,
			"": `{"default_values":{}}`,
		} {
			answer := s.raw(t, "manager", "GET", at+query, nil)
			require.Equal(t, 200, answer.Code, query)
			require.Equal(t, want, strings.TrimSpace(answer.Body.String()), query)
		}
		for query, want := range map[string]string{
			"?pks=x": "invalid template pks were received", "?group=x": "invalid group pk was received", "?organization=x": "invalid organization pk was received",
		} {
			status, out := s.call(t, "manager", "GET", at+query, nil)
			require.Equal(t, 400, status)
			require.Equal(t, object{"error": want}, object(out))
		}
		for path, status := range map[string]int{
			at: 200, "/admin/config/device/" + device + "/context.json": 200, "/admin/config/template/" + one + "/context.json": 200,
			"/admin/config/device/download/" + device + "/": 200, "/admin/config/template/download/" + one + "/": 200,
			"/admin/config/devicegroup/config/devicegroup/ui/schema.json": 200, "/admin/config/device/x/context.json": 404,
		} {
			require.Equal(t, status, s.raw(t, "manager", "GET", path, nil).Code, path)
			require.Equal(t, 401, s.raw(t, "", "GET", path, nil).Code, path)
		}
		require.Equal(t, 404, s.raw(t, "stranger", "GET", "/admin/config/device/"+device+"/context.json", nil).Code)
		require.Equal(t, 404, s.raw(t, "stranger", "GET", "/admin/config/device/download/"+device+"/", nil).Code)
		_, out := s.call(t, "manager", "GET", "/admin/config/device/"+device+"/context.json", nil)
		require.Equal(t, "organization", out["c"])
		require.Equal(t, "dev", out["name"])
		_, out = s.call(t, "manager", "GET", "/admin/config/template/"+one+"/context.json", nil)
		require.Equal(t, map[string]any{"a": "one", "b": "one", "c": "one"}, out)
	})
}
