package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// What was deleted comes back as it was in service, for those who may add such
// objects to its organization, and not over what took its place.
func TestRecovery(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := newServer(t, db, nil)
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
		require.NoError(t, s.Start(t.Context()))
		v := &victim{t, s, identifiers(t, s)}
		alpha := v.ids["org_alpha"]
		const devices, templates = "/api/v1/controller/device/", "/api/v1/controller/template/"
		const deleted, deletedTemplates = "/api/v1/controller/deleted-device/", "/api/v1/controller/deleted-template/"
		template := func(name string, more string) string {
			return v.made(templates, `{"name":"`+name+`","organization":"`+alpha+`","backend":"netjsonconfig.OpenWrt","config":{"files":[{"path":"/etc/`+name+`","mode":"0600","contents":"{{ word }}"}]},"default_values":{"word":"none"}`+more+`}`)
		}
		one, two := template("one", ""), template("two", "")
		group := v.made("/api/v1/controller/group/", `{"name":"roofs","organization":"`+alpha+`","templates":[]}`)
		device := v.made(devices, `{"name":"ap1","organization":"`+alpha+`","mac_address":"02:00:00:00:01:01","hardware_id":"1234","notes":"on the roof","group":"`+group+`",
			"config":{"backend":"netjsonconfig.OpenWrt","templates":["`+two+`","`+one+`"],"context":{"word":"hello"},"config":{"general":{"timezone":"UTC"}}}}`)
		before := v.do("GET", devices+device+"/", "", 200)
		remove := func(id string) {
			t.Helper()
			v.do("POST", devices+id+"/deactivate/", "", 200)
			v.do("DELETE", devices+id+"/?force=true", "", 204)
			idle(t, s)
		}
		list := func(who, path string, want int) []map[string]any {
			t.Helper()
			w := told(t, s, who, "GET", path, "")
			require.Equal(t, 200, w.Code, w.Body)
			require.NotContains(t, w.Body.String(), before["key"], "keys are not answered")
			var out struct{ Results []map[string]any }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
			require.Len(t, out.Results, want, w.Body)
			return out.Results
		}
		back := func(who, path, body string, status int) map[string]any {
			t.Helper()
			w := told(t, s, who, "POST", path+"recover/", body)
			require.Equal(t, status, w.Code, w.Body)
			out := map[string]any{}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
			return out
		}
		v.do("PUT", devices+device+"/declared-variables/wifi_key/", `{"type":"text","secret":true,"description":"of the guests","value":"hidden from all"}`, 200)
		idle(t, s)
		history := v.do("GET", devices+device+"/version/", "", 200)["results"].([]any)
		remove(device)
		v.do("DELETE", templates+one+"/", "", 204)
		v.do("DELETE", "/api/v1/controller/group/"+group+"/", "", 204)
		idle(t, s)

		// who sees it
		row := list("b", deleted, 1)[0]
		require.Equal(t, []any{device, "ap1", "02:00:00:00:01:01", alpha}, []any{row["object"], row["name"], row["detail"], row["organization"]})
		path := deleted + row["id"].(string) + "/"
		list("e", deleted, 0)
		list("b", deleted+"?search=02:00:00:00:01:01", 1)
		list("b", deleted+"?search=else", 0)
		require.Equal(t, 404, told(t, s, "e", "GET", path, "").Code)
		back("e", path, "", 404)
		require.Equal(t, 404, told(t, s, "e", "DELETE", path, "").Code)
		require.Equal(t, 401, told(t, s, "", "GET", deleted, "").Code)
		require.Equal(t, 404, told(t, s, "b", "GET", deletedTemplates+row["id"].(string)+"/", "").Code, "it is no template")

		// what took its place
		other := v.made(devices, `{"name":"AP1","organization":"`+alpha+`","mac_address":"02:00:00:00:01:02"}`)
		require.Contains(t, told(t, s, "b", "POST", path+"recover/", "").Body.String(), "Device with this Name and Organization already exists.")
		back("b", path, `{"name":"no name"}`, 400)
		require.Equal(t, 404, told(t, s, "b", "GET", devices+device+"/", "").Code)
		list("b", deleted, 1)
		same := v.made(devices, `{"name":"ap3","organization":"`+alpha+`","mac_address":"02:00:00:00:01:01"}`)
		require.Contains(t, told(t, s, "b", "POST", path+"recover/", `{"name":"ap1-again"}`).Body.String(), "Mac address")
		remove(same)

		// a template is there again, and on no device
		gone := list("b", deletedTemplates, 1)[0]
		require.Equal(t, one, back("b", deletedTemplates+gone["id"].(string)+"/", "", 201)["id"])
		require.Equal(t, "{{ word }}", v.do("GET", templates+one+"/", "", 200)["config"].(map[string]any)["files"].([]any)[0].(map[string]any)["contents"])
		back("b", deletedTemplates+gone["id"].(string)+"/", "", 404)
		v.do("DELETE", templates+two+"/", "", 204)
		idle(t, s)

		// the device is there again, as it was
		out := back("b", path, `{"name":"ap1-again"}`, 201)
		require.Equal(t, device, out["id"])
		require.ElementsMatch(t, []any{"its group, which is gone", "the template two, which is gone"}, out["left_out"])
		after := v.do("GET", devices+device+"/", "", 200)
		for _, field := range []string{"id", "mac_address", "hardware_id", "key", "notes", "organization"} {
			require.Equal(t, before[field], after[field], field)
		}
		require.Equal(t, "ap1-again", after["name"])
		require.Nil(t, after["group"])
		require.Equal(t, false, after["is_deactivated"])
		config, was := after["config"].(map[string]any), before["config"].(map[string]any)
		require.Equal(t, []any{one}, config["templates"])
		require.Equal(t, was["config"], config["config"])
		require.Equal(t, was["context"], config["context"])
		idle(t, s)
		require.Equal(t, 200, get(s, "/controller/checksum/"+device+"/?key="+before["key"].(string)).Code, "the device on the roof is known again")
		again := v.do("GET", devices+device+"/version/", "", 200)["results"].([]any)
		require.Equal(t, history, again[len(again)-len(history):], "what it was to run before")
		v.do("GET", devices+device+"/version/"+history[len(history)-1].(map[string]any)["id"].(string)+"/", "", 200)
		declared := v.do("GET", devices+device+"/declared-variables/", "", 200)["variables"].([]any)[0].(map[string]any)
		if declared["name"] != "wifi_key" {
			declared = v.do("GET", devices+device+"/declared-variables/", "", 200)["variables"].([]any)[1].(map[string]any)
		}
		require.Equal(t, []any{"of the guests", true, true, nil}, []any{declared["description"], declared["secret"], declared["set"], declared["value"]})
		back("b", path, "", 404)

		// for good
		row = list("b", deleted, 1)[0]
		require.Equal(t, same, row["object"])
		require.Equal(t, 204, told(t, s, "b", "DELETE", deleted+row["id"].(string)+"/", "").Code)
		list("b", deleted, 0)

		// shared templates are for superusers
		shared := v.made(templates, `{"name":"shared","organization":null,"backend":"netjsonconfig.OpenWrt","config":{"general":{"timezone":"UTC"}}}`)
		v.do("DELETE", templates+shared+"/", "", 204)
		list("b", deletedTemplates+"?search=shared", 0)
		row = list("a", deletedTemplates+"?search=shared", 1)[0]
		back("b", deletedTemplates+row["id"].(string)+"/", "", 404)
		back("a", deletedTemplates+row["id"].(string)+"/", "", 201)

		// an organization takes along what it deleted
		remove(other)
		list("a", deleted, 1)
		v.do("DELETE", "/api/v1/users/organization/"+alpha+"/", "", 204)
		idle(t, s)
		list("a", deleted, 0)
	})
}
