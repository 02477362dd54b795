package server

import (
	"context"
	"errors"
	netmail "net/mail"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/server/jobs"
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

// letters are jobs, so that none is lost with the process; those to many have
// workers of their own and go slowly. Twelve attempts take fourteen hours.
type letters struct {
	one, many jobs.Kind[wispwright.JSON]
	pace      *mail.Pace
	jobs      *jobs.Queue
}

func newLetters(queue *jobs.Queue) *letters {
	return &letters{
		one:  jobs.Kind[wispwright.JSON]{Name: "tenancy.letter", Queue: "mail", Attempts: 12},
		many: jobs.Kind[wispwright.JSON]{Name: "tenancy.reminder", Queue: "reminders", Attempts: 12, Timeout: 5 * time.Minute},
		pace: mail.NewPace(10, time.Second),
		jobs: queue,
	}
}

// queue is tenancy.Options.LetterQueue.
func (l *letters) queue(ctx context.Context, bulk bool, list ...wispwright.JSON) error {
	kind := l.one
	if bulk {
		kind = l.many
	}
	return kind.Insert(ctx, l.jobs, list...)
}

// send makes the queue send what it was given.
func (l *letters) send(from *tenancy.Letters) {
	deliver := func(ctx context.Context, letter wispwright.JSON) error {
		err := from.Deliver(ctx, letter)
		// a malformed one stays so
		if invalid := (*wispwright.ValidationError)(nil); errors.As(err, &invalid) {
			return jobs.Permanent(err)
		}
		return err
	}
	l.jobs.Add(l.one.Handle(deliver), l.many.Handle(func(ctx context.Context, letter wispwright.JSON) error {
		if err := l.pace.Next(ctx); err != nil {
			return err
		}
		return deliver(ctx, letter)
	}))
}

// remind writes, once a day however often the server starts, to users whose
// password expires soon.
func remind(ctx context.Context, h *Host, letters *tenancy.Letters) error {
	return h.WhenChanged(ctx, "tenancy.reminded", time.Now().UTC().Format(time.DateOnly), func(ctx context.Context) error {
		_, err := letters.RemindOfExpiry(ctx)
		return err
	})
}
