package sqlts

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// maxTogether bounds how many batches share a transaction.
const maxTogether = 128

// queue lets batches that wait for the writer share one transaction. Nobody waits for
// others to come.
type queue struct {
	mu      sync.Mutex
	busy    bool
	waiting []*pending
}

// pending is a batch that waits.
type pending struct {
	batch  timeseries.Batch
	bodies [][]byte // of its documents, compressed
	faults timeseries.PointErrors
	done   chan error
}

// ahead bounds how far in the future a point may be.
const ahead = 24 * time.Hour

// Write implements timeseries.Store. What is more than a day in the future is refused.
func (s *Store) Write(ctx context.Context, b timeseries.Batch) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write points: %w", err)
	}
	p := &pending{batch: b, done: make(chan error, 1)}
	for i := range b.Documents { // before the writer's turn
		p.bodies = append(p.bodies, s.codec.pack(b.Documents[i].Body))
	}
	q := &s.queue
	q.mu.Lock()
	q.waiting = append(q.waiting, p)
	if !q.busy {
		q.busy = true
		go s.lead(context.WithoutCancel(ctx))
	}
	q.mu.Unlock()
	return <-p.done // also if the context ends: it is being written
}

// lead writes what waits, until nothing does.
func (s *Store) lead(ctx context.Context) {
	q := &s.queue
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 {
			q.busy = false
			q.mu.Unlock()
			return
		}
		together := q.waiting[:min(len(q.waiting), maxTogether):min(len(q.waiting), maxTogether)]
		q.waiting = q.waiting[len(together):]
		q.mu.Unlock()
		s.writeTogether(ctx, together)
	}
}

// writeTogether writes batches in one transaction, or each alone if that failed.
func (s *Store) writeTogether(ctx context.Context, list []*pending) {
	err := s.commit(ctx, list)
	if errors.Is(err, errTwice) {
		err = s.commitSlowly(ctx, list)
	}
	if err != nil && len(list) > 1 {
		for _, p := range list {
			p.answer(s.commitSlowly(ctx, []*pending{p}))
		}
		return
	}
	for _, p := range list {
		p.answer(err)
	}
}

func (p *pending) answer(err error) {
	if err == nil && p.faults != nil {
		err = p.faults
	}
	p.done <- err
}

// errTwice says that something is written again, for which many rows at once are no way.
var errTwice = errors.New("something is written again")

// commit stores batches in one transaction, with many rows in a statement.
func (s *Store) commit(ctx context.Context, list []*pending) error {
	return s.commitBy(ctx, list, rowsAtOnce)
}

// commitSlowly stores batches row by row, so that each is known that was there before.
func (s *Store) commitSlowly(ctx context.Context, list []*pending) error {
	return s.commitBy(ctx, list, 1)
}

func (s *Store) commitBy(ctx context.Context, list []*pending, atOnce int) error {
	var names *naming
	places, err := s.placesNow(ctx)
	if err != nil {
		return err
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		names = s.naming(ctx)
		w := &writing{s: s, places: places, ctx: ctx, names: names, atOnce: atOnce, frames: map[frameKey]*frame{}, deltas: deltas{}, chunks: map[dayKey][]*frame{}}
		for _, p := range list {
			p.faults = nil
			if err := w.points(p); err != nil {
				return err
			}
		}
		return w.store(list)
	})
	if err != nil {
		return fmt.Errorf("write points: %w", err)
	}
	names.remember()
	return nil
}

type frameKey struct {
	owner, t int64
	class    timeseries.Class
}

type dayKey struct{ owner, day int64 }

// writing is a transaction that writes.
type writing struct {
	s      *Store
	ctx    context.Context
	names  *naming
	frames map[frameKey]*frame
	order  []frameKey
	deltas deltas
	chunks map[dayKey][]*frame // what is sealed of days that are written again
	today  int64
	places map[place]placeSums // that have sums
	atOnce int                 // rows in a statement
	info   map[int64]*seriesInfo
}

// points turns the points of a batch into frames.
func (w *writing) points(p *pending) error {
	if w.info == nil {
		w.info = map[int64]*seriesInfo{}
	}
	limit := w.s.o.Now().Add(ahead)
	w.today = day(w.s.o.Now().UnixMicro())
	var last *run
	for i := range p.batch.Points {
		point := &p.batch.Points[i]
		err := point.Check()
		if err == nil && point.Time.After(limit) {
			err = errors.New("the time is in the future")
		}
		if err == nil && last.extends(point) {
			if err := last.add(w, point.Fields[0].Value.Text()); err != nil {
				return err
			}
			continue
		}
		last = nil
		if err == nil {
			last, err = w.point(point)
		}
		var fault *timeseries.KindError
		switch {
		case err == nil:
		case errors.As(err, &fault) || point.Check() != nil || point.Time.After(limit):
			p.faults = append(p.faults, timeseries.PointError{Index: i, Err: err})
		default:
			return err
		}
	}
	return nil
}

// run are texts of one series a microsecond apart.
type run struct {
	info  *seriesInfo
	field string
	next  int64
	frame *frame
}

func (r *run) extends(p *timeseries.Point) bool {
	return r != nil && p.Time.UnixMicro() == r.next && p.Measurement == r.info.measurement && p.Tags.Key() == r.info.tags.Key() &&
		len(p.Fields) == 1 && p.Fields[0].Name == r.field && p.Fields[0].Value.Kind() == timeseries.TextKind
}

func (r *run) add(w *writing, text string) error {
	id, err := w.names.symbol(text)
	if err != nil {
		return err
	}
	for i := range r.frame.entries {
		if e := &r.frame.entries[i]; e.series == r.info.id && e.list != nil {
			if at := int(r.next - r.frame.t); at < len(e.list) {
				e.list[at] = id
			} else {
				e.list = append(e.list, id)
			}
		}
	}
	r.next++
	return nil
}

// point adds a point to its frame; of a single text it begins a run.
func (w *writing) point(p *timeseries.Point) (*run, error) {
	info, err := w.names.seriesOf(p)
	if err != nil {
		return nil, err
	}
	w.info[info.id] = info
	t := p.Time.UnixMicro()
	key := frameKey{info.owner, t, info.class}
	e := entry{series: info.id}
	for _, f := range p.Fields {
		if f.Value.IsNull() {
			continue
		}
		field, err := w.names.field(p.Measurement, f.Name, f.Value.Kind())
		if err != nil {
			return nil, err
		}
		v, ok := f.Value.As(field.kind)
		if !ok {
			return nil, &timeseries.KindError{Measurement: p.Measurement, Field: f.Name, Have: f.Value.Kind(), Want: field.kind}
		}
		c := cell{field: field.id, kind: v.Kind(), bits: v.Int()}
		switch v.Kind() {
		case timeseries.FloatKind:
			c.bits = int64(math.Float64bits(v.Float()))
		case timeseries.TextKind:
			if c.bits, err = w.names.symbol(v.Text()); err != nil {
				return nil, err
			}
		}
		e.cells = append(e.cells, c)
	}
	var begun *run
	if len(e.cells) == 1 && e.cells[0].kind == timeseries.TextKind {
		e.field, e.list, e.cells = e.cells[0].field, []int64{e.cells[0].bits}, nil
	}
	f := w.frames[key]
	if f == nil {
		f = &frame{t: t}
		w.frames[key] = f
		w.order = append(w.order, key)
	}
	f.overlay(&frame{t: t, entries: []entry{e}})
	if e.list != nil {
		name := ""
		for _, field := range p.Fields {
			if !field.Value.IsNull() {
				name = field.Name
			}
		}
		begun = &run{info: info, field: name, next: t + 1, frame: f}
	}
	return begun, nil
}

// store writes frames, sums and documents.
func (w *writing) store(list []*pending) error {
	// in an order that all nodes share, so that none waits for another that waits for it
	slices.SortFunc(w.order, func(a, b frameKey) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.owner, b.owner), cmp.Compare(a.t, b.t))
	})
	if err := w.lockLate(); err != nil {
		return err
	}
	if err := w.storeFrames(); err != nil {
		return err
	}
	if err := w.storeDeltas(); err != nil {
		return err
	}
	return w.storeDocuments(list)
}

// storeFrames stores what nobody wrote before with few statements.
func (w *writing) storeFrames() error {
	late := func(k frameKey) bool { return day(k.t) < w.today }
	for left := w.order; len(left) > 0; {
		if n := w.atOnce; n > 1 && len(left) >= n && left[0].class == left[n-1].class && !slices.ContainsFunc(left[:n], late) {
			if err := w.storeMany(left[:n]); err != nil {
				return err
			}
			left = left[n:]
			continue
		}
		if err := w.storeFrame(left[0], w.frames[left[0]]); err != nil {
			return err
		}
		left = left[1:]
	}
	return nil
}

// storeMany stores frames of today that are new, or returns errTwice.
func (w *writing) storeMany(some []frameKey) error {
	insert := w.s.stmts.insertMany
	if some[0].class == timeseries.Short {
		insert = w.s.stmts.insertShortMany
	}
	args := make([]any, 0, 4*len(some))
	for _, key := range some {
		args = append(args, day(key.t), key.owner, key.t, appendFrame(nil, w.frames[key]))
	}
	done, err := insert.Exec(w.ctx, args...)
	if err != nil {
		return fmt.Errorf("store frames: %w", err)
	}
	switch n, err := done.RowsAffected(); {
	case err != nil:
		return fmt.Errorf("store frames: %w", err)
	case n != int64(len(some)):
		return errTwice
	}
	if some[0].class == timeseries.Default {
		for _, key := range some {
			w.count(w.frames[key], nil)
		}
	}
	return nil
}

// storeDocuments stores the last document of each object.
func (w *writing) storeDocuments(list []*pending) error {
	type row struct {
		owner, t    int64
		body, state []byte
	}
	last := map[int64]row{}
	for _, p := range list {
		for i := range p.batch.Documents {
			d := &p.batch.Documents[i]
			owner, err := w.names.owner(d.Object)
			if err != nil {
				return err
			}
			if have, twice := last[owner]; twice && have.t > d.Time.UnixMicro() {
				continue
			}
			state := d.State
			if state == nil {
				state = []byte{}
			}
			last[owner] = row{owner, d.Time.UnixMicro(), p.bodies[i], state}
		}
	}
	owners := slices.Sorted(maps.Keys(last)) // in an order that all nodes share
	for len(owners) > 0 {
		n, put := 1, w.s.stmts.putDocument
		if w.atOnce > 1 && len(owners) >= w.atOnce {
			n, put = w.atOnce, w.s.stmts.putDocuments
		}
		args := make([]any, 0, 4*n)
		for _, owner := range owners[:n] {
			r := last[owner]
			args = append(args, r.owner, r.t, r.body, r.state)
		}
		owners = owners[n:]
		if _, err := put.Exec(w.ctx, args...); err != nil {
			return fmt.Errorf("store documents: %w", err)
		}
	}
	return nil
}

// lockLate keeps the sealers of other nodes away while days of the past are written.
func (w *writing) lockLate() error {
	if w.s.db.Dialect() == sqlstore.SQLite || !slices.ContainsFunc(w.order, func(k frameKey) bool { return day(k.t) < w.today }) {
		return nil
	}
	return lock(w.ctx, w.s.db, "_shared")
}

// lock takes the lock of the sealers until the transaction ends; locks of PostgreSQL are
// shared by all schemas of a database.
func lock(ctx context.Context, db *sqlstore.DB, mode string) error {
	if db.Dialect() == sqlstore.SQLite {
		return nil
	}
	query := "SELECT pg_advisory_xact_lock" + mode + "(hashtextextended(coalesce(current_schema(), '') || '/timeseries', 0))"
	if _, err := db.Write(ctx).ExecContext(ctx, query); err != nil {
		return fmt.Errorf("wait for the sealer: %w", db.Explain(err))
	}
	return nil
}

// storeFrame stores one frame, over what is there, and counts what it changes in sums.
func (w *writing) storeFrame(key frameKey, f *frame) error {
	st := &w.s.stmts
	insert, find, replace := st.insert, st.frame, st.replace
	if key.class == timeseries.Short {
		insert, find, replace = st.insertShort, st.frameShort, st.replaceShort
	}
	d := day(f.t)
	done, err := insert.Exec(w.ctx, d, key.owner, f.t, appendFrame(nil, f))
	if err != nil {
		return fmt.Errorf("store a frame: %w", err)
	}
	n, err := done.RowsAffected()
	if err != nil {
		return fmt.Errorf("store a frame: %w", err)
	}
	if key.class == timeseries.Short {
		if n == 1 {
			return nil
		}
	}
	var old *frame
	if d < w.today && key.class == timeseries.Default {
		if old, err = w.sealed(key.owner, d, f.t); err != nil {
			return err
		}
	}
	if n == 0 {
		var p []byte
		if err := find.QueryRow(w.ctx, d, key.owner, f.t).Scan(&p); err != nil {
			return fmt.Errorf("read a frame: %w", w.s.db.Explain(err))
		}
		have, err := readFrame(f.t, p)
		if err != nil {
			return fmt.Errorf("read a frame: %w", err)
		}
		merged := have.clone()
		merged.overlay(f)
		if _, err := replace.Exec(w.ctx, appendFrame(nil, merged), d, key.owner, f.t); err != nil {
			return fmt.Errorf("store a frame: %w", err)
		}
		if old == nil {
			old = have
		} else {
			old = old.clone()
			old.overlay(have)
		}
	}
	if key.class == timeseries.Default {
		w.count(f, old)
	}
	return nil
}

// sealed returns what a chunk has of a time, or nil.
func (w *writing) sealed(owner, d, t int64) (*frame, error) {
	key := dayKey{owner, d}
	frames, read := w.chunks[key]
	if !read {
		var p []byte
		err := w.s.stmts.chunk.QueryRow(w.ctx, owner, d).Scan(&p)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return nil, fmt.Errorf("read a chunk: %w", w.s.db.Explain(err))
		default:
			c, err := w.s.codec.openChunk(p)
			if err == nil {
				frames, err = c.frames()
			}
			if err != nil {
				return nil, fmt.Errorf("read a chunk: %w", err)
			}
		}
		w.chunks[key] = frames
	}
	if i, found := slices.BinarySearchFunc(frames, t, func(f *frame, t int64) int { return cmp.Compare(f.t, t) }); found {
		return frames[i], nil
	}
	return nil, nil
}
