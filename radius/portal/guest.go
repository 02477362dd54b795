package portal

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/kit/window"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/gateway"
)

// Status is how far a guest is.
type Status string

// The statuses.
const (
	Waiting  Status = "waiting"  // the sponsor was asked
	Approved Status = "approved" // may come in until Until
	Refused  Status = "refused"
	Lapsed   Status = "lapsed" // nobody answered in time
	Ended    Status = "ended"  // the access is over
)

// Statuses are all of them.
func Statuses() []Status { return []Status{Waiting, Approved, Refused, Lapsed, Ended} }

// Guest is somebody who asked for access that a sponsor gives.
type Guest struct {
	// ID identifies the guest.
	ID wispwright.ID
	// OrganizationID is whose network it is.
	OrganizationID wispwright.ID
	// Name and Email are the guest's; Email may be empty.
	Name, Email string
	// Sponsor is the e-mail address of who answers for the guest.
	Sponsor string
	// Reason is what the guest says to the sponsor.
	Reason string
	// Mac is the guest's device, empty when unknown; Address where the request came
	// from.
	Mac     string
	Address string
	// Status is how far it is.
	Status Status
	// Token is what the sponsor's link shows, as long as it is good.
	Token wispwright.Secret
	// TokenHash and KeyHash are SHA-256 of what the sponsor's link and the guest's
	// browser show. The sponsor's is empty once it was used.
	TokenHash, KeyHash string
	// AnswerBy is until when the sponsor may answer, Until how long the guest may
	// stay; zero before it is approved.
	AnswerBy, Until time.Time
	// UserID and Username are the account, Password its password as long as the
	// access.
	UserID   wispwright.ID
	Username string
	Password wispwright.Secret
	// DecidedBy says who approved or refused.
	DecidedBy string
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// GuestFilter selects guests; the zero value all.
type GuestFilter struct {
	// OrganizationID is whose network it is, UserID the account.
	OrganizationID, UserID wispwright.ID
	// IDs are some of them.
	IDs wispwright.Among[wispwright.ID]
	// Status is how far they are; TokenHash finds the one of a link; Sponsor those of
	// an address.
	Status    Status
	TokenHash string
	Sponsor   string
	// CreatedBefore are those that asked before, UntilBefore those whose access ended,
	// AnswerBefore those whose sponsor should have answered.
	CreatedBefore, UntilBefore, AnswerBefore time.Time
	// Search is a part of name or addresses.
	Search string
}

// Shape is how storages keep guests.
func (Guest) Shape() store.Shape {
	return store.Shape{Table: "radius_portal_guest", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"Name", "Email", "Sponsor"}}
}

// Guests is the service of guests.
type Guests struct {
	*entity.Service[wispwright.ID, Guest, GuestFilter]
	s        *Service
	sponsors *window.Window
}

const (
	// perSponsor is how many guests one address is asked for in an hour, and
	// perOrganization how many may wait: strangers must not fill mailboxes.
	perSponsor      = 10
	perOrganization = 500
)

func newGuests(s *Service) *Guests {
	g := &Guests{s: s, sponsors: newWindow(perSponsor, time.Hour, s.base)}
	g.Service = entity.New(s.base, s.stores.Guests, entity.Kind[wispwright.ID, Guest]{
		Name: "portal.Guests", Model: "portal.guest", Hidden: []string{"TokenHash", "KeyHash"}, Validate: func(context.Context, entity.Change[Guest]) error { return nil },
	})
	return g
}

// Request is what a guest says.
type Request struct {
	// Name, Email, Sponsor and Reason are those of Guest; Name and Sponsor are
	// required.
	Name, Email, Sponsor, Reason string
	// MAC is the device, if a gateway told; Address where the request came from.
	MAC, Address string
}

// Asked is a guest who asked.
type Asked struct {
	// Guest waits for the sponsor.
	Guest *Guest
	// Key is what the guest's browser shows to hear of the answer.
	Key wispwright.Secret
}

// The sentences of guests.
const (
	notSponsor = "This address cannot sponsor guests here."
	tooMany    = "Too many guests are waiting. Try again later."
)

// Ask stores a guest and asks the sponsor. Errors are *wispwright.ValidationError,
// wispwright.ErrForbidden where there are no guests, and wispwright.ErrLimit.
func (g *Guests) Ask(ctx context.Context, o radius.Organization, q Request) (*Asked, error) {
	in, err := g.s.Settings.Effective(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	if !in.GuestsEnabled || !o.IsActive {
		return nil, wispwright.ErrForbidden
	}
	q.Sponsor, q.Email, q.Name = strings.ToLower(strings.TrimSpace(q.Sponsor)), strings.ToLower(strings.TrimSpace(q.Email)), oneLine(q.Name)
	var v wispwright.ValidationError
	if q.Name == "" {
		v.Add("name", valid.Blank)
	}
	valid.Text(&v, "name", q.Name, valid.Max(100))
	valid.Text(&v, "reason", q.Reason, valid.Max(500))
	if q.Email != "" {
		valid.Text(&v, "email", q.Email, valid.Email, valid.Max(254))
	}
	switch {
	case q.Sponsor == "":
		v.Add("sponsor", valid.Blank)
	case valid.Email(q.Sponsor) != "" || len(q.Sponsor) > 254:
		v.Add("sponsor", valid.NoEmail)
	case !in.MaySponsor(q.Sponsor):
		v.Add("sponsor", notSponsor)
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	if g.sponsors.Allow(o.ID.String()+q.Sponsor) > 0 {
		return nil, fmt.Errorf("%s: %w", tooMany, wispwright.ErrLimit)
	}
	now := g.s.base.Now()
	token, key := secret(), secret()
	guest := &Guest{OrganizationID: o.ID, Name: q.Name, Email: q.Email, Sponsor: q.Sponsor, Reason: strings.TrimSpace(q.Reason), Mac: gateway.MAC(q.MAC), Address: q.Address, Status: Waiting,
		Token: token, TokenHash: digest(token.Reveal()), KeyHash: digest(key.Reveal()), AnswerBy: now.Add(time.Duration(in.ApprovalHours) * time.Hour)}
	ctx = wispwright.WithCaller(ctx, wispwright.System("request of a guest"))
	err = g.s.base.Do(ctx, "portal.Guests.Ask", func(ctx context.Context) error {
		waiting, err := g.List(ctx, wispwright.ScopeAll(), GuestFilter{OrganizationID: o.ID, Status: Waiting}, wispwright.Page{Limit: 1})
		if err != nil {
			return err
		}
		if waiting.Total >= perOrganization {
			return fmt.Errorf("%s: %w", tooMany, wispwright.ErrLimit)
		}
		if err := g.Create(ctx, guest); err != nil {
			return err
		}
		if g.s.options.AskSponsor == nil {
			return nil
		}
		return g.s.options.AskSponsor(ctx, guest.ID)
	})
	if err != nil {
		return nil, err
	}
	return &Asked{guest, key}, nil
}

// ByLink returns the guest of a sponsor's link that was not used and has not run out,
// else wispwright.ErrNotFound.
func (g *Guests) ByLink(ctx context.Context, token string) (*Guest, error) {
	if len(token) != 2*secretLength {
		return nil, wispwright.ErrNotFound
	}
	guest, err := g.First(ctx, wispwright.ScopeAll(), GuestFilter{TokenHash: digest(token)})
	if err != nil {
		return nil, err
	}
	if guest.Status != Waiting || !g.s.base.Now().Before(guest.AnswerBy) {
		return nil, wispwright.ErrNotFound
	}
	return guest, nil
}

// AnswerLink is the answer of a sponsor who came by a link, which is good once.
func (g *Guests) AnswerLink(ctx context.Context, token string, approve bool) (*Guest, error) {
	guest, err := g.ByLink(ctx, token)
	if err != nil {
		return nil, err
	}
	ctx = wispwright.WithCaller(ctx, wispwright.System("sponsor "+guest.Sponsor))
	return g.decide(ctx, wispwright.ScopeAll(), guest.ID, approve, guest.Sponsor, digest(token))
}

// Decide is the answer of a manager. A guest who does not wait any more is a
// *wispwright.ValidationError.
func (g *Guests) Decide(ctx context.Context, scope wispwright.Scope, id wispwright.ID, approve bool, by string) (*Guest, error) {
	return g.decide(ctx, scope, id, approve, by, "")
}

// decide stores an answer. The row is locked while it is looked at, so that of two
// answers at once one counts; hash, unless empty, is that of the link that must not
// have been used.
func (g *Guests) decide(ctx context.Context, scope wispwright.Scope, id wispwright.ID, approve bool, by, hash string) (after *Guest, err error) {
	plain := randomPassword()
	err = g.s.base.Do(ctx, "portal.Guests.Decide", func(ctx context.Context) error {
		var in InForce
		after, err = g.Update(ctx, scope, id, func(x *Guest) error {
			if x.Status != Waiting || hash != "" && x.TokenHash != hash {
				return wispwright.Invalid("", "This request was answered already.")
			}
			var err error
			if in, err = g.s.Settings.Effective(ctx, x.OrganizationID); err != nil {
				return err
			}
			x.Token, x.TokenHash, x.DecidedBy, x.Status = "", "", by, Refused
			if approve {
				x.Status, x.Until = Approved, g.s.base.Now().Add(time.Duration(in.GuestHours)*time.Hour)
				x.Username, x.Password = "guest-"+x.ID.Hex()[:12], wispwright.Secret(plain)
			}
			return nil
		})
		if err != nil || !approve {
			return err
		}
		account, err := g.s.people.MakeGuest(ctx, after.OrganizationID, after.Username, after.Name, plain, after.Until)
		if err != nil {
			return fmt.Errorf("account of a guest: %w", err)
		}
		if after, err = g.Update(ctx, scope, id, func(x *Guest) error { x.UserID = account.ID; return nil }); err != nil {
			return err
		}
		if after.Email == "" || g.s.options.TellGuest == nil {
			return nil
		}
		return g.s.options.TellGuest(ctx, id)
	})
	return after, err
}

// Heard returns the guest who shows the key that Ask gave, else
// wispwright.ErrNotFound.
func (g *Guests) Heard(ctx context.Context, organization, id wispwright.ID, key string) (*Guest, error) {
	guest, err := g.Get(ctx, wispwright.ScopeOf(organization), id)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(guest.KeyHash), []byte(digest(key))) != 1 {
		return nil, wispwright.ErrNotFound
	}
	return guest, nil
}

// Sweep ends the access of guests whose time is over, and requests that nobody
// answered.
func (g *Guests) Sweep(ctx context.Context) error {
	ctx = wispwright.WithCaller(ctx, wispwright.System("end of guests' access"))
	now := g.s.base.Now()
	over := func(x *Guest) Status {
		switch {
		case x.Status == Approved && !now.Before(x.Until):
			return Ended
		case x.Status == Waiting && !now.Before(x.AnswerBy):
			return Lapsed
		}
		return x.Status
	}
	var all []error
	due := now.Add(time.Microsecond) // stored times are whole microseconds, and an end counts
	for _, f := range []GuestFilter{{Status: Approved, UntilBefore: due}, {Status: Waiting, AnswerBefore: due}} {
		err := g.each(ctx, f, func(ctx context.Context, x *Guest) error {
			if over(x) == x.Status {
				return nil
			}
			return g.s.base.Do(ctx, "portal.Guests.Sweep", func(ctx context.Context) error {
				after, err := g.Update(ctx, wispwright.ScopeAll(), x.ID, func(x *Guest) error {
					x.Status, x.Token, x.TokenHash, x.Password = over(x), "", "", ""
					return nil
				})
				if err != nil || after.UserID.IsZero() {
					return gone(err)
				}
				return gone(g.s.people.Close(ctx, after.UserID))
			})
		})
		all = append(all, err)
	}
	return errors.Join(all...)
}

// each calls fn for all guests of a filter; fn may change or remove them.
func (g *Guests) each(ctx context.Context, f GuestFilter, fn func(context.Context, *Guest) error) error {
	var ids []wispwright.ID
	for offset := 0; ; offset += perStep {
		found, err := g.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Offset: offset, Limit: perStep, NoTotal: true})
		if err != nil {
			return err
		}
		for _, x := range found.Rows {
			ids = append(ids, x.ID)
		}
		if len(found.Rows) < perStep {
			break
		}
	}
	var all []error
	for _, id := range ids {
		x, err := g.Get(ctx, wispwright.ScopeAll(), id)
		if err == nil {
			err = fn(ctx, x)
		}
		all = append(all, gone(err))
	}
	return errors.Join(all...)
}

// prune removes guests who asked before an instant and do not wait or stay, with their
// accounts.
func (g *Guests) prune(ctx context.Context, before time.Time) error {
	return g.each(ctx, GuestFilter{CreatedBefore: before}, func(ctx context.Context, x *Guest) error {
		if x.Status == Waiting || x.Status == Approved {
			return nil
		}
		return g.s.base.Do(ctx, "portal.Guests.Prune", func(ctx context.Context) error {
			if err := g.Delete(ctx, wispwright.ScopeAll(), x.ID); err != nil || x.UserID.IsZero() {
				return err
			}
			return gone(g.s.people.Remove(ctx, x.UserID))
		})
	})
}

func gone(err error) error {
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	return err
}

// secretLength is that of links and keys, in octets.
const secretLength = 32

func secret() wispwright.Secret {
	raw := make([]byte, secretLength)
	_, _ = rand.Read(raw) // never fails: crypto/rand aborts the program instead
	return wispwright.Secret(hex.EncodeToString(raw))
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// randomPassword has 12 characters of 32 that nobody confuses: 60 bits.
func randomPassword() string {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789-"
	raw := make([]byte, 12)
	_, _ = rand.Read(raw) // as above
	for i, b := range raw {
		raw[i] = letters[b%32]
	}
	return string(raw)
}

// oneLine keeps names from looking like a part of a letter.
func oneLine(name string) string { return strings.Join(strings.Fields(name), " ") }
