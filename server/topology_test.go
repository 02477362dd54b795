package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/topology"
	"github.com/wispwright/wispwright/topology/topologyhttp"
	"github.com/wispwright/wispwright/topology/topologytest"
)

// topologyDeviations are where the API differs from the recordings on purpose.
func topologyDeviations() map[string]map[int][]replay.Deviation {
	const (
		shared  = "topology §4.1: who is no superuser makes no shared topology"
		merged  = "topology §4.1: what is stored is checked as a whole, so that no topology comes about that cannot be changed any more"
		formats = "netdiff reads more formats"
		order   = "lists are in the order in which topologies were made"
	)
	without := func(i string) []replay.Deviation {
		return []replay.Deviation{instead("body.collection["+i+"]", replay.Absent, shared)}
	}
	fetch := []replay.Deviation{instead("status", 200, merged), instead("body", replay.Anything, merged)}
	return map[string]map[int][]replay.Deviation{"topologies": {
		44: {instead("status", 400, shared), instead("body", map[string]any{"organization": []any{"This field is required."}}, shared)},
		70: without("9"), 78: without("9"), 84: without("9"), 86: without("11"),
		72:  {instead("body.collection", replay.Anything, order)},
		73:  {instead("body.collection", replay.Anything, order)},
		95:  {instead("body.actions.PUT.parser.choices", replay.Anything, formats)},
		107: fetch, 108: fetch, 114: fetch,
	}, "nodes-links": {
		167: {instead("body.properties", map[string]any{"k": 1}, "topology §1: properties that documents fill in are taken away on change too")},
	}}
}

// topologyBench is a server with the accounts of the recordings.
type topologyBench struct {
	*ipamClient
}

func newTopologyBench(t *testing.T, change func(*settings)) *topologyBench {
	s := newServer(t, testkit.SQLite(t), change)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	return &topologyBench{&ipamClient{t, s, identifiers(t, s)}}
}

// call asks as an account ("" for nobody) and returns the answer as one line.
func (b *topologyBench) call(user, method, path, body string, change ...func(*http.Request)) (int, string) {
	b.t.Helper()
	if user != "" {
		change = append(change, with(strings.Repeat(tokens[user], 40)))
	}
	if !strings.HasPrefix(path, "/") {
		path = topologyhttp.Base + path
	}
	w := ask(b.Server, method, path, body, change...)
	return w.Code, strings.TrimSpace(w.Body.String())
}

func plain(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }

// add makes a received topology of an organization and returns its id.
func (b *topologyBench) add(user, organization, more string) string {
	b.t.Helper()
	if organization != "null" {
		organization = `"` + b.vars["org_"+organization] + `"`
	}
	status, text := b.call(user, "POST", "topology/", `{"label":"mesh","parser":"netdiff.NetJsonParser","strategy":"receive","key":"abc123","organization":`+organization+more+`}`)
	require.Equal(b.t, 201, status, text)
	var out struct{ ID string }
	require.NoError(b.t, json.Unmarshal([]byte(text), &out))
	return out.ID
}

func (b *topologyBench) receive(id string, data []byte) {
	b.t.Helper()
	status, text := b.call("", "POST", "topology/"+id+"/receive/?key=abc123", string(data), plain)
	require.Equal(b.t, `200 {"detail":"data received successfully"}`, fmt.Sprint(status, " ", text))
}

func TestTopologyReceive(t *testing.T) {
	b := newTopologyBench(t, func(c *settings) { c.Topology.MaxBytes, c.Topology.MaxObjects = 10_000, 5 })
	id := b.add("admin", "alpha", "")
	unpublished := b.add("admin", "alpha", `,"published":false`)
	path := "topology/" + id + "/receive/"
	good := string(topologytest.NetworkGraph([]string{"a", "b"}, "a b"))
	for _, c := range []struct {
		path, contentType, body string
		header, want            string
	}{
		{path + "?key=abc123", "text/plain", good, "", `200 {"detail":"data received successfully"}`},
		{path + "?key=abc123", "text/plain; charset=utf-8", good, "", `200 {"detail":"data received successfully"}`},
		{path, "text/plain", good, "abc123", `200 {"detail":"data received successfully"}`},
		{path + "?key=abc123", "application/json", good, "", `415 {"detail":"expected content type \"text/plain\""}`},
		{path + "?key=abc123", "", good, "", `415 {"detail":"expected content type \"text/plain\""}`},
		{path, "text/plain", good, "", `400 {"detail":"missing required \"key\" parameter"}`},
		{path + "?key=", "text/plain", good, "", `400 {"detail":"missing required \"key\" parameter"}`},
		{path + "?key=abc12", "text/plain", good, "", `403 {"detail":"wrong key"}`},
		{path, "text/plain", good, "abc1234", `403 {"detail":"wrong key"}`},
		{path + "?key=abc123", "text/plain", "", "", `400 {"detail":"Supplied data not recognized as NetJSON NetworkGraph, got exception of type \"ParserError\" with message \"Parse error, not a NetworkGraph object\""}`},
		{path + "?key=abc123", "text/plain", "5", "", `400 {"detail":"Supplied data not recognized as NetJSON NetworkGraph, got exception of type \"ParserError\" with message \"Parse error, not a NetworkGraph object\""}`},
		{path + "?key=abc123", "text/plain", strings.Repeat("x", 10_001), "", `413 {"detail":"The request body is larger than 10000 bytes."}`},
		{path + "?key=abc123", "text/plain", string(topologytest.NetworkGraph([]string{"a", "b", "c", "d", "e", "f"})), "", `400 {"detail":"The topology would have too many nodes or links."}`},
		{"topology/" + unpublished + "/receive/?key=abc123", "text/plain", good, "", `404 {"detail":"No Topology matches the given query."}`},
		{"topology/00000000-0000-4000-8000-000000000000/receive/?key=abc123", "text/plain", good, "", `404 {"detail":"No Topology matches the given query."}`},
	} {
		status, text := b.call("", "POST", c.path, c.body, func(r *http.Request) {
			r.Header.Del("Content-Type")
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			if c.header != "" {
				r.Header.Set(topologyhttp.KeyHeader, c.header)
			}
		})
		require.Equal(t, c.want, fmt.Sprint(status, " ", text), "%s %s", c.path, c.contentType)
	}
	status, _ := b.call("", "GET", path, "")
	require.Equal(t, 405, status)
	status, text := b.call("", "OPTIONS", path, "")
	require.Equal(t, 200, status)
	require.Contains(t, text, `"parses":["text/plain"]`)
	_, text = b.call("manager", "GET", "topology/"+id+"/", "")
	require.Contains(t, text, `"nodes":[{"id":"a","label":"a","properties":{`, "what was refused changed nothing")
}

func TestTopologyFetches(t *testing.T) {
	t.Parallel()
	graph := topologytest.NetworkGraph([]string{"a", "b"}, "a b")
	var asked atomic.Int64
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write(graph)
	}))
	defer origin.Close()
	t.Run("private networks are refused", func(t *testing.T) {
		b := newTopologyBench(t, nil)
		for _, at := range []string{origin.URL, "http://localhost:1/", "http://[::1]/", "http://169.254.169.254/", "http://10.1.2.3/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/"} {
			status, text := b.call("admin", "POST", "topology/", `{"label":"f","parser":"netdiff.NetJsonParser","strategy":"fetch","url":"`+at+`"}`)
			require.Equal(t, 400, status, "%s: %s", at, text)
			require.Contains(t, text, `{"url":["`, at)
		}
		// a name is looked at when it is dialled
		status, text := b.call("admin", "POST", "topology/", `{"label":"f","parser":"netdiff.NetJsonParser","strategy":"fetch","url":"http://localhost.localdomain.:`+origin.URL[strings.LastIndex(origin.URL, ":")+1:]+`/"}`)
		if status == 201 {
			var out struct{ ID string }
			require.NoError(t, json.Unmarshal([]byte(text), &out))
			status, text = b.call("admin", "POST", "topology/"+out.ID+"/update/", "")
			require.Equal(t, 400, status, text)
		}
		require.Zero(t, asked.Load())
	})
	t.Run("by a job, by hand and by command", func(t *testing.T) {
		b := newTopologyBench(t, func(c *settings) { c.Topology.FetchNetworks = []string{"127.0.0.0/8"} })
		status, text := b.call("manager", "POST", "topology/", `{"label":"f","parser":"netdiff.NetJsonParser","strategy":"fetch","url":"`+origin.URL+`","organization":"`+b.vars["org_alpha"]+`"}`)
		require.Equal(t, 201, status, text)
		var out struct{ ID string }
		require.NoError(t, json.Unmarshal([]byte(text), &out))
		require.NoError(t, b.Start(t.Context()))
		testkit.Eventually(t, "the job has fetched it", func(context.Context) bool {
			_, text := b.call("manager", "GET", "summary/topology/"+out.ID+"/", "")
			return strings.Contains(text, `"nodes":2,"links_up":1,"links_down":0`)
		})
		status, text = b.call("manager", "POST", "topology/"+out.ID+"/update/", "")
		require.Equal(t, `200 {"nodes_added":0,"nodes_changed":0,"links_added":0,"links_changed":0,"links_up":0,"links_down":0,"refused":0,"faults":[]}`, fmt.Sprint(status, " ", text))
		for user, want := range map[string]int{"operator": 403, "betamanager": 404, "member": 403} {
			status, _ := b.call(user, "POST", "topology/"+out.ID+"/update/", "")
			require.Equal(t, want, status, user)
		}
		received := b.add("manager", "alpha", "")
		status, text = b.call("manager", "POST", "topology/"+received+"/update/", "")
		require.Equal(t, `400 {"__all__":["Only published topologies with the strategy FETCH can be updated."]}`, fmt.Sprint(status, " ", text))
		graph = []byte("<html>")
		status, text = b.call("manager", "POST", "topology/"+out.ID+"/update/", "")
		require.Equal(t, 400, status)
		require.Contains(t, text, `{"url":["Supplied data not recognized as NetJSON NetworkGraph`)
		_, text = b.call("manager", "GET", "summary/topology/"+out.ID+"/", "")
		require.Contains(t, text, `"nodes":2,"links_up":1`, "the old graph stays")
		require.Contains(t, text, `"problem":"Supplied data not recognized`)
	})
}

func TestTopologyOfOthers(t *testing.T) {
	b := newTopologyBench(t, nil)
	beta, shared := b.add("admin", "beta", ""), b.add("admin", "null", "")
	own := b.add("manager", "alpha", "")
	b.receive(beta, topologytest.NetworkGraph([]string{"b1=secret", "b2"}, "b1 b2"))
	status, text := b.call("betamanager", "GET", "node/", "")
	require.Equal(t, 200, status)
	var list struct{ Results []struct{ ID string } }
	require.NoError(t, json.Unmarshal([]byte(text), &list))
	_, text = b.call("betamanager", "GET", "link/", "")
	var links struct{ Results []struct{ ID string } }
	require.NoError(t, json.Unmarshal([]byte(text), &links))
	for _, c := range []struct {
		path string
		want int
	}{
		{"topology/" + beta + "/", 404}, {"topology/" + beta + "/history/?date=2020-01-01", 403}, {"topology/" + beta + "/days/", 404}, {"topology/" + beta + "/difference/?from=2020-01-01", 404},
		{"topology/" + beta + "/plot/", 404}, {"topology/" + beta + "/path/?source=b1&target=b2", 404}, {"node/" + list.Results[0].ID + "/", 404}, {"link/" + links.Results[0].ID + "/", 404},
		{"link/" + links.Results[0].ID + "/history/", 404}, {"summary/topology/" + beta + "/", 404}, {"summary/node/" + list.Results[0].ID + "/", 404}, {"summary/link/" + links.Results[0].ID + "/", 404},
	} {
		status, text := b.call("manager", "GET", c.path, "")
		require.Equal(t, c.want, status, "%s: %s", c.path, text)
	}
	for _, path := range []string{"topology/", "summary/topology/", "summary/node/", "summary/link/", "node/", "link/", "node/?search=secret", "link/?search=secret"} {
		_, text := b.call("manager", "GET", path, "")
		require.NotContains(t, text, "secret", path)
		require.NotContains(t, text, beta, path)
	}
	for user, want := range map[string]string{"": "Authentication credentials were not provided.\n", "member": "You do not have permission to perform this action.\n",
		"manager": "User is not a manager of the organization to which the requested resource belongs.\n"} {
		change := []func(*http.Request){}
		if user != "" {
			change = append(change, with(strings.Repeat(tokens[user], 40)))
		}
		w := get(b.Server, "/topology/topology/"+beta+"/", change...)
		require.Equal(t, 403, w.Code, user)
		require.Equal(t, want, w.Body.String())
	}
	// nodes of others in a shared topology
	s := b.concern()
	ctx := t.Context()
	org := b.id(b.vars["org_beta"])
	sharedID := b.id(shared)
	hidden := &topology.Node{TopologyID: sharedID, OrganizationID: org, Label: "secret", Addresses: `["s1"]`}
	require.NoError(t, s.Nodes.Create(ctx, hidden))
	open := &topology.Node{TopologyID: sharedID, Label: "open", Addresses: `["s2"]`}
	require.NoError(t, s.Nodes.Create(ctx, open))
	require.NoError(t, s.Links.Create(ctx, &topology.Link{TopologyID: sharedID, SourceID: hidden.ID, TargetID: open.ID, Cost: 1, Status: topology.Up}))
	everything, err := s.Topologies.Get(ctx, wispwright.ScopeAll(), sharedID)
	require.NoError(t, err)
	require.NoError(t, s.SaveSnapshot(ctx, everything))
	today := time.Now().UTC().Format(time.DateOnly)
	for _, path := range []string{"topology/" + shared + "/", "topology/", "topology/" + shared + "/plot/", "topology/" + shared + "/history/?date=" + today, "topology/" + shared + "/difference/?from=" + today, "summary/link/", "node/", "summary/node/"} {
		status, text := b.call("manager", "GET", path, "")
		require.Equal(t, 200, status, "%s: %s", path, text)
		require.NotContains(t, text, "secret", path)
		require.NotContains(t, text, `"s1"`, path)
	}
	_, text = b.call("betamanager", "GET", "topology/"+shared+"/history/?date="+today, "")
	require.Contains(t, text, "secret", "those who manage the organization see it")
	require.Contains(t, text, "open")
	status, _ = b.call("manager", "PATCH", "topology/"+shared+"/", `{"label":"mine"}`)
	require.Equal(t, 403, status)
	status, text = b.call("manager", "PATCH", "topology/"+own+"/", `{"organization":"`+b.vars["org_beta"]+`"}`)
	require.Equal(t, 400, status, text)
	status, text = b.call("manager", "POST", "node/", `{"topology":"`+shared+`","addresses":[],"properties":{},"user_properties":{}}`)
	require.Equal(t, 400, status)
	require.Contains(t, text, "Invalid pk", "who is no superuser adds nothing to a shared topology")
}

func (b *topologyBench) id(text string) wispwright.ID {
	id, err := wispwright.ParseID(text)
	require.NoError(b.t, err)
	return id
}

// concern is the server's part of topologies.
func (b *topologyBench) concern() *server.TopologyConcern {
	c, ok := server.Find[*server.TopologyConcern](b.Concerns())
	require.True(b.t, ok)
	return c
}

func TestTopologyPublic(t *testing.T) {
	b := newTopologyBench(t, func(c *settings) { c.Topology.AuthRequired = false })
	id, hidden := b.add("admin", "alpha", ""), b.add("admin", "alpha", `,"published":false`)
	b.receive(id, topologytest.NetworkGraph([]string{"a", "b"}, "a b"))
	for _, path := range []string{"topology/", "topology/" + id + "/", "topology/" + id + "/plot/", "topology/" + id + "/path/?source=a&target=b", "topology/" + id + "/days/", "topology/?include_unpublished=1"} {
		status, text := b.call("", "GET", path, "")
		require.Equal(t, 200, status, "%s: %s", path, text)
		require.NotContains(t, text, "abc123", path)
		require.NotContains(t, text, hidden, path)
	}
	for method, paths := range map[string][]string{"GET": {"topology/" + hidden + "/?include_unpublished=1", "topology/" + hidden + "/plot/?include_unpublished=1"}} {
		for _, path := range paths {
			status, _ := b.call("", method, path, "")
			require.Equal(t, 404, status, path)
		}
	}
	for _, c := range []struct{ user, method, path, body string }{
		{"", "POST", "topology/", `{}`}, {"", "PATCH", "topology/" + id + "/", `{"label":"x"}`}, {"", "DELETE", "topology/" + id + "/", ""}, {"member", "DELETE", "topology/" + id + "/", ""},
		{"operator", "PATCH", "topology/" + id + "/", `{"label":"x"}`},
	} {
		status, text := b.call(c.user, c.method, c.path, c.body)
		require.Equal(t, 403, status, "%s %s as %s: %s", c.method, c.path, c.user, text)
	}
	for path, want := range map[string]int{"/topology/": 200, "/topology/topology/" + id + "/": 200, "/topology/topology/" + hidden + "/": 404, "/topology/topology/nothing/": 404, "/topology/else/": 404} {
		status, _ := b.call("", "GET", path, "")
		if status == http.StatusNotImplemented {
			status = 200 // a program without pages
		}
		require.Equal(t, want, status, path)
	}
	status, _ := b.call("betamanager", "PATCH", "topology/"+id+"/", `{"label":"x"}`)
	require.Equal(t, 404, status)
	status, text := b.call("manager", "GET", "topology/"+id+"/", "")
	require.Equal(t, 200, status)
	require.Contains(t, text, "abc123")
	status, _ = b.call("manager", "GET", "topology/"+hidden+"/?include_unpublished=1", "")
	require.Equal(t, 200, status)
}

func TestTopologyHistory(t *testing.T) {
	b := newTopologyBench(t, nil)
	id := b.add("manager", "alpha", "")
	b.receive(id, topologytest.NetworkGraph([]string{"a", "b"}, "a b"))
	today := time.Now().UTC().Format(time.DateOnly)
	status, text := b.call("manager", "GET", "topology/"+id+"/history/?date="+today, "")
	require.Equal(t, `404 {"detail":"no snapshot found for this date"}`, fmt.Sprint(status, " ", text))
	mesh, err := b.concern().Topologies.Get(t.Context(), wispwright.ScopeAll(), b.id(id))
	require.NoError(t, err)
	require.NoError(t, b.concern().SaveSnapshot(t.Context(), mesh))
	b.receive(id, topologytest.NetworkGraph([]string{"a", "b", "c"}, "b c"))
	status, text = b.call("manager", "GET", "topology/"+id+"/history/?date="+today, "")
	require.Equal(t, 200, status)
	require.Contains(t, text, `"links":[{"source":"a","target":"b","cost":1.0`)
	require.NotContains(t, text, `"c"`)
	status, text = b.call("manager", "GET", "topology/"+id+"/difference/?from="+today, "")
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"nodes":[{"kind":"added","id":"c","label":"c","before":""}],"links":[{"kind":"down","source":"a","target":"b","cost":1,"before":1,"status":"down"},{"kind":"added","source":"b","target":"c","cost":1,"before":1,"status":"up"}]}`, text)
	status, text = b.call("manager", "GET", "topology/"+id+"/days/", "")
	require.Equal(t, 200, status)
	require.Contains(t, text, `[{"date":"`+today+`","nodes":2,"links_up":1,"links_down":0,"saved":"`)
	for path, want := range map[string]string{
		"difference/?from=x":              `400 {"from":["Enter a valid date."]}`,
		"difference/?from=2020-01-01":     `400 {"from":["no snapshot found for this date"]}`,
		"days/?from=2020-13-01":           `400 {"from":["Enter a valid date."]}`,
		"history/":                        `400 {"detail":"missing required \"date\" parameter"}`,
		"history/?date=2020-13-45":        `403 {"detail":"invalid date supplied"}`,
		"path/?source=a":                  `400 {"target":["There is no such node."]}`,
		"path/?source=a&target=c":         `404 {"detail":"There is no way between these nodes over links that are up."}`,
		"path/?source=%00&target=nothing": `400 {"source":["There is no such node."],"target":["There is no such node."]}`,
	} {
		status, text := b.call("manager", "GET", "topology/"+id+"/"+path, "")
		require.Equal(t, want, fmt.Sprint(status, " ", text), path)
	}
	status, text = b.call("manager", "GET", "topology/"+id+"/path/?source=b&target=c", "")
	require.Equal(t, 200, status)
	require.Contains(t, text, `{"cost":1,"nodes":[{"id":"`)
	_, text = b.call("manager", "GET", "summary/link/?status=down", "")
	var links struct {
		Results []struct{ ID, Source, SourceName string } `json:"results"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &links))
	require.Len(t, links.Results, 1)
	status, text = b.call("manager", "GET", "link/"+links.Results[0].ID+"/history/", "")
	require.Equal(t, 200, status)
	require.Contains(t, text, `"flaps":1`)
	status, text = b.call("manager", "GET", "link/"+links.Results[0].ID+"/history/?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "")
	require.Equal(t, 400, status, text)
	_, text = b.call("manager", "GET", "topology/"+id+"/plot/", "")
	require.Contains(t, text, `"parts":1,"alone":1`)
}

// The geographic view has the places of the devices that nodes are, and nobody gets
// them who may not see where devices are.
func TestTopologyPlaces(t *testing.T) {
	b := newTopologyBench(t, func(c *settings) { c.Topology.AuthRequired = false })
	id := b.add("admin", "alpha", "")
	add := func(path, body string) string {
		status, text := b.call("admin", "POST", path, body)
		require.Equal(t, 201, status, text)
		var out struct{ ID string }
		require.NoError(t, json.Unmarshal([]byte(text), &out))
		return out.ID
	}
	device := add("/api/v1/controller/device/", `{"name":"tower","mac_address":"02:00:00:00:44:01","organization":"`+b.vars["org_alpha"]+`"}`)
	b.receive(id, []byte(`{"type":"NetworkGraph","protocol":"OLSR","version":"0.8","metric":"ETX","nodes":[{"id":"02:00:00:00:44:01","local_addresses":["10.0.0.1"]},{"id":"mast"}],
		"links":[{"source":"02:00:00:00:44:01","target":"mast","cost":1}]}`))
	plot := "topology/" + id + "/plot/?places=1"
	require.Eventually(t, func() bool {
		_, text := b.call("admin", "GET", plot, "")
		return strings.Contains(text, device)
	}, time.Minute, 20*time.Millisecond, "the node is the device")
	_, text := b.call("admin", "GET", plot, "")
	require.NotContains(t, text, `"place"`, "it has none yet")
	status, text := b.call("admin", "PUT", "/api/v1/controller/device/"+device+"/location/",
		`{"location":{"name":"Hill","type":"outdoor","geometry":{"type":"Point","coordinates":[13.24,46.06]}}}`)
	require.Equal(t, 201, status, text)
	for user, sees := range map[string]bool{"admin": true, "manager": true, "": false, "member": false, "betamanager": false} {
		status, text := b.call(user, "GET", plot, "")
		require.Equal(t, 200, status, "%s: %s", user, text)
		require.Equal(t, sees, strings.Contains(text, `"place":[13.24,46.06]`), "%s: %s", user, text)
	}
	_, text = b.call("admin", "GET", "topology/"+id+"/plot/", "")
	require.NotContains(t, text, `"place"`, "nobody asked")
}

func TestTopologyTells(t *testing.T) {
	b := newTopologyBench(t, nil)
	id := b.add("manager", "alpha", "")
	b.receive(id, topologytest.NetworkGraph([]string{"tower", "mast"}, "tower mast"))
	drain(t, b.Server)
	_, text := b.call("manager", "GET", "/api/v1/notifications/notification/", "")
	require.NotContains(t, text, "mast", "new links are no news")
	b.receive(id, topologytest.NetworkGraph([]string{"tower", "mast"}))
	drain(t, b.Server)
	_, text = b.call("manager", "GET", "/api/v1/notifications/notification/", "")
	require.Contains(t, text, "lost the link tower – mast")
	require.Contains(t, text, "/admin/topology/topology/"+id+"/change/")
	b.receive(id, topologytest.NetworkGraph([]string{"tower", "mast"}, "tower mast"))
	drain(t, b.Server)
	_, text = b.call("manager", "GET", "/api/v1/notifications/notification/", "")
	require.Contains(t, text, "has again the link tower – mast")
	_, text = b.call("betamanager", "GET", "/api/v1/notifications/notification/", "")
	require.NotContains(t, text, "mast")
	status, _ := b.call("manager", "DELETE", "topology/"+id+"/", "")
	require.Equal(t, 204, status)
	_, text = b.call("manager", "GET", "/api/v1/notifications/notification/", "")
	require.NotContains(t, text, "mast", "what was said of a topology goes with it")
}

func TestTopologySocket(t *testing.T) {
	b := newTopologyBench(t, nil)
	id := b.add("manager", "alpha", "")
	path := topologyhttp.SocketPath + id + "/"
	base := listening(t, b.Server)
	for who, header := range map[string][]string{"nobody": nil, "a member": {"Authorization", "Bearer " + strings.Repeat("d", 40)}, "a manager of another organization": {"Authorization", "Bearer " + strings.Repeat("e", 40)}} {
		_, answer, err := dial(t, base, path, header...) //nolint:bodyclose // the library closes it
		require.Error(t, err, who)
		require.Equal(t, 403, answer.StatusCode, who)
	}
	_, answer, err := dial(t, base, topologyhttp.SocketPath+"00000000-0000-4000-8000-000000000000/", "Authorization", "Bearer "+strings.Repeat("a", 40)) //nolint:bodyclose // the library closes it
	require.Error(t, err)
	require.Equal(t, 403, answer.StatusCode)

	p := open(t, base, path, "c") // an operator may look
	b.receive(id, topologytest.NetworkGraph([]string{"a", "b"}, "a b"))
	var frame struct{ Type, Topology string }
	require.NoError(t, json.Unmarshal([]byte(p.next()), &frame))
	require.Equal(t, "broadcast_topology", frame.Type)
	var document struct {
		Type  string
		Nodes []struct{ ID string }
		Links []any
	}
	require.NoError(t, json.Unmarshal([]byte(frame.Topology), &document))
	require.Equal(t, "NetworkGraph", document.Type)
	require.Len(t, document.Nodes, 2, "one message for all that an update brought")
	for _, label := range []string{"x", "y", "z"} { // told at once, or at the end of the pause together
		status, _ := b.call("manager", "PATCH", "topology/"+id+"/", `{"label":"`+label+`"}`)
		require.Equal(t, 200, status)
	}
	for !strings.Contains(frame.Topology, `"label":"z"`) {
		require.NoError(t, json.Unmarshal([]byte(p.next()), &frame))
	}
}
