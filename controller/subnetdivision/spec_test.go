package subnetdivision_test

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/subnetdivision"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/x509"
)

// A device has networks with its first configuration, keeps them out of service, and is
// told of once for each rule (spec: subnet-division §2, §3.7, §5).
func TestFromTheFirstConfigurationToTheEnd(t *testing.T) {
	w := newWorld(t)
	var told []string
	w.Provisioned.Subscribe("keep", func(_ context.Context, list ...subnetdivision.Provisioned) error {
		for _, p := range list {
			var keywords []string
			for _, e := range p.Entries {
				keywords = append(keywords, e.Keyword)
			}
			told = append(told, p.Rule.Label+": "+strings.Join(keywords, " "))
		}
		return nil
	})
	master := w.subnet("10.0.0.0/27", w.acme)
	require.NoError(t, w.ipam.Addresses.Create(ctx(), &ipam.Address{SubnetID: master, IPAddress: netip.MustParseAddr("10.0.0.1")}))
	w.rule(master, "A", 1, 29, 1, nil)
	w.rule(master, "B", 1, 29, 2, nil)
	bare := &controller.Detail{Device: &controller.Device{OrganizationID: w.acme, Name: "bare", MACAddress: "02:00:00:00:FF:01"}}
	require.NoError(t, w.ctl.Devices.Create(ctx(), bare))
	require.Empty(t, told, "a device without configuration")
	require.Empty(t, w.networks(master))
	_, err := w.ctl.Devices.Update(ctx(), all(), bare.Device.ID, func(d *controller.Detail) error {
		d.Config = &controller.Config{Backend: "netjsonconfig.OpenWrt", Config: "{}"}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"A: A_subnet1 A_subnet1_ip1", "B: B_subnet1 B_subnet1_ip1 B_subnet1_ip2"}, told)
	_, err = w.ctl.Devices.Update(ctx(), all(), bare.Device.ID, func(d *controller.Detail) error { d.Device.Name = "renamed"; return nil })
	require.NoError(t, err)
	require.Len(t, told, 2, "saved again it gets nothing")
	_, err = w.ctl.Devices.Deactivate(ctx(), all(), bare.Device.ID)
	require.NoError(t, err)
	require.Len(t, w.divided(bare.Device.ID), 2, "out of service it keeps them")
	require.Contains(t, w.recorded(master), "10.0.0.1", "in the reserved network")

	w.device(w.acme) // the last block, of four
	require.Equal(t, []string{"A: A_subnet1 A_subnet1_ip1", "B: "}, told[2:], "nothing is told of as well")
	require.Equal(t, 1, w.full)
	require.NoError(t, w.ctl.Devices.Delete(ctx(), all(), bare.Device.ID, true))
	require.Empty(t, w.divided(bare.Device.ID))
}

// Clients of WireGuard and of OpenVPN get networks of rules for their server's subnet, and
// of no other; a further rule leaves what they have (spec: subnet-division §2, §3, §8).
func TestClientsOfSeveralServers(t *testing.T) {
	w := newWorld(t)
	first, second, third := w.subnet("10.0.0.0/24", w.acme), w.subnet("10.1.0.0/24", w.acme), w.subnet("10.2.0.0/24", w.acme)
	template := func(name string, subnet wispwright.ID, openvpn bool) wispwright.ID {
		t.Helper()
		s := &vpn.Server{Name: name, Host: name + ".example.com", OrganizationID: w.acme, Backend: "openwisp_controller.vpn_backends.Wireguard", SubnetID: subnet, Config: `{"wireguard":[{"name":"wg0","port":51820}]}`}
		if openvpn {
			ca := &x509.CA{Details: x509.Details{Name: name, CommonName: name, OrganizationID: w.acme}}
			require.NoError(t, w.pki.CAs.Create(ctx(), ca))
			s.Backend, s.CAID = "openwisp_controller.vpn_backends.OpenVpn", ca.ID
			s.Config = wispwright.JSON(`{"openvpn":[{"name":"` + name + `","proto":"udp","port":1194,"mode":"server","tls_server":true,"dev":"` + name + `","dev_type":"tun","ca":"ca.pem","cert":"cert.pem","key":"key.pem","dh":"dh.pem","server":"10.8.0.0 255.255.255.0","remote_cert_tls":"client"}]}`)
		}
		require.NoError(t, w.vpn.Servers.Create(ctx(), s))
		o := &controller.Template{Name: name, OrganizationID: w.acme, Backend: "netjsonconfig.OpenWrt", Type: controller.TemplateVPN, VPNID: s.ID, AutoCert: true}
		require.NoError(t, w.ctl.Templates.Create(ctx(), o))
		return o.ID
	}
	wg, open, plain, free := template("wg", first, false), template("open", second, true), template("plain", third, false), template("free", wispwright.ID{}, true)
	w.rule(first, "WG", 1, 28, 2, ofVPN)
	w.rule(second, "OV", 2, 28, 1, ofVPN)
	d := w.device(w.acme, wg, open, plain, free)
	vars := w.variables(d)
	require.Equal(t, map[string]string{"WG_subnet1": "10.0.0.16/28", "WG_subnet1_ip1": "10.0.0.17", "WG_subnet1_ip2": "10.0.0.18", "WG_prefixlen": "28",
		"OV_subnet1": "10.1.0.16/28", "OV_subnet1_ip1": "10.1.0.17", "OV_subnet2": "10.1.0.32/28", "OV_subnet2_ip1": "10.1.0.33", "OV_prefixlen": "28"}, vars)
	entries, err := w.Entries(ctx(), subnetdivision.EntryFilter{DeviceID: d.Device.ID}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 7, entries.Total, "n and n·m of each")
	clients, err := w.vpn.Clients.List(ctx(), all(), vpn.ClientFilter{DeviceID: d.Device.ID}, wispwright.Page{})
	require.NoError(t, err)
	var own []string
	for _, c := range clients.Rows {
		if c.Address.IsValid() {
			own = append(own, c.Address.String())
		}
	}
	require.ElementsMatch(t, []string{"10.0.0.17", "10.1.0.17", "10.2.0.2"}, own, "the first of each, and the server's subnet without rules")

	w.rule(first, "MORE", 1, 28, 1, ofVPN)
	now := w.variables(d)
	require.Equal(t, "10.0.0.32/28", now["MORE_subnet1"])
	for name, v := range vars {
		require.Equal(t, v, now[name], "a further rule gives nothing anew")
	}
	_, err = w.ctl.Devices.Update(ctx(), all(), d.Device.ID, func(d *controller.Detail) error {
		d.Config.Templates = []wispwright.ID{wg, plain, free}
		return nil
	})
	require.NoError(t, err)
	now = w.variables(d)
	require.Equal(t, "10.0.0.16/28", now["WG_subnet1"], "of the other server")
	require.NotContains(t, now, "OV_subnet1")
	require.Len(t, w.networks(second), 1, "the reserved one stays")
}

// What a job cannot find it warns of, in words that operators of OpenWISP search for
// (spec: subnet-division §5).
func TestJobsOfRulesThatAreGone(t *testing.T) {
	var log strings.Builder
	w := newWorldWith(t, &subnetdivision.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	id := wispwright.NewID()
	for kind, what := range map[subnetdivision.JobKind]string{subnetdivision.JobProvision: "provision IPs on existing devices for", subnetdivision.JobAdapt: "update indexes for"} {
		log.Reset()
		require.NoError(t, w.Work(ctx(), subnetdivision.Job{Kind: kind, ID: id}))
		require.Contains(t, log.String(), "Failed to "+what+` Subnet Division Rule with id: \"`+id.String()+`\", reason: `)
	}
	require.NoError(t, w.Work(ctx(), subnetdivision.Job{Kind: subnetdivision.JobRemove, ID: id}))
	// an entry without its network, as a moved installation may have it, does not hold a removal up
	orphan := &subnetdivision.Entry{ID: wispwright.NewID(), RuleID: id, DeviceID: wispwright.NewID(), SubnetID: wispwright.NewID(), Number: 1, Keyword: "OW_subnet1", Value: "10.0.0.0/28"}
	_, err := w.RestoreEntry(ctx(), orphan)
	require.NoError(t, err)
	require.NoError(t, w.Work(ctx(), subnetdivision.Job{Kind: subnetdivision.JobRemove, ID: id}))
	left, err := w.Entries(ctx(), subnetdivision.EntryFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Zero(t, left.Total)
}

// Types are values: a program's own ones give to whom they say, and nothing starts with
// one that is malformed (spec: subnet-division §2).
func TestTypesOfOnesOwn(t *testing.T) {
	w := newWorld(t)
	chosen := w.device(w.acme)
	w.device(w.acme)
	own := subnetdivision.Type{ID: "example.Chosen", Label: "Chosen", Existing: func(context.Context, *subnetdivision.Rule) ([]*controller.Device, error) {
		return []*controller.Device{chosen.Device}, nil
	}}
	other := newWorldWith(t, &subnetdivision.Options{Types: append(subnetdivision.DefaultTypes(), own)})
	chosen = other.device(other.acme)
	beside := other.device(other.acme)
	r := other.rule(other.subnet("10.0.0.0/24", other.acme), "OWN", 1, 28, 1, func(r *subnetdivision.Rule) { r.Type = own.ID })
	require.Equal(t, []string{"10.0.0.16/28"}, other.divided(chosen.Device.ID))
	require.Empty(t, other.divided(beside.Device.ID))
	_, err := other.Give(ctx(), r.ID, beside.Device)
	require.NoError(t, err)
	require.Equal(t, []string{"10.0.0.32/28"}, other.divided(beside.Device.ID))
	for says, types := range map[string][]subnetdivision.Type{
		"an identifier and a label": {{ID: "a"}}, "identifier": {{Label: "a"}}, "twice": {{ID: "a", Label: "a"}, {ID: "a", Label: "b"}},
	} {
		m := memstore.New()
		_, err := subnetdivision.New(&entity.Base{Tx: m, Tenants: w.tenants.Organizations}, subnetdivision.NewMemory(m), w.ctl, w.ipam, nil, &subnetdivision.Options{Types: types})
		require.ErrorContains(t, err, says)
	}
}
