package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

const deviceRule = "openwisp_controller.subnet_division.rule_types.device.DeviceSubnetDivisionRuleType"

// divisionDeviations are where the API differs from the recordings on purpose.
func divisionDeviations() map[int][]replay.Deviation {
	const deactivation = "a device with content of its own is deactivated as well"
	return map[int][]replay.Deviation{
		11: {instead("body.config.status", "deactivating", deactivation)},
		12: {instead("body", "report-result: success\ncurrent-status: deactivated\n", deactivation)},
	}
}

// divideRecorded makes the rule that was made in the admin where it was recorded.
func divideRecorded(t *testing.T, s *server.Server, fixture json.RawMessage) {
	t.Helper()
	var f struct {
		Rule map[string]any `json:"subnet division rule"`
	}
	require.NoError(t, json.Unmarshal(fixture, &f))
	require.Equal(t, "device", f.Rule["type"])
	f.Rule["type"] = deviceRule
	body, err := json.Marshal(f.Rule)
	require.NoError(t, err)
	w := ask(s, http.MethodPost, "/api/v1/controller/subnet-division-rule/", string(body), with(strings.Repeat("a", 40)))
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
}

func TestSubnetDivisionOverHTTP(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c := newVPNClient(t, db, nil)
		require.NoError(t, c.Start(t.Context()))
		master := c.subnet("10.0.0.0/16")
		early := c.device(1)
		rule := object{"organization": c.vars["org_alpha"], "type": deviceRule, "master_subnet": master, "label": "OW", "number_of_subnets": 2, "size": 28, "number_of_ips": 2}
		const path = "controller/subnet-division-rule/"
		c.ask("operator", "POST", path, rule, 403)
		require.Equal(t, "object does not exist.", strings.SplitN(fmt.Sprint(c.ask("betamanager", "POST", path, object{"organization": c.vars["org_beta"], "type": deviceRule, "master_subnet": master, "label": "OW",
			"number_of_subnets": 2, "size": 28, "number_of_ips": 2}, 400)["master_subnet"]), " - ", 2)[1][:22])
		made := c.ask("manager", "POST", path, rule, 201)
		id := made["id"].(string)
		require.Equal(t, []any{deviceRule, master, "OW", 2.0, 28.0, 2.0}, []any{made["type"], made["master_subnet"], made["label"], made["number_of_subnets"], made["size"], made["number_of_ips"]})
		c.ask("operator", "GET", path+id+"/", nil, 200)
		c.ask("betamanager", "GET", path+id+"/", nil, 404)
		c.ask("betamanager", "GET", path+id+"/forecast/", nil, 404)
		idle(t, c.Server)
		forecast := c.ask("operator", "GET", path+id+"/forecast/", nil, 200)
		require.Equal(t, "2046", forecast["room"], "of 4,096 blocks one is reserved, and two are a device's")
		require.Equal(t, []any{object{"keyword": "OW_subnet1", "network": "10.0.0.48/28", "first_ip": "10.0.0.49", "last_ip": "10.0.0.50"},
			object{"keyword": "OW_subnet2", "network": "10.0.0.64/28", "first_ip": "10.0.0.65", "last_ip": "10.0.0.66"}}, forecast["networks"])
		const preview = "controller/subnet-division-preview/"
		c.ask("operator", "POST", preview, rule, 403)
		require.Contains(t, c.ask("manager", "POST", preview, rule, 400), "label", "it is taken")
		subnets := c.ask("manager", "GET", "ipam/subnet/", nil, 200)["count"]
		require.Contains(t, c.ask("manager", "POST", path, rule, 400), "non_field_errors")
		require.Contains(t, fmt.Sprint(c.ask("manager", "PATCH", path+id+"/", object{"size": 29}, 400)), "Subnet size cannot be changed")
		for field, bad := range map[string]any{"size": 15, "number_of_subnets": 0, "number_of_ips": 17, "label": "1a", "type": "x", "master_subnet": "x"} {
			body := object{}
			for k, v := range rule {
				body[k] = v
			}
			body["label"] = "OTHER"
			body[field] = bad
			require.Contains(t, c.ask("manager", "POST", path, body, 400), field)
			require.Contains(t, c.ask("manager", "POST", preview, body, 400), field)
		}
		other := object{"organization": c.vars["org_alpha"], "type": deviceRule, "master_subnet": master, "label": "WHOLE", "number_of_subnets": 1, "size": 29, "number_of_ips": 8}
		require.Equal(t, object{"room": "8186", "networks": []any{object{"keyword": "WHOLE_subnet1", "network": "10.0.0.48/29", "first_ip": "10.0.0.48", "last_ip": "10.0.0.55"}}},
			c.ask("manager", "POST", preview, other, 200))
		other["organization"] = c.vars["org_beta"]
		require.Contains(t, c.ask("manager", "POST", preview, other, 400), "organization")
		require.Equal(t, subnets, c.ask("manager", "GET", "ipam/subnet/", nil, 200)["count"], "a preview makes nothing")
		idle(t, c.Server)
		late := c.device(2)
		for d, want := range map[string]string{early["id"].(string): "10.0.0.16/28", late["id"].(string): "10.0.0.48/28"} {
			got := c.ask("operator", "GET", "controller/device/"+d+"/subnet-division/", nil, 200)
			require.Equal(t, 6.0, got["count"])
			first := got["results"].([]any)[0].(map[string]any)
			require.Equal(t, []any{"OW_subnet1", want, nil}, []any{first["keyword"], first["value"], first["ip"]})
		}
		c.ask("betamanager", "GET", "controller/device/"+early["id"].(string)+"/subnet-division/", nil, 404)
		require.Equal(t, 6.0, c.ask("manager", "GET", "ipam/subnet/", nil, 200)["count"])
		c.ask("manager", "DELETE", path+id+"/", nil, 204)
		idle(t, c.Server)
		require.Equal(t, 2.0, c.ask("manager", "GET", "ipam/subnet/", nil, 200)["count"], "the master and the reserved one")
		c.ask("manager", "POST", path, rule, 201)
		idle(t, c.Server)
		c.ask("admin", "DELETE", "users/organization/"+c.vars["org_alpha"]+"/", nil, 204)
		idle(t, c.Server)
		for _, table := range []string{"subnetdivision_rule", "subnetdivision_entry", "ipam_subnet", "ipam_address"} {
			n, err := sqlstore.Get[int](t.Context(), db, "SELECT count(*) FROM "+table)
			require.NoError(t, err)
			require.Zero(t, n, table)
		}
	})
}

// Two nodes that divide one subnet never give two devices one block, and people are
// told when there is none left.
func TestTwoNodesDivide(t *testing.T) {
	url := testkit.PostgresURL(t)
	key := func(c *settings) { c.SecretKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" }
	one := newVPNClient(t, testkit.Open(t, url), key)
	two := &vpnClient{newServer(t, testkit.Open(t, url), key), t, one.vars}
	one.ask("manager", "POST", "controller/subnet-division-rule/", object{"organization": one.vars["org_alpha"], "type": deviceRule, "master_subnet": one.subnet("10.0.0.0/24"), "label": "OW",
		"number_of_subnets": 1, "size": 28, "number_of_ips": 1}, 201)
	var wait sync.WaitGroup
	for i, node := range []*vpnClient{one, two, one, two} {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for n := range 4 { // sixteen devices for fifteen blocks
				no := i*4 + n
				body := fmt.Sprintf(`{"name":"ap%d","organization":"%s","mac_address":"02:00:00:00:00:%02X","config":{"backend":"netjsonconfig.OpenWrt","templates":[],"context":{},"config":{}}}`, no, one.vars["org_alpha"], no)
				w := ask(node.Server, "POST", "/api/v1/controller/device/", body, with(strings.Repeat("b", 40)))
				if w.Code != 201 {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			}
		}()
	}
	wait.Wait()
	n, err := sqlstore.Get[int](context.Background(), one.DB(), "SELECT count(DISTINCT value) FROM subnetdivision_entry WHERE ordinal = 0")
	require.NoError(t, err)
	require.Equal(t, 15, n)
	drain(t, one.Server)
	require.Contains(t, fmt.Sprint(one.ask("manager", "GET", "notifications/notification/", nil, 200)), "Failed to provision subnets for")
}

// People are told when a subnet has room for few further devices, and once it has none.
func TestPeopleAreToldOfScarceSubnets(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c := newVPNClient(t, db, func(s *settings) { s.IPAM.WarnBelow = 2 })
		require.NoError(t, c.Start(t.Context()))
		c.ask("manager", "POST", "controller/subnet-division-rule/", object{"organization": c.vars["org_alpha"], "type": deviceRule, "master_subnet": c.subnet("10.0.0.0/27"), "label": "OW",
			"number_of_subnets": 1, "size": 29, "number_of_ips": 2}, 201)
		told := func(words string) (n int) {
			t.Helper()
			idle(t, c.Server)
			for _, x := range c.ask("admin", "GET", "notifications/notification/?page_size=100", nil, 200)["results"].([]any) {
				if strings.Contains(fmt.Sprint(x), words) {
					n++
				}
			}
			return n
		}
		c.device(1)
		require.Equal(t, 1, told("for 2 more devices"))
		c.device(2)
		c.device(3)
		require.Zero(t, told("Failed to provision subnets"))
		c.device(4)
		require.Equal(t, 1, told("Failed to provision subnets"))
	})
}

// The lists of subnets, addresses and devices know what rules made, and for whom
// (spec: subnet-division §7).
func TestListsKnowOfSubnetDivision(t *testing.T) {
	for _, hide := range []bool{false, true} {
		testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) { listsKnow(t, db, hide) })
	}
}

func listsKnow(t *testing.T, db *sqlstore.DB, hide bool) {
	c := newVPNClient(t, db, func(s *settings) { s.IPAM.HideGenerated = hide })
	master, other := c.subnet("10.0.0.0/16"), c.subnet("10.1.0.0/16")
	tunnel := c.wireguard("wg0", object{"subnet": other})["id"].(string)
	c.ask("manager", "POST", "controller/subnet-division-rule/", object{"organization": c.vars["org_alpha"], "type": deviceRule, "master_subnet": master, "label": "OW",
		"number_of_subnets": 1, "size": 28, "number_of_ips": 2}, 201)
	first, second := c.device(1), c.device(2)
	list := func(user, path string) (out []string) {
		t.Helper()
		for _, x := range c.ask(user, "GET", path, nil, 200)["results"].([]any) {
			row := x.(map[string]any)
			for _, name := range []string{"subnet", "ip_address", "name"} {
				if text, ok := row[name].(string); ok && (name != "subnet" || strings.Contains(text, "/")) {
					out = append(out, text)
					break
				}
			}
		}
		return out
	}
	made, kept := []string{"10.0.0.16/28", "10.0.0.32/28"}, []string{"10.0.0.0/16", "10.0.0.0/28", "10.1.0.0/16"}
	for _, path := range []string{"ipam/subnet/", "ipam/usage/"} {
		require.ElementsMatch(t, append(append([]string{}, kept...), made...), list("manager", path), "programs see everything")
		require.ElementsMatch(t, kept, list("manager", path+"?generated=false"))
		require.Equal(t, made, list("manager", path+"?generated=true"))
		require.Equal(t, []string{"10.0.0.0/16"}, list("manager", path+"?rule_type="+deviceRule))
		require.Empty(t, list("manager", path+"?rule_type=other"))
		require.Equal(t, []string{"10.1.0.0/16"}, list("manager", path+"?vpn="+tunnel))
		require.Equal(t, []string{"10.0.0.32/28"}, list("manager", path+"?device=ap2"))
		require.Empty(t, list("manager", path+"?device=ap"), "a name, and no part of one")
		require.Empty(t, list("betamanager", path+"?device=ap2"))
		require.Contains(t, c.ask("betamanager", "GET", path+"?vpn="+tunnel, nil, 400), "vpn", "of others")
		require.Contains(t, c.ask("manager", "GET", path+"?vpn=x", nil, 400), "vpn")
	}
	require.Equal(t, []string{"10.0.0.17", "10.0.0.18", "10.0.0.33", "10.0.0.34"}, list("manager", "ipam/ip-address/?generated=true"))
	require.Equal(t, []string{"10.1.0.1"}, list("manager", "ipam/ip-address/?generated=false"))
	for network, want := range map[string][]string{"10.0.0.16/28": {"ap1"}, "10.0.0.0/16": {"ap1", "ap2"}, "10.0.0.0/28": nil, "10.1.0.0/16": nil, "192.0.2.0/24": nil} {
		require.ElementsMatch(t, want, list("manager", "controller/device/?subnet="+network), network)
	}
	require.Empty(t, list("betamanager", "controller/device/?subnet=10.0.0.0/16"))
	require.Contains(t, c.ask("manager", "GET", "controller/device/?subnet=x", nil, 400), "subnet")
	told := map[string]any{}
	for _, x := range c.ask("manager", "GET", "ipam/usage/", nil, 200)["results"].([]any) {
		row := x.(map[string]any)
		told[row["subnet"].(string)] = []any{row["device"], row["divided"]}
	}
	of := func(d map[string]any) any { return object{"id": d["id"], "name": d["name"]} }
	require.Equal(t, map[string]any{"10.0.0.0/16": []any{nil, true}, "10.0.0.0/28": []any{nil, false}, "10.1.0.0/16": []any{nil, false},
		"10.0.0.16/28": []any{of(first), false}, "10.0.0.32/28": []any{of(second), false}}, told)

	// the web admin asks with a session
	w := asAdmin(t, c)
	all, hidden := append(append([]string{}, kept...), made...), kept
	if !hide {
		hidden = all
	}
	require.ElementsMatch(t, hidden, w("ipam/subnet/"))
	require.ElementsMatch(t, hidden, w("ipam/usage/"))
	require.ElementsMatch(t, all, w("ipam/usage/?generated=all"))
	require.ElementsMatch(t, made, w("ipam/usage/?generated=true"))
	if hide {
		require.Equal(t, []string{"10.1.0.1"}, w("ipam/ip-address/"))
	} else {
		require.Len(t, w("ipam/ip-address/"), 5)
	}
}

// asAdmin logs the manager in and returns what lists with the session.
func asAdmin(t *testing.T, c *vpnClient) func(path string) []string {
	w := told(t, c.Server, "", "POST", "/api/v1/users/session/", `{"username":"manager","password":"manager-Passw0rd"}`)
	require.Equal(t, 200, w.Code, w.Body)
	cookie := ""
	for _, c := range w.Result().Cookies() {
		cookie += c.Name + "=" + c.Value + "; "
	}
	return func(path string) (out []string) {
		t.Helper()
		w := told(t, c.Server, "", "GET", "/api/v1/"+path, "", "Cookie", strings.TrimSuffix(cookie, "; "))
		require.Equal(t, 200, w.Code, w.Body)
		var page struct {
			Results []struct {
				Subnet string
				IP     string `json:"ip_address"`
			}
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &page))
		for _, row := range page.Results {
			if row.IP != "" {
				row.Subnet = row.IP
			}
			out = append(out, row.Subnet)
		}
		return out
	}
}

// A server that allows it takes rules without networks, and dumps nothing of what they made.
func TestRulesWithoutNetworksOverREST(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c := newVPNClient(t, db, func(s *settings) { s.IPAM.DirectAddresses = true })
		master := c.subnet("10.0.0.0/24")
		rule := object{"organization": c.vars["org_alpha"], "type": deviceRule, "master_subnet": master, "label": "AP", "number_of_subnets": 0, "size": 0, "number_of_ips": 2}
		foreseen := c.ask("manager", "POST", "controller/subnet-division-preview/", rule, 200)
		require.Equal(t, "127", foreseen["room"])
		require.Equal(t, object{"keyword": "AP_ip1", "network": "10.0.0.1/32", "first_ip": "10.0.0.1", "last_ip": "10.0.0.1"}, foreseen["networks"].([]any)[0])
		require.Equal(t, 24.0, c.ask("manager", "POST", "controller/subnet-division-rule/", rule, 201)["size"])
		d := c.device(1)["id"].(string)
		got := c.ask("operator", "GET", "controller/device/"+d+"/subnet-division/", nil, 200)["results"].([]any)
		require.Len(t, got, 2)
		require.Equal(t, []any{"AP_ip2", "10.0.0.2", master}, []any{got[1].(map[string]any)["keyword"], got[1].(map[string]any)["value"], got[1].(map[string]any)["subnet"]})
		var dump strings.Builder
		require.NoError(t, c.DumpData(t.Context(), &dump))
		require.Contains(t, dump.String(), `"10.0.0.0/24"`, "the subnet itself is nobody's")
		require.NotContains(t, dump.String(), `"10.0.0.2"`)
	})
}

// That others divide a shared subnet is not told by a filter.
func TestRulesOfOthersAreNotFilteredBy(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c := newVPNClient(t, db, nil)
		shared := c.ask("admin", "POST", "ipam/subnet/", object{"name": "of all", "subnet": "10.2.0.0/16", "organization": nil}, 201)["id"].(string)
		c.ask("manager", "POST", "controller/subnet-division-rule/", object{"organization": c.vars["org_alpha"], "type": deviceRule, "master_subnet": shared, "label": "ALL",
			"number_of_subnets": 1, "size": 28, "number_of_ips": 2}, 201)
		for user, want := range map[string]int{"admin": 1, "manager": 1, "betamanager": 0} {
			for _, path := range []string{"ipam/subnet/", "ipam/usage/"} {
				require.Contains(t, fmt.Sprint(c.ask(user, "GET", path, nil, 200)["results"]), "10.2.0.0/16", "everybody sees the subnet")
				require.Len(t, c.ask(user, "GET", path+"?rule_type="+deviceRule, nil, 200)["results"], want, user)
			}
		}
	})
}
