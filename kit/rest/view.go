package rest

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/wispwright/wispwright"
)

// Handler answers one operation: a status and a body, or an error which the
// view turns into both. Body may be nil, a Raw, or anything encoding/json
// writes.
type Handler func(*Request) (status int, body any, err error)

// Op is one method of a view.
type Op struct {
	// Method is GET, POST, PUT, PATCH or DELETE. HEAD follows GET.
	Method string
	// ID is the operation id in the document, such as "device_list".
	ID string
	// Summary says in a line what it does.
	Summary string
	// Permission is needed instead of the one that follows from the view's
	// Kind and the method.
	Permission wispwright.Permission
	// Reads is true of a POST, PUT or PATCH that changes nothing of the organization's,
	// such as a preview: it is answered for one that was switched off too.
	Reads bool
	// Handle answers.
	Handle Handler
	// Also are further statuses it may answer, each with {"detail": …}; those of
	// the conventions are documented anyway.
	Also []int
	// Doc completes the description in the document.
	Doc Doc

	shape *shape
}

// View is one path with all its methods, and what is checked before any of
// them runs, in this order: format, authentication, access and permission,
// throttle, method (rest-conventions §2).
type View struct {
	// Path ends with a slash. Parameters: {id} a UUID, {id:int} a number,
	// {name:text} anything.
	Path string
	// Name is shown by OPTIONS and the browsable page ("Device Detail").
	Name string
	// Description is shown there too.
	Description string
	// Choices are what OPTIONS says fields are chosen from, by the dotted path
	// of the field. Default: those of enum tags.
	Choices map[string][]Choice
	// Tag groups operations in the document.
	Tag string
	// Kind is the model permissions are checked for, as "config.device".
	// Empty: no permission is needed.
	Kind string
	// Noun appears in "No <Noun> matches the given query.". Empty: "Not
	// found.".
	Noun string
	// Access says which callers may come in at all. Default: Managers.
	Access Access
	// Restricted also lets in callers that have to do something else first
	// (Caller.Restricted): it is here that they do it. Default: they are
	// answered 403 with that sentence, before anything is done.
	Restricted bool
	// Schemes recognise callers. Default: the API's.
	Schemes []Scheme
	// Browser recognises callers as the documentation does: by session, user name
	// and password, or token; strangers are answered 403. It wins over Schemes.
	Browser bool
	// Parses are the media types of bodies that OPTIONS tells of. Default: JSON and
	// forms.
	Parses []string
	// Produces are media types of its answers (Raw) beside JSON, in small letters, which
	// clients may ask for. Default: none.
	Produces []string
	// Throttle limits how often a caller may come. Default: no limit.
	Throttle *Throttle
	// BodyLimit is the largest body in bytes. Default: the API's.
	BodyLimit int64
	// FormFirst lists form parsers before JSON in the metadata.
	FormFirst bool
	// StrictIDs answers malformed parameters with the router's HTML 404, even
	// to anonymous callers. Default: 404 as JSON after the permission.
	StrictIDs bool
	// Prepare runs before each handler: it looks up parents, for instance.
	Prepare func(*Request) error
	// Unique says where the message of a broken rule of uniqueness goes:
	// the rule's name to an error made with wispwright.Invalid.
	Unique map[string]error
	// NonField is the key of faults of the object as a whole. Default:
	// "__all__", as model validation has it.
	NonField string

	api    *API
	own    bool // the Resource of the objects checks their organization
	raw    bool // answers as it likes, whatever the client accepts
	ops    []Op
	params []param
	allow  []string
}

// Mount adds a view with its operations to the API and to its document. It
// panics on a mistake in the program: two operations with one id, a path
// without final slash, a wire struct that cannot be described.
func (a *API) Mount(v *View, ops ...Op) {
	if !strings.HasSuffix(v.Path, "/") {
		panic("rest: the path " + v.Path + " must end with a slash")
	}
	v.api, v.ops = a, ops
	if v.BodyLimit == 0 {
		v.BodyLimit = a.options.BodyLimit
	}
	if v.NonField == "" {
		v.NonField = "__all__"
	}
	var methods []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if v.operation(m) != nil {
			methods = append(methods, m)
		}
	}
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
	}
	v.allow = []string{strings.Join(append(methods, http.MethodOptions), ", ")}
	var pattern string
	pattern, v.params = parsePath(v.Path)
	a.mux.Handle(pattern, v)
	a.views[pattern] = v
	a.describe(v, pattern)
}

// operation returns the operation for a method, or nil.
func (v *View) operation(method string) *Op {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for i := range v.ops {
		if v.ops[i].Method == method {
			return &v.ops[i]
		}
	}
	return nil
}

// ServeHTTP answers a request to the view's path.
func (v *View) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r := &Request{HTTP: hr, api: v.api, view: v, header: w.Header()}
	for k, s := range v.api.headers {
		r.header[k] = s
	}
	r.header["Allow"] = v.allow
	wellFormed := r.readParams()
	if !wellFormed && v.StrictIDs {
		delete(r.header, "Allow")
		v.api.htmlNotFound(w, hr)
		return
	}
	hr.Body = http.MaxBytesReader(w, hr.Body, v.BodyLimit)
	defer r.cleanUp()
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			v.api.options.Log.ErrorContext(hr.Context(), "panic in a view", "path", hr.URL.Path, "panic", p, "stack", string(debug.Stack()))
			r.writeCrash(w)
		}
	}()
	status, body, err := v.run(r, wellFormed)
	if err != nil {
		status, body = r.explain(err)
	}
	r.write(w, status, body)
}

// run does everything up to the answer, in the order of rest-conventions §2.
func (v *View) run(r *Request, wellFormed bool) (int, any, error) {
	if v.raw {
		// nothing to choose from
	} else if err := r.negotiate(); err != nil {
		r.cookies = r.cookies || v.usesCookies()
		return 0, nil, err
	}
	if v.Access != Anonymous {
		if err := v.recognise(r); err != nil {
			return 0, nil, err
		}
	}
	if r.Caller != nil && r.Caller.Restricted != "" && !v.Restricted {
		if r.Caller.Refusal != nil {
			return 0, nil, &Failure{http.StatusForbidden, r.Caller.Refusal}
		}
		return 0, nil, wispwright.Forbidden(r.Caller.Restricted)
	}
	if err := v.authorise(r); err != nil {
		return 0, nil, err
	}
	if err := v.Throttle.Admit(r); err != nil {
		return 0, nil, err
	}
	if r.HTTP.Method == http.MethodOptions {
		return http.StatusOK, v.metadata(r), nil
	}
	op := v.operation(r.HTTP.Method)
	if op == nil {
		return 0, nil, Fail(http.StatusMethodNotAllowed, "Method "+strconv.Quote(r.HTTP.Method)+" not allowed.")
	}
	if !wellFormed {
		return 0, nil, Fail(http.StatusNotFound, notFoundDetail)
	}
	if v.Prepare != nil {
		if err := v.Prepare(r); err != nil {
			return 0, nil, err
		}
	}
	if err := v.openPath(r); err != nil {
		return 0, nil, err
	}
	return op.Handle(r)
}

func (v *View) usesCookies() bool {
	return v.Access != Anonymous && slices.ContainsFunc(v.schemes(), func(s Scheme) bool { return s.Cookies })
}

// param is one parameter of a path.
type param struct{ name, kind string }

// parsePath takes the kinds of parameters out of a path: "{id:int}" becomes
// "{id}" for the router and the document.
func parsePath(path string) (string, []param) {
	var params []param
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(path, "{")
		b.WriteString(before)
		if !found {
			return b.String(), params
		}
		inside, after, found := strings.Cut(rest, "}")
		if !found {
			panic("rest: unclosed parameter in " + path)
		}
		name, kind, _ := strings.Cut(inside, ":")
		switch kind {
		case "":
			kind = "uuid"
		case "int", "text", "uuid":
		default:
			panic("rest: unknown kind of parameter " + inside)
		}
		params = append(params, param{name, kind})
		b.WriteString("{" + name + "}")
		path = after
	}
}

// lookUp gives handlers outside views the parameters of a path.
func lookUp(ctx context.Context, name string) string {
	if rctx := chi.RouteContext(ctx); rctx != nil {
		return rctx.URLParam(name)
	}
	return ""
}
