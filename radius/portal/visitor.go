package portal

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/gateway"
)

// Grace is a short stay of somebody who has yet to read an e-mail.
type Grace struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID and UserID are where and who.
	OrganizationID, UserID wispwright.ID
	// Mac is the device, empty when the gateway did not say it.
	Mac string
	// Until is its end.
	Until time.Time
	// Created is when it began.
	Created time.Time
}

// GraceFilter selects short stays; the zero value all.
type GraceFilter struct {
	// OrganizationID and UserID are where and who, Mac is the device.
	OrganizationID, UserID wispwright.ID
	Mac                    string
	// CreatedFrom are those that began then or later, CreatedBefore the others.
	CreatedFrom, CreatedBefore time.Time
}

const uniqueGrace = "radius_portal_grace_user"

// Shape is how storages keep short stays.
func (Grace) Shape() store.Shape {
	return store.Shape{Table: "radius_portal_grace", Org: "OrganizationID", Order: store.Newest("Created"),
		Unique: []store.Unique{{Name: uniqueGrace, Fields: []string{"OrganizationID", "UserID"}}}}
}

// A user has one short stay; a device may have some, with other accounts, in
// graceAgain.
const (
	graceAgain = 30 * 24 * time.Hour
	perDevice  = 3
)

// byEmail is the method to register of people who are verified by e-mail.
const byEmail = "email"

// Unverified implements radius.Visitors: somebody who registered by e-mail may stay for
// some minutes, once, to read the letter that asks.
func (s *Service) Unverified(ctx context.Context, a *radius.Account, q radius.Asking, how *radius.Registration) (bool, error) {
	in, err := s.Settings.Effective(ctx, q.OrganizationID)
	if err != nil || in.GraceMinutes == 0 || how == nil || how.Method != byEmail {
		return false, err
	}
	now := s.base.Now()
	g, err := s.grace(ctx, a.ID, q.OrganizationID)
	if err != nil || g != nil {
		return g != nil && now.Before(g.Until), err
	}
	mac := gateway.MAC(q.CallingStationID)
	if mac != "" {
		had, err := s.stores.Graces.List(ctx, wispwright.ScopeAll(), GraceFilter{OrganizationID: q.OrganizationID, Mac: mac, CreatedFrom: now.Add(-graceAgain)}, wispwright.Page{Limit: perDevice, NoTotal: true})
		if err != nil || len(had.Rows) >= perDevice {
			return false, err
		}
	}
	g = &Grace{ID: wispwright.NewID(), OrganizationID: q.OrganizationID, UserID: a.ID, Mac: mac, Until: now.Add(time.Duration(in.GraceMinutes) * time.Minute), Created: now}
	err = s.base.Do(ctx, "portal.Unverified", func(ctx context.Context) error { return s.stores.Graces.Insert(ctx, g) })
	var conflict *wispwright.ConflictError
	if errors.As(err, &conflict) { // two requests at once: the other's counts
		return true, nil
	}
	return err == nil, err
}

// Until implements radius.Visitors.
func (s *Service) Until(ctx context.Context, a *radius.Account, organization wispwright.ID) (time.Time, error) {
	in, err := s.Settings.Effective(ctx, organization)
	if err != nil {
		return time.Time{}, err
	}
	if in.GuestsEnabled {
		guest, err := s.guest(ctx, a.ID, organization)
		if err != nil {
			return time.Time{}, err
		}
		if guest != nil {
			return guest.Until, nil
		}
	}
	if in.GraceMinutes == 0 {
		return time.Time{}, nil
	}
	all, err := s.radius.Settings.Effective(ctx, organization)
	if err != nil || !all.NeedsVerification {
		return time.Time{}, err
	}
	how, err := s.radius.Registrations.Of(ctx, a.ID, organization)
	if err != nil || how.Counts() || how.Method != byEmail {
		return time.Time{}, gone(err)
	}
	g, err := s.grace(ctx, a.ID, organization)
	if err != nil || g == nil {
		return time.Time{}, err
	}
	return g.Until, nil
}

// Remembered implements radius.Visitors.
func (s *Service) Remembered(ctx context.Context, organization wispwright.ID, mac string) (*radius.Account, error) {
	in, err := s.Settings.Effective(ctx, organization)
	if mac = gateway.MAC(mac); err != nil || in.RememberDays == 0 || mac == "" {
		return nil, err
	}
	d, err := s.Devices.First(ctx, wispwright.ScopeOf(organization), DeviceFilter{OrganizationID: organization, Mac: mac})
	if err != nil || !s.base.Now().Before(d.Until) {
		return nil, gone(err)
	}
	a, err := s.people.Get(ctx, d.UserID)
	return a, gone(err)
}

// guest is the guest of an account, nil for everybody else.
func (s *Service) guest(ctx context.Context, user, organization wispwright.ID) (*Guest, error) {
	found, err := s.stores.Guests.List(ctx, wispwright.ScopeOf(organization), GuestFilter{UserID: user}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return nil, err
	}
	return found.Rows[0], nil
}

func (s *Service) grace(ctx context.Context, user, organization wispwright.ID) (*Grace, error) {
	found, err := s.stores.Graces.List(ctx, wispwright.ScopeAll(), GraceFilter{OrganizationID: organization, UserID: user}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return nil, err
	}
	return found.Rows[0], nil
}

// pruneGraces removes short stays of accounts that are gone or long proven: they are
// kept as long as a device is counted by them, and the account's for ever, so that
// nobody has a second one.
func (s *Service) pruneGraces(ctx context.Context, before time.Time) error {
	for offset := 0; ; {
		found, err := s.stores.Graces.List(ctx, wispwright.ScopeAll(), GraceFilter{CreatedBefore: before}, wispwright.Page{Offset: offset, Limit: perStep, NoTotal: true})
		if err != nil {
			return err
		}
		for _, g := range found.Rows {
			how, err := s.radius.Registrations.Of(ctx, g.UserID, g.OrganizationID)
			if err == nil && !how.Counts() {
				offset++
				continue
			}
			if gone(err) != nil {
				return err
			}
			if err := gone(s.stores.Graces.Delete(ctx, wispwright.ScopeAll(), g.ID)); err != nil {
				return err
			}
		}
		if len(found.Rows) < perStep {
			return nil
		}
	}
}

func (s *Service) dropGraces(ctx context.Context, f GraceFilter) error {
	for {
		found, err := s.stores.Graces.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: perStep, NoTotal: true})
		if err != nil || len(found.Rows) == 0 {
			return err
		}
		for _, g := range found.Rows {
			if err := gone(s.stores.Graces.Delete(ctx, wispwright.ScopeAll(), g.ID)); err != nil {
				return err
			}
		}
	}
}
