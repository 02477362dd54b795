package cables_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/topology/cables"
)

func report(t testing.TB, mac, lldp string) cables.Report {
	t.Helper()
	o, err := ordered.DecodeObject([]byte(`{"type":"DeviceMonitoring","lldp":` + lldp + `}`))
	require.NoError(t, err)
	return cables.Report{MAC: mac, Document: o}
}

func chassis(n int) string {
	return fmt.Sprintf(`{"id":"02:AA:00:00:00:%02x","id_type":"mac","name":"box %[1]d"}`, n)
}

func said(own int, cables ...string) string {
	return `{"chassis":` + chassis(own) + `,"neighbors":[` + strings.Join(cables, ",") + `]}`
}

func cable(port string, to int, far string) string {
	return fmt.Sprintf(`{"interface":%q,"protocol":"LLDP","chassis":%s,"port":%q,"port_description":"hears %s"}`, port, chassis(to), far, far)
}

func text(t testing.TB, reports ...cables.Report) string {
	t.Helper()
	g, _ := cables.Graph(reports)
	b, err := json.Marshal(&g)
	require.NoError(t, err)
	return string(b)
}

const empty = `{"type":"NetworkGraph","protocol":"LLDP","version":"1","revision":"","metric":"static","nodes":[],"links":[]}`

// Three devices, of which the third does not report, and a switch: a link is one whoever tells of it, and has the
// ports of both ends.
func TestDevicesAndASwitch(t *testing.T) {
	one := report(t, "02:00:00:00:00:01", said(1, cable("lan1", 2, "02:00:00:00:99:02"), cable("lan2", 2, "02:00:00:00:99:03"), cable("lan3", 3, "eth7"),
		`{"interface":"wan","protocol":"CDPv2","chassis":{"id":"Switch-7","id_type":"local","name":"rack","description":"IOS","addresses":["192.0.2.7","fd00::7"],"capabilities":["Bridge","Router"]},"port":"Gi0/1"}`))
	two := report(t, "02:00:00:00:00:02", said(2, cable("eth0", 1, "x"), cable("eth1", 1, "y")))
	three := cables.Report{MAC: "02:aa:00:00:00:03"} // known by its address alone
	want := `{"type":"NetworkGraph","protocol":"LLDP","version":"1","revision":"","metric":"static","nodes":[
		{"id":"02:00:00:00:00:01","label":"box 1","local_addresses":["02:aa:00:00:00:01"],"properties":{"chassis_id_type":"mac"}},
		{"id":"02:00:00:00:00:02","label":"box 2","local_addresses":["02:aa:00:00:00:02"],"properties":{"chassis_id_type":"mac"}},
		{"id":"02:AA:00:00:00:03","label":"box 3","local_addresses":["02:aa:00:00:00:03"],"properties":{"chassis_id_type":"mac"}},
		{"id":"Switch-7","label":"rack","local_addresses":[],"properties":{"chassis_id_type":"local","description":"IOS","management_addresses":["192.0.2.7","fd00::7"],"capabilities":["Bridge","Router"]}}],"links":[
		{"source":"02:00:00:00:00:01","target":"02:00:00:00:00:02","cost":1.0,"cost_text":"","properties":{"source_port":"lan1, lan2","target_port":"eth0, eth1","via":"LLDP"}},
		{"source":"02:00:00:00:00:01","target":"02:AA:00:00:00:03","cost":1.0,"cost_text":"","properties":{"source_port":"lan3","target_port":"hears eth7","via":"LLDP"}},
		{"source":"02:00:00:00:00:01","target":"Switch-7","cost":1.0,"cost_text":"","properties":{"source_port":"wan","target_port":"Gi0/1","via":"CDPv2"}}]}`
	require.JSONEq(t, want, text(t, one, two, three))
	require.Equal(t, text(t, one, two, three), text(t, three, two, one), "in whatever order they come")
	g, speakers := cables.Graph([]cables.Report{one, two, three})
	require.Equal(t, 2, speakers)
	require.Len(t, g.Links, 3)
}

// What is not as it should be is passed over, and nothing else is.
func TestUnusualDocuments(t *testing.T) {
	for name, lldp := range map[string]string{
		"no object": `[]`, "a text": `"x"`, "nothing": `{}`, "no id": `{"chassis":{"name":"x"},"neighbors":[]}`, "no chassis": `{"chassis":7,"neighbors":[]}`,
		"a long id": `{"chassis":{"id":"` + strings.Repeat("x", 256) + `"}}`, "a zero": `{"chassis":{"id":"a\u0000b"}}`,
	} {
		require.JSONEq(t, empty, text(t, report(t, "02:00:00:00:00:01", lldp)), name)
	}
	require.JSONEq(t, empty, text(t))
	require.JSONEq(t, empty, text(t, cables.Report{MAC: "02:00:00:00:00:01"}))
	for name, neighbor := range map[string]string{
		"a number": `7`, "no chassis": `{"interface":"lan1"}`, "a chassis without an id": `{"interface":"lan1","chassis":{"name":"x"}}`, "its own": cable("lan1", 1, "lan2"),
		"nobody": `{"interface":"lan1","chassis":null}`,
	} {
		g, speakers := cables.Graph([]cables.Report{report(t, "02:00:00:00:00:01", said(1, neighbor))})
		require.Equal(t, 1, speakers, name)
		require.Len(t, g.Nodes, 1, name)
		require.Empty(t, g.Links, name)
	}
	g, _ := cables.Graph([]cables.Report{report(t, "02:00:00:00:00:01", `{"chassis":{"id":"a"},"neighbors":7}`)})
	require.Len(t, g.Nodes, 1)
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprintf(`{"interface":"lan1","chassis":{"id":"host %d"}}`, i))
	}
	g, _ = cables.Graph([]cables.Report{report(t, "02:00:00:00:00:01", said(1, many...))})
	require.Len(t, g.Links, 256, "a device may invent so many")
	two := []cables.Report{report(t, "02:00:00:00:00:01", said(9)), report(t, "02:00:00:00:00:02", said(9, cable("lan1", 8, "x")))}
	g, _ = cables.Graph(two)
	require.Len(t, g.Nodes, 3, "two devices that call themselves the same are two")
}

func FuzzGraph(f *testing.F) {
	f.Add(said(1, cable("lan1", 2, "x")), said(2, cable("eth0", 1, "y")))
	f.Fuzz(func(t *testing.T, a, b string) {
		var reports []cables.Report
		for i, text := range []string{a, b} {
			o, err := ordered.DecodeObject([]byte(`{"lldp":` + text + `}`))
			if err != nil {
				return
			}
			reports = append(reports, cables.Report{MAC: fmt.Sprintf("02:00:00:00:00:%02x", i), Document: o})
		}
		g, _ := cables.Graph(reports)
		known := map[string]bool{}
		for _, n := range g.Nodes {
			require.False(t, known[n.ID.String()], "a node twice")
			known[n.ID.String()] = true
		}
		for _, l := range g.Links {
			require.True(t, known[l.Source.String()] && known[l.Target.String()] && l.Source != l.Target)
		}
	})
}
