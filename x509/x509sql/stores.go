package x509sql

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/x509"
)

//go:embed migrations/*.sql
var migrations embed.FS

// CATable and CertTable are the tables other concerns refer to.
const (
	CATable   = "x509_ca"
	CertTable = "x509_cert"
)

// Migrations are the steps that make the concern's tables; run them with
// sqlstore.DB.Migrate before New.
func Migrations() sqlstore.Migrations {
	return sqlstore.Migrations{Concern: "x509", FS: migrations}
}

// New returns the concern's stores on a migrated database. The database is
// their transactor.
func New(db *sqlstore.DB) (x509.Stores, error) {
	b := sqlstore.Build(db)
	columns := map[string]string{"CAID": "ca_id"}
	cas := sqlstore.Add[int64, x509.CA, x509.CAFilter](b, sqlstore.Spec{Shape: x509.CA{}.Shape()})
	lock := " FOR SHARE"
	if db.Dialect() != sqlstore.Postgres {
		lock = ""
	}
	stores := x509.Stores{
		CAs: &authorities{cas, b.Prepare("SELECT " + cas.ColumnsOf(CATable) + " FROM " + CATable + " WHERE id = ?" + lock)},
		Certs: sqlstore.Add[int64, x509.Cert, x509.CertFilter](b, sqlstore.Spec{
			Shape: x509.Cert{}.Shape(), Columns: columns, Skip: []string{"Request"},
		}),
		Issued: newIssued(b, columns),
		Lists:  sqlstore.Add[int64, x509.List, struct{}](b, sqlstore.Spec{Shape: x509.List{}.Shape(), Columns: columns}),
		Responders: sqlstore.Add[int64, x509.Responder, struct{}](b, sqlstore.Spec{
			Shape: x509.Responder{}.Shape(), Columns: columns,
		}),
	}
	return stores, b.Err()
}

type authorities struct {
	*sqlstore.Repo[int64, x509.CA, x509.CAFilter]
	hold *sqlstore.Stmt
}

// Hold implements x509.CAStore: others may hold the row too, nobody may change it.
func (s *authorities) Hold(ctx context.Context, id int64) (*x509.CA, error) {
	found, err := s.QueryStmt(ctx, s.hold, id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return found[0], nil
}

type issued struct {
	*sqlstore.Repo[wispwright.ID, x509.Issued, x509.IssuedFilter]
	db      *sqlstore.DB
	revoked *sqlstore.Stmt
}

var _ x509.IssuedStore = (*issued)(nil)

func newIssued(b *sqlstore.Builder, columns map[string]string) *issued {
	return &issued{
		sqlstore.Add[wispwright.ID, x509.Issued, x509.IssuedFilter](b, sqlstore.Spec{Shape: x509.Issued{}.Shape(), Columns: columns}), b.DB(),
		b.Prepare("SELECT serial_number, revoked_at, reason FROM x509_issued WHERE ca_id = ? AND revoked_at IS NOT NULL AND not_after > ? AND not_before < ?"),
	}
}

// moment reads a time of either database.
type moment struct{ time.Time }

// Scan implements sql.Scanner.
func (m *moment) Scan(src any) (err error) {
	switch v := src.(type) {
	case time.Time:
		m.Time = v
	case string:
		m.Time, err = time.Parse("2006-01-02 15:04:05.999999999-07:00", v)
	default:
		err = fmt.Errorf("scan %T as time", src)
	}
	return err
}

// Revoked implements x509.IssuedStore with the three columns that a revocation
// list needs, one row after the other.
func (s *issued) Revoked(ctx context.Context, ca int64, from, until time.Time, add func(string, time.Time, x509.Reason) error) (err error) {
	rows, err := s.revoked.Query(ctx, ca, from.UTC().Truncate(time.Microsecond), until.UTC().Truncate(time.Microsecond))
	if err != nil {
		return fmt.Errorf("read x509_issued: %w", s.db.Explain(err))
	}
	defer func() {
		if closing := rows.Close(); err == nil {
			err = closing
		}
	}()
	var serial sql.RawBytes
	var at moment
	var reason string
	for rows.Next() {
		if err := rows.Scan(&serial, &at, &reason); err != nil {
			return fmt.Errorf("read x509_issued: %w", err)
		}
		if err := add(string(serial), at.Time, x509.Reason(reason)); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Forget implements x509.IssuedStore.
func (s *issued) Forget(ctx context.Context, ca int64) error {
	if _, err := sqlstore.Exec(ctx, s.db, "DELETE FROM x509_issued WHERE ca_id = ?", ca); err != nil {
		return fmt.Errorf("forget x509_issued: %w", err)
	}
	return nil
}

// Prune implements x509.IssuedStore.
func (s *issued) Prune(ctx context.Context, before time.Time) (int, error) {
	n, err := sqlstore.Exec(ctx, s.db, "DELETE FROM x509_issued WHERE not_after < ? AND cert_id = 0 AND subordinate_id = 0", before.UTC().Truncate(time.Microsecond))
	if err != nil {
		return n, fmt.Errorf("prune x509_issued: %w", err)
	}
	return n, nil
}
