package controllerhttp

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/netjsonconfig/backends"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

const schemaPath = "/api/v1/controller/schema/"

// schemas is the map of JSON Schemas by backend, written once.
type schemas struct {
	body     []byte
	modified time.Time
	etag     string
}

func newSchemas(backends, servers []render.Backend, now time.Time) (schemas, error) {
	all := map[string]json.RawMessage{}
	for _, b := range servers {
		all[b.Path] = b.Schema
	}
	for _, b := range backends {
		form, err := formSchema(b.Schema)
		if err != nil {
			return schemas{}, fmt.Errorf("controllerhttp: schema of %s: %w", b.Path, err)
		}
		all[b.Path] = form
	}
	body, err := json.Marshal(all)
	if err != nil {
		return schemas{}, fmt.Errorf("controllerhttp: schemas: %w", err)
	}
	sum := sha256.Sum256(body)
	return schemas{body, now.UTC().Truncate(time.Second), `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}, nil
}

// formSchema makes the schema of a form for devices and templates: the host
// name is the device's, and a new configuration begins empty (§13.1).
func formSchema(document []byte) ([]byte, error) {
	if len(document) == 0 {
		return []byte("{}"), nil
	}
	schema, err := ordered.DecodeObject(document)
	if err != nil {
		return nil, err
	}
	if general := inside(schema, "properties", "general"); general != nil {
		general.Delete("required") // at most the host name is
		if properties := inside(general, "properties"); properties != nil {
			properties.Delete("hostname")
		}
	}
	schema.Set("defaultProperties", []any{})
	return ordered.Append(nil, schema), nil
}

// inside follows keys to an object, or returns nil.
func inside(o *ordered.Object, keys ...string) *ordered.Object {
	for _, k := range keys {
		v, _ := o.Get(k)
		next, ok := v.(*ordered.Object)
		if !ok {
			return nil
		}
		o = next
	}
	return o
}

// vpnSchemas are those of the VPN servers a controller offers.
func vpnSchemas() []render.Backend {
	var out []render.Backend
	for _, b := range backends.Servers().Backends() {
		out = append(out, render.Backend{Path: b.Path, Label: b.Label, Schema: b.Document})
	}
	return out
}

// mountSchemas serves the schemas that forms are made from, at the path of the
// web admin and at one of the API (spec: controller-config §13.1).
func (h *HTTP) mountSchemas(api *rest.API) {
	api.Mount(&rest.View{Path: schemaPath, Name: "Configuration Schemas", Tag: "controller", Access: rest.Everyone},
		rest.Op{Method: http.MethodGet, ID: "controller_schema", Summary: "Read the JSON Schemas of configurations by backend",
			Doc: documentedSchemas(), Handle: h.readSchemas})
	api.Handle("/config/schema.json", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner := r.Clone(r.Context())
		inner.URL.Path, inner.URL.RawPath = schemaPath, ""
		api.ServeHTTP(w, inner)
	}))
}

func documentedSchemas() rest.Doc {
	return rest.Doc{Answers: map[int]rest.DocAnswer{
		http.StatusOK:          {Description: "JSON Schemas by backend", ContentType: "application/json"},
		http.StatusNotModified: {Description: "Not changed: If-None-Match names it, or If-Modified-Since is not before it"},
		http.StatusForbidden:   {Description: "Log-in required", ContentType: "application/json"},
	}}
}

func (h *HTTP) readSchemas(r *rest.Request) (int, any, error) {
	if r.Caller == nil || !r.Caller.Staff && !r.Caller.Superuser {
		return 0, nil, &rest.Failure{Status: http.StatusForbidden, Body: map[string]string{"error": "login required"}}
	}
	header := r.ResponseHeader()
	header.Set("Last-Modified", h.schemas.modified.Format(http.TimeFormat))
	header.Set("ETag", h.schemas.etag)
	// kept by browsers, which ask whether it still holds: only the program's version changes it
	header.Set("Cache-Control", "private, no-cache")
	if h.schemas.known(r.HTTP.Header) {
		return http.StatusNotModified, nil, nil
	}
	return http.StatusOK, rest.Raw{ContentType: "application/json", Body: h.schemas.body}, nil
}

// known reports whether a client has the schemas: by their tag, or, of a client
// that sends none, by when they were made (RFC 9110, 13.2.2).
func (s *schemas) known(header http.Header) bool {
	if tags := header.Get("If-None-Match"); tags != "" {
		for tag := range strings.SplitSeq(tags, ",") {
			if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(s.etag, "W/") {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(header.Get("If-Modified-Since"))
	return err == nil && !s.modified.After(since)
}
