package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// Devices of organizations that want it are placed by their public addresses, which
// is said of the location, found, and told (spec: additions C-2).
func TestEstimatedLocations(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		var moved atomic.Int64
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"city":{"names":{"en":"Zurich"}},"country":{"names":{"en":"Switzerland"}},"location":{"latitude":%d,"longitude":8.5,"time_zone":"Europe/Zurich"},
				"traits":{"autonomous_system_number":19281,"autonomous_system_organization":"Quad9","network":"9.9.9.0/24"}}`, 47+moved.Load())
		}))
		defer service.Close()
		c := newVPNClient(t, db, func(c *settings) {
			c.Controller.WHOISAccount, c.Controller.WHOISKey, c.Controller.WHOISURL = "42", "s3cr3t", service.URL+"/"
			c.Controller.WHOISNetworks = []string{"127.0.0.0/8"}
		})
		require.NoError(t, c.Start(t.Context()))
		alpha := c.vars["org_alpha"]
		whois, settings := "controller/organization/"+alpha+"/whois-settings/", "controller/organization/"+alpha+"/geo-settings/"
		device := func(n int, address string) string {
			return c.ask("manager", "POST", "controller/device/", object{"organization": alpha, "name": fmt.Sprintf("placed-%d", n), "mac_address": fmt.Sprintf("02:00:00:00:98:%02d", n), "last_ip": address}, 201)["id"].(string)
		}
		got := c.ask("manager", "GET", settings, nil, 200)
		require.Equal(t, []any{alpha, nil, false}, []any{got["organization"], got["estimated_location_enabled"], got["effective"]})
		c.ask("operator", "PATCH", settings, object{"estimated_location_enabled": true}, 403)
		c.ask("betamanager", "GET", settings, nil, 404)
		c.ask("betamanager", "PUT", settings, object{"estimated_location_enabled": true}, 404)
		c.ask("admin", "GET", "controller/organization/00000000-0000-4000-8000-000000000001/geo-settings/", nil, 404)
		require.Contains(t, c.ask("manager", "PUT", settings, object{"estimated_location_enabled": true}, 400), "estimated_location_enabled", "WHOIS is off")
		c.ask("manager", "PATCH", whois, object{"whois_enabled": true}, 200)
		c.ask("manager", "PATCH", settings, object{"estimated_location_enabled": "perhaps"}, 400)
		byHand := c.ask("manager", "POST", "controller/location/", object{"organization": alpha, "name": "Office", "type": "outdoor", "geometry": "POINT (1 2)"}, 201)
		require.NotContains(t, byHand, "is_estimated", "it is off")
		require.Equal(t, true, c.ask("manager", "PUT", settings, object{"estimated_location_enabled": true}, 200)["effective"])

		one := device(1, "9.9.9.9")
		idle(t, c.Server)
		place := c.ask("operator", "GET", "controller/device/"+one+"/location/", nil, 200)["location"].(map[string]any)
		properties := place["properties"].(map[string]any)
		require.Equal(t, []any{"Zurich, Switzerland: 9.9.9.9", "Zurich, Switzerland", true, "outdoor"}, []any{properties["name"], properties["address"], properties["is_estimated"], properties["type"]})
		path := "controller/location/" + place["id"].(string) + "/"
		require.Equal(t, true, c.ask("operator", "GET", path, nil, 200)["is_estimated"])
		count := func(list string, want int) {
			t.Helper()
			require.EqualValues(t, want, c.ask("manager", "GET", list, nil, 200)["count"], list)
		}
		count("controller/location/?is_estimated=true", 1)
		count("controller/location/?is_estimated=false", 1)
		count("controller/location/geojson/?is_estimated=true", 1)
		count("controller/location/geojson/?is_estimated=false", 0)
		count("controller/device/?geo_is_estimated=true", 1)
		count("controller/device/?geo_is_estimated=false", 0)
		require.Contains(t, fmt.Sprint(c.ask("manager", "GET", "controller/location/geojson/", nil, 200)["features"]), "is_estimated:true")

		// a neighbour is at the same place; people are told once
		two := device(2, "9.9.9.9")
		idle(t, c.Server)
		require.Equal(t, place["id"], c.ask("operator", "GET", "controller/device/"+two+"/location/", nil, 200)["location"].(map[string]any)["id"])
		messages := 0
		for _, row := range c.ask("admin", "GET", "notifications/notification/?page_size=100", nil, 200)["results"].([]any) {
			if m, _ := row.(map[string]any)["message"].(string); strings.Contains(m, "estimated location") {
				require.Contains(t, m, "placed-1")
				require.Equal(t, "info", row.(map[string]any)["level"])
				messages++
			}
		}
		require.Equal(t, 1, messages)

		// what is changed by hand is no estimate, and stays
		require.Equal(t, true, c.ask("manager", "PATCH", path, object{"name": "Roof"}, 200)["is_estimated"])
		require.Equal(t, true, c.ask("manager", "PATCH", path, object{"is_estimated": false}, 200)["is_estimated"], "it is read-only")
		require.Equal(t, false, c.ask("manager", "PATCH", path, object{"address": "Bahnhofstrasse 1"}, 200)["is_estimated"])
		count("controller/device/?geo_is_estimated=true", 0)
		count("controller/device/?geo_is_estimated=false", 2)
		moved.Store(1)
		c.ask("manager", "PATCH", "controller/device/"+one+"/", object{"last_ip": "9.9.9.10"}, 200)
		idle(t, c.Server)
		require.Equal(t, place["id"], c.ask("operator", "GET", "controller/device/"+one+"/location/", nil, 200)["location"].(map[string]any)["id"])

		c.ask("manager", "PATCH", whois, object{"whois_enabled": false}, 200)
		require.NotContains(t, c.ask("manager", "GET", path, nil, 200), "is_estimated")
		require.Equal(t, false, c.ask("manager", "GET", settings, nil, 200)["effective"])
	})
}

// Where nothing can be looked up nobody can have it, and there are no filters.
func TestEstimatedLocationsWithoutAService(t *testing.T) {
	c := newVPNClient(t, testkit.SQLite(t), nil)
	settings := "controller/organization/" + c.vars["org_alpha"] + "/geo-settings/"
	require.Contains(t, fmt.Sprint(c.ask("manager", "PUT", settings, object{"estimated_location_enabled": true}, 400)["estimated_location_enabled"]), "must be set before")
	require.Equal(t, false, c.ask("manager", "GET", settings, nil, 200)["configured"])
	document, err := c.API().Document()
	require.NoError(t, err)
	require.NotContains(t, string(document), "geo_is_estimated")
}
