package monitoring

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSpoolIsBounded: the oldest give way, what is too large is refused.
func TestSpoolIsBounded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	s, err := NewDirSpool(dir, 5000)
	require.NoError(t, err)
	noise := func(n int) []byte {
		b := make([]byte, n)
		rand.NewChaCha8([32]byte{1}).Read(b)
		return b
	}
	at := time.Date(2026, 1, 31, 23, 59, 58, 0, time.FixedZone("", 7200))
	for range 6 {
		require.NoError(t, s.Put(at, noise(1000)), "of one second")
	}
	list, err := s.List()
	require.NoError(t, err)
	require.Len(t, list, 4)
	require.Equal(t, at.Add(5*time.Second).UTC(), list[3].Time, "the newest is there")
	require.Error(t, s.Put(at, noise(5000)))
	after, err := s.List()
	require.NoError(t, err)
	require.Equal(t, list, after, "and took nothing away")
	got, err := s.Get(list[0])
	require.NoError(t, err)
	require.Equal(t, noise(1000), got)
	require.NoError(t, s.Drop(list[0]))
	require.NoError(t, s.Drop(list[0]), "gone already")
	_, err = s.Get(list[0])
	require.Error(t, err)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), "documents name users")
}

// TestSpoolOfTwo: one process puts while another takes.
func TestSpoolOfTwo(t *testing.T) {
	dir := t.TempDir()
	in, err := NewDirSpool(dir, 1<<20)
	require.NoError(t, err)
	out, err := NewDirSpool(dir, 1<<20)
	require.NoError(t, err)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for i := range 100 {
			if err := in.Put(at.Add(time.Duration(i)*time.Second), []byte("{}")); err != nil {
				t.Error(err)
			}
		}
	}()
	for n := 0; n < 100; {
		list, err := out.List()
		require.NoError(t, err)
		for _, s := range list {
			b, err := out.Get(s)
			require.NoError(t, err, "never half a file")
			require.Equal(t, "{}", string(b))
			require.NoError(t, out.Drop(s))
			n++
		}
	}
	wg.Wait()
}

// TestABomb: a file that unpacks to more than any document is refused.
func TestABomb(t *testing.T) {
	s, err := NewDirSpool(t.TempDir(), 1<<20)
	require.NoError(t, err)
	require.NoError(t, s.Put(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), make([]byte, maxDocument+1)))
	list, err := s.List()
	require.NoError(t, err)
	_, err = s.Get(list[0])
	require.ErrorContains(t, err, "too long")
}
