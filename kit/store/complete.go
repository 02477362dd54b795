package store

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Complete checks that a struct of stores lacks none: each of its fields that
// is an interface must hold something, but for those named as optional. The
// error names the concern and the fields.
func Complete(concern string, stores any, optional ...string) error {
	var missing []string
	for f, v := range reflect.ValueOf(stores).Fields() {
		if v.Kind() == reflect.Interface && v.IsNil() && !slices.Contains(optional, f.Name) {
			missing = append(missing, f.Name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s: every store is required, there is no %s", concern, strings.Join(missing, ", "))
	}
	return nil
}

// Fold is a text without the letter case of ASCII, as a rule of uniqueness with
// Unique.Fold compares it: lower of SQLite, and of PostgreSQL under the
// collation "C". Letters beyond ASCII stay what they are.
func Fold(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}
