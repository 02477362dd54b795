package tenancy

import (
	"context"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
)

// Message is an e-mail to one person.
type Message struct {
	// To is a bare address.
	To string
	// Subject is one line.
	Subject string
	// Text is the body.
	Text string
	// HTML is the same for programs that show it; empty for none.
	HTML string
	// Headers are further ones of the header, such as List-Unsubscribe.
	Headers map[string]string
}

// Mailer sends e-mails. Send may return before the message is delivered; it
// must not hold a request up for long.
type Mailer interface {
	Send(ctx context.Context, m Message) error
}

// NoMail is the Mailer of programs that send no e-mails.
type NoMail struct{}

// Send does nothing.
func (NoMail) Send(context.Context, Message) error { return nil }

// Validate refuses a message whose header could be made to say something else:
// an address that is not exactly one, a line break in the subject.
func (m *Message) Validate() error {
	var v wispwright.ValidationError
	if m.To == "" || valid.Email(m.To) != "" {
		v.Add("to", valid.NoEmail)
	}
	if strings.ContainsAny(m.Subject, "\r\n\x00") {
		v.Add("subject", "Line breaks are not allowed.")
	}
	for name, value := range m.Headers {
		if name == "" || strings.ContainsAny(name, "\r\n\x00: ") || strings.ContainsAny(value, "\r\n\x00") {
			v.Add("headers", "Line breaks are not allowed.")
		}
	}
	return v.Err()
}

// Site is what e-mails call the installation.
type Site struct {
	// Name is its name. Default: "Wispwright".
	Name string
	// URL is where people reach it, without final slash. Default:
	// "http://localhost:8080".
	URL string
}

func (s Site) complete() Site {
	if s.Name == "" {
		s.Name = "Wispwright"
	}
	// a name is part of subjects
	s.Name = strings.Join(strings.Fields(s.Name), " ")
	if s.URL = strings.TrimRight(s.URL, "/"); s.URL == "" {
		s.URL = "http://localhost:8080"
	}
	return s
}
