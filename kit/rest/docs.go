package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/swaggest/swgui/v5/static"
	"go.yaml.in/yaml/v3"
)

// documents are the API's descriptions, rendered once.
type documents struct {
	json, yaml               []byte // OpenAPI 3.1
	swaggerJSON, swaggerYAML []byte // Swagger 2.0, without host
	err                      error
}

// MountDocs adds the documentation (rest-conventions §12): Swagger UI at
// /api/v1/docs/, the OpenAPI 3.1 document at /api/v1/openapi.json and .yaml,
// and Swagger 2.0 at /api/v1/docs.json, docs.yaml and docs/?format=openapi.
// Call it last.
func (a *API) MountDocs() {
	for path, d := range map[string]struct {
		contentType string
		text        func(*documents) []byte
	}{
		"/api/v1/openapi.json": {"application/json; charset=utf-8", func(d *documents) []byte { return d.json }},
		"/api/v1/openapi.yaml": {"application/yaml; charset=utf-8", func(d *documents) []byte { return d.yaml }},
		"/api/v1/docs.json":    {"application/json; charset=utf-8", func(d *documents) []byte { return d.swaggerJSON }},
		"/api/v1/docs.yaml":    {"application/yaml; charset=utf-8", func(d *documents) []byte { return d.swaggerYAML }},
	} {
		a.mux.Handle(path, a.docsView("Schema", func(r *Request) (int, any, error) {
			return a.documentAnswer(d.contentType, d.text)
		}))
	}
	ui := a.docsView("Documentation", func(r *Request) (int, any, error) {
		if r.Query().Get("format") == "openapi" {
			return a.documentAnswer("application/openapi+json", func(d *documents) []byte { return d.swaggerJSON })
		}
		r.header.Set("Content-Security-Policy", docsPolicy)
		return http.StatusOK, Raw{"text/html; charset=utf-8", []byte(docsPage)}, nil
	})
	a.mux.Handle("/api/v1/docs/", ui)
	a.mux.Handle("/api/v1/redoc/", ui)
	a.mux.Handle("/api/v1/docs/init.js", http.HandlerFunc(serveDocsScript))
	a.mux.Handle("/api/v1/docs/{asset}", http.HandlerFunc(serveDocsAsset))
}

// docsView is a view with the documentation's own ways of authentication. It
// negotiates nothing, so that the page and the document come as they are.
func (a *API) docsView(name string, get Handler) *View {
	access := Authenticated
	if a.options.PublicDocs {
		access = Everyone
	}
	return &View{Name: name, Access: access, Schemes: a.options.DocsSchemes, NonField: "__all__", BodyLimit: 1, api: a, raw: true,
		ops: []Op{{Method: http.MethodGet, Handle: get}}, allow: []string{"GET, HEAD, OPTIONS"}}
}

func (a *API) documentAnswer(contentType string, text func(*documents) []byte) (int, any, error) {
	a.once.Do(a.render)
	if a.rendered.err != nil {
		return 0, nil, a.rendered.err
	}
	return http.StatusOK, Raw{contentType, text(&a.rendered)}, nil
}

// render writes the documents; the API is complete by the first request.
func (a *API) render() {
	d := &a.rendered
	var err error
	if d.json, err = a.Document(); err != nil {
		d.err = err
		return
	}
	if d.yaml, err = a.document.YAML(); err != nil {
		d.err = err
		return
	}
	var doc map[string]any
	if err = json.Unmarshal(d.json, &doc); err != nil {
		d.err = err
		return
	}
	old := swagger(doc)
	if d.swaggerJSON, err = json.Marshal(old); err != nil {
		d.err = err
		return
	}
	d.swaggerYAML, d.err = yaml.Marshal(old)
}

const docsPage = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>API documentation</title><link rel="icon" type="image/png" href="../docs/favicon-32x32.png"><link rel="stylesheet" href="../docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="../docs/swagger-ui-bundle.js"></script><script src="../docs/swagger-ui-standalone-preset.js"></script><script src="../docs/init.js"></script>
</body>
</html>
`

// docsPolicy lets the page load nothing from elsewhere.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func serveDocsScript(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	_, _ = w.Write([]byte(`window.ui = SwaggerUIBundle({url: "../openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset], layout: "BaseLayout"});
`)) // the client is gone: nobody to tell
}

// serveDocsAsset sends the embedded files, which are compressed, as they are.
func serveDocsAsset(w http.ResponseWriter, r *http.Request) {
	name, err := url.PathUnescape(lookUp(r.Context(), "asset"))
	if err != nil || strings.ContainsAny(name, "/\\") {
		http.NotFound(w, r)
		return
	}
	body, err := fs.ReadFile(static.FS, name+".gz")
	if errors.Is(err, fs.ErrNotExist) {
		if body, err = fs.ReadFile(static.FS, name); err == nil {
			http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
			return
		}
		http.NotFound(w, r)
		return
	}
	kind := map[bool]string{true: "text/css; charset=utf-8", false: "text/javascript; charset=utf-8"}[strings.HasSuffix(name, ".css")]
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Set("Cache-Control", "max-age=86400")
	_, _ = w.Write(body) // the client is gone: nobody to tell
}
