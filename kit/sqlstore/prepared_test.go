package sqlstore

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPreparedMakesRoom: queries of many shapes do not take the place of one
// that comes again and again, which is kept although it came late.
func TestPreparedMakesRoom(t *testing.T) {
	ctx := context.Background()
	db, err := Open(t.Context(), t.TempDir()+"/prepared.db", &Options{Synchronous: "OFF"})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	ask := func(query string, want int) {
		got, err := Get[int](ctx, db, query)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	shape := func(n int) string { return fmt.Sprintf("SELECT %d", n) }
	for n := range 3 * maxPrepared {
		ask(shape(n), n)
		ask(shape(n), n)
	}
	require.Len(t, db.prepared.known, maxPrepared)
	for range 2 {
		ask("SELECT -1", -1)
	}
	require.Contains(t, db.prepared.known, "SELECT -1")
	for n := range 2 * maxPrepared {
		ask(shape(n), n)
		ask(shape(n), n)
		ask("SELECT -1", -1)
	}
	require.Len(t, db.prepared.known, maxPrepared)
	require.Contains(t, db.prepared.known, "SELECT -1", "in use all the time")
	require.LessOrEqual(t, len(db.prepared.once), maxPrepared)
	for query, k := range db.prepared.known {
		require.Zero(t, k.users, query)
	}
}

// TestPreparedWhileRead takes statements away from those who still read rows
// of them, and from each other.
func TestPreparedWhileRead(t *testing.T) {
	ctx := context.Background()
	db, err := Open(t.Context(), t.TempDir()+"/prepared.db", &Options{Synchronous: "OFF", Readers: 8})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for n := range 2 * maxPrepared {
				query := fmt.Sprintf("SELECT value FROM json_each('[1,2,3]') WHERE value > -%d", (n+worker)%(2*maxPrepared))
				for range 2 {
					rows, err := db.reading(ctx, query).QueryxContext(ctx)
					if err != nil {
						t.Error(err)
						return
					}
					count := 0
					for rows.Next() {
						count++
						other, err := Get[int](ctx, db, fmt.Sprintf("SELECT %d", n))
						if err != nil || other != n {
							t.Error(other, err)
						}
					}
					if err := rows.Err(); err != nil || count != 3 {
						t.Error(count, err)
					}
					if err := rows.Close(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
}
