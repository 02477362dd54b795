package tenancysql_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

var _ scs.CtxStore = (*tenancysql.Sessions)(nil)

func sessions(t *testing.T, db *sqlstore.DB) *tenancysql.Sessions {
	require.NoError(t, db.Migrate(context.Background(), tenancysql.Migrations()))
	s, err := tenancysql.NewSessions(db)
	require.NoError(t, err)
	return s
}

func TestSessions(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		s := sessions(t, db)
		soon := time.Now().Add(time.Hour)
		require.NoError(t, s.CommitCtx(ctx, "one", []byte{0, 1, 0xff}, soon))
		require.NoError(t, s.CommitCtx(ctx, "one", []byte{0, 2, 0xff}, soon))
		require.NoError(t, s.Commit("old", []byte("x"), time.Now().Add(-time.Second)))

		data, ok, err := s.FindCtx(ctx, "one")
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, []byte{0, 2, 0xff}, data)
		for _, missing := range []string{"old", "two", ""} {
			_, ok, err = s.Find(missing)
			require.NoError(t, err)
			require.False(t, ok, missing)
		}
		stored, err := sqlstore.Select[string](ctx, db, "SELECT digest FROM tenancy_session")
		require.NoError(t, err)
		require.NotContains(t, stored, "one", "the token itself is not stored")

		n, err := s.Prune(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.NoError(t, s.Delete("one"))
		require.NoError(t, s.DeleteCtx(ctx, "one"))
		_, ok, err = s.Find("one")
		require.NoError(t, err)
		require.False(t, ok)
	})
}

func TestSessionManagerKeepsSessionsHere(t *testing.T) {
	manager := scs.New()
	manager.Store = sessions(t, testkit.SQLite(t))
	mux := http.NewServeMux()
	mux.HandleFunc("/set", func(_ http.ResponseWriter, r *http.Request) { manager.Put(r.Context(), "who", "alice") })
	mux.HandleFunc("/get", func(w http.ResponseWriter, r *http.Request) {
		_, err := w.Write([]byte(manager.GetString(r.Context(), "who")))
		require.NoError(t, err)
	})
	server := httptest.NewServer(manager.LoadAndSave(mux))
	defer server.Close()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar}
	get := func(path string) string {
		res, err := client.Get(server.URL + path)
		require.NoError(t, err)
		defer func() { require.NoError(t, res.Body.Close()) }()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return string(body)
	}
	require.Empty(t, get("/get"))
	get("/set")
	require.Equal(t, "alice", get("/get"))
}

func TestSessionsAreTakenOnce(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		s := sessions(t, db)
		for range 5 {
			require.NoError(t, s.CommitCtx(ctx, "one", []byte("x"), time.Now().Add(time.Hour)))
			var took atomic.Int64
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					data, found, err := s.TakeCtx(ctx, "one")
					if err == nil && found && string(data) == "x" {
						took.Add(1)
					}
				})
			}
			all.Wait()
			require.EqualValues(t, 1, took.Load())
			_, found, err := s.TakeCtx(ctx, "one")
			require.NoError(t, err)
			require.False(t, found)
		}
	})
}
