package tenancyhttp_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

func TestMemberships(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		vars := s.recorded(t)
		of := func(user string) string {
			return "/api/v1/users/user/" + vars["user_"+user] + "/organization-membership/"
		}
		alpha, beta := vars["org_alpha"], vars["org_beta"]
		for _, c := range []struct {
			user, method, path, body string
			status                   int
			want                     string
		}{
			{"", "GET", of("member"), "", 401, ""},
			{"member", "GET", of("member"), "", 403, ""},
			{"betamanager", "GET", of("member"), "", 404, ""},
			{"manager", "GET", of("member"), "", 200, `"organization":"` + alpha + `","is_admin":false`},
			{"manager", "POST", of("member"), `{"organization":"` + beta + `"}`, 400, `{"organization":["Invalid pk`},
			{"manager", "POST", of("member"), `{"organization":"` + alpha + `"}`, 400, `already exists`},
			{"manager", "POST", of("member"), `{}`, 400, `{"organization":["This field is required."]}`},
			{"admin", "POST", of("member"), `{"organization":"` + beta + `","is_admin":true}`, 201, `"is_admin":true`},
			{"admin", "GET", of("member"), "", 200, `"count":2`},
			{"manager", "GET", of("member"), "", 200, `"count":1`},
			{"manager", "GET", of("member") + beta + "/", "", 404, `{"detail":"No OrganizationUser matches the given query."}`},
			{"manager", "DELETE", of("member") + beta + "/", "", 404, ""},
			{"admin", "GET", of("member") + "00000000-0000-0000-0000-000000000000/", "", 404, ""},
			{"manager", "PATCH", of("member") + alpha + "/", `{"is_admin":true}`, 200, `"is_admin":true`},
			{"manager", "PATCH", of("member") + alpha + "/", `{"is_admin":true}`, 200, `"is_admin":true`},
			{"manager", "PUT", of("member") + alpha + "/", `{}`, 400, `{"is_admin":["This field is required."]}`},
			{"manager", "PATCH", of("manager") + alpha + "/", `{"is_admin":false}`, 400, `is the owner of the organization`},
			{"manager", "DELETE", of("manager") + alpha + "/", ``, 400, `is the owner of the organization`},
			{"manager", "DELETE", of("member") + alpha + "/", ``, 204, ``},
			{"admin", "GET", of("member"), "", 200, `"count":1`},
		} {
			w := s.as(t, c.user, c.method, c.path, c.body)
			require.Equal(t, c.status, w.Code, "%v: %s", c, w.Body)
			require.Contains(t, w.Body.String(), c.want, c)
		}
	})
}

// TestStrictGroups: nobody gives away what he has not.
func TestStrictGroups(t *testing.T) {
	s := newServer(t, &tenancyhttp.Options{StrictGroups: true})
	vars := s.recorded(t)
	g := &tenancy.Group{Name: "mighty", Permissions: []wispwright.Permission{"openwisp_users.delete_organization"}}
	require.NoError(t, s.t.Groups.Create(context.Background(), g))
	mighty := jsonNumber(g.ID)
	member := "/api/v1/users/user/" + vars["user_member"] + "/"
	w := s.as(t, "manager", "PATCH", member, `{"groups":[`+mighty+`]}`)
	require.Equal(t, 400, w.Code)
	require.Equal(t, `{"groups":["You may not give the group mighty: it may do what you may not."]}`, w.Body.String())
	require.Equal(t, 400, s.as(t, "manager", "POST", "/api/v1/users/user/", `{"username":"x","email":"x@example.org","password":"x","groups":[`+mighty+`]}`).Code)
	require.Equal(t, 200, s.as(t, "manager", "PATCH", member, `{"groups":[2]}`).Code, "what he has himself")
	require.Equal(t, 200, s.as(t, "admin", "PATCH", member, `{"groups":[`+mighty+`]}`).Code)
	require.Equal(t, 200, s.as(t, "manager", "PATCH", member, `{"groups":[`+mighty+`],"notes":"x"}`).Code, "what was given before stays")
	require.Equal(t, 200, s.as(t, "manager", "PATCH", member, `{"groups":[]}`).Code)
}
