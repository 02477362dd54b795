package schema

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// maxQuoted limits how many bytes of a value a message repeats.
const maxQuoted = 16 << 10

// quote spells a value for a message, as the reference implementation does:
// {'name': 'eth0', 'disabled': True, 'mac': None}.
func quote(v any) string {
	b := appendQuoted(nil, v)
	if len(b) > maxQuoted {
		cut := maxQuoted
		for cut > 0 && !utf8.RuneStart(b[cut]) {
			cut--
		}
		b = append(b[:cut], "…"...)
	}
	return string(b)
}

func appendQuoted(b []byte, v any) []byte {
	if len(b) > maxQuoted {
		return b // what follows would be cut off
	}
	switch v := v.(type) {
	case nil:
		return append(b, "None"...)
	case bool:
		if v {
			return append(b, "True"...)
		}
		return append(b, "False"...)
	case ordered.Number:
		return appendNumber(b, v)
	case string:
		return appendText(b, v)
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ", "...)
			}
			if b = appendQuoted(b, item); len(b) > maxQuoted {
				return b
			}
		}
		return append(b, ']')
	case *ordered.Object:
		b = append(b, '{')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ", "...)
			}
			key, member := v.At(i)
			b = append(appendText(b, key), ": "...)
			if b = appendQuoted(b, member); len(b) > maxQuoted {
				return b
			}
		}
		return append(b, '}')
	}
	return ordered.Append(b, v)
}

func appendNumber(b []byte, n ordered.Number) []byte {
	f, err := n.Float64()
	if n.IsInteger() || err != nil {
		return append(b, n...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	b = strconv.AppendFloat(b, f, 'f', -1, 64)
	if f == math.Trunc(f) {
		b = append(b, ".0"...)
	}
	return b
}

const hexDigits = "0123456789abcdef"

func appendText(b []byte, s string) []byte {
	mark := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		mark = '"'
	}
	b = append(b, mark)
	for _, r := range s {
		if len(b) > maxQuoted {
			return b
		}
		switch {
		case r == rune(mark) || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == ' ' || unicode.IsPrint(r):
			b = utf8.AppendRune(b, r)
		default:
			b = appendHex(b, r)
		}
	}
	return append(b, mark)
}

func appendHex(b []byte, r rune) []byte {
	letter, digits := byte('x'), 2
	switch {
	case r > 0xffff:
		letter, digits = 'U', 8
	case r > 0xff:
		letter, digits = 'u', 4
	}
	b = append(b, '\\', letter)
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		b = append(b, hexDigits[r>>shift&0xf])
	}
	return b
}
