package rest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

func TestDocuments(t *testing.T) {
	b := newBench(t, rest.Options{})
	for path, kind := range map[string]string{
		"/api/v1/openapi.json": "application/json; charset=utf-8", "/api/v1/openapi.yaml": "application/yaml; charset=utf-8",
		"/api/v1/docs.json": "application/json; charset=utf-8", "/api/v1/docs.yaml": "application/yaml; charset=utf-8",
		"/api/v1/docs/": "text/html; charset=utf-8", "/api/v1/redoc/": "text/html; charset=utf-8",
		"/api/v1/docs/?format=openapi": "application/openapi+json",
	} {
		require.Equal(t, 401, b.ask(t, "GET", path, "", "").Code, path)
		w := b.ask(t, "GET", path, "super", "")
		require.Equal(t, 200, w.Code, path)
		require.Equal(t, kind, w.Header().Get("Content-Type"))
		switch {
		case strings.Contains(kind, "json"):
			require.True(t, json.Valid(w.Body.Bytes()), path)
		case strings.Contains(kind, "yaml"):
			require.NoError(t, yaml.Unmarshal(w.Body.Bytes(), &map[string]any{}), path)
		}
	}
	for asset, kind := range map[string]string{"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "init.js": "text/javascript", "favicon-32x32.png": "image/png"} {
		w := b.ask(t, "GET", "/api/v1/docs/"+asset, "", "")
		require.Equal(t, 200, w.Code, asset)
		require.Contains(t, w.Header().Get("Content-Type"), kind)
	}
	for _, page := range []string{"/api/v1/docs/", "/api/v1/redoc/"} {
		w := b.ask(t, "GET", page, "super", "")
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "script-src 'self'")
		base, err := url.Parse(page)
		require.NoError(t, err)
		for _, found := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(w.Body.String(), -1) {
			require.Equal(t, 200, b.ask(t, "GET", base.JoinPath(found[1]).Path, "", "").Code, found[1])
		}
	}
	require.Equal(t, 404, b.ask(t, "GET", "/api/v1/docs/..%2fgo.mod", "", "").Code)
	require.Equal(t, 200, newBench(t, rest.Options{PublicDocs: true}).ask(t, "GET", "/api/v1/docs.json", "", "").Code)
}

func TestSwaggerHasWhatGeneratedClientsNeed(t *testing.T) {
	b := newBench(t, rest.Options{})
	var doc struct {
		Swagger     string
		Definitions map[string]struct {
			Required   []string
			Properties map[string]map[string]any
		}
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Parameters  []struct {
				Name, In, Type string
				Schema         map[string]string
			}
			Responses map[string]struct{ Schema map[string]any }
		}
	}
	w := b.ask(t, "GET", "/api/v1/docs.json", "super", "")
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &doc))
	require.Equal(t, "2.0", doc.Swagger)
	item := doc.Paths["/api/v1/t/thing/{id}/"]
	require.Equal(t, "api_v1_t_thing_partial_update", item["patch"].OperationID)
	require.Equal(t, "#/definitions/Rest_testThingIn", doc.Paths["/api/v1/t/thing/"]["post"].Parameters[0].Schema["$ref"])
	require.Equal(t, map[string]any{"type": "string", "format": "date", "x-nullable": true}, doc.Definitions["Rest_testThing"].Properties["born"])
	require.Equal(t, []string{"name"}, doc.Definitions["Rest_testThingIn"].Required)
	require.Empty(t, doc.Definitions["PatchedRest_testThingIn"].Required)
	require.NotContains(t, w.Body.String(), "components/schemas")
}

func TestMetadata(t *testing.T) {
	b := newBench(t, rest.Options{})
	get := func(path, token string) string {
		w := b.ask(t, "OPTIONS", path, token, "")
		require.Equal(t, 200, w.Code)
		return w.Body.String()
	}
	const head = `{"name":"Thing List Create","description":"Things.","renders":["application/json","text/html"],` +
		`"parses":["application/json","application/x-www-form-urlencoded","multipart/form-data"]`
	require.Equal(t, head+"}", get("/api/v1/t/thing/", "viewer"))
	full := get("/api/v1/t/thing/", "manager")
	require.True(t, strings.HasPrefix(full, head+`,"actions":{"POST":{"id":{"type":"string","required":false,"read_only":true,"label":"Id"},`+
		`"name":{"type":"string","required":true,"read_only":false,"label":"Name","min_length":2,"max_length":8},`+
		`"size":{"type":"integer","required":false,"read_only":false,"label":"Size","min_value":1,"max_value":10},`), full)
	for _, part := range []string{
		`"kind":{"type":"choice","required":false,"read_only":false,"label":"Kind","choices":[{"value":"a","display_name":"First"},{"value":"b","display_name":"Second"}]}`,
		`"home":{"type":"nested object","required":false,"read_only":false,"label":"Home","children":{"street":{"type":"string","required":true,`,
		`"rooms":{"type":"list","required":false,"read_only":false,"label":"Rooms","child":{"type":"nested object"`,
		`"organization":{"type":"field","required":false,"read_only":false,"label":"Organization"}`,
		`"created":{"type":"datetime","required":false,"read_only":true,"label":"Created"}`,
	} {
		require.Contains(t, full, part)
	}
	id := b.add(t, "one", b.alpha)
	require.Contains(t, get("/api/v1/t/thing/"+id+"/", "manager"), `"actions":{"PUT":{`)
	require.NotContains(t, get("/api/v1/t/thing/00000000-0000-4000-8000-000000000000/", "manager"), `"PUT":{`, "there is no such object")
}

// TestMetadataOfNestedFields: choices known only to the program, and what a
// nested object of the answer has beyond that of the body.
func TestMetadataOfNestedFields(t *testing.T) {
	b := newBench(t, rest.Options{})
	type engineIn struct {
		Fuel  rest.Opt[string] `json:"fuel" required:"true" maxLength:"9"`
		Notes rest.Opt[string] `json:"notes"`
	}
	type carIn struct {
		Colour rest.Opt[string]   `json:"colour"`
		Engine rest.Opt[engineIn] `json:"engine"`
	}
	type engineOut struct {
		State string `json:"state" metaType:"choice" label:"State of the engine"`
		Fuel  string `json:"fuel"`
		Notes string `json:"notes"`
		Hours int    `json:"hours"`
	}
	type carOut struct {
		Colour string     `json:"colour"`
		Engine *engineOut `json:"engine"`
	}
	b.api.Mount(&rest.View{Path: "/api/v1/t/car/", Name: "Car", Access: rest.Authenticated,
		Choices: map[string][]rest.Choice{"engine.fuel": {{Value: "d", Label: "Diesel"}}, "colour": {{Value: "r", Label: "Red"}}, "engine.none": nil, "none.fuel": nil}},
		rest.Action("POST", "t_car_create", http.StatusCreated, func(*rest.Request, *carIn) (carOut, error) { return carOut{}, nil }))
	w := b.ask(t, "OPTIONS", "/api/v1/t/car/", "manager", "")
	require.Equal(t, 200, w.Code)
	_, fields, _ := strings.Cut(w.Body.String(), `"POST":`)
	require.Equal(t, `{"colour":{"type":"choice","required":false,"read_only":false,"label":"Colour","choices":[{"value":"r","display_name":"Red"}]},`+
		`"engine":{"type":"nested object","required":false,"read_only":false,"label":"Engine","children":{`+
		`"state":{"type":"choice","required":false,"read_only":true,"label":"State of the engine"},`+
		`"fuel":{"type":"choice","required":true,"read_only":false,"label":"Fuel","choices":[{"value":"d","display_name":"Diesel"}]},`+
		`"notes":{"type":"string","required":false,"read_only":false,"label":"Notes"},`+
		`"hours":{"type":"integer","required":false,"read_only":true,"label":"Hours"}}}}}}`, fields)
}

func TestBrowsablePage(t *testing.T) {
	b := newBench(t, rest.Options{})
	b.add(t, "script", b.alpha)
	w := b.ask(t, "GET", "/api/v1/t/thing/?format=api&name=%3Cscript%3E", "manager", "")
	require.Equal(t, 200, w.Code)
	page := w.Body.String()
	for _, part := range []string{"<h1>Thing List Create</h1>", `value="&lt;script&gt;"`, `&#34;count&#34;: 0`, `data-method="POST"`, "HTTP 200 OK", "manager"} {
		require.Contains(t, page, part)
	}
	require.NotContains(t, page, "<script>")
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "script-src 'nonce-")
	require.NotContains(t, b.ask(t, "GET", "/api/v1/t/thing/?format=api", "viewer", "").Body.String(), `data-method="POST"`)
	require.Contains(t, b.ask(t, "GET", "/api/v1/t/thing/?format=api&page_size=1", "", "").Body.String(), "Log in")
}

// TestMistakesOfTheProgramPanicWhenMounted: they are found by the first test.
func TestMistakesOfTheProgramPanicWhenMounted(t *testing.T) {
	type noTag struct{ A rest.Opt[string] }
	type noOpt struct {
		A string `json:"a"`
	}
	type misspelt struct {
		A rest.Opt[string] `json:"a" requierd:"true"`
	}
	type notTrue struct {
		A rest.Opt[string] `json:"a" required:"yes"`
	}
	type outMisspelt struct {
		A string `json:"a" hepl:"…"`
	}
	one := func(change func(*rest.Resource[wispwright.ID, Thing, ThingFilter, thingIn, thingOut])) func(*rest.API) {
		return func(a *rest.API) {
			res := rest.Resource[wispwright.ID, Thing, ThingFilter, thingIn, thingOut]{
				Path: "/x/", Only: rest.List, Service: Things{}, Out: rest.Each(func(*Thing) thingOut { return thingOut{} }),
			}
			change(&res)
			rest.Mount(a, res)
		}
	}
	require.NotPanics(t, func() {
		one(func(*rest.Resource[wispwright.ID, Thing, ThingFilter, thingIn, thingOut]) {})(rest.New(nil))
	})
	op := func(id string) rest.Op {
		return rest.Op{Method: "GET", ID: id, Handle: func(*rest.Request) (int, any, error) { return 200, nil, nil }}
	}
	for name, mount := range map[string]func(*rest.API){
		"no slash": func(a *rest.API) { a.Mount(&rest.View{Path: "/x"}, op("x")) },
		"one id twice": func(a *rest.API) {
			a.Mount(&rest.View{Path: "/x/"}, op("x"))
			a.Mount(&rest.View{Path: "/y/"}, op("x"))
		},
		"kind of a key":  func(a *rest.API) { a.Mount(&rest.View{Path: "/{x:float}/"}, op("x")) },
		"no json tag":    func(a *rest.API) { a.Mount(&rest.View{Path: "/x/"}, rest.Action("POST", "x", 200, act[noTag])) },
		"no Opt":         func(a *rest.API) { a.Mount(&rest.View{Path: "/x/"}, rest.Action("POST", "x", 200, act[noOpt])) },
		"a misspelt tag": func(a *rest.API) { a.Mount(&rest.View{Path: "/x/"}, rest.Action("POST", "x", 200, act[misspelt])) },
		"neither true nor false": func(a *rest.API) {
			a.Mount(&rest.View{Path: "/x/"}, rest.Action("POST", "x", 200, act[notTrue]))
		},
		"a misspelt tag of an answer": func(a *rest.API) {
			a.Mount(&rest.View{Path: "/x/"}, rest.Action("POST", "x", 200, func(*rest.Request, *rest.None) (outMisspelt, error) { return outMisspelt{}, nil }))
		},
		"an order by no field": one(func(r *rest.Resource[wispwright.ID, Thing, ThingFilter, thingIn, thingOut]) {
			r.Ordering = map[string]string{"name": "Nmae"}
		}),
		"an operation that is none": one(func(r *rest.Resource[wispwright.ID, Thing, ThingFilter, thingIn, thingOut]) { r.Only = 1 << 6 }),
		"a detail without operations": one(func(r *rest.Resource[wispwright.ID, Thing, ThingFilter, thingIn, thingOut]) {
			r.Detail = rest.Item[wispwright.ID, Thing, ThingFilter, thingIn, thingOut]{Out: r.Out}
		}),
		"nothing to write": func(a *rest.API) {
			rest.Mount(a, rest.Resource[wispwright.ID, Thing, ThingFilter, thingIn, thingOut]{Path: "/x/"})
		},
	} {
		require.Panics(t, func() { mount(rest.New(nil)) }, name)
	}
}

func act[In any](*rest.Request, *In) (rest.None, error) { return rest.None{}, nil }

// TestNothingOfTheModelIsGlobal: two APIs in one program do not meet.
func TestNothingOfTheModelIsGlobal(t *testing.T) {
	a, b := newBench(t, rest.Options{Title: "A"}), newBench(t, rest.Options{Title: "B"})
	for title, api := range map[string]*rest.API{"A": a.api, "B": b.api} {
		document, err := api.Document()
		require.NoError(t, err)
		require.Contains(t, string(document), `"title":"`+title+`"`)
	}
}

func BenchmarkList(bb *testing.B) {
	b := newBench(bb, rest.Options{})
	for _, n := range []string{"n01", "n02", "n03", "n04", "n05", "n06", "n07", "n08", "n09", "n10", "n11", "n12"} {
		b.add(bb, n, b.alpha)
	}
	b.Handler = b.unrecorded
	bb.ReportAllocs()
	for bb.Loop() {
		if w := b.ask(bb, "GET", "/api/v1/t/thing/", "manager", ""); w.Code != 200 {
			bb.Fatal(w.Code)
		}
	}
}

func BenchmarkGet(bb *testing.B) {
	b := newBench(bb, rest.Options{})
	path := "/api/v1/t/thing/" + b.add(bb, "one", b.alpha) + "/"
	b.Handler = b.unrecorded
	bb.ReportAllocs()
	for bb.Loop() {
		if w := b.ask(bb, "GET", path, "manager", ""); w.Code != 200 {
			bb.Fatal(w.Code)
		}
	}
}

func BenchmarkPut(bb *testing.B) {
	b := newBench(bb, rest.Options{})
	path := "/api/v1/t/thing/" + b.add(bb, "one", b.alpha) + "/"
	b.Handler = b.unrecorded
	bb.ReportAllocs()
	for bb.Loop() {
		if w := b.ask(bb, "PUT", path, "manager", `{"name":"two","size":3,"active":true,"config":{"a":1}}`); w.Code != 200 {
			bb.Fatal(w.Code, w.Body)
		}
	}
}
