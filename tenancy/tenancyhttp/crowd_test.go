package tenancyhttp_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/tenancysql"
)

// crowd is a server with n accounts in an organization, each in two groups,
// and the number of statements it ran.
func crowd(t testing.TB, n int) (*server, *atomic.Int64) {
	t.Helper()
	ctx := context.Background()
	db, count := testkit.CountedSQLite(t)
	require.NoError(t, db.Migrate(ctx, tenancysql.Migrations()))
	stores, err := tenancysql.New(db)
	require.NoError(t, err)
	s := newServerOver(t, db, stores, nil)
	vars := s.recorded(t)
	users, ok := stores.Users.(interface {
		InsertMany(context.Context, []*tenancy.User) error
	})
	require.True(t, ok)
	var rows []*tenancy.User
	for i := range n {
		rows = append(rows, &tenancy.User{ID: wispwright.NewID(), Username: fmt.Sprint("user", i), Email: fmt.Sprintf("user%d@example.org", i),
			Password: "!", IsActive: true, DateJoined: s.clock()})
	}
	require.NoError(t, users.InsertMany(ctx, rows))
	for _, g := range []int{1, 2} {
		_, err = sqlstore.Exec(ctx, db, "INSERT INTO tenancy_user_group (user_id, group_id) SELECT id, ? FROM tenancy_user WHERE password = '!'", g)
		require.NoError(t, err)
	}
	_, err = sqlstore.Exec(ctx, db, "INSERT INTO tenancy_membership (id, user_id, organization_id, is_admin, created, modified) "+
		"SELECT id, id, ?, FALSE, date_joined, date_joined FROM tenancy_user WHERE password = '!'", vars["org_alpha"])
	require.NoError(t, err)
	return s, count
}

// TestQueriesOfAPageOfUsers: the number of statements does not depend on the
// length of the page.
func TestQueriesOfAPageOfUsers(t *testing.T) {
	s, count := crowd(t, 120)
	for _, size := range []int{1, 50, 100} {
		path := fmt.Sprint("/api/v1/users/user/?page_size=", size)
		require.Equal(t, 200, s.as(t, "admin", "GET", path, "").Code, "the caller is known from here on")
		before := count.Load()
		w := s.as(t, "admin", "GET", path, "")
		require.Equal(t, 200, w.Code)
		require.Contains(t, w.Body.String(), `"groups":[1,2]`)
		require.LessOrEqual(t, count.Load()-before, int64(3), "count, rows, grants")
	}
}

// TestQueriesOfACaller: a token the cache does not know costs one statement,
// one it knows none.
func TestQueriesOfACaller(t *testing.T) {
	s, count := crowd(t, 10)
	for _, user := range []string{"admin", "manager", "member"} {
		require.NoError(t, s.t.Callers.Forget(context.Background()))
		before := count.Load()
		for range 3 {
			_, err := s.t.Callers.ByToken(context.Background(), s.tokens[user])
			require.NoError(t, err)
		}
		require.Equal(t, int64(1), count.Load()-before, user)
	}
}

func BenchmarkCaller(b *testing.B) {
	s, _ := crowd(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, s.t.Callers.Forget(context.Background()))
		if _, err := s.t.Callers.ByToken(context.Background(), s.tokens["manager"]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPageOfManyUsers(b *testing.B) {
	s, _ := crowd(b, 100_000)
	var took []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("GET", "/api/v1/users/user/?page_size=50", nil)
		r.Header.Set("Authorization", "Bearer "+s.tokens["admin"])
		w := httptest.NewRecorder()
		start := time.Now()
		s.api.ServeHTTP(w, r)
		took = append(took, time.Since(start))
		if w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkKnownCaller is what every request pays.
func BenchmarkKnownCaller(b *testing.B) {
	s, _ := crowd(b, 10)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.t.Callers.ByToken(context.Background(), s.tokens["manager"]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
