package rest

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed browse.html
var browseHTML string

// page is the browsable form of an answer: the JSON, the headers, links to the
// pages above and beside, filters, and a form for every write the caller may
// do (rest-conventions §11).
func (r *Request) page(status int, text []byte) ([]byte, error) {
	v := r.view
	p := browsePage{
		Title: v.Name, Description: v.Description, Method: r.HTTP.Method, Path: r.HTTP.URL.RequestURI(), Here: r.HTTP.URL.Path,
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), Body: string(text),
		Allow: v.allow[0], Nonce: rand.Text(), Crumbs: crumbs(r.HTTP.URL.Path),
	}
	if r.Caller != nil {
		p.User = r.Caller.Name
	}
	for name, values := range r.header {
		if name != "Allow" && !strings.HasPrefix(name, "Set-") {
			p.Headers = append(p.Headers, name+": "+strings.Join(values, ", "))
		}
	}
	slices.Sort(p.Headers)
	p.links(r, text)
	for i := range v.ops {
		op := &v.ops[i]
		switch {
		case op.Method == http.MethodGet:
			if op.shape != nil {
				for _, q := range op.shape.params {
					p.Filters = append(p.Filters, browseFilter{q.Name, r.Query().Get(q.Name), q.Description})
				}
			}
		case op.Method == http.MethodDelete:
			p.Delete = v.may(r, op)
		case op.shape != nil && op.shape.in != nil && v.may(r, op):
			p.Forms = append(p.Forms, browseForm{op.Method, skeleton(v.api.plans.of(op.shape.in))})
		}
	}
	t, err := template.New("browse").Parse(browseHTML)
	if err != nil {
		return nil, err
	}
	r.header.Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+p.Nonce+"'; style-src 'nonce-"+p.Nonce+
		"'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	var b bytes.Buffer
	err = t.Execute(&b, p)
	return b.Bytes(), err
}

// may is mayUse without looking the object up again.
func (v *View) may(r *Request, op *Op) bool {
	switch {
	case v.Access >= Everyone:
		return true
	case r.Caller == nil:
		return false
	case op.Permission != "":
		return r.Caller.Can(op.Permission)
	}
	return v.permitted(r.Caller, op.Method) == nil
}

type browsePage struct {
	Title, Description, Method, Path, Here, Status, Body, Allow, Nonce, User string
	Next, Previous                                                           string
	Headers                                                                  []string
	Crumbs                                                                   []browseCrumb
	Filters                                                                  []browseFilter
	Forms                                                                    []browseForm
	Delete                                                                   bool
}

type (
	browseCrumb  struct{ Name, Path string }
	browseFilter struct{ Name, Value, Help string }
	browseForm   struct{ Method, Skeleton string }
)

// links takes the addresses of the neighbouring pages out of a list.
func (p *browsePage) links(r *Request, text []byte) {
	src, err := readJSON(text)
	if err != nil || src.json["results"] == nil {
		return // no list: no neighbours
	}
	for key, target := range map[string]*string{"next": &p.Next, "previous": &p.Previous} {
		link, ok := value{raw: src.json[key]}.scalar()
		if u, err := url.Parse(link); ok && err == nil {
			*target = u.RequestURI()
		}
	}
}

// crumbs are the pages above.
func crumbs(path string) []browseCrumb {
	var out []browseCrumb
	at := "/"
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		at += part + "/"
		out = append(out, browseCrumb{part, at})
	}
	return out
}

// skeleton is a body with every field and nothing in it.
func skeleton(p *plan) string {
	var b strings.Builder
	b.WriteString("{\n")
	for i, f := range p.fields {
		empty := map[shapeKind]string{shapeText: `""`, shapeBool: "false", shapeInt: "null", shapeFloat: "null", shapeJSON: "{}", shapeList: "[]"}[f.shape]
		if empty == "" {
			empty = "null"
		}
		fmt.Fprintf(&b, "    %q: %s", f.name, empty)
		if i < len(p.fields)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("}")
	return b.String()
}
