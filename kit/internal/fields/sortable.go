package fields

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
)

// The texts below are what a database without types of its own for addresses
// and big numbers keeps: their order is that of the values, so that a plain
// index serves equality, order and ranges.

// AddrText is "4" or "6" and the digits of the address in base 16.
func AddrText(a netip.Addr) (string, error) {
	if a.Zone() != "" {
		return "", fmt.Errorf("the address %s has a zone, which is not stored", a)
	}
	family := "6"
	if a.Is4() {
		family = "4"
	}
	return family + hex.EncodeToString(a.AsSlice()), nil
}

// ParseAddrText reads what AddrText wrote, and any other spelling of an address.
func ParseAddrText(text string) (netip.Addr, error) {
	if strings.ContainsAny(text, ".:") {
		address, _, _ := strings.Cut(text, "/") // some clients print an inet with its length
		return netip.ParseAddr(address)
	}
	if text != "" {
		raw, err := hex.DecodeString(text[1:])
		a, ok := netip.AddrFromSlice(raw)
		if err == nil && ok && (text[0] == '4') == a.Is4() {
			return a, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("malformed address %q", text)
}

// PrefixText is the network's first address, the length in three digits, and
// the address itself where it is not the first of its network. A network comes
// before those that lie in it, as in PostgreSQL.
func PrefixText(p netip.Prefix) (string, error) {
	network, err := AddrText(p.Masked().Addr())
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("%s/%03d", network, p.Bits())
	if p.Addr() != p.Masked().Addr() {
		own, err := AddrText(p.Addr())
		return text + "/" + own, err
	}
	return text, nil
}

// ParsePrefixText reads what PrefixText wrote, and the usual spelling.
func ParsePrefixText(text string) (netip.Prefix, error) {
	if strings.ContainsAny(text, ".:") {
		if !strings.Contains(text, "/") { // PostgreSQL leaves out the length of a single address
			a, err := netip.ParseAddr(text)
			return netip.PrefixFrom(a, a.BitLen()), err
		}
		return netip.ParsePrefix(text)
	}
	parts := strings.Split(text, "/")
	if len(parts) < 2 || len(parts) > 3 {
		return netip.Prefix{}, fmt.Errorf("malformed prefix %q", text)
	}
	bits, err := strconv.Atoi(parts[1])
	a, aerr := ParseAddrText(parts[0])
	if len(parts) == 3 {
		a, aerr = ParseAddrText(parts[2])
	}
	return netip.PrefixFrom(a, bits), errors.Join(err, aerr)
}

// ComparePrefixes orders prefixes as their texts are.
func ComparePrefixes(a, b netip.Prefix) int {
	return cmp.Or(a.Masked().Addr().Compare(b.Masked().Addr()), cmp.Compare(a.Bits(), b.Bits()), a.Addr().Compare(b.Addr()))
}

// Last is the last address of a prefix.
func Last(p netip.Prefix) netip.Addr {
	raw := p.Masked().Addr().AsSlice()
	for i := range raw {
		for bit := range 8 {
			if i*8+bit >= p.Bits() {
				raw[i] |= 0x80 >> bit
			}
		}
	}
	a, _ := netip.AddrFromSlice(raw) // has the length of an address
	return a
}

// maxDigits is how long a big number may be.
const maxDigits = 999

// BigText is the number of digits and the digits; those of negative numbers are
// complemented behind a minus, which sorts before every digit.
func BigText(n *big.Int) (string, error) {
	digits := new(big.Int).Abs(n).String()
	if len(digits) > maxDigits {
		return "", fmt.Errorf("a number of %d digits is too long to store, %d are allowed", len(digits), maxDigits)
	}
	if n.Sign() >= 0 {
		return fmt.Sprintf("%03d:%s", len(digits), digits), nil
	}
	return fmt.Sprintf("-%03d:%s", maxDigits-len(digits), complement(digits)), nil
}

func complement(digits string) string {
	return strings.Map(func(r rune) rune { return '0' + '9' - r }, digits)
}

// ParseBigText reads what BigText wrote, and plain digits.
func ParseBigText(into *big.Int, text string) error {
	digits := text
	if head, tail, ok := strings.Cut(text, ":"); ok {
		digits = tail
		if strings.HasPrefix(head, "-") {
			digits = "-" + complement(tail)
		}
	}
	if _, ok := into.SetString(digits, 10); !ok {
		return fmt.Errorf("malformed number %q", text)
	}
	return nil
}
