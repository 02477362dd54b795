package enrol

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
)

// DeleteUnverified removes accounts that never proved who they are: older than an age,
// without a verified registration anywhere, without a session ever, not of the staff,
// and registered in none of some ways. It returns their number (spec: radius §13).
func (e *Enrolment) DeleteUnverified(ctx context.Context, age time.Duration, except ...string) (int, error) {
	before := e.base.Now().Add(-age)
	no := false
	n := 0
	for offset := 0; ; {
		found, err := e.radius.Registrations.List(ctx, wispwright.ScopeAll(), radius.RegistrationFilter{IsVerified: &no}, wispwright.Page{Offset: offset, Limit: perStep, NoTotal: true})
		if err != nil {
			return n, err
		}
		for _, r := range found.Rows {
			removed, err := e.deleteUnverified(ctx, r, before, except)
			if err != nil {
				return n, err
			}
			if removed {
				n++
			} else {
				offset++
			}
		}
		if len(found.Rows) < perStep {
			return n, nil
		}
	}
}

// deleteUnverified removes the account of one registration, if it is one of those.
func (e *Enrolment) deleteUnverified(ctx context.Context, r *radius.Registration, before time.Time, except []string) (removed bool, err error) {
	err = e.base.Do(ctx, "enrol.DeleteUnverified", func(ctx context.Context) error {
		removed = false
		a, err := e.people.Get(ctx, r.UserID)
		if errors.Is(err, wispwright.ErrNotFound) {
			return nil
		}
		if err != nil || a.IsStaff || a.IsSuperuser || !a.Joined.Before(before) {
			return err
		}
		all, err := e.radius.Registrations.List(ctx, wispwright.ScopeAll(), radius.RegistrationFilter{UserID: r.UserID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all.Rows, func(r *radius.Registration) bool { return r.IsVerified || slices.Contains(except, r.Method) }) {
			return nil
		}
		sessions, err := e.radius.Accounting.List(ctx, wispwright.ScopeAll(), radius.SessionFilter{Username: a.Username}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil || len(sessions.Rows) > 0 {
			return err
		}
		removed = true
		return e.people.Remove(ctx, a.ID)
	})
	return removed && err == nil, err
}
