// Package resttest checks the answers of an API made with package rest: every
// one against the API's own document, and every operation against the walls
// between two organizations.
package resttest

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/kit/rest"
)

// Recorder is a handler that serves an API and fails the test when an answer
// is not what the API's document says: an undocumented status, a body that
// does not fit its schema.
type Recorder struct {
	t        testing.TB
	api      *rest.API
	compiler *jsonschema.Compiler
	routes   []route

	mu      sync.Mutex
	schemas map[string]*jsonschema.Schema
	seen    map[string]int
}

type route struct {
	template string
	pattern  *regexp.Regexp
	item     map[string]any
}

// document is where the schemas are found by the compiler.
const document = "https://document/openapi.json"

// Record returns a recorder of an API on which everything is mounted.
func Record(t testing.TB, api *rest.API) *Recorder {
	t.Helper()
	raw, err := api.Document()
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	r := &Recorder{t: t, api: api, compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}, seen: map[string]int{}}
	r.compiler.AssertFormat()
	require.NoError(t, r.compiler.AddResource(document, doc))
	paths, _ := doc.(map[string]any)["paths"].(map[string]any)
	for template, item := range paths {
		var b strings.Builder
		for i, part := range regexp.MustCompile(`\{[^}]*\}`).Split(template, -1) {
			if i > 0 {
				b.WriteString(`[^/]+`)
			}
			b.WriteString(regexp.QuoteMeta(part))
		}
		r.routes = append(r.routes, route{template, regexp.MustCompile("^" + b.String() + "$"), item.(map[string]any)})
	}
	return r
}

// ServeHTTP serves and checks.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	method, path := q.Method, q.URL.Path
	rec := httptest.NewRecorder()
	r.api.ServeHTTP(rec, q)
	if err := r.check(method, path, rec); err != nil {
		r.t.Errorf("%s %s: %v", method, path, err)
	}
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	if rec.Body.Len() > 0 {
		_, err := w.Write(rec.Body.Bytes())
		require.NoError(r.t, err)
	}
}

// find returns the route of a path; a literal one wins over parameters.
func (r *Recorder) find(path string) *route {
	var best *route
	for i := range r.routes {
		if r.routes[i].pattern.MatchString(path) && (best == nil || strings.Count(r.routes[i].template, "{") < strings.Count(best.template, "{")) {
			best = &r.routes[i]
		}
	}
	return best
}

func (r *Recorder) check(method, path string, w *httptest.ResponseRecorder) error {
	rt := r.find(path)
	op, documented := map[string]any{}, false
	if rt != nil {
		op, documented = rt.item[strings.ToLower(method)].(map[string]any)
	}
	if w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
		return fmt.Errorf("answered %d: %s", w.Code, w.Body)
	}
	if rt == nil || !documented {
		return nil // a path of another kind, HEAD, OPTIONS or an unimplemented method
	}
	responses, _ := op["responses"].(map[string]any)
	status := strconv.Itoa(w.Code)
	response, ok := responses[status].(map[string]any)
	if !ok {
		return fmt.Errorf("status %s is not in the document; body %s", status, w.Body)
	}
	r.mu.Lock()
	r.seen[method+" "+rt.template]++
	r.mu.Unlock()
	media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	content, _ := response["content"].(map[string]any)
	if media == "text/html" && content["text/html"] == nil {
		return nil // the browsable page
	}
	if len(content) == 0 {
		if w.Body.Len() > 0 {
			return fmt.Errorf("status %s has a body the document does not know: %s", status, w.Body)
		}
		return nil
	}
	if content[media] == nil {
		return fmt.Errorf("status %s as %q is not in the document", status, media)
	}
	if media != "application/json" {
		return nil
	}
	return r.validate(rt.template, method, status, w.Body.Bytes())
}

func (r *Recorder) validate(template, method, status string, body []byte) error {
	pointer := document + "#/paths/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(template) + "/" +
		strings.ToLower(method) + "/responses/" + status + "/content/application~1json/schema"
	r.mu.Lock()
	schema := r.schemas[pointer]
	if schema == nil {
		var err error
		if schema, err = r.compiler.Compile(pointer); err != nil {
			r.mu.Unlock()
			return fmt.Errorf("compile the schema: %w", err)
		}
		r.schemas[pointer] = schema
	}
	r.mu.Unlock()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the body is no JSON: %w", err)
	}
	if err := schema.Validate(v); err != nil {
		return fmt.Errorf("status %s does not fit the document: %w; body %s", status, err, body)
	}
	return nil
}

// Unseen returns the documented operations that no request of the test has
// reached, as "METHOD path".
func (r *Recorder) Unseen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, rt := range r.routes {
		for method := range rt.item {
			if key := strings.ToUpper(method) + " " + rt.template; r.seen[key] == 0 {
				out = append(out, key)
			}
		}
	}
	return out
}
