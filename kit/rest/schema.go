package rest

import (
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wispwright/wispwright"
)

// schemas names and keeps the schemas of wire structs in one document.
type schemas struct {
	known map[string]*huma.Schema
	types map[string]reflect.Type
}

func newSchemas(known map[string]*huma.Schema) *schemas {
	s := &schemas{known: known, types: map[string]reflect.Type{}}
	s.known["Error"] = &huma.Schema{Type: "object", Required: []string{"detail"},
		Properties: map[string]*huma.Schema{"detail": {Type: "string"}}}
	s.known["ValidationError"] = &huma.Schema{Type: "object", AdditionalProperties: true,
		Description: "Field names to lists of messages; nested objects nest."}
	return s
}

const refPrefix = "#/components/schemas/"

// nameOf makes "ControllerDevice" of controllerhttp.deviceOut. Two types that
// would get one name are a mistake in the program.
func (s *schemas) nameOf(t reflect.Type, prefix string) string {
	if t.Name() == "" || strings.Contains(t.Name(), "·") {
		panic("rest: wire structs need a name of their own: " + t.String())
	}
	base, args, generic := strings.Cut(t.Name(), "[")
	name := upper(strings.TrimSuffix(base, "Out"))
	if pkg := strings.TrimSuffix(path.Base(t.PkgPath()), "http"); pkg != "" && pkg != "rest" {
		name = upper(pkg) + strings.TrimPrefix(name, upper(pkg))
	}
	if generic {
		for arg := range strings.SplitSeq(strings.TrimSuffix(args, "]"), ",") {
			pkg, typ, qualified := strings.Cut(path.Base(arg), ".")
			if !qualified {
				pkg, typ = "", arg
			}
			name += upper(strings.TrimSuffix(pkg, "http")) + upper(strings.TrimSuffix(typ, "Out"))
		}
	}
	name = prefix + name
	if other := s.types[name]; other != nil && other != t {
		panic(fmt.Sprintf("rest: %s.%s and %s.%s would both be %s in the document", t.PkgPath(), t.Name(), other.PkgPath(), other.Name(), name))
	}
	s.types[name] = t
	return name
}

func upper(s string) string {
	for i, r := range s {
		return string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}

// out describes a type of an answer.
func (s *schemas) out(t reflect.Type) *huma.Schema {
	switch t {
	case reflect.TypeFor[wispwright.ID]():
		return &huma.Schema{Type: "string", Format: "uuid", Nullable: true}
	case reflect.TypeFor[Time](), reflect.TypeFor[time.Time]():
		return &huma.Schema{Type: "string", Format: "date-time", Nullable: true}
	case reflect.TypeFor[Date]():
		return &huma.Schema{Type: "string", Format: "date", Nullable: true}
	case reflect.TypeFor[wispwright.JSON](), reflect.TypeFor[json.RawMessage]():
		return &huma.Schema{}
	}
	if t.Implements(reflect.TypeFor[json.Marshaler]()) && t.Kind() != reflect.Pointer {
		return &huma.Schema{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return nullable(s.out(t.Elem()))
	case reflect.String:
		return &huma.Schema{Type: "string"}
	case reflect.Bool:
		return &huma.Schema{Type: "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &huma.Schema{Type: "integer"}
	case reflect.Float32, reflect.Float64:
		return &huma.Schema{Type: "number"}
	case reflect.Slice, reflect.Array:
		return &huma.Schema{Type: "array", Items: s.out(t.Elem())}
	case reflect.Map:
		return &huma.Schema{Type: "object", AdditionalProperties: s.out(t.Elem())}
	case reflect.Struct:
		return s.outStruct(t)
	case reflect.Interface:
		return &huma.Schema{}
	}
	panic("rest: cannot describe " + t.String())
}

func nullable(sc *huma.Schema) *huma.Schema {
	switch {
	case sc.Ref != "":
		return &huma.Schema{OneOf: []*huma.Schema{sc, {Type: "null"}}}
	case sc.Type != "":
		sc.Nullable = true
	}
	return sc
}

func (s *schemas) outStruct(t reflect.Type) *huma.Schema {
	name := s.nameOf(t, "")
	ref := &huma.Schema{Ref: refPrefix + name}
	if s.known[name] != nil {
		return ref
	}
	sc := &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{}}
	s.known[name] = sc
	eachOutField(t, func(f reflect.StructField, key string, optional bool) {
		checkTag(f.Tag, outKeys(), t.String()+"."+f.Name)
		p := s.out(f.Type)
		if d := f.Tag.Get("doc"); d != "" && p.Ref == "" {
			p.Description = d
		}
		if format := f.Tag.Get("format"); format != "" && p.Ref == "" {
			p.Format = format
		}
		sc.Properties[key] = p
		if !optional {
			sc.Required = append(sc.Required, key)
		}
	})
	return ref
}

// eachOutField walks the fields encoding/json writes, those of embedded
// structs included.
func eachOutField(t reflect.Type, do func(f reflect.StructField, key string, optional bool)) {
	for i := range t.NumField() {
		f := t.Field(i)
		key, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case key == "-":
			continue
		case f.Anonymous && key == "" && f.Type.Kind() == reflect.Struct:
			eachOutField(f.Type, do)
			continue
		case !f.IsExported():
			continue
		case key == "":
			key = f.Name
		}
		do(f, key, strings.Contains(opts, "omitempty") || strings.Contains(opts, "omitzero"))
	}
}

// in describes an input struct; for PATCH nothing is required.
func (s *schemas) in(p *plan, partial bool) *huma.Schema {
	prefix := ""
	if partial {
		prefix = "Patched"
	}
	name := s.nameOf(p.typ, prefix)
	ref := &huma.Schema{Ref: refPrefix + name}
	if s.known[name] != nil {
		return ref
	}
	sc := &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{}}
	s.known[name] = sc
	for _, f := range p.fields {
		sc.Properties[f.name] = s.inField(f, partial)
		if f.required && !partial {
			sc.Required = append(sc.Required, f.name)
		}
	}
	return ref
}

func (s *schemas) inField(f *field, partial bool) *huma.Schema {
	sc := &huma.Schema{}
	switch f.shape {
	case shapeText:
		sc.Type, sc.Format = "string", map[string]string{"email": "email", "url": "uri"}[f.format]
		sc.MaxLength, sc.MinLength = positive(f.maxLength), positive(f.minLength)
		for _, e := range f.enum {
			sc.Enum = append(sc.Enum, e)
		}
		if f.blank && len(f.enum) > 0 {
			sc.Enum = append(sc.Enum, "")
		}
	case shapeBool:
		sc.Type = "boolean"
	case shapeInt:
		sc.Type, sc.Minimum, sc.Maximum = "integer", f.min, f.max
	case shapeFloat:
		sc.Type, sc.Minimum, sc.Maximum = "number", f.min, f.max
	case shapeID:
		sc.Type, sc.Format = "string", "uuid"
	case shapeTime:
		sc.Type, sc.Format = "string", "date-time"
	case shapeDate:
		sc.Type, sc.Format = "string", "date"
	case shapeFile:
		sc.Type, sc.Format = "string", "binary"
	case shapeWire:
		sc.Type = map[string]string{"string": "string", "integer": "integer", "float": "number", "boolean": "boolean"}[f.metaType]
	case shapeList:
		sc.Type, sc.Items = "array", s.inField(f.item, partial)
		sc.Items.WriteOnly, sc.Items.Description = false, ""
	case shapeObject:
		sc = s.in(f.object, partial)
		if f.nullable {
			sc = nullable(sc)
		}
		return sc
	}
	if len(f.enum) > 0 && f.nullable {
		sc.Enum = append(sc.Enum, nil)
	}
	if sc.Type != "" {
		sc.Nullable = f.nullable
	}
	sc.WriteOnly, sc.Description = f.writeOnly, f.help
	return sc
}

func positive(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}
