package replay

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Deviation is one place of an answer that differs from the recorded one on
// purpose. Everything else of the answer is still compared, and so is what
// stands there instead.
type Deviation struct {
	// Path is "status", the name of a header, or the place in the body as
	// differences name it: "body", "body.config.templates", "body.results[0].name".
	Path string
	// Instead is what is answered: a JSON value that may hold placeholders,
	// Absent or Anything.
	Instead any
	// Reason says why.
	Reason string
}

// What a Deviation can have instead of a value.
const (
	// Anything stands for a value that cannot be told beforehand.
	Anything = "{anything}"
	// Absent stands for nothing: the recorded key or element is not there.
	Absent absent = true
)

type absent bool

// amended returns the exchange with what is answered here. Elements of lists
// keep their recorded numbers when others are absent.
func (e *Exchange) amended(list []Deviation) (*Exchange, error) {
	out := *e
	out.Response.Headers = map[string]string{}
	for k, v := range e.Response.Headers {
		out.Response.Headers[k] = v
	}
	var body any
	if len(e.Response.Body) > 0 {
		if err := json.Unmarshal(e.Response.Body, &body); err != nil {
			return nil, fmt.Errorf("recorded body: %w", err)
		}
	}
	for _, d := range list {
		instead, err := plain(d.Instead)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Path, err)
		}
		inBody, isBody := strings.CutPrefix(d.Path, "body")
		switch {
		case d.Path == "status":
			status, ok := d.Instead.(int)
			if !ok {
				return nil, fmt.Errorf("status: want a number, got %v", d.Instead)
			}
			out.Response.Status = status
		case isBody:
			if body, err = replaced(body, steps(inBody), instead); err != nil {
				return nil, fmt.Errorf("%s: %w", d.Path, err)
			}
		case instead == Absent:
			delete(out.Response.Headers, d.Path)
		default:
			out.Response.Headers[d.Path] = fmt.Sprint(instead)
		}
	}
	if body == nil && e.Response.Body == nil {
		return &out, nil // not recorded
	}
	var err error
	out.Response.Body, err = json.Marshal(swept(body))
	return &out, err
}

// plain brings a value into the shape that decoded JSON has.
func plain(v any) (any, error) {
	if v == Absent {
		return v, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out any
	return out, json.Unmarshal(b, &out)
}

// steps splits ".results[0].name" into results, 0 and name.
func steps(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
}

// replaced returns the value with another one at a place. What is absent stays
// until swept, so that numbers keep their meaning.
func replaced(v any, at []string, instead any) (any, error) {
	if len(at) == 0 {
		return instead, nil
	}
	var err error
	switch v := v.(type) {
	case map[string]any:
		v[at[0]], err = replaced(v[at[0]], at[1:], instead)
		return v, err
	case []any:
		i, perr := strconv.Atoi(at[0])
		if perr != nil || i < 0 || i >= len(v) {
			return nil, fmt.Errorf("the recording has no element %q", at[0])
		}
		v[i], err = replaced(v[i], at[1:], instead)
		return v, err
	}
	return nil, fmt.Errorf("the recording has nothing that holds %q", at[0])
}

// swept removes what is absent.
func swept(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, one := range v {
			if one == Absent {
				delete(v, k)
				continue
			}
			v[k] = swept(one)
		}
		return v
	case []any:
		out := []any{}
		for _, one := range v {
			if one != Absent {
				out = append(out, swept(one))
			}
		}
		return out
	}
	return v
}
