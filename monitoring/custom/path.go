package custom

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

var maxToleranceText = strconv.Itoa(health.MaxTolerance)

// step is a part of a path.
type step struct {
	name string // of a member, or a place in a list
	of   string // "": by name; else the item of a list whose member of this name is name
}

// parse reads a path: steps with slashes before them, as a JSON Pointer (RFC 6901). A step
// such as name=wan takes the item of a list whose name is wan.
func parse(path string) ([]step, error) {
	if !strings.HasPrefix(path, "/") || len(path) > 255 {
		return nil, errors.New("A path begins with a slash and has at most 255 characters, such as /resources/temperature or /interfaces/name=wan/speed.")
	}
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	var out []step
	for word := range strings.SplitSeq(path[1:], "/") {
		if word == "" {
			return nil, errors.New("A step of the path is empty.")
		}
		s := step{name: word}
		if of, name, ok := strings.Cut(word, "="); ok && of != "" {
			s = step{unescape.Replace(name), unescape.Replace(of)}
		} else {
			s.name = unescape.Replace(word)
		}
		out = append(out, s)
	}
	return out, nil
}

// resolve returns the number at a path: a number, a text that is one, or true and false as
// 1 and 0; ok is false if there is none.
func resolve(doc *ordered.Object, path []step) (float64, bool) {
	var v any = doc
	for _, s := range path {
		switch at := v.(type) {
		case *ordered.Object:
			if s.of != "" {
				return 0, false
			}
			v, _ = at.Get(s.name)
		case []any:
			v = item(at, s)
		default:
			return 0, false
		}
	}
	var f float64
	var err error
	switch v := v.(type) {
	case ordered.Number:
		f, err = v.Float64()
	case string:
		f, err = strconv.ParseFloat(strings.TrimSpace(v), 64)
	case bool:
		if v {
			f = 1
		}
	default:
		return 0, false
	}
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

func item(list []any, s step) any {
	if s.of == "" {
		i, err := strconv.Atoi(s.name)
		if err != nil || i < 0 || i >= len(list) {
			return nil
		}
		return list[i]
	}
	for _, v := range list {
		o, ok := v.(*ordered.Object)
		if !ok {
			continue
		}
		switch have, _ := o.Get(s.of); have := have.(type) {
		case string:
			if have == s.name {
				return o
			}
		case ordered.Number:
			if string(have) == s.name {
				return o
			}
		}
	}
	return nil
}

// Resolve returns the number at a path in a document. A path is a JSON Pointer, whose step
// name=wan takes the item of a list whose name is wan. Texts that are numbers
// count, true and false are 1 and 0. Errors: a path that is none.
func Resolve(doc *ordered.Object, path string) (number float64, found bool, err error) {
	steps, err := parse(path)
	if err != nil {
		return 0, false, err
	}
	number, found = resolve(doc, steps)
	return number, found, nil
}
