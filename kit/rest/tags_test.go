package rest

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// vet would find these, were they written down as types: programs that are not
// vetted have the panic.
func TestStructsThatVetRefuses(t *testing.T) {
	text := func(tag reflect.StructTag) reflect.Type {
		return reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.TypeFor[Opt[string]](), Tag: tag}})
	}
	read := func(t reflect.Type) func() { return func() { new(plans).of(t) } }
	require.NotPanics(t, read(text(`json:"a"  required:"true"`)))
	for _, tag := range []reflect.StructTag{`json:"a" required:true`, `json:"a"required:"true"`, `json:"a" required`, `json:"a" required:"true`,
		"json:\"a\" required:`true`", `json:"a" help:"x" help:"y"`, `json:"a" :"true"`} {
		require.Panics(t, read(text(tag)), "%s", tag)
	}
	part := func(name string) reflect.StructField {
		return reflect.StructField{Name: name, Type: text(`json:"a"`), Anonymous: true}
	}
	require.NotPanics(t, read(reflect.StructOf([]reflect.StructField{part("Left")})))
	require.Panics(t, read(reflect.StructOf([]reflect.StructField{part("Left"), part("Right")})), "the field comes from both")
}
