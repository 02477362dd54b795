package server_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/event"
)

var update = flag.Bool("update", false, "write docs/events.md anew")

func TestEventsAreDocumented(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil)
	var b bytes.Buffer
	require.NoError(t, s.WriteEvents(&b))
	path := filepath.Join(testkit.Root(t), "docs", "events.md")
	if *update {
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(have), b.String(), "go test ./server -run Events -update")
}

// A concern that gets an event lists it.
func TestEveryEventIsListed(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil)
	listed := []string{}
	for _, e := range append(s.Tenancy().Events(), s.Controller().Events()...) {
		listed = append(listed, e.Name)
	}
	there := []string{"tenancy.Organizations.Emptying"} // steps, which no field keeps
	for name, concern := range map[string]any{"tenancy": s.Tenancy(), "controller": s.Controller()} {
		c := reflect.ValueOf(concern).Elem()
		for _, service := range reflect.VisibleFields(c.Type()) {
			if !service.IsExported() || service.Type.Kind() != reflect.Pointer || service.Type.Elem().Kind() != reflect.Struct {
				continue
			}
			for _, field := range reflect.VisibleFields(service.Type.Elem()) {
				if field.IsExported() && field.Type.PkgPath() == reflect.TypeFor[event.Listed]().PkgPath() {
					there = append(there, name+"."+service.Name+"."+field.Name)
				}
			}
		}
	}
	require.ElementsMatch(t, there, listed)
}
