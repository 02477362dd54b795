package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBackupAndRestore(t *testing.T) {
	folder := t.TempDir()
	data, file := filepath.Join(folder, "data"), filepath.Join(folder, "backup.tar.gz")
	got := wispwright(t, data, "a-long-Password-1\n", "user", "create", "anna", "--superuser", "--password-stdin")
	require.Equal(t, 0, got.status, got.err)
	got = wispwright(t, data, "", "backup", file)
	require.Equal(t, run{0, "Everything was written to " + file + ".\n", ""}, got)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "it holds all secrets")

	other := filepath.Join(folder, "other")
	got = wispwright(t, other, "", "restore", file)
	require.Equal(t, 0, got.status, got.err)
	require.Contains(t, got.out, "Restored what 1.2.3 wrote at ")
	require.Contains(t, wispwright(t, other, "", "dumpdata").out, "anna", "the key of the secrets came along")
	got = wispwright(t, other, "", "restore", file)
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "there is an installation already")
	require.Equal(t, 1, wispwright(t, filepath.Join(folder, "none"), "", "backup", filepath.Join(folder, "x")).status)
	_, err = os.Stat(filepath.Join(folder, "x"))
	require.ErrorIs(t, err, os.ErrNotExist, "nothing is left of half a backup")
}

func TestCheck(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	environ := []string{"WISPWRIGHT_DATA=" + data, "WISPWRIGHT_HTTP_LISTEN=127.0.0.1:0"}
	got := wispwrightIn(environ, "", "check")
	require.Contains(t, got.out, "ok       data folder    "+data+" will be made")
	require.Equal(t, 0, wispwright(t, data, "", "migrate").status)
	got = wispwrightIn(environ, "", "check")
	require.Contains(t, got.out, "sqlite answers, its tables are up to date")
	require.Contains(t, got.out, "no mail server is configured")
	require.NoError(t, os.Chmod(data, 0o755))
	got = wispwrightIn(append(environ, "WISPWRIGHT_MAIL_HOST=127.0.0.1", "WISPWRIGHT_MAIL_PORT=1"), "", "check")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.out, "PROBLEM  data folder    others on this machine may enter")
	require.Contains(t, got.out, "PROBLEM  mail           the mail server cannot be reached")
	require.Equal(t, 1, wispwrightIn(append(environ, "WISPWRIGHT_NO_SUCH_KEY=1"), "", "check").status)
}
