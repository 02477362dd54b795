package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/topology"
)

// TestWifiMeshes makes the topology of a mesh from what devices report, and sets its links down when no device
// counts any more.
func TestWifiMeshes(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		m := newMonitored(t, db, func(c *settings) {
			c.Topology.WifiMesh, c.Topology.WifiMeshInterval, c.Topology.WifiMeshAge = true, time.Second, time.Hour
		})
		const key = "another-key-of-a-device-in-the-mesh"
		w := m.as("admin", http.MethodPost, "/api/v1/controller/device/", fmt.Sprintf(`{"name":"ap-2","organization":%q,"mac_address":"02:00:00:00:00:02","key":%q}`, m.organization, key))
		require.Equal(t, http.StatusCreated, w.Code, w.Body)
		var second struct{ ID string }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &second))
		seen := func(own, peer string) string {
			return fmt.Sprintf(`{"type":"DeviceMonitoring","interfaces":[{"name":"mesh0","type":"wireless","up":true,"mac":%q,"wireless":{"mode":"802.11s","ssid":"field","channel":11,
				"frequency":2462,"signal":-60,"noise":-95,"tx_power":20,"country":"IT","clients":[{"mac":%q,"auth":true,"authorized":true,"assoc":true,"mfp":false,"ht":true,"vht":false,
				"wmm":true,"wds":false,"wps":false,"noise":-95,"signal":-60,"mesh_plink":"ESTAB"}]}}]}`, own, peer)
		}
		now := time.Now()
		require.Equal(t, 200, m.post(t, now, seen("02:00:00:00:aa:01", "02:00:00:00:aa:02")).Code)
		first, firstKey := m.device, m.key
		m.device, m.key = second.ID, key
		require.Equal(t, 200, m.post(t, now, seen("02:00:00:00:aa:02", "02:00:00:00:aa:01")).Code)
		m.device, m.key = first, firstKey
		graph := func() string {
			w := m.as("admin", http.MethodGet, "/api/v1/network-topology/topology/", "")
			require.Equal(t, 200, w.Code)
			return w.Body.String()
		}
		require.Eventually(t, func() bool { return strings.Contains(graph(), `"status":"up"`) }, time.Minute, 100*time.Millisecond)
		text := graph()
		require.Contains(t, text, `"label":"field@11"`)
		require.Contains(t, text, `02:00:00:00:00:02@11`)
		require.Contains(t, text, `"noise":-95`)
		graphs, ok := server.Find[*server.TopologyConcern](m.Concerns())
		require.True(t, ok)
		yes := true
		require.Eventually(t, func() bool {
			found, err := graphs.Nodes.List(t.Context(), wispwright.ScopeAll(), topology.NodeFilter{Matched: &yes}, wispwright.Page{})
			return err == nil && len(found.Rows) == 2
		}, time.Minute, 100*time.Millisecond, "nodes are devices, by their MAC address")
		for _, id := range []string{first, second.ID} {
			require.Less(t, m.as("admin", http.MethodPost, "/api/v1/controller/device/"+id+"/deactivate/", "").Code, 300)
		}
		require.Eventually(t, func() bool { return strings.Contains(graph(), `"status":"down"`) }, time.Minute, 100*time.Millisecond)
		require.Equal(t, 1, strings.Count(graph(), `"label":"field@11"`), "a mesh has one topology")
	})
}

// TestKeysAreHidden shows keys of topologies only to those who may change them, where that is wanted.
func TestKeysAreHidden(t *testing.T) {
	for _, hide := range []bool{true, false} {
		b := newTopologyBench(t, func(c *settings) { c.Topology.HideKeys = hide })
		id := b.add("admin", "alpha", "")
		for user, shown := range map[string]bool{"admin": true, "manager": true, "operator": !hide} {
			status, text := b.call(user, "GET", "topology/"+id+"/", "")
			require.Equal(t, 200, status, text)
			require.Equal(t, shown, strings.Contains(text, "abc123"), "%s, hide_keys %v", user, hide)
		}
	}
}
