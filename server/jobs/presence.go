package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wispwright/wispwright/kit/sqlstore"
)

// presenceClass is the first half of the advisory locks by which nodes on
// PostgreSQL show that they live; the second is a hash of the node's id.
const presenceClass = 0x77697370

// lastOwner is the node that runs a job.
const lastOwner = "attempted_by[array_upper(attempted_by, 1)]"

// lookEvery is how often a node looks for jobs that nothing runs: its own, and
// those of nodes that died.
const lookEvery = 2 * time.Second

// presence shows other nodes on PostgreSQL that this one lives, and takes over
// the jobs of those that do not. On SQLite there is only one process. On both it
// takes back what this node itself lost.
type presence struct {
	queue *Queue
	id    string
	conn  *sql.Conn
	end   context.CancelFunc
	ended chan struct{}
}

// announce takes the lock, on a connection of the pool that is kept until the
// end, and begins to watch.
func (q *Queue) announce(ctx context.Context, id string) (*presence, error) {
	p := &presence{queue: q, id: id, ended: make(chan struct{})}
	if q.db.Dialect() == sqlstore.Postgres {
		if err := p.lock(ctx); err != nil {
			return nil, err
		}
	}
	ctx, p.end = context.WithCancel(context.WithoutCancel(ctx))
	go p.watch(ctx)
	return p, nil
}

func (p *presence) lock(ctx context.Context) error {
	conn, err := p.queue.db.SQL().Conn(ctx)
	if err != nil {
		return fmt.Errorf("announce the node: %w", err)
	}
	if _, err := conn.ExecContext(ctx, p.queue.db.Rebind("SELECT pg_advisory_lock(?, hashtext(?))"), presenceClass, p.id); err != nil {
		_ = conn.Close() // the first error is the one to tell
		return fmt.Errorf("announce the node: %w", err)
	}
	p.conn = conn
	return nil
}

func (p *presence) watch(ctx context.Context) {
	defer close(p.ended)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := p.look(ctx); err != nil && ctx.Err() == nil {
			p.queue.options.Log.Warn("looking for jobs that nothing runs failed", "error", err)
		}
	}
}

// look takes the lock again if it was lost, and returns to the queue what
// nothing runs.
func (p *presence) look(ctx context.Context) error {
	if p.queue.db.Dialect() == sqlstore.Postgres {
		if err := p.renew(ctx); err != nil {
			return fmt.Errorf("other nodes may take over what runs here: %w", err)
		}
		if err := p.queue.adopt(ctx); err != nil {
			return err
		}
	}
	if err := p.queue.revive(ctx); err != nil {
		return err
	}
	return p.queue.reclaim(ctx, p.id)
}

// renew takes the lock again when its connection broke.
func (p *presence) renew(ctx context.Context) error {
	if p.conn != nil {
		if p.conn.PingContext(ctx) == nil || ctx.Err() != nil {
			return nil
		}
		_ = p.conn.Close() // broken
		p.conn = nil
	}
	return p.lock(ctx)
}

// leave gives the lock back.
func (p *presence) leave() error {
	p.end()
	<-p.ended
	if p.conn == nil {
		return nil
	}
	// the connection goes back to the pool, where it would keep the lock
	_, err := p.conn.ExecContext(context.Background(), p.queue.db.Rebind("SELECT pg_advisory_unlock(?, hashtext(?))"), presenceClass, p.id)
	if cerr := p.conn.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("announce the end of the node: %w", err)
	}
	return nil
}

// adopt returns to the queue what dead processes left running. On SQLite
// there is one process, so whatever runs at its start is not running; on
// PostgreSQL it is what belongs to nodes that no longer hold their lock. What
// is not found like this, as a connection may outlive its machine, waits for
// RescueAfter.
func (q *Queue) adopt(ctx context.Context) error {
	n, err := 0, error(nil)
	if q.db.Dialect() == sqlstore.SQLite {
		n, err = sqlstore.Exec(ctx, q.db, "UPDATE river_job SET state = 'available' WHERE state = 'running'")
	} else {
		n, err = q.adoptFromDead(ctx)
	}
	if err != nil {
		return fmt.Errorf("take over unfinished jobs: %w", err)
	}
	if n > 0 {
		q.options.Log.Info("unfinished jobs start again", "count", n)
	}
	return nil
}

func (q *Queue) adoptFromDead(ctx context.Context) (adopted int, err error) {
	owners, err := sqlstore.Select[string](ctx, q.db, "SELECT DISTINCT "+lastOwner+" FROM river_job WHERE state = 'running' AND "+lastOwner+" IS NOT NULL")
	if err != nil {
		return 0, err
	}
	for _, owner := range owners {
		err := q.db.InTx(ctx, func(ctx context.Context) error {
			dead, err := sqlstore.Get[bool](ctx, q.db, "SELECT pg_try_advisory_xact_lock(?, hashtext(?))", presenceClass, owner)
			if err != nil || !dead {
				return err
			}
			n, err := sqlstore.Exec(ctx, q.db, "UPDATE river_job SET state = 'available' WHERE state = 'running' AND "+lastOwner+" = ?", owner)
			adopted += n
			return err
		})
		if err != nil {
			return adopted, err
		}
	}
	return adopted, nil
}
