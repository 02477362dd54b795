package password_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/tenancy/password"
)

var fast = password.Hasher{Iterations: 1000, Legacy: true}

func TestHashVerifies(t *testing.T) {
	for _, plain := range []string{"x", "pässwörd ☃", " spaces kept ", strings.Repeat("a", password.MaxLength)} {
		encoded, err := fast.Hash(plain)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(encoded, "pbkdf2_sha256$1000$"))
		require.True(t, password.Recognised(encoded))
		require.True(t, fast.Verify(plain, encoded))
		require.False(t, fast.Verify(plain+"x", encoded))
		require.False(t, fast.NeedsRehash(encoded))
		require.True(t, password.Hasher{}.NeedsRehash(encoded))
	}
	_, err := fast.Hash(strings.Repeat("a", password.MaxLength+1))
	require.Error(t, err)
}

func TestUnusableNeverMatches(t *testing.T) {
	for _, encoded := range []string{"", password.Unusable(), "!", "nonsense", "pbkdf2_sha256$x$y$z", "pbkdf2_sha256$99999999999$s$h",
		"argon2$argon2id$v=19$m=9999999,t=2,p=8$c2FsdHNhbHQ$aGFzaGhhc2g", "scrypt$99999999$s$8$1$aGFzaA==", "md5$only"} {
		require.False(t, fast.Verify("", encoded), encoded)
		require.False(t, fast.Verify("x", encoded), encoded)
	}
	require.False(t, password.Recognised("a plain password"))
}

// TestOwnCases: the old formats are verified only where they are asked for.
func TestOwnCases(t *testing.T) {
	legacy := password.Hasher{}
	require.False(t, legacy.Verify("x", "md5$abc$b1a85930d233609029cc0b18a97b2d5d"), "legacy formats are off by default")
	require.True(t, fast.Verify("x", "md5$abc$b1a85930d233609029cc0b18a97b2d5d"))
	require.True(t, fast.Verify("x", "pbkdf2_sha1$260000$saltsaltsalt$SdFqjm4Z/GhkiKSniQJV9jbC9Qk="))
}

// The hashes are what crypt(3) of glibc makes.
func TestCrypt(t *testing.T) {
	for plain, hash := range map[string]string{
		"imported-Wa-Pass1":                  "M1B01VzKmBIJ2",
		"x":                                  "abiQ6Ep3EYTHc",
		"":                                   "zZO7u0HfQST3A",
		"a long password of more than eight": "./LJjfHRvPlvA",
	} {
		require.True(t, fast.Verify(plain, "crypt$$"+hash), plain)
		require.False(t, fast.Verify("y"+plain, "crypt$$"+hash), plain)
		require.False(t, password.Hasher{}.Verify(plain, "crypt$$"+hash), "off by default")
		require.True(t, fast.NeedsRehash("crypt$$"+hash))
		require.True(t, password.Recognised("crypt$$"+hash))
	}
	for _, broken := range []string{"crypt$$ab", "crypt$$ab!!!!!!!!!!!", "crypt$", "crypt$$"} {
		require.False(t, fast.Verify("x", broken), broken)
	}
	require.True(t, fast.Verify("x", "9dd4e461268c8034f5c8564e155c67a6"), "unsalted MD5")
	require.False(t, password.Hasher{}.Verify("x", "9dd4e461268c8034f5c8564e155c67a6"))
}

func TestVectors(t *testing.T) {
	root := os.Getenv("WISPWRIGHT_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "vectors")
	}
	raw, err := os.ReadFile(filepath.Join(root, "tenancy", "credentials.json"))
	if err != nil {
		t.Skipf("the vectors are not here: %v", err)
	}
	var doc struct {
		Passwords []struct {
			Password, Encoded string
			Valid             bool
		}
	}
	require.NoError(t, json.Unmarshal(raw, &doc))
	require.NotEmpty(t, doc.Passwords)
	for _, v := range doc.Passwords {
		require.Equal(t, v.Valid, fast.Verify(v.Password, v.Encoded), "%q against %s", v.Password, v.Encoded)
	}
}
