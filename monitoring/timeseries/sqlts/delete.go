package sqlts

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// Delete implements timeseries.Store. The share of what is deleted in the sums of its
// organization stays, as history does.
func (s *Store) Delete(ctx context.Context, measurement string, f timeseries.Filter) error {
	if measurement == "" && f.Object != nil && len(f.Tags) == 0 {
		return s.deleteOwner(ctx, *f.Object)
	}
	list, err := s.selectSeries(ctx, measurement, f)
	if err != nil {
		return err
	}
	byOwner := map[int64][]int64{}
	for _, row := range list {
		byOwner[row.Owner] = append(byOwner[row.Owner], row.ID)
	}
	for owner, series := range byOwner {
		if err := s.deleteSeries(ctx, owner, series); err != nil {
			return fmt.Errorf("delete points: %w", err)
		}
	}
	if measurement == "" && f.Object != nil {
		return s.deleteDocument(ctx, *f.Object)
	}
	return nil
}

// deleteOwner removes everything of an object; few rows, so one transaction.
func (s *Store) deleteOwner(ctx context.Context, o timeseries.Object) error {
	owner, err := s.owner(ctx, o)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		if err := lock(ctx, s.db, ""); err != nil {
			return err
		}
		for _, table := range []string{"ts_frame", "ts_frame_short"} {
			open, err := s.openDays(ctx, table, 0, day(s.o.Now().Add(2*ahead).UnixMicro()))
			if err != nil {
				return err
			}
			for _, d := range open {
				if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM "+table+" WHERE day = ? AND owner = ?", d, owner); err != nil {
					return err
				}
			}
		}
		for _, table := range []string{"ts_chunk", "ts_document", "ts_series"} {
			if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM "+table+" WHERE owner = ?", owner); err != nil {
				return err
			}
		}
		_, err := sqlstore.Exec(ctx, s.db, "DELETE FROM ts_owner WHERE id = ?", owner)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete points: %w", err)
	}
	s.forgetNames(owner)
	return nil
}

// forgetNames removes from the caches what belongs to an owner that is no more.
func (s *Store) forgetNames(owner int64) {
	for _, o := range s.owners.Keys() {
		if id, ok := s.owners.Peek(o); ok && id == owner {
			s.owners.Remove(o)
		}
	}
	for _, key := range s.series.Keys() {
		if info, ok := s.series.Peek(key); ok && info.owner == owner {
			s.series.Remove(key)
		}
	}
}

func (s *Store) deleteDocument(ctx context.Context, o timeseries.Object) error {
	owner, err := s.owner(ctx, o)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM ts_document WHERE owner = ?", owner); err != nil {
		return fmt.Errorf("delete a document: %w", err)
	}
	return nil
}

// deleteSeries rewrites the days of an owner without some series, a day in each transaction.
func (s *Store) deleteSeries(ctx context.Context, owner int64, series []int64) error {
	without := func(frames []*frame) (left []*frame, changed bool) {
		for _, f := range frames {
			kept := &frame{t: f.t}
			for _, e := range f.entries {
				if slices.Contains(series, e.series) {
					changed = true
					continue
				}
				kept.entries = append(kept.entries, e)
			}
			if len(kept.entries) > 0 {
				left = append(left, kept)
			}
		}
		return left, changed
	}
	for _, table := range []string{"ts_frame", "ts_frame_short"} {
		if err := s.deleteFrames(ctx, table, owner, without); err != nil {
			return err
		}
	}
	days, err := sqlstore.Select[int64](ctx, s.db, "SELECT day FROM ts_chunk WHERE owner = ?", owner)
	if err != nil {
		return err
	}
	for _, d := range days {
		err := s.db.InTx(ctx, func(ctx context.Context) error {
			if err := lock(ctx, s.db, ""); err != nil {
				return err
			}
			all, err := s.day(ctx, "ts_frame", owner, d)
			if err != nil {
				return err
			}
			left, changed := without(all)
			if !changed {
				return nil
			}
			return s.replaceDay(ctx, owner, d, left)
		})
		if err != nil {
			return err
		}
	}
	marks, args := sqlstore.In(series)
	if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM ts_series WHERE id IN ("+marks+")", args...); err != nil {
		return err
	}
	for _, key := range s.series.Keys() {
		if info, ok := s.series.Peek(key); ok && slices.Contains(series, info.id) {
			s.series.Remove(key)
		}
	}
	return nil
}

func (s *Store) deleteFrames(ctx context.Context, table string, owner int64, without func([]*frame) ([]*frame, bool)) error {
	open, err := s.openDays(ctx, table, 0, day(s.o.Now().Add(2*ahead).UnixMicro()))
	if err != nil {
		return err
	}
	for _, d := range open {
		err := s.db.InTx(ctx, func(ctx context.Context) error {
			if err := lock(ctx, s.db, ""); err != nil {
				return err
			}
			frames, err := s.framesOf(ctx, table, owner, d)
			if err != nil {
				return err
			}
			for _, f := range frames {
				left, changed := without([]*frame{f})
				if !changed {
					continue
				}
				query, args := "DELETE FROM "+table+" WHERE day = ? AND owner = ? AND t = ?", []any{d, owner, f.t}
				if len(left) > 0 {
					query, args = "UPDATE "+table+" SET p = ? WHERE day = ? AND owner = ? AND t = ?", append([]any{appendFrame(nil, left[0])}, args...)
				}
				if _, err := sqlstore.Exec(ctx, s.db, query, args...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
