package vpn_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/x509"
)

// Everything in memory: a WireGuard server, the template that leads to it, and a
// device that gets its tunnel.
func Example() {
	ctx := context.Background()
	m, stores := tenancy.NewMemory()
	t, err := tenancy.New(m, stores, nil)
	check(err)
	c, err := controller.New(m, controller.NewMemory(m), render.New(nil), t.Organizations, nil)
	check(err)
	c.Attach(t.Organizations)
	base := &entity.Base{Tx: m, Tenants: t.Organizations}
	networks, err := ipam.New(base, ipam.NewMemory(m), nil)
	check(err)
	authority, err := x509.NewAuthority(base, x509.NewMemory(m), nil)
	check(err)
	v, err := vpn.New(base, vpn.NewMemory(m), vpn.Needs{
		Controller: c, Organizations: t.Organizations, PKI: vpn.X509(authority), IPAM: vpn.Subnets(networks),
	}, nil)
	check(err)

	acme := &tenancy.Organization{Name: "acme", Slug: "acme", IsActive: true}
	check(t.Organizations.Create(ctx, acme))
	subnet := &ipam.Subnet{OrganizationID: acme.ID, Name: "management", Subnet: netip.MustParsePrefix("10.8.0.0/24")}
	check(networks.Subnets.Create(ctx, subnet))
	server := &vpn.Server{
		OrganizationID: acme.ID, Name: "hub", Host: "hub.example.com", Backend: "openwisp_controller.vpn_backends.Wireguard", SubnetID: subnet.ID,
		Config: `{"wireguard":[{"name":"wg0","port":51820}]}`,
	}
	check(v.Servers.Create(ctx, server))
	check(c.Templates.Create(ctx, &controller.Template{
		OrganizationID: acme.ID, Name: "management", Backend: "netjsonconfig.OpenWrt", Type: controller.TemplateVPN, VPNID: server.ID, AutoCert: true, Default: true,
	}))
	device := &controller.Detail{
		Device: &controller.Device{OrganizationID: acme.ID, Name: "ap1", MACAddress: "02:00:00:00:00:01"},
		Config: &controller.Config{Backend: "netjsonconfig.OpenWrt"},
	}
	check(c.Devices.Create(ctx, device))
	clients, err := v.Clients.List(ctx, wispwright.ScopeAll(), vpn.ClientFilter{DeviceID: device.Device.ID}, wispwright.Page{})
	check(err)
	fmt.Println(server.Address, clients.Rows[0].Address)
	// Output: 10.8.0.1 10.8.0.2
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
