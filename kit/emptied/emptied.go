// Package emptied takes rows that no service of package entity keeps out of organizations
// that are deleted, a batch in each transaction, as those services do with objects.
//
//	emptied.Subscribe(base.Tx, base.Tenants, "radius.Tokens", count, some)
package emptied

import (
	"context"
	"errors"

	"github.com/wispwright/wispwright"
)

// Tenants are the organizations; those that take batches have OnEmptied too.
type Tenants interface {
	OnDelete(name string, fn func(ctx context.Context, organization wispwright.ID) error)
}

// Step counts the rows of an organization, or removes some of them and returns how many
// those were; 0 when none is left.
type Step func(ctx context.Context, organization wispwright.ID) (int, error)

// Subscribe has rows removed with their organization: in batches before it, each in a
// transaction of tx, where tenants take such, and what is left in its own transaction.
func Subscribe(tx wispwright.Transactor, tenants Tenants, name string, count, some Step) {
	Batches(tx, tenants, name, count, some)
	tenants.OnDelete(name+" of a deleted organization", func(ctx context.Context, organization wispwright.ID) error {
		for {
			if n, err := some(ctx, organization); err != nil || n == 0 {
				return err
			}
		}
	})
}

// Batches has rows removed in batches before their organization; somebody else removes
// what is left with it.
func Batches(tx wispwright.Transactor, tenants Tenants, name string, count, some Step) {
	if e, ok := tenants.(interface {
		OnEmptied(name string, count, some func(ctx context.Context, organization wispwright.ID) (int, error))
	}); ok {
		e.OnEmptied(name, count, func(ctx context.Context, organization wispwright.ID) (n int, err error) {
			err = tx.InTx(ctx, func(ctx context.Context) error {
				n, err = some(ctx, organization)
				return err
			})
			return n, err
		})
	}
}

// batch is how many rows go in one transaction.
const batch = 200

// Rows are the steps of rows of a repository: those that a filter selects, by their keys.
func Rows[K comparable, T, F any](repo wispwright.KeyedRepo[K, T, F], of func(organization wispwright.ID) F, key func(*T) K) (count, some Step) {
	count = func(ctx context.Context, organization wispwright.ID) (int, error) {
		found, err := repo.List(ctx, wispwright.ScopeAll(), of(organization), wispwright.Page{Limit: 1})
		return found.Total, err
	}
	some = func(ctx context.Context, organization wispwright.ID) (int, error) {
		found, err := repo.List(ctx, wispwright.ScopeAll(), of(organization), wispwright.Page{Limit: batch, NoTotal: true})
		if err != nil {
			return 0, err
		}
		for _, row := range found.Rows {
			// somebody else may have removed it meanwhile
			if err := repo.Delete(ctx, wispwright.ScopeAll(), key(row)); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
				return 0, err
			}
		}
		return len(found.Rows), nil
	}
	return count, some
}
