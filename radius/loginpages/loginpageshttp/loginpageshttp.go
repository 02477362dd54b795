// Package loginpageshttp puts the configuration of login pages on the wire, with their
// files, what people consented to and how many came. The pages themselves are package
// loginpages's.
package loginpageshttp

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/loginpages"
)

const (
	tag       = "radius"
	pageKind  = "loginpages.page"
	assetKind = "loginpages.asset"
	asked     = "loginpages.signup"
	change    = wispwright.Permission("loginpages.change_page")
)

// HTTP are the endpoints.
type HTTP struct {
	s *loginpages.Service
	p *loginpages.Pages
	r *radius.Radius
}

// New returns the endpoints of a service and its pages.
func New(s *loginpages.Service, p *loginpages.Pages, r *radius.Radius) (*HTTP, error) {
	if s == nil || p == nil || r == nil {
		return nil, errors.New("loginpageshttp: the service, the pages and the concern radius are required")
	}
	return &HTTP{s, p, r}, nil
}

type pageIn struct {
	Organization rest.Opt[wispwright.ID]   `json:"organization" required:"true" rel:"organization"`
	Variant      rest.Opt[string]          `json:"variant" maxLength:"50" help:"main for the organization's page, or the name of another one at the organization's slug, a hyphen and this."`
	Document     rest.Opt[wispwright.JSON] `json:"document" object:"true" help:"Keys of the files of OpenWISP WiFi Login Pages; what is left out is as in the defaults."`
	Disabled     rest.Opt[bool]            `json:"disabled"`
}

type pageOut struct {
	ID           wispwright.ID   `json:"id"`
	Organization wispwright.ID   `json:"organization"`
	Variant      string          `json:"variant"`
	Document     wispwright.JSON `json:"document"`
	Disabled     bool            `json:"disabled"`
	Created      rest.Time       `json:"created"`
	Modified     rest.Time       `json:"modified"`
}

func pageOf(p *loginpages.Page) pageOut {
	return pageOut{p.ID, p.OrganizationID, p.Variant, p.Document, p.Disabled, rest.Time(p.Created), rest.Time(p.Modified)}
}

// managed limits everything to the organizations the caller manages.
func managed(r *rest.Request) (read, write wispwright.Scope) { return r.WriteScope(), r.WriteScope() }

// Mount adds everything to the API.
func (h *HTTP) Mount(api *rest.API) {
	rest.Mount(api, rest.Resource[wispwright.ID, loginpages.Page, loginpages.PageFilter, pageIn, pageOut]{
		Path: "/api/v1/radius/login-page/", Name: "Login Page", Noun: "Page", ID: "radius_login_page", Tag: tag, Kind: pageKind,
		Service: h.s.Pages, Scopes: managed, Organization: func(p *loginpages.Page) wispwright.ID { return p.OrganizationID }, Version: func(p *loginpages.Page) []any { return []any{p.Modified} },
		BodyLimit: 1 << 20, Out: rest.Each(pageOf),
		Apply: func(_ *rest.Request, in *pageIn, p *loginpages.Page) error {
			in.Organization.Into(&p.OrganizationID)
			in.Variant.Into(&p.Variant)
			in.Document.Into(&p.Document)
			in.Disabled.Into(&p.Disabled)
			return nil
		},
		Filters: append(rest.FilterOrganization(func(f *loginpages.PageFilter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterText("search", func(f *loginpages.PageFilter, v string) { f.Search = v })),
		Ordering: map[string]string{"variant": "Variant", "created": "Created", "modified": "Modified"},
	})
	h.mountFiles(api)
	h.mountActions(api)
	h.mountNumbers(api)
}

type fileIn struct {
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
	Name         rest.Opt[string]        `json:"name" required:"true" maxLength:"100"`
	Data         rest.Opt[string]        `json:"data" required:"true" writeOnly:"true" maxLength:"400000" help:"The octets in base64, up to 256 KiB."`
}

type fileOut struct {
	ID           wispwright.ID `json:"id"`
	Organization wispwright.ID `json:"organization"`
	Name         string        `json:"name"`
	Type         string        `json:"type"`
	Size         int           `json:"size"`
	Digest       string        `json:"digest"`
	Created      rest.Time     `json:"created"`
	Modified     rest.Time     `json:"modified"`
}

func (h *HTTP) mountFiles(api *rest.API) {
	rest.Mount(api, rest.Resource[wispwright.ID, loginpages.Asset, loginpages.AssetFilter, fileIn, fileOut]{
		Path: "/api/v1/radius/login-page-file/", Name: "Login Page File", Noun: "Asset", ID: "radius_login_page_file", Tag: tag, Kind: assetKind,
		Service: h.s.Assets, Scopes: managed, Organization: func(a *loginpages.Asset) wispwright.ID { return a.OrganizationID }, BodyLimit: 1 << 20,
		Out: rest.Each(func(a *loginpages.Asset) fileOut {
			return fileOut{a.ID, a.OrganizationID, a.Name, a.Type, len(a.Data), a.Digest, rest.Time(a.Created), rest.Time(a.Modified)}
		}),
		Apply: func(_ *rest.Request, in *fileIn, a *loginpages.Asset) error {
			in.Organization.Into(&a.OrganizationID)
			in.Name.Into(&a.Name)
			if in.Data.Set {
				b, err := base64.StdEncoding.DecodeString(in.Data.V)
				if err != nil {
					return wispwright.Invalid("data", "This is not base64.")
				}
				a.Data = b
			}
			return nil
		},
		Filters: append(rest.FilterOrganization(func(f *loginpages.AssetFilter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterText("search", func(f *loginpages.AssetFilter, v string) { f.Search = v })),
		Ordering: map[string]string{"name": "Name", "modified": "Modified"},
	})
}

type importIn struct {
	Variant rest.Opt[string] `json:"variant" blank:"true" maxLength:"50"`
	YAML    rest.Opt[string] `json:"yaml" required:"true" maxLength:"262144" trim:"false" help:"A file of organizations/ of OpenWISP WiFi Login Pages."`
}

type importOut struct {
	Page     pageOut  `json:"page"`
	Warnings []string `json:"warnings" doc:"What of the file is not used."`
}

type previewIn struct {
	Document rest.Opt[wispwright.JSON] `json:"document" object:"true"`
	Page     rest.Opt[string]          `json:"page" enum:"login,registration,status"`
	Language rest.Opt[string]          `json:"language" blank:"true" maxLength:"20"`
}

type previewOut struct {
	HTML string `json:"html" doc:"A whole page, to be shown in a sandbox."`
}

// organization refuses organizations that the caller does not manage.
func (h *HTTP) organization(r *rest.Request) (radius.InForce, error) {
	if !r.WriteScope().Allows(r.ID("id")) {
		return radius.InForce{}, wispwright.ErrNotFound
	}
	return h.r.Settings.Effective(r.Context(), r.ID("id"))
}

func (h *HTTP) mountActions(api *rest.API) {
	view := func(path, name string) *rest.View {
		return &rest.View{Path: "/api/v1/radius/organization/{id}/login-page/" + path, Name: name, Noun: "Organization", Tag: tag, Kind: pageKind}
	}
	load := rest.Action("POST", "radius_organization_login_page_import", http.StatusOK, func(r *rest.Request, in *importIn) (importOut, error) {
		if _, err := h.organization(r); err != nil {
			return importOut{}, err
		}
		page, warnings, err := h.s.Import(r.Context(), r.WriteScope(), r.ID("id"), in.Variant.V, []byte(in.YAML.V))
		if err != nil {
			return importOut{}, err
		}
		if warnings == nil {
			warnings = []string{}
		}
		slices.Sort(warnings)
		return importOut{pageOf(page), warnings}, nil
	})
	load.Permission, load.Summary = change, "Make or replace a page by a YAML file"
	api.Mount(view("import/", "Login Page Import"), load)
	preview := rest.Action("POST", "radius_organization_login_page_preview", http.StatusOK, func(r *rest.Request, in *previewIn) (previewOut, error) {
		set, err := h.organization(r)
		if err != nil {
			return previewOut{}, err
		}
		page := in.Page.V
		if page == "" {
			page = "login"
		}
		b, err := h.p.Preview(r.Context(), set, page, in.Language.V, in.Document.V)
		return previewOut{string(b)}, err
	})
	preview.Permission, preview.Summary = change, "See a page with a configuration that is not stored"
	api.Mount(view("preview/", "Login Page Preview"), preview)
}

type dayOut struct {
	Organization wispwright.ID `json:"organization"`
	Day          string        `json:"day"`
	Seen         int64         `json:"seen"`
	Tried        int64         `json:"tried"`
	Online       int64         `json:"online"`
}

type signupOut struct {
	ID           wispwright.ID   `json:"id"`
	Organization wispwright.ID   `json:"organization"`
	User         wispwright.ID   `json:"user"`
	Username     string          `json:"username"`
	Language     string          `json:"language"`
	Terms        *wispwright.ID  `json:"terms"`
	Privacy      *wispwright.ID  `json:"privacy"`
	Fields       wispwright.JSON `json:"fields"`
	Created      rest.Time       `json:"created"`
}

type policyOut struct {
	ID           wispwright.ID `json:"id"`
	Organization wispwright.ID `json:"organization"`
	Kind         string        `json:"kind"`
	Language     string        `json:"language"`
	Digest       string        `json:"digest"`
	Text         string        `json:"text"`
	Created      rest.Time     `json:"created"`
}

// owner is the organization that a list is limited to.
func owner(r *rest.Request) wispwright.ID {
	id, err := wispwright.ParseID(r.Query().Get("organization"))
	if err != nil {
		return wispwright.ID{}
	}
	return id
}

func list[T, Out any](api *rest.API, path, name, id, kind string, fetch func(*rest.Request, wispwright.Page) (wispwright.Items[T], error), out func(*T) Out) {
	api.Mount(&rest.View{Path: "/api/v1/radius/" + path, Name: name, Tag: tag, Kind: kind}, rest.Documented[rest.None, rest.Page[Out]](http.StatusOK, rest.Op{
		Method: "GET", ID: id, Doc: rest.Doc{Query: map[string]string{"organization": "a UUID", "page": "number of the page", "page_size": "up to 100"}},
		Handle: func(r *rest.Request) (int, any, error) {
			page, err := r.Paginate(20, 100, func(p wispwright.Page) (any, int, error) {
				found, err := fetch(r, p)
				rows := make([]Out, 0, len(found.Rows))
				for _, x := range found.Rows {
					rows = append(rows, out(x))
				}
				return rows, found.Total, err
			})
			return http.StatusOK, page, err
		},
	}))
}

// mountNumbers adds the funnel, what people said when registering, and the versions of
// texts that they consented to.
func (h *HTTP) mountNumbers(api *rest.API) {
	list(api, "login-page-funnel/", "Login Page Funnel", "radius_login_page_funnel_list", pageKind, func(r *rest.Request, p wispwright.Page) (wispwright.Items[loginpages.Day], error) {
		return h.s.Funnel(r.Context(), r.WriteScope(), loginpages.DayFilter{OrganizationID: owner(r)}, p)
	}, func(d *loginpages.Day) dayOut { return dayOut{d.OrganizationID, d.Day, d.Seen, d.Tried, d.Online} })
	list(api, "login-page-signup/", "Login Page Sign-Up", "radius_login_page_signup_list", asked, func(r *rest.Request, p wispwright.Page) (wispwright.Items[loginpages.Signup], error) {
		return h.s.Signups(r.Context(), r.WriteScope(), loginpages.SignupFilter{OrganizationID: owner(r), Search: r.Query().Get("search")}, p)
	}, func(x *loginpages.Signup) signupOut {
		return signupOut{x.ID, x.OrganizationID, x.UserID, x.Username, x.Language, rest.Null(x.TermsID), rest.Null(x.PrivacyID), x.Fields, rest.Time(x.Created)}
	})
	list(api, "login-page-policy/", "Login Page Policy", "radius_login_page_policy_list", asked, func(r *rest.Request, p wispwright.Page) (wispwright.Items[loginpages.Policy], error) {
		return h.s.Policies(r.Context(), r.WriteScope(), loginpages.PolicyFilter{OrganizationID: owner(r)}, p)
	}, func(x *loginpages.Policy) policyOut {
		return policyOut{x.ID, x.OrganizationID, string(x.Kind), x.Language, x.Digest, x.Text, rest.Time(x.Created)}
	})
}
