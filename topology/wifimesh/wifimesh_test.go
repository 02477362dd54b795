package wifimesh_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/topology/wifimesh"
)

func report(t *testing.T, mac, text string) wifimesh.Report {
	t.Helper()
	o, err := ordered.DecodeObject([]byte(text))
	require.NoError(t, err)
	return wifimesh.Report{MAC: mac, Document: o}
}

// station is a device with one interface in the mesh and its peers.
func station(t *testing.T, n int, ssid string, peers ...string) wifimesh.Report {
	return report(t, fmt.Sprintf("64:70:02:c3:00:%02x", n), fmt.Sprintf(`{"type":"DeviceMonitoring","interfaces":[
		{"name":"lan","mac":"64:70:02:c3:aa:%02[1]x"},
		{"name":"ap0","mac":"64:70:02:c3:bb:%02[1]x","wireless":{"mode":"access_point","ssid":"guests","channel":36,"clients":[{"mac":"02:00:00:00:00:99"}]}},
		{"name":"mesh0","mac":"64:70:02:c3:03:%02[1]x","wireless":{"mode":"802.11s","ssid":%[2]q,"channel":11,"clients":[%[3]s]}}]}`, n, ssid, strings.Join(peers, ",")))
}

func peer(n int, more string) string {
	return fmt.Sprintf(`{"mac":"64:70:02:c3:03:%02x","ht":true,"vendor":"TP-LINK"%s}`, n, more)
}

func text(t *testing.T, m wifimesh.Mesh) string {
	t.Helper()
	b, err := json.Marshal(&m.Graph)
	require.NoError(t, err)
	return string(b)
}

// TestThreeDevices is a mesh of which each device sees the two others.
func TestThreeDevices(t *testing.T) {
	got := wifimesh.Meshes([]wifimesh.Report{
		station(t, 1, "field", peer(2, `,"noise":-95,"signal":-60,"signal_avg":0,"mesh_plink":"ESTAB","mesh_non_peer_ps":"ACTIVE","authorized":true`), peer(3, `,"noise":-90`)),
		station(t, 2, "field", peer(1, `,"noise":-94,"signal":-61,"signal_avg":-61,"mesh_plink":"ESTAB","mesh_non_peer_ps":"LIGHT SLEEP","authorized":true`), peer(3, ``)),
		station(t, 3, "field", peer(1, `,"noise":-91,"mesh_llid":7`), peer(2, ``)),
	})
	require.Len(t, got, 1)
	require.Equal(t, "field@11", got[0].ID)
	require.JSONEq(t, `{"type":"NetworkGraph","protocol":"Mesh","version":"1","revision":"","metric":"Airtime","nodes":[
		{"id":"64:70:02:C3:00:01@11","label":"64:70:02:C3:00:01@11","local_addresses":["64:70:02:C3:03:01"],"properties":{"ht":true,"vendor":"TP-LINK"}},
		{"id":"64:70:02:C3:00:02@11","label":"64:70:02:C3:00:02@11","local_addresses":["64:70:02:C3:03:02"],"properties":{"ht":true,"vendor":"TP-LINK"}},
		{"id":"64:70:02:C3:00:03@11","label":"64:70:02:C3:00:03@11","local_addresses":["64:70:02:C3:03:03"],"properties":{"ht":true,"vendor":"TP-LINK"}}],"links":[
		{"source":"64:70:02:C3:00:01@11","target":"64:70:02:C3:00:02@11","cost":1.0,"cost_text":"","properties":{"authorized":true,"noise":-95,"signal":-61,"signal_avg":-61,
			"mesh_plink":"ESTAB","mesh_non_peer_ps":"INCONSISTENT: (LIGHT SLEEP / ACTIVE)"}},
		{"source":"64:70:02:C3:00:01@11","target":"64:70:02:C3:00:03@11","cost":1.0,"cost_text":"","properties":{"noise":-91,"mesh_llid":7}},
		{"source":"64:70:02:C3:00:02@11","target":"64:70:02:C3:00:03@11","cost":1.0,"cost_text":"","properties":{}}]}`, text(t, got[0]))
}

// TestWhatIsNoPeering leaves out peers that are not joined, unknown ones and interfaces of other modes; a device
// without a peer is a node.
func TestWhatIsNoPeering(t *testing.T) {
	got := wifimesh.Meshes([]wifimesh.Report{
		station(t, 1, "field", peer(2, `,"mesh_plink":"LISTEN"`), peer(9, `,"mesh_plink":"ESTAB"`), peer(1, ``)),
		station(t, 2, "field"),
		station(t, 4, "hall"),
	})
	require.Len(t, got, 2)
	require.Equal(t, "field@11", got[0].ID)
	require.Len(t, got[0].Graph.Nodes, 2)
	require.Empty(t, got[0].Graph.Links)
	require.Equal(t, "hall@11", got[1].ID, "a mesh of another name is another one")
	require.Len(t, got[1].Graph.Nodes, 1)
	require.Empty(t, got[1].Graph.Nodes[0].Properties)
}

// TestTwoInterfacesOfADevice are one node, with one link to each other device.
func TestTwoInterfacesOfADevice(t *testing.T) {
	double := report(t, "64:70:02:c3:00:01", `{"interfaces":[
		{"mac":"64:70:02:c3:03:01","wireless":{"mode":"802.11s","ssid":"field","channel":11,"clients":[`+peer(2, ``)+`,`+peer(7, ``)+`]}},
		{"mac":"64:70:02:c3:03:07","wireless":{"mode":"802.11s","ssid":"field","channel":11,"clients":[`+peer(2, ``)+`]}}]}`)
	got := wifimesh.Meshes([]wifimesh.Report{double, station(t, 2, "field", peer(1, ``), peer(7, ``))})
	require.Len(t, got, 1)
	require.Len(t, got[0].Graph.Nodes, 2)
	require.Equal(t, []any{"64:70:02:C3:03:01", "64:70:02:C3:03:07"}, got[0].Graph.Nodes[0].LocalAddresses)
	require.Len(t, got[0].Graph.Links, 1)
}

// TestUnusualDocuments passes over what is not as it should be.
func TestUnusualDocuments(t *testing.T) {
	for _, document := range []string{
		`{}`, `{"interfaces":null}`, `{"interfaces":{}}`, `{"interfaces":[1,null,"x",{}]}`,
		`{"interfaces":[{"mac":1,"wireless":{"mode":"802.11s","ssid":"a","channel":1}}]}`,
		`{"interfaces":[{"mac":"","wireless":{"mode":"802.11s","ssid":"a","channel":1}}]}`,
		`{"interfaces":[{"mac":"02:00:00:00:00:01","wireless":{"mode":"802.11s","ssid":"a"}}]}`,
		`{"interfaces":[{"mac":"02:00:00:00:00:01","wireless":[]}]}`,
	} {
		require.Empty(t, wifimesh.Meshes([]wifimesh.Report{report(t, "02:00:00:00:00:01", document)}), document)
	}
	odd := wifimesh.Meshes([]wifimesh.Report{
		report(t, "02:00:00:00:00:01", `{"interfaces":[{"mac":"02:00:00:00:00:01","wireless":{"mode":"802.11s","ssid":"a","channel":1,"clients":[null,{},{"mac":3},{"mac":"02:00:00:00:00:02","noise":"loud","signal":[1],"auth":1}]}}]}`),
		report(t, "02:00:00:00:00:02", `{"interfaces":[{"mac":"02:00:00:00:00:02","wireless":{"mode":"802.11s","ssid":"a","channel":1,"clients":[{"mac":"02:00:00:00:00:01","noise":-90,"auth":true}]}}]}`),
	})
	require.Len(t, odd, 1)
	require.Contains(t, text(t, odd[0]), `"noise":-90`)
}
