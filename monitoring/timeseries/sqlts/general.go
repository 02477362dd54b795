package sqlts

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// ruleFor returns the rule that answers a query without reading objects, or -1.
func (s *Store) ruleFor(q *timeseries.Query) int {
	if q.Filter.Object != nil || len(q.GroupBy) > 0 {
		return -1
	}
	return slices.IndexFunc(s.o.Rules, func(r Rule) bool {
		if r.Measurement != q.Measurement {
			return false
		}
		for name, list := range q.Filter.Tags {
			if len(list) > 0 && name != by && name != atLocation && (r.Group == "" || name != r.Group) {
				return false
			}
		}
		for _, t := range q.Traces {
			if len(r.Sums) > 0 && (t.Func != timeseries.Sum || !slices.Contains(r.Sums, t.Field)) ||
				len(r.Sums) == 0 && (t.Func != timeseries.Distinct || t.Field != r.Distinct) {
				return false
			}
		}
		return true
	})
}

// general answers a query over organizations: whole slots from what was added up, the
// slivers at the ends of the range from the objects.
func (s *Store) general(ctx context.Context, rule int, g *timeseries.Gather, q *timeseries.Query) error {
	start, end := g.Window()
	first := floorDiv(start+slot-1, slot)
	scopes, since, err := s.scopes(ctx, q)
	if err != nil {
		return err
	}
	first = max(first, since)     // sums of a location begin some time
	last := floorDiv(end+1, slot) // the first slot that is not whole
	raw := func(from, to int64) error {
		if from > to {
			return nil
		}
		p, err := s.part(ctx, g, q, from, to)
		if err != nil {
			return err
		}
		return s.pass(ctx, []*part{p})
	}
	if first >= last {
		return raw(start, end)
	}
	if err := raw(start, first*slot-1); err != nil {
		return err
	}
	if err := raw(last*slot, end); err != nil {
		return err
	}
	if len(scopes) == 0 {
		return nil
	}
	group := g.For(timeseries.Tags{})
	if len(s.o.Rules[rule].Sums) > 0 {
		return s.generalSums(ctx, rule, g, group, q, scopes, first, last)
	}
	return s.generalSets(ctx, rule, g, group, q, scopes, first, last, raw)
}

// scopes returns the numbers of the organizations, of locations, or of everything, and the
// slot from which on they have sums.
func (s *Store) scopes(ctx context.Context, q *timeseries.Query) (scopes []int64, since int64, err error) {
	if len(q.Filter.Tags[atLocation]) > 0 {
		scopes, since, ok, err := s.placed(ctx, q)
		if !ok {
			since = math.MaxInt64 / slot // all of it is read from the objects
		}
		return scopes, since, err
	}
	list := q.Filter.Tags[by]
	if len(list) == 0 {
		return []int64{everything}, 0, nil
	}
	scopes, err = s.symbolsOf(ctx, list)
	return scopes, 0, err
}

func (s *Store) symbolsOf(ctx context.Context, list []string) ([]int64, error) {
	marks, args := sqlstore.In(list)
	ids, err := sqlstore.Select[int64](ctx, s.db, "SELECT id FROM ts_symbol WHERE value IN ("+marks+")", args...)
	if err != nil {
		return nil, fmt.Errorf("look for tags: %w", err)
	}
	return ids, nil
}

// generalSums reads sums of whole slots. Sums and differences are read by one statement, since
// a fold moves one into the other.
func (s *Store) generalSums(ctx context.Context, rule int, g *timeseries.Gather, group *timeseries.Group, q *timeseries.Query, scopes []int64, first, last int64) error {
	r := &s.o.Rules[rule]
	var groups map[int64]bool
	if names := q.Filter.Tags[r.Group]; r.Group != "" && len(names) > 0 {
		ids, err := s.symbolsOf(ctx, names)
		if err != nil {
			return err
		}
		groups = map[int64]bool{}
		for _, id := range ids {
			groups[id] = true
		}
	}
	marks, args := sqlstore.In(scopes)
	args = append(args, rule, floorDiv(first, slotsADay), floorDiv(last, slotsADay))
	rows, err := sqlstore.Select[struct {
		Scope int64  `db:"scope"`
		Day   int64  `db:"day"`
		P     []byte `db:"p"`
	}](ctx, s.db, "SELECT scope, day, p FROM ts_sum WHERE scope IN ("+marks+") AND rule = ? AND day >= ? AND day <= ?"+
		" UNION ALL SELECT scope, -1 AS day, p FROM ts_delta WHERE scope IN ("+marks+")", append(args, args[:len(scopes)]...)...)
	if err != nil {
		return fmt.Errorf("read sums: %w", err)
	}
	sums := sumDay{}
	pending := &difference{sums, map[setKey]map[uint32]struct{}{}}
	for _, row := range rows {
		if row.Day < 0 {
			err = pending.decodeInto(row.P)
		} else {
			err = s.decodeSums(rule, row.Day, row.P, sums)
		}
		if err != nil {
			return fmt.Errorf("read sums: %w", err)
		}
	}
	for key, values := range sums {
		if key.rule != rule || key.slot < first || key.slot >= last || groups != nil && !groups[key.group] {
			continue
		}
		for i, field := range r.Sums {
			if traces := g.Traces(field); len(traces) > 0 && i < len(values) {
				group.Number(traces, key.slot*slot, timeseries.Int(values[i]))
			}
		}
	}
	return nil
}

// generalSets reads sets of whole slots: of each bucket the fewest that cover it.
func (s *Store) generalSets(ctx context.Context, rule int, g *timeseries.Gather, group *timeseries.Group, q *timeseries.Query,
	scopes []int64, first, last int64, raw func(from, to int64) error,
) error {
	traces := g.Traces(s.o.Rules[rule].Distinct)
	fine := s.o.Now().Add(-fineFor).UnixMicro()
	var gaps [][2]int64
	wanted := map[int64]map[int64][]int64{} // grain: time: times of the buckets
	bounds := g.Bounds()
	if len(bounds) == 0 {
		bounds = []int64{first * slot, last * slot}
	}
	for i := range len(bounds) - 1 {
		from, to := max(bounds[i], first*slot), min(bounds[i+1], last*slot)
		for from < to {
			grain := fits(from, to, fine)
			if grain == 0 { // no set of the slot is kept any more
				end := min(from+slot, to)
				gaps = append(gaps, [2]int64{from, end - 1})
				from = end
				continue
			}
			if wanted[grain] == nil {
				wanted[grain] = map[int64][]int64{}
			}
			wanted[grain][from] = append(wanted[grain][from], bounds[i])
			from += grain
		}
	}
	// differences first: what is folded between the questions is then in both, and counts once
	buckets, err := s.pendingSets(ctx, rule, scopes, first, last, bounds)
	if err != nil {
		return err
	}
	if err := s.setsOf(ctx, rule, scopes, wanted, buckets); err != nil {
		return err
	}
	var all []*roaring.Bitmap
	for at, sets := range buckets {
		union := roaring.FastOr(sets...)
		all = append(all, union)
		if len(g.Bounds()) > 0 {
			group.Union(traces, max(at, q.Range.Start.UnixMicro()), false, union)
		}
	}
	group.Union(traces, 0, true, all...)
	return s.gaps(gaps, raw)
}

// fits returns the widest grain that begins at a time, ends before another, and is kept.
func fits(from, to, fine int64) int64 {
	for i := len(grains) - 1; i >= 0; i-- {
		g := grains[i]
		if floorDiv(from, g)*g == from && from+g <= to && (g != slot || from >= fine) {
			return g
		}
	}
	return 0
}

// gaps reads what no set covers from the objects; neighbours are one question.
func (s *Store) gaps(gaps [][2]int64, raw func(from, to int64) error) error {
	slices.SortFunc(gaps, func(a, b [2]int64) int { return int(min(max(a[0]-b[0], -1), 1)) })
	for i := 0; i < len(gaps); {
		from, to := gaps[i][0], gaps[i][1]
		for i++; i < len(gaps) && gaps[i][0] == to+1; i++ {
			to = gaps[i][1]
		}
		if err := raw(from, to); err != nil {
			return err
		}
	}
	return nil
}

// pendingSets returns sets that are not folded yet, by the beginning of their bucket.
func (s *Store) pendingSets(ctx context.Context, rule int, scopes []int64, first, last int64, bounds []int64) (map[int64][]*roaring.Bitmap, error) {
	marks, args := sqlstore.In(scopes)
	rows, err := sqlstore.Select[[]byte](ctx, s.db, "SELECT p FROM ts_delta WHERE scope IN ("+marks+")", args...)
	if err != nil {
		return nil, fmt.Errorf("read differences: %w", err)
	}
	d := &difference{map[sumKey][]int64{}, map[setKey]map[uint32]struct{}{}}
	for _, p := range rows {
		if err := d.decodeInto(p); err != nil {
			return nil, fmt.Errorf("read differences: %w", err)
		}
	}
	out := map[int64][]*roaring.Bitmap{}
	for key, ids := range d.sets {
		if key.rule != rule || key.slot < first || key.slot >= last {
			continue
		}
		i, found := slices.BinarySearch(bounds, key.slot*slot)
		if !found {
			i--
		}
		set := roaring.New()
		for id := range ids {
			set.Add(id)
		}
		at := bounds[max(i, 0)]
		out[at] = append(out[at], set)
	}
	return out, nil
}

// setsOf adds the sets that are wanted to their buckets.
func (s *Store) setsOf(ctx context.Context, rule int, scopes []int64, wanted map[int64]map[int64][]int64, buckets map[int64][]*roaring.Bitmap) error {
	for grain, times := range wanted {
		from, to := int64(0), int64(0)
		for t := range times {
			if from == 0 || t < from {
				from = t
			}
			to = max(to, t)
		}
		marks, args := sqlstore.In(scopes)
		rows, err := sqlstore.Select[struct {
			T int64  `db:"t"`
			P []byte `db:"p"`
		}](ctx, s.db, "SELECT t, p FROM ts_set WHERE scope IN ("+marks+") AND rule = ? AND grain = ? AND t >= ? AND t <= ?", append(args, rule, grain, from, to)...)
		if err != nil {
			return fmt.Errorf("read sets: %w", err)
		}
		for _, row := range rows {
			for _, at := range times[row.T] {
				set := roaring.New()
				if _, err := set.FromBuffer(row.P); err != nil {
					return fmt.Errorf("read sets: %w", errDamaged)
				}
				buckets[at] = append(buckets[at], set)
			}
		}
	}
	return nil
}
