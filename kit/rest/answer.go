package rest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Raw is a body that is sent as it is.
type Raw struct {
	// ContentType is its media type. Empty: an answer without body has none.
	ContentType string
	// Body is sent unchanged.
	Body []byte
}

// Stream is a body that is read while it is sent, in ranges where the client asks
// for some of it. It is closed afterwards.
type Stream struct {
	// ContentType is its media type.
	ContentType string
	// Modified is when it was stored; zero: not known.
	Modified time.Time
	// Content is read from any place.
	Content io.ReadSeekCloser
}

// encode writes JSON the way the wire has it: nothing escaped but what must be.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// maxKept is the size beyond which a buffer is not used again.
const maxKept = 1 << 18

var (
	contentJSON = []string{"application/json"}
	contentHTML = []string{"text/html; charset=utf-8"}
	varyAccept  = []string{"Accept"}
	varyCookie  = []string{"Accept, Cookie"}
)

// write sends an answer. It is encoded completely first, so that its length is
// known and an encoder that fails still gives a clean 500.
func (r *Request) write(w http.ResponseWriter, status int, body any) {
	r.header["Vary"] = varyAccept
	if r.cookies {
		r.header["Vary"] = varyCookie
	}
	if r.api.options.CORS != nil {
		r.header["Vary"] = []string{r.header["Vary"][0] + ", origin"}
	}
	if status == http.StatusNoContent || status == http.StatusNotModified {
		w.WriteHeader(status)
		return
	}
	if raw, ok := body.(Raw); ok {
		if raw.ContentType != "" {
			r.header.Set("Content-Type", raw.ContentType)
		}
		r.send(w, status, raw.Body)
		return
	}
	if stream, ok := body.(Stream); ok {
		defer func() { _ = stream.Content.Close() }() // it was only read
		r.header.Set("Content-Type", stream.ContentType)
		http.ServeContent(w, r.HTTP, "", stream.Modified, stream.Content)
		return
	}
	if _, ok := body.(crash); ok {
		r.writeCrash(w)
		return
	}
	buf := r.api.buffers.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= maxKept {
			buf.Reset()
			r.api.buffers.Put(buf)
		}
	}()
	indent := r.indent
	if r.html {
		indent = 4
	}
	if err := r.api.encoders.write(buf, body, indent); err != nil {
		r.api.options.Log.ErrorContext(r.Context(), "an answer cannot be encoded", "path", r.HTTP.URL.Path, "error", err)
		r.writeCrash(w)
		return
	}
	text := buf.Bytes()
	if r.html {
		page, err := r.page(status, text)
		if err != nil {
			r.api.options.Log.ErrorContext(r.Context(), "the page cannot be rendered", "path", r.HTTP.URL.Path, "error", err)
			r.writeCrash(w)
			return
		}
		r.header["Content-Type"] = contentHTML
		r.send(w, status, page)
		return
	}
	if r.header.Get("Content-Type") == "" {
		r.header["Content-Type"] = contentJSON
	}
	r.send(w, status, text)
}

func (r *Request) send(w http.ResponseWriter, status int, body []byte) {
	r.header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.HTTP.Method != http.MethodHead {
		_, _ = w.Write(body) // the client is gone: nobody to tell
	}
}

// writeCrash answers 500 as JSON to clients that prefer it, as a page otherwise.
func (r *Request) writeCrash(w http.ResponseWriter) {
	if !r.html && strings.Contains(r.HTTP.Header.Get("Accept"), "json") {
		r.header["Content-Type"] = contentJSON
		r.send(w, http.StatusInternalServerError, []byte(`{"detail":"A server error occurred."}`))
		return
	}
	writePage(w, r.HTTP, http.StatusInternalServerError, "Server Error (500)", "")
}

// writePage sends a minimal HTML page.
func writePage(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	page := "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>" + title + "</title>\n</head>\n<body>\n  <h1>" + title + "</h1><p>" + text + "</p>\n</body>\n</html>\n"
	w.Header()["Content-Type"] = contentHTML
	if status == http.StatusNotFound {
		w.Header().Set("Content-Type", "text/html")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(page)) // the client is gone: nobody to tell
	}
}

// negotiate chooses between JSON and the browsable page (rest-conventions §3).
func (r *Request) negotiate() error {
	if strings.Contains(r.HTTP.URL.RawQuery, "format=") {
		switch r.Query().Get("format") {
		case "":
		case "json":
			return nil
		case "api":
			r.html = true
			return nil
		default:
			return Fail(http.StatusNotFound, notFoundDetail)
		}
	}
	accept := r.HTTP.Header.Get("Accept")
	if accept == "" || accept == "*/*" || accept == "application/json" {
		return nil
	}
	best := 0
	for part := range strings.SplitSeq(accept, ",") {
		media, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		rank, html := 0, false
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "application/json":
			rank = 3
		case "text/html":
			rank, html = 3, true
		case "application/*":
			rank = 2
		case "text/*":
			rank, html = 2, true
		case "*/*":
			rank = 1
		default:
			if slices.Contains(r.view.Produces, strings.ToLower(strings.TrimSpace(media))) {
				rank = 3
			}
		}
		if rank > best {
			best, r.html, r.indent = rank, html, 0
			if rank == 3 && !html {
				r.indent = indentOf(params)
			}
		}
	}
	if best == 0 {
		return Fail(http.StatusNotAcceptable, "Could not satisfy the request Accept header.")
	}
	return nil
}

func indentOf(params string) int {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if name == "indent" {
			n, err := strconv.Atoi(value)
			if err == nil {
				return min(max(n, 0), 8)
			}
		}
	}
	return 0
}
