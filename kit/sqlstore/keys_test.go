package sqlstore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOpenManySecrets reads secrets of all lengths with one buffer, as a list
// does, and makes nothing but their texts.
func TestOpenManySecrets(t *testing.T) {
	k, err := NewKeys("a", map[string][]byte{"a": make([]byte, 32)})
	require.NoError(t, err)
	column := []byte("thing.key")
	var buffer []byte
	var texts []string
	for _, n := range []int{1, 64, 7, 300, 0, 32} {
		plain := strings.Repeat("é", n)
		sealed, err := k.seal(plain, "thing.key")
		require.NoError(t, err)
		got, err := k.open(sealed, column, &buffer)
		require.NoError(t, err)
		require.Equal(t, plain, got)
		texts = append(texts, got)
		for _, damaged := range []string{sealed + "!", sealed[:len(sealed)/2], strings.Replace(sealed, "aes1:a", "aes1:b", 1)} {
			if n > 0 {
				_, err := k.open(damaged, column, &buffer)
				require.ErrorContains(t, err, "open thing.key")
			}
		}
		if n > 0 {
			_, err = k.open(sealed, []byte("other.key"), &buffer)
			require.ErrorContains(t, err, "open other.key")
		}
	}
	require.Equal(t, strings.Repeat("é", 64), texts[1], "the buffer is not part of what was read before")
	sealed, err := k.seal("0123456789abcdef0123456789abcdef", "thing.key")
	require.NoError(t, err)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = k.open(sealed, column, &buffer) }), 1.0)
}
