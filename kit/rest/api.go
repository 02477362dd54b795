package rest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"

	"github.com/wispwright/wispwright"
)

// Organizations answers the two questions every relation and filter on an
// organization asks.
type Organizations interface {
	// OrganizationExists reports whether there is such an organization.
	OrganizationExists(ctx context.Context, id wispwright.ID) (bool, error)
	// OrganizationBySlug returns its id, or wispwright.ErrNotFound.
	OrganizationBySlug(ctx context.Context, slug string) (wispwright.ID, error)
}

// ClosedOrganizations is what Organizations may answer too.
type ClosedOrganizations interface {
	// OrganizationClosed reports whether objects of a kind that belong to an
	// organization may only be read and deleted, and the organization's name.
	OrganizationClosed(ctx context.Context, kind string, id wispwright.ID) (name string, closed bool, err error)
}

// Options change what New makes; nil means the defaults.
type Options struct {
	// Schemes recognise callers, tried in order. Default: none, everybody is
	// anonymous. The first one's Challenge is sent with every 401.
	Schemes []Scheme
	// DocsSchemes recognise the callers that may read the API documentation. Default:
	// Schemes.
	DocsSchemes []Scheme
	// PublicDocs opens the documentation to everybody. Default: false.
	PublicDocs bool
	// Organizations resolves the organization relation and filters. Default:
	// every organization within the caller's scope is taken to exist.
	Organizations Organizations
	// Title of the API in its document. Default: "OpenWISP API".
	Title string
	// Description of the API in its document. Default: "OpenWISP REST API".
	Description string
	// PageSize is the length of a page of lists without one of their own.
	// Default: 10.
	PageSize int
	// MaxPageSize is the largest length a caller may ask them for. Default: 100.
	MaxPageSize int
	// BodyLimit is the largest request body in bytes. Default: 2.5 MiB.
	BodyLimit int64
	// TrustProxy takes the scheme from X-Forwarded-Proto and the client's
	// address from the last entry of X-Forwarded-For, which the reverse proxy
	// in front has written. Never set it without such a proxy: clients could
	// claim any address. Default: false.
	TrustProxy bool
	// CORS lets pages of other origins call the API. Default: nil, none may.
	CORS *CORS
	// Log receives what went wrong inside. Default: slog.Default.
	Log *slog.Logger
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// API is one HTTP API: the views mounted on it and the document that
// describes them. It is an http.Handler. Mount everything before serving.
type API struct {
	options  Options
	mux      *chi.Mux
	views    map[string]*View
	owners   map[string]owner // by path, see Owned
	document *huma.OpenAPI
	schemas  *schemas
	plans    plans
	buffers  sync.Pool
	encoders encoders
	headers  map[string][]string

	once     sync.Once
	rendered documents
}

// New returns an API without any view.
func New(options *Options) *API {
	a := &API{mux: chi.NewMux(), views: map[string]*View{}, owners: map[string]owner{}}
	a.buffers.New = func() any { return new(bytes.Buffer) }
	if options != nil {
		a.options = *options
	}
	o := &a.options
	if o.DocsSchemes == nil {
		o.DocsSchemes = o.Schemes
	}
	if o.Title == "" {
		o.Title = "OpenWISP API"
	}
	if o.Description == "" {
		o.Description = "OpenWISP REST API"
	}
	if o.PageSize <= 0 {
		o.PageSize = 10
	}
	if o.MaxPageSize <= 0 {
		o.MaxPageSize = 100
	}
	if o.BodyLimit == 0 {
		o.BodyLimit = 5 << 19
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	a.document = &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: o.Title, Version: "v1", Description: o.Description},
		Components: &huma.Components{
			Schemas:         huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
			SecuritySchemes: map[string]*huma.SecurityScheme{"Bearer": {Type: "http", Scheme: "bearer"}},
		},
		Security: []map[string][]string{{"Bearer": {}}},
	}
	a.schemas = newSchemas(a.document.Components.Schemas.Map())
	a.headers = map[string][]string{
		"X-Frame-Options":            {"DENY"},
		"X-Content-Type-Options":     {"nosniff"},
		"Referrer-Policy":            {"same-origin"},
		"Cross-Origin-Opener-Policy": {"same-origin"},
	}
	a.mux.NotFound(a.notFound)
	a.mux.MethodNotAllowed(a.unknownMethod)
	return a
}

// Handle mounts a plain handler: device endpoints, files, whatever is not
// REST. It is not part of the document.
func (a *API) Handle(pattern string, h http.Handler) { a.mux.Handle(pattern, h) }

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.options.CORS != nil && a.options.CORS.handle(w, r) {
		return
	}
	a.mux.ServeHTTP(w, r)
}

// unknownMethod answers methods the router does not know like any other that
// the view lacks: authentication comes first (rest-conventions §2).
func (a *API) unknownMethod(w http.ResponseWriter, r *http.Request) {
	path := routePath(r)
	if v := a.views[a.mux.Find(chi.NewRouteContext(), http.MethodGet, path)]; v != nil {
		rctx := chi.NewRouteContext()
		a.mux.Match(rctx, http.MethodGet, path)
		v.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, rctx)))
		return
	}
	w.WriteHeader(http.StatusMethodNotAllowed)
}

// notFound redirects to the path with a slash when there is one, for every
// method (rest-conventions §1), and answers HTML otherwise.
func (a *API) notFound(w http.ResponseWriter, r *http.Request) {
	path := routePath(r)
	if !strings.HasSuffix(path, "/") && !strings.HasPrefix(r.URL.Path, "//") &&
		a.mux.Find(chi.NewRouteContext(), http.MethodGet, path+"/") != "" {
		full, query, found := strings.Cut(r.RequestURI, "?")
		if full == "" || full[0] != '/' {
			full = r.URL.EscapedPath()
		}
		full += "/"
		if found {
			full += "?" + query
		}
		w.Header().Set("Location", full)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	a.htmlNotFound(w, r)
}

func (a *API) htmlNotFound(w http.ResponseWriter, r *http.Request) {
	for k, v := range a.headers {
		w.Header()[k] = v
	}
	w.Header()["Vary"] = []string{"Cookie"}
	writePage(w, r, http.StatusNotFound, "Not Found", "The requested resource was not found on this server.")
}

func routePath(r *http.Request) string {
	if rctx := chi.RouteContext(r.Context()); rctx != nil && rctx.RoutePath != "" {
		return rctx.RoutePath
	}
	if r.URL.RawPath != "" {
		return r.URL.RawPath
	}
	return r.URL.Path
}

// scheme is the scheme of the links in answers.
func (a *API) scheme(r *http.Request) string {
	if r.TLS != nil || a.options.TrustProxy && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		return "https"
	}
	return "http"
}

// Log is where handlers that are no views log to as views do.
func (a *API) Log() *slog.Logger { return a.options.Log }

// organizationKnown reports whether the request's caller may refer to an
// organization, and whether there is one.
func (a *API) organizationKnown(r *Request, id wispwright.ID) (bool, error) {
	if r.Caller == nil || !r.Caller.Superuser && !r.WriteScope().Allows(id) {
		return false, nil
	}
	if a.options.Organizations == nil {
		return true, nil
	}
	return a.options.Organizations.OrganizationExists(r.Context(), id)
}

func (a *API) organizationBySlug(r *Request, slug string) (wispwright.ID, error) {
	if a.options.Organizations == nil {
		return wispwright.ID{}, errors.New("rest: no Organizations to resolve a slug with")
	}
	return a.options.Organizations.OrganizationBySlug(r.Context(), slug)
}
