package loginpages

import (
	"bytes"
	"fmt"
	"regexp"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// cleaner makes texts of organizations harmless: they stand on the host of the web
// admin.
type cleaner struct {
	policy   *bluemonday.Policy
	markdown goldmark.Markdown
}

func newCleaner() *cleaner {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "strong", "b", "em", "i", "u", "small", "code", "pre", "ul", "ol", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "div", "span",
		"table", "thead", "tbody", "tr", "th", "td", "section")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^[A-Za-z0-9 _-]{1,100}$`)).Globally()
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src", "alt").OnElements("img")
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.AllowRelativeURLs(true)
	p.RequireNoReferrerOnLinks(true)
	return &cleaner{p, goldmark.New(goldmark.WithExtensions(extension.Table))}
}

// html is the harmless part of HTML.
func (c *cleaner) html(text string) html { return html(c.policy.Sanitize(text)) } //nolint:gosec // sanitised

// render is the harmless HTML of Markdown.
func (c *cleaner) render(markdown string) (html, error) {
	var b bytes.Buffer
	if err := c.markdown.Convert([]byte(markdown), &b); err != nil {
		return "", fmt.Errorf("markdown: %w", err)
	}
	return html(c.policy.SanitizeBytes(b.Bytes())), nil //nolint:gosec // sanitised
}
