package notificationssql

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications"
)

// rows keeps notifications, one for each recipient.
type rows struct {
	*sqlstore.Repo[wispwright.ID, notifications.Notification, notifications.Filter]
	db     *sqlstore.DB
	counts map[int]*sqlstore.Stmt // by the number of times asked about
	insert *sqlstore.Stmt
	own    []int // which arguments of insert differ between recipients
}

func newRows(b *sqlstore.Builder) *rows {
	s := &rows{Repo: sqlstore.Add[wispwright.ID, notifications.Notification, notifications.Filter](b, sqlstore.Spec{Shape: notifications.Shape()}), db: b.DB(), counts: map[int]*sqlstore.Stmt{}}
	var insert string
	insert, s.own = insertion(s.db.Dialect(), s.Columns())
	s.insert = b.Prepare(insert)
	for n := range 3 {
		s.counts[n] = b.Prepare(countQuery(n))
	}
	return s
}

// insertion makes the statement that stores the notifications of one event:
// what they have in common is sent once, and what differs as one JSON list.
func insertion(d sqlstore.Dialect, columns string) (query string, own []int) {
	each := map[string]string{"id": "r.id", "recipient_id": "r.recipient", "email_due": "r.due"}
	from := "json_to_recordset(?::json) AS r(id UUID, recipient UUID, due BOOLEAN)"
	if d == sqlstore.SQLite {
		each = map[string]string{"id": "json_extract(r.value, '$.id')", "recipient_id": "json_extract(r.value, '$.recipient')", "email_due": "json_extract(r.value, '$.due')"}
		from = "json_each(?) AS r"
	}
	var values []string
	for i, column := range strings.Split(columns, ", ") {
		if expr, ok := each[column]; ok {
			values, own = append(values, expr), append(own, i)
			continue
		}
		mark := "?"
		if t := postgresTypes[column]; t != "" && d == sqlstore.Postgres {
			mark += "::" + t
		}
		values = append(values, mark)
	}
	return "INSERT INTO notification (" + columns + ") SELECT " + strings.Join(values, ", ") + " FROM " + from, own
}

// postgresTypes are those of columns that hold no text: PostgreSQL takes a
// parameter among selected values for text.
var postgresTypes = map[string]string{
	"event_id": "UUID", "organization_id": "UUID", "unread": "BOOLEAN", "addressed": "BOOLEAN", "emailed": "BOOLEAN", "timestamp": "TIMESTAMPTZ", "data": "JSON", "names": "JSON",
}

// recipientRow is what differs between the notifications of one event.
type recipientRow struct {
	ID        wispwright.ID `json:"id"`
	Recipient wispwright.ID `json:"recipient"`
	Due       bool          `json:"due"`
}

// InsertAll implements notifications.Store: one statement for each event.
// Notifications of one event differ in nothing but the recipient.
func (s *rows) InsertAll(ctx context.Context, all []*notifications.Notification) error {
	var order []wispwright.ID
	events := map[wispwright.ID][]*notifications.Notification{}
	for _, n := range all {
		if events[n.EventID] == nil {
			order = append(order, n.EventID)
		}
		events[n.EventID] = append(events[n.EventID], n)
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for _, id := range order {
			if err := s.insertEvent(ctx, events[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *rows) insertEvent(ctx context.Context, of []*notifications.Notification) error {
	list := make([]recipientRow, 0, len(of))
	for _, n := range of {
		list = append(list, recipientRow{n.ID, n.RecipientID, n.EmailDue})
		n.Timestamp = n.Timestamp.UTC().Truncate(time.Microsecond)
	}
	text, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("store notifications: %w", err)
	}
	args, err := s.Args(of[0])
	if err != nil {
		return err
	}
	for _, i := range slices.Backward(s.own) {
		args = slices.Delete(args, i, i+1)
	}
	if _, err := s.insert.Exec(ctx, append(args, string(text))...); err != nil {
		return fmt.Errorf("store notifications: %w", s.db.Explain(err))
	}
	return nil
}

// countQuery counts up to a bound what is unread, from the index of what is, and
// what came since each of the times: in a storm that is a lot.
func countQuery(times int) string {
	q := "SELECT (SELECT count(*) FROM (SELECT 1 AS one FROM notification WHERE recipient_id = ? AND unread LIMIT ?) AS u)"
	for range times {
		q += ", (SELECT count(*) FROM (SELECT 1 AS one FROM notification WHERE recipient_id = ? AND timestamp >= ? LIMIT ?) AS u)"
	}
	return q
}

// Counts implements notifications.Store.
func (s *rows) Counts(ctx context.Context, user wispwright.ID, most int, since ...time.Time) (unread int, newer []int, err error) {
	args := []any{user, most}
	for _, t := range since {
		args = append(args, user, t.UTC().Truncate(time.Microsecond), most)
	}
	newer = make([]int, len(since))
	dest := []any{&unread}
	for i := range newer {
		dest = append(dest, &newer[i])
	}
	stmt := s.counts[len(since)]
	if stmt == nil {
		return 0, nil, fmt.Errorf("count notifications: about %d times at once", len(since))
	}
	if err := stmt.QueryRow(ctx, args...).Scan(dest...); err != nil {
		return 0, nil, fmt.Errorf("count notifications: %w", s.db.Explain(err))
	}
	return unread, newer, nil
}

// MarkRead implements notifications.Store.
func (s *rows) MarkRead(ctx context.Context, user wispwright.ID, only wispwright.Among[wispwright.ID]) (int, error) {
	query, args := "UPDATE notification SET unread = FALSE WHERE recipient_id = ? AND unread", []any{user}
	if keys, some := only.Keys(); some {
		marks, more := sqlstore.In(keys)
		query, args = query+" AND id IN ("+marks+")", append(args, more...)
	}
	n, err := sqlstore.Exec(ctx, s.db, query, args...)
	if err != nil {
		return 0, fmt.Errorf("mark notifications as read: %w", err)
	}
	return n, nil
}

// MarkEmailed implements notifications.Store.
func (s *rows) MarkEmailed(ctx context.Context, sent, dropped []wispwright.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for set, ids := range map[string][]wispwright.ID{"email_due = FALSE, emailed = TRUE": sent, "email_due = FALSE": dropped} {
			for chunk := range slices.Chunk(ids, perStatement) {
				marks, args := sqlstore.In(chunk)
				if _, err := sqlstore.Exec(ctx, s.db, "UPDATE notification SET "+set+" WHERE id IN ("+marks+")", args...); err != nil {
					return fmt.Errorf("mark notifications as mailed: %w", err)
				}
			}
		}
		return nil
	})
}

// Forget implements notifications.Store.
func (s *rows) Forget(ctx context.Context, before time.Time, limit int) (int, error) {
	return sqlstore.Exec(ctx, s.db, "DELETE FROM notification WHERE id IN (SELECT id FROM notification WHERE timestamp < ? ORDER BY timestamp LIMIT ?)", before.UTC(), limit)
}

// ForgetUser implements notifications.Store.
func (s *rows) ForgetUser(ctx context.Context, user wispwright.ID) error {
	return forget(ctx, s.db, "notification", "recipient_id", user)
}

// ForgetObjects implements notifications.Store.
func (s *rows) ForgetObjects(ctx context.Context, types []string, refs ...notifications.Ref) (users []wispwright.ID, err error) {
	if len(refs) == 0 {
		return nil, nil
	}
	var parts []string
	var args []any
	for kind, ids := range byKind(refs) {
		marks, list := sqlstore.In(ids)
		for _, role := range []string{"target", "actor", "action"} {
			// the part about '' lets the partial index serve
			part := role + "_id <> '' AND " + role + "_id IN (" + marks + ")"
			args = append(args, list...)
			if role == "actor" { // an actor that is the target too is found by that
				part += " AND (actor_id <> target_id OR actor_kind <> target_kind)"
			}
			parts = append(parts, "("+part+" AND "+role+"_kind = ?)")
			args = append(args, kind)
		}
	}
	where := "(" + strings.Join(parts, " OR ") + ")"
	if len(types) > 0 {
		marks, list := sqlstore.In(types)
		where, args = where+" AND type IN ("+marks+")", append(args, list...)
	}
	err = s.db.InTx(ctx, func(ctx context.Context) error { // with the reading pool RETURNING would be refused
		found, err := sqlstore.Select[wispwright.ID](ctx, s.db, "DELETE FROM notification WHERE "+where+" RETURNING recipient_id", args...)
		if err != nil {
			return fmt.Errorf("forget notifications of objects: %w", err)
		}
		slices.SortFunc(found, func(a, b wispwright.ID) int { return slices.Compare(a[:], b[:]) })
		users = slices.Compact(found)
		return nil
	})
	return users, err
}
