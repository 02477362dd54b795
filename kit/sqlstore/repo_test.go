package sqlstore_test

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/kit/storetest"
)

// thing has a field of every kind there is.
type thing struct {
	ID             wispwright.ID
	OrganizationID wispwright.ID
	ParentID       wispwright.ID
	Name           string
	Size           int64
	Ratio          float64
	Limit          *int64
	On             bool
	Key            wispwright.Secret
	Address        netip.Addr
	Config         wispwright.JSON
	Tags           []string
	Seen           time.Time
	Created        time.Time
	Lease          netip.Addr // sorts by its value
	Network        netip.Prefix
	Cert           []byte
	Port           uint16
	Serial         *big.Int
	Place          struct{ Lat, Lon float64 }
}

type thingFilter struct {
	OrganizationID wispwright.ID
	Names          wispwright.Among[string]
	NameContains   string
	LeaseContains  string
	On             *bool
	Size           *int64
	Address        netip.Addr
	CreatedFrom    time.Time
	CreatedBefore  time.Time
	Search         string
	Big            bool
	LeaseWithin    netip.Prefix
	NetworkWithin  netip.Prefix
	Network        netip.Prefix
	LeaseFrom      netip.Addr
	LeaseBefore    netip.Addr
	SerialFrom     *big.Int
}

const things = `CREATE TABLE thing (id %[1]s PRIMARY KEY, organization_id %[1]s, parent_id %[1]s, name TEXT NOT NULL, size BIGINT NOT NULL,
	ratio DOUBLE PRECISION NOT NULL, max_size BIGINT, "on" BOOLEAN NOT NULL, key TEXT NOT NULL, address TEXT, config %[2]s, tags %[2]s,
	seen %[3]s, created %[3]s NOT NULL, lease %[4]s, network %[5]s, cert %[6]s, port BIGINT NOT NULL, serial %[7]s, place %[2]s);
	CREATE UNIQUE INDEX thing_name ON thing (organization_id, name);
	CREATE INDEX thing_lease ON thing (lease);
	CREATE INDEX thing_network ON thing (network);`

func thingSpec() sqlstore.Spec {
	return sqlstore.Spec{Shape: thingShape(), Columns: map[string]string{"Limit": "max_size", "On": `"on"`},
		Where: map[string]func(any) sqlstore.Cond{"Big": func(any) sqlstore.Cond { return sqlstore.Cond{SQL: "size > ?", Args: []any{int64(1e9)}} }}}
}

func thingShape() store.Shape {
	return store.Shape{Table: "thing", Org: "OrganizationID", Search: []string{"Name", "Address", "Lease"}, Order: store.Newest("Created"), Documents: []string{"Place"},
		Unique: []store.Unique{{Name: "thing_name", Fields: []string{"OrganizationID", "Name"}}}}
}

func newThings(t *testing.T, db *sqlstore.DB) *sqlstore.Repo[wispwright.ID, thing, thingFilter] {
	t.Helper()
	if db.Dialect() == sqlstore.Postgres {
		migrate(t, db, fmt.Sprintf(things, "UUID", "JSON", "TIMESTAMPTZ", "INET", "CIDR", "BYTEA", "NUMERIC"))
	} else {
		migrate(t, db, fmt.Sprintf(things, "TEXT", "TEXT", "TIMESTAMP", "INET_TEXT", "CIDR_TEXT", "BLOB", "NUMERIC_TEXT"))
	}
	r, err := sqlstore.NewRepo[wispwright.ID, thing, thingFilter](db, thingSpec())
	require.NoError(t, err)
	return r
}

func thingID(n int) wispwright.ID { return wispwright.ID{15: byte(n), 0: 1} }

// leases and networks are in an order that texts would not have.
func leases() []netip.Addr {
	return []netip.Addr{netip.MustParseAddr("10.0.0.10"), netip.MustParseAddr("10.0.0.9"), netip.MustParseAddr("2001:db8::9"),
		{}, netip.MustParseAddr("2001:db8::10"), netip.MustParseAddr("9.255.255.255")}
}

func networks() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("10.10.0.0/16"), netip.MustParsePrefix("10.9.128.0/17"), netip.MustParsePrefix("10.9.0.0/16"),
		{}, netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("10.0.0.0/8")}
}

func sample(tx wispwright.Transactor) storetest.Sample[wispwright.ID, thing, thingFilter] {
	orgs := []wispwright.ID{{0: 7}, {0: 8}}
	day := time.Date(2026, 3, 1, 12, 0, 0, 999_999_999, time.FixedZone("", 3600))
	yes, three := true, int64(3)
	return storetest.Sample[wispwright.ID, thing, thingFilter]{
		Tx:            tx,
		Organizations: orgs,
		New: func(n, org int) *thing {
			o := &thing{ID: thingID(n), OrganizationID: orgs[org], Name: fmt.Sprintf("Thing_%d", n), Size: int64(n) * 1e9, Ratio: 0.1 * float64(n), On: n%2 == 0,
				Key: "s3cr3t", Config: `{"b": 1.0, "a": [ ]}`, Tags: []string{"x", "y"}, Created: day.Add(time.Duration(n) * time.Hour)}
			if n%2 == 0 {
				o.Limit, o.Address, o.ParentID, o.Seen, o.Tags = &o.Size, netip.MustParseAddr("2001:db8::1"), thingID(n), day, nil
			}
			o.Lease, o.Network, o.Port = leases()[n%6], networks()[n%6], []uint16{10, 9, 65535, 1000, 2, 80}[n%6]
			if n%6 != 3 {
				o.Cert, o.Serial = []byte{0, byte(250 - n)}, new(big.Int).Mul(big.NewInt(int64(n%6*100-250)), new(big.Int).Lsh(big.NewInt(1), uint(n%4*70)))
				o.Place.Lat = 47.5
			}
			return o
		},
		Orders:  []string{"ID", "OrganizationID", "ParentID", "Name", "Size", "Ratio", "Limit", "On", "Seen", "Created", "Lease", "Network", "Cert", "Port", "Serial"},
		Search:  &storetest.Search[thing, thingFilter]{Put: func(o *thing, s string) { o.Name = s }, Filter: func(s string) thingFilter { return thingFilter{Search: s} }},
		Key:     func(o *thing) wispwright.ID { return o.ID },
		Mutate:  func(o *thing) { o.Key += "!"; o.Tags = append(o.Tags, "z"); o.Limit = nil },
		Missing: thingID(200),
		Uniques: map[string]func(*thing) *thing{
			"thing_name": func(first *thing) *thing {
				return &thing{ID: thingID(201), OrganizationID: first.OrganizationID, Name: first.Name, Created: day}
			},
			wispwright.UniqueKey: func(first *thing) *thing { return &thing{ID: first.ID, Name: "other", Created: day} },
		},
		Filters: map[string]storetest.Filter[thing, thingFilter]{
			"among":          {Filter: thingFilter{Names: wispwright.Only("Thing_1", "Thing_2", "%")}, Selects: func(o *thing) bool { return o.Name == "Thing_1" || o.Name == "Thing_2" }},
			"no names":       {Filter: thingFilter{Names: wispwright.Only[string]()}, Selects: func(*thing) bool { return false }},
			"contains":       {Filter: thingFilter{NameContains: "NG_4"}, Selects: func(o *thing) bool { return o.Name == "Thing_4" }},
			"literal":        {Filter: thingFilter{NameContains: "g%4"}, Selects: func(*thing) bool { return false }},
			"pointer":        {Filter: thingFilter{On: &yes}, Selects: func(o *thing) bool { return o.On }},
			"number":         {Filter: thingFilter{Size: &three}, Selects: func(o *thing) bool { return o.Size == 3 }},
			"address":        {Filter: thingFilter{Address: netip.MustParseAddr("2001:db8::1")}, Selects: func(o *thing) bool { return o.Address.IsValid() }},
			"custom":         {Filter: thingFilter{Big: true}, Selects: func(o *thing) bool { return o.Size > 1e9 }},
			"org":            {Filter: thingFilter{OrganizationID: orgs[1]}, Selects: func(o *thing) bool { return o.OrganizationID == orgs[1] }},
			"search":         {Filter: thingFilter{Search: "DB8::1"}, Selects: func(o *thing) bool { return o.Address.IsValid() || o.Lease == leases()[4] }},
			"lease contains": {Filter: thingFilter{LeaseContains: "0.0.1"}, Selects: func(o *thing) bool { return o.Lease == leases()[0] }},
			"lease within": {Filter: thingFilter{LeaseWithin: netip.MustParsePrefix("10.0.0.7/28")}, Selects: func(o *thing) bool {
				return netip.MustParsePrefix("10.0.0.0/28").Contains(o.Lease)
			}},
			"lease within IPv6": {Filter: thingFilter{LeaseWithin: netip.MustParsePrefix("2001:db8::/32")}, Selects: func(o *thing) bool { return o.Lease.Is6() }},
			"lease range":       {Filter: thingFilter{LeaseFrom: leases()[1], LeaseBefore: leases()[0]}, Selects: func(o *thing) bool { return o.Lease == leases()[1] }},
			"network within": {Filter: thingFilter{NetworkWithin: networks()[2]}, Selects: func(o *thing) bool {
				return o.Network.IsValid() && networks()[2].Overlaps(o.Network) && o.Network.Bits() >= 16
			}},
			"network within more": {Filter: thingFilter{NetworkWithin: netip.MustParsePrefix("0.0.0.0/0")}, Selects: func(o *thing) bool { return o.Network.IsValid() && o.Network.Addr().Is4() }},
			"network":             {Filter: thingFilter{Network: networks()[2]}, Selects: func(o *thing) bool { return o.Network == networks()[2] }},
			"serial":              {Filter: thingFilter{SerialFrom: big.NewInt(-50)}, Selects: func(o *thing) bool { return o.Serial != nil && o.Serial.Cmp(big.NewInt(-50)) >= 0 }},
			"times": {Filter: thingFilter{CreatedFrom: day.Add(time.Hour), CreatedBefore: day.Add(3 * time.Hour)},
				Selects: func(o *thing) bool { return o.Name == "Thing_1" || o.Name == "Thing_2" }},
		},
	}
}

func TestRepo(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) { storetest.RunRepo(t, newThings(t, db), sample(db)) })
}

// TestMemoryTwin holds the same sample against the storage in memory.
func TestMemoryTwin(t *testing.T) {
	m := memstore.New()
	storetest.RunRepo(t, memstore.NewRepo[wispwright.ID, thing, thingFilter](m, memstore.Spec[thing]{Shape: thingShape(),
		Match: map[string]func(context.Context, *thing, any) bool{"Big": func(_ context.Context, o *thing, _ any) bool { return o.Size > 1e9 }},
	}), sample(m))
}

func TestSharedRowsAndPages(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx, r := context.Background(), newThings(t, db)
		s := sample(db)
		var many []*thing
		for n := range 120 {
			o := s.New(n, n%2)
			if n%3 == 0 {
				o.OrganizationID = wispwright.ID{}
			}
			many = append(many, o)
		}
		require.NoError(t, r.InsertMany(ctx, many))
		list := func(scope wispwright.Scope, p wispwright.Page) wispwright.Items[thing] {
			items, err := r.List(ctx, scope, thingFilter{}, p)
			require.NoError(t, err)
			return items
		}
		own := wispwright.ScopeOf(s.Organizations[0])
		require.Equal(t, 40, list(own, wispwright.Page{}).Total)
		require.Equal(t, 80, list(own.WithShared(), wispwright.Page{}).Total)
		require.Equal(t, 40, list(wispwright.Scope{}.WithShared(), wispwright.Page{}).Total)
		require.Len(t, list(wispwright.ScopeAll(), wispwright.Page{Offset: 115}).Rows, 5, "an offset without limit")
		none := list(wispwright.ScopeAll(), wispwright.Page{Limit: 3, NoTotal: true, Order: []wispwright.Order{{Field: "Name"}}})
		require.Equal(t, -1, none.Total)
		require.Equal(t, "Thing_0", none.Rows[0].Name)
	})
}

func TestAWrongSpecIsAnErrorAtOnce(t *testing.T) {
	db := testkit.SQLite(t)
	newThings(t, db)
	for message, change := range map[string]func(*sqlstore.Spec){
		"there is no such table":                                func(s *sqlstore.Spec) { s.Shape.Table = "nothing" },
		"no field Nothing, which is named for the key":          func(s *sqlstore.Spec) { s.Shape.Key = "Nothing" },
		"no field Nothing, which is named for the organization": func(s *sqlstore.Spec) { s.Shape.Org = "Nothing" },
		"there is no column limit for the field Limit":          func(s *sqlstore.Spec) { s.Columns = nil },
		"no field Nothing to search":                            func(s *sqlstore.Spec) { s.Shape.Search = []string{"Nothing"} },
		"no field Nmae to sort by":                              func(s *sqlstore.Spec) { s.Shape.Order = []wispwright.Order{{Field: "Nmae"}} },
		"field Key cannot be sorted by":                         func(s *sqlstore.Spec) { s.Shape.Order = []wispwright.Order{{Field: "Key"}} },
		"has no field Nothnig":                                  func(s *sqlstore.Spec) { s.Skip = []string{"Nothnig"} },
		"has no field Limti":                                    func(s *sqlstore.Spec) { s.Columns["Limti"] = "x" },
		"has no field Documnet":                                 func(s *sqlstore.Spec) { s.Shape.Documents = []string{"Documnet"} },
		"field Place is a struct":                               func(s *sqlstore.Spec) { s.Shape.Documents = nil },
		"there is no unique index thing_size": func(s *sqlstore.Spec) {
			s.Shape.Unique = []store.Unique{{Name: "thing_size", Fields: []string{"Size"}}}
		},
		"the unique index thing_name is no rule of the shape": func(s *sqlstore.Spec) { s.Shape.Unique = nil },
		"the unique index thing_name is of name, organization_id, the rule of name": func(s *sqlstore.Spec) {
			s.Shape.Unique = []store.Unique{{Name: "thing_name", Fields: []string{"Name"}}}
		},
		"the column parent_id does not refer to thing": func(s *sqlstore.Spec) {
			s.Shape.Parents = []store.Parent{{Field: "ParentID", Table: "thing"}}
		},
		"the field Network is no text to search":                        func(s *sqlstore.Spec) { s.Shape.Search = []string{"Network"} },
		"the column size is BIGINT and cannot hold the []uint8 of Cert": func(s *sqlstore.Spec) { s.Columns["Cert"] = "size" },
	} {
		spec := thingSpec()
		change(&spec)
		_, err := sqlstore.NewRepo[wispwright.ID, thing, thingFilter](db, spec)
		require.ErrorContains(t, err, message)
	}
	type filter struct{ Nothing string }
	_, err := sqlstore.NewRepo[wispwright.ID, thing, filter](db, thingSpec())
	require.ErrorContains(t, err, "no field for Nothing")
	type addresses struct{ AddressWithin netip.Prefix }
	_, err = sqlstore.NewRepo[wispwright.ID, thing, addresses](db, thingSpec())
	require.ErrorContains(t, err, "the column address is a text, in which AddressWithin cannot be looked for")
}

func TestSecretsAreSealedAtRest(t *testing.T) {
	old := bytes.Repeat([]byte{1}, 32)
	file := t.TempDir() + "/test.db"
	open := func(current string, keys map[string][]byte) *sqlstore.DB {
		var k *sqlstore.Keys
		if keys != nil {
			var err error
			k, err = sqlstore.NewKeys(current, keys)
			require.NoError(t, err)
		}
		db, err := sqlstore.Open(t.Context(), file, &sqlstore.Options{Keys: k, Synchronous: "OFF"})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	}
	ctx := context.Background()
	plain := open("", nil)
	before := newThings(t, plain)
	o := sample(plain).New(1, 0)
	require.NoError(t, before.Insert(ctx, o), "stored before there was a key")

	db := open("a", map[string][]byte{"a": old})
	r := newThings(t, db)
	sealed := sample(db).New(2, 0)
	sealed.Key = "0123456789"
	require.NoError(t, r.Insert(ctx, sealed))
	raw, err := sqlstore.Get[string](ctx, db, "SELECT key FROM thing WHERE id = ?", sealed.ID)
	require.NoError(t, err)
	require.Regexp(t, `^aes1:a:`, raw)
	require.NotContains(t, raw, "0123456789")
	for _, id := range []wispwright.ID{o.ID, sealed.ID} {
		got, err := r.Get(ctx, wispwright.ScopeAll(), id)
		require.NoError(t, err)
		require.Contains(t, []wispwright.Secret{"s3cr3t", "0123456789"}, got.Key)
	}

	rotated := open("b", map[string][]byte{"a": old, "b": bytes.Repeat([]byte{2}, 32)})
	r2 := newThings(t, rotated)
	got, err := r2.Update(ctx, wispwright.ScopeAll(), sealed.ID, func(*thing) error { return nil })
	require.NoError(t, err)
	require.Equal(t, wispwright.Secret("0123456789"), got.Key, "the old key still opens")
	raw, err = sqlstore.Get[string](ctx, rotated, "SELECT key FROM thing WHERE id = ?", sealed.ID)
	require.NoError(t, err)
	require.Regexp(t, `^aes1:b:`, raw, "and the new one seals")

	_, err = r.Get(ctx, wispwright.ScopeAll(), sealed.ID)
	require.ErrorContains(t, err, "its key is not configured")
	_, err = sqlstore.Exec(ctx, rotated, "UPDATE thing SET key = substr(key, 1, 12) || 'A' || substr(key, 14) WHERE id = ?", sealed.ID)
	require.NoError(t, err)
	_, err = r2.Get(ctx, wispwright.ScopeAll(), sealed.ID)
	require.Error(t, err, "a damaged value does not open")

	for _, bad := range []map[string][]byte{{"x": old}, {"a": old[:31]}, {"a": old, "b:c": old}} {
		_, err := sqlstore.NewKeys("a", bad)
		require.Error(t, err)
	}
}

// TestListsAreRepeatable runs one list often, as statements are kept from the
// second time on, inside and outside of transactions, and with more shapes
// than are kept.
func TestListsAreRepeatable(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx, r, s := context.Background(), newThings(t, db), sample(db)
		for n := range 5 {
			require.NoError(t, r.Insert(ctx, s.New(n, n%2)))
		}
		list := func(ctx context.Context, offset int) int {
			items, err := r.List(ctx, wispwright.ScopeOf(s.Organizations...), thingFilter{NameContains: "thing"}, wispwright.Page{Limit: 2, Offset: offset})
			require.NoError(t, err)
			require.Equal(t, 5, items.Total)
			return len(items.Rows)
		}
		for range 3 {
			require.Equal(t, []int{2, 2, 1}, []int{list(ctx, 0), list(ctx, 2), list(ctx, 4)})
			require.NoError(t, db.InTx(ctx, func(ctx context.Context) error { require.Equal(t, 2, list(ctx, 0)); return nil }))
		}
		for n := range 300 {
			for range 2 {
				items, err := r.List(ctx, wispwright.ScopeAll(), thingFilter{Names: wispwright.Only(make([]string, n)...)}, wispwright.Page{})
				require.NoError(t, err)
				require.Empty(t, items.Rows)
			}
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := r.List(ended, wispwright.ScopeAll(), thingFilter{}, wispwright.Page{})
		require.ErrorIs(t, err, context.Canceled)
	})
}
