package blob_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/kit/blob/blobtest"
)

func TestMemory(t *testing.T) {
	blobtest.Run(t, func(*testing.T) blob.Store { return &blob.Memory{} })
}

func TestDir(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store {
		d, err := blob.NewDir(filepath.Join(t.TempDir(), "made"))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		return d
	})
}

// A link in the folder leads nowhere outside, and what a crash left is removed.
func TestDirStaysInside(t *testing.T) {
	outside, folder := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600))
	require.NoError(t, os.Symlink(outside, filepath.Join(folder, "link")))
	d, err := blob.NewDir(folder)
	require.NoError(t, err)
	ctx := context.Background()
	_, err = d.Open(ctx, "link/secret")
	require.Error(t, err)
	require.Error(t, d.Put(ctx, "link/mine", strings.NewReader("x")))
	require.NoFileExists(t, filepath.Join(outside, "mine"))
	old, fresh := filepath.Join(folder, ".part-OLD"), filepath.Join(folder, ".part-NEW")
	for _, name := range []string{old, fresh} {
		require.NoError(t, os.WriteFile(name, nil, 0o600))
	}
	require.NoError(t, os.Chtimes(old, time.Time{}, time.Now().Add(-25*time.Hour)))
	require.NoError(t, d.List(ctx, "", func(i blob.Info) error { return fmt.Errorf("found %s", i.Name) }))
	require.NoFileExists(t, old)
	require.FileExists(t, fresh)
	require.NoError(t, d.Close())
}

func TestDirThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := blob.NewDir(file)
	require.ErrorContains(t, err, "folder of files")
}

func Example() {
	ctx := context.Background()
	var files blob.Memory
	fmt.Println(files.Put(ctx, "floorplans/1.png", strings.NewReader("a picture")))
	r, err := files.Open(ctx, "floorplans/1.png")
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := io.ReadAll(r)
	fmt.Println(string(text), err)
	_, err = files.Open(ctx, "floorplans/2.png")
	fmt.Println(err, wispwright.ErrNotFound)
	// Output:
	// <nil>
	// a picture <nil>
	// blob floorplans/2.png: not found not found
}
