package jobs

import (
	"context"
	"log/slog"
	"strings"
)

// quiet lets through what an administrator should read of river's log: no
// reports of its normal life, and no complaints about its own end.
type quiet struct{ slog.Handler }

// Enabled is for slog.
func (h quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

// Handle is for slog.
func (h quiet) Handle(ctx context.Context, r slog.Record) error {
	cancelled := false
	r.Attrs(func(a slog.Attr) bool {
		cancelled = (a.Key == "err" || a.Key == "error") && strings.Contains(a.Value.String(), context.Canceled.Error())
		return !cancelled
	})
	if cancelled {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs is for slog.
func (h quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{h.Handler.WithAttrs(attrs)} }

// WithGroup is for slog.
func (h quiet) WithGroup(name string) slog.Handler { return quiet{h.Handler.WithGroup(name)} }

func (q *Queue) riverLog() *slog.Logger { return slog.New(quiet{q.options.Log.Handler()}) }
