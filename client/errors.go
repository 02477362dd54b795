package client

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
)

// Error is an answer other than 2xx. errors.Is knows it as
// wispwright.ErrNotFound (404), ErrForbidden (403), ErrUnauthenticated (401)
// and ErrUnavailable (503).
type Error struct {
	// Method and Path are those of the request.
	Method, Path string
	// Status is the HTTP status.
	Status int
	// Detail is the server's sentence; empty when there are only Fields.
	Detail string
	// Fields are the messages by field; those inside others have a dotted
	// name such as config.templates, places in a configuration a JSON pointer. What is about no field alone is
	// under non_field_errors or __all__.
	Fields map[string][]string
	// RetryAfter is how long the server asks to wait, with 429 and 503.
	RetryAfter time.Duration
	// Body is the answer as it came.
	Body []byte
}

// newError reads an answer.
func newError(method, path string, answer *http.Response, text []byte, now time.Time) *Error {
	e := &Error{Method: method, Path: path, Status: answer.StatusCode, Body: text, Fields: map[string][]string{}}
	e.RetryAfter, _ = retryAfter(answer.Header.Get("Retry-After"), now)
	var body any
	if json.Unmarshal(text, &body) == nil {
		if object, ok := body.(map[string]any); ok {
			if detail, ok := object["detail"].(string); ok {
				e.Detail = detail
				delete(object, "detail")
			}
			if e.Status == http.StatusBadRequest {
				e.collect("", object)
			}
		} else if e.Status == http.StatusBadRequest {
			e.collect("", body)
		}
	}
	if e.Detail == "" && len(e.Fields) == 0 {
		e.Detail = http.StatusText(e.Status)
		if where := answer.Header.Get("Location"); where != "" && e.Status/100 == 3 {
			e.Detail += ": the server is at " + where
		}
	}
	return e
}

// collect keeps every message under the dotted name of its field.
func (e *Error) collect(name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		pointer, isPlace := v["pointer"].(string)
		if message, ok := v["message"].(string); ok && isPlace { // a place in a configuration
			e.Fields[pointer] = append(e.Fields[pointer], message)
			return
		}
		for key, inner := range v {
			e.collect(strings.TrimPrefix(name+"."+key, "."), inner)
		}
	case []any:
		for i, inner := range v {
			if object, ok := inner.(map[string]any); ok { // the errors of one of a list
				if len(object) > 0 {
					e.collect(strings.TrimPrefix(name+"."+strconv.Itoa(i), "."), object)
				}
				continue
			}
			e.collect(name, inner)
		}
	case string:
		if name == "" {
			name = "non_field_errors"
		}
		e.Fields[name] = append(e.Fields[name], v)
	}
}

// Error names the request, the status and what the server said.
func (e *Error) Error() string {
	said := e.Detail
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		if said != "" {
			said += "; "
		}
		if name != "non_field_errors" && name != "__all__" {
			said += name + ": "
		}
		said += strings.Join(e.Fields[name], " ")
	}
	return fmt.Sprintf("%s %s: %d: %s", e.Method, e.Path, e.Status, said)
}

// Is lets errors.Is know the errors of the vocabulary.
func (e *Error) Is(target error) bool {
	known := map[int]error{
		http.StatusNotFound: wispwright.ErrNotFound, http.StatusForbidden: wispwright.ErrForbidden,
		http.StatusUnauthorized: wispwright.ErrUnauthenticated, http.StatusServiceUnavailable: wispwright.ErrUnavailable,
	}[e.Status]
	return known != nil && known == target
}
