package tenancysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
)

// Sessions keeps the sessions of the web admin. It is a store of
// github.com/alexedwards/scs/v2, with and without context. Only the digest of
// a session's token is stored.
type Sessions struct {
	db                   *sqlstore.DB
	find, commit, remove *sqlstore.Stmt
	clock                func() time.Time
}

// NewSessions returns the session store of a migrated database.
func NewSessions(db *sqlstore.DB) (*Sessions, error) {
	s := &Sessions{db: db, clock: time.Now}
	var err error
	for _, p := range []struct {
		stmt  **sqlstore.Stmt
		query string
	}{
		{&s.find, "SELECT data, expires FROM tenancy_session WHERE digest = ?"},
		{&s.commit, `INSERT INTO tenancy_session (digest, data, expires) VALUES (?, ?, ?)
			ON CONFLICT (digest) DO UPDATE SET data = excluded.data, expires = excluded.expires`},
		{&s.remove, "DELETE FROM tenancy_session WHERE digest = ?"},
	} {
		if *p.stmt, err = db.Prepare(p.query); err != nil {
			return nil, fmt.Errorf("sessions: %w", err)
		}
	}
	return s, nil
}

// FindCtx returns the data of a session; an unknown or expired one is not
// found, without error.
func (s *Sessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var data []byte
	var expires time.Time
	err := s.find.QueryRow(ctx, tenancy.Digest(token)).Scan(&data, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	if !s.clock().Before(expires) {
		return nil, false, nil
	}
	return data, true, nil
}

// CommitCtx stores a session until its expiry.
func (s *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	if _, err := s.commit.Exec(ctx, tenancy.Digest(token), data, expiry.UTC().Truncate(time.Microsecond)); err != nil {
		return fmt.Errorf("store session: %w", err)
	}
	return nil
}

// DeleteCtx removes a session; an unknown one is no error.
func (s *Sessions) DeleteCtx(ctx context.Context, token string) error {
	if _, err := s.remove.Exec(ctx, tenancy.Digest(token)); err != nil {
		return fmt.Errorf("remove session: %w", err)
	}
	return nil
}

// TakeCtx is FindCtx that removes the session: of those who ask at the same
// moment one finds it.
func (s *Sessions) TakeCtx(ctx context.Context, token string) ([]byte, bool, error) {
	data, found, err := s.FindCtx(ctx, token)
	if err != nil || !found {
		return nil, false, err
	}
	done, err := s.remove.Exec(ctx, tenancy.Digest(token))
	if err != nil {
		return nil, false, fmt.Errorf("take session: %w", err)
	}
	n, err := done.RowsAffected()
	if err != nil || n == 0 {
		return nil, false, err
	}
	return data, true, nil
}

// Find is FindCtx without a context.
func (s *Sessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (s *Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a context.
func (s *Sessions) Delete(token string) error {
	return s.DeleteCtx(context.Background(), token)
}

// Prune removes expired sessions and returns their number. Run it now and then; an
// expired session is refused without it too.
func (s *Sessions) Prune(ctx context.Context) (int, error) {
	n, err := sqlstore.Exec(ctx, s.db, "DELETE FROM tenancy_session WHERE expires <= ?", s.clock().UTC())
	if err != nil {
		return 0, fmt.Errorf("prune sessions: %w", err)
	}
	return n, nil
}
