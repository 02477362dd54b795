package rest_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/rest"
)

func TestASecondSaveDoesNotWipeTheFirst(t *testing.T) {
	b := newBench(t, rest.Options{})
	at := "/api/v1/t/thing/" + b.add(t, "one", b.alpha) + "/"
	read := b.ask(t, "GET", at, "super", "").Header().Get("ETag")
	require.NotEmpty(t, read)

	mine := b.ask(t, "PATCH", at, "super", `{"size":1}`, "If-Match", read)
	require.Equal(t, 200, mine.Code, mine.Body)
	require.NotEqual(t, read, mine.Header().Get("ETag"))
	require.Equal(t, mine.Header().Get("ETag"), b.ask(t, "GET", at, "super", "").Header().Get("ETag"))

	for _, method := range []string{"PATCH", "PUT", "DELETE"} {
		theirs := b.ask(t, method, at, "super", `{"name":"two"}`, "If-Match", read)
		require.Equal(t, 412, theirs.Code, "%s %s", method, theirs.Body)
		var body struct {
			Detail  string
			Current struct {
				Name string
				Size int
			}
		}
		require.NoError(t, json.Unmarshal(theirs.Body.Bytes(), &body))
		require.Equal(t, "one", body.Current.Name)
		require.Equal(t, 1, body.Current.Size, "what the other one saved")
		require.Equal(t, mine.Header().Get("ETag"), theirs.Header().Get("ETag"))
	}
	for _, tag := range []string{"", "*", `"other", ` + mine.Header().Get("ETag")} {
		require.Equal(t, 200, b.ask(t, "PATCH", at, "super", `{"active":true}`, "If-Match", tag).Code, tag)
	}
	require.Equal(t, 204, b.ask(t, "DELETE", at, "super", "", "If-Match", mine.Header().Get("ETag")).Code)
}

// overtaken saves something else just before each update.
type overtaken struct {
	Things
	before func()
}

func (s overtaken) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*Thing) error) (*Thing, error) {
	s.before()
	return s.Things.Update(ctx, scope, id, change)
}

func TestASaveInBetweenIsNotWipedEither(t *testing.T) {
	b := newBench(t, rest.Options{})
	id := b.add(t, "one", b.alpha)
	key, err := wispwright.ParseID(id)
	require.NoError(t, err)
	rest.Mount(b.api, rest.Resource[wispwright.ID, Thing, ThingFilter, thingIn, thingOut]{
		Path: "/api/v1/t/other/", Name: "Other", Noun: "Thing", ID: "t_other", Tag: "t", Kind: "t.thing", Only: rest.Read | rest.Update,
		Apply: applyThing, Out: rest.Each(thingToOut), Version: func(t *Thing) []any { return []any{t.Name, t.Size} },
		Service: overtaken{b.things, func() {
			_, err := b.things.Update(t.Context(), wispwright.ScopeAll(), key, func(o *Thing) error { o.Size = 7; return nil })
			require.NoError(t, err)
		}},
	})
	at := "/api/v1/t/other/" + id + "/"
	tag := b.ask(t, "GET", at, "super", "").Header().Get("ETag")
	w := b.ask(t, "PATCH", at, "super", `{"name":"two"}`, "If-Match", tag)
	require.Equal(t, 412, w.Code, w.Body)
	o, err := b.things.Get(t.Context(), wispwright.ScopeAll(), key)
	require.NoError(t, err)
	require.Equal(t, "one", o.Name)
	require.Equal(t, 7, o.Size)
}

// Proxies that compress answers change their tags.
func TestTagsOfCompressedAnswers(t *testing.T) {
	b := newBench(t, rest.Options{})
	at := "/api/v1/t/thing/" + b.add(t, "one", b.alpha) + "/"
	tag := b.ask(t, "GET", at, "super", "").Header().Get("ETag")
	bare := tag[1 : len(tag)-1]
	for _, changed := range []string{"W/" + tag, `"` + bare + `-gzip"`, `W/"` + bare + `-br"`} {
		require.Equal(t, 200, b.ask(t, "PATCH", at, "super", `{"active":true}`, "If-Match", changed).Code, changed)
	}
	for _, other := range []string{"W/", `W/""`, `"-gzip"`, `W/"other"`, bare} {
		require.Equal(t, 412, b.ask(t, "PATCH", at, "super", `{"active":true}`, "If-Match", other).Code, other)
	}
}

// Delete asks what is expected of the object while nobody else can save.
func (s overtaken) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	s.before()
	_, err := s.Things.Update(ctx, scope, id, func(o *Thing) error { return entity.Expected(ctx, id, o) })
	if err == nil {
		err = s.Things.Delete(ctx, scope, id)
	}
	return err
}

func TestASaveInBetweenIsNotDeleted(t *testing.T) {
	b := newBench(t, rest.Options{})
	id := b.add(t, "one", b.alpha)
	key, err := wispwright.ParseID(id)
	require.NoError(t, err)
	rest.Mount(b.api, rest.Resource[wispwright.ID, Thing, ThingFilter, thingIn, thingOut]{
		Path: "/api/v1/t/other/", Name: "Other", Noun: "Thing", ID: "t_other", Tag: "t", Kind: "t.thing", Only: rest.Read | rest.Delete,
		Out: rest.Each(thingToOut), Version: func(t *Thing) []any { return []any{t.Name, t.Size} },
		Service: overtaken{b.things, func() {
			_, err := b.things.Update(t.Context(), wispwright.ScopeAll(), key, func(o *Thing) error { o.Size = 7; return nil })
			require.NoError(t, err)
		}},
	})
	at := "/api/v1/t/other/" + id + "/"
	w := b.ask(t, "DELETE", at, "super", "", "If-Match", b.ask(t, "GET", at, "super", "").Header().Get("ETag"))
	require.Equal(t, 412, w.Code, w.Body)
	require.Contains(t, w.Body.String(), `"size":7`)
	require.Equal(t, 204, b.ask(t, "DELETE", at, "super", "").Code, "who asks for nothing gets what they ask for")
}
