package cli_test

import (
	"database/sql"
	"maps"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/lib/pq"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	vocabulary "github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/simulate"
)

// A backup that is written while devices register and people write has all that was acknowledged before it
// began, and what it has is whole: another installation starts from it and serves each device of it.
func TestBackupUnderLoadIsWhole(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		data := filepath.Join(t.TempDir(), "restored")
		backedUp(t, install(t, toldFixture), data)
		db, err := sql.Open("sqlite", filepath.Join(data, "wispwright.db"))
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close()) }()
		var said string
		require.NoError(t, db.QueryRow("PRAGMA integrity_check").Scan(&said))
		require.Equal(t, "ok", said)
		require.ErrorIs(t, db.QueryRow("PRAGMA foreign_key_check").Scan(&said, &said, &said, &said), sql.ErrNoRows)
	})
	t.Run("postgresql", func(t *testing.T) {
		from := testkit.PostgresURL(t)
		backedUp(t, install(t, toldFixture, "WISPWRIGHT_DATABASE="+from), filepath.Join(t.TempDir(), "restored"), "WISPWRIGHT_DATABASE="+testkit.PostgresDatabase(t, from))
	})
}

func backedUp(t *testing.T, i *installation, data string, environ ...string) {
	i.start()
	var org struct{ Results []struct{ ID string } }
	i.ask("GET", "/api/v1/users/organization/", "", &org)
	var made struct{ ID string }
	i.ask("POST", "/api/v1/controller/template/", `{"name":"all","organization":"`+org.Results[0].ID+`","backend":"netjsonconfig.OpenWrt","type":"generic","default":true,"config":{"general":{"description":"kept"}}}`, &made)
	l := (&cluster{t: t, url: i.url}).begin(org.Results[0].ID, 4, 2, 5*time.Millisecond)
	l.more(60)
	l.mu.Lock()
	before := &load{c: l.c, devices: maps.Clone(l.devices), groups: maps.Clone(l.groups), counted: maps.Clone(l.counted)}
	l.mu.Unlock()

	file := filepath.Join(t.TempDir(), "backup")
	require.Equal(t, run{0, "Everything was written to " + file + ".\n", ""}, i.command("backup", file))
	during := l.known() - len(before.devices)
	l.more(10)
	l.stop()
	require.Empty(t, l.trouble(), "nobody notices the backup")
	for id, n := range l.counted {
		before.counted[id] = [2]int{before.counted[id][0], n[1]}
	}
	all := l.known()
	i.kill()

	restored := &installation{t: t, data: data, log: filepath.Join(t.TempDir(), "log"), more: environ}
	got := restored.command("restore", file)
	require.Equal(t, 0, got.status, got.err)
	restored.start()
	defer restored.kill()
	before.kept(restored.url, "kept'")
	client := simulate.NewClient(restored.url, 4, patience)
	devices := restored.all("/api/v1/controller/device/")
	for _, d := range devices {
		archive, err := client.Download(t.Context(), agent.Credentials{UUID: d["id"].(string), Key: vocabulary.Secret(d["key"].(string))}, "")
		require.NoError(t, err, d["name"])
		require.True(t, holds(t, archive, "kept'"), d["name"])
	}
	require.GreaterOrEqual(t, len(devices), len(before.devices))
	require.LessOrEqual(t, len(devices), all+4, "and those whose answer was not awaited")
	t.Logf("%d devices were there before the backup, %d were acknowledged while it was written; it has %d", len(before.devices), during, len(devices))
}
