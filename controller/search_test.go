package controller_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller"
)

func TestMACDigits(t *testing.T) {
	for text, want := range map[string]string{
		"02:00:00:aa:00:02": "020000AA0002",
		"02-00-00-AA-00-02": "020000AA0002",
		"02 00 00 aa 00 02": "020000AA0002",
		"0200.00aa.0002":    "020000AA0002",
		" 020000AA0002 ":    "020000AA0002",
		"2:0:0:aa:0:2":      "020000AA0002",
		"00:aa:0":           "00AA0",
		":00:aa:00":         "00AA00",
		"0200.00":           "020000",
		"beef":              "BEEF",
		"bee":               "", // too little to tell
		"10.8.0.12":         "",
		"10.8.1.":           "",
		"2001:db8::1":       "",
		"fe80::1":           "",
		"ap-01":             "",
		"02:00-00:aa":       "",
		"020000AA00021":     "",
		"näher":             "",
		"":                  "",
	} {
		require.Equal(t, want, controller.MACDigits(text), text)
	}
}

func TestKeyHint(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	hint := controller.KeyHint(key)
	require.Len(t, hint, 6)
	for _, text := range []string{key, key[:8], key[:20]} {
		require.Equal(t, hint, controller.SearchedKey(text))
	}
	require.NotEqual(t, hint, controller.SearchedKey("01234568"))
	for _, text := range []string{"", key[:7], "10.8.0.12.1", "new router"} {
		require.Empty(t, controller.SearchedKey(text))
	}
}
