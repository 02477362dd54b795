package tenancyhttp

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

// deletionOut is how far the deletion of an organization is.
type deletionOut struct {
	Organization wispwright.ID `json:"organization"`
	Name         string        `json:"name"`
	Total        int           `json:"total" help:"how many objects the organization had when it began"`
	Done         int           `json:"done" help:"how many of them are gone"`
	Problem      string        `json:"problem" help:"why the last attempt failed; it is tried again"`
	Actor        string        `json:"actor" help:"the user who asked for it"`
	Created      rest.Time     `json:"created"`
	Modified     rest.Time     `json:"modified" help:"when the last objects went"`
}

// deleteOrganization answers soon whatever the organization has.
func (h *HTTP) deleteOrganization(r *rest.Request, id wispwright.ID) error {
	if h.options.Removals == nil {
		return h.t.Organizations.Delete(r.Context(), r.WriteScope(), id)
	}
	return h.options.Removals.Delete(r.Context(), r.WriteScope(), id)
}

// mountDeletion tells how far the deletion of an organization is.
func (h *HTTP) mountDeletion(api *rest.API) {
	if h.options.Removals == nil {
		return
	}
	api.Mount(&rest.View{Path: "/api/v1/users/organization/{id}/deletion/", Name: "Organization Deletion", Noun: "Deletion", Tag: "users",
		Kind: "openwisp_users.organization", Access: rest.Authenticated,
		Description: "How far the deletion of an organization is that goes in the background; 404 when it is not being deleted."},
		rest.Action("GET", "users_organization_deletion", http.StatusOK, func(r *rest.Request, _ *rest.None) (deletionOut, error) {
			m, err := h.options.Removals.Get(r.Context(), r.ReadScope(), r.ID("id"))
			if err != nil {
				return deletionOut{}, err
			}
			return deletionOut{m.OrganizationID, m.Name, m.Total, m.Done, m.Problem, m.Actor, rest.Time(m.Created), rest.Time(m.Modified)}, nil
		}))
}
