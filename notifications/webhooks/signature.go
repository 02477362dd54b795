package webhooks

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
)

// Headers of a request, as Standard Webhooks has them.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// secretPrefix begins secrets, so that people know them by sight.
const secretPrefix = "whsec_"

// NewSecret makes a secret of 32 random bytes.
func NewSecret() wispwright.Secret {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
	return wispwright.Secret(secretPrefix + base64.StdEncoding.EncodeToString(b[:]))
}

// key is what a secret stands for.
func key(secret wispwright.Secret) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret.Reveal(), secretPrefix))
	if err != nil || len(raw) < 24 || len(raw) > 64 {
		return nil, errors.New("webhooks: the secret is malformed")
	}
	return raw, nil
}

// signature is "v1," and the HMAC-SHA256 of id, time and body.
func signature(secret wispwright.Secret, id, timestamp string, body []byte) (string, error) {
	k, err := key(secret)
	if err != nil {
		return "", err
	}
	m := hmac.New(sha256.New, k)
	_, _ = fmt.Fprintf(m, "%s.%s.", id, timestamp) // a hash takes everything
	m.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil)), nil
}

// signHeaders adds the headers of a signed request, with one signature for each secret.
func signHeaders(h http.Header, id string, now time.Time, body []byte, secrets ...wispwright.Secret) error {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	var signatures []string
	for _, secret := range secrets {
		s, err := signature(secret, id, timestamp, body)
		if err != nil {
			return err
		}
		signatures = append(signatures, s)
	}
	h.Set(HeaderID, id)
	h.Set(HeaderTimestamp, timestamp)
	h.Set(HeaderSignature, strings.Join(signatures, " "))
	return nil
}

// Tolerance is how old, or how far ahead, a request may be.
const Tolerance = 5 * time.Minute

// ErrSignature says that a request was not signed with the secret, or is too
// old.
var ErrSignature = errors.New("webhooks: the signature does not fit")

// Verify checks a request for its receiver: the signature, and that it is not
// older than Tolerance. Errors: ErrSignature.
func Verify(secret wispwright.Secret, h http.Header, body []byte, now time.Time) error {
	seconds, err := strconv.ParseInt(h.Get(HeaderTimestamp), 10, 64)
	if err != nil {
		return ErrSignature
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > Tolerance || age < -Tolerance {
		return ErrSignature
	}
	want, err := signature(secret, h.Get(HeaderID), h.Get(HeaderTimestamp), body)
	if err != nil {
		return err
	}
	for _, given := range strings.Fields(h.Get(HeaderSignature)) {
		if hmac.Equal([]byte(given), []byte(want)) {
			return nil
		}
	}
	return ErrSignature
}
