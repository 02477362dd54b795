package moving_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/moving"
	"github.com/wispwright/wispwright/tenancy"
)

func TestExport(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s, target := installation(t, db)
		o := newOld(t, "sqlite", t.TempDir()+"/old.db", nil)
		_, err := moving.ImportUsers(t.Context(), o.address, target, nil)
		require.NoError(t, err)
		var out bytes.Buffer
		n, err := moving.ExportUsers(t.Context(), &out, s.Tenancy(), moving.ExportFields())
		require.NoError(t, err)
		require.Equal(t, 11, n)
		records, err := csv.NewReader(&out).ReadAll()
		require.NoError(t, err)
		require.Len(t, records, 12)
		require.Equal(t, "id username email password first_name last_name is_staff is_active date_joined expiration_date phone_number birth_date location notes language organizations",
			strings.Join(records[0], " "))
		var names []string
		for _, r := range records[1:] {
			names = append(names, r[1])
			if r[1] == "admin" {
				require.True(t, strings.HasPrefix(r[3], "pbkdf2_sha256$1000$"), r[3])
				r[3] = "hash"
				require.Equal(t, []string{"6f1c2a00-7b3e-4d5a-9c10-000000000001", "admin", "Admin@Example.org", "hash", "Ada", "Ménard", "True", "True",
					"2021-03-02 08:15:30.123456+00:00", "", "+393661236789", "1979-12-31", "Torino", "keeps \"the\" keys,\nreally", "it", ""}, r)
			}
			if r[1] == "operator" {
				require.Equal(t, "(6f1c2a00-7b3e-4d5a-9c10-000000000101,True)\n(6f1c2a00-7b3e-4d5a-9c10-000000000102,True)", r[15])
			}
			if r[1] == "gone" {
				require.Equal(t, "False", r[7])
			}
		}
		// by the day they joined
		require.Equal(t, []string{"Пётр", "admin", "strange", "operator", "old_sha1", "manager.north", "gone", "+393331112223", "old_md5", "bcrypt@example.org", "nobody"}, names)

		out.Reset()
		_, err = moving.ExportUsers(t.Context(), &out, s.Tenancy(), []string{"username", "auth_token.key", "auth_token.created", "is_superuser", "last_login", "password_updated"})
		require.NoError(t, err)
		require.Contains(t, out.String(), "\nadmin,0123456789abcdef0123456789abcdef01234567,2022-02-02 02:02:02.000002+00:00,True,2026-10-01 06:00:00+00:00,2026-09-30\n")
		require.Contains(t, out.String(), "\noperator,,,False,,\n")
	})
}

func TestExportOfManyUsers(t *testing.T) {
	ctx := wispwright.WithCaller(t.Context(), wispwright.System("test"))
	db, stores := tenancy.NewMemory()
	ten, err := tenancy.New(db, stores, nil)
	require.NoError(t, err)
	const many = 1000 // two whole pages
	for i := range many {
		require.NoError(t, ten.Users.CreateHashed(ctx, &tenancy.User{Username: fmt.Sprintf("user-%04d", i)}, "!"))
	}
	var out bytes.Buffer
	n, err := moving.ExportUsers(ctx, &out, ten, []string{"username"})
	require.NoError(t, err)
	require.Equal(t, many, n)
	seen := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		require.False(t, seen[line], line)
		seen[line] = true
	}
	require.Len(t, seen, many+1)
	_, err = moving.ExportUsers(ctx, full{}, ten, []string{"username"})
	require.ErrorIs(t, err, errFull)
}

var errFull = errors.New("the disk is full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestUnknownColumns(t *testing.T) {
	require.NoError(t, moving.CheckExportFields(append(moving.ExportFields(), "auth_token.key")))
	require.ErrorContains(t, moving.CheckExportFields([]string{"id", "groups.name"}), "groups.name: there is no such column; there are auth_token.created, ")
}
