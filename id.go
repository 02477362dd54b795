package wispwright

import (
	"crypto/rand"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
)

// ID identifies an object: a UUID, version 4 when made by NewID.
//
// The zero ID means "none": a shared object has no organization, a device may
// have no group. Storage keeps it as NULL. On the wire it is written dashed and
// in lower case; the device protocol uses Hex.
type ID [16]byte

// ErrMalformedID is returned for text that is not a UUID.
var ErrMalformedID = errors.New("malformed id")

// NewID returns a random version 4 UUID.
func NewID() ID {
	var id ID
	_, _ = rand.Read(id[:]) // never fails: crypto/rand aborts the program instead
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// ParseID reads a UUID in any of its usual spellings: dashed or 32 hexadecimal
// digits, either case. It returns ErrMalformedID for anything else.
func ParseID(s string) (ID, error) { return parseID(s) }

// parseID reads text or bytes as they come, since it runs for every id of
// every row that is read.
func parseID[T string | []byte](s T) (ID, error) {
	var id ID
	switch len(s) {
	case 32:
	case 36:
		if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
			return ID{}, ErrMalformedID
		}
	default:
		return ID{}, ErrMalformedID
	}
	at := 0
	for i := range id {
		if len(s) == 36 && (i == 4 || i == 6 || i == 8 || i == 10) {
			at++ // the dash
		}
		high, ok := hexDigit(s[at])
		low, ok2 := hexDigit(s[at+1])
		if !ok || !ok2 {
			return ID{}, ErrMalformedID
		}
		id[i] = high<<4 | low
		at += 2
	}
	return id, nil
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// ParseCanonicalID accepts only the lower-case dashed form, which is what path
// parameters of the REST API are limited to (spec: rest-conventions §1).
func ParseCanonicalID(s string) (ID, error) {
	id, err := ParseID(s)
	if err != nil || id.String() != s {
		return ID{}, ErrMalformedID
	}
	return id, nil
}

// IsZero reports whether the ID means "none".
func (id ID) IsZero() bool { return id == ID{} }

// String returns the lower-case dashed form, or "" for the zero ID.
func (id ID) String() string {
	if id.IsZero() {
		return ""
	}
	return string(id.appendDashed(make([]byte, 0, 36)))
}

// Hex returns the 32 hexadecimal digits without dashes, as the device protocol
// writes identifiers (spec: controller-config §1).
func (id ID) Hex() string { return hex.EncodeToString(id[:]) }

// AppendText appends the dashed form.
func (id ID) AppendText(b []byte) ([]byte, error) { return id.appendDashed(b), nil }

func (id ID) appendDashed(b []byte) []byte {
	const digits = "0123456789abcdef"
	for i, v := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, digits[v>>4], digits[v&15])
	}
	return b
}

// MarshalText writes the dashed form.
func (id ID) MarshalText() ([]byte, error) {
	return id.appendDashed(make([]byte, 0, 36)), nil
}

// MarshalJSON writes the dashed form as a string, and null for the zero ID.
func (id ID) MarshalJSON() ([]byte, error) {
	if id.IsZero() {
		return []byte("null"), nil
	}
	b := append(make([]byte, 0, 38), '"')
	return append(id.appendDashed(b), '"'), nil
}

// UnmarshalText reads any spelling ParseID accepts.
func (id *ID) UnmarshalText(b []byte) error {
	v, err := parseID(b)
	if err != nil {
		return err
	}
	*id = v
	return nil
}

// Value stores the dashed form; the zero ID is stored as NULL.
func (id ID) Value() (driver.Value, error) {
	if id.IsZero() {
		return nil, nil
	}
	return id.String(), nil
}

// Scan reads what Value stored, the 16 raw bytes, or NULL.
func (id *ID) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*id = ID{}
		return nil
	case string:
		parsed, err := parseID(v)
		if err != nil {
			return err
		}
		*id = parsed
		return nil
	case []byte:
		if len(v) == 16 {
			copy(id[:], v)
			return nil
		}
		return id.UnmarshalText(v)
	}
	return fmt.Errorf("scan %T into an ID: %w", src, ErrMalformedID)
}
