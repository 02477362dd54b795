package sysinfo

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

func TestInfoOfEachDatabase(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("east", 3600))
		s := &Source{DB: db, Version: "1.2.3", Parts: func() []string { return []string{"tenancy", "support"} }, Started: started}
		got, err := s.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, "1.2.3", got.Version)
		require.Equal(t, []string{"tenancy", "support"}, got.Parts)
		require.Equal(t, runtime.Version(), got.GoVersion)
		require.True(t, started.Equal(got.Started))
		require.Regexp(t, `^\d+\.\d+`, got.DatabaseVersion)
		want := "sqlite"
		if db.Dialect() == sqlstore.Postgres {
			want = "postgresql"
		}
		require.Equal(t, want, got.Database)
	})
}

func TestNamesOfOperatingSystems(t *testing.T) {
	for text, want := range map[string]string{
		"NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n": "Debian GNU/Linux 13 (trixie)",
		"PRETTY_NAME='OpenWrt 24.10'":                            "OpenWrt 24.10",
		"PRETTY_NAME=\"\"\n":                                     runtime.GOOS,
		"":                                                       runtime.GOOS,
	} {
		require.Equal(t, want, osName(func(string) ([]byte, error) { return []byte(text), nil }))
	}
	require.Equal(t, runtime.GOOS, osName(func(string) ([]byte, error) { return nil, os.ErrNotExist }))
}
