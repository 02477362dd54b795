package rest

import "github.com/wispwright/wispwright/kit/valid"

// formatOf is the rule of a format, and what is said of a value that is no text
// at all where one of the format is wanted.
func formatOf(format string) (rule valid.Rule, message string) {
	switch format {
	case "email":
		return valid.Email, valid.NoEmail
	case "url":
		return valid.URL, valid.NoURL
	case "slug":
		return valid.Slug, valid.NoSlug
	case "ip":
		return valid.IP, valid.NoIP
	}
	return func(string) string { return "" }, ""
}
