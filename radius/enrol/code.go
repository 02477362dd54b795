package enrol

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"net/netip"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/sms"
)

// Code is a number of some digits that was sent to a telephone (spec: radius §1.11).
type Code struct {
	// ID identifies it.
	ID wispwright.ID
	// UserID and OrganizationID are whom it was sent for, and where.
	UserID, OrganizationID wispwright.ID
	// Phone is the telephone in E.164 form.
	Phone string
	// Digits are what was sent.
	Digits wispwright.Secret
	// Day is the day in the installation's zone, Ordinal the place among the user's of
	// that day: two requests at once do not count as one.
	Day     string
	Ordinal int64
	// Attempts is how often a code was tried.
	Attempts int64
	// IsVerified: the right one was sent back.
	IsVerified bool
	// Address is where the request came from.
	Address netip.Addr
	// ValidUntil is until when it is good.
	ValidUntil time.Time
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// CodeFilter selects codes; the zero value all.
type CodeFilter struct {
	// UserID and OrganizationID are for whom and where.
	UserID, OrganizationID wispwright.ID
	// Day is when, Address from where they were asked for.
	Day     string
	Address netip.Addr
	// CreatedBefore are older ones.
	CreatedBefore time.Time
}

// uniqueCode is the rule that codes of a user are counted one by one.
const uniqueCode = "radius_code_user_day"

// Shape is how storages keep codes.
func (Code) Shape() store.Shape {
	return store.Shape{
		Table: "radius_code", Org: "OrganizationID", Order: store.Newest("Created"),
		Unique: []store.Unique{{Name: uniqueCode, Fields: []string{"UserID", "Day", "Ordinal"}}},
	}
}

// Proven is a telephone that was shown to be a user's.
type Proven struct {
	// User and Organization are whose and where, Phone is the number.
	User, Organization wispwright.ID
	Phone              string
}

// WaitError says that a code was asked for too soon.
type WaitError struct {
	// Wait is how long it takes until the next one.
	Wait time.Duration
}

// Error is the sentence of the original.
func (e *WaitError) Error() string { return "Wait before requesting another SMS token." }

// VerifiedError says that there is nothing to verify any more.
type VerifiedError struct{}

// Error is the sentence of the original.
func (e *VerifiedError) Error() string { return verified }

// The sentences of codes (spec: radius §8.9).
const (
	verified     = "This user has been already verified."
	noPhone      = "This field cannot be null."
	badPhone     = "The phone number entered is not valid."
	othersPhone  = "This phone number is already associated to another user."
	samePhone    = "The new phone number must be different than the old one."
	userLimit    = "Maximum daily limit reached."
	addressLimit = "Maximum daily limit reached from this IP address."
	noCode       = "No verification code found in the system for this user."
	tooOften     = "Maximum number of attempts reached, request a new code."
	tooLate      = "This verification code has expired, Please send a new code and try again."
	wrongCode    = "Invalid code."
)

// Codes sends codes to telephones and checks them.
type Codes struct {
	base   *entity.Base
	e      *Enrolment
	stores Stores
}

func newCodes(e *Enrolment, stores Stores) *Codes { return &Codes{e.base, e, stores} }

func (s *Codes) drop(ctx context.Context, f CodeFilter) error {
	for {
		found, err := s.stores.Codes.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: 200, NoTotal: true})
		if err != nil || len(found.Rows) == 0 {
			return err
		}
		for _, c := range found.Rows {
			if err := s.stores.Codes.Delete(ctx, wispwright.ScopeAll(), c.ID); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
				return err
			}
		}
	}
}

// Prune removes codes that are older.
func (s *Codes) Prune(ctx context.Context, age time.Duration) error {
	return s.base.Do(ctx, "enrol.Codes.Prune", func(ctx context.Context) error { return s.drop(ctx, CodeFilter{CreatedBefore: s.base.Now().Add(-age)}) })
}

// Last is the newest code of a user in an organization, or wispwright.ErrNotFound.
func (s *Codes) Last(ctx context.Context, user, organization wispwright.ID) (*Code, error) {
	return s.last(ctx, CodeFilter{UserID: user, OrganizationID: organization})
}

func (s *Codes) last(ctx context.Context, f CodeFilter) (*Code, error) {
	found, err := s.stores.Codes.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(found.Rows) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return found.Rows[0], nil
}

// Waits reports whether a code for the user's own number waits to be sent back.
func (s *Codes) Waits(ctx context.Context, a *radius.Account, organization wispwright.ID) (bool, error) {
	c, err := s.Last(ctx, a.ID, organization)
	if errors.Is(err, wispwright.ErrNotFound) {
		return false, nil
	}
	return err == nil && !c.IsVerified && c.Phone == a.Phone && s.base.Now().Before(c.ValidUntil), err
}

// Send sends a code to a telephone, the user's own when phone is empty, and returns how
// long the next one has to wait. Errors are *wispwright.ValidationError, *WaitError,
// *VerifiedError and those of the storage.
func (s *Codes) Send(ctx context.Context, a *radius.Account, in radius.InForce, phone, address string) (time.Duration, error) {
	if phone == "" {
		phone = a.Phone
	}
	if phone == "" {
		return 0, wispwright.Invalid("phone_number", noPhone)
	}
	if err := s.usable(ctx, a, in, &phone, badPhone); err != nil {
		return 0, err
	}
	r, err := s.e.registration(ctx, a.ID, in.Organization.ID)
	if err != nil {
		return 0, err
	}
	if r != nil && r.Counts() {
		return 0, &VerifiedError{}
	}
	return time.Duration(in.SMSCooldown) * time.Second, s.send(ctx, a, in, phone, address)
}

// usable checks a number and brings it into its stored form.
func (s *Codes) usable(ctx context.Context, a *radius.Account, in radius.InForce, phone *string, malformed string) error {
	if fault := s.e.unusable(in, *phone, malformed); fault != "" {
		return wispwright.Invalid("phone_number", fault)
	}
	*phone, _, _ = s.e.phones.Parse(*phone)
	h, err := s.e.people.Holders(ctx, "", "", *phone)
	if err != nil {
		return err
	}
	if h.Phone != nil && h.Phone.ID != a.ID {
		return wispwright.Invalid("phone_number", othersPhone)
	}
	return nil
}

// send stores a code and orders its message. Of two requests at once one is counted
// first, and the other has to wait.
func (s *Codes) send(ctx context.Context, a *radius.Account, in radius.InForce, phone, address string) error {
	from, err := netip.ParseAddr(address)
	if err != nil {
		from = netip.IPv6Unspecified()
	}
	for try := 1; ; try++ {
		err := s.base.Do(ctx, "enrol.Codes.Send", func(ctx context.Context) error { return s.store(ctx, a, in, phone, from.Unmap()) })
		var conflict *wispwright.ConflictError
		if errors.As(err, &conflict) && try < 3 && !wispwright.Pending(ctx) {
			continue
		}
		return err
	}
}

func (s *Codes) store(ctx context.Context, a *radius.Account, in radius.InForce, phone string, from netip.Addr) error {
	now := s.base.Now()
	day := now.In(s.e.options.Zone).Format(time.DateOnly)
	count := func(f CodeFilter) (int, error) {
		found, err := s.stores.Codes.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: 1})
		return found.Total, err
	}
	today, err := count(CodeFilter{UserID: a.ID, Day: day})
	if err != nil {
		return err
	}
	if today >= s.e.options.UserDaily {
		return wispwright.Invalid("", userLimit)
	}
	there, err := count(CodeFilter{Address: from, Day: day})
	if err != nil {
		return err
	}
	if there >= s.e.options.AddressDaily {
		return wispwright.Invalid("", addressLimit)
	}
	last, err := s.last(ctx, CodeFilter{UserID: a.ID})
	if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		return err
	}
	if last != nil && !last.IsVerified {
		if left := last.Created.Add(time.Duration(in.SMSCooldown) * time.Second).Sub(now); left > 0 {
			return &WaitError{left}
		}
	}
	digits, err := newDigits(s.e.options.CodeLength)
	if err != nil {
		return err
	}
	if s.base.Tenants != nil {
		if err := s.base.Tenants.Hold(ctx, in.Organization.ID); err != nil {
			return err
		}
	}
	c := &Code{ID: wispwright.NewID(), UserID: a.ID, OrganizationID: in.Organization.ID, Phone: phone, Digits: digits, Day: day, Ordinal: int64(today) + 1, Address: from,
		ValidUntil: now.Add(s.e.options.CodeValidity), Created: now, Modified: now}
	if err := s.stores.Codes.Insert(ctx, c); err != nil || s.e.options.SendCode == nil {
		return err
	}
	return s.e.options.SendCode(ctx, c.ID)
}

// newDigits is a number that nobody can foresee.
func newDigits(n int) (wispwright.Secret, error) {
	out := make([]byte, n)
	for i := range out {
		d, err := rand.Int(rand.Reader, big.NewInt(10))
		if err != nil {
			return "", err
		}
		out[i] = byte('0' + d.Int64())
	}
	return wispwright.Secret(out), nil
}

// Message is what a code's telephone is sent; nil when nobody waits for it any more.
func (s *Codes) Message(ctx context.Context, id wispwright.ID) (*sms.Message, error) {
	c, err := s.stores.Codes.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && (c.IsVerified || s.base.Now().After(c.ValidUntil)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	in, err := s.e.radius.Settings.Effective(ctx, c.OrganizationID)
	if err != nil {
		return nil, err
	}
	text := strings.NewReplacer("{organization}", in.Organization.Name, "{code}", c.Digits.Reveal()).Replace(in.SMSMessage)
	return &sms.Message{From: in.SMSSender, To: c.Phone, Text: text, Data: in.SMSMetaData}, nil
}

// Change begins to give a user another number: a code is sent to it, and until it is
// sent back the user is not verified. The number is stored then.
func (s *Codes) Change(ctx context.Context, a *radius.Account, in radius.InForce, phone, address string) error {
	e164, _, ok := s.e.phones.Parse(phone)
	if ok && e164 == a.Phone {
		return wispwright.Invalid("phone_number", samePhone)
	}
	if err := s.usable(ctx, a, in, &phone, malformedPhone); err != nil {
		return err
	}
	ctx = wispwright.WithCaller(ctx, wispwright.System("change of a telephone number"))
	return s.base.Do(ctx, "enrol.Codes.Change", func(ctx context.Context) error {
		if err := s.send(ctx, a, in, phone, address); err != nil {
			return err
		}
		r, err := s.e.registration(ctx, a.ID, in.Organization.ID)
		if err != nil || r == nil || !r.IsVerified {
			return err
		}
		_, err = s.e.radius.Registrations.Update(ctx, wispwright.ScopeAll(), r.ID, func(r *radius.Registration) error { r.IsVerified = false; return nil })
		return err
	})
}

// Verify takes a code that came back. Each attempt counts, whatever else happens.
func (s *Codes) Verify(ctx context.Context, a *radius.Account, in radius.InForce, digits string) error {
	ctx = wispwright.WithCaller(ctx, wispwright.System("verification of a telephone number"))
	c, err := s.Last(ctx, a.ID, in.Organization.ID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return wispwright.Invalid("", noCode)
	}
	if err != nil {
		return err
	}
	fault := ""
	err = s.base.Do(ctx, "enrol.Codes.Verify", func(ctx context.Context) error {
		now := s.base.Now()
		c, err = s.stores.Codes.Update(ctx, wispwright.ScopeAll(), c.ID, func(c *Code) error {
			fault = ""
			c.Modified = now
			switch {
			case c.IsVerified:
				fault = verified
			case c.Attempts+1 > s.e.options.CodeAttempts:
				fault = tooOften
			case now.After(c.ValidUntil):
				fault = tooLate
			case !c.Digits.Equal(digits):
				fault = wrongCode
			default:
				c.IsVerified = true
			}
			c.Attempts++
			return nil
		})
		if err != nil || fault != "" {
			return err
		}
		return s.proven(ctx, a, in.Organization.ID, c.Phone)
	})
	if err == nil && fault != "" {
		return wispwright.Invalid("", fault)
	}
	return err
}

// proven notes that a number is the user's. What other organizations know of another
// number is worth nothing any more (additions: R-6).
func (s *Codes) proven(ctx context.Context, a *radius.Account, organization wispwright.ID, phone string) error {
	if err := s.e.people.Reach(ctx, a.ID, phone); err != nil {
		return err
	}
	all, err := s.e.radius.Registrations.List(ctx, wispwright.ScopeAll(), radius.RegistrationFilter{UserID: a.ID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	known := false
	for _, r := range all.Rows {
		here := r.OrganizationID == organization
		known = known || here
		if !here && (phone == a.Phone || r.Method != byPhone || !r.IsVerified) {
			continue
		}
		_, err := s.e.radius.Registrations.Update(ctx, wispwright.ScopeAll(), r.ID, func(r *radius.Registration) error {
			if r.IsVerified = here; here {
				r.Method = byPhone
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if !known {
		if err := s.e.radius.Registrations.Create(ctx, &radius.Registration{UserID: a.ID, OrganizationID: organization, Method: byPhone, IsVerified: true}); err != nil {
			return err
		}
	}
	s.e.Proven.Publish(ctx, Proven{a.ID, organization, phone})
	return nil
}

// byPhone is the method of people whose telephone was proven.
const byPhone = "mobile_phone"
