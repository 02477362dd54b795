package tenancyhttp_test

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest/resttest"
	"github.com/wispwright/wispwright/tenancy"
)

// email is the number of a user's first address.
func email(t testing.TB, s *server, user string) string {
	id, err := wispwright.ParseID(user)
	require.NoError(t, err)
	items, err := s.t.Emails.List(context.Background(), wispwright.ScopeAll(), tenancy.EmailFilter{UserID: id}, wispwright.Page{})
	require.NoError(t, err)
	require.NotEmpty(t, items.Rows)
	return jsonNumber(items.Rows[0].ID)
}

// TestWallsBetweenOrganizations tries every operation as the manager of
// another organization who holds every permission there is.
func TestWallsBetweenOrganizations(t *testing.T) {
	s := newServer(t, nil)
	vars := s.recorded(t)
	ctx := context.Background()
	_, err := s.t.Groups.Update(ctx, wispwright.ScopeAll(), 2, func(g *tenancy.Group) error {
		g.Permissions = nil
		for _, p := range s.t.Groups.Catalogue().All() {
			g.Permissions = append(g.Permissions, p.Permission)
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 200, s.as(t, "manager", "PATCH", "/api/v1/users/organization/"+vars["org_alpha"]+"/", `{"description":"alphasecret"}`).Code)
	require.Equal(t, 200, s.as(t, "manager", "PATCH", "/api/v1/users/user/"+vars["user_member"]+"/", `{"notes":"alphasecret","first_name":"alphasecret"}`).Code)
	var events struct{ Results []struct{ ID string } }
	require.NoError(t, json.Unmarshal(s.as(t, "manager", "GET", "/api/v1/audit/event/", "").Body.Bytes(), &events))
	manager, err := wispwright.ParseID(vars["user_manager"])
	require.NoError(t, err)
	token := &tenancy.APIToken{UserID: manager, Name: "alphasecret"}
	_, err = s.t.APITokens.Create(ctx, token)
	require.NoError(t, err)
	key := &tenancy.Passkey{UserID: manager, Name: "alphasecret", CredentialID: "AQ", PublicKey: "AQ"}
	require.NoError(t, s.t.Passkeys.Add(ctx, key))
	(&resttest.Walk{
		API: s.api, Owner: "Bearer " + s.tokens["manager"], Stranger: "Bearer " + s.tokens["betamanager"],
		Marks: []string{"alphasecret", "member@example.org"},
		IDs:   []string{vars["org_alpha"], vars["user_member"], vars["user_manager"]},
		Objects: map[string]string{
			"/api/v1/users/organization/{id}/":                                  "/api/v1/users/organization/" + vars["org_alpha"] + "/",
			"/api/v1/users/user/{id}/":                                          "/api/v1/users/user/" + vars["user_member"] + "/",
			"/api/v1/users/user/{user}/email/":                                  "/api/v1/users/user/" + vars["user_member"] + "/email/",
			"/api/v1/users/user/{user}/email/{id}/":                             "/api/v1/users/user/" + vars["user_member"] + "/email/" + email(t, s, vars["user_member"]) + "/",
			"/api/v1/users/user/{user}/email/{id}/confirmation/":                "/api/v1/users/user/" + vars["user_member"] + "/email/" + email(t, s, vars["user_member"]) + "/confirmation/",
			"/api/v1/users/user/{id}/sesame/":                                   "/api/v1/users/user/" + vars["user_member"] + "/sesame/",
			"/api/v1/users/user/{user}/organization-membership/":                "/api/v1/users/user/" + vars["user_member"] + "/organization-membership/",
			"/api/v1/users/user/{user}/organization-membership/{organization}/": "/api/v1/users/user/" + vars["user_member"] + "/organization-membership/" + vars["org_alpha"] + "/",
			"/api/v1/users/me/email/{id}/":                                      "/api/v1/users/me/email/" + email(t, s, vars["user_manager"]) + "/",
			"/api/v1/users/me/email/{id}/primary/":                              "/api/v1/users/me/email/" + email(t, s, vars["user_manager"]) + "/primary/",
			"/api/v1/users/me/email/{id}/confirmation/":                         "/api/v1/users/me/email/" + email(t, s, vars["user_manager"]) + "/confirmation/",
			"/api/v1/users/me/token/{id}/":                                      "/api/v1/users/me/token/" + token.ID.String() + "/",
			"/api/v1/users/me/passkey/{id}/remove/":                             "/api/v1/users/me/passkey/" + key.ID.String() + "/remove/",
			"/api/v1/users/user/{user}/api-key/":                                "/api/v1/users/user/" + vars["user_manager"] + "/api-key/",
			"/api/v1/users/user/{user}/invitation/":                             "/api/v1/users/user/" + vars["user_member"] + "/invitation/",
			"/api/v1/users/user/{id}/password/":                                 "/api/v1/users/user/" + vars["user_member"] + "/password/",
			"/api/v1/audit/event/{id}/":                                         "/api/v1/audit/event/" + events.Results[0].ID + "/",
		},
		Open: map[string]string{"/api/v1/users/group/{id}/": "groups belong to no organization"},
		Skip: map[string]string{
			"/api/v1/users/api-token/{id}/":    "superusers only: TestTokensOfAll",
			"/api/v1/users/user/{id}/totp/":    "superusers only: TestSuperusersTakeSecondFactorsAway",
			"/api/v1/users/user/{id}/passkey/": "superusers only: TestPasskeysBesideCodes",
		},
	}).Run(t)
}

func jsonNumber(n int64) string { return strconv.FormatInt(n, 10) }
