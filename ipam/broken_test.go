package ipam_test

import (
	"context"
	"net/netip"
	"sync"
	"testing"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/ipam/ipamtest"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
)

type (
	subnetStore  struct{ ipam.SubnetStore }
	addressStore struct{ ipam.AddressStore }
	holeStore    struct{ ipam.HoleStore }
)

// forgetful: addresses stay when their subnet goes.
type forgetful struct{ subnetStore }

func (s forgetful) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID) error {
	type plain interface {
		DeleteWhere(context.Context, func(*ipam.Subnet) bool) (int, error)
	}
	_, err := s.SubnetStore.(plain).DeleteWhere(ctx, func(n *ipam.Subnet) bool { return n.ID == id })
	return err
}

// careless: the account of a subnet is written without anybody waiting.
type careless struct{ subnetStore }

func (s careless) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*ipam.Subnet) error) (*ipam.Subnet, error) {
	n, err := s.Get(ctx, scope, id)
	if err == nil {
		err = change(n)
	}
	if err != nil {
		return nil, err
	}
	return n, nil // and nothing is stored
}

// byText finds networks by the order of their texts.
type byText struct{ subnetStore }

func (s byText) List(ctx context.Context, scope wispwright.Scope, f ipam.SubnetFilter, p wispwright.Page) (wispwright.Items[ipam.Subnet], error) {
	if f.SubnetWithin.IsValid() {
		f.SubnetWithin = netip.Prefix{}
		p.Limit = 0
	}
	return s.SubnetStore.List(ctx, scope, f, p)
}

// twice: an address may be stored again.
type twice struct{ addressStore }

func (s twice) InsertMany(ctx context.Context, list []*ipam.Address) error {
	for _, a := range list {
		if err := s.Insert(ctx, a); err != nil {
			return nil
		}
	}
	return nil
}

// left: addresses do not follow their subnet.
type left struct{ addressStore }

func (left) Move(context.Context, wispwright.ID, wispwright.ID) error { return nil }

// unsorted returns any hole.
type unsorted struct {
	holeStore
	mu   *sync.Mutex
	last map[wispwright.ID]netip.Addr
}

func (s unsorted) Add(ctx context.Context, subnet wispwright.ID, list ...netip.Addr) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(list) > 0 {
		s.last[subnet] = list[0]
	}
	return s.HoleStore.Add(ctx, subnet, list...)
}

func (s unsorted) First(ctx context.Context, subnet wispwright.ID) (netip.Addr, error) {
	if _, err := s.HoleStore.First(ctx, subnet); err != nil {
		return netip.Addr{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last[subnet], nil
}

// kept forgets no hole.
type kept struct{ holeStore }

func (kept) Remove(_ context.Context, _ wispwright.ID, list ...netip.Addr) (int, error) {
	return len(list), nil
}

// The suite fails for each of them.
func TestBrokenStoragesFail(t *testing.T) {
	broken := map[string]func(*testing.T){}
	for name, spoil := range map[string]func(*ipamtest.Storage){
		"forgetful": func(s *ipamtest.Storage) { s.Stores.Subnets = forgetful{subnetStore{s.Stores.Subnets}} },
		"careless":  func(s *ipamtest.Storage) { s.Stores.Subnets = careless{subnetStore{s.Stores.Subnets}} },
		"byText":    func(s *ipamtest.Storage) { s.Stores.Subnets = byText{subnetStore{s.Stores.Subnets}} },
		"twice":     func(s *ipamtest.Storage) { s.Stores.Addresses = twice{addressStore{s.Stores.Addresses}} },
		"left":      func(s *ipamtest.Storage) { s.Stores.Addresses = left{addressStore{s.Stores.Addresses}} },
		"unsorted": func(s *ipamtest.Storage) {
			s.Stores.Holes = unsorted{holeStore{s.Stores.Holes}, &sync.Mutex{}, map[wispwright.ID]netip.Addr{}}
		},
		"kept": func(s *ipamtest.Storage) { s.Stores.Holes = kept{holeStore{s.Stores.Holes}} },
	} {
		broken[name] = func(t *testing.T) {
			ipamtest.Run(t, func(*testing.T) ipamtest.Storage {
				m := memstore.New()
				s := ipamtest.Storage{Tx: m, Stores: ipam.NewMemory(m)}
				spoil(&s)
				return s
			})
		}
	}
	storetest.MustFail(t, broken)
}
