package notifications

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
)

// ForgetUser deletes everything of a user that is being deleted, in the
// transaction of the context.
func (s *Service) ForgetUser(ctx context.Context, user wispwright.ID) error {
	return s.base.Do(ctx, "notifications.ForgetUser", func(ctx context.Context) error {
		for _, forget := range []func(context.Context, wispwright.ID) error{
			s.stores.Notifications.ForgetUser, s.stores.Choices.ForgetUser, s.stores.Silences.ForgetUser, s.stores.MailStates.ForgetUser,
		} {
			if err := forget(ctx, user); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetOrganization deletes what was chosen about an organization that is
// being deleted.
func (s *Service) ForgetOrganization(ctx context.Context, organization wispwright.ID) error {
	return s.base.Do(ctx, "notifications.ForgetOrganization", func(ctx context.Context) error {
		return s.stores.Choices.ForgetOrganization(ctx, organization)
	})
}

// ForgetObjects deletes, after objects were deleted, the notifications of the
// types that speak of their kind, and their silences. Notifications of other
// types stay and call the object by its last name.
func (s *Service) ForgetObjects(ctx context.Context, refs ...Ref) error {
	kinds := map[string][]Ref{}
	for _, r := range refs {
		kinds[r.Kind] = append(kinds[r.Kind], r)
	}
	return s.base.Do(ctx, "notifications.ForgetObjects", func(ctx context.Context) error {
		for kind, gone := range kinds {
			if err := s.stores.Silences.ForgetObjects(ctx, gone...); err != nil {
				return err
			}
			types := s.types.Of(kind)
			if len(types) == 0 {
				continue
			}
			users, err := s.stores.Notifications.ForgetObjects(ctx, types, gone...)
			if err != nil {
				return err
			}
			for _, user := range users {
				s.Changed.Publish(ctx, Change{UserID: user, Reload: true})
			}
		}
		return nil
	})
}

// cleanBatch is how many rows one statement of Clean deletes.
const cleanBatch = 5000

// Clean deletes notifications older than an age, and silences that ended. It
// returns how many notifications there were.
func (s *Service) Clean(ctx context.Context, age time.Duration) (total int, err error) {
	now := s.base.Now()
	for {
		n, err := s.stores.Silences.Expire(ctx, now, cleanBatch)
		if err != nil {
			return 0, fmt.Errorf("notifications.Clean: %w", err)
		}
		if n < cleanBatch {
			break
		}
	}
	for age > 0 {
		n, err := s.stores.Notifications.Forget(ctx, now.Add(-age), cleanBatch)
		if total += n; err != nil {
			return total, fmt.Errorf("notifications.Clean: %w", err)
		}
		if n < cleanBatch {
			break
		}
	}
	return total, nil
}

// Tidy deletes what was chosen for types that are not registered any more, and
// returns how many choices there were. Nothing else of preferences has to be
// made or kept: see Preferences.
func (s *Service) Tidy(ctx context.Context) (n int, err error) {
	err = s.base.Do(ctx, "notifications.Tidy", func(ctx context.Context) error {
		n = 0
		all, err := s.stores.Choices.List(ctx, wispwright.ScopeAll(), ChoiceFilter{}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, c := range all.Rows {
			if c.Type == "" || s.types.by[c.Type] != nil {
				continue
			}
			if err := s.stores.Choices.Delete(ctx, wispwright.ScopeAll(), c.ID); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}
