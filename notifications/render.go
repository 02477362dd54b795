package notifications

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"

	"github.com/wispwright/wispwright"
)

// Site is the installation that notifications speak of.
type Site struct {
	// Name stands in subjects, such as "example.com".
	Name string
	// URL is where pages are, without a slash at the end: "https://example.com".
	URL string
}

// Rendered is a notification in words.
type Rendered struct {
	// Message is HTML of paragraphs, links and simple markup, safe to show.
	Message string
	// Description is HTML likewise, or empty.
	Description string
	// Subject is plain text of one line.
	Subject string
	// TargetURL is absolute, or "#" where there is no target.
	TargetURL string
}

// Renderer words notifications. Placeholders are {notification.actor},
// actor_link, target, target_link, action_object, action_link, verb, level,
// description, timestamp, {notification.actor.NAME} for an object's
// attributes, {site.name}, {site.domain}, and keys of the data. Values are
// names that anybody may have chosen: markup in them is shown, never obeyed
// (spec: notifications §3.1).
type Renderer struct {
	types    *Types
	site     Site
	markdown goldmark.Markdown
	policy   *bluemonday.Policy
}

// NewRenderer makes a renderer.
func NewRenderer(types *Types, site Site) *Renderer {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "strong", "em", "code", "pre", "ul", "ol", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	site.URL = strings.TrimRight(site.URL, "/")
	return &Renderer{types: types, site: site, markdown: goldmark.New(), policy: p}
}

// Render words a notification. objects are the present ones, as Objects
// describes them; those that are gone are called what they were called.
// Errors: ErrRender.
func (r *Renderer) Render(n *Notification, objects map[Ref]Object) (*Rendered, error) {
	v, err := r.values(n, objects)
	if err != nil {
		return nil, err
	}
	out := &Rendered{TargetURL: linkTarget(v.link(n.Target(), true))}
	typ := r.types.by[n.Type]
	message, subject := v.data["message"], v.data["email_subject"]
	if message == "" && typ != nil {
		message = typ.Message
	}
	if typ == nil && message == "" && n.Type != "" { // of a program that was taken away
		message = unknownMessage
	}
	if typ == nil && message == "" { // from an installation that sent without a type: text as it is
		if out.Description, err = r.html(n.Description, v); err != nil {
			return nil, err
		}
		out.Message, out.Subject = html.EscapeString(n.Description), shownName(n.Description)
		if subject != "" {
			out.Subject = shownName(subject)
		}
		return out, nil
	}
	if message == "" {
		return nil, fmt.Errorf("%w: %s has no text", ErrRender, n.Type)
	}
	if out.Message, err = r.html(message, v); err != nil {
		return nil, err
	}
	if out.Description, err = r.html(n.Description, v); err != nil {
		return nil, err
	}
	if subject == "" && typ != nil {
		subject = typ.Subject
	}
	if subject == "" {
		subject = message
	}
	t, err := parseTemplate(subject)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRender, err)
	}
	subject, err = t.expand(func(name string) (string, bool) { return v.plain(name) })
	out.Subject = shownName(subject)
	return out, err
}

// unknownMessage words notifications of types that are not registered any more.
const unknownMessage = "{notification.level}: [{notification.target}]({notification.target_link}) {notification.verb}"

// html expands a template of Markdown and makes safe HTML of it.
func (r *Renderer) html(text string, v *values) (string, error) {
	if text == "" {
		return "", nil
	}
	t, err := parseTemplate(text)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrRender, err)
	}
	source, err := t.expand(func(name string) (string, bool) {
		value, ok := v.plain(name)
		if strings.HasSuffix(name, "_link") {
			return linkTarget(value), ok
		}
		return escapeMarkdown(value), ok
	})
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := r.markdown.Convert([]byte(source), &b); err != nil {
		return "", fmt.Errorf("%w: %w", ErrRender, err)
	}
	return strings.TrimSpace(r.policy.Sanitize(b.String())), nil
}

// values are what the placeholders of one notification stand for.
type values struct {
	n       *Notification
	site    Site
	objects map[Ref]Object
	suffix  string
	data    map[string]string
}

func (r *Renderer) values(n *Notification, present map[Ref]Object) (*values, error) {
	v := &values{n: n, site: r.site, objects: map[Ref]Object{}, data: map[string]string{}}
	past := map[string]pastObject{}
	if err := n.Names.Decode(&past); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRender, err)
	}
	for _, ref := range n.refs() {
		was := past[ref.Kind+"/"+ref.ID]
		o, there := present[ref]
		if !there {
			o = Object{Label: was.Label}
		}
		if was.Attributes != nil { // what was true when it happened
			o.Attributes = was.Attributes
		}
		v.objects[ref] = o
	}
	raw := map[string]any{}
	if err := n.Data.Decode(&raw); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRender, err)
	}
	for key, value := range raw {
		if text, ok := value.(string); ok {
			v.data[key] = text
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRender, err)
		}
		v.data[key] = string(text)
	}
	if t := r.types.by[n.Type]; t != nil {
		v.suffix = t.TargetSuffix
	}
	if s := v.data["target_url_suffix"]; s != "" && strings.Contains("?&#", s[:1]) {
		v.suffix = s
	}
	return v, nil
}

// pastObject is an object in Notification.Names.
type pastObject struct {
	Label      string            `json:"label"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// names makes Notification.Names of the objects of an event.
func names(objects map[Ref]Object) (wispwright.JSON, error) {
	past := map[string]pastObject{}
	for ref, o := range objects {
		past[ref.Kind+"/"+ref.ID] = pastObject{o.Label, o.Attributes}
	}
	text, err := json.Marshal(past)
	if err != nil {
		return "", fmt.Errorf("names of objects: %w", err)
	}
	return wispwright.JSON(text), nil
}

// plain is a placeholder's value as plain text.
func (v *values) plain(name string) (string, bool) {
	switch name {
	case "site.name", "site.domain":
		return v.site.Name, true
	}
	attribute, ok := strings.CutPrefix(name, "notification.")
	if !ok {
		text, ok := v.data[name]
		return text, ok
	}
	switch attribute {
	case "verb":
		return v.n.Verb, true
	case "level":
		return string(v.n.Level), true
	case "description":
		return v.n.Description, true
	case "timestamp":
		return v.n.Timestamp.Format("2006-01-02 15:04:05 MST"), true
	case "actor_link":
		return v.link(v.n.Actor(), false), true
	case "target_link":
		return v.link(v.n.Target(), true), true
	case "action_link":
		return v.link(v.n.Action(), false), true
	}
	role, key, deeper := strings.Cut(attribute, ".")
	ref, ok := map[string]Ref{"actor": v.n.Actor(), "target": v.n.Target(), "action_object": v.n.Action()}[role]
	switch {
	case !ok || ref.IsZero() && deeper:
		return "", false
	case !deeper:
		return shownName(v.objects[ref].Label), true
	}
	text, ok := v.objects[ref].Attributes[key]
	return text, ok
}

// link is the absolute address of an object's page, "#" where there is none.
func (v *values) link(ref Ref, target bool) string {
	path := v.objects[ref].Path
	if target && v.data["url"] != "" && path == "" {
		return v.data["url"]
	}
	if path == "" {
		return "#"
	}
	if target {
		path += v.suffix
	}
	return v.site.URL + path
}

// escapeMarkdown takes the meaning from every sign that has one.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, c := range shownName(s) { // blanks at the beginning of a line would make code of it
		if c < 0x80 && strings.ContainsRune("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// linkTarget makes an address safe between the brackets of a Markdown link.
func linkTarget(s string) string {
	if s == "#" {
		return s
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return "#"
	}
	return strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E", " ", "%20", "\\", "%5C").Replace(u.String())
}
