package terminal

import (
	"context"
	"io"
)

// Size is the size of a terminal, in characters.
type Size struct {
	// Cols and Rows are at least 1.
	Cols, Rows int
}

// Opener is a connection.Session that opens terminals.
type Opener interface {
	// Shell runs the device's shell in a terminal. What it shows is written to out,
	// by one goroutine, until it ends. Errors: as of connection.Session.Run.
	Shell(ctx context.Context, size Size, out io.Writer) (Shell, error)
}

// Shell is a shell in a terminal. Its methods may be called side by side.
type Shell interface {
	// Write types.
	io.Writer
	// Resize changes the size.
	Resize(size Size) error
	// Wait waits until the shell has ended and all output was written.
	Wait() error
	// Close ends it; it may be called more than once.
	Close() error
}
