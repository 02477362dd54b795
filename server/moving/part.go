package moving

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wispwright/wispwright"
)

// Part is what one concern takes over. Parts run in their order, so that what they
// refer to is there; a vendor adds its own for tables that it knows.
type Part struct {
	// Name is the concern's, for errors.
	Name string
	// Take reads tables and stores what they hold.
	Take func(ctx context.Context, r *Run) error
	// Finish is called after every part has taken its rows; nil for nothing.
	Finish func(ctx context.Context, r *Run) error
}

// Parts makes several parts of a concern one, which has the name of the first.
func Parts(parts ...Part) Part {
	one := Part{Name: parts[0].Name}
	one.Take = func(ctx context.Context, r *Run) error {
		for _, p := range parts {
			if err := p.Take(ctx, r); err != nil {
				return err
			}
		}
		return nil
	}
	one.Finish = func(ctx context.Context, r *Run) error {
		for _, p := range parts {
			if p.Finish == nil {
				continue
			}
			if err := p.Finish(ctx, r); err != nil {
				return err
			}
		}
		return nil
	}
	return one
}

// Contributor is a concern with something to take over from OpenWISP; those of a
// server are found by it.
type Contributor interface {
	// Moving is the concern's part.
	Moving() Part
}

// Run is one import as parts see it.
type Run struct{ i *importer }

// Import takes over a whole installation of OpenWISP: its accounts as ImportUsers
// does, then the parts. Rows that are refused are left out, with what belongs to
// them, and told; the others are stored page by page, so that an import that was
// interrupted goes on where it was when it is run again. What exists becomes what
// it is there, what exists only here stays.
//
// The report is there whenever the database could be read; with rows that were left
// out the error is ErrFaults.
func Import(ctx context.Context, from string, target Target, parts []Part, options *Options) (report *Report, err error) {
	if options == nil {
		options = &Options{}
	}
	src, err := openSource(ctx, from)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, src.close()) }()
	ctx = wispwright.WithCaller(ctx, wispwright.System("import openwisp"))
	all := func(ctx context.Context) error {
		i := newImporter(target, src, options)
		report = i.report
		return i.run(ctx, parts)
	}
	if options.DryRun {
		err = target.Transactor.InTx(ctx, func(ctx context.Context) error {
			if err := all(ctx); err != nil {
				return err
			}
			return errDryRun
		})
	} else {
		err = all(ctx)
	}
	switch {
	case err != nil && !errors.Is(err, errDryRun):
		return report, fmt.Errorf("import openwisp: %w", err)
	case report.Faulty > 0:
		return report, fmt.Errorf("import openwisp: %w: %d", ErrFaults, report.Faulty)
	}
	return report, nil
}

func (i *importer) run(ctx context.Context, parts []Part) error {
	if err := i.everything(ctx); err != nil {
		return err
	}
	r := &Run{i}
	for _, p := range parts {
		if err := p.Take(ctx, r); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	for _, p := range parts {
		if p.Finish == nil {
			continue
		}
		if err := p.Finish(ctx, r); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return i.tellUntouched(ctx)
}

// Table stores the rows of a table in the order of its key, where the table is
// there. store returns what it did: "add", "change", or "" for nothing; a row that
// it refuses is told as a fault and left out, and with it whatever has its id in one
// of its own owners, which are columns of ids.
func (r *Run) Table(ctx context.Context, name, key string, owners []string, store func(ctx context.Context, row *Row) (string, error)) error {
	if !r.i.optional(name) {
		return nil
	}
	return r.i.table(ctx, name, key, owners, store)
}

// Has reports whether there is a table.
func (r *Run) Has(table string) bool { return r.i.source.has(table) }

// Read returns the rows of a query, which table names in errors; none when the table
// is not there. It is for small tables and for pairs.
func (r *Run) Read(ctx context.Context, table, query string) ([]*Row, error) {
	if !r.i.source.has(table) {
		return nil, nil
	}
	return r.i.source.all(ctx, table, query)
}

// Each stores objects that are no rows of one table, as Table does with rows.
func (r *Run) Each(ctx context.Context, name string, rows []*Row, owners []string, store func(ctx context.Context, row *Row) (string, error)) error {
	count := r.i.report.table(name)
	for len(rows) > 0 {
		some := rows[:min(len(rows), pageSize)]
		rows = rows[len(some):]
		if err := r.i.page(ctx, count, count.Read+len(some)+len(rows), func(ctx context.Context) error {
			for _, row := range some {
				if err := r.i.row(ctx, count, row, owners, store); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// Notice tells the administrator something that stops nothing.
func (r *Run) Notice(format string, args ...any) { r.i.report.notice(format, args...) }

// LeftOut reports whether an object was left out.
func (r *Run) LeftOut(id wispwright.ID) bool { return r.i.leftOut[id] }

// Note keeps a value for other parts under a key of a type of one's own; Noted
// returns it, or nil.
func (r *Run) Note(key, value any) { r.i.notes[key] = value }

// Noted returns what Note kept.
func (r *Run) Noted(key any) any { return r.i.notes[key] }

// Group is the number here of a group of permissions there; false for one that was
// left out.
func (r *Run) Group(there int64) (int64, bool) {
	n, ok := r.i.groups[there]
	return n, ok
}

// Media opens an uploaded file by the name that a column has. It returns
// fs.ErrNotExist for one that is not there, also when no folder was given.
func (r *Run) Media(name string) (fs.File, error) {
	if r.i.options.Media == "" || !filepath.IsLocal(name) {
		return nil, fs.ErrNotExist
	}
	for _, below := range []string{"media", "private", "."} {
		root, err := os.OpenRoot(filepath.Join(r.i.options.Media, below))
		if err != nil {
			continue
		}
		f, err := root.Open(name)
		_ = root.Close() // the file stays open
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return nil, fs.ErrNotExist
}

// DryRun reports whether what is stored will be undone: files are not written then.
func (r *Run) DryRun() bool { return r.i.options.DryRun }

// Series is the file of what was measured; empty for none.
func (r *Run) Series() string { return r.i.options.Series }
