package enrol

import (
	"context"
	"embed"
	"fmt"
	"strings"
	"text/template"
)

//go:embed letters/*.txt
var letterTexts embed.FS

// Mail sends an e-mail of a text to one address.
type Mail func(ctx context.Context, to, subject, text string) error

// Site is what letters call the installation.
type Site struct {
	// Name and URL are shown to people.
	Name, URL string
}

// Letters are the e-mails that users of networks get.
type Letters struct {
	mail  Mail
	site  Site
	texts *template.Template
	// Subject and Message are those of the letter with a random password: the first
	// {} is the username, the second the password.
	subject, message string
}

// LetterOptions change what NewLetters makes; nil means the defaults.
type LetterOptions struct {
	// PasswordSubject and PasswordMessage are those of the letter with a random
	// password; in the message the first {} is the username, the second the password.
	// Default: "Credentials" and "username: {}, password: {}".
	PasswordSubject, PasswordMessage string
}

// NewLetters returns letters of a site.
func NewLetters(mail Mail, site Site, o *LetterOptions) (*Letters, error) {
	texts, err := template.ParseFS(letterTexts, "letters/*.txt")
	if err != nil {
		return nil, fmt.Errorf("enrol: texts of e-mails: %w", err)
	}
	l := &Letters{mail: mail, site: site, texts: texts, subject: "Credentials", message: "username: {}, password: {}"}
	if o != nil && o.PasswordSubject != "" {
		l.subject = o.PasswordSubject
	}
	if o != nil && o.PasswordMessage != "" {
		l.message = o.PasswordMessage
	}
	return l, nil
}

// Letter is what a letter is about.
type Letter struct {
	// To is the address, Username the account.
	To, Username string
	// Organization is whose network it is.
	Organization string
	// Link is where the letter leads.
	Link string
	// Password is a random one.
	Password string
	// Days is how long the link is good; 0: for ever.
	Days int
	// Site is the installation.
	Site Site
}

// Reset lets somebody choose a new password (spec: radius §8.7).
func (l *Letters) Reset(ctx context.Context, x Letter) error { return l.send(ctx, "reset", x) }

// Session tells somebody of a session, with a link to manage it (spec: radius §11).
func (l *Letters) Session(ctx context.Context, x Letter) error { return l.send(ctx, "session", x) }

// Credentials tells somebody of an account that was made (spec: radius §12).
func (l *Letters) Credentials(ctx context.Context, x Letter) error {
	text := strings.Replace(strings.Replace(l.message, "{}", "\x00", 1), "{}", x.Password, 1)
	return l.mail(ctx, x.To, oneLine(l.subject), strings.Replace(text, "\x00", x.Username, 1)+"\n")
}

// send renders a letter, whose first line is the subject.
func (l *Letters) send(ctx context.Context, name string, x Letter) error {
	x.Site, x.Organization = l.site, oneLine(x.Organization)
	var b strings.Builder
	if err := l.texts.ExecuteTemplate(&b, name, x); err != nil {
		return fmt.Errorf("write the letter %s: %w", name, err)
	}
	subject, text, _ := strings.Cut(b.String(), "\n")
	return l.mail(ctx, x.To, oneLine(subject), text)
}

// oneLine keeps names from looking like a part of the letter.
func oneLine(name string) string { return strings.Join(strings.Fields(name), " ") }
