package tenancyhttp

import (
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

type permissionOut struct {
	ID       int64  `json:"id"`
	App      string `json:"app"`
	Model    string `json:"model"`
	Codename string `json:"codename"`
	Name     string `json:"name"`
}

// mountPermissions adds the permissions that groups are made of, which
// OpenWISP shows in its admin only. They are for users who may see groups, and
// the same for every organization.
func (h *HTTP) mountPermissions(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/users/permission/", Name: "Permission List", Noun: "Permission", Tag: "users",
		Kind: "openwisp_users.group", Access: rest.Authenticated,
		Description: "Every permission there is, in the order of application, model and codename.",
	}, rest.Documented[rest.None, rest.Page[permissionOut]](http.StatusOK, rest.Op{Method: "GET", ID: "users_permission_list",
		Handle: func(r *rest.Request) (int, any, error) {
			page, err := r.Paginate(10, 1000, func(p wispwright.Page) (any, int, error) {
				all := h.t.Groups.Catalogue().All()
				from := min(p.Offset, len(all))
				out := []permissionOut{}
				for _, info := range all[from:min(from+p.Limit, len(all))] {
					app, codename, _ := strings.Cut(string(info.Permission), ".")
					out = append(out, permissionOut{info.ID, app, info.Model, codename, info.Name})
				}
				return out, len(all), nil
			})
			return http.StatusOK, page, err
		}}))
}
