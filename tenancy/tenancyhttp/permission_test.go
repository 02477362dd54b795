package tenancyhttp_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPermissionCatalogue: the list a group's permissions are chosen from, and
// that a number of it means the same in a group.
func TestPermissionCatalogue(t *testing.T) {
	s := newServer(t, nil)
	s.recorded(t)
	const path = "/api/v1/users/permission/"
	type permission struct {
		ID                         int64
		App, Model, Codename, Name string
	}
	var list struct {
		Count   int
		Next    *string
		Results []permission
	}
	for user, status := range map[string]int{"": 401, "member": 403, "operator": 403, "manager": 200, "admin": 200} {
		require.Equal(t, status, s.as(t, user, "GET", path, "").Code, "%q", user)
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		require.Equal(t, 405, s.as(t, "admin", method, path, "{}").Code, method)
	}

	all := s.t.Groups.Catalogue().All()
	require.NoError(t, json.Unmarshal(s.as(t, "admin", "GET", path+"?page_size=1000", "").Body.Bytes(), &list))
	require.Equal(t, len(all), list.Count)
	require.Len(t, list.Results, len(all))
	require.Nil(t, list.Next)
	for i, p := range list.Results {
		require.Equal(t, string(all[i].Permission), p.App+"."+p.Codename)
		require.EqualValues(t, i+1, p.ID)
		require.Equal(t, all[i].Name, p.Name)
	}
	second := list.Results[10]
	require.NoError(t, json.Unmarshal(s.as(t, "admin", "GET", path+"?page=2", "").Body.Bytes(), &list))
	require.Equal(t, second, list.Results[0], "pages of ten")
	require.Equal(t, 404, s.as(t, "admin", "GET", path+"?page=9999", "").Code)

	w := s.as(t, "admin", "POST", "/api/v1/users/group/", fmt.Sprintf(`{"name":"Chosen","permissions":[%d]}`, second.ID))
	require.Equal(t, 201, w.Code, w.Body)
	require.Contains(t, w.Body.String(), fmt.Sprintf(`"permissions":["%d: %s | %s"]`, second.ID, second.Model, second.Name))
}
