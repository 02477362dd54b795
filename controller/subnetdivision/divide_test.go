package subnetdivision_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/subnetdivision"
	"github.com/wispwright/wispwright/controller/subnetdivision/subnetdivisiontest"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
	"github.com/wispwright/wispwright/x509"
)

func TestMemory(t *testing.T) {
	subnetdivisiontest.Run(t, func(*testing.T) subnetdivisiontest.Storage {
		m := memstore.New()
		return subnetdivisiontest.Storage{Tx: m, Stores: subnetdivision.NewMemory(m)}
	})
}

// world is the concern over memory, with one organization.
type world struct {
	*subnetdivision.Divisions
	t       *testing.T
	ctl     *controller.Controller
	vpn     *vpn.VPN
	ipam    *ipam.IPAM
	pki     *x509.Authority
	tenants *tenancy.Tenancy
	acme    wispwright.ID
	devices int
	full    int
}

func ctx() context.Context { return context.Background() }

func all() wispwright.Scope { return wispwright.ScopeAll() }

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, nil)
}

func newWorldWith(t *testing.T, o *subnetdivision.Options) *world {
	t.Helper()
	w := &world{t: t}
	m, stores := tenancy.NewMemory()
	var err error
	w.tenants, err = tenancy.New(m, stores, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
	require.NoError(t, err)
	w.ctl, err = controller.New(m, controller.NewMemory(m), render.New(nil), w.tenants.Organizations, nil)
	require.NoError(t, err)
	w.ctl.Attach(w.tenants.Organizations)
	base := &entity.Base{Tx: m, Tenants: w.tenants.Organizations}
	w.ipam, err = ipam.New(base, ipam.NewMemory(m), nil)
	require.NoError(t, err)
	w.pki, err = x509.NewAuthority(base, x509.NewMemory(m), nil)
	require.NoError(t, err)
	w.vpn, err = vpn.New(base, vpn.NewMemory(m), vpn.Needs{Controller: w.ctl, Organizations: w.tenants.Organizations, PKI: vpn.X509(w.pki), IPAM: vpn.Subnets(w.ipam)}, nil)
	require.NoError(t, err)
	w.Divisions, err = subnetdivision.New(base, subnetdivision.NewMemory(m), w.ctl, w.ipam, w.vpn, o)
	require.NoError(t, err)
	w.Exhausted.Subscribe("count", func(_ context.Context, list ...subnetdivision.Exhaustion) { w.full += len(list) })
	w.acme = w.organization("acme")
	return w
}

func (w *world) organization(name string) wispwright.ID {
	w.t.Helper()
	o := &tenancy.Organization{Name: name, Slug: name, IsActive: true}
	require.NoError(w.t, w.tenants.Organizations.Create(ctx(), o))
	return o.ID
}

func (w *world) subnet(network string, organization wispwright.ID) wispwright.ID {
	w.t.Helper()
	n := &ipam.Subnet{Name: "master", Subnet: netip.MustParsePrefix(network), OrganizationID: organization}
	require.NoError(w.t, w.ipam.Subnets.Create(ctx(), n))
	return n.ID
}

func (w *world) rule(master wispwright.ID, label string, subnets, size, ips int64, change func(*subnetdivision.Rule)) *subnetdivision.Rule {
	w.t.Helper()
	r := &subnetdivision.Rule{OrganizationID: w.acme, Type: subnetdivision.DeviceType, MasterSubnetID: master, Label: label, NumberOfSubnets: subnets, Size: size, NumberOfIPs: ips}
	if change != nil {
		change(r)
	}
	require.NoError(w.t, w.Rules.Create(ctx(), r))
	return r
}

func ofVPN(r *subnetdivision.Rule) { r.Type = subnetdivision.VPNType }

func (w *world) device(organization wispwright.ID, templates ...wispwright.ID) *controller.Detail {
	w.t.Helper()
	w.devices++
	d := &controller.Detail{
		Device: &controller.Device{OrganizationID: organization, Name: fmt.Sprintf("ap%d", w.devices), MACAddress: fmt.Sprintf("02:00:00:00:%02X:%02X", w.devices>>8, w.devices&255)},
		Config: &controller.Config{Backend: "netjsonconfig.OpenWrt", Config: "{}", Templates: templates},
	}
	require.NoError(w.t, w.ctl.Devices.Create(ctx(), d))
	return d
}

// variables are those that a device has of rules.
func (w *world) variables(d *controller.Detail) map[string]string {
	w.t.Helper()
	vars, err := w.ctl.Devices.Context(ctx(), all(), d.Device.ID)
	require.NoError(w.t, err)
	out := map[string]string{}
	for name, v := range vars.System {
		switch name {
		case "name", "id", "key", "mac_address":
		default:
			if text, ok := v.(string); ok && !isVPN(name) {
				out[name] = text
			}
		}
	}
	return out
}

func isVPN(name string) bool { return len(name) > 33 && name[len(name)-33] == '_' }

func (w *world) networks(master wispwright.ID) (out []string) {
	w.t.Helper()
	found, err := w.ipam.Subnets.List(ctx(), all(), ipam.SubnetFilter{MasterSubnetID: master}, wispwright.Page{})
	require.NoError(w.t, err)
	for _, n := range found.Rows {
		out = append(out, n.Name+" "+n.Subnet.String())
	}
	return out
}

// TestRecorded divides as was recorded, device after device, and refuses what was refused.
func TestRecorded(t *testing.T) {
	type ruled struct {
		Master, Label string
		Size          int64
		Subnets       int64 `json:"number_of_subnets"`
		IPs           int64 `json:"number_of_ips"`
	}
	var file struct {
		Allocations []struct {
			ruled
			Devices  []map[string]string
			Reserved []string
		}
		Validation []struct {
			ruled
			Errors map[string][]string
		}
	}
	testkit.ReadVectors(t, &file, "subnet-division", "allocations.json")
	require.NotEmpty(t, file.Allocations)
	for _, c := range file.Allocations {
		t.Run(fmt.Sprintf("%s into %d", c.Master, c.Size), func(t *testing.T) {
			w := newWorld(t)
			master := w.subnet(c.Master, w.acme)
			w.rule(master, c.Label, c.Subnets, c.Size, c.IPs, nil)
			for i, want := range c.Devices {
				require.Equal(t, want, w.variables(w.device(w.acme)), "device %d", i)
			}
			require.Equal(t, "Reserved Subnet "+c.Reserved[0]+" "+c.Reserved[0], w.networks(master)[0])
		})
	}
	for _, c := range file.Validation {
		t.Run(fmt.Sprintf("%s into %d of %s", c.Master, c.Size, c.Label), func(t *testing.T) {
			w := newWorld(t)
			err := w.Rules.Create(ctx(), &subnetdivision.Rule{OrganizationID: w.acme, Type: subnetdivision.DeviceType, MasterSubnetID: w.subnet(c.Master, w.acme), Label: c.Label,
				NumberOfSubnets: c.Subnets, Size: c.Size, NumberOfIPs: c.IPs})
			if c.Errors == nil {
				require.NoError(t, err)
				return
			}
			var v *wispwright.ValidationError
			require.ErrorAs(t, err, &v)
			got := map[string][]string{}
			for _, f := range v.Fields {
				got[f.Path] = f.Messages
			}
			require.Equal(t, c.Errors, got)
		})
	}
}

func TestWhatRulesAreRefusedFor(t *testing.T) {
	w := newWorld(t)
	beta := w.organization("beta")
	master, theirs := w.subnet("10.0.0.0/16", w.acme), w.subnet("10.1.0.0/16", beta)
	r := w.rule(master, "OW", 2, 28, 2, nil)
	for name, c := range map[string]struct {
		change       func(*subnetdivision.Rule)
		field, words string
	}{
		"label twice":    {func(*subnetdivision.Rule) {}, "", "Subnet division rule with this Organization and Label already exists."},
		"long label":     {func(r *subnetdivision.Rule) { r.Label = "a234567890123456789012345678901" }, "label", "at most 30"},
		"odd label":      {func(r *subnetdivision.Rule) { r.Label = "ü" }, "label", "Only alphanumeric"},
		"type":           {func(r *subnetdivision.Rule) { r.Label, r.Type = "A", "x" }, "type", "not a valid choice"},
		"no subnet":      {func(r *subnetdivision.Rule) { r.Label, r.MasterSubnetID = "A", wispwright.NewID() }, "master_subnet", "Invalid master subnet."},
		"foreign subnet": {func(r *subnetdivision.Rule) { r.Label, r.MasterSubnetID = "A", theirs }, "organization", "Organization should be same as the subnet"},
	} {
		o := *r
		o.ID = wispwright.ID{}
		c.change(&o)
		err := w.Rules.Create(ctx(), &o)
		var v *wispwright.ValidationError
		require.ErrorAs(t, err, &v, name)
		require.Equal(t, c.field, v.Fields[0].Path, name)
		require.Contains(t, v.Fields[0].Messages[0], c.words, name)
	}
	for field, change := range map[string]func(*subnetdivision.Rule){
		"size": func(r *subnetdivision.Rule) { r.Size++ }, "number_of_ips": func(r *subnetdivision.Rule) { r.NumberOfIPs-- },
		"number_of_subnets": func(r *subnetdivision.Rule) { r.NumberOfSubnets++ }, "type": ofVPN,
		"master_subnet": func(r *subnetdivision.Rule) { r.MasterSubnetID = theirs }, "organization": func(r *subnetdivision.Rule) { r.OrganizationID = beta },
	} {
		_, err := w.Rules.Update(ctx(), all(), r.ID, func(r *subnetdivision.Rule) error { change(r); return nil })
		var v *wispwright.ValidationError
		require.ErrorAs(t, err, &v, field)
		require.True(t, v.Has(field), "%s: %v", field, err)
	}
}

// Rules of several sizes on one subnet do not disturb each other, and go one by one.
func TestSeveralRules(t *testing.T) {
	w := newWorld(t)
	master := w.subnet("10.0.0.0/16", w.acme)
	a := w.rule(master, "A", 1, 28, 1, nil)
	d1 := w.device(w.acme)
	b := w.rule(master, "B", 1, 26, 40, nil)
	d2 := w.device(w.acme)
	vars := w.variables(d1)
	require.Equal(t, []string{"10.0.0.16/28", "28", "10.0.0.64/26", "26", "10.0.0.104"}, []string{vars["A_subnet1"], vars["A_prefixlen"], vars["B_subnet1"], vars["B_prefixlen"], vars["B_subnet1_ip40"]})
	vars = w.variables(d2)
	require.Equal(t, []string{"10.0.0.128/28", "10.0.0.192/26"}, []string{vars["A_subnet1"], vars["B_subnet1"]})
	require.NoError(t, w.Rules.Delete(ctx(), all(), a.ID))
	require.Equal(t, []string{"Reserved Subnet 10.0.0.0/28 10.0.0.0/28", "B_subnet1 10.0.0.64/26", "B_subnet1 10.0.0.192/26"}, w.networks(master))
	require.NotContains(t, w.variables(d1), "A_subnet1")
	require.NoError(t, w.ctl.Devices.Delete(ctx(), all(), d1.Device.ID, true))
	require.Len(t, w.networks(master), 2)
	require.NoError(t, w.Rules.Delete(ctx(), all(), b.ID))
	require.Len(t, w.networks(master), 1, "the reserved one stays")
	entries, err := w.Entries(ctx(), subnetdivision.EntryFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Zero(t, entries.Total)
}

func TestChangesOfARule(t *testing.T) {
	w := newWorld(t)
	master := w.subnet("10.0.0.0/16", w.acme)
	r := w.rule(master, "NEW_LBL", 2, 29, 2, nil)
	d := w.device(w.acme)
	change := func(fn func(*subnetdivision.Rule)) map[string]string {
		t.Helper()
		_, err := w.Rules.Update(ctx(), all(), r.ID, func(r *subnetdivision.Rule) error { fn(r); return nil })
		require.NoError(t, err)
		return w.variables(d)
	}
	before := w.variables(d)
	require.Equal(t, before, change(func(*subnetdivision.Rule) {}))
	vars := change(func(r *subnetdivision.Rule) { r.Label = "ZZ" })
	require.Equal(t, before["NEW_LBL_subnet2_ip2"], vars["ZZ_subnet2_ip2"])
	require.NotContains(t, vars, "NEW_LBL_subnet1")
	require.Equal(t, "ZZ_subnet1 10.0.0.8/29", w.networks(master)[1])
	vars = change(func(r *subnetdivision.Rule) { r.NumberOfIPs = 4 })
	require.Equal(t, []string{"10.0.0.9", "10.0.0.12"}, []string{vars["ZZ_subnet1_ip1"], vars["ZZ_subnet1_ip4"]})
	vars = change(func(r *subnetdivision.Rule) { r.NumberOfIPs = 8 })
	require.Equal(t, []string{"10.0.0.15", "10.0.0.8"}, []string{vars["ZZ_subnet1_ip7"], vars["ZZ_subnet1_ip8"]}, "the whole block, its own address last")
}

// The clients of a VPN server get the first address of their networks, and give all back.
func TestRulesOfVPNServers(t *testing.T) {
	w := newWorld(t)
	subnet := w.subnet("10.0.0.0/16", w.acme)
	s := &vpn.Server{Name: "wg0", Host: "h", OrganizationID: w.acme, Backend: "openwisp_controller.vpn_backends.Wireguard", SubnetID: subnet, Config: `{"wireguard":[{"name":"wg0","port":51820}]}`}
	require.NoError(t, w.vpn.Servers.Create(ctx(), s))
	o := &controller.Template{Name: "vpn", OrganizationID: w.acme, Backend: "netjsonconfig.OpenWrt", Type: controller.TemplateVPN, VPNID: s.ID, AutoCert: true}
	require.NoError(t, w.ctl.Templates.Create(ctx(), o))
	address := func(d *controller.Detail) string {
		t.Helper()
		found, err := w.vpn.Clients.List(ctx(), all(), vpn.ClientFilter{DeviceID: d.Device.ID}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, found.Rows, 1)
		return found.Rows[0].Address.String()
	}
	early := w.device(w.acme, o.ID)
	require.Equal(t, "10.0.0.2", address(early))
	r := w.rule(subnet, "OW", 1, 28, 2, ofVPN)
	require.Equal(t, "10.0.0.17", address(early), "those that are there get theirs")
	d := w.device(w.acme, o.ID)
	require.Equal(t, "10.0.0.33", address(d))
	require.Equal(t, "10.0.0.33", w.variables(d)["OW_subnet1_ip1"])
	require.Empty(t, w.variables(w.device(w.acme)), "a device that is no client gets none")
	_, err := w.ctl.Devices.Deactivate(ctx(), all(), d.Device.ID)
	require.NoError(t, err)
	require.Len(t, w.networks(subnet), 2)
	require.NoError(t, w.Rules.Delete(ctx(), all(), r.ID))
	require.Equal(t, "10.0.0.2", address(early), "the server's subnet gives one again")
	require.Len(t, w.networks(subnet), 1)
}

// A full subnet gives what it has, and says so; shared subnets are divided among
// organizations; a device takes nothing along to another one.
func TestFullSharedAndMoved(t *testing.T) {
	w := newWorld(t)
	beta := w.organization("beta")
	shared := w.subnet("10.0.0.0/26", wispwright.ID{})
	w.rule(shared, "OW", 1, 28, 1, nil)
	w.rule(shared, "OW", 1, 28, 1, func(r *subnetdivision.Rule) { r.OrganizationID = beta })
	a, b := w.device(w.acme), w.device(beta)
	require.Equal(t, []string{"10.0.0.16/28", "10.0.0.32/28"}, []string{w.variables(a)["OW_subnet1"], w.variables(b)["OW_subnet1"]})
	last := w.device(w.acme)
	require.Equal(t, "10.0.0.48/28", w.variables(last)["OW_subnet1"])
	require.Zero(t, w.full)
	require.Empty(t, w.variables(w.device(w.acme)))
	require.Equal(t, 1, w.full)
	require.NoError(t, w.ctl.Devices.Delete(ctx(), all(), last.Device.ID, true))
	_, err := w.ctl.Devices.Update(ctx(), all(), a.Device.ID, func(d *controller.Detail) error { d.Device.OrganizationID = beta; return nil })
	require.NoError(t, err)
	require.Equal(t, "10.0.0.48/28", w.variables(a)["OW_subnet1"])
	found, err := w.ipam.Subnets.List(ctx(), all(), ipam.SubnetFilter{OrganizationID: beta}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 2, found.Total, "networks are of the rule's organization")

	// what somebody deletes by hand is not made again
	require.NoError(t, w.ipam.Subnets.Delete(ctx(), all(), found.Rows[0].ID))
	entries, err := w.Entries(ctx(), subnetdivision.EntryFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 2, entries.Total)
	require.NoError(t, w.ipam.Subnets.Delete(ctx(), all(), shared))
	rules, err := w.Rules.List(ctx(), all(), subnetdivision.RuleFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Zero(t, rules.Total)
}
