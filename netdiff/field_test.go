package netdiff

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// The inputs here have the forms that programs in use print.

func nodesOf(t *testing.T, f *Format, text string, o *Options) map[string]map[string]any {
	t.Helper()
	var d struct {
		Nodes []map[string]any
		Links []map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(whole(t, f, text, o)), &d))
	out := map[string]map[string]any{}
	for _, n := range d.Nodes {
		out[n["id"].(string)] = n
	}
	return out
}

func costsOf(t *testing.T, f *Format, text string) map[string]float64 {
	t.Helper()
	var d struct {
		Links []struct {
			Source, Target string
			Cost           float64
		}
	}
	require.NoError(t, json.Unmarshal([]byte(whole(t, f, text, nil)), &d))
	out := map[string]float64{}
	for _, l := range d.Links {
		out[l.Source+" "+l.Target] = l.Cost
	}
	return out
}

// TestOpenVPNClientsWithoutPorts: up to 2.6 every client by IPv6, in all three
// versions of the file.
func TestOpenVPNClientsWithoutPorts(t *testing.T) {
	plain := "OpenVPN CLIENT LIST\nUpdated,2026-01-24 14:47:42\nCommon Name,Real Address,Bytes Received,Bytes Sent,Connected Since\n" +
		"four,198.51.100.3:52956,1,2,2026-01-24 14:47:28\nsix,2001:db8:6d53::3,3,4,2026-01-24 14:47:28\nother,2001:db8:6d53::3,3,4,2026-01-24 14:47:28\n" +
		"mapped,::ffff:198.51.100.4,5,6,2026-01-24 14:47:28\nfull,2001:db8:1:2:3:4:5:6,5,6,2026-01-24 14:47:28\nscoped,fe80::1%eth0,5,6,2026-01-24 14:47:28\n" +
		"ROUTING TABLE\nVirtual Address,Common Name,Real Address,Last Ref\n" +
		"10.9.0.2,four,198.51.100.3:52956,2026-01-24 14:47:40\n10.9.0.3,six,2001:db8:6d53::3,2026-01-24 14:47:40\nfd00::3,six,2001:db8:6d53::3,2026-01-24 14:47:40\n" +
		"10.9.0.4,other,2001:db8:6d53::3,2026-01-24 14:47:40\nfd00::2C,full,2001:db8:1:2:3:4:5:6,2026-01-24 14:47:40\n" +
		"GLOBAL STATS\nMax bcast/mcast queue length,2\nEND\n"
	tagged := func(sep string) string {
		row := func(cells ...string) string {
			line := ""
			for i, c := range cells {
				if i > 0 {
					line += sep
				}
				line += c
			}
			return line + "\n"
		}
		return row("TITLE", "OpenVPN 2.6") + row("TIME", "2026-01-24 14:47:42", "1769266062") +
			row("HEADER", "CLIENT_LIST", "Common Name", "Real Address", "Bytes Received", "Bytes Sent", "Connected Since", "Client ID") +
			row("CLIENT_LIST", "four", "udp4:198.51.100.3:52956", "1", "2", "2026-01-24 14:47:28", "1") +
			row("CLIENT_LIST", "six", "udp6:2001:db8:6d53::3", "3", "4", "2026-01-24 14:47:28", "2") +
			row("CLIENT_LIST", "other", "tcp6-server:[2001:db8:6d53::3]", "3", "4", "2026-01-24 14:47:28", "3") +
			row("CLIENT_LIST", "mapped", "::ffff:198.51.100.4", "5", "6", "2026-01-24 14:47:28", "4") +
			row("CLIENT_LIST", "full", "2001:db8:1:2:3:4:5:6", "5", "6", "2026-01-24 14:47:28", "5") +
			row("CLIENT_LIST", "scoped", "fe80::1%eth0", "5", "6", "2026-01-24 14:47:28", "6") +
			row("HEADER", "ROUTING_TABLE", "Virtual Address", "Common Name", "Real Address", "Last Ref") +
			row("ROUTING_TABLE", "10.9.0.2", "four", "udp4:198.51.100.3:52956", "2026-01-24 14:47:40") +
			row("ROUTING_TABLE", "10.9.0.3", "six", "udp6:2001:db8:6d53::3", "2026-01-24 14:47:40") +
			row("ROUTING_TABLE", "fd00::3", "six", "udp6:2001:db8:6d53::3", "2026-01-24 14:47:40") +
			row("ROUTING_TABLE", "10.9.0.4", "other", "tcp6-server:[2001:db8:6d53::3]", "2026-01-24 14:47:40") +
			row("ROUTING_TABLE", "fd00::2C", "full", "2001:db8:1:2:3:4:5:6", "2026-01-24 14:47:40") +
			row("GLOBAL_STATS", "Max bcast/mcast queue length", "2") + row("END")
	}
	for _, text := range []string{plain, tagged(","), tagged("\t")} {
		nodes := nodesOf(t, OpenVPN(), text, nil)
		require.Len(t, nodes, 7)
		properties := func(name string) map[string]any { return nodes[name]["properties"].(map[string]any) }
		require.Equal(t, 52956.0, properties("four")["port"])
		for name, address := range map[string]string{"six": "2001:db8:6d53::3", "other": "2001:db8:6d53::3", "mapped": "::ffff:c633:6404",
			"full": "2001:db8:1:2:3:4:5:6", "scoped": "fe80::1%eth0"} {
			require.Equal(t, address, properties(name)["real_address"])
			require.NotContains(t, properties(name), "port")
		}
		require.Equal(t, []any{"10.9.0.3", "fd00::3"}, nodes["six"]["local_addresses"])
		require.Equal(t, []any{"10.9.0.4"}, nodes["other"]["local_addresses"], "at the same address, and another client")
		require.Equal(t, []any{"fd00::2"}, nodes["full"]["local_addresses"])
		require.Len(t, costsOf(t, OpenVPN(), text), 4)
		require.Contains(t, nodesOf(t, OpenVPN(), text, &Options{DuplicateCN: true}), "six,2001:db8:6d53::3")
	}
	// with a port, as 2.7 prints it
	host, port, err := realAddress("[2001:db8::1]:1194")
	require.NoError(t, err)
	require.Equal(t, "2001:db8::1 1194", host+" "+string(port))
	for _, bad := range []string{"198.51.100.3", "[2001:db8::1", "2001:db8::1]", "name:1", "[198.51.100.3]", ""} {
		_, _, err := realAddress(bad)
		require.Error(t, err, bad)
	}
}

func TestOLSRCostsOfAllVersions(t *testing.T) {
	doc := func(costs ...string) string {
		list := ""
		for i, c := range costs {
			if i > 0 {
				list += ","
			}
			list += `{"lastHopIP":"a","destinationIP":"b` + string(rune('0'+i)) + `","tcEdgeCost":` + c + `,"linkQuality":1,"neighborLinkQuality":1}`
		}
		return `{"topology":[` + list + `],"mid":[]}`
	}
	for _, c := range []struct {
		text string
		want map[string]float64
	}{
		{doc("1.146"), map[string]float64{"a b0": 1.146}},
		{doc("1.000", "0.100"), map[string]float64{"a b0": 1, "a b1": 0.1}},
		{doc("1.146", "149.796", "inf"), map[string]float64{"a b0": 1.146, "a b1": 149.796}}, // a bad link, and none
		{doc(`"1.146"`), map[string]float64{"a b0": 1.146}},
		{doc("1024", "102"), map[string]float64{"a b0": 1, "a b1": 0.099609375}},
		{doc("1197.056"), map[string]float64{"a b0": 1.169}},
		{doc("1.5", "2048"), map[string]float64{"a b0": 1.5, "a b1": 2}},
	} {
		got := costsOf(t, OLSR(), c.text)
		for link, cost := range c.want {
			require.InDelta(t, cost, got[link], 1e-9, c.text)
		}
		require.Len(t, got, len(c.want), c.text)
	}
}

func TestOLSRAliasesOfAllVersions(t *testing.T) {
	text := func(mid string) string {
		return "Table: Topology\nDest. IP\tLast hop IP\tLQ\tNLQ\tCost\n10.0.0.2\t10.0.0.1\t1.000\t1.000\t1.000\nfd00::2\t10.0.0.1\t1\t1\t1\n\nTable: MID\nIP address\tAliases\n" + mid + "\n"
	}
	for _, mid := range []string{
		"10.0.0.1\t10.1.0.1;fd00::1\nfd00::2\tfd00::3\n",
		"10.0.0.1\t10.1.0.1\t118.2\n10.0.0.1\tfd00::1\t118.2\nfd00::2\tfd00::3\t4.9\n", // each in a row, with its validity
		"10.0.0.1\t10.1.0.1\tfd00::1\nfd00::2\tfd00::3\n",
		"10.0.0.1\t10.1.0.1;fd00::1\t99\n10.0.0.1\t10.1.0.1\t99\nfd00::2\tfd00::3\t1\n",
	} {
		nodes := nodesOf(t, OLSR(), text(mid), nil)
		require.Equal(t, []any{"10.1.0.1", "fd00::1"}, nodes["10.0.0.1"]["local_addresses"], mid)
		require.Equal(t, []any{"fd00::3"}, nodes["fd00::2"]["local_addresses"], mid)
	}
}

func TestOtherFormatsInTheField(t *testing.T) {
	// an interface of CNML may have an address of IPv6 only
	iface := func(id, link, node, other string) string {
		return `<interface id="` + id + `" ipv6="fd00::` + id + `"><link id="` + link + `" link_status="Working" linked_node_id="` + node + `" linked_interface_id="` + other + `"/></interface>`
	}
	cnml := `<cnml version="0.1"><class network_description="detail"/><network><zone><node id="n1"><device id="d1">` + iface("1", "7", "n2", "2") +
		`</device></node><node id="n2"><device id="d2">` + iface("2", "7", "n1", "1") + `</device></node></zone></network></cnml>`
	require.Equal(t, map[string]float64{"fd00::2 fd00::1": 1}, costsOf(t, CNML(), cnml))

	// rates of BMX6 as texts
	require.Equal(t, map[string]float64{"a b": 75}, costsOf(t, BMX6(), `[{"name":"a","links":[{"name":"b","txRate":"100","rxRate":" 50"}]}]`))

	// batman-adv: no route, more blanks, another table after it
	require.Equal(t, map[string]float64{"a b": 1.5}, costsOf(t, Batman(), "Table: Topology\nh\na  b 1 1 1.5\na c 0 0 INFINITE\n\nTable: Neighbors\nx y\n"))

	// qualities of 1 and of 255
	quality := func(tq string) float64 {
		return costsOf(t, Freifunk(), `{"nodes":[{"id":"a"},{"id":"b"}],"links":[{"source":"a","target":"b","source_tq":`+tq+`}]}`)["a b"]
	}
	require.Equal(t, 2.0, quality("0.5"))
	require.Equal(t, 2.0, quality("127.5"))
	require.Equal(t, 1.0, quality("255"))
	require.Equal(t, 1.0, quality("256"), "unknown")
	require.Equal(t, 1.0, quality("1"))
}
