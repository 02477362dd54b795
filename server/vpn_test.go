package server_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// vpnAdditions are keys beyond those that were recorded.
func vpnAdditions() []string {
	return []string{
		"parent", "path_length", "auto_renew", "enrolment", "revoked", "revoked_at", "revocation_reason", "has_private_key", "subnet", "subnet_network", "ip",
		"ip_address", "webhook_endpoint", "auth_token_set", "public_key", "node_id", "network_id", "trouble", "fetched", "clients", "hub", "status",
	}
}

// vpnDeviations are where the API differs from the recordings on purpose.
func vpnDeviations() map[int][]replay.Deviation {
	const stored = "controller-config §12.4: what is generated for an empty template is stored, and not lost"
	return map[int][]replay.Deviation{
		19: {instead("body.config", replay.Anything, stored)},
		22: {instead("body.config", replay.Anything, stored)},
	}
}

// vpnClient asks the API of a server with the accounts of the recordings.
type vpnClient struct {
	*server.Server
	t    *testing.T
	vars map[string]string
}

func newVPNClient(t *testing.T, db *sqlstore.DB, change func(*settings)) *vpnClient {
	t.Helper()
	s := newServer(t, db, func(c *settings) {
		c.VPN.Delay = 0
		if change != nil {
			change(c)
		}
	})
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	return &vpnClient{s, t, identifiers(t, s)}
}

// ask sends a body as one of the accounts, and decodes the answer.
func (c *vpnClient) ask(user, method, path string, body any, want int) map[string]any {
	c.t.Helper()
	text := ""
	if body != nil {
		raw, err := json.Marshal(body)
		require.NoError(c.t, err)
		text = string(raw)
	}
	w := ask(c.Server, method, "/api/v1/"+path, text, with(strings.Repeat(tokens[user], 40)))
	require.Equal(c.t, want, w.Code, "%s %s as %s: %s", method, path, user, w.Body)
	out := map[string]any{}
	_ = json.Unmarshal(w.Body.Bytes(), &out) // some answers have no body
	return out
}

func (c *vpnClient) subnet(network string) string {
	c.t.Helper()
	return c.ask("manager", "POST", "ipam/subnet/", map[string]any{"name": network, "subnet": network, "organization": c.vars["org_alpha"]}, 201)["id"].(string)
}

type object = map[string]any

// wireguard makes a server, with what change adds to it.
func (c *vpnClient) wireguard(name string, change object) map[string]any {
	c.t.Helper()
	body := object{"name": name, "host": name + ".example.org", "organization": c.vars["org_alpha"], "backend": "openwisp_controller.vpn_backends.Wireguard",
		"config": object{"wireguard": []object{{"name": name, "port": 51820}}}}
	for k, v := range change {
		body[k] = v
	}
	return c.ask("manager", "POST", "controller/vpn/", body, 201)
}

func (c *vpnClient) template(vpn any, change object) string {
	c.t.Helper()
	body := object{"name": "tunnel", "organization": c.vars["org_alpha"], "backend": "netjsonconfig.OpenWrt", "type": "vpn", "vpn": vpn, "config": object{}}
	for k, v := range change {
		body[k] = v
	}
	return c.ask("manager", "POST", "controller/template/", body, 201)["id"].(string)
}

func (c *vpnClient) device(n int, templates ...string) map[string]any {
	c.t.Helper()
	return c.ask("manager", "POST", "controller/device/", object{"name": fmt.Sprintf("ap%d", n), "organization": c.vars["org_alpha"], "mac_address": fmt.Sprintf("02:00:00:00:%02X:%02X", n>>8, n&255),
		"config": object{"backend": "netjsonconfig.OpenWrt", "templates": append([]string{}, templates...), "context": object{}, "config": object{}}}, 201)
}

// A tunnel from its server to the host that runs it and to the device, over HTTP alone.
func TestTunnelsOverHTTP(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c := newVPNClient(t, db, nil)
		require.NoError(t, c.Start(t.Context()))
		subnet := c.subnet("10.8.0.0/24")
		s := c.wireguard("wg0", object{"subnet": subnet})
		require.Equal(t, []any{"10.8.0.1", "10.8.0.0/24", nil, nil, false, 0.0}, []any{s["ip_address"], s["subnet_network"], s["ca"], s["cert"], s["auth_token_set"], s["clients"]})
		require.NotContains(t, s, "private_key")
		template := c.template(s["id"], object{"default": true})
		shown := object{"backend": "netjsonconfig.OpenWrt", "default_values": object{}, "vpn": s["id"],
			"config": object{"general": object{"description": "{{ vpn_host_" + strings.ReplaceAll(s["id"].(string), "-", "") + " }}"}}}
		require.Contains(t, c.ask("manager", "POST", "controller/preview/", shown, 200)["rendered"], s["host"], "a preview has the variables of the server")
		shown["vpn"] = "00000000-0000-4000-8000-000000000000"
		require.Contains(t, c.ask("manager", "POST", "controller/preview/", shown, 400), "vpn")
		shown["vpn"] = s["id"]
		require.Contains(t, c.ask("betamanager", "POST", "controller/preview/", shown, 400), "vpn", "another organization's server does not exist")
		d := c.device(1)
		id, host := s["id"].(string), "/controller/vpn/checksum/"+s["id"].(string)+"/?key="
		device := get(c, "/controller/download-config/"+d["id"].(string)+"/?key="+d["key"].(string))
		require.Equal(t, 200, device.Code)
		network := unpacked(t, device.Body.Bytes())["etc/config/network"]
		require.Contains(t, network, "list addresses '10.8.0.2/32'")

		key := s["key"].(string)
		idle(t, c.Server)
		sum := get(c, host+key)
		require.Equal(t, []any{200, "true", "text/plain", "32"}, []any{sum.Code, sum.Header().Get("X-Openwisp-Controller"), sum.Header().Get("Content-Type"), sum.Header().Get("Content-Length")})
		archive := get(c, strings.Replace(host, "checksum", "download-config", 1)+key)
		require.Equal(t, "attachment; filename=wg0.tar.gz", archive.Header().Get("Content-Disposition"))
		require.Equal(t, sum.Body.String(), fmt.Sprintf("%x", md5.Sum(archive.Body.Bytes())))
		require.Contains(t, unpacked(t, archive.Body.Bytes())["wg0.conf"], "AllowedIPs = 10.8.0.2/32")
		for path, want := range map[string]string{
			host: "400 error: missing required parameter \"key\"\n", host + "x": "403 error: wrong key\n",
			strings.Replace(host, id, "00000000-0000-4000-8000-000000000000", 1): "404", strings.Replace(host, id, "x", 1): "404", "/controller/vpn/register/" + id + "/": "404", "/controller/vpn/": "404",
			"/controller/vpn/checksum/" + id + "?key=a b": "301",
		} {
			w := get(c, strings.ReplaceAll(path, " ", "%20"))
			got := fmt.Sprint(w.Code)
			if len(want) > 3 {
				got += " " + w.Body.String()
			}
			require.Equal(t, want, got, path)
		}
		require.Equal(t, 405, ask(c, "POST", host+key, "").Code)
		require.Equal(t, 200, get(c, strings.Replace(host, id, strings.ReplaceAll(id, "-", ""), 1)+key).Code, "without dashes")

		clients := c.ask("operator", "GET", "controller/vpn/"+id+"/client/", nil, 200)
		require.Equal(t, 1.0, clients["count"])
		first := clients["results"].([]any)[0].(map[string]any)
		require.Equal(t, []any{"ap1", "wg0", "10.8.0.2", template}, []any{first["device_name"], first["vpn_name"], first["ip_address"], first["template"]})
		require.NotContains(t, first, "private_key")
		require.Equal(t, 1.0, c.ask("operator", "GET", "controller/device/"+d["id"].(string)+"/vpn-client/", nil, 200)["count"])
		c.ask("operator", "GET", "controller/vpn/"+id+"/configuration/", nil, 403)
		c.ask("manager", "GET", "controller/vpn/"+id+"/configuration/", nil, 200)
		c.ask("operator", "POST", "controller/vpn/", object{}, 403)
		c.ask("operator", "DELETE", "controller/vpn/"+id+"/", nil, 403)
		c.ask("betamanager", "GET", "controller/vpn/"+id+"/", nil, 404)
		c.ask("betamanager", "GET", "controller/vpn/"+id+"/client/", nil, 404)

		// what the server stands on stays; what it has goes with it
		require.Contains(t, fmt.Sprint(c.ask("manager", "DELETE", "ipam/subnet/"+subnet+"/", nil, 400)), "The subnet is that of the VPN server")
		c.ask("manager", "DELETE", "controller/vpn/"+id+"/", nil, 204)
		idle(t, c.Server)
		require.Empty(t, c.ask("manager", "GET", "controller/device/"+d["id"].(string)+"/", nil, 200)["config"].(map[string]any)["templates"])
		require.Equal(t, 0.0, c.ask("manager", "GET", "ipam/subnet/"+subnet+"/ip-address/", nil, 200)["count"])
		require.Equal(t, 404, get(c, host+key).Code)

		// an organization goes with everything
		ca := c.ask("manager", "POST", "controller/ca/", object{"name": "ca", "organization": c.vars["org_alpha"], "common_name": "ca", "key_length": "256"}, 201)
		ovpn := c.wireguard("ovpn", object{"backend": "openwisp_controller.vpn_backends.OpenVpn", "ca": ca["id"], "subnet": subnet,
			"config": object{"openvpn": []object{{"name": "tun0", "proto": "udp", "port": 1194, "mode": "server", "tls_server": true, "dev": "tun0", "dev_type": "tun", "ca": "ca.pem", "cert": "cert.pem", "key": "key.pem", "dh": "dh.pem", "server": "10.8.0.0 255.255.255.0"}}}})
		require.NotNil(t, ovpn["cert"])
		require.Contains(t, ovpn["dh"], "BEGIN DH PARAMETERS")
		c.template(ovpn["id"], object{"name": "ovpn", "default": true})
		c.device(2)
		require.Contains(t, fmt.Sprint(c.ask("manager", "DELETE", fmt.Sprintf("controller/ca/%v/", ca["id"]), nil, 400)), "cannot be deleted")
		c.ask("admin", "DELETE", "users/organization/"+c.vars["org_alpha"]+"/", nil, 204)
		idle(t, c.Server)
		for _, table := range []string{"vpn_server", "vpn_client", "ipam_address"} {
			n, err := sqlstore.Get[int](t.Context(), db, "SELECT count(*) FROM "+table)
			require.NoError(t, err)
			require.Zero(t, n, table)
		}
	})
}

func unpacked(t *testing.T, archive []byte) map[string]string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	require.NoError(t, err)
	out := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		out[h.Name] = string(text)
	}
}

// Two nodes that make clients at once never give two of them one address or one
// number, and a device that is refused leaves nothing behind.
func TestTwoNodesMakeClients(t *testing.T) {
	url := testkit.PostgresURL(t)
	key := func(c *settings) { c.SecretKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" }
	one := newVPNClient(t, testkit.Open(t, url), key)
	two := &vpnClient{newServer(t, testkit.Open(t, url), key), t, one.vars}
	s := one.wireguard("wg0", object{"backend": "openwisp_controller.vpn_backends.VxlanWireguard", "subnet": one.subnet("10.8.0.0/24")})
	one.template(s["id"], object{"default": true})
	const each = 12
	var wait sync.WaitGroup
	for i, node := range []*vpnClient{one, two, one, two} {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for n := range each {
				no := i*each + n
				body := fmt.Sprintf(`{"name":"ap%d","organization":"%s","mac_address":"02:00:00:00:00:%02X","config":{"backend":"netjsonconfig.OpenWrt","templates":[],"context":{},"config":{}}}`, no, one.vars["org_alpha"], no)
				w := ask(node.Server, "POST", "/api/v1/controller/device/", body, with(strings.Repeat("b", 40)))
				if w.Code != 201 {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			}
		}()
	}
	wait.Wait()
	addresses, numbers := map[any]bool{}, map[any]bool{}
	for page := 1; page <= 3; page++ {
		for _, raw := range one.ask("manager", "GET", fmt.Sprintf("controller/vpn/%s/client/?page_size=20&page=%d", s["id"], page), nil, 200)["results"].([]any) {
			o := raw.(map[string]any)
			addresses[o["ip_address"]], numbers[o["vni"]] = true, true
		}
	}
	require.Len(t, addresses, 4*each)
	require.Len(t, numbers, 4*each)
	for n := 1; n <= 4*each; n++ {
		require.True(t, numbers[float64(n)], n)
	}
}

// A private address is not asked unless the administrator allows it, and nobody is
// told what a name resolves to.
func TestWebhooksOfVPNServersStayOutside(t *testing.T) {
	var calls atomic.Int64
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	t.Cleanup(hook.Close)
	for allowed, want := range map[string]int64{"": 0, "127.0.0.0/8": 1} {
		c := newVPNClient(t, testkit.SQLite(t), func(c *settings) {
			if allowed != "" {
				c.VPN.PrivateNetworks = []string{allowed}
			}
		})
		require.NoError(t, c.Start(t.Context()))
		calls.Store(0)
		s := c.wireguard("wg0", object{"subnet": c.subnet("10.8.0.0/24")})
		c.ask("manager", "PATCH", "controller/vpn/"+s["id"].(string)+"/", object{"webhook_endpoint": hook.URL, "auth_token": "secret"}, 200)
		trouble := func() string {
			return c.ask("manager", "GET", "controller/vpn/"+s["id"].(string)+"/", nil, 200)["trouble"].(string)
		}
		if want == 0 {
			testkit.Eventually(t, "the refusal is noted", func(context.Context) bool { return trouble() != "" })
			require.Contains(t, trouble(), "the address is private or special")
			require.NotContains(t, trouble(), "127.0.0.1")
			told := c.ask("manager", "GET", "notifications/notification/", nil, 200)
			testkit.Eventually(t, "people are told", func(context.Context) bool {
				told = c.ask("manager", "GET", "notifications/notification/", nil, 200)
				return strings.Contains(fmt.Sprint(told), "could not be told of changes")
			})
		} else {
			testkit.Eventually(t, "it is called", func(context.Context) bool { return calls.Load() == want })
		}
	}
}

// What the installation suggests is made as it is; what is wrong names its field and
// leaves nothing behind.
func TestAManagementNetworkInOneStep(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c := newVPNClient(t, db, nil)
		const path = "controller/management-network/"
		require.Equal(t, object{"hub": false, "host": "example.com", "port": 51820.0, "network": "10.255.0.0/16", "interface": "wgmgmt", "name": "Management VPN"}, c.ask("manager", "GET", path, nil, 200))
		alpha := c.vars["org_alpha"]
		for field, body := range map[string]object{
			"hub": {"organization": alpha, "hub": true}, "network": {"organization": alpha, "network": "10.0.0.1/8"}, "port": {"organization": alpha, "port": 70000},
			"interface": {"organization": alpha, "interface": "a b"}, "organization": {},
		} {
			require.Contains(t, c.ask("manager", "POST", path, body, 400), field, body)
		}
		c.ask("manager", "POST", path, object{"organization": nil}, 403)
		c.ask("manager", "POST", path, object{"organization": c.vars["org_beta"]}, 400)
		c.ask("operator", "POST", path, object{"organization": alpha}, 403)
		made := c.ask("manager", "POST", path, object{"organization": alpha, "host": "vpn.example.org"}, 201)
		again := c.ask("manager", "POST", path, object{"organization": alpha, "host": "vpn.example.org"}, 400)
		require.NotEmpty(t, again)
		for _, list := range []string{"controller/vpn/", "controller/template/", "ipam/subnet/"} {
			require.Equal(t, 1.0, c.ask("manager", "GET", list+"?search=Management", nil, 200)["count"], list)
		}
		server := c.ask("manager", "GET", "controller/vpn/"+made["vpn"].(string)+"/", nil, 200)
		require.Equal(t, []any{"vpn.example.org", "10.255.0.1", false, nil}, []any{server["host"], server["ip_address"], server["hub"], server["status"]})
		template := c.ask("manager", "GET", "controller/template/"+made["template"].(string)+"/", nil, 200)
		require.Equal(t, []any{true, true, true, "vpn"}, []any{template["default"], template["required"], template["auto_cert"], template["type"]})
		device := c.device(1)
		clients := c.ask("manager", "GET", "controller/device/"+device["id"].(string)+"/vpn-client/", nil, 200)["results"].([]any)
		require.Len(t, clients, 1, "a new device is in it")
		require.Equal(t, []any{"10.255.0.2", nil}, []any{clients[0].(object)["ip_address"], clients[0].(object)["connection"]})
	})
}
