package controllerhttp

import (
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// page is an address that OpenWISP's own pages ask, and where the API has it. A star
// stands for one part of the path.
type page struct{ admin, api string }

// pages are the helpers of OpenWISP's web admin that scripts ask (spec:
// controller-config §13.1).
var pages = [...]page{
	{"/admin/config/device/get-relevant-templates/*/", relevantPath + "*/"},
	{"/admin/config/device/config/get-relevant-templates/*/", relevantPath + "*/"}, // up to 24.11
	{"/admin/config/device/get-default-values/", defaultValuesPath},
	{"/admin/config/device/config/get-default-values/", defaultValuesPath},
	{"/admin/config/device/*/context.json", "/api/v1/controller/device/*/context.json/"},
	{"/admin/config/template/*/context.json", "/api/v1/controller/template/*/context.json/"},
	{"/admin/config/device/download/*/", "/api/v1/controller/device/*/configuration/"},
	{"/admin/config/template/download/*/", "/api/v1/controller/template/*/configuration/"},
	{"/admin/config/vpn/download/*/", "/api/v1/controller/vpn/*/configuration/"},
	{"/admin/config/devicegroup/config/devicegroup/ui/schema.json", groupSchemaPath},
}

const (
	defaultValuesPath = "/api/v1/controller/default-values/"
	groupSchemaPath   = "/api/v1/controller/group-schema/"
)

// Pages are the addresses of OpenWISP's web admin that an API answers once the concern is
// mounted on it. Each ends with a slash, whether it has one or not; a star stands for
// one part of a path.
func Pages() []string {
	var out []string
	for _, p := range pages {
		out = append(out, strings.TrimSuffix(p.admin, "/")+"/")
	}
	return out
}

// mountPages adds what these addresses answer, and the addresses.
func (h *HTTP) mountPages(api *rest.API) {
	object := func(description string) rest.Doc {
		return rest.Doc{Answers: map[int]rest.DocAnswer{http.StatusOK: {Description: description, ContentType: "application/json"}}}
	}
	values := object("default_values: the default values of some templates, later ones over earlier ones, as organization and group override them")
	values.Query = map[string]string{
		"pks": "the UUIDs of templates, in their order, parted by commas", "organization": "the UUID of an organization", "group": "the UUID of a group",
	}
	api.Mount(&rest.View{Path: defaultValuesPath, Name: "Default Values", Tag: "controller", Kind: "config.template"},
		rest.Op{Method: http.MethodGet, ID: "controller_default_values", Summary: "Tell the default values of templates", Doc: values, Handle: h.defaultValues})
	for _, of := range []struct {
		name string
		read func(r *rest.Request) (map[string]any, error)
	}{
		{"device", func(r *rest.Request) (map[string]any, error) {
			v, err := h.c.Devices.Context(r.Context(), r.ReadScope(), r.ID("id"))
			if err != nil {
				return nil, err
			}
			return v.All, nil
		}},
		{"template", func(r *rest.Request) (map[string]any, error) {
			return h.c.Templates.Context(r.Context(), r.ReadScope(), r.ID("id"))
		}},
	} {
		api.Mount(&rest.View{Path: "/api/v1/controller/" + of.name + "/{id}/context.json/", Name: "Context", Tag: "controller", Kind: "config." + of.name},
			rest.Op{Method: http.MethodGet, ID: "controller_" + of.name + "_context_json", Summary: "Read all variables in one object", Doc: object("the variables"),
				Handle: func(r *rest.Request) (int, any, error) {
					all, err := of.read(r)
					return http.StatusOK, nonNil(all), err
				}})
	}
	for _, p := range pages {
		begin, end, starred := strings.Cut(p.admin, "*")
		api.Handle(strings.Replace(p.admin, "*", "{part}", 1), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			to := p.api
			if starred {
				part := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, begin), end)
				to = strings.Replace(to, "*", part, 1)
			}
			inner := r.Clone(r.Context())
			inner.URL.Path, inner.URL.RawPath = to, ""
			api.ServeHTTP(w, inner)
		}))
	}
}

// defaultValues answers in the words of OpenWISP what is wrong.
func (h *HTTP) defaultValues(r *rest.Request) (int, any, error) {
	query := r.Query()
	wrong := func(what string) (int, any, error) {
		return 0, nil, &rest.Failure{Status: http.StatusBadRequest, Body: map[string]string{"error": "invalid " + what}}
	}
	var templates []wispwright.ID
	for _, text := range strings.Split(query.Get("pks"), ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		id, err := wispwright.ParseID(text)
		if err != nil {
			return wrong("template pks were received")
		}
		templates = append(templates, id)
	}
	var others [2]wispwright.ID
	for i, field := range []string{"group", "organization"} {
		if text := query.Get(field); text != "" {
			var err error
			if others[i], err = wispwright.ParseID(text); err != nil {
				return wrong(field + " pk was received")
			}
		}
	}
	values, err := h.c.Templates.DefaultValuesOf(r.Context(), r.ReadScope(), templates, others[0], others[1])
	if err != nil {
		return 0, nil, err
	}
	out := ordered.NewObject()
	out.Set("default_values", values)
	return http.StatusOK, rest.Raw{ContentType: "application/json", Body: ordered.Append(nil, out)}, nil
}
