package whois_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/whois"
	"github.com/wispwright/wispwright/controller/whois/whoistest"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
)

func TestMemory(t *testing.T) {
	whoistest.Run(t, func(*testing.T) whoistest.Storage {
		m := memstore.New()
		return whoistest.Storage{Tx: m, Stores: whois.NewMemory(m)}
	})
}

type recordStore struct{ whois.RecordStore }

// anew: a second mark replaces the first.
type anew struct{ recordStore }

func (s anew) Mark(ctx context.Context, since *time.Time, addresses ...netip.Addr) error {
	if err := s.RecordStore.Mark(ctx, nil, addresses...); err != nil || since == nil {
		return err
	}
	return s.RecordStore.Mark(ctx, since, addresses...)
}

// forever: marks do not end.
type forever struct{ recordStore }

func (s forever) Mark(ctx context.Context, since *time.Time, addresses ...netip.Addr) error {
	if since == nil {
		return nil
	}
	return s.RecordStore.Mark(ctx, since, addresses...)
}

// timeless: since when an address is left does not count.
type timeless struct{ recordStore }

func (s timeless) List(ctx context.Context, scope wispwright.Scope, f whois.RecordFilter, p wispwright.Page) (wispwright.Items[whois.Record], error) {
	f.UnreferencedBefore = time.Time{}
	return s.RecordStore.List(ctx, scope, f, p)
}

func TestBrokenStoragesAreFound(t *testing.T) {
	broken := map[string]func(t *testing.T){}
	for name, change := range map[string]func(*whois.Stores){
		"anew":     func(s *whois.Stores) { s.Records = anew{recordStore{s.Records}} },
		"forever":  func(s *whois.Stores) { s.Records = forever{recordStore{s.Records}} },
		"timeless": func(s *whois.Stores) { s.Records = timeless{recordStore{s.Records}} },
	} {
		broken[name] = func(t *testing.T) {
			whoistest.Run(t, func(*testing.T) whoistest.Storage {
				m := memstore.New()
				s := whois.NewMemory(m)
				change(&s)
				return whoistest.Storage{Tx: m, Stores: s}
			})
		}
	}
	storetest.MustFail(t, broken)
}
