package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/wispwright/wispwright/kit/sqlstore"
)

// lock makes sure that one process alone serves an SQLite database: the jobs of
// a former process are taken over at the start, and caches hear of changes
// within the process only. The system releases the lock when the process ends,
// however it ends.
func (s *Server) lock() (release func() error, err error) {
	if s.db.Dialect() != sqlstore.SQLite {
		return func() error { return nil }, nil
	}
	if err := os.MkdirAll(s.config.Data, 0o700); err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	path := filepath.Join(s.config.Data, "serve.lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // the first error is the one to tell
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another process serves %s already", s.config.Data)
		}
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	return f.Close, nil
}
