package server_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server"
)

// send posts what a VPN server prints to a new topology and returns the answer of
// the list of its nodes.
func (c *vpnClient) send(parser, text string) (id string, nodes []any) {
	c.t.Helper()
	id = c.ask("manager", "POST", "network-topology/topology/", object{"label": parser, "parser": parser, "strategy": "receive", "key": "k", "organization": c.vars["org_alpha"]}, 201)["id"].(string)
	c.sendAgain(id, text)
	return id, c.ask("manager", "GET", "network-topology/summary/node/?topology="+id, nil, 200)["results"].([]any)
}

func (c *vpnClient) sendAgain(id, text string) {
	c.t.Helper()
	w := ask(c.Server, "POST", "/api/v1/network-topology/topology/"+id+"/receive/?key=k", text, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") })
	require.Equal(c.t, 200, w.Code, w.Body)
}

// The clients of VPN servers are devices: what the servers print is matched with
// what was made for the devices (spec: topology §6).
func TestTunnelsBecomeDevices(t *testing.T) {
	c := newVPNClient(t, testkit.SQLite(t), nil)
	wg := c.wireguard("wg", object{"subnet": c.subnet("10.77.0.0/24")})
	made := c.device(1, c.template(wg["id"], object{"auto_cert": true}))
	servers, ok := server.Find[*server.VPNConcern](c.Concerns())
	require.True(t, ok)
	clients, err := servers.Clients.List(t.Context(), wispwright.ScopeAll(), vpn.ClientFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, clients.Rows, 1)
	address := clients.Rows[0].Address.String()
	now := strconv.FormatInt(time.Now().Unix(), 10)
	const peer = "\t(none)\t192.0.2.9:5\t"
	_, nodes := c.send("netdiff.WireguardParser", "wg0\tprivate\tpublic\t51820\toff\nwg0\tpeer1"+peer+address+"/32\t"+now+"\t1\t2\toff\nwg0\tpeer2"+peer+"10.99.0.1/32\t"+now+"\t1\t2\toff\n")
	devices := map[any]any{}
	for _, n := range nodes {
		if n := n.(object); n["device"] != nil {
			devices[n["device"]] = n["display_name"]
		}
	}
	require.Equal(t, map[any]any{made["id"]: "ap1"}, devices, "the peer with the device's address is called as the device")
}

func TestManagementAddressFollowsTheTunnel(t *testing.T) {
	c := newVPNClient(t, testkit.SQLite(t), nil)
	pki, ok := server.Find[*server.X509Concern](c.Concerns())
	require.True(t, ok)
	ca := c.ask("manager", "POST", "controller/ca/", object{"name": "ca", "organization": c.vars["org_alpha"], "key_length": "2048", "digest": "sha256", "serial_number": "1"}, 201)
	ovpn := c.wireguard("ovpn", object{"backend": "openwisp_controller.vpn_backends.OpenVpn", "ca": ca["id"],
		"config": object{"openvpn": []object{{"name": "ovpn", "mode": "server", "proto": "udp", "port": 1194, "dev": "tun0", "dev_type": "tun", "ca": "ca.pem", "cert": "cert.pem", "key": "key.pem", "dh": "dh.pem", "tls_server": true}}}})
	made := c.device(1, c.template(ovpn["id"], object{"auto_cert": true}))
	servers, ok := server.Find[*server.VPNConcern](c.Concerns())
	require.True(t, ok)
	clients, err := servers.Clients.List(t.Context(), wispwright.ScopeAll(), vpn.ClientFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Len(t, clients.Rows, 1)
	cert, err := pki.Certs.Get(t.Context(), wispwright.ScopeAll(), clients.Rows[0].CertID)
	require.NoError(t, err)
	status := func(clients ...string) string {
		when := time.Now().UTC().Format(time.ANSIC)
		text := "OpenVPN CLIENT LIST\nUpdated," + when + "\nCommon Name,Real Address,Bytes Received,Bytes Sent,Connected Since\n"
		for _, name := range clients {
			text += name + ",192.0.2.1:1194,100,200," + when + "\n"
		}
		text += "ROUTING TABLE\nVirtual Address,Common Name,Real Address,Last Ref\n"
		for _, name := range clients {
			text += "10.8.0.2," + name + ",192.0.2.1:1194," + when + "\n"
		}
		return text + "GLOBAL STATS\nMax bcast/mcast queue length,0\nEND\n"
	}
	management := func() any {
		return c.ask("manager", "GET", "controller/device/"+made["id"].(string)+"/", nil, 200)["management_ip"]
	}
	id, nodes := c.send("netdiff.OpenvpnParser", status(cert.CommonName))
	matched := 0
	for _, n := range nodes {
		if n.(object)["device"] == made["id"] {
			matched++
		}
	}
	require.Equal(t, 1, matched, "%v", nodes)
	require.Nil(t, management(), "a link that is new is no change of one")
	c.sendAgain(id, status())
	require.Nil(t, management())
	c.sendAgain(id, status(cert.CommonName))
	require.Equal(t, "10.8.0.2", management())
	c.sendAgain(id, status())
	require.Nil(t, management(), "the tunnel is down")
	require.True(t, strings.Contains(cert.CommonName, "ap1"), cert.CommonName)
}
