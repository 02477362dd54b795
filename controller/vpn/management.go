package vpn

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Management is a management network that is to be made: a WireGuard server, its subnet
// and the template that leads all new devices into it (decision 0067).
type Management struct {
	// OrganizationID is whose devices come into it; zero: those of all.
	OrganizationID wispwright.ID
	// Name is the template's and the subnet's. Default: Management VPN.
	Name string
	// Host is where devices reach the server: a name or an address.
	Host string
	// Port is the UDP port; 0: 51820.
	Port int
	// Network is where addresses come from. Default: 10.255.0.0/16.
	Network netip.Prefix
	// Interface is the name on the server and on devices. Default: wgmgmt.
	Interface string
	// Peers lets devices send to each other through the server, which must pass that on:
	// they have a route to the whole network then, not to the server alone.
	Peers bool
	// Hub lets the installation itself run the server.
	Hub bool
}

// ManagementMade is what was made.
type ManagementMade struct {
	Server   *Server
	Template *controller.Template
	Subnet   Subnet
}

// the defaults of Management
const (
	wireguardPath       = "openwisp_controller.vpn_backends.Wireguard"
	openWrtPath         = "netjsonconfig.OpenWrt"
	managementName      = "Management VPN"
	managementInterface = "wgmgmt"
	managementNetwork   = "10.255.0.0/16"
	wireguardPortNumber = 51820
)

// DefaultManagement is what is made of an empty Management, but for the host.
func DefaultManagement() Management {
	return Management{Name: managementName, Port: wireguardPortNumber, Network: netip.MustParsePrefix(managementNetwork), Interface: managementInterface}
}

func (m *Management) complete() error {
	var v wispwright.ValidationError
	m.Name, m.Host, m.Interface = strings.TrimSpace(m.Name), strings.TrimSpace(m.Host), strings.TrimSpace(m.Interface)
	if m.Name == "" {
		m.Name = managementName
	}
	if m.Interface == "" {
		m.Interface = managementInterface
	}
	if m.Port == 0 {
		m.Port = wireguardPortNumber
	}
	if !m.Network.IsValid() {
		m.Network = netip.MustParsePrefix(managementNetwork)
	}
	if m.Host == "" {
		v.Add("host", "This field may not be blank.")
	}
	if m.Port < 1 || m.Port > 65535 {
		v.Add("port", "Want a number from 1 to 65535.")
	}
	if len(m.Interface) > 15 || strings.ContainsFunc(m.Interface, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
	}) {
		v.Add("interface", "Want up to 15 letters, digits and underscores.")
	}
	return v.Err()
}

// MakeManagement makes a management network in one transaction. Errors name the fields of
// Management.
func (s *Servers) MakeManagement(ctx context.Context, m Management) (*ManagementMade, error) {
	if err := m.complete(); err != nil {
		return nil, err
	}
	t := s.core.byPath[wireguardPath]
	if t == nil {
		return nil, errors.New("vpn: this program has no WireGuard servers")
	}
	made := &ManagementMade{}
	err := s.core.kit.Do(ctx, "vpn: management network", func(ctx context.Context) error {
		var err error
		if made.Subnet, err = s.core.ipam.CreateSubnet(ctx, Subnet{OrganizationID: m.OrganizationID, Network: m.Network}, m.Name); err != nil {
			return under("network", err, "subnet")
		}
		tunnel := ordered.NewObject()
		tunnel.Set("name", m.Interface)
		tunnel.Set("port", ordered.Number(strconv.Itoa(m.Port)))
		config := ordered.NewObject()
		config.Set("wireguard", []any{tunnel})
		made.Server = &Server{
			OrganizationID: m.OrganizationID, Name: m.Name, Host: m.Host, Backend: wireguardPath, Config: wispwright.JSON(ordered.Append(nil, config)),
			SubnetID: made.Subnet.ID, Hub: m.Hub,
		}
		if err := s.Create(ctx, made.Server); err != nil {
			return under("port", err, "config")
		}
		client := t.Client(made.Server, config, true)
		if m.Peers {
			if peers, ok := value(client, "wireguard_peers").([]any); ok && len(peers) > 0 {
				if peer, ok := peers[0].(*ordered.Object); ok {
					peer.Set("allowed_ips", []any{variable("vpn_subnet", made.Server)})
				}
			}
		}
		agent := ordered.NewObject() // the agent tells its address in the tunnel
		agent.Set("config_name", "controller")
		agent.Set("config_value", "http")
		agent.Set("management_interface", m.Interface)
		client.Set("openwisp", []any{agent})
		made.Template = &controller.Template{
			OrganizationID: m.OrganizationID, Name: m.Name, Type: controller.TemplateVPN, Backend: openWrtPath, VPNID: made.Server.ID, AutoCert: true,
			Default: true, Required: true, Config: wispwright.JSON(ordered.Append(nil, client)),
		}
		return s.core.ctl.Templates.Create(ctx, made.Template)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// under puts the faults of one field under the name of another.
func under(field string, err error, fields ...string) error {
	var invalid *wispwright.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	var v wispwright.ValidationError
	for _, f := range invalid.Fields {
		if slices.Contains(fields, f.Path) {
			f.Path = field
		}
		for _, text := range f.Messages {
			v.Add(f.Path, text)
		}
	}
	return v.Err()
}
