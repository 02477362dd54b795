package netdiff

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// What lldpd 1.0 prints, in both layouts, and a switch that has no name.
const (
	lldpSelf = `{"local-chassis": {"chassis": {"roof": {"id": {"type": "mac", "value": "02:AA:00:00:00:01"}, "descr": "OpenWrt", "mgmt-ip": ["10.0.0.1", "fd00::1"],
		"capability": [{"type": "Bridge", "enabled": true}, {"type": "Wlan", "enabled": false}]}}}}`
	lldpNeighbours = `{"lldp": {"interface": [
		{"eth0": {"via": "LLDP", "rid": "1", "age": "0 day, 00:00:20", "chassis": {"switch": {"id": {"type": "mac", "value": "02:bb:00:00:00:02"}, "mgmt-ip": "10.0.0.2",
			"capability": {"type": "Bridge", "enabled": true}}}, "port": {"id": {"type": "ifname", "value": "ge-0/0/1"}, "descr": "uplink", "ttl": "120"}}},
		{"eth1": {"via": "CDPv2", "chassis": {"switch": {"id": {"type": "mac", "value": "02:bb:00:00:00:02"}}}, "port": {"id": {"type": "local", "value": "2"}}}},
		{"eth2": {"via": "LLDP", "chassis": {"id": {"type": "local", "value": "printer"}}, "port": {"id": {"type": "local", "value": "1"}}}},
		{"eth3": {"via": "LLDP", "chassis": {"roof": {"id": {"type": "mac", "value": "02:aa:00:00:00:01"}}}, "port": {}}}]}}`
	lldpZero = `{"local-chassis": [{"chassis": [{"id": [{"type": "mac", "value": "02:aa:00:00:00:01"}], "name": [{"value": "roof"}]}]}]}
		{"lldp": [{"interface": [{"name": "eth0", "via": "LLDP", "chassis": [{"id": [{"type": "mac", "value": "02:bb:00:00:00:02"}], "name": [{"value": "switch"}],
		"mgmt-ip": [{"value": "10.0.0.2"}, {"value": "fd00::2"}], "capability": [{"type": "Bridge", "enabled": true}, {"type": "Router", "enabled": false}]}],
		"port": [{"id": [{"type": "ifname", "value": "ge-0/0/1"}], "descr": [{"value": "uplink"}], "ttl": [{"value": "120"}]}]}]}]}`
)

func TestLLDPNeighbours(t *testing.T) {
	nodes := nodesOf(t, LLDP(), lldpSelf+"\n"+lldpNeighbours, nil)
	require.Len(t, nodes, 3)
	require.Equal(t, "roof", nodes["02:aa:00:00:00:01"]["label"])
	require.Equal(t, []any{"10.0.0.1", "fd00::1"}, nodes["02:aa:00:00:00:01"]["local_addresses"])
	require.Equal(t, map[string]any{"chassis_id_type": "mac", "description": "OpenWrt", "capabilities": []any{"Bridge"}}, nodes["02:aa:00:00:00:01"]["properties"])
	require.Equal(t, []any{"10.0.0.2"}, nodes["02:bb:00:00:00:02"]["local_addresses"])
	require.Contains(t, nodes, "printer", "known by an id of its own kind, without a name")
	require.Equal(t, map[string]float64{"02:aa:00:00:00:01 02:bb:00:00:00:02": 1, "02:aa:00:00:00:01 printer": 1}, costsOf(t, LLDP(), lldpSelf+lldpNeighbours))
	require.Contains(t, whole(t, LLDP(), lldpSelf+lldpNeighbours, nil), `"local_port":"eth0, eth1"`, "two cables to one switch")

	zero := nodesOf(t, LLDP(), lldpZero, nil)
	require.Len(t, zero, 2)
	require.Equal(t, "switch", zero["02:bb:00:00:00:02"]["label"])
	require.Equal(t, []any{"10.0.0.2", "fd00::2"}, zero["02:bb:00:00:00:02"]["local_addresses"])
	require.Contains(t, whole(t, LLDP(), lldpZero, nil), `"remote_port_description":"uplink"`)

	require.Len(t, nodesOf(t, LLDP(), `{"lldp": {}}`, nil), 1, "nobody beside it")
	one := `{"lldp":{"interface":{"eth0":{"via":"LLDP","chassis":{"s":{"id":{"type":"mac","value":"02:bb:00:00:00:02"}}},"port":{}}}}}`
	require.Equal(t, map[string]float64{"self 02:bb:00:00:00:02": 1}, costsOf(t, LLDP(), one), "without its own chassis")
}

func TestLLDPThatIsNone(t *testing.T) {
	for _, text := range []string{"", "x", "[]", "{}", `{"lldp":{}} x`, `{"lldp":{"interface":[1]}}`, `{"lldp":{"interface":{"eth0":{}}}}`, `{"lldp":{"interface":{"eth0":{"chassis":{"s":1}}}}}`,
		`{"local-chassis":{}}`, `{"local-chassis":{"chassis":{"id":{}}}}`} {
		_, err := LLDP().Parse([]byte(text), nil)
		var conversion *ConversionError
		var parse *ParseError
		require.True(t, errors.As(err, &conversion) || errors.As(err, &parse), "%q: %v", text, err)
	}
}

func FuzzLLDP(f *testing.F) { fuzz(f, LLDP(), lldpNeighbours, lldpZero, lldpSelf+lldpNeighbours) }
