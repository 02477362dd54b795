package fields_test

import (
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wispwright/wispwright/kit/internal/fields"
)

// The texts of two values are in the order of the values, and read back.
func TestSortableTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		address := rapid.Custom(func(t *rapid.T) netip.Addr {
			n := rapid.SampledFrom([]int{4, 16}).Draw(t, "length")
			a, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 9, 10, 128, 255}), n, n).Draw(t, "bytes"))
			return a
		})
		prefix := rapid.Custom(func(t *rapid.T) netip.Prefix {
			a := address.Draw(t, "address")
			return netip.PrefixFrom(a, rapid.IntRange(0, a.BitLen()).Draw(t, "bits"))
		})
		number := rapid.Custom(func(t *rapid.T) *big.Int {
			n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "digits"))
			if rapid.Bool().Draw(t, "negative") {
				n.Neg(n)
			}
			return n
		})
		a, b := address.Draw(t, "a"), address.Draw(t, "b")
		at, err1 := fields.AddrText(a)
		bt, err2 := fields.AddrText(b)
		back, err3 := fields.ParseAddrText(at)
		require.Equal(t, []any{nil, nil, nil, a, a.Compare(b)}, []any{err1, err2, err3, back, strings.Compare(at, bt)})
		plain, err := fields.ParseAddrText(a.String())
		require.NoError(t, err)
		require.Equal(t, a, plain, "old spellings are read too")

		p, q := prefix.Draw(t, "p"), prefix.Draw(t, "q")
		pt, err1 := fields.PrefixText(p)
		qt, err2 := fields.PrefixText(q)
		whole, err3 := fields.ParsePrefixText(pt)
		require.Equal(t, []any{nil, nil, nil, p, fields.ComparePrefixes(p, q)}, []any{err1, err2, err3, whole, strings.Compare(pt, qt)})
		first, err := fields.PrefixText(q.Masked())
		require.NoError(t, err)
		last, err := fields.AddrText(fields.Last(q))
		require.NoError(t, err)
		inside := p.Addr().BitLen() == q.Addr().BitLen() && q.Contains(p.Addr()) && p.Bits() >= q.Bits()
		require.Equal(t, inside, first <= pt && pt < last+"0", "%s within %s", p, q)

		n, m := number.Draw(t, "n"), number.Draw(t, "m")
		nt, err1 := fields.BigText(n)
		mt, err2 := fields.BigText(m)
		var read big.Int
		err3 = fields.ParseBigText(&read, nt)
		require.Equal(t, []any{nil, nil, nil, 0, n.Cmp(m)}, []any{err1, err2, err3, read.Cmp(n), strings.Compare(nt, mt)})
	})
	_, err := fields.BigText(new(big.Int).Exp(big.NewInt(10), big.NewInt(1000), nil))
	require.ErrorContains(t, err, "too long")
	for _, text := range []string{"", "4", "4zz", "40a", "60a000001", "40a000000/", "x/1/2/3"} {
		_, err1 := fields.ParseAddrText(text)
		_, err2 := fields.ParsePrefixText(text)
		require.Error(t, err1, text)
		require.Error(t, err2, text)
	}
}

// Every letter is found by whatever folds to the same, and by nothing else.
func TestFold(t *testing.T) {
	small := func(r rune) rune { // the rule, written down a second time
		s := unicode.ToLower(r)
		if r >= 128 && s < 128 {
			return r
		}
		return s
	}
	byFold := map[rune][]rune{}
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if unicode.IsLetter(r) {
			byFold[small(r)] = append(byFold[small(r)], r)
		}
	}
	for _, same := range byFold {
		for _, r := range same {
			f := fields.NewFold(string(r))
			for _, other := range same {
				require.True(t, f.In("x"+string(other)+"y"), "%q finds %q", r, other)
			}
		}
	}
	require.False(t, fields.NewFold("k").In("\u212a"), "the Kelvin sign is no K")
	require.False(t, fields.NewFold("e").In("é"))
	many := string(slices.Sorted(func(yield func(rune) bool) {
		for r := rune(0x410); r < 0x410+500; r++ {
			if !yield(r) {
				return
			}
		}
	}))
	require.LessOrEqual(t, len(fields.NewFold(many).Pairs), 200, "the statement stays short whatever is asked for")
}
