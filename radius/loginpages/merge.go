package loginpages

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wispwright/wispwright"
)

//go:embed default.yml
var defaultYAML []byte

// maxDocument is how long a configuration may be, in octets.
const maxDocument = 256 << 10

// tree is a configuration before it has types.
type tree = map[string]any

// ParseYAML reads an organization's file as the original has it and returns what is
// kept of it, as JSON, and warnings about what is not used here. Faults name the field
// "document".
func ParseYAML(raw []byte) (doc wispwright.JSON, warnings []string, err error) {
	if len(raw) > maxDocument {
		return "", nil, wispwright.Invalid("document", fmt.Sprintf("The file is longer than %d KiB.", maxDocument>>10))
	}
	t, err := readYAML(raw)
	if err != nil {
		return "", nil, wispwright.Invalid("document", "This is not YAML: "+err.Error())
	}
	if c, ok := t["components"]; ok { // some files have them at the top
		client, _ := t["client"].(tree)
		if client == nil {
			client = tree{}
		}
		if _, both := client["components"]; !both {
			client["components"] = c
		}
		t["client"] = client
		delete(t, "components")
	}
	for key, why := range map[string]string{
		"server": "the pages are a part of the server, and sign cookies with the organization's RADIUS token",
		"slug":   "a page has the slug of its organization",
	} {
		if _, ok := t[key]; ok {
			delete(t, key)
			warnings = append(warnings, key+" is not used: "+why)
		}
	}
	if client, ok := t["client"].(tree); ok {
		if js, ok := client["js"].([]any); ok && len(js) > 0 {
			delete(client, "js")
			warnings = append(warnings, "client.js is not used: scripts of organizations do not run on the host of the web admin")
		}
		if path, ok := client["css_path"].(string); ok && path != "" {
			if _, has := client["css"]; !has {
				client["css"] = []any{path}
			}
			delete(client, "css_path")
		}
	}
	b, err := json.Marshal(t)
	if err != nil {
		return "", nil, wispwright.Invalid("document", err.Error())
	}
	return wispwright.JSON(b), warnings, nil
}

// readYAML reads a map whose keys are texts.
func readYAML(raw []byte) (tree, error) {
	var v any
	if err := yaml.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	if v == nil {
		return tree{}, nil
	}
	t, ok := textual(v).(tree)
	if !ok {
		return nil, errors.New("the file must be a map of keys")
	}
	return t, nil
}

// textual makes every key of every map a text.
func textual(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := tree{}
		for k, e := range x {
			out[k] = textual(e)
		}
		return out
	case map[any]any:
		out := tree{}
		for k, e := range x {
			out[fmt.Sprint(k)] = textual(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = textual(e)
		}
		return out
	}
	return v
}

// merge puts a tree over another: objects merge, lists replace, null removes, and
// objects that became empty by that go too (spec: login-pages §4).
func merge(base, over tree) tree {
	out := tree{}
	for k, v := range base {
		out[k] = v
	}
	for k, v := range over {
		if v == nil {
			delete(out, k)
			continue
		}
		o, isTree := v.(tree)
		b, wasTree := out[k].(tree)
		if !isTree {
			out[k] = v
			continue
		}
		if !wasTree {
			b = tree{}
		}
		merged := merge(b, o)
		if len(merged) == 0 && len(o) > 0 {
			delete(out, k)
			continue
		}
		out[k] = merged
	}
	return out
}

// Merge returns the configuration of a page: its documents over each other and over
// the defaults, in order. Faults name the key that has the wrong form.
func Merge(documents ...wispwright.JSON) (*Config, error) {
	t, err := readYAML(defaultYAML)
	if err != nil {
		return nil, fmt.Errorf("loginpages: the defaults: %w", err)
	}
	for _, d := range documents {
		if d.IsEmpty() {
			continue
		}
		var over any
		if err := json.Unmarshal([]byte(d), &over); err != nil {
			return nil, wispwright.Invalid("document", "This is not JSON: "+err.Error())
		}
		m, ok := over.(tree)
		if !ok {
			return nil, wispwright.Invalid("document", "The configuration must be an object.")
		}
		t = merge(t, m)
	}
	b, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("loginpages: merge: %w", err)
	}
	c := &Config{}
	dec := json.NewDecoder(bytes.NewReader(b))
	if err := dec.Decode(c); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return nil, wispwright.Invalid("document", fmt.Sprintf("%s cannot be a %s.", strings.TrimPrefix(wrong.Field, "."), wrong.Value))
		}
		return nil, wispwright.Invalid("document", err.Error())
	}
	c.Components, c.Client.Components = c.Client.Components, Components{}
	return c, c.check()
}
