package server_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/tenancy"
)

// TestMailsAreFilesWithoutMailServer: a reset that is asked for is in the
// outbox when the server has stopped.
func TestMailsAreFilesWithoutMailServer(t *testing.T) {
	c := server.DefaultConfig()
	c.Data, c.Jobs.Off, c.Tenancy.PasswordIterations = t.TempDir(), true, 1
	c.Tenancy.SiteURL = "https://wifi.example.org/"
	ctx := context.Background()
	db := testkit.SQLite(t)
	require.NoError(t, server.Migrate(ctx, db, nil))
	s, err := server.New(ctx, db, &server.Options{Config: c})
	require.NoError(t, err)
	require.NoError(t, s.Start(ctx))
	require.NoError(t, s.Tenancy().Users.Create(ctx, &tenancy.User{Username: "ann", Email: "ann@example.org", IsActive: true}, "x"))
	for _, address := range []string{"ann@example.org", "nobody@example.org"} {
		r := httptest.NewRequest("POST", "/api/v1/users/password/reset/", strings.NewReader(`{"email":"`+address+`"}`))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Equal(t, 200, w.Code, w.Body)
	}
	require.NoError(t, s.Stop(ctx))
	files, err := filepath.Glob(filepath.Join(c.Data, "outbox", "*.eml"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.Contains(t, string(text), "To: <ann@example.org>")
	require.Contains(t, strings.ReplaceAll(string(text), "=\r\n", ""), "https://wifi.example.org/accounts/password/reset/key/")
}

func TestAccountSettingsThatMakeNoSense(t *testing.T) {
	for key, change := range map[string]func(*server.Config){
		"mail.from":                   func(c *server.Config) { c.Mail.From = "x" },
		"mail.tls":                    func(c *server.Config) { c.Mail.TLS = "perhaps" },
		"mail.port":                   func(c *server.Config) { c.Mail.Port = 70000 },
		"mail.host":                   func(c *server.Config) { c.Mail.User = "u" },
		"tenancy.site_url":            func(c *server.Config) { c.Tenancy.SiteURL = "wifi.example.org" },
		"tenancy.password_days":       func(c *server.Config) { c.Tenancy.PasswordDays = -1 },
		"tenancy.staff_password_days": func(c *server.Config) { c.Tenancy.StaffPasswordDays = -1 },
		"tenancy.password_length":     func(c *server.Config) { c.Tenancy.PasswordLength = 0 },
		"tenancy.account_failures":    func(c *server.Config) { c.Tenancy.AccountFailures = 0 },
		"tenancy.address_failures":    func(c *server.Config) { c.Tenancy.AddressFailures = -2 },
		"tenancy.sesame_max_age":      func(c *server.Config) { c.Tenancy.SesameMaxAge = 1 },
	} {
		c := server.DefaultConfig()
		require.NoError(t, c.Check())
		change(c)
		require.ErrorContains(t, c.Check(), key)
	}
}
