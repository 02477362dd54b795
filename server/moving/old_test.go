package moving_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/server/moving"
)

// rows are the rows of a database by table.
type rows map[string][]map[string]any

func readRows(t testing.TB) rows {
	t.Helper()
	raw, err := os.ReadFile("testdata/openwisp.json")
	require.NoError(t, err)
	out := rows{}
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

// old is a database as OpenWISP keeps it.
type old struct {
	t       testing.TB
	address string
	pool    *sqlx.DB
}

// eachOld runs a test on both kinds of databases. change may change the rows
// before they are stored; what it takes out of the map is a table that does not
// exist.
func eachOld(t *testing.T, change func(rows), test func(t *testing.T, o *old)) {
	t.Helper()
	t.Run("from sqlite", func(t *testing.T) { test(t, newOld(t, "sqlite", filepath.Join(t.TempDir(), "50% old?.db"), change)) })
	t.Run("from postgresql", func(t *testing.T) { test(t, newOld(t, "postgres", testkit.PostgresURL(t), change)) })
}

func newOld(t testing.TB, driver, address string, change func(rows)) *old {
	t.Helper()
	types := strings.NewReplacer("<uuid>", "char(32)", "<bool>", "bool", "<time>", "datetime", "<serial>", "integer", "<json>", "text")
	open := address
	if driver == "postgres" {
		types = strings.NewReplacer("<uuid>", "uuid", "<bool>", "boolean", "<time>", "timestamp with time zone", "<serial>", "serial", "<json>", "jsonb")
	} else {
		open = "file:" + strings.NewReplacer("%", "%25", "?", "%3f").Replace(address)
	}
	pool, err := sqlx.Open(driver, open)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	o := &old{t: t, address: address, pool: pool}
	all := readRows(t)
	if change != nil {
		change(all)
	}
	schema, err := os.ReadFile("testdata/openwisp.sql")
	require.NoError(t, err)
	for _, statement := range strings.Split(types.Replace(string(schema)), "\n") {
		name, found := strings.CutPrefix(statement, "CREATE TABLE ")
		if !found {
			continue
		}
		if name, _, _ = strings.Cut(name, " "); all[name] == nil {
			continue
		}
		o.exec(statement)
		for _, row := range all[name] {
			o.insert(name, row)
		}
	}
	return o
}

func (o *old) exec(query string, args ...any) {
	o.t.Helper()
	_, err := o.pool.Exec(o.pool.Rebind(query), args...)
	require.NoError(o.t, err, query)
}

func (o *old) insert(table string, row map[string]any) {
	o.t.Helper()
	var names, marks []string
	var args []any
	for name, value := range row {
		if text, ok := value.(string); ok {
			switch {
			case o.pool.DriverName() == "sqlite" && strings.HasPrefix(text, "6f1c2a00-"):
				value = strings.ReplaceAll(text, "-", "")
			case o.pool.DriverName() == "postgres" && len(text) > 18 && text[10] == ' ' && text[13] == ':':
				value = text + "+00"
			}
		}
		if n, ok := value.(float64); ok {
			value = int64(n)
		}
		names, marks, args = append(names, `"`+name+`"`), append(marks, "?"), append(args, value)
	}
	o.exec("INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(marks, ", ")+")", args...)
}

// installation is a server to import into.
func installation(t *testing.T, db *sqlstore.DB) (*server.Server, moving.Target) {
	t.Helper()
	c := server.DefaultConfig()
	c.Data = t.TempDir()
	accounts := server.NewTenancy()
	accounts.Config.PasswordIterations = 1
	concerns := []server.Concern{accounts, server.NewController(accounts)}
	require.NoError(t, server.Migrate(t.Context(), db, nil))
	s, err := server.New(t.Context(), db, &server.Options{Config: c, Concerns: concerns, Log: slog.New(slog.DiscardHandler), Build: "test"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	return s, moving.Target{Transactor: db, Tenancy: s.Tenancy(), Settings: s.Controller().Settings}
}

func countOf(r *moving.Report, table string) moving.Count {
	i := slices.IndexFunc(r.Tables, func(c *moving.Count) bool { return c.Table == table })
	if i < 0 {
		return moving.Count{}
	}
	c := *r.Tables[i]
	c.Table = ""
	return c
}
