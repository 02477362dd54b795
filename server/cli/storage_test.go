package cli_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"
)

// Files go into an object store and come back; the secret is shown nowhere.
func TestStorage(t *testing.T) {
	folder := t.TempDir()
	data, other := filepath.Join(folder, "data"), filepath.Join(folder, "other")
	require.Equal(t, 0, wispwright(t, data, "", "migrate").status)
	got := wispwright(t, data, "", "storage", "push")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "storage.url is not set")

	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("images"))
	provider := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(provider.Close)
	const secret = "the-secret-of-the-object-store"
	environ := func(data string) []string {
		return []string{"WISPWRIGHT_DATA=" + data, "WISPWRIGHT_HTTP_LISTEN=127.0.0.1:0", "WISPWRIGHT_STORAGE_URL=s3://images/site?region=garage&endpoint=" + provider.URL,
			"WISPWRIGHT_STORAGE_ACCESS_KEY=key", "WISPWRIGHT_STORAGE_SECRET_KEY=" + secret}
	}
	image := filepath.Join("private", "firmware", "build", "image")
	require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(data, image)), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(data, image), []byte("bytes"), 0o600))
	got = wispwrightIn(environ(data), "", "storage", "push")
	require.Equal(t, run{0, "private: 1 files with 5 bytes copied, 0 were there already.\n", ""}, got)
	got = wispwrightIn(environ(data), "", "storage", "push")
	require.Equal(t, run{0, "private: 0 files with 0 bytes copied, 1 were there already.\n", ""}, got)
	got = wispwrightIn(environ(other), "", "storage", "pull")
	require.Equal(t, run{0, "private: 1 files with 5 bytes copied, 0 were there already.\nmedia: 0 files with 0 bytes copied, 0 were there already.\n", ""}, got)
	text, err := os.ReadFile(filepath.Join(other, image))
	require.NoError(t, err)
	require.Equal(t, "bytes", string(text))

	got = wispwrightIn(environ(data), "", "check")
	require.Contains(t, got.out, "can be written")
	file := filepath.Join(folder, "backup.tar.gz")
	require.Contains(t, wispwrightIn(environ(data), "", "backup", file).out, "Everything but the files in the object store")
	require.NotContains(t, wispwrightIn(environ(data), "", "config").out, secret)
	provider.Close()
	got = wispwrightIn(environ(data), "", "check")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.out, "PROBLEM  storage        the object store cannot be written")
	require.NotContains(t, got.out+got.err, secret)
	wrong := append(environ(data), "WISPWRIGHT_STORAGE_URL=s3://key:"+secret+"@images")
	require.Equal(t, 1, wispwrightIn(wrong, "", "check").status)
}
