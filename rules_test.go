package wispwright_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

func TestScope(t *testing.T) {
	a, b, none := wispwright.ID{1}, wispwright.ID{2}, wispwright.ID{}
	for name, c := range map[string]struct {
		scope            wispwright.Scope
		a, b, shared     bool
		empty, all, some bool
	}{
		"zero":                 {scope: wispwright.Scope{}, empty: true},
		"of none":              {scope: wispwright.ScopeOf(), empty: true},
		"all":                  {scope: wispwright.ScopeAll(), a: true, b: true, shared: true, all: true},
		"one":                  {scope: wispwright.ScopeOf(a), a: true, some: true},
		"both, twice":          {scope: wispwright.ScopeOf(b, a, b), a: true, b: true, some: true},
		"shared only":          {scope: wispwright.ScopeOf().WithShared(), shared: true},
		"with shared":          {scope: wispwright.ScopeOf(b).WithShared(), b: true, shared: true, some: true},
		"what both allow":      {scope: wispwright.ScopeOf(a, b).WithShared().Intersect(wispwright.ScopeOf(b)), b: true, some: true},
		"shared in both":       {scope: wispwright.ScopeOf(a).WithShared().Intersect(wispwright.ScopeOf(b).WithShared()), shared: true},
		"all and some":         {scope: wispwright.ScopeAll().Intersect(wispwright.ScopeOf(a)), a: true, some: true},
		"some and all":         {scope: wispwright.ScopeOf(a).Intersect(wispwright.ScopeAll()), a: true, some: true},
		"all and all":          {scope: wispwright.ScopeAll().Intersect(wispwright.ScopeAll()), a: true, b: true, shared: true, all: true},
		"nothing is in common": {scope: wispwright.ScopeOf(a).Intersect(wispwright.ScopeOf(b)), empty: true},
	} {
		require.Equal(t, []bool{c.a, c.b, c.shared}, []bool{c.scope.Allows(a), c.scope.Allows(b), c.scope.Allows(none)}, name)
		require.Equal(t, []bool{c.empty, c.all, c.shared, c.some}, []bool{c.scope.Empty(), c.scope.All(), c.scope.Shared(), len(c.scope.Organizations()) > 0}, name)
	}
	require.Equal(t, []wispwright.ID{a, b}, wispwright.ScopeOf(b, a, b).Organizations())
}

func TestCaller(t *testing.T) {
	a := wispwright.ID{1}
	view, change := wispwright.Permission("config.view_device"), wispwright.Permission("config.change_device")
	var nobody *wispwright.Caller
	manager := &wispwright.Caller{ID: a, Permissions: []wispwright.Permission{"a.b", view}, Managed: []wispwright.ID{a}}
	member := &wispwright.Caller{ID: a, Permissions: []wispwright.Permission{view}, Member: []wispwright.ID{a}}
	for name, c := range map[string]struct {
		caller       *wispwright.Caller
		view, change bool
		read, write  wispwright.Scope
	}{
		"nobody":  {caller: nobody},
		"manager": {caller: manager, view: true, read: wispwright.ScopeOf(a).WithShared(), write: wispwright.ScopeOf(a)},
		"member":  {caller: member, view: true, write: wispwright.ScopeOf()},
		"root":    {caller: &wispwright.Caller{Superuser: true}, view: true, change: true, read: wispwright.ScopeAll(), write: wispwright.ScopeAll()},
		"system":  {caller: wispwright.System("cleaning"), view: true, change: true, read: wispwright.ScopeAll(), write: wispwright.ScopeAll()},
	} {
		require.Equal(t, []bool{c.view, c.change}, []bool{c.caller.Can(view), c.caller.Can(change)}, name)
		for _, org := range []wispwright.ID{{}, a, {9}} {
			require.Equal(t, []bool{c.read.Allows(org), c.write.Allows(org)}, []bool{c.caller.ReadScope().Allows(org), c.caller.WriteScope().Allows(org)}, "%s: %s", name, org)
		}
	}
	require.Equal(t, "cleaning", wispwright.System("cleaning").Name)
	require.Nil(t, wispwright.CallerFrom(t.Context()))
	require.Same(t, manager, wispwright.CallerFrom(wispwright.WithCaller(t.Context(), manager)))
	require.Equal(t, change, wispwright.Model{App: "config", Name: "device"}.Permission("change"))
}

func TestErrors(t *testing.T) {
	err := fmt.Errorf("update: %w", wispwright.Forbidden("Not today."))
	require.ErrorIs(t, err, wispwright.ErrForbidden)
	require.NotErrorIs(t, err, wispwright.ErrNotFound)
	require.EqualError(t, wispwright.Forbidden("Not today."), "Not today.")
	require.EqualError(t, &wispwright.ConflictError{Unique: "device_name"}, "conflict: unique rule device_name")
	require.EqualError(t, &wispwright.MissingError{Field: "GroupID", Key: "7", Of: "group"}, `missing: no group "7" for GroupID`)
	require.EqualError(t, &wispwright.ProtectedError{By: "templates", Count: 2}, "protected: still referred to by 2 of templates")
}

func TestValidationError(t *testing.T) {
	var v wispwright.ValidationError
	require.NoError(t, v.Err())
	require.NoError(t, (*wispwright.ValidationError)(nil).Err())
	v.Add("name", "Too long.")
	v.Add("", "Impossible.")
	v.Add("name", "Not a name.")
	require.EqualError(t, v.Err(), "invalid: name: Too long. Not a name.; Impossible.")
	require.Equal(t, []string{"Too long.", "Not a name.", "Impossible."}, v.Messages())
	require.True(t, v.Has("name"))
	require.True(t, v.Has(""))
	require.False(t, v.Has("other"))

	var whole wispwright.ValidationError
	require.NoError(t, whole.Merge("", wispwright.Invalid("name", "Blank.")))
	v.Places = []wispwright.Place{{Pointer: "/a"}}
	require.NoError(t, whole.Merge("config", fmt.Errorf("check: %w", &v)))
	require.NoError(t, whole.Merge("x", nil))
	require.Equal(t, []wispwright.FieldError{{Path: "name", Messages: []string{"Blank."}}, {Path: "config.name", Messages: []string{"Too long.", "Not a name."}}, {Path: "config", Messages: []string{"Impossible."}}}, whole.Fields)
	require.Equal(t, v.Places, whole.Places)
	other := errors.New("the disk is full")
	require.Equal(t, other, whole.Merge("x", other))
	require.Len(t, whole.Fields, 3)
}

func TestSecretsAreHidden(t *testing.T) {
	type holder struct{ Key wispwright.Secret }
	s := holder{"s3cr3t"}
	text, err := json.Marshal(s)
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", s.Key, "in", s)
	for _, shown := range []string{string(text), fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s.Key, s.Key), log.String()} {
		require.NotContains(t, shown, "s3cr3t")
		require.Contains(t, shown, "***")
	}
	require.Equal(t, "s3cr3t", s.Key.Reveal())
	require.True(t, s.Key.Equal("s3cr3t"))
	for _, given := range []string{"", "s3cr3", "s3cr3t "} {
		require.False(t, s.Key.Equal(given))
	}
	require.False(t, wispwright.Secret("").Equal(""), "a missing key opens no door")
}

func TestJSON(t *testing.T) {
	for text, is := range map[wispwright.JSON]struct{ empty, object bool }{
		"": {true, false}, "null": {true, false}, " {} ": {true, true}, "{ \n}": {true, true}, "[\t]": {true, false}, `""`: {true, false}, "0": {true, false}, "false": {true, false},
		`{"a":1}`: {false, true}, "[0]": {false, false}, `" "`: {false, false}, "1": {false, false}, "\n\t{\"a\":{}}": {false, true},
	} {
		require.Equal(t, is, struct{ empty, object bool }{text.IsEmpty(), text.IsObject()}, string(text))
	}
	kept := struct{ A, B wispwright.JSON }{`{"b":1.50,"a":1e3}`, ""}
	text, err := json.Marshal(kept)
	require.NoError(t, err)
	require.Equal(t, `{"A":{"b":1.50,"a":1e3},"B":null}`, string(text), "as it was written")
	read := kept
	require.NoError(t, json.Unmarshal([]byte(`{"A": {"x" : 1}}`), &read))
	require.Equal(t, wispwright.JSON(`{"x" : 1}`), read.A)

	target := map[string]int{"left": 1}
	require.NoError(t, wispwright.JSON("").Decode(&target))
	require.Equal(t, map[string]int{"left": 1}, target)
	require.NoError(t, wispwright.JSON(`{"a":2}`).Decode(&target))
	require.Equal(t, 2, target["a"])
	require.ErrorContains(t, wispwright.JSON(`{"a":"x"}`).Decode(&target), "decode JSON")

	for _, j := range []wispwright.JSON{"", `{"a":1}`} {
		value, err := j.Value()
		require.NoError(t, err)
		again := wispwright.JSON("before")
		require.NoError(t, again.Scan(value))
		require.Equal(t, j, again)
	}
	var j wispwright.JSON
	require.NoError(t, j.Scan([]byte("[]")))
	require.Equal(t, wispwright.JSON("[]"), j)
	require.Error(t, j.Scan(7))
}

func TestIDForms(t *testing.T) {
	type holder struct {
		ID   wispwright.ID
		Keys map[wispwright.ID]int
	}
	id := wispwright.NewID()
	require.NotEqual(t, id, wispwright.NewID())
	require.Equal(t, byte(0x40), id[6]&0xf0, "a random one (RFC 9562, version 4)")
	text, err := json.Marshal(holder{Keys: map[wispwright.ID]int{id: 1}})
	require.NoError(t, err)
	require.Equal(t, `{"ID":null,"Keys":{"`+id.String()+`":1}}`, string(text))
	var read holder
	require.NoError(t, json.Unmarshal([]byte(`{"ID":"`+strings.ToUpper(id.Hex())+`","Keys":{"`+id.String()+`":1}}`), &read))
	require.Equal(t, holder{id, map[wispwright.ID]int{id: 1}}, read)
	require.Error(t, json.Unmarshal([]byte(`{"ID":"x"}`), &read))
	for _, id := range []wispwright.ID{{}, id} {
		value, err := id.Value()
		require.NoError(t, err)
		again := wispwright.ID{9}
		require.NoError(t, again.Scan(value))
		require.Equal(t, id, again)
	}
	same, err := wispwright.ParseCanonicalID(id.String())
	require.NoError(t, err)
	require.Equal(t, id, same)
	for _, text := range []string{id.Hex(), strings.ToUpper(id.String()) + " ", "", "x"} {
		_, err := wispwright.ParseCanonicalID(text)
		require.ErrorIs(t, err, wispwright.ErrMalformedID)
	}
}

func TestCommitHooks(t *testing.T) {
	var done []string
	after := func(ctx context.Context, what string) {
		wispwright.AfterCommit(ctx, func() { done = append(done, what) })
	}
	before := func(ctx context.Context, key string, arg any) error {
		return wispwright.BeforeCommit(ctx, key, arg, func(ctx context.Context, args []any) error {
			done = append(done, fmt.Sprint(key, args))
			if key == "fails" {
				return errors.New("no")
			}
			if key == "b" {
				after(ctx, "after b")
				return wispwright.BeforeCommit(ctx, "c", 1, func(context.Context, []any) error { done = append(done, "c"); return nil })
			}
			return nil
		})
	}
	ctx := t.Context()
	require.False(t, wispwright.Pending(ctx))
	after(ctx, "outside")
	require.NoError(t, before(ctx, "a", 0))
	require.Error(t, before(ctx, "fails", 0), "outside of a transaction an error is the caller's")
	require.Equal(t, []string{"outside", "a[0]", "fails[0]"}, done)

	done = nil
	ctx, hooks := wispwright.WithCommitHooks(t.Context())
	require.True(t, wispwright.Pending(ctx))
	after(ctx, "first")
	mark := hooks.Mark()
	after(ctx, "undone")
	require.NoError(t, before(ctx, "undone", 1))
	hooks.Rewind(mark)
	require.NoError(t, before(ctx, "a", 1))
	require.NoError(t, before(ctx, "b", 2))
	require.NoError(t, before(ctx, "a", 3))
	require.Empty(t, done)
	require.NoError(t, hooks.Before(ctx))
	require.Equal(t, []string{"a[1 3]", "b[2]", "c"}, done, "once for a key, and what comes on top meanwhile")
	hooks.Run()
	require.Equal(t, []string{"first", "after b"}, done[3:])
	require.False(t, wispwright.Pending(ctx))
	after(ctx, "late")
	require.Equal(t, "late", done[len(done)-1], "at once when the transaction is over")

	ctx, hooks = wispwright.WithCommitHooks(t.Context())
	require.NoError(t, before(ctx, "fails", 1))
	require.Error(t, hooks.Before(ctx))
	hooks.Discard()
	require.False(t, wispwright.Pending(ctx))
}

func TestNoRecorder(t *testing.T) {
	require.NoError(t, wispwright.NoRecorder{}.Record(t.Context(), wispwright.Change{}))
}
