package controllerhttp

import (
	"net/http"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

// templateIn creates or changes a template. auto_cert and tag_names are beyond
// what OpenWISP takes, where tags are read-only.
type templateIn struct {
	Name          rest.Opt[string]          `json:"name" required:"true" maxLength:"64"`
	Organization  rest.Opt[wispwright.ID]   `json:"organization" required:"true" nullable:"true" rel:"organization"`
	Type          rest.Opt[string]          `json:"type" enum:"generic,vpn,cert" enumLabels:"Generic,VPN-client,Certificate generator" help:"template type, determines which features are available"`
	Backend       rest.Opt[string]          `json:"backend" required:"true" maxLength:"128" help:"Select the backend the template is written for"`
	VPN           rest.Opt[wispwright.ID]   `json:"vpn" nullable:"true" rel:"vpn" label:"VPN"`
	AutoCert      rest.Opt[bool]            `json:"auto_cert" label:"automatic tunnel provisioning"`
	TagNames      rest.Opt[[]string]        `json:"tag_names" maxLength:"100" help:"replaces the tags"`
	Default       rest.Opt[bool]            `json:"default" label:"enabled by default"`
	Required      rest.Opt[bool]            `json:"required"`
	DefaultValues rest.Opt[wispwright.JSON] `json:"default_values"`
	Config        rest.Opt[wispwright.JSON] `json:"config" label:"configuration"`
	Notes         rest.Opt[string]          `json:"notes" blank:"true" help:"for people: no configuration is made of them"`
	CA            rest.Opt[int64]           `json:"ca" nullable:"true" label:"Certification Authority" help:"of the type cert: whose certificates devices get"`
	Blueprint     rest.Opt[int64]           `json:"blueprint_cert" nullable:"true" label:"Blueprint certificate" help:"of the type cert: what certificates are like; without one they are like the CA"`
}

// templateOut is a template of a list and in detail.
type templateOut struct {
	ID            wispwright.ID   `json:"id"`
	Name          string          `json:"name"`
	Organization  wispwright.ID   `json:"organization"`
	Type          string          `json:"type"`
	Backend       string          `json:"backend"`
	VPN           wispwright.ID   `json:"vpn"`
	Tags          []string        `json:"tags"`
	Default       bool            `json:"default"`
	Required      bool            `json:"required"`
	DefaultValues wispwright.JSON `json:"default_values"`
	Config        wispwright.JSON `json:"config"`
	Created       rest.Time       `json:"created"`
	Modified      rest.Time       `json:"modified"`
	AutoCert      bool            `json:"auto_cert"`
	Notes         string          `json:"notes"`
	Broken        *brokenOut      `json:"broken_configurations"`
	CA            *int64          `json:"ca"`
	Blueprint     *int64          `json:"blueprint_cert"`
	Devices       int             `json:"devices" help:"how many devices that the caller may see have it"`
}

// mountTemplates adds templates (spec: controller-config §12.6).
func (h *HTTP) mountTemplates(api *rest.API) {
	rest.Mount(api, rest.Resource[wispwright.ID, controller.Template, controller.TemplateFilter, templateIn, templateOut]{
		Path: "/api/v1/controller/template/",
		Name: "Template", Noun: "Template", ID: "controller_template", Tag: "controller", Kind: "config.template",
		Service: h.c.Templates,
		Check:   h.checkTemplate,
		New: func(*rest.Request) (*controller.Template, error) {
			return &controller.Template{Type: controller.TemplateGeneric, AutoCert: true}, nil
		},
		Apply:        applyTemplate,
		Organization: func(t *controller.Template) wispwright.ID { return t.OrganizationID },
		Version: func(t *controller.Template) []any {
			return []any{t.Name, t.OrganizationID, t.Type, t.Backend, t.VPNID, t.AutoCert, t.Tags, t.Default, t.Required, string(t.DefaultValues), string(t.Config), t.Notes, t.CAID, t.BlueprintID}
		},
		Out:      h.templatesOut,
		Filters:  h.templateFilters(),
		Ordering: map[string]string{"name": "Name", "type": "Type", "backend": "Backend", "default": "Default", "required": "Required", "created": "Created", "modified": "Modified"},
		Unique: map[string]error{
			controller.UniqueTemplateName: wispwright.Invalid("non_field_errors", "The fields organization, name must make a unique set."),
		},
	})
	api.Mount(&rest.View{
		Path: "/api/v1/controller/template/{id}/configuration/", Name: "Template Configuration", Tag: "controller", Kind: "config.template",
	}, rest.Op{Method: http.MethodGet, ID: "controller_template_configuration", Summary: "Download the template rendered alone",
		Doc: rest.DocRaw("application/octet-stream", "The template's .tar.gz"),
		Handle: func(r *rest.Request) (int, any, error) {
			a, err := h.c.Templates.Configuration(r.Context(), r.ReadScope(), r.ID("id"))
			if err != nil {
				return 0, nil, err
			}
			return http.StatusOK, sendArchive(r, a), nil
		}})
}

// templatesOut also tells what a change breaks, which nobody would look for.
func (h *HTTP) templatesOut(r *rest.Request, rows []*controller.Template) ([]templateOut, error) {
	out := make([]templateOut, len(rows))
	ids := make([]wispwright.ID, len(rows))
	for i, t := range rows {
		ids[i] = t.ID
	}
	users, err := h.c.Templates.Users(r.Context(), r.ReadScope(), ids)
	if err != nil {
		return nil, err
	}
	for i, t := range rows {
		out[i] = templateOut{ID: t.ID, Name: t.Name, Organization: t.OrganizationID, Type: string(t.Type), Backend: t.Backend, VPN: t.VPNID,
			Tags: append([]string{}, t.Tags...), Default: t.Default, Required: t.Required, DefaultValues: object(t.DefaultValues),
			Config: object(t.Config), Created: rest.Time(t.Created), Modified: rest.Time(t.Modified), AutoCert: t.AutoCert, Notes: t.Notes, CA: rest.Null(t.CAID), Blueprint: rest.Null(t.BlueprintID), Devices: users[t.ID]}
		if r.HTTP.Method != http.MethodPut && r.HTTP.Method != http.MethodPatch {
			continue
		}
		b, err := h.c.Templates.Broken(r.Context(), t.ID)
		out[i].Broken = h.brokenOut(r, b, err)
	}
	return out, nil
}

func (h *HTTP) templateFilters() []rest.Filter[controller.TemplateFilter] {
	type filter = controller.TemplateFilter
	return append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
		rest.FilterChoice("backend", h.backendPaths(), func(f *filter, v string) { f.Backend = v }),
		rest.FilterChoice("type", []string{string(controller.TemplateGeneric), string(controller.TemplateVPN), "cert"},
			func(f *filter, v string) { f.Type = controller.TemplateType(v) }),
		rest.FilterBool("default", func(f *filter, v bool) { f.Default = &v }),
		rest.FilterBool("required", func(f *filter, v bool) { f.Required = &v }),
		rest.FilterTime("created", func(f *filter, v time.Time) { f.Created = v }),
		rest.FilterTime("created__gte", func(f *filter, v time.Time) { f.CreatedFrom = v }),
		rest.FilterTime("created__lt", func(f *filter, v time.Time) { f.CreatedBefore = v }),
		rest.FilterText("tag", func(f *filter, v string) { f.Tag = v }),
		rest.FilterText("search", func(f *filter, v string) { f.Search = v }),
	)
}

// checkTemplate adds what the API says of combinations before the concern
// looks at the whole (§12.6).
func (h *HTTP) checkTemplate(r *rest.Request, in *templateIn) error {
	var v wispwright.ValidationError
	h.checkBackend(&v, "backend", in.Backend)
	if in.Config.Set && strings.HasPrefix(string(in.Config.V), `"`) {
		v.Add("config", "Enter valid JSON.")
		v.Add("config", "Unexpected configuration format.")
	}
	generic := in.Type.Or("") == string(controller.TemplateGeneric)
	if generic && in.VPN.Set && !in.VPN.Null {
		v.Add("vpn", "To select a VPN, set the template type to 'VPN-client'")
	} else if in.VPN.Set && !in.VPN.Null {
		known, err := h.c.VPNExists(r.Context(), r.ReadScope(), in.VPN.V)
		if err != nil {
			return err
		}
		if !known {
			v.Add("vpn", valid.UnknownPK(in.VPN.V))
		}
	}
	if generic && in.CA.Set && !in.CA.Null {
		v.Add("ca", "To select a CA, set the template type to 'Certificate generator'")
	}
	if generic && in.Config.Set && in.Config.V.IsObject() && in.Config.V.IsEmpty() {
		v.Add("config", "The configuration field cannot be empty.")
	}
	return v.Err()
}

func applyTemplate(_ *rest.Request, in *templateIn, t *controller.Template) error {
	in.Name.Into(&t.Name)
	in.Organization.Into(&t.OrganizationID)
	if in.Type.Set {
		t.Type = controller.TemplateType(in.Type.V)
	}
	in.Backend.Into(&t.Backend)
	in.VPN.Into(&t.VPNID)
	in.AutoCert.Into(&t.AutoCert)
	in.TagNames.Into(&t.Tags)
	in.Default.Into(&t.Default)
	in.Required.Into(&t.Required)
	in.DefaultValues.Into(&t.DefaultValues)
	in.Config.Into(&t.Config)
	in.Notes.Into(&t.Notes)
	in.CA.Into(&t.CAID)
	in.Blueprint.Into(&t.BlueprintID)
	return nil
}
