// Command inmemory is the controller without database, server or network: an
// organization, a default template, and a device that registers, asks for its
// checksum, fetches its configuration and reports.
package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/tenancy"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// assemble puts the two concerns together over one memory.
func assemble() (*tenancy.Tenancy, *controller.Controller, error) {
	memory, stores := tenancy.NewMemory()
	people, err := tenancy.New(memory, stores, &tenancy.Options{Models: controller.Models()})
	if err != nil {
		return nil, nil, err
	}
	devices, err := controller.New(memory, controller.NewMemory(memory), render.New(nil), people.Organizations,
		&controller.Options{Recorder: people.Trail})
	if err != nil {
		return nil, nil, err
	}
	devices.Attach(people.Organizations)
	return people, devices, nil
}

func run(ctx context.Context, out io.Writer) error {
	people, c, err := assemble()
	if err != nil {
		return err
	}
	acme := &tenancy.Organization{Name: "acme", IsActive: true}
	if err := people.Organizations.Create(ctx, acme); err != nil {
		return err
	}
	settings, err := c.Settings.Get(ctx, everything, acme.ID)
	if err != nil {
		return err
	}
	err = c.Templates.Create(ctx, &controller.Template{
		OrganizationID: acme.ID, Name: "uplink", Type: controller.TemplateGeneric, Backend: openWrt, Default: true,
		Config: `{"interfaces": [{"name": "eth0", "type": "ethernet", "addresses": [{"proto": "dhcp", "family": "ipv4"}]}]}`,
	})
	if err != nil {
		return err
	}

	known, err := c.Agents.Register(ctx, protocol.Registration{
		Secret: settings.SharedSecret.Reveal(), Name: "roof", MACAddress: "02:00:00:00:00:01", Backend: openWrt, Peer: peer,
	})
	if err != nil {
		return err
	}
	device := protocol.Credentials{ID: known.Device.ID, Key: known.Device.Key.Reveal(), Peer: peer}
	sum, err := c.Agents.Checksum(ctx, device, "")
	if err != nil {
		return err
	}
	archive, err := c.Agents.Download(ctx, device, "")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "the archive is what the checksum promised:", archive.Checksum == sum)
	files, err := netjsonconfig.Unpack(archive.Bytes)
	if err != nil {
		return err
	}
	for _, f := range files {
		fmt.Fprintf(out, "%s\n%s", f.Path, f.Contents)
	}
	status, err := c.Agents.ReportStatus(ctx, device, "applied", "")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, status)
	return nil
}

const openWrt = "netjsonconfig.OpenWrt"

var (
	everything = wispwright.ScopeAll()
	peer       = netip.MustParseAddr("127.0.0.1")
)
