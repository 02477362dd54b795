package rest

import (
	"fmt"
	"mime/multipart"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
)

// File is an uploaded file of a multipart form.
type File = *multipart.FileHeader

// shapeKind is how a field's value is laid out on the wire.
type shapeKind int

const (
	shapeText shapeKind = iota
	shapeBool
	shapeInt
	shapeFloat
	shapeID
	shapeTime
	shapeDate
	shapeJSON
	shapeFile
	shapeList
	shapeObject
	shapeWire
)

// field is one field of an input struct, compiled from its tags.
type field struct {
	name    string
	index   []int // through embedded structs
	shape   shapeKind
	element reflect.Type // T of Opt[T]
	item    *field       // of a list
	object  *plan        // of an object
	label   string
	help    string
	format  string
	// pattern is what the whole text must be like, else patternMessage is said
	pattern        *regexp.Regexp
	patternMessage string
	metaType       string // the type OPTIONS and the document name for a Wire
	relation       string
	enum           []string
	labels         []string
	min, max       *float64
	minLength      int
	maxLength      int
	required       bool
	nullable       bool
	blank          bool
	raw            bool // not trimmed
	nonEmpty       bool
	writeOnly      bool
	object1        bool // JSON must be an object
	first          bool // a list of objects stands for its first one
	keyed          bool // a text may stand for an object, see Keyed
	clash          bool // another field of the name lies as deep
}

// plan is a compiled input struct.
type plan struct {
	typ    reflect.Type
	fields []*field
}

// plans are the compiled input structs of one API, each compiled once.
type plans struct{ known sync.Map }

// of compiles an input struct. A struct that cannot be read panics: that is a
// mistake in the program, found when it is mounted.
func (ps *plans) of(t reflect.Type) *plan {
	if p, ok := ps.known.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{typ: t}
	ps.collect(p, t, nil)
	for _, f := range p.fields {
		if f.clash {
			panic(fmt.Sprintf("rest: %s has the field %q from two embedded structs", t, f.name))
		}
	}
	actual, _ := ps.known.LoadOrStore(t, p)
	return actual.(*plan)
}

// collect adds the fields of a struct and of those it embeds, as encoding/json
// does: the outer one of two fields with one name wins, in the place of the
// inner one, so that a struct which changes a rule keeps the order of the wire.
func (ps *plans) collect(p *plan, t reflect.Type, outer []int) {
	for i := range t.NumField() {
		sf := t.Field(i)
		index := append(slices.Clone(outer), i)
		_, isOpt := reflect.New(sf.Type).Interface().(optional)
		if sf.Anonymous && !isOpt && sf.Type.Kind() == reflect.Struct && sf.Tag.Get("json") == "" {
			ps.collect(p, sf.Type, index)
			continue
		}
		if !sf.IsExported() || sf.Tag.Get("json") == "-" {
			continue
		}
		if !isOpt {
			panic(fmt.Sprintf("rest: %s.%s must be a rest.Opt", t, sf.Name))
		}
		v, _ := sf.Type.FieldByName("V")
		f := ps.compile(v.Type, sf.Tag, t.String()+"."+sf.Name)
		f.index = index
		p.add(f)
	}
}

// add adds a field, unless one of the same name lies further out.
func (p *plan) add(f *field) {
	at := slices.IndexFunc(p.fields, func(k *field) bool { return k.name == f.name })
	if at < 0 {
		p.fields = append(p.fields, f)
		return
	}
	switch known := p.fields[at]; {
	case len(known.index) == len(f.index):
		known.clash = true
	case len(known.index) > len(f.index):
		p.fields[at] = f
	}
}

func (ps *plans) compile(t reflect.Type, tag reflect.StructTag, where string) *field {
	checkTag(tag, inKeys(), where)
	name, _, _ := strings.Cut(tag.Get("json"), ",")
	if name == "" {
		panic("rest: " + where + " needs a json tag")
	}
	f := &field{name: name, element: t, help: tag.Get("help"), format: tag.Get("format"), metaType: tag.Get("metaType"), relation: tag.Get("rel")}
	f.label = tag.Get("label")
	if f.label == "" {
		f.label = labelOf(name)
	}
	for key, target := range map[string]*bool{"required": &f.required, "nullable": &f.nullable, "blank": &f.blank, "writeOnly": &f.writeOnly, "nonEmpty": &f.nonEmpty, "object": &f.object1, "first": &f.first} {
		*target = yes(tag, key, where)
	}
	f.raw = tag.Get("trim") != "" && !yes(tag, "trim", where)
	if e := tag.Get("enum"); e != "" {
		f.enum = strings.Split(e, ",")
	}
	if e := tag.Get("enumLabels"); e != "" {
		f.labels = strings.Split(e, ",")
	}
	if e := tag.Get("pattern"); e != "" {
		f.pattern, f.patternMessage = regexp.MustCompile(e), tag.Get("patternMessage")
	}
	f.maxLength = integer(tag, "maxLength", where)
	f.minLength = integer(tag, "minLength", where)
	f.min, f.max = number(tag, "minimum", where), number(tag, "maximum", where)
	ps.classify(f, t, tag, where)
	return f
}

func (ps *plans) classify(f *field, t reflect.Type, tag reflect.StructTag, where string) {
	switch {
	case reflect.PointerTo(t).Implements(reflect.TypeFor[Wire]()):
		f.shape = shapeWire
	case t == reflect.TypeFor[wispwright.ID]():
		f.shape = shapeID
	case t == reflect.TypeFor[time.Time]():
		f.shape = shapeTime
	case t == reflect.TypeFor[Date]():
		f.shape = shapeDate
	case t == reflect.TypeFor[wispwright.JSON]():
		f.shape = shapeJSON
	case t == reflect.TypeFor[File]():
		f.shape = shapeFile
	case t.Kind() == reflect.String:
		f.shape = shapeText
	case t.Kind() == reflect.Bool:
		f.shape = shapeBool
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		f.shape = shapeInt
	case t.Kind() == reflect.Float64:
		f.shape = shapeFloat
	case t.Kind() == reflect.Slice:
		f.shape = shapeList
		f.item = ps.compile(t.Elem(), tag, where)
		f.item.required, f.item.nullable = true, false
	case t.Kind() == reflect.Struct:
		f.shape, f.object = shapeObject, ps.of(t)
		f.keyed = reflect.PointerTo(t).Implements(reflect.TypeFor[Keyed]())
	default:
		panic("rest: " + where + ": cannot read a " + t.String())
	}
}

func integer(tag reflect.StructTag, key, where string) int {
	text := tag.Get(key)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		panic("rest: " + where + ": " + key + " is no number")
	}
	return n
}

func number(tag reflect.StructTag, key, where string) *float64 {
	text := tag.Get(key)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic("rest: " + where + ": " + key + " is no number")
	}
	return &n
}

// labelOf makes "Is active" of "is_active".
func labelOf(name string) string {
	text := strings.ReplaceAll(name, "_", " ")
	return strings.ToUpper(text[:1]) + text[1:]
}

// reading is one run of a plan over a body.
type reading struct {
	request *Request
	partial bool
	failed  error // a fault inside, not of the input
}

// read fills a struct from an object and returns what is wrong, nil if
// nothing.
func (p *plan) read(rd *reading, from *object, into reflect.Value) *faults {
	var wrong *faults
	for _, f := range p.fields {
		e := f.read(rd, from, into.FieldByIndex(f.index))
		if e == nil {
			continue
		}
		if wrong == nil {
			wrong = &faults{}
		}
		e.key = f.name
		wrong.entries = append(wrong.entries, *e)
	}
	return wrong
}

func (f *field) read(rd *reading, from *object, into reflect.Value) *fault {
	v, there := from.get(f, rd.partial)
	if !there {
		if f.required && !rd.partial {
			if f.shape == shapeFile {
				return wrong("No file was submitted.")
			}
			return wrong("This field is required.")
		}
		return nil
	}
	set, null, target := into.Addr().Interface().(optional).wire()
	if v.isNull() {
		if !f.nullable {
			return wrong(mayNotBeNull)
		}
		*set, *null = true, true
		return nil
	}
	e := f.convert(rd, v, reflect.ValueOf(target).Elem(), null)
	*set = e == nil
	return e
}

func wrong(messages ...string) *fault { return &fault{messages: messages} }

// Decode reads the request's body into an input struct. With partial, nothing
// is required, as for PATCH. The error is what kit/rest answers with 400, or
// with 415 and 413 where the body cannot be read at all. With faults of fields
// the struct still holds what could be read.
func Decode[In any](r *Request, partial bool) (*In, error) {
	src, err := r.body()
	if err != nil {
		return nil, err
	}
	if src.wrong != nil {
		return nil, src.wrong
	}
	in := new(In)
	rd := &reading{request: r, partial: partial}
	if e := r.api.plans.of(reflect.TypeFor[In]()).read(rd, src.object(), reflect.ValueOf(in).Elem()); e != nil && rd.failed == nil {
		return in, e
	}
	return in, rd.failed
}
