package tenancy

import "strings"

// PhoneParser returns the E.164 form ("+393661236789") of an international
// number, which begins with + and may hold spaces, dots and dashes (spec:
// tenancy §1.1), and false for any other text. Package tenancyhttp has one
// that knows the numbers of every country.
type PhoneParser func(text string) (e164 string, ok bool)

// PlainPhone is the PhoneParser of programs that bring no other: a plus and
// eight to fifteen digits.
func PlainPhone(text string) (e164 string, ok bool) {
	digits, ok := strings.CutPrefix(strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "").Replace(strings.TrimSpace(text)), "+")
	if !ok || len(digits) < 8 || len(digits) > 15 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	return "+" + digits, true
}

// candidates are the numbers an identifier may mean: itself and itself without
// a leading zero, alone and after every prefix (spec: tenancy §4.1).
func (parse PhoneParser) candidates(identifier string, prefixes []string) []string {
	texts := []string{identifier}
	if rest, ok := strings.CutPrefix(identifier, "0"); ok {
		texts = append(texts, rest)
	}
	var out []string
	for _, text := range texts {
		for _, prefix := range append([]string{""}, prefixes...) {
			if e164, ok := parse(prefix + text); ok {
				out = append(out, e164)
			}
		}
	}
	return out
}
