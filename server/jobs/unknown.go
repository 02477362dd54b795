package jobs

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"github.com/wispwright/wispwright/kit/sqlstore"
)

// unknownKind begins what river stores of a job whose kind its node does not know.
const unknownKind = "job kind is not registered in the client's Workers bundle: "

// revive gives jobs that this node knows another chance which failed, perhaps for good, because
// an older node took them that does not: while nodes are upgraded one after the other, jobs
// of new kinds go to all of them. Such a run counts for nothing. It is not needed on SQLite,
// which has one process.
func (q *Queue) revive(ctx context.Context) error {
	if q.db.Dialect() != sqlstore.Postgres {
		return nil
	}
	q.mu.Lock()
	kinds := make([]string, 0, len(q.handlers))
	for _, h := range q.handlers {
		kinds = append(kinds, h.name)
	}
	q.mu.Unlock()
	const unfinished = "('available', 'pending', 'retryable', 'running', 'scheduled')"
	n, err := sqlstore.Exec(ctx, q.db, "UPDATE river_job j SET state = 'available', finalized_at = NULL, scheduled_at = now(), attempt = greatest(attempt - 1, 0) "+
		"WHERE state IN ('retryable', 'discarded') AND kind = ANY(?) AND starts_with(errors[array_upper(errors, 1)]->>'error', ?) "+
		// of a key only one may wait
		"AND NOT EXISTS (SELECT 1 FROM river_job o WHERE o.unique_key = j.unique_key AND o.id <> j.id AND (o.state IN "+unfinished+" OR o.id > j.id))",
		pq.Array(kinds), unknownKind)
	if err != nil {
		return fmt.Errorf("look for jobs that an older node could not do: %w", err)
	}
	if n > 0 {
		q.options.Log.Info("jobs start again that an older node does not know", "count", n)
	}
	return nil
}
