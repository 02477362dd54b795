package wispwright_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

func TestParseID(t *testing.T) {
	const dashed = "01234567-89ab-cdef-0123-456789abcdef"
	want := wispwright.ID{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}
	for _, text := range []string{dashed, strings.ToUpper(dashed), strings.ReplaceAll(dashed, "-", "")} {
		id, err := wispwright.ParseID(text)
		require.NoError(t, err, text)
		require.Equal(t, want, id)
		for _, src := range []any{text, []byte(text), want[:]} {
			var scanned wispwright.ID
			require.NoError(t, scanned.Scan(src))
			require.Equal(t, want, scanned)
		}
	}
	require.Equal(t, dashed, want.String())
	text, err := want.AppendText([]byte("id "))
	require.NoError(t, err)
	require.Equal(t, "id "+dashed, string(text))
	for _, text := range []string{
		"", "-", dashed[1:], dashed + "0", "01234567-89ab-cdef-0123-456789abcdeg", "0123456-789ab-cdef-0123-456789abcdef", "0123456789abcdef0123456789abcde ",
		"01234567-89ab-cdef-0123-4567-9abcdef", "{1234567-89ab-cdef-0123-456789abcde}", strings.Repeat("é", 16), strings.Repeat("é", 18),
	} {
		_, err := wispwright.ParseID(text)
		require.ErrorIs(t, err, wispwright.ErrMalformedID, text)
		kept := want
		require.ErrorIs(t, kept.Scan(text), wispwright.ErrMalformedID, text)
		require.Equal(t, want, kept, "left as it was")
	}
	var none wispwright.ID
	require.NoError(t, none.Scan(nil))
	require.Empty(t, none.String())
	require.Error(t, none.Scan(7))
}

// FuzzParseID: what is read is written the same way again.
func FuzzParseID(f *testing.F) {
	f.Add("01234567-89ab-cdef-0123-456789abcdef")
	f.Add("0123456789ABCDEF0123456789abcdef")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := wispwright.ParseID(text)
		if err != nil {
			require.Zero(t, id)
			return
		}
		require.Equal(t, strings.ToLower(strings.ReplaceAll(text, "-", "")), id.Hex())
	})
}
