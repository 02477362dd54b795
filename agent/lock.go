package agent

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// lockFile is held by the process that changes the device's configuration.
const lockFile = volatileDir + "/lock"

var (
	errLocked  = errors.New("another agent is at work on this device")
	errForeign = errors.New("is not a folder that only the agent's user can write to")
)

// checkOwner refuses a folder that somebody else prepared: everybody can make
// one in /tmp, and what the agent writes there must not go through their links.
func (t *Tree) checkOwner(dir string) error {
	parent, err := t.Path(path.Dir(dir))
	if err != nil {
		return err
	}
	info, err := os.Lstat(filepath.Join(parent, path.Base(dir)))
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	owned := ok && (int(st.Uid) == os.Geteuid() || st.Uid == 0)
	if !info.IsDir() || !owned || info.Mode().Perm()&0o002 != 0 {
		return fmt.Errorf("%s %w", dir, errForeign)
	}
	return nil
}

// Lock makes sure that one process at a time changes the tree's configuration:
// a second one would take the trial of the first for an interrupted one and undo
// it. The lock ends with the returned function or with the process.
func (t *Tree) Lock() (unlock func() error, err error) { return t.lock(0) }

// lock holds the lock and says by which process signals are taken (Signal); 0
// means by none.
func (t *Tree) lock(pid int) (unlock func() error, err error) { return t.hold(lockFile, pid) }

// Hold makes this process the one that does the work of a name and takes its
// signals (SignalHolder), until release or its end. A second one gets an error.
func (t *Tree) Hold(name string) (release func() error, err error) {
	return t.hold(heldFile(name), os.Getpid())
}

// SignalHolder sends a signal to the process that holds a name.
func (t *Tree) SignalHolder(name string, signal syscall.Signal) error {
	return t.signal(heldFile(name), signal)
}

// Running reports whether the agent is at work on the device.
func (t *Tree) Running() bool { return t.Signal(0) == nil }

func heldFile(name string) string { return path.Join(volatileDir, name+".lock") }

func (t *Tree) hold(lockFile string, pid int) (unlock func() error, err error) {
	if err := t.mkdirAll(path.Dir(lockFile), 0o755); err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := t.checkOwner(volatileDir); err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	p, err := t.Path(lockFile)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	f, err := os.OpenFile(p, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	for range 10 {
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			break
		}
		// Signal holds it for a moment, to see whether anybody does
		time.Sleep(20 * time.Millisecond)
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errLocked
		}
		return nil, errors.Join(fmt.Errorf("lock: %w", err), f.Close())
	}
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(fmt.Errorf("lock: %w", err), f.Close())
	}
	if pid > 0 {
		if _, err := fmt.Fprintf(f, "%d\n", pid); err != nil {
			return nil, errors.Join(fmt.Errorf("lock: %w", err), f.Close())
		}
	}
	return f.Close, nil
}

// errNotRunning means that no agent is at work on the device.
var errNotRunning = errors.New("the agent is not running")

// Signal sends a signal to the agent at work: SIGUSR1 ends its pause, SIGUSR2
// makes it download and apply its configuration again.
func (t *Tree) Signal(signal syscall.Signal) error { return t.signal(lockFile, signal) }

func (t *Tree) signal(lockFile string, signal syscall.Signal) error {
	p, err := t.Path(lockFile)
	if err != nil {
		return err
	}
	f, err := os.Open(p)
	if errors.Is(err, fs.ErrNotExist) {
		return errNotRunning
	}
	if err != nil {
		return fmt.Errorf("signal: %w", err)
	}
	defer f.Close() // only read from
	// the holder of the lock is alive, and the number is its own
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if err == nil {
		return errNotRunning
	}
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("signal: %w", err)
	}
	content, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return fmt.Errorf("signal: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil || pid <= 1 {
		return errNotRunning // a single update, which takes no signals
	}
	if err := syscall.Kill(pid, signal); err != nil {
		return fmt.Errorf("signal: %w", err)
	}
	return nil
}
