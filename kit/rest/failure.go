package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/internal/fields"
	"github.com/wispwright/wispwright/kit/valid"
)

// Failure is an answer with a status and a body of the handler's choice,
// returned as an error.
type Failure struct {
	// Status is the HTTP status.
	Status int
	// Body is written as JSON.
	Body any
}

// Error describes the answer for logs.
func (f *Failure) Error() string { return fmt.Sprintf("answer %d: %v", f.Status, f.Body) }

// Detail is the body of most failures.
type Detail struct {
	// Detail is a sentence.
	Detail string `json:"detail"`
}

// Fail returns a Failure with the body {"detail": …}.
func Fail(status int, detail string) error { return &Failure{status, Detail{detail}} }

const notFoundDetail = "Not found."

// explain turns an error into status and body (rest-conventions §4). What it
// does not know is logged and answered 500.
func (r *Request) explain(err error) (int, any) {
	var failure *Failure
	var conflict *wispwright.ConflictError
	if errors.As(err, &conflict) {
		if known := r.view.Unique[conflict.Unique]; known != nil {
			err = known
		}
	}
	if f := (*faults)(nil); errors.As(err, &f) {
		return http.StatusBadRequest, f
	}
	var invalid *wispwright.ValidationError
	var missing *wispwright.MissingError
	var protected *wispwright.ProtectedError
	var forbidden *wispwright.ForbiddenError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &failure):
		return failure.Status, failure.Body
	case errors.As(err, &invalid):
		return http.StatusBadRequest, nested(invalid, r.view.NonField)
	case errors.As(err, &forbidden):
		return http.StatusForbidden, Detail{forbidden.Message}
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, Detail{"The request body is larger than " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes."}
	case errors.As(err, &conflict):
		return http.StatusConflict, Detail{"This object already exists (" + conflict.Unique + ")."}
	case errors.As(err, &missing):
		return http.StatusBadRequest, r.missing(missing)
	case errors.As(err, &protected):
		return http.StatusConflict, Detail{fmt.Sprintf("Cannot delete: %d %s still refer to this object.", protected.Count, protected.By)}
	}
	if detail, ok := asUnauthenticated(err); ok {
		return r.view.challenge(r), Detail{detail}
	}
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		if r.view.Noun != "" {
			return http.StatusNotFound, Detail{"No " + r.view.Noun + " matches the given query."}
		}
		return http.StatusNotFound, Detail{notFoundDetail}
	case errors.Is(err, wispwright.ErrForbidden):
		return http.StatusForbidden, Detail{noPermission}
	case errors.Is(err, wispwright.ErrLimit):
		return http.StatusBadRequest, Detail{"A limit was reached."}
	case errors.Is(err, wispwright.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		if errors.Is(err, wispwright.ErrUnavailable) {
			r.api.options.Log.WarnContext(r.Context(), "a view is unavailable", "method", r.HTTP.Method, "path", r.HTTP.URL.Path, "error", err)
		}
		r.header.Set("Retry-After", "5")
		return http.StatusServiceUnavailable, Detail{"Temporarily unavailable, try again later."}
	}
	r.api.options.Log.ErrorContext(r.Context(), "a view failed", "method", r.HTTP.Method, "path", r.HTTP.URL.Path, "error", err)
	return http.StatusInternalServerError, crash{}
}

// missing refuses an object whose parent has gone since it was
// looked for, in the words of a parent that was never there.
func (r *Request) missing(e *wispwright.MissingError) *faults {
	path := ""
	if e.Field != "" {
		path = strings.TrimSuffix(fields.Column(e.Field), "_id")
	}
	invalid := &wispwright.ValidationError{}
	invalid.Add(path, valid.UnknownPK(e.Key))
	return nested(invalid, r.view.NonField)
}

// crash is the body of a 500.
type crash struct{}

// faults is what is wrong with an input: keys in the order of the fields, and
// below each a list of messages, an object, or a list of objects.
type faults struct {
	entries []fault
	// places are where in a document something is wrong, beside what the
	// entries say; only of the outermost
	places []wispwright.Place
}

// placesKey is the key of places; no field is called so.
const placesKey = "errors"

type fault struct {
	key      string
	messages []string
	object   *faults
	items    []*faults
}

func (f *faults) Error() string {
	b, err := f.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	return "invalid input: " + string(b)
}

func (f *faults) entry(key string) *fault {
	for i := range f.entries {
		if f.entries[i].key == key {
			return &f.entries[i]
		}
	}
	f.entries = append(f.entries, fault{key: key})
	return &f.entries[len(f.entries)-1]
}

func (f *faults) add(key, message string) {
	e := f.entry(key)
	e.messages = append(e.messages, message)
}

// MarshalJSON writes the entries in order.
func (f *faults) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, e := range f.entries {
		if i > 0 {
			b.WriteByte(',')
		}
		var v any = e.messages
		switch {
		case e.object != nil:
			v = e.object
		case e.items != nil:
			v = e.items
		}
		key, err := encode(e.key)
		if err != nil {
			return nil, err
		}
		value, err := encode(v)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	if len(f.places) > 0 {
		places, err := encode(f.places)
		if err != nil {
			return nil, err
		}
		b.WriteString(`,"` + placesKey + `":`)
		b.Write(places)
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// nested turns dotted paths into objects.
func nested(e *wispwright.ValidationError, nonField string) *faults {
	root := &faults{places: e.Places}
	for _, f := range e.Fields {
		at := root
		path := strings.Split(f.Path, ".")
		if f.Path == "" {
			path = []string{nonField}
		}
		for _, step := range path[:len(path)-1] {
			entry := at.entry(step)
			if entry.object == nil {
				entry.object = &faults{}
			}
			at = entry.object
		}
		last := at.entry(path[len(path)-1])
		if last.object != nil {
			last = last.object.entry(nonField)
		}
		last.messages = append(last.messages, f.Messages...)
	}
	return root
}
