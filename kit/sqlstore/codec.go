package sqlstore

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strconv"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/internal/fields"
)

// in points to a value, without a copy where it is part of an object.
func in[V any](v reflect.Value) *V {
	if v.CanAddr() {
		return v.Addr().Interface().(*V)
	}
	value := v.Interface().(V)
	return &value
}

// encode makes the argument for a field. Times are cut in the struct too.
func (db *DB) encode(table string, f fields.Field, v reflect.Value) (any, error) {
	if f.Pointer {
		if v.IsNil() {
			return nil, nil
		}
		v = v.Elem()
	}
	switch f.Kind {
	case fields.Time:
		t := in[time.Time](v)
		if t.IsZero() {
			return nil, nil
		}
		cut := t.UTC().Truncate(time.Microsecond)
		if v.CanSet() {
			*t = cut
		}
		return cut, nil
	case fields.Secret:
		return db.keys.seal(v.String(), table+"."+f.Column)
	case fields.Addr:
		a := in[netip.Addr](v)
		switch {
		case !a.IsValid():
			return nil, nil
		case f.Sortable:
			return fields.AddrText(*a)
		}
		return a.String(), nil
	case fields.Prefix:
		p := in[netip.Prefix](v)
		switch {
		case !p.IsValid():
			return nil, nil
		case f.Sortable:
			return fields.PrefixText(*p)
		}
		return p.String(), nil
	case fields.Bytes:
		if v.IsNil() {
			return nil, nil
		}
		return v.Bytes(), nil
	case fields.Big:
		n := in[big.Int](v)
		if f.Sortable {
			return fields.BigText(n)
		}
		return n.String(), nil
	case fields.ID:
		return in[wispwright.ID](v).Value()
	case fields.Valuer:
		return v.Interface().(driver.Valuer).Value()
	case fields.Document:
		if (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.IsNil() {
			return nil, nil
		}
		b, err := json.Marshal(v.Interface())
		if err != nil {
			return nil, fmt.Errorf("encode %s.%s: %w", table, f.Column, err)
		}
		return string(b), nil
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int8:
		return v.Int(), nil
	case reflect.Float64, reflect.Float32:
		return v.Float(), nil
	case reflect.Uint, reflect.Uint64, reflect.Uint32, reflect.Uint16, reflect.Uint8:
		if v.Uint() > math.MaxInt64 {
			return nil, fmt.Errorf("encode %s.%s: %d is more than a column holds", table, f.Column, v.Uint())
		}
		return int64(v.Uint()), nil
	}
	return v.Interface(), nil
}

// cell scans one column into one field, of one row after the other.
type cell struct {
	db    *DB
	field *fields.Field
	dest  reflect.Value
	// of a secret
	column []byte
	buffer []byte
}

// Scan implements sql.Scanner.
func (c *cell) Scan(src any) error {
	dest := c.dest
	if src == nil {
		dest.SetZero()
		return nil
	}
	if c.field.Pointer {
		dest.Set(reflect.New(c.field.Type))
		dest = dest.Elem()
	}
	switch c.field.Kind {
	case fields.ID:
		return dest.Addr().Interface().(*wispwright.ID).Scan(src)
	case fields.Valuer:
		return dest.Addr().Interface().(sql.Scanner).Scan(src)
	case fields.Time:
		var err error
		*dest.Addr().Interface().(*time.Time), err = scanTime(src)
		return err
	}
	if b, ok := src.([]byte); ok && c.field.Kind == fields.Bytes {
		dest.SetBytes(bytes.Clone(b))
		return nil
	}
	if c.field.Kind == fields.Plain && dest.Kind() != reflect.String {
		return scanPlain(dest, src)
	}
	text, err := scanText(src)
	if err != nil {
		return err
	}
	switch c.field.Kind {
	case fields.Secret:
		if text, err = c.db.keys.open(text, c.column, &c.buffer); err != nil {
			return err
		}
		dest.SetString(text)
	case fields.Addr:
		*dest.Addr().Interface().(*netip.Addr), err = fields.ParseAddrText(text)
		return err
	case fields.Prefix:
		*dest.Addr().Interface().(*netip.Prefix), err = fields.ParsePrefixText(text)
		return err
	case fields.Bytes:
		dest.SetBytes([]byte(text))
	case fields.Big:
		return fields.ParseBigText(dest.Addr().Interface().(*big.Int), text)
	case fields.Document:
		return json.Unmarshal([]byte(text), dest.Addr().Interface())
	default:
		dest.SetString(text)
	}
	return nil
}

func scanText(src any) (string, error) {
	switch v := src.(type) {
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	}
	return "", fmt.Errorf("scan %T as text", src)
}

// timeLayouts are how SQLite's text may spell a time: as the driver writes it,
// as other programs do, and as SQLite's own functions do, which mean UTC.
func timeLayouts() []string {
	return []string{"2006-01-02 15:04:05.999999999-07:00", time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", "2006-01-02"}
}

func scanTime(src any) (time.Time, error) {
	switch v := src.(type) {
	case time.Time:
		return v.UTC(), nil
	case string:
		if t, ok := plainTime(v); ok {
			return t, nil
		}
		for _, layout := range timeLayouts() {
			if t, err := time.Parse(layout, v); err == nil {
				return t.UTC(), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("scan %T as time", src)
}

// plainTime reads the spelling that is written, "2006-01-02 15:04:05.123456+00:00",
// for which time.Parse is slow. Anything else is not ok.
func plainTime(s string) (t time.Time, ok bool) {
	const date, zone = "0000-00-00 00:00:00", "+00:00"
	if len(s) < len(date)+len(zone) || s[len(s)-len(zone):] != zone {
		return t, false
	}
	var n [6]int
	part := 0
	for i := range len(date) {
		c := s[i]
		switch {
		case date[i] != '0':
			if c != date[i] {
				return t, false
			}
			part++
		case c < '0' || c > '9':
			return t, false
		default:
			n[part] = n[part]*10 + int(c-'0')
		}
	}
	fraction := s[len(date) : len(s)-len(zone)]
	nanoseconds := 0
	if fraction != "" {
		if fraction[0] != '.' || len(fraction) < 2 || len(fraction) > 10 {
			return t, false
		}
		for i := 1; i < 10; i++ {
			nanoseconds *= 10
			if i < len(fraction) {
				if fraction[i] < '0' || fraction[i] > '9' {
					return t, false
				}
				nanoseconds += int(fraction[i] - '0')
			}
		}
	}
	t = time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], nanoseconds, time.UTC)
	// a day or an hour that does not exist would have become another one
	return t, t.Day() == n[2] && int(t.Month()) == n[1] && t.Hour() == n[3] && t.Minute() == n[4] && t.Second() == n[5]
}

func scanPlain(dest reflect.Value, src any) error {
	switch v := src.(type) {
	case bool:
		if dest.Kind() == reflect.Bool {
			dest.SetBool(v)
			return nil
		}
	case int64:
		switch {
		case dest.Kind() == reflect.Bool:
			dest.SetBool(v != 0)
			return nil
		case dest.CanInt():
			dest.SetInt(v)
			return nil
		case dest.CanUint() && v >= 0:
			dest.SetUint(uint64(v))
			return nil
		case dest.CanFloat():
			dest.SetFloat(float64(v))
			return nil
		}
	case float64:
		if dest.CanFloat() {
			dest.SetFloat(v)
			return nil
		}
	}
	return fmt.Errorf("scan %T into %s", src, dest.Type())
}
