package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// with sends a bearer token.
func with(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// TestNoNumberMakesAPageUnreadable: numbers beyond every type, in everything
// that a tenant can write as JSON.
func TestNoNumberMakesAPageUnreadable(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := newServer(t, db, nil)
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(acme)))
		o, err := s.Tenancy().Organizations.BySlug(t.Context(), wispwright.ScopeAll(), "acme")
		require.NoError(t, err)
		for i, number := range []string{"1e400", "-1e400", strings.Repeat("9", 320), "0." + strings.Repeat("1", 320), "1e-400"} {
			device := fmt.Sprintf(`{"name":"n%d","organization":"%s","mac_address":"02:00:00:00:00:0%d","config":{"backend":"netjsonconfig.OpenWrt","templates":[],"context":{"a":%s},"config":{"x":%s}}}`,
				i, o.ID, i, number, number)
			template := fmt.Sprintf(`{"name":"t%d","organization":"%s","backend":"netjsonconfig.OpenWrt","type":"generic","default_values":{"a":%s},"config":{"general":{"hostname":"{{a}}","x":%s}}}`,
				i, o.ID, number, number)
			for path, body := range map[string]string{"device": device, "template": template} {
				answer := ask(s, "POST", "/api/v1/controller/"+path+"/", body, with(rootToken))
				require.Contains(t, []int{201, 400}, answer.Code, answer.Body.String())
				if answer.Code != 201 {
					continue
				}
				var made struct{ ID string }
				require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &made))
				at := "/api/v1/controller/" + path + "/" + made.ID + "/"
				for _, page := range []string{at, at + "?format=api", "/api/v1/controller/" + path + "/", "/api/v1/audit/event/?page_size=100", "/api/v1/audit/event/?format=api"} {
					require.Equal(t, 200, get(s, page, with(rootToken)).Code, "%s after %.20s", page, number)
				}
				if path == "template" { // its deletion is told with all it was
					require.Equal(t, 204, ask(s, "DELETE", at, "", with(rootToken)).Code)
				}
			}
		}
		trail := get(s, "/api/v1/audit/event/?page_size=100", with(rootToken))
		require.Contains(t, trail.Body.String(), "1e400", "as it was written")

		// a row of another program, or a damaged one
		_, err = sqlstore.Exec(t.Context(), db, "UPDATE tenancy_event SET fields = '{}' WHERE kind = 'config.template'")
		require.NoError(t, err)
		trail = get(s, "/api/v1/audit/event/?page_size=100", with(rootToken))
		require.Equal(t, 200, trail.Code)
		require.Contains(t, trail.Body.String(), `"field":"unreadable"`)
	})
}

// TestAnOlderProgramRefusesNewerTables, whichever part of them is newer.
func TestAnOlderProgramRefusesNewerTables(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, server.Migrate(t.Context(), db, nil))
		for _, table := range []string{"schema_tenancy", "schema_controller", "schema_server", "schema_jobs"} {
			_, err := sqlstore.Exec(t.Context(), db, "INSERT INTO "+table+"(version_id, is_applied, tstamp) VALUES (99, "+
				map[sqlstore.Dialect]string{sqlstore.SQLite: "1", sqlstore.Postgres: "true"}[db.Dialect()]+", CURRENT_TIMESTAMP)")
			require.NoError(t, err)
			err = server.Migrate(t.Context(), db, nil)
			var newer *sqlstore.NewerSchemaError
			require.ErrorAs(t, err, &newer, table)
			require.Equal(t, "schema_"+newer.Concern, table)
			require.Equal(t, int64(99), newer.Have)
			require.Contains(t, err.Error(), fmt.Sprintf("have version 99, and this program knows them up to version %d", newer.Known))
			_, err = sqlstore.Exec(t.Context(), db, "DELETE FROM "+table+" WHERE version_id = 99")
			require.NoError(t, err)
			require.NoError(t, server.Migrate(t.Context(), db, nil))
		}
		_, err := sqlstore.Exec(t.Context(), db, "INSERT INTO river_migration(line, version) VALUES ('main', 99)")
		require.NoError(t, err)
		var newer *sqlstore.NewerSchemaError
		require.ErrorAs(t, server.Migrate(t.Context(), db, nil), &newer)
	})
}

// TestNodesThatStartTogether on an empty database make its tables, its first
// account and its first organization once.
func TestNodesThatStartTogether(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		if db.Dialect() != sqlstore.Postgres {
			t.Skip("a database of one process")
		}
		const nodes = 4
		done := make(chan error, nodes)
		for range nodes {
			go func() { done <- server.Migrate(t.Context(), db, nil) }()
		}
		for range nodes {
			require.NoError(t, <-done)
		}
	})
}

// TestLongFilters are told by both databases alike.
func TestLongFilters(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := newServer(t, db, nil)
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(acme)))
		for _, page := range []string{"controller/device/?search=", "controller/device/?name=", "controller/template/?search=", "users/user/?search=", "users/organization/?search="} {
			for length, want := range map[int]int{24_000: 200, 24_001: 400, 60_000: 400} {
				for _, letter := range []string{"x", "%25"} {
					answer := get(s, "/api/v1/"+page+strings.Repeat(letter, length), with(rootToken))
					require.Equal(t, want, answer.Code, "%s with %d letters", page, length)
				}
			}
		}
	})
}
