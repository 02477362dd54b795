package tenancyhttp_test

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// join adds a membership to the recorded fixtures.
func join(t *testing.T, s *server, user, organization string, manages bool) {
	t.Helper()
	u, err := wispwright.ParseID(user)
	require.NoError(t, err)
	o, err := wispwright.ParseID(organization)
	require.NoError(t, err)
	require.NoError(t, s.t.Memberships.Create(context.Background(), &tenancy.Membership{UserID: u, OrganizationID: o, IsAdmin: manages}))
}

// TestAccountsOfOthersToo: a manager of one of a user's organizations describes
// the account, and decides over it only when all of them are theirs.
func TestAccountsOfOthersToo(t *testing.T) {
	s := newServer(t, nil)
	vars := s.recorded(t)
	both := s.account(t, tenancy.User{Username: "both", IsStaff: true, IsActive: true}, "both-Passw0rd", strings.Repeat("z", 40), 2, wispwright.ID{}, false).String()
	join(t, s, both, vars["org_beta"], true)
	join(t, s, both, vars["org_alpha"], false)
	join(t, s, vars["user_betamanager"], vars["org_alpha"], false) // its owner
	for _, user := range []string{both, vars["user_betamanager"]} {
		at := "/api/v1/users/user/" + user + "/"
		before := s.as(t, "admin", "GET", at, "").Body.String()
		for _, c := range [][3]string{
			{"PUT", "password/", `{"current_password":null,"new_password":"Taken-0ver-1","confirm_password":"Taken-0ver-1"}`},
			{"PATCH", "", `{"email":"evil@example.org"}`}, {"PATCH", "", `{"username":"evil"}`}, {"PATCH", "", `{"phone_number":"+393661236789"}`},
			{"PATCH", "", `{"is_active":false}`}, {"PATCH", "", `{"is_staff":false}`}, {"PATCH", "", `{"groups":[]}`}, {"DELETE", "", ""},
			{"POST", "email/", `{"email":"evil@example.org","primary":true}`},
		} {
			require.Equal(t, 403, s.as(t, "manager", c[0], at+c[1], c[2]).Code, "%s %s", c[0]+c[1], c[2])
		}
		require.Equal(t, before, s.as(t, "admin", "GET", at, "").Body.String(), "nothing has changed")
		require.Equal(t, 200, s.as(t, "manager", "PATCH", at, `{"notes":"seen","first_name":"A"}`).Code)
	}
	require.Equal(t, 200, s.as(t, "both", "PATCH", "/api/v1/users/user/"+both+"/", `{"email":"own@example.org"}`).Code, "over oneself")

	// a user who manages all of them decides, also where one is switched off meanwhile
	join(t, s, vars["user_manager"], vars["org_beta"], true)
	require.Equal(t, 200, s.as(t, "manager", "PATCH", "/api/v1/users/user/"+both+"/", `{"email":"better@example.org"}`).Code)
	require.Equal(t, 200, s.as(t, "admin", "PATCH", "/api/v1/users/organization/"+vars["org_beta"]+"/", `{"is_active":false}`).Code)
	require.Equal(t, 200, s.as(t, "manager", "PATCH", "/api/v1/users/user/"+both+"/", `{"is_active":false}`).Code)
	require.Equal(t, 204, s.as(t, "manager", "DELETE", "/api/v1/users/user/"+both+"/", "").Code)
}

// TestMembershipsElsewhere are nobody's business (additive keys apart, a list
// tells managers of their own organizations).
func TestMembershipsElsewhere(t *testing.T) {
	s := newServer(t, nil)
	vars := s.recorded(t)
	join(t, s, vars["user_member"], vars["org_beta"], true)
	for _, path := range []string{"/api/v1/users/user/", "/api/v1/users/user/" + vars["user_member"] + "/"} {
		seen := s.as(t, "manager", "GET", path, "").Body.String()
		require.Contains(t, seen, vars["org_alpha"])
		require.NotContains(t, seen, vars["org_beta"])
		all := s.as(t, "admin", "GET", path, "").Body.String()
		require.Contains(t, all, vars["org_beta"])
	}
}

// TestNamedTokensDoNotWiden what they or their users may do.
func TestNamedTokensDoNotWiden(t *testing.T) {
	s := newServer(t, nil)
	vars := s.recorded(t)
	n := 0
	token := func(user, scopes string) {
		n++
		s.tokens["program"] = s.named(t, user, `{"name":"`+strconv.Itoa(n)+`","scopes":[`+scopes+`]}`).Token
	}
	member, manager := "/api/v1/users/user/"+vars["user_member"]+"/", "/api/v1/users/user/"+vars["user_manager"]+"/"
	password := `{"current_password":null,"new_password":"Taken-0ver-1","confirm_password":"Taken-0ver-1"}`
	for user, scopes := range map[string]string{"manager": `"openwisp_users.change_user","openwisp_users.view_user"`, "admin": ""} {
		token(user, scopes)
		require.Equal(t, 403, s.as(t, "program", "PUT", member+"password/", password).Code)
		require.Equal(t, 403, s.as(t, "program", "PATCH", member, `{"email":"evil@example.org"}`).Code)
		require.Equal(t, 403, s.as(t, "program", "POST", member+"email/", `{"email":"evil@example.org"}`).Code)
		require.Equal(t, 200, s.as(t, "program", "PATCH", member, `{"is_active":false,"notes":"left"}`).Code, "what programs are for")
	}
	token("manager", `"openwisp_users.change_user"`)
	for _, body := range []string{`{"groups":[]}`, `{"email":"evil@example.org"}`, `{"is_staff":false}`, `{"is_active":false}`, `{"username":"x"}`} {
		require.Equal(t, 403, s.as(t, "program", "PATCH", manager, body).Code, body)
	}
	require.Equal(t, 400, s.as(t, "program", "PATCH", member, `{"groups":[2]}`).Code, "no group that may do more than the token")
	token("admin", "")
	require.Equal(t, 403, s.as(t, "program", "POST", "/api/v1/users/user/", `{"username":"root2","email":"r@example.org","password":"Passw0rd-12345","is_superuser":true}`).Code)
	require.Equal(t, 403, s.as(t, "program", "PATCH", member, `{"is_superuser":true}`).Code)
}

// TestTokensThatReadOnly can be made by users who may change, which implies
// viewing.
func TestTokensThatReadOnly(t *testing.T) {
	s := newServer(t, nil)
	vars := s.recorded(t)
	u, err := wispwright.ParseID(vars["user_member"])
	require.NoError(t, err)
	require.NoError(t, s.t.Users.SetPermissions(context.Background(), wispwright.ScopeAll(), u, []wispwright.Permission{"openwisp_users.change_group"}))
	m := s.named(t, "member", `{"name":"ro","scopes":["openwisp_users.view_group","openwisp_users.view_user","openwisp_users.delete_group"]}`)
	c, err := s.t.Callers.ByToken(context.Background(), m.Token)
	require.NoError(t, err)
	require.Equal(t, []wispwright.Permission{"openwisp_users.view_group"}, c.Permissions, "and nothing else")
}

// TestPasswordFaultsTogether is the recorded answer.
func TestPasswordFaultsTogether(t *testing.T) {
	s := newServer(t, nil)
	vars := s.recorded(t)
	answer := s.as(t, "admin", "PUT", "/api/v1/users/user/"+vars["user_member"]+"/password/", `{"new_password":"another-Pass3","confirm_password":"y"}`)
	require.Equal(t, 400, answer.Code)
	var faults map[string][]string
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &faults))
	require.Equal(t, map[string][]string{"current_password": {"This field is required."}, "confirm_password": {"The two password fields didn’t match."}}, faults)
}

func TestAFilterOfTheWrongKindNamesItself(t *testing.T) {
	s := newServer(t, nil)
	s.recorded(t)
	answer := s.as(t, "admin", "GET", "/api/v1/users/user/?groups=abc", "")
	require.Equal(t, 400, answer.Code)
	require.JSONEq(t, `{"groups":["Select a valid choice. That choice is not one of the available choices."]}`, answer.Body.String())
}
