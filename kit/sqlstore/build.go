package sqlstore

import "errors"

// Builder makes the stores of a concern and keeps what goes wrong until Err is
// asked, so that a constructor is a list of its stores.
type Builder struct {
	db   *DB
	errs []error
}

// Build returns a Builder on a migrated database.
func Build(db *DB) *Builder { return &Builder{db: db} }

// Add is NewRepo. A repository that failed may be handed to other constructors
// of the same Builder but not used.
func Add[K comparable, T, F any](b *Builder, spec Spec) *Repo[K, T, F] {
	r, err := newRepo[K, T, F](b.db, spec)
	b.Failed(err)
	return r
}

// AddPairs is NewPairs.
func AddPairs[K comparable, A, F, B, G any](b *Builder, first *Repo[K, A, F], without []string, second *Repo[K, B, G], read ...string) *Pairs[K, A, F, B] {
	if b.Err() != nil {
		return nil
	}
	p, err := NewPairs(first, without, second, read...)
	b.Failed(err)
	return p
}

// DB is the database the stores are made on.
func (b *Builder) DB() *DB { return b.db }

// Prepare is DB.Prepare. It prepares nothing once something has failed: the
// statement may be made of it.
func (b *Builder) Prepare(query string) *Stmt {
	if b.Err() != nil {
		return nil
	}
	s, err := b.db.Prepare(query)
	b.Failed(err)
	return s
}

// Failed notes an error; nil is none.
func (b *Builder) Failed(err error) {
	if err != nil {
		b.errs = append(b.errs, err)
	}
}

// Err is everything that went wrong, nil when all is well.
func (b *Builder) Err() error { return errors.Join(b.errs...) }
