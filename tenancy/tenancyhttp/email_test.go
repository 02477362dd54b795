package tenancyhttp_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

// TestAddresses: what each caller may do with the addresses of an account.
func TestAddresses(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		vars := s.recorded(t)
		emails := "/api/v1/users/user/" + vars["user_member"] + "/email/"
		first := emails + email(t, s, vars["user_member"]) + "/"
		foreign := "/api/v1/users/user/" + vars["user_betamanager"] + "/email/"
		for _, c := range []struct {
			user, method, path, body string
			status                   int
			want                     string
		}{
			{"", "GET", emails, "", 401, ""},
			{"member", "GET", emails, "", 403, ""},
			{"operator", "GET", emails, "", 403, ""},
			{"manager", "GET", emails, "", 200, `"email":"member@example.org","verified":true,"primary":true`},
			{"manager", "POST", emails, `{"email":"x@example.org"}`, 403, ""},
			{"betamanager", "GET", emails, "", 404, `not found.`},
			{"manager", "GET", "/api/v1/users/user/x/email/", "", 404, `{"detail":"Not found."}`},
			{"admin", "POST", emails, `{"email":"Two@Example.org","verified":true,"primary":false}`, 201, `"email":"two@example.org","verified":false,"primary":false}`},
			{"admin", "POST", emails, `{"email":"two@example.org"}`, 400, `{"__all__":["Email address with this User and Email address already exists."]}`},
			{"admin", "POST", emails, `{"email":"a@example.org\r\nBcc: b@example.org"}`, 400, `{"email":["Enter a valid email address."]}`},
			{"admin", "POST", emails, `{}`, 400, `{"email":["This field is required."]}`},
			{"admin", "POST", emails, `{"email":""}`, 400, `{"email":["This field may not be blank."]}`},
			{"admin", "PATCH", first, `{"verified":false,"id":77}`, 200, `"verified":true`},
			{"admin", "GET", foreign + email(t, s, vars["user_member"]) + "/", "", 404, `{"detail":"No EmailAddress matches the given query."}`},
			{"admin", "DELETE", foreign + email(t, s, vars["user_member"]) + "/", "", 404, ""},
			{"manager", "PATCH", first, `{"email":"other@example.org"}`, 200, `"email":"other@example.org","verified":false,"primary":true}`},
			{"manager", "DELETE", first, "", 204, ""},
			{"admin", "GET", emails, "", 200, `"count":1`},
		} {
			w := s.as(t, c.user, c.method, c.path, c.body)
			require.Equal(t, c.status, w.Code, "%v: %s", c, w.Body)
			require.Contains(t, w.Body.String(), c.want, c)
		}
	})
}

// TestPermissionsOfOnesOwn are given and seen by superusers only.
func TestPermissionsOfOnesOwn(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		vars := s.recorded(t)
		member := "/api/v1/users/user/" + vars["user_member"] + "/"
		w := s.as(t, "admin", "PATCH", member, `{"user_permissions":[3,1,3]}`)
		require.Equal(t, 200, w.Code, w.Body)
		require.Contains(t, w.Body.String(), `"user_permissions":[1,3]`)
		w = s.as(t, "manager", "PATCH", member, `{"user_permissions":[1,2,3,4]}`)
		require.Equal(t, 200, w.Code, w.Body)
		require.NotContains(t, w.Body.String(), "user_permissions")
		require.Contains(t, s.as(t, "admin", "GET", member, "").Body.String(), `"user_permissions":[1,3]`)
		for body, want := range map[string]string{
			`{"user_permissions":[99999]}`: `{"user_permissions":["Invalid pk \"99999\" - object does not exist."]}`,
			`{"user_permissions":["x"]}`:   `{"user_permissions":["Incorrect type. Expected pk value, received str."]}`,
			`{"user_permissions":1}`:       `{"user_permissions":["Expected a list of items but got type \"int\"."]}`,
		} {
			w = s.as(t, "admin", "PATCH", member, body)
			require.Equal(t, 400, w.Code, body)
			require.Equal(t, want, w.Body.String(), body)
		}
		id, err := wispwright.ParseID(vars["user_member"])
		require.NoError(t, err)
		c, err := s.t.Callers.ByUser(context.Background(), id)
		require.NoError(t, err)
		require.True(t, c.Can(s.t.Groups.Catalogue().All()[0].Permission))
		require.False(t, c.Can(s.t.Groups.Catalogue().All()[1].Permission))
	})
}

// TestVerifiedOnCreation: an address is verified only when the user who makes the
// account says so.
func TestVerifiedOnCreation(t *testing.T) {
	s := newServer(t, nil)
	s.recorded(t)
	for body, want := range map[string]tenancy.Email{
		`{"username":"one","email":"One@example.org","password":"x"}`:                       {Address: "one@example.org"},
		`{"username":"two","email":"two@example.org","password":"x","email_verified":true}`: {Address: "two@example.org", IsVerified: true, IsPrimary: true},
	} {
		require.Equal(t, 201, s.as(t, "admin", "POST", "/api/v1/users/user/", body).Code)
		items, err := s.t.Emails.List(context.Background(), wispwright.ScopeAll(), tenancy.EmailFilter{Address: want.Address}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, items.Rows, 1)
		want.ID, want.UserID = items.Rows[0].ID, items.Rows[0].UserID
		require.Equal(t, want, *items.Rows[0])
	}
}

// TestMyAddresses: everybody looks after the addresses of the own account.
func TestMyAddresses(t *testing.T) {
	s := newServer(t, nil)
	vars := s.recorded(t)
	const mine = "/api/v1/users/me/email/"
	first := mine + email(t, s, vars["user_member"]) + "/"
	require.Equal(t, 401, s.as(t, "", "GET", mine, "").Code)
	require.Contains(t, s.as(t, "member", "GET", mine, "").Body.String(), `"count":1`)
	w := s.as(t, "member", "POST", mine, `{"email":"Two@example.org","primary":true,"verified":true}`)
	require.Equal(t, 201, w.Code, w.Body)
	require.Contains(t, w.Body.String(), `"email":"two@example.org","verified":false,"primary":false}`)
	var made struct{ ID int64 }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &made))
	second := mine + jsonNumber(made.ID) + "/"
	m := s.mail(t)
	require.Equal(t, "two@example.org", m.To)
	require.Equal(t, `{"__all__":["Confirm the address first."]}`, s.as(t, "member", "POST", second+"primary/", "").Body.String())
	require.Equal(t, 429, s.as(t, "member", "POST", second+"confirmation/", "").Code)
	require.Equal(t, 404, s.as(t, "manager", "POST", second+"confirmation/", "").Code)
	require.Equal(t, 404, s.as(t, "manager", "GET", second, "").Code)
	require.Equal(t, 404, s.as(t, "manager", "DELETE", second, "").Code)
	require.Equal(t, 200, s.as(t, "", "POST", "/api/v1/users/email/confirm/", `{"key":"`+keyOf(linkIn(t, m))+`"}`).Code)
	require.Equal(t, 400, s.as(t, "member", "DELETE", first, "").Code, "the primary one stays")
	require.Equal(t, 200, s.as(t, "member", "POST", second+"primary/", "").Code)
	require.Contains(t, s.as(t, "admin", "GET", "/api/v1/users/user/"+vars["user_member"]+"/", "").Body.String(), `"email":"two@example.org"`)
	require.Equal(t, 204, s.as(t, "member", "DELETE", first, "").Code)
}
