package monitoring

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// NormaliseKey turns a name into the key of a measurement or the tag of an interface:
// "eth0.2" becomes "eth0_2", "Test metric-(1)" "test_metric_1" (spec: monitoring §2.1).
func NormaliseKey(name string) string {
	if plainKey(name) {
		return name
	}
	name = strings.ReplaceAll(name, ".", "_")
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		switch {
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r + 'a' - 'A')
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r == '-':
			b.WriteRune(r)
		case r == ' ' || r >= '\t' && r <= '\r' || r >= 0x1c && r <= 0x1f:
			b.WriteByte('-')
		}
	}
	parts := strings.FieldsFunc(b.String(), func(r rune) bool { return r == '-' })
	return strings.ReplaceAll(strings.Trim(strings.Join(parts, "-"), "-_"), "-", "_")
}

// plainKey reports whether a name is a key already, as those of most interfaces.
func plainKey(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
