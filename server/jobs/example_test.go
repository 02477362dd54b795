package jobs_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
)

// A job is inserted in the transaction that causes it and starts when that is
// committed.
func Example() {
	if err := example(); err != nil {
		fmt.Println(err)
	}
	// Output: pushed to lobby-ap
}

func example() error {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "jobs")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := sqlstore.Open(ctx, filepath.Join(dir, "jobs.db"), nil)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := jobs.Migrate(ctx, db); err != nil {
		return err
	}
	queue, err := jobs.New(ctx, db, &jobs.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}

	type push struct{ Device string }
	kind := jobs.Kind[push]{Name: "example.push", Key: func(p push) string { return p.Device }}
	done := make(chan string)
	queue.Add(kind.Handle(func(_ context.Context, p push) error {
		done <- "pushed to " + p.Device
		return nil
	}))
	if err := queue.Start(ctx); err != nil {
		return err
	}
	err = db.InTx(ctx, func(ctx context.Context) error {
		// … the change that makes the push necessary …
		return kind.Insert(ctx, queue, push{Device: "lobby-ap"}, push{Device: "lobby-ap"})
	})
	if err != nil {
		return err
	}
	fmt.Println(<-done)
	return queue.Stop(ctx)
}
