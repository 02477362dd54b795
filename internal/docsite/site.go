package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

//go:embed page.html site.css search.js
var assets embed.FS

// page is one file of Markdown.
type page struct {
	// source is its path below the root, with slashes; url where it is in the site.
	source, url string
	title       string
	body        template.HTML
	words       string
	anchors     map[string]bool
}

// site is what is made.
type site struct {
	root, out, base string
	pages           []*page
	byFile          map[string]*page
	copied          map[string]bool
	links           []link
	wrong           []error
}

// placeholder stands for an address in messages that the specification quotes.
const placeholder = "link"

// link is one within the site, looked at when all pages are known.
type link struct{ from, to, anchor string }

// skipped are folders without documentation.
func skipped(name string) bool {
	return slices.Contains([]string{"node_modules", "testdata", "dist", "bin", "vendor"}, name) || strings.HasPrefix(name, ".") && name != "."
}

func (s *site) build() error {
	s.byFile, s.copied = map[string]*page{}, map[string]bool{}
	if err := s.find(); err != nil {
		return err
	}
	for _, p := range s.pages {
		if err := s.read(p); err != nil {
			return fmt.Errorf("%s: %w", p.source, err)
		}
	}
	for _, l := range s.links {
		if to := s.byFile[l.to]; l.anchor != "" && !to.anchors[l.anchor] {
			s.wrong = append(s.wrong, fmt.Errorf("%s: there is no #%s in %s", l.from, l.anchor, l.to))
		}
	}
	if err := errors.Join(s.wrong...); err != nil {
		return err
	}
	return s.write()
}

// find lists the pages: README.md of a folder is its index.
func (s *site) find() error {
	return filepath.WalkDir(s.root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipped(d.Name()) && name != s.root {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".md") {
			return nil
		}
		rel, err := filepath.Rel(s.root, name)
		if err != nil {
			return err
		}
		p := &page{source: filepath.ToSlash(rel)}
		p.url = strings.TrimSuffix(p.source, ".md") + ".html"
		if path.Base(p.source) == "README.md" {
			p.url = path.Join(path.Dir(p.source), "index.html")
		}
		s.pages = append(s.pages, p)
		s.byFile[p.source] = p
		return nil
	})
}

func (s *site) read(p *page) error {
	raw, err := os.ReadFile(filepath.Join(s.root, filepath.FromSlash(p.source)))
	if err != nil {
		return err
	}
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	doc := md.Parser().Parse(text.NewReader(raw))
	p.anchors = map[string]bool{}
	var words strings.Builder
	err = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			if id, ok := n.AttributeString("id"); ok {
				p.anchors[string(id.([]byte))] = true
			}
			if p.title == "" {
				p.title = plain(n, raw)
			}
		case *ast.Link:
			n.Destination = []byte(s.resolve(p, string(n.Destination)))
		case *ast.Image:
			n.Destination = []byte(s.picture(p, string(n.Destination)))
		case *ast.Text:
			words.Write(n.Segment.Value(raw))
			words.WriteByte(' ')
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				words.Write(line.Value(raw))
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return err
	}
	if p.title == "" {
		p.title = p.source
	}
	var b bytes.Buffer
	if err := md.Renderer().Render(&b, raw, doc); err != nil {
		return err
	}
	// raw HTML is left out by the renderer, so what is here is its own
	p.body, p.words = template.HTML(b.String()), strings.Join(strings.Fields(words.String()), " ")
	return nil
}

// plain is the text of a node.
func plain(n ast.Node, raw []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // it never fails
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(raw))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// resolve is where a link of a page leads in the site.
func (s *site) resolve(p *page, to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || strings.HasPrefix(to, "/") {
		return to // of the world outside
	}
	if u.Path == placeholder {
		return "#"
	}
	if u.Path == "" {
		s.links = append(s.links, link{p.source, p.source, u.Fragment})
		return to
	}
	file := path.Join(path.Dir(p.source), u.Path)
	for _, name := range []string{file, path.Join(file, "README.md")} {
		if other := s.byFile[name]; other != nil {
			s.links = append(s.links, link{p.source, name, u.Fragment})
			out := relative(p.url, other.url)
			if u.Fragment != "" {
				out += "#" + u.Fragment
			}
			return out
		}
	}
	if _, err := os.Stat(filepath.Join(s.root, filepath.FromSlash(file))); err != nil {
		s.wrong = append(s.wrong, fmt.Errorf("%s: there is no %s", p.source, to))
		return to
	}
	if s.base == "" {
		return "#"
	}
	return s.base + file
}

// picture copies one into the site.
func (s *site) picture(p *page, to string) string {
	if u, err := url.Parse(to); err != nil || u.IsAbs() {
		s.wrong = append(s.wrong, fmt.Errorf("%s: the picture %s is somebody else's", p.source, to))
		return to
	}
	file := path.Join(path.Dir(p.source), to)
	if _, err := os.Stat(filepath.Join(s.root, filepath.FromSlash(file))); err != nil {
		s.wrong = append(s.wrong, fmt.Errorf("%s: there is no picture %s", p.source, to))
		return to
	}
	s.copied[file] = true
	return relative(p.url, file)
}

// relative leads from one file of the site to another.
func relative(from, to string) string {
	up := strings.Repeat("../", strings.Count(from, "/"))
	return up + to
}

// entry is a page of the list on the left.
type entry struct {
	Title, URL string
	Here       bool
}

// section is a folder of it.
type section struct {
	Title   string
	Entries []entry
}

func (s *site) sections(p *page) []section {
	order := []string{"Start", "Manual", "Library", "Decisions", "Specification"}
	byName := map[string][]entry{}
	for _, o := range s.pages {
		name := "Library"
		switch {
		case !strings.Contains(o.source, "/"):
			name = "Start"
		case strings.HasPrefix(o.source, "docs/decisions/"):
			name = "Decisions"
		case strings.HasPrefix(o.source, "docs/spec/"):
			name = "Specification"
		case strings.HasPrefix(o.source, "docs/"), strings.HasPrefix(o.source, "packaging/"), strings.HasPrefix(o.source, "examples/"):
			name = "Manual"
		}
		byName[name] = append(byName[name], entry{o.title, relative(p.url, o.url), o == p})
	}
	var out []section
	for _, name := range order {
		out = append(out, section{name, byName[name]})
	}
	return out
}

func (s *site) write() error {
	t, err := template.ParseFS(assets, "page.html")
	if err != nil {
		return err
	}
	type found struct{ T, U, W string }
	var index []found
	for _, p := range s.pages {
		var b bytes.Buffer
		data := map[string]any{"Title": p.title, "Body": p.body, "Sections": s.sections(p), "Root": relative(p.url, ""), "Source": p.source}
		if err := t.Execute(&b, data); err != nil {
			return err
		}
		if err := s.put(p.url, b.Bytes()); err != nil {
			return err
		}
		index = append(index, found{p.title, p.url, p.words})
	}
	raw, err := json.Marshal(index)
	if err != nil {
		return err
	}
	// a script and no JSON, so that it also works from a folder without a server
	if err := s.put("index.js", append(append([]byte("window.docs="), raw...), ';')); err != nil {
		return err
	}
	for _, name := range []string{"site.css", "search.js"} {
		content, err := assets.ReadFile(name)
		if err != nil {
			return err
		}
		if err := s.put(name, content); err != nil {
			return err
		}
	}
	for file := range s.copied {
		content, err := os.ReadFile(filepath.Join(s.root, filepath.FromSlash(file)))
		if err != nil {
			return err
		}
		if err := s.put(file, content); err != nil {
			return err
		}
	}
	return nil
}

func (s *site) put(name string, content []byte) error {
	file := filepath.Join(s.out, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o644)
}
