package controllerhttp

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
)

var (
	errTooLarge = errors.New("request body too large")
	errBody     = errors.New("malformed request body")
)

// readForm reads the parameters of a POST. Any other kind of body counts as
// empty, as does a broken pair in a good one (§6.2); of repeated parameters the
// last one counts.
func readForm(w http.ResponseWriter, r *http.Request, limit int64) (map[string]string, error) {
	form := map[string]string{}
	body := http.MaxBytesReader(w, r.Body, limit)
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		mediaType = "" // the same as none
	}
	switch mediaType {
	case "application/x-www-form-urlencoded":
		raw, err := io.ReadAll(body)
		if err != nil {
			return nil, bodyError(err)
		}
		eachParameter(string(raw), func(name, value string) { form[name] = value })
	case "multipart/form-data":
		if err := readParts(multipart.NewReader(body, params["boundary"]), form); err != nil {
			return nil, bodyError(err)
		}
	}
	return form, nil
}

func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errTooLarge
	}
	return fmt.Errorf("%w: %w", errBody, err)
}

// readParts reads the fields of a multipart form; files are skipped.
func readParts(parts *multipart.Reader, form map[string]string) error {
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if part.FormName() == "" || part.FileName() != "" {
			continue
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		form[part.FormName()] = clean(string(value))
	}
}

// eachParameter calls fn for every pair of a query or of an urlencoded body. It
// never fails: what is not well encoded is taken as it stands, because agents
// and shell scripts write whatever they have. Values are valid UTF-8 without
// NUL. Nothing is allocated for values that need no decoding.
func eachParameter(raw string, fn func(name, value string)) {
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		if name != "" {
			fn(decode(name), decode(value))
		}
	}
}

func decode(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return clean(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b.WriteByte(' ')
		case c == '%' && i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0:
			b.WriteByte(byte(hex(s[i+1])<<4 | hex(s[i+2])))
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return clean(b.String())
}

func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// clean makes text that every database stores: UTF-8 without NUL.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexByte(s, 0) >= 0 {
		return strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return s
}
