package rest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
)

// Scheme is one way to recognise callers.
type Scheme struct {
	// Challenge is sent as WWW-Authenticate with a 401 ("Bearer"). When the
	// view's first scheme has none, anonymous callers get 403 instead.
	Challenge string
	// Cookies says that the answer depends on a cookie (Vary: Cookie).
	Cookies bool
	// Authenticate returns the caller, or nil when the request does not use
	// this scheme. Errors: Unauthenticated for wrong credentials,
	// wispwright.Forbidden for a failed check of origin (CSRF). Request.Caller is
	// not known yet; guessing is counted by Request.Address.
	Authenticate func(*Request) (*wispwright.Caller, error)
}

// Unauthenticated is a 401 with the sentence the caller is shown.
func Unauthenticated(detail string) error { return &authError{detail} }

type authError struct{ detail string }

func (e *authError) Error() string        { return e.detail }
func (e *authError) Is(target error) bool { return target == wispwright.ErrUnauthenticated }

const (
	noCredentials = "Authentication credentials were not provided."
	noPermission  = "You do not have permission to perform this action."
)

// Access says which callers may use a view before permissions are looked at
// (spec: tenancy §6).
type Access int

// The gates of a view.
const (
	// Managers lets superusers and managers of an organization in: the
	// standard protected view.
	Managers Access = iota
	// Members lets every authenticated user in; objects are limited to the
	// organizations they are members of.
	Members
	// Owners lets superusers and owners of an organization in.
	Owners
	// Authenticated lets every user in.
	Authenticated
	// Everyone lets anonymous callers in too; schemes are still tried.
	Everyone
	// Anonymous does not look at credentials at all.
	Anonymous
)

func (a Access) admits(c *wispwright.Caller) error {
	role, ok := "", true
	switch a {
	case Managers:
		role, ok = "manager", len(c.Managed) > 0
	case Owners:
		role, ok = "owner", len(c.Owned) > 0
	}
	if ok || c.Superuser {
		return nil
	}
	return wispwright.Forbidden("User is not a " + role + " of the organization to which the requested resource belongs.")
}

// Authenticate finds the caller on a view with Access Anonymous, for handlers
// of which only some methods need one. It fails as any protected view does.
func (r *Request) Authenticate() error {
	if err := r.view.recognise(r); err != nil {
		return err
	}
	if r.Caller == nil {
		return Unauthenticated(noCredentials)
	}
	return nil
}

// Callers tells how an API knows its callers.
type Callers struct {
	// Schemes recognise them (Options.Schemes).
	Schemes []Scheme
	// DocsSchemes recognise readers of the documentation. Default: Schemes.
	DocsSchemes []Scheme
	// Organizations resolves organizations (Options.Organizations). Default: as
	// before.
	Organizations Organizations
}

// Recognise adds ways to recognise callers to those of the Options, for what is
// known only after the API was made. Views that were mounted before have them
// too. It must be called before MountDocs and before serving.
func (a *API) Recognise(c Callers) {
	o := &a.options
	if c.DocsSchemes == nil {
		c.DocsSchemes = c.Schemes
	}
	o.Schemes = append(slices.Clone(o.Schemes), c.Schemes...)
	o.DocsSchemes = append(slices.Clone(o.DocsSchemes), c.DocsSchemes...)
	if c.Organizations != nil {
		o.Organizations = c.Organizations
	}
}

// schemes are those of the view, or the API's.
func (v *View) schemes() []Scheme {
	if v.Browser {
		return v.api.options.DocsSchemes
	}
	if v.Schemes != nil {
		return v.Schemes
	}
	return v.api.options.Schemes
}

// recognise finds the caller of a request.
func (v *View) recognise(r *Request) error {
	schemes := v.schemes()
	for i := range schemes {
		s := &schemes[i]
		r.cookies = r.cookies || s.Cookies
		c, err := s.Authenticate(r)
		if err != nil {
			return err
		}
		if c != nil {
			known := *c
			known.Address = r.Address()
			r.Caller = &known
			r.HTTP = r.HTTP.WithContext(wispwright.WithCaller(r.HTTP.Context(), &known))
			return nil
		}
	}
	return nil
}

// Caller finds the sender of a request that no view answers, such as the handshake
// of a WebSocket, by the schemes of the API. It returns nil for a stranger.
// Errors: those of the schemes.
func (a *API) Caller(r *http.Request) (*wispwright.Caller, error) {
	v := &View{Schemes: a.options.Schemes}
	req := &Request{HTTP: r, api: a, view: v, header: http.Header{}}
	if err := v.recognise(req); err != nil {
		return nil, err
	}
	return req.Caller, nil
}

// authorise applies the view's gate and the permission for the method.
func (v *View) authorise(r *Request) error {
	if v.Access >= Everyone {
		return nil
	}
	if r.Caller == nil {
		return Unauthenticated(noCredentials)
	}
	if err := v.Access.admits(r.Caller); err != nil {
		return err
	}
	if op := v.operation(r.HTTP.Method); op != nil && op.Permission != "" {
		return need(r.Caller, op.Permission)
	}
	return v.permitted(r.Caller, r.HTTP.Method)
}

func need(c *wispwright.Caller, any ...wispwright.Permission) error {
	for _, p := range any {
		if c.Can(p) {
			return nil
		}
	}
	return wispwright.Forbidden(noPermission)
}

// permitted applies the model's permission for a method (spec: tenancy §3).
func (v *View) permitted(c *wispwright.Caller, method string) error {
	if v.Kind == "" {
		return nil
	}
	app, model, _ := strings.Cut(v.Kind, ".")
	p := func(action string) wispwright.Permission {
		return wispwright.Permission(app + "." + action + "_" + model)
	}
	switch method {
	case http.MethodGet:
		return need(c, p("view"), p("change"))
	case http.MethodHead:
		return need(c, p("view"))
	case http.MethodPost:
		return need(c, p("add"))
	case http.MethodPut, http.MethodPatch:
		return need(c, p("change"))
	case http.MethodDelete:
		return need(c, p("delete"))
	}
	return nil
}

// challenge is the status and header for somebody who is not authenticated.
func (v *View) challenge(r *Request) int {
	schemes := v.schemes()
	if len(schemes) == 0 || schemes[0].Challenge == "" {
		return http.StatusForbidden
	}
	r.ResponseHeader().Set("WWW-Authenticate", schemes[0].Challenge)
	return http.StatusUnauthorized
}

// BearerToken reads the Authorization header of a scheme such as Bearer. It
// returns "" when the header is for another scheme, and the exact errors of a
// malformed one (spec: tenancy §4.2).
func BearerToken(r *http.Request, keyword string) (string, error) {
	parts := strings.Fields(r.Header.Get("Authorization"))
	if len(parts) == 0 || !strings.EqualFold(parts[0], keyword) {
		return "", nil
	}
	const header = "Invalid token header. "
	switch {
	case len(parts) == 1:
		return "", Unauthenticated(header + "No credentials provided.")
	case len(parts) > 2:
		return "", Unauthenticated(header + "Token string should not contain spaces.")
	case strings.ContainsFunc(parts[1], func(r rune) bool { return r == '�' }):
		return "", Unauthenticated(header + "Token string should not contain invalid characters.")
	}
	return parts[1], nil
}

// asUnauthenticated tells errors of credentials from faults inside.
func asUnauthenticated(err error) (string, bool) {
	var e *authError
	if errors.As(err, &e) {
		return e.detail, true
	}
	if errors.Is(err, wispwright.ErrUnauthenticated) {
		return fmt.Sprint(noCredentials), true
	}
	return "", false
}
