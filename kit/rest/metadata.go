package rest

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// metadata is the answer to OPTIONS (rest-conventions §10).
func (v *View) metadata(r *Request) any {
	parses := []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}
	if v.FormFirst {
		parses = append(parses[1:], parses[0])
	}
	if v.Parses != nil {
		parses = v.Parses
	}
	m := metadata{Name: v.Name, Description: v.Description, Renders: []string{"application/json", "text/html"}, Parses: parses}
	for _, method := range []string{http.MethodPut, http.MethodPost} {
		op := v.operation(method)
		if op == nil || op.shape == nil || op.shape.in == nil || !v.mayUse(r, op) {
			continue
		}
		if m.Actions == nil {
			m.Actions = &actions{}
		}
		fields := describeFields(v.api.plans.of(op.shape.in), op.shape.out)
		for path, choices := range v.Choices {
			fields.choose(strings.Split(path, "."), choices)
		}
		m.Actions.entries = append(m.Actions.entries, action{method, fields})
	}
	return m
}

// mayUse reports whether the caller may perform the operation on the object of
// the path.
func (v *View) mayUse(r *Request, op *Op) bool {
	if v.Access >= Everyone {
		return true
	}
	if op.Permission != "" {
		if !r.Caller.Can(op.Permission) {
			return false
		}
	} else if v.permitted(r.Caller, op.Method) != nil {
		return false
	}
	return op.Method != http.MethodPut || v.accessible(r)
}

// accessible reports whether the object of the path is there for the caller.
func (v *View) accessible(r *Request) bool {
	get := v.operation(http.MethodGet)
	if get == nil {
		return true
	}
	if v.Prepare != nil && v.Prepare(r) != nil {
		return false
	}
	_, _, err := get.Handle(r)
	return err == nil
}

type metadata struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Renders     []string `json:"renders"`
	Parses      []string `json:"parses"`
	Actions     *actions `json:"actions,omitempty"`
}

type actions struct{ entries []action }

type action struct {
	method string
	fields orderedFields
}

// MarshalJSON writes the methods in order.
func (a *actions) MarshalJSON() ([]byte, error) {
	var o ordered
	for _, e := range a.entries {
		o = append(o, pair{e.method, e.fields})
	}
	return o.MarshalJSON()
}

// orderedFields are the fields of an action in wire order.
type orderedFields []namedField

type namedField struct {
	name string
	info fieldInfo
}

// MarshalJSON writes an object whose keys keep their order.
func (f orderedFields) MarshalJSON() ([]byte, error) {
	var o ordered
	for _, e := range f {
		o = append(o, pair{e.name, e.info})
	}
	return o.MarshalJSON()
}

// ordered is a JSON object whose keys keep their order.
type ordered []pair

type pair struct {
	key   string
	value any
}

// MarshalJSON writes the pairs in order.
func (o ordered) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, p := range o {
		if i > 0 {
			b = append(b, ',')
		}
		key, err := encode(p.key)
		if err != nil {
			return nil, err
		}
		value, err := encode(p.value)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, key...), ':'), value...)
	}
	return append(b, '}'), nil
}

type fieldInfo struct {
	Type      string        `json:"type"`
	Required  bool          `json:"required"`
	ReadOnly  bool          `json:"read_only"`
	Label     string        `json:"label,omitempty"`
	Help      string        `json:"help_text,omitempty"`
	MinLength int           `json:"min_length,omitempty"`
	MaxLength int           `json:"max_length,omitempty"`
	Min       *float64      `json:"min_value,omitempty"`
	Max       *float64      `json:"max_value,omitempty"`
	Choices   []Choice      `json:"choices,omitempty"`
	Child     *fieldInfo    `json:"child,omitempty"`
	Children  orderedFields `json:"children,omitempty"`
}

// Choice is one of the values of a field, as OPTIONS lists them.
type Choice struct {
	// Value is what is sent.
	Value string `json:"value"`
	// Label is its name for people.
	Label string `json:"display_name"`
}

// choose turns the field at a path into a choice.
func (f orderedFields) choose(path []string, choices []Choice) {
	for i := range f {
		info := &f[i].info
		switch {
		case f[i].name != path[0]:
		case len(path) > 1:
			info.Children.choose(path[1:], choices)
		default:
			info.Type, info.MaxLength, info.Choices = "choice", 0, choices
		}
	}
}

// describeFields lists the fields of the body in order, with the read-only
// ones of the answer where the answer has them.
func describeFields(p *plan, out reflect.Type) orderedFields {
	var answer []reflect.StructField
	var keys []string
	if out != nil && out.Kind() == reflect.Struct {
		eachOutField(out, func(f reflect.StructField, key string, _ bool) {
			answer, keys = append(answer, f), append(keys, key)
		})
	}
	var fields orderedFields
	next := 0
	readOnly := func(until int) {
		for ; next < until; next++ {
			if !p.has(keys[next]) && answer[next].Tag.Get("metaType") != "-" {
				fields = append(fields, namedField{keys[next], readOnlyInfo(answer[next], keys[next])})
			}
		}
	}
	for _, f := range p.fields {
		info := f.info()
		if i := slices.Index(keys, f.name); i >= 0 {
			readOnly(i)
			if f.shape == shapeObject { // with what its answer has beyond the body
				info.Children = describeFields(f.object, indirect(answer[i].Type))
			}
		}
		fields = append(fields, namedField{f.name, info})
	}
	readOnly(len(keys))
	return fields
}

func indirect(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func readOnlyInfo(f reflect.StructField, key string) fieldInfo {
	label := f.Tag.Get("label")
	if label == "" {
		label = labelOf(key)
	}
	kind := f.Tag.Get("metaType")
	if kind == "" {
		kind = "string"
		switch f.Type {
		case reflect.TypeFor[Time]():
			kind = "datetime"
		case reflect.TypeFor[Date]():
			kind = "date"
		}
		switch f.Type.Kind() {
		case reflect.Bool:
			kind = "boolean"
		case reflect.Int, reflect.Int64:
			kind = "integer"
		case reflect.Slice, reflect.Struct, reflect.Map:
			if kind == "string" {
				kind = "field"
			}
		}
	}
	return fieldInfo{Type: kind, ReadOnly: true, Label: label, Help: f.Tag.Get("help")}
}

func (f *field) info() fieldInfo {
	i := fieldInfo{Required: f.required, Label: f.label, Help: f.help, MinLength: f.minLength, MaxLength: f.maxLength, Min: f.min, Max: f.max}
	switch f.shape {
	case shapeText:
		i.Type = "string"
		switch f.format {
		case "email", "url", "slug":
			i.Type = f.format
		}
		if len(f.enum) > 0 {
			i.Type, i.MaxLength = "choice", 0
			for n, e := range f.enum {
				label := e
				if n < len(f.labels) {
					label = f.labels[n]
				}
				i.Choices = append(i.Choices, Choice{e, label})
			}
		}
	case shapeObject:
		i.Type, i.Children = "nested object", describeFields(f.object, nil)
	case shapeList:
		i.Type = "field"
		if f.item.shape == shapeObject {
			child := f.item.info()
			child.Label, child.Help = "", ""
			i.Type, i.Child = "list", &child
		} else if f.relation == "" {
			i.Type = "list"
			i.Child = &fieldInfo{Type: f.item.info().Type, Required: true}
		}
	case shapeWire:
		if i.Type = f.metaType; i.Type == "" {
			i.Type = "field"
		}
	default:
		i.Type = map[shapeKind]string{shapeBool: "boolean", shapeInt: "integer", shapeFloat: "float", shapeID: "string", shapeTime: "datetime",
			shapeDate: "date", shapeJSON: "field", shapeFile: "file upload"}[f.shape]
		if f.shape == shapeID && f.relation != "" {
			i.Type = "field"
		}
	}
	return i
}
