package controller_test

import (
	"context"
	"fmt"
	"log"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/tenancy"
)

// A device registers with the secret of its organization, fetches what the
// organization's default template makes of it, and reports success.
func Example() {
	ctx := context.Background()
	memory, tenants := tenancy.NewMemory()
	t, err := tenancy.New(memory, tenants, &tenancy.Options{Models: controller.Models()})
	if err != nil {
		log.Fatal(err)
	}
	c, err := controller.New(memory, controller.NewMemory(memory), render.New(nil), t.Organizations, nil)
	if err != nil {
		log.Fatal(err)
	}
	c.Attach(t.Organizations)

	acme := &tenancy.Organization{Name: "ACME", IsActive: true}
	if err := t.Organizations.Create(ctx, acme); err != nil {
		log.Fatal(err)
	}
	settings, err := c.Settings.Get(ctx, wispwright.ScopeAll(), acme.ID)
	if err != nil {
		log.Fatal(err)
	}
	err = c.Templates.Create(ctx, &controller.Template{
		OrganizationID: acme.ID, Name: "wan", Backend: "netjsonconfig.OpenWrt", Default: true,
		Config: `{"interfaces": [{"name": "{{ wan }}", "type": "ethernet"}]}`, DefaultValues: `{"wan": "eth0"}`,
	})
	if err != nil {
		log.Fatal(err)
	}

	const mac = "00:11:22:AA:BB:CC"
	r, err := c.Agents.Register(ctx, protocol.Registration{
		Secret: settings.SharedSecret.Reveal(), Name: "roof", MACAddress: mac, Backend: "netjsonconfig.OpenWrt",
		Key: protocol.ConsistentKey(mac, settings.SharedSecret).Reveal(),
	})
	if err != nil {
		log.Fatal(err)
	}
	who := protocol.Credentials{ID: r.Device.ID, Key: r.Device.Key.Reveal()}
	sum, err := c.Agents.Checksum(ctx, who, "")
	if err != nil {
		log.Fatal(err)
	}
	archive, err := c.Agents.Download(ctx, who, "")
	if err != nil {
		log.Fatal(err)
	}
	status, err := c.Agents.ReportStatus(ctx, who, "applied", "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Device.Name, archive.Checksum == sum, status)

	// an administrator gives this device another interface
	d, err := c.Devices.Update(ctx, wispwright.ScopeOf(acme.ID), r.Device.ID, func(d *controller.Detail) error {
		d.Config.Context = `{"wan": "eth1"}`
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	versions, err := c.Versions.List(ctx, wispwright.ScopeOf(acme.ID), d.Device.ID, wispwright.Page{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.Config.Status)
	for _, v := range versions.Rows {
		fmt.Println(v.Cause, v.Reported != nil)
	}
	// Output:
	// roof true applied
	// modified
	// configuration changed false
	// registered true
}

// A form shows what it would give before it is saved.
func ExampleDevices_Preview() {
	ctx := context.Background()
	memory, tenants := tenancy.NewMemory()
	t, err := tenancy.New(memory, tenants, nil)
	if err != nil {
		log.Fatal(err)
	}
	c, err := controller.New(memory, controller.NewMemory(memory), render.New(nil), t.Organizations, nil)
	if err != nil {
		log.Fatal(err)
	}
	p, err := c.Devices.Preview(ctx, wispwright.ScopeAll(), controller.PreviewInput{
		Backend: "netjsonconfig.OpenWrt", Name: "roof", Config: `{"general": {"timezone": "{{ zone }}"}}`, Context: `{"zone": "UTC"}`,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(p.Text)
	_, err = c.Devices.Preview(ctx, wispwright.ScopeAll(), controller.PreviewInput{
		Backend: "netjsonconfig.OpenWrt", Name: "roof", Config: `{"interfaces": 3}`,
	})
	fmt.Println(err)
	// Output:
	// package system
	//
	// config system 'system'
	// 	option hostname 'roof'
	// 	option timezone 'UTC'
	// 	option zonename 'UTC'
	// invalid: config: Invalid configuration triggered by "#/interfaces", validator says:
	//
	// 3 is not of type 'array'
}
