package autoclient_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/autoclient"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/vpn"
)

// arguments are those of all functions of the reference together.
type arguments struct {
	Host            string
	Server          *ordered.Object
	CAPath          string `json:"ca_path"`
	CAContents      string `json:"ca_contents"`
	CertPath        string `json:"cert_path"`
	CertContents    string `json:"cert_contents"`
	KeyPath         string `json:"key_path"`
	KeyContents     string `json:"key_contents"`
	PublicKey       string `json:"public_key"`
	Port            int
	PrivateKey      string `json:"private_key"`
	IPAddress       string `json:"ip_address"`
	ServerIPNetwork string `json:"server_ip_network"`
	ServerIPAddress string `json:"server_ip_address"`
	VNI             any
	Vxlan           *ordered.Object
	Name            string
	Networks        []*ordered.Object
	IdentitySecret  string `json:"identity_secret"`
	ConfigPath      string `json:"config_path"`
	Disabled        bool
	ClientOptions   *ordered.Object `json:"client_options"`
}

func client(t *testing.T, backend, method string, a arguments) *ordered.Object {
	t.Helper()
	wireguard := autoclient.Wireguard{
		Host: a.Host, PublicKey: a.PublicKey, Server: a.Server, Port: a.Port,
		PrivateKey: a.PrivateKey, IPAddress: a.IPAddress, ServerNetwork: a.ServerIPNetwork,
	}
	vxlan := autoclient.Vxlan{Tunnel: wireguard, VNI: a.VNI, ServerAddress: a.ServerIPAddress, Server: a.Vxlan}
	zerotier := autoclient.ZeroTier{
		Name: a.Name, Networks: a.Networks, Secret: a.IdentitySecret,
		ConfigPath: a.ConfigPath, Disabled: a.Disabled, ClientOptions: a.ClientOptions,
	}
	switch method + " " + backend {
	case "auto_client openvpn":
		return autoclient.OpenVPN{
			Host: a.Host, Server: a.Server, CAPath: a.CAPath, CAContents: a.CAContents, CertPath: a.CertPath,
			CertContents: a.CertContents, KeyPath: a.KeyPath, KeyContents: a.KeyContents,
		}.Client()
	case "auto_client wireguard":
		return wireguard.Client()
	case "auto_client vxlan":
		return vxlan.Client()
	case "auto_client zerotier":
		return zerotier.Client()
	case "wireguard_auto_client openwrt", "wireguard_auto_client openwisp":
		return wireguard.OpenWrt()
	case "vxlan_wireguard_auto_client openwrt":
		return vxlan.OpenWrt()
	case "zerotier_auto_client openwrt":
		return zerotier.OpenWrt()
	}
	t.Fatalf("unknown method %s of %s", method, backend)
	return nil
}

func TestVectors(t *testing.T) {
	var vectors []struct {
		Name, Backend string
		Options       struct{ Method string }
		Args          arguments
		Expected      struct{ Config json.RawMessage }
	}
	testkit.ReadVectors(t, &vectors, "netjsonconfig", "auto_client.json")
	require.NotEmpty(t, vectors)
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			before := v.Args.Server.String()
			got := client(t, v.Backend, v.Options.Method, v.Args)
			require.JSONEq(t, string(v.Expected.Config), got.String())
			require.Equal(t, before, v.Args.Server.String(), "the server was altered")
		})
	}
}

func object(t *testing.T, text string) *ordered.Object {
	t.Helper()
	o, err := ordered.DecodeObject([]byte(text))
	require.NoError(t, err)
	return o
}

// TestClientsAreValid renders what comes out: a client must be a configuration
// of its backend.
func TestClientsAreValid(t *testing.T) {
	server := object(t, `{"name": "office", "mode": "server", "proto": "tcp-server", "port": 443, "dev": "tun0",
		"server": "10.8.0.0 255.255.255.0", "tls_server": true, "log": "/var/log/openvpn/office.log",
		"script_security": 3, "remote_cert_tls": "client", "verb": 3}`)
	ovpn := autoclient.OpenVPN{
		Host: "vpn.example.org", Server: server,
		CAPath: "/etc/x509/ca.pem", CAContents: "CA", CertPath: "/etc/x509/cert.pem",
	}.Client()
	config, err := njc.New(vpn.OpenVPN(), ovpn, nil)
	require.NoError(t, err)
	text, err := config.Render()
	require.NoError(t, err)
	require.Contains(t, text, "\nproto tcp-client\n")
	require.Contains(t, text, "\nlog /var/log/office.log\n")
	require.Contains(t, text, "\nremote-cert-tls server\n")
	require.Contains(t, text, "\nremote vpn.example.org 443\n")
	require.Contains(t, text, "\npull\n")
	require.Contains(t, text, "\nscript-security 2\n")
	require.NotContains(t, text, "cert.pem", "a path without contents makes no file")

	tunnel := autoclient.Wireguard{
		Host: "vpn.example.org", PublicKey: "key", Server: object(t, `{"name": "wg0", "port": 51821}`),
		IPAddress: "10.0.0.2", ServerNetwork: "10.0.0.0/24",
	}
	zerotier := autoclient.ZeroTier{
		Networks:      []*ordered.Object{object(t, `{"id": "0123456789abcdef", "ifname": "owztabcdef"}`)},
		ClientOptions: object(t, `{"allow_dns": true}`),
	}
	for _, o := range []*ordered.Object{
		tunnel.OpenWrt(),
		autoclient.Vxlan{Tunnel: tunnel, VNI: 7, ServerAddress: "10.0.0.1"}.OpenWrt(),
		autoclient.Vxlan{Tunnel: tunnel, VNI: "{{vni_1}}", ServerAddress: "10.0.0.1"}.OpenWrt(),
		zerotier.OpenWrt(),
	} {
		config, err := njc.New(openwrt.Backend(), o, nil)
		require.NoError(t, err)
		_, err = config.Render()
		require.NoError(t, err, o)
	}
}

func TestNothingIsShared(t *testing.T) {
	network := object(t, `{"id": "0123456789abcdef"}`)
	a := autoclient.ZeroTier{Networks: []*ordered.Object{network}, ClientOptions: object(t, `{"allow_dns": true}`)}
	require.Equal(t, a.Client().String(), a.Client().String())
	require.Equal(t, `{"id":"0123456789abcdef"}`, network.String())
}
