package tenancyhttp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

// TestFaultsTogether: what is taken, and what does not exist, is told together
// with what is malformed (spec: rest-conventions §4).
func TestFaultsTogether(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, faultsTogether)
}

func faultsTogether(t *testing.T, s *server) {
	vars := s.recorded(t)
	const (
		users, groups, organizations = "/api/v1/users/user/", "/api/v1/users/group/", "/api/v1/users/organization/"
		badName                      = "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
	)
	for _, c := range []struct{ user, method, path, body, want string }{
		{"admin", "POST", users, `{"username":"a b!","email":"nope"}`,
			`{"username":["` + badName + `"],"email":["Enter a valid email address."],"password":["This field is required."]}`},
		{"admin", "POST", users, `{"username":"` + strings.Repeat("x", 151) + `!","email":"admin@example.org","password":"p","groups":[1,99]}`,
			`{"username":["` + badName + `","Ensure this field has no more than 150 characters."],"email":["user with this email address already exists."],` +
				`"groups":["Invalid pk \"99\" - object does not exist."]}`},
		{"admin", "PATCH", users + vars["user_member"] + "/", `{"username":"e\u0301","url":"x","groups":["3"],"user_permissions":[0]}`,
			`{"username":["` + badName + `"],"url":["Enter a valid URL."],"groups":["Invalid pk \"3\" - object does not exist."],` +
				`"user_permissions":["Invalid pk \"0\" - object does not exist."]}`},
		{"manager", "PATCH", users + vars["user_member"] + "/", `{"company":[],"user_permissions":[0],"is_superuser":true}`, `{"company":["Not a valid string."]}`},
		{"admin", "POST", groups, `{"name":" ","permissions":[99999]}`,
			`{"name":["This field may not be blank."],"permissions":["Invalid pk \"99999\" - object does not exist."]}`},
		{"admin", "POST", groups, `{"name":"Operator","permissions":["x: y"]}`,
			`{"name":["group with this name already exists."],"permissions":["Invalid pk \"x: y\" - object does not exist."]}`},
		{"admin", "POST", groups, `{"name":"x","permissions":[null]}`, `{"permissions":["Invalid pk \"None\" - object does not exist."]}`},
		{"admin", "POST", groups, `{"name":"x","permissions":{"a":1}}`, `{"permissions":["Expected a list of items but got type \"dict\"."]}`},
		{"admin", "PATCH", groups + "1/", `{"name":"Administrator"}`, `{"name":["group with this name already exists."]}`},
		{"admin", "PATCH", organizations + vars["org_alpha"] + "/", `{"slug":"beta","url":"x"}`,
			`{"slug":["organization with this slug already exists."],"url":["Enter a valid URL."]}`},
	} {
		w := s.as(t, c.user, c.method, c.path, c.body)
		require.Equal(t, c.want, w.Body.String(), "%s %s", c.method, c.body)
		require.Equal(t, 400, w.Code)
	}
	w := s.as(t, "admin", "PATCH", users+vars["user_member"]+"/", `{"username":"名前.1","groups":[2,1,2]}`)
	require.Equal(t, 200, w.Code, w.Body)
	require.Contains(t, w.Body.String(), `"groups":[1,2]`)
	w = s.as(t, "admin", "POST", groups, "name=form&permissions=1&permissions=2%3A+emailaddress", "Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, 201, w.Code, w.Body)
	require.Contains(t, w.Body.String(), `"permissions":["1: emailaddress | Can add email address","2: emailaddress`)
	w = s.as(t, "admin", "PATCH", groups+"1/", `{"name":"Operator"}`)
	require.Equal(t, 200, w.Code, "one's own name is not taken")
	w = s.as(t, "admin", "PATCH", organizations+vars["org_alpha"]+"/", `{"slug":"alpha"}`)
	require.Equal(t, 200, w.Code, "nor one's own slug")
}
