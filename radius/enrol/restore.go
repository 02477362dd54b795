package enrol

import (
	"context"
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
)

// Restore stores a batch as it is in an installation that is taken over, with its
// file, the passwords that were handed out and its users, whose accounts must be
// there. It returns what that took: "add", "change" or "".
func (s *Batches) Restore(ctx context.Context, b *Batch, paper *Paper, members []*Member) (action string, err error) {
	err = s.base.Do(ctx, "enrol.Batches.Restore", func(ctx context.Context) error {
		if b.PasswordLength == 0 {
			b.PasswordLength = int64(s.e.options.PasswordLength)
		}
		if _, action, err = s.Adopt(ctx, b, nil); err != nil {
			return err
		}
		paper.ID, paper.OrganizationID = b.ID, b.OrganizationID
		more, err := s.restorePaper(ctx, paper)
		if err != nil {
			return err
		}
		for _, m := range members {
			m.BatchID, m.OrganizationID = b.ID, b.OrganizationID
			_, did, err := entity.Put(ctx, s.stores.Members, m.ID, m, nil)
			if err != nil {
				return err
			}
			more = more || did != ""
		}
		if more && action == "" {
			action = "change"
		}
		return nil
	})
	return action, err
}

// restorePaper reports whether something changed; what is empty is not kept.
func (s *Batches) restorePaper(ctx context.Context, paper *Paper) (bool, error) {
	before, err := s.stores.Papers.Get(ctx, wispwright.ScopeAll(), paper.ID)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		if paper.File == "" && paper.Credentials == "" {
			return false, nil
		}
		return true, s.stores.Papers.Insert(ctx, paper)
	case err != nil:
		return false, err
	case before.File == paper.File && before.Credentials == paper.Credentials:
		return false, nil
	}
	_, err = s.stores.Papers.Update(ctx, wispwright.ScopeAll(), paper.ID, func(p *Paper) error {
		p.File, p.Credentials = paper.File, paper.Credentials
		return nil
	})
	return true, err
}
