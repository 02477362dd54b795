package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/lib/pq"
	"modernc.org/sqlite"

	"github.com/wispwright/wispwright"
)

// Explain turns a driver's error into the vocabulary's: no row is ErrNotFound,
// a broken unique index a *ConflictError with the index' name, a primary key
// that exists one with wispwright.UniqueKey. A broken foreign key is a
// *MissingError where a row was written and a *ProtectedError where one was
// deleted. A database that is away, full or
// overloaded is ErrUnavailable.
func (db *DB) Explain(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return wispwright.ErrNotFound
	}
	var missing *wispwright.MissingError
	var protected *wispwright.ProtectedError
	if errors.As(err, &missing) || errors.As(err, &protected) {
		return err
	}
	var p *pq.Error
	if errors.As(err, &p) {
		switch p.Code {
		case "23505":
			if strings.HasSuffix(p.Constraint, "_pkey") {
				return &wispwright.ConflictError{Unique: wispwright.UniqueKey}
			}
			return &wispwright.ConflictError{Unique: p.Constraint}
		case "23503":
			return broken("", err)
		}
		return away(err)
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		switch s.Code() {
		case 1555: // PRIMARY KEY
			return &wispwright.ConflictError{Unique: wispwright.UniqueKey}
		case 2067: // UNIQUE
			return &wispwright.ConflictError{Unique: db.uniqueName(s.Error())}
		case 787, 1811: // FOREIGN KEY
			return broken("", err)
		}
	}
	return away(err)
}

// broken says which side of a foreign key a statement broke: one that deletes
// left rows behind that refer to what is gone, any other wrote a row whose
// parent is not there. Other errors are returned as they are.
func broken(query string, err error) error {
	if !isForeignKey(err) {
		return err
	}
	deletes := strings.Contains(query, "DELETE FROM ") && !strings.Contains(query, "INSERT INTO ") && !strings.Contains(query, "UPDATE ")
	by := "another object"
	var p *pq.Error
	if errors.As(err, &p) {
		by = p.Table
		// a check at the end of a transaction has no statement
		deletes = deletes || query == "" && strings.HasPrefix(p.Message, "update or delete on table")
	}
	if deletes {
		return fmt.Errorf("%w: %w", &wispwright.ProtectedError{By: by, Count: 1}, err)
	}
	return fmt.Errorf("%w: %w", &wispwright.MissingError{}, err)
}

func isForeignKey(err error) bool {
	var p *pq.Error
	if errors.As(err, &p) {
		return p.Code == "23503"
	}
	var s *sqlite.Error
	return errors.As(err, &s) && (s.Code() == 787 || s.Code() == 1811)
}

// away marks what is no fault of the statement but of the database's state,
// and may be gone at the next try, as ErrUnavailable.
func away(err error) error {
	if err == nil || !isAway(err) || errors.Is(err, wispwright.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", wispwright.ErrUnavailable, err)
}

func isAway(err error) bool {
	var p *pq.Error
	if errors.As(err, &p) {
		switch p.Code.Class() {
		case "08", "53", "58": // connection, resources (disk, memory, connections), system
			return true
		}
		switch p.Code {
		case "57P01", "57P02", "57P03", "25006": // shut down, crashed, starting, read-only
			return true
		case "55000": // "not currently accepting connections"; other meanings have other severities
			return p.Severity == "FATAL"
		}
		return false
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		switch s.Code() & 0xff {
		case 5, 6, 8, 10, 13, 14: // busy, locked, read-only, I/O error, full, cannot open
			return true
		}
		return false
	}
	var network *net.OpError
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
}

// isConstraint recognises that a statement of SQLite broke a rule of the data.
func isConstraint(err error) bool {
	var s *sqlite.Error
	return errors.As(err, &s) && s.Code()&0xff == 19
}

// uniqueName finds the index in SQLite's text: it names the columns of a plain
// index ("UNIQUE constraint failed: t.a, t.b") and expression indexes by name.
func (db *DB) uniqueName(text string) string {
	if _, after, ok := strings.Cut(text, "index '"); ok {
		name, _, _ := strings.Cut(after, "'")
		return name
	}
	columns := text
	if i := strings.LastIndex(text, "failed: "); i >= 0 {
		columns = text[i+len("failed: "):]
	}
	columns, _, _ = strings.Cut(columns, " (")
	if name, ok := db.uniques.Load(columns); ok {
		return name.(string)
	}
	return columns
}

// learnUniques reads the names of SQLite's unique indexes after a migration.
func (db *DB) learnUniques(ctx context.Context) error {
	if db.dialect != SQLite {
		return nil
	}
	var rows []struct {
		Table  string `db:"tbl"`
		Name   string `db:"name"`
		Column string `db:"col"`
	}
	err := db.write.SelectContext(ctx, &rows, `SELECT m.name AS tbl, l.name AS name, i.name AS col
		FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) i
		WHERE m.type = 'table' AND l."unique" = 1 AND i.name IS NOT NULL ORDER BY l.name, i.seqno`)
	if err != nil {
		return fmt.Errorf("read unique indexes: %w", err)
	}
	columns := map[string][]string{}
	for _, r := range rows {
		columns[r.Name] = append(columns[r.Name], r.Table+"."+r.Column)
	}
	for name, c := range columns {
		db.uniques.Store(strings.Join(c, ", "), name)
	}
	return nil
}
