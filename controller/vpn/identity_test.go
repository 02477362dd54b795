package vpn

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The addresses of ZeroTier's own root servers, which are published, follow from their
// keys.
func TestAddressesFollowFromKeys(t *testing.T) {
	for _, known := range []string{
		"3a46f1bf30:0:76e66fab33e28549a62ee2064d1843273c2c300ba45c3f20bef02dbad225723bb59a9bb4b13535730961aeecf5a163ace477cceb0727025b99ac14a5166a09a3",
		"9d219039f3:0:01f0922a98e3b34ebcbff333269dc265d7a020aab69d72be4d4acc9c8c9294785771256cd1d942a90d1bd1d2dca3ea84ef7d85afe6611fb43ff0b74126d90a6e",
	} {
		parts := strings.Split(known, ":")
		public, err := hex.DecodeString(parts[2])
		require.NoError(t, err)
		address, ok := identityAddress(public)
		require.True(t, ok, known)
		require.Equal(t, parts[0], address)
	}
}

func TestNewIdentity(t *testing.T) {
	secret, err := NewIdentity()
	require.NoError(t, err)
	parts := strings.Split(secret.Reveal(), ":")
	require.Len(t, parts, 4)
	public, err := hex.DecodeString(parts[2])
	require.NoError(t, err)
	require.Len(t, public, 64)
	require.Len(t, parts[3], 128)
	address, ok := identityAddress(public)
	require.True(t, ok)
	require.Equal(t, parts[0], address)
}
