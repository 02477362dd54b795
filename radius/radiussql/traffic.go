package radiussql

import (
	"context"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// Day is what the sessions that began within a day amount to.
type Day struct {
	// Open and Ended are how many there are.
	Open, Ended int
	// Download and Upload are the octets to and from their users.
	Download, Upload int64
}

// SumDay sums up the sessions of a scope that began from one moment on and before
// another one.
func SumDay(ctx context.Context, db *sqlstore.DB, scope wispwright.Scope, from, before time.Time) (Day, error) {
	query := `SELECT count(*) AS n, count(acctstoptime) AS ended,
		CAST(coalesce(sum(acctoutputoctets), 0) AS BIGINT) AS download, CAST(coalesce(sum(acctinputoctets), 0) AS BIGINT) AS upload
		FROM radacct WHERE acctstarttime >= ? AND acctstarttime < ?`
	where := sqlstore.ScopeCond("organization_id", scope)
	if where.SQL != "" {
		query += " AND " + where.SQL
	}
	rows, err := sqlstore.Select[struct {
		N        int   `db:"n"`
		Ended    int   `db:"ended"`
		Download int64 `db:"download"`
		Upload   int64 `db:"upload"`
	}](ctx, db, query, append([]any{from.UTC(), before.UTC()}, where.Args...)...)
	if err != nil {
		return Day{}, fmt.Errorf("sum up sessions: %w", err)
	}
	r := rows[0] // sums without groups are one row
	return Day{Open: r.N - r.Ended, Ended: r.Ended, Download: r.Download, Upload: r.Upload}, nil
}
