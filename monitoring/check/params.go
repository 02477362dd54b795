package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wispwright/wispwright"
)

// limits of a whole number among parameters.
type limits struct{ byDefault, least, most int }

// whole reads parameters that are whole numbers within limits; nothing else may be there.
func whole(params wispwright.JSON, known map[string]limits) (map[string]int, error) {
	out := map[string]int{}
	for name, l := range known {
		out[name] = l.byDefault
	}
	var given map[string]any
	if params != "" {
		if err := params.Decode(&given); err != nil {
			return nil, errors.New("Invalid param: an object is wanted")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		l, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("Invalid param in %q: it is not known", name)
		}
		text, _ := json.Marshal(given[name]) // it was read from JSON
		var n int
		if err := json.Unmarshal(text, &n); err != nil {
			return nil, fmt.Errorf("Invalid param in %q: a whole number is wanted", name)
		}
		if n < l.least || n > l.most {
			return nil, fmt.Errorf("Invalid param in %q: it must be from %d to %d", name, l.least, l.most)
		}
		out[name] = n
	}
	return out, nil
}

// described are whole numbers as people are told of them, by name.
func described(known map[string]limits) []Param {
	var out []Param
	for _, name := range slices.Sorted(maps.Keys(known)) {
		l := known[name]
		out = append(out, Param{Name: name, Default: l.byDefault, Help: fmt.Sprintf("%d to %d", l.least, l.most)})
	}
	return out
}
