package vouchers_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/radius/enrol/vouchers"
)

func TestVouchers(t *testing.T) {
	write := func(s *vouchers.Sheet) []byte {
		var b bytes.Buffer
		require.NoError(t, vouchers.Write(&b, s))
		require.True(t, bytes.HasPrefix(b.Bytes(), []byte("%PDF-")))
		return b.Bytes()
	}
	pages := func(pdf []byte) int { return bytes.Count(pdf, []byte("/Type /Page\n")) }
	s := &vouchers.Sheet{Title: "Ospiti ü Гости", Organization: "Acme", LoginURL: "https://login.example.org/acme", Until: "2030-01-31"}
	for i := range 13 {
		s.Pairs = append(s.Pairs, [2]string{fmt.Sprintf("guest-%d", i), "secret"})
	}
	require.Equal(t, 2, pages(write(s)), "twelve on a page")
	s.Pairs = s.Pairs[:12]
	require.Equal(t, 1, pages(write(s)))
	with := len(write(s))
	s.LoginURL = ""
	require.NotEqual(t, with, len(write(s)), "another code")
	require.Equal(t, 1, pages(write(&vouchers.Sheet{Title: "nobody"})))
}
