package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/mail"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
)

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
		return v.text[len(v.text)-1], true
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
		return wrong("Not a valid string.")
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
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		messages = append(messages, "Null characters are not allowed.")
	}
	n := utf8.RuneCountInString(s)
	if f.maxLength > 0 && n > f.maxLength {
		messages = append(messages, fmt.Sprintf("Ensure this field has no more than %d characters.", f.maxLength))
	}
	if n < f.minLength {
		messages = append(messages, fmt.Sprintf("Ensure this field has at least %d characters.", f.minLength))
	}
	if m := checkFormat(f.format, s); m != "" {
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
		if !ok {
			s = shown(v.raw)
		}
		return wrong(fmt.Sprintf("\"%s\" is not a valid choice.", s))
	}
	into.SetString(s)
	return nil
}

// shown is a value as messages repeat it.
func shown(raw json.RawMessage) string {
	switch string(raw) {
	case "true":
		return "True"
	case "false":
		return "False"
	}
	return string(raw)
}

var slugPattern = regexp.MustCompile(`^[-a-zA-Z0-9_]+$`)

// checkFormat returns the message for a text that lacks its format.
func checkFormat(format, s string) string {
	ok, message := true, ""
	switch format {
	case "email":
		ok, message = validEmail(s), "Enter a valid email address."
	case "url":
		ok, message = validURL(s), "Enter a valid URL."
	case "slug":
		ok, message = slugPattern.MatchString(s), `Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.`
	case "ip":
		_, err := netip.ParseAddr(s)
		ok, message = err == nil && !strings.Contains(s, "%"), "Enter a valid IPv4 or IPv6 address."
	}
	if ok {
		return ""
	}
	return message
}

func validEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || strings.ContainsAny(s, "\r\n") {
		return false
	}
	_, domain, _ := strings.Cut(s, "@")
	return strings.Contains(strings.Trim(domain, "."), ".") || domain == "localhost"
}

func validURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || strings.ContainsAny(s, " \t\r\n") {
		return false
	}
	switch u.Scheme {
	case "http", "https", "ftp", "ftps":
	default:
		return false
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host == "localhost" || strings.Contains(strings.Trim(host, "."), ".")
}

func (f *field) bool(v value, into reflect.Value, null *bool) *fault {
	text := ""
	if v.form {
		text, _ = v.scalar()
	} else if err := json.Unmarshal(v.raw, &text); err != nil {
		text = string(bytes.TrimSpace(v.raw))
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "t", "y", "yes", "on", "1", "1.0":
		into.SetBool(true)
		return nil
	case "false", "f", "n", "no", "off", "0", "0.0":
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
	if !ok || len(text) > 1000 {
		return wrong(invalid)
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
	if ok && text == "" && f.nullable {
		*null = true
		return nil
	}
	if kind != "str" {
		if kind == "int" {
			return wrong("“" + text + "” is not a valid UUID.")
		}
		return wrong("Incorrect type. Expected pk value, received " + kind + ".")
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
		if err != nil {
			rd.failed = err
			return nil
		}
		if !known {
			return wrong(UnknownPK(id))
		}
	}
	into.Set(reflect.ValueOf(id))
	return nil
}

// UnknownPK is the message for a relation to an object that does not exist for
// the caller.
func UnknownPK(key any) string {
	return fmt.Sprintf("Invalid pk \"%v\" - object does not exist.", key)
}

func (f *field) time(v value, into reflect.Value) *fault {
	text, ok := v.scalar()
	text = strings.TrimSpace(text)
	if f.shape == shapeDate {
		t, err := time.Parse(time.DateOnly, text)
		if !ok || err != nil {
			return wrong("Date has wrong format. Use one of these formats instead: YYYY-MM-DD.")
		}
		into.Set(reflect.ValueOf(Date(t)))
		return nil
	}
	t, err := ParseTime(text)
	if !ok || err != nil {
		if _, err := time.Parse(time.DateOnly, text); err == nil {
			return wrong("Expected a datetime but got a date.")
		}
		return wrong("Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].")
	}
	into.Set(reflect.ValueOf(t))
	return nil
}

// ParseTime reads a timestamp as the wire has it; one without zone is UTC.
func ParseTime(text string) (time.Time, error) {
	text = strings.Replace(text, " ", "T", 1)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC().Truncate(time.Microsecond), nil
		}
	}
	return time.Time{}, fmt.Errorf("parse time %q: unknown format", text)
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
	if v.isNull() {
		return wrong("This field may not be null.")
	}
	if f.shape == shapeInt && f.relation != "" && !v.form && TypeName(v.raw) != "int" {
		return wrong("Incorrect type. Expected pk value, received " + TypeName(v.raw) + ".")
	}
	var null bool
	return f.convert(rd, v, into, &null)
}

func (f *field) nested(rd *reading, v value, into reflect.Value) *fault {
	from := v.sub
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
