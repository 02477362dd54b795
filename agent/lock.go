package agent

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"syscall"
)

// lockFile is held by whoever changes the device's configuration.
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
func (t *Tree) Lock() (unlock func() error, err error) {
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
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errLocked
		}
		return nil, errors.Join(fmt.Errorf("lock: %w", err), f.Close())
	}
	return f.Close, nil
}
