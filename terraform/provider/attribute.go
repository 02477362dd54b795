package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	sourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// form is what the values of an attribute are like.
type form int

const (
	text     form = iota
	flag          // true or false
	number        // a whole number
	document      // JSON, compared by what it means
	list          // texts in order
	names         // texts without order
	numbers       // whole numbers without order
	members       // flags by text
)

// use is who says what the value is.
type use int

const (
	// required: the configuration.
	required use = iota
	// optional: the configuration, or nobody: null.
	optional
	// usual: the configuration, or what is usual for the form: "", false, {}, nothing.
	usual
	// either: the configuration, or else the server.
	either
	// told: the server.
	told
)

// attribute is one value of a kind of object.
type attribute struct {
	name, help string
	form       form
	use        use
	// field is where it stands in what the API answers, with dots; "": as it is called.
	field string
	// sent is where it stands in what the API takes; "": as field.
	sent string
	// on is what a flag is usually.
	on bool
	// sensitive values are not shown; secret ones are not answered by the API either.
	sensitive, secret bool
	// lower and upper case are the same.
	fold bool
	// apart is not a field of the object: a kind's own step keeps it.
	apart bool
}

func (a *attribute) answered() []string {
	if a.field == "" {
		return []string{a.name}
	}
	return strings.Split(a.field, ".")
}

func (a *attribute) asked() []string {
	if a.sent == "" {
		return a.answered()
	}
	return strings.Split(a.sent, ".")
}

// resource is the attribute in the schema of a resource.
func (a *attribute) resource() schema.Attribute {
	isRequired, isOptional, isComputed := a.use == required, a.use == optional || a.use == usual || a.use == either, a.use == usual || a.use == either || a.use == told
	var keep []planmodifier.String
	if a.name == "id" || a.use == either {
		keep = append(keep, stringplanmodifier.UseStateForUnknown())
	}
	switch a.form {
	case flag:
		o := schema.BoolAttribute{Description: a.help, Required: isRequired, Optional: isOptional, Computed: isComputed, Sensitive: a.sensitive}
		if a.use == usual {
			o.Default = booldefault.StaticBool(a.on)
		}
		return o
	case number:
		return schema.Int64Attribute{Description: a.help, Required: isRequired, Optional: isOptional, Computed: isComputed, Sensitive: a.sensitive}
	case list:
		o := schema.ListAttribute{Description: a.help, ElementType: types.StringType, Required: isRequired, Optional: isOptional, Computed: isComputed}
		if a.use == usual {
			o.Default = listdefault.StaticValue(types.ListValueMust(types.StringType, nil))
		}
		return o
	case names, numbers:
		o := schema.SetAttribute{Description: a.help, ElementType: types.StringType, Required: isRequired, Optional: isOptional, Computed: isComputed}
		if a.form == numbers {
			o.ElementType = types.Int64Type
		}
		if a.use == usual {
			o.Default = setdefault.StaticValue(types.SetValueMust(o.ElementType, nil))
		}
		return o
	case members:
		return schema.MapAttribute{Description: a.help, ElementType: types.BoolType, Optional: true, Computed: true, Default: mapdefault.StaticValue(types.MapValueMust(types.BoolType, nil))}
	case document:
		o := schema.StringAttribute{Description: a.help, CustomType: jsontypes.NormalizedType{}, Required: isRequired, Optional: isOptional, Computed: isComputed, Sensitive: a.sensitive}
		if a.use == usual {
			o.Default = stringdefault.StaticString("{}")
		}
		return o
	}
	o := schema.StringAttribute{Description: a.help, Required: isRequired, Optional: isOptional, Computed: isComputed, Sensitive: a.sensitive, PlanModifiers: keep}
	if a.use == usual {
		o.Default = stringdefault.StaticString("")
	}
	return o
}

// source is the attribute in the schema of a data source, in which some may be named.
func (a *attribute) source(named bool) sourceschema.Attribute {
	switch a.form {
	case flag:
		return sourceschema.BoolAttribute{Description: a.help, Computed: true, Sensitive: a.sensitive}
	case number:
		return sourceschema.Int64Attribute{Description: a.help, Computed: true, Sensitive: a.sensitive}
	case list:
		return sourceschema.ListAttribute{Description: a.help, ElementType: types.StringType, Computed: true}
	case names:
		return sourceschema.SetAttribute{Description: a.help, ElementType: types.StringType, Computed: true}
	case numbers:
		return sourceschema.SetAttribute{Description: a.help, ElementType: types.Int64Type, Computed: true}
	case members:
		return sourceschema.MapAttribute{Description: a.help, ElementType: types.BoolType, Computed: true}
	case document:
		return sourceschema.StringAttribute{Description: a.help, CustomType: jsontypes.NormalizedType{}, Computed: true, Sensitive: a.sensitive}
	}
	return sourceschema.StringAttribute{Description: a.help, Optional: named, Computed: true, Sensitive: a.sensitive}
}

// body is a value of a plan as the API takes it; nil is null.
func (a *attribute) body(v tftypes.Value) (any, error) {
	if v.IsNull() {
		return nil, nil
	}
	switch a.form {
	case flag:
		var b bool
		err := v.As(&b)
		return b, err
	case number:
		return whole(v)
	case list, names, numbers:
		var all []tftypes.Value
		if err := v.As(&all); err != nil {
			return nil, err
		}
		out := []any{}
		one := attribute{form: text}
		if a.form == numbers {
			one.form = number
		}
		for _, e := range all {
			value, err := one.body(e)
			if err != nil {
				return nil, err
			}
			out = append(out, value)
		}
		return out, nil
	case members:
		var all map[string]tftypes.Value
		if err := v.As(&all); err != nil {
			return nil, err
		}
		out := map[string]bool{}
		for name, e := range all {
			var b bool
			if err := e.As(&b); err != nil {
				return nil, err
			}
			out[name] = b
		}
		return out, nil
	}
	var s string
	if err := v.As(&s); err != nil {
		return nil, err
	}
	if a.form == document {
		return json.RawMessage(s), nil
	}
	return s, nil
}

func whole(v tftypes.Value) (int64, error) {
	var f big.Float
	if err := v.As(&f); err != nil {
		return 0, err
	}
	n, exact := f.Int64()
	if exact != big.Exact {
		return 0, errors.New("it is no whole number")
	}
	return n, nil
}

// state is what the API answered, as a value for a state; prior is what stood there, or nil.
func (a *attribute) state(answer any, prior any) (any, error) {
	wrong := fmt.Errorf("the server answered %T for %s", answer, a.name)
	switch a.form {
	case flag:
		b, ok := answer.(bool)
		if answer != nil && !ok {
			return nil, wrong
		}
		if answer == nil && a.use != usual {
			return (*bool)(nil), nil
		}
		return b, nil
	case number:
		if answer == nil {
			return (*int64)(nil), nil
		}
		return integer(answer)
	case list, names:
		out := []string{}
		all, ok := answer.([]any)
		if answer != nil && !ok {
			return nil, wrong
		}
		for _, e := range all {
			s, ok := e.(string)
			if !ok {
				return nil, wrong
			}
			out = append(out, s)
		}
		if wanted, ok := prior.([]any); ok && a.form == list && within(wanted, all) {
			return texts(wanted), nil // the server adds some by itself
		}
		return out, nil
	case numbers:
		out := []int64{}
		all, ok := answer.([]any)
		if answer != nil && !ok {
			return nil, wrong
		}
		for _, e := range all {
			n, err := integer(e)
			if err != nil {
				return nil, err
			}
			out = append(out, n)
		}
		return out, nil
	case document:
		if answer == nil && a.use == usual {
			return "{}", nil
		}
		if answer == nil {
			return (*string)(nil), nil
		}
		raw, err := json.Marshal(answer)
		return string(raw), err
	}
	return a.stateText(answer, prior)
}

func (a *attribute) stateText(answer, prior any) (any, error) {
	switch s := answer.(type) {
	case nil:
		if a.use == usual {
			return "", nil
		}
		return (*string)(nil), nil
	case string:
		if before, ok := prior.(string); ok && a.fold && strings.EqualFold(before, s) {
			return before, nil
		}
		if s == "" && a.use == optional {
			return (*string)(nil), nil
		}
		return s, nil
	case json.Number:
		return s.String(), nil
	}
	return nil, fmt.Errorf("the server answered %T for %s", answer, a.name)
}

func integer(answer any) (int64, error) {
	n, ok := answer.(json.Number)
	if !ok {
		return 0, fmt.Errorf("the server answered %T for a number", answer)
	}
	return n.Int64()
}

// within reports whether all that was wanted is there, in its order.
func within(wanted, there []any) bool {
	i := 0
	for _, e := range there {
		if i < len(wanted) && wanted[i] == e {
			i++
		}
	}
	return i == len(wanted)
}

func texts(all []any) []string {
	out := []string{}
	for _, e := range all {
		out = append(out, fmt.Sprint(e))
	}
	return out
}

// at is the value at a place of an object, nil where there is none.
func at(object map[string]any, place []string) any {
	var v any = object
	for _, name := range place {
		inner, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = inner[name]
	}
	return v
}

// put sets the value at a place of an object.
func put(object map[string]any, place []string, value any) {
	for _, name := range place[:len(place)-1] {
		inner, ok := object[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			object[name] = inner
		}
		object = inner
	}
	object[place[len(place)-1]] = value
}
