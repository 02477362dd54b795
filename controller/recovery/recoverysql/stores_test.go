package recoverysql_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/recovery/recoverysql"
	"github.com/wispwright/wispwright/controller/recovery/recoverytest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), recoverysql.Migrations()))
		recoverytest.Run(t, func(t *testing.T) recoverytest.Storage {
			_, err := sqlstore.Exec(t.Context(), db, "DELETE FROM controller_deleted")
			require.NoError(t, err)
			s, err := recoverysql.New(db)
			require.NoError(t, err)
			return recoverytest.Storage{Tx: db, Store: s}
		})
	})
}

// What is kept holds the key of a device, which must not lie open.
func TestContentIsSealed(t *testing.T) {
	keys, err := sqlstore.NewKeys("a", map[string][]byte{"a": bytes.Repeat([]byte{1}, 32)})
	require.NoError(t, err)
	db, err := sqlstore.Open(t.Context(), t.TempDir()+"/test.db", &sqlstore.Options{Keys: keys, Synchronous: "OFF"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(t.Context(), recoverysql.Migrations()))
	s, err := recoverysql.New(db)
	require.NoError(t, err)
	d := recoverytest.Sample(1, 0)
	d.Content = "very secret key"
	require.NoError(t, s.Insert(t.Context(), d))
	raw, err := sqlstore.Get[string](t.Context(), db, "SELECT content FROM controller_deleted WHERE id = ?", d.ID)
	require.NoError(t, err)
	require.Regexp(t, "^aes1:a:", raw)
	require.NotContains(t, raw, "very")
	got, err := s.Get(t.Context(), wispwright.ScopeAll(), d.ID)
	require.NoError(t, err)
	require.Equal(t, d.Content, got.Content)
}
