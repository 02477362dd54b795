package moving_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/moving"
)

// An import that is interrupted again and again, each time further on, and at last is not, ends with what
// one run stores, and with what the real server answered. A run after that has nothing to do.
func TestInterruptedImportsEndAsOne(t *testing.T) {
	var expected answers
	testkit.ReadVectors(t, &expected, "openwisp-db", "expected.json")
	from, options := realSQLite(t), moving.Options{Media: media(t), Series: testkit.Vectors(t, "openwisp-db", "influxdb.lp.gz")}

	once := testkit.Postgres(t)
	h := newHouse(t, once)
	_, err := moving.Import(t.Context(), from, h.target, h.parts, &options)
	require.NoError(t, err)
	want := rowsOf(t, once)
	require.NotZero(t, want["controller_device"])

	db := testkit.Postgres(t)
	h = newHouse(t, db)
	interrupted, before := 0, 0
	for last := false; !last; {
		ctx, cancel := context.WithCancel(t.Context())
		pages, limit := 0, 12*(interrupted+1)
		some := options
		some.Progress = func(string, int, int) {
			if pages++; pages == limit {
				cancel()
			}
		}
		report, err := moving.Import(ctx, from, h.target, h.parts, &some)
		cancel()
		if last = err == nil; last {
			break
		}
		require.ErrorIs(t, err, context.Canceled)
		require.NotNil(t, report, "what was done until then is told")
		interrupted++
		now := 0
		for _, n := range rowsOf(t, db) {
			now += n
		}
		require.GreaterOrEqual(t, now, before, "what was stored stays")
		before = now
	}
	require.Greater(t, interrupted, 3)
	require.Equal(t, want, rowsOf(t, db), "as many rows in each table")
	again, err := moving.Import(t.Context(), from, h.target, h.parts, &options)
	require.NoError(t, err)
	for _, c := range again.Tables {
		require.Zero(t, c.Added+c.Changed, "%+v", *c)
	}
	answered := toldThere(t)
	h.checkAnswers(t, answered)
	h.checkRadius(t, answered)
	h.checkRevoked(t, answered)
	h.checkImages(t, answered)
	h.checkDevices(t, &expected)
	h.checkUsers(t, &expected)
	t.Logf("%d interruptions", interrupted)
}

// rowsOf counts the rows of each table.
func rowsOf(t *testing.T, db *sqlstore.DB) map[string]int {
	t.Helper()
	tables, err := sqlstore.Select[string](t.Context(), db, "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()")
	require.NoError(t, err)
	require.NotEmpty(t, tables)
	rows := map[string]int{}
	for _, table := range tables {
		n, err := sqlstore.Get[int](t.Context(), db, `SELECT count(*) FROM "`+table+`"`)
		require.NoError(t, err)
		rows[table] = n
	}
	return rows
}
