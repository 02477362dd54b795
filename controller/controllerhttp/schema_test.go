package controllerhttp_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/netjsonconfig/netjsontest"
)

// TestRecordedSchemas compares what forms are made from with the recording,
// which has no prose.
func TestRecordedSchemas(t *testing.T) {
	var want map[string]any
	testkit.ReadVectors(t, &want, "rest", "config-schema.json")
	s := newMemoryServer(t, nil)
	tenants(t, s)
	w := s.raw(t, "admin", "GET", "/config/schema.json", nil)
	var got map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.Len(t, got, len(want))
	for backend, schema := range got {
		var out []string
		compareSchemas("", netjsontest.WithoutAdditions(want[backend]), netjsontest.WithoutAdditions(schema), &out)
		require.Empty(t, out, backend)
	}
}

// compareSchemas lists differences beside titles, descriptions and how a value
// is shown.
func compareSchemas(path string, want, got any, out *[]string) {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			*out = append(*out, path+": no object")
			return
		}
		for k, v := range w {
			if _, ok := g[k]; !ok {
				*out = append(*out, path+"/"+k+": missing")
				continue
			}
			compareSchemas(path+"/"+k, v, g[k], out)
		}
		for k := range g {
			_, known := w[k]
			prose := k == "title" || k == "description" || k == "options" || k == "enum_titles" || k == "infoText"
			if !known && !prose {
				*out = append(*out, path+"/"+k+": not recorded")
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			*out = append(*out, fmt.Sprintf("%s: want %v, got %v", path, want, got))
			return
		}
		for i := range w {
			compareSchemas(fmt.Sprintf("%s/%d", path, i), w[i], g[i], out)
		}
	default:
		if !reflect.DeepEqual(want, got) {
			*out = append(*out, fmt.Sprintf("%s: want %v, got %v", path, want, got))
		}
	}
}
