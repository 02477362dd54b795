package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright/kit/internal/fields"
)

// sealedColumn is a column of secrets of some repository.
type sealedColumn struct{ table, key, column string }

// remember notes the columns of secrets, for Reseal.
func (db *DB) remember(table, key string, plan *fields.Plan) {
	db.sealedMu.Lock()
	defer db.sealedMu.Unlock()
	for _, f := range plan.Fields {
		c := sealedColumn{table, key, f.Column}
		if f.Kind == fields.Secret && !slices.Contains(db.sealed, c) {
			db.sealed = append(db.sealed, c)
		}
	}
}

// resealStep is how many values one transaction seals anew.
const resealStep = 200

// Reseal seals every secret anew that another key than the present one sealed, or
// none, and returns their number. Afterwards the former keys are not needed
// any more. It looks through the tables of all repositories made on the database,
// may be interrupted and run again, and others may read and write meanwhile.
func (db *DB) Reseal(ctx context.Context) (n int, err error) {
	if db.keys == nil {
		return 0, fmt.Errorf("reseal: the database was opened without keys")
	}
	db.sealedMu.Lock()
	columns := slices.Clone(db.sealed)
	db.sealedMu.Unlock()
	for _, c := range columns {
		for {
			done, err := db.reseal(ctx, c)
			n += done
			if err != nil {
				return n, fmt.Errorf("reseal %s.%s: %w", c.table, c.column, err)
			}
			if done == 0 {
				break
			}
		}
	}
	return n, nil
}

// reseal seals some values of a column anew.
func (db *DB) reseal(ctx context.Context, c sealedColumn) (done int, err error) {
	current := sealedPrefix + db.keys.current + ":"
	query := "SELECT " + c.key + ", " + c.column + " FROM " + c.table + " WHERE " + c.column + " <> '' AND substr(" + c.column + ", 1, ?) <> ? LIMIT ?" + db.dialect.ForUpdate()
	err = db.InTx(ctx, func(ctx context.Context) error {
		done = 0
		rows, err := db.Write(ctx).QueryxContext(ctx, db.Rebind(query), len(current), current, resealStep)
		if err != nil {
			return db.Explain(err)
		}
		type value struct {
			key    any
			stored string
		}
		var values []value
		for rows.Next() {
			var v value
			if err := rows.Scan(&v.key, &v.stored); err != nil {
				_ = rows.Close() // the first error is the one to tell
				return err
			}
			if b, ok := v.key.([]byte); ok {
				v.key = string(b)
			}
			values = append(values, v)
		}
		if err := rows.Close(); err != nil {
			return err
		}
		var buffer []byte
		place := c.table + "." + c.column
		for _, v := range values {
			plain, err := db.keys.open(v.stored, []byte(place), &buffer)
			if err != nil {
				return err
			}
			sealed, err := db.keys.seal(strings.Clone(plain), place)
			if err != nil {
				return err
			}
			if _, err := Exec(ctx, db, "UPDATE "+c.table+" SET "+c.column+" = ? WHERE "+c.key+" = ?", sealed, v.key); err != nil {
				return err
			}
		}
		done = len(values)
		return nil
	})
	return done, err
}
