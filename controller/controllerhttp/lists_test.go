package controllerhttp_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// fleet makes devices, every third without configuration, and templates.
func (s *server) fleet(t testing.TB, devices int) {
	org := s.organization(t, "acme", "s3cr3tS3cr3t")
	s.user(t, "admin", "", "", true, false)
	s.user(t, "manager", "Administrator", "acme", false, true)
	for n := range devices {
		config := configuration()
		if n%3 == 2 {
			config = nil
		}
		s.device(t, "admin", fmt.Sprintf("dev-%05d", n), org, fmt.Sprintf("02:00:00:00:%02X:%02X", n>>8, n&255), config)
	}
	for n := range 12 {
		s.template(t, fmt.Sprint("template-", n), org, nil)
	}
}

// TestQueriesOfLists: a page and the number of all are one statement, whatever
// is on the page, and callers are known without asking.
func TestQueriesOfLists(t *testing.T) {
	db, count := testkit.CountedSQLite(t)
	s := newSQLServer(t, db, nil)
	s.fleet(t, 25)
	for _, tt := range []struct {
		path   string
		want   int64
		length int
	}{
		{"device/", 1, 10},
		{"device/?page_size=100", 1, 25},
		{"device/?page_size=7", 1, 7},
		{"device/?page=3", 1, 5},
		{"device/?page=last", 2, 5}, // how many there are must be known first
		{"device/?config__status=modified&ordering=-name", 1, 10},
		{"device/?search=dev-0001&has_config=true", 1, 7},
		{"device/?organization_slug=acme", 2, 10}, // the slug's organization
		{"template/", 2, 10},
		{"template/?page=2", 2, 2},
	} {
		for _, user := range []string{"admin", "manager"} {
			for range 2 { // the caller is known, and the statement kept, from here on
				s.raw(t, user, "GET", "/api/v1/controller/"+tt.path, nil)
			}
			before := count.Load()
			status, body := s.call(t, user, "GET", "/api/v1/controller/"+tt.path, nil)
			require.Equal(t, 200, status, body)
			require.Len(t, body["results"], tt.length, tt.path)
			require.Equal(t, tt.want, count.Load()-before, "%s of %s", tt.path, user)
		}
	}
}

// Devices are found by the network that their addresses lie in, and are listed in the
// order of the addresses.
func TestDevicesOfANetwork(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := newSQLServer(t, db, nil)
		org := s.organization(t, "acme", "s3cr3tS3cr3t")
		s.user(t, "admin", "", "", true, false)
		for n, address := range []string{"10.8.0.10", "10.8.0.9", "10.9.0.1", "fd00::10", "fd00::9"} {
			id := s.device(t, "admin", fmt.Sprint("box-", n), org, fmt.Sprintf("02:00:00:00:00:%02X", n), nil)
			status, body := s.call(t, "admin", "PATCH", "/api/v1/controller/device/"+id+"/", map[string]any{"management_ip": address})
			require.Equal(t, 200, status, body)
			require.Equal(t, address, body["management_ip"])
		}
		names := func(query string) (out []string) {
			status, body := s.call(t, "admin", "GET", "/api/v1/controller/device/?ordering=management_ip&"+query, nil)
			require.Equal(t, 200, status, body)
			for _, row := range body["results"].([]any) {
				out = append(out, row.(map[string]any)["name"].(string))
			}
			return out
		}
		for query, want := range map[string][]string{
			"":                            {"box-1", "box-0", "box-2", "box-4", "box-3"},
			"management_ip=10.8.0.0/16":   {"box-1", "box-0"},
			"management_ip=10.8.3.3/13":   {"box-1", "box-0", "box-2"},
			"management_ip=10.9.0.1":      {"box-2"},
			"management_ip=fd00::/64":     {"box-4", "box-3"},
			"management_ip=192.0.2.0/24":  nil,
			"last_ip=10.0.0.0/8":          nil,
			"search=10.8.0.":              {"box-1", "box-0"},
			"search=FD00::1":              {"box-3"},
			"search=.0.1":                 {"box-0", "box-2"},
			"management_ip=&last_ip=":     {"box-1", "box-0", "box-2", "box-4", "box-3"},
			"management_ip=::ffff:a09:1":  {"box-2"},
			"management_ip=10.8.0.9&name": {"box-1"},
		} {
			require.Equal(t, want, names(query), query)
		}
		for _, bad := range []string{"10.8.0.0/33", "10.8", "here", "10.8.0.0/", "fd00::/129", "10.8.0.0/16/3"} {
			status, body := s.call(t, "admin", "GET", "/api/v1/controller/device/?management_ip="+bad, nil)
			require.Equal(t, 400, status, bad)
			require.Equal(t, map[string]any{"management_ip": []any{"Enter an address or a network."}}, body)
		}
	})
}
