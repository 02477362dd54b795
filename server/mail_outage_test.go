package server_test

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
)

// mailDaemon takes e-mails, or refuses them for now.
type mailDaemon struct {
	mu      sync.Mutex
	away    bool
	refused int
	to      []string
}

// NewSession implements smtp.Backend.
func (m *mailDaemon) NewSession(*smtp.Conn) (smtp.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		m.refused++
		return nil, &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "come back later"}
	}
	return &mailDialogue{m: m}, nil
}

type mailDialogue struct {
	m  *mailDaemon
	to string
}

func (s *mailDialogue) Mail(string, *smtp.MailOptions) error      { return nil }
func (s *mailDialogue) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }
func (s *mailDialogue) Reset()                                    {}
func (s *mailDialogue) Logout() error                             { return nil }
func (s *mailDialogue) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.to = append(s.m.to, s.to)
	return nil
}

// The mail server is away for hours while devices register: nothing is lost and
// nothing is doubled; who lost the right meanwhile gets nothing.
func TestMailServerIsAwayForHours(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		m := &mailDaemon{away: true}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		daemon := smtp.NewServer(m)
		daemon.Domain = "localhost"
		go func() { _ = daemon.Serve(l) }() // until it is closed
		t.Cleanup(func() { _ = daemon.Close() })
		s := filled(t, db, func(c *settings) {
			c.Mail.Host, c.Mail.Port, c.Mail.TLS = "127.0.0.1", l.Addr().(*net.TCPAddr).Port, "none"
			c.Notifications.BatchInterval = 0
		})
		const devices = 5
		for n := range devices {
			register(t, s, "00:11:22:33:44:5"+string(rune('0'+n)))
		}
		wanted := 3 * devices // the superuser, and the two managers of alpha
		waiting := func(state string) int {
			n, err := sqlstore.Get[int](t.Context(), db, "SELECT count(*) FROM river_job WHERE kind = 'notifications.mail' AND "+db.Dialect().Text("state")+" = ?", state)
			require.NoError(t, err)
			return n
		}
		// eight attempts of each take two hours and more; here their pauses are cut
		for round := range 8 {
			testkit.Eventually(t, "every e-mail was tried", func(context.Context) bool { return waiting("retryable") == wanted })
			require.Zero(t, waiting("completed"))
			if round < 7 {
				_, err := sqlstore.Exec(t.Context(), db, "UPDATE river_job SET state = 'available', scheduled_at = created_at WHERE state = 'retryable' AND kind = 'notifications.mail'")
				require.NoError(t, err)
			}
		}
		require.GreaterOrEqual(t, m.refused, 8*wanted)
		m.mu.Lock()
		m.away = false
		m.mu.Unlock()
		_, err = sqlstore.Exec(t.Context(), db, "UPDATE river_job SET state = 'available', scheduled_at = created_at WHERE state = 'retryable'")
		require.NoError(t, err)
		testkit.Eventually(t, "the e-mails arrive", func(context.Context) bool {
			m.mu.Lock()
			defer m.mu.Unlock()
			return len(m.to) >= wanted
		})
		idle(t, s)
		got := map[string]int{}
		m.mu.Lock()
		for _, to := range m.to {
			got[to]++
		}
		m.mu.Unlock()
		require.Equal(t, map[string]int{"admin@example.org": devices, "manager@example.org": devices, "operator@example.org": devices}, got)

		// what is collected for somebody that is turned off is not sent
		u, err := s.Tenancy().Users.ByUsername(t.Context(), wispwright.ScopeAll(), "operator")
		require.NoError(t, err)
		_, err = s.Tenancy().Users.Update(t.Context(), wispwright.ScopeAll(), u.ID, func(u *tenancy.User) error { u.IsActive = false; return nil })
		require.NoError(t, err)
		register(t, s, "00:11:22:33:44:60")
		idle(t, s)
		m.mu.Lock()
		defer m.mu.Unlock()
		require.Len(t, m.to, wanted+2)
	})
}
