package sqlts

import (
	"context"
	"embed"
	"fmt"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

//go:embed sqlite/*.sql pg/*.sql
var migrations embed.FS

// Migrations are the steps that make the store's tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "timeseries", FS: migrations}
}

// Rule says what is added up for each value of a tag, and for all, while points are
// written, so that charts over thousands of objects need not read them.
type Rule struct {
	// Measurement is what is added up.
	Measurement string
	// Sums are integer fields whose sums are kept, for each value of the tag Group.
	Sums []string
	// Group is a tag that questions may select by, such as ifname; "" for none.
	Group string
	// Distinct is a text field of which the different values are kept, if there are no Sums.
	Distinct string
}

// DefaultRules are those of the dashboard's charts (spec: monitoring §4).
func DefaultRules() []Rule {
	return []Rule{
		{Measurement: "traffic", Sums: []string{"rx_bytes", "tx_bytes"}, Group: "ifname"},
		{Measurement: "wifi_clients", Distinct: "clients"},
	}
}

// by is the tag that rules add up for.
const by = "organization_id"

// Options change a store; nil means the defaults.
type Options struct {
	// Rules say what is added up by organization. They are numbered by their place:
	// new ones are added at the end. Default: DefaultRules.
	Rules []Rule
	// Keep is how long points are kept. Default: 26280 h, which is three years.
	Keep time.Duration
	// KeepShort is the same for the short class. Default: 24 h.
	KeepShort time.Duration
	// SealAfter is how long after its end a day is compressed. Default: 1 h.
	SealAfter time.Duration
	// LargeLocation is of more than how many objects a location is added up as
	// organizations are; -1: none is. Default: 20.
	LargeLocation int
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Store keeps time series in SQL. Make it with New.
type Store struct {
	db    *sqlstore.DB
	o     Options
	codec *codec

	owners  *lru.Cache[timeseries.Object, int64]
	series  *lru.Cache[string, *seriesInfo]
	symbols *lru.Cache[string, int64]
	fieldMu sync.RWMutex
	fields  map[string]*fieldInfo // "measurement\x00name"
	byID    map[int64]*fieldInfo

	places places
	queue  queue
	stmts  statements
}

var _ timeseries.Store = (*Store)(nil)

// seriesInfo is what is known of a series.
type seriesInfo struct {
	id, owner   int64
	measurement string
	tags        timeseries.Tags
	class       timeseries.Class
	rule        int   // of the measurement, -1 for none
	scope       int64 // symbol of the organization, 0 for none
	group       int64 // symbol of the rule's group, 0 for none
	place       place
}

// fieldInfo is what is known of a field.
type fieldInfo struct {
	id          int64
	measurement string
	name        string
	kind        timeseries.Kind
}

// statements are prepared once.
type statements struct {
	frame, frameShort, insert, insertShort, replace, replaceShort *sqlstore.Stmt
	chunk, delta, document, state                                 *sqlstore.Stmt
	findSymbol, makeSymbol                                        *sqlstore.Stmt
	// of one row and of rowsAtOnce
	insertMany, insertShortMany, putDocument, putDocuments *sqlstore.Stmt
}

// rowsAtOnce is how many rows one statement stores where there are so many.
const rowsAtOnce = 8

// rows repeats the placeholders of a row.
func rows(n int, row string) string { return strings.Repeat(row+", ", n-1) + row }

// New returns the store on a migrated database.
func New(db *sqlstore.DB, options *Options) (*Store, error) {
	s := &Store{db: db, fields: map[string]*fieldInfo{}, byID: map[int64]*fieldInfo{}}
	if options != nil {
		s.o = *options
	}
	if s.o.Rules == nil {
		s.o.Rules = DefaultRules()
	}
	if s.o.Keep <= 0 {
		s.o.Keep = 26280 * time.Hour
	}
	if s.o.KeepShort <= 0 {
		s.o.KeepShort = 24 * time.Hour
	}
	if s.o.SealAfter <= 0 {
		s.o.SealAfter = time.Hour
	}
	if s.o.LargeLocation == 0 {
		s.o.LargeLocation = 20
	}
	if s.o.Now == nil {
		s.o.Now = time.Now
	}
	var err error
	if s.codec, err = newCodec(); err != nil {
		return nil, fmt.Errorf("make the compressor: %w", err)
	}
	if err := s.caches(); err != nil {
		return nil, err
	}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	return s, nil
}

// caches makes the memories of names: about 100 bytes for each series and text.
func (s *Store) caches() (err error) {
	if s.owners, err = lru.New[timeseries.Object, int64](100_000); err != nil {
		return fmt.Errorf("make a cache: %w", err)
	}
	if s.series, err = lru.New[string, *seriesInfo](200_000); err != nil {
		return fmt.Errorf("make a cache: %w", err)
	}
	if s.symbols, err = lru.New[string, int64](500_000); err != nil {
		return fmt.Errorf("make a cache: %w", err)
	}
	return nil
}

// newer keeps a document that is later.
const newer = " ON CONFLICT (owner) DO UPDATE SET t = excluded.t, body = excluded.body, state = excluded.state WHERE excluded.t >= ts_document.t"

func (s *Store) prepare() error {
	for _, p := range []struct {
		into  **sqlstore.Stmt
		query string
	}{
		{&s.stmts.frame, "SELECT p FROM ts_frame WHERE day = ? AND owner = ? AND t = ?"},
		{&s.stmts.frameShort, "SELECT p FROM ts_frame_short WHERE day = ? AND owner = ? AND t = ?"},
		{&s.stmts.insert, "INSERT INTO ts_frame (day, owner, t, p) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"},
		{&s.stmts.insertShort, "INSERT INTO ts_frame_short (day, owner, t, p) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"},
		{&s.stmts.replace, "UPDATE ts_frame SET p = ? WHERE day = ? AND owner = ? AND t = ?"},
		{&s.stmts.replaceShort, "UPDATE ts_frame_short SET p = ? WHERE day = ? AND owner = ? AND t = ?"},
		{&s.stmts.chunk, "SELECT p FROM ts_chunk WHERE owner = ? AND day = ?"},
		{&s.stmts.delta, "INSERT INTO ts_delta (scope, p) VALUES (?, ?)"},
		{&s.stmts.document, "SELECT t, body, state FROM ts_document WHERE owner = ?"},
		{&s.stmts.state, "SELECT t, state FROM ts_document WHERE owner = ?"},
		{&s.stmts.findSymbol, "SELECT id FROM ts_symbol WHERE value = ?"},
		{&s.stmts.makeSymbol, "INSERT INTO ts_symbol (value) VALUES (?) ON CONFLICT DO NOTHING RETURNING id"},
		{&s.stmts.insertMany, "INSERT INTO ts_frame (day, owner, t, p) VALUES " + rows(rowsAtOnce, "(?, ?, ?, ?)") + " ON CONFLICT DO NOTHING"},
		{&s.stmts.insertShortMany, "INSERT INTO ts_frame_short (day, owner, t, p) VALUES " + rows(rowsAtOnce, "(?, ?, ?, ?)") + " ON CONFLICT DO NOTHING"},
		{&s.stmts.putDocument, "INSERT INTO ts_document (owner, t, body, state) VALUES (?, ?, ?, ?)" + newer},
		{&s.stmts.putDocuments, "INSERT INTO ts_document (owner, t, body, state) VALUES " + rows(rowsAtOnce, "(?, ?, ?, ?)") + newer},
	} {
		stmt, err := s.db.Prepare(p.query)
		if err != nil {
			return fmt.Errorf("time series: %w", err)
		}
		*p.into = stmt
	}
	return nil
}

// Close implements timeseries.Store. The database is its owner's to close.
func (s *Store) Close() error { return nil }

// day returns the UTC day of a time in microseconds.
func day(t int64) int64 { return floorDiv(t, 86400e6) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Document implements timeseries.Store.
func (s *Store) Document(ctx context.Context, o timeseries.Object) (*timeseries.Document, error) {
	owner, err := s.owner(ctx, o)
	if err != nil {
		return nil, err
	}
	var t int64
	var body, state []byte
	if err := s.stmts.document.QueryRow(ctx, owner).Scan(&t, &body, &state); err != nil {
		return nil, fmt.Errorf("read a document: %w", s.db.Explain(err))
	}
	if body, err = s.codec.unpack(body); err != nil {
		return nil, fmt.Errorf("read a document: %w", err)
	}
	return &timeseries.Document{Object: o, Time: time.UnixMicro(t).UTC(), Body: body, State: state}, nil
}

// State implements timeseries.States.
func (s *Store) State(ctx context.Context, o timeseries.Object) (time.Time, []byte, error) {
	owner, err := s.owner(ctx, o)
	if err != nil {
		return time.Time{}, nil, err
	}
	var t int64
	var state []byte
	if err := s.stmts.state.QueryRow(ctx, owner).Scan(&t, &state); err != nil {
		return time.Time{}, nil, fmt.Errorf("read what is remembered with a document: %w", s.db.Explain(err))
	}
	return time.UnixMicro(t).UTC(), state, nil
}
