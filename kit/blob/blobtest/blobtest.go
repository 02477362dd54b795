// Package blobtest checks that a blob.Store keeps its promises. Any
// implementation must pass Run.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/blob"
)

var errWanted = errors.New("wanted")

// failing gives a few bytes and then an error.
type failing struct{ n int }

func (f *failing) Read(p []byte) (int, error) {
	if f.n--; f.n < 0 {
		return 0, errWanted
	}
	return copy(p, "half of it"), nil
}

// Run runs the suite; open makes an empty store for each part.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	ctx := context.Background()
	read := func(t *testing.T, s blob.Store, name string) string {
		t.Helper()
		r, err := s.Open(ctx, name)
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, int64(len(text)), r.Info().Size)
		require.Equal(t, name, r.Info().Name)
		require.False(t, r.Info().Modified.IsZero())
		require.NoError(t, r.Close())
		return string(text)
	}
	names := func(t *testing.T, s blob.Store, prefix string) (out []string) {
		t.Helper()
		require.NoError(t, s.List(ctx, prefix, func(i blob.Info) error { out = append(out, i.Name); return nil }))
		return out
	}
	t.Run("what was stored is read back", func(t *testing.T) {
		s := open(t)
		require.NoError(t, s.Put(ctx, "a/b/c.png", strings.NewReader("first")))
		require.NoError(t, s.Put(ctx, "empty", strings.NewReader("")))
		require.Equal(t, "first", read(t, s, "a/b/c.png"))
		require.Empty(t, read(t, s, "empty"))
		require.NoError(t, s.Put(ctx, "a/b/c.png", strings.NewReader("second, longer")))
		require.Equal(t, "second, longer", read(t, s, "a/b/c.png"))
		r, err := s.Open(ctx, "a/b/c.png")
		require.NoError(t, err)
		_, err = r.Seek(8, io.SeekStart)
		require.NoError(t, err)
		rest, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, "longer", string(rest))
		require.NoError(t, r.Close())
	})
	t.Run("what is not there", func(t *testing.T) {
		s := open(t)
		_, err := s.Open(ctx, "nothing")
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		require.ErrorIs(t, s.Delete(ctx, "nothing"), wispwright.ErrNotFound)
		require.NoError(t, s.Put(ctx, "x/y", strings.NewReader("z")))
		_, err = s.Open(ctx, "x")
		require.ErrorIs(t, err, wispwright.ErrNotFound, "a folder is no file")
		require.NoError(t, s.Delete(ctx, "x/y"))
		require.ErrorIs(t, s.Delete(ctx, "x/y"), wispwright.ErrNotFound)
		_, err = s.Open(ctx, "x/y")
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	})
	t.Run("names", func(t *testing.T) {
		s := open(t)
		for _, name := range []string{"", "/", "/etc/passwd", "a/../b", "..", ".hidden", "a/.b", "a//b", "a/", "a b", "ä", "a\x00b", `a\b`, strings.Repeat("x", blob.MaxName+1)} {
			require.Error(t, s.Put(ctx, name, strings.NewReader("x")), name)
			_, err := s.Open(ctx, name)
			require.ErrorIs(t, err, wispwright.ErrNotFound, name)
			require.ErrorIs(t, s.Delete(ctx, name), wispwright.ErrNotFound, name)
		}
		require.Empty(t, names(t, s, ""))
		require.Error(t, s.List(ctx, "a", func(blob.Info) error { return nil }), "no folder")
		require.Error(t, s.List(ctx, "../", func(blob.Info) error { return nil }))
	})
	t.Run("half a file is none", func(t *testing.T) {
		s := open(t)
		require.NoError(t, s.Put(ctx, "a/b", strings.NewReader("whole")))
		require.ErrorIs(t, s.Put(ctx, "a/b", &failing{3}), errWanted)
		require.ErrorIs(t, s.Put(ctx, "a/c", &failing{0}), errWanted)
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, s.Put(cancelled, "a/d", strings.NewReader("x")), context.Canceled)
		require.Equal(t, "whole", read(t, s, "a/b"))
		require.Equal(t, []string{"a/b"}, names(t, s, ""))
	})
	t.Run("lists", func(t *testing.T) {
		s := open(t)
		for _, name := range []string{"b/2", "a/1", "b/1", "ba/1", "b/c/1"} {
			require.NoError(t, s.Put(ctx, name, strings.NewReader(name)))
		}
		require.Equal(t, []string{"b/1", "b/2", "b/c/1"}, names(t, s, "b/"))
		require.Len(t, names(t, s, ""), 5)
		require.Empty(t, names(t, s, "c/"))
		require.ErrorIs(t, s.List(ctx, "", func(blob.Info) error { return errWanted }), errWanted)
	})
	t.Run("many at once", func(t *testing.T) {
		s := open(t)
		var wg sync.WaitGroup
		errs := make([]error, 16)
		for i := range errs {
			wg.Go(func() {
				body := bytes.Repeat([]byte{byte('a' + i)}, 64<<10)
				errs[i] = errors.Join(s.Put(ctx, "same", bytes.NewReader(body)), s.Put(ctx, fmt.Sprintf("own/%d", i), bytes.NewReader(body)))
			})
		}
		wg.Wait()
		require.NoError(t, errors.Join(errs...))
		require.Len(t, names(t, s, "own/"), len(errs))
		text := read(t, s, "same")
		require.Equal(t, strings.Repeat(text[:1], 64<<10), text, "one of them, whole")
	})
}
