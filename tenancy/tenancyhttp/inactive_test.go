package tenancyhttp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

// Managers of an organization that is switched off see its users and change
// nothing of them; other organizations' stay unseen (spec: tenancy §5).
func TestUsersOfInactiveOrganizations(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		vars := s.recorded(t)
		alpha, err := wispwright.ParseID(vars["org_alpha"])
		require.NoError(t, err)
		ask := func(method, path, body string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, "/api/v1/users/user/"+path, strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+s.tokens["manager"])
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w
		}
		before := ask("GET", "", "")
		require.Equal(t, http.StatusOK, before.Code)
		require.Contains(t, before.Body.String(), `"member"`)
		_, err = s.t.Organizations.Update(context.Background(), wispwright.ScopeAll(), alpha, func(o *tenancy.Organization) error { o.IsActive = false; return nil })
		require.NoError(t, err)
		after := ask("GET", "", "")
		require.Equal(t, http.StatusOK, after.Code)
		for _, name := range []string{"manager", "operator", "member"} {
			require.Contains(t, after.Body.String(), `"username":"`+name+`"`)
		}
		for _, name := range []string{"admin", "betamanager"} {
			require.NotContains(t, after.Body.String(), `"username":"`+name+`"`)
		}
		require.Equal(t, http.StatusOK, ask("GET", vars["user_member"]+"/", "").Code)
		require.Equal(t, http.StatusNotFound, ask("GET", vars["user_betamanager"]+"/", "").Code)
		for _, method := range []string{"PATCH", "DELETE"} {
			code := ask(method, vars["user_member"]+"/", `{"first_name":"Changed"}`).Code
			require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, code, method)
		}
		member, err := s.t.Users.ByUsername(context.Background(), wispwright.ScopeAll(), "member")
		require.NoError(t, err)
		require.Empty(t, member.FirstName)
	})
}
