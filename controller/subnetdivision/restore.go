package subnetdivision

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Restore stores a rule as it is in an installation that is taken over, and returns
// what that took: "add", "change" or "". No device gets anything because of it.
func (s *Rules) Restore(ctx context.Context, r *Rule) (action string, err error) {
	if s.core.typeOf(r.Type) == nil {
		return "", wispwright.Invalid("type", valid.NoChoice(r.Type))
	}
	err = s.core.kit.Do(ctx, "subnetdivision.Rules.Restore", func(ctx context.Context) error {
		if _, action, err = s.Adopt(ctx, r, nil); err != nil || action == "" {
			return err
		}
		return s.core.known.Drop(ctx, r.OrganizationID)
	})
	return action, err
}

// RestoreEntry stores what a device has of a rule, as it is in an installation that
// is taken over, and returns what that took: "add", "change" or "".
func (d *Divisions) RestoreEntry(ctx context.Context, e *Entry) (action string, err error) {
	err = d.kit.Do(ctx, "subnetdivision.RestoreEntry", func(ctx context.Context) error {
		_, action, err = entity.Put(ctx, wispwright.Repo[Entry, EntryFilter](d.stores.Entries), e.ID, e, nil)
		return err
	})
	return action, err
}
