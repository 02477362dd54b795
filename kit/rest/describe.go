package rest

import (
	"cmp"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// shape is what an operation takes and gives.
type shape struct {
	in, out reflect.Type
	status  int
	partial bool
	list    bool
	unpaged bool
	// current is the object a 412 shows; nil when there is no version
	current reflect.Type
	params  []*huma.Param
}

// describe adds a view's operations to the document.
func (a *API) describe(v *View, path string) {
	for i := range v.ops {
		op := &v.ops[i]
		s := op.shape
		if s == nil {
			s = &shape{status: http.StatusOK}
		}
		h := &huma.Operation{Method: op.Method, Path: path, OperationID: op.ID, Summary: cmp.Or(op.Summary, v.Name), Description: v.Description,
			Responses: map[string]*huma.Response{}}
		if v.Tag != "" {
			h.Tags = []string{v.Tag}
		}
		if v.Access >= Everyone {
			h.Security = []map[string][]string{{}}
		}
		for _, p := range v.params {
			sc := map[string]*huma.Schema{"uuid": {Type: "string", Format: "uuid"}, "int": {Type: "integer"}, "text": {Type: "string"}}[p.kind]
			h.Parameters = append(h.Parameters, &huma.Param{Name: p.name, In: "path", Required: true, Schema: sc})
		}
		a.describeBody(h, s)
		a.describeAnswers(h, v, s)
		if len(op.Doc.Query) > 0 { // a handler of its own may find fault with them
			h.Responses[strconv.Itoa(http.StatusBadRequest)] = &huma.Response{Description: http.StatusText(http.StatusBadRequest), Content: jsonContent(&huma.Schema{Ref: refPrefix + "ValidationError"})}
		}
		for _, status := range op.Also {
			h.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status), Content: jsonContent(&huma.Schema{Ref: refPrefix + "Error"})}
		}
		op.Doc.complete(h)
		a.document.AddOperation(h)
	}
}

func (a *API) describeBody(h *huma.Operation, s *shape) {
	if s.list && !s.unpaged {
		h.Parameters = append(h.Parameters,
			&huma.Param{Name: "page", In: "query", Schema: &huma.Schema{Type: "string"}, Description: "A number from 1, or \"last\"."},
			&huma.Param{Name: "page_size", In: "query", Schema: &huma.Schema{Type: "integer"}})
	}
	h.Parameters = append(h.Parameters, s.params...)
	if s.in == nil {
		return
	}
	p := a.plans.of(s.in)
	media := &huma.MediaType{Schema: a.schemas.in(p, s.partial)}
	h.RequestBody = &huma.RequestBody{Required: !s.partial, Content: map[string]*huma.MediaType{"multipart/form-data": media}}
	if !p.files() {
		h.RequestBody.Content["application/json"] = media
		h.RequestBody.Content["application/x-www-form-urlencoded"] = media
	}
}

// files reports whether a field is a file that must be sent.
func (p *plan) files() bool {
	for _, f := range p.fields {
		if f.shape == shapeFile && f.required {
			return true
		}
	}
	return false
}

func (a *API) describeAnswers(h *huma.Operation, v *View, s *shape) {
	ok := &huma.Response{Description: http.StatusText(s.status)}
	if s.out != nil {
		sc := a.schemas.out(s.out)
		switch {
		case s.unpaged:
			sc = &huma.Schema{Type: "array", Items: sc}
		case s.list:
			sc = pageSchema(sc)
		}
		ok.Content = jsonContent(sc)
	}
	h.Responses[strconv.Itoa(s.status)] = ok
	a.describeFailures(h, v, s)
}

func (a *API) describeFailures(h *huma.Operation, v *View, s *shape) {
	detail := &huma.Schema{Ref: refPrefix + "Error"}
	add := func(status int, sc *huma.Schema) {
		h.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status), Content: jsonContent(sc)}
	}
	if v.Access != Anonymous {
		add(http.StatusUnauthorized, detail)
		add(http.StatusForbidden, detail)
	}
	add(http.StatusNotAcceptable, detail)
	add(http.StatusNotFound, detail)
	add(http.StatusServiceUnavailable, detail)
	if v.Throttle != nil {
		add(http.StatusTooManyRequests, detail)
	}
	if s.in != nil || h.Method != http.MethodGet || len(s.params) > 0 {
		add(http.StatusBadRequest, &huma.Schema{Ref: refPrefix + "ValidationError"})
	}
	if h.Method == http.MethodPost || h.Method == http.MethodPut || h.Method == http.MethodPatch {
		add(http.StatusUnsupportedMediaType, detail)
		add(http.StatusRequestEntityTooLarge, detail)
	}
	if h.Method != http.MethodGet {
		add(http.StatusConflict, detail)
	}
	if s.current != nil {
		add(http.StatusPreconditionFailed, &huma.Schema{Type: "object", Required: []string{"detail", "current"}, Properties: map[string]*huma.Schema{
			"detail": {Type: "string"}, "current": a.schemas.out(s.current),
		}})
		h.Parameters = append(h.Parameters, &huma.Param{Name: "If-Match", In: "header", Schema: &huma.Schema{Type: "string"},
			Description: "The ETag of the object as it was read: changes nothing if somebody else saved meanwhile."})
	}
}

func jsonContent(sc *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{"application/json": {Schema: sc}}
}

// pageSchema is Page[T] of a schema.
func pageSchema(item *huma.Schema) *huma.Schema {
	link := func() *huma.Schema { return &huma.Schema{Type: "string", Format: "uri", Nullable: true} }
	return &huma.Schema{Type: "object", Required: []string{"count", "next", "previous", "results"}, Properties: map[string]*huma.Schema{
		"count": {Type: "integer"}, "next": link(), "previous": link(), "results": {Type: "array", Items: item}}}
}
