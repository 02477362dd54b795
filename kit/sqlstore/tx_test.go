package sqlstore_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

var errWanted = errors.New("wanted")

// migrate makes tables of the tests' own.
func migrate(t *testing.T, db *sqlstore.DB, ddl string) {
	t.Helper()
	step := &fstest.MapFile{Data: []byte("-- +goose Up\n" + ddl)}
	require.NoError(t, db.Migrate(context.Background(), sqlstore.Migrations{Concern: "trial",
		FS: fstest.MapFS{"sqlite/00001_a.sql": step, "pg/00001_a.sql": step}}))
}

func put(ctx context.Context, db *sqlstore.DB, n int) error {
	_, err := sqlstore.Exec(ctx, db, "INSERT INTO trial (n) VALUES (?)", n)
	return err
}

func numbers(t *testing.T, db *sqlstore.DB) []int {
	t.Helper()
	n, err := sqlstore.Select[int](context.Background(), db, "SELECT n FROM trial ORDER BY n")
	require.NoError(t, err)
	return n
}

func TestTryUndoesOnlyItsOwnWrites(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		migrate(t, db, "CREATE TABLE trial (n INTEGER PRIMARY KEY);")
		var told []string
		tell := func(ctx context.Context, what string) {
			wispwright.AfterCommit(ctx, func() { told = append(told, what) })
		}
		require.NoError(t, db.InTx(context.Background(), func(ctx context.Context) error {
			require.NoError(t, put(ctx, db, 1))
			tell(ctx, "outer")
			err := db.Try(ctx, func(ctx context.Context) error {
				tell(ctx, "undone")
				require.NoError(t, put(ctx, db, 2))
				return put(ctx, db, 1)
			})
			var conflict *wispwright.ConflictError
			require.ErrorAs(t, err, &conflict)
			require.Equal(t, wispwright.UniqueKey, conflict.Unique)
			require.ErrorIs(t, db.Try(ctx, func(ctx context.Context) error {
				return db.InTx(ctx, func(context.Context) error { return errWanted })
			}), errWanted, "a joined call inside fails the part alone")
			return db.Try(ctx, func(ctx context.Context) error { tell(ctx, "kept"); return put(ctx, db, 3) })
		}))
		require.Equal(t, []int{1, 3}, numbers(t, db))
		require.Equal(t, []string{"outer", "kept"}, told)
	})
}

func TestTryDoesNotHealAFailedTransaction(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		migrate(t, db, "CREATE TABLE trial (n INTEGER PRIMARY KEY);")
		err := db.InTx(context.Background(), func(ctx context.Context) error {
			_ = db.InTx(ctx, func(ctx context.Context) error { require.NoError(t, put(ctx, db, 1)); return errWanted }) // swallowed on purpose
			require.ErrorIs(t, db.Try(ctx, func(ctx context.Context) error { return put(ctx, db, 2) }), errWanted)
			require.ErrorIs(t, db.InTx(ctx, func(context.Context) error { return nil }), errWanted)
			return nil
		})
		require.ErrorIs(t, err, errWanted)
		require.Empty(t, numbers(t, db))
		require.ErrorContains(t, db.Try(context.Background(), func(context.Context) error { return nil }), "outside of a transaction")
	})
}

func TestCollisionsAreRepeated(t *testing.T) {
	db := testkit.SQLite(t)
	migrate(t, db, "CREATE TABLE trial (n INTEGER PRIMARY KEY);")
	collision := &pq.Error{Code: "40001"}
	tries, told := 0, 0
	require.NoError(t, db.InTx(context.Background(), func(ctx context.Context) error {
		tries++
		wispwright.AfterCommit(ctx, func() { told++ })
		require.NoError(t, put(ctx, db, 1), "what the failed try wrote is gone")
		if tries < 3 {
			return collision
		}
		return nil
	}))
	require.Equal(t, 3, tries)
	require.Equal(t, 1, told, "only the last try tells")

	tries = 0
	require.ErrorIs(t, db.InTx(context.Background(), func(context.Context) error { tries++; return collision }), collision)
	require.Equal(t, 10, tries)

	tries = 0
	require.ErrorIs(t, db.InTx(context.Background(), func(context.Context) error { tries++; return errWanted }), errWanted)
	require.Equal(t, 1, tries, "other errors are not repeated")

	ctx, cancel := context.WithCancel(context.Background())
	require.ErrorIs(t, db.InTx(ctx, func(context.Context) error { cancel(); return collision }), context.Canceled)
}

func TestAPanicRollsBack(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		migrate(t, db, "CREATE TABLE trial (n INTEGER PRIMARY KEY);")
		require.Panics(t, func() {
			_ = db.InTx(context.Background(), func(ctx context.Context) error { // never returns
				require.NoError(t, put(ctx, db, 1))
				panic("bang")
			})
		})
		require.Empty(t, numbers(t, db), "and the connection is free again")
	})
}

func TestExplain(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		migrate(t, db, `CREATE TABLE trial (n INTEGER PRIMARY KEY, a TEXT, b TEXT, mail TEXT, owner INTEGER REFERENCES trial (n));
			CREATE UNIQUE INDEX trial_pair ON trial (a, b);
			CREATE UNIQUE INDEX trial_mail ON trial (lower(mail)) WHERE mail <> '';`)
		exec := func(query string) error { _, err := sqlstore.Exec(ctx, db, query); return err }
		require.NoError(t, exec("INSERT INTO trial VALUES (1, 'a', 'b', 'Me', NULL), (2, 'a', 'c', '', 1), (3, NULL, 'b', '', NULL)"))
		for query, unique := range map[string]string{
			"INSERT INTO trial VALUES (4, 'a', 'b', '', NULL)":   "trial_pair",
			"INSERT INTO trial VALUES (4, 'x', 'y', 'mE', NULL)": "trial_mail",
			"INSERT INTO trial VALUES (1, 'x', 'y', '', NULL)":   wispwright.UniqueKey,
			"UPDATE trial SET b = 'b' WHERE n = 2":               "trial_pair",
		} {
			var conflict *wispwright.ConflictError
			require.ErrorAs(t, exec(query), &conflict, query)
			require.Equal(t, unique, conflict.Unique, query)
		}
		var protected *wispwright.ProtectedError
		require.ErrorAs(t, exec("DELETE FROM trial WHERE n = 1"), &protected)
		var missing *wispwright.MissingError
		for _, query := range []string{"INSERT INTO trial VALUES (5, 'x', 'z', '', 99)", "UPDATE trial SET owner = 99 WHERE n = 3"} {
			err := exec(query)
			require.ErrorAs(t, err, &missing, query)
			require.False(t, errors.As(err, &protected), query)
			stmt, err := db.Prepare(query)
			require.NoError(t, err)
			_, err = stmt.Exec(ctx)
			require.ErrorAs(t, db.Explain(err), &missing, query)
		}
		_, err := sqlstore.Get[int](ctx, db, "SELECT n FROM trial WHERE n = 99")
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		require.NoError(t, db.Explain(nil))
		require.ErrorIs(t, db.Explain(errWanted), errWanted)
	})
}

// A full disk is nobody's mistake: the caller may try again later.
func TestWhatIsUnavailable(t *testing.T) {
	db := testkit.SQLite(t)
	migrate(t, db, "CREATE TABLE trial (n INTEGER PRIMARY KEY, filler BLOB);")
	_, err := db.SQL().Exec("PRAGMA max_page_count = 1") // which sets it to the pages there are
	require.NoError(t, err)
	insert := "INSERT INTO trial (filler) VALUES (zeroblob(1000000))"
	_, err = sqlstore.Exec(t.Context(), db, insert)
	require.ErrorIs(t, err, wispwright.ErrUnavailable)
	err = db.InTx(t.Context(), func(ctx context.Context) error {
		_, err := sqlstore.Exec(ctx, db, insert)
		return err
	})
	require.ErrorIs(t, err, wispwright.ErrUnavailable)

	for code, want := range map[pqerror.Code]bool{"53100": true, "53300": true, "57P01": true, "08006": true, "22021": false, "55000": false, "57014": false, "42P01": false} {
		err := db.Explain(&pq.Error{Code: code, Severity: "ERROR"})
		require.Equal(t, want, errors.Is(err, wispwright.ErrUnavailable), code)
	}
	require.ErrorIs(t, db.Explain(&pq.Error{Code: "55000", Severity: "FATAL"}), wispwright.ErrUnavailable)
	require.ErrorIs(t, db.Explain(driver.ErrBadConn), wispwright.ErrUnavailable)
}

func TestReadersCannotWrite(t *testing.T) {
	db := testkit.SQLite(t)
	migrate(t, db, "CREATE TABLE trial (n INTEGER PRIMARY KEY);")
	_, err := db.Read(context.Background()).ExecContext(context.Background(), "INSERT INTO trial VALUES (1)")
	require.ErrorContains(t, err, "readonly", "a write that strays onto the reading pool fails at once")
	require.Empty(t, numbers(t, db))
}
