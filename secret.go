package wispwright

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
)

// Secret is a string that must not reach a log or an answer by accident. Every
// way of printing or serialising it writes "***"; only Reveal gives the text.
// Storage seals it before it is written.
type Secret string

const hiddenSecret = "***"

// Reveal returns the text. Each call is a place to look at in a review.
func (s Secret) Reveal() string { return string(s) }

// Equal compares with a given text in constant time. An empty Secret equals
// nothing, so that a missing key never opens a door.
func (s Secret) Equal(given string) bool {
	// hashing first keeps the comparison's time independent of the lengths
	a, b := sha256.Sum256([]byte(s)), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && s != ""
}

// String hides the text from fmt.
func (s Secret) String() string { return hiddenSecret }

// GoString hides the text from fmt's %#v.
func (s Secret) GoString() string { return hiddenSecret }

// MarshalText hides the text from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hiddenSecret), nil }

// LogValue hides the text from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hiddenSecret) }
