package fields_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/internal/fields"
)

type object struct {
	ID   wispwright.ID
	Name string
}

func conds[F any]() error {
	plan, err := fields.Of(reflect.TypeFor[object](), fields.Naming{})
	if err != nil {
		return err
	}
	_, err = fields.Conds(reflect.TypeFor[F](), plan, nil,
		func(name string) bool { return name == "Custom" })
	return err
}

// A nil slice would select everything: a filter with one is not made.
func TestFilterLists(t *testing.T) {
	require.NoError(t, conds[struct {
		IDs wispwright.Among[wispwright.ID]
	}]())
	require.NoError(t, conds[struct{ Custom wispwright.Among[string] }]())
	require.ErrorContains(t, conds[struct{ IDs []wispwright.ID }](), "IDs is a slice, which must be a wispwright.Among")
	require.ErrorContains(t, conds[struct{ Names *[]string }](), "must be a wispwright.Among")
	require.ErrorContains(t, conds[struct{ Custom []string }](), "must be a wispwright.Among")
	require.ErrorContains(t, conds[struct{ Name wispwright.Among[string] }](), "Name is named for one value")
	require.ErrorContains(t, conds[struct{ Names string }](), "Names is named for one value")
	require.ErrorContains(t, conds[struct{ Colours string }](), "no field for Colours")
}
