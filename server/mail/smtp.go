package mail

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
)

// SMTPOptions change what NewSMTP makes; nil means the defaults.
type SMTPOptions struct {
	// Port of the mail server. Default: 587, with TLS "always" 465.
	Port int
	// User logs in there. Default: nobody does.
	User string
	// Password of the user.
	Password wispwright.Secret
	// TLS is "starttls" (required), "always" (from the first byte) or "none",
	// which sends passwords and links in clear. Default: "starttls".
	TLS string
	// TLSConfig is for mail servers with a certificate of their own. Default:
	// the system's authorities.
	TLSConfig *tls.Config
	// Timeout bounds the whole delivery. Default: 30 s.
	Timeout time.Duration
}

// SMTP hands e-mails to a mail server.
type SMTP struct {
	from    sender
	host    string
	options []mail.Option
	timeout time.Duration
}

var _ tenancy.Mailer = (*SMTP)(nil)

// NewSMTP returns a mailer that hands e-mails to a host. It does not connect
// before the first e-mail.
func NewSMTP(host, from string, o *SMTPOptions) (*SMTP, error) {
	if o == nil {
		o = &SMTPOptions{}
	}
	sender, err := newSender(from)
	if err != nil {
		return nil, err
	}
	s := &SMTP{from: sender, host: host, timeout: o.Timeout}
	if s.timeout == 0 {
		s.timeout = 30 * time.Second
	}
	port := o.Port
	s.options = append(s.options, mail.WithTimeout(s.timeout))
	switch o.TLS {
	case "", "starttls":
		s.options = append(s.options, mail.WithTLSPolicy(mail.TLSMandatory))
	case "always":
		s.options = append(s.options, mail.WithSSL())
		if port == 0 {
			port = 465
		}
	case "none":
		s.options = append(s.options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, fmt.Errorf("mail: TLS is starttls, always or none, not %q", o.TLS)
	}
	if port == 0 {
		port = 587
	}
	s.options = append(s.options, mail.WithPort(port))
	if o.TLSConfig != nil {
		s.options = append(s.options, mail.WithTLSConfig(o.TLSConfig))
	}
	if o.User != "" {
		auth := mail.SMTPAuthAutoDiscover
		if o.TLS == "none" {
			auth = mail.SMTPAuthPlainNoEnc
		}
		s.options = append(s.options, mail.WithSMTPAuth(auth), mail.WithUsername(o.User), mail.WithPassword(o.Password.Reveal()))
	}
	if _, err := mail.NewClient(host, s.options...); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return s, nil
}

// Send delivers an e-mail to the mail server and returns when it has taken it
// over.
func (s *SMTP) Send(ctx context.Context, m tenancy.Message) error {
	msg, err := s.from.compose(m)
	if err != nil {
		return err
	}
	// a client is one connection: made anew, so that any number may send at once
	c, err := mail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("send an e-mail: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := c.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("send an e-mail: %w", err)
	}
	return nil
}
