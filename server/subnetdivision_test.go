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
