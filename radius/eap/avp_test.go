package eap

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func avp(code byte, flags byte, data ...byte) []byte {
	out := append([]byte{0, 0, 0, code, flags, 0, 0, byte(8 + len(data))}, data...)
	for len(out)%4 != 0 {
		out = append(out, 0)
	}
	return out
}

func TestCredentials(t *testing.T) {
	name, password := avp(1, 0x40, 'a', 'n', 'n'), avp(2, 0x40, 'x', 0, 0, 0)
	c, err := readAVPs(append(append([]byte{}, name...), password...), nil)
	require.NoError(t, err)
	require.Equal(t, &Credentials{Username: "ann", Password: "x", HasPassword: true}, c)
	c, err = readAVPs(append(append(avp(99, 0, 1), name...), password[:9]...), nil)
	require.Error(t, err, "the last one is cut off: %v", c)
	for what, b := range map[string][]byte{
		"nothing": {}, "no password": name, "nobody": password, "an unknown one that must be known": append(append(avp(99, 0x40, 1), name...), password...),
		"no room": {0, 0, 0, 1, 0, 0, 0}, "shorter than its head": {0, 0, 0, 1, 0x80, 0, 0, 8}, "length of nothing": {0, 0, 0, 1, 0, 0, 0, 0},
	} {
		_, err := readAVPs(b, nil)
		require.Error(t, err, what)
	}
	ms := func(code byte, data []byte) []byte {
		return append([]byte{0, 0, 0, code, 0xc0, 0, 0, byte(12 + len(data)), 0, 0, 1, 0x37}, data...)
	}
	challenge := make([]byte, 17)
	challenge[16] = 7
	response := make([]byte, 50)
	response[0] = 7
	both := append(append(append([]byte{}, name...), ms(11, challenge[:16])...), ms(25, response)...)
	c, err = readAVPs(both, challenge)
	require.NoError(t, err)
	require.Len(t, c.Response, 24)
	for i := range challenge { // what the tunnel did not give
		other := append([]byte{}, challenge...)
		other[i]++
		_, err := readAVPs(both, other)
		require.Error(t, err)
	}
	require.Len(t, msSuccess(1, "S=0")[:12], 12)
}

func FuzzAVPs(f *testing.F) {
	f.Add(append(avp(1, 0x40, 'a'), avp(2, 0x40, 'x')...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := readAVPs(b, make([]byte, 17)); err == nil && c.Username == "" {
			t.Fatal("nobody")
		}
	})
}
