package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
)

// source is a request's body, read once: a JSON object or a form.
type source struct {
	json  map[string]json.RawMessage
	form  url.Values
	files map[string][]*multipart.FileHeader
	// wrong is the fault of a JSON body that is no object.
	wrong *faults
}

// object is where the fields of one (nested) struct are looked up.
type object struct {
	json map[string]json.RawMessage
	// form is used when json is nil; names in it begin with prefix.
	form   url.Values
	files  map[string][]*multipart.FileHeader
	prefix string
}

// value is one field as it came.
type value struct {
	raw  json.RawMessage
	text []string
	form bool
	sub  *object
	file *multipart.FileHeader
}

// body reads the request's body by its media type (rest-conventions §3).
func (r *Request) body() (*source, error) {
	if r.src != nil {
		return r.src, nil
	}
	src, err := r.readBody()
	if err == nil {
		r.src = src
	}
	return src, err
}

func (r *Request) readBody() (*source, error) {
	media := r.HTTP.Header.Get("Content-Type")
	kind, _, err := mime.ParseMediaType(media)
	if err != nil {
		kind = media
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		if err := r.HTTP.ParseForm(); err != nil {
			return nil, parseError(err, "Form parse error - ")
		}
		return &source{form: r.HTTP.PostForm}, nil
	case "multipart/form-data":
		if err := r.HTTP.ParseMultipartForm(1 << 20); err != nil {
			return nil, parseError(err, "Multipart form parse error - ")
		}
		return &source{form: r.HTTP.MultipartForm.Value, files: r.HTTP.MultipartForm.File}, nil
	}
	text, err := io.ReadAll(r.HTTP.Body)
	if err != nil {
		return nil, parseError(err, "JSON parse error - ")
	}
	if len(text) == 0 && (kind == "" || kind == "application/json" || r.HTTP.ContentLength == 0) {
		return &source{json: map[string]json.RawMessage{}}, nil
	}
	if kind != "application/json" {
		return nil, Fail(http.StatusUnsupportedMediaType, "Unsupported media type "+strconv.Quote(media)+" in request.")
	}
	return readJSON(text)
}

func readJSON(text []byte) (*source, error) {
	if !utf8.Valid(text) {
		return nil, Fail(http.StatusBadRequest, "JSON parse error - the text is not valid UTF-8")
	}
	var src source
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) > 0 && trimmed[0] != '{' {
		var any json.RawMessage
		if err := json.Unmarshal(text, &any); err != nil {
			return nil, noJSON(text, err)
		}
		src.wrong = &faults{}
		message := "Invalid data. Expected a dictionary, but got " + TypeName(any) + "."
		if TypeName(any) == "NoneType" {
			message = "No data provided"
		}
		src.wrong.add("non_field_errors", message)
		return &src, nil
	}
	if err := json.Unmarshal(text, &src.json); err != nil {
		return nil, noJSON(text, err)
	}
	return &src, nil
}

func noJSON(text []byte, err error) error {
	if found := malformed(text); found != nil {
		err = found
	}
	return parseError(err, "JSON parse error - ")
}

func parseError(err error, prefix string) error {
	var tooLarge *http.MaxBytesError
	var ours *fs.PathError
	switch {
	case errors.As(err, &tooLarge):
		return err
	case errors.As(err, &ours): // a large file of a form could not be put aside
		return fmt.Errorf("%w: %w", wispwright.ErrUnavailable, err)
	}
	return Fail(http.StatusBadRequest, prefix+err.Error())
}

func (s *source) object() *object { return &object{json: s.json, form: s.form, files: s.files} }

// get looks a field up. Forms cannot say null or absent, so the rules of
// HTML forms decide (rest-conventions §5).
func (o *object) get(f *field, partial bool) (value, bool) {
	if o.json != nil {
		raw, ok := o.json[f.name]
		return value{raw: raw}, ok
	}
	name := o.prefix + f.name
	if files := o.files[name]; len(files) > 0 {
		return value{form: true, file: files[0]}, true
	}
	text, ok := o.form[name]
	switch {
	case f.shape == shapeObject:
		sub := &object{form: o.form, files: o.files, prefix: name + "."}
		if ok = sub.any(); !ok && len(text) > 0 {
			switch first := text[0]; {
			case strings.HasPrefix(strings.TrimSpace(first), "{"):
				return value{raw: json.RawMessage(first)}, true
			case f.keyed && first == "" && f.nullable:
				return value{raw: json.RawMessage("null")}, true
			case f.keyed:
				return value{form: true, text: text}, true
			}
		}
		return value{form: true, sub: sub}, ok
	case f.shape == shapeWire && !ok:
		sub := &object{form: o.form, prefix: name + "."}
		if !sub.any() {
			return value{}, false
		}
		return value{raw: sub.assembled()}, true
	case f.shape == shapeList:
		if !ok {
			text = o.indexed(name)
		}
		return value{form: true, text: text}, len(text) > 0
	case !ok && f.shape == shapeBool && !partial && !f.nullable:
		return value{form: true, text: []string{"false"}}, true
	case !ok:
		return value{}, false
	case text[len(text)-1] == "" && !f.blank && f.shape != shapeFile:
		if f.nullable {
			return value{raw: json.RawMessage("null")}, true
		}
		if !f.required {
			return value{}, false
		}
	}
	return value{form: true, text: text}, true
}

// any reports whether the form has a name below the prefix.
func (o *object) any() bool {
	for name := range o.form {
		if strings.HasPrefix(name, o.prefix) {
			return true
		}
	}
	for name := range o.files {
		if strings.HasPrefix(name, o.prefix) {
			return true
		}
	}
	return false
}

// assembled is the JSON object that the names below the prefix make: a value that
// is JSON itself is taken as such, any other as a text.
func (o *object) assembled() json.RawMessage {
	out := map[string]json.RawMessage{}
	for name, text := range o.form {
		key, below := strings.CutPrefix(name, o.prefix)
		if !below || len(text) == 0 {
			continue
		}
		raw := json.RawMessage(text[len(text)-1])
		if !json.Valid(raw) {
			raw = value{form: true, text: text}.json()
		}
		out[key] = raw
	}
	b, err := json.Marshal(out)
	if err != nil { // valid JSON always encodes
		return json.RawMessage("null")
	}
	return b
}

// indexed collects "name[0]", "name[1]", ….
func (o *object) indexed(name string) []string {
	var out []string
	for i := 0; ; i++ {
		v, ok := o.form[name+"["+strconv.Itoa(i)+"]"]
		if !ok || len(v) == 0 {
			return out
		}
		out = append(out, v[len(v)-1])
	}
}

// json returns the value as JSON; a form value becomes a string.
func (v value) json() json.RawMessage {
	if !v.form {
		return v.raw
	}
	if len(v.text) == 0 {
		return json.RawMessage("null")
	}
	b, err := json.Marshal(v.text[len(v.text)-1])
	if err != nil { // strings always encode
		return json.RawMessage("null")
	}
	return b
}

func (v value) isNull() bool { return !v.form && string(v.raw) == "null" }

// TypeName names the type of a JSON value as messages do: "dict", "str", ….
func TypeName(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return "NoneType"
	}
	switch raw[0] {
	case '{':
		return "dict"
	case '[':
		return "list"
	case '"':
		return "str"
	case 't', 'f':
		return "bool"
	case 'n':
		return "NoneType"
	}
	if bytes.ContainsAny(raw, ".eE") {
		return "float"
	}
	return "int"
}
