package firmwarehttp

import (
	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

type categoryIn struct {
	Name         rest.Opt[string]        `json:"name" required:"true" maxLength:"64"`
	Description  rest.Opt[string]        `json:"description" blank:"true"`
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" nullable:"true" rel:"organization"`
}

type categoryOut struct {
	ID           wispwright.ID `json:"id"`
	Created      rest.Time     `json:"created"`
	Modified     rest.Time     `json:"modified"`
	Name         string        `json:"name"`
	Description  string        `json:"description"`
	Organization wispwright.ID `json:"organization"`
}

// mountCategories adds categories.
func (h *HTTP) mountCategories(api *rest.API) {
	type filter = firmware.CategoryFilter
	rest.Mount(api, rest.Resource[wispwright.ID, firmware.Category, filter, categoryIn, categoryOut]{
		Path: Base + "category/", Name: "Category", ListName: "Category List", Noun: "Category", ID: "firmware_upgrader_category", Tag: tag, Kind: categoryKind, Throttle: h.throttle, StrictIDs: true,
		Service: h.s.Categories, Organization: func(c *firmware.Category) wispwright.ID { return c.OrganizationID },
		Version: func(c *firmware.Category) []any { return []any{c.Name, c.Description, c.OrganizationID} },
		Out: rest.Each(func(c *firmware.Category) categoryOut {
			return categoryOut{c.ID, rest.Time(c.Created), rest.Time(c.Modified), c.Name, c.Description, c.OrganizationID}
		}),
		Apply: func(r *rest.Request, in *categoryIn, c *firmware.Category) error {
			in.Name.Into(&c.Name)
			in.Description.Into(&c.Description)
			in.Organization.Into(&c.OrganizationID)
			if in.Organization.Null && !r.Caller.Superuser {
				return wispwright.Invalid("organization", "Only superusers can create or edit shared categories")
			}
			return nil
		},
		Filters: []rest.Filter[filter]{
			bySlug(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterOrganizationAs("organization_id", func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterText("search", func(f *filter, v string) { f.Search = v }),
		},
		Ordering: map[string]string{"name": "Name", "created": "Created", "modified": "Modified"},
		Unique:   map[string]error{firmware.UniqueCategory: unique("name, organization")},
	})
}

// unique is said of objects that are there already.
func unique(fields string) error {
	return wispwright.Invalid("non_field_errors", "The fields "+fields+" must make a unique set.")
}

type buildIn struct {
	Version   rest.Opt[string]        `json:"version" required:"true" maxLength:"32"`
	OS        rest.Opt[string]        `json:"os" nullable:"true" blank:"true" maxLength:"64" label:"OS identifier" help:"What devices with this build call their system. By it running builds are detected and upgrades verified."`
	Changelog rest.Opt[string]        `json:"changelog" blank:"true" label:"Change log" help:"What is new."`
	Category  rest.Opt[wispwright.ID] `json:"category" required:"true" rel:"category" label:"Firmware category" help:"What it is for."`
}

type categoryRelation struct {
	Name         string        `json:"name"`
	Organization wispwright.ID `json:"organization"`
}

type buildOut struct {
	ID       wispwright.ID    `json:"id"`
	Category categoryRelation `json:"category_relation"`
	Created  rest.Time        `json:"created"`
	Modified rest.Time        `json:"modified"`
	Version  string           `json:"version"`
	OS       *string          `json:"os"`
	Changes  string           `json:"changelog"`
	Parent   wispwright.ID    `json:"category"`
}

// mountBuilds adds builds.
func (h *HTTP) mountBuilds(api *rest.API) {
	type filter = firmware.BuildFilter
	rest.Mount(api, rest.Resource[wispwright.ID, firmware.Build, filter, buildIn, buildOut]{
		Path: Base + "build/", Name: "Build", ListName: "Build List", Noun: "Build", ID: "firmware_upgrader_build", Tag: tag, Kind: buildKind, Throttle: h.throttle, StrictIDs: true,
		Service: h.s.Builds, Organization: func(b *firmware.Build) wispwright.ID { return b.OrganizationID },
		Version: func(b *firmware.Build) []any { return []any{b.Version, b.OS, b.Changelog, b.CategoryID} },
		Check: func(r *rest.Request, in *buildIn) error {
			if !in.Category.Set || in.Category.Null {
				return nil
			}
			_, err := h.s.Categories.Get(r.Context(), r.WriteScope(), in.Category.V)
			return valid.Reference(err, "category", in.Category.V)
		},
		New: func(*rest.Request) (*firmware.Build, error) { return &firmware.Build{}, nil },
		Apply: func(r *rest.Request, in *buildIn, b *firmware.Build) error {
			in.Version.Into(&b.Version)
			in.OS.IntoPtr(&b.OS)
			in.Changelog.Into(&b.Changelog)
			in.Category.Into(&b.CategoryID)
			if b.OrganizationID.IsZero() && b.ID.IsZero() { // a new one is its category's
				c, err := h.s.Categories.Get(r.Context(), r.WriteScope(), b.CategoryID)
				if err != nil {
					return valid.Reference(err, "category", b.CategoryID)
				}
				b.OrganizationID = c.OrganizationID
			}
			return nil
		},
		Out: h.builds,
		Filters: []rest.Filter[filter]{
			rest.FilterID("category", func(f *filter, v wispwright.ID) { f.CategoryID = v }),
			rest.FilterText("version", func(f *filter, v string) { f.Version = v }),
			rest.FilterText("os", func(f *filter, v string) { f.OS = v }),
			bySlug(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterOrganizationAs("organization_id", func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterText("search", func(f *filter, v string) { f.Search = v }),
		},
		Ordering: map[string]string{"version": "Version", "created": "Created", "modified": "Modified"},
		Unique:   map[string]error{firmware.UniqueBuild: unique("category, version")},
	})
}

func (h *HTTP) builds(r *rest.Request, rows []*firmware.Build) ([]buildOut, error) {
	categories, err := h.s.Builds.Categories(r.Context(), rows...)
	if err != nil {
		return nil, err
	}
	out := make([]buildOut, len(rows))
	for i, b := range rows {
		out[i] = newBuildOut(b, categories[b.CategoryID])
	}
	return out, nil
}

func newBuildOut(b *firmware.Build, c *firmware.Category) buildOut {
	out := buildOut{ID: b.ID, Created: rest.Time(b.Created), Modified: rest.Time(b.Modified), Version: b.Version, OS: b.OS, Changes: b.Changelog, Parent: b.CategoryID}
	if c != nil {
		out.Category = categoryRelation{c.Name, c.OrganizationID}
	}
	return out
}
