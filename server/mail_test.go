package server_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/tenancy"
)

// mailServer is a server on a database, whose jobs begin with Start.
func mailServer(t *testing.T, db *sqlstore.DB, outbox string) *server.Server {
	t.Helper()
	c, all := parts(t)
	c.Mail.Outbox = outbox
	c.SecretKey = "0123456789abcdef0123456789abcdef"
	c.Tenancy.SiteURL, c.Tenancy.PasswordDays = "https://wifi.example.org/", 30
	require.NoError(t, server.Migrate(t.Context(), db, nil))
	s, err := server.New(t.Context(), db, &server.Options{Config: c.Config, Concerns: all})
	require.NoError(t, err)
	return s
}

func mails(t *testing.T, outbox string) (list []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(outbox, "*.eml"))
	require.NoError(t, err)
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		list = append(list, strings.ReplaceAll(string(text), "=\r\n", ""))
	}
	return list
}

// TestMailsOutliveTheProcess: a reset that was asked for is sent by any node that
// works on the queue next, though the process that took it is gone.
func TestMailsOutliveTheProcess(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		outbox := filepath.Join(t.TempDir(), "outbox")
		s := mailServer(t, db, outbox)
		ctx := t.Context()
		require.NoError(t, s.Tenancy().Users.Create(ctx, &tenancy.User{Username: "ann", Email: "ann@example.org", IsActive: true}, "x"))
		for _, address := range []string{"ann@example.org", "nobody@example.org"} {
			w := ask(s, "POST", "/api/v1/users/password/reset/", `{"email":"`+address+`"}`)
			require.Equal(t, 200, w.Code, w.Body)
		}
		counts, err := s.Jobs().Counts(ctx)
		require.NoError(t, err)
		require.Equal(t, 2, counts["available"], "whether or not anybody has the address, so that the time tells nothing")
		kept, err := sqlstore.Select[string](ctx, db, "SELECT "+db.Dialect().Text("args")+" FROM river_job")
		require.NoError(t, err)
		require.NotContains(t, strings.Join(kept, " "), "http", "no link that opens an account is kept")
		require.Empty(t, mails(t, outbox))
		// nothing of s was started, nothing is stopped: it is as good as killed

		next := mailServer(t, db, outbox)
		require.NoError(t, next.Start(ctx))
		idle(t, next)
		require.NoError(t, next.Stop(ctx))
		sent := mails(t, outbox)
		require.Len(t, sent, 1)
		require.Contains(t, sent[0], "To: <ann@example.org>")
		require.Contains(t, sent[0], "https://wifi.example.org/accounts/password/reset/key/")
	})
}

// TestMailsBelongToTheirTransaction: an account that was not made is not
// written to.
func TestMailsBelongToTheirTransaction(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		outbox := filepath.Join(t.TempDir(), "outbox")
		s := mailServer(t, db, outbox)
		ctx := t.Context()
		for name, fails := range map[string]error{"ann": nil, "bob": errors.New("no")} {
			err := db.InTx(ctx, func(ctx context.Context) error {
				if err := s.Tenancy().Users.CreateUnverified(ctx, &tenancy.User{Username: name, Email: name + "@example.org", IsActive: true}, "x"); err != nil {
					return err
				}
				return fails
			})
			require.ErrorIs(t, err, fails)
		}
		counts, err := s.Jobs().Counts(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, counts["available"])
		require.NoError(t, s.Start(ctx))
		idle(t, s)
		require.NoError(t, s.Stop(ctx))
		sent := mails(t, outbox)
		require.Len(t, sent, 1)
		require.Contains(t, sent[0], "To: <ann@example.org>")
	})
}

// TestMailsAreTriedAgain: one that cannot be sent waits.
func TestMailsAreTriedAgain(t *testing.T) {
	t.Parallel()
	outbox := filepath.Join(t.TempDir(), "outbox")
	require.NoError(t, os.WriteFile(outbox, nil, 0o600))
	s := mailServer(t, testkit.SQLite(t), outbox)
	ctx := t.Context()
	require.NoError(t, s.Tenancy().Users.Create(ctx, &tenancy.User{Username: "ann", Email: "ann@example.org", IsActive: true}, "x"))
	require.NoError(t, s.Start(ctx))
	require.NoError(t, s.Tenancy().Letters.RequestReset(ctx, "ann@example.org"))
	testkit.Eventually(t, "the delivery fails", func(ctx context.Context) bool {
		counts, err := s.Jobs().Counts(ctx)
		require.NoError(t, err)
		return counts["retryable"]+counts["scheduled"] == 1
	})
	require.NoError(t, os.Remove(outbox))
	idle(t, s)
	require.Len(t, mails(t, outbox), 1)
	require.NoError(t, s.Stop(ctx))
}

// TestRemindersAreSentOnce: anybody who starts on the same day.
func TestRemindersAreSentOnce(t *testing.T) {
	t.Parallel()
	testkit.OneDay(t)
	outbox, db := filepath.Join(t.TempDir(), "outbox"), testkit.SQLite(t)
	s := mailServer(t, db, outbox)
	ctx := t.Context()
	require.NoError(t, s.Tenancy().Users.Create(ctx, &tenancy.User{Username: "ann", Email: "ann@example.org", IsActive: true}, "x"))
	// thirty days are allowed, seven are left
	_, err := sqlstore.Exec(ctx, db, "UPDATE tenancy_user SET password_updated = ?", time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -23))
	require.NoError(t, err)
	for n := range 2 {
		require.NoError(t, s.Start(ctx))
		testkit.Eventually(t, "the nightly work is done", func(ctx context.Context) bool {
			done, err := sqlstore.Select[int](ctx, db, "SELECT count(*) FROM river_job WHERE kind = 'tenancy.clean' AND state = 'completed'")
			require.NoError(t, err)
			return done[0] == n+1
		})
		idle(t, s)
		require.NoError(t, s.Stop(ctx))
		s = mailServer(t, db, outbox)
	}
	sent := mails(t, outbox)
	require.Len(t, sent, 1)
	require.Contains(t, strings.ReplaceAll(sent[0], "\r\n", " "), "expires in 7 days")
}

func TestAccountSettingsThatMakeNoSense(t *testing.T) {
	for key, change := range map[string]func(*settings){
		"mail.from":                   func(c *settings) { c.Mail.From = "x" },
		"mail.tls":                    func(c *settings) { c.Mail.TLS = "perhaps" },
		"mail.port":                   func(c *settings) { c.Mail.Port = 70000 },
		"mail.host":                   func(c *settings) { c.Mail.User = "u" },
		"tenancy.site_url":            func(c *settings) { c.Tenancy.SiteURL = "wifi.example.org" },
		"tenancy.password_days":       func(c *settings) { c.Tenancy.PasswordDays = -1 },
		"tenancy.staff_password_days": func(c *settings) { c.Tenancy.StaffPasswordDays = -1 },
		"tenancy.password_length":     func(c *settings) { c.Tenancy.PasswordLength = 0 },
		"tenancy.account_failures":    func(c *settings) { c.Tenancy.AccountFailures = 0 },
		"tenancy.address_failures":    func(c *settings) { c.Tenancy.AddressFailures = -2 },
		"tenancy.sesame_max_age":      func(c *settings) { c.Tenancy.SesameMaxAge = 1 },
	} {
		c, _ := parts(t)
		require.NoError(t, errors.Join(c.Check(), c.Tenancy.Check()))
		change(c)
		_, key, _ = strings.Cut(key, "tenancy.")
		require.ErrorContains(t, errors.Join(c.Check(), c.Tenancy.Check()), key)
	}
}
