package connectionhttp_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/connectionhttp"
	"github.com/wispwright/wispwright/kit/live"
	"github.com/wispwright/wispwright/tenancy"
)

const never = "00000000-0000-4000-8000-000000000000"

// Whose everything is.
func TestWhoReachesWhat(t *testing.T) {
	eachStorage(t, func(t *testing.T, s *server) {
		s.recorded(t)
		mine, link := s.reached(t, "mine", "alpha", "00:11:22:33:44:01")
		theirs, theirLink := s.reached(t, "theirs", "beta", "00:11:22:33:44:02")
		shared, foreign := s.credentials(t, "shared", ""), s.credentials(t, "beta's", "beta")
		command := s.made(t, devicePath+mine+"/command/", object{"type": "reboot", "input": nil})
		for name, c := range map[string]struct {
			user, method, path string
			body               any
			status             int
			says               string
		}{
			"an operator has no credentials":              {"operator", "GET", credentialPath, nil, 403, "permission"},
			"an operator has connections":                 {"operator", "GET", devicePath + mine + "/connection/" + link + "/", nil, 200, link},
			"a member has nothing":                        {"member", "GET", devicePath + mine + "/command/", nil, 403, "not a manager"},
			"a stranger is asked who it is":               {"", "GET", credentialPath, nil, 401, "credentials were not provided"},
			"connections of a foreign device":             {"operator", "GET", devicePath + theirs + "/connection/", nil, 404, "Device with ID"},
			"a foreign connection below an own device":    {"operator", "GET", devicePath + mine + "/connection/" + theirLink + "/", nil, 404, "No DeviceConnection"},
			"an own connection below a foreign device":    {"manager", "DELETE", devicePath + theirs + "/connection/" + link + "/", nil, 404, "Device with ID"},
			"foreign credentials":                         {"manager", "POST", devicePath + mine + "/connection/", object{"credentials": foreign}, 400, "object does not exist"},
			"shared credentials":                          {"operator", "POST", devicePath + mine + "/connection/", object{"credentials": shared}, 201, "OpenWrt"},
			"a foreign credential":                        {"manager", "GET", credentialPath + foreign + "/", nil, 404, "No Credentials"},
			"shared credentials are not the manager's":    {"manager", "PATCH", credentialPath + shared + "/", object{"name": "x"}, 403, "permission"},
			"commands of a foreign device":                {"operator", "POST", devicePath + theirs + "/command/", object{"type": "reboot", "input": nil}, 404, "Not found."},
			"by the connection of another device":         {"admin", "POST", devicePath + mine + "/command/", object{"type": "reboot", "input": nil, "connection": theirLink}, 400, "object does not exist"},
			"a command of an own device":                  {"operator", "GET", devicePath + mine + "/command/" + command + "/", nil, 200, "Reboot"},
			"the same command below another device":       {"admin", "GET", devicePath + theirs + "/command/" + command + "/", nil, 404, "No Command"},
			"to cancel it below another device":           {"admin", "POST", devicePath + theirs + "/command/" + command + "/cancel/", nil, 404, "No Command"},
			"commands are not changed":                    {"admin", "PATCH", devicePath + mine + "/command/" + command + "/", object{}, 405, "PATCH"},
			"a push of a foreign device":                  {"manager", "POST", devicePath + theirs + "/push/", nil, 404, "Not found."},
			"how a foreign device is reached":             {"manager", "GET", devicePath + theirs + "/reach/", nil, 404, "Not found."},
			"to test a foreign connection":                {"manager", "POST", devicePath + mine + "/connection/" + theirLink + "/test/", nil, 404, "No DeviceConnection"},
			"to forget a foreign host key":                {"manager", "POST", devicePath + mine + "/connection/" + theirLink + "/reset-host-key/", nil, 404, "No DeviceConnection"},
			"no device":                                   {"admin", "GET", devicePath + never + "/connection/", nil, 404, "Device with ID"},
			"mass commands are not the operator's":        {"operator", "GET", batchPath, nil, 403, "permission"},
			"without an organization":                     {"manager", "POST", batchPath + "execute/", object{"type": "reboot", "input": nil, "label": "x"}, 400, "Only superusers can execute"},
			"for a foreign organization":                  {"manager", "POST", batchPath + "execute/", object{"type": "reboot", "input": nil, "label": "x", "organization": s.orgs["beta"]}, 400, "object does not exist"},
			"for a foreign organization, a rehearsal":     {"manager", "GET", batchPath + "execute/?type=reboot&organization=" + s.orgs["beta"].String(), nil, 400, "object does not exist"},
			"for a foreign device":                        {"manager", "POST", batchPath + "execute/", object{"type": "reboot", "input": nil, "label": "x", "organization": s.orgs["alpha"], "devices": []string{theirs}}, 400, "object does not exist"},
			"for devices of two organizations":            {"admin", "POST", batchPath + "execute/", object{"type": "reboot", "input": nil, "label": "x", "organization": s.orgs["alpha"], "devices": []string{mine, theirs}}, 400, "All devices must belong to the same organization"},
			"for a group that is not there":               {"admin", "POST", batchPath + "execute/", object{"type": "reboot", "input": nil, "label": "x", "group": never}, 400, "object does not exist"},
			"for a location that is not there":            {"admin", "GET", batchPath + "execute/?type=reboot&location=" + never, nil, 400, "object does not exist"},
			"nothing is selected":                         {"manager", "POST", batchPath + "execute/", object{"type": "reboot", "input": nil, "label": "x", "organization": s.orgs["alpha"], "filter": object{"name": "none"}}, 400, "No devices match"},
			"a filter that nobody knows":                  {"manager", "POST", batchPath + "execute/", object{"type": "reboot", "input": nil, "label": "x", "organization": s.orgs["alpha"], "filter": object{"nmae": "mine"}}, 400, "Unknown parameter"},
			"a filter of the wrong kind":                  {"manager", "POST", batchPath + "execute/", object{"type": "reboot", "input": nil, "label": "x", "organization": s.orgs["alpha"], "filter": object{"name": 1}}, 400, "object of texts"},
			"a type that nobody knows":                    {"manager", "GET", batchPath + "execute/?type=foo&organization=" + s.orgs["alpha"].String(), nil, 400, "not a valid choice"},
			"an input that is none":                       {"manager", "GET", batchPath + "execute/?type=custom&input={&organization=" + s.orgs["alpha"].String(), nil, 400, "valid JSON"},
			"an input that does not follow the schema":    {"manager", "GET", batchPath + "execute/?type=reboot&input=1&organization=" + s.orgs["alpha"].String(), nil, 400, "is not of type"},
			"a device's id that is none":                  {"manager", "GET", batchPath + "execute/?type=reboot&devices=x&organization=" + s.orgs["alpha"].String(), nil, 400, "is not a valid UUID"},
			"without a label":                             {"manager", "POST", batchPath + "execute/", object{"type": "reboot", "input": nil, "organization": s.orgs["alpha"]}, 400, "label"},
			"schemas of connectors are not for members":   {"member", "GET", connectionhttp.CredentialsSchemas + "schema.json", nil, 403, ""},
			"schemas of connectors":                       {"operator", "GET", connectionhttp.CredentialsSchemas + "schema.json", nil, 200, "SSH (password)"},
			"schemas of commands want an organization":    {"operator", "GET", connectionhttp.CommandSchemas + "schema.json", nil, 403, ""},
			"schemas of commands of another organization": {"operator", "GET", connectionhttp.CommandSchemas + "schema.json?organization_id=" + s.orgs["beta"].String(), nil, 403, ""},
			"schemas of commands":                         {"operator", "GET", connectionhttp.CommandSchemas + "schema.json?organization_id=" + s.orgs["alpha"].String(), nil, 200, "Change Password"},
		} {
			body := ""
			if c.body != nil {
				raw, err := json.Marshal(c.body)
				require.NoError(t, err)
				body = string(raw)
			}
			w := s.raw(t, c.user, c.method, c.path, body)
			require.Equal(t, c.status, w.Code, "%s: %s", name, w.Body)
			require.Contains(t, w.Body.String(), c.says, name)
		}
	})
}

func TestSecretsOfCredentials(t *testing.T) {
	s := memory(t, nil)
	s.recorded(t)
	own, shared := s.credentials(t, "own", "alpha"), s.credentials(t, "shared", "")
	params := func(user, id string) object {
		status, out := s.call(t, user, "GET", credentialPath+id+"/", nil)
		require.Equal(t, 200, status, out)
		p, _ := out["params"].(object)
		return p
	}
	require.Equal(t, "very secret", params("manager", own)["password"], "to be read by whoever may change it")
	require.Equal(t, "********", params("manager", shared)["password"])
	require.Equal(t, "root", params("manager", shared)["username"])

	// what is hidden is written back without loss
	status, out := s.call(t, "manager", "PATCH", credentialPath+own+"/", object{"params": object{"username": "admin", "password": "********"}})
	require.Equal(t, 200, status, out)
	require.Equal(t, object{"username": "admin", "password": "very secret"}, params("manager", own))
	w := s.raw(t, "admin", "GET", credentialPath+own+"/", "")
	tag := w.Header().Get("Etag")
	require.NotEmpty(t, tag)
	require.NotContains(t, tag, "very secret")

	// a search or an order by what is secret does not exist
	require.Equal(t, 200, s.raw(t, "manager", "GET", credentialPath+"?ordering=params&search=very", "").Code)
	_, out = s.call(t, "manager", "GET", credentialPath+"?search=very", nil)
	require.EqualValues(t, 0, out["count"])

	closed := memory(t, &connectionhttp.Options{NoSecrets: true})
	closed.recorded(t)
	id := closed.credentials(t, "own", "alpha")
	_, out = closed.call(t, "admin", "GET", credentialPath+id+"/", nil)
	require.Equal(t, "********", out["params"].(object)["password"], "by the setting, for everybody")

	// the history names the field, not what it was
	events, err := s.t.Trail.List(t.Context(), wispwright.ScopeAll(), tenancy.EventFilter{ObjectID: own}, wispwright.Page{})
	require.NoError(t, err)
	raw, err := json.Marshal(events.Rows)
	require.NoError(t, err)
	require.Contains(t, string(raw), "Params")
	require.NotContains(t, string(raw), "very secret")
}

func TestACommandFromTheWire(t *testing.T) {
	s := memory(t, nil)
	s.recorded(t)
	device, link := s.reached(t, "box", "alpha", "00:11:22:33:44:01")
	s.box.output = "changed newpass1\n"
	at := devicePath + device + "/command/"
	status, out := s.call(t, "operator", "POST", at, object{"type": "change_password", "input": object{"password": "newpass1", "confirm_password": "newpass1"}})
	require.Equal(t, 201, status, out)
	require.Equal(t, "********", out["input"])
	require.Nil(t, out["batch_command"])
	waiting := s.raw(t, "operator", "GET", at+out["id"].(string)+"/", "").Body.String()
	require.NotContains(t, waiting, "newpass1")
	s.work(t)
	require.Contains(t, s.box.lines[0], "newpass1", "the device gets it")
	_, done := s.call(t, "operator", "GET", at+out["id"].(string)+"/", nil)
	require.Equal(t, "success", done["status"])
	require.Equal(t, "changed ********\n", done["output"])
	require.Equal(t, link, done["connection"])

	// a queue that has no time: the command is cancelled before its turn
	_, out = s.call(t, "operator", "POST", at, object{"type": "custom", "input": object{"command": "uptime"}})
	status, out = s.call(t, "operator", "POST", at+out["id"].(string)+"/cancel/", nil)
	require.Equal(t, 200, status)
	require.Equal(t, "failed", out["status"])
	require.Equal(t, "The command was cancelled by operator.\n", out["output"])
	s.work(t)
	require.Len(t, s.box.lines, 1)

	_, list := s.call(t, "operator", "GET", at+"?ordering=-created&status=failed", nil)
	require.EqualValues(t, 1, list["count"])

	// out of service: to be read, not to be changed
	require.Equal(t, 200, s.raw(t, "admin", "POST", devicePath+device+"/deactivate/", "").Code)
	require.Equal(t, 200, s.raw(t, "operator", "GET", at, "").Code)
	for _, path := range []string{at, devicePath + device + "/connection/", devicePath + device + "/push/", devicePath + device + "/connection/" + link + "/test/"} {
		require.Equal(t, 403, s.raw(t, "admin", "POST", path, `{}`).Code, path)
	}
	require.Equal(t, 403, s.raw(t, "admin", "PATCH", devicePath+device+"/connection/"+link+"/", `{"enabled":false}`).Code)
}

func TestHowADeviceIsReached(t *testing.T) {
	s := memory(t, nil)
	s.recorded(t)
	device, link := s.reached(t, "box", "alpha", "00:11:22:33:44:01")
	reach := func() (push object, rows []any) {
		status, out := s.call(t, "operator", "GET", devicePath+device+"/reach/", nil)
		require.Equal(t, 200, status, out)
		push, _ = out["push"].(object)
		return push, out["connections"].([]any)
	}
	push, rows := reach()
	require.Nil(t, push, "nobody wished it")
	require.Equal(t, "of box", rows[0].(object)["credentials_name"])
	require.Equal(t, "SSH", rows[0].(object)["connector"])
	s.box.refused = func(connection.Target) error { return errors.New("timed out") }
	status, out := s.call(t, "operator", "POST", devicePath+device+"/push/", nil)
	require.Equal(t, 202, status, out)
	require.Equal(t, "waiting", out["state"])
	s.work(t)
	push, rows = reach()
	require.Equal(t, "waiting", push["state"])
	require.Equal(t, "timed out", push["reason"])
	require.NotNil(t, push["next_attempt"])
	require.Equal(t, link, push["connection"])
	require.Equal(t, false, rows[0].(object)["is_working"])
	s.box.refused = nil
	s.box.output = "openwisp-config 1.1.0\n"
	require.Equal(t, 202, s.raw(t, "operator", "POST", devicePath+device+"/connection/"+link+"/test/", "").Code)
	s.work(t)
	_, rows = reach()
	require.Equal(t, true, rows[0].(object)["is_working"])
	require.Equal(t, "Linux box", rows[0].(object)["description"])
	status, _ = s.call(t, "operator", "POST", devicePath+device+"/push/", nil)
	require.Equal(t, 202, status)
	s.work(t)
	push, _ = reach()
	require.Equal(t, "pushed", push["state"])
	require.Equal(t, 200, s.raw(t, "operator", "PATCH", devicePath+device+"/connection/"+link+"/", `{"enabled":false}`).Code)
	status, out = s.call(t, "operator", "POST", devicePath+device+"/push/", nil)
	require.Equal(t, 400, status, out)
}

func TestAMassCommand(t *testing.T) {
	eachStorage(t, func(t *testing.T, s *server) {
		s.recorded(t)
		one, _ := s.reached(t, "one", "alpha", "00:11:22:33:44:01")
		two, _ := s.reached(t, "two", "alpha", "00:11:22:33:44:02")
		alone := s.device(t, "three", "alpha", "00:11:22:33:44:03", true)
		s.reached(t, "theirs", "beta", "00:11:22:33:44:04")
		s.box.output = "up 3 days\n"
		org := s.orgs["alpha"]
		status, out := s.call(t, "manager", "GET", batchPath+`execute/?type=reboot&input=null&filter={"search":"t"}&organization=`+org.String(), nil)
		require.Equal(t, 200, status, out)
		require.Equal(t, []any{alone, two}, out["devices"], "in the order of their names")
		status, out = s.call(t, "manager", "POST", batchPath+"execute/", object{"type": "custom", "input": object{"command": "uptime"}, "organization": org, "label": "Uptime", "notes": "n"})
		require.Equal(t, 201, status, out)
		at := batchPath + out["batch"].(string) + "/"
		s.work(t)
		status, batch := s.call(t, "manager", "GET", at, nil)
		require.Equal(t, 200, status, batch)
		require.Equal(t, "failed", batch["status"], "one was skipped")
		require.EqualValues(t, 3, batch["device_count"])
		require.Equal(t, object{alone: []any{"Device has no credentials assigned."}}, batch["skipped_devices"])
		require.ElementsMatch(t, []any{one, two, alone}, batch["devices"])
		require.Equal(t, object{"command": "uptime"}, batch["input"])
		for _, key := range []string{"id", "organization", "type", "label", "notes", "group", "location", "created", "modified"} {
			require.Contains(t, batch, key)
		}
		_, progress := s.call(t, "manager", "GET", at+"progress/", nil)
		require.EqualValues(t, 2, progress["success"])
		require.EqualValues(t, 1, progress["skipped"])
		require.Equal(t, "manager", progress["actor"])
		_, outcomes := s.call(t, "manager", "GET", at+"outcome/", nil)
		groups := outcomes["results"].([]any)
		require.Len(t, groups, 1, "equal outputs are one")
		group := groups[0].(object)
		require.EqualValues(t, 2, group["count"])
		require.Equal(t, "up 3 days\n", group["output"])
		_, commands := s.call(t, "manager", "GET", at+"command/?output="+group["digest"].(string), nil)
		require.EqualValues(t, 2, commands["count"])
		require.Equal(t, out["batch"], commands["results"].([]any)[0].(object)["batch_command"])
		_, list := s.call(t, "manager", "GET", batchPath, nil)
		require.EqualValues(t, 1, list["count"])
		require.NotContains(t, list["results"].([]any)[0], "devices")

		// once more for the one that was skipped, which can be reached by now
		s.made(t, devicePath+alone+"/connection/", object{"credentials": s.credentials(t, "later", "alpha")})
		status, out = s.call(t, "manager", "POST", at+"repeat/", object{})
		require.Equal(t, 201, status, out)
		s.work(t)
		_, again := s.call(t, "manager", "GET", batchPath+out["batch"].(string)+"/", nil)
		require.Equal(t, []any{alone}, again["devices"])
		require.Equal(t, "success", again["status"])

		// stopped after the first failure
		s.box.exit = 1
		_, out = s.call(t, "manager", "POST", batchPath+"execute/", object{"type": "custom", "input": object{"command": "false"}, "organization": org, "label": "f", "parallel": 1, "stop_after": 1})
		s.work(t)
		_, progress = s.call(t, "manager", "GET", batchPath+out["batch"].(string)+"/progress/", nil)
		require.Equal(t, true, progress["stopped"])
		require.EqualValues(t, 3, progress["failed"])
		_, outcomes = s.call(t, "manager", "GET", batchPath+out["batch"].(string)+"/outcome/", nil)
		require.Len(t, outcomes["results"], 2, "what was not run is a group of its own")

		// over all organizations: the superusers'
		status, out = s.call(t, "admin", "POST", batchPath+"execute/", object{"type": "reboot", "input": nil, "label": "all"})
		require.Equal(t, 201, status, out)
		for _, path := range []string{"", "progress/", "outcome/", "command/", "stop/", "repeat/"} {
			method := "GET"
			if path == "stop/" || path == "repeat/" {
				method = "POST"
			}
			require.Equal(t, 404, s.raw(t, "manager", method, batchPath+out["batch"].(string)+"/"+path, "").Code, path)
			require.Equal(t, 404, s.raw(t, "betamanager", method, at+path, "").Code, path)
		}
		status, stopped := s.call(t, "admin", "POST", batchPath+out["batch"].(string)+"/stop/", nil)
		require.Equal(t, 200, status, stopped)
		s.work(t)
		_, progress = s.call(t, "admin", "GET", batchPath+out["batch"].(string)+"/progress/", nil)
		require.EqualValues(t, 4, progress["failed"])
		require.Len(t, s.box.lines, 4, "nothing of it was run")
		_, out = s.call(t, "admin", "GET", batchPath+out["batch"].(string)+"/", nil)
		require.Nil(t, out["input"])
		require.Nil(t, out["organization"])
	})
}

// Who may listen to what (vectors/connection/websocket.json; spec: connection §7).
func TestSockets(t *testing.T) {
	s := memory(t, nil)
	s.recorded(t)
	mine, _ := s.reached(t, "mine", "alpha", "00:11:22:33:44:01")
	theirs, _ := s.reached(t, "theirs", "beta", "00:11:22:33:44:02")
	_, out := s.call(t, "manager", "POST", batchPath+"execute/", object{"type": "custom", "input": object{"command": "uptime"}, "organization": s.orgs["alpha"], "label": "x"})
	batch := out["batch"].(string)
	everything := []wispwright.Permission{"config.add_device", "config.change_device", "config.delete_device", "connection.view_batchcommand"}
	operator := &wispwright.Caller{ID: wispwright.NewID(), Staff: true, Permissions: everything, Managed: []wispwright.ID{s.orgs["alpha"]}}
	partly := &wispwright.Caller{ID: wispwright.NewID(), Staff: true, Permissions: everything[:2], Managed: operator.Managed}
	member := &wispwright.Caller{ID: wispwright.NewID(), Permissions: everything, Managed: operator.Managed}
	must := &wispwright.Caller{ID: wispwright.NewID(), Superuser: true, Restricted: "Choose a new password."}
	root := wispwright.System("test")
	open := func(topic live.Topic, path string, c *wispwright.Caller) (*live.Session, error) {
		return topic.Open(t.Context(), httptest.NewRequest("GET", path, nil), c)
	}
	device := func(id string) string { return connectionhttp.CommandSocket + id + "/command" }
	for name, c := range map[string]struct {
		topic  live.Topic
		path   string
		caller *wispwright.Caller
		ok     bool
	}{
		"superuser":                 {s.wire.CommandTopic(), device(mine), root, true},
		"operator":                  {s.wire.CommandTopic(), device(mine), operator, true},
		"not all permissions":       {s.wire.CommandTopic(), device(mine), partly, false},
		"no staff":                  {s.wire.CommandTopic(), device(mine), member, false},
		"has to do something first": {s.wire.CommandTopic(), device(mine), must, false},
		"stranger":                  {s.wire.CommandTopic(), device(mine), nil, false},
		"foreign device":            {s.wire.CommandTopic(), device(theirs), operator, false},
		"unknown device":            {s.wire.CommandTopic(), device(never), root, false},
		"another path":              {s.wire.CommandTopic(), connectionhttp.CommandSocket + mine + "/", root, false},
		"no id":                     {s.wire.CommandTopic(), device("wrong"), root, false},
		"batch":                     {s.wire.BatchTopic(), connectionhttp.BatchSocket + batch + "/", operator, true},
		"batch without permission":  {s.wire.BatchTopic(), connectionhttp.BatchSocket + batch + "/", partly, false},
		"batch of a stranger":       {s.wire.BatchTopic(), connectionhttp.BatchSocket + batch + "/", nil, false},
		"unknown batch":             {s.wire.BatchTopic(), connectionhttp.BatchSocket + never + "/", root, false},
	} {
		session, err := open(c.topic, c.path, c.caller)
		require.Equal(t, c.ok, err == nil, "%s: %v", name, err)
		require.Equal(t, c.ok, session != nil, name)
	}

	s.box.output = "<up>\n"
	_, out = s.call(t, "operator", "POST", devicePath+mine+"/command/", object{"type": "custom", "input": object{"command": "uptime"}})
	s.work(t)
	frame, err := s.wire.CommandTopic().Load(t.Context(), live.Event{Payload: out["id"].(string)})
	require.NoError(t, err)
	at := devicePath + mine + "/command/" + out["id"].(string) + "/"
	require.Equal(t, `{"model":"Command","data":`+strings.TrimSpace(s.raw(t, "operator", "GET", at, "").Body.String())+`}`, string(frame.([]byte)))
	for _, gone := range []string{never, "x"} {
		frame, err = s.wire.CommandTopic().Load(t.Context(), live.Event{Payload: gone})
		require.NoError(t, err)
		require.Nil(t, frame)
	}
	session, err := open(s.wire.BatchTopic(), connectionhttp.BatchSocket+batch+"/", root)
	require.NoError(t, err)
	require.Contains(t, string(session.Receive(t.Context(), []byte(`{"type":"request_current_state"}`))), `"type":"batch_status","status":"success"`)
	require.Nil(t, session.Receive(t.Context(), []byte(`{"type":"else"}`)))
	require.Nil(t, session.Receive(t.Context(), []byte(`no JSON`)))
	frame, err = s.wire.BatchTopic().Load(t.Context(), live.Event{Group: batch})
	require.NoError(t, err)
	require.Contains(t, string(frame.([]byte)), `"completed":1,"total":1`)
}

func TestInputsForPeople(t *testing.T) {
	for input, want := range map[wispwright.JSON]string{
		`null`: "", ``: "", `{"command":"ls -l"}`: "ls -l", `{"a":"x","b":2,"c":true,"d":["e"]}`: `x, 2, true, ["e"]`,
	} {
		kind := "other"
		if strings.Contains(string(input), "command") {
			kind = "custom"
		}
		require.Equal(t, want, connectionhttp.InputText(&connection.Command{Type: kind, Input: input}))
	}
}
