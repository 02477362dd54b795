package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/terminal"
)

var _ terminal.Opener = (*session)(nil)

// shell is a shell in a terminal of the daemon.
type shell struct {
	io.WriteCloser
	session *ssh.Session
	stop    func() bool
	closing sync.Once
	closed  error
	ended   chan struct{}
	err     error
}

// Shell implements terminal.Opener.
func (s *session) Shell(ctx context.Context, size terminal.Size, out io.Writer) (terminal.Shell, error) {
	one, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	in, err := one.StdinPipe()
	if err == nil {
		one.Stdout, one.Stderr = out, nil // the terminal has one output
		err = s.abandon(ctx, func() error {
			if err := one.RequestPty("xterm-256color", size.Rows, size.Cols, ssh.TerminalModes{}); err != nil {
				return fmt.Errorf("the device gives no terminal: %w", err)
			}
			return one.Shell()
		})
	}
	if err != nil {
		return nil, errors.Join(err, one.Close())
	}
	t := &shell{WriteCloser: in, session: one, stop: context.AfterFunc(ctx, func() { _ = s.Close() }), ended: make(chan struct{})} // ends the shell
	go func() {
		defer close(t.ended)
		t.err = one.Wait()
	}()
	return t, nil
}

// Resize implements terminal.Shell.
func (t *shell) Resize(size terminal.Size) error {
	return t.session.WindowChange(size.Rows, size.Cols)
}

// Wait implements terminal.Shell.
func (t *shell) Wait() error {
	<-t.ended
	var exit *ssh.ExitError
	var missing *ssh.ExitMissingError
	switch {
	case t.err == nil, errors.As(t.err, &exit):
		return nil // whatever its last command came to
	case errors.As(t.err, &missing), errors.Is(t.err, io.EOF):
		return &connection.LostError{Reason: "the device closed the connection"}
	}
	return &connection.LostError{Reason: t.err.Error()}
}

// Close implements terminal.Shell.
func (t *shell) Close() error {
	t.closing.Do(func() {
		t.stop()
		if t.closed = t.session.Close(); errors.Is(t.closed, io.EOF) {
			t.closed = nil // the device was first
		}
	})
	return t.closed
}
