package tenancyhttp_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

// as asks with a user's token.
func (s *server) as(t testing.TB, user, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if user != "" {
		r.Header.Set("Authorization", "Bearer "+s.tokens[user])
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// TestWhatManagersMaySee: accounts of their organizations, nobody else's, and
// never a superuser (spec: tenancy §5).
func TestWhatManagersMaySee(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, lookAround)
}

func lookAround(t *testing.T, s *server) {
	vars := s.recorded(t)
	const users = "/api/v1/users/user/"
	for _, c := range []struct {
		user, method, path, body string
		status                   int
		want                     string
	}{
		{"manager", "GET", users, "", 200, `"count":3`},
		{"betamanager", "GET", users, "", 200, `"count":1`},
		{"admin", "GET", users, "", 200, `"count":5`},
		{"member", "GET", users, "", 403, ""},
		{"betamanager", "GET", users + vars["user_member"] + "/", "", 404, `{"detail":"No User matches the given query."}`},
		{"manager", "GET", users + vars["user_admin"] + "/", "", 404, ""},
		{"betamanager", "PATCH", users + vars["user_member"] + "/", `{"notes":"x"}`, 404, ""},
		{"betamanager", "DELETE", users + vars["user_member"] + "/", ``, 404, ""},
		{"betamanager", "PUT", users + vars["user_member"] + "/password/", `{"current_password":null,"new_password":"x","confirm_password":"x"}`, 404, ""},
		{"operator", "PUT", users + vars["user_member"] + "/password/", `{"current_password":null,"new_password":"x","confirm_password":"x"}`, 403, ""},
		{"manager", "PUT", users + vars["user_member"] + "/password/", `{"current_password":null,"new_password":"x","confirm_password":"x"}`, 200, `"Success"`},
		{"manager", "PATCH", users + vars["user_member"] + "/", `{"is_superuser":true,"organization_users":{"is_admin":true,"organization":"` + vars["org_alpha"] + `"}}`, 200, `"organization_users":[{"is_admin":false`},
		{"betamanager", "GET", "/api/v1/users/organization/" + vars["org_alpha"] + "/", "", 404, ""},
		{"betamanager", "PATCH", "/api/v1/users/organization/" + vars["org_alpha"] + "/", `{"name":"x"}`, 404, ""},
		{"operator", "PATCH", "/api/v1/users/organization/" + vars["org_alpha"] + "/", `{"name":"x"}`, 403, ""},
		{"operator", "GET", "/api/v1/users/group/", "", 403, ""},
		{"manager", "POST", "/api/v1/users/group/", `{"name":"x"}`, 403, ""},
		{"admin", "GET", users + "?search=betaman", "", 200, `"count":1`},
		{"admin", "GET", users + "?organization=" + vars["org_beta"], "", 200, `"count":1`},
		{"admin", "GET", users + "?organization_slug=alpha", "", 200, `"count":3`},
		{"manager", "GET", users + "?organization=" + vars["org_beta"], "", 400, `{"organization":["Select a valid choice. That choice is not one of the available choices."]}`},
		{"admin", "GET", users + "?groups=2", "", 200, `"count":2`},
		{"admin", "GET", users + "?groups=x", "", 400, `{"groups":["Select a valid choice. That choice is not one of the available choices."]}`},
		{"admin", "GET", users + "?is_staff=true&ordering=-username", "", 200, `"count":4`},
		{"admin", "GET", "/api/v1/users/organization/?search=ALPH", "", 200, `"count":1`},
	} {
		t.Run(c.user+" "+c.method+" "+c.path, func(t *testing.T) {
			w := s.as(t, c.user, c.method, c.path, c.body)
			require.Equal(t, c.status, w.Code, w.Body)
			require.Contains(t, w.Body.String(), c.want)
		})
	}
	id, err := wispwright.ParseID(vars["user_member"])
	require.NoError(t, err)
	u, err := s.t.Users.Get(context.Background(), wispwright.ScopeAll(), id)
	require.NoError(t, err)
	require.False(t, u.IsSuperuser, "a manager's wish is ignored")
	require.Empty(t, u.Notes)
}

// TestFaultsChangeNothing holds what answers 400, and that it leaves no trace.
func TestFaultsChangeNothing(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, provokeFaults)
}

func provokeFaults(t *testing.T, s *server) {
	vars := s.recorded(t)
	before := s.as(t, "admin", "GET", "/api/v1/users/user/", "").Body.String()
	member := "/api/v1/users/user/" + vars["user_member"] + "/"
	owner := s.as(t, "admin", "GET", "/api/v1/users/organization/"+vars["org_alpha"]+"/", "").Body.String()
	for _, c := range []struct{ method, path, body, want string }{
		{"POST", "/api/v1/users/user/", `{"username":"new","email":"MEMBER@example.org","password":"p"}`, `{"email":["User with this Email address already exists."]}`},
		{"POST", "/api/v1/users/user/", `{"username":"new","email":"new@example.org","password":"p","groups":[99]}`, `{"groups":["Invalid pk \"99\" - object does not exist."]}`},
		{"POST", "/api/v1/users/user/", `{"username":"new","email":"new@example.org","password":"p","organization_users":{"is_admin":true,"organization":"` + vars["user_member"] + `"}}`,
			`{"organization_users":{"organization":["Invalid pk \"` + vars["user_member"] + `\" - object does not exist."]}}`},
		{"PATCH", member, `{"username":"admin","groups":[1]}`, `{"username":["A user with that username already exists."]}`},
		{"PATCH", member, `{"organization_users":{"organization":"` + vars["org_alpha"] + `"}}`, `{"organization_users":{"is_admin":["This field is required."]}}`},
		{"PATCH", "/api/v1/users/user/" + vars["user_manager"] + "/", `{"organization_users":{"is_admin":false,"organization":"` + vars["org_alpha"] + `"}}`, `{"__all__":["manager is the owner of the organization: alpha, and cannot be downgraded"]}`},
		{"PATCH", "/api/v1/users/user/" + vars["user_manager"] + "/", `{"organization_users":{"is_admin":true,"organization":"` + vars["org_alpha"] + `"}}`, `{"__all__":["manager is the owner of the organization: alpha, and cannot be removed"]}`},
		{"PUT", member + "password/", `{"current_password":"","new_password":"a","confirm_password":"b"}`, `{"current_password":["This field may not be blank."],"confirm_password":["The two password fields didn’t match."]}`},
		{"POST", "/api/v1/users/group/", `{"name":"x","permissions":[99999]}`, `{"permissions":["Invalid pk \"99999\" - object does not exist."]}`},
		{"POST", "/api/v1/users/group/", `{"name":"x","permissions":["what"]}`, `{"permissions":["Invalid pk \"what\" - object does not exist."]}`},
		{"PATCH", "/api/v1/users/organization/" + vars["org_alpha"] + "/", `{"name":"changed","owner":{"organization_user":"` + vars["org_alpha"] + `"}}`,
			`{"owner":{"organization_user":["Invalid pk \"` + vars["org_alpha"] + `\" - object does not exist."]}}`},
	} {
		w := s.as(t, "admin", c.method, c.path, c.body)
		require.Equal(t, 400, w.Code, c.body)
		require.Equal(t, c.want, w.Body.String(), c.body)
	}
	require.Equal(t, before, s.as(t, "admin", "GET", "/api/v1/users/user/", "").Body.String())
	require.Equal(t, owner, s.as(t, "admin", "GET", "/api/v1/users/organization/"+vars["org_alpha"]+"/", "").Body.String())
}

// TestOneUsersOwnPassword: end users are not visible to themselves, staff are.
func TestOneUsersOwnPassword(t *testing.T) {
	s := newServer(t, nil)
	staff := s.account(t, tenancy.User{Username: "staff", IsStaff: true, IsActive: true}, "old", strings.Repeat("f", 40), 0, wispwright.ID{}, false)
	path := "/api/v1/users/user/" + staff.String() + "/password/"
	w := s.as(t, "staff", "PUT", path, `{"current_password":"wrong","new_password":"n","confirm_password":"n"}`)
	require.Equal(t, `{"current_password":["Your old password was entered incorrectly. Please enter it again."]}`, w.Body.String())
	require.Equal(t, 200, s.as(t, "staff", "PUT", path, `{"current_password":"old","new_password":" n ","confirm_password":" n "}`).Code)
	w = s.as(t, "", "POST", "/api/v1/users/token/", `{"username":"staff","password":" n "}`)
	require.JSONEq(t, `{"token":"`+strings.Repeat("f", 40)+`"}`, w.Body.String(), "the token outlives the password")
}

func TestAuditTrail(t *testing.T) {
	s := newServer(t, nil)
	vars := s.recorded(t)
	require.Equal(t, 200, s.as(t, "manager", "PATCH", "/api/v1/users/organization/"+vars["org_alpha"]+"/", `{"description":"new"}`).Code)
	const events = "/api/v1/audit/event/"
	require.Equal(t, 403, s.as(t, "manager", "GET", events, "").Code, "nobody has the permission by default")
	_, err := s.t.Groups.Update(context.Background(), wispwright.ScopeAll(), 2, func(g *tenancy.Group) error {
		g.Permissions = append(g.Permissions, "audit.view_event")
		return nil
	})
	require.NoError(t, err)
	w := s.as(t, "manager", "GET", events+"?action=change&kind=openwisp_users.organization", "")
	require.Equal(t, 200, w.Code)
	var page struct {
		Count   int
		Results []struct {
			ID, Actor, Method, Organization, Label string
			Fields                                 []struct{ Field, Old, New any }
		}
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &page))
	require.Equal(t, 1, page.Count)
	e := page.Results[0]
	require.Equal(t, []string{"manager", "token", vars["org_alpha"], "alpha"}, []string{e.Actor, e.Method, e.Organization, e.Label})
	require.Equal(t, "Description", e.Fields[0].Field)
	require.Equal(t, "new", e.Fields[0].New)
	require.Equal(t, 200, s.as(t, "manager", "GET", events+e.ID+"/", "").Code)
	require.Equal(t, 404, s.as(t, "betamanager", "GET", events+e.ID+"/", "").Code)
	require.NoError(t, json.Unmarshal(s.as(t, "betamanager", "GET", events+"?page_size=100", "").Body.Bytes(), &page))
	for _, e := range page.Results {
		require.Equal(t, vars["org_beta"], e.Organization, "neither other tenants' events nor those of accounts")
	}
	require.NotContains(t, s.as(t, "admin", "GET", events+"?page_size=100", "").Body.String(), "pbkdf2", "no hash in the trail")
	require.Equal(t, 405, s.as(t, "admin", "DELETE", events+e.ID+"/", "").Code)
	require.Equal(t, 405, s.as(t, "admin", "POST", events, "{}").Code)
}

func BenchmarkUsers(b *testing.B) {
	s := newServer(b, nil)
	vars := s.recorded(b)
	for name, path := range map[string]string{"list": "/api/v1/users/user/", "detail": "/api/v1/users/user/" + vars["user_member"] + "/"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest("GET", path, nil)
				r.Header.Set("Authorization", "Bearer "+s.tokens["admin"])
				w := httptest.NewRecorder()
				s.api.ServeHTTP(w, r)
				if w.Code != 200 {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
