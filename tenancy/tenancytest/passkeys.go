package tenancytest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/tenancy"
)

func passkey(n, user int) *tenancy.Passkey {
	return &tenancy.Passkey{ID: id(6000 + n), UserID: id(1000 + user), Name: fmt.Sprint("key ", n), CredentialID: fmt.Sprint("credential ", n),
		PublicKey: "pQECAyYgASFYIA", Flags: 0x45, SignCount: 1 << 31, Transports: []string{"internal", "usb"}, Created: at(n)}
}

func runPasskeys(t *testing.T, h Harness) {
	tx, s := h(t)
	for n := range 6 {
		insert(t, s.Users.Insert, user(n))
	}
	insert(t, s.Users.Insert, user(100), user(101), user(102), user(500))
	storetest.RunRepo(t, s.Passkeys, storetest.Sample[wispwright.ID, tenancy.Passkey, tenancy.PasskeyFilter]{
		Tx:      tx,
		New:     func(n, _ int) *tenancy.Passkey { return passkey(n, n) },
		Key:     func(o *tenancy.Passkey) wispwright.ID { return o.ID },
		Mutate:  func(o *tenancy.Passkey) { o.SignCount++; o.LastUsed = at(1); o.Transports = nil },
		Missing: id(9999),
		Orders:  []string{"Name", "Created"},
		Orphan:  func(n int) *tenancy.Passkey { return passkey(n, 9000) },
		Uniques: map[string]func(*tenancy.Passkey) *tenancy.Passkey{
			"passkey_credential": func(first *tenancy.Passkey) *tenancy.Passkey {
				o := passkey(500, 500)
				o.CredentialID = first.CredentialID
				return o
			},
		},
		Filters: map[string]storetest.Filter[tenancy.Passkey, tenancy.PasskeyFilter]{
			"user":       {Filter: tenancy.PasskeyFilter{UserID: id(1003)}, Selects: func(o *tenancy.Passkey) bool { return o.UserID == id(1003) }},
			"credential": {Filter: tenancy.PasskeyFilter{CredentialID: "credential 2"}, Selects: func(o *tenancy.Passkey) bool { return o.CredentialID == "credential 2" }},
		},
	})
}

// runPasskeyRules checks what the service adds to the store.
func runPasskeyRules(t *testing.T, c *tenancy.Tenancy, u *tenancy.User, now *time.Time) {
	ctx := context.Background()
	methods := func() []string {
		out, err := c.SecondFactors.Methods(ctx, u.ID)
		require.NoError(t, err)
		return out
	}
	before := methods()
	p := passkey(1, 1)
	p.UserID, p.SignCount, p.Name = u.ID, 7, ""
	require.ErrorContains(t, c.Passkeys.Add(ctx, p), "name")
	p.Name = "Laptop"
	require.NoError(t, c.Passkeys.Add(ctx, p))
	require.Equal(t, append(before, "webauthn"), methods())
	again := *p
	require.ErrorContains(t, c.Passkeys.Add(ctx, &again), "known already")
	use := func(count int64) bool {
		good, err := c.Passkeys.Used(ctx, &tenancy.Passkey{ID: p.ID, SignCount: count, Flags: 1})
		require.NoError(t, err)
		return good
	}
	require.False(t, use(7), "a count that did not grow is a copy's")
	require.False(t, use(0))
	*now = now.Add(time.Minute)
	require.True(t, use(8))
	have, err := c.Passkeys.Of(ctx, u.ID)
	require.NoError(t, err)
	require.Len(t, have, 1)
	require.Equal(t, now.UTC().Truncate(time.Microsecond), have[0].LastUsed)
	require.EqualValues(t, 8, have[0].SignCount)
	require.ErrorIs(t, c.Passkeys.Delete(ctx, id(9999), p.ID), wispwright.ErrNotFound, "only its own user's")
	require.NoError(t, c.Passkeys.Delete(ctx, u.ID, p.ID))
	require.Equal(t, before, methods())

	uncounted := passkey(2, 1)
	uncounted.UserID, uncounted.SignCount = u.ID, 0
	require.NoError(t, c.Passkeys.Add(ctx, uncounted))
	p = uncounted
	require.True(t, use(0), "some never count")
	require.True(t, use(0))
}
