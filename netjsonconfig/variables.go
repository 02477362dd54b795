package netjsonconfig

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

const (
	// maxExpanded bounds the text that the variables of one configuration may
	// grow into: values that mention other variables can double at each step.
	maxExpanded = 16 << 20
	// maxWork bounds the bytes looked at for texts whose variables must be
	// replaced one after the other.
	maxWork = 16 << 20
)

// variables replaces {{ name }} in every text value of a configuration (§4).
type variables struct {
	context map[string]any
	left    int // bytes the expanded texts may still take
	work    int // bytes that may still be looked at, of texts replaced in turn
}

// evaluate alters v, which must belong to the caller alone, and returns what it
// has become.
func (e *variables) evaluate(v any) (any, error) {
	switch v := v.(type) {
	case string:
		if !strings.Contains(v, "{{") {
			return v, nil
		}
		out, ok := e.expand(v)
		if !ok {
			return nil, Invalid("the variables in this value expand to too much text")
		}
		return out, nil
	case []any:
		for i, w := range v {
			if !expandable(w) {
				continue
			}
			out, err := e.evaluate(w)
			if err != nil {
				return nil, under(i, err)
			}
			v[i] = out
		}
	case *ordered.Object:
		for i := range v.Len() {
			key, w := v.At(i)
			if !expandable(w) {
				continue
			}
			out, err := e.evaluate(w)
			if err != nil {
				return nil, under(key, err)
			}
			if _, text := w.(string); text {
				v.Set(key, out)
			}
		}
	}
	return v, nil
}

// expandable reports whether there may be something to replace in v.
func expandable(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, "{{")
	case []any, *ordered.Object:
		return true
	}
	return false
}

// placeholder is one {{ name }} of a text.
type placeholder struct {
	start, end int
	name       string
}

// expand replaces the variables of one text. It reports false when the result
// would be too large.
func (e *variables) expand(text string) (string, bool) {
	found, loose := placeholders(text)
	simple := !loose
	var known []placeholder
	for _, p := range found {
		member, ok := e.context[p.name]
		if !ok {
			continue
		}
		known = append(known, p)
		if t := contextText(member); t == "" || strings.Contains(t, "{") {
			simple = false
		}
	}
	if len(known) == 0 {
		return text, true
	}
	if !simple {
		return e.expandInTurn(text, known)
	}
	var b strings.Builder
	at := 0
	for _, p := range known {
		b.WriteString(text[at:p.start])
		b.WriteString(contextText(e.context[p.name]))
		at = p.end
		if b.Len() > e.left {
			return "", false
		}
	}
	b.WriteString(text[at:])
	e.left -= b.Len()
	return b.String(), e.left >= 0
}

// expandInTurn replaces name by name, in the order of the original text, so
// that what one value brings in is replaced by the names that follow (§4).
func (e *variables) expandInTurn(text string, known []placeholder) (string, bool) {
	for _, p := range known {
		insert := contextText(e.context[p.name])
		e.work -= len(text)
		if e.work < 0 {
			return "", false
		}
		found, _ := placeholders(text)
		var b strings.Builder
		at := 0
		for _, q := range found {
			if q.name != p.name {
				continue
			}
			b.WriteString(text[at:q.start])
			b.WriteString(insert)
			at = q.end
			if b.Len() > e.left {
				return "", false
			}
		}
		b.WriteString(text[at:])
		text = b.String()
	}
	e.left -= len(text)
	return text, e.left >= 0
}

// placeholders finds every {{ name }}, and reports whether the text has other
// pairs of opening braces, of which a replacement could make new placeholders.
func placeholders(text string) (found []placeholder, loose bool) {
	for i := 0; i < len(text); {
		brace := strings.IndexByte(text[i:], '{')
		if brace < 0 {
			break
		}
		i += brace
		p, ok := placeholderAt(text, i)
		if !ok {
			loose = loose || strings.HasPrefix(text[i:], "{{")
			i++
			continue
		}
		found = append(found, p)
		i = p.end
	}
	return found, loose
}

// placeholderAt matches \{\{\s*(\w*)\s*\}\} at a position.
func placeholderAt(text string, start int) (placeholder, bool) {
	if !strings.HasPrefix(text[start:], "{{") {
		return placeholder{}, false
	}
	i := skip(text, start+2, isSpace)
	end := skip(text, i, isWord)
	name := text[i:end]
	i = skip(text, end, isSpace)
	if !strings.HasPrefix(text[i:], "}}") {
		return placeholder{}, false
	}
	return placeholder{start: start, end: i + 2, name: name}, true
}

func skip(text string, i int, of func(rune) bool) int {
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		if !of(r) {
			break
		}
		i += n
	}
	return i
}

func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }

// contextText is a context value as text (§4): booleans and null as True, False
// and None, floats in their shortest form.
func contextText(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case ordered.Number:
		return value.NumberText(string(v))
	case json.Number:
		return value.NumberText(string(v))
	case float64:
		// encoding/json reads every number as float64: a whole one was an integer.
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
		return value.FloatText(v)
	case []any, *ordered.Object:
		return string(ordered.Append(nil, v))
	}
	return fmt.Sprint(v)
}
