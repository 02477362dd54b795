package tenancy

import (
	"context"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"text/template"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/kit/window"
	"github.com/wispwright/wispwright/tenancy/password"
)

//go:embed letters/*.txt
var letterTexts embed.FS

const (
	// LetterPause is how long an address is not written to again to be
	// confirmed (spec: tenancy §9).
	LetterPause = 3 * time.Minute
	// linkAge is how long the links of e-mails work (spec: tenancy §9).
	linkAge = 72 * time.Hour
	// invitationAge is how long the link of an invitation works: people are away
	invitationAge = 7 * 24 * time.Hour
	// maxResets bounds how many accounts one request writes to.
	maxResets = 5
)

// Letters sends the e-mails an account needs, and honours their links.
type Letters struct {
	mailer        Mailer
	queue         func(ctx context.Context, bulk bool, letters ...wispwright.JSON) error
	site          Site
	links         links
	texts         *template.Template
	users         *Users
	emails        *Emails
	organizations OrganizationStore
	recent        *window.Window
	unlock        func(user wispwright.ID)
	// candidates are the users one logs in to with an identifier
	candidates func(ctx context.Context, identifier string) ([]*User, error)
	log        *slog.Logger
	base
}

func newLetters(o *Options) (*Letters, error) {
	texts, err := template.ParseFS(letterTexts, "letters/*.txt")
	if err != nil {
		return nil, fmt.Errorf("tenancy: texts of e-mails: %w", err)
	}
	return &Letters{mailer: o.Mailer, queue: o.LetterQueue, site: o.Site.complete(), links: newLinks(o.SecretKey), texts: texts, log: o.Log,
		recent: window.New(1, LetterPause, o.Clock)}, nil
}

// letter is what the texts may speak of.
type letter struct {
	User *User
	// Name is the user's, in one line.
	Name    string
	Address string
	Link    string
	// Sender is the user's organization when there is one, and the site.
	Sender string
	Site   Site
	Days   int
	// Date is a day such as 2026-01-31.
	Date string
}

// SendVerification writes to an address to have it confirmed. An address that
// is verified already gets nothing; one that was written to in the last three
// minutes is ErrLimit.
func (s *Letters) SendVerification(ctx context.Context, id int64) error {
	e, err := s.emails.store.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return fmt.Errorf("tenancy.Letters.SendVerification: %w", err)
	}
	if e.IsVerified {
		return nil
	}
	if s.recent.Allow(e.Address) > 0 {
		return fmt.Errorf("tenancy.Letters.SendVerification: %w", wispwright.ErrLimit)
	}
	return s.post(ctx, false, order{Kind: orderVerify, Email: id})
}

// verifyState ties a link to the address it was sent to.
func verifyState(e *Email) string { return e.UserID.String() + " " + e.Address }

// Verify confirms the address that a link was sent to. It becomes the primary
// one when the user has none. A bad link is a fault of the field "key".
func (s *Letters) Verify(ctx context.Context, key string) (*Email, error) {
	l, err := s.links.read("verify", key, linkAge, s.now())
	if err != nil || len(l.id) != 8 {
		return nil, badLink()
	}
	id := int64(binary.BigEndian.Uint64(l.id))
	var after *Email
	err = s.do(ctx, "tenancy.Letters.Verify", func(ctx context.Context) error {
		e, err := s.emails.store.Get(ctx, wispwright.ScopeAll(), id)
		if isNotFound(err) || err == nil && !l.valid(verifyState(e)) {
			return badLink()
		}
		if err != nil {
			return err
		}
		yes := true
		primary, err := s.emails.store.List(ctx, wispwright.ScopeAll(), EmailFilter{UserID: e.UserID, IsPrimary: &yes}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return err
		}
		after, err = s.emails.Update(ctx, wispwright.ScopeAll(), id, func(e *Email) error {
			e.IsVerified = true
			e.IsPrimary = e.IsPrimary || len(primary.Rows) == 0
			return nil
		})
		return err
	})
	return after, err
}

func badLink() error {
	return wispwright.Invalid("key", "The link is invalid or has expired.")
}

// RequestReset writes to the accounts that have an address. It says nothing
// about whether there are any, neither by its answer nor, with a queue, by the
// time it takes.
func (s *Letters) RequestReset(ctx context.Context, address string) error {
	if address == "" || valid.Email(address) != "" {
		return nil
	}
	return s.post(ctx, false, order{Kind: orderReset, Address: address})
}

// RequestResetOf is RequestReset for whatever people log in with: a user name, an
// address or a phone number (additions: U-3).
func (s *Letters) RequestResetOf(ctx context.Context, identifier string) error {
	if identifier == "" || len(identifier) > 254 {
		return nil
	}
	return s.post(ctx, false, order{Kind: orderReset, Address: identifier})
}

// byIdentifier finds the accounts of byAddress and, for other texts, those one
// logs in to with it. The latter are written to at the address they are known to
// read, or else at the one they have.
func (s *Letters) byIdentifier(ctx context.Context, identifier string) (map[string]*User, error) {
	out, err := s.byAddress(ctx, identifier)
	if err != nil || len(out) > 0 {
		return out, err
	}
	users, err := s.candidates(ctx, identifier)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		if !u.IsActive || len(out) == maxResets {
			continue
		}
		to, err := s.verifiedAddress(ctx, u)
		if err != nil {
			return nil, err
		}
		if to == "" {
			to = u.Email
		}
		if to != "" {
			out[to] = u
		}
	}
	return out, nil
}

// SendInvitation writes to a user who never logged in and has no password, with a
// link to choose one. Anybody else is ErrConflict's: they have a way in.
func (s *Letters) SendInvitation(ctx context.Context, user wispwright.ID) error {
	u, err := s.users.store.Get(ctx, wispwright.ScopeAll(), user)
	if err != nil {
		return fmt.Errorf("tenancy.Letters.SendInvitation: %w", err)
	}
	if !u.Invitable() {
		return wispwright.Invalid("non_field_errors", "Only people who have an address and never had a password can be invited.")
	}
	return s.post(ctx, false, order{Kind: orderInvite, User: user})
}

// Invitable reports whether somebody waits for an invitation: an active account
// with an address and without a password that never logged in.
func (u *User) Invitable() bool {
	return u.IsActive && u.Email != "" && u.LastLogin.IsZero() && !password.Usable(u.Password.Reveal())
}

// byAddress finds active accounts by their own and their verified addresses.
// The result's keys are the addresses as they are stored, which is where the
// letters go: never where somebody who spells alike would read them.
func (s *Letters) byAddress(ctx context.Context, address string) (map[string]*User, error) {
	out := map[string]*User{}
	if address == "" || valid.Email(address) != "" {
		return out, nil
	}
	all, few := wispwright.ScopeAll(), wispwright.Page{Limit: maxResets, NoTotal: true}
	users, err := s.users.store.List(ctx, all, UserFilter{Email: address}, few)
	if err != nil {
		return nil, err
	}
	for _, u := range users.Rows {
		if u.IsActive {
			out[u.Email] = u
		}
	}
	yes := true
	emails, err := s.emails.store.List(ctx, all, EmailFilter{Address: strings.ToLower(address), IsVerified: &yes}, few)
	if err != nil {
		return nil, err
	}
	for _, e := range emails.Rows {
		u, err := s.users.store.Get(ctx, all, e.UserID)
		if err != nil {
			return nil, err
		}
		if u.IsActive && !strings.EqualFold(u.Email, e.Address) {
			out[e.Address] = u
		}
	}
	return out, nil
}

// resetState changes with the password and at every log-in, so that a link
// works once.
func resetState(u *User) string {
	return fmt.Sprint(u.Password.Reveal(), " ", u.LastLogin.UnixMicro(), " ", u.Email)
}

// ResetUser returns the account a reset link was sent for while the link
// works; otherwise the fault of the field "key".
func (s *Letters) ResetUser(ctx context.Context, key string) (*User, error) {
	u, _, err := s.resetLink(ctx, key)
	return u, err
}

// ResetKey is what a letter of somebody else needs to let a user choose a new
// password: whose it is, and what proves it, which ResetPassword takes with a dash
// between them. A person with both has the account.
func (s *Letters) ResetKey(ctx context.Context, user wispwright.ID) (uid, token string, err error) {
	u, err := s.users.store.Get(ctx, wispwright.ScopeAll(), user)
	if err != nil {
		return "", "", fmt.Errorf("tenancy.Letters.ResetKey: %w", err)
	}
	return u.ID.Hex(), s.links.sign(purposeReset, u.ID[:], resetState(u), s.now()), nil
}

// resetLink reads the link of a reset or of an invitation.
func (s *Letters) resetLink(ctx context.Context, key string) (*User, *link, error) {
	uid, key, _ := strings.Cut(key, "-")
	for _, kind := range []struct {
		purpose string
		age     time.Duration
	}{{purposeReset, linkAge}, {purposeInvite, invitationAge}} {
		l, err := s.links.read(kind.purpose, key, kind.age, s.now())
		if err != nil || len(l.id) != len(wispwright.ID{}) || hex.EncodeToString(l.id) != strings.ToLower(uid) {
			continue
		}
		u, err := s.users.store.Get(ctx, wispwright.ScopeAll(), wispwright.ID(l.id))
		switch {
		case isNotFound(err), err == nil && (!u.IsActive || !l.valid(resetState(u))):
			continue
		case err != nil:
			return nil, nil, fmt.Errorf("tenancy.Letters.Reset: %w", err)
		}
		return u, l, nil
	}
	return nil, nil, badLink()
}

// proven notes that the person that opened the link of an invitation reads the address it
// was sent to.
func (s *Letters) proven(ctx context.Context, u *User) error {
	no := false
	items, err := s.emails.store.List(ctx, wispwright.ScopeAll(), EmailFilter{UserID: u.ID, IsVerified: &no}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, e := range items.Rows {
		if !strings.EqualFold(e.Address, u.Email) {
			continue
		}
		if _, err := s.emails.Update(ctx, wispwright.ScopeAll(), e.ID, func(e *Email) error {
			e.IsVerified, e.IsPrimary = true, true
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// ResetPassword sets a new password with the link of an e-mail, which is worth
// nothing afterwards. The password must be good enough (Users.CheckPassword).
func (s *Letters) ResetPassword(ctx context.Context, key, plain string) (*User, error) {
	u, l, err := s.resetLink(ctx, key)
	if err != nil {
		return nil, err
	}
	if err := s.users.CheckPassword(u, plain); err != nil {
		return nil, err
	}
	hash, err := s.users.newHash(plain)
	if err != nil {
		return nil, err
	}
	err = s.do(ctx, "tenancy.Letters.ResetPassword", func(ctx context.Context) error {
		// asked again while nobody else writes: of two uses at once one fails
		err := s.users.setHash(ctx, wispwright.ScopeAll(), u.ID, hash, true, func(u *User) error {
			if !l.valid(resetState(u)) {
				return badLink()
			}
			return nil
		})
		if err != nil || l.purpose != purposeInvite {
			return err
		}
		return s.proven(ctx, u)
	})
	if err != nil {
		return nil, err
	}
	s.unlock(u.ID)
	return u, nil
}

// send renders a letter, whose first line is the subject, and hands it to the
// mailer.
func (s *Letters) send(ctx context.Context, name string, l letter) error {
	l.Site, l.Name = s.site, oneLine(l.User.FullName())
	var err error
	if l.Sender, err = s.sender(ctx, l.User.ID); err != nil {
		return err
	}
	var b strings.Builder
	if err := s.texts.ExecuteTemplate(&b, name, l); err != nil {
		return fmt.Errorf("write the letter %s: %w", name, err)
	}
	subject, text, _ := strings.Cut(b.String(), "\n")
	m := Message{To: l.Address, Subject: "[" + s.site.Name + "] " + subject, Text: text}
	if err := m.Validate(); err != nil {
		return fmt.Errorf("write the letter %s: %w", name, err)
	}
	if err := s.mailer.Send(ctx, m); err != nil {
		return fmt.Errorf("send the letter %s: %w", name, err)
	}
	return nil
}

// sender names the organization of somebody who belongs to exactly one.
func (s *Letters) sender(ctx context.Context, user wispwright.ID) (string, error) {
	grants, err := s.users.Grants(ctx, user)
	if err != nil {
		return "", err
	}
	if roles := grants[user].Organizations; len(roles) == 1 {
		o, err := s.organizations.Get(ctx, wispwright.ScopeAll(), roles[0].OrganizationID)
		if err != nil {
			return "", err
		}
		return oneLine(o.Name), nil
	}
	return s.site.Name, nil
}

// oneLine keeps what people call themselves from looking like a part of the
// letter.
func oneLine(name string) string {
	runes := []rune(strings.Join(strings.Fields(name), " "))
	return string(runes[:min(len(runes), 60)])
}
