package ordered

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Append writes a value as compact JSON. Text is written as it is but for
// what must be escaped, and for U+2028 and U+2029. Values of other types are
// written as package encoding/json does; one it cannot write becomes null.
func Append(b []byte, v any) []byte { return appendValue(b, v, "", "") }

// AppendIndent writes a value as JSON over several lines: each but the first
// begins with prefix, and each level is moved in by indent.
func AppendIndent(b []byte, v any, prefix, indent string) []byte {
	return appendValue(b, v, indent, "\n"+prefix)
}

func appendValue(b []byte, v any, indent, margin string) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return appendString(b, v)
	case Number:
		return append(b, v...)
	case []any:
		if len(v) == 0 {
			return append(b, "[]"...)
		}
		b = append(b, '[')
		inner := inside(margin, indent)
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, inner...)
			b = appendValue(b, item, indent, inner)
		}
		return append(append(b, margin...), ']')
	case *Object:
		if v.Len() == 0 {
			return append(b, "{}"...)
		}
		b = append(b, '{')
		inner := inside(margin, indent)
		for i := range v.members {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, inner...)
			b = append(appendString(b, v.members[i].key), ':')
			if margin != "" {
				b = append(b, ' ')
			}
			b = appendValue(b, v.members[i].value, indent, inner)
		}
		return append(append(b, margin...), '}')
	}
	text, err := json.Marshal(v)
	if err != nil {
		return append(b, "null"...)
	}
	return append(b, text...)
}

func inside(margin, indent string) string {
	if margin == "" {
		return ""
	}
	return margin + indent
}

const hex = "0123456789abcdef"

func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == '\u2028' || r == '\u2029' || r == utf8.RuneError && size == 1 {
				b = append(b, s[start:i]...)
				b = append(b, `\u`...)
				for shift := 12; shift >= 0; shift -= 4 {
					b = append(b, hex[r>>shift&0xf])
				}
				start = i + size
			}
			i += size
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&0xf])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

// MarshalJSON writes the object with its keys in order.
func (o *Object) MarshalJSON() ([]byte, error) {
	if o == nil {
		return []byte("null"), nil
	}
	return Append(nil, o), nil
}

// UnmarshalJSON reads an object.
func (o *Object) UnmarshalJSON(text []byte) error {
	v, err := DecodeObject(text)
	if err != nil {
		return fmt.Errorf("decode JSON object: %w", err)
	}
	*o = *v
	return nil
}

// MarshalJSON writes the number in its spelling.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

// String returns the object as compact JSON.
func (o *Object) String() string {
	var b strings.Builder
	b.Write(Append(nil, o))
	return b.String()
}
