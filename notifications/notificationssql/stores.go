package notificationssql

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/notifications"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps that make the concern's tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "notifications", FS: migrations}
}

// New returns the concern's stores on a migrated database. The database is
// their transactor.
func New(db *sqlstore.DB) (notifications.Stores, error) {
	b := sqlstore.Build(db)
	stores := notifications.Stores{
		Notifications: newRows(b), Choices: newChoices(b), Outbox: newOutbox(b),
		Silences:   &silences{sqlstore.Add[wispwright.ID, notifications.Silence, notifications.SilenceFilter](b, sqlstore.Spec{Shape: notifications.SilenceShape()}), db},
		MailStates: &mailStates{sqlstore.Add[wispwright.ID, notifications.MailState, struct{}](b, sqlstore.Spec{Shape: store.Shape{Table: "notification_mail_state", Key: "UserID"}}), db},
	}
	return stores, b.Err()
}

// choices keeps what was chosen. NULL is the zero ID, which no list of values
// finds.
type choices struct {
	*sqlstore.Repo[wispwright.ID, notifications.Choice, notifications.ChoiceFilter]
	db *sqlstore.DB
}

func newChoices(b *sqlstore.Builder) *choices {
	return &choices{sqlstore.Add[wispwright.ID, notifications.Choice, notifications.ChoiceFilter](b, sqlstore.Spec{
		Shape: notifications.ChoiceShape(),
		Where: map[string]func(any) sqlstore.Cond{
			"UserIDs":         func(v any) sqlstore.Cond { return among("user_id", v.([]wispwright.ID)) },
			"OrganizationIDs": func(v any) sqlstore.Cond { return among("organization_id", v.([]wispwright.ID)) },
		},
	}), b.DB()}
}

// Hold implements notifications.ChoiceStore: there may be no row to lock yet.
func (s *choices) Hold(ctx context.Context, owner wispwright.ID) error {
	return s.db.Turn(ctx, "notifications/choices/"+owner.String())
}

// among is the condition that a column is one of the ids, NULL for the zero one.
func among(column string, keys []wispwright.ID) sqlstore.Cond {
	set := slices.DeleteFunc(slices.Clone(keys), wispwright.ID.IsZero)
	marks, args := sqlstore.In(set)
	c := sqlstore.Cond{SQL: column + " IN (" + marks + ")", Args: args}
	if len(set) < len(keys) {
		c.SQL = "(" + c.SQL + " OR " + column + " IS NULL)"
	}
	return c
}

// Put implements notifications.ChoiceStore.
func (s *choices) Put(ctx context.Context, list ...notifications.Choice) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for _, c := range list {
			if c.Web == nil && c.Email == nil {
				if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM notification_choice WHERE id = ?", c.ID); err != nil {
					return fmt.Errorf("remove a choice: %w", err)
				}
				continue
			}
			args, err := s.Args(&c)
			if err != nil {
				return err
			}
			marks, _ := sqlstore.In(args)
			if _, err := sqlstore.Exec(ctx, s.db, "INSERT INTO notification_choice ("+s.Columns()+") VALUES ("+marks+
				") ON CONFLICT (id) DO UPDATE SET web = excluded.web, email = excluded.email", args...); err != nil {
				return fmt.Errorf("store a choice: %w", err)
			}
		}
		return nil
	})
}

// Reset implements notifications.ChoiceStore.
func (s *choices) Reset(ctx context.Context, user, organization wispwright.ID, web, email bool) error {
	var sets []string
	for column, reset := range map[string]bool{"web": web, "email": email} {
		if reset {
			sets = append(sets, column+" = NULL")
		}
	}
	if len(sets) == 0 {
		return nil
	}
	slices.Sort(sets)
	where, args := "user_id = ? AND organization_id IS NOT NULL", []any{user}
	if !organization.IsZero() {
		where, args = "user_id = ? AND organization_id = ? AND type <> ''", []any{user, organization}
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := sqlstore.Exec(ctx, s.db, "UPDATE notification_choice SET "+strings.Join(sets, ", ")+" WHERE "+where, args...); err != nil {
			return fmt.Errorf("take choices back: %w", err)
		}
		if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM notification_choice WHERE "+where+" AND web IS NULL AND email IS NULL", args...); err != nil {
			return fmt.Errorf("take choices back: %w", err)
		}
		return nil
	})
}

// ForgetUser implements notifications.ChoiceStore.
func (s *choices) ForgetUser(ctx context.Context, user wispwright.ID) error {
	return forget(ctx, s.db, "notification_choice", "user_id", user)
}

// ForgetOrganization implements notifications.ChoiceStore.
func (s *choices) ForgetOrganization(ctx context.Context, organization wispwright.ID) error {
	return forget(ctx, s.db, "notification_choice", "organization_id", organization)
}

// forget deletes what has an id in a column.
func forget(ctx context.Context, db *sqlstore.DB, table, column string, id wispwright.ID) error {
	if _, err := sqlstore.Exec(ctx, db, "DELETE FROM "+table+" WHERE "+column+" = ?", id); err != nil {
		return fmt.Errorf("clear %s: %w", table, err)
	}
	return nil
}

type silences struct {
	*sqlstore.Repo[wispwright.ID, notifications.Silence, notifications.SilenceFilter]
	db *sqlstore.DB
}

// Expire implements notifications.SilenceStore.
func (s *silences) Expire(ctx context.Context, before time.Time, limit int) (int, error) {
	return sqlstore.Exec(ctx, s.db, "DELETE FROM notification_silence WHERE id IN (SELECT id FROM notification_silence WHERE valid_till <= ? ORDER BY valid_till LIMIT ?)", before.UTC(), limit)
}

// ForgetUser implements notifications.SilenceStore.
func (s *silences) ForgetUser(ctx context.Context, user wispwright.ID) error {
	return forget(ctx, s.db, "notification_silence", "user_id", user)
}

// ForgetObjects implements notifications.SilenceStore.
func (s *silences) ForgetObjects(ctx context.Context, refs ...notifications.Ref) error {
	for kind, ids := range byKind(refs) {
		marks, args := sqlstore.In(ids)
		if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM notification_silence WHERE object_kind = ? AND object_id IN ("+marks+")", append([]any{kind}, args...)...); err != nil {
			return fmt.Errorf("end silences: %w", err)
		}
	}
	return nil
}

// byKind sorts objects into their kinds.
func byKind(refs []notifications.Ref) map[string][]string {
	out := map[string][]string{}
	for _, r := range refs {
		out[r.Kind] = append(out[r.Kind], r.ID)
	}
	return out
}

type mailStates struct {
	*sqlstore.Repo[wispwright.ID, notifications.MailState, struct{}]
	db *sqlstore.DB
}

// Of implements notifications.MailStateStore. Rows are held in the order of
// their keys, so that two transactions never wait for each other. Of users without
// one a row is made, since what is not there cannot be held.
func (s *mailStates) Of(ctx context.Context, users ...wispwright.ID) (map[wispwright.ID]notifications.MailState, error) {
	users = slices.SortedFunc(slices.Values(users), func(a, b wispwright.ID) int { return slices.Compare(a[:], b[:]) })
	for chunk := range slices.Chunk(users, perStatement) {
		var rows []string
		var args []any
		for _, user := range slices.Compact(slices.Clone(chunk)) {
			rows, args = append(rows, "(?, ?)"), append(args, user, never)
		}
		if _, err := sqlstore.Exec(ctx, s.db, "INSERT INTO notification_mail_state (user_id, sent) VALUES "+strings.Join(rows, ", ")+" ON CONFLICT (user_id) DO NOTHING", args...); err != nil {
			return nil, fmt.Errorf("hold when e-mails went out: %w", err)
		}
	}
	marks, args := sqlstore.In(users)
	rows, err := s.Query(ctx, "SELECT "+s.Columns()+" FROM notification_mail_state WHERE user_id IN ("+marks+") ORDER BY user_id"+s.db.Dialect().ForUpdate(), args...)
	if err != nil {
		return nil, err
	}
	out := make(map[wispwright.ID]notifications.MailState, len(rows))
	for _, row := range rows {
		if row.Sent.Equal(never) {
			row.Sent = time.Time{}
		}
		out[row.UserID] = *row
	}
	return out, nil
}

// never stands for no e-mail so far.
var never = time.Unix(0, 0).UTC()

// Put implements notifications.MailStateStore.
func (s *mailStates) Put(ctx context.Context, states ...notifications.MailState) error {
	states = slices.SortedFunc(slices.Values(states), func(a, b notifications.MailState) int { return slices.Compare(a.UserID[:], b.UserID[:]) })
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for chunk := range slices.Chunk(states, perStatement) {
			var all []any
			var rows []string
			for _, state := range chunk {
				if state.Sent.IsZero() {
					state.Sent = never
				}
				args, err := s.Args(&state)
				if err != nil {
					return err
				}
				marks, _ := sqlstore.In(args)
				all, rows = append(all, args...), append(rows, "("+marks+")")
			}
			if _, err := sqlstore.Exec(ctx, s.db, "INSERT INTO notification_mail_state ("+s.Columns()+") VALUES "+strings.Join(rows, ", ")+
				" ON CONFLICT (user_id) DO UPDATE SET sent = excluded.sent, flush_at = excluded.flush_at", all...); err != nil {
				return fmt.Errorf("store when e-mails went out: %w", err)
			}
		}
		return nil
	})
}

// perStatement is how many rows or ids one statement carries; both databases
// allow more parameters than they need.
const perStatement = 5000

// Due implements notifications.MailStateStore.
func (s *mailStates) Due(ctx context.Context, before time.Time, limit int) ([]wispwright.ID, error) {
	rows, err := s.Query(ctx, "SELECT "+s.Columns()+" FROM notification_mail_state WHERE flush_at <= ? ORDER BY flush_at LIMIT ?", before.UTC(), limit)
	if err != nil {
		return nil, err
	}
	out := make([]wispwright.ID, 0, len(rows))
	for _, row := range rows {
		out = append(out, row.UserID)
	}
	return out, nil
}

// ForgetUser implements notifications.MailStateStore.
func (s *mailStates) ForgetUser(ctx context.Context, user wispwright.ID) error {
	return forget(ctx, s.db, "notification_mail_state", "user_id", user)
}
