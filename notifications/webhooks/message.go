package webhooks

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
)

// Message is an event as webhooks tell it, to programs by Data and to people by
// the texts.
type Message struct {
	// ID identifies the event. Default: a new one.
	ID wispwright.ID `json:"id"`
	// Name is one of the registered ones, such as "device.registered".
	Name string `json:"name"`
	// OrganizationID is whose event it is; zero for nobody's in particular.
	OrganizationID wispwright.ID `json:"organization"`
	// Subject names the object: "config.device/9f0c…".
	Subject string `json:"subject,omitempty"`
	// Time is when it happened. Default: now.
	Time time.Time `json:"time"`
	// Level is success, info, warning or error.
	Level string `json:"level,omitempty"`
	// Title and Text are plain text, URL leads to the object's page.
	Title string `json:"title"`
	Text  string `json:"text,omitempty"`
	URL   string `json:"url,omitempty"`
	// Data is what programs read.
	Data map[string]any `json:"data,omitempty"`
}

// envelope is a CloudEvent in JSON (CloudEvents 1.0, JSON format §3).
type envelope struct {
	SpecVersion  string         `json:"specversion"`
	ID           string         `json:"id"`
	Source       string         `json:"source"`
	Type         string         `json:"type"`
	Subject      string         `json:"subject,omitempty"`
	Time         string         `json:"time"`
	ContentType  string         `json:"datacontenttype"`
	Organization string         `json:"organizationid,omitempty"`
	Data         map[string]any `json:"data"`
}

// TypePrefix begins the types of CloudEvents.
const TypePrefix = "org.wispwright."

// mostText bounds what a chat service is sent, in characters: Telegram takes
// 4,096.
const mostText = 3500

// body makes the body of a request and says what it is.
func body(f Format, room string, m *Message, source string) (text []byte, contentType string, err error) {
	contentType = "application/json"
	var v any
	switch f {
	case Slack:
		v = slackBody(m)
	case Teams:
		v = teamsBody(m)
	case Matrix:
		v = matrixBody(m)
	case Telegram:
		v = map[string]any{"chat_id": room, "text": m.plain(), "link_preview_options": map[string]any{"is_disabled": true}}
	default:
		contentType = "application/cloudevents+json"
		e := envelope{SpecVersion: "1.0", ID: m.ID.String(), Source: source, Type: TypePrefix + m.Name, Subject: m.Subject, Time: m.Time.UTC().Format(time.RFC3339Nano), ContentType: "application/json", Data: map[string]any{}}
		if !m.OrganizationID.IsZero() {
			e.Organization = m.OrganizationID.String()
		}
		for k, value := range map[string]string{"title": m.Title, "text": m.Text, "level": m.Level, "url": m.URL} {
			if value != "" {
				e.Data[k] = value
			}
		}
		for k, value := range m.Data {
			e.Data[k] = value
		}
		v = e
	}
	if text, err = json.Marshal(v); err != nil {
		return nil, "", fmt.Errorf("body of %s: %w", m.Name, err)
	}
	return text, contentType, nil
}

// cut shortens a text for people.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// plain is the message without any markup.
func (m *Message) plain() string {
	parts := []string{sign(m.Level) + m.Title}
	if m.Text != "" {
		parts = append(parts, m.Text)
	}
	text := calm(cut(strings.Join(parts, "\n"), mostText))
	if m.URL != "" {
		text += "\n" + m.URL
	}
	return text
}

// sign is a level at a glance.
func sign(level string) string {
	switch level {
	case "error":
		return "\U0001F534 "
	case "warning":
		return "\U0001F7E0 "
	case "success":
		return "\U0001F7E2 "
	}
	return ""
}

// addressed finds what chat services read as a call to people: @all, @channel, or
// somebody's name. An @ within a word, as in an e-mail address, is none.
var addressed = regexp.MustCompile(`(^|[^\pL\pN._%+-])@`)

// calm takes calls to people from names: a device called "@channel" wakes nobody.
func calm(s string) string { return addressed.ReplaceAllString(s, "${1}@\u200b") }

// slackBody words it in Slack's markup, in which three signs have a meaning
// that has to be taken from names.
func slackBody(m *Message) any {
	// links of Markdown are no links of Slack's, but Mattermost and Rocket.Chat take
	// the same bodies
	signs := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "\u2217", "_", "\uff3f", "~", "\u223c", "`", "\u02cb", "](", "]\u200b(")
	escape := func(s string) string { return signs.Replace(calm(s)) }
	text := sign(m.Level) + "*" + escape(m.Title) + "*"
	if m.Text != "" {
		text += "\n" + escape(cut(m.Text, mostText))
	}
	if m.URL != "" {
		text += "\n<" + strings.NewReplacer("|", "%7C", ">", "%3E", "<", "%3C").Replace(m.URL) + "|Open>"
	}
	return map[string]any{"text": text}
}

// teamsBody is an adaptive card. Its texts know some Markdown, which is taken
// from names.
func teamsBody(m *Message) any {
	escape := strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "`", "\\`", "#", `\#`).Replace
	color := map[string]string{"error": "Attention", "warning": "Warning", "success": "Good"}[m.Level]
	if color == "" {
		color = "Default"
	}
	blocks := []any{map[string]any{"type": "TextBlock", "text": escape(m.Title), "weight": "Bolder", "wrap": true, "color": color}}
	if m.Text != "" {
		blocks = append(blocks, map[string]any{"type": "TextBlock", "text": escape(cut(m.Text, mostText)), "wrap": true})
	}
	card := map[string]any{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": blocks}
	if m.URL != "" {
		card["actions"] = []any{map[string]any{"type": "Action.OpenUrl", "title": "Open", "url": m.URL}}
	}
	return map[string]any{"type": "message", "attachments": []any{
		map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card},
	}}
}

// matrixBody is a notice: bots send these, and bots do not answer them.
func matrixBody(m *Message) any {
	formatted := sign(m.Level) + "<strong>" + html.EscapeString(m.Title) + "</strong>"
	if m.Text != "" {
		formatted += "<br>" + strings.ReplaceAll(html.EscapeString(cut(m.Text, mostText)), "\n", "<br>")
	}
	if m.URL != "" {
		formatted += `<br><a href="` + html.EscapeString(m.URL) + `">Open</a>`
	}
	// nobody is mentioned, whatever names look like (Matrix 1.7, intentional mentions)
	return map[string]any{"msgtype": "m.notice", "body": m.plain(), "format": "org.matrix.custom.html", "formatted_body": formatted, "m.mentions": map[string]any{}}
}
