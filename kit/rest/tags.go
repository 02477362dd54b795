package rest

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// The tags of wire structs are the rules of the wire, so a misspelt one is a
// mistake in the program that must not pass in silence.

// inKeys are the tags of input structs.
func inKeys() []string {
	return []string{"json", "label", "help", "format", "metaType", "rel", "enum", "enumLabels", "pattern", "patternMessage",
		"maxLength", "minLength", "minimum", "maximum", "required", "nullable", "blank", "writeOnly", "nonEmpty", "object", "first", "trim"}
}

// outKeys are the tags of output structs.
func outKeys() []string { return []string{"json", "doc", "label", "help", "format", "metaType"} }

// checkTag panics when a tag has a key that is not known, or cannot be read at
// all.
func checkTag(tag reflect.StructTag, known []string, where string) {
	keys, readable := tagKeys(string(tag))
	if !readable {
		panic(fmt.Sprintf("rest: %s: the tag `%s` cannot be read", where, tag))
	}
	for i, key := range keys {
		if !slices.Contains(known, key) {
			panic(fmt.Sprintf("rest: %s: there is no tag %q (%s)", where, key, strings.Join(known, ", ")))
		}
		if slices.Contains(keys[:i], key) {
			panic(fmt.Sprintf("rest: %s: the tag %q stands there twice", where, key))
		}
	}
}

// tagKeys reads key:"value" pairs as reflect.StructTag does, which ignores
// everything from the first mistake on.
func tagKeys(tag string) (keys []string, readable bool) {
	for tag = strings.TrimLeft(tag, " "); tag != ""; tag = strings.TrimLeft(tag, " ") {
		key, rest, found := strings.Cut(tag, ":")
		if !found || key == "" || strings.ContainsAny(key, " \"") {
			return nil, false
		}
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil || quoted[0] != '"' {
			return nil, false
		}
		keys, tag = append(keys, key), rest[len(quoted):]
		if tag != "" && tag[0] != ' ' {
			return nil, false
		}
	}
	return keys, true
}

// yes reads a tag that is "true" or "false".
func yes(tag reflect.StructTag, key, where string) bool {
	switch text, there := tag.Lookup(key); {
	case !there, text == "false":
		return false
	case text == "true":
		return true
	default:
		panic(fmt.Sprintf("rest: %s: %s must be true or false, not %q", where, key, text))
	}
}
