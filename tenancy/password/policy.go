package password

import (
	"bufio"
	_ "embed"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed common.txt
var commonList string

// Policy says which new passwords are good enough (spec: tenancy §8.1). The
// zero value is what OpenWISP's installers set up.
type Policy struct {
	// MinLength is in characters. Default: 8; -1 for none.
	MinLength int
	// AllowCommon also accepts passwords from the list of common ones.
	AllowCommon bool
	// AllowNumeric also accepts passwords that are only digits.
	AllowNumeric bool
	// AllowSimilar also accepts passwords that resemble what is known of the
	// user.
	AllowSimilar bool
	// AllowReuse also accepts the password the user has already.
	AllowReuse bool
}

// Attribute is something known of a user that a password should not resemble.
type Attribute struct {
	// Name is how messages call it ("username").
	Name string
	// Value may be empty.
	Value string
}

// Reused is the message about a password the user has already.
const Reused = "You cannot re-use your current password. Enter a new password."

// maxSimilarity is how much a password may resemble an attribute.
const maxSimilarity = 0.7

// Check returns what is wrong with a password, as sentences for the user; none
// when it is good enough.
func (p Policy) Check(plain string, about ...Attribute) []string {
	var out []string
	if !p.AllowSimilar {
		for _, a := range about {
			if similar(strings.ToLower(plain), strings.ToLower(a.Value)) {
				out = append(out, "The password is too similar to the "+a.Name+".")
				break
			}
		}
	}
	least := p.MinLength
	if least == 0 {
		least = 8
	}
	if utf8.RuneCountInString(plain) < least {
		out = append(out, fmt.Sprintf("This password is too short. It must contain at least %d characters.", least))
	}
	if !p.AllowCommon && common(plain) {
		out = append(out, "This password is too common.")
	}
	if !p.AllowNumeric && plain != "" && strings.IndexFunc(plain, func(r rune) bool { return !unicode.IsDigit(r) }) < 0 {
		out = append(out, "This password is entirely numeric.")
	}
	return out
}

// common looks a password up; the list is short enough to be read each time.
func common(plain string) bool {
	plain = strings.ToLower(strings.TrimSpace(plain))
	for lines := bufio.NewScanner(strings.NewReader(commonList)); lines.Scan(); {
		for word := range strings.FieldsSeq(lines.Text()) {
			if word == plain {
				return true
			}
		}
	}
	return false
}

// similar compares a password with a value as a whole and with its words.
func similar(plain, value string) bool {
	if value == "" {
		return false
	}
	words := strings.FieldsFunc(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
	for _, part := range append(words, value) {
		n, m := utf8.RuneCountInString(plain), utf8.RuneCountInString(part)
		// a short word inside a long password is no resemblance
		if n >= 10*m && float64(m) < maxSimilarity/2*float64(n) {
			continue
		}
		if ratio(plain, part) >= maxSimilarity {
			return true
		}
	}
	return false
}

// ratio is how many letters two texts have in common, wherever they stand:
// twice their number by that of all letters.
func ratio(a, b string) float64 {
	have := map[rune]int{}
	for _, r := range b {
		have[r]++
	}
	matches, total := 0, utf8.RuneCountInString(a)+utf8.RuneCountInString(b)
	for _, r := range a {
		if have[r] > 0 {
			have[r]--
			matches++
		}
	}
	if total == 0 {
		return 0
	}
	return 2 * float64(matches) / float64(total)
}
