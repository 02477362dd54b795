package tenancyhttp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

const usersPath = "/api/v1/users/user/"

// TestSelfService changes and resets a password as other programs do (additions: U-3).
func TestSelfService(t *testing.T) {
	s := newServer(t, nil)
	s.recorded(t)
	const change = "/api/v1/users/user/password/change/"
	ask := func(old, a, b string) string {
		return s.as(t, "member", "POST", change, `{"old_password":"`+old+`","new_password1":"`+a+`","new_password2":"`+b+`"}`).Body.String()
	}
	require.Equal(t, 401, s.as(t, "", "POST", change, `{}`).Code)
	require.Equal(t, `{"old_password":["This field is required."],"new_password1":["This field is required."],"new_password2":["This field is required."]}`,
		s.as(t, "member", "POST", change, `{}`).Body.String())
	require.Equal(t, `{"new_password2":["The two password fields didn’t match."]}`, ask("member-Passw0rd", "brand-new-Secret", "brand-new-secret"))
	require.Equal(t, `{"old_password":["Your old password was entered incorrectly. Please enter it again."]}`, ask("x", "brand-new-Secret", "brand-new-Secret"))
	require.Equal(t, `{"new_password2":["This password is too common."]}`, ask("member-Passw0rd", "password1", "password1"))
	require.Equal(t, `{"detail":"New password has been saved."}`, ask("member-Passw0rd", "brand-new-Secret", "brand-new-Secret"))
	require.Equal(t, 200, s.as(t, "", "POST", sessionPath, `{"username":"member","password":"brand-new-Secret"}`).Code)

	require.Equal(t, `{"input":["This field is required."]}`, s.as(t, "", "POST", resetPath, `{}`).Body.String())
	for _, input := range []string{"member", "member@example.org", "nobody", "+39 3", strings.Repeat("x", 254)} {
		w := s.as(t, "", "POST", resetPath, `{"input":"`+input+`"}`)
		require.Equal(t, 200, w.Code, input)
		require.Equal(t, `{"detail":"Password reset e-mail has been sent."}`, w.Body.String())
	}
	require.Len(t, s.mails, 2)
	require.Equal(t, "member@example.org", s.mails[0].To)
	require.Equal(t, "member@example.org", s.mails[1].To)
	key := keyOf(linkIn(t, s.mails[0]))
	require.Equal(t, `{"detail":"Password has been reset with the new password."}`, s.as(t, "", "POST", confirmPath, newPassword(key, "another-Secret-1", "another-Secret-1")).Body.String())

	off := newServer(t, &tenancyhttp.Options{NoTokenEndpoint: true})
	for _, path := range []string{change, resetPath, confirmPath} {
		require.Equal(t, 404, off.as(t, "", "POST", path, `{}`).Code, path)
	}
}

// TestSelfServiceIsThrottled together with the token (additions: U-3).
func TestSelfServiceIsThrottled(t *testing.T) {
	s := newServer(t, &tenancyhttp.Options{TokenRate: "3/day"})
	s.recorded(t)
	require.Equal(t, 400, s.as(t, "", "POST", resetPath, `{}`).Code)
	require.Equal(t, 400, s.as(t, "", "POST", confirmPath, `{}`).Code)
	require.Equal(t, 400, s.as(t, "", "POST", "/api/v1/users/token/", `{}`).Code)
	for _, path := range []string{resetPath, confirmPath, "/api/v1/users/token/"} {
		require.Equal(t, 429, s.as(t, "", "POST", path, `{}`).Code, path)
	}
}

// TestInvitation leads to a password and to a verified address.
func TestInvitation(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		vars := s.recorded(t)
		const path = "/api/v1/users/invitation/"
		body := `{"username":"guest","email":"guest@example.org","is_staff":true,"organization_users":{"organization":"` + vars["org_alpha"] + `","is_admin":true}}`
		require.Equal(t, 401, s.as(t, "", "POST", path, body).Code)
		require.Equal(t, 403, s.as(t, "member", "POST", path, body).Code)
		require.Equal(t, `{"username":["This field is required."],"email":["This field is required."]}`, s.as(t, "admin", "POST", path, `{}`).Body.String())
		require.Equal(t, `{"username":["A user with that username already exists."]}`, s.as(t, "admin", "POST", path, `{"username":"member","email":"guest@example.org"}`).Body.String())
		s.mails = nil
		w := s.as(t, "admin", "POST", path, body)
		require.Equal(t, 201, w.Code, w.Body)
		var made struct{ ID string }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &made))
		m := s.mail(t)
		require.Equal(t, "guest@example.org", m.To)
		require.Equal(t, "[Test] You are invited to alpha", m.Subject)
		require.Empty(t, s.mails, "one letter, none that asks to confirm the address")
		require.Contains(t, s.as(t, "admin", "GET", usersPath+made.ID+"/", "").Body.String(), `"invitable":true`)
		require.Equal(t, 400, s.as(t, "", "POST", sessionPath, `{"username":"guest","password":""}`).Code)

		require.Equal(t, 200, s.as(t, "admin", "POST", usersPath+made.ID+"/invitation/", "").Code)
		key := keyOf(linkIn(t, s.mail(t)))
		s.now = s.now.AddDate(0, 0, 6)
		require.Equal(t, 200, s.as(t, "", "POST", confirmPath, newPassword(key, "brand-new-Secret", "brand-new-Secret")).Code)
		require.Equal(t, 400, s.as(t, "", "POST", confirmPath, newPassword(keyOf(linkIn(t, m)), "other-Secret-1", "other-Secret-1")).Code, "every link of it is used up")
		require.Equal(t, 200, s.as(t, "", "POST", sessionPath, `{"username":"guest","password":"brand-new-Secret"}`).Code)
		require.Contains(t, s.as(t, "admin", "GET", usersPath+made.ID+"/email/", "").Body.String(), `"email":"guest@example.org","verified":true,"primary":true`)
		w = s.as(t, "admin", "POST", usersPath+made.ID+"/invitation/", "")
		require.Equal(t, 400, w.Code)
		require.Equal(t, 403, s.as(t, "member", "POST", usersPath+made.ID+"/invitation/", "").Code)
	})
}

// TestAPIKeys: one key per user, shown to its owner alone (additions: U-1).
func TestAPIKeys(t *testing.T) {
	s := newServer(t, nil)
	s.recorded(t)
	member, err := s.t.Users.ByUsername(t.Context(), wispwright.ScopeAll(), "outsider")
	if err != nil {
		member = &tenancy.User{Username: "outsider", Email: "outsider@example.org", IsActive: true}
		require.NoError(t, s.t.Users.Create(t.Context(), member, "outsider-Passw0rd"))
	}
	path := usersPath + member.ID.String() + "/api-key/"
	require.Equal(t, 401, s.as(t, "", "GET", path, "").Code)
	require.Equal(t, 404, s.as(t, "admin", "GET", path, "").Code)
	w := s.as(t, "admin", "POST", path, "")
	require.Equal(t, 201, w.Code, w.Body)
	require.Contains(t, w.Body.String(), `"key":"`+strings.Repeat("*", 40)+`"`)
	token, err := s.t.Tokens.Get(t.Context(), member.ID)
	require.NoError(t, err)
	require.NotContains(t, w.Body.String(), token.Key.Reveal())
	require.Contains(t, s.as(t, "admin", "POST", path, "").Body.String(), "****", "the same one")
	require.Equal(t, 403, s.as(t, "member", "GET", path, "").Code)
	require.Equal(t, 403, s.as(t, "member", "DELETE", path, "").Code)

	b := s.browser()
	require.Equal(t, 200, b.logIn(t, "outsider", "outsider-Passw0rd").Code)
	require.Contains(t, b.ask(t, "GET", path, "").Body.String(), token.Key.Reveal())
	require.Equal(t, 204, b.ask(t, "DELETE", path, "").Code)
	require.Equal(t, 404, b.ask(t, "GET", path, "").Code)
	require.Equal(t, 201, b.ask(t, "POST", path, "").Code)
	again, err := s.t.Tokens.Get(t.Context(), member.ID)
	require.NoError(t, err)
	require.NotEqual(t, token.Key, again.Key)
}

// TestExpirationOfAccounts follows an account to its last day and beyond (additions: U-2).
func TestExpirationOfAccounts(t *testing.T) {
	eachStorage(t, tenancyhttp.Options{}, func(t *testing.T, s *server) {
		s.recorded(t)
		ctx := t.Context()
		today := s.now.UTC()
		on := func(days int) string { return today.AddDate(0, 0, days).Format("2006-01-02") }
		w := s.as(t, "admin", "POST", usersPath, `{"username":"temp","email":"temp@example.org","password":"x","email_verified":true,"expiration_date":"`+on(-1)+`"}`)
		require.Equal(t, 400, w.Code)
		require.Equal(t, `{"expiration_date":["Expiration date cannot be in the past."]}`, w.Body.String())
		w = s.as(t, "admin", "POST", usersPath, `{"username":"temp","email":"temp@example.org","password":"x","email_verified":true,"expiration_date":"`+on(8)+`"}`)
		require.Equal(t, 201, w.Code, w.Body)
		require.True(t, strings.HasSuffix(w.Body.String(), `"expiration_date":"`+on(8)+`"}`), w.Body)
		var made struct{ ID string }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &made))
		s.mails = nil
		remind := func(want int) {
			t.Helper()
			n, err := s.t.Letters.RemindOfExpiration(ctx, 7)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		expire := func(want int) {
			t.Helper()
			n, err := s.t.Letters.DeactivateExpired(ctx)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		remind(0)
		s.now = s.now.AddDate(0, 0, 1)
		remind(1)
		m := s.mail(t)
		require.Equal(t, "[Test] Your account is about to expire", m.Subject)
		require.Contains(t, m.Text, on(8))
		n, err := s.t.Letters.RemindOfExpiration(ctx, 0)
		require.NoError(t, err)
		require.Zero(t, n)

		s.now = s.now.AddDate(0, 0, 7)
		expire(0) // the last day is not over
		s.now = s.now.AddDate(0, 0, 1)
		expire(1)
		expire(0)
		m = s.mail(t)
		require.Equal(t, "temp@example.org", m.To)
		require.Equal(t, "[Test] Your account has expired", m.Subject)
		require.Equal(t, 400, s.as(t, "", "POST", sessionPath, `{"username":"temp","password":"x"}`).Code)
		path := usersPath + made.ID + "/"
		w = s.as(t, "admin", "PATCH", path, `{"is_active":true}`)
		require.Equal(t, 400, w.Code)
		require.Equal(t, `{"is_active":["Cannot activate an expired account. Clear or extend the expiration date first."]}`, w.Body.String())
		require.Equal(t, 200, s.as(t, "admin", "PATCH", path, `{"notes":"left"}`).Code, "what does not activate it may be changed")
		require.Equal(t, 200, s.as(t, "admin", "PATCH", path, `{"is_active":true,"expiration_date":null}`).Code)
		expire(0)
		require.Equal(t, 200, s.as(t, "", "POST", sessionPath, `{"username":"temp","password":"x"}`).Code)
	})
}

// TestSessionOfALinkNeedsNoPassword: nobody who logs in without one is held up by
// its age (additions: U-4).
func TestSessionOfALinkNeedsNoPassword(t *testing.T) {
	s := newServerIn(t, tenancy.Options{SecretKey: "secret", Passwords: tenancy.PasswordRules{Days: 1}})
	s.recorded(t)
	s.now = s.now.AddDate(0, 0, 3)
	require.NoError(t, s.t.Callers.Forget(t.Context()))
	u, err := s.t.Users.ByUsername(t.Context(), wispwright.ScopeAll(), "manager")
	require.NoError(t, err)
	token, err := s.t.MagicLinks.Make(t.Context(), u.ID)
	require.NoError(t, err)
	b := s.browser()
	b.ask(t, "GET", "/accounts/login/?sesame="+token, "")
	require.Equal(t, 200, b.ask(t, "GET", orgsPath, "").Code)
}
