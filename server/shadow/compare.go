package shadow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Answer is what a server said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Difference is one thing in which two answers are not the same.
type Difference struct {
	// Where is "status", the name of a header, "body", or the place of a value in a
	// JSON body: "body.results[0].name".
	Where string `json:"where"`
	// Old and New are the values, shortened; of secrets "***".
	Old string `json:"old"`
	New string `json:"new"`
}

// most is how many differences of one answer are told.
const most = 20

// Differences compares two answers: status, the headers that clients look at, and
// bodies, JSON by its values. Members of objects with ignored names may differ, and
// what only the new server says beside the rest is no difference.
func Differences(old, new *Answer, ignore []string) []Difference {
	c := &comparison{ignore: ignore}
	if old.Status != new.Status {
		c.add("status", strconv.Itoa(old.Status), strconv.Itoa(new.Status))
		return c.found
	}
	for _, name := range []string{"Content-Type", "Content-Disposition", "Location", "X-Openwisp-Controller", "Allow"} {
		was, is := old.Header.Get(name), new.Header.Get(name)
		if name == "Content-Type" {
			was, is = mediaType(was), mediaType(is)
		}
		if was != is {
			c.add(name, was, is)
		}
	}
	if bytes.Equal(old.Body, new.Body) {
		return c.found
	}
	was, ok := decode(old)
	is, okNew := decode(new)
	switch {
	case ok && okNew:
		c.values("body", was, is)
	case isHTML(old) && isHTML(new): // pages are not the same, and need not be
	default:
		c.add("body", describe(old.Body), describe(new.Body))
	}
	return c.found
}

func mediaType(header string) string {
	t, _, err := mime.ParseMediaType(header)
	if err != nil {
		return header
	}
	return t
}

func isHTML(a *Answer) bool { return mediaType(a.Header.Get("Content-Type")) == "text/html" }

func decode(a *Answer) (value any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(a.Body))
	d.UseNumber()
	return value, strings.HasSuffix(mediaType(a.Header.Get("Content-Type")), "json") && d.Decode(&value) == nil
}

func describe(body []byte) string {
	if len(body) <= 60 && !bytes.ContainsFunc(body, func(r rune) bool { return r < ' ' && r != '\n' }) {
		return string(body)
	}
	return fmt.Sprintf("%d bytes", len(body))
}

type comparison struct {
	ignore []string
	found  []Difference
}

func (c *comparison) add(where, old, new string) {
	if len(c.found) >= most {
		return
	}
	if secret(where) {
		old, new = "***", "***"
	}
	c.found = append(c.found, Difference{where, shorten(old), shorten(new)})
}

// secret tells places whose values must not be written down.
func secret(where string) bool {
	name := strings.ToLower(where[strings.LastIndexByte(where, '.')+1:])
	for _, word := range []string{"key", "secret", "token", "password", "params", "private", "credential"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

func shorten(s string) string {
	const longest = 120
	if len(s) > longest {
		return strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return s
}

func (c *comparison) values(where string, old, new any) {
	switch was := old.(type) {
	case map[string]any:
		if is, ok := new.(map[string]any); ok {
			for _, name := range slices.Sorted(maps.Keys(was)) {
				if slices.Contains(c.ignore, name) {
					continue
				}
				value, there := is[name]
				if !there {
					c.add(where+"."+name, text(was[name]), "missing")
					continue
				}
				c.values(where+"."+name, was[name], value)
			}
			return
		}
	case []any:
		if is, ok := new.([]any); ok {
			if len(was) != len(is) {
				c.add(where, fmt.Sprintf("%d elements", len(was)), fmt.Sprintf("%d elements", len(is)))
				return
			}
			for i := range was {
				c.values(fmt.Sprintf("%s[%d]", where, i), was[i], is[i])
			}
			return
		}
	default:
		if old == new {
			return
		}
	}
	c.add(where, text(old), text(new))
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
