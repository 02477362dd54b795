package x509sql

import (
	"context"
	"embed"
	"encoding/hex"
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
	joined := "coalesce(string_agg(entry, ''::bytea), ''::bytea)"
	if b.DB().Dialect() != sqlstore.Postgres {
		joined = "coalesce(group_concat(hex(entry), ''), '')" // what it joins is text
	}
	return &issued{
		sqlstore.Add[wispwright.ID, x509.Issued, x509.IssuedFilter](b, sqlstore.Spec{Shape: x509.Issued{}.Shape(), Columns: columns}), b.DB(),
		b.Prepare("SELECT " + joined + ", count(*) - count(entry) FROM x509_issued WHERE ca_id = ? AND revoked_at IS NOT NULL AND not_after > ? AND not_before < ?"),
	}
}

// Revoked implements x509.IssuedStore: the database joins the entries, since to
// read so many rows takes several times as long.
func (s *issued) Revoked(ctx context.Context, ca int64, from, until time.Time) ([]byte, error) {
	var joined []byte
	missing, err := s.join(ctx, ca, from, until, &joined)
	if err == nil && missing > 0 {
		if err = s.complete(ctx, ca); err == nil {
			_, err = s.join(ctx, ca, from, until, &joined)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read x509_issued: %w", s.db.Explain(err))
	}
	if s.db.Dialect() == sqlstore.Postgres {
		return joined, nil
	}
	n, err := hex.Decode(joined, joined)
	if err != nil {
		return nil, fmt.Errorf("read x509_issued: %w", err)
	}
	return joined[:n], nil
}

// join reads the entries, and how many are missing.
func (s *issued) join(ctx context.Context, ca int64, from, until time.Time, into *[]byte) (missing int, err error) {
	return missing, s.revoked.QueryRow(ctx, ca, from.UTC().Truncate(time.Microsecond), until.UTC().Truncate(time.Microsecond)).Scan(into, &missing)
}

// complete makes the entries of what was revoked before lines had them.
func (s *issued) complete(ctx context.Context, ca int64) error {
	found, err := s.List(ctx, wispwright.ScopeAll(), x509.IssuedFilter{CAID: ca}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, line := range found.Rows {
		if line.RevokedAt == nil || line.Entry != nil {
			continue
		}
		if _, err := s.Update(ctx, wispwright.ScopeAll(), line.ID, func(i *x509.Issued) error { return i.Revoke(*i.RevokedAt, i.Reason) }); err != nil {
			return err
		}
	}
	return nil
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
