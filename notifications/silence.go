package notifications

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
)

// Silence keeps an object from being spoken of to one user (spec:
// notifications §1.3).
type Silence struct {
	ID     wispwright.ID
	UserID wispwright.ID
	// ObjectKind and ObjectID name the target that the user does not want to
	// hear of.
	ObjectKind, ObjectID string
	// ValidTill is when it ends; nil means never.
	ValidTill *time.Time
}

// Holds reports whether the silence counts at a time.
func (s *Silence) Holds(now time.Time) bool { return s.ValidTill == nil || s.ValidTill.After(now) }

// SilenceFilter selects silences; zero fields select all.
type SilenceFilter struct {
	// UserID and UserIDs limit to these users.
	UserID  wispwright.ID
	UserIDs wispwright.Among[wispwright.ID]
	// ObjectKind and ObjectIDs limit to these objects.
	ObjectKind string
	ObjectIDs  wispwright.Among[string]
	// ValidTillBefore limits to those that ended before a time.
	ValidTillBefore time.Time
}

// SilenceStore keeps silences. Its unique rule is "silence_user_object".
// Silences go with their user.
type SilenceStore interface {
	wispwright.Repo[Silence, SilenceFilter]
	// Expire deletes up to limit silences that ended before a time, and returns
	// how many there were.
	Expire(ctx context.Context, before time.Time, limit int) (int, error)
	// ForgetUser deletes those of a user, ForgetObjects those of objects.
	ForgetUser(ctx context.Context, user wispwright.ID) error
	ForgetObjects(ctx context.Context, refs ...Ref) error
}
