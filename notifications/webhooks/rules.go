package webhooks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// validate checks a webhook and completes what nobody has to say.
func (s *Service) validate(_ context.Context, c entity.Change[Webhook]) error {
	w := c.After
	if w.Format == "" {
		w.Format = CloudEvents
	}
	if w.Secret == "" {
		w.Secret = NewSecret()
	}
	if c.Before != nil && (!c.Before.Enabled && w.Enabled || c.Before.URL != w.URL || c.Before.Token != w.Token) { // somebody has looked after it
		w.resume()
	}
	var v wispwright.ValidationError
	valid.Text(&v, "name", w.Name, valid.Required, valid.Max(64))
	valid.Text(&v, "format", string(w.Format), valid.OneOf(Formats()...))
	if c.Before != nil && w.OrganizationID != c.Before.OrganizationID {
		v.Add("organization", "A webhook stays with its organization.")
	}
	s.validURL(&v, w)
	s.validService(&v, w)
	if c.Before != nil && w.Token != "" && w.Token == c.Before.Token && host(w.URL) != host(c.Before.URL) {
		// anybody who may change the address would be sent what nobody is shown
		v.Add("token", "The address is another host's: enter the token again, or remove it.")
	}
	if len(w.Events) == 0 {
		v.Add("events", valid.Blank)
	}
	for _, name := range w.Events {
		if name != Everything && !slices.ContainsFunc(s.events, func(e Event) bool { return e.Name == name }) {
			v.Add("events", valid.NoChoice(name))
		}
	}
	slices.Sort(w.Events)
	w.Events = slices.Compact(w.Events)
	return v.Err()
}

func (s *Service) validURL(v *wispwright.ValidationError, w *Webhook) {
	text := w.URL.Reveal()
	valid.Text(v, "url", text, valid.Required, valid.Max(2000))
	u, err := url.Parse(text)
	switch {
	case text == "":
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		v.Add("url", valid.NoURL)
	case u.User != nil:
		v.Add("url", "A user name or password cannot be part of the address; use the token.")
	case u.Fragment != "":
		v.Add("url", "An address for requests has no part after #.")
	case s.sender.refuses(u.Hostname()):
		v.Add("url", refusedAddress)
	}
}

var (
	telegramToken = regexp.MustCompile(`^[0-9]{1,20}:[A-Za-z0-9_-]{10,100}$`)
	telegramChat  = regexp.MustCompile(`^(-?[0-9]{1,20}|@[A-Za-z0-9_]{1,64})$`)
	matrixRoom    = regexp.MustCompile(`^[!#][^\s/?]{1,250}$`)
	headerValue   = regexp.MustCompile(`^[!-~]*$`)
)

// validService checks what the chat services want.
func (s *Service) validService(v *wispwright.ValidationError, w *Webhook) {
	valid.Text(v, "room", w.Room, valid.Max(255))
	valid.Text(v, "token", w.Token.Reveal(), valid.Max(500), valid.Matching(headerValue, "A token consists of letters, digits and signs of ASCII."))
	switch w.Format {
	case Matrix:
		valid.Text(v, "room", w.Room, valid.Required, valid.Matching(matrixRoom, "Enter the id of a room, such as !abc:example.org."))
		valid.Text(v, "token", w.Token.Reveal(), valid.Required)
	case Telegram:
		valid.Text(v, "room", w.Room, valid.Required, valid.Matching(telegramChat, "Enter the id of a chat, such as -1001234567890 or @channel."))
		valid.Text(v, "token", w.Token.Reveal(), valid.Required, valid.Matching(telegramToken, "Enter the token of a bot, such as 123456:ABC-DEF…"))
	}
}

// host is where a token goes.
func host(secret wispwright.Secret) string {
	u, err := url.Parse(secret.Reveal())
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// ShownURL is the address as people may see it: where requests go, without what
// is as good as a password.
func ShownURL(secret wispwright.Secret) string {
	u, err := url.Parse(secret.Reveal())
	if err != nil || u.Host == "" {
		return ""
	}
	shown := u.Scheme + "://" + u.Host
	if strings.Trim(u.Path, "/") == "" && u.RawQuery == "" {
		return shown + u.Path
	}
	return shown + "/…"
}

// encode stores a message.
func encode(m *Message) (wispwright.JSON, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("event %s: %w", m.Name, err)
	}
	return wispwright.JSON(text), nil
}
