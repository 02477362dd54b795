package rest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Doc completes the description of an operation in the document, where it
// follows from no type.
type Doc struct {
	// Query are parameters after the question mark: the name to what it does.
	Query map[string]string
	// Answers add or replace answers by their status.
	Answers map[int]DocAnswer
}

// DocAnswer describes one answer of an operation.
type DocAnswer struct {
	// Description says what it is. Default: the name of the status.
	Description string
	// ContentType is the media type of the body: an object for application/json,
	// a text for text/…, a file for anything else. Empty: there is no body.
	ContentType string
}

// DocRaw describes an operation that answers 200 with something else than JSON.
func DocRaw(contentType, description string) Doc {
	return Doc{Answers: map[int]DocAnswer{http.StatusOK: {Description: description, ContentType: contentType}}}
}

// complete adds the description to an operation of the document.
func (d Doc) complete(h *huma.Operation) {
	for _, name := range slices.Sorted(maps.Keys(d.Query)) {
		h.Parameters = append(h.Parameters, &huma.Param{Name: name, In: "query", Schema: &huma.Schema{Type: "string"}, Description: d.Query[name]})
	}
	for status, a := range d.Answers {
		r := &huma.Response{Description: a.Description}
		if r.Description == "" {
			r.Description = http.StatusText(status)
		}
		sc := &huma.Schema{Type: "string"}
		switch {
		case a.ContentType == "application/json":
			sc.Type = "object"
		case a.ContentType != "" && !strings.HasPrefix(a.ContentType, "text/"):
			sc.Format = "binary"
		}
		if a.ContentType != "" {
			r.Content = map[string]*huma.MediaType{a.ContentType: {Schema: sc}}
		}
		h.Responses[strconv.Itoa(status)] = r
	}
}

// Document is the API's OpenAPI 3.1 description as JSON, of what is mounted by
// now.
func (a *API) Document() ([]byte, error) {
	text, err := json.Marshal(a.document)
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return text, nil
}

// Paths are the documented paths in order, as "/api/v1/shop/book/{id}/".
func (a *API) Paths() []string { return slices.Sorted(maps.Keys(a.document.Paths)) }
