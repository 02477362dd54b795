package ipam_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
)

func TestParseNetwork(t *testing.T) {
	for given, want := range map[string]string{
		"10.0.0.0/24": "10.0.0.0/24", "10.0.0.7/24": "10.0.0.0/24", "FD00:0:0::9f7/64": "fd00::/64",
		"192.168.10.0/0.0.0.255": "192.168.10.0/24", "192.168.10.0/255.255.255.0": "192.168.10.0/24", "1.2.3.4/0.0.0.0": "0.0.0.0/0", "1.2.3.4/255.255.255.255": "1.2.3.4/32",
		"1.2.3.4": "1.2.3.4/32", "fd00::1": "fd00::1/128", "10.0.0.0/024": "10.0.0.0/24", "0.0.0.0/0": "0.0.0.0/0", "::/0": "::/0",
		"": "", "foo": "", "10.0.0.0/33": "", "10.0.0.0/-1": "", "10.0.0.0/+8": "", " 10.0.0.0/24 ": "", "10.0.0/24": "", "010.0.0.0/24": "", "10.0.0.0/255.0.255.0": "",
		"fd00::/129": "", "fd00::/ffff::": "", "fe80::1%eth0/64": "", "10.0.0.0/": "", "10.0.0.0/24/24": "", "10.0.0.0/99999999999": "", "1234": "",
	} {
		p, err := ipam.ParseNetwork(given)
		if want == "" {
			require.EqualError(t, err, "'"+given+"' does not appear to be an IPv4 or IPv6 network", given)
			continue
		}
		require.NoError(t, err, given)
		require.Equal(t, want, p.String(), given)
	}
	for _, wrong := range []string{"", "x", "10.0.0.999", "fe80::1%eth0", "10.0.0.0/24"} {
		_, err := ipam.ParseAddress(wrong)
		require.EqualError(t, err, "'"+wrong+"' does not appear to be an IPv4 or IPv6 address")
	}
}

// TestHostRange has the table of the specification (ipam §1.4).
func TestHostRange(t *testing.T) {
	for network, want := range map[string][3]string{
		"10.0.0.0/24": {"10.0.0.1", "10.0.0.254", "254"}, "10.0.0.0/30": {"10.0.0.1", "10.0.0.2", "2"}, "10.0.0.0/31": {"10.0.0.0", "10.0.0.1", "2"},
		"10.0.0.9/32": {"10.0.0.9", "10.0.0.9", "1"}, "0.0.0.0/0": {"0.0.0.1", "255.255.255.254", "4294967294"},
		"fd00::/64": {"fd00::1", "fd00::ffff:ffff:ffff:ffff", "18446744073709551615"}, "fd00::/126": {"fd00::1", "fd00::3", "3"}, "fd00::/127": {"fd00::", "fd00::1", "2"},
		"fd00::9/128": {"fd00::9", "fd00::9", "1"}, "::/0": {"::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "340282366920938463463374607431768211455"},
	} {
		p := netip.MustParsePrefix(network)
		hosts := ipam.HostRange(p)
		require.Equal(t, want, [3]string{hosts.From().String(), hosts.To().String(), ipam.HostCount(p).String()}, network)
	}
}

func TestStepAndSupernets(t *testing.T) {
	for _, c := range []struct {
		from string
		n    int64
		want string
	}{
		{"10.0.0.255", 1, "10.0.1.0"}, {"10.0.1.0", -256, "10.0.0.0"}, {"255.255.255.255", 1, ""}, {"0.0.0.0", -1, ""}, {"fd00::ffff", 256, "fd00::1:ff"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00", 256, ""},
	} {
		got, ok := ipam.Step(netip.MustParseAddr(c.from), c.n)
		require.Equal(t, c.want != "", ok, c)
		if ok {
			require.Equal(t, c.want, got.String())
		}
	}
	above := ipam.Supernets(netip.MustParsePrefix("10.1.2.0/24"))
	require.Len(t, above, 25)
	require.Equal(t, "0.0.0.0/0", above[0].String())
	require.Equal(t, "10.1.0.0/16", above[16].String())
	require.Equal(t, "10.1.2.0/24", above[24].String())
}

func TestSearch(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.7": "10.0.0.7/32", " 10.0.0.7 ": "10.0.0.7/32", "10.0.0.0/24": "10.0.0.0/24", "10.": "10.0.0.0/8", "10.20": "10.20.0.0/16", "10.20.30.": "10.20.30.0/24",
		"fd00:": "fd00::/16", "fd00::": "fd00::/128", "fd00:12:": "fd00:12::/32", "fd00::7": "fd00::7/128",
		"10": "", "router": "", "10.x": "", "10.300.": "", "": "", "a:b": "", "host 10.0.0.1": "", "1.2.3.4.5": "", "zz:": "",
	} {
		p, ok := ipam.SearchedNetwork(text)
		require.Equal(t, want != "", ok, text)
		if ok {
			require.Equal(t, want, p.String(), text)
		}
	}
	var subnets ipam.SubnetFilter
	ipam.SearchSubnets(&subnets, "10.0.0.7")
	require.Equal(t, ipam.SubnetFilter{Subnets: wispwright.Only(ipam.Supernets(netip.MustParsePrefix("10.0.0.7/32"))...)}, subnets)
	subnets = ipam.SubnetFilter{}
	ipam.SearchSubnets(&subnets, "10.20.")
	require.Equal(t, ipam.SubnetFilter{SubnetWithin: netip.MustParsePrefix("10.20.0.0/16")}, subnets)
	subnets = ipam.SubnetFilter{}
	ipam.SearchSubnets(&subnets, "lan")
	require.Equal(t, ipam.SubnetFilter{Search: "lan"}, subnets)
	var addresses ipam.AddressFilter
	ipam.SearchAddresses(&addresses, "fd00:")
	require.Equal(t, ipam.AddressFilter{IPAddressWithin: netip.MustParsePrefix("fd00::/16")}, addresses)
	addresses = ipam.AddressFilter{}
	ipam.SearchAddresses(&addresses, "printer")
	require.Equal(t, ipam.AddressFilter{Search: "printer"}, addresses)
}
