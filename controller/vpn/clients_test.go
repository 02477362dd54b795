package vpn_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/x509"
)

// A client comes with its template and goes with it, with all it held.
func TestLifeOfAClient(t *testing.T) {
	w := newWorld(t, nil)
	s := w.wireguard("wg0", "10.0.0.0/24")
	template := w.template("vpn", s, nil)
	require.Equal(t, 1, w.taken(s.SubnetID), "the server's own")
	require.Equal(t, "10.0.0.1", s.Address.String())

	d := w.device("ap1", template)
	cl := w.client(d)
	require.Equal(t, "10.0.0.2", cl.Address.String())
	require.Len(t, cl.PublicKey, 44)
	require.Equal(t, template.ID, cl.TemplateID)
	require.Contains(t, w.deviceFiles(d)["etc/config/network"], "list addresses '10.0.0.2/32'")
	require.Contains(t, w.deviceFiles(d)["etc/config/network"], cl.PrivateKey.Reveal())
	w.work()
	require.Contains(t, w.serverFiles(s)["wg0.conf"], "AllowedIPs = 10.0.0.2/32\nPublicKey = "+cl.PublicKey)

	other := w.generic("other")
	require.NoError(t, w.assign(d, other, template))
	require.NoError(t, w.assign(d, template, other))
	require.Equal(t, cl, w.client(d), "another order is nothing to a client")

	require.NoError(t, w.assign(d, other))
	require.Empty(t, w.clients(vpn.ClientFilter{}))
	require.Equal(t, 1, w.taken(s.SubnetID))
	w.work()
	require.NotContains(t, w.serverFiles(s)["wg0.conf"], "[Peer]")

	require.NoError(t, w.assign(d, template))
	again := w.client(d)
	require.NotEqual(t, cl.PublicKey, again.PublicKey)
	require.Equal(t, "10.0.0.2", again.Address.String())
	_, err := w.ctl.Devices.Deactivate(ctx(), all(), d.Device.ID)
	require.NoError(t, err)
	require.Empty(t, w.clients(vpn.ClientFilter{}))
	require.Equal(t, 1, w.taken(s.SubnetID))
	_, err = w.ctl.Devices.Activate(ctx(), all(), d.Device.ID)
	require.NoError(t, err)
	require.Empty(t, w.clients(vpn.ClientFilter{}), "templates that somebody chose do not come back")
}

// generic is a template that leads nowhere.
func (w *world) generic(name string) *controller.Template {
	w.t.Helper()
	o := &controller.Template{Name: name, OrganizationID: w.acme, Backend: openWrt, Config: `{"general":{"timezone":"UTC"}}`}
	require.NoError(w.t, w.ctl.Templates.Create(ctx(), o))
	return o
}

func TestClientsGoWithWhatTheyBelongTo(t *testing.T) {
	for name, remove := range map[string]func(w *world, s *vpn.Server, tpl *controller.Template, d *controller.Detail) error{
		"the device": func(w *world, _ *vpn.Server, _ *controller.Template, d *controller.Detail) error {
			return w.ctl.Devices.Delete(ctx(), all(), d.Device.ID, true)
		},
		"the template": func(w *world, _ *vpn.Server, tpl *controller.Template, _ *controller.Detail) error {
			return w.ctl.Templates.Delete(ctx(), all(), tpl.ID)
		},
		"the server": func(w *world, s *vpn.Server, _ *controller.Template, _ *controller.Detail) error {
			return w.Servers.Delete(ctx(), all(), s.ID)
		},
		"the organization": func(w *world, _ *vpn.Server, _ *controller.Template, _ *controller.Detail) error {
			return w.tenants.Organizations.Delete(ctx(), all(), w.acme)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			ca := w.authority("ca")
			s := w.openVPN("ovpn", ca)
			template := w.template("vpn", s, nil)
			d := w.device("ap1", template)
			cl := w.client(d)
			require.NotZero(t, cl.CertID)
			var deleting int
			w.Clients.Deleting.Subscribe("count", func(_ context.Context, list ...*vpn.Client) error { deleting += len(list); return nil })
			require.NoError(t, remove(w, s, template, d))
			w.work()
			require.Empty(t, w.clients(vpn.ClientFilter{}))
			require.Equal(t, 1, deleting)
			if name == "the organization" {
				return // its certificates are gone
			}
			cert, err := w.x509.Certs.Get(ctx(), all(), cl.CertID)
			require.NoError(t, err)
			require.True(t, cert.Revoked)
			own, err := w.x509.Certs.Get(ctx(), all(), s.CertID)
			require.NoError(t, err)
			require.Equal(t, name == "the server", own.Revoked, "that of the server")
			if name == "the server" {
				_, err := w.ctl.Templates.Get(ctx(), all(), template.ID)
				require.ErrorIs(t, err, wispwright.ErrNotFound)
			}
		})
	}
}

// openVPN makes a server with certificates.
func (w *world) openVPN(name string, ca *x509.CA) *vpn.Server {
	w.t.Helper()
	s := &vpn.Server{Name: name, Host: name + ".example.com", OrganizationID: w.acme, Backend: openVPN, CAID: ca.ID, Config: wispwright.JSON(`{"openvpn":[{"name":"` + name +
		`","mode":"server","proto":"udp","port":1194,"dev":"tun0","dev_type":"tun","tls_server":true,"server":"10.8.0.0 255.255.255.0","ca":"ca.pem","cert":"cert.pem","key":"key.pem","dh":"dh.pem"}]}`)}
	require.NoError(w.t, w.Servers.Create(ctx(), s))
	return s
}

func TestAServerWithoutFilesGetsThoseItNames(t *testing.T) {
	w := newWorld(t, nil)
	s := w.openVPN("ovpn", w.authority("ca"))
	files := w.serverFiles(s)
	for name, begin := range map[string]string{"ca.pem": "0644\n-----BEGIN CERTIFICATE", "cert.pem": "0644\n-----BEGIN CERTIFICATE", "key.pem": "0600\n-----BEGIN PRIVATE KEY", "dh.pem": "0644\n-----BEGIN DH PARAMETERS"} {
		require.True(t, strings.HasPrefix(files[name], begin), "%s: %s", name, files[name])
	}
}

// One template that takes the place of another of the same server is another client;
// two at once are refused.
func TestOneClientPerServer(t *testing.T) {
	w := newWorld(t, nil)
	s := w.wireguard("wg0", "10.0.0.0/24")
	a, b := w.template("A", s, nil), w.template("B", s, nil)
	d := w.device("ap1", a)
	first := w.client(d)
	err := w.assign(d, a, b)
	var invalid *wispwright.ValidationError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, []wispwright.FieldError{{Path: "config", Messages: []string{"You cannot select multiple VPN client templates related to the same VPN server.\n" +
		`The templates "A" and "B" are all linked to the same VPN server: "wg0".`}}}, invalid.Fields)
	require.Equal(t, first, w.client(d), "nothing changed")
	require.NoError(t, w.assign(d, b))
	second := w.client(d)
	require.NotEqual(t, first.ID, second.ID)
	require.Equal(t, b.ID, second.TemplateID)
	require.ErrorContains(t, w.ctl.Devices.Create(ctx(), w.draft("ap2", a, b)), "You cannot select multiple")
	require.Len(t, w.clients(vpn.ClientFilter{}), 1)

	// what comes by itself gives way
	c := w.template("C", s, func(o *controller.Template) { o.Default = true })
	detail, err := w.ctl.Devices.Get(ctx(), all(), d.Device.ID)
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{b.ID}, detail.Config.Templates)
	d3 := w.device("ap3", a)
	require.Equal(t, a.ID, w.client(d3).TemplateID)
	d4 := w.device("ap4")
	require.Equal(t, c.ID, w.client(d4).TemplateID)
}

// Two servers on one network, which a device changes between, give it other addresses and keys.
func TestBetweenServersOfOneAddress(t *testing.T) {
	w := newWorld(t, nil)
	a := w.wireguard("wg0", "10.0.0.0/24")
	b := &vpn.Server{Name: "wg1", Host: a.Host, OrganizationID: w.acme, Backend: wireguard, SubnetID: w.subnet("10.1.0.0/24", w.acme), Config: `{"wireguard":[{"name":"wg0","port":51821}]}`}
	require.NoError(t, w.Servers.Create(ctx(), b))
	first, second := w.template("A", a, nil), w.template("B", b, nil)
	d := w.device("ap1", first)
	require.Equal(t, "10.0.0.2", w.client(d).Address.String())
	require.NoError(t, w.assign(d, second))
	require.Equal(t, "10.1.0.2", w.client(d).Address.String())
	require.Contains(t, w.deviceFiles(d)["etc/config/network"], "10.1.0.2/32")
}

func TestVirtualNetworksAreNumbered(t *testing.T) {
	w := newWorld(t, nil)
	make := func(name, config string) *vpn.Server {
		s := &vpn.Server{Name: name, Host: name, OrganizationID: w.acme, Backend: vxlan, SubnetID: w.subnet(fmt.Sprintf("10.%d.0.0/24", w.devices+len(name)), w.acme), Config: wispwright.JSON(config)}
		require.NoError(t, w.Servers.Create(ctx(), s))
		return s
	}
	s := make("auto", `{"wireguard":[{"name":"wg0","port":51820}]}`)
	template := w.template("vpn", s, nil)
	for i, want := range []int64{1, 2, 3} {
		require.Equal(t, want, *w.client(w.device(fmt.Sprintf("ap%d", i), template)).VNI)
	}
	gone := w.clients(vpn.ClientFilter{ServerID: s.ID})[1]
	require.NoError(t, w.ctl.Devices.Delete(ctx(), all(), gone.DeviceID, true))
	require.EqualValues(t, 4, *w.client(w.device("ap4", template)).VNI, "the highest and one more")
	fixed := make("fixed!", `{"wireguard":[{"name":"wg1","port":51820}],"vxlan":[{"name":"vx","vni":7}]}`)
	d := w.device("ap5", w.template("fixed", fixed, nil))
	require.Nil(t, w.client(d).VNI)
	require.Contains(t, w.deviceFiles(d)["etc/config/network"], "option vid '7'")
	w.work()
	require.Contains(t, w.serverFiles(fixed)["vxlan.json"], `"vni": 7`)
}

func TestNothingIsMadeWithoutAutomaticProvisioning(t *testing.T) {
	w := newWorld(t, nil)
	s := w.openVPN("ovpn", w.authority("ca"))
	template := w.template("vpn", s, func(o *controller.Template) { o.AutoCert = false })
	require.NotContains(t, string(template.Config), "cert_path", "only the authority's file")
	d := w.device("ap1", template)
	cl := w.client(d)
	require.Zero(t, cl.CertID)
	require.False(t, cl.AutoCert)
}

// Keys and identities, which take long, are made before the transaction that needs them
// and as many as it needs, whoever asks.
func TestNothingSlowHappensInsideTransactions(t *testing.T) {
	for _, name := range []string{"ovpn", "zt"} {
		t.Run(name, func(t *testing.T) {
			var w *world
			w = newWorld(t, &vpn.Options{NewIdentity: func() (wispwright.Secret, error) {
				w.made()
				return wispwright.Secret(fmt.Sprintf("%010x:0:aa:bb", w.keys.Load())), nil
			}})
			var s *vpn.Server
			if name == "zt" {
				s = w.zeroTier(name, newZeroTier(t))
				require.NoError(t, w.Servers.Create(ctx(), s))
			} else {
				s = w.openVPN(name, w.authority("ca"))
			}
			for n := range 3 {
				w.device(fmt.Sprintf("ap%d", n))
			}
			template := w.template(name, s, nil)
			w.keys.Store(0)
			w.slowly.Store(0)
			begun := w.tx.runs.Load()
			w.device("first", template)
			require.EqualValues(t, 1, w.keys.Load(), "a new device")
			require.EqualValues(t, 2, w.tx.runs.Load()-begun, "run, undone, and run again")
			_, err := w.ctl.Templates.Update(ctx(), all(), template.ID, func(o *controller.Template) error { o.Default = true; return nil })
			require.NoError(t, err)
			require.Len(t, w.clients(vpn.ClientFilter{ServerID: s.ID}), 4)
			require.EqualValues(t, 4, w.keys.Load(), "three that were there")
			require.Zero(t, w.slowly.Load())
		})
	}
}

// A template that makes certificates, keys and addresses later than its clients gives them
// to those that are there, once; one that makes them no more takes nothing away.
func TestAutomaticProvisioningIsSwitchedOn(t *testing.T) {
	w := newWorld(t, nil)
	off := func(o *controller.Template) { o.AutoCert = false }
	o, v := w.openVPN("ovpn", w.authority("ca")), w.wireguard("wg0", "10.0.0.0/24")
	v, err := w.Servers.Update(ctx(), all(), v.ID, func(s *vpn.Server) error {
		s.Backend, s.Config = vxlan, `{"wireguard":[{"name":"wg0","port":51820}],"vxlan":[{"name":"vx"}]}`
		return nil
	})
	require.NoError(t, err)
	templates := []*controller.Template{w.template("o", o, off), w.template("v", v, off)}
	devices := []*controller.Detail{w.device("ap1", templates...), w.device("ap2", templates...)}
	moved := w.device("ap3", templates[0]).Device // one that came here with a certificate of its own
	cert := &x509.Cert{CAID: o.CAID, Details: x509.Details{Name: "own", CommonName: "own", OrganizationID: w.acme}}
	require.NoError(t, w.x509.Certs.Create(ctx(), cert))
	_, err = w.stores.Clients.Update(ctx(), all(), w.clients(vpn.ClientFilter{DeviceID: moved.ID})[0].ID, func(c *vpn.Client) error { c.CertID = cert.ID; return nil })
	require.NoError(t, err)
	before := w.clients(vpn.ClientFilter{})
	require.Len(t, before, 5)
	set := func(on bool) {
		for _, tpl := range templates {
			_, err := w.ctl.Templates.Update(ctx(), all(), tpl.ID, func(o *controller.Template) error { o.AutoCert = on; return nil })
			require.NoError(t, err)
		}
	}
	set(true)
	addresses, numbers := map[any]bool{}, map[int64]bool{}
	after := w.clients(vpn.ClientFilter{})
	require.Len(t, after, 5)
	for _, c := range after {
		switch {
		case c.DeviceID == moved.ID:
			require.Equal(t, []any{false, cert.ID}, []any{c.AutoCert, c.CertID})
		case c.ServerID == o.ID:
			require.True(t, c.AutoCert)
			require.NotZero(t, c.CertID)
		default:
			require.True(t, c.AutoCert)
			require.True(t, c.Address.IsValid())
			require.NotEmpty(t, c.PublicKey)
			addresses[c.Address], numbers[*c.VNI] = true, true
		}
	}
	require.Len(t, addresses, 2)
	require.Equal(t, map[int64]bool{1: true, 2: true}, numbers)
	for _, d := range devices {
		require.Contains(t, fmt.Sprint(w.deviceFiles(d)), "10.0.0.1/32")
	}
	w.work()
	require.Contains(t, w.serverFiles(v)["vxlan.json"], `"vni": 2`)
	set(false)
	set(true)
	require.Equal(t, after, w.clients(vpn.ClientFilter{}), "nothing is made twice")
}

// A subnet without room leaves a device without an address, and says so; the others
// have theirs.
func TestAFullSubnet(t *testing.T) {
	w := newWorld(t, nil)
	s := w.wireguard("wg0", "10.0.0.0/29") // six hosts, one is the server's
	var told []string
	w.Exhausted.Subscribe("test", func(_ context.Context, list ...vpn.Exhaustion) {
		for _, e := range list {
			told = append(told, e.Device.Name)
		}
	})
	for i := range 7 {
		w.device(fmt.Sprintf("ap%d", i+1))
	}
	template := w.template("vpn", s, func(o *controller.Template) { o.Default = true })
	require.Len(t, told, 2)
	require.Len(t, w.clients(vpn.ClientFilter{ServerID: s.ID}), 7)
	require.Equal(t, 6, w.taken(s.SubnetID))
	yes := true
	found, err := w.ctl.Devices.List(ctx(), all(), controller.DeviceFilter{NotRenewed: &yes}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 2, found.Total, "they run what they ran before")
	require.Error(t, w.ctl.Devices.Create(ctx(), w.draft("ap8", template)), "a new one is refused")
	require.Len(t, w.clients(vpn.ClientFilter{ServerID: s.ID}), 7)
}

// A change of a server reaches its clients in the background, and only what they are made of does.
func TestChangesOfAServer(t *testing.T) {
	w := newWorld(t, nil)
	s := w.wireguard("wg0", "10.0.0.0/24")
	template := w.template("vpn", s, nil)
	d := w.device("ap1", template)
	var modified int
	w.ctl.Devices.Modified.Subscribe("count", func(_ context.Context, list ...controller.ConfigsModified) { modified += len(list) })
	var servers int
	w.Servers.Modified.Subscribe("count", func(_ context.Context, list ...*vpn.Server) { servers += len(list) })
	change := func(fn func(*vpn.Server)) {
		t.Helper()
		_, err := w.Servers.Update(ctx(), all(), s.ID, func(s *vpn.Server) error { fn(s); return nil })
		require.NoError(t, err)
		w.work()
	}
	change(func(s *vpn.Server) { s.Notes = "x" })
	require.Equal(t, []int{0, 0}, []int{modified, servers})
	change(func(s *vpn.Server) { s.Host = "new.example.com" })
	require.Equal(t, []int{1, 1}, []int{modified, servers})
	require.Contains(t, w.deviceFiles(d)["etc/config/network"], "endpoint_host 'new.example.com'")
	err := func() error {
		_, err := w.Servers.Update(ctx(), all(), s.ID, func(s *vpn.Server) error { s.Backend = vxlan; return nil })
		return err
	}()
	require.ErrorContains(t, err, "backend: Backend cannot be changed because the VPN is currently in use.")

	// what the server has from others
	cl := w.client(d)
	_, err = w.ipam.Addresses.Update(ctx(), all(), cl.AddressID, func(a *ipam.Address) error { a.IPAddress = cl.Address.Next().Next(); return nil })
	require.NoError(t, err)
	require.NoError(t, w.AddressesChanged(ctx(), vpn.Address{ID: cl.AddressID, SubnetID: s.SubnetID, Value: cl.Address.Next().Next()}))
	w.work()
	require.Contains(t, w.deviceFiles(d)["etc/config/network"], "10.0.0.4/32")
	require.Contains(t, w.serverFiles(s)["wg0.conf"], "10.0.0.4/32")
	require.ErrorContains(t, w.SubnetDeleted(ctx(), s.SubnetID), `The subnet is that of the VPN server "wg0"`)
}

func TestRenewedCertificates(t *testing.T) {
	w := newWorld(t, nil)
	ca := w.authority("ca")
	s := w.openVPN("ovpn", ca)
	d := w.device("ap1", w.template("vpn", s, nil))
	w.x509.Renewed.Subscribe("vpn", func(ctx context.Context, list ...x509.Renewal) error {
		for _, r := range list {
			if r.CA != nil {
				if err := w.CertificateRenewed(ctx, r.CA.ID, 0); err != nil {
					return err
				}
			} else if err := w.CertificateRenewed(ctx, 0, r.Cert.ID); err != nil {
				return err
			}
		}
		return nil
	})
	before, host := w.deviceFiles(d), w.serverFiles(s)
	client := "etc/x509/client-" + s.ID.Hex() + ".pem"
	_, err := w.x509.Certs.Renew(ctx(), all(), w.client(d).CertID)
	require.NoError(t, err)
	after := w.deviceFiles(d)
	require.NotEqual(t, before[client], after[client])
	_, err = w.x509.CAs.Renew(ctx(), all(), ca.ID, x509.RenewOptions{})
	require.NoError(t, err)
	w.work()
	last := w.deviceFiles(d)
	require.NotEqual(t, after[client], last[client])
	require.NotEqual(t, host["ca.pem"], w.serverFiles(s)["ca.pem"])

	// one that is deleted is made anew, and a server's own stays
	old := w.client(d)
	require.NoError(t, w.CertificateDeleted(ctx(), old.CertID))
	require.NotEqual(t, old.CertID, w.client(d).CertID)
	require.ErrorContains(t, w.CertificateDeleted(ctx(), s.CertID), "cannot be deleted")
	require.ErrorContains(t, w.AuthorityDeleted(ctx(), ca.ID), "cannot be deleted")
}

// The authority of a server changes: its own certificate is made anew.
func TestAnotherAuthority(t *testing.T) {
	w := newWorld(t, nil)
	s := w.openVPN("ovpn", w.authority("one"))
	two := w.authority("two")
	after, err := w.Servers.Update(ctx(), all(), s.ID, func(s *vpn.Server) error { s.CAID = two.ID; return nil })
	require.NoError(t, err)
	require.NotEqual(t, s.CertID, after.CertID)
	fresh, err := w.x509.Certs.Get(ctx(), all(), after.CertID)
	require.NoError(t, err)
	require.Equal(t, two.ID, fresh.CAID)
	old, err := w.x509.Certs.Get(ctx(), all(), s.CertID)
	require.NoError(t, err)
	require.True(t, old.Revoked)
}

func TestCommonNames(t *testing.T) {
	for _, c := range []struct{ format, name, want string }{
		{"{mac_address}-{name}", "ap1", "00:11:22:AA:BB:CC-ap1-"},
		{"{mac_address}-{name}", "00:11:22:AA:BB:CC", "00:11:22:AA:BB:CC-"},
		{"{name}", strings.Repeat("a", 60), strings.Repeat("a", 46) + "-"},
		{"{mac_address}-{name}", strings.Repeat("b", 60), "00:11:22:AA:BB:CC-" + strings.Repeat("b", 37) + "-"},
	} {
		got := vpn.CommonName(c.format, &controller.Device{MACAddress: "00:11:22:AA:BB:CC", Name: c.name})
		require.Equal(t, c.want, got[:len(got)-8])
		require.LessOrEqual(t, len(got), 64)
	}
}

// A device that registers gets its tunnel with the templates that come by themselves, in one transaction.
func TestARegisteringDevice(t *testing.T) {
	w := newWorld(t, nil)
	s := w.wireguard("wg0", "10.0.0.0/24")
	w.template("vpn", s, func(o *controller.Template) { o.Default = true })
	_, err := w.ctl.Settings.Update(ctx(), all(), w.acme, func(o *controller.Settings) error { o.SharedSecret = "s3cr3tS3cr3t"; return nil })
	require.NoError(t, err)
	r := protocol.Registration{Secret: "s3cr3tS3cr3t", Name: "ap1", MACAddress: "00:11:22:AA:BB:CC", Backend: openWrt}
	made, err := w.ctl.Agents.Register(ctx(), r)
	require.NoError(t, err)
	d := &controller.Detail{Device: made.Device}
	require.Contains(t, w.deviceFiles(d)["etc/config/network"], w.client(d).Address.String()+"/32")
	r.Name, r.MACAddress = "AP1", "00:11:22:AA:BB:CD" // the name is taken
	_, err = w.ctl.Agents.Register(ctx(), r)
	require.Error(t, err)
	require.Len(t, w.clients(vpn.ClientFilter{}), 1, "nothing is left of the one that was refused")
	require.Equal(t, 2, w.taken(s.SubnetID))
}
