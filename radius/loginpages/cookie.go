package loginpages

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/wispwright/wispwright"
)

// Sign signs the value of a cookie as the original does: the value, a dot, and the
// HMAC-SHA256 of the value in base64 without padding (spec: login-pages §2).
func Sign(value string, secret wispwright.Secret) string {
	return value + "." + signature(value, secret)
}

func signature(value string, secret wispwright.Secret) string {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	_, _ = mac.Write([]byte(value)) // hashes never fail
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
}

// Unsign returns the value of a signed cookie; ok is false unless the signature is its
// own and the secret is not empty.
func Unsign(signed string, secret wispwright.Secret) (value string, ok bool) {
	i := strings.LastIndexByte(signed, '.')
	if i < 0 || secret == "" {
		return "", false
	}
	value = signed[:i]
	return value, hmac.Equal([]byte(signed[i+1:]), []byte(signature(value, secret)))
}
