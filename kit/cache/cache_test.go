package cache_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

var ctx = context.Background()

// source is what a cache reads from.
type source struct {
	mu    sync.Mutex
	text  string
	reads int
}

func (s *source) read(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return s.text, nil
}

func (s *source) write(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = text
}

func load[K comparable](t *testing.T, ctx context.Context, c *cache.Cache[K, string], key K, s *source) string {
	t.Helper()
	v, err := c.Load(ctx, key, s.read)
	require.NoError(t, err)
	return v
}

func TestRemembers(t *testing.T) {
	now := time.Now()
	c := cache.New[string, string]("test", cache.Options{TTL: time.Minute, Clock: func() time.Time { return now }})
	s := &source{text: "one"}
	require.Equal(t, "one", load(t, ctx, c, "k", s))
	s.write("two")
	require.Equal(t, "one", load(t, ctx, c, "k", s))
	require.Equal(t, 1, s.reads)
	now = now.Add(time.Minute)
	_, ok := c.Get("k")
	require.False(t, ok)
	require.Equal(t, "two", load(t, ctx, c, "k", s))
	require.NoError(t, c.Drop(ctx, "other"))
	_, ok = c.Get("k")
	require.True(t, ok)
	require.NoError(t, c.Drop(ctx, "k"))
	_, ok = c.Get("k")
	require.False(t, ok)
	load(t, ctx, c, "k", s)
	require.NoError(t, c.Purge(ctx))
	_, ok = c.Get("k")
	require.False(t, ok)
	_, err := c.Load(ctx, "bad", func(context.Context) (string, error) { return "half", wispwright.ErrUnavailable })
	require.ErrorIs(t, err, wispwright.ErrUnavailable)
	_, ok = c.Get("bad")
	require.False(t, ok)
}

func TestWhatWasReadWhileSomethingWasForgotten(t *testing.T) {
	c := cache.New[string, string]("test", cache.Options{})
	v, err := c.Load(ctx, "k", func(ctx context.Context) (string, error) {
		return "old", c.Drop(ctx, "another")
	})
	require.NoError(t, err)
	require.Equal(t, "old", v)
	_, ok := c.Get("k")
	require.False(t, ok)
}

func TestBounded(t *testing.T) {
	c := cache.New[int, string]("test", cache.Options{Size: 16})
	s := &source{}
	kept := 0
	for i := range 100 {
		load(t, ctx, c, i, s)
	}
	for i := range 100 {
		if _, ok := c.Get(i); ok {
			kept++
		}
	}
	require.LessOrEqual(t, kept, 16)
	require.Greater(t, kept, 12)
}

type row struct {
	ID   wispwright.ID
	Text string
}

// TestARolledBackTransactionPublishesNothing: what a transaction read of its
// own writes is known to nobody else, whether it ends well or not.
func TestARolledBackTransactionPublishesNothing(t *testing.T) {
	m := memstore.New()
	rows := memstore.NewRepo[wispwright.ID, row, struct{}](m, memstore.Spec[row]{})
	one := &row{ID: wispwright.NewID(), Text: "committed"}
	require.NoError(t, rows.Insert(ctx, one))
	c := cache.New[wispwright.ID, string]("test", cache.Options{})
	read := func(ctx context.Context) (string, error) {
		r, err := rows.Get(ctx, wispwright.ScopeAll(), one.ID)
		if err != nil {
			return "", err
		}
		return r.Text, nil
	}
	change := func(ctx context.Context, text string) error {
		_, err := rows.Update(ctx, wispwright.ScopeAll(), one.ID, func(r *row) error { r.Text = text; return nil })
		if err == nil {
			err = c.Drop(ctx, one.ID)
		}
		return err
	}
	seen := func() string {
		v, err := c.Load(ctx, one.ID, read)
		require.NoError(t, err)
		return v
	}
	errBack := errors.New("back")
	for _, warm := range []bool{false, true} {
		if warm {
			require.Equal(t, "committed", seen())
		}
		err := m.InTx(ctx, func(ctx context.Context) error {
			require.NoError(t, change(ctx, "undone"))
			v, err := c.Load(ctx, one.ID, read)
			require.NoError(t, err)
			require.Equal(t, "undone", v, "a transaction sees its own writes")
			return errBack
		})
		require.ErrorIs(t, err, errBack)
		v, ok := c.Get(one.ID)
		require.Equal(t, warm, ok, "nothing is remembered, and nothing forgotten")
		if warm {
			require.Equal(t, "committed", v)
		}
		require.Equal(t, "committed", seen())
	}
	require.NoError(t, m.InTx(ctx, func(ctx context.Context) error { return change(ctx, "new") }))
	require.Equal(t, "new", seen())
}

// place is a key that JSON does not keep apart.
type place struct{ a, b int }

// TestNodesForgetTogether on every bus there is.
func TestNodesForgetTogether(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		life, end := context.WithCancel(ctx)
		defer end()
		o := cache.Options{Bus: db, TTL: time.Hour, Size: 2_000}
		here, there := cache.New[wispwright.ID, string]("ids", o), cache.New[wispwright.ID, string]("ids", o)
		herePlaces, therePlaces := cache.New[place, string]("places", o), cache.New[place, string]("places", o)
		for _, listen := range []func(context.Context) error{here.Listen, there.Listen, herePlaces.Listen, therePlaces.Listen} {
			require.NoError(t, listen(life))
		}
		s := &source{text: "one"}
		ids := make([]wispwright.ID, 500)
		for i := range ids {
			ids[i] = wispwright.NewID()
			load(t, ctx, there, ids[i], s)
		}
		stays := wispwright.NewID()
		load(t, ctx, there, stays, s)
		load(t, ctx, therePlaces, place{1, 2}, s)

		errBack := errors.New("back")
		require.ErrorIs(t, db.InTx(ctx, func(ctx context.Context) error {
			require.NoError(t, errors.Join(here.Purge(ctx), herePlaces.Purge(ctx)))
			return errBack
		}), errBack)
		_, ok := there.Get(stays)
		require.True(t, ok)
		require.NoError(t, db.InTx(ctx, func(ctx context.Context) error {
			return errors.Join(here.Drop(ctx, ids...), herePlaces.Drop(ctx, place{1, 2}))
		}))
		testkit.Eventually(t, "the other node forgets", func(context.Context) bool {
			for _, id := range ids {
				if _, ok := there.Get(id); ok {
					return false
				}
			}
			_, ok := therePlaces.Get(place{1, 2})
			return !ok
		})
		_, ok = there.Get(stays)
		require.True(t, ok, "what was not dropped stays")
		require.NoError(t, here.Purge(ctx))
		testkit.Eventually(t, "the other node forgets everything", func(context.Context) bool { _, ok := there.Get(stays); return !ok })
	})
}

func Example() {
	names := cache.New[int, string]("example.names", cache.Options{})
	read := func(context.Context) (string, error) {
		fmt.Println("read")
		return "ann", nil
	}
	for range 2 {
		name, err := names.Load(context.Background(), 7, read)
		fmt.Println(name, err)
	}
	// the service that changes a name says so in its transaction
	fmt.Println(names.Drop(context.Background(), 7))
	// Output:
	// read
	// ann <nil>
	// ann <nil>
	// <nil>
}

func BenchmarkLoad(b *testing.B) {
	c := cache.New[string, string]("bench", cache.Options{})
	s := &source{text: "x"}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Load(ctx, "key", s.read); err != nil {
				b.Fatal(err)
			}
		}
	})
}
