package mail

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// sender is the address the e-mails come from.
type sender struct {
	address *netmail.Address
	domain  string
}

// newSender reads "Name <address>" or an address alone.
func newSender(from string) (sender, error) {
	a, err := netmail.ParseAddress(from)
	if err != nil || strings.ContainsAny(from, "\r\n") {
		return sender{}, errors.New("mail: the sender must be an address or a name with an address in angle brackets")
	}
	_, domain, _ := strings.Cut(a.Address, "@")
	return sender{a, domain}, nil
}

// compose makes the message of the wire. A message whose header could be made
// to say something else is refused.
func (s sender) compose(m tenancy.Message) (*mail.Msg, error) {
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("compose an e-mail: %w", err)
	}
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.address)
	if err := msg.To(m.To); err != nil {
		return nil, fmt.Errorf("compose an e-mail: %w", err)
	}
	msg.Subject(m.Subject)
	msg.SetDate()
	// the sender's domain, not the name of this machine
	msg.SetMessageIDWithValue(wispwright.NewID().String() + "@" + s.domain)
	// so that nobody's absence answers
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	for name, value := range m.Headers {
		msg.SetGenHeader(mail.Header(name), value)
	}
	msg.SetBodyString(mail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}
