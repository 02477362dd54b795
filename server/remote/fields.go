package remote

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/wispwright/wispwright/server"
)

// errUsage is a wrong command line.
var errUsage = server.ErrUsage

// collect reads what an object is to have: a JSON file first, assignments over
// it. An assignment is name=text, or name:=JSON; both take @FILE, and - is
// standard input, so that secrets need not be in the list of processes. A name
// such as config.templates reaches into objects.
func collect(file string, assignments []string, in io.Reader) (map[string]json.RawMessage, error) {
	fields := map[string]any{}
	if file != "" {
		text, err := content(file, in)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &fields); err != nil || fields == nil {
			return nil, fmt.Errorf("%w: %s holds no JSON object", errUsage, file)
		}
	}
	for _, a := range assignments {
		name, value, ok := strings.Cut(a, "=")
		name, isJSON := strings.CutSuffix(name, ":")
		if !ok || name == "" {
			return nil, fmt.Errorf("%w: %q is no name=text and no name:=JSON", errUsage, name)
		}
		if from, isFile := strings.CutPrefix(value, "@"); isFile {
			text, err := content(from, in)
			if err != nil {
				return nil, err
			}
			if value = string(text); !isJSON {
				value = strings.TrimRight(value, "\r\n")
			}
		}
		var v any = value
		if isJSON {
			if !json.Valid([]byte(value)) {
				return nil, fmt.Errorf("%w: %s is to be JSON", errUsage, name)
			}
			v = json.RawMessage(value)
		}
		if err := put(fields, name, v); err != nil {
			return nil, err
		}
	}
	if len(fields) == 0 {
		return nil, fmt.Errorf("%w: no field is given", errUsage)
	}
	out := map[string]json.RawMessage{}
	for name, v := range fields {
		text, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
		out[name] = text
	}
	return out, nil
}

// put sets a field, inside others where the name has dots.
func put(fields map[string]any, name string, v any) error {
	parts := strings.Split(name, ".")
	for _, part := range parts[:len(parts)-1] {
		inner, exists := fields[part]
		object, ok := inner.(map[string]any)
		if exists && !ok {
			return fmt.Errorf("%w: %s is inside of something that is no object", errUsage, name)
		}
		if !exists {
			object = map[string]any{}
			fields[part] = object
		}
		fields = object
	}
	fields[parts[len(parts)-1]] = v
	return nil
}

func content(file string, in io.Reader) ([]byte, error) {
	if file == "-" {
		text, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		return text, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read a file: %w", err)
	}
	return text, nil
}
