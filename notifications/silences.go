package notifications

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
)

// Silences returns those of a user that hold, by their end.
func (s *Service) Silences(ctx context.Context, user wispwright.ID, page wispwright.Page) (wispwright.Items[Silence], error) {
	if _, err := s.stores.Silences.Expire(ctx, s.base.Now(), 1000); err != nil {
		return wispwright.Items[Silence]{}, err
	}
	return s.stores.Silences.List(ctx, wispwright.ScopeAll(), SilenceFilter{UserID: user}, page)
}

// Silence returns a user's for an object. Errors: ErrNotFound.
func (s *Service) Silence(ctx context.Context, user wispwright.ID, object Ref) (*Silence, error) {
	found, err := s.stores.Silences.List(ctx, wispwright.ScopeAll(), SilenceFilter{
		UserID: user, ObjectKind: object.Kind, ObjectIDs: wispwright.Only(object.ID),
	}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, silence := range found.Rows {
		if silence.Holds(s.base.Now()) {
			return silence, nil
		}
	}
	return nil, wispwright.ErrNotFound
}

// SetSilence keeps an object from being spoken of to a user. When set is
// false, till is left as it is, or is never for a new one. It reports whether
// it is new.
func (s *Service) SetSilence(ctx context.Context, user wispwright.ID, object Ref, till *time.Time, set bool) (silence *Silence, created bool, err error) {
	err = s.base.Do(ctx, "notifications.SetSilence", func(ctx context.Context) error {
		found, err := s.stores.Silences.List(ctx, wispwright.ScopeAll(), SilenceFilter{
			UserID: user, ObjectKind: object.Kind, ObjectIDs: wispwright.Only(object.ID),
		}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		if created = len(found.Rows) == 0; created {
			if err := s.roomForSilence(ctx, user); err != nil {
				return err
			}
			silence = &Silence{ID: wispwright.NewID(), UserID: user, ObjectKind: object.Kind, ObjectID: object.ID, ValidTill: till}
			return s.stores.Silences.Insert(ctx, silence)
		}
		created = !found.Rows[0].Holds(s.base.Now())
		silence, err = s.stores.Silences.Update(ctx, wispwright.ScopeAll(), found.Rows[0].ID, func(old *Silence) error {
			if set || created {
				old.ValidTill = till
			}
			return nil
		})
		return err
	})
	return silence, created, err
}

// mostSilences is how many objects a user silences: more than a person looks after,
// whose notifications are turned off instead.
const mostSilences = 1000

// roomForSilence refuses one more than that.
func (s *Service) roomForSilence(ctx context.Context, user wispwright.ID) error {
	for range 2 {
		found, err := s.stores.Silences.List(ctx, wispwright.ScopeAll(), SilenceFilter{UserID: user}, wispwright.Page{Limit: 1})
		if err != nil || found.Total < mostSilences {
			return err
		}
		// those that have ended make room
		if n, err := s.stores.Silences.Expire(ctx, s.base.Now(), 10*mostSilences); err != nil || n == 0 {
			return cmp.Or(err, tooManySilences())
		}
	}
	return tooManySilences()
}

func tooManySilences() error {
	return wispwright.Invalid("", fmt.Sprintf("You silence %d objects already; end some, or turn notifications off in your preferences.", mostSilences))
}

// EndSilence lets an object be spoken of again. Errors: ErrNotFound.
func (s *Service) EndSilence(ctx context.Context, user wispwright.ID, object Ref) error {
	return s.base.Do(ctx, "notifications.EndSilence", func(ctx context.Context) error {
		silence, err := s.Silence(ctx, user, object)
		if err != nil {
			return err
		}
		return s.stores.Silences.Delete(ctx, wispwright.ScopeAll(), silence.ID)
	})
}
