package x509sql_test

import (
	"context"
	"encoding/asn1"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/x509"
	"github.com/wispwright/wispwright/x509/x509sql"
	"github.com/wispwright/wispwright/x509/x509test"
)

func TestStores(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		storage := storageOn(t, db)
		x509test.Run(t, func(t *testing.T) x509test.Storage {
			for _, table := range []string{"x509_responder", "x509_list", "x509_issued", "x509_cert", "x509_ca"} {
				_, err := sqlstore.Exec(context.Background(), db, "DELETE FROM "+table)
				require.NoError(t, err)
			}
			return storage
		})
	})
}

func storageOn(t testing.TB, db *sqlstore.DB) x509test.Storage {
	t.Helper()
	require.NoError(t, db.Migrate(context.Background(), x509sql.Migrations()))
	stores, err := x509sql.New(db)
	require.NoError(t, err)
	return x509test.Storage{Tx: db, Stores: stores}
}

// What was revoked before lines had entries is in the lists none the less.
func TestEntriesAreMadeForOlderLines(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s, ca := ledger(t, db, 3)
		before := revoked(t, s, ca)
		_, err := sqlstore.Exec(t.Context(), db, "UPDATE x509_issued SET entry = NULL WHERE serial_number <> '1'")
		require.NoError(t, err)
		require.Equal(t, before, revoked(t, s, ca))
	})
}

func revoked(t testing.TB, s x509.Stores, ca int64) map[string]bool {
	t.Helper()
	rest, err := s.Issued.Revoked(t.Context(), ca, noon, noon.Add(time.Hour))
	require.NoError(t, err)
	found := map[string]bool{}
	for len(rest) > 0 {
		var e asn1.RawValue
		rest, err = asn1.Unmarshal(rest, &e)
		require.NoError(t, err)
		found[string(e.FullBytes)] = true
	}
	return found
}

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// ledger is one of an authority that revoked so many.
func ledger(t testing.TB, db *sqlstore.DB, n int) (x509.Stores, int64) {
	t.Helper()
	stores := storageOn(t, db).Stores
	ca := &x509.CA{Details: x509.Details{Created: noon, Modified: noon, Name: "root", ValidityStart: noon, ValidityEnd: noon}}
	require.NoError(t, stores.CAs.Insert(t.Context(), ca))
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
		for i := range n {
			line := &x509.Issued{ID: wispwright.NewID(), CAID: ca.ID, SerialNumber: fmt.Sprint(i + 1), NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour)}
			if err := errors.Join(line.Revoke(noon, x509.KeyCompromise), stores.Issued.Insert(ctx, line)); err != nil {
				return err
			}
		}
		return nil
	}))
	return stores, ca.ID
}

// BenchmarkRevoked reads what a list of 100,000 is made of.
func BenchmarkRevoked(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *sqlstore.DB{"sqlite": testkit.SQLite, "postgresql": testkit.Postgres} {
		b.Run(name, func(b *testing.B) {
			s, ca := ledger(b, open(b), 100_000)
			for b.Loop() {
				if got, err := s.Issued.Revoked(b.Context(), ca, noon, noon.Add(time.Hour)); err != nil || len(got) < 3_000_000 {
					b.Fatal(len(got), err)
				}
			}
		})
	}
}
