package controllerhttp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
)

const schemaPath = "/api/v1/controller/schema/"

// schemas is the map of JSON Schemas by backend, written once.
type schemas struct {
	body     []byte
	modified time.Time
}

func newSchemas(backends, more []controller.Backend, now time.Time) (schemas, error) {
	all := map[string]json.RawMessage{}
	for _, list := range [][]controller.Backend{backends, more} {
		for _, b := range list {
			all[b.Path] = b.Schema
			if len(b.Schema) == 0 {
				all[b.Path] = json.RawMessage("{}")
			}
		}
	}
	body, err := json.Marshal(all)
	if err != nil {
		return schemas{}, fmt.Errorf("controllerhttp: schemas: %w", err)
	}
	return schemas{body, now.UTC().Truncate(time.Second)}, nil
}

// mountSchemas serves the schemas that forms are made from, at the path of the
// web admin and at one of the API (spec: controller-config §13.1).
func (h *HTTP) mountSchemas(api *rest.API) {
	api.Mount(&rest.View{Path: schemaPath, Name: "Configuration Schemas", Tag: "controller", Access: rest.Everyone},
		rest.Op{Method: http.MethodGet, ID: "controller_schema", Summary: "Read the JSON Schemas of configurations by backend",
			Doc: documentSchemas, Handle: h.readSchemas})
	api.Handle("/config/schema.json", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner := r.Clone(r.Context())
		inner.URL.Path, inner.URL.RawPath = schemaPath, ""
		api.ServeHTTP(w, inner)
	}))
}

func documentSchemas(o *huma.Operation) {
	object := func(description string) *huma.Response {
		return &huma.Response{Description: description, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: "object"}}}}
	}
	o.Responses["200"] = object("JSON Schemas by backend")
	o.Responses["304"] = &huma.Response{Description: "Not changed since If-Modified-Since"}
	o.Responses["403"] = object("Log-in required")
}

func (h *HTTP) readSchemas(r *rest.Request) (int, any, error) {
	if r.Caller == nil || !r.Caller.Staff && !r.Caller.Superuser {
		return 0, nil, &rest.Failure{Status: http.StatusForbidden, Body: map[string]string{"error": "login required"}}
	}
	r.ResponseHeader().Set("Last-Modified", h.schemas.modified.Format(http.TimeFormat))
	if since, err := http.ParseTime(r.HTTP.Header.Get("If-Modified-Since")); err == nil && !h.schemas.modified.After(since) {
		return http.StatusNotModified, nil, nil
	}
	return http.StatusOK, rest.Raw{ContentType: "application/json", Body: h.schemas.body}, nil
}
