package openwrt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
)

// noStatus stands for a command that ended without telling how.
const noStatus = -1

// exitError says that a command failed.
type exitError struct{ text string }

func (e *exitError) Error() string { return e.text }

// capture keeps the beginning of what is written to it.
type capture struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// mostOutput bounds what is kept of an output, in bytes.
const mostOutput = 64 << 10

func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if room := mostOutput - c.text.Len(); room > 0 {
		c.text.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.ToValidUTF8(c.text.String(), "")
}

// command runs a command and returns what it wrote. Exits other than the accepted
// ones (0 when none are named) are an *exitError.
func (r *run) command(ctx context.Context, line string, accepted ...int) (string, error) {
	_, text, err := r.exec(ctx, r.o.CommandTimeout, line, accepted...)
	return text, err
}

// exec is command with a time limit, and returns the exit status too. A device that
// went away, or does not answer, is a *firmware.RecoverableError unless noStatus is
// accepted.
func (r *run) exec(ctx context.Context, most time.Duration, line string, accepted ...int) (int, string, error) {
	var out, errs capture
	limited, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	exit, err := r.session.Run(limited, line, connection.Output{Stdout: &out, Stderr: &errs})
	text := out.String() + errs.String()
	var lost *connection.LostError
	switch {
	case ctx.Err() != nil:
		return 0, text, ctx.Err()
	case errors.As(err, &lost), err != nil && limited.Err() != nil:
		if slices.Contains(accepted, noStatus) {
			return noStatus, text, nil
		}
		if lost != nil {
			return 0, text, &firmware.RecoverableError{Cause: lost.Error()}
		}
		return 0, text, &firmware.RecoverableError{Cause: "Command timed out."}
	case err != nil:
		return 0, text, err
	}
	if len(accepted) == 0 {
		accepted = []int{0}
	}
	if slices.Contains(accepted, exit) {
		return exit, text, nil
	}
	for _, said := range []string{errs.String(), out.String()} {
		if said != "" {
			return exit, text, &exitError{said}
		}
	}
	return exit, text, &exitError{fmt.Sprintf("Unexpected exit code: %d", exit)}
}

// anyway runs a command whose failure does not matter; it reports whether the device
// is still there.
func (r *run) anyway(ctx context.Context, line string) error {
	_, err := r.command(ctx, line)
	var failed *exitError
	if errors.As(err, &failed) {
		return nil
	}
	return err
}
