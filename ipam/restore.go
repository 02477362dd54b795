package ipam

import (
	"context"
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Restore stores a subnet as it is in an installation that is taken over, and returns
// what that took: "add", "change" or "". Its master must be there. Networks that
// overlap there overlap here.
func (s *Subnets) Restore(ctx context.Context, n *Subnet) (action string, err error) {
	var v wispwright.ValidationError
	valid.Text(&v, "name", n.Name, valid.Max(100))
	if !n.Subnet.IsValid() {
		v.Add("subnet", "This field cannot be null.")
	}
	if err := v.Err(); err != nil {
		return "", err
	}
	err = s.base.Do(ctx, "ipam.Subnets.Restore", func(ctx context.Context) error {
		if _, err := s.master(ctx, n); err != nil {
			return err
		}
		before, done, err := s.Adopt(ctx, n, func(before, after *Subnet) {
			if before == nil {
				before = &Subnet{}
			}
			after.keepUse(before)
		})
		if action = done; err != nil || done == "" {
			return err
		}
		return s.stored(ctx, entity.Change[Subnet]{Before: before, After: n})
	})
	return action, err
}

// Restore stores an address as it is in an installation that is taken over, and
// returns what that took: "add", "change" or "". Its subnet must be there.
func (s *Addresses) Restore(ctx context.Context, a *Address) (action string, err error) {
	if err := s.validate(ctx, entity.Change[Address]{After: a}); err != nil {
		return "", err
	}
	err = s.base.Do(ctx, "ipam.Addresses.Restore", func(ctx context.Context) error {
		before, err := s.stores.Addresses.Get(ctx, wispwright.ScopeAll(), a.ID)
		if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return err
		}
		if err := s.check(ctx, entity.Change[Address]{Before: before, After: a}); err != nil {
			return err
		}
		_, action, err = s.Adopt(ctx, a, nil)
		return err
	})
	return action, err
}
