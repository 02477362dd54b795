package server_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// A VPN server asks by the common name of a certificate for the group of the
// device that came in with it.
func TestGroupOfACertificate(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := newServer(t, db, nil)
		require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
		v := &victim{t, s, identifiers(t, s)}
		org := v.ids["org_alpha"]
		ca := v.do("POST", "/api/v1/controller/ca/", `{"name":"ca","common_name":"ca","organization":"`+org+`"}`, 201)
		vpn := v.made("/api/v1/controller/vpn/", fmt.Sprintf(`{"name":"tunnel","host":"vpn.example.org","organization":"%s","backend":"openwisp_controller.vpn_backends.OpenVpn","ca":%v,
			"config":{"openvpn":[{"name":"tun0","mode":"server","proto":"udp","dev":"tun0","dev_type":"tun","ca":"ca.pem","cert":"cert.pem","key":"key.pem","dh":"dh.pem","tls_server":true}]}}`, org, ca["id"]))
		template := v.made("/api/v1/controller/template/", `{"name":"tunnel","organization":"`+org+`","backend":"netjsonconfig.OpenWrt","type":"vpn","vpn":"`+vpn+`","config":{}}`)
		group := v.made("/api/v1/controller/group/", `{"name":"roofs","organization":"`+org+`","templates":["`+template+`"],"meta_data":{"vlan":7}}`)
		v.made("/api/v1/controller/device/", `{"name":"ap1","organization":"`+org+`","mac_address":"02:00:00:00:00:07","group":"`+group+`"}`)
		var certs struct {
			Results []struct {
				Name       string
				CommonName string `json:"common_name"`
			}
		}
		require.NoError(t, json.Unmarshal(told(t, s, "a", "GET", "/api/v1/controller/cert/", "").Body.Bytes(), &certs))
		name := ""
		for _, c := range certs.Results {
			if c.Name == "ap1" {
				name = url.PathEscape(c.CommonName)
			}
		}
		require.NotEmpty(t, name)
		at := "/api/v1/controller/cert/" + name + "/group/"
		for query, status := range map[string]int{"": 200, "?org=alpha": 200, "?org=beta,alpha": 200, "?org=beta": 404, "?org=nobody": 404} {
			w := told(t, s, "b", "GET", at+query, "")
			require.Equal(t, status, w.Code, "%s: %s", query, w.Body)
			if status == 200 {
				require.Contains(t, w.Body.String(), `"meta_data":{"vlan":7}`)
			}
		}
		require.Equal(t, 404, told(t, s, "e", "GET", at, "").Code, "a manager of another organization")
		require.Equal(t, 404, told(t, s, "a", "GET", "/api/v1/controller/cert/nobody/group/", "").Code)

		// a mass command for the group reaches what is in it, and changes of the
		// schema are refused with their place
		require.Contains(t, told(t, s, "b", "GET", "/api/v1/controller/batch-command/execute/?type=reboot&group="+group, "").Body.String(), `"devices":["`)
	})
}
