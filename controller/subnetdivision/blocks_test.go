package subnetdivision_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/subnetdivision"
	"github.com/wispwright/wispwright/ipam"
)

// divided are the networks that a device has, in their order.
func (w *world) divided(device wispwright.ID) (out []string) {
	w.t.Helper()
	yes := true
	found, err := w.Entries(ctx(), subnetdivision.EntryFilter{DeviceID: device, Networks: &yes}, wispwright.Page{})
	require.NoError(w.t, err)
	for _, e := range found.Rows {
		out = append(out, e.Value)
	}
	return out
}

func (w *world) forecast(r *subnetdivision.Rule) (room string, next []string) {
	w.t.Helper()
	f, err := w.Rules.Forecast(ctx(), r)
	require.NoError(w.t, err)
	for _, n := range f.Networks {
		next = append(next, n.Network.String())
	}
	return f.Room.String(), next
}

func TestBlocksThatWereGivenBack(t *testing.T) {
	for _, reuse := range []bool{false, true} {
		w := newWorldWith(t, &subnetdivision.Options{Reuse: reuse})
		master := w.subnet("10.0.0.0/24", w.acme)
		r := w.rule(master, "LAN", 2, 28, 1, nil)
		first, second := w.device(w.acme), w.device(w.acme)
		require.Equal(t, []string{"10.0.0.48/28", "10.0.0.64/28"}, w.divided(second.Device.ID))
		require.NoError(t, w.ctl.Devices.Delete(ctx(), all(), first.Device.ID, true))
		// somebody's own address lies in what was given back
		require.NoError(t, w.ipam.Addresses.Create(ctx(), &ipam.Address{SubnetID: master, IPAddress: netip.MustParseAddr("10.0.0.17")}))
		room, next := w.forecast(r)
		third := w.device(w.acme)
		require.Equal(t, next, w.divided(third.Device.ID), "what was foreseen")
		if reuse {
			require.Equal(t, "6", room) // 11 blocks behind, and one of the two before
			require.Equal(t, []string{"10.0.0.32/28", "10.0.0.80/28"}, next)
		} else {
			require.Equal(t, "5", room)
			require.Equal(t, []string{"10.0.0.80/28", "10.0.0.96/28"}, next)
		}
		// another size finds what is aligned to it
		other := &subnetdivision.Rule{OrganizationID: w.acme, Type: subnetdivision.DeviceType, MasterSubnetID: master, Label: "BIG", NumberOfSubnets: 1, Size: 26, NumberOfIPs: 1}
		_, next = w.forecast(other)
		require.Equal(t, []string{"10.0.0.128/26"}, next)
	}
}

func TestASubnetBecomesScarce(t *testing.T) {
	w := newWorldWith(t, &subnetdivision.Options{WarnBelow: 3})
	var told []int64
	w.Scarce.Subscribe("keep", func(_ context.Context, list ...subnetdivision.Scarcity) {
		for _, s := range list {
			told = append(told, s.Room)
		}
	})
	w.rule(w.subnet("10.0.0.0/27", w.acme), "LAN", 1, 30, 1, nil) // 8 blocks, one reserved
	for n := range 8 {
		w.device(w.acme)
		if n < 3 {
			require.Empty(t, told)
		}
	}
	require.Equal(t, []int64{3}, told, "once, when it becomes so")
	require.Equal(t, 1, w.full)
}

func TestWhatRulesMadeStaysAsItIs(t *testing.T) {
	w := newWorld(t)
	master := w.subnet("10.0.0.0/24", w.acme)
	elsewhere := w.subnet("10.1.0.0/24", w.acme)
	w.rule(master, "LAN", 1, 28, 2, nil)
	d := w.device(w.acme)
	found, err := w.Entries(ctx(), subnetdivision.EntryFilter{DeviceID: d.Device.ID}, wispwright.Page{})
	require.NoError(t, err)
	network, address := found.Rows[0], found.Rows[1]
	refused := func(err error, field string) {
		t.Helper()
		var v *wispwright.ValidationError
		require.True(t, errors.As(err, &v), "%v", err)
		require.True(t, v.Has(field), "%v", err)
	}
	_, err = w.ipam.Subnets.Update(ctx(), all(), network.SubnetID, func(n *ipam.Subnet) error { n.Subnet = netip.MustParsePrefix("10.0.0.16/29"); return nil })
	refused(err, "subnet")
	_, err = w.ipam.Addresses.Update(ctx(), all(), address.AddressID, func(a *ipam.Address) error { a.IPAddress = netip.MustParseAddr("10.0.0.20"); return nil })
	refused(err, "ip_address")
	_, err = w.ipam.Subnets.Update(ctx(), all(), network.SubnetID, func(n *ipam.Subnet) error { n.Description = "of the roof"; return nil })
	require.NoError(t, err)
	_, err = w.ipam.Addresses.Update(ctx(), all(), address.AddressID, func(a *ipam.Address) error { a.Description = "of the roof"; return nil })
	require.NoError(t, err)
	_, err = w.ipam.Subnets.Update(ctx(), all(), elsewhere, func(n *ipam.Subnet) error { n.Subnet = netip.MustParsePrefix("10.1.0.0/25"); return nil })
	require.NoError(t, err, "others change as they did")
	require.Equal(t, []string{"10.0.0.16/28"}, w.divided(d.Device.ID))
}
