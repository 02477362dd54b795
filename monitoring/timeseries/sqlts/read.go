package sqlts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// framesOf reads the open frames of an owner's day, sorted by time.
func (s *Store) framesOf(ctx context.Context, table string, owner, d int64) ([]*frame, error) {
	rows, err := sqlstore.Select[struct {
		T int64  `db:"t"`
		P []byte `db:"p"`
	}](ctx, s.db, "SELECT t, p FROM "+table+" WHERE day = ? AND owner = ? ORDER BY t", d, owner)
	if err != nil {
		return nil, fmt.Errorf("read frames: %w", err)
	}
	out := make([]*frame, len(rows))
	for i, r := range rows {
		if out[i], err = readFrame(r.T, r.P); err != nil {
			return nil, fmt.Errorf("read frames: %w", err)
		}
	}
	return out, nil
}

// openDays returns the days of a range that have frames of anybody: today and
// yesterday, and days that points came late for.
func (s *Store) openDays(ctx context.Context, table string, from, to int64) (days []int64, err error) {
	for at := from; at <= to; {
		next, err := sqlstore.Select[int64](ctx, s.db, "SELECT day FROM "+table+" WHERE day >= ? AND day <= ? ORDER BY day LIMIT 1", at, to)
		if err != nil {
			return nil, fmt.Errorf("look for open days: %w", err)
		}
		if len(next) == 0 {
			break
		}
		days = append(days, next[0])
		at = next[0] + 1
	}
	return days, nil
}

// chunksOf reads the chunks of an owner, by day.
func (s *Store) chunksOf(ctx context.Context, owner, from, to int64) (map[int64]*chunk, error) {
	rows, err := sqlstore.Select[struct {
		Day int64  `db:"day"`
		P   []byte `db:"p"`
	}](ctx, s.db, "SELECT day, p FROM ts_chunk WHERE owner = ? AND day >= ? AND day <= ?", owner, from, to)
	if err != nil {
		return nil, fmt.Errorf("read chunks: %w", err)
	}
	out := make(map[int64]*chunk, len(rows))
	for _, r := range rows {
		if out[r.Day], err = s.codec.openChunk(r.P); err != nil {
			return nil, fmt.Errorf("read chunks: %w", err)
		}
	}
	return out, nil
}

// seriesRow is a series as it is stored.
type seriesRow struct {
	ID          int64  `db:"id"`
	Owner       int64  `db:"owner"`
	Measurement string `db:"measurement"`
	Class       int    `db:"class"`
	Tags        string `db:"tags"`
	tags        timeseries.Tags
}

// selectSeries returns the series that a filter selects.
func (s *Store) selectSeries(ctx context.Context, measurement string, f timeseries.Filter) ([]seriesRow, error) {
	query, args := "SELECT id, owner, measurement, class, tags FROM ts_series WHERE 1 = 1", []any(nil)
	if f.Object != nil {
		owner, err := s.owner(ctx, *f.Object)
		if errors.Is(err, wispwright.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		query, args = query+" AND owner = ?", append(args, owner)
	}
	if measurement != "" {
		query, args = query+" AND measurement = ?", append(args, measurement)
	}
	for _, tag := range []struct{ name, column string }{{by, "organization"}, {"location_id", "location"}, {"floorplan_id", "floorplan"}} {
		if list := f.Tags[tag.name]; len(list) > 0 {
			marks, more := sqlstore.In(list)
			query, args = query+" AND "+tag.column+" IN ("+marks+")", append(args, more...)
		}
	}
	rows, err := sqlstore.Select[seriesRow](ctx, s.db, query+" ORDER BY owner, id", args...)
	if err != nil {
		return nil, fmt.Errorf("look for series: %w", err)
	}
	out := rows[:0]
	for _, r := range rows {
		if err := r.tags.UnmarshalJSON([]byte(r.Tags)); err != nil {
			return nil, err
		}
		if f.Match(r.tags) {
			out = append(out, r)
		}
	}
	return out, nil
}

// sink takes the values of one series for one query.
type sink struct {
	g      *timeseries.Gather
	group  *timeseries.Group
	traces map[int64][]int // by field
	from   int64
	to     int64
}

// part is one query's share of a pass: a time window, in microseconds, both included.
type part struct {
	g        *timeseries.Gather
	query    *timeseries.Query
	fields   map[int64][]int
	from, to int64
}

// part returns a query's share of a pass.
func (s *Store) part(ctx context.Context, g *timeseries.Gather, q *timeseries.Query, from, to int64) (*part, error) {
	p := &part{g, q, map[int64][]int{}, from, to}
	for _, t := range q.Traces {
		id, err := s.fieldID(ctx, q.Measurement, t.Field)
		if err != nil {
			return nil, err
		}
		if id != 0 {
			p.fields[id] = g.Traces(t.Field)
		}
	}
	return p, nil
}

// pass reads what several parts need of their series, each chunk once.
func (s *Store) pass(ctx context.Context, parts []*part) error {
	byOwner := map[int64]map[int64][]sink{}
	for _, p := range parts {
		list, err := s.selectSeries(ctx, p.query.Measurement, p.query.Filter)
		if err != nil {
			return err
		}
		for _, row := range list {
			if byOwner[row.Owner] == nil {
				byOwner[row.Owner] = map[int64][]sink{}
			}
			byOwner[row.Owner][row.ID] = append(byOwner[row.Owner][row.ID], sink{p.g, p.g.For(row.tags), p.fields, p.from, p.to})
		}
	}
	if len(byOwner) == 0 {
		return nil
	}
	from, to := parts[0].from, parts[0].to
	for _, p := range parts {
		from, to = min(from, p.from), max(to, p.to)
	}
	owners := make([]int64, 0, len(byOwner))
	for owner := range byOwner {
		owners = append(owners, owner)
	}
	slices.Sort(owners)
	for _, table := range []string{"ts_frame", "ts_frame_short"} {
		open, err := s.openDays(ctx, table, day(from), day(to))
		if err != nil {
			return err
		}
		for _, owner := range owners {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("read charts: %w", err)
			}
			if err := s.passOwner(ctx, table, owner, byOwner[owner], day(from), day(to), open); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) passOwner(ctx context.Context, table string, owner int64, sinks map[int64][]sink, from, to int64, open []int64) error {
	// frames first: one that is sealed between the two questions is then in both, and
	// counts once
	frames := map[int64][]*frame{}
	for _, d := range open {
		of, err := s.framesOf(ctx, table, owner, d)
		if err != nil {
			return err
		}
		if len(of) > 0 {
			frames[d] = of
		}
	}
	var chunks map[int64]*chunk
	if table == "ts_frame" {
		var err error
		if chunks, err = s.chunksOf(ctx, owner, from, to); err != nil {
			return err
		}
	}
	for d, list := range frames {
		if c := chunks[d]; c != nil {
			earlier, err := c.frames()
			if err != nil {
				return err
			}
			list = overlayFrames(earlier, list)
			delete(chunks, d)
		}
		for _, f := range list {
			feedFrame(f, sinks)
		}
	}
	for _, c := range chunks {
		if err := feedChunk(c, sinks); err != nil {
			return err
		}
	}
	return nil
}

func feedFrame(f *frame, sinks map[int64][]sink) {
	for _, e := range f.entries {
		for _, to := range sinks[e.series] {
			if e.list != nil {
				for i, id := range e.list {
					if t := f.t + int64(i); t >= to.from && t <= to.to {
						to.group.Texts(to.traces[e.field], t, uint32(id))
					}
				}
				continue
			}
			if f.t < to.from || f.t > to.to {
				continue
			}
			for _, c := range e.cells {
				if traces := to.traces[c.field]; traces == nil {
				} else if c.kind == timeseries.TextKind {
					to.group.Texts(traces, f.t, uint32(c.bits))
				} else {
					to.group.Number(traces, f.t, c.value())
				}
			}
		}
	}
}

func feedChunk(c *chunk, sinks map[int64][]sink) error {
	if len(c.times) == 0 {
		return nil
	}
	for i := range c.sections {
		section := &c.sections[i]
		to := sinks[section.series]
		if len(to) == 0 {
			continue
		}
		if section.isList {
			if err := feedLists(c, section, to); err != nil {
				return err
			}
			continue
		}
		at, fields, err := c.numbers(section)
		if err != nil {
			return err
		}
		for _, f := range fields {
			for _, sink := range to {
				traces := sink.traces[f.field]
				if traces == nil {
					continue
				}
				for j, place := range f.at {
					t := c.times[at[place]]
					if t < sink.from || t > sink.to {
						continue
					}
					if f.kind == timeseries.TextKind {
						sink.group.Texts(traces, t, uint32(f.bits[j]))
					} else {
						sink.group.Number(traces, t, cell{kind: f.kind, bits: f.bits[j]}.value())
					}
				}
			}
		}
	}
	return nil
}

func feedLists(c *chunk, section *section, to []sink) error {
	at, field, dictionary, lists, err := c.lists(section)
	if err != nil {
		return err
	}
	var ids []uint32
	for _, sink := range to {
		traces := sink.traces[field]
		if traces == nil {
			continue
		}
		for j, place := range at {
			first := c.times[place]
			last := first + int64(len(lists[j])) - 1
			if first >= sink.from && last <= sink.to && floorDiv(first, slot) == floorDiv(last, slot) {
				ids = ids[:0]
				for _, d := range lists[j] {
					ids = append(ids, uint32(dictionary[d]))
				}
				sink.group.Texts(traces, first, ids...)
				continue
			}
			for k, d := range lists[j] {
				if t := first + int64(k); t >= sink.from && t <= sink.to {
					sink.group.Texts(traces, t, uint32(dictionary[d]))
				}
			}
		}
	}
	return nil
}

// Charts implements timeseries.Store.
func (s *Store) Charts(ctx context.Context, queries []timeseries.Query) ([]timeseries.Result, error) {
	gathers := make([]*timeseries.Gather, len(queries))
	byObject := map[timeseries.Object][]*part{}
	for i := range queries {
		q := &queries[i]
		g, err := timeseries.NewGather(q)
		if err != nil {
			return nil, err
		}
		gathers[i] = g
		from, to := g.Window()
		switch rule := s.ruleFor(q); {
		case rule >= 0:
			if err := s.general(ctx, rule, g, q); err != nil {
				return nil, err
			}
		default:
			p, err := s.part(ctx, g, q, from, to)
			if err != nil {
				return nil, err
			}
			if q.Filter.Object == nil {
				if err := s.pass(ctx, []*part{p}); err != nil {
					return nil, err
				}
				continue
			}
			byObject[*q.Filter.Object] = append(byObject[*q.Filter.Object], p)
		}
	}
	for _, parts := range byObject {
		if err := s.pass(ctx, parts); err != nil {
			return nil, err
		}
	}
	out := make([]timeseries.Result, len(queries))
	for i, g := range gathers {
		out[i] = g.Result()
	}
	return out, nil
}

// Read implements timeseries.Store. Rows of many objects are read object by object.
func (s *Store) Read(ctx context.Context, r timeseries.Rows) ([]timeseries.Row, error) {
	list, err := s.selectSeries(ctx, r.Measurement, r.Filter)
	if err != nil {
		return nil, err
	}
	byOwner := map[int64]map[int64]*seriesRow{}
	var owners []int64
	for i := range list {
		row := &list[i]
		if row.Class != int(r.Class) {
			continue
		}
		if byOwner[row.Owner] == nil {
			byOwner[row.Owner] = map[int64]*seriesRow{}
			owners = append(owners, row.Owner)
		}
		byOwner[row.Owner][row.ID] = row
	}
	var rows []timeseries.Row
	for _, owner := range owners {
		some, err := s.readOwner(ctx, owner, byOwner[owner], &r)
		if err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
	return r.Order(rows), nil
}

// readOwner reads day by day until there are enough rows.
func (s *Store) readOwner(ctx context.Context, owner int64, series map[int64]*seriesRow, r *timeseries.Rows) (rows []timeseries.Row, err error) {
	from, to := int64(0), day(s.o.Now().Add(ahead).UnixMicro())
	if !r.Since.IsZero() {
		from = day(r.Since.UnixMicro())
	}
	if !r.Until.IsZero() {
		to = min(to, day(r.Until.UnixMicro()))
	}
	table, days := "ts_frame_short", []int64(nil)
	if r.Class == timeseries.Default {
		table = "ts_frame"
		if days, err = sqlstore.Select[int64](ctx, s.db, "SELECT day FROM ts_chunk WHERE owner = ? AND day >= ? AND day <= ?", owner, from, to); err != nil {
			return nil, fmt.Errorf("look for chunks: %w", err)
		}
	}
	open, err := s.openDays(ctx, table, from, to)
	if err != nil {
		return nil, err
	}
	days = append(days, open...)
	slices.Sort(days)
	days = slices.Compact(days)
	if r.NewestFirst {
		slices.Reverse(days)
	}
	for _, d := range days {
		frames, err := s.day(ctx, table, owner, d)
		if err != nil {
			return nil, err
		}
		some, err := s.rows(ctx, frames, series, r)
		if err != nil {
			return nil, err
		}
		if rows = append(rows, some...); len(rows) >= r.Most() {
			break
		}
	}
	return rows, nil
}

// day reads everything of an owner's day.
func (s *Store) day(ctx context.Context, table string, owner, d int64) ([]*frame, error) {
	frames, err := s.framesOf(ctx, table, owner, d)
	if err != nil || table != "ts_frame" {
		return frames, err
	}
	chunks, err := s.chunksOf(ctx, owner, d, d)
	if err != nil || chunks[d] == nil {
		return frames, err
	}
	earlier, err := chunks[d].frames()
	if err != nil {
		return nil, fmt.Errorf("read a chunk: %w", err)
	}
	return overlayFrames(earlier, frames), nil
}

// rows turns frames into rows, sorted as the question wants.
func (s *Store) rows(ctx context.Context, frames []*frame, series map[int64]*seriesRow, r *timeseries.Rows) ([]timeseries.Row, error) {
	var symbols []int64
	type found struct {
		t     int64
		tags  timeseries.Tags
		cells []cell
	}
	var all []found
	for _, f := range frames {
		for _, e := range f.entries {
			row := series[e.series]
			if row == nil {
				continue
			}
			for i, id := range e.list {
				all = append(all, found{f.t + int64(i), row.tags, []cell{{e.field, timeseries.TextKind, id}}})
				symbols = append(symbols, id)
			}
			if e.list == nil {
				all = append(all, found{f.t, row.tags, e.cells})
			}
			for _, c := range e.cells {
				if c.kind == timeseries.TextKind {
					symbols = append(symbols, c.bits)
				}
			}
		}
	}
	slices.Sort(symbols)
	texts, err := s.texts(ctx, slices.Compact(symbols))
	if err != nil {
		return nil, err
	}
	byPlace := map[string]int{}
	var rows []timeseries.Row
	for _, f := range all {
		fields := map[string]timeseries.Value{}
		for _, c := range f.cells {
			info, err := s.fieldByID(ctx, c.field)
			if err != nil {
				return nil, err
			}
			fields[info.name] = c.value()
			if c.kind == timeseries.TextKind {
				fields[info.name] = timeseries.Text(texts[c.bits])
			}
		}
		row, ok := r.Row(f.t, f.tags, fields)
		if !ok {
			continue
		}
		key := fmt.Sprintf("%d\x00%s", f.t, f.tags.Key())
		if i, again := byPlace[key]; again { // a list and numbers of one series
			for name, v := range row.Fields {
				rows[i].Fields[name] = v
			}
			continue
		}
		byPlace[key] = len(rows)
		rows = append(rows, row)
	}
	return r.Order(rows), nil
}

// TopFields implements timeseries.Store.
func (s *Store) TopFields(ctx context.Context, measurement string, f timeseries.Filter, since, until time.Time, n int) ([]string, error) {
	if err := s.learn(ctx); err != nil {
		return nil, err
	}
	q := timeseries.Query{Measurement: measurement, Filter: f, Range: timeseries.Range{Start: since, End: until}}
	s.fieldMu.RLock()
	for _, info := range s.byID {
		if info.measurement == measurement && (info.kind == timeseries.IntKind || info.kind == timeseries.FloatKind) {
			q.Traces = append(q.Traces, timeseries.Trace{Name: info.name, Field: info.name, Func: timeseries.Sum})
		}
	}
	s.fieldMu.RUnlock()
	if len(q.Traces) == 0 {
		return nil, nil
	}
	slices.SortFunc(q.Traces, func(a, b timeseries.Trace) int { return cmp.Compare(a.Name, b.Name) })
	results, err := s.Charts(ctx, []timeseries.Query{q})
	if err != nil {
		return nil, err
	}
	sums := map[string]float64{}
	for _, series := range results[0].Series {
		if !series.Summary.IsNull() {
			sums[series.Name] = series.Summary.Float()
		}
	}
	return timeseries.Largest(sums, n), nil
}
