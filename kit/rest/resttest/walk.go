package resttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/kit/rest"
)

// Walk tries every operation of an API's document as somebody who manages
// another organization and holds every permission: nothing of the first
// organization may be read, changed, referred to or removed.
type Walk struct {
	// API is what is walked through, everything mounted.
	API *rest.API
	// Owner is the Authorization header of a user who may see the objects.
	Owner string
	// Stranger is the one of the manager of another organization.
	Stranger string
	// Objects are the paths of the first organization's objects, by the
	// template of the document: "/api/v1/x/{id}/" to "/api/v1/x/3f…/".
	Objects map[string]string
	// Marks are texts that occur in the objects and nowhere else.
	Marks []string
	// IDs are the objects' identifiers: what relations and filters are tried
	// with. The organization's own id belongs here.
	IDs []string
	// Skip leaves templates out: the template to the reason.
	Skip map[string]string
	// Open are templates whose objects belong to no organization: operations
	// on them are not tried. The template to the reason.
	Open map[string]string
}

// Run walks. It fails for a path with parameters that neither Objects, Open
// nor Skip names, so that a new endpoint cannot be forgotten.
func (w *Walk) Run(t *testing.T) {
	doc := read(t, w.API)
	paths := doc.Paths
	for _, template := range slices.Sorted(maps.Keys(paths)) {
		if w.Skip[template] != "" {
			continue
		}
		t.Run(strings.ReplaceAll(template, "/", "|"), func(t *testing.T) {
			item := paths[template]
			if !strings.Contains(template, "{") {
				w.list(t, template, item, doc)
				return
			}
			if w.Open[template] != "" {
				return
			}
			path := w.Objects[template]
			require.NotEmpty(t, path, "the walk has no object for %s", template)
			for method := range item {
				w.object(t, strings.ToUpper(method), path)
			}
		})
	}
	for template, path := range w.Objects {
		if paths[template]["get"] != nil {
			require.Equal(t, http.StatusOK, w.ask(w.Owner, http.MethodGet, path, "").Code, "%s is still there for its owner", path)
		}
	}
}

// described is the part of an OpenAPI document that a walk needs: paths to
// methods to operations.
type described struct {
	Paths      map[string]map[string]*operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	Parameters  []struct{ Name, In string }
	RequestBody struct {
		Content map[string]struct{ Schema schema }
	}
}

type schema struct {
	Ref        string `json:"$ref"`
	Format     string
	Properties map[string]schema
}

func read(t *testing.T, api *rest.API) (doc described) {
	text, err := api.Document()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &doc))
	return doc
}

func (w *Walk) ask(authorization, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", authorization)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	a := httptest.NewRecorder()
	w.API.ServeHTTP(a, r)
	return a
}

// clean fails when an answer to the stranger shows anything of the owner's.
func (w *Walk) clean(t *testing.T, what string, a *httptest.ResponseRecorder) {
	t.Helper()
	for _, mark := range w.Marks {
		require.NotContains(t, a.Body.String(), mark, what)
	}
	require.Less(t, a.Code, 500, what)
}

// object tries one method on a foreign object.
func (w *Walk) object(t *testing.T, method, path string) {
	a := w.ask(w.Stranger, method, path, bodyOf(method, "{}"))
	w.clean(t, method+" "+path, a)
	require.Contains(t, []int{http.StatusNotFound, http.StatusForbidden, http.StatusMethodNotAllowed}, a.Code, "%s %s: %s", method, path, a.Body)
}

func bodyOf(method, body string) string {
	switch method {
	case http.MethodGet, http.MethodDelete:
		return ""
	}
	return body
}

// list reads a list in every way, and tries to make objects that refer to
// foreign ones.
func (w *Walk) list(t *testing.T, path string, item map[string]*operation, doc described) {
	if get := item["get"]; get != nil {
		queries := []string{"?page_size=100"}
		for _, p := range get.Parameters {
			if p.In != "query" || p.Name == "page" || p.Name == "page_size" {
				continue
			}
			for _, v := range slices.Concat(w.IDs, w.Marks) {
				queries = append(queries, "?"+p.Name+"="+v)
			}
		}
		for _, q := range queries {
			// a fault repeats the filter's own value, which the stranger knows
			if a := w.ask(w.Stranger, http.MethodGet, path+q, ""); a.Code != http.StatusBadRequest {
				w.clean(t, "GET "+path+q, a)
			}
		}
	}
	post := item["post"]
	if post == nil {
		return
	}
	body := post.RequestBody.Content["application/json"].Schema
	if known, ok := doc.Components.Schemas[strings.TrimPrefix(body.Ref, "#/components/schemas/")]; ok {
		body = known
	}
	for name, p := range body.Properties {
		if p.Format != "uuid" {
			continue
		}
		for _, id := range w.IDs {
			body, err := json.Marshal(map[string]string{name: id})
			require.NoError(t, err)
			a := w.ask(w.Stranger, http.MethodPost, path, string(body))
			what := fmt.Sprintf("POST %s %s", path, body)
			w.clean(t, what, a)
			require.GreaterOrEqual(t, a.Code, 400, what)
			if a.Code == http.StatusBadRequest {
				require.Contains(t, faulty(t, a), name, what)
			}
		}
	}
}

// faulty are the fields an answer finds fault with.
func faulty(t *testing.T, a *httptest.ResponseRecorder) []string {
	var faults map[string]any
	require.NoError(t, json.Unmarshal(a.Body.Bytes(), &faults))
	return slices.Collect(maps.Keys(faults))
}
