package schema

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestClassPatternsAreFast makes sure that the patterns most in use do not need
// the regular expression machine, and that they mean the same without it.
func TestClassPatternsAreFast(t *testing.T) {
	texts := []string{"", "a", "a\n", "\n", "a\n\n", "a b", "é", "\u00a0", "\x1f", "0644", "0-8", "a_b-c.d", "[x]"}
	for _, pattern := range []string{`^[^\s]*$`, `^(\S*)$`, `^[0-7]*$`, `^[0-9A-Za-z_-]*$`, `^[a-zA-z0-9_\.\-]*$`} {
		translated := translate(pattern)
		fast := classMatcher(translated)
		require.NotNil(t, fast, pattern)
		slow, err := expression(translated)
		require.NoError(t, err)
		for _, text := range texts {
			require.Equal(t, slow(text), fast(text), "%s %q", pattern, text)
		}
	}
	for _, pattern := range []string{`^a*b*$`, `[a]*$`, `^[a]+$`, `^[a]*`, `a`, ``} {
		require.Nil(t, classMatcher(translate(pattern)), pattern)
	}
}
