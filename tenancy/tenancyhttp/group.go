package tenancyhttp

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/tenancy"
)

type groupIn struct {
	Name        rest.Opt[string]             `json:"name" required:"true" maxLength:"150"`
	Permissions rest.Opt[[]permissionNumber] `json:"permissions" rel:"permission"`
}

type groupOut struct {
	ID          int64    `json:"id"`
	Name        string   `json:"name"`
	Permissions []string `json:"permissions"`
}

// permissionNumber reads "<id>: <model> | <name>" or a bare id (spec: tenancy
// §5.6).
type permissionNumber int64

// FromWire implements rest.Wire.
func (p *permissionNumber) FromWire(raw json.RawMessage) error {
	text := string(raw)
	if err := json.Unmarshal(raw, &text); err != nil {
		text = string(raw) // no text: a number, or what is no permission
	}
	number, _, _ := strings.Cut(text, ":")
	id, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil {
		return errors.New(valid.UnknownPK(text))
	}
	*p = permissionNumber(id)
	return nil
}

// numbers are those of a body.
func numbers(list []permissionNumber) []int64 {
	out := make([]int64, len(list))
	for i, n := range list {
		out[i] = int64(n)
	}
	return out
}

func (h *HTTP) mountGroups(api *rest.API) {
	h.mountPermissions(api)
	rest.Mount(api, rest.Resource[int64, tenancy.Group, tenancy.GroupFilter, groupIn, groupOut]{
		Path: "/api/v1/users/group/", Name: "Group", Noun: "Group", ID: "users_group", Tag: "users",
		Kind: "openwisp_users.group", Access: rest.Authenticated,
		Service: h.t.Groups,
		Version: func(g *tenancy.Group) []any { return []any{g.Name, g.Permissions} },
		// groups belong to no organization: the permission alone decides
		Scopes: func(*rest.Request) (wispwright.Scope, wispwright.Scope) {
			return wispwright.ScopeAll(), wispwright.ScopeAll()
		},
		Check: h.checkGroup,
		Apply: func(_ *rest.Request, in *groupIn, g *tenancy.Group) error {
			in.Name.Into(&g.Name)
			if !in.Permissions.Set {
				return nil
			}
			var err error
			g.Permissions, err = h.permissions("permissions", numbers(in.Permissions.V))
			return err
		},
		Out: rest.Each(h.groupOut),
	})
}

// checkGroup finds a name that is taken and permissions that do not exist.
func (h *HTTP) checkGroup(r *rest.Request, in *groupIn) error {
	v := &wispwright.ValidationError{}
	other, err := h.t.Groups.ByName(r.Context(), in.Name.V)
	switch {
	case err == nil && other.ID != r.Int("id"):
		v.Add("name", "group with this name already exists.")
	case err != nil && !errors.Is(err, wispwright.ErrNotFound):
		return err
	}
	if _, err := h.permissions("permissions", numbers(in.Permissions.V)); v.Merge("", err) != nil {
		return err
	}
	return v.Err()
}

// permissions are those with the given numbers; an unknown number is a fault
// of the field.
func (h *HTTP) permissions(field string, numbers []int64) ([]wispwright.Permission, error) {
	all := h.t.Groups.Catalogue().All()
	out := make([]wispwright.Permission, 0, len(numbers))
	for _, n := range numbers {
		if n < 1 || n > int64(len(all)) {
			return nil, wispwright.Invalid(field, valid.UnknownPK(n))
		}
		out = append(out, all[n-1].Permission)
	}
	return out, nil
}

// permissionNumbers is the reverse, in ascending order.
func (h *HTTP) permissionNumbers(permissions []wispwright.Permission) []int64 {
	out := []int64{}
	if len(permissions) == 0 {
		return out
	}
	for _, info := range h.t.Groups.Catalogue().All() {
		if slices.Contains(permissions, info.Permission) {
			out = append(out, info.ID)
		}
	}
	return out
}

func (h *HTTP) groupOut(g *tenancy.Group) groupOut {
	out := groupOut{g.ID, g.Name, []string{}}
	held := make(map[wispwright.Permission]bool, len(g.Permissions))
	for _, p := range g.Permissions {
		held[p] = true
	}
	for _, info := range h.t.Groups.Catalogue().All() {
		if held[info.Permission] {
			out.Permissions = append(out.Permissions, fmt.Sprintf("%d: %s | %s", info.ID, info.Model, info.Name))
		}
	}
	return out
}
