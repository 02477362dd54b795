package passkey_test

import (
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/passkey"
)

// newKey makes a key whose coordinates have no zeros in front: one in 128 has,
// and the authenticator would tell it too short, which is no key.
func newKey(kind virtualwebauthn.KeyType) virtualwebauthn.Credential {
	for {
		k := virtualwebauthn.NewCredential(kind)
		if kind != virtualwebauthn.KeyTypeEC2 || len(k.Key.AttestationData()) == 77 {
			return k
		}
	}
}

func TestCeremonies(t *testing.T) {
	site := passkey.Site{ID: "example.org", Name: "Example", Origins: []string{"https://wifi.example.org:8443"}}
	rp := virtualwebauthn.RelyingParty{ID: site.ID, Name: site.Name, Origin: site.Origins[0]}
	u := &tenancy.User{ID: wispwright.NewID(), Username: "alice"}
	for name, c := range map[string]struct {
		kind virtualwebauthn.KeyType
		auth virtualwebauthn.AuthenticatorOptions
	}{
		"elliptic curve":      {virtualwebauthn.KeyTypeEC2, virtualwebauthn.AuthenticatorOptions{}},
		"RSA":                 {virtualwebauthn.KeyTypeRSA, virtualwebauthn.AuthenticatorOptions{}},
		"kept by the maker":   {virtualwebauthn.KeyTypeEC2, virtualwebauthn.AuthenticatorOptions{BackupEligible: true, BackupState: true}},
		"user not recognised": {virtualwebauthn.KeyTypeEC2, virtualwebauthn.AuthenticatorOptions{UserNotVerified: true}},
	} {
		t.Run(name, func(t *testing.T) {
			auth, key := virtualwebauthn.NewAuthenticatorWithOptions(c.auth), newKey(c.kind)
			options, state, err := site.Register(u, nil)
			require.NoError(t, err)
			require.Contains(t, options, `"attestation":"none"`)
			creation, err := virtualwebauthn.ParseAttestationOptions(string(options))
			require.NoError(t, err)
			answer := virtualwebauthn.CreateAttestationResponse(rp, auth, key, *creation)
			p, err := site.Registered(u, state, wispwright.JSON(answer))
			require.NoError(t, err)
			require.Equal(t, u.ID, p.UserID)
			_, another, err := site.Register(u, nil)
			require.NoError(t, err)
			_, err = site.Registered(u, another, wispwright.JSON(answer))
			require.ErrorIs(t, err, passkey.ErrRefused, "the answer to another challenge")

			have := []*tenancy.Passkey{p}
			options, state, err = site.Ask(u, have)
			require.NoError(t, err)
			request, err := virtualwebauthn.ParseAssertionOptions(string(options))
			require.NoError(t, err)
			key.Counter = 5
			answer = virtualwebauthn.CreateAssertionResponse(rp, auth, key, *request)
			used, err := site.Answered(u, have, state, wispwright.JSON(answer))
			require.NoError(t, err)
			require.EqualValues(t, 5, used.SignCount)
			require.Zero(t, p.SignCount, "what was given stays as it is")
			evil := rp
			evil.Origin = "https://evil.example.org"
			_, err = site.Answered(u, have, state, wispwright.JSON(virtualwebauthn.CreateAssertionResponse(evil, auth, key, *request)))
			require.ErrorIs(t, err, passkey.ErrRefused)
			_, err = site.Answered(u, nil, state, wispwright.JSON(answer))
			require.ErrorIs(t, err, passkey.ErrRefused, "removed in between")
		})
	}
}

func TestSitesWithoutNameHaveNoPasskeys(t *testing.T) {
	for _, id := range []string{"", "127.0.0.1", "[::1]", "::1", "not a name"} {
		_, _, err := passkey.Site{ID: id, Name: id, Origins: []string{"https://" + id}}.Register(&tenancy.User{}, nil)
		require.ErrorIs(t, err, passkey.ErrHost, id)
	}
}

// FuzzAnswers: whatever a browser sends is refused, not fatal.
func FuzzAnswers(f *testing.F) {
	site := passkey.Site{ID: "localhost", Name: "x", Origins: []string{"http://localhost"}}
	u := &tenancy.User{ID: wispwright.NewID(), Username: "alice"}
	_, creating, err := site.Register(u, nil)
	require.NoError(f, err)
	have := []*tenancy.Passkey{{CredentialID: "AQ", PublicKey: "AQ"}}
	_, using, err := site.Ask(u, have)
	require.NoError(f, err)
	for _, seed := range []string{"", "null", "{}", `{"id":"AQ","rawId":"AQ","type":"public-key","response":{}}`,
		`{"id":"AQ","rawId":"AQ","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"` + strings.Repeat("A", 60) + `","signature":"AQ"}}`,
		`{"id":"AQ","rawId":"AQ","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"o2NmbXRkbm9uZQ"}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		_, err := site.Registered(u, creating, wispwright.JSON(answer))
		require.ErrorIs(t, err, passkey.ErrRefused)
		_, err = site.Answered(u, have, using, wispwright.JSON(answer))
		require.ErrorIs(t, err, passkey.ErrRefused)
	})
}
