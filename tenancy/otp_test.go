package tenancy

import (
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"
)

// TestCodesAreThoseOfGenerators holds codes and addresses against a library
// that generators are tested with.
func TestCodesAreThoseOfGenerators(t *testing.T) {
	e := newEnrolment("Wi:Fi & more", "ann@example.org")
	key, err := otp.NewKeyFromURL(e.URL)
	require.NoError(t, err)
	require.Equal(t, []any{e.Secret.Reveal(), "Wi Fi & more", "ann@example.org", uint64(codeStep), otp.DigitsSix, otp.AlgorithmSHA1},
		[]any{key.Secret(), key.Issuer(), key.AccountName(), key.Period(), key.Digits(), key.Algorithm()})
	for day := range 100 {
		at := time.Unix(int64(day)*86_431, 0)
		want, err := totp.GenerateCode(key.Secret(), at)
		require.NoError(t, err)
		have, err := oneTimeCode(e.Secret, uint64(at.Unix()/codeStep))
		require.NoError(t, err)
		require.Equal(t, want, have)
	}
	// RFC 6238, appendix B, in six digits
	code, err := oneTimeCode("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 1111111109/codeStep)
	require.NoError(t, err)
	require.Equal(t, "081804", code)
	_, err = oneTimeCode("no base32!", 1)
	require.Error(t, err)
}
