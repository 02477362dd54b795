// Package valid checks the fields of objects with the sentences that OpenWISP's
// clients know, each written once. The rules of a concern collect faults in a
// wispwright.ValidationError:
//
//	var v wispwright.ValidationError
//	valid.Text(&v, "name", g.Name, valid.Required, valid.Max(64))
//	valid.Text(&v, "email", g.Email, valid.Email)
//	return v.Err()
//
// Shapes that an input alone shows (types, nulls, unknown keys) are package
// kit/rest's; here are the rules that hold for library callers as well.
package valid

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
)

// The sentences that need no value.
const (
	// Blank is said of an empty text.
	Blank = "This field cannot be blank."
	// NullCharacters is said of a text that holds U+0000.
	NullCharacters = "Null characters are not allowed."
	// NotUTF8 is said of a text that is no UTF-8.
	NotUTF8 = "This value is not valid UTF-8."
	// NoObject is said of JSON that is not an object.
	NoObject = "the supplied value is not a JSON object"
)

// Rule returns what is wrong with a text, or "". Rules other than Required are
// not asked about an empty text.
type Rule func(text string) (fault string)

// Text adds what is wrong with a text: what the rules say, in their order, null
// characters, and bytes that are no UTF-8.
func Text(v *wispwright.ValidationError, field, text string, rules ...Rule) {
	for _, rule := range rules {
		if fault := rule(text); fault != "" {
			v.Add(field, fault)
		}
	}
	if strings.ContainsRune(text, 0) {
		v.Add(field, NullCharacters)
	}
	if !utf8.ValidString(text) {
		v.Add(field, NotUTF8)
	}
}

// Required refuses an empty text.
func Required(text string) string {
	if text == "" {
		return Blank
	}
	return ""
}

// Max refuses a text of more than n characters.
func Max(n int) Rule {
	return func(text string) string {
		if have := utf8.RuneCountInString(text); have > n {
			return fmt.Sprintf("Ensure this value has at most %d characters (it has %d).", n, have)
		}
		return ""
	}
}

// OneOf refuses a text that is none of the choices.
func OneOf[S ~string](choices ...S) Rule {
	return func(text string) string {
		for _, c := range choices {
			if text == string(c) {
				return ""
			}
		}
		return NoChoice(text)
	}
}

// NoChoice says that a value is none of those that can be chosen.
func NoChoice[S ~string](value S) string {
	return fmt.Sprintf("%q is not a valid choice.", string(value))
}

// Matching refuses a text that does not match, with a sentence. pattern is
// usually a *regexp.Regexp.
func Matching(pattern interface{ MatchString(string) bool }, fault string) Rule {
	return func(text string) string {
		if text != "" && !pattern.MatchString(text) {
			return fault
		}
		return ""
	}
}

// Object wants a JSON object; an empty value becomes {}
// (spec: controller-config §1.2).
func Object(v *wispwright.ValidationError, field string, value *wispwright.JSON) {
	switch {
	case value.IsEmpty():
		*value = "{}"
	case !value.IsObject() || !json.Valid([]byte(*value)) || !utf8.ValidString(string(*value)):
		v.Add(field, NoObject)
	}
}

// UnknownPK says that a related object does not exist.
func UnknownPK(id any) string {
	if key, ok := id.(wispwright.ID); ok && key.IsZero() { // well formed, but no object's
		id = "00000000-0000-0000-0000-000000000000"
	}
	return fmt.Sprintf("Invalid pk \"%v\" - object does not exist.", id)
}

// Reference puts wispwright.ErrNotFound for a related object into words for
// the field that names it, and returns any other error as it is.
func Reference(err error, field string, id any) error {
	if errors.Is(err, wispwright.ErrNotFound) {
		return wispwright.Invalid(field, UnknownPK(id))
	}
	return err
}

// Taken says that an object with these values exists already: "group with this
// name already exists.".
func Taken(object string, names ...string) string {
	list := names[len(names)-1]
	if len(names) > 1 {
		list = strings.Join(names[:len(names)-1], ", ") + " and " + list
	}
	return object + " with this " + list + " already exists."
}
