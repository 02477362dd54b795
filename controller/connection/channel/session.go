package channel

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"sync"
	"time"

	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/terminal"
)

// session is a way to a device: each request is a stream of its own.
type session struct {
	open func(ctx context.Context) (net.Conn, error)
}

var (
	_ connection.Session = (*session)(nil)
	_ terminal.Opener    = (*session)(nil)
)

// HostKey implements connection.Session: the device proved itself with its key when
// it opened the channel.
func (s *session) HostKey() string { return "" }

// Close implements connection.Session. The channel stays.
func (s *session) Close() error { return nil }

// begin opens a stream and sends the request. It is closed when the context ends.
func (s *session) begin(ctx context.Context, r request) (conn net.Conn, done func(), err error) {
	if conn, err = s.open(ctx); err != nil {
		return nil, nil, lost(ctx, err)
	}
	stop := context.AfterFunc(ctx, func() {
		hangUp(conn)              // which ends what it is used for
		allow(conn, -time.Second) // and what waits for an answer
	})
	done = func() {
		stop()
		hangUp(conn)
	}
	if err := (&frames{w: conn}).json(frameRequest, r); err != nil {
		done()
		return nil, nil, lost(ctx, err)
	}
	return conn, done, nil
}

// hangUp closes what may be gone already.
func hangUp(c io.Closer) { c.Close() } //nolint:errcheck // nobody is left to be told

// allow lets reading and writing take so long, 0: any time. Streams take every deadline.
func allow(c net.Conn, d time.Duration) {
	at := time.Time{}
	if d != 0 {
		at = time.Now().Add(d)
	}
	c.SetDeadline(at) //nolint:errcheck // see above
}

// lost words that a device went away, unless the context ended first.
func lost(ctx context.Context, err error) error {
	var already *connection.LostError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &already):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &connection.LostError{Reason: "the channel was closed"}
	}
	return &connection.LostError{Reason: err.Error()}
}

// simple makes a request that is answered with a text.
func (s *session) simple(ctx context.Context, r request) (string, error) {
	conn, done, err := s.begin(ctx, r)
	if err != nil {
		return "", err
	}
	defer done()
	e, err := readEnd(conn, connection.Output{Stdout: io.Discard, Stderr: io.Discard})
	if err != nil {
		return "", lost(ctx, err)
	}
	return e.Text, e.err()
}

func (e *end) err() error {
	if e.Error == "" {
		return nil
	}
	return errors.New(e.Error)
}

// Describe implements connection.Session.
func (s *session) Describe(ctx context.Context) (string, error) {
	return s.simple(ctx, request{Do: "describe"})
}

// Wake lets the agent look for a changed configuration, as connection.Session says.
func (s *session) Wake(ctx context.Context) error {
	_, err := s.simple(ctx, request{Do: "wake"})
	return err
}

// Fetch lets the device get a file by itself from a path of its controller: with this
// size and SHA-256, whole or not at all. A second call goes on where the first broke
// off. Errors: as of Run; errors.ErrUnsupported of an older agent.
func (s *session) Fetch(ctx context.Context, path string, mode fs.FileMode, size int64, sum, from string) error {
	_, err := s.simple(ctx, request{Do: "fetch", Path: path, Mode: uint32(mode.Perm()), Size: size, SHA256: sum, From: from})
	if err != nil && err.Error() == `this agent cannot do "fetch"` {
		return errors.ErrUnsupported
	}
	return err
}

// Run implements connection.Session.
func (s *session) Run(ctx context.Context, line string, out connection.Output) (int, error) {
	conn, done, err := s.begin(ctx, request{Do: "run", Line: line})
	if err != nil {
		return 0, err
	}
	defer done()
	e, err := readEnd(conn, out)
	if err != nil {
		return 0, lost(ctx, err)
	}
	return e.Exit, e.err()
}

// Upload implements connection.Session.
func (s *session) Upload(ctx context.Context, path string, mode fs.FileMode, size int64, content io.Reader) error {
	conn, done, err := s.begin(ctx, request{Do: "upload", Path: path, Mode: uint32(mode.Perm()), Size: size})
	if err != nil {
		return err
	}
	defer done()
	type answer struct {
		end
		err error
	}
	answered := make(chan answer, 1)
	go func() {
		e, err := readEnd(conn, connection.Output{Stdout: io.Discard, Stderr: io.Discard})
		answered <- answer{e, err}
	}()
	source := &faulty{r: io.LimitReader(content, size)}
	n, sent := io.CopyBuffer(writer{&frames{w: conn}}, source, make([]byte, mostFrame/2))
	switch {
	case source.err != nil:
		return source.err
	case sent == nil && n != size:
		return io.ErrUnexpectedEOF
	}
	a := <-answered
	if a.err != nil {
		return lost(ctx, errors.Join(a.err, sent))
	}
	return a.end.err()
}

// writer hides other methods from io.Copy.
type writer struct{ io.Writer }

// faulty remembers why reading failed.
type faulty struct {
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (f *faulty) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

// Shell implements terminal.Opener.
func (s *session) Shell(ctx context.Context, size terminal.Size, out io.Writer) (terminal.Shell, error) {
	conn, done, err := s.begin(ctx, request{Do: "terminal", Cols: size.Cols, Rows: size.Rows, Term: "xterm-256color"})
	if err != nil {
		return nil, err
	}
	t := &shell{frames: frames{w: conn}, done: done, ended: make(chan struct{})}
	go func() {
		defer close(t.ended)
		e, err := readEnd(conn, connection.Output{Stdout: out, Stderr: out})
		if t.err = lost(ctx, err); t.err == nil {
			t.err = e.err()
		}
	}()
	return t, nil
}

// shell is a shell at the end of a stream.
type shell struct {
	frames
	done  func()
	ended chan struct{}
	err   error
	once  sync.Once
}

// Resize implements terminal.Shell.
func (t *shell) Resize(size terminal.Size) error {
	return t.json(frameSize, request{Cols: size.Cols, Rows: size.Rows})
}

// Wait implements terminal.Shell.
func (t *shell) Wait() error {
	<-t.ended
	return t.err
}

// Close implements terminal.Shell.
func (t *shell) Close() error {
	t.once.Do(t.done)
	return nil
}
