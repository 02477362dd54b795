package rolloutsql_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/rollout"
	"github.com/wispwright/wispwright/rollout/rolloutsql"
)

// ledger is a driver whose effects are rows; it dies now and then.
type ledger struct {
	db  *sqlstore.DB
	mu  sync.Mutex
	rng *rand.Rand
}

var errDied = errors.New("the process died")

// Online implements rollout.Driver.
func (*ledger) Online(_ context.Context, _ *rollout.Rollout, devices ...wispwright.ID) (map[wispwright.ID]bool, error) {
	out := map[wispwright.ID]bool{}
	for _, d := range devices {
		out[d] = true
	}
	return out, nil
}

func (l *ledger) dies() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rng.IntN(4) == 0
}

func (l *ledger) write(ctx context.Context, what string, steps []*rollout.Step) error {
	for _, s := range steps {
		if _, err := sqlstore.Exec(ctx, l.db, "INSERT INTO effect (what, device) VALUES (?, ?)", what, s.DeviceID.String()); err != nil {
			return err
		}
	}
	if l.dies() { // what was written so far is undone
		return fmt.Errorf("%w: %w", errDied, wispwright.ErrUnavailable)
	}
	return nil
}

// Begin implements rollout.Driver.
func (l *ledger) Begin(ctx context.Context, _ *rollout.Rollout, steps ...*rollout.Step) error {
	return l.write(ctx, "begin", steps)
}

// Follow implements rollout.Driver.
func (*ledger) Follow(_ context.Context, _ *rollout.Rollout, steps ...*rollout.Step) error {
	for _, s := range steps {
		if s.State == rollout.InProgress {
			s.State = rollout.Succeeded
		} else {
			s.State = rollout.Undone
		}
	}
	return nil
}

// Undo implements rollout.Driver.
func (l *ledger) Undo(ctx context.Context, _ *rollout.Rollout, steps ...*rollout.Step) error {
	return l.write(ctx, "undo", steps)
}

// Ended implements rollout.Driver.
func (l *ledger) Ended(ctx context.Context, r *rollout.Rollout) error {
	_, err := sqlstore.Exec(ctx, l.db, "INSERT INTO effect (what, device) VALUES (?, ?)", "ended "+string(r.Status), r.ID.String())
	return err
}

// nowhere are jobs that nobody does: the test does the turns itself.
type nowhere struct{}

// Enqueue implements rollout.Jobs.
func (nowhere) Enqueue(context.Context, ...wispwright.ID) error { return nil }

// TestOnceEach: nodes that work at once, and die in the middle of transactions,
// begin and take back each device once.
func TestOnceEach(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		require.NoError(t, db.Migrate(ctx, rolloutsql.Migrations()))
		_, err := sqlstore.Exec(ctx, db, "CREATE TABLE effect (what TEXT NOT NULL, device TEXT NOT NULL)")
		require.NoError(t, err)
		node := func(seed uint64) *rollout.Service {
			stores, err := rolloutsql.New(db)
			require.NoError(t, err)
			s, err := rollout.New(&entity.Base{Tx: db, Tenants: entity.NoTenants{}}, stores, &rollout.Options{Jobs: nowhere{}, Batch: 7, Tick: time.Nanosecond})
			require.NoError(t, err)
			require.NoError(t, s.Register(rollout.Kind{Name: "ledger", Driver: &ledger{db: db, rng: rand.New(rand.NewPCG(seed, 1))}}))
			return s
		}
		nodes := []*rollout.Service{node(1), node(2)}
		work := func(id wispwright.ID, until rollout.Status) {
			var wg sync.WaitGroup
			for _, n := range nodes {
				wg.Add(1)
				go func() {
					defer wg.Done()
					for range 2000 {
						if err := n.Work(ctx, id); err != nil && !errors.Is(err, errDied) {
							t.Errorf("a turn: %v", err)
						}
						if r, err := n.Get(ctx, wispwright.ScopeAll(), id); err != nil || r.Status == until {
							return
						}
					}
				}()
			}
			wg.Wait()
			r, err := nodes[0].Get(ctx, wispwright.ScopeAll(), id)
			require.NoError(t, err)
			require.Equal(t, until, r.Status)
		}
		var targets []rollout.Target
		for range 100 {
			targets = append(targets, rollout.Target{DeviceID: wispwright.NewID()})
		}
		r := &rollout.Rollout{Kind: "ledger", Strategy: rollout.Strategy{Waves: []rollout.Wave{{Count: 20}, {Percent: 50, Confirm: true}}}}
		require.NoError(t, nodes[0].Create(ctx, r, targets))
		work(r.ID, rollout.Paused)
		_, err = nodes[1].Rollback(ctx, wispwright.ScopeAll(), r.ID, 0)
		require.NoError(t, err)
		work(r.ID, rollout.RolledBack)
		type row struct {
			What string
			N, D int
		}
		rows, err := sqlstore.Select[row](ctx, db, "SELECT what, count(*) AS n, count(DISTINCT device) AS d FROM effect GROUP BY what ORDER BY what")
		require.NoError(t, err)
		require.Equal(t, []row{{"begin", 70, 70}, {"ended rolled_back", 1, 1}, {"undo", 70, 70}}, rows)
	})
}

// TestPlans: what is asked in each turn of a large rollout reads an index.
func TestPlans(t *testing.T) {
	db, explained := testkit.ExplainedSQLite(t)
	ctx := context.Background()
	require.NoError(t, db.Migrate(ctx, rolloutsql.Migrations()))
	stores, err := rolloutsql.New(db)
	require.NoError(t, err)
	id := wispwright.NewID()
	for name, ask := range map[string]func() error{
		"what comes next": func() error {
			_, err := stores.Steps.Next(ctx, rollout.Candidates{RolloutID: id, Wave: 1, Limit: 10})
			return err
		},
		"counts": func() error { _, err := stores.Steps.Counts(ctx, wispwright.ScopeAll(), id); return err },
		"busy":   func() error { _, err := stores.Steps.Busy(ctx, id); return err },
		"active": func() error { _, err := stores.Steps.Active(ctx, id); return err },
	} {
		require.NoError(t, ask())
		plan := explained()
		require.NotEmpty(t, plan)
		for _, line := range plan {
			require.NotContains(t, line, "SCAN", name)
		}
	}
}
