package wispwright

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// JSON is a JSON value as its author wrote it: key order and the spelling of
// numbers are kept. It is immutable and comparable. The empty JSON is stored as
// NULL and written as null.
type JSON string

// IsEmpty reports whether there is no value, null, or an empty object, list or
// string: what a form that was not filled in sends.
func (j JSON) IsEmpty() bool {
	switch strings.TrimSpace(string(j)) {
	case "", "null", "{}", "[]", `""`, "0", "false":
		return true
	}
	t := strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' {
			return -1
		}
		return r
	}, string(j))
	return t == "{}" || t == "[]"
}

// IsObject reports whether the value is a JSON object.
func (j JSON) IsObject() bool {
	return strings.HasPrefix(strings.TrimLeft(string(j), " \t\r\n"), "{")
}

// Decode unmarshals the value; the empty JSON leaves target as it is.
func (j JSON) Decode(target any) error {
	if j == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(j), target); err != nil {
		return fmt.Errorf("decode JSON: %w", err)
	}
	return nil
}

// MarshalJSON writes the value unchanged.
func (j JSON) MarshalJSON() ([]byte, error) {
	if j == "" {
		return []byte("null"), nil
	}
	return []byte(j), nil
}

// UnmarshalJSON keeps the text.
func (j *JSON) UnmarshalJSON(b []byte) error {
	*j = JSON(b)
	return nil
}

// Value stores the text.
func (j JSON) Value() (driver.Value, error) {
	if j == "" {
		return nil, nil
	}
	return string(j), nil
}

// Scan reads what Value stored.
func (j *JSON) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*j = ""
	case string:
		*j = JSON(v)
	case []byte:
		*j = JSON(v)
	default:
		return errors.New("scan into JSON: not text")
	}
	return nil
}
