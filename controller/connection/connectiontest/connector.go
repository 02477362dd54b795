package connectiontest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/terminal"
)

// Device is a device that a connector is tried on.
type Device struct {
	// Connector reaches it at Target.
	Connector connection.Connector
	Target    connection.Target
	// Commands says that its sessions run commands, by a shell with the usual
	// programs.
	Commands bool
	// Folder is a folder of the device that the test can read too. Default: files
	// are not tried.
	Folder string
}

// RunConnector checks a connector on a device.
func RunConnector(t *testing.T, d Device) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	open := func(t *testing.T) connection.Session {
		t.Helper()
		s, err := d.Connector.Dial(ctx, d.Target)
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	t.Run("describes the device", func(t *testing.T) {
		text, err := open(t).Describe(ctx)
		require.NoError(t, err)
		require.NotEmpty(t, text)
	})
	t.Run("closes twice", func(t *testing.T) {
		s := open(t)
		require.NoError(t, s.Close())
		require.NoError(t, s.Close())
	})
	t.Run("without an address", func(t *testing.T) {
		none := d.Target
		none.Addresses, none.DeviceID = nil, wispwright.ID{} // channels go by that
		_, err := d.Connector.Dial(ctx, none)
		require.EqualError(t, err, "No valid IP addresses to initiate connections found")
	})
	t.Run("ends with its context", func(t *testing.T) {
		ended, end := context.WithCancel(ctx)
		end()
		_, err := d.Connector.Dial(ended, d.Target)
		require.Error(t, err)
	})
	if !d.Commands {
		t.Run("runs no commands", func(t *testing.T) {
			_, err := open(t).Run(ctx, "true", connection.Output{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}})
			require.ErrorIs(t, err, connection.ErrNoCommands)
		})
		return
	}
	t.Run("commands", func(t *testing.T) { runCommandLines(t, ctx, open) })
	t.Run("terminals", func(t *testing.T) {
		opener, ok := open(t).(terminal.Opener)
		if !ok {
			t.Skip("it opens no terminals")
		}
		runTerminal(t, ctx, opener)
	})
	t.Run("files", func(t *testing.T) {
		if d.Folder == "" {
			t.Skip("the device has no folder to try")
		}
		runFiles(t, ctx, open, d.Folder)
	})
}

func runCommandLines(t *testing.T, ctx context.Context, open func(*testing.T) connection.Session) {
	t.Run("tells output and status apart", func(t *testing.T) {
		s := open(t)
		for line, want := range map[string]struct {
			out, err string
			exit     int
		}{
			"echo one; echo two >&2; exit 3":                                 {"one\n", "two\n", 3},
			"printf '%s' " + connection.Quote("it's \"$HOME\" `id` \\ \n é"): {"it's \"$HOME\" `id` \\ \n é", "", 0},
			"true": {"", "", 0},
			"there-is-no-such-program-here 2>/dev/null": {"", "", 127},
		} {
			var stdout, stderr bytes.Buffer
			exit, err := s.Run(ctx, line, connection.Output{Stdout: &stdout, Stderr: &stderr})
			require.NoError(t, err, line)
			require.Equal(t, want.exit, exit, line)
			require.Equal(t, want.out, stdout.String(), line)
			require.Equal(t, want.err, stderr.String(), line)
		}
	})
	t.Run("hands on five megabytes", func(t *testing.T) {
		s := open(t)
		var stdout, stderr bytes.Buffer
		exit, err := s.Run(ctx, "head -c 5000000 /dev/zero | tr '\\0' x", connection.Output{Stdout: &stdout, Stderr: &stderr})
		require.NoError(t, err)
		require.Zero(t, exit)
		require.Equal(t, 5_000_000, stdout.Len())
	})
	t.Run("shows what is written meanwhile, and ends with the context", func(t *testing.T) {
		s := open(t)
		running, end := context.WithCancel(ctx)
		defer end()
		first := &trigger{fn: end}
		begun := time.Now()
		_, err := s.Run(running, "echo ready; sleep 600", connection.Output{Stdout: first, Stderr: &bytes.Buffer{}})
		require.ErrorIs(t, err, context.Canceled)
		require.Less(t, time.Since(begun), time.Minute)
	})
}

// trigger calls fn at the first thing written to it.
type trigger struct {
	once sync.Once
	fn   func()
}

// Write implements io.Writer.
func (w *trigger) Write(p []byte) (int, error) {
	w.once.Do(w.fn)
	return len(p), nil
}

func runFiles(t *testing.T, ctx context.Context, open func(*testing.T) connection.Session, folder string) {
	s := open(t)
	content := strings.Repeat("0123456789abcdef", 70_000)
	name := filepath.Join(folder, "it's a file")
	require.NoError(t, s.Upload(ctx, name, 0o640, int64(len(content)), strings.NewReader(content)))
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, content, string(got))
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	require.Error(t, s.Upload(ctx, filepath.Join(folder, "no", "such", "folder"), 0o644, 1, strings.NewReader("x")))
	s = open(t)
	require.Error(t, s.Upload(ctx, filepath.Join(folder, "short"), 0o644, 10, strings.NewReader("x")), "less than was said")
	s = open(t)
	require.Error(t, s.Upload(ctx, filepath.Join(folder, "broken"), 0o644, 10, failing{}))
}

type failing struct{}

// Read implements io.Reader.
func (failing) Read([]byte) (int, error) { return 0, errors.New("broken") }

// screen keeps what a terminal shows.
type screen struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// await waits until the screen shows something, typing again and again.
func (s *screen) await(t *testing.T, text string, again func() error) {
	t.Helper()
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		s.mu.Lock()
		found := strings.Contains(s.text.String(), text)
		s.mu.Unlock()
		if found {
			return
		}
		require.NoError(t, again())
	}
	t.Fatalf("%q is not shown: %q", text, s.text.String())
}

func runTerminal(t *testing.T, ctx context.Context, opener terminal.Opener) {
	s := &screen{}
	shell, err := opener.Shell(ctx, terminal.Size{Cols: 91, Rows: 33}, s)
	require.NoError(t, err)
	nothing := func() error { return nil }
	_, err = io.WriteString(shell, "stty size; echo 'it''s here'; tty\n")
	require.NoError(t, err)
	s.await(t, "33 91", nothing)
	s.await(t, "its here", nothing)
	require.NoError(t, shell.Resize(terminal.Size{Cols: 120, Rows: 40}))
	s.await(t, "40 120", func() error {
		_, err := io.WriteString(shell, "stty size\n")
		time.Sleep(100 * time.Millisecond)
		return err
	})
	_, err = io.WriteString(shell, "exit 3\n")
	require.NoError(t, err)
	require.NoError(t, shell.Wait(), "however its last command ended")
	require.NoError(t, shell.Close())
	require.NoError(t, shell.Close())

	ended, end := context.WithCancel(ctx)
	shell, err = opener.Shell(ended, terminal.Size{Cols: 80, Rows: 24}, s)
	require.NoError(t, err)
	end()
	require.Error(t, shell.Wait(), "it ends with its context")
	require.NoError(t, shell.Close())
}
