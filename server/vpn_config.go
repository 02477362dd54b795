package server

import (
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
)

// VPNConfig concerns VPN servers and their clients.
type VPNConfig struct {
	// CertPath is where certificates go on devices.
	CertPath string `koanf:"cert_path" doc:"Folder of certificates on devices (OPENWISP_CONTROLLER_CERT_PATH)."`
	// CommonNameFormat is the beginning of common names.
	CommonNameFormat string `koanf:"common_name_format" doc:"Common names of clients: text with {mac_address}, {name}, {id}, {hardware_id}, {model}, {os} or {system} of the device; eight random letters follow (OPENWISP_CONTROLLER_COMMON_NAME_FORMAT)."`
	// RegenerateCertificates issues certificates of devices anew.
	RegenerateCertificates bool `koanf:"regenerate_certificates" doc:"Revoke certificates that devices have by template, and issue them anew, when the name or MAC address of their device changes (OPENWISP_CONTROLLER_REGENERATE_CERTS_ON_HARDWARE_CHANGE)."`
	// PrivateNetworks may be asked for webhooks and ZeroTier controllers.
	PrivateNetworks []string `koanf:"private_networks" doc:"Private networks in which webhooks of VPN servers and ZeroTier controllers may be, as 10.1.0.0/16 or 127.0.0.0/8. Empty: none."`
	// Timeout bounds requests.
	Timeout time.Duration `koanf:"timeout" doc:"How long a webhook or a ZeroTier controller may take."`
	// Delay gathers bursts.
	Delay time.Duration `koanf:"delay" doc:"How long a VPN server waits for further changes of its clients before it is rendered and its webhook called."`
	// Hub makes the server the host of its own VPN servers.
	Hub bool `koanf:"hub" doc:"Run the WireGuard servers of the built-in hub on this node, as wispwright serve --vpn-hub does; it needs the right to set up networks (CAP_NET_ADMIN). On one node only."`
	// HubHost is where devices reach the hub.
	HubHost string `koanf:"hub_host" doc:"Name or address at which devices reach the hub. Empty: the host of the request that makes the management network."`
	// HubForward passes packets between devices.
	HubForward bool `koanf:"hub_forward" doc:"Let the hub pass on what comes out of its tunnels: devices reach each other, and whatever else this machine has routes to."`
	// CachedServers bounds memory.
	CachedServers int `koanf:"cached_servers" doc:"Rendered VPN servers kept in memory; one with 10,000 clients takes about a megabyte."`
}

// defaultVPNConfig returns the settings that nobody has configured.
func defaultVPNConfig() VPNConfig {
	return VPNConfig{CertPath: "/etc/x509", CommonNameFormat: "{mac_address}-{name}", RegenerateCertificates: true, PrivateNetworks: []string{}, Timeout: 5 * time.Second, Delay: 2 * time.Second, CachedServers: 200}
}

// Check returns what is wrong with the settings, by key.
func (c *VPNConfig) Check() error {
	e := &wispwright.ValidationError{}
	if len(c.CertPath) == 0 || c.CertPath[0] != '/' {
		e.Add("cert_path", "must be an absolute path")
	}
	if c.CommonNameFormat == "" {
		e.Add("common_name_format", "must not be empty")
	}
	for _, network := range c.PrivateNetworks {
		if _, err := netip.ParsePrefix(network); err != nil {
			e.Add("private_networks", "want networks such as 10.1.0.0/16")
		}
	}
	leastNumber{"timeout", int64(c.Timeout), int64(time.Millisecond)}.check(e)
	leastNumber{"delay", int64(c.Delay), 0}.check(e)
	leastNumber{"cached_servers", int64(c.CachedServers), 1}.check(e)
	return e.Err()
}
