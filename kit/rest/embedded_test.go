package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

type plainIn struct {
	Name  rest.Opt[string] `json:"name" required:"true" maxLength:"9"`
	Size  rest.Opt[int]    `json:"size" minimum:"1"`
	Notes rest.Opt[string] `json:"notes" blank:"true"`
}

// strictIn has another rule for a size, which stays where it is on the wire.
type strictIn struct {
	plainIn
	Colour rest.Opt[string] `json:"colour" required:"true"`
	Size   rest.Opt[int]    `json:"size" required:"true" minimum:"5"`
}

// TestAnInputStructEmbedsAnother: the outer field wins, in the place of the
// inner one, in bodies, forms, metadata and the document.
func TestAnInputStructEmbedsAnother(t *testing.T) {
	b := newBench(t, rest.Options{})
	b.api.Mount(&rest.View{Path: "/api/v1/t/strict/", Name: "Strict", Access: rest.Authenticated},
		rest.Action("POST", "t_strict_create", http.StatusOK, func(_ *rest.Request, in *strictIn) (map[string]any, error) {
			require.False(t, in.plainIn.Size.Set, "the inner field is not read")
			return map[string]any{"name": in.Name.V, "size": in.Size.V, "colour": in.Colour.V}, nil
		}))
	w := b.ask(t, "POST", "/api/v1/t/strict/", "manager", `{"name":"a","size":7,"colour":"red"}`)
	require.Equal(t, `{"colour":"red","name":"a","size":7}`, w.Body.String())
	w = b.ask(t, "POST", "/api/v1/t/strict/", "manager", `{"name":"0123456789","size":4}`)
	require.Equal(t, `{"name":["Ensure this field has no more than 9 characters."],"size":["Ensure this value is greater than or equal to 5."],"colour":["This field is required."]}`, w.Body.String())
	w = b.ask(t, "OPTIONS", "/api/v1/t/strict/", "manager", "")
	var order []int
	for _, name := range []string{`"name":{`, `"size":{`, `"notes":{`, `"colour":{`} {
		order = append(order, strings.Index(w.Body.String(), name))
	}
	require.IsIncreasing(t, order)
	document, err := b.api.Document()
	require.NoError(t, err)
	require.Contains(t, string(document), `"size":{"minimum":5,"type":"integer"}`)
}

// TestListAndDetailOfOneResource: the object has its own wire structs and rules,
// and everything else of the list's resource.
func TestListAndDetailOfOneResource(t *testing.T) {
	type itemOut struct {
		ID    wispwright.ID `json:"id"`
		Title string        `json:"title"`
	}
	b := newBench(t, rest.Options{})
	id := b.add(t, "one", b.alpha)
	rest.Mount(b.api, rest.Resource[wispwright.ID, Thing, ThingFilter, thingIn, thingOut]{
		Path: "/api/v1/t/pair/", Name: "Pair", Noun: "Pair", ID: "t_pair", Kind: "t.thing", Service: b.things,
		Only:         rest.List | rest.Read | rest.Update,
		Out:          rest.Each(func(o *Thing) thingOut { return thingOut{ID: o.ID, Name: o.Name} }),
		Organization: func(o *Thing) wispwright.ID { return o.OrganizationID },
		Detail: rest.Item[wispwright.ID, Thing, ThingFilter, plainIn, itemOut]{
			Apply:  func(_ *rest.Request, in *plainIn, o *Thing) error { in.Name.Into(&o.Name); return nil },
			Out:    rest.Each(func(o *Thing) itemOut { return itemOut{o.ID, o.Name} }),
			Frozen: func(o *Thing) bool { return o.Name == "frozen" },
		},
	})
	path := "/api/v1/t/pair/" + id + "/"
	require.Contains(t, b.ask(t, "GET", "/api/v1/t/pair/", "manager", "").Body.String(), `"name":"one"`)
	require.Contains(t, b.ask(t, "GET", path, "manager", "").Body.String(), `"title":"one"`)
	require.Contains(t, b.ask(t, "PUT", path, "manager", `{"name":"frozen"}`).Body.String(), `"title":"frozen"`)
	require.Equal(t, http.StatusForbidden, b.ask(t, "PUT", path, "manager", `{"name":"two"}`).Code)
	require.Equal(t, http.StatusMethodNotAllowed, b.ask(t, "POST", "/api/v1/t/pair/", "manager", "{}").Code)
	require.Equal(t, http.StatusMethodNotAllowed, b.ask(t, "DELETE", path, "manager", "").Code)
	require.Equal(t, http.StatusUnauthorized, b.ask(t, "GET", path, "", "").Code)
}
