package controller

import (
	"crypto/rand"
	"regexp"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
)

// keyPattern matches a valid key: no spaces, dots or slashes
// (spec: controller-config §1).
var keyPattern = regexp.MustCompile(`^[^\s/.]+$`)

const keyMessage = "This value must not contain spaces, dots or slashes."

// CheckKey adds what is wrong with a key.
func CheckKey(v *wispwright.ValidationError, field string, key wispwright.Secret, limit int) {
	valid.Text(v, field, key.Reveal(), wellFormedKey, valid.Max(limit))
}

// wellFormedKey refuses an empty key too.
func wellFormedKey(text string) string {
	if !keyPattern.MatchString(text) {
		return keyMessage
	}
	return ""
}

func isSpace(r rune) bool { return strings.ContainsRune(" \t\r\n\v\f", r) }

// RandomKey returns 32 random letters and digits, as keys of devices and VPN
// servers are (spec: controller-config §1).
func RandomKey() wispwright.Secret {
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
