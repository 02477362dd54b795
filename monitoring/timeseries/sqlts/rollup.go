package sqlts

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/wispwright/wispwright/kit/sqlstore"
)

// Sums of organizations are kept by slots of five minutes: every offset of a time zone is a
// multiple of 15 minutes, so all buckets of charts begin on that grid. A transaction
// that writes points appends one row of differences per organization, and a fold adds
// those up each minute; readers add what is not folded yet.

const (
	slot       = int64(300e6) // microseconds
	slotsADay  = 288
	everything = int64(0) // the scope of all organizations
)

// grains are the widths of sets, in microseconds. The finest are kept for a while only.
var grains = [...]int64{slot, 3 * slot, 12 * slot, 72 * slot, slotsADay * slot}

// fineFor is how long sets of five minutes are kept: charts of a week and less have
// narrower buckets than an hour.
const fineFor = 8 * 24 * time.Hour

// sumKey is what one sum is of.
type sumKey struct {
	rule  int
	slot  int64 // since 1970
	group int64
}

// setKey is what one set is of.
type setKey struct {
	rule int
	slot int64
}

// difference is what a transaction changes in one scope.
type difference struct {
	sums map[sumKey][]int64
	sets map[setKey]map[uint32]struct{}
}

// deltas are differences by scope.
type deltas map[int64]*difference

func (d deltas) of(scope int64) *difference {
	have := d[scope]
	if have == nil {
		have = &difference{map[sumKey][]int64{}, map[setKey]map[uint32]struct{}{}}
		d[scope] = have
	}
	return have
}

// count adds what a frame changes: its values less those of the same fields before.
func (w *writing) count(f, old *frame) {
	for _, e := range f.entries {
		info := w.info[e.series]
		if info == nil || info.rule < 0 {
			continue
		}
		rule := &w.s.o.Rules[info.rule]
		scopes := []int64{everything}
		if info.scope != 0 {
			scopes = append(scopes, info.scope)
		}
		if sums, have := w.places[info.place]; have {
			scopes = append(scopes, sums.scope)
		}
		for _, scope := range scopes {
			d := w.deltas.of(scope)
			if len(rule.Sums) > 0 {
				w.countSums(d, info, rule, f.t, e, old)
				continue
			}
			if e.list == nil || w.names.fieldName(e.field) != rule.Distinct {
				continue
			}
			for i, id := range e.list {
				key := setKey{info.rule, floorDiv(f.t+int64(i), slot)}
				if d.sets[key] == nil {
					d.sets[key] = map[uint32]struct{}{}
				}
				d.sets[key][uint32(id)] = struct{}{}
			}
		}
	}
}

func (w *writing) countSums(d *difference, info *seriesInfo, rule *Rule, t int64, e entry, old *frame) {
	key := sumKey{info.rule, floorDiv(t, slot), info.group}
	var sums []int64
	for _, c := range e.cells {
		i := slices.Index(rule.Sums, w.names.fieldName(c.field))
		if i < 0 {
			continue
		}
		if sums == nil {
			if sums = d.sums[key]; sums == nil {
				sums = make([]int64, len(rule.Sums))
				d.sums[key] = sums
			}
		}
		sums[i] += c.value().Int()
		if old != nil {
			for _, o := range old.entries {
				if o.series != e.series {
					continue
				}
				for _, oc := range o.cells {
					if oc.field == c.field {
						sums[i] -= oc.value().Int()
					}
				}
			}
		}
	}
}

// storeDeltas appends the differences of the transaction.
func (w *writing) storeDeltas() error {
	for _, scope := range slices.Sorted(maps.Keys(w.deltas)) {
		d := w.deltas[scope]
		if len(d.sums)+len(d.sets) == 0 {
			continue
		}
		if _, err := w.s.stmts.delta.Exec(w.ctx, scope, d.encode()); err != nil {
			return fmt.Errorf("store sums: %w", err)
		}
	}
	return nil
}

func (d *difference) encode() []byte {
	b := binary.AppendUvarint(nil, uint64(len(d.sums)))
	for key, sums := range d.sums {
		b = binary.AppendUvarint(b, uint64(key.rule))
		b = binary.AppendVarint(b, key.slot)
		b = binary.AppendUvarint(b, uint64(key.group))
		b = binary.AppendUvarint(b, uint64(len(sums)))
		for _, v := range sums {
			b = binary.AppendVarint(b, v)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(d.sets)))
	for key, set := range d.sets {
		b = binary.AppendUvarint(b, uint64(key.rule))
		b = binary.AppendVarint(b, key.slot)
		b = binary.AppendUvarint(b, uint64(len(set)))
		for id := range set {
			b = binary.AppendUvarint(b, uint64(id))
		}
	}
	return b
}

// decodeInto adds what encode wrote.
func (d *difference) decodeInto(p []byte) error {
	r := &reader{b: p}
	for range r.count() {
		key := sumKey{int(r.uvarint()), r.varint(), int64(r.uvarint())}
		n := r.count()
		sums := d.sums[key]
		if len(sums) < n {
			sums = append(sums, make([]int64, n-len(sums))...)
			d.sums[key] = sums
		}
		for i := range n {
			sums[i] += r.varint()
		}
	}
	for range r.count() {
		key := setKey{int(r.uvarint()), r.varint()}
		n := r.count()
		if d.sets[key] == nil {
			d.sets[key] = make(map[uint32]struct{}, n)
		}
		for range n {
			d.sets[key][uint32(r.uvarint())] = struct{}{}
		}
	}
	return r.err()
}

// sumDay are the sums of a scope and rule on one day.
type sumDay map[sumKey][]int64

// encodeSums writes the sums of a day, whose keys have one rule.
func (s *Store) encodeSums(day int64, sums sumDay) []byte {
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b sumKey) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.slot, b.slot))
	})
	var b []byte
	lastGroup, lastSlot := int64(0), day*slotsADay
	for _, key := range keys {
		if key.group != lastGroup {
			lastSlot = day * slotsADay
		}
		b = binary.AppendUvarint(b, uint64(key.group-lastGroup))
		b = binary.AppendUvarint(b, uint64(key.slot-lastSlot))
		lastGroup, lastSlot = key.group, key.slot
		b = binary.AppendUvarint(b, uint64(len(sums[key])))
		for _, v := range sums[key] {
			b = binary.AppendVarint(b, v)
		}
	}
	return s.codec.pack(b)
}

func (s *Store) decodeSums(rule int, day int64, p []byte, into sumDay) error {
	p, err := s.codec.unpack(p)
	if err != nil {
		return err
	}
	r := &reader{b: p}
	group, at := int64(0), day*slotsADay
	for len(r.b) > 0 {
		if step := int64(r.uvarint()); step != 0 {
			group += step
			at = day * slotsADay
		}
		at += int64(r.uvarint())
		key := sumKey{rule, at, group}
		n := r.count()
		if len(into[key]) < n {
			into[key] = append(into[key], make([]int64, n-len(into[key]))...)
		}
		for i := range n {
			into[key][i] += r.varint()
		}
	}
	return r.err()
}

// foldAtOnce is how many rows of differences one transaction adds up.
const foldAtOnce = 4096

// fold adds up differences until few are left.
func (s *Store) fold(ctx context.Context, now time.Time) error {
	for {
		n := 0
		err := s.db.InTx(ctx, func(ctx context.Context) error {
			if err := lock(ctx, s.db, ""); err != nil {
				return err
			}
			rows, err := sqlstore.Select[deltaRow](ctx, s.db, "SELECT id, scope, p FROM ts_delta ORDER BY id LIMIT ?", foldAtOnce)
			if err != nil {
				return fmt.Errorf("read differences: %w", err)
			}
			n = len(rows)
			return s.foldRows(ctx, rows, now)
		})
		if err != nil {
			return fmt.Errorf("add up sums: %w", err)
		}
		if n < foldAtOnce {
			return nil
		}
	}
}

type deltaRow struct {
	ID    int64  `db:"id"`
	Scope int64  `db:"scope"`
	P     []byte `db:"p"`
}

func (s *Store) foldRows(ctx context.Context, rows []deltaRow, now time.Time) error {
	byScope := deltas{}
	for _, r := range rows {
		if err := byScope.of(r.Scope).decodeInto(r.P); err != nil {
			return err
		}
	}
	for _, scope := range slices.Sorted(maps.Keys(byScope)) {
		if err := s.foldSums(ctx, scope, byScope[scope]); err != nil {
			return err
		}
		if err := s.foldSets(ctx, scope, byScope[scope], now); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(rows, 500) {
		ids := make([]int64, len(some))
		for i, r := range some {
			ids[i] = r.ID
		}
		marks, args := sqlstore.In(ids)
		if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM ts_delta WHERE id IN ("+marks+")", args...); err != nil {
			return fmt.Errorf("remove differences: %w", err)
		}
	}
	return nil
}

func (s *Store) foldSums(ctx context.Context, scope int64, d *difference) error {
	type ruleDay struct {
		rule int
		day  int64
	}
	days := map[ruleDay]sumDay{}
	for key, sums := range d.sums {
		k := ruleDay{key.rule, floorDiv(key.slot, slotsADay)}
		if days[k] == nil {
			days[k] = sumDay{}
		}
		days[k][key] = sums
	}
	for k, sums := range days {
		have, err := sqlstore.Select[[]byte](ctx, s.db, "SELECT p FROM ts_sum WHERE scope = ? AND rule = ? AND day = ?", scope, k.rule, k.day)
		if err != nil {
			return fmt.Errorf("read sums: %w", err)
		}
		for _, p := range have {
			if err := s.decodeSums(k.rule, k.day, p, sums); err != nil {
				return err
			}
		}
		if _, err := sqlstore.Exec(ctx, s.db, "INSERT INTO ts_sum (scope, rule, day, p) VALUES (?, ?, ?, ?) ON CONFLICT (scope, rule, day) DO UPDATE SET p = excluded.p",
			scope, k.rule, k.day, s.encodeSums(k.day, sums)); err != nil {
			return fmt.Errorf("store sums: %w", err)
		}
	}
	return nil
}

func (s *Store) foldSets(ctx context.Context, scope int64, d *difference, now time.Time) error {
	type place struct {
		rule     int
		grain, t int64
	}
	fine := now.Add(-fineFor).UnixMicro()
	sets := map[place]*roaring.Bitmap{}
	for key, ids := range d.sets {
		list := slices.Collect(maps.Keys(ids))
		slices.Sort(list)
		for _, grain := range grains {
			t := floorDiv(key.slot*slot, grain) * grain
			if grain == slot && t < fine {
				continue
			}
			k := place{key.rule, grain, t}
			if sets[k] == nil {
				sets[k] = roaring.New()
			}
			sets[k].AddMany(list)
		}
	}
	for k, set := range sets {
		have, err := sqlstore.Select[[]byte](ctx, s.db, "SELECT p FROM ts_set WHERE scope = ? AND rule = ? AND grain = ? AND t = ?", scope, k.rule, k.grain, k.t)
		if err != nil {
			return fmt.Errorf("read sets: %w", err)
		}
		for _, p := range have {
			old := roaring.New()
			if _, err := old.FromBuffer(p); err != nil {
				return errDamaged
			}
			set.Or(old)
		}
		// without RunOptimize: uniting sets that have runs takes a thousand times as long
		p, err := set.ToBytes()
		if err != nil {
			return fmt.Errorf("write a set: %w", err)
		}
		if _, err := sqlstore.Exec(ctx, s.db, "INSERT INTO ts_set (scope, rule, grain, t, p) VALUES (?, ?, ?, ?, ?) ON CONFLICT (scope, rule, grain, t) DO UPDATE SET p = excluded.p",
			scope, k.rule, k.grain, k.t, p); err != nil {
			return fmt.Errorf("store sets: %w", err)
		}
	}
	return nil
}
