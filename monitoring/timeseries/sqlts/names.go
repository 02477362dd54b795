package sqlts

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// Names are texts that became numbers. They are remembered when the transaction that
// made them has ended, and are never changed.

// owner returns the number of an object, or wispwright.ErrNotFound.
func (s *Store) owner(ctx context.Context, o timeseries.Object) (int64, error) {
	if id, ok := s.owners.Get(o); ok {
		return id, nil
	}
	id, err := sqlstore.Get[int64](ctx, s.db, "SELECT id FROM ts_owner WHERE kind = ? AND object = ?", o.Type, o.ID)
	if err != nil {
		return 0, fmt.Errorf("find what points belong to: %w", err)
	}
	s.owners.Add(o, id)
	return id, nil
}

// naming makes the names of a transaction.
type naming struct {
	s       *Store
	ctx     context.Context
	owners  map[timeseries.Object]int64
	series  map[string]*seriesInfo
	symbols map[string]int64
	fields  map[int64]*fieldInfo
}

func (s *Store) naming(ctx context.Context) *naming {
	return &naming{s, ctx, map[timeseries.Object]int64{}, map[string]*seriesInfo{}, map[string]int64{}, map[int64]*fieldInfo{}}
}

// remember keeps what was made, after the commit.
func (n *naming) remember() {
	for o, id := range n.owners {
		n.s.owners.Add(o, id)
	}
	for key, info := range n.series {
		n.s.series.Add(key, info)
	}
	for value, id := range n.symbols {
		n.s.symbols.Add(value, id)
	}
	n.s.fieldMu.Lock()
	defer n.s.fieldMu.Unlock()
	for id, f := range n.fields {
		n.s.fields[f.measurement+"\x00"+f.name] = f
		n.s.byID[id] = f
	}
}

// fieldName returns the name of a field that is used in the transaction.
func (n *naming) fieldName(id int64) string {
	if f := n.fields[id]; f != nil {
		return f.name
	}
	n.s.fieldMu.RLock()
	defer n.s.fieldMu.RUnlock()
	if f := n.s.byID[id]; f != nil {
		return f.name
	}
	return ""
}

// make returns the number of a row that is there or is made now.
func (n *naming) make(find, insert string, findArgs, insertArgs []any) (int64, error) {
	for range 3 {
		id, err := sqlstore.Get[int64](n.ctx, n.s.db, find, findArgs...)
		if !errors.Is(err, wispwright.ErrNotFound) {
			return id, err
		}
		id, err = sqlstore.Get[int64](n.ctx, n.s.db, insert+" ON CONFLICT DO NOTHING RETURNING id", insertArgs...)
		if !errors.Is(err, wispwright.ErrNotFound) { // another node was quicker
			return id, err
		}
	}
	return 0, errors.New("a name can be neither found nor made")
}

func (n *naming) owner(o timeseries.Object) (int64, error) {
	if id, ok := n.s.owners.Get(o); ok {
		return id, nil
	}
	if id, ok := n.owners[o]; ok {
		return id, nil
	}
	id, err := n.make("SELECT id FROM ts_owner WHERE kind = ? AND object = ?", "INSERT INTO ts_owner (kind, object) VALUES (?, ?)",
		[]any{o.Type, o.ID}, []any{o.Type, o.ID})
	if err != nil {
		return 0, fmt.Errorf("make an owner of points: %w", err)
	}
	n.owners[o] = id
	return id, nil
}

func (n *naming) symbol(value string) (int64, error) {
	if value == "" {
		return 0, nil
	}
	if id, ok := n.s.symbols.Get(value); ok {
		return id, nil
	}
	if id, ok := n.symbols[value]; ok {
		return id, nil
	}
	value = strings.Clone(value) // it may be a part of a whole document
	st := &n.s.stmts
	for _, stmt := range []*sqlstore.Stmt{st.findSymbol, st.makeSymbol, st.findSymbol, st.makeSymbol} { // another node may be quicker
		var id int64
		err := stmt.QueryRow(n.ctx, value).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("keep a text: %w", n.s.db.Explain(err))
		}
		n.symbols[value] = id
		return id, nil
	}
	return 0, errors.New("a text can be neither found nor kept")
}

// seriesOf returns the series of a point, which is made if it is new.
func (n *naming) seriesOf(p *timeseries.Point) (*seriesInfo, error) {
	key := p.Measurement + "\x00" + p.Tags.Key()
	if info, ok := n.s.series.Get(key); ok {
		return info, nil
	}
	if info, ok := n.series[key]; ok {
		return info, nil
	}
	info := &seriesInfo{measurement: p.Measurement, tags: p.Tags, class: p.Class}
	var err error
	if info.owner, err = n.owner(p.Tags.Object()); err != nil {
		return nil, err
	}
	text, err := json.Marshal(p.Tags)
	if err != nil {
		return nil, fmt.Errorf("make a series: %w", err)
	}
	info.id, err = n.make("SELECT id FROM ts_series WHERE measurement = ? AND tags = ?",
		"INSERT INTO ts_series (owner, measurement, class, tags, organization, location, floorplan) VALUES (?, ?, ?, ?, ?, ?, ?)",
		[]any{p.Measurement, string(text)},
		[]any{info.owner, p.Measurement, int(p.Class), string(text), p.Tags.Get(by), p.Tags.Get("location_id"), p.Tags.Get("floorplan_id")})
	if err != nil {
		return nil, fmt.Errorf("make a series: %w", err)
	}
	info.rule = slices.IndexFunc(n.s.o.Rules, func(r Rule) bool { return r.Measurement == p.Measurement })
	if info.rule >= 0 {
		info.place = place{p.Tags.Get(by), p.Tags.Get(atLocation)}
		if info.scope, err = n.symbol(p.Tags.Get(by)); err != nil {
			return nil, err
		}
		if group := n.s.o.Rules[info.rule].Group; group != "" {
			if info.group, err = n.symbol(p.Tags.Get(group)); err != nil {
				return nil, err
			}
		}
	}
	n.series[key] = info
	return info, nil
}

// field returns a field, which is made with the kind if it is new.
func (n *naming) field(measurement, name string, kind timeseries.Kind) (*fieldInfo, error) {
	if f := n.s.knownField(measurement, name); f != nil {
		return f, nil
	}
	for _, f := range n.fields {
		if f.measurement == measurement && f.name == name {
			return f, nil
		}
	}
	id, err := n.make("SELECT id FROM ts_field WHERE measurement = ? AND name = ?", "INSERT INTO ts_field (measurement, name, kind) VALUES (?, ?, ?)",
		[]any{measurement, name}, []any{measurement, name, int(kind)})
	if err != nil {
		return nil, fmt.Errorf("make a field: %w", err)
	}
	have, err := sqlstore.Get[int](n.ctx, n.s.db, "SELECT kind FROM ts_field WHERE id = ?", id)
	if err != nil {
		return nil, fmt.Errorf("read a field: %w", err)
	}
	f := &fieldInfo{id, measurement, name, timeseries.Kind(have)}
	n.fields[id] = f
	return f, nil
}

func (s *Store) knownField(measurement, name string) *fieldInfo {
	s.fieldMu.RLock()
	defer s.fieldMu.RUnlock()
	return s.fields[measurement+"\x00"+name]
}

// learn reads all fields, of which there are some dozens, if one is unknown.
func (s *Store) learn(ctx context.Context) error {
	rows, err := sqlstore.Select[struct {
		ID          int64  `db:"id"`
		Measurement string `db:"measurement"`
		Name        string `db:"name"`
		Kind        int    `db:"kind"`
	}](ctx, s.db, "SELECT id, measurement, name, kind FROM ts_field")
	if err != nil {
		return fmt.Errorf("read the fields: %w", err)
	}
	s.fieldMu.Lock()
	defer s.fieldMu.Unlock()
	for _, r := range rows {
		f := &fieldInfo{r.ID, r.Measurement, r.Name, timeseries.Kind(r.Kind)}
		s.fields[r.Measurement+"\x00"+r.Name] = f
		s.byID[r.ID] = f
	}
	return nil
}

// fieldByID returns a field that a frame names.
func (s *Store) fieldByID(ctx context.Context, id int64) (*fieldInfo, error) {
	look := func() *fieldInfo {
		s.fieldMu.RLock()
		defer s.fieldMu.RUnlock()
		return s.byID[id]
	}
	if f := look(); f != nil {
		return f, nil
	}
	if err := s.learn(ctx); err != nil {
		return nil, err
	}
	if f := look(); f != nil {
		return f, nil
	}
	return nil, errDamaged
}

// fieldID returns the number of a field for reading, 0 if it was never written.
func (s *Store) fieldID(ctx context.Context, measurement, name string) (int64, error) {
	if f := s.knownField(measurement, name); f != nil {
		return f.id, nil
	}
	if err := s.learn(ctx); err != nil {
		return 0, err
	}
	if f := s.knownField(measurement, name); f != nil {
		return f.id, nil
	}
	return 0, nil
}

// texts returns the texts of symbols.
func (s *Store) texts(ctx context.Context, ids []int64) (map[int64]string, error) {
	out := make(map[int64]string, len(ids))
	for some := range slices.Chunk(ids, 500) {
		marks, args := sqlstore.In(some)
		rows, err := sqlstore.Select[struct {
			ID    int64  `db:"id"`
			Value string `db:"value"`
		}](ctx, s.db, "SELECT id, value FROM ts_symbol WHERE id IN ("+marks+")", args...)
		if err != nil {
			return nil, fmt.Errorf("read texts: %w", err)
		}
		for _, r := range rows {
			out[r.ID] = r.Value
		}
	}
	return out, nil
}
