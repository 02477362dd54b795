package subnetdivision_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/subnetdivision"
	"github.com/wispwright/wispwright/ipam"
)

// A forecast tells what the next device then gets, how often that goes on, and changes
// nothing.
func TestForecast(t *testing.T) {
	for _, network := range []string{"10.0.0.0/24", "fd00::/60"} {
		w := newWorld(t)
		master := w.subnet(network, w.acme)
		size := int64(28)
		if network[0] == 'f' {
			size = 64
		}
		rule := &subnetdivision.Rule{OrganizationID: w.acme, Type: subnetdivision.DeviceType, MasterSubnetID: master, Label: "OW", NumberOfSubnets: 2, Size: size, NumberOfIPs: 2}
		foreseen, err := w.Rules.Forecast(ctx(), rule)
		require.NoError(t, err)
		require.Equal(t, int64(7), foreseen.Room.Int64(), "sixteen blocks, of which one is reserved")
		require.Empty(t, w.networks(master), "nothing is made")
		require.NoError(t, w.Rules.Create(ctx(), rule))
		for n := range 7 {
			foreseen, err := w.Rules.Forecast(ctx(), rule)
			require.NoError(t, err)
			require.Equal(t, int64(7-n), foreseen.Room.Int64())
			got := w.variables(w.device(w.acme))
			require.Len(t, foreseen.Networks, 2)
			for i, n := range foreseen.Networks {
				require.Equal(t, got[n.Keyword], n.Network.String())
				require.Equal(t, []string{got[fmt.Sprintf("OW_subnet%d_ip1", i+1)], got[fmt.Sprintf("OW_subnet%d_ip2", i+1)]}, []string{n.First.String(), n.Last.String()})
			}
		}
		foreseen, err = w.Rules.Forecast(ctx(), rule)
		require.NoError(t, err)
		require.Zero(t, foreseen.Room.Sign())
		require.Len(t, foreseen.Networks, 1, "one block is left")
		require.Len(t, w.variables(w.device(w.acme)), 4, "which the next device gets: a network, two addresses, and the prefix")
		foreseen, err = w.Rules.Forecast(ctx(), rule)
		require.NoError(t, err)
		require.Empty(t, foreseen.Networks)

		same := *rule
		same.ID = wispwright.ID{}
		_, err = w.Rules.Forecast(ctx(), &same)
		require.ErrorContains(t, err, "label: ")
		same.Label, same.Size = "B", 8
		_, err = w.Rules.Forecast(ctx(), &same)
		require.Error(t, err, "what could not be stored")
	}
}

// What is taken over is stored, and no device gets anything because of it; given by
// hand a device has it once, and it can be taken back.
func TestTakenOverAndByHand(t *testing.T) {
	w := newWorld(t)
	master := w.subnet("10.0.0.0/24", w.acme)
	d := w.device(w.acme)
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	rule := &subnetdivision.Rule{ID: wispwright.NewID(), OrganizationID: w.acme, Type: subnetdivision.DeviceType, MasterSubnetID: master, Label: "OW", NumberOfSubnets: 2, Size: 28, NumberOfIPs: 1, Created: at, Modified: at}
	for _, want := range []string{"add", ""} {
		action, err := w.Rules.Restore(ctx(), rule)
		require.NoError(t, err)
		require.Equal(t, want, action)
	}
	odd := *rule
	odd.ID, odd.Type = wispwright.NewID(), "odd"
	_, err := w.Rules.Restore(ctx(), &odd)
	require.ErrorContains(t, err, "type: ")
	require.Empty(t, w.variables(d))

	var first []*subnetdivision.Entry
	for range 2 {
		given, err := w.Give(ctx(), rule.ID, d.Device)
		require.NoError(t, err)
		require.NotEmpty(t, given)
		if first != nil {
			require.Len(t, given, len(first), "nothing is given twice")
		}
		first = given
	}
	require.Len(t, w.networks(master), 3, "the reserved one and two of the device")
	_, err = w.Give(ctx(), wispwright.NewID(), d.Device)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	require.NoError(t, w.TakeBack(ctx(), d.Device.ID, wispwright.NewID()), "of another rule")
	require.Len(t, w.networks(master), 3)
	require.NoError(t, w.TakeBack(ctx(), d.Device.ID))
	require.Empty(t, w.variables(d))
	require.Len(t, w.networks(master), 1)

	entry := &subnetdivision.Entry{ID: wispwright.NewID(), RuleID: rule.ID, DeviceID: d.Device.ID, Keyword: "OW_prefixlen", Value: "28"}
	for _, want := range []string{"add", ""} {
		action, err := w.RestoreEntry(ctx(), entry)
		require.NoError(t, err)
		require.Equal(t, want, action)
	}
	require.Error(t, w.Work(ctx(), subnetdivision.Job{Kind: "odd", ID: rule.ID}))
	require.NoError(t, w.Work(ctx(), subnetdivision.Job{Kind: subnetdivision.JobProvision, ID: wispwright.NewID()}), "a rule that is gone")
	require.NotEqual(t, subnetdivision.Job{Kind: "a"}.Key(), subnetdivision.Job{Kind: "b"}.Key())
	require.NoError(t, w.Start(ctx()))
	var names []string
	for _, e := range w.Events() {
		names = append(names, e.Name)
	}
	require.Subset(t, names, []string{"subnetdivision.Rules.Saved", "subnetdivision.Rules.Deleting", "subnetdivision.Rules.Changed", "subnetdivision.Provisioned", "subnetdivision.Exhausted", "subnetdivision.Scarce"})
	require.NotEmpty(t, w.Kinds())
}

// A rule has to fit into the subnet that it divides.
func TestCheck(t *testing.T) {
	org := wispwright.NewID()
	master := &ipam.Subnet{Subnet: netip.MustParsePrefix("10.0.0.0/24"), OrganizationID: org}
	wide := &ipam.Subnet{Subnet: netip.MustParsePrefix("fd00::/32")}
	for says, c := range map[string]struct {
		of                *ipam.Subnet
		subnets, size, ip int64
		org               wispwright.ID
	}{
		"number_of_subnets: Ensure": {master, 0, 28, 1, org}, "number_of_ips: Ensure": {master, 1, 28, 0, org}, "size: Master subnet cannot accommodate subnets of size /23": {master, 1, 23, 1, org},
		"size: Master subnet cannot accommodate subnets of size /33": {master, 1, 33, 1, org}, "number_of_subnets: ": {master, 15, 28, 1, org}, "organization: ": {master, 1, 28, 1, wispwright.NewID()},
		"number_of_ips: Generated": {master, 1, 28, 17, org}, "number_of_ips: A device gets": {wide, 1, 64, 4097, org}, "number_of_ips: A device  gets": {wide, 1025, 64, 1, org},
	} {
		err := subnetdivision.Check(&subnetdivision.Rule{OrganizationID: c.org, NumberOfSubnets: c.subnets, Size: c.size, NumberOfIPs: c.ip}, c.of)
		require.ErrorContains(t, err, strings.ReplaceAll(says, "  ", " "))
	}
	for _, r := range []subnetdivision.Rule{{NumberOfSubnets: 14, Size: 28, NumberOfIPs: 16, OrganizationID: org}, {NumberOfSubnets: 254, Size: 32, NumberOfIPs: 1, OrganizationID: org}} {
		require.NoError(t, subnetdivision.Check(&r, master))
	}
	require.NoError(t, subnetdivision.Check(&subnetdivision.Rule{NumberOfSubnets: 1024, Size: 64, NumberOfIPs: 4096, OrganizationID: org}, wide), "shared subnets are everybody's")
	require.Equal(t, "subnetdivisionrule", subnetdivision.Models()[0].Name)
}
