package sqlstore

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/internal/fields"
)

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
		t := v.Interface().(time.Time)
		if t.IsZero() {
			return nil, nil
		}
		t = t.UTC().Truncate(time.Microsecond)
		if v.CanSet() {
			v.Set(reflect.ValueOf(t))
		}
		return t, nil
	case fields.Secret:
		return db.keys.seal(v.String(), table+"."+f.Column)
	case fields.Addr:
		if a := v.Interface().(netip.Addr); a.IsValid() {
			return a.String(), nil
		}
		return nil, nil
	case fields.ID, fields.Valuer:
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
	}
	return v.Interface(), nil
}

// cell scans one column into one field.
type cell struct {
	db    *DB
	table string
	field *fields.Field
	dest  reflect.Value
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
		t, err := scanTime(src)
		dest.Set(reflect.ValueOf(t))
		return err
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
		if text, err = c.db.keys.open(text, c.table+"."+c.field.Column); err != nil {
			return err
		}
		dest.SetString(text)
	case fields.Addr:
		a, err := netip.ParseAddr(text)
		dest.Set(reflect.ValueOf(a))
		return err
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

func scanTime(src any) (time.Time, error) {
	switch v := src.(type) {
	case time.Time:
		return v.UTC(), nil
	case string:
		for _, layout := range []string{"2006-01-02 15:04:05.999999999-07:00", time.RFC3339Nano, "2006-01-02"} {
			if t, err := time.Parse(layout, v); err == nil {
				return t.UTC(), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("scan %T as time", src)
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
