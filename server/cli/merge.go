package cli

import (
	"reflect"

	"github.com/alecthomas/kong"
)

// merged lays commands of the same name together, at every depth: several
// concerns may add to one group of commands, which kong refuses by itself. Each
// of the lists points to a struct whose fields are commands. Of groups the first
// help is shown; what is no group (it has a Run method, flags or arguments)
// stays as it is, and kong tells that the name is taken.
func merged(lists []any) []any {
	groups, order := map[string][]command{}, []string{}
	for _, list := range lists {
		for _, c := range commandsOf(list) {
			if groups[c.name] == nil {
				order = append(order, c.name)
			}
			groups[c.name] = append(groups[c.name], c)
		}
	}
	var out []any
	for _, name := range order {
		same := groups[name]
		if len(same) == 1 || !allGroups(same) {
			for _, c := range same {
				out = append(out, one(c.field.Tag, c.field.Name, c.value))
			}
			continue
		}
		var inner []any
		for _, c := range same {
			inner = append(inner, c.value.Addr().Interface())
		}
		out = append(out, one(same[0].field.Tag, same[0].field.Name, reflect.ValueOf(struct{ kong.Plugins }{merged(inner)})))
	}
	return out
}

// command is one field of a struct of commands.
type command struct {
	name  string
	field reflect.StructField
	value reflect.Value
}

// commandsOf are the fields of what a pointer points to; what an embedded
// struct has is its own.
func commandsOf(list any) (out []command) {
	v := reflect.ValueOf(list).Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			out = append(out, commandsOf(v.Field(i).Addr().Interface())...)
		case f.Anonymous && f.Type == reflect.TypeFor[kong.Plugins]():
			for _, inner := range v.Field(i).Interface().(kong.Plugins) {
				out = append(out, commandsOf(inner)...)
			}
		case f.IsExported():
			name := f.Tag.Get("name")
			if name == "" {
				name = f.Name
			}
			out = append(out, command{name, f, v.Field(i)})
		}
	}
	return out
}

// allGroups reports whether commands are nothing but names for others.
func allGroups(list []command) bool {
	for _, c := range list {
		if !isCommand(c) || c.value.Kind() != reflect.Struct || c.value.Addr().MethodByName("Run").IsValid() {
			return false
		}
		for _, inner := range commandsOf(c.value.Addr().Interface()) {
			if !isCommand(inner) {
				return false
			}
		}
	}
	return true
}

func isCommand(c command) bool {
	_, ok := c.field.Tag.Lookup("cmd")
	return ok
}

// one points to a struct with one field.
func one(tag reflect.StructTag, name string, value reflect.Value) any {
	v := reflect.New(reflect.StructOf([]reflect.StructField{{Name: name, Type: value.Type(), Tag: tag}}))
	v.Elem().Field(0).Set(value)
	return v.Interface()
}
