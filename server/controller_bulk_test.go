package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

type bulkItem struct {
	Name, State, Message string
	Position             int
}

// What is done with many devices is tried first, told device by device, and
// undone; a file with faulty rows is not imported.
func TestManyDevices(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := newServer(t, db, nil)
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
		require.NoError(t, s.Start(t.Context()))
		v := &victim{t, s, identifiers(t, s)}
		alpha, beta := v.ids["org_alpha"], v.ids["org_beta"]
		const tasks = "/api/v1/controller/device-task/"
		finished := func(id string) (map[string]any, []bulkItem) {
			t.Helper()
			idle(t, s)
			var list struct{ Results []bulkItem }
			require.NoError(t, json.Unmarshal(told(t, s, "b", "GET", tasks+id+"/items/?page_size=100", "").Body.Bytes(), &list))
			out := map[string]any{}
			require.NoError(t, json.Unmarshal(told(t, s, "b", "GET", tasks+id+"/", "").Body.Bytes(), &out))
			return out, list.Results
		}
		imported := func(name, content string, fields ...string) (map[string]any, []bulkItem) {
			t.Helper()
			var form bytes.Buffer
			parts := multipart.NewWriter(&form)
			for _, f := range fields {
				key, value, _ := strings.Cut(f, "=")
				require.NoError(t, parts.WriteField(key, value))
			}
			part, err := parts.CreateFormFile("file", name)
			require.NoError(t, err)
			_, err = part.Write([]byte(content))
			require.NoError(t, err)
			require.NoError(t, parts.Close())
			w := told(t, s, "b", "POST", "/api/v1/controller/device-import/", form.String(), "Content-Type", parts.FormDataContentType())
			require.Equal(t, 201, w.Code, w.Body)
			return finished(made(t, w))
		}
		var b strings.Builder
		b.WriteString("organization_id,name,mac_address,config_context\n")
		for n := range 60 {
			fmt.Fprintf(&b, "%s,ap%d,02:00:00:00:01:%02X,\"{\"\"n\"\":%d}\"\n", alpha, n, n, n)
		}
		good := b.String()
		faulty := good + alpha + ",ap1,02:00:00:00:02:01,\n" + beta + ",foreign,02:00:00:00:02:02,\n" + alpha + ",no name,02:00:00:00:02:03,\n" + alpha + ",x,02:00:00:00:02:04,[]\n"
		task, items := imported("devices.csv", faulty)
		require.Equal(t, "refused", task["phase"])
		require.EqualValues(t, 4, task["failed"])
		require.Contains(t, items[60].Message, "name: The row 2 has the same.")
		require.Contains(t, items[61].Message, "object does not exist")
		require.Contains(t, items[62].Message, "Must be either a valid hostname")
		require.Contains(t, items[63].Message, "config_context: Enter a valid JSON object.")
		count := func() any { return v.do("GET", "/api/v1/controller/device/", "", 200)["count"] }
		require.EqualValues(t, 0, count(), "nothing is stored of a file with faulty rows")
		task, _ = imported("devices.csv", good, "dry_run=true")
		require.Equal(t, []any{"done", 60.0, 0.0}, []any{task["phase"], task["changed"], task["failed"]})
		require.EqualValues(t, 0, count(), "a dry run stores nothing")
		task, items = imported("devices.csv", good)
		require.Equal(t, []any{"done", 60.0, 0.0}, []any{task["phase"], task["changed"], task["failed"]})
		require.Equal(t, "added", items[0].Message)
		require.EqualValues(t, 60, count())
		task, _ = imported("devices.csv", faulty[:len(good)-1]+"\n"+alpha+",other,02:00:00:00:02:09,\n", "skip_faulty=true")
		require.Equal(t, []any{"done", 1.0, 60.0}, []any{task["phase"], task["changed"], task["failed"]})

		// there and back again, in each format
		for _, as := range []string{"csv", "json", "xlsx"} {
			w := told(t, s, "b", "GET", "/api/v1/controller/device-export/?name=ap1&as="+as, "")
			require.Equal(t, 200, w.Code, w.Body)
			require.Contains(t, w.Header().Get("Content-Disposition"), "."+as)
			require.NotContains(t, told(t, s, "e", "GET", "/api/v1/controller/device-export/?as="+as, "").Body.String(), "ap1,")
			task, items = imported("again."+as, w.Body.String())
			require.Equal(t, []any{"done", 11.0}, []any{task["phase"], task["changed"]}, items)
			require.Equal(t, "changed", items[0].Message)
		}
		require.EqualValues(t, 61, count())

		// actions
		start := func(body string, status int, query ...string) map[string]any {
			t.Helper()
			w := told(t, s, "b", "POST", tasks+strings.Join(query, ""), body)
			require.Equal(t, status, w.Code, w.Body)
			out := map[string]any{}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
			return out
		}
		template := v.made("/api/v1/controller/template/", `{"name":"t","organization":"`+alpha+`","backend":"netjsonconfig.OpenWrt","config":{"files":[{"path":"/etc/x","mode":"0600","contents":"{{ n }}"}]}}`)
		foreign := v.made("/api/v1/controller/template/", `{"name":"f","organization":"`+beta+`","backend":"netjsonconfig.OpenWrt","config":{"general":{"timezone":"UTC"}}}`)
		theirs := v.made("/api/v1/controller/device/", `{"name":"theirs","organization":"`+beta+`","mac_address":"02:00:00:00:03:01"}`)
		for body, field := range map[string]string{
			`{"action":"add_templates","all":true}`:                                 "templates",
			`{"action":"add_templates","all":true,"templates":["` + foreign + `"]}`: "templates",
			`{"action":"set_group","all":true,"group":"` + foreign + `"}`:           "group",
			`{"action":"set_group"}`:                                                "devices",
			`{"action":"activate","devices":["` + theirs + `"]}`:                    "devices",
			`{"action":"move","all":true,"organization":"` + beta + `"}`:            "organization",
			`{"action":"dance","all":true}`:                                         "action",
			`{"action":"set_variables","all":true,"variables":{}}`:                  "variables",
		} {
			require.Contains(t, start(body, 400), field, body)
		}
		tried := start(`{"action":"add_templates","all":true,"dry_run":true,"templates":["`+template+`"]}`, 201, "?name=ap")["id"].(string)
		task, items = finished(tried)
		require.Equal(t, []any{"done", 60.0}, []any{task["phase"], task["changed"]})
		require.Equal(t, "templates added: 1", items[0].Message)
		using := func() any {
			return v.do("GET", "/api/v1/controller/device/?config__templates="+template, "", 200)["count"]
		}
		require.EqualValues(t, 0, using())
		added := start(`{"action":"add_templates","all":true,"templates":["`+template+`"]}`, 201, "?name=ap")["id"].(string)
		task, _ = finished(added)
		require.EqualValues(t, 60, task["changed"])
		require.EqualValues(t, 60, using())
		one := v.first("a", "/api/v1/controller/device/?name=ap17")
		v.do("PATCH", "/api/v1/controller/device/"+one+"/", `{"config":{"context":{"n":"mine"}}}`, 200)
		undone := start(`{}`, 201, added, "/undo/")["id"].(string)
		task, items = finished(undone)
		require.Equal(t, []any{59.0, 1.0}, []any{task["changed"], task["failed"]}, items)
		require.EqualValues(t, 1, using(), "what somebody changed since stays")
		set := start(`{"action":"set_variables","devices":["`+one+`"],"variables":{"n":null,"m":[1]}}`, 201)["id"].(string)
		task, items = finished(set)
		require.EqualValues(t, 1, task["changed"], items)
		require.Contains(t, told(t, s, "b", "GET", "/api/v1/controller/device/"+one+"/", "").Body.String(), `"context":{"m":[1]}`)
		off := start(`{"action":"deactivate","all":true}`, 201, "?name=ap1")["id"].(string)
		task, items = finished(off)
		require.EqualValues(t, []any{11.0, true}, []any{task["changed"], task["can_undo"]})
		require.Equal(t, "deactivated, templates removed: 1", items[8].Message, items)
		on := start(`{}`, 201, off, "/undo/")["id"].(string)
		task, items = finished(on)
		require.EqualValues(t, []any{11.0, false}, []any{task["changed"], task["can_undo"]}, items)
		require.EqualValues(t, 1, using(), "with the template that it had")
		task, _ = finished(start(`{"action":"deactivate","all":true}`, 201, "?name=ap1")["id"].(string))
		require.EqualValues(t, 11, task["changed"])
		gone := start(`{"action":"delete","all":true}`, 201, "?name=ap1")["id"].(string)
		task, items = finished(gone)
		require.EqualValues(t, 11, task["changed"].(float64)+task["failed"].(float64), items)
		require.Equal(t, 404, told(t, s, "e", "GET", tasks+added+"/", "").Code, "of another organization")
		deleted, failed := task["changed"], task["failed"]
		if failed != 0.0 { // some had to fetch that they have nothing first
			task, _ = finished(start(`{"action":"delete","force":true,"all":true}`, 201, "?name=ap1")["id"].(string))
			require.Equal(t, failed, task["changed"])
		}
		require.EqualValues(t, 51, count(), "of 62")
		if deleted != 0.0 {
			task, items = finished(start(`{}`, 201, gone, "/undo/")["id"].(string))
			require.Equal(t, deleted, task["changed"], items)
			require.EqualValues(t, 51+deleted.(float64), count())
		}
	})
}
