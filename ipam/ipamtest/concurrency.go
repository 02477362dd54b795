package ipamtest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
)

const racers = 50

// race runs fn as many times at once and returns the errors.
func race(fn func(i int) error) []error {
	out := make([]error, racers)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range racers {
		wg.Go(func() {
			<-start
			out[i] = fn(i)
		})
	}
	close(start)
	wg.Wait()
	return out
}

// RunConcurrency checks that callers who come at once do not get the same
// address, nor networks that overlap.
func RunConcurrency(t *testing.T, h Harness) {
	ctx := context.Background()
	t.Run("requests", func(t *testing.T) {
		m := New(t, h(t))
		n := &ipam.Subnet{Name: "x", Subnet: prefix("10.0.0.0/26")} // 62 hosts
		require.NoError(t, m.Subnets.Create(ctx, n))
		var mu sync.Mutex
		got := map[netip.Addr]int{}
		request := func(int) error {
			a, err := m.Addresses.Request(ctx, all(), n.ID, "")
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				got[a.IPAddress]++
			}
			return err
		}
		for _, err := range race(request) {
			require.NoError(t, err)
		}
		require.Len(t, got, racers, "never two equal addresses")
		exhausted := 0
		for _, err := range race(request) {
			if errors.Is(err, ipam.ErrExhausted) {
				exhausted++
				continue
			}
			require.NoError(t, err)
		}
		require.Equal(t, 2*racers-62, exhausted)
		require.Len(t, got, 62)
		verify(t, m)
	})
	t.Run("one address", func(t *testing.T) {
		m := New(t, h(t))
		n := &ipam.Subnet{Name: "x", Subnet: prefix("10.0.0.0/26")}
		require.NoError(t, m.Subnets.Create(ctx, n))
		won := 0
		for _, err := range race(func(int) error {
			return m.Addresses.Create(ctx, &ipam.Address{SubnetID: n.ID, IPAddress: addr("10.0.0.7")})
		}) {
			if err == nil {
				won++
				continue
			}
			require.Equal(t, "ip_address: IP address already used.", said(err))
		}
		require.Equal(t, 1, won)
		verify(t, m)
	})
	t.Run("coming and going", func(t *testing.T) {
		m := New(t, h(t))
		n := &ipam.Subnet{Name: "x", Subnet: prefix("10.0.0.0/26")}
		require.NoError(t, m.Subnets.Create(ctx, n))
		for _, err := range race(func(i int) error {
			a, err := m.Addresses.Request(ctx, all(), n.ID, "")
			if err != nil || i%2 == 0 {
				return err
			}
			return m.Addresses.Delete(ctx, all(), a.ID)
		}) {
			require.NoError(t, err)
		}
		verify(t, m)
	})
	t.Run("overlapping subnets", func(t *testing.T) {
		m := New(t, h(t))
		won := 0
		for _, err := range race(func(i int) error {
			p := netip.PrefixFrom(addr("10.0.0.1"), 8+i%20).Masked() // all contain 10.0.0.1
			return m.Subnets.Create(ctx, &ipam.Subnet{Name: fmt.Sprint(i), Subnet: p, OrganizationID: id(1)})
		}) {
			if err == nil {
				won++
				continue
			}
			var invalid *wispwright.ValidationError
			require.ErrorAs(t, err, &invalid)
		}
		require.Equal(t, 1, won, "one of those that overlap")
		verify(t, m)
	})
	t.Run("shared and owned subnets", func(t *testing.T) {
		m := New(t, h(t))
		won := map[bool]int{}
		for i, err := range race(func(i int) error {
			n := &ipam.Subnet{Name: fmt.Sprint(i), Subnet: prefix("10.0.0.0/24"), OrganizationID: id(1 + i)}
			if i%5 == 0 {
				n.OrganizationID = wispwright.ID{}
			}
			return m.Subnets.Create(ctx, n)
		}) {
			if err == nil {
				won[i%5 == 0]++
			}
		}
		require.True(t, won[true] == 1 && won[false] == 0 || won[true] == 0 && won[false] == racers*4/5, "a shared one, or those of organizations: %v", won)
	})
	t.Run("room", func(t *testing.T) {
		m := New(t, h(t))
		root := &ipam.Subnet{Name: "x", Subnet: prefix("10.0.0.0/24")}
		require.NoError(t, m.Subnets.Create(ctx, root))
		made := 0
		for _, err := range race(func(i int) error {
			_, err := m.Subnets.RequestSubnet(ctx, all(), root.ID, 29, ipam.Subnet{Name: fmt.Sprint(i), OrganizationID: id(1 + i%3)})
			return err
		}) {
			if err == nil {
				made++
				continue
			}
			require.ErrorIs(t, err, ipam.ErrExhausted)
		}
		require.Equal(t, 32, made)
		verify(t, m)
	})
}
