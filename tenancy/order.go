package tenancy

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy/password"
)

// order says which letter is to be written. It is what a queue keeps: the
// letter itself, with a link that opens an account, is made when it is sent.
type order struct {
	Kind    string        `json:"kind"`
	Email   int64         `json:"email,omitempty"`
	Address string        `json:"address,omitempty"`
	User    wispwright.ID `json:"user"`
}

const (
	orderVerify = "verify" // Email
	orderReset  = "reset"  // Address
	orderExpiry = "expiry" // User
	// orderEnding and orderExpired are about accounts that end: User
	orderEnding  = "ending"
	orderExpired = "expired"
	orderInvite  = "invite" // User

	// what links are signed for
	purposeReset  = "reset"
	purposeInvite = "invite"
)

// post orders letters: from the queue, in the transaction of the context, or at
// once after its commit. Without a queue what cannot be sent is logged.
func (s *Letters) post(ctx context.Context, bulk bool, orders ...order) error {
	if s.queue == nil {
		wispwright.AfterCommit(ctx, func() {
			ctx := context.WithoutCancel(ctx)
			for _, o := range orders {
				if err := s.deliver(ctx, o); err != nil {
					s.log.ErrorContext(ctx, "an e-mail could not be sent", "kind", o.Kind, "error", err)
				}
			}
		})
		return nil
	}
	letters := make([]wispwright.JSON, len(orders))
	for i, o := range orders {
		text, err := json.Marshal(o)
		if err != nil {
			return fmt.Errorf("order a letter: %w", err)
		}
		letters[i] = wispwright.JSON(text)
	}
	return s.queue(ctx, bulk, letters...)
}

// Deliver sends what Options.LetterQueue was given. It may be repeated until it
// succeeds; a letter that nobody needs any more is not sent.
func (s *Letters) Deliver(ctx context.Context, letter wispwright.JSON) error {
	var o order
	if err := letter.Decode(&o); err != nil {
		return fmt.Errorf("tenancy.Letters.Deliver: %w", err)
	}
	if err := s.deliver(ctx, o); err != nil {
		return fmt.Errorf("tenancy.Letters.Deliver: %w", err)
	}
	return nil
}

func (s *Letters) deliver(ctx context.Context, o order) error {
	switch o.Kind {
	case orderVerify:
		return s.deliverVerification(ctx, o.Email)
	case orderReset:
		return s.deliverReset(ctx, o.Address)
	case orderExpiry:
		return s.deliverReminder(ctx, o.User)
	case orderEnding, orderExpired:
		return s.deliverEnding(ctx, o.User, o.Kind == orderExpired)
	case orderInvite:
		return s.deliverInvitation(ctx, o.User)
	}
	return fmt.Errorf("there are no letters of the kind %q", o.Kind)
}

func (s *Letters) deliverVerification(ctx context.Context, id int64) error {
	e, err := s.emails.store.Get(ctx, wispwright.ScopeAll(), id)
	if isNotFound(err) || err == nil && e.IsVerified {
		return nil
	}
	if err != nil {
		return err
	}
	u, err := s.users.store.Get(ctx, wispwright.ScopeAll(), e.UserID)
	if err != nil {
		return err
	}
	key := s.links.sign("verify", binary.BigEndian.AppendUint64(nil, uint64(e.ID)), verifyState(e), s.now())
	return s.send(ctx, "verify", letter{User: u, Address: e.Address, Link: s.site.URL + "/accounts/confirm-email/" + key + "/"})
}

// deliverReset writes to each account. When one letter fails all are tried
// again.
func (s *Letters) deliverReset(ctx context.Context, address string) error {
	users, err := s.byIdentifier(ctx, address)
	if err != nil {
		return err
	}
	var failed []error
	for to, u := range users {
		key := s.links.sign(purposeReset, u.ID[:], resetState(u), s.now())
		failed = append(failed, s.send(ctx, "reset", letter{User: u, Address: to, Link: s.site.URL + "/accounts/password/reset/key/" + resetKey(u, key) + "/"}))
	}
	return errors.Join(failed...)
}

// deliverInvitation writes to a user who has not chosen a password yet.
func (s *Letters) deliverInvitation(ctx context.Context, user wispwright.ID) error {
	u, err := s.users.store.Get(ctx, wispwright.ScopeAll(), user)
	if isNotFound(err) || err == nil && !u.Invitable() {
		return nil
	}
	if err != nil {
		return err
	}
	key := s.links.sign(purposeInvite, u.ID[:], resetState(u), s.now())
	return s.send(ctx, "invite", letter{User: u, Address: u.Email, Link: s.site.URL + "/accounts/password/reset/key/" + resetKey(u, key) + "/"})
}

// resetKey is what a link holds: whose it is, and what proves it, which programs
// send one by one.
func resetKey(u *User, token string) string { return hex.EncodeToString(u.ID[:]) + "-" + token }

// deliverReminder writes to a user who still has the password that expires.
func (s *Letters) deliverReminder(ctx context.Context, user wispwright.ID) error {
	u, err := s.users.store.Get(ctx, wispwright.ScopeAll(), user)
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	days := s.users.rules.days(u.IsStaff)
	left := int(day(u.PasswordUpdated).AddDate(0, 0, days).Sub(day(s.now())).Hours() / 24)
	if days <= 0 || left < 1 || left > reminderDays || !u.IsActive || !password.Usable(u.Password.Reveal()) {
		return nil
	}
	to, err := s.verifiedAddress(ctx, u)
	if err != nil || to == "" {
		return err
	}
	return s.send(ctx, "expiry", letter{User: u, Address: to, Days: left, Link: s.site.URL + "/accounts/password/change/"})
}
