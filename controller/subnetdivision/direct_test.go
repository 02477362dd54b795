package subnetdivision_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/subnetdivision"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/ipam"
)

// recorded are the addresses of a subnet, in their order.
func (w *world) recorded(subnet wispwright.ID) (out []string) {
	w.t.Helper()
	found, err := w.ipam.Addresses.List(ctx(), all(), ipam.AddressFilter{SubnetID: subnet}, wispwright.Page{})
	require.NoError(w.t, err)
	for _, a := range found.Rows {
		out = append(out, a.IPAddress.String())
	}
	return out
}

// A rule without networks gives addresses of the subnet itself, and takes them back.
func TestAddressesOfTheSubnetItself(t *testing.T) {
	w := newWorldWith(t, &subnetdivision.Options{Direct: true, WarnBelow: -1})
	master := w.subnet("10.0.0.0/28", w.acme)
	before := w.device(w.acme)
	require.NoError(t, w.ipam.Addresses.Create(ctx(), &ipam.Address{SubnetID: master, IPAddress: netip.MustParseAddr("10.0.0.2")}))
	r := w.rule(master, "AP", 0, 0, 2, nil)
	require.Equal(t, int64(28), r.Size, "the subnet's")
	require.Equal(t, map[string]string{"AP_ip1": "10.0.0.1", "AP_ip2": "10.0.0.3", "AP_prefixlen": "28"}, w.variables(before), "those that are there get theirs")
	require.Empty(t, w.networks(master), "nothing is reserved")

	foreseen, err := w.Rules.Forecast(ctx(), r)
	require.NoError(t, err)
	require.Equal(t, "5", foreseen.Room.String(), "14 hosts, of which three are recorded")
	require.Equal(t, "AP_ip1 10.0.0.4/32 AP_ip2 10.0.0.5/32", foreseen.Networks[0].Keyword+" "+foreseen.Networks[0].Network.String()+" "+foreseen.Networks[1].Keyword+" "+foreseen.Networks[1].Network.String())
	d := w.device(w.acme)
	require.Equal(t, map[string]string{"AP_ip1": "10.0.0.4", "AP_ip2": "10.0.0.5", "AP_prefixlen": "28"}, w.variables(d))

	// label and number change; what is gone by hand is not made again
	_, err = w.Rules.Update(ctx(), all(), r.ID, func(r *subnetdivision.Rule) error { r.Label, r.NumberOfIPs = "ROOF", 3; return nil })
	require.NoError(t, err)
	third := w.variables(d)["ROOF_ip3"]
	require.ElementsMatch(t, []string{"10.0.0.6", "10.0.0.7"}, []string{third, w.variables(before)["ROOF_ip3"]}, "one each")
	require.Equal(t, map[string]string{"ROOF_ip1": "10.0.0.4", "ROOF_ip2": "10.0.0.5", "ROOF_ip3": third, "ROOF_prefixlen": "28"}, w.variables(d))
	for field, change := range map[string]func(*subnetdivision.Rule){
		"number_of_ips":     func(r *subnetdivision.Rule) { r.NumberOfIPs = 1 },
		"number_of_subnets": func(r *subnetdivision.Rule) { r.NumberOfSubnets = 1 },
	} {
		_, err = w.Rules.Update(ctx(), all(), r.ID, func(r *subnetdivision.Rule) error { change(r); return nil })
		require.ErrorContains(t, err, field)
	}
	entries, err := w.Entries(ctx(), subnetdivision.EntryFilter{DeviceID: d.Device.ID}, wispwright.Page{})
	require.NoError(t, err)
	_, err = w.ipam.Addresses.Update(ctx(), all(), entries.Rows[1].AddressID, func(a *ipam.Address) error { a.IPAddress = netip.MustParseAddr("10.0.0.9"); return nil })
	require.ErrorContains(t, err, "made by a subnet division rule")
	require.NoError(t, w.ipam.Addresses.Delete(ctx(), all(), entries.Rows[1].AddressID))
	require.Equal(t, map[string]string{"ROOF_ip1": "10.0.0.4", "ROOF_ip3": third, "ROOF_prefixlen": "28"}, w.variables(d))

	// networks that lie in the subnet are nobody's addresses, and a full subnet gives what it has
	require.NoError(t, w.ipam.Subnets.Create(ctx(), &ipam.Subnet{Name: "inside", Subnet: netip.MustParsePrefix("10.0.0.8/30"), OrganizationID: w.acme, MasterSubnetID: master}))
	require.Equal(t, "10.0.0.5 10.0.0.12 10.0.0.13", three(w.variables(w.device(w.acme))))
	require.Zero(t, w.full)
	require.Equal(t, "10.0.0.14  ", three(w.variables(w.device(w.acme))))
	require.Equal(t, 1, w.full)
	require.Empty(t, w.variables(w.device(w.acme)))
	require.Equal(t, 2, w.full)

	require.NoError(t, w.ctl.Devices.Delete(ctx(), all(), d.Device.ID, true))
	require.NotContains(t, w.recorded(master), "10.0.0.4")
	require.NoError(t, w.Rules.Delete(ctx(), all(), r.ID))
	require.Equal(t, []string{"10.0.0.2"}, w.recorded(master), "what nobody's rule recorded")
	left, err := w.Entries(ctx(), subnetdivision.EntryFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Zero(t, left.Total)
	require.Empty(t, w.variables(before))
}

func three(vars map[string]string) string {
	return vars["ROOF_ip1"] + " " + vars["ROOF_ip2"] + " " + vars["ROOF_ip3"]
}

// Rules without networks are refused unless they are allowed, and where the subnet cannot
// hold what they say.
func TestRulesWithoutNetworksAreRefused(t *testing.T) {
	for direct, cases := range map[bool]map[int64]string{
		false: {1: "number_of_subnets: Ensure this value is greater than or equal to 1."},
		true:  {0: "number_of_ips: Ensure", 15: "number_of_ips: The subnet 10.0.0.0/28 cannot accommodate 15", 5000: "number_of_ips: A device gets 4096", 14: ""},
	} {
		w := newWorldWith(t, &subnetdivision.Options{Direct: direct})
		master := w.subnet("10.0.0.0/28", w.acme)
		for ips, says := range cases {
			err := w.Rules.Create(ctx(), &subnetdivision.Rule{OrganizationID: w.acme, Type: subnetdivision.DeviceType, MasterSubnetID: master, Label: "A", NumberOfSubnets: 0, Size: 28, NumberOfIPs: ips})
			if says == "" {
				require.NoError(t, err)
				continue
			}
			require.ErrorContains(t, err, says)
		}
	}
	w := newWorldWith(t, &subnetdivision.Options{Direct: true})
	beta := w.organization("beta")
	err := w.Rules.Create(ctx(), &subnetdivision.Rule{OrganizationID: w.acme, Type: subnetdivision.DeviceType, MasterSubnetID: w.subnet("10.0.0.0/28", beta), Label: "A", NumberOfIPs: 1})
	require.ErrorContains(t, err, "Organization should be same as the subnet")
	err = w.Rules.Create(ctx(), &subnetdivision.Rule{OrganizationID: w.acme, Type: subnetdivision.DeviceType, MasterSubnetID: w.subnet("10.1.0.0/28", w.acme), Label: "A", NumberOfSubnets: -1, Size: 30, NumberOfIPs: 1})
	require.ErrorContains(t, err, "number_of_subnets")
}

// VPN clients have the first of their addresses as their own, in the server's subnet.
func TestClientsWithAddressesOfTheSubnetItself(t *testing.T) {
	w := newWorldWith(t, &subnetdivision.Options{Direct: true})
	subnet := w.subnet("10.0.0.0/24", w.acme)
	s := &vpn.Server{Name: "wg0", Host: "h", OrganizationID: w.acme, Backend: "openwisp_controller.vpn_backends.Wireguard", SubnetID: subnet, Config: `{"wireguard":[{"name":"wg0","port":51820}]}`}
	require.NoError(t, w.vpn.Servers.Create(ctx(), s))
	o := &controller.Template{Name: "vpn", OrganizationID: w.acme, Backend: "netjsonconfig.OpenWrt", Type: controller.TemplateVPN, VPNID: s.ID, AutoCert: true}
	require.NoError(t, w.ctl.Templates.Create(ctx(), o))
	r := w.rule(subnet, "AP", 0, 0, 2, ofVPN)
	d := w.device(w.acme, o.ID)
	address := func() string {
		t.Helper()
		found, err := w.vpn.Clients.List(ctx(), all(), vpn.ClientFilter{DeviceID: d.Device.ID}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, found.Rows, 1)
		return found.Rows[0].Address.String()
	}
	require.Equal(t, "10.0.0.2", address())
	require.Equal(t, "10.0.0.2", w.variables(d)["AP_ip1"])
	require.NoError(t, w.Rules.Delete(ctx(), all(), r.ID))
	require.Equal(t, "10.0.0.2", address(), "the server's subnet gives one again")
	require.Equal(t, []string{"10.0.0.1", "10.0.0.2"}, w.recorded(subnet))
	w.rule(subnet, "AP", 0, 0, 1, ofVPN)
	_, err := w.ctl.Devices.Deactivate(ctx(), all(), d.Device.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"10.0.0.1"}, w.recorded(subnet), "a client that ends takes nothing along")
}
