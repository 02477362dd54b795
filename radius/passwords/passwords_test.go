package passwords_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/radius/passwords"
)

// The values were made with Python's hashlib and with openssl.
func TestMatch(t *testing.T) {
	const plain = "Paäss"
	for _, c := range [][2]string{
		{"Cleartext-Password", plain},
		{"NT-Password", "9d0f2bcb3a8d3b3f7fe7b10327807ac5"}, {"NT-Password", "0x9D0F2BCB3A8D3B3F7FE7B10327807AC5"},
		{"MD5-Password", "69d6a9b5dcbfca98ef762395efbd1e6d"}, {"SMD5-Password", "lySuWJhaXN0hLN/noxBmenNhbHRzYWx0"},
		{"SHA-Password", "JCzE0WLKUxaUfNzBNXhUzmkOx5Q="}, {"SSHA-Password", "lZQero4YEnDGLsHrWbS1c9QmNoBzYWx0c2FsdA=="},
		{"SHA2-Password", "5765d69fef95eada7c3c72215ca38048e9ce6b7236683ba525bfe0ef5178493b"}, {"SHA2-256-Password", "5765d69fef95eada7c3c72215ca38048e9ce6b7236683ba525bfe0ef5178493b"},
		{"SSHA2-512-Password", "zb7sTNd4Fn8TGu6r3NuaveHLNZFJNfLZ7rNsMO1EHdnFFtojFOcrCnd3Gb7x9pW31L/zpMCyqbxACXpsgliOAnNhbHRzYWx0"},
		{"Password-With-Header", "{SSHA}lZQero4YEnDGLsHrWbS1c9QmNoBzYWx0c2FsdA=="}, {"Password-With-Header", "{clear}" + plain}, {"Password-With-Header", plain},
	} {
		require.True(t, passwords.Match(c[0], c[1], plain), c)
		for _, wrong := range []string{"", "paäss", plain + " ", c[1] + "x"} {
			require.False(t, passwords.Match(c[0], c[1], wrong), "%s with %q", c[0], wrong)
		}
		require.False(t, passwords.Match(c[0], "", ""), c[0])
		require.True(t, passwords.Known(c[0]))
	}
	for _, c := range [][2]string{{"MD5-Password", "69d6"}, {"SSHA-Password", "JCzE0WLKUxaUfNzBNXhUzmkOx5Q="}, {"NT-Password", "zz"}, {"LM-Password", plain}, {"Crypt-Password", "$1$x$y"}, {"Password-With-Header", "{odd}x"}} {
		require.False(t, passwords.Match(c[0], c[1], plain), c)
	}
	require.False(t, passwords.Known("Simultaneous-Use"))
}

func TestMake(t *testing.T) {
	for _, name := range passwords.Names() {
		if name == "SHA2-Password" || name == "Crypt-Password" || name == "Password-With-Header" {
			_, err := passwords.Make(name, "secret", nil)
			require.Error(t, err, name)
			continue
		}
		value, err := passwords.Make(name, "secret", []byte("some salt"))
		require.NoError(t, err)
		require.True(t, passwords.Match(name, value, "secret"), name)
		require.False(t, passwords.Match(name, value, "Secret"), name)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("SSHA-Password", "lZQero4YEnDGLsHrWbS1c9QmNoBzYWx0c2FsdA==", "x")
	f.Add("Password-With-Header", "{nt}9d0f", "x")
	f.Fuzz(func(t *testing.T, attribute, value, plain string) {
		if strings.HasPrefix(value, "$2") || strings.Contains(value, "}$2") {
			t.Skip("bcrypt takes its time")
		}
		passwords.Match(attribute, value, plain)
		passwords.NTHash(attribute, value)
	})
}
