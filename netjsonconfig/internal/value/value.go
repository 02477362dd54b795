// Package value reads JSON values leniently: what is absent or of another type
// reads as empty. Converters run after validation, so that a wrong type only
// reaches them through keys their schema does not know.
package value

import (
	"math"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Of returns a member of an object, nil when it is absent.
func Of(o *ordered.Object, key string) any {
	if v, ok := o.Get(key); ok {
		return v
	}
	return nil
}

// Str returns a text member of an object, or "".
func Str(o *ordered.Object, key string) string {
	if t, ok := Of(o, key).(string); ok {
		return t
	}
	return ""
}

// Object returns an object member of an object, or nil.
func Object(o *ordered.Object, key string) *ordered.Object {
	if t, ok := Of(o, key).(*ordered.Object); ok {
		return t
	}
	return nil
}

// List returns a list member of an object, or nil.
func List(o *ordered.Object, key string) []any {
	if t, ok := Of(o, key).([]any); ok {
		return t
	}
	return nil
}

// Objects returns the objects of a list member of an object.
func Objects(o *ordered.Object, key string) []*ordered.Object {
	list := List(o, key)
	if len(list) == 0 {
		return nil
	}
	out := make([]*ordered.Object, 0, len(list))
	for _, v := range list {
		if item, ok := v.(*ordered.Object); ok {
			out = append(out, item)
		}
	}
	return out
}

// Text returns a scalar as text, "" for null; booleans are "1" and "0".
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "1"
		}
		return "0"
	case ordered.Number:
		return NumberText(string(v))
	}
	return string(ordered.Append(nil, v))
}

// Number returns a whole number, 0 for anything else.
func Number(v any) int {
	if i, ok := Int(v); ok {
		return i
	}
	return 0
}

// Int returns a whole number, and whether v is one.
func Int(v any) (int, bool) {
	n, ok := v.(ordered.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.Atoi(string(n))
	return i, err == nil
}

// Empty reports what configuration languages take for "not set": null, false,
// zero, and empty texts, lists and objects.
func Empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case ordered.Number:
		f, err := strconv.ParseFloat(string(v), 64)
		return err == nil && f == 0
	case []any:
		return len(v) == 0
	case *ordered.Object:
		return v.Len() == 0
	}
	return false
}

// NumberText spells a JSON number: whole ones as they were written, others in
// the shortest form that reads back the same.
func NumberText(spelled string) string {
	if !strings.ContainsAny(spelled, ".eE") {
		if spelled == "-0" {
			return "0"
		}
		return spelled
	}
	f, err := strconv.ParseFloat(spelled, 64)
	if err != nil {
		return spelled // beyond float64: as it was written
	}
	return FloatText(f)
}

// FloatText spells a float the shortest way that reads back the same, with a
// fraction when it is whole.
func FloatText(f float64) string {
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	t := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(t, ".") {
		t += ".0"
	}
	return t
}
