package cli_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
)

// an installation as small as can be
const smallOpenWISP = `
CREATE TABLE openwisp_users_organization (id char(32) PRIMARY KEY, name text, slug text, is_active bool, created datetime, modified datetime, description text, email text, url text);
INSERT INTO openwisp_users_organization VALUES ('6f1c2a007b3e4d5a9c10000000000101', 'North', 'north', 1, '2020-01-01 00:00:00', '2020-01-01 00:00:00', '', '', '');
CREATE TABLE openwisp_users_user (id char(32) PRIMARY KEY, username text, password text, email text, is_superuser bool, is_staff bool, is_active bool, date_joined datetime);
INSERT INTO openwisp_users_user VALUES ('6f1c2a007b3e4d5a9c10000000000001', 'anna', '!', 'anna@example.org', 1, 1, 1, '2020-01-01 00:00:00'),
 ('6f1c2a007b3e4d5a9c10000000000002', 'ben', '!', 'ANNA@example.org', 0, 0, 1, '2020-01-02 00:00:00.5');`

func TestMovingUsers(t *testing.T) {
	folder := t.TempDir()
	data, old := filepath.Join(folder, "data"), filepath.Join(folder, "old.db")
	db, err := sql.Open("sqlite", old)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.Exec(smallOpenWISP)
	require.NoError(t, err)

	got := wispwright(t, data, "", "import", "users", "--from", old)
	require.Equal(t, 1, got.status)
	require.Contains(t, got.out, "fault: openwisp_users_user 6f1c2a007b3e4d5a9c10000000000002 (ben): email: ANNA@example.org is also the address of anna")
	require.Contains(t, got.out, "Nothing was stored.\n")
	require.Contains(t, got.err, "there are faults: 1")
	got = wispwright(t, data, "", "import", "users", "--from", old, "--skip-faulty", "--dry-run")
	require.Equal(t, 0, got.status, got.err)
	require.Contains(t, got.out, "A dry run: nothing was stored.\n")
	require.NotContains(t, wispwright(t, data, "", "dumpdata").out, "anna")
	_, err = db.Exec("UPDATE openwisp_users_user SET email = NULL WHERE username = 'ben'")
	require.NoError(t, err)
	got = wispwright(t, data, "", "import", "users", "--from", old)
	require.Equal(t, 0, got.status, got.err)
	require.Contains(t, got.out, "Stored.\n")

	file := filepath.Join(folder, "users.csv")
	got = wispwright(t, data, "", "export", "users", "--filename", file, "--exclude-fields", "password,phone_number,birth_date,location,notes,language,organizations")
	require.Equal(t, run{0, "User data exported successfully to " + file + "!\n", ""}, got)
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	const want = "id,username,email,first_name,last_name,is_staff,is_active,date_joined,expiration_date\n" +
		"6f1c2a00-7b3e-4d5a-9c10-000000000001,anna,anna@example.org,,,True,True,2020-01-01 00:00:00+00:00,\n" +
		"6f1c2a00-7b3e-4d5a-9c10-000000000002,ben,,,,False,True,2020-01-02 00:00:00.500000+00:00,\n"
	require.Equal(t, want, string(raw))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "it may hold hashes")
	require.Equal(t, run{0, "username,is_superuser\nanna,True\nben,False\n", ""},
		wispwright(t, data, "", "export", "users", "--filename", "-", "--fields", "username,is_superuser"))

	for _, args := range [][]string{{"import", "users"}, {"export", "users", "--fields", "shoe_size"}, {"export", "users", "--exclude-fields", "shoe_size"}, {"export", "users", "--fields", "id", "--exclude-fields", "id"}} {
		require.Equal(t, 2, wispwright(t, data, "", args...).status, args)
	}
	require.Equal(t, 1, wispwright(t, data, "", "export", "users", "--filename", filepath.Join(folder, "missing", "x.csv")).status)
	require.Contains(t, wispwright(t, data, "", "import", "users", "--from", filepath.Join(folder, "missing.db")).err, "no such file")
}
