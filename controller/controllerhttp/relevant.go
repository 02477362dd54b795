package controllerhttp

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

const relevantPath = "/api/v1/controller/relevant-template/"

// mountRelevant adds which templates a device may have; OpenWISP's own pages ask for it
// too (additions: C-9).
func (h *HTTP) mountRelevant(api *rest.API) {
	api.Mount(&rest.View{
		Path: relevantPath + "{organization:text}/", Name: "Relevant Templates", Tag: "controller", Kind: "config.template",
	}, rest.Op{Method: http.MethodGet, ID: "controller_relevant_templates",
		Summary: "Tell which templates a device of an organization, or of one still to be chosen (null), may have",
		Doc: rest.Doc{
			Query: map[string]string{
				"backend":   "the backend of the configuration; without it templates that come by themselves are left out",
				"config_id": "the UUID of a device whose templates are selected: nothing here tells the ids of configurations", "group_id": "the UUID of a group whose templates are selected",
			},
			Answers: map[int]rest.DocAnswer{
				http.StatusOK: {Description: "name, backend, default, required and selected of templates by their id, selected ones first", ContentType: "application/json"},
			},
		}, Handle: h.relevant})
}

func (h *HTTP) relevant(r *rest.Request) (int, any, error) {
	var v wispwright.ValidationError
	read := func(field, text string) (id wispwright.ID) {
		id, err := wispwright.ParseID(text)
		if err != nil {
			v.Add(field, "“"+text+"” is not a valid UUID.")
		}
		return id
	}
	query := r.Query()
	optional := func(field string) (id wispwright.ID) {
		if text := query.Get(field); text != "" {
			id = read(field, text)
		}
		return id
	}
	var organization wispwright.ID
	if text := r.Text("organization"); text != "null" {
		organization = read("organization", text)
	}
	config, group := optional("config_id"), optional("group_id")
	backend := query.Get("backend")
	if backend != "" {
		h.checkBackend(&v, "backend", rest.Opt[string]{Set: true, V: backend})
	}
	if err := v.Err(); err != nil {
		return 0, nil, err
	}
	if organization.IsZero() && r.Text("organization") != "null" { // the id of nothing
		return 0, nil, wispwright.ErrNotFound
	}
	found, chosen, err := h.c.Templates.Relevant(r.Context(), r.ReadScope(), organization, backend, config, group)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, rest.Raw{ContentType: "application/json", Body: ordered.Append(nil, h.relevantOut(found, chosen))}, nil
}

// relevantOut keeps the order, which means something.
func (h *HTTP) relevantOut(found []*controller.Template, chosen int) *ordered.Object {
	labels := map[string]string{}
	for _, b := range h.c.Backends() {
		labels[b.Path] = b.Label
	}
	out := ordered.NewObject()
	for i, t := range found {
		item := ordered.NewObject()
		item.Set("name", t.Name)
		item.Set("backend", labels[t.Backend])
		item.Set("default", t.Default)
		item.Set("required", t.Required)
		item.Set("selected", i < chosen)
		out.Set(t.ID.String(), item)
	}
	return out
}
