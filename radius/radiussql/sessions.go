package radiussql

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/counters"
)

// mostWindows is how many windows one statement sums; limits have two or three.
const mostWindows = 3

type sessions struct {
	*sqlstore.Repo[string, radius.Session, radius.SessionFilter]
	db *sqlstore.DB
	// live are the statements of Live: by number of windows, without and with the
	// number of open sessions
	live [mostWindows + 1][2]*sqlstore.Stmt
	// own and beside are those of Beside, without and with a user's device
	own, beside *sqlstore.Stmt
}

func newSessions(b *sqlstore.Builder) *sessions {
	s := &sessions{Repo: sqlstore.Add[string, radius.Session, radius.SessionFilter](b, sessionSpec()), db: b.DB()}
	for n := range s.live {
		for open := range s.live[n] {
			s.live[n][open] = b.Prepare(liveQuery(n, open == 1))
		}
	}
	if b.Err() != nil {
		return s
	}
	own := "SELECT " + s.Columns() + " FROM radacct WHERE acctuniqueid = ?"
	s.own = b.Prepare(own)
	s.beside = b.Prepare(own + " UNION ALL SELECT " + s.Columns() + " FROM radacct WHERE username = ? AND acctstoptime IS NULL AND callingstationid = ? AND acctuniqueid <> ?")
	return s
}

// liveQuery is the statement of Live for a number of windows.
func liveQuery(windows int, open bool) string {
	query := "SELECT EXISTS (SELECT 1 FROM radiustoken WHERE user_id = ? AND organization_id = ? AND can_auth)"
	if open {
		query += `, (SELECT count(*) FROM radacct WHERE username = ? AND organization_id = ? AND acctstoptime IS NULL
			AND NOT (coalesce(calledstationid, '') = ? AND coalesce(callingstationid, '') = ?))`
	}
	for range windows {
		query += `, CAST(coalesce(sum(CASE WHEN counteduntil <= ? THEN 0 WHEN countedfrom < ? THEN counteduntil - ? ELSE counteduntil - countedfrom END), 0) AS BIGINT),
			CAST(coalesce(sum(CASE WHEN counteduntil <= ? THEN 0 ELSE coalesce(acctinputoctets, 0) + coalesce(acctoutputoctets, 0) END), 0) AS BIGINT)`
	}
	if windows > 0 {
		query += " FROM radacct WHERE username = ? AND organization_id = ? AND counteduntil > ?"
	}
	return query
}

// Live implements radius.SessionStore.
func (s *sessions) Live(ctx context.Context, q radius.LiveQuery) (radius.Live, error) {
	since := q.Since[:min(len(q.Since), mostWindows)]
	out := radius.Live{Used: make([]counters.Use, len(since))}
	args, into, open := []any{q.UserID, q.OrganizationID}, []any{&out.Token}, 0
	if q.Open {
		called, calling := q.CalledStationID, q.CallingStationID
		if called == "" || calling == "" {
			called, calling = "\x01", "\x01" // the station of no session
		}
		args, into, open = append(args, q.Username, q.OrganizationID, called, calling), append(into, &out.Open), 1
	}
	for i, from := range since {
		args, into = append(args, from, from, from, from), append(into, &out.Used[i].Seconds, &out.Used[i].Octets)
	}
	if len(since) > 0 {
		args = append(args, q.Username, q.OrganizationID, slices.Min(since))
	}
	if err := s.live[len(since)][open].QueryRow(ctx, args...).Scan(into...); err != nil {
		return out, fmt.Errorf("look at sessions: %w", s.db.Explain(err))
	}
	for _, from := range q.Since[len(since):] {
		use, err := s.Use(ctx, q.OrganizationID, q.Username, from)
		if err != nil {
			return out, err
		}
		out.Used = append(out.Used, use)
	}
	return out, nil
}

// Beside implements radius.SessionStore.
func (s *sessions) Beside(ctx context.Context, id, username, calling string) ([]*radius.Session, error) {
	if username == "" || calling == "" {
		return s.QueryStmt(ctx, s.own, id)
	}
	return s.QueryStmt(ctx, s.beside, id, username, calling, id)
}

// Use implements radius.SessionStore.
func (s *sessions) Use(ctx context.Context, organization wispwright.ID, username string, since int64) (counters.Use, error) {
	use, err := sqlstore.Get[counters.Use](ctx, s.db, `SELECT
		CAST(coalesce(sum(CASE WHEN countedfrom < ? THEN counteduntil - ? ELSE counteduntil - countedfrom END), 0) AS BIGINT) AS seconds,
		CAST(coalesce(sum(coalesce(acctinputoctets, 0) + coalesce(acctoutputoctets, 0)), 0) AS BIGINT) AS octets
		FROM radacct WHERE username = ? AND organization_id = ? AND counteduntil > ?`, since, since, username, organization, since)
	if err != nil {
		return counters.Use{}, fmt.Errorf("sum sessions: %w", err)
	}
	return use, nil
}

// DeleteOf implements radius.SessionStore.
func (s *sessions) DeleteOf(ctx context.Context, organization wispwright.ID, most int) (int, error) {
	return remove(ctx, s.db, "sessions", "DELETE FROM radacct WHERE acctuniqueid IN (SELECT acctuniqueid FROM radacct WHERE organization_id = ? LIMIT ?)", organization, most)
}

// perDeletion is how many old rows go in one transaction, so that nobody waits long.
const perDeletion = 5000

// DeleteBefore implements radius.SessionStore.
func (s *sessions) DeleteBefore(ctx context.Context, ended time.Time) (int, error) {
	return inBatches(func() (int, error) {
		return remove(ctx, s.db, "old sessions", "DELETE FROM radacct WHERE acctuniqueid IN (SELECT acctuniqueid FROM radacct WHERE acctstoptime < ? LIMIT ?)",
			ended.UTC().Truncate(time.Microsecond), perDeletion)
	})
}
