package sqlts

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright/kit/sqlstore"
)

// sealAtOnce is how many days of owners one transaction compresses: more would keep
// writers waiting for longer than a tenth of a second.
const sealAtOnce = 5

// forgetAtOnce is how many rows one transaction deletes.
const forgetAtOnce = 500

// Maintain implements timeseries.Store: it adds up differences, compresses days that are
// over, and forgets what is older than it is kept. Call it each minute; all nodes
// may.
func (s *Store) Maintain(ctx context.Context, now time.Time) error {
	if err := s.fold(ctx, now); err != nil {
		return err
	}
	if err := s.findPlaces(ctx, now); err != nil {
		return err
	}
	if err := s.seal(ctx, now); err != nil {
		return err
	}
	return s.forget(ctx, now)
}

// seal compresses what is left of days that ended SealAfter ago. Points that come late
// are frames of their day again until the next time.
func (s *Store) seal(ctx context.Context, now time.Time) error {
	before := day(now.Add(-s.o.SealAfter).UnixMicro())
	for {
		due, err := sqlstore.Select[ownerDay](ctx, s.db, "SELECT DISTINCT owner, day FROM ts_frame WHERE day < ? ORDER BY day, owner LIMIT ?", before, 50*sealAtOnce)
		if err != nil {
			return fmt.Errorf("look for days that are over: %w", err)
		}
		if len(due) == 0 {
			return nil
		}
		for some := range slices.Chunk(due, sealAtOnce) {
			err := s.db.InTx(ctx, func(ctx context.Context) error {
				if err := lock(ctx, s.db, ""); err != nil {
					return err
				}
				for _, d := range some {
					if err := s.sealDay(ctx, d.Owner, d.Day); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("compress a day: %w", err)
			}
		}
	}
}

type ownerDay struct {
	Owner int64 `db:"owner"`
	Day   int64 `db:"day"`
}

// sealDay makes a chunk of the frames of a day, over the chunk that is there.
func (s *Store) sealDay(ctx context.Context, owner, d int64) error {
	all, err := s.day(ctx, "ts_frame", owner, d)
	if err != nil {
		return err
	}
	return s.replaceDay(ctx, owner, d, all)
}

// replaceDay stores a day as a chunk, in place of its chunk and frames.
func (s *Store) replaceDay(ctx context.Context, owner, d int64, all []*frame) error {
	query, args := "DELETE FROM ts_chunk WHERE owner = ? AND day = ?", []any{owner, d}
	if len(all) > 0 {
		query, args = "INSERT INTO ts_chunk (owner, day, p) VALUES (?, ?, ?) ON CONFLICT (owner, day) DO UPDATE SET p = excluded.p", append(args, s.codec.encodeChunk(all))
	}
	if _, err := sqlstore.Exec(ctx, s.db, query, args...); err != nil {
		return fmt.Errorf("store a chunk: %w", err)
	}
	if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM ts_frame WHERE day = ? AND owner = ?", d, owner); err != nil {
		return fmt.Errorf("remove frames: %w", err)
	}
	return nil
}

// forget deletes what is older than it is kept, in small pieces.
func (s *Store) forget(ctx context.Context, now time.Time) error {
	oldest := day(now.Add(-s.o.Keep).UnixMicro())
	short := day(now.Add(-s.o.KeepShort).UnixMicro())
	fine := now.Add(-fineFor - time.Hour).UnixMicro()
	pick := s.pick
	for _, p := range []struct {
		query string
		args  []any
	}{
		{pick("ts_frame_short", "day < ?"), []any{short}},
		{pick("ts_frame_short", "day = ? AND t < ?"), []any{short, now.Add(-s.o.KeepShort).UnixMicro()}},
		{pick("ts_frame", "day < ?"), []any{oldest}},
		{pick("ts_chunk", "day < ?"), []any{oldest}},
		{pick("ts_sum", "day < ?"), []any{oldest}},
		{pick("ts_set", "grain = ? AND t < ?"), []any{slot, fine}},
		{pick("ts_set", "t < ?"), []any{oldest * 86400e6}},
	} {
		for {
			n, err := sqlstore.Exec(ctx, s.db, p.query, append(p.args, forgetAtOnce)...)
			if err != nil {
				return fmt.Errorf("forget what is old: %w", err)
			}
			if n < forgetAtOnce {
				break
			}
		}
	}
	return nil
}

// pick returns a statement that deletes a bounded number of rows by their key.
func (s *Store) pick(table, where string) string {
	key := map[string]string{
		"ts_frame": "day, owner, t", "ts_frame_short": "day, owner, t", "ts_chunk": "owner, day",
		"ts_sum": "scope, rule, day", "ts_set": "scope, rule, grain, t",
	}[table]
	return "DELETE FROM " + table + " WHERE (" + key + ") IN (SELECT " + key + " FROM " + table + " WHERE " + where + " LIMIT ?)"
}
