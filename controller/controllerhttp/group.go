package controllerhttp

import (
	"errors"
	"net/http"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

const groupPath = "/api/v1/controller/group/"

// groupIn creates or changes a group. What a PATCH leaves out stays.
type groupIn struct {
	Name         rest.Opt[string]          `json:"name" required:"true" maxLength:"60"`
	Organization rest.Opt[wispwright.ID]   `json:"organization" required:"true" rel:"organization"`
	Description  rest.Opt[string]          `json:"description" blank:"true" help:"internal notes"`
	Templates    rest.Opt[[]wispwright.ID] `json:"templates" required:"true" rel:"template" help:"These templates are automatically assigned to the devices that are part of the group. Default and required templates are excluded from this list. If the group of the device is changed, these templates will be automatically removed and the templates of the new group will be assigned."`
	Context      rest.Opt[wispwright.JSON] `json:"context" label:"Configuration variables" help:"This field can be used to add meta data for the group or to add \"Configuration Variables\" to the devices."`
	MetaData     rest.Opt[wispwright.JSON] `json:"meta_data" label:"Metadata" help:"Group meta data, use this field to store data which is related to this group and can be retrieved via the REST API."`
}

// groupOut is a group of a list and in detail.
type groupOut struct {
	ID           wispwright.ID   `json:"id"`
	Name         string          `json:"name"`
	Organization wispwright.ID   `json:"organization"`
	Description  string          `json:"description"`
	Templates    []wispwright.ID `json:"templates"`
	Context      wispwright.JSON `json:"context"`
	MetaData     wispwright.JSON `json:"meta_data"`
	Created      rest.Time       `json:"created"`
	Modified     rest.Time       `json:"modified"`
	Devices      int             `json:"devices" help:"how many devices that the caller may see are in it"`
}

// mountGroups adds groups of devices (spec: controller-config §12.5).
func (h *HTTP) mountGroups(api *rest.API) {
	rest.Mount(api, rest.Resource[wispwright.ID, controller.Group, controller.GroupFilter, groupIn, groupOut]{
		Path: groupPath,
		Name: "Device Group", Noun: "DeviceGroup", ID: "controller_group", Tag: "controller", Kind: "config.devicegroup",
		Service:      h.c.Groups,
		Check:        h.checkGroup,
		Apply:        applyGroup,
		Organization: func(g *controller.Group) wispwright.ID { return g.OrganizationID },
		Version: func(g *controller.Group) []any {
			return []any{g.Name, g.OrganizationID, g.Description, g.Templates, string(g.Context), string(g.MetaData)}
		},
		Out:      h.groupsOut,
		Filters:  groupFilters(),
		Ordering: map[string]string{"name": "Name", "created": "Created", "modified": "Modified"},
		Unique: map[string]error{
			controller.UniqueGroupName: wispwright.Invalid("non_field_errors", "The fields organization, name must make a unique set."),
		},
	})
	api.Mount(&rest.View{Path: groupSchemaPath, Name: "Device Group Schema", Tag: "controller", Kind: "config.devicegroup"},
		rest.Op{Method: http.MethodGet, ID: "controller_group_schema", Summary: "Read the JSON Schema of the metadata of groups",
			Doc: rest.Doc{Answers: map[int]rest.DocAnswer{http.StatusOK: {Description: "A JSON Schema", ContentType: "application/json"}}},
			Handle: func(*rest.Request) (int, any, error) {
				return http.StatusOK, rest.Raw{ContentType: "application/json", Body: []byte(h.c.Groups.Schema())}, nil
			}})
}

func groupFilters() []rest.Filter[controller.GroupFilter] {
	type filter = controller.GroupFilter
	return append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
		// the other way round than its name says, as OpenWISP has it (§12.5)
		rest.FilterBool("empty", func(f *filter, v bool) { f.HasDevices = &v }),
		rest.FilterBool("has_devices", func(f *filter, v bool) { f.HasDevices = &v }),
		rest.FilterID("templates", func(f *filter, v wispwright.ID) { f.TemplateID = v }),
		rest.FilterText("search", func(f *filter, v string) { f.Search = v }),
	)
}

// checkGroup refuses templates that are not there for the caller.
func (h *HTTP) checkGroup(r *rest.Request, in *groupIn) error {
	unknown, err := h.unknownTemplate(r, in.Templates.V)
	if err != nil || unknown == nil {
		return err
	}
	return wispwright.Invalid("templates", valid.UnknownPK(*unknown))
}

func applyGroup(_ *rest.Request, in *groupIn, g *controller.Group) error {
	in.Name.Into(&g.Name)
	in.Organization.Into(&g.OrganizationID)
	in.Description.Into(&g.Description)
	if in.Templates.Set {
		g.Templates = slices.Clone(in.Templates.V)
	}
	in.Context.Into(&g.Context)
	in.MetaData.Into(&g.MetaData)
	return nil
}

func (h *HTTP) groupsOut(r *rest.Request, rows []*controller.Group) ([]groupOut, error) {
	out := make([]groupOut, len(rows))
	ids := make([]wispwright.ID, len(rows))
	for i, g := range rows {
		ids[i] = g.ID
	}
	devices, err := h.c.Groups.CountDevices(r.Context(), r.ReadScope(), ids)
	if err != nil {
		return nil, err
	}
	for i, g := range rows {
		out[i] = groupOut{g.ID, g.Name, g.OrganizationID, g.Description, append([]wispwright.ID{}, g.Templates...), object(g.Context), object(g.MetaData),
			rest.Time(g.Created), rest.Time(g.Modified), devices[g.ID]}
	}
	return out, nil
}

// groupKnown reports whether the caller may see a group.
func (h *HTTP) groupKnown(r *rest.Request, id wispwright.ID) (bool, error) {
	_, err := h.c.Groups.Get(r.Context(), r.ReadScope(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
