package bulk_test

import (
	"context"
	"testing"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/bulk"
	"github.com/wispwright/wispwright/controller/bulk/bulktest"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
)

func harness(change func(*bulk.Stores)) func(t *testing.T) bulktest.Storage {
	return func(*testing.T) bulktest.Storage {
		m := memstore.New()
		s := bulk.NewMemory(m)
		if change != nil {
			change(&s)
		}
		return bulktest.Storage{Tx: m, Stores: s}
	}
}

func TestMemory(t *testing.T) { bulktest.Run(t, harness(nil)) }

// forgetful does nothing again.
type forgetful struct{ bulk.ItemStore }

func (forgetful) Again(context.Context, wispwright.ID, bulk.State) error { return nil }

// eager makes everything wait again.
type eager struct{ bulk.ItemStore }

func (s eager) Again(ctx context.Context, _ wispwright.ID, from bulk.State) error {
	for _, task := range []wispwright.ID{{0: 0xbb, 6: 0x40}, {0: 0xbb, 6: 0x40, 15: 1}} {
		if err := s.ItemStore.Again(ctx, task, from); err != nil {
			return err
		}
	}
	return nil
}

func TestTheSuiteFindsBrokenStorages(t *testing.T) {
	storetest.MustFail(t, map[string]func(*testing.T){
		"nothing again":    func(t *testing.T) { bulktest.Run(t, harness(func(s *bulk.Stores) { s.Items = forgetful{s.Items} })) },
		"everything again": func(t *testing.T) { bulktest.Run(t, harness(func(s *bulk.Stores) { s.Items = eager{s.Items} })) },
	})
}
