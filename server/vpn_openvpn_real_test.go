package server_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/country"
	"github.com/wispwright/wispwright/internal/testkit"
)

// OpenVPN on a host: certificates, and one that is revoked.
func TestOpenVPNReallyComesUp(t *testing.T) {
	if !within(t) {
		return
	}
	w := newCountry(t, nil)
	program := buildAgent(t, w.dir)
	w.place("vpn", 2)
	ca := w.ask("manager", "POST", "controller/ca/", object{"name": "ca", "organization": w.vars["org_alpha"], "key_length": "256", "digest": "sha256", "serial_number": "1", "common_name": "VPN CA"}, 201)
	ovpn := w.wireguard("ovpn", object{"host": "10.250.0.2", "backend": "openwisp_controller.vpn_backends.OpenVpn", "ca": ca["id"],
		"config": object{"openvpn": []object{{"name": "ovpn", "mode": "server", "proto": "udp", "port": 1194, "dev": "tun0", "dev_type": "tun", "ca": "ca.pem", "cert": "cert.pem", "key": "key.pem", "dh": "dh.pem",
			"tls_server": true, "server": "10.8.0.0 255.255.255.0", "topology": "subnet", "keepalive": "1 5", "verb": 3, "up_delay": 3}}}})
	w.template(ovpn["id"], object{"name": "OpenVPN", "auto_cert": true, "default": true})
	w.host("vpn", "--interval 5s", ovpn)
	for n, name := range []string{"ap1", "ap2"} {
		w.place(name, 11+n)
		w.agent(program, name, 11+n)
	}
	devices := []object{w.named("ap1"), w.named("ap2")}
	w.crosses("ap1", "10.8.0.1")
	w.crosses("ap2", "10.8.0.1")
	connections := func() (connected int) {
		for _, item := range w.ask("manager", "GET", fmt.Sprintf("controller/vpn/%s/client/", ovpn["id"]), nil, 200)["results"].([]any) {
			if c, _ := item.(object)["connection"].(object); c["connected"] == true {
				connected++
			}
		}
		return connected
	}
	testkit.Eventually(t, "both clients are told to be connected", func(context.Context) bool { return connections() == 2 })
	var cert any
	for _, item := range w.ask("manager", "GET", fmt.Sprintf("controller/device/%s/vpn-client/", devices[1]["id"]), nil, 200)["results"].([]any) {
		if item.(object)["vpn"] == ovpn["id"] {
			cert = item.(object)["cert"]
		}
	}
	w.ask("manager", "POST", fmt.Sprintf("controller/cert/%v/revoke/", cert), nil, 200)
	w.dies("ap2", "10.8.0.1")
	testkit.Eventually(t, "the server refuses the revoked certificate", func(context.Context) bool {
		log, err := os.ReadFile(filepath.Join(w.dir, "vpn-vpn", ovpn["id"].(string), "run", "openvpn.log"))
		return err == nil && strings.Contains(string(log), "certificate revoked")
	})
	require.True(t, country.Reaches(t.Context(), "ap1", "10.8.0.1"), "the other client stays")

}
