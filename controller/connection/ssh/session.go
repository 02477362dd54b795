package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/wispwright/wispwright/controller/connection"
)

// session is an open connection.
type session struct {
	client  *ssh.Client
	hostKey string

	closing sync.Once
	closed  error
}

// HostKey implements connection.Session.
func (s *session) HostKey() string { return s.hostKey }

// Close implements connection.Session.
func (s *session) Close() error {
	s.closing.Do(func() { s.closed = s.client.Close() })
	return s.closed
}

// Describe implements connection.Session.
func (s *session) Describe(ctx context.Context) (string, error) {
	text, err := connection.Execute(ctx, s, "uname -a; cat /etc/openwrt_release 2>/dev/null | grep DISTRIB_DESCRIPTION")
	if err != nil && text == "" {
		text, err = connection.Execute(ctx, s, "uname -a")
	}
	return strings.TrimSpace(text), err
}

// Run implements connection.Session: one exec request, without terminal and
// input.
func (s *session) Run(ctx context.Context, line string, out connection.Output) (int, error) {
	one, err := s.begin(ctx)
	if err != nil {
		return 0, err
	}
	one.Stdout, one.Stderr = out.Stdout, out.Stderr
	err = s.during(ctx, one, func() error { return one.Run(line) })
	var exit *ssh.ExitError
	var missing *ssh.ExitMissingError
	switch {
	case err == nil:
		return 0, nil
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case errors.As(err, &exit) && exit.Signal() != "":
		return 128, nil
	case errors.As(err, &exit):
		return exit.ExitStatus(), nil
	case errors.As(err, &missing), errors.Is(err, io.EOF):
		return 0, &connection.LostError{Reason: "the device did not tell how the command ended"}
	}
	return 0, &connection.LostError{Reason: strings.TrimPrefix(err.Error(), "ssh: ")}
}

// begin opens a channel.
func (s *session) begin(ctx context.Context) (*ssh.Session, error) {
	var one *ssh.Session
	err := s.abandon(ctx, func() (err error) {
		one, err = s.client.NewSession()
		return err
	})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, &connection.LostError{Reason: strings.TrimPrefix(err.Error(), "ssh: ")}
	}
	return one, nil
}

// during does something that waits for the device; when the context ends, the
// channel and the connection are closed, which ends it.
func (s *session) during(ctx context.Context, one *ssh.Session, fn func() error) error {
	err := s.abandon(ctx, fn)
	_ = one.Close() // the other side may have closed it already
	return err
}

func (s *session) abandon(ctx context.Context, fn func() error) error {
	stop := context.AfterFunc(ctx, func() { _ = s.Close() }) // ends fn
	defer stop()
	return fn()
}

// Upload implements connection.Session by the protocol of scp, which Dropbear
// has too.
func (s *session) Upload(ctx context.Context, path string, mode fs.FileMode, size int64, content io.Reader) error {
	one, err := s.begin(ctx)
	if err != nil {
		return err
	}
	in, err := one.StdinPipe()
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	out, err := one.StdoutPipe()
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	err = s.during(ctx, one, func() error {
		if err := one.Start("scp -t -- " + connection.Quote(path)); err != nil {
			return err
		}
		if err := copyFile(in, out, mode, size, content); err != nil {
			return err
		}
		return one.Wait()
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("upload: %w", err)
	}
	return nil
}

// copyFile speaks as the source of scp.
func copyFile(in io.WriteCloser, out io.Reader, mode fs.FileMode, size int64, content io.Reader) error {
	if err := acknowledged(out); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(in, "C%04o %d file\n", mode.Perm(), size); err != nil {
		return err
	}
	if err := acknowledged(out); err != nil {
		return err
	}
	n, err := io.Copy(in, io.LimitReader(content, size))
	switch {
	case err != nil:
		return err
	case n != size:
		return io.ErrUnexpectedEOF
	}
	if _, err := in.Write([]byte{0}); err != nil {
		return err
	}
	if err := acknowledged(out); err != nil {
		return err
	}
	if err := in.Close(); err != nil && !errors.Is(err, io.EOF) { // it may have closed first: what counts is how it ends
		return err
	}
	return nil
}

// acknowledged reads one answer of scp: 0, or what went wrong.
func acknowledged(out io.Reader) error {
	var code [1]byte
	if _, err := io.ReadFull(out, code[:]); err != nil {
		return err
	}
	if code[0] == 0 {
		return nil
	}
	var text []byte
	for len(text) < 1024 {
		if _, err := io.ReadFull(out, code[:]); err != nil || code[0] == '\n' {
			break
		}
		text = append(text, code[0])
	}
	return errors.New("scp: " + strings.TrimSpace(string(text)))
}
