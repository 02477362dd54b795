package tenancy

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy/password"
)

// PasswordRules are what passwords must be like and how long they are good
// for (spec: tenancy §8). The zero value expires nothing.
type PasswordRules struct {
	// Policy judges the passwords people choose for themselves. The users REST
	// API does not ask it, as OpenWISP's does not.
	Policy password.Policy
	// Days is after how many days passwords expire. Default: 0, never.
	Days int
	// StaffDays is the same for staff. Default: 0, as for everybody.
	StaffDays int
}

// expiredMessage is what somebody with an expired password is told
// (spec: tenancy §8.2).
const expiredMessage = "Your password has expired, please update your password."

// reminderDays is how long before the end people are reminded
// (spec: tenancy §8.3).
const reminderDays = 7

// days is after how many days a user's password expires; 0 for never.
func (r PasswordRules) days(staff bool) int {
	if staff && r.StaffDays > 0 {
		return r.StaffDays
	}
	return r.Days
}

// expired tells whether a password is too old. Accounts without a password, or
// without a date, never expire.
func (r PasswordRules) expired(staff, usable bool, updated, today time.Time) bool {
	days := r.days(staff)
	if days <= 0 || updated.IsZero() || !usable {
		return false
	}
	return updated.AddDate(0, 0, days).Before(day(today.UTC()))
}

// PasswordExpired reports whether a user has to choose a new password.
func (s *Users) PasswordExpired(u *User) bool {
	return s.rules.expired(u.IsStaff, password.Usable(u.Password.Reveal()), u.PasswordUpdated, s.now())
}

// CheckPassword judges a password somebody chooses for an account: a fault of
// the field "new_password" says everything that is wrong with it.
func (s *Users) CheckPassword(u *User, plain string) error {
	if plain == "" {
		return wispwright.Invalid("new_password", "This field may not be blank.")
	}
	if len(plain) > password.MaxLength {
		return wispwright.Invalid("new_password", "Ensure this field has no more than 4096 characters.")
	}
	var v wispwright.ValidationError
	for _, m := range s.rules.Policy.Check(plain, password.Attribute{Name: "username", Value: u.Username},
		password.Attribute{Name: "first name", Value: u.FirstName}, password.Attribute{Name: "last name", Value: u.LastName},
		password.Attribute{Name: "email address", Value: u.Email}) {
		v.Add("new_password", m)
	}
	// hashed only when everything else is well
	if v.Err() == nil && !s.rules.Policy.AllowReuse && s.hasher.Verify(plain, u.Password.Reveal()) {
		v.Add("new_password", password.Reused)
	}
	return v.Err()
}

// RemindOfExpiry writes to everybody whose password expires in exactly seven
// days and who has a verified address, and returns their number. Run it once a day.
func (s *Letters) RemindOfExpiry(ctx context.Context) (int, error) {
	var orders []order
	rules, yes := s.users.rules, true
	for _, staff := range []bool{true, false} {
		days := rules.days(staff)
		if days <= 0 {
			continue
		}
		// the last day on which it is good is days after it was set
		set := day(s.now()).AddDate(0, 0, reminderDays-days)
		users, err := s.users.store.List(ctx, wispwright.ScopeAll(), UserFilter{PasswordUpdated: set, IsStaff: &staff, IsActive: &yes}, wispwright.Page{NoTotal: true})
		if err != nil {
			return 0, err
		}
		for _, u := range users.Rows {
			if !password.Usable(u.Password.Reveal()) {
				continue
			}
			to, err := s.verifiedAddress(ctx, u)
			if err != nil {
				return 0, err
			}
			if to != "" {
				orders = append(orders, order{Kind: orderExpiry, User: u.ID})
			}
		}
	}
	if len(orders) == 0 {
		return 0, nil
	}
	return len(orders), s.post(ctx, true, orders...)
}

// verifiedAddress is where a user shows to read mail: the primary address or
// another verified one, "" for none.
func (s *Letters) verifiedAddress(ctx context.Context, u *User) (string, error) {
	yes := true
	items, err := s.emails.store.List(ctx, wispwright.ScopeAll(), EmailFilter{UserID: u.ID, IsVerified: &yes}, wispwright.Page{NoTotal: true})
	if err != nil || len(items.Rows) == 0 {
		return "", err
	}
	for _, e := range items.Rows {
		if e.IsPrimary {
			return e.Address, nil
		}
	}
	return items.Rows[0].Address, nil
}
