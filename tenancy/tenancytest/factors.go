package tenancytest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

func runAPITokens(t *testing.T, h Harness) {
	tx, s := h(t)
	for n := range 6 {
		insert(t, s.Users.Insert, user(n))
	}
	insert(t, s.Users.Insert, user(100), user(101), user(102), user(500))
	token := func(n int) *tenancy.APIToken {
		return &tenancy.APIToken{ID: id(5000 + n), UserID: id(1000 + n), Name: fmt.Sprint("token ", n), Digest: fmt.Sprint("digest ", n),
			Scopes: []wispwright.Permission{"config.view_device"}, Expires: at(n), Created: at(n)}
	}
	storetest.RunRepo(t, s.APITokens, storetest.Sample[wispwright.ID, tenancy.APIToken, tenancy.APITokenFilter]{
		Tx:     tx,
		New:    func(n, _ int) *tenancy.APIToken { return token(n) },
		Key:    func(o *tenancy.APIToken) wispwright.ID { return o.ID },
		Orders: []string{"Name", "Expires", "Created"},
		Orphan: token,
		Mutate: func(o *tenancy.APIToken) {
			o.LastUsed = o.LastUsed.Add(time.Minute)
			o.Scopes = nil
			o.Expires = time.Time{}
		},
		Missing: id(9999),
		Uniques: map[string]func(*tenancy.APIToken) *tenancy.APIToken{
			"api_token_digest": func(first *tenancy.APIToken) *tenancy.APIToken {
				o := token(500)
				o.Digest = first.Digest
				return o
			},
			"api_token_name": func(first *tenancy.APIToken) *tenancy.APIToken {
				o := token(500)
				o.UserID, o.Name = first.UserID, first.Name
				return o
			},
		},
		Filters: map[string]storetest.Filter[tenancy.APIToken, tenancy.APITokenFilter]{
			"digest": {Filter: tenancy.APITokenFilter{Digest: "digest 2"}, Selects: func(o *tenancy.APIToken) bool { return o.Digest == "digest 2" }},
			"user":   {Filter: tenancy.APITokenFilter{UserID: id(1003)}, Selects: func(o *tenancy.APIToken) bool { return o.UserID == id(1003) }},
		},
	})
}

func runSecondFactors(t *testing.T, h Harness) {
	tx, s := h(t)
	for n := range 6 {
		insert(t, s.Users.Insert, user(n))
	}
	insert(t, s.Users.Insert, user(100), user(101), user(102), user(500))
	storetest.RunRepo(t, s.SecondFactors, storetest.Sample[wispwright.ID, tenancy.SecondFactor, tenancy.SecondFactorFilter]{
		Tx: tx,
		New: func(n, _ int) *tenancy.SecondFactor {
			return &tenancy.SecondFactor{UserID: id(1000 + n), Secret: "JBSWY3DPEHPK3PXP", Created: at(n)}
		},
		Key:    func(o *tenancy.SecondFactor) wispwright.ID { return o.UserID },
		Orders: []string{"UserID", "Created"},
		Orphan: func(n int) *tenancy.SecondFactor {
			return &tenancy.SecondFactor{UserID: id(9000 + n), Secret: "JBSWY3DPEHPK3PXP", Created: at(n)}
		},
		Mutate: func(o *tenancy.SecondFactor) {
			o.Confirmed = o.Confirmed.Add(time.Minute)
			o.LastStep = 1 << 40
			o.Recovery = []string{"a", "b"}
		},
		Missing: id(9999),
		Filters: map[string]storetest.Filter[tenancy.SecondFactor, tenancy.SecondFactorFilter]{
			"users": {Filter: tenancy.SecondFactorFilter{UserIDs: wispwright.Only(id(1001))}, Selects: func(o *tenancy.SecondFactor) bool { return o.UserID == id(1001) }},
		},
	})
}

// runProofs runs the rules of named tokens and second factors over the storage.
func runProofs(t *testing.T, h Harness) {
	tx, s := h(t)
	ctx := context.Background()
	now := at(0)
	c, err := tenancy.New(tx, s, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}, Clock: func() time.Time { return now }})
	require.NoError(t, err)
	u := &tenancy.User{Username: "alice", Email: "alice@example.org", IsActive: true}
	require.NoError(t, c.Users.Create(ctx, u, "x"))
	require.NoError(t, c.Users.SetPermissions(ctx, all(), u.ID, []wispwright.Permission{"openwisp_users.view_user", "openwisp_users.add_user"}))
	t.Run("named tokens", func(t *testing.T) { runTokenRules(t, c, u, &now) })
	t.Run("second factor", func(t *testing.T) { runFactorRules(t, c, u, &now) })
	t.Run("passkeys", func(t *testing.T) { runPasskeyRules(t, c, u, &now) })
	t.Run("a user takes both along", func(t *testing.T) {
		require.NoError(t, c.Users.Delete(ctx, all(), u.ID))
		_, err := c.SecondFactors.Get(ctx, u.ID)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		items, err := c.APITokens.List(ctx, all(), tenancy.APITokenFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Zero(t, items.Total)
	})
}

func runTokenRules(t *testing.T, c *tenancy.Tenancy, u *tenancy.User, now *time.Time) {
	ctx := context.Background()
	token := &tenancy.APIToken{UserID: u.ID, Name: "backup", Scopes: []wispwright.Permission{"openwisp_users.view_user", "openwisp_users.delete_user"}, Expires: now.Add(time.Hour)}
	text, err := c.APITokens.Create(ctx, token)
	require.NoError(t, err)
	caller, err := c.Callers.ByToken(ctx, text.Reveal())
	require.NoError(t, err)
	require.Equal(t, tenancy.APITokenMethod, caller.Method)
	require.Equal(t, []wispwright.Permission{"openwisp_users.view_user"}, caller.Permissions, "what both the token and its user may do")
	stored, err := c.APITokens.Get(ctx, all(), token.ID)
	require.NoError(t, err)
	require.Equal(t, now.UTC().Truncate(time.Microsecond), stored.LastUsed)
	require.NotContains(t, stored.Digest, text.Reveal())
	for name, bad := range map[string]*tenancy.APIToken{
		"name":    {UserID: u.ID, Name: "backup"},
		"scopes":  {UserID: u.ID, Name: "x", Scopes: []wispwright.Permission{"x.view_y"}},
		"expires": {UserID: u.ID, Name: "x", Expires: now.Add(-time.Second)},
	} {
		_, err := c.APITokens.Create(ctx, bad)
		var v *wispwright.ValidationError
		require.ErrorAs(t, err, &v)
		require.True(t, v.Has(name), err)
	}
	*now = now.Add(time.Hour)
	_, err = c.Callers.ByToken(ctx, text.Reveal())
	require.ErrorIs(t, err, wispwright.ErrUnauthenticated, "the token has ended, cached or not")

	whole := &tenancy.APIToken{UserID: u.ID, Name: "whole"}
	text, err = c.APITokens.Create(ctx, whole)
	require.NoError(t, err)
	caller, err = c.Callers.ByToken(ctx, text.Reveal())
	require.NoError(t, err)
	require.Len(t, caller.Permissions, 2, "no scopes are no limit")
	require.NoError(t, c.APITokens.Delete(ctx, all(), whole.ID))
	_, err = c.Callers.ByToken(ctx, text.Reveal())
	require.ErrorIs(t, err, wispwright.ErrUnauthenticated)
}

func runFactorRules(t *testing.T, c *tenancy.Tenancy, u *tenancy.User, now *time.Time) {
	ctx := context.Background()
	f := c.SecondFactors
	key, err := f.Enrol(ctx, u.ID)
	require.NoError(t, err)
	code := func(step ...int) string {
		at := *now
		for _, n := range step {
			at = at.Add(time.Duration(n) * 30 * time.Second)
		}
		out, err := totp.GenerateCode(key.Secret.Reveal(), at)
		require.NoError(t, err)
		return out
	}
	has, err := f.Has(ctx, u.ID)
	require.NoError(t, err)
	require.False(t, has, "nothing is asked for before it is confirmed")
	_, err = f.Confirm(ctx, u.ID, "12345")
	require.ErrorContains(t, err, "wrong")
	recovery, err := f.Confirm(ctx, u.ID, code())
	require.NoError(t, err)
	require.Len(t, recovery, 10)
	_, err = f.Enrol(ctx, u.ID)
	require.ErrorContains(t, err, "already")

	check := func(code string) bool {
		good, err := f.Check(ctx, u.ID, code)
		require.NoError(t, err)
		return good
	}
	require.False(t, check(code()), "the code of the confirmation is used up")
	*now = now.Add(30 * time.Second)
	require.True(t, check(code()))
	require.False(t, check(code()), "a code works once")
	require.True(t, check(" "+recovery[3]+" "))
	require.False(t, check(recovery[3]), "so does a recovery code")
	late := code()
	for *now = now.Add(2 * time.Minute); slices.Contains([]string{code(-1), code(0), code(1)}, late); {
		*now = now.Add(time.Minute) // one in a million
	}
	require.False(t, check(late), "a code of two minutes ago")
	require.True(t, check(code()))
	for range 5 {
		require.False(t, check("123"))
	}
	*now = now.Add(30 * time.Second)
	require.False(t, check(code()), "five wrong ones lock it")
	*now = now.Add(5 * time.Minute)
	require.True(t, check(code()))

	*now = now.Add(time.Minute)
	fresh, err := f.NewRecovery(ctx, u.ID, code())
	require.NoError(t, err)
	require.False(t, check(recovery[0]))
	require.True(t, check(fresh[0]))
	require.NoError(t, f.Remove(ctx, u.ID))
	require.ErrorIs(t, f.Remove(ctx, u.ID), wispwright.ErrNotFound)
	key, err = f.Enrol(ctx, u.ID)
	require.NoError(t, err)
	again, err := f.Enrol(ctx, u.ID)
	require.NoError(t, err)
	require.NotEqual(t, key.Secret.Reveal(), again.Secret.Reveal(), "what was not confirmed is forgotten")
}
