package recovery_test

import (
	"context"
	"testing"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/recovery"
	"github.com/wispwright/wispwright/controller/recovery/recoverytest"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
)

func harness(change func(recovery.Store) recovery.Store) func(t *testing.T) recoverytest.Storage {
	return func(*testing.T) recoverytest.Storage {
		m := memstore.New()
		s := recovery.NewMemory(m)
		if change != nil {
			s = change(s)
		}
		return recoverytest.Storage{Tx: m, Store: s}
	}
}

func TestMemory(t *testing.T) { recoverytest.Run(t, harness(nil)) }

// late prunes what is as old as the moment too.
type late struct{ recovery.Store }

func (s late) Prune(ctx context.Context, before time.Time) (int, error) {
	return s.Store.Prune(ctx, before.Add(time.Second))
}

// loyal forgets nothing.
type loyal struct{ recovery.Store }

func (loyal) Forget(context.Context, wispwright.ID) error { return nil }

func TestTheSuiteFindsBrokenStorages(t *testing.T) {
	storetest.MustFail(t, map[string]func(*testing.T){
		"prunes too much": func(t *testing.T) {
			recoverytest.Run(t, harness(func(s recovery.Store) recovery.Store { return late{s} }))
		},
		"forgets nothing": func(t *testing.T) {
			recoverytest.Run(t, harness(func(s recovery.Store) recovery.Store { return loyal{s} }))
		},
	})
}
