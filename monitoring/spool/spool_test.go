package spool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/spool"
)

func record(device byte, n int) spool.Record {
	return spool.Record{Device: wispwright.ID{15: device}, Time: time.UnixMicro(int64(1e15) + int64(n)*1e6).UTC(), Current: n%2 == 0, Body: fmt.Appendf(nil, `{"n":%d}`, n)}
}

func open(t *testing.T, dir string, o *spool.Options) *spool.Spool {
	t.Helper()
	s, err := spool.Open(dir, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func drained(t *testing.T, s *spool.Spool) (out []spool.Record) {
	t.Helper()
	require.NoError(t, s.Drain(t.Context(), func(_ context.Context, r *spool.Record) error {
		out = append(out, *r)
		return nil
	}))
	return out
}

// TestOrder: what was put comes out once, in order, also from a later process.
func TestOrder(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, &spool.Options{Segment: 200})
	var want []spool.Record
	for n := range 20 {
		r := record(byte(n%3), n)
		require.NoError(t, s.Put(t.Context(), r))
		want = append(want, r)
	}
	require.NoError(t, s.Close())
	s = open(t, dir, &spool.Options{Segment: 200})
	n, size := s.Waiting()
	require.Equal(t, 20, n)
	require.Positive(t, size)
	at, ok := s.Newest(wispwright.ID{15: 1})
	require.True(t, ok)
	require.Equal(t, record(1, 19).Time, at)
	require.Equal(t, want, drained(t, s))
	n, size = s.Waiting()
	require.Zero(t, n)
	require.Zero(t, size)
	_, ok = s.Newest(wispwright.ID{15: 1})
	require.False(t, ok)
	left, err := filepath.Glob(filepath.Join(dir, "*.spool"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, s.Put(t.Context(), record(1, 21)), "it goes on")
	require.Len(t, drained(t, s), 1)
}

// TestFailure: what could not be handed on is handed on again, and what arrives meanwhile
// comes after it.
func TestFailure(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	for n := range 5 {
		require.NoError(t, s.Put(t.Context(), record(1, n)))
	}
	away := errors.New("away")
	count := 0
	require.ErrorIs(t, s.Drain(t.Context(), func(ctx context.Context, r *spool.Record) error {
		if count++; count == 3 {
			return away
		}
		return s.Put(ctx, record(2, 100+count)) // does not wait for the drain
	}), away)
	out := drained(t, s)
	require.Len(t, out, 7)
	require.Equal(t, wispwright.ID{15: 1}, out[4].Device)
	require.Equal(t, wispwright.ID{15: 2}, out[5].Device)
}

// TestLimit: documents of the past are refused at half of the size, and nothing that was
// taken is thrown away.
func TestLimit(t *testing.T) {
	s := open(t, t.TempDir(), &spool.Options{Limit: 1000})
	put := func(current bool) (n int) {
		for {
			r := record(1, n)
			r.Current = current
			if err := s.Put(t.Context(), r); err != nil {
				require.ErrorIs(t, err, spool.ErrFull)
				return n
			}
			n++
		}
	}
	past := put(false)
	now := put(true)
	require.InDelta(t, past, now, 1)
	require.Zero(t, put(false))
	require.Len(t, drained(t, s), past+now)
	require.Equal(t, past, put(false), "there is room again")
}

// TestDisk: what the disk refuses is not kept, and what comes later is.
func TestDisk(t *testing.T) {
	full := errors.New("no space left on device")
	var failure error
	s := open(t, t.TempDir(), &spool.Options{Sync: func(f *os.File) error {
		if failure != nil {
			return failure
		}
		return f.Sync()
	}})
	require.NoError(t, s.Put(t.Context(), record(1, 0)))
	failure = full
	require.ErrorIs(t, s.Put(t.Context(), record(1, 1)), full)
	failure = nil
	require.NoError(t, s.Put(t.Context(), record(1, 2)))
	out := drained(t, s)
	require.Equal(t, []spool.Record{record(1, 0), record(1, 2)}, out)
}

// TestTorn: a process that was killed while it wrote loses nothing that was whole.
func TestTorn(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"half a record": func(b []byte) []byte { return b[:len(b)-5] },
		"half a head":   func(b []byte) []byte { return append(b, 1, 2, 3) },
		"zeros":         func(b []byte) []byte { return append(b, make([]byte, 100)...) },
		"a huge length": func(b []byte) []byte { return append(b, bytes.Repeat([]byte{0xff}, 40)...) },
		"another byte":  func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir, nil)
			for n := range 3 {
				require.NoError(t, s.Put(t.Context(), record(1, n)))
			}
			require.NoError(t, s.Close())
			files, err := filepath.Glob(filepath.Join(dir, "*.spool"))
			require.NoError(t, err)
			require.Len(t, files, 1)
			b, err := os.ReadFile(files[0])
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(files[0], damage(b), 0o600))
			s = open(t, dir, nil)
			require.NoError(t, s.Put(t.Context(), record(1, 9)))
			out := drained(t, s)
			require.GreaterOrEqual(t, len(out), 3)
			require.Equal(t, record(1, 0), out[0])
			require.Equal(t, record(1, 1), out[1])
			require.Equal(t, record(1, 9), out[len(out)-1])
		})
	}
}

// TestTogether: many at once share the disk's time and none is lost.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, &spool.Options{Segment: 2000})
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			for n := range 20 {
				if err := s.Put(context.Background(), record(byte(worker), n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	got := map[byte]int{}
	drain := func() {
		for _, r := range drained(t, s) {
			if want := got[r.Device[15]]; r.Time != record(0, want).Time {
				t.Errorf("device %d: %v out of order", r.Device[15], r.Time)
			}
			got[r.Device[15]]++
		}
	}
	drain()
	wg.Wait()
	drain()
	for worker := range 16 {
		require.Equal(t, 20, got[byte(worker)])
	}
}
