package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// The public address of a device is looked up once, shown in the list and whole in
// the detail, of organizations that want it only (spec: additions C-1).
func TestWHOISOverHTTP(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		var asked, refuse atomic.Int64
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			if refuse.Load() > 0 {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, `{"city":{"names":{"en":"Zurich"}},"country":{"names":{"en":"Switzerland"}},"location":{"latitude":47.3,"longitude":8.5,"time_zone":"Europe/Zurich"},
				"traits":{"autonomous_system_number":19281,"autonomous_system_organization":"Quad9","network":"9.9.9.0/24"}}`)
		}))
		defer service.Close()
		c := newVPNClient(t, db, func(c *settings) {
			c.Controller.WHOISAccount, c.Controller.WHOISKey, c.Controller.WHOISURL = "42", "s3cr3t", service.URL+"/"
			c.Controller.WHOISNetworks = []string{"127.0.0.0/8"}
		})
		require.NoError(t, c.Start(t.Context()))
		organization := "controller/organization/" + c.vars["org_alpha"] + "/whois-settings/"
		device := func(n int, address string) string {
			return c.ask("manager", "POST", "controller/device/", object{"organization": c.vars["org_alpha"], "name": fmt.Sprintf("seen-%d", n), "mac_address": fmt.Sprintf("02:00:00:00:99:%02d", n), "last_ip": address}, 201)["id"].(string)
		}
		quiet := device(1, "9.9.9.9")
		idle(t, c.Server)
		require.NotContains(t, c.ask("manager", "GET", "controller/device/"+quiet+"/", nil, 200), "whois_info")
		require.Zero(t, asked.Load(), "nobody chose it")

		got := c.ask("manager", "GET", organization, nil, 200)
		require.Equal(t, []any{nil, false, true}, []any{got["whois_enabled"], got["effective"], got["configured"]})
		c.ask("operator", "PATCH", organization, object{"whois_enabled": true}, 403)
		c.ask("betamanager", "GET", organization, nil, 404)
		c.ask("betamanager", "PATCH", organization, object{"whois_enabled": true}, 404)
		c.ask("manager", "PATCH", organization, object{"whois_enabled": "perhaps"}, 400)
		c.ask("admin", "GET", "controller/organization/00000000-0000-4000-8000-000000000001/whois-settings/", nil, 404)
		require.Equal(t, true, c.ask("manager", "PATCH", organization, object{"whois_enabled": true}, 200)["effective"])
		require.Nil(t, c.ask("manager", "GET", "controller/device/"+quiet+"/", nil, 200)["whois_info"])

		loud := device(2, "9.9.9.10")
		private := device(3, "192.168.3.3")
		idle(t, c.Server)
		require.EqualValues(t, 1, asked.Load())
		whole := c.ask("operator", "GET", "controller/device/"+loud+"/", nil, 200)["whois_info"].(map[string]any)
		require.Equal(t, []any{"9.9.9.10", "Quad9", "19281", "Europe/Zurich", "9.9.9.0/24", "Zurich"},
			[]any{whole["ip_address"], whole["isp"], whole["asn"], whole["timezone"], whole["cidr"], whole["address"].(map[string]any)["city"]})
		require.Equal(t, map[string]any{"type": "Point", "coordinates": []any{8.5, 47.3}}, whole["coordinates"])
		require.Contains(t, c.ask("operator", "GET", "controller/device/"+private+"/", nil, 200), "whois_info")
		for _, row := range c.ask("operator", "GET", "controller/device/?name=seen-2", nil, 200)["results"].([]any) {
			require.Equal(t, map[string]any{"isp": "Quad9", "country": "Switzerland", "ip_address": "9.9.9.10"}, row.(map[string]any)["whois_info"])
		}
		c.ask("manager", "PATCH", "controller/device/"+private+"/", object{"last_ip": "9.9.9.10"}, 200)
		idle(t, c.Server)
		require.EqualValues(t, 1, asked.Load(), "it is known")

		refuse.Store(1)
		c.ask("manager", "PATCH", "controller/device/"+private+"/", object{"last_ip": "9.9.9.11"}, 200)
		device(4, "9.9.9.12")
		idle(t, c.Server)
		require.EqualValues(t, 3, asked.Load())
		failures := 0
		for _, row := range c.ask("admin", "GET", "notifications/notification/?page_size=100", nil, 200)["results"].([]any) {
			if m, _ := row.(map[string]any)["message"].(string); m != "" && row.(map[string]any)["level"] == "error" {
				require.Contains(t, m, "Failed to fetch WHOIS details for device")
				require.Contains(t, row.(map[string]any)["description"], "9.9.9.1")
				failures++
			}
		}
		require.Equal(t, 1, failures, "it is told once")
		refuse.Store(0)
		c.ask("manager", "PATCH", organization, object{"whois_enabled": false}, 200)
		require.NotContains(t, c.ask("manager", "GET", "controller/device/"+loud+"/", nil, 200), "whois_info")
	})
}

// Where nothing can be looked up, nothing can be chosen, and no key is shown.
func TestWHOISWithoutAService(t *testing.T) {
	c := newVPNClient(t, testkit.SQLite(t), nil)
	organization := "controller/organization/" + c.vars["org_alpha"] + "/whois-settings/"
	require.Contains(t, fmt.Sprint(c.ask("manager", "PUT", organization, object{"whois_enabled": true}, 400)["whois_enabled"]), "must be set before enabling WHOIS feature.")
	require.Equal(t, false, c.ask("manager", "GET", organization, nil, 200)["configured"])
	require.Nil(t, c.ask("manager", "PUT", organization, object{"whois_enabled": nil}, 200)["whois_enabled"])
}
