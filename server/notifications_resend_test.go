package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
)

// People with an unconfirmed address ask for the e-mail that confirms it; the
// link leads back to a page of this server only.
func TestConfirmationIsSentAgain(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		outbox := filepath.Join(t.TempDir(), "outbox")
		s := newServer(t, db, func(c *settings) { c.Mail.Outbox, c.Tenancy.SiteURL = outbox, "https://example.com" })
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
		require.NoError(t, s.Start(t.Context()))
		const path = "/notifications/resend-verification-email/"
		visit := func(method, next, letter string) *httptest.ResponseRecorder {
			if letter == "" {
				return ask(s, method, path+next, "")
			}
			return ask(s, method, path+next, "", with(strings.Repeat(letter, 40)))
		}
		stranger := visit("GET", "?next=/admin/x", "")
		require.Equal(t, http.StatusFound, stranger.Code)
		require.Contains(t, stranger.Header().Get("Location"), url.QueryEscape(path))
		require.Equal(t, http.StatusMethodNotAllowed, visit("DELETE", "", "d").Code)

		u, err := s.Tenancy().Users.ByUsername(t.Context(), wispwright.ScopeAll(), "member")
		require.NoError(t, err)
		found, err := s.Tenancy().Emails.List(t.Context(), wispwright.ScopeAll(), tenancy.EmailFilter{UserIDs: wispwright.Only(u.ID)}, wispwright.Page{})
		require.NoError(t, err)
		for _, e := range found.Rows {
			_, err := s.Tenancy().Emails.Update(t.Context(), wispwright.ScopeAll(), e.ID, func(e *tenancy.Email) error { e.IsVerified = false; return nil })
			require.NoError(t, err)
		}
		idle(t, s)
		before := len(mails(t, outbox))
		for next, where := range map[string]string{"?next=/admin/notifications/": "/admin/notifications/", "?next=//evil.example/": "/admin/", "?next=https://evil.example/": "/admin/", "": "/admin/", `?next=/\evil.example`: "/admin/"} {
			w := visit("GET", next, "d")
			require.Equal(t, http.StatusFound, w.Code, next)
			require.Equal(t, where, w.Header().Get("Location"), next)
		}
		idle(t, s)
		sent := mails(t, outbox)
		require.Len(t, sent, before+1, "five clicks, one e-mail")
		require.Contains(t, strings.Join(sent, "\n"), "To: <member@example.org>")
	})
}
