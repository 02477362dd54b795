package tenancyhttp_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

const myPassword = "/api/v1/users/me/password/"

// TestExpiredPassword: a user who has one may do nothing but choose another
// (spec: tenancy §8.2).
func TestExpiredPassword(t *testing.T) {
	s := newServerIn(t, tenancy.Options{Passwords: tenancy.PasswordRules{Days: 30, StaffDays: 10}})
	vars := s.recorded(t)
	const expired = `{"detail":"Your password has expired. Update it to continue.","code":"password_expired","web_password_change_url":"/accounts/password/change/",` +
		`"api_password_change_url":"/api/v1/users/user/password/change/","api_password_reset_url":"/api/v1/users/password/reset/"}`
	b := s.browser()
	require.Equal(t, 200, b.logIn(t, "manager", "manager-Passw0rd").Code)
	require.Equal(t, 200, s.as(t, "manager", "GET", orgsPath, "").Code)
	s.now = s.now.AddDate(0, 0, 10)
	require.NoError(t, s.t.Callers.Forget(t.Context()))
	require.Equal(t, 200, b.ask(t, "GET", orgsPath, "").Code, "ten days are not over before midnight")
	s.now = s.now.AddDate(0, 0, 1)
	require.NoError(t, s.t.Callers.Forget(t.Context()))
	w := b.ask(t, "GET", orgsPath, "")
	require.Equal(t, 403, w.Code)
	require.Equal(t, expired, w.Body.String())
	require.Equal(t, 403, b.ask(t, "PATCH", orgsPath+vars["org_alpha"]+"/", `{"description":"x"}`).Code)
	require.Equal(t, 200, s.as(t, "manager", "GET", orgsPath, "").Code, "tokens go on (additions: U-4)")
	member := s.browser()
	require.NotContains(t, member.logIn(t, "member", "member-Passw0rd").Body.String(), "expired", "others have thirty days")
	require.Equal(t, 200, s.as(t, "", "POST", "/api/v1/users/token/", `{"username":"manager","password":"manager-Passw0rd"}`).Code, "a token is still given")

	b = s.browser()
	require.Contains(t, b.logIn(t, "manager", "manager-Passw0rd").Body.String(), `"restricted":"Your password has expired, please update your password."`)
	require.Equal(t, expired, b.ask(t, "GET", orgsPath, "").Body.String())
	require.Equal(t, 200, b.ask(t, "GET", sessionPath, "").Code)
	for _, c := range []struct{ current, plain, again, want string }{
		{"wrong", "brand-new-Secret", "brand-new-Secret", `{"current_password":["Your old password was entered incorrectly. Please enter it again."]}`},
		{"manager-Passw0rd", "brand-new-Secret", "brand-new", `{"confirm_password":["The two password fields didn’t match."]}`},
		{"manager-Passw0rd", "Manager1", "Manager1", `{"new_password":["The password is too similar to the username."]}`},
		{"manager-Passw0rd", "12345", "12345", `{"new_password":["This password is too short. It must contain at least 8 characters.","This password is entirely numeric."]}`},
		{"manager-Passw0rd", "manager-Passw0rd", "manager-Passw0rd", `{"new_password":["You cannot re-use your current password. Enter a new password."]}`},
	} {
		w := b.ask(t, "PUT", myPassword, `{"current_password":"`+c.current+`","new_password":"`+c.plain+`","confirm_password":"`+c.again+`"}`)
		require.Equal(t, 400, w.Code, c)
		require.Equal(t, c.want, w.Body.String())
	}
	w = b.ask(t, "PUT", myPassword, `{"current_password":"manager-Passw0rd","new_password":"brand-new-Secret","confirm_password":"brand-new-Secret"}`)
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, 200, b.ask(t, "GET", orgsPath, "").Code, "the same session goes on")
	require.Equal(t, 200, s.as(t, "manager", "GET", orgsPath, "").Code)
}

func TestResetWhileExpired(t *testing.T) {
	s := newServerIn(t, tenancy.Options{Passwords: tenancy.PasswordRules{Days: 1}})
	s.recorded(t)
	s.now = s.now.AddDate(0, 0, 3)
	require.NoError(t, s.t.Callers.Forget(t.Context()))
	b := s.browser()
	require.Equal(t, 200, b.logIn(t, "manager", "manager-Passw0rd").Code)
	require.Equal(t, 403, b.ask(t, "GET", orgsPath, "").Code)
	require.Equal(t, 200, s.as(t, "", "POST", resetPath, `{"email":"manager@example.org"}`).Code)
	key := keyOf(linkIn(t, s.mail(t)))
	w := s.as(t, "", "POST", confirmPath, newPassword(key, "password1", "password1"))
	require.Equal(t, `{"new_password2":["This password is too common."]}`, w.Body.String())
	w = s.as(t, "", "POST", confirmPath, newPassword(key, "manager-Passw0rd", "manager-Passw0rd"))
	require.Contains(t, w.Body.String(), "re-use")
	require.Equal(t, 200, s.as(t, "", "POST", confirmPath, newPassword(key, "brand-new-Secret", "brand-new-Secret")).Code)
	require.Equal(t, 200, s.as(t, "manager", "GET", orgsPath, "").Code)
}

func TestReminderOfExpiry(t *testing.T) {
	s := newServerIn(t, tenancy.Options{Passwords: tenancy.PasswordRules{StaffDays: 30}})
	ctx := context.Background()
	for _, u := range []struct {
		name           string
		staff, checked bool
		plain          string
	}{{"staff", true, true, "x"}, {"unproven", true, false, "x"}, {"member", false, true, "x"}, {"keyless", true, true, ""}} {
		create := s.t.Users.CreateUnverified
		if u.checked {
			create = s.t.Users.Create
		}
		require.NoError(t, create(ctx, &tenancy.User{Username: u.name, Email: u.name + "@example.org", IsStaff: u.staff, IsActive: true}, u.plain))
	}
	s.mails = nil
	s.now = s.now.AddDate(0, 0, 22)
	n, err := s.t.Letters.RemindOfExpiry(ctx)
	require.NoError(t, err)
	require.Zero(t, n, "eight days are left")
	s.now = s.now.AddDate(0, 0, 1)
	n, err = s.t.Letters.RemindOfExpiry(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	m := s.mail(t)
	require.Equal(t, "staff@example.org", m.To)
	require.Equal(t, "[Test] Action Required: Password Expiry Notice", m.Subject)
	require.Contains(t, m.Text, "https://wifi.example.org/accounts/password/change/")
}

// TestLockOut: a locked account answers as to a wrong password, for a while.
func TestLockOut(t *testing.T) {
	const wrong = `{"non_field_errors":["Unable to log in with provided credentials."]}`
	try := func(t *testing.T, s *server, address, name, plain string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", sessionPath, strings.NewReader(`{"username":"`+name+`","password":"`+plain+`"}`))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = address + ":1"
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	t.Run("an account, by all its names, from all addresses", func(t *testing.T) {
		s := newServerIn(t, tenancy.Options{})
		s.recorded(t)
		for n, name := range []string{"manager", "manager@example.org", "manager", "manager", "manager@example.org"} {
			require.Equal(t, wrong, try(t, s, "192.0.2."+jsonNumber(int64(n)), name, "x").Body.String())
		}
		w := try(t, s, "192.0.2.99", "manager", "manager-Passw0rd")
		require.Equal(t, 400, w.Code)
		require.Equal(t, wrong, w.Body.String(), "the right password gets the same answer")
		require.Equal(t, 400, s.as(t, "", "POST", "/api/v1/users/token/", `{"username":"manager","password":"manager-Passw0rd"}`).Code)
		require.Equal(t, 200, try(t, s, "192.0.2.99", "operator", "operator-Passw0rd").Code, "others are free")
		s.now = s.now.Add(5 * time.Minute)
		require.Equal(t, 200, try(t, s, "192.0.2.99", "manager", "manager-Passw0rd").Code)
	})
	t.Run("whoever reads the account's mail is let in", func(t *testing.T) {
		s := newServerIn(t, tenancy.Options{})
		s.recorded(t)
		for range 5 {
			try(t, s, "192.0.2.1", "member", "x")
		}
		require.Equal(t, 200, s.as(t, "", "POST", resetPath, `{"email":"member@example.org"}`).Code)
		key := keyOf(linkIn(t, s.mail(t)))
		require.Equal(t, 200, s.as(t, "", "POST", confirmPath, newPassword(key, "brand-new-Secret", "brand-new-Secret")).Code)
		require.Equal(t, 200, try(t, s, "192.0.2.1", "member", "brand-new-Secret").Code)
	})
	t.Run("a success begins anew", func(t *testing.T) {
		s := newServerIn(t, tenancy.Options{AddressFailures: -1})
		s.recorded(t)
		for range 3 {
			for range 4 {
				try(t, s, "192.0.2.1", "manager", "x")
			}
			require.Equal(t, 200, try(t, s, "192.0.2.1", "manager", "manager-Passw0rd").Code)
		}
	})
	t.Run("an address", func(t *testing.T) {
		s := newServerIn(t, tenancy.Options{})
		s.recorded(t)
		for range 20 {
			require.Equal(t, 200, try(t, s, "192.0.2.1", "operator", "operator-Passw0rd").Code, "right passwords count for nothing")
		}
		for n := range 10 {
			require.Equal(t, wrong, try(t, s, "192.0.2.1", "user"+jsonNumber(int64(n)), "x").Body.String())
		}
		require.Equal(t, wrong, try(t, s, "192.0.2.1", "operator", "operator-Passw0rd").Body.String())
		require.Equal(t, 200, try(t, s, "192.0.2.2", "operator", "operator-Passw0rd").Code)
		s.now = s.now.Add(time.Minute)
		require.Equal(t, 200, try(t, s, "192.0.2.1", "operator", "operator-Passw0rd").Code)
	})
	t.Run("the current password", func(t *testing.T) {
		s := newServerIn(t, tenancy.Options{})
		s.recorded(t)
		for range 5 {
			require.Equal(t, 400, s.as(t, "member", "PUT", myPassword, `{"current_password":"x","new_password":"brand-new-Secret","confirm_password":"brand-new-Secret"}`).Code)
		}
		w := s.as(t, "member", "PUT", myPassword, `{"current_password":"member-Passw0rd","new_password":"brand-new-Secret","confirm_password":"brand-new-Secret"}`)
		require.Contains(t, w.Body.String(), "current_password")
	})
	t.Run("as many attempts at once", func(t *testing.T) {
		s := newServerIn(t, tenancy.Options{AddressFailures: -1})
		vars := s.recorded(t)
		found := make(chan bool, 50)
		for range 50 {
			go func() {
				u, err := s.t.Login.Attempt(context.Background(), "", "member", "x")
				found <- u != nil || err != nil
			}()
		}
		for range 50 {
			require.False(t, <-found)
		}
		id, err := wispwright.ParseID(vars["user_member"])
		require.NoError(t, err)
		u, err := s.t.Login.Attempt(context.Background(), "", "member", "member-Passw0rd")
		require.NoError(t, err)
		require.Nil(t, u)
		u, err = s.t.Login.Authenticate(context.Background(), "member", "member-Passw0rd")
		require.NoError(t, err)
		require.Equal(t, id, u.ID)
	})
}
