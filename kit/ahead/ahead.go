// Package ahead makes what takes long, such as RSA keys, before a transaction begins
// and not inside it, where everybody else would wait for it.
//
// Nobody has to know beforehand what a transaction will need: it is run, undone when
// it asks for something that is not there, and run again when that has been made.
package ahead

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/wispwright/wispwright"
)

// mostRounds is how often a transaction may find something missing. What it misses
// after that is made inside it.
const mostRounds = 16

// Over returns a Transactor whose outermost transactions make ahead what Take asks
// for. One that joins another is left as it is.
func Over(tx wispwright.Transactor) wispwright.Transactor {
	if _, ok := tx.(transactor); ok || tx == nil {
		return tx
	}
	return transactor{tx}
}

type transactor struct{ tx wispwright.Transactor }

// InTx implements wispwright.Transactor.
func (t transactor) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if wispwright.Pending(ctx) {
		return t.tx.InTx(ctx, fn)
	}
	s := &stock{made: map[any][]any{}}
	for range mostRounds {
		err := t.tx.InTx(ctx, func(ctx context.Context) error {
			s.open()
			defer s.close()
			return fn(context.WithValue(ctx, stockKey{}, s))
		})
		var m *missing
		if !errors.As(err, &m) || m.of != s {
			return err
		}
		if err := s.add(ctx, m); err != nil {
			return err
		}
	}
	return t.tx.InTx(ctx, fn)
}

// Several says of a context that this many of whatever Take is asked for next are
// going to be needed, so that they are made at once.
func Several(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, severalKey{}, n)
}

// Take returns one of what make makes; key is the same for what can take each other's
// place, and comparable. Inside a transaction of Over it is what was made ahead;
// where there is none left, the error undoes the transaction, which is run again.
// Everywhere else it is made at once.
func Take[T any](ctx context.Context, key any, makeOne func() (T, error)) (T, error) {
	s, _ := ctx.Value(stockKey{}).(*stock)
	if s == nil {
		return makeOne()
	}
	found, state := s.take(key)
	switch state {
	case closed:
		return makeOne()
	case empty:
		n, _ := ctx.Value(severalKey{}).(int)
		var none T
		return none, &missing{of: s, key: key, total: max(1, n), make: func() (any, error) { return makeOne() }}
	}
	one, ok := found.(T)
	if !ok {
		return makeOne()
	}
	return one, nil
}

type (
	stockKey   struct{}
	severalKey struct{}
)

// Missing reports whether an error is one of Take that undoes a transaction: it is not
// to be turned into another one.
func Missing(err error) bool {
	var m *missing
	return errors.As(err, &m)
}

// missing is the reason for which a transaction is undone.
type missing struct {
	of    *stock
	key   any
	total int
	make  func() (any, error)
}

func (m *missing) Error() string {
	return fmt.Sprintf("%v is to be made before the transaction", m.key)
}

// stock is what was made for a transaction. A round that is undone leaves everything
// for the next one.
type stock struct {
	mu     sync.Mutex
	made   map[any][]any
	used   map[any]int
	inside bool
}

func (s *stock) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used, s.inside = map[any]int{}, true
}

func (s *stock) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside = false
}

// what take says beside what it found
const (
	full = iota
	empty
	closed
)

func (s *stock) take(key any) (any, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.inside {
		return nil, closed
	}
	n := s.used[key]
	if n >= len(s.made[key]) {
		return nil, empty
	}
	s.used[key]++
	return s.made[key][n], full
}

// add makes what was missing, on half of the processors: others want to go on.
func (s *stock) add(ctx context.Context, m *missing) error {
	made, faults := make([]any, m.total), make([]error, m.total)
	next := make(chan int)
	var wait sync.WaitGroup
	for range min(m.total, max(1, runtime.GOMAXPROCS(0)/2)) {
		wait.Go(func() {
			for i := range next {
				if faults[i] = ctx.Err(); faults[i] == nil {
					made[i], faults[i] = m.make()
				}
			}
		})
	}
	for i := range made {
		next <- i
	}
	close(next)
	wait.Wait()
	if err := cmp.Or(faults...); err != nil {
		return fmt.Errorf("make ahead: %w", err)
	}
	s.made[m.key] = append(s.made[m.key], made...)
	return nil
}
