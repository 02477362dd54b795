package tenancy

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
)

// Sentences about accounts that end (additions: U-2).
const (
	pastExpiration = "Expiration date cannot be in the past."
	expiredAccount = "Cannot activate an expired account. Clear or extend the expiration date first."
)

// ended reports whether the last day of an account is over.
func (s *Users) ended(u *User) bool {
	return !u.ExpirationDate.IsZero() && u.ExpirationDate.Before(day(s.now()))
}

// checkExpiration refuses a new last day that is over, and to activate an account
// whose last day is over.
func (s *Users) checkExpiration(v *wispwright.ValidationError, c entity.Change[User]) {
	u := c.After
	if !u.ExpirationDate.IsZero() {
		u.ExpirationDate = day(u.ExpirationDate)
	}
	if !s.ended(u) {
		return
	}
	if c.Before == nil || !c.Before.ExpirationDate.Equal(u.ExpirationDate) {
		v.Add("expiration_date", pastExpiration)
	}
	if c.Before != nil && !c.Before.IsActive && u.IsActive {
		v.Add("is_active", expiredAccount)
	}
}

// DeactivateExpired switches off the active accounts whose last day is over,
// writes to those that have a verified address, and returns their number.
// Run it once a day. One that fails does not keep the others from it.
func (s *Letters) DeactivateExpired(ctx context.Context) (int, error) {
	yes := true
	users, err := s.users.store.List(ctx, wispwright.ScopeAll(), UserFilter{IsActive: &yes, ExpirationDateBefore: day(s.now())}, wispwright.Page{NoTotal: true})
	if err != nil {
		return 0, err
	}
	n := 0
	for _, u := range users.Rows {
		err := s.do(ctx, "tenancy.Letters.DeactivateExpired", func(ctx context.Context) error {
			after, err := s.users.Update(ctx, wispwright.ScopeAll(), u.ID, func(u *User) error {
				if s.users.ended(u) { // the date may have been changed meanwhile
					u.IsActive = false
				}
				return nil
			})
			if err != nil || after.IsActive {
				return err
			}
			n++
			return s.post(ctx, true, order{Kind: orderExpired, User: u.ID})
		})
		if isNotFound(err) {
			continue
		}
		if err != nil {
			s.log.ErrorContext(ctx, "an account that is over could not be switched off", "user", u.ID, "error", err)
		}
	}
	return n, nil
}

// RemindOfExpiration writes to everybody whose account is active for exactly so
// many days more and who has a verified address, and returns how many; 0 days
// write to nobody. Run it once a day.
func (s *Letters) RemindOfExpiration(ctx context.Context, days int) (int, error) {
	if days <= 0 {
		return 0, nil
	}
	yes := true
	users, err := s.users.store.List(ctx, wispwright.ScopeAll(), UserFilter{IsActive: &yes, ExpirationDate: day(s.now()).AddDate(0, 0, days)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return 0, err
	}
	var orders []order
	for _, u := range users.Rows {
		to, err := s.verifiedAddress(ctx, u)
		if err != nil {
			return 0, err
		}
		if to != "" {
			orders = append(orders, order{Kind: orderEnding, User: u.ID})
		}
	}
	if len(orders) == 0 {
		return 0, nil
	}
	return len(orders), s.post(ctx, true, orders...)
}

// deliverEnding tells a user when the account ends, or that it did, if that is
// still so.
func (s *Letters) deliverEnding(ctx context.Context, user wispwright.ID, over bool) error {
	u, err := s.users.store.Get(ctx, wispwright.ScopeAll(), user)
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if u.ExpirationDate.IsZero() || s.users.ended(u) != over || u.IsActive == over {
		return nil
	}
	to, err := s.verifiedAddress(ctx, u)
	if err != nil || to == "" {
		return err
	}
	name := "ending"
	if over {
		name = "ended"
	}
	return s.send(ctx, name, letter{User: u, Address: to, Date: u.ExpirationDate.Format(time.DateOnly), Link: s.site.URL})
}
