package notifications

import (
	"bytes"
	"context"
	"fmt"
	"html"
	htmltemplate "html/template"
	"regexp"
	"strings"
)

// Mail is an e-mail to one recipient.
type Mail struct {
	To, Subject string
	// Text is the plain part, HTML the other one; empty for none.
	Text, HTML string
	// Headers are further ones, such as List-Unsubscribe (RFC 8058).
	Headers map[string]string
}

// redirectPath leads to a notification's target and marks it as read.
const redirectPath = "/api/v1/notifications/notification/%s/redirect/"

// preferencesPath is the page of a user's preferences.
const preferencesPath = "/notifications/preferences/"

// address is what an e-mail's button leads to: the notification's own address,
// else the page that leads to the target; empty when there is neither.
func (s *Service) address(n *Shown) string {
	data := map[string]any{}
	if n.Data.Decode(&data) == nil {
		if u, ok := data["url"].(string); ok && u != "" {
			return u
		}
	}
	if n.Target().IsZero() {
		return ""
	}
	return s.renderer.site.URL + fmt.Sprintf(redirectPath, n.ID)
}

// composeOne makes the e-mail of one notification (spec: notifications §6).
func (s *Service) composeOne(ctx context.Context, to Person, n *Shown) (Mail, error) {
	m := Mail{To: to.Email, Subject: n.Subject, Text: plainText(n.Message)}
	address := s.address(n)
	if address != "" {
		m.Text += "\n\nFor more information see " + address + "."
	}
	part := mailPart{Subject: n.Subject, Items: []mailItem{{Message: htmltemplate.HTML(n.Message), Level: string(n.Level), URL: address}}} //nolint:gosec // sanitized by the renderer
	return s.finish(ctx, to, m, part)
}

// composeMany makes the e-mail that collects several: list are those of the
// collection that can be worded.
func (s *Service) composeMany(ctx context.Context, c *collection, list []*Shown) (Mail, error) {
	total := len(list) + len(c.further)
	m := Mail{To: c.to.Email, Subject: fmt.Sprintf("[%s] %d unread notifications since %s", s.renderer.site.Name, total, c.since.Format("2006-01-02 15:04 MST"))}
	part := mailPart{Subject: m.Subject}
	var text strings.Builder
	for i, n := range list {
		if i == s.options.BatchDisplay {
			part.More = total - i
			fmt.Fprintf(&text, "and %d more.\n\n", part.More)
			break
		}
		address := s.address(n)
		fmt.Fprintf(&text, "%s  %s\n", n.Timestamp.Format("2006-01-02 15:04 MST"), plainText(n.Message))
		if address != "" {
			fmt.Fprintf(&text, "For more information see %s.\n", address)
		}
		text.WriteString("\n")
		part.Items = append(part.Items, mailItem{Message: htmltemplate.HTML(n.Message), Level: string(n.Level), URL: address, Time: n.Timestamp.Format("2006-01-02 15:04 MST")}) //nolint:gosec // sanitized by the renderer
	}
	m.Text = strings.TrimSpace(text.String())
	return s.finish(ctx, c.to, m, part)
}

// finish adds the HTML part, the way to stop, and its headers.
func (s *Service) finish(ctx context.Context, to Person, m Mail, part mailPart) (Mail, error) {
	part.Site, part.Preferences = s.renderer.site, s.renderer.site.URL+preferencesPath
	link, err := s.unsubscribeLink(ctx, to.ID)
	if err != nil {
		return Mail{}, err
	}
	if link != "" {
		part.Unsubscribe = link
		m.Text += "\n\nTo stop receiving these e-mails, open " + link
		m.Headers = map[string]string{"List-Unsubscribe": "<" + link + ">", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
	}
	if s.options.PlainMail {
		return m, nil
	}
	var b bytes.Buffer
	if err := mailPage.Execute(&b, part); err != nil {
		return Mail{}, fmt.Errorf("compose an e-mail: %w", err)
	}
	m.HTML = b.String()
	return m, nil
}

var (
	tags       = regexp.MustCompile(`<[^>]*>`)
	paragraphs = regexp.MustCompile(`</p>\s*<p>`)
)

// plainText is what remains of the renderer's HTML without markup.
func plainText(s string) string {
	return strings.TrimSpace(html.UnescapeString(tags.ReplaceAllString(paragraphs.ReplaceAllString(s, "\n\n"), "")))
}

type mailPart struct {
	Site                     Site
	Subject                  string
	Items                    []mailItem
	More                     int
	Preferences, Unsubscribe string
}

type mailItem struct {
	Message          htmltemplate.HTML
	Level, URL, Time string
}

// mailPage is the HTML part. Programs for e-mail know tables and inline
// styles, and little else.
var mailPage = htmltemplate.Must(htmltemplate.New("mail").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="margin:0;background:#F4F7F7;font:14px/20px Inter,Helvetica,Arial,sans-serif;color:#0E252D">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:24px 16px">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" style="max-width:600px;width:100%">
<tr><td style="background:#0A3643;color:#fff;padding:12px 24px;border-radius:10px 10px 0 0"><strong>{{.Site.Name}}</strong></td></tr>
<tr><td style="background:#fff;border:1px solid #DDE5E7;border-top:0;border-radius:0 0 10px 10px;padding:24px">
<p style="margin:0 0 16px"><strong>{{.Subject}}</strong></p>
{{range .Items}}<div style="border-top:1px solid #DDE5E7;padding:12px 0">{{if .Time}}<p style="margin:0;color:#5B6E76;font-size:12px">{{.Time}} · {{.Level}}</p>{{end}}
{{.Message}}
{{if .URL}}<p style="margin:12px 0 0"><a href="{{.URL}}" style="display:inline-block;background:#0B6E78;color:#fff;text-decoration:none;padding:8px 16px;border-radius:6px">Find out more</a></p>{{end}}</div>
{{end}}{{if .More}}<p>and {{.More}} more.</p>{{end}}
</td></tr>
<tr><td style="padding:16px 24px;color:#5B6E76;font-size:12px"><a href="{{.Preferences}}" style="color:#0B6E78">Preferences</a>{{if .Unsubscribe}} · <a href="{{.Unsubscribe}}" style="color:#0B6E78">Unsubscribe</a>{{end}}</td></tr>
</table></td></tr></table></body></html>
`))
