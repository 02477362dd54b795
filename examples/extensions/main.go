// Command extensions is the controller with what a company adds to it as values of its own
// program: a backend of configurations, variables from its inventory, a policy of
// registration, and a store of devices.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/tenancy"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// lamps is the path of the backend, as devices and templates name it.
const lamps = "example.Lamps"

// lampBackend is OpenWrt with one key more: how bright the lamp of a box is.
func lampBackend() *netjsonconfig.Backend {
	b := openwrt.Backend().Clone()
	b.Key, b.Path, b.Label = "lamps", lamps, "OpenWrt with lamps"
	b.Converters = append(b.Converters, netjsonconfig.Converter{
		Name: "lamp", Key: "lamp",
		Forward: func(f *netjsonconfig.Forward) error {
			text, _ := f.Config.Get("lamp")
			f.Native.Add("lamp", &netjsonconfig.Section{Type: "lamp", Name: "main", Options: []netjsonconfig.Option{{Key: "level", Value: text}}})
			return nil
		},
	})
	return b
}

// inventory knows by its MAC address in which street a box hangs.
type inventory map[string]string

// Variables implements controller.ContextProvider.
func (i inventory) Variables(_ context.Context, devices []*controller.Device) (map[wispwright.ID]map[string]any, error) {
	out := map[wispwright.ID]map[string]any{}
	for _, d := range devices {
		if street, known := i[strings.ToLower(d.MACAddress)]; known {
			out[d.ID] = map[string]any{"street": street}
		}
	}
	return out, nil
}

// admit is the policy: only boxes of the inventory may register. What it returns ends the
// transaction of the registration, and nothing of it is kept.
func (i inventory) admit(_ context.Context, list ...controller.Registered) error {
	for _, r := range list {
		if _, known := i[strings.ToLower(r.Device.MACAddress)]; r.IsNew && !known {
			return wispwright.Forbidden("this box is in no inventory of ours")
		}
	}
	return nil
}

// countedDevices is a store of devices that counts how often they ask.
type countedDevices struct {
	controller.DeviceStore
	polls int
}

// Poll implements controller.DeviceStore.
func (s *countedDevices) Poll(ctx context.Context, id wispwright.ID) (*controller.Poll, error) {
	s.polls++
	return s.DeviceStore.Poll(ctx, id)
}

// assemble puts the controller together of the parts that come with it and those of the company.
func assemble(boxes inventory) (*tenancy.Tenancy, *controller.Controller, *countedDevices, error) {
	memory, people := tenancy.NewMemory()
	tenants, err := tenancy.New(memory, people, &tenancy.Options{Models: controller.Models()})
	if err != nil {
		return nil, nil, nil, err
	}
	stores := controller.NewMemory(memory)
	devices := &countedDevices{DeviceStore: stores.Devices}
	stores.Devices = devices
	renderer := render.New(&render.Options{Backends: []*netjsonconfig.Backend{openwrt.Backend(), lampBackend()}})
	c, err := controller.New(memory, stores, renderer, tenants.Organizations, &controller.Options{Recorder: tenants.Trail, Providers: []controller.ContextProvider{boxes}})
	if err != nil {
		return nil, nil, nil, err
	}
	c.Attach(tenants.Organizations)
	c.Agents.Registered.Within("example: policy of the inventory", boxes.admit)
	return tenants, c, devices, nil
}

func run(ctx context.Context, out io.Writer) error {
	tenants, c, devices, err := assemble(inventory{"02:00:00:00:00:01": "Harbour Road"})
	if err != nil {
		return err
	}
	acme := &tenancy.Organization{Name: "acme", IsActive: true}
	if err := tenants.Organizations.Create(ctx, acme); err != nil {
		return err
	}
	settings, err := c.Settings.Get(ctx, wispwright.ScopeAll(), acme.ID)
	if err != nil {
		return err
	}
	err = c.Templates.Create(ctx, &controller.Template{
		OrganizationID: acme.ID, Name: "street lamp", Type: controller.TemplateGeneric, Backend: lamps, Default: true,
		Config: `{"lamp": "80", "general": {"description": "{{street}}"}}`, DefaultValues: `{"street": "nowhere"}`,
	})
	if err != nil {
		return err
	}
	register := func(mac string) (*controller.Registered, error) {
		return c.Agents.Register(ctx, protocol.Registration{Secret: settings.SharedSecret.Reveal(), Name: "lamp-" + mac[15:], MACAddress: mac, Backend: lamps, Peer: peer})
	}
	var refused *wispwright.ForbiddenError
	if _, err := register("02:00:00:00:00:99"); !errors.As(err, &refused) {
		return fmt.Errorf("a stranger registered: %w", err)
	}
	fmt.Fprintln(out, "a stranger:", refused.Message)
	known, err := register("02:00:00:00:00:01")
	if err != nil {
		return err
	}
	archive, err := c.Agents.Download(ctx, protocol.Credentials{ID: known.Device.ID, Key: known.Device.Key.Reveal(), Peer: peer}, "")
	if err != nil {
		return err
	}
	files, err := netjsonconfig.Unpack(archive.Bytes)
	if err != nil {
		return err
	}
	for _, f := range files {
		fmt.Fprintf(out, "%s\n%s", f.Path, f.Contents)
	}
	fmt.Fprintln(out, "the store was asked:", devices.polls > 0)
	return nil
}

var peer = netip.MustParseAddr("127.0.0.1")
