package ipam_test

import (
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/ipam/ipamsql"
	"github.com/wispwright/wispwright/ipam/ipamtest"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// call is a request for an address, or its return.
type call struct {
	back netip.Addr // what is given back; invalid: an address is requested
}

// taken is a set of addresses of 10.0.0.0/26, as bits.
type taken uint64

func (s taken) lowest() int {
	for i := 1; i <= 62; i++ {
		if s&(1<<i) == 0 {
			return i
		}
	}
	return 0
}

// TestRequestsAreLinearizable: what callers at once get is what they would get one
// after the other, each the lowest address that is free then.
func TestRequestsAreLinearizable(t *testing.T) {
	model := porcupine.Model{
		Init: func() any { return taken(0) },
		Step: func(state, input, output any) (bool, any) {
			s, in := state.(taken), input.(call)
			if in.back.IsValid() {
				bit := taken(1) << in.back.As4()[3]
				return s&bit != 0, s &^ bit
			}
			lowest := s.lowest()
			if got := output.(netip.Addr); got.IsValid() {
				return lowest == int(got.As4()[3]), s | 1<<lowest
			}
			return lowest == 0, s
		},
	}
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		require.NoError(t, db.Migrate(t.Context(), ipamsql.Migrations()))
		stores, err := ipamsql.New(db)
		require.NoError(t, err)
		m := ipamtest.New(t, ipamtest.Storage{Tx: db, Stores: stores})
		n := &ipam.Subnet{Name: "x", Subnet: netip.MustParsePrefix("10.0.0.0/26")}
		require.NoError(t, m.Subnets.Create(t.Context(), n))
		var mu sync.Mutex
		var history []porcupine.Operation
		begin := time.Now()
		note := func(client int, in call, out netip.Addr, from time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			history = append(history, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: int64(from), Return: int64(time.Since(begin))})
		}
		var wg sync.WaitGroup
		faults := make([]error, 50)
		for c := range 50 {
			wg.Go(func() {
				for again := range 2 {
					from := time.Since(begin)
					a, err := m.Addresses.Request(t.Context(), wispwright.ScopeAll(), n.ID, "")
					if errors.Is(err, ipam.ErrExhausted) {
						note(c, call{}, netip.Addr{}, from)
						return
					}
					if faults[c] = err; err != nil {
						return
					}
					note(c, call{}, a.IPAddress, from)
					if c%4 > 0 || again > 0 {
						return
					}
					from = time.Since(begin)
					if faults[c] = m.Addresses.Delete(t.Context(), wispwright.ScopeAll(), a.ID); faults[c] != nil {
						return
					}
					note(c, call{a.IPAddress}, netip.Addr{}, from)
				}
			})
		}
		wg.Wait()
		require.NoError(t, errors.Join(faults...))
		result := porcupine.CheckOperationsTimeout(model, history, 20*time.Second)
		t.Logf("%d calls: %s", len(history), result)
		require.NotEqual(t, porcupine.Illegal, result, "no order of the %d calls explains what they got", len(history))
	})
}
