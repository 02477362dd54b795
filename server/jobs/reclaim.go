package jobs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/wispwright/wispwright/kit/sqlstore"
)

// held knows which runs are under way in this process, so that it can tell
// them from jobs that the database merely believes to run here: the answer that
// handed them over was lost with its connection, or the outcome could not be
// stored for so long that river gave it up.
type held struct {
	mu   sync.Mutex
	runs map[int64]int // by job: how many runs are under way
	// suspects are the attempts of jobs that nothing ran at the last look.
	suspects map[int64]int
}

// begin notes a run; what it returns ends it.
func (h *held) begin(job int64) (end func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.runs == nil {
		h.runs = map[int64]int{}
	}
	h.runs[job]++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.runs[job]--; h.runs[job] == 0 {
			delete(h.runs, job)
		}
	}
}

// running is a job that the database takes for running here.
type running struct {
	ID      int64
	Attempt int
}

// orphans returns what nothing runs now and nothing ran at the look before: a job
// that is handed over or finished in this moment is on one of the lists only.
func (h *held) orphans(jobs []running) (list []running) {
	h.mu.Lock()
	defer h.mu.Unlock()
	suspects := map[int64]int{}
	for _, j := range jobs {
		if h.runs[j.ID] > 0 {
			continue
		}
		suspects[j.ID] = j.Attempt
		if attempt, known := h.suspects[j.ID]; known && attempt == j.Attempt {
			list = append(list, j)
		}
	}
	h.suspects = suspects
	return list
}

// reclaim returns to the queue what the node id holds as running but does not
// run. Without it such jobs would wait for RescueAfter, as the node lives.
func (q *Queue) reclaim(ctx context.Context, id string) error {
	owner := lastOwner
	if q.db.Dialect() == sqlstore.SQLite {
		owner = "json_extract(attempted_by, '$[#-1]')"
	}
	mine, err := sqlstore.Select[running](ctx, q.db, "SELECT id, attempt FROM river_job WHERE state = 'running' AND "+owner+" = ?", id)
	if err != nil {
		return fmt.Errorf("look for jobs that nothing runs: %w", err)
	}
	for _, j := range q.held.orphans(mine) {
		n, err := sqlstore.Exec(ctx, q.db, "UPDATE river_job SET state = 'available' WHERE id = ? AND state = 'running' AND attempt = ?", j.ID, j.Attempt)
		if err != nil {
			return fmt.Errorf("take back job %d: %w", j.ID, err)
		}
		if n > 0 {
			q.options.Log.Info("a job starts again, which this node held but did not run", "job", j.ID)
		}
	}
	return nil
}

// pause is how long a run that failed for want of the database waits, and the
// first wait before its end is written again.
const pause = time.Second

// wait waits, or returns the context's error when that ends first.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
