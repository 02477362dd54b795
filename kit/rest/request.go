package rest

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
)

// Request is one request to a view, its caller known and allowed in.
type Request struct {
	// HTTP is the request as it came; its body is limited. Read bodies through
	// Decode, not from here.
	HTTP *http.Request
	// Caller is the one that asks, or nil for an anonymous one on a view that lets
	// them in.
	Caller *wispwright.Caller

	api     *API
	view    *View
	header  http.Header
	cookies bool
	html    bool
	indent  int
	query   url.Values
	params  []any
	src     *source
	expect  func(ctx context.Context, object any) error
}

// Context carries the caller and ends when the client goes away.
func (r *Request) Context() context.Context { return r.HTTP.Context() }

// ResponseHeader is the header of the answer; set what the view does not.
func (r *Request) ResponseHeader() http.Header { return r.header }

// Query returns the parameters after the question mark. What is no UTF-8 in
// their values is replaced by U+FFFD.
func (r *Request) Query() url.Values {
	if r.query == nil {
		r.query = r.HTTP.URL.Query()
		for _, values := range r.query {
			for i, v := range values {
				values[i] = strings.ToValidUTF8(v, "\uFFFD")
			}
		}
	}
	return r.query
}

// ID returns a UUID of the path.
func (r *Request) ID(name string) wispwright.ID {
	id, _ := r.param(name).(wispwright.ID) // views without this parameter have no id
	return id
}

// Int returns a number of the path.
func (r *Request) Int(name string) int64 {
	n, _ := r.param(name).(int64) // views without this parameter have no number
	return n
}

// Text returns a text of the path, percent-decoded.
func (r *Request) Text(name string) string {
	s, _ := r.param(name).(string) // views without this parameter have no text
	return s
}

func (r *Request) param(name string) any {
	for i, p := range r.view.params {
		if p.name == name && i < len(r.params) {
			return r.params[i]
		}
	}
	return nil
}

// readParams parses the path's parameters and reports whether all are well
// formed.
func (r *Request) readParams() bool {
	if len(r.view.params) == 0 {
		return true
	}
	r.params = make([]any, 0, len(r.view.params))
	for _, p := range r.view.params {
		text, err := url.PathUnescape(lookUp(r.HTTP.Context(), p.name))
		if err != nil {
			return false
		}
		var v any = text
		switch p.kind {
		case "uuid":
			parse := wispwright.ParseID
			if r.view.StrictIDs {
				parse = wispwright.ParseCanonicalID
			}
			v, err = parse(text)
		case "int":
			v, err = strconv.ParseInt(text, 10, 64)
		}
		if err != nil {
			return false
		}
		r.params = append(r.params, v)
	}
	return true
}

// ReadScope is what the caller may see (spec: tenancy §6).
func (r *Request) ReadScope() wispwright.Scope {
	if r.view.Access == Members && r.Caller != nil && !r.Caller.Superuser {
		return wispwright.ScopeOf(r.Caller.Member...)
	}
	return r.Caller.ReadScope()
}

// WriteScope is what the caller may change.
func (r *Request) WriteScope() wispwright.Scope { return r.Caller.WriteScope() }

// Can reports whether the caller holds a permission.
func (r *Request) Can(p wispwright.Permission) bool { return r.Caller.Can(p) }

// URL makes an absolute address of a path on this server.
func (r *Request) URL(path string) string {
	return r.api.scheme(r.HTTP) + "://" + r.HTTP.Host + path
}

func (r *Request) cleanUp() {
	if r.HTTP.MultipartForm != nil {
		_ = r.HTTP.MultipartForm.RemoveAll() // temporary files; the system removes what is left
	}
}
