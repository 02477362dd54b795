package controller

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
)

// keyPattern is what a key must not contain the opposite of
// (spec: controller-config §1).
var keyPattern = regexp.MustCompile(`^[^\s/.]+$`)

const keyMessage = "This value must not contain spaces, dots or slashes."

func checkKey(v *wispwright.ValidationError, field string, key wispwright.Secret, limit int) {
	text := key.Reveal()
	if !keyPattern.MatchString(text) {
		v.Add(field, keyMessage)
	}
	checkLength(v, field, text, limit)
}

func checkLength(v *wispwright.ValidationError, field, text string, limit int) {
	if n := utf8.RuneCountInString(text); n > limit {
		v.Add(field, fmt.Sprintf("Ensure this value has at most %d characters (it has %d).", limit, n))
	}
}

func checkRequired(v *wispwright.ValidationError, field, text string, limit int) {
	if text == "" {
		v.Add(field, "This field cannot be blank.")
	}
	checkText(v, field, text, limit)
}

func checkText(v *wispwright.ValidationError, field, text string, limit int) {
	checkLength(v, field, text, limit)
	if strings.ContainsRune(text, 0) {
		v.Add(field, "Null characters are not allowed.")
	}
	if !utf8.ValidString(text) {
		v.Add(field, "This value is not valid UTF-8.")
	}
}

// checkObject wants a JSON object; what is empty becomes {}
// (spec: controller-config §1.2).
func checkObject(v *wispwright.ValidationError, field string, value *wispwright.JSON) {
	switch {
	case value.IsEmpty():
		*value = "{}"
	case !value.IsObject():
		v.Add(field, "the supplied value is not a JSON object")
	default:
		if _, err := render.Decode(*value); err != nil {
			v.Add(field, "the supplied value is not a JSON object")
		}
	}
}

func isSpace(r rune) bool { return strings.ContainsRune(" \t\r\n\v\f", r) }

// randomKey returns 32 random letters and digits.
func randomKey() wispwright.Secret {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	const fair = 256 - 256%len(alphabet)
	out := make([]byte, 0, 32)
	var b [64]byte
	for len(out) < 32 {
		_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
		for _, x := range b {
			if int(x) < fair && len(out) < 32 {
				out = append(out, alphabet[int(x)%len(alphabet)])
			}
		}
	}
	return wispwright.Secret(out)
}
