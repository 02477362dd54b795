package sqlstore_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/kit/store"
)

type safe struct {
	ID     int64
	Secret wispwright.Secret
	Other  wispwright.Secret
}

// Everything is sealed with the present key afterwards, so that the former one can
// be thrown away.
func TestReseal(t *testing.T) {
	keys := func(current string, ids ...string) *sqlstore.Keys {
		all := map[string][]byte{}
		for _, id := range ids {
			all[id] = []byte(strings.Repeat(id, 32)[:32])
		}
		k, err := sqlstore.NewKeys(current, all)
		require.NoError(t, err)
		return k
	}
	for name, dsn := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "safe.db"), "postgresql": testkit.PostgresURL(t)} {
		t.Run(name, func(t *testing.T) {
			open := func(k *sqlstore.Keys) (*sqlstore.DB, *sqlstore.Repo[int64, safe, struct{}]) {
				db, err := sqlstore.Open(t.Context(), dsn, &sqlstore.Options{Keys: k})
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, db.Close()) })
				_, err = sqlstore.Exec(t.Context(), db, "CREATE TABLE IF NOT EXISTS safe (id BIGINT PRIMARY KEY, secret TEXT NOT NULL, other TEXT NOT NULL)")
				require.NoError(t, err)
				r, err := sqlstore.NewRepo[int64, safe, struct{}](db, sqlstore.Spec{Shape: store.Shape{Table: "safe"}})
				require.NoError(t, err)
				return db, r
			}
			_, bare := open(nil)
			require.NoError(t, bare.Insert(t.Context(), &safe{ID: 1, Secret: "plain"}))
			_, old := open(keys("a", "a"))
			for n := range int64(450) {
				require.NoError(t, old.Insert(t.Context(), &safe{ID: 10 + n, Secret: "of a", Other: "too"}))
			}
			_, err := mustOpen(t, dsn).Reseal(t.Context())
			require.ErrorContains(t, err, "without keys")
			db, _ := open(keys("b", "a", "b"))
			n, err := db.Reseal(t.Context())
			require.NoError(t, err)
			require.Equal(t, 901, n)
			n, err = db.Reseal(t.Context())
			require.NoError(t, err)
			require.Zero(t, n)
			_, fresh := open(keys("b", "b"))
			got, err := fresh.Get(t.Context(), wispwright.ScopeAll(), 459)
			require.NoError(t, err)
			require.Equal(t, &safe{459, "of a", "too"}, got)
			got, err = fresh.Get(t.Context(), wispwright.ScopeAll(), 1)
			require.NoError(t, err)
			require.Equal(t, wispwright.Secret("plain"), got.Secret)
		})
	}
}

func mustOpen(t *testing.T, dsn string) *sqlstore.DB {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), dsn, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}
