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
func ParseID(s string) (ID, error) {
	var id ID
	switch len(s) {
	case 32:
		if _, err := hex.Decode(id[:], []byte(s)); err != nil {
			return ID{}, ErrMalformedID
		}
		return id, nil
	case 36:
		if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
			return ID{}, ErrMalformedID
		}
		plain := make([]byte, 0, 32)
		for _, part := range []string{s[:8], s[9:13], s[14:18], s[19:23], s[24:]} {
			plain = append(plain, part...)
		}
		if _, err := hex.Decode(id[:], plain); err != nil {
			return ID{}, ErrMalformedID
		}
		return id, nil
	}
	return ID{}, ErrMalformedID
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

func (id ID) appendDashed(b []byte) []byte {
	b = hex.AppendEncode(b, id[:4])
	for _, part := range [][]byte{id[4:6], id[6:8], id[8:10], id[10:]} {
		b = append(b, '-')
		b = hex.AppendEncode(b, part)
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
	v, err := ParseID(string(b))
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
		return id.UnmarshalText([]byte(v))
	case []byte:
		if len(v) == 16 {
			copy(id[:], v)
			return nil
		}
		return id.UnmarshalText(v)
	}
	return fmt.Errorf("scan %T into an ID: %w", src, ErrMalformedID)
}
