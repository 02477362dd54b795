package radius

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
)

// Visitors are people who are in for a while only, and devices that come in by
// themselves. Package portal has some.
type Visitors interface {
	// Unverified reports whether somebody may come in whose identity was not verified
	// where that is needed; how is the registration, nil without one.
	Unverified(ctx context.Context, a *Account, q Asking, how *Registration) (bool, error)
	// Until is when the access of an account ends; the zero time: it does not.
	Until(ctx context.Context, a *Account, organization wispwright.ID) (time.Time, error)
	// Remembered is the account whose device comes in by its MAC address, nil when
	// there is none.
	Remembered(ctx context.Context, organization wispwright.ID, mac string) (*Account, error)
}

// strangers is what there is without Visitors.
type strangers struct{}

func (strangers) Unverified(context.Context, *Account, Asking, *Registration) (bool, error) {
	return false, nil
}

func (strangers) Until(context.Context, *Account, wispwright.ID) (time.Time, error) {
	return time.Time{}, nil
}

func (strangers) Remembered(context.Context, wispwright.ID, string) (*Account, error) {
	return nil, nil
}

// Receive says who the visitors are. It is called before anybody asks to come in.
func (z *Authorizer) Receive(v Visitors) { z.visitors = v }

// unverified asks for somebody whose identity was not verified.
func (z *Authorizer) unverified(ctx context.Context, a *Account, q Asking) (bool, error) {
	how, err := z.people.Of(ctx, a.ID, q.OrganizationID)
	if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		return false, err
	}
	return z.visitors.Unverified(ctx, a, q, how)
}

// known turns the MAC address that an access server asks with into the user of a
// device that is remembered. It must be the address of the device that asks: a person
// may type any.
func (z *Authorizer) known(ctx context.Context, q Asking) (Asking, error) {
	mac, isMAC := macAddress(q.Identifier)
	if calling, ok := macAddress(q.CallingStationID); q.Roamed || !isMAC || !ok || calling != mac {
		return q, nil
	}
	a, err := z.visitors.Remembered(ctx, q.OrganizationID, mac)
	if err != nil || a == nil {
		return q, err
	}
	q.Identifier, q.Roamed = a.Username, true
	return q, nil
}

// ended is what somebody is told whose access is over.
const ended = "Your access has ended."

// depart ends the access of visitors: what is left of it is their Session-Timeout.
func (z *Authorizer) depart(ctx context.Context, out *Answer, organization wispwright.ID) (*Answer, error) {
	if out.Decision != Accept {
		return out, nil
	}
	until, err := z.visitors.Until(ctx, out.Account, organization)
	if err != nil || until.IsZero() {
		return out, err
	}
	left := int64(until.Sub(z.base.Now()) / time.Second)
	if left <= 0 {
		out.refuse(Exhausted, ended)
		return out, nil
	}
	z.lower(ctx, out, "Session-Timeout", left)
	return out, nil
}
