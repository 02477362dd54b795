package rest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
)

const mayNotBeNull = "This field may not be null."

// convert reads one value into the field; null is set when the value turns out
// to mean null.
func (f *field) convert(rd *reading, v value, into reflect.Value, null *bool) *fault {
	switch f.shape {
	case shapeText:
		return f.text(v, into)
	case shapeBool:
		return f.bool(v, into, null)
	case shapeInt, shapeFloat:
		return f.number(v, into)
	case shapeID:
		return f.id(rd, v, into, null)
	case shapeTime, shapeDate:
		return f.time(v, into)
	case shapeJSON:
		return f.json(v, into)
	case shapeFile:
		return f.file(v, into)
	case shapeList:
		return f.list(rd, v, into)
	case shapeObject:
		return f.nested(rd, v, into)
	}
	if err := into.Addr().Interface().(Wire).FromWire(v.json()); err != nil {
		return wrong(err.Error())
	}
	return nil
}

// scalar returns the text of a string or number.
func (v value) scalar() (text string, ok bool) {
	if v.form {
		if len(v.text) == 0 {
			return "", false
		}
		return strings.ToValidUTF8(v.text[len(v.text)-1], "\uFFFD"), true
	}
	switch TypeName(v.raw) {
	case "str":
		err := json.Unmarshal(v.raw, &text)
		return text, err == nil
	case "int", "float":
		return string(bytes.TrimSpace(v.raw)), true
	}
	return "", false
}

func (f *field) text(v value, into reflect.Value) *fault {
	s, ok := v.scalar()
	if len(f.enum) > 0 {
		return f.choice(s, ok, v, into)
	}
	if !ok {
		_, message := formatOf(f.format)
		return wrong(cmp.Or(message, "Not a valid string."))
	}
	if !f.raw {
		s = strings.TrimSpace(s)
	}
	if s == "" {
		if !f.blank {
			return wrong("This field may not be blank.")
		}
		into.SetString("")
		return nil
	}
	var messages []string
	if f.pattern != nil && !f.pattern.MatchString(s) {
		messages = append(messages, f.patternMessage)
	}
	n := utf8.RuneCountInString(s)
	if f.maxLength > 0 && n > f.maxLength {
		messages = append(messages, fmt.Sprintf("Ensure this field has no more than %d characters.", f.maxLength))
	}
	if n < f.minLength {
		messages = append(messages, fmt.Sprintf("Ensure this field has at least %d characters.", f.minLength))
	}
	if strings.ContainsRune(s, 0) {
		messages = append(messages, noNull)
	}
	if half := v.surrogate(); half != "" {
		messages = append(messages, "Surrogate characters are not allowed: U+"+half+".")
	}
	format, _ := formatOf(f.format)
	if m := format(s); m != "" {
		messages = append(messages, m)
	}
	if messages != nil {
		return wrong(messages...)
	}
	into.SetString(s)
	return nil
}

func (f *field) choice(s string, ok bool, v value, into reflect.Value) *fault {
	if ok && s == "" && f.blank {
		into.SetString("")
		return nil
	}
	if !ok || !slices.Contains(f.enum, s) {
		if !ok && !v.form {
			s = shown(v.raw)
		}
		return wrong(fmt.Sprintf("\"%s\" is not a valid choice.", s))
	}
	into.SetString(s)
	return nil
}

func (f *field) bool(v value, into reflect.Value, null *bool) *fault {
	text := ""
	if v.form {
		text, _ = v.scalar()
	} else if err := json.Unmarshal(v.raw, &text); err != nil {
		text = string(bytes.TrimSpace(v.raw))
		if n, err := strconv.ParseFloat(text, 64); err == nil && (n == 0 || n == 1) { // however it is spelled
			text = strconv.Itoa(int(n))
		}
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "t", "y", "yes", "on", "1":
		into.SetBool(true)
		return nil
	case "false", "f", "n", "no", "off", "0":
		into.SetBool(false)
		return nil
	case "", "null":
		if f.nullable {
			*null = true
			return nil
		}
	}
	return wrong("Must be a valid boolean.")
}

func (f *field) number(v value, into reflect.Value) *fault {
	invalid, limit := "A valid number is required.", f.max
	if f.shape == shapeInt {
		invalid = "A valid integer is required."
	}
	text, ok := v.scalar()
	if !ok {
		return wrong(invalid)
	}
	if len(text) > 1000 {
		return wrong("String value too large.")
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return wrong(invalid)
	}
	if f.shape == shapeInt {
		if n != math.Trunc(n) || math.Abs(n) >= 1<<63 {
			return wrong(invalid)
		}
	}
	if limit != nil && n > *limit {
		return wrong("Ensure this value is less than or equal to " + strconv.FormatFloat(*limit, 'f', -1, 64) + ".")
	}
	if f.min != nil && n < *f.min {
		return wrong("Ensure this value is greater than or equal to " + strconv.FormatFloat(*f.min, 'f', -1, 64) + ".")
	}
	if f.shape == shapeFloat {
		into.SetFloat(n)
		return nil
	}
	if exact, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
		into.SetInt(exact)
	} else {
		into.SetInt(int64(n))
	}
	return nil
}

// id reads a UUID. With a relation the object must exist for the caller.
func (f *field) id(rd *reading, v value, into reflect.Value, null *bool) *fault {
	kind := TypeName(v.raw)
	text, ok := v.scalar()
	if v.form {
		kind = "str"
	}
	switch {
	case ok && text == "" && f.nullable:
		*null = true
		return nil
	case ok && text == "" && f.relation != "":
		return wrong(mayNotBeNull)
	case f.relation == "" && kind != "str":
		return wrong("Must be a valid UUID.")
	case kind == "bool":
		return wrong("Incorrect type. Expected pk value, received bool.")
	case kind == "int" && len(text) < 39 && text[0] != '-': // the number of a UUID, of none that there is
		return wrong(valid.UnknownPK(text))
	case kind != "str":
		return wrong("“" + shown(v.raw) + "” is not a valid UUID.")
	}
	id, err := wispwright.ParseID(strings.TrimSpace(text))
	if err != nil {
		if f.relation == "" {
			return wrong("Must be a valid UUID.")
		}
		return wrong("“" + text + "” is not a valid UUID.")
	}
	if f.relation == "organization" {
		known, err := rd.request.api.organizationKnown(rd.request, id)
		if err == nil && known {
			var closed bool
			_, closed, err = rd.request.api.closed(rd.request, id)
			known = !closed
		}
		if err != nil {
			rd.failed = err
			return nil
		}
		if !known {
			return wrong(valid.UnknownPK(id))
		}
	}
	into.Set(reflect.ValueOf(id))
	return nil
}

func (f *field) json(v value, into reflect.Value) *fault {
	raw := v.raw
	if v.form {
		text, _ := v.scalar()
		raw = json.RawMessage(text)
		if !json.Valid(raw) {
			return wrong("Value must be valid JSON.")
		}
	}
	if f.object1 && TypeName(raw) != "dict" {
		return wrong(fmt.Sprintf("Expected a dictionary of items but got type \"%s\".", TypeName(raw)))
	}
	text, err := normalise(raw)
	if err != nil {
		return wrong("Value must be valid JSON.")
	}
	into.SetString(text)
	return nil
}

func (f *field) file(v value, into reflect.Value) *fault {
	if v.file == nil {
		return wrong("The submitted data was not a file. Check the encoding type on the form.")
	}
	if v.file.Size == 0 {
		return wrong("The submitted file is empty.")
	}
	if n := utf8.RuneCountInString(v.file.Filename); f.maxLength > 0 && n > f.maxLength {
		return wrong(fmt.Sprintf("Ensure this filename has at most %d characters (it has %d).", f.maxLength, n))
	}
	into.Set(reflect.ValueOf(v.file))
	return nil
}

// list reads a list. Items of scalar types fault the field as a whole, as
// relations do; items that are objects have a fault each.
func (f *field) list(rd *reading, v value, into reflect.Value) *fault {
	var items []value
	if v.form {
		for _, t := range v.text {
			items = append(items, value{form: true, text: []string{t}})
		}
	} else {
		var raws []json.RawMessage
		if TypeName(v.raw) != "list" || json.Unmarshal(v.raw, &raws) != nil {
			return wrong(fmt.Sprintf("Expected a list of items but got type \"%s\".", TypeName(v.raw)))
		}
		for _, raw := range raws {
			items = append(items, value{raw: raw})
		}
	}
	if f.nonEmpty && len(items) == 0 {
		return wrong("This list may not be empty.")
	}
	out := reflect.MakeSlice(f.element, len(items), len(items))
	var each []*faults
	for i, item := range items {
		e := f.item.one(rd, item, out.Index(i))
		switch {
		case e == nil:
		case f.item.shape == shapeObject && e.object != nil:
			if each == nil {
				each = make([]*faults, len(items))
			}
			each[i] = e.object
		default:
			return e
		}
	}
	if each != nil {
		for i := range each {
			if each[i] == nil {
				each[i] = &faults{}
			}
		}
		return &fault{items: each}
	}
	into.Set(out)
	return nil
}

func (f *field) one(rd *reading, v value, into reflect.Value) *fault {
	switch {
	case v.isNull() && f.relation != "":
		return wrong(valid.UnknownPK("None"))
	case v.isNull():
		return wrong(mayNotBeNull)
	case f.shape == shapeInt && f.relation != "":
		return key(v, into)
	}
	var null bool
	return f.convert(rd, v, into, &null)
}

// key reads the number of an object.
func key(v value, into reflect.Value) *fault {
	kind := TypeName(v.raw)
	if v.form {
		kind = "str"
	}
	text, ok := v.scalar()
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseFloat(text, 64); err == nil && kind == "float" { // one that is no whole number is cut
		text = strconv.FormatFloat(math.Trunc(n), 'f', 0, 64)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return wrong(valid.UnknownPK(text))
	case !ok, err != nil:
		return wrong("Incorrect type. Expected pk value, received " + kind + ".")
	}
	into.SetInt(n)
	return nil
}

func (f *field) nested(rd *reading, v value, into reflect.Value) *fault {
	from := v.sub
	if f.keyed && from == nil && (v.form || TypeName(v.raw) == "str") {
		text, _ := v.scalar()
		if err := into.Addr().Interface().(Keyed).FromKey(strings.TrimSpace(text)); err != nil {
			return wrong(err.Error())
		}
		return nil
	}
	if from == nil && f.first && TypeName(v.raw) == "list" {
		var items []json.RawMessage
		if err := json.Unmarshal(v.raw, &items); err != nil {
			return wrong("Value must be valid JSON.")
		}
		if len(items) == 0 {
			return nil
		}
		v.raw = items[0]
	}
	if from == nil {
		src, err := readJSON(v.json())
		if err != nil {
			return wrong("Value must be valid JSON.")
		}
		if src.wrong != nil {
			return &fault{object: src.wrong}
		}
		from = src.object()
	}
	if e := f.object.read(rd, from, into); e != nil {
		return &fault{object: e}
	}
	return nil
}
