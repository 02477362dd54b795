package tenancy

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// parsePhone returns the E.164 form of an international number, which begins
// with + and may hold spaces, dots and dashes (spec: tenancy §1.1).
func parsePhone(text string) (e164 string, ok bool) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "+") || len(text) > 128 {
		return "", false
	}
	number, err := phonenumbers.Parse(text, "")
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", false
	}
	return phonenumbers.Format(number, phonenumbers.E164), true
}

// phoneCandidates are the numbers an identifier may mean: itself and itself
// without a leading zero, alone and after every prefix (spec: tenancy §4.1).
func phoneCandidates(identifier string, prefixes []string) []string {
	texts := []string{identifier}
	if rest, ok := strings.CutPrefix(identifier, "0"); ok {
		texts = append(texts, rest)
	}
	var out []string
	for _, text := range texts {
		for _, prefix := range append([]string{""}, prefixes...) {
			if e164, ok := parsePhone(prefix + text); ok {
				out = append(out, e164)
			}
		}
	}
	return out
}
