package replay

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Player plays recordings against a handler.
type Player struct {
	// Handler is the server under test.
	Handler http.Handler
	// Token returns the bearer token of a user of the recording.
	Token func(user string) string
	// Vars are the values of placeholders that are known from the start
	// ("org_alpha").
	Vars map[string]string
	// Resolve finds further placeholders when they are needed.
	Resolve func(name string) (string, bool)
	// Deviations are the places of answers that differ on purpose, by the
	// number of the exchange. One that does not happen is a fault.
	Deviations map[int][]Deviation
	// Skip leaves exchanges out altogether: number to reason.
	Skip map[int]string
	// Free are keys whose values depend on the installation, such as numeric
	// permission ids.
	Free []string
	// Additive are keys an answer may have beyond the recording.
	Additive []string
	// Headers are the headers that are compared. Default: Content-Type,
	// Content-Disposition, Allow, Location, WWW-Authenticate, Retry-After and those that start with X-.
	Headers []string
	// Fixture makes what an exchange without request describes.
	Fixture func(t *testing.T, fixture json.RawMessage)
	// Idle waits until background work is done; it runs before each request.
	Idle func(t *testing.T)
	// Seen is called with every answer.
	Seen func(t *testing.T, e *Exchange, r *http.Request, w *httptest.ResponseRecorder)
}

// Report counts what a scenario came to.
type Report struct {
	// Played is how many requests were sent.
	Played int
	// Equal is how many answers equalled the recorded ones.
	Equal int
	// Excepted is how many differ where they should and nowhere else, or are
	// recorded faults.
	Excepted int
	// Different is how many differ without a reason.
	Different int
	// Skipped is how many were not sent.
	Skipped int
}

// Play plays a scenario in order, one subtest per exchange.
func (p *Player) Play(t *testing.T, s *Scenario) Report {
	m := &matcher{bound: map[string]string{"host": "example.com", "base": "http://example.com"}, resolve: p.Resolve, free: p.Free}
	for k, v := range p.Vars {
		m.bound[k] = v
	}
	var report Report
	for i := range s.Exchanges {
		e := &s.Exchanges[i]
		if e.Request == nil {
			if e.Fixture != nil && p.Fixture != nil {
				if p.Idle != nil {
					p.Idle(t)
				}
				p.Fixture(t, json.RawMessage(m.fill(string(e.whole(t)))))
			}
			continue
		}
		if p.Skip[e.N] != "" {
			report.Skipped++
			continue
		}
		t.Run(fmt.Sprintf("%d %s %s %s", e.N, e.Request.Method, strings.ReplaceAll(e.Request.Path, "/", "|"), e.Title), func(t *testing.T) {
			if p.Idle != nil {
				p.Idle(t)
			}
			report.Played++
			list := p.Deviations[e.N]
			reached, differences := p.exchange(t, m, e, list)
			switch {
			case len(differences) == 0 && len(list) == 0:
				report.Equal++
			case len(differences) == 0:
				report.Excepted++
				for _, d := range list {
					t.Logf("%s differs on purpose: %s", d.Path, d.Reason)
				}
			case e.Defect != nil && len(list) == 0:
				report.Excepted++
				t.Logf("recorded fault: %s\n%s", e.Defect, strings.Join(differences, "\n"))
			default:
				report.Different++
				t.Errorf("%s %s as %s, body %s\n%s", e.Request.Method, reached, e.Request.As, m.fill(string(e.Request.Body)), strings.Join(differences, "\n"))
			}
		})
	}
	t.Logf("%s: %d played, %d equal, %d excepted, %d different, %d skipped", s.Name, report.Played, report.Equal, report.Excepted, report.Different, report.Skipped)
	return report
}

// whole is a fixture with what it expects.
func (e *Exchange) whole(t *testing.T) json.RawMessage {
	if e.Expected == nil {
		return e.Fixture
	}
	var all map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(e.Fixture, &all))
	all["expected"] = e.Expected
	whole, err := json.Marshal(all)
	require.NoError(t, err)
	return whole
}

// exchange sends one request and returns where it went and the differences of
// its answer from the recorded one with its deviations.
func (p *Player) exchange(t *testing.T, m *matcher, e *Exchange, list []Deviation) (string, []string) {
	r := p.request(t, m, e)
	w := httptest.NewRecorder()
	p.Handler.ServeHTTP(w, r)
	if p.Seen != nil {
		p.Seen(t, e, r, w)
	}
	here, err := e.amended(list)
	require.NoError(t, err)
	out := p.compare(t, m, here, r, w)
	for i, d := range list { // one by one: none may be there for nothing
		less, err := e.amended(slices.Delete(slices.Clone(list), i, i+1))
		require.NoError(t, err)
		if len(p.compare(t, m.clone(), less, r, w)) == 0 {
			out = append(out, fmt.Sprintf("%s: answered as recorded, no deviation", d.Path))
		}
	}
	return r.URL.RequestURI(), out
}

func (p *Player) compare(t *testing.T, m *matcher, e *Exchange, r *http.Request, w *httptest.ResponseRecorder) []string {
	var out []string
	if w.Code != e.Response.Status {
		out = append(out, fmt.Sprintf("status: want %d, got %d", e.Response.Status, w.Code))
	}
	out = append(out, p.compareHeaders(m, e, w.Header())...)
	return append(out, p.compareBody(t, m, e, r, w)...)
}

func (p *Player) compareHeaders(m *matcher, e *Exchange, got http.Header) []string {
	var out []string
	for name, want := range e.Response.Headers {
		if !p.compares(name) {
			continue
		}
		have := got.Get(name)
		switch name {
		case "Allow":
			if !slices.Equal(words(want), words(have)) {
				out = append(out, fmt.Sprintf("Allow: want %s, got %s", want, have))
			}
			continue
		case "Content-Type":
			want, _, _ = strings.Cut(want, ";")
			have, _, _ = strings.Cut(have, ";")
		}
		if !m.text(want, have) {
			out = append(out, fmt.Sprintf("%s: want %q, got %q", name, want, have))
		}
	}
	return out
}

func (p *Player) compares(name string) bool {
	if p.Headers != nil {
		return slices.Contains(p.Headers, name)
	}
	switch name {
	case "Content-Type", "Content-Disposition", "Allow", "Location", "WWW-Authenticate", "Retry-After":
		return true
	}
	return strings.HasPrefix(name, "X-")
}

func words(s string) []string {
	w := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
	slices.Sort(w)
	return w
}

// notFoundForms: recordings were made with two versions of the framework, of
// which one names the object; both mean the same.
var notFoundForms = regexp.MustCompile(`^(Not found\.|No \w+ matches the given query\.)$`)

func (p *Player) compareBody(t *testing.T, m *matcher, e *Exchange, r *http.Request, w *httptest.ResponseRecorder) []string {
	var want any
	if len(e.Response.Body) > 0 {
		require.NoError(t, json.Unmarshal(e.Response.Body, &want))
	}
	if want == nil && e.Response.Body == nil {
		return nil // not recorded
	}
	if want == any(Anything) {
		return nil
	}
	text := w.Body.String()
	if s, isText := want.(string); isText && !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if !m.text(s, text) {
			return []string{fmt.Sprintf("body: want %q, got %q", s, text)}
		}
		return nil
	}
	if o, ok := want.(map[string]any); ok && o["files"] != nil && strings.HasPrefix(w.Header().Get("Content-Type"), "application/octet-stream") {
		return p.compareArchive(t, m, o, r, w.Body.Bytes())
	}
	var got any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		return []string{fmt.Sprintf("body: want JSON, got %q", text)}
	}
	p.dropAdditive(want, got)
	out := m.diff("body", want, got)
	if len(out) > 0 && w.Code == http.StatusNotFound && detail(want) && detail(got) {
		return nil
	}
	return out
}

func detail(v any) bool {
	o, _ := v.(map[string]any)
	s, _ := o["detail"].(string)
	return len(o) == 1 && notFoundForms.MatchString(s)
}

// dropAdditive removes the keys that may be there beyond the recording.
func (p *Player) dropAdditive(want, got any) {
	switch have := got.(type) {
	case map[string]any:
		recorded, _ := want.(map[string]any)
		for k, v := range have {
			if _, there := recorded[k]; !there && slices.Contains(p.Additive, k) {
				delete(have, k)
				continue
			}
			p.dropAdditive(recorded[k], v)
		}
	case []any:
		recorded, _ := want.([]any)
		for i, v := range have {
			if i < len(recorded) {
				p.dropAdditive(recorded[i], v)
			}
		}
	}
}

func (p *Player) request(t *testing.T, m *matcher, e *Exchange) *http.Request {
	q := e.Request
	contentType, body := p.body(t, m, q)
	path := m.fill(q.Path)
	path = strings.ReplaceAll(path, " ", "%20")
	r := httptest.NewRequest(q.Method, path, body)
	r.RequestURI = path
	r.Header.Set("Accept", "application/json")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if q.As != "" && q.As != "none" && q.As != "anonymous" {
		r.Header.Set("Authorization", "Bearer "+p.Token(q.As))
	}
	if q.Authorization != "" {
		r.Header.Set("Authorization", m.fill(q.Authorization))
	}
	for k, v := range q.Headers {
		r.Header.Set(k, m.fill(v))
	}
	return r
}

func (p *Player) body(t *testing.T, m *matcher, q *Request) (string, io.Reader) {
	if q.ContentType == "" || q.Body == nil {
		return q.ContentType, http.NoBody
	}
	var special struct {
		Form      map[string]any             `json:"form"`
		Multipart map[string]json.RawMessage `json:"multipart"`
	}
	var text string
	switch {
	case json.Unmarshal(q.Body, &text) == nil:
		return q.ContentType, strings.NewReader(m.fill(text))
	case strings.HasPrefix(q.ContentType, "application/json"):
		return q.ContentType, strings.NewReader(m.fill(string(q.Body)))
	case json.Unmarshal(q.Body, &special) == nil && special.Form != nil:
		form := url.Values{}
		for k, v := range special.Form {
			values, isList := v.([]any)
			if !isList {
				values = []any{v}
			}
			for _, one := range values {
				form.Add(k, m.fill(fmt.Sprint(one)))
			}
		}
		return q.ContentType, strings.NewReader(form.Encode())
	case special.Multipart != nil:
		return multipartBody(t, m, special.Multipart)
	}
	return q.ContentType, strings.NewReader(m.fill(string(q.Body)))
}

func multipartBody(t *testing.T, m *matcher, parts map[string]json.RawMessage) (string, io.Reader) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, raw := range parts {
		var file struct{ Filename, Type, Base64 string }
		var text any
		require.NoError(t, json.Unmarshal(raw, &text))
		if _, isFile := text.(map[string]any); !isFile {
			require.NoError(t, w.WriteField(name, m.fill(fmt.Sprint(text))))
			continue
		}
		require.NoError(t, json.Unmarshal(raw, &file))
		content, err := base64.StdEncoding.DecodeString(file.Base64)
		require.NoError(t, err)
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf(`form-data; name=%q; filename=%q`, name, file.Filename))
		h.Set("Content-Type", file.Type)
		part, err := w.CreatePart(h)
		require.NoError(t, err)
		_, err = part.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), &b
}
