package notificationssql_test

import (
	"context"
	"encoding/binary"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/notificationssql"
)

// crowd is a number of superusers.
type crowd struct {
	notifications.People
	n int
}

func member(n int) wispwright.ID {
	var id wispwright.ID
	id[6], id[8] = 0x40, 0x80
	binary.BigEndian.PutUint32(id[12:], uint32(n)) //nolint:gosec // a small number
	return id
}

// Audience implements notifications.People.
func (c *crowd) Audience(context.Context, ...wispwright.ID) (map[wispwright.ID][]notifications.Person, error) {
	list := make([]notifications.Person, c.n)
	for i := range list {
		list[i] = notifications.Person{ID: member(i), Email: "a@example.org", Active: true}
	}
	return map[wispwright.ID][]notifications.Person{{}: list}, nil
}

// Proof implements notifications.People.
func (c *crowd) Proof(context.Context, wispwright.ID) (string, error) { return "proof", nil }

func mounted(t testing.TB, db *sqlstore.DB, people notifications.People) *notifications.Service {
	t.Helper()
	require.NoError(t, db.Migrate(t.Context(), notificationssql.Migrations()))
	stores, err := notificationssql.New(db)
	require.NoError(t, err)
	s, err := notifications.New(&entity.Base{Tx: db}, stores, notifications.Options{People: people, Defaults: notifications.Effective{Web: true, Email: true}, BatchInterval: time.Hour, Key: "0123456789abcdef0123456789abcdef"})
	require.NoError(t, err)
	return s
}

// One event costs as many statements for one recipient as for a thousand, its
// delivery likewise.
func TestStatementsDoNotGrowWithRecipients(t *testing.T) {
	for name, open := range map[string]func(testing.TB) (*sqlstore.DB, *atomic.Int64){"sqlite": testkit.CountedSQLite, "postgresql": testkit.CountedPostgres} {
		t.Run(name, func(t *testing.T) {
			db, n := open(t)
			people := &crowd{}
			s := mounted(t, db, people)
			var event wispwright.ID
			s.Created.Subscribe("test", func(_ context.Context, list ...*notifications.Notification) { event = list[0].EventID })
			counts := map[int][2]int64{}
			for _, people.n = range []int{1, 1000} {
				before := n.Load()
				require.NoError(t, s.Notify(t.Context(), notifications.Event{Type: "default", Target: notifications.Ref{Kind: "config.device", ID: "x"}}))
				stored := n.Load()
				require.NoError(t, s.Deliver(t.Context(), event))
				counts[people.n] = [2]int64{stored - before, n.Load() - stored}
			}
			require.Equal(t, counts[1], counts[1000])
			require.LessOrEqual(t, counts[1][0], int64(3))
			t.Logf("statements of one event and of its delivery: %v", counts[1])
		})
	}
}

// The number on the bell is read from the index of what is unread.
func TestUnreadCountUsesTheIndex(t *testing.T) {
	db, plan := testkit.ExplainedSQLite(t)
	s := mounted(t, db, &crowd{n: 1})
	_, _, err := s.Unread(t.Context(), member(0))
	require.NoError(t, err)
	text := strings.Join(plan(), "\n")
	require.Contains(t, text, "notification_unread")
	require.Contains(t, text, "notification_recipient")
	require.NotContains(t, text, "SCAN notification")
}

// What is due, and what is unread, is found and sorted by its own index, not
// among everything that was ever told.
func TestListsUseTheirIndexes(t *testing.T) {
	db, plan := testkit.ExplainedSQLite(t)
	require.NoError(t, db.Migrate(t.Context(), notificationssql.Migrations()))
	stores, err := notificationssql.New(db)
	require.NoError(t, err)
	yes := true
	for index, f := range map[string]notifications.Filter{
		"notification_event_due": {EventID: member(1), EmailDue: &yes},
		"notification_user_due":  {RecipientID: member(1), EmailDue: &yes},
		"notification_unread":    {RecipientID: member(1), Unread: &yes},
		"notification_recipient": {RecipientID: member(1)},
	} {
		_, err := stores.Notifications.List(t.Context(), wispwright.ScopeAll(), f, wispwright.Page{NoTotal: true, Limit: 1000})
		require.NoError(t, err)
		text := strings.Join(plan(), "\n")
		require.Contains(t, text, "INDEX "+index+" ", index)
		require.NotContains(t, text, "SCAN notification", index)
	}
}

func BenchmarkNotifyAThousand(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *sqlstore.DB{"sqlite": testkit.SQLite, "postgresql": testkit.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := mounted(b, open(b), &crowd{n: 1000})
			for b.Loop() {
				require.NoError(b, s.Notify(b.Context(), notifications.Event{Type: "default", Target: notifications.Ref{Kind: "config.device", ID: "x"}}))
			}
		})
	}
}

// BenchmarkUnread is the number on the bell of somebody with 100,000
// notifications, all unread.
func BenchmarkUnread(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *sqlstore.DB{"sqlite": testkit.SQLite, "postgresql": testkit.Postgres} {
		b.Run(name, func(b *testing.B) {
			people := &crowd{n: 1}
			s := mounted(b, open(b), people)
			events := make([]notifications.Event, 500)
			for i := range events {
				events[i] = notifications.Event{Type: "default", Timestamp: time.Now().Add(-time.Hour)}
			}
			for range 200 {
				require.NoError(b, s.Notify(b.Context(), events...))
			}
			for b.Loop() {
				_, _, err := s.Unread(b.Context(), member(0))
				require.NoError(b, err)
			}
		})
	}
}
