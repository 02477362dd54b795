package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
)

// The pair of RFC 7748, §6.1, and the other private key there.
const (
	aliceKey    = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo="
	alicePublic = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="
	bobKey      = "XasIfmJKikt54X+Lg4AO5m87sSkmGLb9HC+LJ/+I4Os="
)

// A server that exists already comes with its key, which nobody is told again: not in
// answers, not in the history, not in faults.
func TestServersThatExistAlready(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c := newVPNClient(t, db, func(c *settings) { c.SecretKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" })
		subnet := c.subnet("10.8.0.0/24")
		secrets := func(text string) {
			t.Helper()
			for _, key := range []string{aliceKey, bobKey} {
				require.NotContains(t, text, key)
				require.NotContains(t, text, strings.ReplaceAll(key, "/", `\/`))
			}
		}
		call := func(user, method, path string, body any, want int) string {
			t.Helper()
			raw, err := json.Marshal(body)
			require.NoError(t, err)
			w := ask(c.Server, method, "/api/v1/"+path, string(raw), with(strings.Repeat(tokens[user], 40)))
			require.Equal(t, want, w.Code, "%s", w.Body)
			secrets(w.Body.String())
			return w.Body.String()
		}
		body := object{"name": "old", "host": "old.example.org", "organization": c.vars["org_alpha"], "backend": "openwisp_controller.vpn_backends.Wireguard", "subnet": subnet, "private_key": aliceKey,
			"config": object{"wireguard": []object{{"name": "wg0", "port": 51820, "address": "10.8.0.9/24", "peers": []object{{"public_key": "x", "allowed_ips": "10.8.0.1/32"}}}}}}
		for field, wrong := range map[string]any{"private_key": bobKey[:30], "subnet": c.ask("betamanager", "POST", "ipam/subnet/", object{"name": "b", "subnet": "10.9.0.0/24", "organization": c.vars["org_beta"]}, 201)["id"]} {
			bad := object{}
			for k, v := range body {
				bad[k] = v
			}
			bad[field] = wrong
			text := call("manager", "POST", "controller/vpn/", bad, 400)
			require.Contains(t, text, `"`+field+`"`)
			require.NotContains(t, text, bobKey[:30])
		}
		text := call("manager", "POST", "controller/vpn/", body, 201)
		made := object{}
		require.NoError(t, json.Unmarshal([]byte(text), &made))
		require.Equal(t, alicePublic, made["public_key"])
		require.Equal(t, "10.8.0.9", made["ip_address"])
		require.NotContains(t, made, "private_key")
		path := fmt.Sprintf("controller/vpn/%s/", made["id"])
		for _, empty := range []any{nil, ""} {
			require.Contains(t, call("manager", "PATCH", path, object{"private_key": empty, "notes": "n"}, 200), alicePublic, "it stays")
		}
		require.NotContains(t, call("manager", "PATCH", path, object{"private_key": bobKey}, 200), alicePublic)
		call("manager", "PATCH", path, object{"config": object{"wireguard": []object{{"name": "wg0", "port": 51820, "private_key": aliceKey}}}}, 200)
		require.Contains(t, call("manager", "GET", path, nil, 200), alicePublic, "the key of the configuration is sealed and used")
		call("betamanager", "PATCH", path, object{"private_key": bobKey}, 404)
		call("operator", "PATCH", path, object{"private_key": bobKey}, 403)
		call("manager", "GET", "controller/vpn/", nil, 200)
		for _, table := range []string{"SELECT fields FROM tenancy_event", "SELECT config FROM vpn_server"} {
			secrets(column(t, db, table))
		}
		c.ask("manager", "DELETE", path, nil, 204)
	})
}

// column reads everything in a column as text.
func column(t *testing.T, db *sqlstore.DB, query string) (all string) {
	t.Helper()
	rows, err := db.SQL().QueryContext(t.Context(), query)
	if err != nil { // the table has another name
		t.Fatal(err)
	}
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var text any
		require.NoError(t, rows.Scan(&text))
		all += fmt.Sprintf("%s\n", text)
	}
	require.NoError(t, rows.Err())
	return all
}

// A peer of a server that exists already, and the key that both share.
const bobPublic, peerKey = "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08=", "FpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE="

// Authorities, VPN servers with their templates and rules of subnet division travel in
// files of data; loading one twice changes nothing.
func TestVPNData(t *testing.T) {
	c := newVPNClient(t, testkit.SQLite(t), nil)
	subnet := c.subnet("10.8.0.0/16")
	ca := c.ask("manager", "POST", "controller/ca/", object{"name": "office", "organization": c.vars["org_alpha"], "key_length": "256", "digest": "sha256", "common_name": "Office CA"}, 201)
	cert := c.ask("manager", "POST", "controller/cert/", object{"name": "gate", "organization": c.vars["org_alpha"], "ca": ca["id"], "key_length": "256", "digest": "sha256", "common_name": "gate.example.org", "passphrase": "open sesame"}, 201)
	gone := c.ask("manager", "POST", "controller/cert/", object{"name": "gone", "organization": c.vars["org_alpha"], "ca": ca["id"], "key_length": "256", "digest": "sha256", "common_name": "gone"}, 201)
	c.ask("manager", "POST", fmt.Sprintf("controller/cert/%v/revoke/", gone["id"]), nil, 200)
	wg := c.wireguard("wg", object{"subnet": subnet, "private_key": aliceKey, "config": object{"wireguard": []object{{"name": "wg0", "port": 51820, "peers": []object{{"public_key": bobPublic, "allowed_ips": "10.8.7.7/32", "preshared_key": peerKey}}}}}, "webhook_endpoint": "https://hooks.example.org/", "auth_token": "t0ken"})
	c.template(wg["id"], object{"name": "lead", "default": true, "tags": []string{"mesh"}, "auto_cert": true})
	c.wireguard("gate", object{"backend": "openwisp_controller.vpn_backends.OpenVpn", "ca": ca["id"], "cert": cert["id"],
		"config": object{"openvpn": []object{{"name": "tun0", "mode": "server", "proto": "udp", "port": 1194, "dev": "tun0", "dev_type": "tun", "tls_server": true, "ca": "ca.pem", "cert": "cert.pem", "key": "key.pem", "dh": "dh.pem", "server": "10.9.0.0 255.255.0.0"}}}})
	c.ask("manager", "POST", "controller/subnet-division-rule/", object{"organization": c.vars["org_alpha"], "type": "openwisp_controller.subnet_division.rule_types.device.DeviceSubnetDivisionRuleType",
		"master_subnet": subnet, "label": "LAN", "number_of_subnets": 1, "size": 24, "number_of_ips": 2}, 201)
	c.device(1)
	require.Equal(t, 3.0, c.ask("manager", "GET", "ipam/subnet/", nil, 200)["count"], "the reserved one, and that of the device")

	var first bytes.Buffer
	require.NoError(t, c.DumpData(t.Context(), &first))
	for _, words := range []string{aliceKey, peerKey, "t0ken", "Office CA", "gate.example.org", `"label": "LAN"`, `"name": "lead"`, "cessation", "open sesame"} {
		if words == "cessation" {
			words = `"revoked": "`
		}
		require.Contains(t, first.String(), words)
	}
	require.NotContains(t, first.String(), "LAN_subnet1", "what a rule made is made again")
	require.Contains(t, first.String(), "Reserved Subnet")
	shown := c.ask("manager", "GET", "controller/vpn/"+wg["id"].(string)+"/", nil, 200)
	require.NotContains(t, fmt.Sprint(shown), peerKey, "nobody reads the keys of peers")
	other := newServer(t, testkit.SQLite(t), nil)
	for range 2 {
		require.NoError(t, other.LoadData(t.Context(), bytes.NewReader(first.Bytes())))
		var again bytes.Buffer
		require.NoError(t, other.DumpData(t.Context(), &again))
		require.Equal(t, first.String(), again.String())
	}
	const alpha = `"organization":"alpha","host":"h.example.org","backend":"openwisp_controller.vpn_backends.Wireguard","config":{"wireguard":[{"name":"wg1","port":1}]}`
	// a short description: what it does not say of stays or is made
	require.NoError(t, other.LoadData(t.Context(), strings.NewReader(`{"subnets":[{"organization":"alpha","subnet":"10.77.0.0/24","name":"x"}],
		"vpn_servers":[{"name":"new",`+alpha+`,"subnet":"10.77.0.0/24","ip_address":"10.77.0.77","private_key":"`+bobKey+`","templates":[{"name":"to new"}]}],
		"subnet_division_rules":[{"organization":"alpha","label":"V","type":"vpn","master_subnet":"10.77.0.0/24","number_of_subnets":1,"size":28,"number_of_ips":1}]}`)))
	var grown bytes.Buffer
	require.NoError(t, other.DumpData(t.Context(), &grown))
	require.Contains(t, grown.String(), `"ip_address": "10.77.0.77"`)
	require.Contains(t, grown.String(), bobKey)
	require.Contains(t, grown.String(), "{{vpn_host_", "the template is made of the server")
	for text, fault := range map[string]string{
		`{"vpn_servers":[{"name":"x",` + alpha + `,"subnet":"10.1.0.0/24"}]}`:                                                                                              "There is no subnet 10.1.0.0/24.",
		`{"vpn_servers":[{"name":"x",` + alpha + `,"subnet":"10.77.0.0/24","private_key":"AAAA"}]}`:                                                                        "private_key",
		`{"vpn_servers":[{"name":"x",` + alpha + `,"subnet":"10.77.0.0/24","ip_address":"10.2.0.1"}]}`:                                                                     "IP address does not belong to the subnet",
		`{"vpn_servers":[{"name":"x",` + alpha + `,"ca":"Nobody"}]}`:                                                                                                       `There is no authority "Nobody".`,
		`{"vpn_servers":[{"name":"x",` + alpha + `,"ca":"Office CA","cert":"nothing"}]}`:                                                                                   `has no certificate "nothing"`,
		`{"vpn_servers":[{"name":"x",` + alpha + `,"colour":"red"}]}`:                                                                                                      "colour",
		`{"vpn_servers":[{"name":"x","organization":"beta","backend":"a","config":[]}]}`:                                                                                   "Want a JSON object.",
		`{"vpn_servers":[{"name":"x","organization":"beta","ca":"Office CA","backend":"a","config":{}}]}`:                                                                  `There is no authority "Office CA".`,
		`{"vpn_servers":[{"name":"z","organization":"beta","backend":"x.ZeroTier","config":{}}]}`:                                                                          "made over the API",
		`{"subnet_division_rules":[{"organization":"alpha","label":"a b","type":"vpn","master_subnet":"10.77.0.0/24","number_of_subnets":1,"size":28,"number_of_ips":1}]}`: "Only alphanumeric",
		`{"subnet_division_rules":[{"organization":"alpha","label":"V","type":"vpn","master_subnet":"10.77.0.0/24","number_of_subnets":1,"size":27,"number_of_ips":1}]}`:   "Subnet size cannot be changed",
		`{"subnet_division_rules":[{"organization":"beta","label":"V","type":"vpn","master_subnet":"10.77.0.0/24","number_of_subnets":1,"size":28,"number_of_ips":1}]}`:    "There is no subnet",
		`{"cas":[{"organization":"alpha","certificate":"x","private_key":"y"}]}`:                                                                                           "certificate",
		`{"cas":[{"certificate":"","private_key":""}]}`:                                                                                                                    "both in PEM",
	} {
		require.ErrorContains(t, other.LoadData(t.Context(), strings.NewReader(text)), fault)
		var after bytes.Buffer
		require.NoError(t, other.DumpData(t.Context(), &after))
		require.Equal(t, grown.String(), after.String(), "nothing is half loaded")
	}
}

// Keys that the history tells of from before they were sealed are taken out of it when
// the server starts, once; what else it tells stays.
func TestKeysOfTheHistoryAreForgotten(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c := newVPNClient(t, db, nil)
		s := c.wireguard("wg0", object{"subnet": c.subnet("10.8.0.0/24")})
		config := func(key string) string {
			return `{"wireguard":[{"name":"wg0","port":51820,"private_key":"` + key + `","peers":[{"public_key":"` + bobPublic + `","preshared_key":"` + key + `","allowed_ips":"10.8.0.7/32"},{"public_key":"x","preshared_key":"{{psk}}"}]}]}`
		}
		tell := func(kind, id string) {
			require.NoError(t, c.Tenancy().Trail.Record(t.Context(), wispwright.Change{Kind: kind, ObjectID: id, Label: "wg0", Action: "change",
				Fields: []wispwright.FieldChange{{Field: "Config", Old: wispwright.JSON(config(peerKey)), New: wispwright.JSON(config(aliceKey))}, {Field: "Notes", New: "preshared_key"}}}))
		}
		for range 3 {
			tell("config.vpn", s["id"].(string))
		}
		require.NoError(t, c.Start(t.Context()))
		text := column(t, db, "SELECT fields FROM tenancy_event")
		require.NotContains(t, text, peerKey)
		require.NotContains(t, text, aliceKey)
		require.Contains(t, text, `"preshared_key":"***"`, "that there was one stays")
		require.Contains(t, text, "{{psk}}")
		require.Contains(t, text, bobPublic)
		found, err := c.Tenancy().Trail.List(t.Context(), wispwright.ScopeAll(), tenancy.EventFilter{Kind: "config.vpn", ObjectID: s["id"].(string), Action: "change"}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, found.Rows, 3)
		for _, e := range found.Rows {
			require.Equal(t, wispwright.JSON(config("***")), e.Fields[0].Old)
			require.Equal(t, "preshared_key", e.Fields[1].New)
		}
		n, err := sqlstore.Get[int](t.Context(), db, "SELECT count(*) FROM server_state WHERE name = 'vpn.history_keys'")
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}
