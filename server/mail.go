package server

import (
	"context"
	"errors"
	netmail "net/mail"
	"path/filepath"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/server/mail"
	"github.com/wispwright/wispwright/tenancy"
)

// MailConfig is how e-mails are sent.
type MailConfig struct {
	// From is the sender.
	From string `koanf:"from" doc:"Sender of e-mails: an address, or NAME <ADDRESS> (DEFAULT_FROM_EMAIL)."`
	// Host is the mail server.
	Host string `koanf:"host" doc:"Mail server. Empty: e-mails are written into files in the folder outbox (EMAIL_HOST)."`
	// Port is the mail server's.
	Port int `koanf:"port" doc:"Port of the mail server; 0: 587, or 465 with tls always (EMAIL_PORT)."`
	// User logs in to the mail server.
	User string `koanf:"user" doc:"User name at the mail server (EMAIL_HOST_USER)."`
	// Password is the user's.
	Password wispwright.Secret `koanf:"password" doc:"Password at the mail server (EMAIL_HOST_PASSWORD)."`
	// TLS is starttls, always or none.
	TLS string `koanf:"tls" doc:"starttls, always, or none, which sends everything in clear (EMAIL_USE_TLS, EMAIL_USE_SSL)."`
	// Outbox is a folder.
	Outbox string `koanf:"outbox" doc:"Folder for e-mails while there is no mail server. Empty: outbox in the data folder."`
}

func (c *MailConfig) check(e *wispwright.ValidationError) {
	if _, err := netmail.ParseAddress(c.From); err != nil {
		e.Add("mail.from", "must be an address, or NAME <ADDRESS>.")
	}
	if !slices.Contains([]string{"starttls", "always", "none"}, c.TLS) {
		e.Add("mail.tls", "must be starttls, always or none.")
	}
	if c.Port < 0 || c.Port > 65535 {
		e.Add("mail.port", "must be a port.")
	}
	if c.User != "" && c.Host == "" {
		e.Add("mail.host", "is needed with a user.")
	}
}

// newMailer returns what sends the e-mails: in the background, from Start on.
func (s *Server) newMailer() (tenancy.Mailer, error) {
	c := s.config.Mail
	var through tenancy.Mailer
	var err error
	if c.Host != "" {
		through, err = mail.NewSMTP(c.Host, c.From, &mail.SMTPOptions{Port: c.Port, User: c.User, Password: c.Password, TLS: c.TLS})
	} else {
		dir := c.Outbox
		if dir == "" {
			dir = filepath.Join(s.config.Data, "outbox")
		}
		through, err = mail.NewOutbox(dir, c.From)
	}
	if err != nil {
		return nil, err
	}
	queue := mail.NewQueue(through, &mail.QueueOptions{Log: s.log})
	s.atStart = append(s.atStart, func(context.Context) error {
		sent := make(chan struct{})
		s.mailsSent = sent
		go func() {
			defer close(sent)
			queue.Run(s.lifetime)
		}()
		return nil
	})
	return queue, nil
}

// waitForMails returns when what was waiting has been sent.
func (s *Server) waitForMails(ctx context.Context) error {
	if s.mailsSent == nil {
		return nil
	}
	select {
	case <-s.mailsSent:
		return nil
	case <-ctx.Done():
		return errors.New("e-mails were left behind at the end")
	}
}
