package controllersql

import (
	"context"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// byIDs is a query for the rows of some ids. It is prepared for small numbers
// of them, which it is nearly always asked for: preparing costs as much as
// running.
type byIDs struct {
	before, after string
	sizes         []int
	prepared      []*sqlstore.Stmt
}

func newByIDs(b *sqlstore.Builder, before, after string) *byIDs {
	q := &byIDs{before: before, after: after, sizes: []int{1, 2, 4, 8}}
	for _, n := range q.sizes {
		q.prepared = append(q.prepared, b.Prepare(before+strings.TrimSuffix(strings.Repeat("?, ", n), ", ")+after))
	}
	return q
}

// readByIDs runs the query in the order of the ids, so that two transactions that lock
// several rows do not wait for each other for ever.
func readByIDs[K comparable, T, F any](ctx context.Context, repo *sqlstore.Repo[K, T, F], q *byIDs, ids []wispwright.ID) ([]*T, error) {
	ids = sorted(ids)
	if len(ids) == 0 {
		return nil, nil
	}
	for i, n := range q.sizes {
		if len(ids) > n {
			continue
		}
		args := make([]any, n)
		for j := range args { // the last id fills up the rest
			args[j] = ids[min(j, len(ids)-1)]
		}
		return repo.QueryStmt(ctx, q.prepared[i], args...)
	}
	marks, args := sqlstore.In(ids)
	return repo.Query(ctx, q.before+marks+q.after, args...)
}

func sorted(ids []wispwright.ID) []wispwright.ID {
	out := slices.Clone(ids)
	slices.SortFunc(out, func(a, b wispwright.ID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(out)
}
