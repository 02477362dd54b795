package rest

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
)

// encoders write the types answers are made of: the bytes are those of
// encoding/json, which for every id and time of a list makes a copy of the
// value, asks it for text, makes a copy of that and checks it. A type that has
// anything unusual is left to encoding/json as a whole.
type encoders struct {
	known sync.Map // reflect.Type -> encoder
}

// encoder appends a value; nil is a type for encoding/json.
type encoder func(b *bytes.Buffer, v reflect.Value) error

// write appends a body, indented if that is not 0, without a line end.
func (e *encoders) write(b *bytes.Buffer, body any, indent int) error {
	if indent == 0 {
		return e.encode(b, body)
	}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", strings.Repeat(" ", indent))
	if err := enc.Encode(body); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1)
	return nil
}

// encode appends a body without a line end.
func (e *encoders) encode(b *bytes.Buffer, body any) error {
	v := reflect.ValueOf(body)
	if !v.IsValid() {
		b.WriteString("null")
		return nil
	}
	enc := e.of(v.Type())
	if enc == nil {
		return encodeAny(b, body)
	}
	if v.Kind() == reflect.Struct || v.Kind() == reflect.Array { // its fields are read in place
		place := reflect.New(v.Type()).Elem()
		place.Set(v)
		v = place
	}
	return enc(b, v)
}

// encodeAny appends what encoding/json makes of a value.
func encodeAny(b *bytes.Buffer, body any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1)
	return nil
}

func (e *encoders) of(t reflect.Type) encoder {
	if known, ok := e.known.Load(t); ok {
		return known.(encoder)
	}
	enc := e.compile(t, nil)
	e.known.Store(t, enc)
	return enc
}

// compile returns the encoder of a type that is inside of others.
func (e *encoders) compile(t reflect.Type, inside []reflect.Type) encoder {
	for _, outer := range inside {
		if t == outer { // endless
			return nil
		}
	}
	switch t {
	case reflect.TypeFor[wispwright.ID]():
		return encodeID
	case reflect.TypeFor[Time]():
		return encodeTime
	case reflect.TypeFor[Date]():
		return encodeDate
	case reflect.TypeFor[wispwright.JSON]():
		return encodeJSON
	}
	if t.Kind() == reflect.Pointer { // it has the methods of what it points to
		return orNull(e.compile(t.Elem(), append(inside, t)), reflect.Value.Elem)
	}
	for _, custom := range []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()} {
		if t.Implements(custom) || reflect.PointerTo(t).Implements(custom) {
			return nil
		}
	}
	switch t.Kind() {
	case reflect.String:
		return func(b *bytes.Buffer, v reflect.Value) error { return encodeString(b, v.String()) }
	case reflect.Bool:
		return func(b *bytes.Buffer, v reflect.Value) error {
			b.Write(strconv.AppendBool(b.AvailableBuffer(), v.Bool()))
			return nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(b *bytes.Buffer, v reflect.Value) error {
			b.Write(strconv.AppendInt(b.AvailableBuffer(), v.Int(), 10))
			return nil
		}
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return nil
		}
		return func(b *bytes.Buffer, v reflect.Value) error { return e.encode(b, v.Interface()) }
	case reflect.Slice:
		return e.compileSlice(t, append(inside, t))
	case reflect.Struct:
		return e.compileStruct(t, append(inside, t))
	}
	return nil
}

// orNull writes null for nil.
func orNull(enc encoder, elem func(reflect.Value) reflect.Value) encoder {
	if enc == nil {
		return nil
	}
	return func(b *bytes.Buffer, v reflect.Value) error {
		if v.IsNil() {
			b.WriteString("null")
			return nil
		}
		return enc(b, elem(v))
	}
}

func (e *encoders) compileSlice(t reflect.Type, inside []reflect.Type) encoder {
	enc := e.compile(t.Elem(), inside)
	if enc == nil {
		return nil
	}
	all := func(b *bytes.Buffer, v reflect.Value) error {
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := enc(b, v.Index(i)); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
	return orNull(all, func(v reflect.Value) reflect.Value { return v })
}

// member is a field of a struct, its name ready to be written.
type member struct {
	index int
	name  string // with quotes and colon
	enc   encoder
}

func (e *encoders) compileStruct(t reflect.Type, inside []reflect.Type) encoder {
	var members []member
	names := map[string]bool{}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			return nil
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" && options == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		enc := e.compile(f.Type, inside)
		if enc == nil || options != "" || names[name] || strings.ContainsFunc(name, unusualInName) {
			return nil
		}
		names[name] = true
		members = append(members, member{i, strconv.Quote(name) + ":", enc})
	}
	return func(b *bytes.Buffer, v reflect.Value) error {
		b.WriteByte('{')
		for i := range members {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(members[i].name)
			if err := members[i].enc(b, v.Field(members[i].index)); err != nil {
				return err
			}
		}
		b.WriteByte('}')
		return nil
	}
}

func unusualInName(r rune) bool {
	return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
}

// encodeString appends plain text as it is; what has to be escaped, and what
// may be no UTF-8, is left to encoding/json.
func encodeString(b *bytes.Buffer, s string) error {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return encodeAny(b, s)
		}
	}
	b.WriteByte('"')
	b.WriteString(s)
	b.WriteByte('"')
	return nil
}

// at points to a value, in place where it has one.
func at[V any](v reflect.Value) *V {
	if v.CanAddr() {
		return v.Addr().Interface().(*V)
	}
	value := v.Interface().(V)
	return &value
}

func encodeID(b *bytes.Buffer, v reflect.Value) error {
	id := at[wispwright.ID](v)
	if id.IsZero() {
		b.WriteString("null")
		return nil
	}
	text := append(b.AvailableBuffer(), '"')
	text, err := id.AppendText(text)
	b.Write(append(text, '"'))
	return err
}

func encodeTime(b *bytes.Buffer, v reflect.Value) error {
	b.Write(at[Time](v).append(b.AvailableBuffer()))
	return nil
}

func encodeDate(b *bytes.Buffer, v reflect.Value) error {
	if d := time.Time(*at[Date](v)); !d.IsZero() {
		b.Write(d.AppendFormat(b.AvailableBuffer(), dateLayout))
		return nil
	}
	b.WriteString("null")
	return nil
}

func encodeJSON(b *bytes.Buffer, v reflect.Value) error {
	if v.Len() == 0 {
		b.WriteString("null")
		return nil
	}
	return json.Compact(b, []byte(v.String()))
}
