package controllerhttp_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
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
