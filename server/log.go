package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/wispwright/wispwright/server/tracing"
)

// NewLog returns a logger that adds the id of the request to what is logged
// while it is answered.
func NewLog(w io.Writer, c LogConfig) (*slog.Logger, error) {
	level, err := logLevel(c.Level)
	if err != nil {
		return nil, err
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(requestHandler{slog.NewJSONHandler(w, options)}), nil
	}
	return slog.New(requestHandler{slog.NewTextHandler(w, options)}), nil
}

func logLevel(text string) (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return 0, fmt.Errorf("log level %q: %w", text, err)
	}
	return level, nil
}

// requestHandler adds the request's id.
type requestHandler struct{ slog.Handler }

// Handle is for slog.
func (h requestHandler) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value(requestKey{}).(string); ok {
		r.AddAttrs(slog.String("request", id))
	}
	r.AddAttrs(tracing.Attributes(ctx)...)
	return h.Handler.Handle(ctx, r)
}

// WithAttrs is for slog.
func (h requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup is for slog.
func (h requestHandler) WithGroup(name string) slog.Handler {
	return requestHandler{h.Handler.WithGroup(name)}
}

type requestKey struct{}
