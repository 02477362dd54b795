package tenancyhttp

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// ParsePhone is a tenancy.PhoneParser that knows which numbers there are in
// every country. Give it to tenancy.Options.Phone too.
func ParsePhone(text string) (e164 string, ok bool) {
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
