package tenancyhttp_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

// What answers show of an account or an organization counts in its version, also
// what other rows keep: of two people who change it at once, one is told.
func TestVersionsHaveWhatOtherRowsKeep(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		vars := s.recorded(t)
		user := "/api/v1/users/user/" + vars["user_member"] + "/"
		tag := func(path string) string {
			w := s.as(t, "admin", "GET", path, "")
			require.Equal(t, 200, w.Code, w.Body)
			return w.Header().Get("ETag")
		}
		patch := func(path, body, tag string) int {
			return s.as(t, "admin", "PATCH", path, body, "If-Match", tag).Code
		}
		for _, body := range []string{
			`{"groups":[1]}`, `{"organization_users":{"is_admin":false,"organization":"` + vars["org_beta"] + `"}}`,
			`{"organization_users":{"is_admin":true,"organization":"` + vars["org_beta"] + `"}}`, `{"user_permissions":[1]}`,
		} {
			read := tag(user)
			require.Equal(t, 200, patch(user, body, read), body)
			require.NotEqual(t, read, tag(user), body)
			require.Equal(t, 412, patch(user, `{"groups":[2]}`, read), "after %s", body)
			require.Equal(t, 412, s.as(t, "admin", "DELETE", user, "", "If-Match", read).Code)
			require.Equal(t, tag(user), tag(user))
		}
		organization := "/api/v1/users/organization/" + vars["org_beta"] + "/"
		read := tag(organization)
		require.Equal(t, 200, patch(organization, `{"owner":null}`, read))
		require.NotEqual(t, read, tag(organization))
		require.Equal(t, 412, patch(organization, `{"name":"x"}`, read))

		// at once: the second waits, and is told
		for range 5 {
			read := tag(user)
			var group sync.WaitGroup
			codes := make([]int, 4)
			for i := range codes {
				group.Go(func() { codes[i] = patch(user, fmt.Sprintf(`{"groups":[%d]}`, 1+i%2), read) })
			}
			group.Wait()
			saved := 0
			for _, code := range codes {
				require.Contains(t, []int{200, 412}, code)
				if code == 200 {
					saved++
				}
			}
			require.Positive(t, saved)
			// those that save what is there already change nothing
			require.Equal(t, 200, s.as(t, "admin", "PATCH", user, `{"groups":[]}`).Code)
		}
	})
}
