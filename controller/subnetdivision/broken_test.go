package subnetdivision_test

import (
	"context"
	"testing"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/subnetdivision"
	"github.com/wispwright/wispwright/controller/subnetdivision/subnetdivisiontest"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
)

type (
	ruleStore  struct{ subnetdivision.RuleStore }
	entryStore struct{ subnetdivision.EntryStore }
)

// loose: nobody holds the rules.
type loose struct{ ruleStore }

func (loose) Hold(context.Context, wispwright.ID) ([]*subnetdivision.Rule, error) { return nil, nil }

// blind: what a filter says of rules does not count.
type blind struct{ ruleStore }

func (s blind) List(ctx context.Context, scope wispwright.Scope, f subnetdivision.RuleFilter, p wispwright.Page) (wispwright.Items[subnetdivision.Rule], error) {
	f.MasterSubnetIDs = wispwright.Among[wispwright.ID]{}
	return s.RuleStore.List(ctx, scope, f, p)
}

// mixed: networks and addresses are the same.
type mixed struct{ entryStore }

func (s mixed) List(ctx context.Context, scope wispwright.Scope, f subnetdivision.EntryFilter, p wispwright.Page) (wispwright.Items[subnetdivision.Entry], error) {
	f.Networks = nil
	return s.EntryStore.List(ctx, scope, f, p)
}

// kept: entries are not deleted.
type kept struct{ entryStore }

func (kept) DeleteMany(context.Context, ...wispwright.ID) error { return nil }

// lossy: of several entries the last is lost.
type lossy struct{ entryStore }

func (s lossy) InsertMany(ctx context.Context, list []*subnetdivision.Entry) error {
	return s.EntryStore.InsertMany(ctx, list[:max(0, len(list)-1)])
}

func TestBrokenStoragesAreFound(t *testing.T) {
	broken := map[string]func(t *testing.T){}
	for name, change := range map[string]func(*subnetdivision.Stores){
		"loose": func(s *subnetdivision.Stores) { s.Rules = loose{ruleStore{s.Rules}} },
		"blind": func(s *subnetdivision.Stores) { s.Rules = blind{ruleStore{s.Rules}} },
		"mixed": func(s *subnetdivision.Stores) { s.Entries = mixed{entryStore{s.Entries}} },
		"kept":  func(s *subnetdivision.Stores) { s.Entries = kept{entryStore{s.Entries}} },
		"lossy": func(s *subnetdivision.Stores) { s.Entries = lossy{entryStore{s.Entries}} },
	} {
		broken[name] = func(t *testing.T) {
			subnetdivisiontest.Run(t, func(*testing.T) subnetdivisiontest.Storage {
				m := memstore.New()
				s := subnetdivision.NewMemory(m)
				change(&s)
				return subnetdivisiontest.Storage{Tx: m, Stores: s}
			})
		}
	}
	storetest.MustFail(t, broken)
}
