package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"github.com/wispwright/wispwright/kit/sqlstore"
)

// newDriver returns river's driver for the database with what it lacks: both
// get a listener, so that a job starts as soon as it is committed, and the one
// for SQLite a mended executor.
//
// Channels are the whole database's, so river puts the schema before its
// topics; prefix is that.
func newDriver(ctx context.Context, db *sqlstore.DB) (driver riverdriver.Driver[*sql.Tx], prefix string, err error) {
	if db.Dialect() == sqlstore.SQLite {
		return &sqliteDriver{Driver: riversqlite.New(db.SQL()), db: db}, "", nil
	}
	schema, err := sqlstore.Get[string](ctx, db, "SELECT current_schema()")
	if err != nil {
		return nil, "", fmt.Errorf("ask for the schema: %w", err)
	}
	prefix = schema + "."
	return &postgresDriver{Driver: riverdatabasesql.New(db.SQL()), db: db, prefix: prefix}, prefix, nil
}

type postgresDriver struct {
	*riverdatabasesql.Driver
	db     *sqlstore.DB
	prefix string
}

// SupportsListener is for river.
func (d *postgresDriver) SupportsListener() bool { return true }

// GetListener is for river.
func (d *postgresDriver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return &listener{db: d.db, prefix: d.prefix}
}

type sqliteDriver struct {
	*riversqlite.Driver
	db *sqlstore.DB
}

// SupportsListener is for river.
func (d *sqliteDriver) SupportsListener() bool { return true }

// GetListener is for river.
func (d *sqliteDriver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return &listener{db: d.db}
}

// GetExecutor is for river.
func (d *sqliteDriver) GetExecutor() riverdriver.Executor {
	return &sqliteExecutor{Executor: d.Driver.GetExecutor()}
}

// UnwrapExecutor is for river.
func (d *sqliteDriver) UnwrapExecutor(tx *sql.Tx) riverdriver.ExecutorTx {
	return &sqliteExecutorTx{ExecutorTx: d.Driver.UnwrapExecutor(tx)}
}

// UnwrapTx is for river.
func (d *sqliteDriver) UnwrapTx(tx riverdriver.ExecutorTx) *sql.Tx {
	if wrapped, ok := tx.(*sqliteExecutorTx); ok {
		tx = wrapped.ExecutorTx
	}
	return d.Driver.UnwrapTx(tx)
}

type sqliteExecutor struct{ riverdriver.Executor }

// JobSetStateIfRunningMany is for river. The original stops at the first job
// that is not running any more and returns nil rows, which kills the process.
func (e *sqliteExecutor) JobSetStateIfRunningMany(ctx context.Context, p *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	tx, err := e.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("finish jobs: %w", err)
	}
	rows, err := setStates(ctx, tx, p)
	if err != nil {
		_ = tx.Rollback(ctx) // the first error is the one to tell
		return nil, err
	}
	if err := tx.Commit(ctx); err != nil {
		return nil, fmt.Errorf("finish jobs: %w", err)
	}
	return rows, nil
}

type sqliteExecutorTx struct{ riverdriver.ExecutorTx }

// JobSetStateIfRunningMany is for river, inside a transaction.
func (e *sqliteExecutorTx) JobSetStateIfRunningMany(ctx context.Context, p *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	return setStates(ctx, e.ExecutorTx, p)
}

// setStates finishes jobs one by one and leaves out those that were finished
// by somebody else.
func setStates(ctx context.Context, tx riverdriver.Executor, p *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	var rows []*rivertype.JobRow
	for i := range p.ID {
		one := &riverdriver.JobSetStateIfRunningManyParams{
			ID:              p.ID[i : i+1],
			Attempt:         p.Attempt[i : i+1],
			ErrData:         p.ErrData[i : i+1],
			FinalizedAt:     p.FinalizedAt[i : i+1],
			MetadataDoMerge: p.MetadataDoMerge[i : i+1],
			MetadataUpdates: p.MetadataUpdates[i : i+1],
			Now:             p.Now,
			ScheduledAt:     p.ScheduledAt[i : i+1],
			Schema:          p.Schema,
			State:           p.State[i : i+1],
		}
		done, err := tx.JobSetStateIfRunningMany(ctx, one)
		if err != nil {
			return nil, fmt.Errorf("finish job %d: %w", p.ID[i], err)
		}
		for _, row := range done {
			if row != nil {
				rows = append(rows, row)
			}
		}
	}
	return rows, nil
}

// wake tells the workers of every node about new jobs. On PostgreSQL river
// does so too, but at most ten times a second; the next poll would find the rest.
func (q *Queue) wake(ctx context.Context, queue string) error {
	payload, err := json.Marshal(map[string]string{"queue": queue})
	if err != nil {
		return fmt.Errorf("wake the workers: %w", err)
	}
	return q.db.Notify(ctx, q.prefix+"river_insert", string(payload))
}

// listener hands the database's notifications to river.
type listener struct {
	db     *sqlstore.DB
	prefix string

	mu            sync.Mutex // river listens and stops listening from several goroutines
	notifications chan riverdriver.Notification
	ctx           context.Context // of the connection; a field because river's calls belong to one
	cancel        context.CancelFunc
	topics        map[string]context.CancelFunc
}

// Connect is for river.
func (l *listener) Connect(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.notifications = make(chan riverdriver.Notification, 100)
	l.topics = map[string]context.CancelFunc{}
	return nil
}

// Listen is for river. A topic is listened to for as long as the connection
// lives, not for as long as the call that asked for it.
func (l *listener) Listen(_ context.Context, topic string) error {
	l.mu.Lock()
	if l.topics[topic] != nil {
		l.mu.Unlock()
		return nil
	}
	ctx, cancel := context.WithCancel(l.ctx)
	l.topics[topic] = cancel
	out := l.notifications
	l.mu.Unlock()
	return l.db.Listen(ctx, l.prefix+topic, func(payload string) {
		if payload == "" {
			return // a lost connection: river polls too, so nothing is lost
		}
		select {
		case out <- riverdriver.Notification{Topic: topic, Payload: payload}:
		default: // so many are waiting that the workers are awake
		}
	})
}

// Unlisten is for river.
func (l *listener) Unlisten(_ context.Context, topic string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if cancel := l.topics[topic]; cancel != nil {
		cancel()
		delete(l.topics, topic)
	}
	return nil
}

// Ping is for river; the connection is watched by its owner.
func (l *listener) Ping(context.Context) error { return nil }

// Schema is for river.
func (l *listener) Schema() string { return strings.TrimSuffix(l.prefix, ".") }

// SetAfterConnectExec is for river's tests.
func (l *listener) SetAfterConnectExec(string) {}

// WaitForNotification is for river.
func (l *listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	l.mu.Lock()
	in := l.notifications
	l.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case n := <-in:
		return &n, nil
	}
}

// Close is for river.
func (l *listener) Close(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cancel != nil {
		l.cancel()
	}
	return nil
}

// never is a pause river's own maintenance is given where it is not wanted.
const never = 100 * 365 * 24 * time.Hour
